//! Sending a response: the status line, the headers, and as many bytes as they announce.
//!
//! The shop says what it answers: a status, some headers, a body. What the connection needs besides (length, date, stay
//! or close) is added here, in one place, so that no handler can get it wrong.

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
    todo!("check the headers, put the head together, add the body, write, flush")
}

/// Whether a response with this status has a body, perhaps an empty one, and a `Content-Length`. All have, but for 204
/// (there is nothing to send) and 304 (the client has it already).
pub fn has_body(status: Status) -> bool {
    todo!("all statuses but two")
}
