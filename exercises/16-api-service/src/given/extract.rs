//! What handlers take: the request's context, who sends it, and a JSON body.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

use super::app::{App, Cx};
use super::problem::{BLANK, INVALID, Problem};

impl FromRequestParts<App> for Cx {
    type Rejection = Problem;

    async fn from_request_parts(_parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self::new(app.clone()))
    }
}

/// The id of the user whose token came in `Authorization: Token …`. Without one 401, `token`: `is missing`; with one that is
/// not accepted 401, `token`: `is invalid`. Take it before everything that looks at the path or the body: a request without a
/// token learns nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub i64);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        caller(&parts.headers, app)?
            .map(Self)
            .ok_or_else(Problem::token_is_missing)
    }
}

/// The same where a token is welcome and not needed: `None` without one. One that is not accepted is refused here, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor(pub Option<i64>);

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        caller(&parts.headers, app).map(Self)
    }
}

fn caller(headers: &HeaderMap, app: &App) -> Result<Option<i64>, Problem> {
    let Some(token) = token(headers)? else {
        return Ok(None);
    };
    let cx = Cx::new(app.clone());
    match app.neighbours().tokens.authenticate(&cx, token) {
        Some(user_id) => Ok(Some(user_id)),
        None => Err(Problem::token_is_invalid()),
    }
}

/// The token of `Authorization: Token …`. Another scheme, such as `Basic`, brings no token; two headers bring none that could
/// be believed.
fn token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    let Some(value) = first else {
        return Ok(None);
    };
    if second.is_some() {
        return Err(Problem::token_is_invalid());
    }
    let value = value.to_str().map_err(|_| Problem::token_is_invalid())?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let token = token.trim();
    Ok((scheme.eq_ignore_ascii_case("token") && !token.is_empty()).then_some(token))
}

/// What stands in one field of a request. A field that is absent is not the same as one that is null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// The field is not there.
    #[default]
    Absent,
    /// `null`
    Null,
    /// A value of the right type.
    Value(T),
    /// A value of another type: a number for a text, a text for a list.
    Other,
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null | Self::Other => None,
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value.is_null() {
            return Ok(Self::Null);
        }
        Ok(serde_json::from_value(value).map_or(Self::Other, Self::Value))
    }
}

/// A body that stands in a field of its own, as all of the specification's do: `{"user": {…}}`.
pub trait Wrapped: DeserializeOwned + Send {
    /// The name of that field.
    const NAME: &'static str;
}

/// A JSON body, whatever its media type is called. 413 when it is too large; 400, `body`, when it is not JSON; 422 with the
/// field's name when the field is not there (`can't be blank`) or no object (`is invalid`).
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<T: Wrapped> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => super::http::too_large(),
                _ => Problem::new(StatusCode::BAD_REQUEST, "body", "could not be read"),
            })?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: Wrapped>(bytes: &[u8]) -> Result<T, Problem> {
    let mut body: Value = serde_json::from_slice(bytes)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "body", "is not JSON"))?;
    let Some(fields) = body.as_object_mut() else {
        return Err(Problem::invalid(&[(T::NAME, BLANK)]));
    };
    let object = match fields.remove(T::NAME) {
        None | Some(Value::Null) => return Err(Problem::invalid(&[(T::NAME, BLANK)])),
        Some(object) if object.is_object() => object,
        Some(_) => return Err(Problem::invalid(&[(T::NAME, INVALID)])),
    };
    serde_json::from_value(object).map_err(|_| Problem::invalid(&[(T::NAME, INVALID)]))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};
    use serde::Deserialize;

    use super::{Field, Wrapped, parse, token};

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Form {
        name: Field<String>,
        tags: Field<Vec<String>>,
    }

    impl Wrapped for Form {
        const NAME: &'static str = "form";
    }

    #[test]
    fn absent_null_and_the_wrong_type_are_told_apart() {
        for (body, name, tags) in [
            (r#"{"form":{}}"#, Field::Absent, Field::Absent),
            (
                r#"{"form":{"name":null,"tags":null}}"#,
                Field::Null,
                Field::Null,
            ),
            (
                r#"{"form":{"name":"","tags":[]},"more":1}"#,
                Field::Value(String::new()),
                Field::Value(Vec::new()),
            ),
            (
                r#"{"form":{"name":7,"tags":["a",null]}}"#,
                Field::Other,
                Field::Other,
            ),
        ] {
            let form: Form = parse(body.as_bytes()).expect(body);
            assert_eq!(form, Form { name, tags }, "{body}");
        }
    }

    #[test]
    fn what_is_no_such_body_says_what_is_wrong() {
        for (body, status, what) in [
            ("", 400, "body"),
            ("{", 400, "body"),
            (r#"{"form":{}} x"#, 400, "body"),
            ("[]", 422, "form"),
            ("null", 422, "form"),
            ("{}", 422, "form"),
            (r#"{"form":null}"#, 422, "form"),
            (r#"{"form":[]}"#, 422, "form"),
            (r#"{"form":"text"}"#, 422, "form"),
        ] {
            let problem = parse::<Form>(body.as_bytes()).expect_err(body);
            assert_eq!(problem.status().as_u16(), status, "{body}");
            assert!(problem.errors().contains_key(what), "{body}");
        }
    }

    #[test]
    fn a_token_is_read_from_its_own_scheme_only() {
        for (lines, expected) in [
            (&[][..], Ok(None)),
            (&["Token abc"], Ok(Some("abc"))),
            (&["token  abc "], Ok(Some("abc"))),
            (&["Token"], Ok(None)),
            (&["Token "], Ok(None)),
            (&["Bearer abc"], Ok(None)),
            (&["Tokenabc"], Ok(None)),
            (&["Token abc", "Token abc"], Err(401)),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(line));
            }
            let found = token(&headers).map_err(|problem| problem.status().as_u16());
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}
