//! Milestone 4: who may give what to whom.
//!
//! A role is a set of permissions (`role_permissions`), given to somebody in one branch or everywhere (`grants`,
//! where a `branch_id`
//! that is NULL means everywhere). Whoever may give roles could give themselves the whole shop, unless three rules
//! stand in the way.
//!
//! Given: the routes, the shapes, and how roles are listed. Yours are the rules, and giving and taking. Everything is
//! decided in the
//! transaction that writes: what was true before it may not be true any more. Remember that a refusal commits: refuse
//! before you write.

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
    /// Nothing if `user_id` may give this role in this branch (`None`: everywhere), and take it away; else
    /// [`Problem::beyond_your_rights`].
    ///
    /// They may if `permissions.allows` says so, for `user_id` and this very place, about [`Permission::RolesAssign`]
    /// *and* about each
    /// permission of the role. A permission in the table that this program does not know (`Permission::named`) is
    /// nobody's. A role
    /// that does not exist is given by nobody; an empty one needs the right to give roles and nothing else.
    ///
    /// | the role holds | `user_id` holds | in Bath | everywhere |
    /// | --- | --- | --- | --- |
    /// | `orders.read` | `roles.assign` and `orders.read` in Bath | yes | no |
    /// | `orders.read` | `roles.assign` everywhere, `orders.read` in Bath | yes | no |
    /// | `orders.read`, `orders.refund` | `roles.assign` and `orders.read` everywhere | no | no |
    fn may_hand(
        &self,
        tx: &Tx,
        user_id: i64,
        role_id: i64,
        branch_id: Option<i64>,
    ) -> Result<(), Problem> {
        todo!(
            "the role exists, the right to give roles, and every permission of the role, all in that place"
        )
    }

    /// Nothing if the shop still has an administrator when `user_id` is none any more, else
    /// [`Problem::last_administrator`].
    ///
    /// An administrator is whoever has the role of the name [`ADMINISTRATOR`] *everywhere*, and an account that is
    /// not disabled.
    /// Whoever is none can always be spared, even where there is none at all.
    fn can_spare(&self, tx: &Tx, user_id: i64) -> Result<(), Problem> {
        todo!("one statement: is it an administrator, and is there another one?")
    }
}

/// Gives a colleague a role. In one `cx.write`; the first of these that refuses is the answer, and nothing has
/// changed then:
///
/// 1. `permissions.require` for `me`, [`Permission::RolesAssign`], [`Place::Somewhere`]: whoever was dismissed while
///    the
///    request waited is refused here.
/// 2. No account with the id `user`: [`Problem::not_found`].
/// 3. `names::role_in_place` finds role and branch by their exact names; its errors are [`Problem::invalid_fields`].
/// 4. `me` is `user`: [`own_roles`], whatever the role.
/// 5. The account is disabled: [`account_disabled`].
/// 6. `roles.may_hand` for `me`, this role and this branch.
/// 7. The colleague has exactly this role in exactly this place already: no change. Nothing is written or recorded,
///    nobody is
///    signed out, and the answer is the list as it is. The same role in another place is another grant.
///
/// Then: the row in `grants`; `sessions.end_all` of the colleague; and the event `role.given` (see [`told`]) with
/// `me` as the actor,
/// the subject `user ID`, and the roles before and after. The answer is the list afterwards. If one of these fails,
/// none of them
/// has happened.
///
/// ```text
/// POST /api/users/5/roles {"role": "clerk", "branch": "Bath"}
/// 200 {"user_id": 5, "roles": [{"id": 18, "role": "clerk", "branch": "Bath"}]}
/// ```
pub fn give(cx: &Cx, me: i64, user: i64, gift: &Gift) -> Result<RolesOf, Problem> {
    todo!("seven steps in one cx.write, and the first refusal is the answer")
}

/// Takes a role away from a colleague: the row `grant` of `grants`. In one `cx.write`; the first of these that
/// refuses is the
/// answer, and nothing has changed then:
///
/// 1. `permissions.require` as for [`give`].
/// 2. No grant of this id, or it is not `user`'s: [`Problem::not_found`].
/// 3. `me` is `user`: [`own_roles`].
/// 4. `roles.may_hand` for `me`, with the role and the branch of the grant.
/// 5. It is the role [`ADMINISTRATOR`] and held everywhere: `roles.can_spare` for `user`. No other grant asks this.
///
/// Then: that one row is removed; `sessions.end_all` of the colleague; and the event `role.taken`, like `role.given`.
/// From a disabled
/// account a role can be taken, too.
pub fn take(cx: &Cx, me: i64, user: i64, grant: i64) -> Result<RolesOf, Problem> {
    todo!("five steps, and then the same three things as for giving")
}

/// The roles as the two sides of an event tell them: `{"roles": ["clerk in Bath", "manager in *"]}`.
fn told(of: &RolesOf) -> Value {
    let roles: Vec<String> = of
        .roles
        .iter()
        .map(|given| format!("{} in {}", given.role, given.branch))
        .collect();
    json!({ "roles": roles })
}

/// 409, for whoever changes their own roles.
fn own_roles() -> Problem {
    Problem::conflict("own_roles", "Ask a colleague to change your own roles.")
}

/// 409, for a role that would go to a disabled account.
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
