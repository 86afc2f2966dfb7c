use std::collections::BTreeMap;
use std::io::{self, Write};

use servers::http::{Response, Sending, Status};
use servers::response::{has_body, write_response};

use crate::clients::Gone;

/// The answer to a GET, on a connection that stays open, at the moment that RFC 9110 uses in its examples.
const USUAL: Sending = Sending {
    head_only: false,
    close: false,
    now: 784_111_777,
};

/// A response as it went over the wire, taken apart.
struct Sent {
    status_line: String,
    /// By name in lower case; several values of one name are joined with `|`.
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn send(response: &Response, sending: Sending) -> Sent {
    let mut bytes: Vec<u8> = Vec::new();
    write_response(&mut bytes, response, sending)
        .unwrap_or_else(|error| panic!("{response:?} could not be sent: {error}"));
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or_else(|| {
            panic!(
                "no empty line ends the head: {:?}",
                bytes.escape_ascii().to_string()
            )
        });
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is ASCII");
    let mut lines = head.split("\r\n");
    let status_line = String::from(lines.next().unwrap_or_default());
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for line in lines {
        let (name, value) = line
            .split_once(": ")
            .unwrap_or_else(|| panic!("{line:?} is not a header line, in {head:?}"));
        headers
            .entry(name.to_ascii_lowercase())
            .and_modify(|values| *values = format!("{values}|{value}"))
            .or_insert_with(|| String::from(value));
    }
    Sent {
        status_line,
        headers,
        body: bytes[end + 4..].to_vec(),
    }
}

fn header<'a>(sent: &'a Sent, name: &str) -> Option<&'a str> {
    sent.headers.get(name).map(String::as_str)
}

/// A response is a status line, headers, an empty line and the body; each line ends in CR LF.
#[test]
fn a_response_is_a_head_and_a_body() {
    let response = Response::text(Status::NOT_FOUND, "no such book")
        .with_header("Vary", "Accept")
        .with_header("vary", "Cookie \t~!")
        .with_header("X-Empty", "");
    let sent: Sent = send(&response, USUAL);
    assert_eq!(sent.status_line, "HTTP/1.1 404 Not Found");
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "13"),
        ("connection", "keep-alive"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("vary", "Accept|Cookie \t~!"),
        ("x-empty", ""),
    ] {
        assert_eq!(header(&sent, name), Some(value), "the header {name:?}");
    }
    assert_eq!(
        sent.headers.len(),
        6,
        "no other headers: {:?}",
        sent.headers
    );
    assert_eq!(
        String::from_utf8_lossy(&sent.body),
        "no such book\n",
        "the body"
    );
}

/// Every status has its code and its reason in the status line.
#[test]
fn the_status_line_names_the_status() {
    for (status, line) in [
        (Status::OK, "HTTP/1.1 200 OK"),
        (Status::CREATED, "HTTP/1.1 201 Created"),
        (Status::NO_CONTENT, "HTTP/1.1 204 No Content"),
        (Status::SEE_OTHER, "HTTP/1.1 303 See Other"),
        (Status::NOT_MODIFIED, "HTTP/1.1 304 Not Modified"),
        (Status::BAD_REQUEST, "HTTP/1.1 400 Bad Request"),
        (
            Status::METHOD_NOT_ALLOWED,
            "HTTP/1.1 405 Method Not Allowed",
        ),
        (Status::REQUEST_TIMEOUT, "HTTP/1.1 408 Request Timeout"),
        (Status::LENGTH_REQUIRED, "HTTP/1.1 411 Length Required"),
        (Status::CONTENT_TOO_LARGE, "HTTP/1.1 413 Content Too Large"),
        (Status::URI_TOO_LONG, "HTTP/1.1 414 URI Too Long"),
        (
            Status::UNSUPPORTED_MEDIA_TYPE,
            "HTTP/1.1 415 Unsupported Media Type",
        ),
        (
            Status::HEADER_FIELDS_TOO_LARGE,
            "HTTP/1.1 431 Request Header Fields Too Large",
        ),
        (
            Status::INTERNAL_SERVER_ERROR,
            "HTTP/1.1 500 Internal Server Error",
        ),
        (Status::NOT_IMPLEMENTED, "HTTP/1.1 501 Not Implemented"),
        (
            Status::VERSION_NOT_SUPPORTED,
            "HTTP/1.1 505 HTTP Version Not Supported",
        ),
    ] {
        assert_eq!(send(&Response::new(status), USUAL).status_line, line);
    }
}

/// `Content-Length` counts bytes, not characters, and is there for an empty body too: without it the client would wait.
#[test]
fn the_length_is_counted_in_bytes() {
    for (text, length) in [
        ("", "0"),
        ("a", "1"),
        ("caf\u{e9}", "5"),
        ("\u{1f4da}", "4"),
        ("a\r\n\r\nb", "6"),
    ] {
        let mut response = Response::new(Status::OK);
        response.body = text.as_bytes().to_vec();
        let sent: Sent = send(&response, USUAL);
        assert_eq!(
            header(&sent, "content-length"),
            Some(length),
            "the body {text:?}"
        );
        assert_eq!(
            String::from_utf8_lossy(&sent.body),
            text,
            "the body {text:?}"
        );
    }
}

/// The answer to HEAD has the headers of a GET and no body; the length is still that of the body.
#[test]
fn head_gets_the_headers_of_get() {
    let response = Response::text(Status::OK, "a page");
    let get: Sent = send(&response, USUAL);
    let head: Sent = send(
        &response,
        Sending {
            head_only: true,
            ..USUAL
        },
    );
    assert_eq!(head.status_line, get.status_line, "the status line");
    assert_eq!(head.headers, get.headers, "the headers");
    assert_eq!(
        (get.body.len(), head.body.len()),
        (7, 0),
        "bytes of body for GET and HEAD"
    );
}

/// 204 and 304 have neither a body nor a length, whatever the handler put there: the client reads none, and would take
/// the bytes for the next response.
#[test]
fn some_statuses_have_no_body() {
    for (status, expected) in [
        (Status::OK, true),
        (Status::CREATED, true),
        (Status::SEE_OTHER, true),
        (Status::BAD_REQUEST, true),
        (Status::NOT_FOUND, true),
        (Status::METHOD_NOT_ALLOWED, true),
        (Status::REQUEST_TIMEOUT, true),
        (Status::LENGTH_REQUIRED, true),
        (Status::CONTENT_TOO_LARGE, true),
        (Status::URI_TOO_LONG, true),
        (Status::UNSUPPORTED_MEDIA_TYPE, true),
        (Status::HEADER_FIELDS_TOO_LARGE, true),
        (Status::INTERNAL_SERVER_ERROR, true),
        (Status::NOT_IMPLEMENTED, true),
        (Status::VERSION_NOT_SUPPORTED, true),
        (Status::NO_CONTENT, false),
        (Status::NOT_MODIFIED, false),
    ] {
        let code = status.code();
        assert_eq!(has_body(status), expected, "has_body of {code}");
        let sent: Sent = send(&Response::text(status, "text"), USUAL);
        assert_eq!(
            header(&sent, "connection"),
            Some("keep-alive"),
            "{code} does not end the connection by itself"
        );
        assert_eq!(
            header(&sent, "content-length").is_some(),
            expected,
            "a length with {code}"
        );
        assert_eq!(sent.body.is_empty(), !expected, "a body with {code}");
        let to_head = Sending {
            head_only: true,
            ..USUAL
        };
        let head: Sent = send(&Response::text(status, "text"), to_head);
        assert_eq!(
            head.headers, sent.headers,
            "the headers of HEAD with {code}"
        );
        assert_eq!(head.body.len(), 0, "bytes of body for HEAD with {code}");
    }
}

/// Length, date and connection are the server's business: what a handler says about them is left out, and
/// `Connection` says whether the connection is closed.
#[test]
fn the_server_has_the_last_word_on_the_connection() {
    let response = Response::text(Status::OK, "a page")
        .with_header("content-length", "1")
        .with_header("Transfer-Encoding", "chunked")
        .with_header("DATE", "yesterday")
        .with_header("X-Connection", "kept")
        .with_header("Date-Of-Print", "1994")
        .with_header("Content-Length-Limit", "9");
    for (close, connection, own) in [
        (true, "close", "upgrade"),
        (true, "close", "keep-alive"),
        (false, "keep-alive", "upgrade"),
        (false, "keep-alive", "close"),
    ] {
        let response = response.clone().with_header("connection", own);
        let sent: Sent = send(&response, Sending { close, ..USUAL });
        assert_eq!(
            header(&sent, "connection"),
            Some(connection),
            "close is {close}, and the handler said {own}"
        );
        assert_eq!(
            header(&sent, "content-length"),
            Some("7"),
            "the length is the body's"
        );
        assert_eq!(
            header(&sent, "date"),
            Some("Sun, 06 Nov 1994 08:49:37 GMT"),
            "the date is the server's"
        );
        assert_eq!(
            header(&sent, "transfer-encoding"),
            None,
            "the body is not chunked"
        );
        for (name, value) in [
            ("x-connection", "kept"),
            ("date-of-print", "1994"),
            ("content-length-limit", "9"),
        ] {
            assert_eq!(
                header(&sent, name),
                Some(value),
                "{name} is another header, and stays"
            );
        }
    }
}

/// A header that would break the head is refused before anything is sent, so that no client can write headers of its
/// own through a value that the shop passes on.
#[test]
fn a_header_cannot_break_the_head() {
    for (name, value) in [
        ("Location", "/\r\nSet-Cookie: staff=1"),
        ("Location", "/\r\n\r\n<h1>mine</h1>"),
        ("Location", "/\nX: y"),
        ("Location", "/\rX: y"),
        ("Location", "/\0"),
        ("Location", "/\u{7f}"),
        ("Location", "/caf\u{e9}"),
        ("X Y", "a space in the name"),
        ("X:", "a colon in the name"),
        ("X\r\nY", "a line break in the name"),
        ("", "no name"),
        ("Connection", "close\r\nX: y"),
    ] {
        let response = Response::text(Status::OK, "a page")
            .with_header("X-Fine", "yes")
            .with_header(name, value);
        let mut written: Vec<u8> = Vec::new();
        let result: io::Result<()> = write_response(&mut written, &response, USUAL);
        let kind: Option<io::ErrorKind> = result.err().map(|error| error.kind());
        assert_eq!(
            kind,
            Some(io::ErrorKind::InvalidInput),
            "the header {name:?}: {value:?}"
        );
        assert!(
            written.is_empty(),
            "{} bytes were sent before {name:?}: {value:?}",
            written.len()
        );
    }
}

/// The response's own headers stand in the head as they are, letter by letter, each in a line of its own, in their order.
#[test]
fn own_headers_stand_as_they_are() {
    let own = [
        ("X-Note", "  two  blanks "),
        ("Set-Cookie", "b=2; Path=/"),
        ("x-NOTE", "\tmore"),
        ("Set-Cookie", "a=1"),
        ("A", ""),
    ];
    let mut response = Response::new(Status::OK);
    for (name, value) in own {
        response.headers.add(name, value);
    }
    let mut bytes: Vec<u8> = Vec::new();
    write_response(&mut bytes, &response, USUAL).expect("these headers can be sent");
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text
        .split("\r\n")
        .filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            own.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
        })
        .collect();
    let expected = own.map(|(name, value)| format!("{name}: {value}"));
    assert_eq!(lines, expected, "the response's own lines in {text:?}");
}

/// Every byte of a header has its place: a name is a token, and a value is visible ASCII, spaces and tabs. A character
/// beyond that is refused, too, and nothing is sent.
#[test]
fn every_byte_of_a_header_has_its_place() {
    for letter in ('\0'..='\u{ff}').chain(['\u{10d}', '\u{2013}', '\u{1f4da}']) {
        let in_name = letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
        let in_value = (' '..='~').contains(&letter) || letter == '\t';
        for (name, value, allowed) in [
            (format!("X{letter}Y"), String::from("7"), in_name),
            (String::from("X"), format!("7{letter}7"), in_value),
            (String::from("X"), format!("7{letter}"), in_value),
        ] {
            let response = Response::new(Status::OK)
                .with_header("Vary", "Accept")
                .with_header(&name, &value);
            let mut bytes: Vec<u8> = Vec::new();
            let kind = write_response(&mut bytes, &response, USUAL).map_err(|error| error.kind());
            let expected = if allowed {
                Ok(())
            } else {
                Err(io::ErrorKind::InvalidInput)
            };
            assert_eq!(
                kind, expected,
                "the header {name:?} with the value {value:?}"
            );
            let sent = String::from_utf8_lossy(&bytes);
            assert_eq!(
                sent.is_empty(),
                !allowed,
                "sent with {name:?} and {value:?}: {sent:?}"
            );
        }
    }
}

/// However large a response is, it arrives whole: many headers, long values, and a body of any length.
#[test]
fn a_large_response_arrives_whole() {
    for (headers, value, body) in [
        (300, 10, 0),
        (1, 20_000, 10),
        (0, 0, 65_535),
        (3, 3, 200_000),
    ] {
        let mut response = Response::new(Status::OK);
        for number in 0..headers {
            let value = "v".repeat(value);
            response.headers.add(&format!("X-{number}"), &value);
        }
        response.body = vec![b'b'; body];
        let case = format!("{headers} headers of {value} bytes, a body of {body}");
        let sent: Sent = send(&response, USUAL);
        let own = sent
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-"));
        let whole = own.filter(|(_, sent)| sent.len() == value).count();
        assert_eq!(whole, headers, "headers that arrived whole, of {case}");
        let length = header(&sent, "content-length").map(String::from);
        assert_eq!(length, Some(body.to_string()), "the length, of {case}");
        assert_eq!(sent.body.len(), body, "bytes of body, of {case}");
    }
}

/// Counts how often it is written to and flushed. After some bytes the connection breaks.
struct Wire {
    writes: usize,
    flushed: bool,
    room: usize,
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(self.room);
        (self.writes, self.flushed, self.room) = (self.writes + 1, false, self.room - count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = true;
        Ok(())
    }
}

/// A response leaves in few writes and is flushed, and a connection that breaks is reported.
#[test]
fn a_response_leaves_at_once() {
    let mut response = Response::text(Status::OK, "a page");
    for number in 0..50 {
        response = response.with_header("X-Number", &format!("{number}"));
    }
    let mut wire = Wire {
        writes: 0,
        flushed: false,
        room: 1_000_000,
    };
    write_response(&mut wire, &response, USUAL).expect("the wire has room");
    assert!(wire.flushed, "the response is flushed");
    assert!(wire.writes <= 5, "{} writes for one response", wire.writes);
    for room in [0, 10, 500] {
        let mut wire = Wire {
            writes: 0,
            flushed: false,
            room,
        };
        let result: io::Result<()> = write_response(&mut wire, &response, USUAL);
        let kind: Option<io::ErrorKind> = result.err().map(|error| error.kind());
        assert_eq!(
            kind,
            Some(io::ErrorKind::BrokenPipe),
            "the connection breaks after {room} bytes"
        );
    }
    for (what, mut gone) in Gone::every_way() {
        let result: io::Result<()> = write_response(&mut gone, &response, USUAL);
        let kind: Option<io::ErrorKind> = result.err().map(|error| error.kind());
        assert_eq!(
            kind,
            Some(io::ErrorKind::BrokenPipe),
            "{what} the response reports an error"
        );
    }
}

/// The seconds since 1970 of a date as HTTP writes it, from the calendar's rules and not from a loop over the years.
fn seconds(date: &str) -> Option<(u64, usize)> {
    let names = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let number = |from: usize, to: usize| date.get(from..to)?.parse::<u64>().ok();
    let weekday = days
        .iter()
        .position(|day| date.get(0..5) == Some(&format!("{day}, ")))?;
    let month = names
        .iter()
        .position(|name| date.get(7..12) == Some(&format!(" {name} ")))? as u64
        + 1;
    let (day, year) = (number(5, 7)?, number(12, 16)?);
    let (hour, minute, second) = (number(17, 19)?, number(20, 22)?, number(23, 25)?);
    let shape =
        date.len() == 29 && &date[16..17] == " " && &date[19..20] == ":" && &date[22..23] == ":";
    if !shape || !date.ends_with(" GMT") {
        return None;
    }
    // Years that begin in March put the leap day at their end.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let total = y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719_468;
    Some((((total * 24 + hour) * 60 + minute) * 60 + second, weekday))
}

/// Random responses arrive as they were meant: each header, each byte of the body, and the date of any moment from 1970
/// to 9999.
#[test]
fn random_responses_arrive_as_they_were_meant() {
    let mut generator = support::seeded(0x9110);
    let mut moments: Vec<u64> = vec![
        0,
        68_169_599,
        68_169_600,
        951_782_400,
        4_107_542_400,
        253_402_300_799,
    ];
    moments.extend((0..80).map(|_| generator.number(0..253_402_300_800)));
    for now in moments {
        let mut response = Response::new(Status::OK);
        let mut expected: BTreeMap<String, String> = BTreeMap::new();
        for number in 0..generator.size(0..5) {
            let (name, value) = (
                format!("X-{}{number}", generator.word(1..9)),
                generator.word(0..20),
            );
            response.headers.add(&name, &value);
            expected.insert(name.to_ascii_lowercase(), value);
        }
        response.body = (0..generator.size(0..200))
            .map(|_| generator.bits().to_le_bytes()[0])
            .collect();
        let mut sent: Sent = send(&response, Sending { now, ..USUAL });
        let date = sent.headers.remove("date").unwrap_or_default();
        let weekday = usize::try_from(now / 86_400 % 7).expect("below 7");
        assert_eq!(
            seconds(&date),
            Some((now, weekday)),
            "the date {date:?} of second {now}"
        );
        let length = sent.headers.remove("content-length");
        assert_eq!(length, Some(response.body.len().to_string()), "the length");
        sent.headers.remove("connection");
        assert_eq!(sent.headers, expected, "the other headers");
        assert_eq!(sent.body, response.body, "the body");
    }
    // The ends of months, and of Februaries in leap years and others.
    for (now, expected) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (2678399, "Sat, 31 Jan 1970 23:59:59 GMT"),
        (2678400, "Sun, 01 Feb 1970 00:00:00 GMT"),
        (70848000, "Fri, 31 Mar 1972 00:00:00 GMT"),
        (951868799, "Tue, 29 Feb 2000 23:59:59 GMT"),
        (951868800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        (4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        let sent: Sent = send(&Response::new(Status::OK), Sending { now, ..USUAL });
        assert_eq!(
            header(&sent, "date"),
            Some(expected),
            "the date of second {now}"
        );
    }
    let late: Sent = send(
        &Response::new(Status::OK),
        Sending {
            now: u64::MAX,
            ..USUAL
        },
    );
    assert_eq!(
        header(&late, "date"),
        Some("Fri, 31 Dec 9999 23:59:59 GMT"),
        "the last date that HTTP can say"
    );
}
