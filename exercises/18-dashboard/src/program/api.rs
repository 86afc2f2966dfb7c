//! The addresses for programs: what the milestones answer, as JSON, as a file, and as it comes.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serve::broken;

use crate::breakdowns::{self, Breakdown};
use crate::export::{self, Wanted};
use crate::filters::{self, Selection};
use crate::given::allowed::Allowed;
use crate::given::app::{App, Cx, Tx};
use crate::given::events::{Dimension, Kind};
use crate::given::neighbours::{Hours, News};
use crate::given::problem::{FieldError, Problem};
use crate::live::{self, Hub, seen};
use crate::timeseries::{self, PARAMETERS, Question, Series};

/// The pairs of a query, in their order.
pub type Pairs = Vec<(String, String)>;

/// What is computed once and kept as long as it is true.
pub fn numbers() -> Router<App> {
    Router::new()
        .route("/api/series", get(series))
        .route("/api/breakdowns/{dimension}", get(breakdown))
}

/// What is not: a file of any size, and an answer without an end.
pub fn streams(hub: Arc<Hub>) -> Router<App> {
    Router::new()
        .route("/api/export", get(download))
        .route("/api/live", get(listen).with_state(hub))
}
