//! What a person sees of the own account: the entry itself, the devices, and what happened.

use axum::extract::{Form, Query};
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::{Value, context};

use super::visit::{Answer, Fields, Visit, action, field};
use super::words;
use crate::audit::Paging;
use crate::given::neighbours::Current;
use crate::given::problem::Problem;
use crate::{audit, sessions};

pub(super) async fn home(visit: Visit) -> Redirect {
    match visit.current {
        Some(_) => Redirect::to("/account"),
        None => Redirect::to("/sign-in"),
    }
}

pub(super) async fn account(visit: Visit) -> Answer {
    let current = visit.current()?;
    let found = visit.run(move |cx| sessions::me(cx, current.user_id)).await;
    let me = found?;
    let now = visit.cx.app().now();
    let me = context! {
        name => me.name,
        email => me.email,
        two_factor => me.two_factor,
        since => words::Moment::of(&me.created_at, now).date,
    };
    Ok(visit.page("account.html", context! { me }))
}

pub(super) async fn devices(visit: Visit) -> Answer {
    let current = visit.current()?;
    let listed = visit.run(move |cx| sessions::list(cx, &current)).await?;
    let now = visit.cx.app().now();
    let devices: Vec<Value> = listed
        .into_iter()
        .map(|device| {
            context! {
                id => device.id,
                current => device.current,
                program => device.kind == "api",
                name => words::device(&device.user_agent),
                client => device.client,
                since => words::Moment::of(&device.created_at, now),
                until => words::Moment::of(&device.expires_at, now),
            }
        })
        .collect();
    Ok(visit.page("devices.html", context! { devices }))
}

pub(super) async fn end_device(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let current = visit.current()?;
    let id = field(&fields, "id");
    let ended = visit
        .run(move |cx| sessions::end_one(cx, current.user_id, &id))
        .await;
    Ok(after_ending(&visit, ended))
}

pub(super) async fn end_others(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let current = visit.current()?;
    let ended = visit
        .run(move |cx| {
            let Current { user_id, .. } = current;
            for device in sessions::list(cx, &current)? {
                if !device.current {
                    sessions::end_one(cx, user_id, &device.id)?;
                }
            }
            Ok(())
        })
        .await;
    Ok(after_ending(&visit, ended))
}

/// The list again, which shows what is left. A session that has ended meanwhile is no cause for a word.
fn after_ending(visit: &Visit, ended: Result<(), Problem>) -> Response {
    match ended {
        Err(problem) if problem.code() != "not_found" => {
            visit.refusal(&problem, &[action("/devices", "Back to your devices")])
        }
        _ => Redirect::to("/devices").into_response(),
    }
}

pub(super) async fn activity(visit: Visit, Query(query): Query<Fields>) -> Answer {
    let current = visit.current()?;
    let paging = Paging {
        cursor: query.get("cursor").cloned(),
        limit: None,
    };
    let first = paging.cursor.is_none();
    let read = visit
        .run(move |cx| audit::page(cx, current.user_id, &paging))
        .await;
    let page = match read {
        Ok(page) => page,
        Err(problem) => {
            let newest = action("/activity", "To the newest");
            return Ok(visit.refusal(&problem, &[newest]));
        }
    };
    let now = visit.cx.app().now();
    let events: Vec<Value> = page
        .events
        .into_iter()
        .map(|event| {
            let (what, warning) = words::event(&event.kind);
            context! {
                what,
                warning,
                device => words::device(&event.user_agent),
                client => event.client,
                detail => event.detail,
                at => words::Moment::of(&event.at, now),
            }
        })
        .collect();
    let older = page.next_cursor;
    Ok(visit.page("activity.html", context! { events, older, first }))
}
