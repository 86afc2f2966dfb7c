//! Differs: reads the four bytes as one number and masks the bit, instead of computing with remainders.

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::UnixTime;
use crate::given::extract::{Body, CurrentUser, Fields};
use crate::given::neighbours::{Event, Factor, SecondFactor};
use crate::given::problem::Problem;
use crate::given::tokens;

/// How long one code is shown, in seconds.
pub const PERIOD: i64 = 30;

/// How many recovery codes a person gets.
pub const RECOVERY_CODES: usize = 10;

/// The answer to `POST /api/totp/enroll`.
#[derive(Debug, Serialize)]
pub struct Enrolment {
    /// The secret in base32 without padding, to be typed.
    pub secret: String,
    /// The same for a QR code.
    pub otpauth_uri: String,
}

/// The body of `POST /api/totp/confirm` and of `POST /api/totp/remove`.
#[derive(Deserialize)]
pub struct Confirmation {
    pub code: String,
}

impl Fields for Confirmation {
    const REQUIRED: &'static [&'static str] = &["code"];
}

/// The answer to `POST /api/totp/confirm`: shown once, never again.
#[derive(Debug, Serialize)]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/totp/enroll", post(enroll_handler))
        .route("/api/totp/confirm", post(confirm_handler))
        .route("/api/totp/remove", post(disable_handler))
}

async fn enroll_handler(
    cx: Cx,
    CurrentUser(current): CurrentUser,
) -> Result<Json<Enrolment>, Problem> {
    cx.run(move |cx| enroll(cx, current.user_id))
        .await
        .map(Json)
}

async fn confirm_handler(
    cx: Cx,
    CurrentUser(current): CurrentUser,
    Body(body): Body<Confirmation>,
) -> Result<Json<RecoveryCodes>, Problem> {
    cx.run(move |cx| confirm(cx, current.user_id, &body.code))
        .await
        .map(Json)
}

async fn disable_handler(
    cx: Cx,
    CurrentUser(current): CurrentUser,
    Body(body): Body<Confirmation>,
) -> Result<StatusCode, Problem> {
    cx.run(move |cx| disable(cx, current.user_id, &body.code))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 409, for an enrolment while a second factor is in use.
fn already_enrolled() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "already_enrolled",
        "Remove the second factor that you have first.",
    )
}

/// 400, for a code that does not prove anything.
fn invalid_code() -> Problem {
    Problem::bad_request("invalid_code", "This code is not valid.")
}

/// The `otpauth:` address that an app reads from a QR code. Given, since its form is nobody's favourite.
pub fn otpauth_uri(email: &str, secret: &str) -> String {
    let account: String = email
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    format!(
        "otpauth://totp/Lantern:{account}?secret={secret}&issuer=Lantern&algorithm=SHA1&digits=6&period=30"
    )
}

/// The HOTP value of RFC 4226: `digits` decimal digits, with leading zeros.
pub fn hotp(secret: &[u8], counter: u64, digits: u32) -> Result<String, Problem> {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret).map_err(|error| Problem::internal(&error))?;
    mac.update(&counter.to_be_bytes());
    let bytes: [u8; 20] = mac.finalize().into_bytes().into();
    // The low four bits of the last byte say where four bytes are taken; their top bit, the sign, is dropped.
    let offset = usize::from(bytes[19] % 16);
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[offset..offset + 4]);
    let value = u64::from(u32::from_be_bytes(four) & 0x7fff_ffff) % 10_u64.pow(digits);
    Ok(format!("{value:0width$}", width = digits as usize))
}

/// The time step whose code this is, if it is a step from one before to one after `now`, and newer than `last_step`.
fn matching_step(
    secret: &[u8],
    code: &str,
    now: UnixTime,
    last_step: i64,
) -> Result<Option<i64>, Problem> {
    let current = now / PERIOD;
    for step in current - 1..=current + 1 {
        let counter = u64::try_from(step).map_err(|error| Problem::internal(&error))?;
        let expected = hotp(secret, counter, 6)?;
        let equal: bool = expected.as_bytes().ct_eq(code.as_bytes()).into();
        if equal && step > last_step {
            return Ok(Some(step));
        }
    }
    Ok(None)
}

/// Authenticator apps and recovery codes.
pub struct Authenticator;

struct Enrolled {
    secret: Vec<u8>,
    confirmed: bool,
    last_step: i64,
}

fn find(tx: &Tx, user_id: i64) -> Result<Option<Enrolled>, Problem> {
    let found = tx
        .query_row(
            "SELECT secret, confirmed_at IS NOT NULL, last_step FROM totp WHERE user_id = ?1",
            [user_id],
            |row| {
                Ok(Enrolled {
                    secret: row.get(0)?,
                    confirmed: row.get(1)?,
                    last_step: row.get(2)?,
                })
            },
        )
        .optional()?;
    Ok(found)
}

impl SecondFactor for Authenticator {
    fn check(&self, tx: &Tx, user_id: i64, code: Option<&str>) -> Result<Factor, Problem> {
        let Some(enrolled) = find(tx, user_id)?.filter(|enrolled| enrolled.confirmed) else {
            return Ok(Factor::NotEnrolled);
        };
        let Some(code) = code else {
            return Ok(Factor::Missing);
        };
        let step = matching_step(&enrolled.secret, code, tx.now(), enrolled.last_step)?;
        let passed = match step {
            Some(step) => {
                tx.execute(
                    "UPDATE totp SET last_step = ?2 WHERE user_id = ?1",
                    (user_id, step),
                )?;
                true
            }
            None => use_recovery_code(tx, user_id, code)?,
        };
        Ok(if passed {
            Factor::Passed
        } else {
            Factor::Wrong
        })
    }
}

fn use_recovery_code(tx: &Tx, user_id: i64, code: &str) -> Result<bool, Problem> {
    let used = tx.execute(
        "UPDATE recovery_codes SET used_at = ?3
         WHERE user_id = ?1 AND digest = ?2 AND used_at IS NULL",
        (user_id, recovery_digest(code), tx.now()),
    )?;
    Ok(used == 1)
}

/// Codes are copied from paper: hyphens, spaces and the case of letters do not count.
fn recovery_digest(code: &str) -> String {
    let counts = |sign: &char| !matches!(sign, '-' | ' ');
    let plain: String = code.chars().filter(counts).collect();
    tokens::digest(&plain.to_ascii_uppercase())
}

/// Gives the person a secret, which counts from the moment a code confirms it.
pub fn enroll(cx: &Cx, user_id: i64) -> Result<Enrolment, Problem> {
    cx.write(|tx| {
        if find(tx, user_id)?.is_some_and(|enrolled| enrolled.confirmed) {
            return Err(already_enrolled());
        }
        let secret = tokens::random::<20>()?;
        tx.execute(
            "INSERT INTO totp (user_id, secret) VALUES (?1, ?2)
             ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret",
            (user_id, secret),
        )?;
        let secret = BASE32_NOPAD.encode(&secret);
        Ok(Enrolment {
            otpauth_uri: otpauth_uri(&email(tx, user_id)?, &secret),
            secret,
        })
    })
}

/// Turns the second factor on, if `code` shows that the app has the secret, and hands out recovery codes.
pub fn confirm(cx: &Cx, user_id: i64, code: &str) -> Result<RecoveryCodes, Problem> {
    cx.write(|tx| {
        let enrolled = find(tx, user_id)?.ok_or_else(invalid_code)?;
        if enrolled.confirmed {
            return Err(already_enrolled());
        }
        let step = matching_step(&enrolled.secret, code, tx.now(), enrolled.last_step)?
            .ok_or_else(invalid_code)?;
        tx.execute(
            "UPDATE totp SET confirmed_at = ?2, last_step = ?3 WHERE user_id = ?1",
            (user_id, tx.now(), step),
        )?;
        let recovery_codes = (0..RECOVERY_CODES)
            .map(|_| new_recovery_code(tx, user_id))
            .collect::<Result<_, _>>()?;
        let event = Event::new(user_id, "totp.enabled");
        tx.neighbours().audit.record(tx, event)?;
        Ok(RecoveryCodes { recovery_codes })
    })
}

/// Ten random bytes as four groups of four letters and digits.
fn new_recovery_code(tx: &Tx, user_id: i64) -> Result<String, Problem> {
    let plain = BASE32_NOPAD.encode(&tokens::random::<10>()?);
    tx.execute(
        "INSERT INTO recovery_codes (user_id, digest) VALUES (?1, ?2)",
        (user_id, recovery_digest(&plain)),
    )?;
    let (left, right) = plain.split_at(8);
    let ((a, b), (c, d)) = (left.split_at(4), right.split_at(4));
    Ok([a, b, c, d].join("-"))
}

/// Removes the second factor and its recovery codes, for whoever has a code: a stolen access token is not enough.
pub fn disable(cx: &Cx, user_id: i64, code: &str) -> Result<(), Problem> {
    cx.write(|tx| {
        let neighbours = tx.neighbours();
        let email = email(tx, user_id)?;
        // Counted before the code is looked at, as at the door: otherwise this would be the place to guess.
        neighbours.lockout.begin(tx, &email)?;
        match neighbours.second_factor.check(tx, user_id, Some(code))? {
            Factor::Passed => neighbours.lockout.take_back(tx, &email)?,
            Factor::NotEnrolled | Factor::Missing | Factor::Wrong => return Err(invalid_code()),
        }
        tx.execute("DELETE FROM totp WHERE user_id = ?1", [user_id])?;
        tx.execute("DELETE FROM recovery_codes WHERE user_id = ?1", [user_id])?;
        let event = Event::new(user_id, "totp.disabled");
        neighbours.audit.record(tx, event)
    })
}

fn email(tx: &Tx, user_id: i64) -> Result<String, Problem> {
    let sql = "SELECT email FROM users WHERE id = ?1";
    Ok(tx.query_row(sql, [user_id], |row| row.get(0))?)
}
