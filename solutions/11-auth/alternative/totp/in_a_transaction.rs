//! A second factor: six digits that an app on the phone and the shop compute from a shared secret and the time (RFC 6238).
//!
//! Each code is good once. The time is handed in, in whole seconds since 1970, and so is the source of random bytes.

use std::error::Error;
use std::fmt;

use data_encoding::BASE32_NOPAD;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
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

/// The code for a counter, as RFC 4226 has it.
pub fn hotp(secret: &[u8], counter: u64, digits: u32) -> Result<String, TotpError> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret)?;
    mac.update(&counter.to_be_bytes());
    let bytes: [u8; 20] = mac.finalize().into_bytes().into();
    let offset = usize::from(bytes[19] & 0x0f);
    let taken = bytes[offset..offset + 4]
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte));
    let number = (taken & 0x7fff_ffff) % 10_u32.pow(digits);
    Ok(format!("{number:0width$}", width = digits as usize))
}

/// The address that an app reads from a QR code.
pub fn otpauth_uri(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={PERIOD}"
    )
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A transaction that may write from its beginning: what is read in it stays true to its end.
fn writing(db: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(db, TransactionBehavior::Immediate)
}

/// Looks and writes in one transaction.
pub fn enrol(
    db: &Connection,
    entropy: &dyn Entropy,
    customer: i64,
    account: &str,
) -> Result<Enrolment, TotpError> {
    let tx = writing(db)?;
    if is_on(&tx, customer)? {
        return Err(TotpError::AlreadyOn);
    }
    let secret = draw::<20>(entropy)?;
    tx.execute("DELETE FROM second_factors WHERE customer = ?1", [customer])?;
    tx.execute(
        "INSERT INTO second_factors (customer, secret) VALUES (?1, ?2)",
        params![customer, secret],
    )?;
    tx.commit()?;
    let secret = BASE32_NOPAD.encode(&secret);
    let uri = otpauth_uri(ISSUER, account, &secret);
    Ok(Enrolment { secret, uri })
}

/// Reads, decides here, and writes in one transaction.
pub fn check(db: &Connection, customer: i64, code: &str, now: i64) -> Result<Verdict, TotpError> {
    let tx = writing(db)?;
    let found: Option<(Vec<u8>, i64)> = tx
        .query_row(
            "SELECT secret, last_step FROM second_factors WHERE customer = ?1",
            [customer],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((secret, last_step)) = found else {
        return Ok(Verdict::NotEnrolled);
    };
    let current = now / PERIOD;
    let earliest = (last_step + 1).max(current - DRIFT).max(0);
    for step in earliest..=current + DRIFT {
        let expected = hotp(&secret, step.unsigned_abs(), DIGITS)?;
        if expected.as_bytes().ct_eq(code.as_bytes()).into() {
            tx.execute(
                "UPDATE second_factors SET last_step = ?2, confirmed = 1 WHERE customer = ?1",
                params![customer, step],
            )?;
            tx.commit()?;
            return Ok(Verdict::Right);
        }
    }
    Ok(Verdict::Wrong)
}
