use std::io::{self, BufReader, Read, Write};
use std::str;

use servers::hello::{LONGEST_REQUEST, PAGE, response, welcome};

use crate::clients::{Broken, Endless, Gone, InPieces, Narrow};
use crate::refusals::shown;

/// What a browser sends when somebody opens the page.
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: text/html\r\n\r\n";

/// The three parts of a response: the status line, the fields in alphabetical order, and the body.
fn parts(response: &[u8]) -> (String, Vec<String>, String) {
    let text = str::from_utf8(response).expect("the page is UTF-8, and the head is ASCII");
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no empty line in {text:?}"));
    let mut lines = head.split("\r\n").map(String::from);
    let status = lines.next().unwrap_or_default();
    let mut fields: Vec<String> = lines.map(|line| lower_name(&line)).collect();
    fields.sort_unstable();
    (status, fields, String::from(body))
}

/// A field with its name in lower case: HTTP does not tell them apart.
fn lower_name(field: &str) -> String {
    match field.split_once(':') {
        Some((name, value)) => format!("{}: {}", name.to_ascii_lowercase(), value.trim_ascii()),
        None => String::from(field),
    }
}

/// What a client is sent, and what `welcome` says.
fn welcomed(sent: &[u8], page: &str) -> (Vec<u8>, bool) {
    let mut written: Vec<u8> = Vec::new();
    let answered: io::Result<bool> = welcome(sent, &mut written, page);
    let answered = answered.unwrap_or_else(|error| panic!("{:?}: {error}", shown(sent)));
    (written, answered)
}

/// A response is a status line, three fields, an empty line and the page; each line of the head ends in CR LF.
#[test]
fn a_response_has_a_head_and_a_page() {
    for page in [PAGE, "<h1>Lantern</h1>", "", "\r\n\r\n", "a\nb", " a\0 \0"] {
        let sent: Vec<u8> = response(page);
        let (status, fields, body) = parts(&sent);
        assert_eq!(
            status,
            "HTTP/1.1 200 OK",
            "the status line of {:?}",
            shown(&sent)
        );
        let length = format!("content-length: {}", page.len());
        let expected = [
            "connection: close",
            &length,
            "content-type: text/html; charset=utf-8",
        ];
        assert_eq!(fields, expected, "the fields of {:?}", shown(&sent));
        assert_eq!(body, page, "the body of {:?}", shown(&sent));
        let bare = sent.iter().zip(sent.iter().skip(1));
        let head = sent.len() - page.len();
        let bare = bare
            .take(head)
            .filter(|(first, second)| (**first == b'\r') != (**second == b'\n'));
        assert_eq!(
            bare.count(),
            0,
            "CR without LF, or LF without CR, in the head of {:?}",
            shown(&sent)
        );
    }
}

/// The length is counted in bytes: an é has two of them, and a browser that is told one too few cuts the page.
#[test]
fn the_length_is_counted_in_bytes() {
    let mut generator = support::seeded(0x4E110);
    for _ in 0..100 {
        let mut page = String::new();
        for _ in 0..generator.size(0..30) {
            page.push(*generator.pick(&['a', '\u{e9}', '\u{2013}', '\u{1f4da}', '\n', '<']));
        }
        let (_, fields, body) = parts(&response(&page));
        assert_eq!(body, page, "the body");
        let length = format!("content-length: {}", body.len());
        assert!(
            fields.contains(&length),
            "{length:?} among {fields:?} for {page:?}"
        );
    }
}

/// Whatever the request asks for, its empty line brings the page; lines may end in `\n` alone.
#[test]
fn every_request_gets_the_page() {
    for sent in [
        REQUEST,
        "GET / HTTP/1.1\n\n",
        "GET / HTTP/1.1\r\n\n",
        "POST /orders HTTP/1.1\r\nContent-Length: 6\r\n\r\nisbn=1",
        "BREW /pot\r\n\r\n",
        "HEAD / HTTP/1.1\r\n\r\n",
        "\r\n",
        "\n",
        "a\r\n\r\nb",
        "\u{16}\u{3}\u{1}\r\n\r\n",
    ] {
        let (written, answered) = welcomed(sent.as_bytes(), PAGE);
        assert_eq!(
            shown(&written),
            shown(&response(PAGE)),
            "the answer to {sent:?}"
        );
        assert!(answered, "there was a request: {sent:?}");
    }
    let (written, _) = welcomed(b"\xff\xfe\r\n\r\n", "<p>another page");
    assert_eq!(
        shown(&written),
        shown(&response("<p>another page")),
        "a request that is no text"
    );
}

/// A request that has no empty line is not over: a client that leaves before it gets nothing.
#[test]
fn an_unfinished_request_gets_nothing() {
    for sent in [
        "",
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r",
        "\r",
        "GET / HTTP/1.1\r\n \r\n",
        "GET / HTTP/1.1\r\n\t\r\n",
        "GET / HTTP/1.1\r\n\r\r\n",
        "GET / HTTP/1.1\r\n\r\rHost: a\r\n",
        "GET / HTTP/1.1\r\n\0\r\n",
    ] {
        let (written, answered) = welcomed(sent.as_bytes(), PAGE);
        assert_eq!(shown(&written), "", "the answer to {sent:?}");
        assert!(!answered, "there was no whole request: {sent:?}");
    }
}

/// A request of the most bytes is answered; one byte more is not, and a line without end does not fill the memory.
#[test]
fn a_request_has_a_limit() {
    let most = usize::try_from(LONGEST_REQUEST).expect("a short request");
    let many_lines = "X: y\r\n".repeat(most);
    let request = |length: usize| [&many_lines[..length - 6], "xx\r\n\r\n"].concat();
    for length in [100, most - 1, most] {
        let (_, answered) = welcomed(request(length).as_bytes(), PAGE);
        assert!(answered, "a request of {length} bytes, the limit is {most}");
        let one_line = format!("{}\n\n", "x".repeat(length - 2));
        let (_, answered) = welcomed(one_line.as_bytes(), PAGE);
        assert!(
            answered,
            "a line of {length} bytes with the empty one, the limit is {most}"
        );
    }
    for length in [most + 1, most + 2, 2 * most] {
        let (written, answered) = welcomed(request(length).as_bytes(), PAGE);
        assert_eq!(
            shown(&written),
            "",
            "the answer to a request of {length} bytes, the limit is {most}"
        );
        assert!(
            !answered,
            "a request of {length} bytes, the limit is {most}"
        );
    }
    for first in [&b""[..], b"GET / HTTP/1.1\r\nX: "] {
        let mut client = Endless::new(first);
        let mut written: Vec<u8> = Vec::new();
        let answered: io::Result<bool> = welcome(&mut client, &mut written, PAGE);
        assert_eq!(
            answered.ok(),
            Some(false),
            "an endless line after {:?}",
            shown(first)
        );
        assert!(
            client.taken < 100_000,
            "{} bytes read of an endless line",
            client.taken
        );
    }
}

/// The whole page arrives, however little the connection takes at a time and wherever it cuts the request; then it is
/// flushed.
#[test]
fn the_network_may_cut_request_and_page() {
    let mut generator = support::seeded(0x4E111);
    for round in 0..100 {
        let sizes: Vec<usize> = (0..10).map(|_| generator.size(1..20)).collect();
        let reader = BufReader::new(InPieces::new(REQUEST.as_bytes(), &sizes));
        let mut client = Narrow::default();
        let answered: io::Result<bool> = welcome(reader, &mut client, PAGE);
        assert_eq!(
            answered.ok(),
            Some(true),
            "round {round}, the request in pieces of {sizes:?}"
        );
        assert_eq!(
            shown(&client.taken),
            shown(&response(PAGE)),
            "round {round}, what arrived"
        );
        assert!(client.flushed, "round {round}, the page is flushed");
    }
}

/// The page leaves as soon as the request is over. A browser waits for it and sends nothing more; who waits for the end of
/// the connection waits for ever.
#[test]
fn the_page_leaves_at_the_empty_line() {
    for sent in [REQUEST, "\n", "GET / HTTP/1.1\n\n"] {
        let reader = BufReader::new(sent.as_bytes().chain(Broken));
        let mut written: Vec<u8> = Vec::new();
        let answered: io::Result<bool> = welcome(reader, &mut written, PAGE);
        assert_eq!(
            answered.map_err(|error| error.kind()),
            Ok(true),
            "what comes after {sent:?} is not waited for"
        );
        assert_eq!(
            shown(&written),
            shown(&response(PAGE)),
            "the answer to {sent:?}"
        );
    }
}

/// Counts in how many pieces the page leaves; each of them may become a packet.
#[derive(Default)]
struct Pieces {
    written: usize,
    flushed: usize,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = self.written;
        Ok(())
    }
}

/// Head and page leave in one piece, and then they are flushed.
#[test]
fn the_page_leaves_in_one_piece() {
    for page in [PAGE, "", "<p>another page"] {
        let mut client = Pieces::default();
        let answered: io::Result<bool> = welcome(REQUEST.as_bytes(), &mut client, page);
        assert_eq!(answered.ok(), Some(true), "there was a request");
        assert_eq!(client.written, 1, "pieces in which {page:?} left");
        assert_eq!(client.flushed, 1, "pieces that were flushed");
    }
}

/// A connection that breaks while the request comes is an error, and so is one that takes no page.
#[test]
fn a_broken_connection_is_an_error() {
    let reader = BufReader::new(&b"GET / HTTP/1.1\r\n"[..]).chain(BufReader::new(Broken));
    let mut written: Vec<u8> = Vec::new();
    let kind = welcome(reader, &mut written, PAGE).map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::ConnectionReset),
        "it breaks inside the request"
    );
    assert_eq!(shown(&written), "", "what was written to it");
    let mut full = &mut [0; 10][..];
    let kind = welcome(REQUEST.as_bytes(), &mut full, PAGE).map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::WriteZero),
        "it takes ten bytes of the page"
    );
    for (what, mut gone) in Gone::every_way() {
        let kind = welcome(REQUEST.as_bytes(), &mut gone, PAGE).map_err(|error| error.kind());
        assert_eq!(
            kind,
            Err(io::ErrorKind::BrokenPipe),
            "{what} the page reports an error"
        );
    }
}
