//! Milestone 3: letting people in, and out again.
//!
//! Nobody opens an account for somebody else: whoever may invites, and the new colleague chooses the password. No
//! account is
//! deleted: it is disabled, and from that moment on nothing of it goes through.
//!
//! Given: the routes, the shapes, the mail, and how an account is shown; `given/names.rs` reads addresses, names,
//! roles and branches. The
//! tables are `invitations`, `users` and `grants`. Everything that decides about a write is asked in the transaction
//! of that write,
//! and before it: a refusal commits what has been written.

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

/// 409, for an invitation to somebody who is here.
fn already_a_user() -> Problem {
    Problem::conflict("already_a_user", "There is an account with this address.")
}

/// 409, for whoever disables their own account.
fn own_account() -> Problem {
    Problem::conflict("own_account", "Ask a colleague to disable your account.")
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

/// Invites a colleague: a link by mail, to whoever reads the mails of this address. A token is drawn anew for each
/// invitation; the database
/// keeps its digest only, and neither the answer nor the event knows it. In one `cx.write`; the first of these that
/// refuses is the
/// answer, and nothing has changed then:
///
/// 1. `email` is no address for `names::address`, or `names::role_in_place` does not find `role` or `branch`:
///    [`Problem::invalid_fields`] with every field that is wrong.
/// 2. `permissions.require` for `me`, [`Permission::UsersInvite`], in the place of the role.
/// 3. `roles.may_hand` for `me`, with the role and its branch: an invitation grants a role.
/// 4. There is an account with this address, in use or disabled: [`already_a_user`].
///
/// Then: open invitations to this address (`used_at IS NULL`) stop working, so the newest counts; invitations to
/// others, and those
/// that were used, stay. The new row expires `invitation_lifetime` seconds (`tx.config()`) after `tx.now()`.
/// [`letter`] is sent to the
/// address. The event is `user.invited`: `me` is the actor, the address the subject, `before` is null, and `after` is
/// `{"role": …, "branch": …}` with the names of the form. If one of these fails, none of them has happened.
///
/// ```text
/// POST /api/invitations {"email": " Hal@Lantern.Example", "role": "clerk", "branch": "Bath"}
/// 201 {"email": "hal@lantern.example", "role": "clerk", "branch": "Bath", "expires_at": "2017-07-17T02:40:00Z"}
/// ```
pub fn invite(cx: &Cx, me: i64, form: &Invitation) -> Result<Invited, Problem> {
    todo!("a token, and then one cx.write: four refusals, a row, a mail, an event")
}

/// Opens the account of an invited colleague, with the name and the password of their choice.
///
/// 1. The invitation of this token must be open: not used, and `expires_at` later than now; else [`invalid_token`].
///    Tokens are compared as
///    they are. This comes first: a guess costs no hash, and learns nothing about forms.
/// 2. `names::person` reads the name, and `passwords.weakness` judges the password for the address of the invitation:
///    [`Problem::invalid_fields`] for `name` and `password`, both at once. The link goes on working.
/// 3. `passwords.hash`, once, of the password as it was typed, and outside of every transaction: it is slow.
/// 4. In one `cx.write`, and before anything is written: the invitation is *still* open; its writer (`invited_by`)
///    could still write it, that is,
///    `permissions.require` ([`Permission::UsersInvite`], in the place of the role) and `roles.may_hand` do not
///    refuse them; and the address has got no
///    account meanwhile. Whatever of this is not so: [`invalid_token`], and the invitation stays as it is. (A writer
///    who comes back
///    makes it good again.) A failure (5xx) of a neighbour stays a failure.
/// 5. Then: the account, with the name as `names::person` gives it, the hash, and `created_at`; its grant, with the
///    role and the branch of
///    the invitation; `used_at` is now; and the event `user.joined`: the new colleague is the actor, the subject is
///    `user ID`, `before` is null, and
///    `after` is `{"email": …, "name": …, "role": …, "branch": …}`, by name (`*` is everywhere). All of it or nothing.
///
/// Six who open one link at the same time get one account: five are refused. The answer is the [`Account`], with 201.
/// Nobody is
/// signed in by this.
pub fn accept(cx: &Cx, form: &Acceptance) -> Result<Account, Problem> {
    todo!("look, check the form, hash; and then look again, in the transaction that writes")
}

/// Disables an account: it keeps its roles and all that it did, and nothing of it goes through any more. In one
/// `cx.write`; the first of these
/// that refuses is the answer, and nothing has changed then:
///
/// 1. `permissions.require` for `me`, [`Permission::UsersDisable`], [`Place::Somewhere`].
/// 2. No account with the id `user`: [`Problem::not_found`].
/// 3. `me` is `user`: [`own_account`].
/// 4. `roles.may_hand` for `me`, once for each grant of the account with its role and branch: whom one disables, one
///    takes all roles from.
/// 5. It is disabled already: the answer is the account as it is. Nothing is written or recorded, nobody is signed out.
/// 6. `roles.can_spare` for `user`.
///
/// Then: `disabled_at` is now, `sessions.end_all` of the account, and the event `user.disabled`: `me` is the actor,
/// the subject is `user ID`, and the
/// sides are `{"disabled": false}` and `{"disabled": true}`. The answer is the account afterwards.
pub fn disable(cx: &Cx, me: i64, user: i64) -> Result<Account, Problem> {
    todo!("refusals in their order, then the row, the sessions, the event")
}

/// Enables an account that was disabled. Steps 1, 2 and 4 of [`disable`]; where the account is in use already, the
/// answer is the account as
/// it is, and nothing else happens. Then `disabled_at` is null, and the event `user.enabled` has the same fields with
/// the sides the other way
/// round. Sessions that have ended stay ended.
pub fn enable(cx: &Cx, me: i64, user: i64) -> Result<Account, Problem> {
    todo!("the same refusals but two, the row, the event")
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
