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
    // Yours to choose.
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
        todo!(
            "check the base, mark the token as sensitive, and build a client that has a time-out and follows nothing"
        )
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
        todo!("the address, the request, then 200 or 404 or an error")
    }

    /// The books that fit these words, which may be any text.
    ///
    /// # Errors
    ///
    /// When the call failed.
    pub async fn search(&self, words: &str) -> Result<Vec<Book>, CallError> {
        todo!("as `book`, with a query that reqwest encodes")
    }

    /// Buys books. Sent again with the same `key`, they are bought once.
    ///
    /// # Errors
    ///
    /// When the call failed. Whether the books were bought is then not known, unless the wholesaler has answered.
    pub async fn order(&self, key: &str, order: &NewOrder) -> Result<Receipt, CallError> {
        todo!("a POST with a key and a body")
    }
}
