//! The end of a body: how many bytes belong to this request, and where the next one begins.
//!
//! On a connection that serves many requests, the end of one body is the beginning of the next request. If the shop
//! and a proxy in front of it disagree about that point, somebody can hide a request in the body of another. So the
//! shop takes only what can be read in one way.

use std::io::{BufRead, Read};

use crate::http::{Framing, Head, HttpError, Method, Status, Version};

/// Says how the end of the body is found, from the head alone.
///
/// | `Transfer-Encoding` | `Content-Length` | answer |
/// | --- | --- | --- |
/// | none | none | [`Framing::Empty`]; but POST, PUT and PATCH get 411 |
/// | none | one field, digits only | [`Framing::Length`], also for 0; 413 when over `limit`, however many digits |
/// | none | anything else: two fields (even the same), `5, 5`, `+5`, `0x5`, empty | 400 |
/// | `chunked` | none | [`Framing::Chunked`]; but 400 in HTTP/1.0, which has no chunks |
/// | `gzip, chunked`, `gzip, br, chunked` | none | 501: chunked comes last, as it must, but this server knows no other coding |
/// | anything else: `gzip`, `xchunked`, `chunked, gzip`, `chunked, chunked`, empty | none | 400: no end can be found |
/// | any | any | 400: two answers to one question |
///
/// The names of codings are the same in upper and lower case. Several `Transfer-Encoding` fields are one list, as
/// [`Headers::list`](crate::http::Headers::list) reads it.
///
/// # Errors
///
/// As the table says. A request of HTTP/1.0 with `Transfer-Encoding` gets 400, whatever the coding.
pub fn framing(head: &Head, limit: u64) -> Result<Framing, HttpError> {
    let coded = head.headers.first("Transfer-Encoding").is_some();
    let lengths: Vec<&str> = head.headers.all("Content-Length").collect();
    match (coded, &lengths[..]) {
        (true, []) => transfer_coding(head),
        (true, _) => Err(bad("Content-Length stands beside Transfer-Encoding")),
        (false, [length]) => content_length(length, limit),
        (false, []) => match head.method {
            Method::Post | Method::Put | Method::Patch => Err(HttpError::Refused(
                Status::LENGTH_REQUIRED,
                "say how long the body is",
            )),
            _ => Ok(Framing::Empty),
        },
        (false, _) => Err(bad("there are several Content-Length fields")),
    }
}

fn transfer_coding(head: &Head) -> Result<Framing, HttpError> {
    let mut codings: Vec<&str> = head.headers.list("Transfer-Encoding").collect();
    let is_chunked = |coding: &str| coding.eq_ignore_ascii_case("chunked");
    let chunked_is_last = codings.pop().is_some_and(is_chunked);
    let chunked_twice = codings.iter().any(|coding| is_chunked(coding));
    if head.version == Version::Http10 || !chunked_is_last || chunked_twice {
        return Err(bad("Transfer-Encoding does not say where the body ends"));
    }
    if codings.is_empty() {
        return Ok(Framing::Chunked);
    }
    Err(HttpError::Refused(
        Status::NOT_IMPLEMENTED,
        "this server knows no transfer coding but chunked",
    ))
}

fn content_length(text: &str, limit: u64) -> Result<Framing, HttpError> {
    // `parse` alone would take a plus sign as well.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad("Content-Length is not a number"));
    }
    // Digits that do not fit in 64 bits are a length over any limit.
    match text.parse() {
        Ok(length) if length <= limit => Ok(Framing::Length(length)),
        _ => Err(too_large()),
    }
}

/// Reads a body of `length` bytes, and leaves what follows it in the reader. Memory is taken for what has come, never
/// for what was announced, and nothing is waited for when the body is there.
///
/// # Errors
///
/// - 413: `length` is over `limit`; then nothing is read or waited for at all
/// - 400: the connection ends inside the body
/// - [`HttpError::Io`]: the connection failed
pub fn read_length(
    reader: &mut dyn BufRead,
    length: u64,
    limit: u64,
) -> Result<Vec<u8>, HttpError> {
    if length > limit {
        return Err(too_large());
    }
    // The vector grows with what comes. `vec![0; length]` would let a client take memory by announcing alone.
    let mut body = Vec::new();
    let mut part = reader.take(length);
    part.read_to_end(&mut body)?;
    match part.limit() {
        0 => Ok(body),
        _ => Err(bad("the connection ended inside the body")),
    }
}

/// A refusal with 400.
fn bad(why: &'static str) -> HttpError {
    HttpError::Refused(Status::BAD_REQUEST, why)
}

/// A refusal with 413.
fn too_large() -> HttpError {
    HttpError::Refused(Status::CONTENT_TOO_LARGE, "the body is too large")
}
