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
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => 16 * hex_digit(rest.next())? + hex_digit(rest.next())?,
            byte => byte,
        });
    }
    // Only now is it known what the bytes are: a character may be spread over several escapes.
    String::from_utf8(bytes).map_err(|_| QueryError::NotText)
}

fn hex_digit(byte: Option<u8>) -> Result<u8, QueryError> {
    match byte {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        Some(digit @ b'a'..=b'f') => Ok(digit - b'a' + 10),
        Some(digit @ b'A'..=b'F') => Ok(digit - b'A' + 10),
        _ => Err(QueryError::BadEscape),
    }
}

/// Encodes text so that it can stand in any part of an address: ASCII letters, digits and `-._~` stay, every other byte
/// becomes `%` and two upper-case hexadecimal digits.
///
/// ```text
/// war & peace   war%20%26%20peace
/// café          caf%C3%A9
/// ```
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
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
    let mut pairs = Pairs::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MOST_PAIRS {
            return Err(QueryError::TooMany);
        }
        // First cut, then decode: an encoded & or = belongs to the value.
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((decode_form(name)?, decode_form(value)?));
    }
    Ok(pairs)
}

fn decode_form(text: &str) -> Result<String, QueryError> {
    percent_decode(&text.replace('+', " "))
}

/// The first value of that name, or nothing. Upper and lower case make a difference.
pub fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(candidate, _)| candidate == name)
        .map(|(_, value)| value.as_str())
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
    let types: Vec<&str> = request.head.headers.all("Content-Type").collect();
    let is_form = match types[..] {
        [one] => one
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim_matches([' ', '\t']).eq_ignore_ascii_case(FORM)),
        _ => false,
    };
    if !is_form {
        return Err(HttpError::Refused(
            Status::UNSUPPORTED_MEDIA_TYPE,
            "send the form as application/x-www-form-urlencoded",
        ));
    }
    let bad = HttpError::Refused(Status::BAD_REQUEST, "the form cannot be decoded");
    match str::from_utf8(&request.body).map(parse_pairs) {
        Ok(Ok(pairs)) => Ok(pairs),
        _ => Err(bad),
    }
}
