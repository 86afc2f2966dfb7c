use std::io::{self, BufReader, Read};

use servers::body::{LONGEST_LINE, MOST_TRAILERS, framing, read_body};
use servers::http::{Framing, Head, HttpError, Method, Status, Version};

use crate::clients::{Broken, Endless, InPieces};

/// The status that a refusal carries.
fn refused<T>(result: &Result<T, HttpError>) -> Option<u16> {
    result
        .as_ref()
        .err()
        .and_then(HttpError::status)
        .map(Status::code)
}

/// A POST with these fields.
fn post(fields: &[(&str, &str)]) -> Head {
    let mut head = Head::new(Method::Post, "/orders");
    for (name, value) in fields {
        head.headers.add(name, value);
    }
    head
}

/// Reads a body of at most 100 bytes, and what follows it.
fn read(bytes: &[u8], framing: Framing) -> (Result<Vec<u8>, HttpError>, Vec<u8>) {
    let mut reader = bytes;
    let body = read_body(&mut reader, framing, 100);
    (body, reader.to_vec())
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// One `Content-Length` of digits is a length; a length over the limit gets 413, however many digits it has.
#[test]
fn one_content_length_of_digits_is_a_length() {
    for (text, length) in [("0", 0), ("5", 5), ("005", 5), ("99", 99), ("100", 100)] {
        let found: Result<Framing, HttpError> = framing(&post(&[("content-length", text)]), 100);
        let found = found.unwrap_or_else(|error| panic!("Content-Length: {text} was {error}"));
        assert_eq!(found, Framing::Length(length), "Content-Length: {text}");
    }
    for text in [
        "101",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        let found: Result<Framing, HttpError> = framing(&post(&[("Content-Length", text)]), 100);
        assert_eq!(
            refused(&found),
            Some(413),
            "Content-Length: {text}, the limit is 100"
        );
    }
}

/// A malformed or repeated length gets 400, even where both say the same.
#[test]
fn a_doubtful_content_length_is_refused() {
    for text in [
        "", "+5", "-5", "5,5", "5, 5", "5 5", "0x5", "5.0", "five", "5;", "\u{b2}", "1_000",
    ] {
        let found: Result<Framing, HttpError> = framing(&post(&[("Content-Length", text)]), 100);
        assert_eq!(refused(&found), Some(400), "Content-Length: {text:?}");
    }
    for second in ["5", "6", ""] {
        let head = post(&[("Content-Length", "5"), ("content-length", second)]);
        assert_eq!(
            refused(&framing(&head, 100)),
            Some(400),
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
        let found: Result<Framing, HttpError> = framing(&post(fields), 100);
        let found = found.unwrap_or_else(|error| panic!("{fields:?} was {error}"));
        assert_eq!(found, Framing::Chunked, "{fields:?}");
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
        (&[("Transfer-Encoding", "")], 400),
        (&[("Transfer-Encoding", "identity")], 400),
        (&[("Transfer-Encoding", "gzip")], 400),
        (&[("Transfer-Encoding", "xchunked")], 400),
        (&[("Transfer-Encoding", "chunked;q=1")], 400),
        (&[("Transfer-Encoding", "\u{b}chunked")], 400),
        (&[("Transfer-Encoding", "chunked gzip")], 400),
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
        (&[("Transfer-Encoding", "gzip, chunked")], 501),
        (
            &[
                ("Transfer-Encoding", "gzip"),
                ("transfer-encoding", "chunked"),
            ],
            501,
        ),
    ] {
        assert_eq!(
            refused(&framing(&post(fields), 100)),
            Some(status),
            "{fields:?}"
        );
    }
    let mut old = post(&[("Transfer-Encoding", "chunked")]);
    old.version = Version::Http10;
    assert_eq!(
        refused(&framing(&old, 100)),
        Some(400),
        "HTTP/1.0 has no chunks"
    );
}

/// Without either field there is no body; a method that sends one must say how long it is, and gets 411.
#[test]
fn a_request_that_sends_something_says_how_much() {
    for method in Method::ALL {
        let found: Result<Framing, HttpError> = framing(&Head::new(method, "/"), 100);
        match method {
            Method::Post | Method::Put | Method::Patch => {
                assert_eq!(
                    refused(&found),
                    Some(411),
                    "{} without a length",
                    method.name()
                );
            }
            _ => {
                let found = found.unwrap_or_else(|error| panic!("{} was {error}", method.name()));
                assert_eq!(found, Framing::Empty, "{} without a length", method.name());
            }
        }
        let mut head = Head::new(method, "/");
        head.headers.add("Content-Length", "3");
        let found: Option<Framing> = framing(&head, 100).ok();
        assert_eq!(
            found,
            Some(Framing::Length(3)),
            "{} with a length",
            method.name()
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
        let (read, left) = read(b"isbn=1GET /", Framing::Length(length));
        let read: Vec<u8> = read.unwrap_or_else(|error| panic!("{length} bytes: {error}"));
        assert_eq!(
            (shown(&read).as_str(), shown(&left).as_str()),
            (body, rest),
            "{length} bytes"
        );
    }
    let (body, left) = read(b"GET /", Framing::Empty);
    assert_eq!(
        (body.ok(), shown(&left).as_str()),
        (Some(Vec::new()), "GET /"),
        "no body"
    );
    for length in [12, 100] {
        let (body, _) = read(b"isbn=1GET /", Framing::Length(length));
        assert_eq!(
            refused(&body),
            Some(400),
            "{length} bytes announced, 11 sent"
        );
    }
    for length in [101, u64::MAX] {
        let (body, left) = read(b"isbn=1", Framing::Length(length));
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
    // A limit that a shop would never set: memory is taken for what has come, not for what was announced.
    let body: Result<Vec<u8>, HttpError> =
        read_body(&mut &b"few"[..], Framing::Length(u64::MAX), u64::MAX);
    assert_eq!(
        refused(&body),
        Some(400),
        "{} bytes announced, 3 sent",
        u64::MAX
    );
}

/// Chunks are joined; extensions and trailers are left out; what follows the empty line is the next request.
#[test]
fn chunks_are_joined() {
    for (bytes, body) in [
        ("0\r\n\r\n", ""),
        ("5\r\nisbn=\r\n1\r\n7\r\n0\r\n\r\n", "isbn=7"),
        ("5;note=first\r\nisbn=\r\n0;last\r\n\r\n", "isbn="),
        ("5 \t;note\r\nisbn=\r\n0\r\n\r\n", "isbn="),
        ("5;\r\nisbn=\r\n000\r\n\r\n", "isbn="),
        ("0000000000000000000005\r\nisbn=\r\n0\r\n\r\n", "isbn="),
        (
            "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
            "01234567890123456789",
        ),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\\r\\n"),
        ("1\r\nx\r\n0\r\nX-Sum: 7\r\nX-Other:\r\n\r\n", "x"),
    ] {
        let sent = format!("{bytes}GET /");
        let (read, left) = read(sent.as_bytes(), Framing::Chunked);
        let read: Vec<u8> = read.unwrap_or_else(|error| panic!("{bytes:?}: {error}"));
        assert_eq!(shown(&read), body, "the body of {bytes:?}");
        assert_eq!(shown(&left), "GET /", "what follows {bytes:?}");
    }
}

/// A chunked body that could be read in two ways, or is cut off, gets 400.
#[test]
fn doubtful_chunks_are_refused() {
    for bytes in [
        "",
        "5",
        "5\r\n",
        "5\r\nisb",
        "5\r\nisbn=",
        "5\r\nisbn=\r\n",
        "5\r\nisbn=\r\n0",
        "5\r\nisbn=\r\n0\r\n",
        "0\r\nX-Sum: 7\r\n",
        "\r\nisbn=\r\n0\r\n\r\n",
        ";note\r\nisbn=\r\n0\r\n\r\n",
        " 5\r\nisbn=\r\n0\r\n\r\n",
        "5 \r\nisbn=\r\n0\r\n\r\n",
        "+5\r\nisbn=\r\n0\r\n\r\n",
        "-5\r\nisbn=\r\n0\r\n\r\n",
        "0x5\r\nisbn=\r\n0\r\n\r\n",
        "5_\r\nisbn=\r\n0\r\n\r\n",
        "g\r\nisbn=\r\n0\r\n\r\n",
        "5,note\r\nisbn=\r\n0\r\n\r\n",
        "\u{e9}\r\nisbn=\r\n0\r\n\r\n",
        "5\nisbn=\r\n0\r\n\r\n",
        "5\risbn=\r\n0\r\n\r\n",
        "5;a\nb\r\nisbn=\r\n0\r\n\r\n",
        "5;a\rb\r\nisbn=\r\n0\r\n\r\n",
        "5\r\nisbn=\n0\r\n\r\n",
        "5\r\nisbn=0\r\n\r\n",
        "5\r\nisbn=7\r\n0\r\n\r\n",
        "4\r\nisbn=\r\n0\r\n\r\n",
        "6\r\nisbn=\r\n0\r\n\r\n",
        "5\r\nisbn=XX0\r\n\r\n",
        "0\r\nGET /staff HTTP/1.1\r\n\r\n",
        "0\r\nX-Sum : 7\r\n\r\n",
        "0\r\n: 7\r\n\r\n",
        "0\r\n folded: 7\r\n\r\n",
        "0\r\n\n",
    ] {
        let (body, _) = read(bytes.as_bytes(), Framing::Chunked);
        assert_eq!(refused(&body), Some(400), "chunked body {bytes:?}");
    }
}

/// A connection that breaks inside a body is an error of its own, and not a fault that the client gets a status for.
#[test]
fn a_broken_connection_is_no_bad_request() {
    for (framing, begun) in [
        (Framing::Length(5), ""),
        (Framing::Length(5), "isb"),
        (Framing::Chunked, ""),
        (Framing::Chunked, "5\r\nisb"),
        (Framing::Chunked, "5\r\nisbn=\r"),
        (Framing::Chunked, "0\r\nX: "),
    ] {
        let mut reader = BufReader::new(begun.as_bytes().chain(Broken));
        let kind: Option<io::ErrorKind> = match read_body(&mut reader, framing, 100) {
            Err(HttpError::Io(error)) => Some(error.kind()),
            _ => None,
        };
        assert_eq!(
            kind,
            Some(io::ErrorKind::ConnectionReset),
            "{framing:?}, after {begun:?}"
        );
    }
}

/// Chunks that add up to more than the limit get 413 as soon as that is announced; the lines of a chunked body and its
/// trailers have limits of their own.
#[test]
fn chunks_have_limits() {
    let half = format!("32\r\n{}\r\n", "x".repeat(50));
    let (full, _) = read(
        format!("{half}{half}0\r\n\r\n").as_bytes(),
        Framing::Chunked,
    );
    assert_eq!(
        full.ok().map(|body| body.len()),
        Some(100),
        "two chunks of 50 bytes, the limit is 100"
    );
    for (bytes, left) in [
        (
            format!("{half}{half}1\r\nx\r\n0\r\n\r\n"),
            "x\\r\\n0\\r\\n\\r\\n",
        ),
        (format!("{half}33\r\nxyz"), "xyz"),
        (String::from("65\r\nxyz"), "xyz"),
        (String::from("ffffffffffffffff\r\nxyz"), "xyz"),
        (String::from("10000000000000000\r\nxyz"), "xyz"),
        (format!("{}\r\nxyz", "f".repeat(500)), "xyz"),
        (format!("{half}ffffffffffffffff\r\nxyz"), "xyz"),
    ] {
        let (body, rest) = read(bytes.as_bytes(), Framing::Chunked);
        assert_eq!(refused(&body), Some(413), "chunked body {bytes:.80}");
        assert_eq!(
            shown(&rest),
            left,
            "a chunk over the limit is not read, {bytes:.80}"
        );
    }
    let longest = usize::try_from(LONGEST_LINE).expect("a short line");
    let extension = |length: usize| format!("0;{}\r\n\r\n", "x".repeat(length - 2));
    let trailer = |length: usize| format!("0\r\nX:{}\r\n\r\n", "x".repeat(length - 2));
    let trailers = |count: usize| format!("0\r\n{}\r\n", "X: y\r\n".repeat(count));
    for (what, bytes, status) in [
        ("the longest size line", extension(longest), None),
        (
            "a size line one byte too long",
            extension(longest + 1),
            Some(400),
        ),
        ("the longest trailer", trailer(longest), None),
        (
            "a trailer one byte too long",
            trailer(longest + 1),
            Some(431),
        ),
        ("the most trailers", trailers(MOST_TRAILERS), None),
        (
            "one trailer too many",
            trailers(MOST_TRAILERS + 1),
            Some(431),
        ),
    ] {
        let (body, _) = read(bytes.as_bytes(), Framing::Chunked);
        assert_eq!(
            (refused(&body), body.is_ok()),
            (status, status.is_none()),
            "{what}"
        );
    }
    for (first, status) in [("5;", 400), ("0\r\nX: ", 431)] {
        let mut client = Endless::new(first.as_bytes());
        let body: Result<Vec<u8>, HttpError> = read_body(&mut client, Framing::Chunked, 100);
        assert_eq!(
            refused(&body),
            Some(status),
            "an endless line after {first:?}"
        );
        assert!(
            client.taken < 100_000,
            "{} bytes read after {first:?}",
            client.taken
        );
    }
}

/// Random bodies in random chunks come out as they went in, wherever the network cuts them; damaged ones are refused
/// or stay within the limit. None of them makes the server panic.
#[test]
fn whatever_comes_is_read_or_refused() {
    let mut generator = support::seeded(0xB0D1);
    let pieces: [&[u8]; 12] = [
        b"\r",
        b"\n",
        b"\r\n",
        b"0",
        b"f",
        b";",
        b" ",
        b"+",
        b"\0",
        b"\xff",
        b"0\r\n\r\n",
        b"X: y\r\n",
    ];
    for case in 0..3_000 {
        let meant: Vec<u8> = (0..generator.size(0..101))
            .map(|_| generator.bits().to_le_bytes()[0])
            .collect();
        let mut sent: Vec<u8> = Vec::new();
        let mut left: &[u8] = &meant;
        while !left.is_empty() {
            let (chunk, later) = left.split_at(generator.size(1..left.len() + 1));
            let size = chunk.len();
            sent.extend(
                if generator.coin() {
                    format!("{size:x}\r\n")
                } else {
                    format!("0{size:X};x=y\r\n")
                }
                .bytes(),
            );
            sent.extend(chunk);
            sent.extend(b"\r\n");
            left = later;
        }
        sent.extend(b"0\r\n");
        sent.extend("X-Sum: 1\r\n".repeat(generator.size(0..3)).bytes());
        sent.extend(b"\r\nNEXT");

        let sizes: Vec<usize> = (0..5).map(|_| generator.size(1..40)).collect();
        let mut reader = BufReader::new(InPieces::new(&sent, &sizes));
        let body: Vec<u8> = read_body(&mut reader, Framing::Chunked, 100)
            .unwrap_or_else(|error| panic!("case {case}, {:?}: {error}", shown(&sent)));
        assert_eq!(
            shown(&body),
            shown(&meant),
            "case {case}: the body of {:?}",
            shown(&sent)
        );
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("the rest is text");
        assert_eq!(rest, "NEXT", "case {case}: what follows {:?}", shown(&sent));

        let at = generator.size(0..sent.len());
        let until = (at + generator.size(0..3)).min(sent.len());
        let piece = *generator.pick(&pieces);
        sent.splice(at..until, piece.iter().copied());
        match read_body(&mut &sent[..], Framing::Chunked, 100) {
            Ok(body) => assert!(
                body.len() <= 100,
                "case {case}: {} bytes of {:?}",
                body.len(),
                shown(&sent)
            ),
            Err(error) => {
                let known = matches!(refused(&Err::<(), _>(error)), Some(400 | 413 | 431));
                assert!(known, "case {case}: another status for {:?}", shown(&sent));
            }
        }
    }
}
