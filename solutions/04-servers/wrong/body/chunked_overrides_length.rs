//! Caught by: chunked_is_the_only_transfer_coding
//! Why it tempts: RFC 9112 says that Transfer-Encoding overrides Content-Length; it also says that such a message may be an attack.

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
    let coded = head.headers.first("Transfer-Encoding").is_some();
    let lengths: Vec<&str> = head.headers.all("Content-Length").collect();
    match (coded, &lengths[..]) {
        (true, []) => transfer_coding(head),
        (true, _) => transfer_coding(head),
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
    let mut body = Vec::new();
    let mut room = limit;
    match framing {
        Framing::Empty => {}
        Framing::Length(length) => read_exactly(reader, length, &mut room, &mut body)?,
        Framing::Chunked => {
            loop {
                let size = chunk_size(&line(reader, Status::BAD_REQUEST)?)?;
                if size == 0 {
                    break;
                }
                read_exactly(reader, size, &mut room, &mut body)?;
                if !line(reader, Status::BAD_REQUEST)?.is_empty() {
                    return Err(bad("a chunk is longer than its size"));
                }
            }
            skip_trailers(reader)?;
        }
    }
    Ok(body)
}

/// Adds `length` bytes to the body, which has `room` for so many more.
fn read_exactly(
    reader: &mut dyn BufRead,
    length: u64,
    room: &mut u64,
    body: &mut Vec<u8>,
) -> Result<(), HttpError> {
    *room = room.checked_sub(length).ok_or_else(too_large)?;
    // The vector grows with what comes. `vec![0; length]` would let a client take memory by announcing alone.
    let mut part = reader.take(length);
    part.read_to_end(body)?;
    match part.limit() {
        0 => Ok(()),
        _ => Err(bad("the connection ended inside the body")),
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, HttpError> {
    let digits = match line.iter().position(|byte| *byte == b';') {
        Some(end) => line[..end].trim_ascii_end(),
        None => line,
    };
    // `from_str_radix` alone would take a plus sign as well.
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(bad("a chunk's size is not a hexadecimal number"));
    }
    let digits = str::from_utf8(digits).unwrap_or_default();
    u64::from_str_radix(digits, 16).map_err(|_| too_large())
}

fn skip_trailers(reader: &mut dyn BufRead) -> Result<(), HttpError> {
    for _ in 0..=MOST_TRAILERS {
        let line = line(reader, Status::HEADER_FIELDS_TOO_LARGE)?;
        if line.is_empty() {
            return Ok(());
        }
        // Without this check a whole request could pass as a trailer.
        match line.iter().position(|byte| *byte == b':') {
            Some(colon) if is_token(&line[..colon]) => {}
            _ => return Err(bad("a trailer field is malformed")),
        }
    }
    let why = "there are too many trailer fields";
    Err(HttpError::Refused(Status::HEADER_FIELDS_TOO_LARGE, why))
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
