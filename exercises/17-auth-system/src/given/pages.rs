//! The HTML pages.

use axum::Router;

use super::app::App;

/// The routes of the pages.
pub fn routes() -> Router<App> {
    Router::new()
}
