//! The head of a request: the request line and the header fields, as RFC 9112 has them.
//!
//! Everything that reaches Lantern's shop comes through here first, and anybody may send anything. What is not
//! exactly HTTP is refused, because a proxy in front of the shop may read it in another way than the shop does.

use std::io::BufRead;

use crate::http::{Head, HttpError, LineError, Method, Status, Version, is_token, read_line};

/// How much of a head the server takes, so that no client can fill its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in the request line, its CR LF not counted.
    pub request_line: u64,
    /// Bytes in one header field, its CR LF not counted.
    pub field_line: u64,
    /// Number of header fields.
    pub fields: usize,
}

/// What the shop takes. RFC 9112 recommends that a request line of 8000 bytes be possible.
pub const LIMITS: Limits = Limits {
    request_line: 8_000,
    field_line: 8_000,
    fields: 100,
};

/// Reads a request line, which comes without its CR LF: method, target and version, with one space in between. The
/// headers of the result are empty.
///
/// ```text
/// GET /books?page=2 HTTP/1.1            path "/books", query "page=2"
/// GET http://shop.test/books HTTP/1.1   path "/books": the form that is sent to a proxy; a server takes it too
/// OPTIONS * HTTP/1.1                    path "*": the server as a whole
/// ```
///
/// The path begins with `/`, and the query is what follows the first `?`. Both stay percent-encoded. A target of the
/// long form has a host of at least one byte, as [`is_host`] allows it, and may have no path, which means `/`. The
/// scheme is `http://` or `https://`, in upper or lower case.
///
/// # Errors
///
/// - 400: not three parts, a method that is no token, a target of no form above, a target with a `#` or with bytes
///   outside of `!` to `~`, a version that is not `HTTP/`, one digit, a dot and one digit
/// - 501: a method that is not in [`Method::ALL`]
/// - 505: a version other than 1.x. Version 1.0 stays 1.0, and every other 1.x counts as 1.1.
///
/// Where several faults come together, the status of any of them will do.
pub fn parse_request_line(line: &[u8]) -> Result<Head, HttpError> {
    todo!("cut the line at its spaces, and check each of the three parts")
}

/// Whether the text may stand in a `Host` field: ASCII letters, digits and ``-._~%!$&'()*+,;=:[]``. It may be empty.
pub fn is_host(text: &str) -> bool {
    todo!("every byte is one of the list")
}

/// Reads one header field, which comes without its CR LF: a name, a colon at once, and a value. Spaces and tabs around
/// the value are no part of it. The value has one `char` for each byte, whatever the byte.
///
/// ```text
/// Host: shop.test          ("Host", "shop.test")
/// Accept:*/*               ("Accept", "*/*")
/// X-Empty:                 ("X-Empty", "")
/// ```
///
/// # Errors
///
/// 400: no colon, a name that is no token (also one with a space before the colon), a line that begins with a space or
/// a tab (it would continue the line before, which HTTP gave up), a control character other than a tab in the value.
pub fn parse_field(line: &[u8]) -> Result<(String, String), HttpError> {
    todo!("cut at the first colon, and check both sides")
}

/// Reads a head, from its request line to the empty line at its end, and leaves what follows in the reader. Nothing
/// (`None`) means that the client has closed the connection before a request began.
///
/// One empty line before the request line is skipped: some clients send one after the body of the request before.
///
/// # Errors
///
/// - what [`parse_request_line`] and [`parse_field`] refuse
/// - 400: a line that does not end in CR LF, a bare CR, a connection that ends inside the head, more than one `Host`,
///   no `Host` in a request of HTTP/1.1, a `Host` that [`is_host`] does not allow
/// - 414: a request line over the limit
/// - 431: a field over the limit, or too many of them
/// - [`HttpError::Io`]: the connection failed
pub fn read_head(reader: &mut dyn BufRead, limits: &Limits) -> Result<Option<Head>, HttpError> {
    todo!(
        "read_line() for the request line, then for each field until the empty line; check the host last"
    )
}

/// A refusal with 400.
fn bad(why: &'static str) -> HttpError {
    HttpError::Refused(Status::BAD_REQUEST, why)
}
