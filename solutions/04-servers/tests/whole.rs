//! The whole server, as `cargo run -p servers-solution` starts it: the exercises' parts together, over real sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

/// A server of its own for one test. It ends with the test.
struct Server {
    process: Child,
    address: SocketAddr,
    /// Kept open: a server that prints to a closed pipe would fail.
    _messages: BufReader<ChildStderr>,
}

impl Server {
    fn start() -> Server {
        Server::start_with(&["--port", "0"], "Lantern is open: http://", Stdio::null())
    }

    /// Starts the program; what it says first begins with `greeting` and ends with its address.
    fn start_with(arguments: &[&str], greeting: &str, output: Stdio) -> Server {
        let mut process = Command::new(env!("CARGO_BIN_EXE_servers-solution"))
            .args(arguments)
            .stdout(output)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut messages = BufReader::new(process.stderr.take().expect("its messages are a pipe"));
        let mut said = String::new();
        let address = loop {
            let before = said.len();
            let count = messages
                .read_line(&mut said)
                .expect("it says where it listens");
            assert!(count > 0, "no address in {said:?}");
            if let Some(address) = said[before..].trim().strip_prefix(greeting) {
                break address.trim_end_matches('/').parse();
            }
        };
        Server {
            process,
            address: address.unwrap_or_else(|error| panic!("{error} in {said:?}")),
            _messages: messages,
        }
    }

    /// Everything that a client gets who sends these bytes, and then closes its side.
    fn answer(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).expect("the server listens");
        // Half a minute, which only a server that hangs needs.
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("half a minute is a time");
        // The server may have closed before it has read all.
        stream.write_all(bytes).ok();
        stream.shutdown(Shutdown::Write).ok();
        let mut answer = Vec::new();
        if let Err(error) = stream.read_to_end(&mut answer) {
            panic!("{error} after {:.200}", bytes.escape_ascii().to_string());
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The status codes of all responses to these bytes.
    fn statuses(&self, bytes: &[u8]) -> Vec<String> {
        let answer = self.answer(bytes);
        answer
            .split("HTTP/1.1 ")
            .skip(1)
            .map(|response| response.chars().take(3).collect())
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A request with the fields that every request needs.
fn request(line: &str, fields: &str, body: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: shop.test\r\n{fields}\r\n{body}")
}

/// The pages that a browser asks for are there, with what a browser needs to show them.
#[test]
fn a_browser_can_use_the_shop() {
    let server = Server::start();
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 18\r\n";
    let order = "isbn=9780140449266";
    for (sent, expected) in [
        (
            request("GET /", "", ""),
            &[
                "HTTP/1.1 200 OK\r\n",
                "Content-Type: text/html",
                "<h1>",
                "Lantern",
                "Connection: keep-alive",
            ][..],
        ),
        (
            request("GET /style.css", "", ""),
            &["200 OK", "Content-Type: text/css", "ETag: \""],
        ),
        (
            request("GET /style.css", "If-None-Match: *\r\n", ""),
            &["304 Not Modified", "ETag: \""],
        ),
        (
            request("GET /lantern.svg", "", ""),
            &["200 OK", "Content-Type: image/svg+xml", "<svg"],
        ),
        (
            request("GET /search?q=war+%26", "", ""),
            &["200 OK", "War &amp; Peace", "/books/9780199232765"],
        ),
        (
            request("GET /search?q=<x>'\"", "", ""),
            &["&lt;x&gt;&#39;&quot;"],
        ),
        (request("GET /search?q=PEACE", "", ""), &["War &amp; Peace"]),
        (
            request("GET /search", "", ""),
            &["War &amp; Peace", "Monte Cristo"],
        ),
        (request("GET /search?q=%", "", ""), &["400 Bad Request"]),
        (
            request("GET /books/9780199232765", "", ""),
            &["200 OK", "War &amp; Peace", "stock: 5"],
        ),
        (
            request("GET /books/1", "", ""),
            &["404 Not Found", "No such book"],
        ),
        (request("GET /books/%zz", "", ""), &["400 Bad Request"]),
        (
            request("POST /orders", form, order),
            &[
                "303 See Other",
                "Location: /books/9780140449266?order=taken",
            ],
        ),
        (
            request("GET /books/9780140449266?order=taken", "", ""),
            &["200 OK", "Ordered.", "stock: 0"],
        ),
        (
            request("POST /orders", form, order),
            &[
                "303 See Other",
                "Location: /books/9780140449266?order=sold-out",
            ],
        ),
        (
            request("GET /books/9780140449266?order=sold-out", "", ""),
            &["200 OK", "Sold out.", "stock: 0"],
        ),
        (
            request("POST /orders", form, "isbn=1&note=unknown"),
            &["400 Bad Request"],
        ),
        (
            request("POST /orders", "Content-Length: 0\r\n", ""),
            &["415 Unsupported Media Type"],
        ),
        (
            request("GET /orders", "", ""),
            &["405 Method Not Allowed", "Allow: OPTIONS, POST"],
        ),
        (
            request("DELETE /style.css", "", ""),
            &["405 Method Not Allowed", "Allow: GET, HEAD"],
        ),
        (
            request("GET /nothing", "", ""),
            &[
                "404 Not Found",
                "Content-Type: text/html",
                "nothing here",
                "href=\"/\">Back to the shop</a>",
                "X-Request-Id: ",
            ],
        ),
        (request("GET /../src/main.rs", "", ""), &["404 Not Found"]),
        (
            request("GET /%2e%2e/stage.toml", "", ""),
            &["404 Not Found"],
        ),
        (
            request(
                "GET http://shop.test/style.css",
                "Connection: close\r\n",
                "",
            ),
            &["200 OK", "Connection: close"],
        ),
    ] {
        let answer = server.answer(sent.as_bytes());
        for part in expected {
            assert!(
                answer.contains(part),
                "{part:?} in the answer to {sent:?}: {answer}"
            );
        }
    }
    let head = server.answer(request("HEAD /", "", "").as_bytes());
    assert!(
        head.starts_with("HTTP/1.1 200 OK") && head.ends_with("\r\n\r\n"),
        "HEAD has no body: {head}"
    );
    let found = server.answer(request("GET /search?q=war", "", "").as_bytes());
    assert!(
        !found.contains("Monte"),
        "a search leaves out what does not fit: {found}"
    );
}

/// Each malformed message, and each shape that smuggles a request past a proxy, gets its status, and nothing that follows
/// it is answered. The server is still there afterwards.
#[test]
fn malformed_messages_are_refused() {
    let server = Server::start();
    let many = "X: y\r\n".repeat(200);
    let long = "x".repeat(20_000);
    let next = "GET /staff HTTP/1.1\r\nHost: shop.test\r\n\r\n";
    let both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases: Vec<(String, &str)> = vec![
        // The request line.
        (format!("\r\n\r\n{next}"), "400"),
        (format!("GET\r\n\r\n{next}"), "400"),
        (format!("GET /\r\nHost: a\r\n\r\n{next}"), "400"),
        (format!("GET  / HTTP/1.1\r\nHost: a\r\n\r\n{next}"), "400"),
        (format!("GET / HTTP/1.1 \r\nHost: a\r\n\r\n{next}"), "400"),
        (format!("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n{next}"), "400"),
        (format!("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n{next}"), "400"),
        (format!("GET / http/1.1\r\nHost: a\r\n\r\n{next}"), "400"),
        (format!("GET / HTTP/1.1\nHost: a\n\n{next}"), "400"),
        (format!("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n{next}"), "400"),
        (format!("GET a HTTP/1.1\r\nHost: a\r\n\r\n{next}"), "400"),
        (format!("BREW / HTTP/1.1\r\nHost: a\r\n\r\n{next}"), "501"),
        (format!("get / HTTP/1.1\r\nHost: a\r\n\r\n{next}"), "501"),
        (format!("GET / HTTP/2.0\r\nHost: a\r\n\r\n{next}"), "505"),
        (
            format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n{next}"),
            "414",
        ),
        (String::from("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\r\n"), "400"),
        // The fields.
        (request("GET /", "Host: other.test\r\n", next), "400"),
        (format!("GET / HTTP/1.1\r\n\r\n{next}"), "400"),
        (format!("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n{next}"), "400"),
        (format!("GET / HTTP/1.1\r\n Host: a\r\n\r\n{next}"), "400"),
        (request("GET /", "X: a\r\n b\r\n", next), "400"),
        (request("GET /", "X : a\r\n", next), "400"),
        (request("GET /", "X\r\n", next), "400"),
        (request("GET /", ": a\r\n", next), "400"),
        (request("GET /", "X: a\rY: b\r\n", next), "400"),
        (request("GET /", "X: a\nY: b\r\n", next), "400"),
        (request("GET /", "X: a\0\r\n", next), "400"),
        (request("GET /", &many, next), "431"),
        (request("GET /", &format!("X: {long}\r\n"), next), "431"),
        // Where the body ends.
        (request("POST /orders", "", next), "411"),
        (
            request(
                "POST /orders",
                "Content-Length: 5\r\nContent-Length: 5\r\n",
                next,
            ),
            "400",
        ),
        (
            request(
                "POST /orders",
                "Content-Length: 5\r\nContent-Length: 6\r\n",
                next,
            ),
            "400",
        ),
        (
            request("POST /orders", "Content-Length: 5, 5\r\n", next),
            "400",
        ),
        (
            request("POST /orders", "Content-Length: +5\r\n", next),
            "400",
        ),
        (
            request("POST /orders", "Content-Length: -1\r\n", next),
            "400",
        ),
        (
            request("POST /orders", "Content-Length: 0x5\r\n", next),
            "400",
        ),
        (request("POST /orders", "Content-Length: \r\n", next), "400"),
        (
            request("POST /orders", "Content-Length : 5\r\n", next),
            "400",
        ),
        (
            request("POST /orders", "Content-Length: 5\r\n", "isb"),
            "400",
        ),
        (
            request("POST /orders", "Content-Length: 9999999\r\n", next),
            "413",
        ),
        (
            request(
                "POST /orders",
                "Content-Length: 99999999999999999999999\r\n",
                next,
            ),
            "413",
        ),
        (
            request("POST /orders", both, &format!("0\r\n\r\n{next}")),
            "400",
        ),
        (request("GET /", both, &format!("0\r\n\r\n{next}")), "400"),
        (
            request("POST /orders", "Transfer-Encoding: xchunked\r\n", next),
            "400",
        ),
        (
            request(
                "POST /orders",
                "Transfer-Encoding: chunked, identity\r\n",
                next,
            ),
            "400",
        ),
        (
            request("POST /orders", "Transfer-Encoding: \u{b}chunked\r\n", next),
            "400",
        ),
        (
            request("POST /orders", "Transfer-Encoding : chunked\r\n", next),
            "400",
        ),
        (
            request("POST /orders", "Transfer-Encoding:\r\n chunked\r\n", next),
            "400",
        ),
        (
            request("POST /orders", &format!("{chunked}{chunked}"), next),
            "400",
        ),
        (
            request("POST /orders", "Transfer-Encoding: gzip, chunked\r\n", next),
            "501",
        ),
        (
            format!("POST /orders HTTP/1.0\r\n{chunked}\r\n0\r\n\r\n{next}"),
            "400",
        ),
        // The chunks.
        (
            request("POST /orders", chunked, &format!("g\r\n{next}")),
            "400",
        ),
        (
            request(
                "POST /orders",
                chunked,
                &format!("0x5\r\nisbn=\r\n0\r\n\r\n{next}"),
            ),
            "400",
        ),
        (
            request(
                "POST /orders",
                chunked,
                &format!("5\r\nisbn=1\r\n0\r\n\r\n{next}"),
            ),
            "400",
        ),
        (
            request(
                "POST /orders",
                chunked,
                &format!("5\nisbn=\r\n0\r\n\r\n{next}"),
            ),
            "400",
        ),
        (
            request(
                "POST /orders",
                chunked,
                &format!("5;a\nb\r\nisbn=\r\n0\r\n\r\n{next}"),
            ),
            "400",
        ),
        (
            request("POST /orders", chunked, &format!("0\r\n{next}")),
            "400",
        ),
        (
            request(
                "POST /orders",
                chunked,
                &format!("fffffffffffffffff\r\n{next}"),
            ),
            "400",
        ),
        (
            request(
                "POST /orders",
                chunked,
                &format!("ffffffffffffffff\r\n{next}"),
            ),
            "413",
        ),
        (
            request("POST /orders", chunked, &format!("0\u{c};a\r\n\r\n{next}")),
            "400",
        ),
        (
            request("POST /orders", chunked, &format!("0;\u{1}\r\n\r\n{next}")),
            "400",
        ),
        (
            request(
                "POST /orders",
                chunked,
                &format!("0\r\nX: \u{1}\r\n\r\n{next}"),
            ),
            "400",
        ),
        (
            request(
                "POST /orders",
                chunked,
                &format!("{}{next}", "1;abcdefg\r\nx\r\n".repeat(1_000)),
            ),
            "400",
        ),
        (
            request("POST /orders", chunked, &format!("0\r\n{many}\r\n{next}")),
            "431",
        ),
        (request("POST /orders", chunked, "5\r\nisb"), "400"),
    ];
    for (sent, status) in &cases {
        let statuses = server.statuses(sent.as_bytes());
        assert_eq!(
            statuses,
            [*status],
            "the answers to {:.200}",
            sent.escape_debug().to_string()
        );
    }
    assert_eq!(server.statuses(b""), [""; 0], "a client that says nothing");
    let good = request("GET /", "", "").repeat(3);
    assert_eq!(
        server.statuses(good.as_bytes()),
        ["200"; 3],
        "three requests in a row"
    );
    let chunks = request("POST /orders", chunked, "5\r\nisbn=\r\n0\r\nX: y\r\n\r\n")
        + &request("GET /", "", "");
    assert_eq!(
        server.statuses(chunks.as_bytes()),
        ["415", "200"],
        "chunks, and then a page"
    );
}

/// Random damage to good messages never ends the server, and never gets a status that a client's mistake does not get.
#[test]
fn random_messages_do_not_end_the_server() {
    let server = Server::start();
    let mut generator = support::seeded(0x5E17);
    let good = [
        request("GET /", "Connection: keep-alive\r\n", ""),
        request("POST /orders", "Content-Length: 6\r\n", "isbn=1"),
        request(
            "POST /orders",
            "Transfer-Encoding: chunked\r\n",
            "6;x\r\nisbn=1\r\n0\r\nX: y\r\n\r\n",
        ),
        request("HEAD /style.css", "If-None-Match: *\r\n", ""),
        request("OPTIONS /books/%41", "Expect: 100-continue\r\n", ""),
    ];
    let pieces: [&[u8]; 10] = [
        b"\r",
        b"\n",
        b"\0",
        b" ",
        b":",
        b"%",
        b"\xff",
        b"0",
        b"/../",
        b"\r\n\r\n",
    ];
    let known = [
        "100", "200", "204", "303", "304", "400", "404", "405", "411", "413", "414", "415", "431",
        "501", "505",
    ];
    for case in 0..400 {
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..3 {
            bytes.extend(generator.pick(&good).bytes());
        }
        for _ in 0..generator.size(1..5) {
            let at = generator.size(0..bytes.len());
            let until = (at + generator.size(0..4)).min(bytes.len());
            bytes.splice(at..until, generator.pick(&pieces).iter().copied());
        }
        let statuses = server.statuses(&bytes);
        let fine = statuses
            .iter()
            .all(|status| known.contains(&status.as_str()));
        assert!(
            fine,
            "case {case}: {statuses:?} for {}",
            bytes.escape_ascii()
        );
    }
    assert_eq!(
        server.statuses(request("GET /", "", "").as_bytes()),
        ["200"],
        "the page afterwards"
    );
}

/// Each response is a line of the log, in the format that the program of 03-io reads: no query, nothing that ends a
/// quotation, and the number that the response carries.
#[test]
fn each_response_is_a_line_of_the_log() {
    let mut server = Server::start_with(
        &["shop", "--port", "0"],
        "Lantern is open: http://",
        Stdio::piped(),
    );
    let output = server.process.stdout.take().expect("its output is a pipe");
    let mut log = BufReader::new(output).lines();
    let agent = "User-Agent: a \"b\" \\ \u{e9}\r\n";
    for (sent, request, status, bytes) in [
        (
            request("GET /search?q=secret", agent, ""),
            "\"GET /search HTTP/1.1\"",
            "200",
            None,
        ),
        (
            request("GET /a\"b\\c", "", ""),
            "\"GET /a%22b%5Cc HTTP/1.1\"",
            "404",
            None,
        ),
        (
            request("HEAD /style.css", "", ""),
            "\"HEAD /style.css HTTP/1.1\"",
            "200",
            Some("0"),
        ),
        (
            request("OPTIONS /search", "", ""),
            "\"OPTIONS /search HTTP/1.1\"",
            "204",
            Some("0"),
        ),
        (
            String::from("GET / HTTP/1.0\r\n\r\n"),
            "\"GET / HTTP/1.0\"",
            "200",
            None,
        ),
        (String::from("GET\r\n\r\n"), "\"- - -\"", "400", None),
    ] {
        let answer = server.answer(sent.as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").expect("the head ends");
        let id = head
            .lines()
            .find_map(|line| line.strip_prefix("X-Request-Id: "))
            .expect("the response has its number");
        let line = log.next().expect("a line").expect("the log is text");
        let (before, rest) = line.split_once("] ").expect("the time ends");
        let time = before
            .strip_prefix("127.0.0.1 - - [")
            .expect("the client and the time");
        let shape: String = time
            .chars()
            .map(|letter| match letter {
                '0'..='9' => '0',
                'a'..='z' => 'a',
                other => other,
            })
            .collect();
        assert!(
            shape.len() == 26
                && shape.starts_with("00/")
                && shape.ends_with("aa/0000:00:00:00 +0000"),
            "the time in {line}"
        );
        let rest = rest.strip_prefix(request).expect(request);
        let words: Vec<&str> = rest.split_whitespace().collect();
        assert_eq!(words.first(), Some(&status), "the status in {line}");
        let length = bytes.map_or(body.len().to_string(), String::from);
        assert_eq!(words.get(1), Some(&length.as_str()), "the bytes in {line}");
        assert_eq!(words.last(), Some(&id), "the number in {line}");
        assert!(!line.contains("secret"), "the query is left out: {line}");
    }
}

/// The first page and the stock desk run by themselves.
#[test]
fn the_smaller_servers_run() {
    let hello = Server::start_with(
        &["hello", "--port", "0"],
        "The first page: http://",
        Stdio::null(),
    );
    let page = hello.answer(request("POST /anything", "", "a body").as_bytes());
    assert!(
        page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("</html>\n"),
        "the first page: {page}"
    );
    for arguments in [&["stock"][..], &["stock", "--port", "0"]] {
        let desk = Server::start_with(arguments, "curl telnet://", Stdio::null());
        let answer = desk.answer(b"STOCK 3\nTAKE 3\nSTOCK 4\nSTOCK 5\nQUIT\n");
        assert_eq!(
            answer, "COUNT 5\nTAKEN 4\nCOUNT 0\nUNKNOWN 5\nBYE\n",
            "the stock desk, started with {arguments:?}"
        );
    }
}

/// `--help` helps, and a mistyped command line is told so.
#[test]
fn the_command_line_answers() {
    for (arguments, code, expected) in [
        (&["--help"][..], 0, "Usage:"),
        (&["stock", "-h"], 0, "--port"),
        (&["shop", "--port"], 2, "--port needs a value"),
        (&["shop", "--port", "65536"], 2, "\"65536\" is no port"),
        (&["shoop"], 2, "\"shoop\" is neither"),
        (&["--prot", "1"], 2, "\"--prot\" is neither"),
        (&["hello", "stock"], 2, "one command"),
        (&["--host", "192.0.2.1"], 1, "the shop at 192.0.2.1:8080"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_servers-solution"))
            .args(arguments)
            .output()
            .expect("the program starts");
        let said = [&output.stdout[..], &output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(
            said.contains(expected),
            "{expected:?} in {arguments:?}: {said}"
        );
    }
}

/// A port that is taken is said on the terminal, and the program fails.
#[test]
fn a_taken_port_is_reported() {
    let server = Server::start();
    let output = Command::new(env!("CARGO_BIN_EXE_servers-solution"))
        .args(["--port", &server.address.port().to_string()])
        .output()
        .expect("the server starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "the second server fails");
    assert!(
        message.contains(&server.address.to_string()),
        "the message names the address: {message}"
    );
}
