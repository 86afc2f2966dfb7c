//! A second factor: six digits that an app on the phone and the shop compute from a shared secret and the time (RFC 6238).
//!
//! Each code is good once. The time is handed in, in whole seconds since 1970, and so is the source of random bytes.

use std::error::Error;
use std::fmt;

use data_encoding::BASE32_NOPAD;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, OptionalExtension, params};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::given::entropy::{Entropy, NoEntropy, draw};

/// Who the code is for; the app shows it above the digits.
pub const ISSUER: &str = "Lantern Books";

/// How long a code is shown, in seconds: a step. Step 0 began in 1970.
pub const PERIOD: i64 = 30;

/// How many digits a code has.
pub const DIGITS: u32 = 6;

/// How many steps the app's clock may be early or late.
pub const DRIFT: i64 = 1;

/// The table. Given. `last_step` is the step of the last code that was accepted; there is none in the beginning.
pub const TABLES: &str = "
    CREATE TABLE second_factors (
        customer INTEGER PRIMARY KEY,
        secret BLOB NOT NULL,
        confirmed INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1)),
        last_step INTEGER NOT NULL DEFAULT -1
    ) STRICT;
";

/// What a customer gets to set up the app. It prints without the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret in base32 without padding, to be typed.
    pub secret: String,
    /// The same for a QR code: see [`otpauth_uri`].
    pub uri: String,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Enrolment").finish_non_exhaustive()
    }
}

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is right, and used now.
    Right,
    /// It is not, or no more.
    Wrong,
    /// The customer has no second factor.
    NotEnrolled,
}

/// Why something could not be done.
#[derive(Debug)]
pub enum TotpError {
    /// The second factor is on already.
    AlreadyOn,
    /// The secret is no key.
    Secret(InvalidLength),
    /// There were no random bytes.
    NoEntropy(NoEntropy),
    /// The database failed.
    Broken(rusqlite::Error),
}

impl fmt::Display for TotpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AlreadyOn => "the second factor is on already",
            Self::Secret(_) => "the secret is no key",
            Self::NoEntropy(_) => "no secret could be made",
            Self::Broken(_) => "the database failed",
        })
    }
}

impl Error for TotpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::AlreadyOn => None,
            Self::Secret(error) => Some(error),
            Self::NoEntropy(error) => Some(error),
            Self::Broken(error) => Some(error),
        }
    }
}

impl From<InvalidLength> for TotpError {
    fn from(error: InvalidLength) -> Self {
        Self::Secret(error)
    }
}

impl From<NoEntropy> for TotpError {
    fn from(error: NoEntropy) -> Self {
        Self::NoEntropy(error)
    }
}

impl From<rusqlite::Error> for TotpError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

/// Whether the customer is asked for a code at sign-in. Given.
pub fn is_on(db: &Connection, customer: i64) -> Result<bool, TotpError> {
    let on = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM second_factors WHERE customer = ?1 AND confirmed = 1)",
        [customer],
        |row| row.get(0),
    )?;
    Ok(on)
}

/// The code for a counter, as RFC 4226 has it: `digits` decimal digits (up to 9), zeros in front where the number is shorter.
///
/// 1. HMAC-SHA-1 of the counter, written as eight bytes, the highest first, under the secret: twenty bytes.
/// 2. The last of them without its upper four bits is a number from 0 to 15: there four bytes are taken.
/// 3. They are a number, the highest byte first; its topmost bit is dropped.
/// 4. The code is the last `digits` decimal digits of it.
///
/// | secret | counter | digits | code |
/// | --- | --- | --- | --- |
/// | `12345678901234567890` (20 bytes of ASCII) | 1 | 8 | `94287082` |
/// | the same | 4 | 6 | `338314` |
pub fn hotp(secret: &[u8], counter: u64, digits: u32) -> Result<String, TotpError> {
    todo!("hmac, four bytes, a number, its last digits, zeros in front")
}

/// The address that an app reads from a QR code:
///
/// ```text
/// otpauth://totp/ISSUER:ACCOUNT?secret=SECRET&issuer=ISSUER&algorithm=SHA1&digits=6&period=30
/// ```
///
/// Everything in issuer and account but `A`–`Z`, `a`–`z`, `0`–`9`, `-`, `.`, `_` and `~` is percent-encoded: each byte of its UTF-8 as
/// `%` and two hexadecimal digits in capitals. A space is `%20`. The secret is base32 and needs nothing.
pub fn otpauth_uri(issuer: &str, account: &str, secret: &str) -> String {
    todo!("encode issuer and account byte by byte, and put the parts together")
}

/// Gives the customer a fresh secret of 20 random bytes, drawn at once. `account` is what the app shows, mostly the email.
///
/// The second factor is not on yet: the first right code turns it on ([`check`]). Enrolling again before that replaces the
/// secret; whoever scans the first picture after that has the wrong one. To look whether it is on and to write the secret
/// is one step for everybody else.
///
/// # Errors
///
/// `AlreadyOn`, when it is on; `NoEntropy`, when there are no random bytes: then everything stays as it was.
pub fn enrol(
    db: &Connection,
    entropy: &dyn Entropy,
    customer: i64,
    account: &str,
) -> Result<Enrolment, TotpError> {
    todo!(
        "one statement that inserts, or replaces what is not confirmed, or does nothing; how many rows did it change?"
    )
}

/// Judges a code at `now`.
///
/// - It is `Right` if it is the code of the current step (`now / PERIOD`) or of one up to [`DRIFT`] steps before or after, **and** that
///   step is later than `last_step`. Then the step is stored, and the second factor is on.
/// - Otherwise it is `Wrong`, whatever it is: too short, too long, letters, digits of another script. It is six digits as they are
///   shown, nothing else, and nothing is stored.
/// - Whoever has never enrolled is `NotEnrolled`.
///
/// Compare in constant time (`subtle`). When one code comes twice at the same moment, one is right; and when the customer enrols
/// anew at the same moment, a code of the old secret does not turn on the new one.
pub fn check(db: &Connection, customer: i64, code: &str, now: i64) -> Result<Verdict, TotpError> {
    todo!("find the step whose code it is, and store it in one UPDATE that may find nothing to do")
}
