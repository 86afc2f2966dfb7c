//! How one milestone reaches another: one trait for each thing that a neighbour may ask for.
//!
//! A milestone implements its own trait in its own file and calls the others through `cx.neighbours()` or
//! `tx.neighbours()`. Which answers stand behind them is decided once, when the program or a test is put together.
//!
//! `caller` is the id of the user whose token came with the request; `None` without a token.

use std::sync::Arc;

use super::app::{Cx, Tx};
use super::hasher::Hasher;
use super::problem::Problem;
use super::views::{Article, Profile, User};

/// How a password is stored. Answered by `users`.
pub trait Passwords: Send + Sync {
    /// The string to store for `password`. Slow on purpose: never inside of a transaction.
    fn hash(&self, password: &str) -> Result<String, Problem>;
}

/// The signed-in user's own entry. Answered by `users`.
pub trait Users: Send + Sync {
    /// The entry of this user, with a token; the refusal [`Problem::token_is_invalid`] when there is no such user.
    fn view(&self, tx: &Tx, user_id: i64) -> Result<User, Problem>;
}

/// Proof of who sends a request. Answered by `login`.
pub trait Tokens: Send + Sync {
    /// A new token for this user.
    fn issue(&self, cx: &Cx, user_id: i64) -> Result<String, Problem>;

    /// Whose token this is; `None` for anything that is not accepted.
    fn authenticate(&self, cx: &Cx, token: &str) -> Option<i64>;
}

/// What others see of a user. Answered by `profiles`.
pub trait Profiles: Send + Sync {
    /// The profile of the user with this id, as `caller` sees it; the refusal `profile`: `not found` when there is none.
    fn view(&self, tx: &Tx, user_id: i64, caller: Option<i64>) -> Result<Profile, Problem>;
}

/// Single articles. Answered by `articles`.
pub trait Articles: Send + Sync {
    /// The article with exactly this slug; the refusal `article`: `not found` when there is none.
    fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem>;

    /// The whole article with this id, as `caller` sees it; the refusal `article`: `not found` when there is none.
    fn view(&self, tx: &Tx, article_id: i64, caller: Option<i64>) -> Result<Article, Problem>;
}

/// What [`Articles::find`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The article.
    pub id: i64,
    /// Whose it is.
    pub author_id: i64,
}

/// The tags of articles. Answered by `tags`.
pub trait Tags: Send + Sync {
    /// Gives an article these tags in this order, instead of those that it has. Blank ones and repetitions are left out.
    fn set(&self, tx: &Tx, article_id: i64, tags: &[String]) -> Result<(), Problem>;
}

/// The answers that stand behind the traits.
#[derive(Clone)]
pub struct Neighbours {
    /// Given: where `users` and `login` let Argon2 run.
    pub hasher: Hasher,
    /// `users`
    pub passwords: Arc<dyn Passwords>,
    /// `users`
    pub users: Arc<dyn Users>,
    /// `login`
    pub tokens: Arc<dyn Tokens>,
    /// `profiles`
    pub profiles: Arc<dyn Profiles>,
    /// `articles`
    pub articles: Arc<dyn Articles>,
    /// `tags`
    pub tags: Arc<dyn Tags>,
}
