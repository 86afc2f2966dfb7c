//! The second factor: on, off, and the way between.

use axum::extract::Form;
use axum::response::{IntoResponse, Redirect, Response};
use data_encoding::BASE32_NOPAD;
use fast_qr::{ECL, QRBuilder};
use minijinja::{Value, context};
use rusqlite::OptionalExtension as _;

use super::sign_in::wrong_code;
use super::visit::{Answer, Fields, Visit, action, code_field};
use crate::given::app::Cx;
use crate::given::problem::Problem;
use crate::{sessions, totp};

/// The fields whose errors the pages show themselves.
const FIELDS: [&str; 1] = ["code"];

pub(super) async fn state(visit: Visit) -> Answer {
    let current = visit.current()?;
    let me = visit
        .run(move |cx| sessions::me(cx, current.user_id))
        .await?;
    Ok(visit.page("two_factor.html", context! { two_factor => me.two_factor }))
}

fn back() -> Value {
    action("/two-factor", "Back to two-factor")
}

pub(super) async fn enroll(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let current = visit.current()?;
    let enrolled = visit.run(move |cx| totp::enroll(cx, current.user_id)).await;
    Ok(match enrolled {
        Ok(_) => Redirect::to("/two-factor/set-up").into_response(),
        Err(problem) => visit.refusal(&problem, &[back()]),
    })
}

/// The secret that waits for its first code, and the account's address.
fn pending(cx: &Cx, user_id: i64) -> Result<Option<(Vec<u8>, String)>, Problem> {
    cx.read(|tx| {
        let found = tx
            .query_row(
                "SELECT secret, email FROM totp JOIN users ON users.id = user_id
                 WHERE user_id = ?1 AND confirmed_at IS NULL",
                [user_id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        Ok(found)
    })
}

/// What the app needs, as a picture and as text. `None` when nothing waits.
async fn set_up_page(visit: &Visit) -> Result<Option<Value>, super::visit::Refused> {
    let current = visit.current()?;
    let found = visit.run(move |cx| pending(cx, current.user_id)).await?;
    let Some((secret, email)) = found else {
        return Ok(None);
    };
    let secret = BASE32_NOPAD.encode(&secret);
    let uri = totp::otpauth_uri(&email, &secret);
    Ok(Some(context! {
        qr => qr(&uri)?,
        secret => in_groups(&secret),
        otpauth_uri => uri,
        width => "narrow",
    }))
}

/// The page with the secret. It can be reloaded until a code has confirmed it.
pub(super) async fn set_up(visit: Visit) -> Answer {
    Ok(match set_up_page(&visit).await? {
        Some(values) => visit.page("set_up.html", values),
        None => Redirect::to("/two-factor").into_response(),
    })
}

pub(super) async fn confirm(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let current = visit.current()?;
    let code = code_field(&fields);
    let confirmed = visit
        .run(move |cx| totp::confirm(cx, current.user_id, &code))
        .await;
    let problem = match confirmed {
        Ok(codes) => {
            let recovery_codes = codes.recovery_codes;
            return Ok(visit.page("recovery.html", context! { recovery_codes }));
        }
        Err(problem) => problem,
    };
    if problem.code() != "invalid_code" {
        return Ok(visit.refusal(&problem, &[back()]));
    }
    Ok(match set_up_page(&visit).await? {
        Some(values) => visit.again(
            "set_up.html",
            &wrong_code(problem.status()),
            &FIELDS,
            values,
        ),
        None => visit.refusal(&problem, &[back()]),
    })
}

pub(super) async fn remove(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let current = visit.current()?;
    let code = code_field(&fields);
    let removed = visit
        .run(move |cx| totp::disable(cx, current.user_id, &code))
        .await;
    Ok(match removed {
        Ok(()) => Redirect::to("/two-factor").into_response(),
        Err(problem) if problem.code() == "invalid_code" => {
            on_again(&visit, &wrong_code(problem.status()))
        }
        Err(problem) => on_again(&visit, &problem),
    })
}

fn on_again(visit: &Visit, problem: &Problem) -> Response {
    let values = context! { two_factor => true };
    visit.again("two_factor.html", problem, &FIELDS, values)
}

/// `JBSW Y3DP …`: four letters at a time are easy to type.
fn in_groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// The white border that a QR code needs, in modules.
const BORDER: usize = 4;

/// The picture of `text`: how wide it is, and an SVG path of its dark modules.
fn qr(text: &str) -> Result<Value, Problem> {
    let code = QRBuilder::new(text)
        .ecl(ECL::M)
        .build()
        .map_err(|error| Problem::internal(&error))?;
    let mut path = String::new();
    for (y, row) in code.data.chunks(code.size).take(code.size).enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, module)| module.value()) {
            path.push_str(&format!("M{} {}h1v1h-1z", x + BORDER, y + BORDER));
        }
    }
    Ok(context! { size => code.size + 2 * BORDER, path })
}
