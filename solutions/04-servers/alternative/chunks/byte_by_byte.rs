//! Differs: digits added up by hand, and the bytes of a chunk taken out of the buffer as they come.

use std::io::{BufRead, Read};

use crate::http::{HttpError, LineError, Status, is_token, read_line};

/// The longest line of a chunked body (a chunk's size or a trailer field), in bytes, its CR LF not counted.
pub const LONGEST_LINE: u64 = 1_000;

/// The most digits that a chunk's size may have, zeros in front included. Every such size fits in a `u64`.
pub const MOST_DIGITS: usize = 16;

/// The most bytes that may stand behind the sizes of one body, in all its chunks together.
pub const MOST_EXTENSIONS: usize = 4_000;

/// The most trailer fields that may follow the last chunk.
pub const MOST_TRAILERS: usize = 20;

/// What the line before a chunk says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLine {
    /// How many bytes of body follow the line.
    pub size: u64,
    /// How many bytes stand behind the digits: blanks, the `;`, and the extension.
    pub extension: usize,
}

/// Reads the line before a chunk, which comes without its CR LF: hexadecimal digits, and perhaps an extension, which
/// begins with a `;` and means nothing to this server. Spaces and tabs may stand right before that `;`.
///
/// ```text
/// 5               size 5
/// 1F              size 31
/// 05;note=first   size 5, 11 bytes behind the digits
/// 5 ;note         size 5, 6 bytes behind the digits
/// ```
///
/// # Errors
///
/// 400: no digit, over [`MOST_DIGITS`] of them, anything but digits before the `;` or the end of the line (blanks without
/// a `;` too), a control character other than a tab in the extension.
pub fn parse_size(line: &[u8]) -> Result<SizeLine, HttpError> {
    let (mut size, mut digits) = (0_u64, 0);
    for byte in line {
        let Some(digit) = char::from(*byte).to_digit(16) else {
            break;
        };
        digits += 1;
        if digits > MOST_DIGITS {
            return Err(bad("a chunk's size has too many digits"));
        }
        size = size << 4 | u64::from(digit);
    }
    let behind = &line[digits..];
    let mut rest = behind;
    while let [b' ' | b'\t', more @ ..] = rest {
        rest = more;
    }
    match rest {
        _ if digits == 0 => Err(bad("a chunk has no size")),
        [] if !behind.is_empty() => Err(bad("blanks stand behind a chunk's size")),
        [] | [b';', ..] if !behind.iter().any(is_forbidden) => Ok(SizeLine {
            size,
            extension: behind.len(),
        }),
        _ => Err(bad("a chunk's size is followed by something else")),
    }
}

/// Reads a body in chunks, and leaves what follows it in the reader. No more than `limit` bytes of body are kept.
///
/// A chunked body is a row of chunks: a line as [`parse_size`] reads it, CR LF, so many bytes, CR LF. A chunk of size 0
/// is the last. Trailer fields may follow it, which are checked and left out; an empty line ends the body.
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
/// - 413: a body over `limit`, as soon as the sizes announce it and before any byte of that chunk is read
/// - 400: what [`parse_size`] refuses; the connection ends inside the body; a chunk that is not followed by CR LF; a
///   line that does not end in CR LF; a size line over [`LONGEST_LINE`]; over [`MOST_EXTENSIONS`] bytes behind the sizes
///   of all chunks together, the last one included; a trailer without a colon, whose name is no token, or with a control
///   character other than a tab in its value
/// - 431: a trailer over [`LONGEST_LINE`], or more than [`MOST_TRAILERS`]
/// - [`HttpError::Io`]: the connection failed
///
/// Where several faults come together, the status of any of them will do.
pub fn read_chunks(reader: &mut dyn BufRead, limit: u64) -> Result<Vec<u8>, HttpError> {
    let mut body: Vec<u8> = Vec::new();
    let mut extensions_left = MOST_EXTENSIONS;
    while let Some(size) = next_size(reader, &mut extensions_left)? {
        if size > limit || body.len() as u64 > limit - size {
            return Err(too_large());
        }
        let mut missing = size;
        while missing > 0 {
            let come = reader.fill_buf()?;
            if come.is_empty() {
                return Err(bad("the connection ended inside a chunk"));
            }
            let count = come
                .len()
                .min(usize::try_from(missing).unwrap_or(usize::MAX));
            body.extend(&come[..count]);
            reader.consume(count);
            missing -= count as u64;
        }
        match &line(reader, Status::BAD_REQUEST)?[..] {
            [] => {}
            _ => return Err(bad("a chunk is longer than its size")),
        }
    }
    let mut trailers = 0;
    loop {
        let line = line(reader, Status::HEADER_FIELDS_TOO_LARGE)?;
        if line.is_empty() {
            return Ok(body);
        }
        trailers += 1;
        if trailers > MOST_TRAILERS {
            let why = "there are too many trailer fields";
            return Err(HttpError::Refused(Status::HEADER_FIELDS_TOO_LARGE, why));
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let good = parts.next().is_some_and(is_token)
            && parts
                .next()
                .is_some_and(|value| !value.iter().any(is_forbidden));
        if !good {
            return Err(bad("a trailer field is malformed"));
        }
    }
}

/// The size of the next chunk, or nothing after the last one.
fn next_size(
    reader: &mut dyn BufRead,
    extensions_left: &mut usize,
) -> Result<Option<u64>, HttpError> {
    let found = parse_size(&line(reader, Status::BAD_REQUEST)?)?;
    *extensions_left = extensions_left
        .checked_sub(found.extension)
        .ok_or_else(|| bad("the chunks have too many extensions"))?;
    Ok(Some(found.size).filter(|size| *size > 0))
}

/// A control character that is no tab may stand in no extension and in no value.
fn is_forbidden(byte: &u8) -> bool {
    byte.is_ascii_control() && *byte != b'\t'
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
