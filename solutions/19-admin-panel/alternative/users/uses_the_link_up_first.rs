//! Milestone 3: letting people in, and out again.
//!
//! Nobody opens an account for somebody else: whoever may invites, and the new colleague chooses the password. No account is
//! deleted: it is disabled, and from that moment on nothing of it goes through.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::{Body, Fields, Me};
use crate::given::mail::Mail;
use crate::given::names::{self, RoleInPlace};
use crate::given::neighbours::Event;
use crate::given::problem::{FieldError, Problem};
use crate::given::rights::{Permission, Place};
use crate::given::tokens::{self, Token};

/// The body of `POST /api/invitations`.
#[derive(Debug, Clone, Deserialize)]
pub struct Invitation {
    /// As typed.
    pub email: String,
    /// The name of the role that the new colleague will have.
    pub role: String,
    /// The name of the branch, or [`names::EVERYWHERE`].
    pub branch: String,
}

impl Fields for Invitation {
    const REQUIRED: &'static [&'static str] = &["email", "role", "branch"];
}

/// The answer to it.
#[derive(Debug, Serialize)]
pub struct Invited {
    /// As it is stored.
    pub email: String,
    pub role: String,
    pub branch: String,
    /// The first second in which the link is refused.
    pub expires_at: String,
}

/// The body of `POST /api/invitations/accept`.
#[derive(Clone, Deserialize)]
pub struct Acceptance {
    pub token: String,
    pub name: String,
    pub password: String,
}

impl Fields for Acceptance {
    const REQUIRED: &'static [&'static str] = &["token", "name", "password"];
}

/// An account as the API shows it.
#[derive(Debug, Serialize)]
pub struct Account {
    pub id: i64,
    pub email: String,
    pub name: String,
    /// Since when; null for an account in use.
    pub disabled_at: Option<String>,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/invitations", post(invite_handler))
        .route("/api/invitations/accept", post(accept_handler))
        .route("/api/users/{id}/disable", post(disable_handler))
        .route("/api/users/{id}/enable", post(enable_handler))
}

async fn invite_handler(
    cx: Cx,
    Me(me): Me,
    Body(form): Body<Invitation>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    let invited = cx.run(move |cx| invite(cx, me, &form)).await?;
    Ok((StatusCode::CREATED, Json(invited)))
}

async fn accept_handler(
    cx: Cx,
    Body(form): Body<Acceptance>,
) -> Result<(StatusCode, Json<Account>), Problem> {
    let account = cx.run(move |cx| accept(cx, &form)).await?;
    Ok((StatusCode::CREATED, Json(account)))
}

async fn disable_handler(
    cx: Cx,
    Me(me): Me,
    Path(user): Path<i64>,
) -> Result<Json<Account>, Problem> {
    cx.run(move |cx| disable(cx, me, user)).await.map(Json)
}

async fn enable_handler(
    cx: Cx,
    Me(me): Me,
    Path(user): Path<i64>,
) -> Result<Json<Account>, Problem> {
    cx.run(move |cx| enable(cx, me, user)).await.map(Json)
}

/// 400 for a link that opens nothing (any more), whatever the reason.
fn invalid_token() -> Problem {
    Problem::bad_request(
        "invalid_token",
        "This invitation is not valid any more. Ask for another one.",
    )
}

/// The mail with the link.
fn letter(cx: &Cx, to: &str, token: &Token) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Join Lantern's back office".to_owned(),
        text: format!(
            "A colleague has invited you. Choose a password here:\n\n{}/join?token={}\n",
            cx.config().public_url,
            token.text()
        ),
    }
}

/// Invites a colleague.
pub fn invite(cx: &Cx, me: i64, form: &Invitation) -> Result<Invited, Problem> {
    let token = Token::generate()?;
    cx.write(|tx| {
        let (email, role) = understood(tx, form)?;
        let neighbours = tx.neighbours();
        neighbours
            .permissions
            .require(tx, me, Permission::UsersInvite, role.branch_id.into())?;
        neighbours
            .roles
            .may_hand(tx, me, role.role_id, role.branch_id)?;
        if tx
            .prepare_cached("SELECT 1 FROM users WHERE email = ?1")?
            .exists([&email])?
        {
            return Err(Problem::conflict(
                "already_a_user",
                "There is an account with this address.",
            ));
        }
        let expires_at = tx.now() + tx.config().invitation_lifetime;
        // The newest invitation counts: what an older one promised may have been a mistake.
        tx.execute(
            "DELETE FROM invitations WHERE email = ?1 AND used_at IS NULL",
            [&email],
        )?;
        tx.execute(
            "INSERT INTO invitations (digest, email, role_id, branch_id, invited_by, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                token.digest(),
                &email,
                role.role_id,
                role.branch_id,
                me,
                expires_at,
            ),
        )?;
        tx.send(&letter(cx, &email, &token))?;
        neighbours.audit.record(
            tx,
            Event {
                actor: Some(me),
                kind: "user.invited",
                subject: email.clone(),
                before: Value::Null,
                after: json!({ "role": form.role, "branch": form.branch }),
            },
        )?;
        Ok(Invited {
            email,
            role: form.role.clone(),
            branch: form.branch.clone(),
            expires_at: rfc3339(expires_at),
        })
    })
}

/// The address, and the role in its place; or every field that is wrong.
fn understood(tx: &Tx, form: &Invitation) -> Result<(String, RoleInPlace), Problem> {
    let email = names::address(&form.email);
    let role = names::role_in_place(tx, &form.role, &form.branch)?;
    match (email, role) {
        (Some(email), Ok(role)) => Ok((email, role)),
        (email, role) => {
            let mut errors = role.err().unwrap_or_default();
            if email.is_none() {
                errors.push(FieldError::new("email", "This is no address for a mail."));
            }
            Err(Problem::invalid_fields(errors))
        }
    }
}

/// An invitation that is open.
struct Open {
    email: String,
    role: RoleInPlace,
    invited_by: i64,
    /// The names, for the log.
    role_name: String,
    branch_name: String,
}

fn open(tx: &Tx, token: &str) -> Result<Open, Problem> {
    tx.query_row(
        "SELECT email, role_id, branch_id, invited_by, roles.name, coalesce(branches.name, ?3)
         FROM invitations
         JOIN roles ON roles.id = role_id
         LEFT JOIN branches ON branches.id = branch_id
         WHERE digest = ?1 AND used_at IS NULL AND expires_at > ?2",
        (tokens::digest(token), tx.now(), names::EVERYWHERE),
        |row| {
            Ok(Open {
                email: row.get(0)?,
                role: RoleInPlace {
                    role_id: row.get(1)?,
                    branch_id: row.get(2)?,
                },
                invited_by: row.get(3)?,
                role_name: row.get(4)?,
                branch_name: row.get(5)?,
            })
        },
    )
    .optional()?
    .ok_or_else(invalid_token)
}

/// Opens the account of an invited colleague.
pub fn accept(cx: &Cx, form: &Acceptance) -> Result<Account, Problem> {
    // A courtesy: it refuses guesses before they cost a hash. What decides is the look in the transaction below.
    let email = cx.read(|tx| open(tx, &form.token))?.email;
    let name = names::person(&form.name);
    let weakness = cx.neighbours().passwords.weakness(&form.password, &email);
    let (Some(name), None) = (&name, &weakness) else {
        let mut errors = Vec::new();
        if name.is_none() {
            errors.push(FieldError::new("name", "Write 1 to 100 characters."));
        }
        errors.extend(weakness.map(|message| FieldError::new("password", &message)));
        return Err(Problem::invalid_fields(errors));
    };
    let hash = cx.neighbours().passwords.hash(&form.password)?;
    cx.write(|tx| {
        // A refusal commits, so everything that may refuse stands before the first write.
        let open = open(tx, &form.token)?;
        still_stands(tx, &open)?;
        let taken = tx
            .prepare("SELECT 1 FROM users WHERE email = ?1")?
            .exists([&open.email])?;
        if taken {
            return Err(invalid_token());
        }
        tx.execute(
            "UPDATE invitations SET used_at = ?2 WHERE digest = ?1 AND used_at IS NULL",
            (tokens::digest(&form.token), tx.now()),
        )?;
        tx.execute(
            "INSERT INTO users (email, name, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)",
            (&open.email, name, &hash, tx.now()),
        )?;
        let id = tx.last_insert_rowid();
        tx.execute(
            "INSERT INTO grants (user_id, role_id, branch_id) VALUES (?1, ?2, ?3)",
            (id, open.role.role_id, open.role.branch_id),
        )?;
        tx.neighbours().audit.record(
            tx,
            Event {
                actor: Some(id),
                kind: "user.joined",
                subject: format!("user {id}"),
                before: Value::Null,
                after: json!({
                    "email": open.email, "name": name,
                    "role": open.role_name, "branch": open.branch_name,
                }),
            },
        )?;
        account(tx, id)
    })
}

/// Whether the inviter could still write this invitation. Whoever opens the link need not know why not.
fn still_stands(tx: &Tx, open: &Open) -> Result<(), Problem> {
    let RoleInPlace { role_id, branch_id } = open.role;
    let (neighbours, inviter) = (tx.neighbours(), open.invited_by);
    neighbours
        .permissions
        .require(tx, inviter, Permission::UsersInvite, branch_id.into())
        .and_then(|()| neighbours.roles.may_hand(tx, inviter, role_id, branch_id))
        .map_err(|problem| {
            if problem.status().is_server_error() {
                problem
            } else {
                invalid_token()
            }
        })
}

/// Disables an account.
pub fn disable(cx: &Cx, me: i64, user: i64) -> Result<Account, Problem> {
    cx.write(|tx| {
        let found = within_reach(tx, me, user)?;
        if me == user {
            return Err(Problem::conflict(
                "own_account",
                "Ask a colleague to disable your account.",
            ));
        }
        outranks(tx, me, user)?;
        if found.disabled_at.is_some() {
            return Ok(found);
        }
        tx.neighbours().roles.can_spare(tx, user)?;
        tx.neighbours().sessions.end_all(tx, user)?;
        tx.execute(
            "UPDATE users SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL",
            (user, tx.now()),
        )?;
        switched(tx, me, user, "user.disabled", true)
    })
}

/// Enables an account that was disabled.
pub fn enable(cx: &Cx, me: i64, user: i64) -> Result<Account, Problem> {
    cx.write(|tx| {
        let found = within_reach(tx, me, user)?;
        outranks(tx, me, user)?;
        if found.disabled_at.is_none() {
            return Ok(found);
        }
        tx.execute("UPDATE users SET disabled_at = NULL WHERE id = ?1", [user])?;
        switched(tx, me, user, "user.enabled", false)
    })
}

/// The account, for somebody who may switch accounts at all.
fn within_reach(tx: &Tx, me: i64, user: i64) -> Result<Account, Problem> {
    tx.neighbours()
        .permissions
        .require(tx, me, Permission::UsersDisable, Place::Somewhere)?;
    account(tx, user)
}

/// Switching an account takes all its roles away, or gives all of them back: so one must be able to hand out each.
fn outranks(tx: &Tx, me: i64, user: i64) -> Result<(), Problem> {
    let mut statement = tx.prepare("SELECT role_id, branch_id FROM grants WHERE user_id = ?1")?;
    let grants: Vec<(i64, Option<i64>)> = statement
        .query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    grants
        .into_iter()
        .try_for_each(|(role, branch)| tx.neighbours().roles.may_hand(tx, me, role, branch))?;
    Ok(())
}

/// Records the switch, and answers the account as it is now.
fn switched(
    tx: &Tx,
    me: i64,
    user: i64,
    kind: &'static str,
    disabled: bool,
) -> Result<Account, Problem> {
    tx.neighbours().audit.record(
        tx,
        Event {
            actor: Some(me),
            kind,
            subject: format!("user {user}"),
            before: json!({ "disabled": !disabled }),
            after: json!({ "disabled": disabled }),
        },
    )?;
    account(tx, user)
}

/// The account as the API shows it, or 404.
fn account(connection: &Connection, id: i64) -> Result<Account, Problem> {
    connection
        .query_row(
            "SELECT id, email, name, disabled_at FROM users WHERE id = ?1",
            [id],
            |row: &Row| {
                Ok(Account {
                    id: row.get(0)?,
                    email: row.get(1)?,
                    name: row.get(2)?,
                    disabled_at: row.get::<_, Option<i64>>(3)?.map(rfc3339),
                })
            },
        )
        .optional()?
        .ok_or_else(Problem::not_found)
}
