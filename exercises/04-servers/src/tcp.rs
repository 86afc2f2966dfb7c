//! The stock desk: a server that answers lines of text.
//!
//! The tills in Lantern's shops keep a connection open to the stock desk. They send one line for each question and wait
//! for one line of answer. Before there is HTTP there is this: a listener, a thread for each client, and lines.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Copies on the shelf, by the number of the book. Every client's thread looks at the same shelf.
pub type Shelf = Arc<Mutex<BTreeMap<u32, u32>>>;

/// The longest line that a client may send, in bytes: all of them but its `\n`, a `\r` before it too.
pub const LONGEST_LINE: u64 = 64;

/// Listens on a free port of this machine (127.0.0.1), and says which port it got.
///
/// # Errors
///
/// What the operating system reports when it has no port to give.
pub fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    todo!("bind port 0 of 127.0.0.1, then ask the listener which port it got")
}

/// Answers one line, which comes without its line end.
///
/// | line | answer | when |
/// | --- | --- | --- |
/// | `STOCK 12` | `COUNT 3` | there are 3 copies of book 12, perhaps 0 |
/// | `TAKE 12` | `TAKEN 2` | a copy has been taken off the shelf, 2 are left |
/// | `TAKE 12` | `SOLD OUT` | there was none to take |
/// | `STOCK 99`, `TAKE 99` | `UNKNOWN 99` | the shelf does not know book 99 |
/// | `QUIT` | `BYE` | always |
/// | anything else | `ERROR not a command` | also `stock 12`, `TAKE`, `TAKE x`, `TAKE -1`, an empty line |
///
/// A thread that panicked while it held the shelf does not stop the others: its lock is taken all the same.
pub fn answer(line: &str, shelf: &Shelf) -> String {
    todo!("tell the commands apart, then look at the shelf under its lock")
}

/// Talks to one client: reads a line, answers with a line that ends in `\n`, and so on. It ends when the client sent
/// `QUIT`, or closed the connection.
///
/// - A line ends in `\n`; a `\r` right before it is not part of what is answered, but counts for the line's length.
/// - An answer goes out with its `\n` in one `write_all`, and is flushed before the next line is read: the client waits
///   for it.
/// - A line that is not UTF-8 gets `ERROR not a command`.
/// - A line that the connection's end cuts off is not carried out: half of `TAKE 12` may be all of `TAKE 1`.
/// - A line over [`LONGEST_LINE`] gets `ERROR line too long`, and the conversation ends. Not much more than a line is
///   ever kept in memory.
///
/// # Errors
///
/// What reading and writing report.
pub fn converse(mut reader: impl BufRead, mut writer: impl Write, shelf: &Shelf) -> io::Result<()> {
    todo!("read a line within its limit, answer, flush, and go round")
}

/// Takes `clients` connections, talks to each in a thread of its own, and returns when the last of them has ended. A
/// client that breaks off is no error for the others. A connection is closed when its conversation has ended, whoever else
/// is still there.
///
/// # Errors
///
/// What the operating system reports when it cannot accept a connection.
pub fn serve(listener: &TcpListener, shelf: &Shelf, clients: usize) -> io::Result<()> {
    todo!("accept, start a thread for the conversation, and wait for all of them at the end")
}
