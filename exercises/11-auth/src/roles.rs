//! What somebody is, what that allows, and a door at which both are asked for every route.
//!
//! Everything is forbidden that no line of a table allows. So a line that somebody forgets shows at once, when a colleague
//! cannot work, and not a year later, when a stranger could.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::given::roles::{Access, Denied, Guard, Permission, RoleError, Rule, UserId};
use crate::given::users::Role;

/// Whether a role has a permission. An admin decides who is what; that alone does not move money.
///
/// | role | `ReadOrders` | `Ship` | `Refund` | `ManageRoles` |
/// | --- | --- | --- | --- | --- |
/// | `Customer` | | | | |
/// | `Packer` | yes | yes | | |
/// | `Bookkeeper` | yes | | yes | |
/// | `Admin` | yes | | | yes |
pub fn allows(role: Role, permission: Permission) -> bool {
    todo!("list what is allowed; the rest is not")
}

/// For whom a route is, by the first rule that is for this method and this route; `None` when there is no such rule.
///
/// Both are compared letter by letter. `HEAD` is a `GET` whose body stays at home: the rules for `GET` hold.
pub fn access(rules: &[Rule], method: &Method, route: &str) -> Option<Access> {
    todo!("look through the table; what is not in it has no answer")
}

/// Puts the guard before all of these routes.
///
/// | the rule for the route says | who comes through |
/// | --- | --- |
/// | `Public` | everybody; no role is asked for |
/// | `SignedIn` | who has a [`UserId`] and still is a user |
/// | `Needs(permission)` | of those, whose role allows it |
/// | nothing: there is no rule | nobody, signed in or not: `Forbidden` |
///
/// Who would have to sign in first, or is no user any more, hears `NotSignedIn`, who may not `Forbidden`. Roles are asked for at
/// each request; when that fails, it is `Broken`. An address that is no route of these stays a 404.
///
/// Which route a request has found stands in its extensions, as a [`MatchedPath`].
pub fn guarded(routes: Router, guard: Guard) -> Router {
    todo!("a layer around the routes, and a function that asks before it lets a request go on")
}

/// Makes `user` a `role`, because `by` says so.
///
/// Only who is an admin and not disabled may say so, at the moment in which it happens: two admins who demote each other at the
/// same time leave one. Nobody changes their own role, not even to what it is.
///
/// # Errors
///
/// The first of these that applies: `NotAllowed`, `OwnRole`, `Missing`. `Broken` when the table fails.
pub fn set_role(
    connection: &mut Connection,
    by: i64,
    user: i64,
    role: Role,
) -> Result<(), RoleError> {
    todo!("whether `by` is an admin and what becomes of `user` must be one step for everybody else")
}
