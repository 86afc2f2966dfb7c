//! Differs: byte by byte, with two counters instead of a line in memory; the page is written piece by piece.

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
    let length = page.len().to_string();
    let fields = [
        ("Connection", "close"),
        ("Content-Length", &length),
        ("Content-Type", "text/html; charset=utf-8"),
    ];
    let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (name, value) in fields {
        bytes.extend([name, ": ", value, "\r\n"].concat().bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(page.bytes());
    bytes
}

/// Waits for one request, whatever it asks for, and answers it with [`response`]. Says whether there was one.
///
/// - A request is over at its first empty line: a `\n` or `\r\n` with nothing before it in that line. No other byte of it
///   matters here. What follows it is not needed.
/// - The answer is sent whole and flushed, and only after the empty line has come.
/// - A client that closes its side before the empty line gets no answer, and neither does one whose request has no empty
///   line within [`LONGEST_REQUEST`] bytes. No more than that is kept in memory.
///
/// # Errors
///
/// What reading and writing report.
pub fn welcome(mut reader: impl BufRead, mut writer: impl Write, page: &str) -> io::Result<bool> {
    // How many bytes the line has so far, a CR at its beginning not counted.
    let mut in_line = 0;
    let mut after_cr = false;
    for _ in 0..LONGEST_REQUEST {
        let Some(byte) = reader.fill_buf()?.first().copied() else {
            return Ok(false);
        };
        reader.consume(1);
        match byte {
            b'\n' if in_line == 0 => {
                let response = response(page);
                let mut rest = &response[..];
                while !rest.is_empty() {
                    let count = writer.write(rest)?;
                    if count == 0 {
                        return Err(io::ErrorKind::WriteZero.into());
                    }
                    rest = &rest[count..];
                }
                writer.flush()?;
                return Ok(true);
            }
            b'\n' => (in_line, after_cr) = (0, false),
            b'\r' if in_line == 0 && !after_cr => after_cr = true,
            _ => in_line += 1,
        }
    }
    Ok(false)
}
