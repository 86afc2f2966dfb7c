//! The first page: a fixed answer that a browser shows.
//!
//! A browser sends a request, and waits for a response. Long before the shop understands requests it can answer them:
//! with the same page for everybody. Everything after this exercise makes that answer a better one.

use std::io::{self, BufRead, Write};

/// The page that everybody gets, until the shop can do better.
pub const PAGE: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Lantern</title>
<h1>Lantern</h1>
<p>Books, and a caf\u{e9}. We are just moving in \u{2013} come back soon.</p>
</html>
";

/// The most bytes of a request that are read.
pub const LONGEST_REQUEST: u64 = 16_384;

/// A whole response around a page of HTML, as bytes.
///
/// ```text
/// HTTP/1.1 200 OK␍␊
/// Content-Type: text/html; charset=utf-8␍␊
/// Content-Length: 16␍␊
/// Connection: close␍␊
/// ␍␊
/// <h1>Lantern</h1>
/// ```
///
/// Each line of the head ends in CR LF (`\r\n`), and an empty line ends the head. The page follows as it is.
/// `Content-Length` is the length of the page in bytes, not in characters. The order of the three fields is free.
pub fn response(page: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Connection: close\r\n\
         \r\n\
         {page}",
        page.len()
    )
    .into_bytes()
}

/// Waits for one request, whatever it asks for, and answers it with [`response`]. Says whether there was one.
///
/// - A request is over at its first empty line: a `\n` or `\r\n` with nothing before it in that line. No other byte of it
///   matters here. What follows it is not needed.
/// - The answer goes out with one `write_all` and is flushed, and only after the empty line has come.
/// - A client that closes its side before the empty line gets no answer, and neither does one whose request has no empty
///   line within [`LONGEST_REQUEST`] bytes. No more than that is kept in memory.
///
/// # Errors
///
/// What reading and writing report.
pub fn welcome(reader: impl BufRead, mut writer: impl Write, page: &str) -> io::Result<bool> {
    // One limit for the whole request: no line is longer than what is left of it.
    let mut request = reader.take(LONGEST_REQUEST);
    let mut line = Vec::new();
    while line != b"\r\n" && line != b"\n" {
        line.clear();
        if request.read_until(b'\n', &mut line)? == 0 {
            return Ok(false);
        }
    }
    // In one piece: a socket may send each write as a packet of its own.
    writer.write_all(&response(page))?;
    writer.flush()?;
    Ok(true)
}
