//! Milestone 4: who may give what to whom.
//!
//! A role is a set of permissions, given to somebody in one branch or everywhere. Whoever may give roles could give
//! themselves the whole shop, unless three rules stand in the way.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{delete, post};
use axum::{Json, Router};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::given::app::{App, Cx, Tx};
use crate::given::extract::{Body, Fields, Me};
use crate::given::names::{self, EVERYWHERE, RoleInPlace};
use crate::given::neighbours::{Event, Roles};
use crate::given::problem::Problem;
use crate::given::rights::{Permission, Place};

/// The role whose owners, where they have it everywhere, are the shop's administrators.
pub const ADMINISTRATOR: &str = "administrator";

/// The body of `POST /api/users/{id}/roles`.
#[derive(Debug, Clone, Deserialize)]
pub struct Gift {
    /// The name of the role.
    pub role: String,
    /// The name of the branch, or [`EVERYWHERE`].
    pub branch: String,
}

impl Fields for Gift {
    const REQUIRED: &'static [&'static str] = &["role", "branch"];
}

/// A role that somebody has.
#[derive(Debug, Clone, Serialize)]
pub struct Given {
    /// The row in `grants`.
    pub id: i64,
    pub role: String,
    /// The name of the branch, or [`EVERYWHERE`].
    pub branch: String,
}

/// The answer: all roles that the colleague has now.
#[derive(Debug, Serialize)]
pub struct RolesOf {
    pub user_id: i64,
    /// By role, then by branch, in the order of SQLite's texts (`*` as it is written).
    pub roles: Vec<Given>,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/users/{id}/roles", post(give_handler))
        .route("/api/users/{id}/roles/{grant}", delete(take_handler))
}

async fn give_handler(
    cx: Cx,
    Me(me): Me,
    Path(user): Path<i64>,
    Body(gift): Body<Gift>,
) -> Result<(StatusCode, Json<RolesOf>), Problem> {
    let roles = cx.run(move |cx| give(cx, me, user, &gift)).await?;
    Ok((StatusCode::OK, Json(roles)))
}

async fn take_handler(
    cx: Cx,
    Me(me): Me,
    Path((user, grant)): Path<(i64, i64)>,
) -> Result<Json<RolesOf>, Problem> {
    cx.run(move |cx| take(cx, me, user, grant)).await.map(Json)
}

/// The rules for handing roles out.
pub struct Rules;

impl Roles for Rules {
    fn may_hand(
        &self,
        tx: &Tx,
        user_id: i64,
        role_id: i64,
        branch_id: Option<i64>,
    ) -> Result<(), Problem> {
        let place = Place::from(branch_id);
        let permissions = &tx.neighbours().permissions;
        // A role that does not exist has nothing in it, and an empty set is a part of every other.
        let mut may = exists(tx, "SELECT 1 FROM roles WHERE id = ?1", role_id)?
            && permissions.allows(tx, user_id, Permission::RolesAssign, place)?;
        for name in names(tx, role_id)? {
            // What this program does not know, nobody has.
            may = may
                && match Permission::named(&name) {
                    Some(permission) => permissions.allows(tx, user_id, permission, place)?,
                    None => false,
                };
        }
        if may {
            Ok(())
        } else {
            Err(Problem::beyond_your_rights())
        }
    }

    fn can_spare(&self, tx: &Tx, user_id: i64) -> Result<(), Problem> {
        // One look at all that are left: whoever is no administrator can always be spared.
        let spared: bool = tx.query_row(
            "WITH administrators AS (
                 SELECT users.id FROM users
                 JOIN grants ON grants.user_id = users.id AND grants.branch_id IS NULL
                 JOIN roles ON roles.id = grants.role_id AND roles.name = ?2
                 WHERE users.disabled_at IS NULL)
             SELECT ?1 NOT IN (SELECT id FROM administrators)
                 OR EXISTS (SELECT 1 FROM administrators WHERE id <> ?1)",
            (user_id, ADMINISTRATOR),
            |row| row.get(0),
        )?;
        if spared {
            Ok(())
        } else {
            Err(Problem::last_administrator())
        }
    }
}

fn names(tx: &Tx, role_id: i64) -> Result<Vec<String>, Problem> {
    let mut statement =
        tx.prepare_cached("SELECT permission FROM role_permissions WHERE role_id = ?1")?;
    let rows = statement.query_map([role_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn exists(connection: &Connection, sql: &str, id: i64) -> Result<bool, Problem> {
    Ok(connection.prepare_cached(sql)?.exists([id])?)
}

/// Gives a colleague a role.
pub fn give(cx: &Cx, me: i64, user: i64, gift: &Gift) -> Result<RolesOf, Problem> {
    cx.write(|tx| {
        let neighbours = tx.neighbours();
        neighbours
            .permissions
            .require(tx, me, Permission::RolesAssign, Place::Somewhere)?;
        let disabled: bool = tx
            .query_row(
                "SELECT disabled_at IS NOT NULL FROM users WHERE id = ?1",
                [user],
                |row| row.get(0),
            )
            .optional()?
            .ok_or_else(Problem::not_found)?;
        let RoleInPlace { role_id, branch_id } =
            names::role_in_place(tx, &gift.role, &gift.branch)?.map_err(Problem::invalid_fields)?;
        not_ones_own(me, user)?;
        if disabled {
            return Err(account_disabled());
        }
        neighbours.roles.may_hand(tx, me, role_id, branch_id)?;
        let before = roles_of(tx, user)?;
        // The index `one_grant_each` decides whether this is a second one.
        let added = tx.execute(
            "INSERT INTO grants (user_id, role_id, branch_id) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
            (user, role_id, branch_id),
        )?;
        if added == 0 {
            return Ok(before);
        }
        changed(tx, me, "role.given", &before)
    })
}

/// Takes a role away from a colleague.
pub fn take(cx: &Cx, me: i64, user: i64, grant: i64) -> Result<RolesOf, Problem> {
    cx.write(|tx| {
        let neighbours = tx.neighbours();
        neighbours
            .permissions
            .require(tx, me, Permission::RolesAssign, Place::Somewhere)?;
        let (role_id, branch_id, name): (i64, Option<i64>, String) = tx
            .query_row(
                "SELECT role_id, branch_id, roles.name FROM grants
                 JOIN roles ON roles.id = grants.role_id
                 WHERE grants.id = ?1 AND user_id = ?2",
                (grant, user),
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?
            .ok_or_else(Problem::not_found)?;
        not_ones_own(me, user)?;
        neighbours.roles.may_hand(tx, me, role_id, branch_id)?;
        if name == ADMINISTRATOR && branch_id.is_none() {
            neighbours.roles.can_spare(tx, user)?;
        }
        let before = roles_of(tx, user)?;
        tx.execute("DELETE FROM grants WHERE id = ?1", [grant])?;
        changed(tx, me, "role.taken", &before)
    })
}

/// What every change of somebody's roles brings with it; answers the roles as they are now.
fn changed(tx: &Tx, me: i64, kind: &'static str, before: &RolesOf) -> Result<RolesOf, Problem> {
    let user = before.user_id;
    let after = roles_of(tx, user)?;
    tx.neighbours().sessions.end_all(tx, user)?;
    let event = Event {
        actor: Some(me),
        kind,
        subject: format!("user {user}"),
        before: told(before),
        after: told(&after),
    };
    tx.neighbours().audit.record(tx, event)?;
    Ok(after)
}

/// The roles as an entry of the audit log tells them.
fn told(of: &RolesOf) -> Value {
    let roles: Vec<String> = of
        .roles
        .iter()
        .map(|given| format!("{} in {}", given.role, given.branch))
        .collect();
    json!({ "roles": roles })
}

fn not_ones_own(me: i64, user: i64) -> Result<(), Problem> {
    if me == user {
        return Err(Problem::conflict(
            "own_roles",
            "Ask a colleague to change your own roles.",
        ));
    }
    Ok(())
}

fn account_disabled() -> Problem {
    Problem::conflict("account_disabled", "Enable this account first.")
}

/// All roles of a person.
fn roles_of(connection: &Connection, user_id: i64) -> Result<RolesOf, Problem> {
    let mut statement = connection.prepare_cached(
        "SELECT grants.id, roles.name, coalesce(branches.name, ?2) AS branch FROM grants
         JOIN roles ON roles.id = grants.role_id
         LEFT JOIN branches ON branches.id = grants.branch_id
         WHERE grants.user_id = ?1 ORDER BY roles.name, branch",
    )?;
    let rows = statement.query_map((user_id, EVERYWHERE), |row| {
        Ok(Given {
            id: row.get(0)?,
            role: row.get(1)?,
            branch: row.get(2)?,
        })
    })?;
    Ok(RolesOf {
        user_id,
        roles: rows.collect::<Result<_, _>>()?,
    })
}
