//! HTTP's own words: methods, headers, requests, responses, and how one line is read.
//!
//! The exercises hand these types to each other, and `main.rs` joins the exercises with them. All of it is given.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, Read, Write};

/// What a request asks for. HTTP's method names are case-sensitive: `get` is not a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Delete,
    Get,
    Head,
    Options,
    Patch,
    Post,
    Put,
}

impl Method {
    /// Every method that this server knows, in alphabetical order.
    pub const ALL: [Method; 7] = [
        Method::Delete,
        Method::Get,
        Method::Head,
        Method::Options,
        Method::Patch,
        Method::Post,
        Method::Put,
    ];

    /// The name as it stands in a request line.
    pub fn name(self) -> &'static str {
        match self {
            Method::Delete => "DELETE",
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Patch => "PATCH",
            Method::Post => "POST",
            Method::Put => "PUT",
        }
    }

    /// The method of that name, or nothing when this server does not know it.
    pub fn from_name(name: &[u8]) -> Option<Method> {
        Method::ALL
            .into_iter()
            .find(|method| method.name().as_bytes() == name)
    }
}

/// The versions of HTTP that this server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    Http10,
    Http11,
}

/// A status code of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status(u16);

impl Status {
    pub const OK: Status = Status(200);
    pub const CREATED: Status = Status(201);
    pub const NO_CONTENT: Status = Status(204);
    pub const SEE_OTHER: Status = Status(303);
    pub const NOT_MODIFIED: Status = Status(304);
    pub const BAD_REQUEST: Status = Status(400);
    pub const NOT_FOUND: Status = Status(404);
    pub const METHOD_NOT_ALLOWED: Status = Status(405);
    pub const REQUEST_TIMEOUT: Status = Status(408);
    pub const LENGTH_REQUIRED: Status = Status(411);
    pub const CONTENT_TOO_LARGE: Status = Status(413);
    pub const URI_TOO_LONG: Status = Status(414);
    pub const UNSUPPORTED_MEDIA_TYPE: Status = Status(415);
    pub const HEADER_FIELDS_TOO_LARGE: Status = Status(431);
    pub const INTERNAL_SERVER_ERROR: Status = Status(500);
    pub const NOT_IMPLEMENTED: Status = Status(501);
    pub const VERSION_NOT_SUPPORTED: Status = Status(505);

    /// The three digits, as a number.
    pub fn code(self) -> u16 {
        self.0
    }

    /// The words that follow the digits in a status line. Programs ignore them; people read them.
    pub fn reason(self) -> &'static str {
        match self {
            Status::OK => "OK",
            Status::CREATED => "Created",
            Status::NO_CONTENT => "No Content",
            Status::SEE_OTHER => "See Other",
            Status::NOT_MODIFIED => "Not Modified",
            Status::BAD_REQUEST => "Bad Request",
            Status::NOT_FOUND => "Not Found",
            Status::METHOD_NOT_ALLOWED => "Method Not Allowed",
            Status::REQUEST_TIMEOUT => "Request Timeout",
            Status::LENGTH_REQUIRED => "Length Required",
            Status::CONTENT_TOO_LARGE => "Content Too Large",
            Status::URI_TOO_LONG => "URI Too Long",
            Status::UNSUPPORTED_MEDIA_TYPE => "Unsupported Media Type",
            Status::HEADER_FIELDS_TOO_LARGE => "Request Header Fields Too Large",
            Status::INTERNAL_SERVER_ERROR => "Internal Server Error",
            Status::NOT_IMPLEMENTED => "Not Implemented",
            Status::VERSION_NOT_SUPPORTED => "HTTP Version Not Supported",
            Status(_) => "Unknown",
        }
    }
}

/// Header fields, in the order in which they came. One name may stand there several times.
///
/// A value is kept as one `char` for each byte, so that no byte is lost: HTTP does not promise UTF-8 here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<(String, String)>,
}

impl Headers {
    /// No headers.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// Adds a field at the end; what is there under the same name stays.
    pub fn add(&mut self, name: &str, value: &str) {
        self.fields.push((String::from(name), String::from(value)));
    }

    /// The value of every field of that name, in order. Upper and lower case of a name are the same.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The first value of that name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The parts of a field that is a list: `gzip, chunked` in one field, or in two fields of the same name, gives
    /// `gzip` and `chunked`. Spaces, tabs and empty parts are left out.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all(name)
            .flat_map(|value| value.split(','))
            .map(|part| part.trim_matches([' ', '\t']))
            .filter(|part| !part.is_empty())
    }

    /// Every field: its name and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many fields there are.
    pub fn count(&self) -> usize {
        self.fields.len()
    }
}

/// What comes before the body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub method: Method,
    /// As it was sent, still percent-encoded. It begins with `/`, or is `*` in an OPTIONS request.
    pub path: String,
    /// What follows the first `?`, still percent-encoded.
    pub query: Option<String>,
    pub version: Version,
    pub headers: Headers,
}

impl Head {
    /// A request of HTTP/1.1 without query and headers.
    pub fn new(method: Method, path: &str) -> Head {
        Head {
            method,
            path: String::from(path),
            query: None,
            version: Version::Http11,
            headers: Headers::new(),
        }
    }
}

/// How the end of a request's body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    Empty,
    /// So many bytes.
    Length(u64),
    /// Chunks, each with its own length, until one of length 0.
    Chunked,
}

/// A whole request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub head: Head,
    pub body: Vec<u8>,
}

/// What the shop answers. Length, date and connection are no business of the shop: they are added when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: Status,
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Response {
    /// A response without headers and body.
    pub fn new(status: Status) -> Response {
        Response {
            status,
            headers: Headers::new(),
            body: Vec::new(),
        }
    }

    /// A response with a line of plain text.
    pub fn text(status: Status, text: &str) -> Response {
        let mut response =
            Response::new(status).with_header("Content-Type", "text/plain; charset=utf-8");
        response.body = format!("{text}\n").into_bytes();
        response
    }

    /// The same response with one more header.
    pub fn with_header(mut self, name: &str, value: &str) -> Response {
        self.headers.add(name, value);
        self
    }
}

/// What the sender of a response has to know about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// The answer to a HEAD request: the headers of a GET, without its body.
    pub head_only: bool,
    /// The connection is closed after this response.
    pub close: bool,
    /// What time it is, in seconds since the beginning of 1970, UTC.
    pub now: u64,
}

/// Why there is no request to answer.
#[derive(Debug)]
pub enum HttpError {
    /// The client sent what this server does not take. The text says why, for the client to read.
    Refused(Status, &'static str),
    /// The connection failed.
    Io(io::Error),
}

impl HttpError {
    /// The status that the client gets, if there is anybody left to get it.
    pub fn status(&self) -> Option<Status> {
        match self {
            HttpError::Refused(status, _) => Some(*status),
            HttpError::Io(_) => None,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::Refused(status, why) => write!(f, "refused with {}: {why}", status.code()),
            HttpError::Io(error) => write!(f, "the connection failed: {error}"),
        }
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            HttpError::Refused(..) => None,
            HttpError::Io(error) => Some(error),
        }
    }
}

impl From<io::Error> for HttpError {
    fn from(error: io::Error) -> HttpError {
        HttpError::Io(error)
    }
}

/// The steps that every request goes through. `main.rs` joins them from the exercises; the tests of `patience` bring
/// simpler ones of their own.
pub trait Service {
    /// Reads what comes before the body; nothing when the client has left.
    fn read_head(&self, reader: &mut dyn BufRead) -> Result<Option<Head>, HttpError>;

    /// Says where the body ends.
    fn framing(&self, head: &Head) -> Result<Framing, HttpError>;

    /// Reads the body.
    fn read_body(&self, reader: &mut dyn BufRead, framing: Framing) -> Result<Vec<u8>, HttpError>;

    /// Does what the request asks for.
    fn respond(&self, request: &Request) -> Response;

    /// Sends the response.
    fn write(
        &self,
        writer: &mut dyn Write,
        response: &Response,
        sending: Sending,
    ) -> io::Result<()>;
}

/// Decodes percent-encoded text once, or gives nothing when that is impossible. `main.rs` hands in what `query` has; the
/// tests bring a simpler one.
pub type Decode = fn(&str) -> Option<String>;

/// Why a line could not be read.
#[derive(Debug)]
pub enum LineError {
    /// More bytes than allowed came before the line's end.
    TooLong,
    /// A CR stands without an LF, or an LF without a CR. Two programs that disagree about such a line disagree about
    /// where a request ends, and that is how requests are smuggled.
    BareEnding,
    /// The connection ended inside the line.
    CutOff,
    /// The connection failed.
    Io(io::Error),
}

impl LineError {
    /// The same as an [`HttpError`]: `too_long` is the status for a line over the limit, which depends on what the line
    /// was going to be. A malformed or unfinished line gets 400.
    pub fn refuse(self, too_long: Status) -> HttpError {
        match self {
            LineError::TooLong => HttpError::Refused(too_long, "a line is too long"),
            LineError::BareEnding => {
                HttpError::Refused(Status::BAD_REQUEST, "a line does not end in CR LF")
            }
            LineError::CutOff => {
                HttpError::Refused(Status::BAD_REQUEST, "the connection ended inside a line")
            }
            LineError::Io(error) => HttpError::Io(error),
        }
    }
}

/// Reads one line of HTTP: at most `longest` bytes, then CR LF, which is left off. Nothing (`None`) means that the
/// connection ended before the line's first byte.
///
/// However much the client sends, no more than `longest` + 2 bytes are kept.
///
/// # Errors
///
/// As [`LineError`] says.
pub fn read_line(reader: &mut dyn BufRead, longest: u64) -> Result<Option<Vec<u8>>, LineError> {
    let mut line = Vec::new();
    let mut allowed = reader.take(longest.saturating_add(2));
    allowed
        .read_until(b'\n', &mut line)
        .map_err(LineError::Io)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(match allowed.limit() {
            0 => LineError::TooLong,
            _ => LineError::CutOff,
        });
    }
    line.pop();
    if line.pop() != Some(b'\r') || line.contains(&b'\r') {
        return Err(LineError::BareEnding);
    }
    Ok(Some(line))
}

/// Whether the bytes are a token, which is what HTTP calls a name: one or more ASCII letters, digits and
/// ``!#$%&'*+-.^_`|~``.
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// The last second that HTTP's dates can say: their year has four digits.
const END_OF_9999: u64 = 253_402_300_799;

/// A point in time as HTTP writes it, from the seconds since the beginning of 1970, UTC. After the year 9999 it stays
/// at that year's last second.
///
/// ```text
/// 784111777   Sun, 06 Nov 1994 08:49:37 GMT
/// ```
pub fn http_date(seconds: u64) -> String {
    let seconds = seconds.min(END_OF_9999);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // The first of January 1970 was a Thursday.
    let weekday = match days % 7 {
        0 => "Thu",
        1 => "Fri",
        2 => "Sat",
        3 => "Sun",
        4 => "Mon",
        5 => "Tue",
        _ => "Wed",
    };
    let (year, month, day) = calendar(days);
    format!(
        "{weekday}, {day:02} {month} {year} {:02}:{:02}:{:02} GMT",
        second / 3_600,
        second / 60 % 60,
        second % 60,
    )
}

/// The year, the month and the day of the month, from the days since the beginning of 1970.
fn calendar(mut days: u64) -> (u64, &'static str, u64) {
    let mut year = 1970;
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let months = [
            ("Jan", 31),
            ("Feb", if leap { 29 } else { 28 }),
            ("Mar", 31),
            ("Apr", 30),
            ("May", 31),
            ("Jun", 30),
            ("Jul", 31),
            ("Aug", 31),
            ("Sep", 30),
            ("Oct", 31),
            ("Nov", 30),
            ("Dec", 31),
        ];
        for (month, length) in months {
            if days < length {
                return (year, month, days + 1);
            }
            days -= length;
        }
        year += 1;
    }
}
