//! What handlers take: the request's context, a JSON body, and the person who is signed in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

use super::app::{App, Client, Cx, OnTheBeat};
use super::config::Config;
use super::problem::{FieldError, Problem};

impl FromRequestParts<App> for Cx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        let client = Client {
            address: address(app.config(), &parts.headers, peer),
            user_agent: user_agent(&parts.headers),
            cookie: cookie(&parts.headers, SESSION_COOKIE),
        };
        let cx = Self::new(app.clone(), client);
        Ok(match parts.extensions.get::<OnTheBeat>() {
            Some(OnTheBeat) => cx.on_the_beat(),
            None => cx,
        })
    }
}

/// The peer's address; behind a proxy the last one of X-Forwarded-For, which the proxy itself has added. The ones
/// before it are whatever the client wrote.
fn address(config: &Config, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    if !config.behind_proxy {
        return peer;
    }
    headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|last| last.trim().parse().ok())
        .unwrap_or(peer)
}

fn user_agent(headers: &HeaderMap) -> String {
    headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

/// A body that names its text fields, so that every missing one can be reported at once.
pub trait Fields: DeserializeOwned + Send {
    /// Fields that must be there, and be texts.
    const REQUIRED: &'static [&'static str];
    /// Fields that must be texts if they are there.
    const OPTIONAL: &'static [&'static str] = &[];
}

/// A JSON body: 415 for another type, 413 when too large, 400 when it is not JSON, 422 when fields are missing.
pub struct Body<T>(pub T);

impl<T: Fields> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body as application/json.",
            ));
        }
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => super::http::too_large(),
                _ => Problem::bad_request("bad_request", "The body could not be read."),
            })?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: Fields>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|_| Problem::bad_request("malformed_json", "The body is not JSON."))?;
    let Value::Object(fields) = &value else {
        return Err(Problem::invalid_fields(vec![FieldError::new(
            "",
            "The body must be a JSON object.",
        )]));
    };
    let missing = T::REQUIRED
        .iter()
        .filter(|name| !fields.get(**name).is_some_and(Value::is_string))
        .map(|name| FieldError::new(name, "This field is required, as a text."));
    let wrong = T::OPTIONAL
        .iter()
        .filter(|name| {
            fields
                .get(**name)
                .is_some_and(|field| !field.is_string() && !field.is_null())
        })
        .map(|name| FieldError::new(name, "This field must be a text."));
    let errors: Vec<FieldError> = missing.chain(wrong).collect();
    if !errors.is_empty() {
        return Err(Problem::invalid_fields(errors));
    }
    serde_json::from_value(value).map_err(|_| {
        Problem::invalid_fields(vec![FieldError::new("", "The body has the wrong shape.")])
    })
}

/// Reads a text field; one that is missing or no text reads as the empty text, for the validation to report.
///
/// # Errors
///
/// When the body is not well-formed.
pub fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        _ => String::new(),
    })
}

/// Whoever is signed in; 401 `not_signed_in` without a valid session.
pub struct Me(pub i64);

impl FromRequestParts<App> for Me {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let cx = Cx::from_request_parts(parts, app).await?;
        let cookie = cx
            .client()
            .cookie
            .clone()
            .ok_or_else(Problem::not_signed_in)?;
        cx.run(move |cx| cx.read(|tx| tx.neighbours().sessions.authenticate(tx, &cookie)))
            .await?
            .map(Self)
            .ok_or_else(Problem::not_signed_in)
    }
}

/// The name of the session's cookie. Browsers take a name with this beginning only from HTTPS (or localhost), only
/// for the whole host, and never from a neighbouring subdomain.
pub const SESSION_COOKIE: &str = "__Host-session";

/// The value of the cookie `name`.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
