//! The whole service for a test, on a free port. Given.

use axum::Router;
use first_service::given::parts::Parts;
use first_service::given::wishes::{Priority, State, Wish};
use first_service::program::log::Log;
use first_service::program::service::{Limits, service};
use support::server::{Server, spawn};

/// The program, with these parts and this desk, and without gift rounds.
pub async fn program(parts: Parts, desk: Router<Parts>, log: &Log) -> Server {
    let all = service(parts, desk, Router::new(), log.clone(), Limits::default());
    spawn(all).await
}

/// A wish that is wanted.
pub fn wish(id: i64, cents: u32, priority: Priority) -> Wish {
    Wish {
        id,
        title: format!("Wish {id}"),
        cents,
        link: None,
        priority,
        state: State::Wanted,
    }
}
