//! Differs: the head is checked first, and then written piece by piece into a `BufWriter`.

use std::io::{self, Write};

use crate::http::{Response, Sending, Status, http_date, is_token};

/// The headers that belong to this module. What a handler set under these names, in upper or lower case, is left out.
pub const OWN_HEADERS: [&str; 4] = ["Connection", "Content-Length", "Date", "Transfer-Encoding"];

/// Sends one response, and flushes it.
///
/// ```text
/// HTTP/1.1 404 Not Found␍␊
/// Date: Sun, 06 Nov 1994 08:49:37 GMT␍␊
/// Content-Type: text/plain; charset=utf-8␍␊
/// Content-Length: 13␍␊
/// Connection: close␍␊
/// ␍␊
/// no such book␊
/// ```
///
/// - The status line is the version (always `HTTP/1.1`), the code and the reason, with one space in between.
/// - `Date` is `sending.now`, written by [`http_date`].
/// - The response's own headers follow as they are and in their order, without the [`OWN_HEADERS`].
/// - `Content-Length` is the length of the body in bytes; see [`has_body`] for the exceptions.
/// - `Connection: close` is sent if `sending.close` says so, and `Connection: keep-alive` otherwise.
/// - After the empty line comes the body, unless this answers a HEAD request (`sending.head_only`). Its headers are
///   those that GET would get.
///
/// The order of the headers is free. The whole head goes out in few writes: a socket may send each write as a packet.
///
/// # Errors
///
/// - [`io::ErrorKind::InvalidInput`]: a header's name is no token, or its value holds anything but visible ASCII
///   characters, spaces and tabs. Then nothing has been written at all: a line break in a value, from a redirect to
///   an address that the client chose, would otherwise let the client write headers and bodies of its own.
/// - what writing reports
pub fn write_response<W: Write + ?Sized>(
    writer: &mut W,
    response: &Response,
    sending: Sending,
) -> io::Result<()> {
    for (name, value) in response.headers.iter() {
        if !is_token(name.as_bytes()) || !value.bytes().all(may_stand_in_a_value) {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
    }
    let mut out = io::BufWriter::new(writer);
    let connection = if sending.close { "close" } else { "keep-alive" };
    write!(
        out,
        "HTTP/1.1 {} {}\r\nConnection: {connection}\r\nDate: {}\r\n",
        response.status.code(),
        response.status.reason(),
        http_date(sending.now),
    )?;
    for (name, value) in response.headers.iter() {
        if !OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            write!(out, "{name}: {value}\r\n")?;
        }
    }
    let body = has_body(response.status);
    if body {
        write!(out, "Content-Length: {}\r\n", response.body.len())?;
    }
    out.write_all(b"\r\n")?;
    if body && !sending.head_only {
        out.write_all(&response.body)?;
    }
    out.flush()
}

/// Whether a response with this status has a body, perhaps an empty one, and a `Content-Length`. All have, but for 204
/// (there is nothing to send) and 304 (the client has it already).
pub fn has_body(status: Status) -> bool {
    status != Status::NO_CONTENT && status != Status::NOT_MODIFIED
}

fn may_stand_in_a_value(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b' ' || byte == b'\t'
}
