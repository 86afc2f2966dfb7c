//! A buffered reader, which is looked into, and the line beside it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
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
    source: BufReader<R>,
    /// A line has so many bytes at most, its end not counted.
    longest: usize,
    /// So long nothing may come.
    patience: Duration,
    /// What has come of the line so far.
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Feed<R> {
    /// Lines of at most `longest` bytes. Given.
    pub fn new(source: R, longest: usize, patience: Duration) -> Self {
        Self {
            source: BufReader::new(source),
            longest,
            patience,
            line: Vec::new(),
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
        loop {
            // Looking into the reader's own buffer takes nothing out of it: it may be dropped.
            let piece = match timeout(self.patience, self.source.fill_buf()).await {
                Ok(Ok(piece)) => piece,
                Ok(Err(error)) => return Err(LineError::Failed(error.kind())),
                Err(_) => return Err(LineError::Silent),
            };
            if piece.is_empty() {
                return match self.line.is_empty() {
                    true => Ok(None),
                    false => Err(LineError::Cut),
                };
            }
            let whole = piece.split_inclusive(|&byte| byte == b'\n').next();
            let part = whole.unwrap_or(piece);
            let ended = part.ends_with(b"\n");
            // Two more than the longest: room for the end.
            let room = (self.longest + 2).saturating_sub(self.line.len());
            if room == 0 {
                return Err(LineError::TooLong);
            }
            let taken = part.len().min(room);
            self.line.extend_from_slice(&part[..taken]);
            if taken < part.len() || !self.fits() {
                return Err(LineError::TooLong);
            }
            self.source.consume(taken);
            if ended {
                let mut line = std::mem::take(&mut self.line);
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return String::from_utf8(line)
                    .map(Some)
                    .or(Err(LineError::NotText));
            }
        }
    }

    /// Whether what has come of the line can be a line that is short enough.
    fn fits(&self) -> bool {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        line.strip_suffix(b"\r").unwrap_or(line).len() <= self.longest
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
    let mut passed = 0;
    // A place first, and then a line for it.
    while let Ok(place) = queue.reserve().await {
        let line = loop {
            let next = tokio::select! {
                biased;
                () = queue.closed() => return Ok(passed),
                next = feed.next() => next,
            };
            if next != Err(LineError::NotText) {
                break next?;
            }
        };
        match line {
            Some(line) => place.send(line),
            None => break,
        }
        passed += 1;
    }
    Ok(passed)
}
