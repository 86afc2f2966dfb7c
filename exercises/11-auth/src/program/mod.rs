//! The service that stands on the exercises; there is nothing to write here.
//!
//! - [`routes`]: every address, for whom it is, and which exercises it needs
//! - [`accounts`]: opening an account, signing in and out, tokens, the second factor; [`orders`]: orders and reviews
//! - [`shop`]: the database, the hashers, the keys
//! - [`failure`]: what can go wrong; [`probe`]: which exercises are written; [`server`]: the start and the end
//!
//! Below them lies `exercises/serve`: connections and their limits, one line a request, a tidy end.

pub mod accounts;
pub mod failure;
pub mod orders;
pub mod probe;
pub mod routes;
pub mod server;
pub mod shop;
