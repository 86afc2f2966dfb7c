//! The whole service for a test, on a free port. Given.

use axum::Router;
use first_service::given::parts::Parts;
use first_service::given::wishes::{Priority, State, Wish};
use first_service::program::service::service;
use serve::{Limits, Lines, Log};
use support::server::{Server, spawn};

/// The program, with these parts and this desk, and without gift rounds.
pub async fn program(parts: Parts, desk: Router<Parts>) -> Server {
    logged_program(parts, desk, Router::new()).await.0
}

/// The program with gift rounds, and the lines of its log.
pub async fn logged_program(parts: Parts, desk: Router<Parts>, rounds: Router) -> (Server, Lines) {
    let (log, lines) = Log::in_memory();
    let all = service(parts, desk, rounds, &log, &Limits::default());
    (spawn(all).await, lines)
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
