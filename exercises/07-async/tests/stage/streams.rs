use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_work::streams::{Feed, LineError, forward};
use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::clock::{Stopwatch, ends, seconds, settle};

/// Why there is no line, in a type of the tests' own: this is what they compare.
#[derive(Debug, PartialEq)]
enum NoLine {
    Silent,
    TooLong,
    NotText,
    Cut,
    Failed(io::ErrorKind),
}

fn told<T>(answer: Result<T, LineError>) -> Result<T, NoLine> {
    answer.map_err(|error| match error {
        LineError::Silent => NoLine::Silent,
        LineError::TooLong => NoLine::TooLong,
        LineError::NotText => NoLine::NotText,
        LineError::Cut => NoLine::Cut,
        LineError::Failed(kind) => NoLine::Failed(kind),
    })
}

type Next = Result<Option<String>, NoLine>;

const HOUR: Duration = Duration::from_secs(3_600);

fn line(text: &str) -> Next {
    Ok(Some(text.to_owned()))
}

/// A peer that sends each piece after so many seconds, then stays for `stay` seconds and hangs up.
fn peer(pieces: Vec<(u64, Vec<u8>)>, stay: u64) -> DuplexStream {
    let (ours, mut theirs) = duplex(4_096);
    tokio::spawn(async move {
        for (pause, piece) in pieces {
            if pause > 0 {
                sleep(seconds(pause)).await;
            }
            if theirs.write_all(&piece).await.is_err() {
                return;
            }
        }
        sleep(seconds(stay)).await;
    });
    ours
}

/// A peer that sends all of it at once and hangs up.
fn all_at_once(bytes: impl AsRef<[u8]>) -> DuplexStream {
    peer(vec![(0, bytes.as_ref().to_vec())], 0)
}

async fn next<R: AsyncRead + Unpin>(feed: &mut Feed<R>) -> Next {
    let next: Result<Option<String>, LineError> = ends("a line", feed.next()).await;
    told(next)
}

/// Lines come one by one without their ends, however many there are in a piece; then the feed has ended, for good.
#[tokio::test(start_paused = true)]
async fn lines_come_without_their_ends() {
    let mut feed = Feed::new(
        all_at_once(
            "one\ntwo\r\n\n\r\n  a b \t\nthree\rfour\nfive\r\r\n\0\n\u{feff}a\u{2028}b\u{85}c\u{b}\n",
        ),
        80,
        HOUR,
    );
    for expected in [
        "one",
        "two",
        "",
        "",
        "  a b \t",
        "three\rfour",
        "five\r",
        "\0",
        "\u{feff}a\u{2028}b\u{85}c\u{b}",
    ] {
        assert_eq!(next(&mut feed).await, line(expected), "the next line");
    }
    for _ in 0..3 {
        assert_eq!(next(&mut feed).await, Ok(None), "the feed has ended");
    }
    let mut nothing = Feed::new(all_at_once(""), 80, HOUR);
    assert_eq!(next(&mut nothing).await, Ok(None), "a feed without lines");
}

/// A line is there as soon as its end is there: nothing that comes later is waited for.
#[tokio::test(start_paused = true)]
async fn a_line_comes_with_its_end() {
    let pieces = vec![
        (0, b"first\nsec".to_vec()),
        (30, b"ond\nthird\n".to_vec()),
        (30, b"\nfif".to_vec()),
        (30, b"th\r".to_vec()),
        (30, b"\n".to_vec()),
    ];
    let mut feed = Feed::new(peer(pieces, 900), 80, HOUR);
    let watch = Stopwatch::start();
    for (expected, moment) in [
        ("first", 0),
        ("second", 30),
        ("third", 30),
        ("", 60),
        ("fifth", 120),
    ] {
        assert_eq!(next(&mut feed).await, line(expected), "the next line");
        assert_eq!(watch.seconds(), moment, "when {expected:?} is there");
    }
}

/// Wherever the pieces are cut, in the middle of a character or of a line's end: the lines are the same.
#[tokio::test(start_paused = true)]
async fn pieces_may_end_anywhere() {
    let mut values = support::seeded(0x0751);
    let words = [
        "Emma",
        "戦争と平和",
        "O'Brien",
        "🦀",
        "é\u{301}",
        "الحرب",
        "",
        " ",
        "100 %",
    ];
    for longest_piece in [2, 3, 9, 4_000] {
        let lines: Vec<String> = (0..80)
            .map(|_| {
                (0..values.size(0..12))
                    .map(|_| *values.pick(&words))
                    .collect()
            })
            .collect();
        let mut bytes = Vec::new();
        for line in &lines {
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(if values.coin() { b"\n" } else { b"\r\n" });
        }
        let mut pieces = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(values.size(1..longest_piece).min(rest.len()));
            pieces.push((values.number(0..3), piece.to_vec()));
            rest = after;
        }
        let mut feed = Feed::new(peer(pieces, 0), 800, seconds(60));
        for expected in &lines {
            assert_eq!(
                next(&mut feed).await,
                line(expected),
                "pieces below {longest_piece} bytes"
            );
        }
        assert_eq!(
            next(&mut feed).await,
            Ok(None),
            "the end, after pieces below {longest_piece} bytes"
        );
    }
}

/// Patience is for silence: whoever sends a byte in time is not silent, however slow the line.
#[tokio::test(start_paused = true)]
async fn a_slow_line_is_not_silent() {
    let pieces = b"slow and sure\n"
        .iter()
        .map(|&byte| (9, vec![byte]))
        .collect();
    let mut feed = Feed::new(peer(pieces, 0), 80, seconds(10));
    assert_eq!(
        next(&mut feed).await,
        line("slow and sure"),
        "a byte every 9 of 10 seconds"
    );
    assert_eq!(next(&mut feed).await, Ok(None), "the end");
}

/// When nothing comes for the patience it is silent; and when more comes later, nothing has been lost.
#[tokio::test(start_paused = true)]
async fn silence_is_told_and_loses_nothing() {
    let pieces = vec![
        (0, b"half a".to_vec()),
        (25, b" line\nand".to_vec()),
        (12, b" another\n".to_vec()),
    ];
    let mut feed = Feed::new(peer(pieces, 900), 80, seconds(10));
    let watch = Stopwatch::start();
    for moment in [10, 20] {
        assert_eq!(
            next(&mut feed).await,
            Err(NoLine::Silent),
            "nothing until second 25"
        );
        assert_eq!(watch.seconds(), moment, "when the silence is told");
    }
    assert_eq!(
        next(&mut feed).await,
        line("half a line"),
        "its second half came"
    );
    assert_eq!(watch.seconds(), 25, "when the line is there");
    assert_eq!(
        next(&mut feed).await,
        Err(NoLine::Silent),
        "nothing until second 37"
    );
    assert_eq!(watch.seconds(), 35, "when the silence is told");
    assert_eq!(
        next(&mut feed).await,
        line("and another"),
        "its second half came"
    );
    assert_eq!(
        next(&mut feed).await,
        Err(NoLine::Silent),
        "nothing more, and no end"
    );
}

/// Dropping the future again and again loses nothing, wherever in a line it happens.
#[tokio::test(start_paused = true)]
async fn a_dropped_wait_loses_nothing() {
    let mut values = support::seeded(0x0752);
    let text = "Emma;3\n戦争と平和;12\r\n\nDune;7\n🦀🦀;0\n";
    let pieces = text.bytes().map(|byte| (1, vec![byte])).collect();
    let mut feed = Feed::new(peer(pieces, 0), 80, seconds(600));
    let mut lines = Vec::new();
    let mut dropped = 0;
    loop {
        let limit = Duration::from_millis(values.number(1..2_500));
        match timeout(limit, feed.next()).await {
            Err(_) => dropped += 1,
            Ok(Ok(Some(line))) => lines.push(line),
            Ok(other) => {
                assert_eq!(told(other), Ok(None), "what comes behind the last line");
                break;
            }
        }
    }
    assert!(dropped >= 10, "the future was dropped {dropped} times");
    assert_eq!(
        lines,
        ["Emma;3", "戦争と平和;12", "", "Dune;7", "🦀🦀;0"],
        "the lines"
    );
}

/// A line may have as many bytes as the limit says, its end not counted, and not one more.
#[tokio::test(start_paused = true)]
async fn a_line_has_a_longest_length() {
    for longest in [0, 1, 4, 1_000, 5_000] {
        let full = "x".repeat(longest);
        for (end, name) in [("\n", "\\n"), ("\r\n", "\\r\\n")] {
            let mut feed = Feed::new(
                all_at_once(format!("{full}{end}{full}x{end}next{end}")),
                longest,
                HOUR,
            );
            assert_eq!(
                next(&mut feed).await,
                line(&full),
                "{longest} bytes and {name}"
            );
            for _ in 0..3 {
                let more = next(&mut feed).await;
                assert_eq!(
                    more,
                    Err(NoLine::TooLong),
                    "{} bytes and {name}, of {longest}",
                    longest + 1
                );
            }
        }
    }
    // Bytes are counted, not characters.
    let mut feed = Feed::new(all_at_once("éé\nééé\n"), 4, HOUR);
    assert_eq!(next(&mut feed).await, line("éé"), "four bytes");
    assert_eq!(
        next(&mut feed).await,
        Err(NoLine::TooLong),
        "six bytes, of 4"
    );
}

/// That a line is too long is known before its end: it is told at once, also if the end never comes.
#[tokio::test(start_paused = true)]
async fn too_long_is_told_before_the_end() {
    for (sent, expected) in [
        ("12345", Err(NoLine::TooLong)),
        ("1234\rx", Err(NoLine::TooLong)),
        ("1234\r\r", Err(NoLine::TooLong)),
        ("1234", Err(NoLine::Silent)),
        ("1234\r", Err(NoLine::Silent)),
    ] {
        let mut feed = Feed::new(peer(vec![(0, sent.into())], 900), 4, seconds(10));
        let watch = Stopwatch::start();
        assert_eq!(
            next(&mut feed).await,
            expected,
            "{sent:?} without an end, of 4 bytes"
        );
        let moment = if expected == Err(NoLine::Silent) {
            10
        } else {
            0
        };
        assert_eq!(watch.seconds(), moment, "when it is told for {sent:?}");
    }
}

/// Too long is too long, whether it is text or not: with its end, and without one.
#[tokio::test(start_paused = true)]
async fn too_long_is_told_of_what_is_no_text() {
    for sent in [
        &b"\xff\xff\xff\xff\xff\n"[..],
        b"\xff\xff\xff\xff\xff",
        b"1234\xff\nfive\n",
        b"\xc3\xa9\xc3\xa9\xc3",
    ] {
        let mut feed = Feed::new(peer(vec![(0, sent.to_vec())], 900), 4, seconds(10));
        let watch = Stopwatch::start();
        let shown = sent.escape_ascii();
        for _ in 0..2 {
            let told = next(&mut feed).await;
            assert_eq!(told, Err(NoLine::TooLong), "{shown}, of 4 bytes");
        }
        assert_eq!(watch.seconds(), 0, "when it is told for {shown}");
    }
}

/// Sends the same bytes over and over, as fast as one reads, up to 4 MB, and counts them.
struct Torrent {
    bytes: &'static [u8],
    sent: Arc<AtomicUsize>,
}

impl AsyncRead for Torrent {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut sent = self.sent.load(Ordering::SeqCst);
        while buffer.remaining() > 0 && sent < 4_000_000 {
            buffer.put_slice(&[self.bytes[sent % self.bytes.len()]]);
            sent += 1;
        }
        self.sent.store(sent, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}

/// Whatever a peer sends, no more is kept than the longest line and 8 KiB.
#[tokio::test(start_paused = true)]
async fn no_more_is_kept_than_a_line() {
    let patterns: [(&'static [u8], Next); 2] =
        [(b"x", Err(NoLine::TooLong)), (b"short\n", line("short"))];
    for (bytes, expected) in patterns {
        for longest in [10, 100_000] {
            let sent = Arc::new(AtomicUsize::new(0));
            let torrent = Torrent {
                bytes,
                sent: Arc::clone(&sent),
            };
            let mut feed = Feed::new(torrent, longest, HOUR);
            let first: Next = next(&mut feed).await;
            assert_eq!(
                first,
                expected,
                "a torrent of {:?}",
                bytes.escape_ascii().to_string()
            );
            let read = sent.load(Ordering::SeqCst);
            assert!(
                read <= longest + 8_192,
                "{read} bytes were read for the first line, of at most {longest}"
            );
        }
    }
}

/// A line that is not UTF-8 is an error, and the lines around it are as they are.
#[tokio::test(start_paused = true)]
async fn a_line_that_is_no_text_is_an_error() {
    let bytes = b"before\n\xff\xfe\nbetween\ncut \xe2\x82\n\xac\r\nafter\n";
    let mut feed = Feed::new(all_at_once(bytes), 80, HOUR);
    for expected in [
        line("before"),
        Err(NoLine::NotText),
        line("between"),
        Err(NoLine::NotText),
        Err(NoLine::NotText),
        line("after"),
        Ok(None),
    ] {
        assert_eq!(next(&mut feed).await, expected, "what comes next");
    }
}

/// A feed that ends in the middle of a line is cut, and half a line is never taken for a whole one.
#[tokio::test(start_paused = true)]
async fn half_a_line_is_no_line() {
    for half in ["1", "Emma;1", "Emma;1\r", "\r", "é"] {
        let mut feed = Feed::new(all_at_once(format!("Dune;7\n{half}")), 80, HOUR);
        assert_eq!(next(&mut feed).await, line("Dune;7"), "the whole line");
        for _ in 0..3 {
            assert_eq!(
                next(&mut feed).await,
                Err(NoLine::Cut),
                "the feed ends after {half:?}"
            );
        }
    }
}

/// Pieces, and errors in between.
struct Script(VecDeque<io::Result<&'static [u8]>>);

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.pop_front() {
            Some(Ok(piece)) => buffer.put_slice(piece),
            Some(Err(error)) => return Poll::Ready(Err(error)),
            None => {}
        }
        Poll::Ready(Ok(()))
    }
}

/// A source that fails is neither an end nor a silence, and what came before is there.
#[tokio::test(start_paused = true)]
async fn a_failure_is_told() {
    for kind in [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::Other,
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::TimedOut,
        io::ErrorKind::InvalidData,
    ] {
        let script = Script([Ok(&b"one\ntw"[..]), Err(kind.into())].into());
        let mut feed = Feed::new(script, 80, HOUR);
        assert_eq!(
            next(&mut feed).await,
            line("one"),
            "the line before the failure"
        );
        assert_eq!(
            next(&mut feed).await,
            Err(NoLine::Failed(kind)),
            "the failure"
        );
    }
}

/// Lines are passed on one by one as they come, those that are no text are left out, and the end tells how many it were.
#[tokio::test(start_paused = true)]
async fn lines_are_passed_on_as_they_come() {
    let pieces = vec![
        (10, b"one\ntw".to_vec()),
        (10, b"o\n\xff\n".to_vec()),
        (10, b"\nfour\n".to_vec()),
    ];
    let mut feed = Feed::new(peer(pieces, 50), 80, HOUR);
    let (queue, mut lines) = mpsc::channel(1);
    let watch = Stopwatch::start();
    let task = tokio::spawn(async move { forward(&mut feed, queue).await });
    for (expected, moment) in [("one", 10), ("two", 20), ("", 30), ("four", 30)] {
        let line = ends("a line", lines.recv()).await;
        assert_eq!(
            line.as_deref(),
            Some(expected),
            "the next line in the queue"
        );
        assert_eq!(watch.seconds(), moment, "when {expected:?} is passed on");
    }
    let none = ends("the end", lines.recv()).await;
    assert_eq!(none, None, "the queue is closed at the end of the feed");
    let passed: Result<u64, LineError> = ends("the task", task).await.expect("no panic");
    assert_eq!(told(passed), Ok(4), "lines that were passed on");
    assert_eq!(watch.seconds(), 80, "when the feed ends");
}

/// An error of the feed ends the passing on; what came before is in the queue.
#[tokio::test(start_paused = true)]
async fn an_error_ends_the_passing_on() {
    for (sent, stay, expected) in [
        ("one\ntwo\nhalf", 0, NoLine::Cut),
        ("one\ntwo\nmuch too long\nthree\n", 0, NoLine::TooLong),
        ("one\ntwo\n", 900, NoLine::Silent),
        ("one\ntwo\nhalf", 900, NoLine::Silent),
    ] {
        let mut feed = Feed::new(peer(vec![(0, sent.into())], stay), 8, seconds(10));
        let (queue, mut lines) = mpsc::channel(9);
        let passed = ends("the feed", forward(&mut feed, queue)).await;
        assert_eq!(told(passed), Err(expected), "how {sent:?} ends");
        assert_eq!(lines.recv().await.as_deref(), Some("one"), "the first line");
        assert_eq!(
            lines.recv().await.as_deref(),
            Some("two"),
            "the second line"
        );
        assert_eq!(lines.recv().await, None, "and no other");
    }
}

/// A source that fails ends the passing on with its failure, which is not the end of the feed.
#[tokio::test(start_paused = true)]
async fn a_failure_ends_the_passing_on() {
    let kind = io::ErrorKind::ConnectionReset;
    let script = Script([Ok(&b"one\ntw"[..]), Err(kind.into())].into());
    let mut feed = Feed::new(script, 80, HOUR);
    let (queue, mut lines) = mpsc::channel(9);
    let passed = ends("the feed", forward(&mut feed, queue)).await;
    assert_eq!(told(passed), Err(NoLine::Failed(kind)), "how it ends");
    assert_eq!(
        lines.recv().await.as_deref(),
        Some("one"),
        "the line before the failure"
    );
    assert_eq!(lines.recv().await, None, "and no other");
}

/// When nobody takes lines any more, the passing on ends at once: while it waits for a line, and while the queue is full.
#[tokio::test(start_paused = true)]
async fn without_a_taker_it_ends() {
    let mut quiet = Feed::new(peer(vec![(0, b"one\nhalf".to_vec())], 90_000), 80, HOUR);
    let (queue, mut lines) = mpsc::channel(4);
    let watch = Stopwatch::start();
    let task = tokio::spawn(async move { forward(&mut quiet, queue).await });
    assert_eq!(
        ends("a line", lines.recv()).await.as_deref(),
        Some("one"),
        "the first line"
    );
    drop(lines);
    let passed = ends("the task", task).await.expect("no panic");
    assert_eq!(
        told(passed),
        Ok(1),
        "lines that were passed on before the taker went"
    );
    assert_eq!(
        watch.seconds(),
        0,
        "seconds until it ends, with a feed that says nothing"
    );

    let mut busy = Feed::new(
        peer(vec![(0, b"one\ntwo\nthree\nfour\n".to_vec())], 90_000),
        80,
        HOUR,
    );
    let (queue, lines) = mpsc::channel(2);
    let task = tokio::spawn(async move { forward(&mut busy, queue).await });
    settle().await;
    drop(lines);
    let passed = ends("the task", task).await.expect("no panic");
    assert_eq!(
        told(passed),
        Ok(2),
        "lines that found a place before the taker went"
    );
}

/// When the queue is full, the feed is not read, and the peer has to wait; afterwards nothing is missing.
#[tokio::test(start_paused = true)]
async fn a_full_queue_slows_the_peer_down() {
    let (ours, mut theirs) = duplex(64);
    let written = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&written);
    tokio::spawn(async move {
        for number in 0..1_000 {
            let line = format!("{number:015}\n");
            if theirs.write_all(line.as_bytes()).await.is_err() {
                return;
            }
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut feed = Feed::new(ours, 80, HOUR);
    let (queue, mut lines) = mpsc::channel(1);
    let task = tokio::spawn(async move { forward(&mut feed, queue).await });
    sleep(seconds(60)).await;
    let early = written.load(Ordering::SeqCst);
    assert!(
        early <= 100,
        "the peer got rid of {early} lines, and nobody took one"
    );
    for number in 0..1_000 {
        let line = ends("a line", lines.recv()).await;
        assert_eq!(line, Some(format!("{number:015}")), "line {number}");
    }
    let passed = ends("the task", task).await.expect("no panic");
    assert_eq!(told(passed), Ok(1_000), "lines that were passed on");
}
