use std::error::Error;
use std::io::{self, BufReader, Read};

use servers::http::{Head, HttpError, Method, Status, Version};
use servers::request::{LIMITS, Limits, is_host, parse_field, parse_request_line, read_head};

use crate::clients::{Broken, Endless, InPieces};

/// The status that a refusal carries.
fn refused<T>(result: &Result<T, HttpError>) -> Option<u16> {
    result
        .as_ref()
        .err()
        .and_then(HttpError::status)
        .map(Status::code)
}

/// Reads a head from bytes that are all there.
fn read(bytes: &[u8]) -> Result<Option<Head>, HttpError> {
    let mut reader = bytes;
    read_head(&mut reader, &LIMITS)
}

/// A head taken apart into what a test can compare: method, path, query, version, and the fields in their order.
type Parts = (
    String,
    String,
    Option<String>,
    &'static str,
    Vec<(String, String)>,
);

fn parts(head: &Head) -> Parts {
    let version = match head.version {
        Version::Http10 => "1.0",
        Version::Http11 => "1.1",
    };
    (
        String::from(head.method.name()),
        head.path.clone(),
        head.query.clone(),
        version,
        head.headers
            .iter()
            .map(|(name, value)| (String::from(name), String::from(value)))
            .collect(),
    )
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// A request line is a method, a target and a version; the target is a path, and perhaps a query after the first `?`.
#[test]
fn a_request_line_has_three_parts() {
    use Method::{Delete, Get, Options, Patch, Post, Put};
    use Version::{Http10, Http11};
    for (line, method, path, query, version) in [
        ("GET / HTTP/1.1", Get, "/", None, Http11),
        ("GET / HTTP/1.0", Get, "/", None, Http10),
        ("HEAD /a HTTP/1.1", Method::Head, "/a", None, Http11),
        ("POST /orders HTTP/1.1", Post, "/orders", None, Http11),
        ("PUT /books/1 HTTP/1.1", Put, "/books/1", None, Http11),
        ("PATCH /books/1 HTTP/1.1", Patch, "/books/1", None, Http11),
        ("DELETE /books/1 HTTP/1.1", Delete, "/books/1", None, Http11),
        (
            "GET /s?q=a?b&c HTTP/1.1",
            Get,
            "/s",
            Some("q=a?b&c"),
            Http11,
        ),
        ("GET /s? HTTP/1.1", Get, "/s", Some(""), Http11),
        (
            "GET /a%20b%2F?%3F HTTP/1.1",
            Get,
            "/a%20b%2F",
            Some("%3F"),
            Http11,
        ),
        ("GET // HTTP/1.1", Get, "//", None, Http11),
        ("GET /a/./../b/. HTTP/1.1", Get, "/a/./../b/.", None, Http11),
        (
            "GET /%c3%a9%2f%zz?%2b+a%3d HTTP/1.1",
            Get,
            "/%c3%a9%2f%zz",
            Some("%2b+a%3d"),
            Http11,
        ),
        ("GET /~!|\"{} HTTP/1.1", Get, "/~!|\"{}", None, Http11),
        ("OPTIONS * HTTP/1.1", Options, "*", None, Http11),
        ("GET / HTTP/1.2", Get, "/", None, Http11),
        ("GET / HTTP/1.9", Get, "/", None, Http11),
    ] {
        let head: Head = parse_request_line(line.as_bytes())
            .unwrap_or_else(|error| panic!("{line:?} is a request line, and was {error}"));
        let expected = Head {
            query: query.map(String::from),
            version,
            ..Head::new(method, path)
        };
        assert_eq!(parts(&head), parts(&expected), "the parts of {line:?}");
    }
}

/// The long form of a target, which clients send to a proxy, is taken as well: scheme and host are checked and left out.
#[test]
fn a_whole_address_is_a_target_too() {
    for (target, path, query) in [
        ("http://shop.test/books?page=2", "/books", Some("page=2")),
        ("HTTP://shop.test:8080/", "/", None),
        ("https://[::1]/a//b", "/a//b", None),
        ("http://shop.test", "/", None),
        ("http://shop.test?q=/", "/", Some("q=/")),
        ("hTTps://Shop.Test/Books?Page=A", "/Books", Some("Page=A")),
        (
            "http://shop.test/http://other.test/",
            "/http://other.test/",
            None,
        ),
    ] {
        let line = format!("GET {target} HTTP/1.1");
        let head: Head = parse_request_line(line.as_bytes())
            .unwrap_or_else(|error| panic!("{line:?} is a request line, and was {error}"));
        assert_eq!(
            (head.path.as_str(), head.query.as_deref()),
            (path, query),
            "target {target:?}"
        );
    }
    for target in [
        "shop.test/books",
        "books",
        "http:///books",
        "http://?q",
        "http://user@shop.test/",
        "http://shop.test\\books/",
        "ftp://shop.test/",
        "file:///etc/passwd",
        "shop.test:443",
        "*",
    ] {
        let line = format!("GET {target} HTTP/1.1");
        assert_eq!(
            refused(&parse_request_line(line.as_bytes())),
            Some(400),
            "target {target:?}"
        );
    }
}

/// Each fault of a request line has its status: 400 when it is malformed, 501 for a method that the server does not
/// know, 505 for a version that it does not speak.
#[test]
fn a_faulty_request_line_gets_the_status_that_fits() {
    let long_method = ["A".repeat(5_000).as_bytes(), b" / HTTP/1.1"].concat();
    let cases: [(&[u8], u16); 40] = [
        (b"", 400),
        (b" ", 400),
        (b"GET", 400),
        (b"GET /", 400),
        (b"GET  / HTTP/1.1", 400),
        (b"GET /  HTTP/1.1", 400),
        (b" GET / HTTP/1.1", 400),
        (b"GET / HTTP/1.1 ", 400),
        (b"GET /a b HTTP/1.1", 400),
        (b"GET\t/\tHTTP/1.1", 400),
        (b"GET\x0b/ HTTP/1.1", 400),
        (b"/ GET HTTP/1.1", 400),
        (b"G(T / HTTP/1.1", 400),
        (b"GET: / HTTP/1.1", 400),
        (b"\x00GET / HTTP/1.1", 400),
        (b"GET /\x00 HTTP/1.1", 400),
        (b"GET /\x7f HTTP/1.1", 400),
        (b"GET /\xc3\xa9 HTTP/1.1", 400),
        (b"GET /\xff HTTP/1.1", 400),
        (b"GET /#top HTTP/1.1", 400),
        (b"GET ?q HTTP/1.1", 400),
        (b"OPTIONS ** HTTP/1.1", 400),
        (b"OPTIONS *?q HTTP/1.1", 400),
        (b"OPTIONS */a HTTP/1.1", 400),
        (b"GET / http/1.1", 400),
        (b"GET / HTTP/11", 400),
        (b"GET / HTTP/1,1", 400),
        (b"GET / HTTP/1.10", 400),
        (b"GET / HTTP/x.1", 400),
        (b"GET / HTTP/1.x", 400),
        (b"GET / HTTP/1", 400),
        (b"GET / XTTP/1.1", 400),
        (b"get / HTTP/1.1", 501),
        (b"TRACE / HTTP/1.1", 501),
        (b"CONNECT / HTTP/1.1", 501),
        (b"BREW /pot HTTP/1.1", 501),
        (&long_method, 501),
        (b"GET / HTTP/2.0", 505),
        (b"GET / HTTP/0.9", 505),
        (b"GET / HTTP/3.1", 505),
    ];
    for (line, status) in cases {
        let result: Result<Head, HttpError> = parse_request_line(line);
        assert_eq!(
            refused(&result),
            Some(status),
            "request line {:.60}",
            shown(line)
        );
    }
}

/// A field is a name, a colon right behind it, and a value; spaces and tabs around the value are left out, and no byte
/// of it is lost.
#[test]
fn a_field_is_a_name_and_a_value() {
    let cases: [(&[u8], &str, &str); 8] = [
        (b"Host: shop.test", "Host", "shop.test"),
        (b"Accept:*/*", "Accept", "*/*"),
        (b"X-Empty:", "X-Empty", ""),
        (b"X-Blank: \t ", "X-Blank", ""),
        (b"X-Wide: \t a \t b \t", "X-Wide", "a \t b"),
        (b"X-Colon: a:b: c", "X-Colon", "a:b: c"),
        (b"!#$%&'*+-.^_`|~09azAZ: x", "!#$%&'*+-.^_`|~09azAZ", "x"),
        (
            b"X-Title: caf\xe9 \xc2\xa0",
            "X-Title",
            "caf\u{e9} \u{c2}\u{a0}",
        ),
    ];
    for (line, name, value) in cases {
        let field: (String, String) = parse_field(line)
            .unwrap_or_else(|error| panic!("{:?} is a field, and was {error}", shown(line)));
        assert_eq!(
            (field.0.as_str(), field.1.as_str()),
            (name, value),
            "field {:?}",
            shown(line)
        );
    }
}

/// What is not exactly a field gets 400: above all a space before the colon, and a line that continues the one before.
#[test]
fn a_faulty_field_is_refused() {
    let cases: [&[u8]; 17] = [
        b"Host",
        b"",
        b": value",
        b"Content-Length : 5",
        b"Content-Length\t: 5",
        b" folded: yes",
        b"\tfolded: yes",
        b" folded",
        b"Con tent: 5",
        b"Name(): x",
        b"Na\x00me: x",
        b"Na\xc3\xa9me: x",
        b"X: a\x00b",
        b"X: a\rb",
        b"X: a\nb",
        b"X: a\x7f",
        b"X: \x1b[31m",
    ];
    for line in cases {
        assert_eq!(
            refused(&parse_field(line)),
            Some(400),
            "field {:?}",
            shown(line)
        );
    }
}

/// Of all 256 bytes, a field takes only what HTTP allows at each place: in a name the letters of a token, in a value
/// everything but control characters, where spaces and tabs at the ends are left out, and no other byte is.
#[test]
fn each_byte_has_its_place() {
    for byte in 0..=u8::MAX {
        let letter = char::from(byte);
        let control = byte.is_ascii_control() && byte != b'\t';
        let blank = byte == b' ' || byte == b'\t';
        for (value, kept) in [
            (
                [b" a".as_slice(), &[byte], b"b"].concat(),
                format!("a{letter}b"),
            ),
            (
                [b"".as_slice(), &[byte], b"a"].concat(),
                if blank {
                    String::from("a")
                } else {
                    format!("{letter}a")
                },
            ),
            (
                [b"a".as_slice(), &[byte], b" "].concat(),
                if blank {
                    String::from("a")
                } else {
                    format!("a{letter}")
                },
            ),
            (
                vec![byte],
                if blank {
                    String::new()
                } else {
                    String::from(letter)
                },
            ),
        ] {
            let line = [b"X:".as_slice(), &value].concat();
            let field: Result<(String, String), HttpError> = parse_field(&line);
            if control {
                assert_eq!(refused(&field), Some(400), "field {:?}", shown(&line));
            } else {
                let value: Option<String> = field.ok().map(|(_, value)| value);
                assert_eq!(value, Some(kept), "the value of {:?}", shown(&line));
            }
        }
        let token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        for line in [
            [b"X".as_slice(), &[byte], b"Y: a"].concat(),
            [&[byte], b"Y: a".as_slice()].concat(),
        ] {
            // A colon ends the name early; that is another field, or one without a name.
            if byte != b':' {
                let field: Result<(String, String), HttpError> = parse_field(&line);
                assert_eq!(field.is_ok(), token, "field {:?}", shown(&line));
                assert_eq!(
                    refused(&field).is_some(),
                    !token,
                    "field {:?}",
                    shown(&line)
                );
            }
        }
        let target = byte.is_ascii_graphic() && byte != b'#';
        let line = [b"GET /a".as_slice(), &[byte], b"b HTTP/1.1"].concat();
        let head: Result<Head, HttpError> = parse_request_line(&line);
        assert_eq!(
            refused(&head),
            (!target).then_some(400),
            "request line {:?}",
            shown(&line)
        );
        let line = [b"GET".as_slice(), &[byte], b" / HTTP/1.1"].concat();
        let head: Result<Head, HttpError> = parse_request_line(&line);
        let status = if token { 501 } else { 400 };
        assert_eq!(
            refused(&head),
            Some(status),
            "request line {:?}",
            shown(&line)
        );
        let host = byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(&byte);
        assert_eq!(
            is_host(&format!("a{letter}b")),
            host,
            "a host with {letter:?} in it"
        );
    }
}

/// A head ends at its empty line: what comes after it is left for the next reader, and it does not matter how the
/// network cut the bytes.
#[test]
fn a_head_ends_at_the_empty_line() {
    let bytes =
        b"\r\nPOST /orders?gift=1 HTTP/1.1\r\nHost: shop.test\r\nX-A: 1\r\nx-a: 2\r\n\r\nisbn=1";
    let mut generator = support::seeded(0x4EAD);
    for round in 0..100 {
        let sizes: Vec<usize> = (0..8).map(|_| generator.size(1..30)).collect();
        let mut reader = BufReader::new(InPieces::new(bytes, &sizes));
        let head: Option<Head> = read_head(&mut reader, &LIMITS)
            .unwrap_or_else(|error| panic!("round {round}, in pieces of {sizes:?}: {error}"));
        let mut expected = Head::new(Method::Post, "/orders");
        expected.query = Some(String::from("gift=1"));
        for (name, value) in [("Host", "shop.test"), ("X-A", "1"), ("x-a", "2")] {
            expected.headers.add(name, value);
        }
        assert_eq!(
            head.as_ref().map(parts),
            Some(parts(&expected)),
            "round {round}, in pieces of {sizes:?}"
        );
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("the rest is text");
        assert_eq!(rest, "isbn=1", "what follows the head, round {round}");
    }
    for nothing in ["", "\r\n"] {
        let head: Option<Head> = read(nothing.as_bytes()).expect("a closed connection is no fault");
        assert!(
            head.is_none(),
            "{nothing:?}, and the connection ends: {head:?}"
        );
    }
}

/// A line ends in CR LF. A bare LF, a bare CR and a head that is cut off are refused, because others may read them in
/// another way.
#[test]
fn a_line_ends_in_cr_lf() {
    let cases: [&[u8]; 16] = [
        b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        b"GET / HTTP/1.1\rHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTT",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: unfin",
    ];
    for bytes in cases {
        assert_eq!(refused(&read(bytes)), Some(400), "head {:?}", shown(bytes));
    }
}

/// A connection that breaks is an error of its own, and not a fault that the client gets a status for.
#[test]
fn a_broken_connection_is_no_bad_request() {
    for begun in [
        "",
        "\r\n",
        "GET / HT",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX",
    ] {
        let mut reader = BufReader::new(begun.as_bytes().chain(Broken));
        let error: HttpError =
            read_head(&mut reader, &LIMITS).expect_err("a head that does not end is no head");
        let HttpError::Io(cause) = &error else {
            panic!("the connection breaks after {begun:?}, and the error is: {error}");
        };
        assert_eq!(
            cause.kind(),
            io::ErrorKind::ConnectionReset,
            "after {begun:?}"
        );
        assert!(error.source().is_some(), "the error keeps its cause");
        assert!(
            error.to_string().contains(&cause.to_string()),
            "the message names the cause: {error}"
        );
    }
    let refusal: Option<String> = read(b"GET /").err().map(|error| error.to_string());
    assert!(
        refusal.is_some_and(|text| text.contains("400")),
        "a refusal's message names its status"
    );
}

/// A request of HTTP/1.1 names its host exactly once; HTTP/1.0 knows requests without one. The host holds only the
/// characters of a host.
#[test]
fn a_request_names_one_host() {
    for (fields, status) in [
        ("HTTP/1.1\r\nHost: shop.test\r\n", None),
        ("HTTP/1.1\r\nHOST: shop.test:8080\r\n", None),
        ("HTTP/1.1\r\nhost: [::1]:80\r\n", None),
        ("HTTP/1.1\r\nHost: a:99999\r\n", None),
        ("HTTP/1.1\r\nHost: a:b:c,[%zz\r\n", None),
        ("HTTP/1.1\r\nHost:\r\n", None),
        ("HTTP/1.0\r\n", None),
        ("HTTP/1.0\r\nHost: shop.test\r\n", None),
        ("HTTP/1.1\r\n", Some(400)),
        ("HTTP/1.2\r\nX-Host: shop.test\r\n", Some(400)),
        (
            "HTTP/1.1\r\nHost: shop.test\r\nHost: shop.test\r\n",
            Some(400),
        ),
        ("HTTP/1.1\r\nHost: a\r\nhost: b\r\n", Some(400)),
        ("HTTP/1.0\r\nHost: a\r\nHost: b\r\n", Some(400)),
        ("HTTP/1.1\r\nHost: a b\r\n", Some(400)),
        ("HTTP/1.1\r\nHost: a/b\r\n", Some(400)),
        ("HTTP/1.1\r\nHost: user@a\r\n", Some(400)),
        ("HTTP/1.0\r\nHost: a\\b\r\n", Some(400)),
    ] {
        let bytes = format!("GET / {fields}\r\n");
        assert_eq!(refused(&read(bytes.as_bytes())), status, "head {bytes:?}");
    }
    assert!(
        is_host("az-AZ.09_~%!$&'()*+,;=:[]"),
        "every character of a host"
    );
    for wrong in [
        "a b", "a@b", "a/b", "a?b", "a#b", "a\"b", "a<b", "\u{e9}", "a\u{0}",
    ] {
        assert!(!is_host(wrong), "{wrong:?} is no host");
    }
}

/// What is as long as the limit is read, one more gets 414 (request line) or 431 (fields), and a line without end does
/// not fill the memory.
#[test]
fn a_head_has_limits() {
    let limits = Limits {
        request_line: 30,
        field_line: 20,
        fields: 3,
    };
    let head = |line: usize, field: usize, fields: usize| -> Result<Option<Head>, HttpError> {
        let path = "p".repeat(line - "GET / HTTP/1.1".len());
        let value = "v".repeat(field - "X:".len());
        let more = format!("X:{value}\r\n").repeat(fields - 1);
        let bytes = format!("GET /{path} HTTP/1.1\r\nHost: a\r\n{more}\r\n");
        read_head(&mut bytes.as_bytes(), &limits)
    };
    for (line, field, fields, status) in [
        (30, 20, 3, None),
        (31, 20, 3, Some(414)),
        (30, 21, 3, Some(431)),
        (30, 20, 4, Some(431)),
        (500, 20, 3, Some(414)),
        (30, 500, 3, Some(431)),
        (30, 20, 500, Some(431)),
    ] {
        let result: Result<Option<Head>, HttpError> = head(line, field, fields);
        let case = format!("request line of {line} bytes, {fields} fields of {field} bytes");
        assert_eq!(refused(&result), status, "{case}");
        assert_eq!(result.is_ok(), status.is_none(), "{case}");
    }
    let endless: [(&[u8], u16); 3] = [
        (b"GET /", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", 431),
        (b"\r\n", 414),
    ];
    for (first, status) in endless {
        let mut client = Endless::new(first);
        let result: Result<Option<Head>, HttpError> = read_head(&mut client, &LIMITS);
        assert_eq!(
            refused(&result),
            Some(status),
            "an endless line after {:?}",
            shown(first)
        );
        assert!(
            client.taken < 100_000,
            "{} bytes read after {:?}",
            client.taken,
            shown(first)
        );
    }
}

/// Thousands of random heads are read as they were meant; thousands of damaged ones are either refused with a status
/// that fits, or hold nothing ambiguous. None of them makes the server panic.
#[test]
fn whatever_comes_is_read_or_refused() {
    let mut generator = support::seeded(0x9112);
    let pieces: [&[u8]; 24] = [
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b":",
        b"\0",
        b"\x7f",
        b"\xff",
        b"/",
        b"?",
        b"#",
        b"%",
        b"HTTP/1.1",
        b"HTTP/2.0",
        b"Host: b",
        b"\r\n folded",
        b" : ",
        b"http://",
        b"GET",
        b"*",
        b",",
        b"\xc3\xa9",
    ];
    for case in 0..4_000 {
        let mut meant = Head::new(*generator.pick(&Method::ALL), "");
        meant.path = format!("/{}", generator.word(0..9));
        if generator.coin() {
            meant.query = Some(generator.word(0..9));
        }
        meant.headers.add("Host", &generator.word(1..9));
        for _ in 0..generator.size(0..4) {
            let value = format!("{} \u{e9}:{}", generator.word(1..5), generator.word(1..5));
            meant.headers.add(&generator.word(1..9), &value);
        }
        let query = meant
            .query
            .as_ref()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let mut text = format!("{} {}{query} HTTP/1.1\r\n", meant.method.name(), meant.path);
        for (name, value) in meant.headers.iter() {
            text.push_str(&format!(
                "{name}:{}{value}\t\r\n",
                " ".repeat(generator.size(0..3))
            ));
        }
        text.push_str("\r\n");
        let mut bytes: Vec<u8> = text
            .chars()
            .map(|c| u8::try_from(c).expect("a byte"))
            .collect();
        if meant.headers.all("Host").count() == 1 {
            let head: Option<Head> = read(&bytes)
                .unwrap_or_else(|error| panic!("case {case}, {:?}: {error}", shown(&bytes)));
            assert_eq!(
                head.as_ref().map(parts),
                Some(parts(&meant)),
                "case {case}, {:?}",
                shown(&bytes)
            );
        }

        for _ in 0..generator.size(1..4) {
            let at = generator.size(0..bytes.len());
            let until = (at + generator.size(0..3)).min(bytes.len());
            let piece = if generator.coin() {
                *generator.pick(&pieces)
            } else {
                b""
            };
            bytes.splice(at..until, piece.iter().copied());
        }
        let mut reader: &[u8] = &bytes;
        match read_head(&mut reader, &LIMITS) {
            Ok(None) => assert!(
                bytes.is_empty() || bytes == b"\r\n",
                "case {case}: {:?}",
                shown(&bytes)
            ),
            Ok(Some(head)) => {
                let read = &bytes[..bytes.len() - reader.len()];
                let lines = read.iter().filter(|byte| **byte == b'\n').count();
                let pairs = read.windows(2).filter(|pair| pair == b"\r\n").count();
                let returns = read.iter().filter(|byte| **byte == b'\r').count();
                assert_eq!(
                    (lines, returns),
                    (pairs, pairs),
                    "case {case}, line ends of {:?}",
                    shown(read)
                );
                let skipped = usize::from(read.starts_with(b"\r\n"));
                let expected = head.headers.count() + 2 + skipped;
                assert_eq!(
                    pairs,
                    expected,
                    "case {case}, one line a field in {:?}",
                    shown(read)
                );
                let odd = |c: char| c.is_ascii_control() && c != '\t';
                assert!(
                    !read.is_empty() && head.path.starts_with(['/', '*']),
                    "case {case}: {head:?}"
                );
                for (name, value) in head.headers.iter() {
                    let clear = !name.contains([' ', '\t', ':']) && !value.contains(odd);
                    assert!(clear, "case {case}: field {name:?} with {value:?}");
                }
                assert_eq!(head.headers.all("host").count(), 1, "case {case}: {head:?}");
            }
            Err(HttpError::Refused(status, why)) => {
                let known = [400, 501, 505].contains(&status.code());
                assert!(
                    known,
                    "case {case}, {:?}: {} {why}",
                    shown(&bytes),
                    status.code()
                );
            }
            Err(HttpError::Io(error)) => panic!("case {case}: reading from memory said {error}"),
        }
    }
}
