//! The addresses for programs: what the milestones answer, as JSON, as a file, and as it comes.

use std::sync::Arc;

use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};

use crate::breakdowns::{self, Breakdown};
use crate::export::{self, Wanted};
use crate::filters::{self, Selection};
use crate::given::allowed::Allowed;
use crate::given::app::{App, Cx, Tx};
use crate::given::events::{Kind, Slice};
use crate::given::problem::{FieldError, Problem};
use crate::live::{self, Hub};
use crate::timeseries::{self, Question, Series};

/// The pairs of a query, in their order.
pub type Pairs = Vec<(String, String)>;

/// What is computed once and kept as long as it is true.
pub fn numbers() -> Router<App> {
    Router::new()
        .route("/api/series", get(series))
        .route("/api/breakdown", get(breakdown))
}

/// What is not: a file of any size, and an answer without an end.
pub fn streams(hub: Option<Arc<Hub>>) -> Router<App> {
    let live = match hub {
        Some(hub) => live::routes(hub),
        None => Router::new().route("/api/live", get(async || Problem::unwritten("live"))),
    };
    Router::new()
        .route("/api/export", get(download))
        .merge(live)
}

/// The selection that a query makes among the values that there are; `others` are the names that are read elsewhere.
///
/// # Errors
///
/// A 422 for what is not on the list.
pub fn selection(tx: &Tx, pairs: &Pairs, others: &[&[&str]]) -> Result<Selection, Problem> {
    filters::read(pairs, &others.concat(), &Allowed::known(tx)?)
}

/// `GET /api/series`
async fn series(cx: Cx, Query(pairs): Query<Pairs>) -> Result<Json<Series>, Problem> {
    cx.run(move |cx| {
        cx.read(|tx| {
            let chosen = selection(tx, &pairs, &[&timeseries::PARAMETERS])?;
            let question = timeseries::read(&pairs, &tx.config().zone)?;
            timeseries::series(tx, &question, &chosen.slices())
        })
    })
    .await
    .map(Json)
}

/// `GET /api/breakdown`
async fn breakdown(cx: Cx, Query(pairs): Query<Pairs>) -> Result<Json<Breakdown>, Problem> {
    cx.run(move |cx| {
        cx.read(|tx| {
            let others = [&timeseries::PARAMETERS[..], &breakdowns::PARAMETERS];
            let chosen = selection(tx, &pairs, &others)?;
            let Question {
                span, zone, kind, ..
            } = timeseries::read(&pairs, &tx.config().zone)?;
            let hours = timeseries::hours(span, &zone)?;
            let question = breakdowns::read(&pairs)?;
            breakdowns::breakdown(tx, question, kind, &chosen.slices(), hours)
        })
    })
    .await
    .map(Json)
}

/// `GET /api/export`
async fn download(cx: Cx, Query(pairs): Query<Pairs>) -> Result<Response, Problem> {
    let wanted = cx
        .clone()
        .run(move |cx| cx.read(|tx| wanted(tx, &pairs)))
        .await?;
    export::download(cx, wanted).await
}

fn wanted(tx: &Tx, pairs: &Pairs) -> Result<Wanted, Problem> {
    let slice = only(&selection(tx, pairs, &[&timeseries::PARAMETERS])?)?;
    let question = timeseries::read(pairs, &tx.config().zone)?;
    let hours = timeseries::hours(question.span, &question.zone)?;
    let named = |pair: &&(String, String)| pair.0 == "kind" && !pair.1.is_empty();
    let kind: Option<Kind> = pairs.iter().find(named).map(|_| question.kind);
    Ok(Wanted {
        kind,
        slice,
        from: hours.from,
        to: hours.to,
    })
}

/// A file holds one slice.
fn only(chosen: &Selection) -> Result<Slice, Problem> {
    let mut slices = chosen.slices();
    match (slices.pop(), slices.is_empty()) {
        (Some(slice), true) => Ok(slice),
        _ => {
            let message = "A file holds one value of each dimension, or all of them.";
            let several = crate::given::events::Dimension::ALL
                .into_iter()
                .filter(|dimension| chosen.values(*dimension).len() > 1)
                .map(|dimension| FieldError::new(dimension.name(), message));
            Err(Problem::invalid_fields(several.collect()))
        }
    }
}
