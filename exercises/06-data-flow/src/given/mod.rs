//! What the exercises share. Given: read it, there is nothing to write in it.

/// The shop's tables, with their constraints by name.
///
/// A test makes them before it calls your code. Foreign keys are switched on.
pub const TABLES: &str = include_str!("tables.sql");

/// A short text that is the same for the same text on every machine and in every year, and hardly ever for another one.
///
/// It is the FNV-1a hash of 64 bits. It finds a change that happened; it keeps out nobody who wants to deceive.
pub fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}
