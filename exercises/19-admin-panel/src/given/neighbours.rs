//! How one milestone reaches another: one trait for each thing that a neighbour may ask for.
//!
//! A milestone implements its own trait in its own file and calls the others through `cx.neighbours()` or
//! `tx.neighbours()`. Which answers stand behind them is decided once, when the program or a test is put together.

use std::sync::Arc;

use serde_json::Value;

use super::app::Tx;
use super::problem::Problem;
use super::rights::{Permission, Place};

/// What may be a password, and how it is stored. Answered by a stand-in: it is what 17 is about.
pub trait Passwords: Send + Sync {
    /// What is wrong with `password` for the account `email`, as a sentence; `None` when it may be used.
    fn weakness(&self, password: &str, email: &str) -> Option<String>;

    /// The string to store for `password`. Slow on purpose: never inside of a transaction.
    fn hash(&self, password: &str) -> Result<String, Problem>;
}

/// Who is signed in where. Answered by a stand-in, too.
pub trait Sessions: Send + Sync {
    /// Whose request this is; `None` for a cookie that is not accepted.
    fn authenticate(&self, tx: &Tx, cookie: &str) -> Result<Option<i64>, Problem>;

    /// Ends every session of a person.
    fn end_all(&self, tx: &Tx, user_id: i64) -> Result<(), Problem>;
}

/// What one may do. Answered by `permissions`.
pub trait Permissions: Send + Sync {
    /// Whether `user_id` may do this there, as the tables are now. A disabled account may nothing.
    fn allows(
        &self,
        tx: &Tx,
        user_id: i64,
        permission: Permission,
        place: Place,
    ) -> Result<bool, Problem>;

    /// Nothing if `user_id` may do this there; else [`Problem::not_signed_in`] for an account that is disabled or missing, and
    /// [`Problem::forbidden`] for all others.
    fn require(
        &self,
        tx: &Tx,
        user_id: i64,
        permission: Permission,
        place: Place,
    ) -> Result<(), Problem>;
}

/// Who may give what to whom. Answered by `roles`.
pub trait Roles: Send + Sync {
    /// Nothing if `user_id` may give this role in this branch (`None`: everywhere) and take it away, else a refusal.
    fn may_hand(
        &self,
        tx: &Tx,
        user_id: i64,
        role_id: i64,
        branch_id: Option<i64>,
    ) -> Result<(), Problem>;

    /// Nothing if the shop still has an administrator when `user_id` is none any more, else [`Problem::last_administrator`].
    fn can_spare(&self, tx: &Tx, user_id: i64) -> Result<(), Problem>;
}

/// What happened, and who did it. Answered by `audit`.
pub trait Audit: Send + Sync {
    /// Appends one entry.
    fn record(&self, tx: &Tx, event: Event) -> Result<(), Problem>;
}

/// One entry for the log. Nothing secret belongs in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who did it; `None` when nobody was signed in.
    pub actor: Option<i64>,
    /// A name such as `user.disabled`.
    pub kind: &'static str,
    /// To what: `user 7`, `order 12`, or an address.
    pub subject: String,
    /// The fields before, as an object; null when there was nothing.
    pub before: Value,
    /// The fields after, as an object; null when nothing is left.
    pub after: Value,
}

/// The answers that stand behind the traits.
#[derive(Clone)]
pub struct Neighbours {
    /// A stand-in.
    pub passwords: Arc<dyn Passwords>,
    /// A stand-in.
    pub sessions: Arc<dyn Sessions>,
    /// `permissions`
    pub permissions: Arc<dyn Permissions>,
    /// `roles`
    pub roles: Arc<dyn Roles>,
    /// `audit`
    pub audit: Arc<dyn Audit>,
}
