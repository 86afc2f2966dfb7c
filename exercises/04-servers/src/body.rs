//! The body of a request: where it ends, and its bytes.
//!
//! On a connection that serves many requests, the end of one body is the beginning of the next request. If the shop
//! and a proxy in front of it disagree about that point, somebody can hide a request in the body of another. So the
//! shop takes only what can be read in one way.

use std::io::{BufRead, Read};

use crate::http::{Framing, Head, HttpError, LineError, Method, Status, Version};
use crate::http::{is_token, read_line};

/// The longest line of a chunked body (a chunk's size or a trailer field), in bytes, its CR LF not counted.
pub const LONGEST_LINE: u64 = 1_000;

/// The most trailer fields that may follow the last chunk.
pub const MOST_TRAILERS: usize = 20;

/// Says how the end of the body is found, from the head alone.
///
/// | `Transfer-Encoding` | `Content-Length` | answer |
/// | --- | --- | --- |
/// | none | none | [`Framing::Empty`]; but POST, PUT and PATCH get 411 |
/// | none | one field, digits only | [`Framing::Length`], also for 0; 413 when over `limit`, however many digits |
/// | none | anything else: two fields (even the same), `5, 5`, `+5`, `0x5`, empty | 400 |
/// | `chunked` | none | [`Framing::Chunked`]; but 400 in HTTP/1.0, which has no chunks |
/// | `gzip, chunked` | none | 501: chunked comes last, as it must, but this server knows no other coding |
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

/// Reads the body, and leaves what follows it in the reader. No more than `limit` bytes of body are kept, and memory
/// is taken for what has come, never for what was announced.
///
/// A chunked body is a row of chunks: the size in hexadecimal digits, perhaps `;` and an extension that is ignored, CR
/// LF, so many bytes, CR LF. A chunk of size 0 is the last. Trailer fields may follow it, which are checked and left
/// out; an empty line ends the body.
///
/// ```text
/// 5;note=first␍␊      five bytes follow
/// isbn=␍␊
/// A␍␊                 ten bytes follow
/// 0141036144␍␊
/// 0␍␊                 the last chunk
/// X-Checksum: 77␍␊    a trailer field
/// ␍␊                  the end: the body is "isbn=0141036144"
/// ```
///
/// # Errors
///
/// - 413: a body over `limit`; for chunks, as soon as the sizes announce it, and for a size of any number of digits
/// - 400: the connection ends inside the body; a size with no digit or with anything but hexadecimal digits (spaces
///   right before the `;` are allowed, no others); a chunk that is not followed by CR LF; a line that does not end in
///   CR LF, or is over [`LONGEST_LINE`]; a trailer without a colon, or whose name is no token
/// - 431: a trailer over [`LONGEST_LINE`], or more than [`MOST_TRAILERS`]
/// - [`HttpError::Io`]: the connection failed
pub fn read_body(
    reader: &mut dyn BufRead,
    framing: Framing,
    limit: u64,
) -> Result<Vec<u8>, HttpError> {
    todo!("three cases; for chunks, a loop of size line, bytes and CR LF, and then the trailers")
}

/// A line that must be there.
fn line(reader: &mut dyn BufRead, too_long: Status) -> Result<Vec<u8>, HttpError> {
    read_line(reader, LONGEST_LINE)
        .and_then(|line| line.ok_or(LineError::CutOff))
        .map_err(|error| error.refuse(too_long))
}

/// A refusal with 400.
fn bad(why: &'static str) -> HttpError {
    HttpError::Refused(Status::BAD_REQUEST, why)
}

/// A refusal with 413.
fn too_large() -> HttpError {
    HttpError::Refused(Status::CONTENT_TOO_LARGE, "the body is too large")
}
