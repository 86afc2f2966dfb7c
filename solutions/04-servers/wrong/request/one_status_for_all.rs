//! Caught by: a_faulty_request_line_gets_the_status_that_fits, a_head_has_limits
//! Why it tempts: a bad request is a 400, after all; but the client cannot tell what to change.

use std::io::BufRead;

use crate::http::{Head, HttpError, LineError, Method, Status, Version, is_token, read_line};

/// How much of a head the server takes, so that no client can fill its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in the request line, its CR LF not counted.
    pub request_line: u64,
    /// Bytes in one header field, its CR LF not counted.
    pub field_line: u64,
    /// Number of header fields.
    pub fields: usize,
}

/// What the shop takes. RFC 9112 recommends that a request line of 8000 bytes be possible.
pub const LIMITS: Limits = Limits {
    request_line: 8_000,
    field_line: 8_000,
    fields: 100,
};

/// Reads a request line, which comes without its CR LF: method, target and version, with one space in between. The
/// headers of the result are empty.
///
/// ```text
/// GET /books?page=2 HTTP/1.1            path "/books", query "page=2"
/// GET http://shop.test/books HTTP/1.1   path "/books": the form that is sent to a proxy; a server takes it too
/// OPTIONS * HTTP/1.1                    path "*": the server as a whole
/// ```
///
/// The path begins with `/`, and the query is what follows the first `?`. Both stay percent-encoded. A target of the
/// long form has a host of at least one byte, as [`is_host`] allows it, and may have no path, which means `/`. The
/// scheme is `http://` or `https://`, in upper or lower case.
///
/// # Errors
///
/// - 400: not three parts, a method that is no token, a target of no form above, a target with a `#` or with bytes
///   outside of `!` to `~`, a version that is not `HTTP/`, one digit, a dot and one digit
/// - 501: a method that is not in [`Method::ALL`]
/// - 505: a version other than 1.x. Version 1.0 stays 1.0, and every other 1.x counts as 1.1.
///
/// Where several faults come together, the status of any of them will do.
pub fn parse_request_line(line: &[u8]) -> Result<Head, HttpError> {
    let parts: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [method, target, version] = parts[..] else {
        return Err(bad("a request line is a method, a target and a version"));
    };
    if !is_token(method) {
        return Err(bad("the method is not a name"));
    }
    let version = parse_version(version)?;
    let Some(method) = Method::from_name(method) else {
        let why = "this server does not know the method";
        return Err(HttpError::Refused(Status::BAD_REQUEST, why));
    };
    let target = parse_target(target, method)?;
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(String::from(query))),
        None => (target, None),
    };
    Ok(Head {
        // Only a target without its host can have an empty path.
        path: String::from(if path.is_empty() { "/" } else { path }),
        query,
        version,
        ..Head::new(method, "")
    })
}

/// The target without scheme and host.
fn parse_target(target: &[u8], method: Method) -> Result<&str, HttpError> {
    let printable = target
        .iter()
        .all(|byte| byte.is_ascii_graphic() && *byte != b'#');
    let target = match str::from_utf8(target) {
        Ok(target) if printable => target,
        _ => return Err(bad("the target holds a byte that must be percent-encoded")),
    };
    if target.starts_with('/') || (target == "*" && method == Method::Options) {
        return Ok(target);
    }
    let Some((scheme, rest)) = target.split_once("://") else {
        return Err(bad("the target is neither a path nor a whole address"));
    };
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, target) = rest.split_at(end);
    if !web || host.is_empty() || !is_host(host) {
        return Err(bad("the target's scheme or host is wrong"));
    }
    Ok(target)
}

fn parse_version(version: &[u8]) -> Result<Version, HttpError> {
    match version {
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            // A minor version only adds what may be ignored; a major version is another protocol.
            match major {
                b'1' => Ok(Version::Http11),
                _ => Err(HttpError::Refused(
                    Status::VERSION_NOT_SUPPORTED,
                    "this server speaks HTTP/1.1",
                )),
            }
        }
        _ => Err(bad("the version is not HTTP/1.1")),
    }
}

/// Whether the text may stand in a `Host` field: ASCII letters, digits and ``-._~%!$&'()*+,;=:[]``. It may be empty.
pub fn is_host(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(&byte))
}

/// Reads one header field, which comes without its CR LF: a name, a colon at once, and a value. Spaces and tabs around
/// the value are no part of it. The value has one `char` for each byte, whatever the byte.
///
/// ```text
/// Host: shop.test          ("Host", "shop.test")
/// Accept:*/*               ("Accept", "*/*")
/// X-Empty:                 ("X-Empty", "")
/// ```
///
/// # Errors
///
/// 400: no colon, a name that is no token (also one with a space before the colon), a line that begins with a space or
/// a tab (it would continue the line before, which HTTP gave up), a control character other than a tab in the value.
pub fn parse_field(line: &[u8]) -> Result<(String, String), HttpError> {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(bad("a header field has no colon"));
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    // No token begins with a space, so this refuses continued lines as well.
    if !is_token(name) {
        return Err(bad("a header field's name is malformed"));
    }
    let forbidden = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if value.iter().any(forbidden) {
        return Err(bad("a header field's value holds a control character"));
    }
    let name: String = name.iter().map(|byte| char::from(*byte)).collect();
    let value: String = value.iter().map(|byte| char::from(*byte)).collect();
    Ok((name, String::from(value.trim_matches([' ', '\t']))))
}

/// Reads a head, from its request line to the empty line at its end, and leaves what follows in the reader. Nothing
/// (`None`) means that the client has closed the connection before a request began.
///
/// One empty line before the request line is skipped: some clients send one after the body of the request before.
///
/// # Errors
///
/// - what [`parse_request_line`] and [`parse_field`] refuse
/// - 400: a line that does not end in CR LF, a bare CR, a connection that ends inside the head, more than one `Host`,
///   no `Host` in a request of HTTP/1.1, a `Host` that [`is_host`] does not allow
/// - 414: a request line over the limit
/// - 431: a field over the limit, or too many of them
/// - [`HttpError::Io`]: the connection failed
pub fn read_head(reader: &mut dyn BufRead, limits: &Limits) -> Result<Option<Head>, HttpError> {
    let mut first_line = || {
        read_line(reader, limits.request_line).map_err(|error| error.refuse(Status::BAD_REQUEST))
    };
    let line = match first_line()? {
        Some(line) if line.is_empty() => first_line()?,
        line => line,
    };
    let Some(line) = line else {
        return Ok(None);
    };
    let mut head = parse_request_line(&line)?;
    loop {
        let line = read_line(reader, limits.field_line)
            .and_then(|line| line.ok_or(LineError::CutOff))
            .map_err(|error| error.refuse(Status::BAD_REQUEST))?;
        if line.is_empty() {
            break;
        }
        if head.headers.count() == limits.fields {
            let why = "there are too many header fields";
            return Err(HttpError::Refused(Status::HEADER_FIELDS_TOO_LARGE, why));
        }
        let (name, value) = parse_field(&line)?;
        head.headers.add(&name, &value);
    }
    check_host(&head)?;
    Ok(Some(head))
}

/// A request of HTTP/1.1 says once which host it means; one of HTTP/1.0 may leave it out.
fn check_host(head: &Head) -> Result<(), HttpError> {
    let hosts: Vec<&str> = head.headers.all("Host").collect();
    match hosts[..] {
        [host] if is_host(host) => Ok(()),
        [] if head.version == Version::Http10 => Ok(()),
        _ => Err(bad("a request names its host once, in a valid form")),
    }
}

/// A refusal with 400.
fn bad(why: &'static str) -> HttpError {
    HttpError::Refused(Status::BAD_REQUEST, why)
}
