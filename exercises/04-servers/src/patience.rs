//! Patience: many requests on one connection, and an end to waiting.
//!
//! A browser sends request after request on one connection. A slow or hostile client sends one byte now and then, or
//! nothing at all. The server has to serve the first and get rid of the second.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Duration;

use crate::http::{Framing, Head, HttpError, Method, Request, Response, Sending};
use crate::http::{Service, Status, Version};
use crate::stream::{Clock, Stream};

/// How much patience and how much work a connection gets. Given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long the client may say nothing before its next request begins.
    pub idle: Duration,
    /// How long a request may take from its first byte to its last, and then its response to be sent.
    pub exchange: Duration,
    /// After so many requests the connection is closed.
    pub requests: usize,
    /// How long and how much is still read after the last response; see [`part`].
    pub farewell: Duration,
    pub farewell_bytes: u64,
}

/// A stream with a deadline: however many reads and writes there are, together they end in time.
///
/// A time-out on each read is not enough. A client that sends one byte a second never lets a time-out of five seconds
/// pass, and keeps a thread for hours.
pub struct Timed<'a, S, C> {
    stream: S,
    clock: &'a C,
    deadline: Duration,
}

impl<'a, S: Stream, C: Clock> Timed<'a, S, C> {
    /// The stream, with the deadline `patience` from now.
    pub fn new(stream: S, clock: &'a C, patience: Duration) -> Timed<'a, S, C> {
        let mut timed = Timed {
            stream,
            clock,
            deadline: Duration::ZERO,
        };
        timed.allow(patience);
        timed
    }

    /// Sets the deadline anew: `patience` from now.
    pub fn allow(&mut self, patience: Duration) {
        self.deadline = self.clock.now().saturating_add(patience);
    }

    /// Lets the stream wait for the time that is left until the deadline, and no longer. Each read and write begins with
    /// it.
    ///
    /// # Errors
    ///
    /// - [`io::ErrorKind::TimedOut`] when no time is left; a stream does not take a wait of zero
    /// - what the stream reports when it does not take the wait: without one it might wait for ever
    fn wait_no_longer(&mut self) -> io::Result<()> {
        todo!("how much time is left? none: an error; some: the stream may wait so long")
    }
}

impl<S: Stream, C: Clock> Read for Timed<'_, S, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait_no_longer()?;
        self.stream.read(buffer)
    }
}

impl<S: Stream, C: Clock> Write for Timed<'_, S, C> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait_no_longer()?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Whether an error says that the time is over. Systems disagree about its name.
pub fn is_timeout(error: &io::Error) -> bool {
    todo!("two kinds")
}

/// Whether the client wants to go on after this request.
///
/// | version | `Connection` | answer |
/// | --- | --- | --- |
/// | HTTP/1.1 | no `close` in its list | true |
/// | HTTP/1.1 | `close` in its list | false |
/// | HTTP/1.0 | `keep-alive` in its list, and no `close` | true |
/// | HTTP/1.0 | anything else | false |
///
/// The words are the same in upper and lower case.
pub fn wants_more(head: &Head) -> bool {
    todo!("look for the two words in the list")
}

/// Serves one connection to its end, and says how many responses were sent.
///
/// For each request:
///
/// 1. Wait for its first byte, as long as `settings.idle` allows. A client that sends none, or leaves, gets no
///    response; the connection just ends.
/// 2. From then on `settings.exchange` is the time for reading the whole request, with [`receive`].
/// 3. Answer with `service.respond`, and send it with `service.write`, which gets `settings.exchange` anew. Its
///    [`Sending`] says whether this is the answer to HEAD, whether the connection closes, and what the clock's
///    `unix_seconds` are now.
/// 4. Go on with the next request, unless the client does not [want more](wants_more), or this was number
///    `settings.requests`. Then the response says that the connection closes.
///
/// A request that is refused gets its status and the text that says why, and the connection closes, because nobody knows
/// where the next request would begin. A request that does not arrive in time gets 408, and the connection closes, too.
///
/// One buffered reader serves the whole connection: a client may send its second request along with the first, and then
/// the buffer holds the beginning of the second.
///
/// How it ends: a response that says that the connection closes is followed by [`part`]. Every other end is just an end, and
/// the stream is dropped: a client that leaves or says nothing between two requests, one that does not take its response,
/// and a connection that breaks in another way.
pub fn serve_connection<S: Stream, C: Clock, V: Service>(
    stream: S,
    service: &V,
    clock: &C,
    settings: &Settings,
) -> usize {
    todo!("one reader; for each request: wait, receive, answer, and close or go round")
}

/// Reads one request. Given.
///
/// A client with a large body may ask first whether it is welcome (`Expect: 100-continue`), and waits for the answer. It
/// gets that answer when the head has been taken and the body has not begun to arrive.
fn receive<S: Stream, C: Clock, V: Service>(
    reader: &mut BufReader<Timed<'_, S, C>>,
    service: &V,
) -> Result<Option<Request>, HttpError> {
    let Some(head) = service.read_head(reader)? else {
        return Ok(None);
    };
    let framing = service.framing(&head)?;
    let asks = head.version == Version::Http11
        && head
            .headers
            .all("Expect")
            .any(|value| value.eq_ignore_ascii_case("100-continue"));
    if asks && framing != Framing::Empty && reader.buffer().is_empty() {
        let timed = reader.get_mut();
        timed.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        timed.flush()?;
    }
    let body = service.read_body(reader, framing)?;
    Ok(Some(Request { head, body }))
}

/// Ends a connection after its last response. Given.
///
/// Closing at once, while the client still sends, makes the system reset the connection, and a reset can destroy the
/// response before the client has read it. So the server says that it has finished, and reads on for a short while.
fn part<S: Stream, C: Clock>(mut reader: BufReader<Timed<'_, S, C>>, settings: &Settings) {
    reader.get_mut().allow(settings.farewell);
    if reader.get_mut().stream.end_sending().is_ok() {
        // Nobody is left to tell if this fails.
        io::copy(&mut reader.take(settings.farewell_bytes), &mut io::sink()).ok();
    }
}
