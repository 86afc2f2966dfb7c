//! Milestone 7: a second factor.
//!
//! An authenticator app and this service share a secret, and both turn it and the time into six digits (RFC 6238).
//! Each code is good for one sign-in. Recovery codes are for the day the phone is gone.
//!
//! Given: routes, shapes, refusals, the `otpauth:` address, and the SQL that finds an enrolment. The tables are `totp` and
//! `recovery_codes`.

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
///
/// HMAC-SHA-1 over the counter as eight bytes, the highest first. The low four bits of the last byte say where four
/// bytes are taken; without their topmost bit they are a number, and its last digits are the code.
///
/// | secret | counter | digits | code |
/// | --- | --- | --- | --- |
/// | `12345678901234567890` | 0 | 6 | `755224` |
/// | `12345678901234567890` | 1 (that is 59 seconds) | 8 | `94287082` |
pub fn hotp(secret: &[u8], counter: u64, digits: u32) -> Result<String, Problem> {
    todo!("hmac, offset, four bytes, remainder, zeros in front")
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
    /// Judges `code` for `user_id`.
    ///
    /// - No enrolment, or one that was never confirmed: `NotEnrolled`. No code: `Missing`.
    /// - An app's code is right if it is that of the current time step (`tx.now() / PERIOD`), the one before or the one
    ///   after, **and** newer than `last_step`. It sets `last_step`, so that neither it nor an older one passes again.
    /// - Otherwise it may be a recovery code: unused, of this person. It is used up. Hyphens, spaces and the case of its
    ///   letters do not count.
    /// - Compare digits in constant time (`subtle`). Anything else, of whatever length: `Wrong`.
    fn check(&self, tx: &Tx, user_id: i64, code: Option<&str>) -> Result<Factor, Problem> {
        todo!("find the step whose code it is; otherwise a recovery code")
    }
}

/// Gives the person a fresh secret of 20 random bytes, in base32 without padding, which counts only once a code has
/// confirmed it. Enrolling again before that replaces the secret; after that it is [`already_enrolled`].
pub fn enroll(cx: &Cx, user_id: i64) -> Result<Enrolment, Problem> {
    todo!("random bytes into the table, and out as base32")
}

/// Turns the second factor on, if `code` is right for the secret (the same window as in [`SecondFactor::check`]), and hands
/// out [`RECOVERY_CODES`] recovery codes: ten random bytes each, in base32, as four groups of four with hyphens. The
/// table keeps their digests ([`tokens::digest`] of the sixteen letters and digits). The code is used up: it does not
/// pass as a sign-in's.
///
/// Nothing enrolled or a wrong code: [`invalid_code`]. Confirmed before: [`already_enrolled`]. Audit event:
/// `totp.enabled`.
pub fn confirm(cx: &Cx, user_id: i64, code: &str) -> Result<RecoveryCodes, Problem> {
    todo!("judge the code, set both columns, make the recovery codes")
}

/// Removes the person's second factor and recovery codes, nobody else's, for whoever has a code: whoever has stolen an
/// access token lacks it.
///
/// In one `cx.write`: `lockout.begin`, with the account's address, before the code is looked at; then
/// `second_factor.check`. Unless that answers `Passed`: [`invalid_code`], and the attempt stays counted. Otherwise
/// `lockout.take_back`, since it was no guess and no sign-in; both tables; audit event `totp.disabled`.
pub fn disable(cx: &Cx, user_id: i64, code: &str) -> Result<(), Problem> {
    todo!("count, check, and only then two DELETEs and an event")
}
