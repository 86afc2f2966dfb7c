//! A feed of lines: a supplier tells us over a socket what it has, line by line, for as long as it likes.
//!
//! Bytes come in pieces, and where one piece ends has nothing to do with where a line ends, or a character. The feed may be
//! slow, it may stop, and it may never send an end of line.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Why there is no line. Given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineError {
    /// Nothing came for too long.
    Silent,
    /// The line is longer than it may be.
    TooLong,
    /// The line is not UTF-8.
    NotText,
    /// The feed has ended in the middle of a line.
    Cut,
    /// Reading has failed.
    Failed(io::ErrorKind),
}

/// Lines out of a socket, or whatever else can be read.
#[derive(Debug)]
pub struct Feed<R> {
    source: R,
    /// A line has so many bytes at most, its end not counted.
    longest: usize,
    /// So long nothing may come.
    patience: Duration,
    /// What was read and is in no line yet.
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Feed<R> {
    /// Lines of at most `longest` bytes. Given.
    pub fn new(source: R, longest: usize, patience: Duration) -> Self {
        Self {
            source,
            longest,
            patience,
            buffer: Vec::new(),
        }
    }

    /// Returns the next line without its end, as soon as its end has come; `None` at the end of the feed.
    ///
    /// A line ends with `\n`; a `\r` right before it belongs to the end. What goes wrong:
    ///
    /// - `Silent` when not a single byte comes for `patience`. The next call goes on where this one stopped.
    /// - `TooLong` as soon as it is known that the line has more than `longest` bytes; `Cut` when the feed ends before the
    ///   line does. After one of these two, each further call says the same.
    /// - `NotText` when the line is not UTF-8. The next call goes on with the next line.
    /// - `Failed` when the source fails.
    ///
    /// **Dropping the future loses nothing**: what has been read of a line is there for the next call. And however long the
    /// line, no more than `longest` bytes and 8 KiB are ever kept.
    pub async fn next(&mut self) -> Result<Option<String>, LineError> {
        todo!(
            "a whole line in the buffer? then that; otherwise read a piece, with a time-out, and look again"
        )
    }
}

/// Passes each line on as it comes, until the feed ends, and returns how many were passed on.
///
/// - Lines that are no text are left out. Every other error ends it, and is returned.
/// - When the queue is full, it waits, and reads no further line meanwhile.
/// - When nobody takes anything out of the queue any more, it ends at once, also while it waits for a line.
pub async fn forward<R: AsyncRead + Unpin>(
    feed: &mut Feed<R>,
    queue: mpsc::Sender<String>,
) -> Result<u64, LineError> {
    todo!("wait for the next line and for the end of the queue at the same time")
}
