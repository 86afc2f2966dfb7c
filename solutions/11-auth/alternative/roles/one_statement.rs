//! What somebody is, what that allows, and a door at which both are asked for every route.
//!
//! Everything is forbidden that no line of a table allows. So a line that somebody forgets shows at once, when a colleague
//! cannot work, and not a year later, when a stranger could.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use rusqlite::{Connection, OptionalExtension, params};

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
    matches!(
        (role, permission),
        (
            Role::Packer | Role::Bookkeeper | Role::Admin,
            Permission::ReadOrders
        ) | (Role::Packer, Permission::Ship)
            | (Role::Bookkeeper, Permission::Refund)
            | (Role::Admin, Permission::ManageRoles)
    )
}

/// For whom a route is, by the first rule that is for this method and this route; `None` when there is no such rule.
///
/// Both are compared letter by letter. `HEAD` is a `GET` whose body stays at home: the rules for `GET` hold.
pub fn access(rules: &[Rule], method: &Method, route: &str) -> Option<Access> {
    let method = match *method {
        Method::HEAD => "GET",
        _ => method.as_str(),
    };
    rules
        .iter()
        .find(|rule| rule.method == method && rule.route == route)
        .map(|rule| rule.access)
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
    routes.route_layer(from_fn_with_state(guard, at_the_door))
}

async fn at_the_door(
    State(guard): State<Guard>,
    request: Request,
    next: Next,
) -> Result<Response, Denied> {
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        let access = access(guard.rules, request.method(), route.as_str());
        let user = request.extensions().get::<UserId>().copied();
        decide(&guard, access, user).await?;
    }
    Ok(next.run(request).await)
}

async fn decide(guard: &Guard, access: Option<Access>, user: Option<UserId>) -> Result<(), Denied> {
    let permission = match access {
        None => return Err(Denied::Forbidden),
        Some(Access::Public) => return Ok(()),
        Some(Access::SignedIn) => None,
        Some(Access::Needs(permission)) => Some(permission),
    };
    let UserId(user) = user.ok_or(Denied::NotSignedIn)?;
    let role = guard.roles.role_of(user).await.map_err(Denied::Broken)?;
    let role = role.ok_or(Denied::NotSignedIn)?;
    if permission.is_none_or(|permission| allows(role, permission)) {
        Ok(())
    } else {
        Err(Denied::Forbidden)
    }
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
    let changed = connection.execute(
        "UPDATE users SET role = ?3 WHERE id = ?2 AND id <> ?1
         AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND role = 'admin' AND disabled = 0)",
        params![by, user, role.word()],
    )?;
    if changed == 1 {
        return Ok(());
    }
    // Nothing has changed; what follows only finds the words for it.
    let admin: Option<i64> = connection
        .query_row(
            "SELECT id FROM users WHERE id = ?1 AND role = 'admin' AND disabled = 0",
            [by],
            |row| row.get(0),
        )
        .optional()?;
    Err(match admin {
        None => RoleError::NotAllowed,
        Some(_) if by == user => RoleError::OwnRole,
        Some(_) => RoleError::Missing,
    })
}
