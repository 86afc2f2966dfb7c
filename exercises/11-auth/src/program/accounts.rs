//! Accounts, sessions, tokens, and the second factor.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::failure::{Body, Failure, Ids};
use super::shop::{Shop, now};
use crate::extractor::CurrentUser;
use crate::given::passwords::Passwords as _;
use crate::given::users::Role;
use crate::validation::Form;
use crate::{passwords, refresh, roles, sessions, tokens, totp, validation};

/// What opens an account.
#[derive(Deserialize)]
pub struct NewAccount {
    pub email: String,
    pub password: String,
    pub name: String,
}

/// What signs somebody in; the code is needed where the second factor is on.
#[derive(Deserialize)]
pub struct SignIn {
    pub email: String,
    pub password: String,
    pub code: Option<String>,
}

/// `POST /accounts`
///
/// # Errors
///
/// A field that needs another look; an email that has an account already.
pub async fn open(
    State(shop): State<Shop>,
    Body(new): Body<NewAccount>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let form = Form {
        email: new.email,
        password: new.password,
        display_name: new.name,
    };
    let account = validation::check(&form).map_err(Failure::Fields)?;
    if let Some(weakness) = passwords::weakness(&account.password) {
        return Err(weakness.into());
    }
    let added = shop.ask_hashing(move |shop, connection, hasher| {
        let hash = hasher.hash(&account.password)?;
        let role = shop.first_role(&account.email);
        let sql = "INSERT INTO users (email, password_hash, role) VALUES (?1, ?2, ?3)";
        match connection.execute(sql, params![account.email, hash, role.word()]) {
            Ok(_) => Ok((connection.last_insert_rowid(), account.email)),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                // A shop that sends mails says this in a mail, and to nobody else.
                let said = "this email has an account already";
                Err(Failure::Refused(StatusCode::CONFLICT, said))
            }
            Err(error) => Err(error.into()),
        }
    });
    let (id, email) = added.await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({ "id": id, "email": email })),
    ))
}

/// Email, password, and a code where one is needed.
async fn identified(shop: &Shop, sign_in: SignIn) -> Result<i64, Failure> {
    let refused = |said| Failure::Refused(StatusCode::UNAUTHORIZED, said);
    let signed_in = shop.ask_hashing(move |_, connection, hasher| {
        // In the form in which it was stored. What cannot be an email is nobody's, and costs the same.
        let email = validation::email(sign_in.email.trim()).unwrap_or_default();
        let user = passwords::sign_in(connection, hasher, &email, &sign_in.password)?;
        if totp::is_on(connection, user)? {
            let code = sign_in
                .code
                .ok_or(refused("this account needs a code as well"))?;
            if totp::check(connection, user, &code, now())? != totp::Verdict::Right {
                return Err(refused("the code is wrong, or was used already"));
            }
        }
        Ok(user)
    });
    signed_in.await
}

/// `POST /sessions`: signs a browser in.
///
/// # Errors
///
/// Email, password or code is wrong.
pub async fn sign_in(
    State(shop): State<Shop>,
    headers: HeaderMap,
    Body(form): Body<SignIn>,
) -> Result<Response, Failure> {
    let user = identified(&shop, form).await?;
    let presented = sessions::secret_of(&headers).map(str::to_owned);
    let begun = shop.ask(move |shop, connection| {
        let presented = presented.as_deref();
        let secret = sessions::begin(connection, shop.entropy(), user, presented, now())?;
        Ok(secret)
    });
    let cookie = sessions::set_cookie(&begun.await?);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// `DELETE /sessions/current`: signs this browser out.
///
/// # Errors
///
/// When the database fails.
pub async fn sign_out(State(shop): State<Shop>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Some(secret) = sessions::secret_of(&headers).map(str::to_owned) {
        let ended = shop.ask(move |_, connection| Ok(sessions::end(connection, &secret)?));
        ended.await?;
    }
    let cookie = sessions::clear_cookie();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// `GET /sessions`: where this user is signed in.
///
/// # Errors
///
/// When the database fails.
pub async fn sessions(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<Value>, Failure> {
    let listed = shop.ask(move |_, connection| Ok(sessions::list(connection, user.id, now())?));
    let sessions: Vec<Value> = listed
        .await?
        .iter()
        .map(|session| {
            json!({ "id": session.id, "created_at": session.created_at, "used_at": session.used_at })
        })
        .collect();
    Ok(Json(json!({ "sessions": sessions })))
}

/// `DELETE /sessions/{id}`
///
/// # Errors
///
/// When there is no such session of this user's.
pub async fn end_session(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Ids(id): Ids<i64>,
) -> Result<StatusCode, Failure> {
    let ended = shop.ask(move |_, connection| Ok(sessions::end_one(connection, user.id, id)?));
    if ended.await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::MISSING)
    }
}

/// `DELETE /sessions`: everywhere at once.
///
/// # Errors
///
/// When the database fails.
pub async fn end_sessions(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
) -> Result<StatusCode, Failure> {
    let ended = shop.ask(move |_, connection| Ok(sessions::end_all(connection, user.id)?));
    ended.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a program gets when it signs in.
#[derive(Serialize)]
pub struct Pair {
    access_token: String,
    expires_in: i64,
    refresh_token: String,
}

impl Pair {
    fn new(shop: &Shop, renewed: refresh::Renewed) -> Result<Self, Failure> {
        Ok(Self {
            access_token: tokens::issue(shop.keys(), &renewed.customer.to_string(), now())?,
            expires_in: tokens::LIFETIME,
            refresh_token: renewed.token,
        })
    }
}

/// What a program shows to get the next pair, or to end all that followed from its sign-in.
#[derive(Deserialize)]
pub struct Refresh {
    pub refresh_token: String,
}

/// `POST /tokens`: signs a program in.
///
/// # Errors
///
/// Email, password or code is wrong.
pub async fn start_tokens(
    State(shop): State<Shop>,
    Body(form): Body<SignIn>,
) -> Result<Json<Pair>, Failure> {
    let user = identified(&shop, form).await?;
    let pair = shop.ask(move |shop, connection| {
        let renewed = refresh::start(connection, shop.entropy(), user, now())?;
        Pair::new(shop, renewed)
    });
    Ok(Json(pair.await?))
}

/// `POST /tokens/refresh`
///
/// # Errors
///
/// When the token is worth nothing.
pub async fn refresh_tokens(
    State(shop): State<Shop>,
    Body(form): Body<Refresh>,
) -> Result<Json<Pair>, Failure> {
    let pair = shop.ask(move |shop, connection| {
        let token = form.refresh_token;
        let renewed = refresh::rotate(connection, shop.entropy(), &token, now());
        if matches!(renewed, Err(refresh::RefreshError::Reused)) {
            tracing::warn!("a refresh token was used twice");
        }
        Pair::new(shop, renewed?)
    });
    Ok(Json(pair.await?))
}

/// `DELETE /tokens`: signs a program out.
///
/// # Errors
///
/// When the database fails.
pub async fn end_tokens(
    State(shop): State<Shop>,
    Body(form): Body<Refresh>,
) -> Result<StatusCode, Failure> {
    let ended =
        shop.ask(move |_, connection| Ok(refresh::end(connection, &form.refresh_token, now())?));
    ended.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /me`
///
/// # Errors
///
/// When the database fails.
pub async fn me(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<Value>, Failure> {
    let id = user.id;
    let email = shop.ask(move |_, connection| Ok(email(connection, id)?));
    Ok(Json(json!({
        "id": user.id,
        "email": email.await?,
        "role": user.role.word(),
    })))
}

fn email(connection: &Connection, user: i64) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT email FROM users WHERE id = ?1";
    connection
        .query_row(sql, [user], |row| row.get(0))
        .optional()
}

/// `POST /me/totp`: a secret for the app.
///
/// # Errors
///
/// When the second factor is on already.
pub async fn enrol(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<Value>, Failure> {
    let enrolled = shop.ask(move |shop, connection| {
        let account = email(connection, user.id)?.unwrap_or_default();
        Ok(totp::enrol(connection, shop.entropy(), user.id, &account)?)
    });
    let enrolment = enrolled.await?;
    Ok(Json(
        json!({ "secret": enrolment.secret, "uri": enrolment.uri }),
    ))
}

/// A code from the app.
#[derive(Deserialize)]
pub struct Code {
    pub code: String,
}

/// `POST /me/totp/code`: the first right code turns the second factor on.
///
/// # Errors
///
/// When the code is wrong, or nobody has enrolled.
pub async fn confirm(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Body(form): Body<Code>,
) -> Result<StatusCode, Failure> {
    let verdict =
        shop.ask(move |_, connection| Ok(totp::check(connection, user.id, &form.code, now())?));
    match verdict.await? {
        totp::Verdict::Right => Ok(StatusCode::NO_CONTENT),
        totp::Verdict::Wrong => Err(Failure::Refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the code is wrong, or was used already",
        )),
        totp::Verdict::NotEnrolled => Err(Failure::Refused(
            StatusCode::CONFLICT,
            "there is no secret yet: POST /me/totp",
        )),
    }
}

/// What somebody is to become.
#[derive(Deserialize)]
pub struct NewRole {
    pub role: String,
}

/// `PUT /users/{id}/role`
///
/// # Errors
///
/// When there is no such role or user, or it is one's own.
pub async fn set_role(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Ids(id): Ids<i64>,
    Body(form): Body<NewRole>,
) -> Result<StatusCode, Failure> {
    let role = Role::of_word(&form.role).ok_or(Failure::Refused(
        StatusCode::UNPROCESSABLE_ENTITY,
        "a role is customer, packer, bookkeeper or admin",
    ))?;
    let set = shop.ask(move |_, connection| Ok(roles::set_role(connection, user.id, id, role)?));
    set.await?;
    Ok(StatusCode::NO_CONTENT)
}
