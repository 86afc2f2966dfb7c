//! Differs: one question after the other instead of a table, the digits added up by hand, the body taken out of the buffer.

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
    let mut lengths = head.headers.all("Content-Length");
    let (length, second) = (lengths.next(), lengths.next());
    if head.headers.all("Transfer-Encoding").count() > 0 {
        if length.is_some() || head.version == Version::Http10 {
            return Err(bad("Transfer-Encoding may not stand here"));
        }
        let codings: Vec<String> = head
            .headers
            .list("Transfer-Encoding")
            .map(str::to_ascii_lowercase)
            .collect();
        return match codings.iter().position(|coding| coding == "chunked") {
            Some(0) if codings.len() == 1 => Ok(Framing::Chunked),
            Some(first) if first + 1 == codings.len() => Err(HttpError::Refused(
                Status::NOT_IMPLEMENTED,
                "only chunked is known here",
            )),
            _ => Err(bad("the end of the body cannot be found")),
        };
    }
    if second.is_some() {
        return Err(bad("one Content-Length is enough"));
    }
    if let Some(length) = length {
        return content_length(length, limit);
    }
    if [Method::Post, Method::Put, Method::Patch].contains(&head.method) {
        let why = "say how long the body is";
        return Err(HttpError::Refused(Status::LENGTH_REQUIRED, why));
    }
    Ok(Framing::Empty)
}

fn content_length(text: &str, limit: u64) -> Result<Framing, HttpError> {
    let mut length: u64 = 0;
    for letter in text.chars() {
        let Some(digit) = letter.to_digit(10) else {
            return Err(bad("Content-Length is not a number"));
        };
        length = length.saturating_mul(10).saturating_add(digit.into());
    }
    if text.is_empty() {
        Err(bad("Content-Length is empty"))
    } else if length > limit {
        Err(too_large())
    } else {
        Ok(Framing::Length(length))
    }
}

/// Reads a body of `length` bytes, and leaves what follows it in the reader. Memory is taken for what has come, never
/// for what was announced.
///
/// # Errors
///
/// - 413: `length` is over `limit`; then nothing is read at all
/// - 400: the connection ends inside the body
/// - [`HttpError::Io`]: the connection failed
pub fn read_length(
    reader: &mut dyn BufRead,
    length: u64,
    limit: u64,
) -> Result<Vec<u8>, HttpError> {
    let mut missing = if length <= limit {
        length
    } else {
        return Err(too_large());
    };
    let mut body = Vec::new();
    while missing > 0 {
        let come = reader.fill_buf()?;
        if come.is_empty() {
            return Err(bad("the connection ended inside the body"));
        }
        let count = come
            .len()
            .min(usize::try_from(missing).unwrap_or(usize::MAX));
        body.extend_from_slice(&come[..count]);
        reader.consume(count);
        missing -= count as u64;
    }
    Ok(body)
}

/// A refusal with 400.
fn bad(why: &'static str) -> HttpError {
    HttpError::Refused(Status::BAD_REQUEST, why)
}

/// A refusal with 413.
fn too_large() -> HttpError {
    HttpError::Refused(Status::CONTENT_TOO_LARGE, "the body is too large")
}
