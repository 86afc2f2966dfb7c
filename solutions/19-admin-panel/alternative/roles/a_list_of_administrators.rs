//! Milestone 4: who may give what to whom.
//!
//! A role is a set of permissions, given to somebody in one branch or everywhere. Whoever may give roles could give
//! themselves the whole shop, unless three rules stand in the way.

use std::collections::BTreeMap;

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
        let known = self::role_names(tx)?;
        let (Some(_), place) = (known.get(&role_id), Place::from(branch_id)) else {
            return Err(Problem::beyond_your_rights());
        };
        let mut needed = vec![Permission::RolesAssign];
        for name in names(tx, role_id)? {
            needed.push(Permission::named(&name).ok_or_else(Problem::beyond_your_rights)?);
        }
        for permission in needed {
            if !tx
                .neighbours()
                .permissions
                .allows(tx, user_id, permission, place)?
            {
                return Err(Problem::beyond_your_rights());
            }
        }
        Ok(())
    }

    fn can_spare(&self, tx: &Tx, user_id: i64) -> Result<(), Problem> {
        let mut statement = tx.prepare(
            "SELECT DISTINCT user_id FROM grants, roles, users
             WHERE roles.id = role_id AND users.id = user_id
               AND roles.name = ?1 AND branch_id IS NULL AND disabled_at IS NULL",
        )?;
        let rows = statement.query_map([ADMINISTRATOR], |row| row.get(0))?;
        let administrators: Vec<i64> = rows.collect::<Result<_, _>>()?;
        if administrators == [user_id] {
            return Err(Problem::last_administrator());
        }
        Ok(())
    }
}

fn names(tx: &Tx, role_id: i64) -> Result<Vec<String>, Problem> {
    let mut statement =
        tx.prepare_cached("SELECT permission FROM role_permissions WHERE role_id = ?1")?;
    let rows = statement.query_map([role_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn role_names(connection: &Connection) -> Result<BTreeMap<i64, String>, Problem> {
    let mut statement = connection.prepare("SELECT id, name FROM roles")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
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
        // Nobody else writes meanwhile, so a look is enough; IS, because NULL is not equal to NULL.
        let has = tx
            .prepare(
                "SELECT 1 FROM grants WHERE user_id = ?1 AND role_id = ?2 AND branch_id IS ?3",
            )?
            .exists((user, role_id, branch_id))?;
        if has {
            return Ok(before);
        }
        tx.execute(
            "INSERT INTO grants (user_id, role_id, branch_id) VALUES (?1, ?2, ?3)",
            (user, role_id, branch_id),
        )?;
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
