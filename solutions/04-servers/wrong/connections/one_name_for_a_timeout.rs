//! Caught by: a_timeout_has_two_names, a_slow_client_is_sent_away
//! Why it tempts: on one's own system a time-out has one name.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::http::{Framing, Head, HttpError, Method, Request, Response, Sending};
use crate::http::{Service, Status, Version};

/// A connection: bytes in, bytes out, and how long to wait for them. Given.
pub trait Stream: Read + Write {
    /// From now on a read or a write that waits longer fails. `wait` is more than zero.
    ///
    /// The error is [`io::ErrorKind::WouldBlock`] on some systems and [`io::ErrorKind::TimedOut`] on others.
    fn set_wait(&mut self, wait: Duration) -> io::Result<()>;

    /// Tells the client that nothing more will come. What the client sends can still be read.
    fn end_sending(&mut self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_wait(&mut self, wait: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(wait))?;
        self.set_write_timeout(Some(wait))
    }

    fn end_sending(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// What time it is. A trait, so that a test can have a clock of its own. Given.
pub trait Clock {
    /// The time since some beginning. It never goes back.
    fn now(&self) -> Duration;

    /// The seconds since the beginning of 1970, UTC.
    fn unix_seconds(&self) -> u64;
}

/// The time of the system. Given.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock that begins now.
    pub fn start() -> SystemClock {
        SystemClock {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn unix_seconds(&self) -> u64 {
        // A clock that is set before 1970 counts as 1970.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs())
    }
}

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
    /// [`io::ErrorKind::TimedOut`] when no time is left; a stream does not take a wait of zero.
    fn wait_no_longer(&mut self) -> io::Result<()> {
        match self.deadline.checked_sub(self.clock.now()) {
            None | Some(Duration::ZERO) => Err(io::ErrorKind::TimedOut.into()),
            Some(left) => self.stream.set_wait(left),
        }
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
    matches!(error.kind(), io::ErrorKind::TimedOut)
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
    let says = |word: &str| {
        head.headers
            .list("Connection")
            .any(|option| option.eq_ignore_ascii_case(word))
    };
    !says("close") && (head.version == Version::Http11 || says("keep-alive"))
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
/// A connection that breaks in another way just ends.
///
/// One buffered reader serves the whole connection: a client may send its second request along with the first, and then
/// the buffer holds the beginning of the second.
///
/// After the last response, [`part`] ends the connection. If nothing was sent, or sending failed, it is just dropped.
pub fn serve_connection<S: Stream, C: Clock, V: Service>(
    stream: S,
    service: &V,
    clock: &C,
    settings: &Settings,
) -> usize {
    let mut reader = BufReader::new(Timed::new(stream, clock, settings.idle));
    for number in 1..=settings.requests {
        reader.get_mut().allow(settings.idle);
        if reader.fill_buf().is_err() {
            return number - 1;
        }
        reader.get_mut().allow(settings.exchange);
        let received = receive(&mut reader, service);
        let mut sending = Sending {
            head_only: false,
            close: true,
            now: clock.unix_seconds(),
        };
        let response = match received {
            Ok(Some(request)) => {
                sending.head_only = request.head.method == Method::Head;
                sending.close = number == settings.requests || !wants_more(&request.head);
                service.respond(&request)
            }
            Err(HttpError::Refused(status, why)) => Response::text(status, why),
            Err(HttpError::Io(error)) if is_timeout(&error) => {
                Response::text(Status::REQUEST_TIMEOUT, "the request took too long")
            }
            Ok(None) | Err(HttpError::Io(_)) => return number - 1,
        };
        let timed = reader.get_mut();
        timed.allow(settings.exchange);
        if service.write(timed, &response, sending).is_err() {
            return number - 1;
        }
        if sending.close {
            part(reader, settings);
            return number;
        }
    }
    settings.requests
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

/// Threads that work on jobs, and a queue with so many places and no more.
///
/// Threads and queues without a limit fail later and worse: when everybody waits, nobody is served.
pub struct Pool<T> {
    queue: SyncSender<T>,
    workers: Vec<JoinHandle<()>>,
}

impl<T: Send + 'static> Pool<T> {
    /// Starts `workers` threads, which do `work` on every job, and a queue for `waiting` jobs.
    ///
    /// A job that panics ends only itself: its worker takes the next one.
    ///
    /// # Errors
    ///
    /// What the system reports when it cannot start a thread. The threads that did start end by themselves.
    pub fn new<F>(workers: NonZeroUsize, waiting: NonZeroUsize, work: F) -> io::Result<Pool<T>>
    where
        F: Fn(T) + Send + Sync + 'static,
    {
        let (queue, jobs) = sync_channel(waiting.get());
        let (jobs, work) = (Arc::new(Mutex::new(jobs)), Arc::new(work));
        let mut pool = Pool {
            queue,
            workers: Vec::new(),
        };
        for number in 1..=workers.get() {
            let (jobs, work) = (Arc::clone(&jobs), Arc::clone(&work));
            let worker = thread::Builder::new()
                .name(format!("worker {number}"))
                .spawn(move || {
                    while let Some(job) = next(&jobs) {
                        // The panic's message is on the terminal already. What the job had borrowed is gone with it.
                        catch_unwind(AssertUnwindSafe(|| work(job))).ok();
                    }
                })?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// Hands a job to the workers, without waiting.
    ///
    /// # Errors
    ///
    /// When every place in the queue is taken, the job comes back.
    pub fn submit(&self, job: T) -> Result<(), T> {
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
        })
    }

    /// Takes no more jobs, and returns when all that were taken are done.
    pub fn finish(self) {
        // The workers' channel ends when its only sender is gone, and what waits in it is still taken out.
        drop(self.queue);
        for worker in self.workers {
            worker.join().ok();
        }
    }
}

/// The next job, or nothing when the pool is closing and the queue is empty.
///
/// This is a function of its own so that the lock is given back before the job begins. In
/// `while let Ok(job) = jobs.lock()….recv()` the lock lives as long as the loop's body, and the workers take turns.
fn next<T>(jobs: &Mutex<Receiver<T>>) -> Option<T> {
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    jobs.recv().ok()
}

/// The whole response of a server that has no thread and no place in the queue left. Given.
pub const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Retry-After: 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 26\r\n\
    Connection: close\r\n\
    \r\n\
    busy, try again in a while";

/// How long [`admit`] waits for a client to take the refusal. Given.
pub const BUSY_WAIT: Duration = Duration::from_millis(100);

/// Hands a connection to the pool, and says whether the pool took it.
///
/// A connection that finds no place gets [`BUSY`] at once, with a wait of [`BUSY_WAIT`], and the end of sending. A quick
/// refusal is better than a slow one: the client may try another server, and this one keeps its strength for those whom
/// it has let in.
///
/// # Errors
///
/// What sending the refusal reports. The client has gone then, and nothing is left to do.
pub fn admit<S: Stream + Send + 'static>(pool: &Pool<S>, stream: S) -> io::Result<bool> {
    let Err(mut refused) = pool.submit(stream) else {
        return Ok(true);
    };
    refused.set_wait(BUSY_WAIT)?;
    refused.write_all(BUSY)?;
    refused.flush()?;
    refused.end_sending()?;
    Ok(false)
}
