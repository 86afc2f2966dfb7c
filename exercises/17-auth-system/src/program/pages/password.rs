//! Another password, for somebody who is signed in and knows the one of today.

use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::{Value, context};

use super::visit::{Answer, Fields, Visit, action, field};
use crate::given::app::{Cx, Tx};
use crate::given::mail::Mail;
use crate::given::neighbours::{Current, Event};
use crate::given::problem::{FieldError, Problem};

/// The fields whose errors the page shows itself.
const FIELDS: [&str; 2] = ["current", "password"];

fn page() -> Value {
    context! { width => "narrow" }
}

pub(super) async fn form(visit: Visit) -> Answer {
    visit.current()?;
    Ok(visit.page("password.html", page()))
}

pub(super) async fn change(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let current = visit.current()?;
    let (old, new) = (field(&fields, "current"), field(&fields, "password"));
    let changed = visit
        .run_hashing(move |cx| replace(cx, &current, &old, &new))
        .await;
    Ok(match changed {
        Ok(()) => done(&visit),
        Err(problem) => visit.again("password.html", &problem, &FIELDS, page()),
    })
}

fn done(visit: &Visit) -> Response {
    visit.done(
        "Your password is changed",
        "Every other device was signed out.",
        &[action("/account", "To your account")],
    )
}

/// A cookie alone must not change the password: guesses at today's are counted as at the door.
fn replace(cx: &Cx, current: &Current, old: &str, new: &str) -> Result<(), Problem> {
    let (email, stored): (String, String) = cx.read(|tx| {
        let sql = "SELECT email, password_hash FROM users WHERE id = ?1";
        Ok(tx.query_row(sql, [current.user_id], |row| Ok((row.get(0)?, row.get(1)?)))?)
    })?;
    let neighbours = cx.neighbours();
    if let Some(weakness) = neighbours.passwords.weakness(new, &email) {
        return Err(wrong("password", &weakness));
    }
    cx.write(|tx| tx.neighbours().lockout.begin(tx, &email))?;
    if !neighbours.verifier.verify(old, &stored)?.matches {
        return Err(wrong("current", "This is not your password."));
    }
    let hash = neighbours.passwords.hash(new)?;
    cx.write(|tx| {
        let changed = tx.execute(
            "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
            (current.user_id, &stored, &hash),
        )?;
        if changed == 0 {
            let words = "Your password was changed elsewhere in the meantime.";
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "password_changed",
                words,
            ));
        }
        tx.neighbours().lockout.take_back(tx, &email)?;
        end_others(tx, current)?;
        tell(tx, current.user_id, &email)
    })
}

fn wrong(field: &str, words: &str) -> Problem {
    Problem::invalid_fields(vec![FieldError::new(field, words)])
}

/// Whoever came in with the old password goes, and so do links that could set another one.
fn end_others(tx: &Tx, current: &Current) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT id FROM sessions WHERE user_id = ?1 AND id <> ?2 AND ended_at IS NULL",
    )?;
    let found = statement.query_map((current.user_id, &current.session_id), |row| row.get(0))?;
    let others: Vec<String> = found.collect::<Result<_, _>>()?;
    for other in others {
        tx.neighbours().sessions.end(tx, &other)?;
    }
    tx.execute(
        "UPDATE reset_tokens SET used_at = ?2 WHERE user_id = ?1 AND used_at IS NULL",
        (current.user_id, tx.now()),
    )?;
    Ok(())
}

fn tell(tx: &Tx, user_id: i64, email: &str) -> Result<(), Problem> {
    tx.send(&Mail {
        to: email.to_owned(),
        subject: "Your password was changed".to_owned(),
        text: format!(
            "Somebody who knew your old password has chosen a new one. If it was not you, choose another at once:\n\n{}/forgot",
            tx.config().public_url
        ),
    })?;
    let event = Event::new(user_id, "password.changed");
    tx.neighbours().audit.record(tx, event)
}
