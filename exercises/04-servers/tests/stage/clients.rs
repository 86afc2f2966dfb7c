//! Clients with bad habits, which several tests use.

use std::io::{self, BufRead, Read, Write};
use std::mem;

/// A client whose bytes come in pieces of the given sizes, over and over: `[1]` is one byte at a time.
pub struct InPieces<'a> {
    rest: &'a [u8],
    sizes: &'a [usize],
    turn: usize,
}

impl<'a> InPieces<'a> {
    pub fn new(bytes: &'a [u8], sizes: &'a [usize]) -> InPieces<'a> {
        InPieces {
            rest: bytes,
            sizes,
            turn: 0,
        }
    }
}

impl Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        let (now, later) = self.rest.split_at(size.min(self.rest.len()));
        let count = now.len().min(buffer.len());
        buffer[..count].copy_from_slice(&now[..count]);
        self.rest = if count < now.len() {
            &self.rest[count..]
        } else {
            later
        };
        Ok(count)
    }
}

/// A client that sends `first`, and then the letter `a` without end. It counts what the server takes from it, and gives
/// up with an error after a megabyte, so that a server without a limit fails instead of filling the memory.
pub struct Endless<'a> {
    pub first: &'a [u8],
    pub taken: usize,
}

impl<'a> Endless<'a> {
    pub fn new(first: &'a [u8]) -> Endless<'a> {
        Endless { first, taken: 0 }
    }
}

/// What an [`Endless`] client has in stock after its first bytes.
const FILLER: [u8; 256] = [b'a'; 256];

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.fill_buf()?;
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Endless<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > 1_000_000 {
            return Err(io::Error::other(
                "the server took a megabyte and still reads on",
            ));
        }
        Ok(if self.first.is_empty() {
            &FILLER
        } else {
            self.first
        })
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
        self.first = self.first.get(count..).unwrap_or_default();
    }
}

/// A client whose connection breaks.
pub struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

/// A client that takes seven bytes at a time, and notes whether the last of them were flushed.
#[derive(Default)]
pub struct Narrow {
    pub taken: Vec<u8>,
    pub flushed: bool,
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(7);
        self.taken.extend_from_slice(&bytes[..count]);
        self.flushed = false;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = true;
        Ok(())
    }
}

/// A client that has gone: the first write or the first flush reports it, as the flag says. Whoever goes on all the same
/// finds nothing wrong any more.
pub struct Gone {
    writing: bool,
    flushing: bool,
}

impl Gone {
    /// Each way to learn that the client has gone, with its name.
    pub fn every_way() -> [(&'static str, Gone); 2] {
        let gone = |writing| Gone {
            writing,
            flushing: !writing,
        };
        [("writing", gone(true)), ("flushing", gone(false))]
    }
}

impl Write for Gone {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match mem::take(&mut self.writing) {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match mem::take(&mut self.flushing) {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => Ok(()),
        }
    }
}
