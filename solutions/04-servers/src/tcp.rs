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
    // Port 0 asks the operating system for any port that is free.
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
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
    if line == "QUIT" {
        return String::from("BYE");
    }
    let Some((command, Ok(book))) = line
        .split_once(' ')
        .map(|(command, book)| (command, book.parse::<u32>()))
    else {
        return String::from("ERROR not a command");
    };
    // A thread that panicked while it held the lock poisons it. Each change below is a single step, so the numbers are
    // sound even then, and the other tills go on working.
    let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
    match (command, shelf.get_mut(&book)) {
        ("STOCK", Some(copies)) => format!("COUNT {copies}"),
        // Looking and taking happen under one lock: nobody can take the last copy in between.
        ("TAKE", Some(copies)) => match copies.checked_sub(1) {
            Some(left) => {
                *copies = left;
                format!("TAKEN {left}")
            }
            None => String::from("SOLD OUT"),
        },
        ("STOCK" | "TAKE", None) => format!("UNKNOWN {book}"),
        _ => String::from("ERROR not a command"),
    }
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
    loop {
        let mut line = Vec::new();
        let mut allowed = reader.by_ref().take(LONGEST_LINE + 1);
        allowed.read_until(b'\n', &mut line)?;
        let nothing_left = allowed.limit() == 0;
        if line.pop() != Some(b'\n') {
            if nothing_left {
                say(&mut writer, "ERROR line too long")?;
            }
            return Ok(());
        }
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        // What is not UTF-8 is no command either; the empty line stands for it.
        let line = str::from_utf8(line).unwrap_or_default();
        say(&mut writer, &answer(line, shelf))?;
        if line == "QUIT" {
            return Ok(());
        }
    }
}

/// Sends one line, in one piece.
fn say(writer: &mut impl Write, answer: &str) -> io::Result<()> {
    writer.write_all(format!("{answer}\n").as_bytes())?;
    writer.flush()
}

/// Takes `clients` connections, talks to each in a thread of its own, and returns when the last of them has ended. A
/// client that breaks off is no error for the others. A connection is closed when its conversation has ended, whoever else
/// is still there.
///
/// # Errors
///
/// What the operating system reports when it cannot accept a connection.
pub fn serve(listener: &TcpListener, shelf: &Shelf, clients: usize) -> io::Result<()> {
    let mut conversations = Vec::new();
    for _ in 0..clients {
        let (stream, client) = listener.accept()?;
        let shelf = Arc::clone(shelf);
        conversations.push(thread::spawn(move || {
            if let Err(error) = converse(BufReader::new(&stream), &stream, &shelf) {
                eprintln!("the till at {client} broke off: {error}");
            }
        }));
    }
    for conversation in conversations {
        // A thread that panicked has ended too, and its message is already on the terminal.
        conversation.join().ok();
    }
    Ok(())
}
