use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use servers::http::{Framing, Head, HttpError, Method, Request, Response, Sending};
use servers::http::{Service, Status, Version};
use servers::patience::{Settings, Timed, is_timeout, serve_connection, wants_more};
use servers::stream::{Clock, Stream, SystemClock};

use crate::waiting::Aside;

const SETTINGS: Settings = Settings {
    idle: Duration::from_secs(30),
    exchange: Duration::from_secs(5),
    requests: 4,
    farewell: Duration::from_secs(2),
    farewell_bytes: 100,
};

/// A clock that moves only when a test moves it.
#[derive(Default)]
struct TestClock {
    now: Cell<Duration>,
}

impl TestClock {
    fn pass(&self, time: Duration) {
        self.now.set(self.now.get() + time);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn unix_seconds(&self) -> u64 {
        1_000 + self.now.get().as_secs()
    }
}

/// What a client does next, when the server reads.
#[derive(Debug, Clone)]
enum Does {
    Says(Vec<u8>),
    Waits(Duration),
    Breaks(io::ErrorKind),
}

fn says(text: &str) -> Does {
    Does::Says(text.as_bytes().to_vec())
}

/// One byte, and then one second of nothing, over and over.
fn one_byte_a_second(text: &str) -> Vec<Does> {
    text.bytes()
        .flat_map(|byte| [Does::Says(vec![byte]), Does::Waits(Duration::from_secs(1))])
        .collect()
}

/// A client that plays its script on a test's clock, and then closes its side.
struct Client<'a> {
    clock: &'a TestClock,
    script: VecDeque<Does>,
    /// What this system calls a time-out.
    timeout: io::ErrorKind,
    /// How long the client takes for each byte that it is sent.
    takes: Duration,
    /// The wait that the server has set; without one it waits for ever.
    wait: Option<Duration>,
    seen: &'a Seen,
}

/// What a client has seen.
#[derive(Default)]
struct Seen {
    bytes: RefCell<Vec<u8>>,
    /// The waits that were set, and when.
    waits: RefCell<Vec<(Duration, Duration)>>,
    flushed: Cell<bool>,
    /// Whether the server said that it has finished, and what it has read since.
    ended: Cell<bool>,
    read_after: Cell<usize>,
}

impl Seen {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.borrow()).into_owned()
    }
}

impl<'a> Client<'a> {
    fn new(clock: &'a TestClock, seen: &'a Seen, script: Vec<Does>) -> Client<'a> {
        Client {
            clock,
            script: script.into(),
            timeout: io::ErrorKind::WouldBlock,
            takes: Duration::ZERO,
            wait: None,
            seen,
        }
    }

    /// Lets time pass, or as much of it as the server waits.
    fn pass(&self, time: Duration) -> io::Result<()> {
        match self.wait {
            Some(wait) if time >= wait => {
                self.clock.pass(wait);
                Err(self.timeout.into())
            }
            _ => {
                self.clock.pass(time);
                Ok(())
            }
        }
    }
}

impl Read for Client<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.script.pop_front() {
                None => return Ok(0),
                Some(Does::Breaks(kind)) => return Err(kind.into()),
                Some(Does::Waits(time)) => {
                    let before = self.clock.now();
                    if let Err(error) = self.pass(time) {
                        let left = time - (self.clock.now() - before);
                        self.script.push_front(Does::Waits(left));
                        return Err(error);
                    }
                }
                Some(Does::Says(mut bytes)) => {
                    let count = bytes.len().min(buffer.len());
                    buffer[..count].copy_from_slice(&bytes[..count]);
                    bytes.drain(..count);
                    if !bytes.is_empty() {
                        self.script.push_front(Does::Says(bytes));
                    }
                    if self.seen.ended.get() {
                        self.seen.read_after.set(self.seen.read_after.get() + count);
                    }
                    return Ok(count);
                }
            }
        }
    }
}

impl Write for Client<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(
            !self.seen.ended.get(),
            "the server writes after the end of sending"
        );
        if self.takes == Duration::ZERO {
            self.seen.bytes.borrow_mut().extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        self.pass(self.takes)?;
        self.seen.bytes.borrow_mut().extend(bytes.first());
        Ok(bytes.len().min(1))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.seen.flushed.set(true);
        Ok(())
    }
}

impl Stream for Client<'_> {
    fn set_wait(&mut self, wait: Duration) -> io::Result<()> {
        if wait == Duration::ZERO {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.seen.waits.borrow_mut().push((self.clock.now(), wait));
        self.wait = Some(wait);
        Ok(())
    }

    fn end_sending(&mut self) -> io::Result<()> {
        self.seen.ended.set(true);
        Ok(())
    }
}

/// A little protocol in place of HTTP, so that these tests need no other exercise: a line is a request, as in
/// `GET /path close` or `POST /path length=3`, and the words behind the path become its headers.
struct Lines;

impl Service for Lines {
    fn read_head(&self, reader: &mut dyn BufRead) -> Result<Option<Head>, HttpError> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let Some(method) = words.next() else {
            return Ok(None);
        };
        let Some(method) = Method::from_name(method.as_bytes()) else {
            return Err(HttpError::Refused(
                Status::NOT_IMPLEMENTED,
                "no such method",
            ));
        };
        let mut head = Head::new(method, words.next().unwrap_or("/"));
        for word in words {
            match word {
                "1.0" => head.version = Version::Http10,
                "ask" => head.headers.add("expect", "100-Continue"),
                "close" | "Keep-Alive" => head.headers.add("Connection", word),
                length => head.headers.add("Length", length),
            }
        }
        Ok(Some(head))
    }

    fn framing(&self, head: &Head) -> Result<Framing, HttpError> {
        match head.headers.first("Length").map(str::parse) {
            None => Ok(Framing::Empty),
            Some(Ok(length)) if length <= 10 => Ok(Framing::Length(length)),
            _ => Err(HttpError::Refused(Status::CONTENT_TOO_LARGE, "too long")),
        }
    }

    fn read_body(&self, reader: &mut dyn BufRead, framing: Framing) -> Result<Vec<u8>, HttpError> {
        let mut body = Vec::new();
        if let Framing::Length(length) = framing {
            reader.take(length).read_to_end(&mut body)?;
        }
        Ok(body)
    }

    fn respond(&self, request: &Request) -> Response {
        let body = String::from_utf8_lossy(&request.body);
        Response::text(Status::OK, &format!("{}{body}", request.head.path))
    }

    fn write(
        &self,
        writer: &mut dyn Write,
        response: &Response,
        sending: Sending,
    ) -> io::Result<()> {
        let text = String::from_utf8_lossy(&response.body);
        let head = if sending.head_only { " head" } else { "" };
        let close = if sending.close { " close" } else { "" };
        let line = format!(
            "{} {}{head}{close} at {}\n",
            response.status.code(),
            text.trim_end(),
            sending.now
        );
        writer.write_all(line.as_bytes())
    }
}

/// Plays a script against the server; gives what the client saw, and how many responses the server counted.
fn play(script: Vec<Does>, timeout: io::ErrorKind) -> (Seen, usize) {
    let (clock, seen) = (TestClock::default(), Seen::default());
    let client = Client {
        timeout,
        ..Client::new(&clock, &seen, script)
    };
    let count = serve_connection(client, &Lines, &clock, &SETTINGS);
    (seen, count)
}

fn play_text(text: &str) -> (Seen, usize) {
    play(vec![says(text)], io::ErrorKind::WouldBlock)
}

/// HTTP/1.1 stays unless `close` is said, HTTP/1.0 leaves unless `keep-alive` is said; both words may stand in a list.
#[test]
fn the_client_says_whether_it_wants_more() {
    for (version, connection, expected) in [
        (Version::Http11, &[][..], true),
        (Version::Http11, &["keep-alive"], true),
        (Version::Http11, &["close"], false),
        (Version::Http11, &["Close"], false),
        (Version::Http11, &["upgrade, close"], false),
        (Version::Http11, &["upgrade", "close"], false),
        (Version::Http11, &["keep-alive, close"], false),
        (Version::Http11, &["closed"], true),
        (Version::Http11, &["upgrade"], true),
        (Version::Http11, &["not-close"], true),
        (Version::Http11, &[""], true),
        (Version::Http10, &[], false),
        (Version::Http10, &["upgrade"], false),
        (Version::Http10, &["Keep-Alive"], true),
        (Version::Http10, &["foo, keep-alive"], true),
        (Version::Http10, &["keep-alive", "close"], false),
    ] {
        let mut head = Head::new(Method::Get, "/");
        head.version = version;
        for value in connection {
            head.headers.add("connection", value);
        }
        let answer: bool = wants_more(&head);
        assert_eq!(
            answer, expected,
            "{version:?} with Connection: {connection:?}"
        );
    }
}

/// Both names that systems have for a time-out are known, and no other error is taken for one.
#[test]
fn a_timeout_has_two_names() {
    use io::ErrorKind::{ConnectionReset, Interrupted, TimedOut, UnexpectedEof, WouldBlock};
    for (kind, expected) in [
        (TimedOut, true),
        (WouldBlock, true),
        (Interrupted, false),
        (ConnectionReset, false),
        (UnexpectedEof, false),
    ] {
        let answer: bool = is_timeout(&io::Error::from(kind));
        assert_eq!(answer, expected, "{kind:?}");
    }
}

/// A deadline is one for all reads and writes together: each may wait only for what is left, and when nothing is left
/// it fails without waiting.
#[test]
fn a_deadline_covers_all_reads_and_writes() {
    let (clock, seen) = (TestClock::default(), Seen::default());
    clock.pass(Duration::from_secs(100));
    let script = one_byte_a_second("abcdefghij");
    let mut timed = Timed::new(
        Client::new(&clock, &seen, script),
        &clock,
        Duration::from_millis(2_500),
    );
    let mut byte = [0];
    for second in 0..3 {
        let read: io::Result<usize> = timed.read(&mut byte);
        assert_eq!(
            read.ok(),
            Some(1),
            "a byte comes after {second} seconds of 2.5"
        );
    }
    timed
        .write_all(b"x")
        .expect("half a second is left for writing");
    let read: io::Result<usize> = timed.read(&mut byte);
    assert_eq!(
        read.map_err(|error| error.kind()),
        Err(io::ErrorKind::WouldBlock),
        "what the stream calls a time-out: the fourth byte comes after 3 seconds of 2.5"
    );
    assert_eq!(
        clock.now(),
        Duration::from_millis(102_500),
        "the read waited until the deadline, no longer"
    );
    let written: io::Result<()> = timed.write_all(b"y");
    assert_eq!(
        written.map_err(|error| error.kind()),
        Err(io::ErrorKind::TimedOut),
        "no time is left for writing"
    );
    timed.flush().expect("flushing waits for nobody");
    assert!(seen.flushed.get(), "the stream below is flushed");
    assert_eq!(seen.text(), "x", "what was written in time");
    for (at, wait) in seen.waits.borrow().iter() {
        assert_eq!(
            *at + *wait,
            Duration::from_millis(102_500),
            "the wait that was set at {at:?} ends at the deadline"
        );
    }
    timed.allow(Duration::from_secs(1));
    let read: io::Result<usize> = timed.read(&mut byte);
    assert_eq!(read.ok(), Some(1), "a new deadline, a new byte");
    for left in [1, 1_000, 999_999, 1_000_001, 999_999_999].map(Duration::from_nanos) {
        timed.allow(left);
        let read: io::Result<usize> = timed.read(&mut byte);
        assert!(
            read.as_ref().map_or_else(is_timeout, |count| *count == 1),
            "a byte or a time-out, with {left:?} left: {read:?}"
        );
        let wait = seen.waits.borrow().last().map(|(_, wait)| *wait);
        assert_eq!(wait, Some(left), "what is left is {left:?}");
    }
    timed.allow(Duration::MAX);
    let read: io::Result<usize> = timed.read(&mut byte);
    assert_eq!(read.ok(), Some(1), "patience without end is allowed");
}

/// A stream that takes no time-out, and would be waited for without end.
struct Stubborn;

impl Read for Stubborn {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("the server reads from a stream that has taken no time-out");
    }
}

impl Write for Stubborn {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        panic!("the server writes to a stream that has taken no time-out");
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Stubborn {
    fn set_wait(&mut self, _: Duration) -> io::Result<()> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn end_sending(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream that does not take its time-out is neither read nor written to: it could keep the server for ever.
#[test]
fn without_a_timeout_nothing_is_awaited() {
    let clock = TestClock::default();
    let mut timed = Timed::new(Stubborn, &clock, Duration::from_secs(1));
    let read: io::Result<usize> = timed.read(&mut [0]);
    let written: io::Result<usize> = timed.write(b"x");
    for (what, result) in [("reading", read), ("writing", written)] {
        assert_eq!(
            result.map_err(|error| error.kind()),
            Err(io::ErrorKind::NotConnected),
            "{what}, and the stream reports why it takes no time-out"
        );
    }
}

/// Requests follow each other on one connection, also when the client sends several before it reads the first response,
/// and wherever the network cuts them.
#[test]
fn requests_follow_each_other_on_one_connection() {
    let mut generator = support::seeded(0x1991);
    for round in 0..200 {
        let requests = generator.size(0..5);
        let (mut sent, mut expected) = (String::new(), String::new());
        for number in 1..=requests {
            let (path, body) = (generator.word(1..8), generator.word(0..10));
            let (method, head) = *generator.pick(&[
                ("POST", ""),
                ("HEAD", " head"),
                ("OPTIONS", ""),
                ("DELETE", ""),
            ]);
            sent.push_str(&format!("{method} /{path} {}\n{body}", body.len()));
            let close = if number == SETTINGS.requests {
                " close"
            } else {
                ""
            };
            expected.push_str(&format!("200 /{path}{body}{head}{close} at 1000\n"));
        }
        let mut script: Vec<Does> = Vec::new();
        let mut rest = sent.as_str();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(generator.size(1..rest.len() + 1));
            script.push(says(now));
            rest = later;
        }
        let (seen, count) = play(script.clone(), io::ErrorKind::WouldBlock);
        assert_eq!(
            seen.text(),
            expected,
            "round {round}, the client did {script:?}"
        );
        assert_eq!(count, requests, "round {round}, responses counted");
    }
}

/// The connection closes when the client asks for it, and when it has had its share of requests; what the client sent
/// behind that is not answered.
#[test]
fn a_connection_closes_when_either_side_wants_it() {
    for (sent, expected, count) in [
        ("GET /a close\nGET /b\n", "200 /a close at 1000\n", 1),
        ("GET /a 1.0\nGET /b\n", "200 /a close at 1000\n", 1),
        (
            "GET /a 1.0 Keep-Alive\nGET /b close\n",
            "200 /a at 1000\n200 /b close at 1000\n",
            2,
        ),
        (
            "GET /a\nGET /b\nGET /c\nGET /d\nGET /e\n",
            "200 /a at 1000\n200 /b at 1000\n200 /c at 1000\n200 /d close at 1000\n",
            4,
        ),
        ("", "", 0),
        ("\n", "", 0),
        ("GET /a\n", "200 /a at 1000\n", 1),
    ] {
        let (seen, counted) = play_text(sent);
        assert_eq!(seen.text(), expected, "the client sent {sent:?}");
        assert_eq!(counted, count, "responses to {sent:?}");
        assert_eq!(
            seen.ended.get(),
            expected.contains("close"),
            "the end of sending after {sent:?}"
        );
    }
}

/// A refused request gets its status and the reason, and ends the connection: nobody knows where the next one begins.
/// What the client still sends is read for a while and thrown away, so that the response reaches it.
#[test]
fn a_refused_request_ends_the_connection() {
    let (seen, count) = play_text("GET /a\nBREW /pot\nGET /b\n");
    assert_eq!(
        seen.text(),
        "200 /a at 1000\n501 no such method close at 1000\n",
        "the second is refused"
    );
    assert_eq!(count, 2, "responses, the refusal included");

    let mut script = vec![says("POST /a 99\n")];
    script.extend(vec![says(&"x".repeat(20)); 100]);
    let (seen, _) = play(script, io::ErrorKind::WouldBlock);
    assert_eq!(
        seen.text(),
        "413 too long close at 1000\n",
        "the body is refused"
    );
    assert!(seen.ended.get(), "the server says that it has finished");
    let read = seen.read_after.get();
    assert!(
        (100..300).contains(&read),
        "{read} bytes read after the end, where 100 are allowed"
    );

    let (clock, seen) = (TestClock::default(), Seen::default());
    let mut script = vec![says("BREW /pot\n")];
    script.extend(one_byte_a_second(&"x".repeat(50)));
    serve_connection(
        Client::new(&clock, &seen, script),
        &Lines,
        &clock,
        &SETTINGS,
    );
    assert_eq!(
        clock.now(),
        SETTINGS.farewell,
        "the server listens so long after its last word"
    );

    for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof] {
        let (seen, count) = play(
            vec![says("GET /a\nGE"), Does::Breaks(kind)],
            io::ErrorKind::WouldBlock,
        );
        assert_eq!(
            (seen.text().as_str(), count),
            ("200 /a at 1000\n", 1),
            "the connection breaks: {kind:?}"
        );
    }
}

/// A request that has begun must arrive in time, all of it, however the client spreads its bytes; otherwise it gets 408.
/// A client that has not begun one is let go without a word.
#[test]
fn a_slow_client_is_sent_away() {
    let second = Duration::from_secs(1);
    for timeout in [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut] {
        let slow = "408 the request took too long close";
        let scripts: [(&str, Vec<Does>, String, usize); 8] = [
            (
                "one byte a second",
                one_byte_a_second("GET /a/long/path\n"),
                format!("{slow} at 1005\n"),
                1,
            ),
            (
                "half a line",
                vec![says("GET /"), Does::Waits(second * 99)],
                format!("{slow} at 1005\n"),
                1,
            ),
            (
                "half a body",
                vec![says("POST /a 5\nab"), Does::Waits(second * 99)],
                format!("{slow} at 1005\n"),
                1,
            ),
            (
                "half a second request",
                vec![says("GET /a\nGE"), Does::Waits(second * 99)],
                format!("200 /a at 1000\n{slow} at 1005\n"),
                2,
            ),
            (
                "nothing",
                vec![Does::Waits(second * 31), says("GET /a\n")],
                String::new(),
                0,
            ),
            (
                "nothing more",
                vec![says("GET /a\n"), Does::Waits(second * 31), says("GET /b\n")],
                String::from("200 /a at 1000\n"),
                1,
            ),
            (
                "long pauses between requests",
                vec![
                    Does::Waits(second * 29),
                    says("GET /a\n"),
                    Does::Waits(second * 29),
                    says("GET /b\n"),
                    Does::Waits(second * 29),
                    says("GET /c\n"),
                ],
                String::from("200 /a at 1029\n200 /b at 1058\n200 /c at 1087\n"),
                3,
            ),
            (
                "slow, but in time",
                vec![
                    Does::Waits(second * 29),
                    says("GET /"),
                    Does::Waits(second * 4),
                    says("a\n"),
                    Does::Waits(second * 29),
                ],
                String::from("200 /a at 1033\n"),
                1,
            ),
        ];
        for (what, script, expected, count) in scripts {
            let (seen, counted) = play(script, timeout);
            let (said, wanted) = (statuses(&seen.text()), statuses(&expected));
            assert_eq!(said, wanted, "{what}, where a time-out is {timeout:?}");
            assert_eq!(
                counted, count,
                "responses to {what}, where a time-out is {timeout:?}"
            );
            assert_eq!(
                seen.ended.get(),
                expected.contains("408"),
                "the end of sending after {what}"
            );
        }
    }
}

/// A connection that breaks just ends, before a request, inside of one and between two: there is nobody to answer and
/// nobody to part from.
#[test]
fn a_broken_connection_just_ends() {
    for kind in [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
    ] {
        for (sent, expected) in [
            ("", ""),
            ("GET /", ""),
            ("POST /a 5\nab", ""),
            ("GET /a\n", "200 /a at 1000\n"),
            ("GET /a\nGE", "200 /a at 1000\n"),
        ] {
            let script = match sent {
                "" => vec![Does::Breaks(kind)],
                sent => vec![says(sent), Does::Breaks(kind)],
            };
            let (seen, count) = play(script, io::ErrorKind::WouldBlock);
            assert_eq!(
                statuses(&seen.text()),
                statuses(expected),
                "{sent:?}, and then {kind:?}"
            );
            assert_eq!(
                count,
                expected.lines().count(),
                "responses to {sent:?}, and then {kind:?}"
            );
            assert!(
                !seen.ended.get(),
                "a farewell after {sent:?} and {kind:?}, where nobody is left"
            );
        }
    }
}

/// Of each response the status, whether it closes, and when it was sent; the words are free.
fn statuses(text: &str) -> Vec<(String, bool, String)> {
    text.lines()
        .map(|line| {
            let status = line.split(' ').next().unwrap_or_default();
            let at = line.rsplit(' ').next().unwrap_or_default();
            (
                String::from(status),
                line.contains(" close at "),
                String::from(at),
            )
        })
        .collect()
}

/// A response must be taken in time as well: a client that reads one byte a second does not keep a thread.
#[test]
fn a_client_that_does_not_read_is_dropped() {
    let (clock, seen) = (TestClock::default(), Seen::default());
    let script = vec![says("GET /a/page/with/a/long/name\nGET /b\n")];
    let client = Client {
        takes: Duration::from_secs(1),
        ..Client::new(&clock, &seen, script)
    };
    let count: usize = serve_connection(client, &Lines, &clock, &SETTINGS);
    assert_eq!(count, 0, "no response was sent whole");
    assert_eq!(
        seen.text(),
        "200 ",
        "what a client takes in less than five seconds"
    );
    assert_eq!(clock.now(), SETTINGS.exchange, "the time for one response");
    assert!(
        !seen.ended.get(),
        "there is no farewell for a connection that failed"
    );
}

/// A client that asks before it sends a body is told to go on, if there is a body to come that is welcome.
#[test]
fn a_client_may_ask_before_it_sends() {
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    for (script, expected) in [
        (
            vec![says("POST /a 3 ask\n"), says("abc")],
            format!("{go_on}200 /aabc at 1000\n"),
        ),
        (
            vec![says("POST /a 3 ask\nabc")],
            String::from("200 /aabc at 1000\n"),
        ),
        (
            vec![says("POST /a 3\n"), says("abc")],
            String::from("200 /aabc at 1000\n"),
        ),
        (
            vec![says("POST /a 99 ask\n")],
            String::from("413 too long close at 1000\n"),
        ),
        (vec![says("GET /a ask\n")], String::from("200 /a at 1000\n")),
        (
            vec![says("POST /a 3 ask 1.0\n"), says("abc")],
            String::from("200 /aabc close at 1000\n"),
        ),
    ] {
        let (seen, _) = play(script.clone(), io::ErrorKind::WouldBlock);
        assert_eq!(seen.text(), expected, "the client did {script:?}");
    }
}

/// On a real socket, too, half a request is answered with 408 or the end of the connection, and the client learns that
/// nothing more will come although its own side is open.
#[test]
fn a_real_socket_keeps_the_deadline() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let address = listener.local_addr().expect("the listener has an address");
    let server = Aside::run(move || {
        let (stream, _) = listener.accept().expect("a client comes");
        let settings = Settings {
            exchange: Duration::from_millis(50),
            farewell: Duration::from_secs(600),
            ..SETTINGS
        };
        let clock = SystemClock::start();
        let count = serve_connection(stream, &Lines, &clock, &settings);
        (count, clock)
    });
    let mut client = TcpStream::connect(address).expect("the server listens");
    // Two seconds, which only a server that hangs needs.
    client
        .set_read_timeout(Some(Duration::from_secs(2)))
        .expect("two seconds are a time");
    client
        .write_all(b"GET /unfinis")
        .expect("the server takes it");
    let mut answer = String::new();
    client
        .read_to_string(&mut answer)
        .expect("the server ends the connection");
    assert!(
        answer.is_empty() || answer.starts_with("408 "),
        "half a request was answered with {answer:?}"
    );
    drop(client);
    let (count, clock): (usize, SystemClock) = server.ends("the server, after the client has gone");
    assert_eq!(count, usize::from(!answer.is_empty()), "responses counted");

    let unix = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs()
    };
    let (before, told, after) = (unix(), clock.unix_seconds(), unix());
    assert!(
        (before..=after).contains(&told),
        "it is {before} to {after}, and the clock says {told}"
    );
    let start = clock.now();
    assert!(
        (0..100_000_000).any(|_| clock.now() > start),
        "the clock of the server stands still"
    );
}
