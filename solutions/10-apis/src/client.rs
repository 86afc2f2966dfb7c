//! A client for another shop's API: the wholesaler from which Lantern buys its books.
//!
//! The other side is not ours. It can be away, slow, wrong, talkative without end, or changed since yesterday. Whoever calls
//! [`Wholesaler`] gets a value or an error that says which call failed and why, in bounded time and with bounded memory.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How many characters of the other side's words an error repeats at most.
pub const MOST_DETAIL: usize = 200;

/// What a client must know.
#[derive(Clone)]
pub struct Settings {
    /// Where the API begins, such as `https://wholesale.example/api/v2`. A slash at the end may be there or not.
    pub base: String,
    pub token: String,
    /// How long a call may take, from the first step to the last byte of the answer.
    pub time: Duration,
    /// How many bytes of an answer's body are read at most.
    pub most_bytes: usize,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("time", &self.time)
            .field("most_bytes", &self.most_bytes)
            .finish_non_exhaustive()
    }
}

/// Why there is no client.
#[derive(Debug)]
pub enum SettingsError {
    /// The base is no `http` or `https` address, or has a user, a password, a query or a fragment in it.
    Base,
    /// The token cannot stand in a header.
    Token,
    /// reqwest's client cannot be made.
    Http(reqwest::Error),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "the base is no plain http or https address",
            Self::Token => "the token cannot stand in a header",
            Self::Http(_) => "the client cannot be made",
        })
    }
}

impl Error for SettingsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Http(error) => Some(error),
            Self::Base | Self::Token => None,
        }
    }
}

/// Why a call gave no value.
#[derive(Debug)]
pub enum Why {
    /// No answer came, or it broke off in the middle.
    Unreachable(reqwest::Error),
    /// It took longer than [`Settings::time`].
    TimedOut,
    /// An answer came, with a status that is not the one that the call hopes for.
    Answered {
        status: u16,
        /// What the other side says about it, if it says it as problem details.
        detail: Option<String>,
    },
    /// The body is longer than [`Settings::most_bytes`].
    TooLarge,
    /// The body is not what the call hopes for. What it is instead is nobody's business.
    Unreadable,
}

/// A call that failed: which one, and why.
#[derive(Debug)]
pub struct CallError {
    /// `book`, `search` or `order`.
    pub call: &'static str,
    pub why: Why,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at the wholesaler: ", self.call)?;
        match &self.why {
            Why::Unreachable(_) => f.write_str("no whole answer"),
            Why::TimedOut => f.write_str("it took too long"),
            Why::Answered {
                status,
                detail: Some(detail),
            } => write!(f, "{status}, {detail}"),
            Why::Answered {
                status,
                detail: None,
            } => write!(f, "{status}"),
            Why::TooLarge => f.write_str("the answer is too large"),
            Why::Unreadable => f.write_str("the answer is unreadable"),
        }
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            Why::Unreachable(error) => Some(error),
            _ => None,
        }
    }
}

/// A book that the wholesaler sells.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Book {
    /// The wholesaler's own name of it: any text.
    pub sku: String,
    pub title: String,
    pub cents: u32,
}

/// What is bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewOrder {
    pub sku: String,
    pub copies: u32,
}

/// What the wholesaler gives for an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Receipt {
    pub order: u64,
    pub cents: u64,
}

/// The client. A clone shares its connections.
///
/// | call | sends | hopes for |
/// | --- | --- | --- |
/// | `book` | `GET BASE/books/SKU` | 200 and a [`Book`]; 404 means that there is none |
/// | `search` | `GET BASE/books?q=WORDS` | 200 and a list of [`Book`]s |
/// | `order` | `POST BASE/orders`, the order as JSON, `Idempotency-Key: KEY` | 201 and a [`Receipt`] |
///
/// Each sends the token as `Authorization: Bearer TOKEN`. Any other status is [`Why::Answered`]: one below 400, too, and a
/// redirect is not followed, for it would take the order or the token elsewhere. The machine's proxies are not used.
///
/// The detail of a failed call is the member `detail` of a body of the type `application/problem+json` (parameters such as
/// `; charset=utf-8` may follow, in letters of either case), the first [`MOST_DETAIL`] characters of it. Where it repeats the
/// token, `***` stands in its place. From any other body, from one that is too large, unreadable, or not there in time or as a
/// whole, there is no detail: the status is told all the same.
///
/// The body of a success may be of any type, if it is the JSON that the call hopes for.
///
/// No error, printed with all its sources, with `{}` or `{:?}`, tells the token or any part of the base: partners have keys in
/// paths. Nor does `{:?}` of the client.
#[derive(Clone)]
pub struct Wholesaler {
    http: Client,
    base: Url,
    token: String,
    most_bytes: usize,
}

impl fmt::Debug for Wholesaler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wholesaler").finish_non_exhaustive()
    }
}

impl Wholesaler {
    /// A client with these settings. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// See [`SettingsError`].
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let base = Url::parse(&settings.base).map_err(|_| SettingsError::Base)?;
        let plain = matches!(base.scheme(), "http" | "https")
            && base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !plain {
            return Err(SettingsError::Base);
        }
        let bearer = format!("Bearer {}", settings.token);
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| SettingsError::Token)?;
        bearer.set_sensitive(true);
        let http = Client::builder()
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
            .timeout(settings.time)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(SettingsError::Http)?;
        Ok(Self {
            http,
            base,
            token: settings.token.clone(),
            most_bytes: settings.most_bytes,
        })
    }

    /// The book of this name, if there is one. The name goes into the path as one segment, whatever is in it.
    ///
    /// An empty name, `.`, `..` and one with a control character in it ([`char::is_control`]) cannot: there is no such book, and
    /// nothing is sent.
    ///
    /// # Errors
    ///
    /// When the call failed.
    pub async fn book(&self, sku: &str) -> Result<Option<Book>, CallError> {
        if matches!(sku, "" | "." | "..") || sku.contains(char::is_control) {
            return Ok(None);
        }
        let call = Call {
            client: self,
            name: "book",
        };
        let response = call
            .send(self.http.get(self.address(&["books", sku])))
            .await?;
        match response.status() {
            StatusCode::OK => call.value(response).await.map(Some),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(call.refused(response).await),
        }
    }

    /// The books that fit these words, which may be any text.
    ///
    /// # Errors
    ///
    /// When the call failed.
    pub async fn search(&self, words: &str) -> Result<Vec<Book>, CallError> {
        let call = Call {
            client: self,
            name: "search",
        };
        let request = self
            .http
            .get(self.address(&["books"]))
            .query(&[("q", words)]);
        let response = call.send(request).await?;
        match response.status() {
            StatusCode::OK => call.value(response).await,
            _ => Err(call.refused(response).await),
        }
    }

    /// Buys books. Sent again with the same `key`, they are bought once.
    ///
    /// # Errors
    ///
    /// When the call failed. Whether the books were bought is then not known, unless the wholesaler has answered.
    pub async fn order(&self, key: &str, order: &NewOrder) -> Result<Receipt, CallError> {
        let call = Call {
            client: self,
            name: "order",
        };
        let request = self
            .http
            .post(self.address(&["orders"]))
            .header("idempotency-key", key)
            .json(order);
        let response = call.send(request).await?;
        match response.status() {
            StatusCode::CREATED => call.value(response).await,
            _ => Err(call.refused(response).await),
        }
    }

    /// An address below the base.
    fn address(&self, segments: &[&str]) -> Url {
        let mut address = self.base.clone();
        // An http address always has a path; without one there would be nothing to add to.
        if let Ok(mut path) = address.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        address
    }
}

/// One call: it knows its name, for the errors.
struct Call<'a> {
    client: &'a Wholesaler,
    name: &'static str,
}

impl Call<'_> {
    async fn send(&self, request: RequestBuilder) -> Result<Response, CallError> {
        request.send().await.map_err(|error| self.broken(error))
    }

    fn fail(&self, why: Why) -> CallError {
        CallError {
            call: self.name,
            why,
        }
    }

    fn broken(&self, error: reqwest::Error) -> CallError {
        if error.is_timeout() {
            self.fail(Why::TimedOut)
        } else {
            // The address stays here: it may have a key in it.
            self.fail(Why::Unreachable(error.without_url()))
        }
    }

    /// The body, as far as it is allowed to be long.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, CallError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(error))? {
            if body.len() + chunk.len() > self.client.most_bytes {
                return Err(self.fail(Why::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The body as a value.
    async fn value<T: DeserializeOwned>(&self, response: Response) -> Result<T, CallError> {
        let body = self.body(response).await?;
        // serde's error may quote the body.
        serde_json::from_slice(&body).map_err(|_| self.fail(Why::Unreadable))
    }

    /// The error of an answer that is not hoped for.
    async fn refused(&self, response: Response) -> CallError {
        let status = response.status().as_u16();
        let detail = if is_problem(&response) {
            self.detail(response).await
        } else {
            None
        };
        self.fail(Why::Answered { status, detail })
    }

    async fn detail(&self, response: Response) -> Option<String> {
        let body = self.body(response).await.ok()?;
        let problem: Problem = serde_json::from_slice(&body).ok()?;
        let detail = if self.client.token.is_empty() {
            problem.detail
        } else {
            problem.detail.replace(&self.client.token, "***")
        };
        Some(detail.chars().take(MOST_DETAIL).collect())
    }
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
}

fn is_problem(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/problem+json")
}
