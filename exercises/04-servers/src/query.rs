//! Queries and forms: names and values in a row of percent-encoded text.
//!
//! A search in Lantern's shop arrives as `?q=war+and+peace&page=2`, and an order as the same kind of text in a body. A
//! space, an ampersand or an é in a value is written as `%` and two hexadecimal digits for each byte.

use std::error::Error;
use std::fmt;

use crate::http::{HttpError, Request, Status};

/// Names and values, in the order in which they came. A name may stand there several times.
pub type Pairs = Vec<(String, String)>;

/// The most pairs that a query or a form may have.
pub const MOST_PAIRS: usize = 100;

/// The type that a form's body must have.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Why a text could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryError {
    /// A `%` without two hexadecimal digits behind it.
    BadEscape,
    /// The bytes are not UTF-8, so they are no text.
    NotText,
    /// There are more than [`MOST_PAIRS`] pairs.
    TooMany,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QueryError::BadEscape => "a % must be followed by two hexadecimal digits",
            QueryError::NotText => "the decoded bytes are not UTF-8",
            QueryError::TooMany => "there are too many names and values",
        })
    }
}

impl Error for QueryError {}

/// Decodes percent-encoded text, once. All else stays as it is: in a path a `+` is a plus.
///
/// ```text
/// war%20and%20peace   war and peace
/// caf%C3%A9           café
/// 100%25              100%
/// %2541               %41            decoded once, not until nothing is left to decode
/// a+b                 a+b
/// ```
///
/// # Errors
///
/// - [`QueryError::BadEscape`]: `%`, `%4`, `%4g`, `%+4`
/// - [`QueryError::NotText`]: the bytes are not UTF-8, as in `%FF` or `%C3`
pub fn percent_decode(text: &str) -> Result<String, QueryError> {
    todo!("collect bytes, and make text of them at the end")
}

/// Encodes text so that it can stand in any part of an address: ASCII letters, digits and `-._~` stay, every other byte
/// becomes `%` and two upper-case hexadecimal digits.
///
/// ```text
/// war & peace   war%20%26%20peace
/// café          caf%C3%A9
/// ```
pub fn percent_encode(text: &str) -> String {
    todo!("byte by byte: it stays, or it becomes an escape")
}

/// Takes a query or a form apart: pairs between `&`, a name and a value around the first `=`. Here a `+` is a space.
///
/// ```text
/// q=war+and+peace&page=2   ("q", "war and peace"), ("page", "2")
/// tag=a&tag=b              ("tag", "a"), ("tag", "b")
/// gift&note=               ("gift", ""), ("note", "")
/// sum=1%2B1%3D2&a=b=c      ("sum", "1+1=2"), ("a", "b=c")
/// &&a=1&                   ("a", "1"): nothing between two & is no pair
/// ```
///
/// # Errors
///
/// What [`percent_decode`] reports for a name or a value, and [`QueryError::TooMany`] for over [`MOST_PAIRS`] pairs.
pub fn parse_pairs(text: &str) -> Result<Pairs, QueryError> {
    todo!("cut at every &, cut at the first =, then decode both sides")
}

/// The first value of that name, or nothing. Upper and lower case make a difference.
pub fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    todo!("find the name, and borrow its value")
}

/// The form in the body of a request.
///
/// The `Content-Type` must be [`FORM`], in upper or lower case; parameters behind a `;` are ignored, and spaces and tabs
/// before it as well. The type is looked at before the body.
///
/// # Errors
///
/// - 415: another `Content-Type`, none, or several
/// - 400: a body that is not UTF-8, or that [`parse_pairs`] does not take
pub fn read_form(request: &Request) -> Result<Pairs, HttpError> {
    todo!("look at the type first, then at the body")
}
