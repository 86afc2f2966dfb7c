use std::io::{self, BufRead, BufReader, Read};

use servers::chunks::{LONGEST_LINE, MOST_DIGITS, MOST_EXTENSIONS, MOST_TRAILERS, SizeLine};
use servers::chunks::{parse_size, read_chunks};
use servers::http::HttpError;

use crate::clients::{Broken, Endless, InPieces};
use crate::refusals::{is_forbidden, refused, shown};

/// Reads a chunked body of at most 100 bytes, and what follows it.
fn read(bytes: &[u8]) -> (Result<Vec<u8>, HttpError>, Vec<u8>) {
    let mut reader = bytes;
    let body = read_chunks(&mut reader, 100);
    (body, reader.to_vec())
}

/// The size of a line, and how many bytes stand behind it; or the status of the refusal.
fn size_of(line: &[u8]) -> Result<(u64, usize), Option<u16>> {
    let found: Result<SizeLine, HttpError> = parse_size(line);
    match found {
        Ok(found) => Ok((found.size, found.extension)),
        Err(_) => Err(refused(&found)),
    }
}

/// A size is one to 16 hexadecimal digits, in upper or lower case; what stands behind them is counted.
#[test]
fn a_size_is_hexadecimal() {
    for (line, size, extension) in [
        ("0", 0, 0),
        ("5", 5, 0),
        ("a", 10, 0),
        ("1F", 31, 0),
        ("fFfFfFfF", 0xffff_ffff, 0),
        ("7fffffffffffffff", u64::MAX / 2, 0),
        ("ffffffffffffffff", u64::MAX, 0),
        ("0000000000000005", 5, 0),
        ("0000000000000000", 0, 0),
        ("5;", 5, 1),
        ("5;note=first", 5, 11),
        ("5;a=\"b c\";d", 5, 10),
        ("5 ;note", 5, 6),
        ("5 \t;note", 5, 7),
        ("5; note = x ", 5, 11),
        ("5;;", 5, 2),
        ("5;\u{e9}", 5, 3),
    ] {
        assert_eq!(
            size_of(line.as_bytes()),
            Ok((size, extension)),
            "the line {line:?}: its size, and the bytes behind the digits"
        );
    }
    let mut generator = support::seeded(0x512E);
    for _ in 0..500 {
        let size = generator.bits() >> generator.number(0..64);
        let padding = "0".repeat(generator.size(0..MOST_DIGITS + 1));
        let digits = if generator.coin() {
            format!("{padding}{size:x}")
        } else {
            format!("{padding}{size:X}")
        };
        let expected = if digits.len() <= MOST_DIGITS {
            Ok((size, 0))
        } else {
            Err(Some(400))
        };
        assert_eq!(size_of(digits.as_bytes()), expected, "the line {digits:?}");
    }
}

/// What is no size gets 400: no digit, a sign, a prefix, blanks that no `;` follows, and more digits than 16, be they zeros.
#[test]
fn what_is_no_size_is_refused() {
    for line in [
        "",
        " ",
        ";",
        ";note",
        " 5",
        "\t5",
        "5 ",
        "5\t",
        "5 5",
        "+5",
        "-5",
        "0x5",
        "5_",
        "5_0",
        "5h",
        "5.0",
        "g",
        "5,note",
        "5=note",
        "5 note",
        "5 \u{b};note",
        "5\u{c};note",
        "\u{c}5",
        "5\u{a0};note",
        "\u{665}",
        "\u{ff15}",
    ] {
        assert_eq!(
            size_of(line.as_bytes()),
            Err(Some(400)),
            "the line {line:?}"
        );
    }
    for digits in [17, 22, 500, 900] {
        for digit in ["0", "f"] {
            let line = digit.repeat(digits);
            assert_eq!(
                size_of(line.as_bytes()),
                Err(Some(400)),
                "{digits} times {digit:?}"
            );
            let line = format!("{line}5;note");
            assert_eq!(
                size_of(line.as_bytes()),
                Err(Some(400)),
                "{digits} times {digit:?}, then 5;note"
            );
        }
    }
    assert_eq!(size_of(b"\xff"), Err(Some(400)), "a byte that is no text");
}

/// Of the 256 bytes, 22 are digits; behind the digits a space, a tab or a `;` may stand, and behind the `;` everything
/// but control characters.
#[test]
fn every_byte_of_a_size_line_has_its_place() {
    for byte in 0..=u8::MAX {
        let is_digit = b"0123456789abcdefABCDEF".contains(&byte);
        let alone = size_of(&[byte]).map(|_| ());
        let expected = if is_digit { Ok(()) } else { Err(Some(400)) };
        assert_eq!(alone, expected, "the line {:?}", shown(&[byte]));

        let between = [b'5', byte, b';', b'x'];
        let expected = if is_digit || b" \t;".contains(&byte) {
            Ok(())
        } else {
            Err(Some(400))
        };
        let found = size_of(&between).map(|_| ());
        assert_eq!(found, expected, "the line {:?}", shown(&between));

        for behind in [
            [b'5', b';', byte, b'x'],
            [b'5', b';', b'x', byte],
            [b' ', b';', b'=', byte],
        ] {
            let line = [b"5", &behind[..]].concat();
            let expected = if is_forbidden(byte) {
                Err(Some(400))
            } else {
                Ok((0x55, 3))
            };
            let expected = if behind[0] == b' ' {
                expected.map(|_| (5, 4))
            } else {
                expected
            };
            assert_eq!(size_of(&line), expected, "the line {:?}", shown(&line));
        }
    }
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
        ("0000000000000005\r\nisbn=\r\n0\r\n\r\n", "isbn="),
        (
            "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
            "01234567890123456789",
        ),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\\r\\n"),
        ("1\r\nx\r\n0\r\nX-Sum: 7\r\nX-Other:\r\n\r\n", "x"),
        (
            "1\r\nx\r\n0\r\nContent-Length: 5\r\nHost: a\r\nHost: b\r\n\r\n",
            "x",
        ),
        ("1\r\nx\r\n0\r\nX-Sum:7:7\t\u{e9}\r\n\r\n", "x"),
    ] {
        for next in ["GET /", "\r\nGET /", "\nGET /", ""] {
            let sent = format!("{bytes}{next}");
            let (read, left) = read(sent.as_bytes());
            let read: Vec<u8> = read.unwrap_or_else(|error| panic!("{bytes:?}: {error}"));
            assert_eq!(shown(&read), body, "the body of {bytes:?}");
            assert_eq!(
                shown(&left),
                shown(next.as_bytes()),
                "what follows {bytes:?}"
            );
        }
        // What comes after the empty line is not waited for: perhaps nothing comes before the client has its answer.
        let mut reader = BufReader::new(bytes.as_bytes().chain(Broken));
        let read: Vec<u8> = read_chunks(&mut reader, 100)
            .unwrap_or_else(|error| panic!("{bytes:?}, and then a break: {error}"));
        assert_eq!(
            shown(&read),
            body,
            "the body of {bytes:?}, and then a break"
        );
    }
}

/// Where no body is welcome, a body of no bytes is still read to its end, trailers included.
#[test]
fn a_body_of_no_bytes_has_an_end() {
    for (bytes, status, left) in [
        ("0\r\n\r\nGET /", None, "GET /"),
        ("0;a\r\nX: y\r\n\r\nGET /", None, "GET /"),
        ("1\r\nx\r\n0\r\n\r\n", Some(413), "x\\r\\n0\\r\\n\\r\\n"),
    ] {
        let mut reader = bytes.as_bytes();
        let body: Result<Vec<u8>, HttpError> = read_chunks(&mut reader, 0);
        assert_eq!(refused(&body), status, "{bytes:?}, the limit is 0");
        assert_eq!(
            shown(reader),
            left,
            "what follows {bytes:?}, the limit is 0"
        );
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
        "5\r\nisbn=7\n0\r\n\r\n",
        "5\r\nisbn=\n\n0\r\n\r\n",
        "5\r\nisbn=\r70\r\n\r\n",
        "5\r\nisbn=\n\r0\r\n\r\n",
        "4\r\nisbn=\r\n0\r\n\r\n",
        "6\r\nisbn=\r\n0\r\n\r\n",
        "5\r\nisbn=XX0\r\n\r\n",
        "0\r\nGET /staff HTTP/1.1\r\n\r\n",
        "0\r\nX-Sum : 7\r\n\r\n",
        "0\r\n: 7\r\n\r\n",
        "0\r\n folded: 7\r\n\r\n",
        "0\r\nX-Sum: 7\r\n folded\r\n\r\n",
        "0\r\nX-Sum: 7\r\nX-Other\r\n\r\n",
        "0\r\nX Sum: 7\r\n\r\n",
        "0\r\n\u{e9}: 7\r\n\r\n",
        "5\u{c};note\r\nisbn=\r\n0\r\n\r\n",
        "5\r\nisbn=\r\n0\u{c};note\r\n\r\n",
        "5\r\nisbn=\r\n0;\0\r\n\r\n",
        "0\r\n\n",
    ] {
        let (body, _) = read(bytes.as_bytes());
        assert_eq!(refused(&body), Some(400), "chunked body {bytes:?}");
    }
}

/// A connection that breaks inside a chunked body is an error of its own, and not a fault that the client gets a status for.
#[test]
fn a_break_between_chunks_is_no_bad_request() {
    for begun in [
        "",
        "5;",
        "5\r\nisb",
        "5\r\nisbn=",
        "5\r\nisbn=\r",
        "0\r\n",
        "0\r\nX: ",
    ] {
        let mut reader = BufReader::new(begun.as_bytes().chain(Broken));
        let kind: Option<io::ErrorKind> = match read_chunks(&mut reader, 100) {
            Err(HttpError::Io(error)) => Some(error.kind()),
            _ => None,
        };
        assert_eq!(
            kind,
            Some(io::ErrorKind::ConnectionReset),
            "the connection breaks after {begun:?}"
        );
    }
}

/// Chunks that add up to more than the limit get 413 as soon as that is announced; the lines of a chunked body and its
/// trailers have limits of their own.
#[test]
fn chunks_have_limits() {
    let half = format!("32\r\n{}\r\n", "x".repeat(50));
    let (full, _) = read(format!("{half}{half}0\r\n\r\n").as_bytes());
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
        (format!("{half}ffffffffffffffff\r\nxyz"), "xyz"),
    ] {
        let (body, rest) = read(bytes.as_bytes());
        assert_eq!(refused(&body), Some(413), "chunked body {bytes:.80}");
        assert_eq!(
            shown(&rest),
            left,
            "a chunk over the limit is not read, {bytes:.80}"
        );
    }
    // A limit that a shop would never set: memory is taken for what has come, not for what was announced.
    for size in ["20000000000001", "ffffffffffffffff"] {
        let sent = format!("{size}\r\nfew");
        let body: Result<Vec<u8>, HttpError> = read_chunks(&mut sent.as_bytes(), u64::MAX);
        assert_eq!(
            refused(&body),
            Some(400),
            "a chunk of {size} is announced, 3 bytes are sent"
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
        let (body, _) = read(bytes.as_bytes());
        assert_eq!(
            (refused(&body), body.is_ok()),
            (status, status.is_none()),
            "{what}"
        );
    }
    for (first, status) in [("5;", 400), ("0\r\nX: ", 431)] {
        let mut client = Endless::new(first.as_bytes());
        let body: Result<Vec<u8>, HttpError> = read_chunks(&mut client, 100);
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

/// Every byte of a trailer has its place: its name is a token, and in its value everything may stand but control characters.
#[test]
fn every_byte_of_a_trailer_has_its_place() {
    for byte in 0..=u8::MAX {
        let in_name = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        // A colon ends the name, and what follows it is the value.
        let in_name = in_name || byte == b':';
        for (before, after, allowed) in [
            (&b"X"[..], &b"Y: 7"[..], in_name),
            (b"X: ", b"7", !is_forbidden(byte)),
            (b"X: 7", b"", !is_forbidden(byte)),
            (b"X:", b"", !is_forbidden(byte)),
        ] {
            let trailer = [before, &[byte], after].concat();
            let sent = [b"1\r\nx\r\n0\r\nA: b\r\n", &trailer[..], b"\r\n\r\n"].concat();
            let (body, left) = read(&sent);
            let status = if allowed { None } else { Some(400) };
            assert_eq!(refused(&body), status, "the trailer {:?}", shown(&trailer));
            if allowed {
                assert_eq!(
                    shown(&left),
                    "",
                    "what is left behind {:?}",
                    shown(&trailer)
                );
            }
        }
    }
}

/// What stands behind the sizes has a limit for all chunks of a body together, the last one included.
#[test]
fn extensions_have_a_limit_in_total() {
    let longest = usize::try_from(LONGEST_LINE).expect("a short line");
    for each in [1, 2, 8, 99, longest - 1] {
        let chunk = |behind: usize| {
            let extension = if behind == 0 {
                String::new()
            } else {
                format!(";{}", "x".repeat(behind - 1))
            };
            format!("1{extension}\r\ny\r\n")
        };
        let full = MOST_EXTENSIONS / each;
        let rest = MOST_EXTENSIONS % each;
        let most = chunk(each).repeat(full) + &chunk(rest);
        for (last, status) in [("0", None), ("0;", Some(400)), ("0 ;", Some(400))] {
            let sent = format!("{most}{last}\r\n\r\n");
            let body: Result<Vec<u8>, HttpError> = read_chunks(&mut sent.as_bytes(), u64::MAX);
            assert_eq!(
                refused(&body),
                status,
                "{MOST_EXTENSIONS} bytes behind the sizes, {each} in a chunk, and then {last:?}"
            );
        }
        let sent = format!("{most}{}0\r\n\r\n", chunk(1));
        let body: Result<Vec<u8>, HttpError> = read_chunks(&mut sent.as_bytes(), u64::MAX);
        assert_eq!(
            refused(&body),
            Some(400),
            "{MOST_EXTENSIONS} bytes behind the sizes, {each} in a chunk, and one more"
        );
    }
}

/// A client that sends the same chunk for ever. It gives up after ten megabytes.
struct SameChunk {
    chunk: Vec<u8>,
    at: usize,
    taken: usize,
}

impl Read for SameChunk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.fill_buf()?;
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for SameChunk {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > 10_000_000 {
            return Err(io::Error::other(
                "the server took ten megabytes and reads on",
            ));
        }
        Ok(&self.chunk[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
        self.at = (self.at + count) % self.chunk.len();
    }
}

/// However large the limit of the body is, a client cannot send extensions without end.
#[test]
fn endless_extensions_are_refused() {
    for behind in [1, 10, 900] {
        let chunk = format!("1;{}\r\ny\r\n", "x".repeat(behind - 1)).into_bytes();
        let mut client = SameChunk {
            chunk,
            at: 0,
            taken: 0,
        };
        let body: Result<Vec<u8>, HttpError> = read_chunks(&mut client, u64::MAX);
        assert_eq!(
            refused(&body),
            Some(400),
            "{behind} bytes behind each size, without end"
        );
        assert!(
            client.taken < 10 * MOST_EXTENSIONS,
            "{} bytes were taken, with {behind} bytes behind each size",
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
        let body: Vec<u8> = read_chunks(&mut reader, 100)
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
        match read_chunks(&mut &sent[..], 100) {
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
