use std::io::{self, BufRead, BufReader, Read};

use servers::framing::{framing, read_length};
use servers::http::{Framing, Head, HttpError, Method, Version};

use crate::clients::{Broken, InPieces};
use crate::refusals::{refused, shown};

/// A POST with these fields.
fn post(fields: &[(&str, &str)]) -> Head {
    let mut head = Head::new(Method::Post, "/orders");
    for (name, value) in fields {
        head.headers.add(name, value);
    }
    head
}

/// What `framing` says, as a text of the test's own; or the status of its refusal.
fn framed(head: &Head, limit: u64) -> Result<String, Option<u16>> {
    let found: Result<Framing, HttpError> = framing(head, limit);
    match found {
        Ok(Framing::Empty) => Ok(String::from("no body")),
        Ok(Framing::Length(length)) => Ok(format!("{length} bytes")),
        Ok(Framing::Chunked) => Ok(String::from("chunks")),
        Err(_) => Err(refused(&found)),
    }
}

/// Reads a body of a known length, at most 100 bytes, and what follows it.
fn read(bytes: &[u8], length: u64) -> (Result<Vec<u8>, HttpError>, Vec<u8>) {
    let mut reader = bytes;
    let body = read_length(&mut reader, length, 100);
    (body, reader.to_vec())
}

/// One `Content-Length` of digits is a length; a length over the limit gets 413, however many digits it has.
#[test]
fn one_content_length_of_digits_is_a_length() {
    for (text, length) in [("0", 0), ("5", 5), ("005", 5), ("99", 99), ("100", 100)] {
        let found = framed(&post(&[("content-length", text)]), 100);
        let expected = Ok(format!("{length} bytes"));
        assert_eq!(found, expected, "Content-Length: {text}");
    }
    for text in [
        "101",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        let found = framed(&post(&[("Content-Length", text)]), 100);
        assert_eq!(
            found,
            Err(Some(413)),
            "Content-Length: {text}, the limit is 100"
        );
    }
}

/// A length may be as large as a number of 64 bits, where the limit is; zeros in front of it change nothing.
#[test]
fn a_length_may_be_large_or_padded() {
    for length in [
        1 << 31,
        (1 << 32) + 5,
        (1 << 53) + 1,
        (1 << 63) + 1,
        u64::MAX,
    ] {
        let head = post(&[("Content-Length", &length.to_string())]);
        let found = framed(&head, u64::MAX);
        let expected = Ok(format!("{length} bytes"));
        assert_eq!(found, expected, "Content-Length: {length}, without a limit");
        let found = framed(&head, length);
        assert_eq!(
            found, expected,
            "Content-Length: {length}, which is the limit"
        );
        let found = framed(&head, length - 1);
        let one_less = length - 1;
        assert_eq!(
            found,
            Err(Some(413)),
            "Content-Length: {length}, the limit is {one_less}"
        );
    }
    let beyond = post(&[("Content-Length", "18446744073709551616")]);
    let found = framed(&beyond, u64::MAX - 1);
    assert_eq!(found, Err(Some(413)), "one more than a u64 holds");
    for zeros in [1, 20, 30, 5_000] {
        let padded = format!("{}5", "0".repeat(zeros));
        let found = framed(&post(&[("Content-Length", &padded)]), 100);
        assert_eq!(
            found,
            Ok(String::from("5 bytes")),
            "{zeros} zeros, and then 5"
        );
    }
}

/// A malformed or repeated length gets 400, even where both say the same.
#[test]
fn a_doubtful_content_length_is_refused() {
    for text in [
        "", "+5", "-5", "5,5", "5, 5", "5 5", "0x5", "5.0", "five", "5;", "\u{b2}", "1_000", " 5",
        "5 ", "\t5", "5\t", "\u{a0}5", "5\u{c}", "5,", ",5", "\u{665}", "1e2", "5\0",
    ] {
        let found = framed(&post(&[("Content-Length", text)]), 100);
        assert_eq!(found, Err(Some(400)), "Content-Length: {text:?}");
    }
    for (first, second) in [("101", "101"), ("101", "5"), ("5", "101")] {
        let head = post(&[("Content-Length", first), ("Content-Length", second)]);
        assert_eq!(
            framed(&head, 100),
            Err(Some(400)),
            "Content-Length: {first}, and then {second}, the limit is 100"
        );
    }
    for second in ["5", "6", ""] {
        let head = post(&[("Content-Length", "5"), ("content-length", second)]);
        assert_eq!(
            framed(&head, 100),
            Err(Some(400)),
            "Content-Length: 5, and then {second:?}"
        );
    }
}

/// Only `chunked`, alone and once, is a transfer coding that this server reads; beside a length it is refused.
#[test]
fn chunked_is_the_only_transfer_coding() {
    for fields in [
        &[("Transfer-Encoding", "chunked")][..],
        &[("TRANSFER-ENCODING", "Chunked")],
        &[("Transfer-Encoding", " ,chunked, ")],
    ] {
        let found = framed(&post(fields), 100);
        assert_eq!(found, Ok(String::from("chunks")), "{fields:?}");
    }
    for (fields, status) in [
        (
            &[("Transfer-Encoding", "chunked"), ("Content-Length", "5")][..],
            400,
        ),
        (
            &[("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
            400,
        ),
        (
            &[
                ("Content-Length", "x"),
                ("Transfer-Encoding", "gzip, chunked"),
            ],
            400,
        ),
        (&[("Content-Length", "5"), ("Transfer-Encoding", "")], 400),
        (
            &[("Content-Length", "0"), ("Transfer-Encoding", "chunked")],
            400,
        ),
        (
            &[("Transfer-Encoding", "chunked"), ("Content-Length", "")],
            400,
        ),
        (
            &[("Content-Length", "101"), ("Transfer-Encoding", "chunked")],
            400,
        ),
        (&[("Transfer-Encoding", "")], 400),
        (&[("Transfer-Encoding", "identity")], 400),
        (&[("Transfer-Encoding", "gzip")], 400),
        (&[("Transfer-Encoding", "xchunked")], 400),
        (&[("Transfer-Encoding", "chunked;q=1")], 400),
        (&[("Transfer-Encoding", "\u{b}chunked")], 400),
        (&[("Transfer-Encoding", "chunked gzip")], 400),
        (&[("Transfer-Encoding", "gzip chunked")], 400),
        (&[("Transfer-Encoding", "gzip\tchunked")], 400),
        (&[("Transfer-Encoding", "gzip;chunked")], 400),
        (&[("Transfer-Encoding", "chunked, gzip")], 400),
        (&[("Transfer-Encoding", "chunked, chunked")], 400),
        (
            &[
                ("Transfer-Encoding", "chunked"),
                ("Transfer-Encoding", "chunked"),
            ],
            400,
        ),
        (
            &[
                ("Transfer-Encoding", "chunked"),
                ("Transfer-Encoding", "identity"),
            ],
            400,
        ),
        (&[("Transfer-Encoding", "chunked, gzip, chunked")], 400),
        (&[("Transfer-Encoding", "gzip, chunked")], 501),
        (&[("Transfer-Encoding", "gzip, br, chunked")], 501),
        (
            &[
                ("Transfer-Encoding", "gzip"),
                ("transfer-encoding", "chunked"),
            ],
            501,
        ),
    ] {
        assert_eq!(framed(&post(fields), 100), Err(Some(status)), "{fields:?}");
    }
    for coding in ["chunked", "gzip, chunked", "gzip", "identity", ""] {
        let mut old = post(&[("Transfer-Encoding", coding)]);
        old.version = Version::Http10;
        assert_eq!(
            framed(&old, 100),
            Err(Some(400)),
            "HTTP/1.0 has no chunks, and knows no Transfer-Encoding: {coding:?}"
        );
    }
}

/// Without either field there is no body; a method that sends one must say how long it is, and gets 411.
#[test]
fn a_request_that_sends_something_says_how_much() {
    for method in Method::ALL {
        for version in [Version::Http11, Version::Http10] {
            let mut head = Head::new(method, "/");
            head.version = version;
            let what = format!("{} in {version:?}", method.name());
            let found = framed(&head, 100);
            match method {
                Method::Post | Method::Put | Method::Patch => {
                    assert_eq!(found, Err(Some(411)), "{what}, without a length");
                }
                _ => {
                    assert_eq!(
                        found,
                        Ok(String::from("no body")),
                        "{what}, without a length"
                    );
                }
            }
            head.headers.add("Content-Length", "3");
            let found = framed(&head, 100);
            assert_eq!(found, Ok(String::from("3 bytes")), "{what}, with a length");
        }
    }
}

/// A reader that counts how often somebody looks for bytes in it.
struct Looked(usize);

impl Read for Looked {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0 += 1;
        Ok(0)
    }
}

impl BufRead for Looked {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0 += 1;
        Ok(&[])
    }

    fn consume(&mut self, _: usize) {}
}

/// A body over the limit is refused without a look at it: looking waits until the client sends something.
#[test]
fn a_body_over_the_limit_is_not_awaited() {
    for (length, limit) in [(1, 0), (101, 100), (u64::MAX, u64::MAX - 1)] {
        let mut reader = Looked(0);
        let body: Result<Vec<u8>, HttpError> = read_length(&mut reader, length, limit);
        assert_eq!(
            refused(&body),
            Some(413),
            "{length} bytes announced, the limit is {limit}"
        );
        assert_eq!(
            reader.0, 0,
            "looks at a body of {length} bytes, the limit is {limit}"
        );
    }
}

/// A body of a known length is read to its last byte and no further; one that is cut off is refused, and one over the
/// limit is refused before it is read.
#[test]
fn a_length_is_read_to_its_last_byte() {
    for (length, body, rest) in [
        (0, "", "isbn=1GET /"),
        (6, "isbn=1", "GET /"),
        (11, "isbn=1GET /", ""),
    ] {
        let (read, left) = read(b"isbn=1GET /", length);
        let read: Vec<u8> = read.unwrap_or_else(|error| panic!("{length} bytes: {error}"));
        assert_eq!(
            (shown(&read).as_str(), shown(&left).as_str()),
            (body, rest),
            "{length} bytes"
        );
    }
    for length in [12, 100] {
        let (body, _) = read(b"isbn=1GET /", length);
        assert_eq!(
            refused(&body),
            Some(400),
            "{length} bytes announced, 11 sent"
        );
    }
    for length in [101, u64::MAX] {
        let (body, left) = read(b"isbn=1", length);
        assert_eq!(
            refused(&body),
            Some(413),
            "{length} bytes announced, the limit is 100"
        );
        assert_eq!(
            shown(&left),
            "isbn=1",
            "nothing is read of a body that is too large"
        );
    }
    // Limits that a shop would never set: memory is taken for what has come, not for what was announced.
    for length in [(1 << 32) + 3, (1 << 63) + 3, u64::MAX] {
        let body: Result<Vec<u8>, HttpError> = read_length(&mut &b"few"[..], length, u64::MAX);
        assert_eq!(
            refused(&body),
            Some(400),
            "{length} bytes announced, 3 sent"
        );
    }
}

/// Whatever the body and wherever the network cuts it: so many bytes are the body, and the next one is the next request's.
#[test]
fn any_bytes_may_be_a_body() {
    let mut generator = support::seeded(0xF4A3);
    for case in 0..300 {
        let body: Vec<u8> = (0..generator.size(0..101))
            .map(|_| generator.bits().to_le_bytes()[0])
            .collect();
        let sent = [&body[..], b"NEXT"].concat();
        let sizes: Vec<usize> = (0..5).map(|_| generator.size(1..40)).collect();
        let mut reader = BufReader::new(InPieces::new(&sent, &sizes));
        let length = u64::try_from(body.len()).expect("a short body");
        let read: Vec<u8> = read_length(&mut reader, length, 100)
            .unwrap_or_else(|error| panic!("case {case}, {:?}: {error}", shown(&sent)));
        assert_eq!(shown(&read), shown(&body), "case {case}: the body");
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("the rest is text");
        assert_eq!(rest, "NEXT", "case {case}: what follows");
    }
}

/// A body that has come whole is not waited for any longer, and least of all one of no bytes: perhaps the client sends
/// nothing more before it has its answer.
#[test]
fn nothing_behind_a_body_is_awaited() {
    for body in ["", "i", "isbn=1"] {
        let mut reader = BufReader::new(body.as_bytes().chain(Broken));
        let length = u64::try_from(body.len()).expect("a short body");
        // The limit is the length itself, 0 for a body of no bytes.
        let read: Vec<u8> = read_length(&mut reader, length, length)
            .unwrap_or_else(|error| panic!("{length} bytes announced, {body:?} sent: {error}"));
        assert_eq!(shown(&read), body, "the body, {length} bytes announced");
    }
}

/// A connection that breaks inside a body is an error of its own, and not a fault that the client gets a status for.
#[test]
fn a_break_inside_a_body_is_no_bad_request() {
    for begun in ["", "isb"] {
        let mut reader = BufReader::new(begun.as_bytes().chain(Broken));
        let kind: Option<io::ErrorKind> = match read_length(&mut reader, 5, 100) {
            Err(HttpError::Io(error)) => Some(error.kind()),
            _ => None,
        };
        assert_eq!(
            kind,
            Some(io::ErrorKind::ConnectionReset),
            "5 bytes announced, {begun:?} sent before the break"
        );
    }
}
