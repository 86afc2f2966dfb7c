//! Differs: the buffer of the input is looked into with `fill_buf`, and what was used is taken with `consume`.
//!
//! The feed of the packing table.
//!
//! All day a scanner sends lines, and the shop passes them on with numbers. The feed may be a file, a keyboard or a
//! network connection, and it may be longer than the memory of the machine, or never end.

use std::io;
use std::io::BufRead;
use std::io::Write;

/// Reads the next line, and never holds more of it than the limit asks for.
///
/// The line comes back without its ending, which is `\n` or `\r\n`. The last line of a stream may lack the ending.
/// `None` says that the stream has ended. After a line, `input` stands at the beginning of the next one.
///
/// `limit` is the greatest length of a line in bytes, its ending not counted. To find out that a line is too long, at
/// most `limit + 2` bytes are taken from `input`.
///
/// | what is left of the stream | limit | result |
/// | --- | --- | --- |
/// | `"ab\ncd\n"` | 4 | `Ok(Some("ab"))`, and `"cd\n"` is left |
/// | `"ab"` | 2 | `Ok(Some("ab"))` |
/// | `"\r\n"` | 0 | `Ok(Some(""))` |
/// | `""` | 4 | `Ok(None)` |
/// | `"abc\n"` | 2 | an error |
///
/// # Errors
///
/// - [`io::ErrorKind::InvalidData`] for a line that is longer than the limit, and for one that is not UTF-8.
/// - Every error of `input`, as it is.
pub fn next_line(input: &mut impl BufRead, limit: u16) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let most = usize::from(limit) + 2;
    while line.len() < most && !line.ends_with(b"\n") {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        let chunk = &chunk[..chunk.len().min(most - line.len())];
        let chunk = match chunk.iter().position(|byte| *byte == b'\n') {
            Some(end) => &chunk[..=end],
            None => chunk,
        };
        line.extend_from_slice(chunk);
        let used = chunk.len();
        input.consume(used);
    }
    if line.is_empty() {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    if line.len() > usize::from(limit) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the line is too long",
        ));
    }
    match String::from_utf8(line) {
        Ok(line) => Ok(Some(line)),
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
    }
}

/// Copies every line of `input` to `output`, with its number in front; answers how many lines there were.
///
/// The numbers begin with 1. A number and its line are separated by one space, and every line of the output ends
/// with `\n`.
///
/// ```text
/// 9780141439518          1 9780141439518
/// 9780099511021   gives  2 9780099511021
/// ```
///
/// The memory that it needs does not depend on the length of the stream: each line is written before more lines are
/// read, except for what fits in a buffer of a few kilobytes. At the end `output` is flushed, so that nothing waits in
/// a buffer when the caller reads `Ok`.
///
/// # Errors
///
/// Every error of [`next_line`], and every error of `output`, flushing included. The lines before a bad line have been
/// handed to `output` then.
pub fn number_lines(
    mut input: impl BufRead,
    mut output: impl Write,
    limit: u16,
) -> io::Result<u64> {
    let mut output = io::BufWriter::new(output);
    let mut number = 0;
    while let Some(line) = next_line(&mut input, limit)? {
        number += 1;
        writeln!(output, "{number} {line}")?;
    }
    output.flush()?;
    Ok(number)
}
