//! The program that stands on the seven milestones; there is nothing to write here.
//!
//! - [`service`]: what surrounds every handler
//! - [`probe`]: which milestones are written
//! - [`server`]: the start and the end
//!
//! Below them lies `exercises/serve`: connections and their limits, one line a request, a tidy end.

pub mod probe;
pub mod sample;
pub mod server;
pub mod service;

use crate::given::parts::{Errors, Model};
use crate::{errors, model};

/// The milestone `model` as it is written.
#[must_use]
pub fn written_model() -> Model {
    Model {
        parse_cents: model::parse_cents,
        show_cents: model::show_cents,
        after: model::after,
        sort: model::sort,
        open_cents: model::open_cents,
    }
}

/// The milestone `errors` as it is written.
#[must_use]
pub fn written_errors() -> Errors {
    Errors {
        audience: errors::audience,
        answer: errors::answer,
        report: errors::report,
    }
}
