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
    todo!("count the fields first: none, one or several of each; then look at the one")
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
    todo!("the limit first; then take so many bytes, and see whether any are missing")
}

/// A refusal with 400.
fn bad(why: &'static str) -> HttpError {
    HttpError::Refused(Status::BAD_REQUEST, why)
}

/// A refusal with 413.
fn too_large() -> HttpError {
    HttpError::Refused(Status::CONTENT_TOO_LARGE, "the body is too large")
}
