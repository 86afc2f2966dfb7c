use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use servers::tcp::{LONGEST_LINE, Shelf, answer, converse, listen, serve};
use support::Gate;

use crate::clients::{Endless, Gone, InPieces, Narrow};
use crate::waiting::Aside;

/// Book 12 in three copies, book 7 in none.
fn shelf() -> Shelf {
    Arc::new(Mutex::new(BTreeMap::from([(12, 3), (7, 0)])))
}

fn copies(shelf: &Shelf, book: u32) -> Option<u32> {
    shelf
        .lock()
        .expect("no thread panicked")
        .get(&book)
        .copied()
}

/// What the stock desk answers to a client that sends `bytes` and closes.
fn answers(bytes: &[u8], shelf: &Shelf) -> String {
    let mut written: Vec<u8> = Vec::new();
    converse(bytes, &mut written, shelf).expect("reading from memory does not fail");
    String::from_utf8(written).expect("answers are text")
}

/// The operating system picks a port that is free, and only this machine can reach it.
#[test]
fn the_desk_listens_on_a_free_local_port() {
    let (first, first_address): (TcpListener, SocketAddr) = listen().expect("a port is free");
    let (_second, second_address) = listen().expect("another port is free");
    assert_eq!(
        first_address.ip(),
        IpAddr::from([127, 0, 0, 1]),
        "the address of {first_address}"
    );
    assert_ne!(
        first_address.port(),
        0,
        "port 0 is the question, not the answer"
    );
    assert_ne!(
        first_address, second_address,
        "two desks at once need two ports"
    );
    TcpStream::connect(first_address).expect("the address that was returned takes a connection");
    drop(first);
}

/// Each command is answered from the shelf, and only `TAKE` changes it.
#[test]
fn commands_are_answered_from_the_shelf() {
    let shelf: Shelf = shelf();
    for (line, expected) in [
        ("STOCK 12", "COUNT 3"),
        ("TAKE 12", "TAKEN 2"),
        ("STOCK 12", "COUNT 2"),
        ("TAKE 12", "TAKEN 1"),
        ("TAKE 12", "TAKEN 0"),
        ("TAKE 12", "SOLD OUT"),
        ("STOCK 12", "COUNT 0"),
        ("STOCK 7", "COUNT 0"),
        ("TAKE 7", "SOLD OUT"),
        ("STOCK 99", "UNKNOWN 99"),
        ("TAKE 99", "UNKNOWN 99"),
        ("QUIT", "BYE"),
    ] {
        let said: String = answer(line, &shelf);
        assert_eq!(said, expected, "the answer to {line:?}");
    }
    assert_eq!(
        copies(&shelf, 99),
        None,
        "a question does not put a book on the shelf"
    );
}

/// What is no command gets an error line, and the conversation goes on with the next line.
#[test]
fn what_is_no_command_gets_an_error() {
    let lines: [&[u8]; 24] = [
        b"",
        b"stock 12",
        b" TAKE 12",
        b"TAKE 12 ",
        b"TAKE  12",
        b"TAKE\t12",
        b"TAKE 12\x0c",
        b"TAKE 12\r\r",
        b"QUIT ",
        b"quit",
        b"STOCK",
        b"TAKE ",
        b"TAKE twelve",
        b"TAKE -1",
        b"TAKE 4294967296",
        b"TAKE 12 12",
        b"GIVE 12",
        b"GIVE 99",
        b"TAKE \xFF\xFE",
        b"TAKE 1\xFF2",
        b"TAKE 12\xFF",
        b"\xC3QUIT",
        b"\xEF\xBB\xBFQUIT",
        b"TA\rKE 12",
    ];
    for line in lines {
        let shelf: Shelf = shelf();
        let sent = [line, b"\nSTOCK 12\n"].concat();
        let said: String = answers(&sent, &shelf);
        assert_eq!(
            said,
            "ERROR not a command\nCOUNT 3\n",
            "the answers to {:?} and STOCK 12",
            String::from_utf8_lossy(line),
        );
    }
}

/// A line is what stands before `\n`, wherever the network cut the bytes; `\r\n` ends a line too. After `QUIT` the desk
/// reads no further.
#[test]
fn the_network_may_cut_the_bytes_anywhere() {
    let sent = b"STOCK 12\r\nTAKE 12\nTAKE 12\r\nQUIT\r\nTAKE 12\n";
    let mut generator = support::seeded(0x7C9);
    for round in 0..100 {
        let sizes: Vec<usize> = (0..10).map(|_| generator.size(1..12)).collect();
        let shelf: Shelf = shelf();
        let mut written: Vec<u8> = Vec::new();
        let reader = BufReader::new(InPieces::new(sent, &sizes));
        converse(reader, &mut written, &shelf).expect("reading from memory does not fail");
        assert_eq!(
            String::from_utf8_lossy(&written),
            "COUNT 3\nTAKEN 2\nTAKEN 1\nBYE\n",
            "round {round}, bytes in pieces of {sizes:?}",
        );
        assert_eq!(
            copies(&shelf, 12),
            Some(1),
            "what comes after QUIT is not carried out"
        );
    }
}

/// A line without its `\n` is not a line yet: when the connection ends there, nothing is done and nothing is said.
#[test]
fn an_unfinished_line_is_not_carried_out() {
    let shelf: Shelf = shelf();
    assert_eq!(
        answers(b"TAKE 12\nTAKE 12", &shelf),
        "TAKEN 2\n",
        "the second line is unfinished"
    );
    assert_eq!(
        copies(&shelf, 12),
        Some(2),
        "only the finished line takes a copy"
    );
    assert_eq!(answers(b"QUIT", &shelf), "", "an unfinished QUIT");
    assert_eq!(answers(b"", &shelf), "", "a client that says nothing");
}

/// A conversation is as long as the client likes, whatever it says, and a book may have as many copies as a `u32` counts.
#[test]
fn a_conversation_may_be_long() {
    let shelf: Shelf = Arc::new(Mutex::new(BTreeMap::from([(u32::MAX, u32::MAX)])));
    let (lines, largest) = (3_000, u32::MAX);
    let sent = format!("TAKE {largest}\nTAKE 1\nhello\n").repeat(lines);
    let expected: String = (1..)
        .take(lines)
        .map(|taken| {
            format!(
                "TAKEN {}\nUNKNOWN 1\nERROR not a command\n",
                largest - taken
            )
        })
        .collect();
    let said: String = answers(sent.as_bytes(), &shelf);
    let pairs = said.lines().zip(expected.lines()).enumerate();
    let wrong = pairs.filter(|(_, (said, wanted))| said != wanted);
    assert_eq!(
        wrong.take(1).collect::<Vec<_>>(),
        [],
        "the first wrong answer"
    );
    assert_eq!(
        said.lines().count(),
        3 * lines,
        "answers to {lines} times three lines"
    );
}

/// The longest line is still read; one byte more ends the conversation, and a line without end does not fill the memory.
#[test]
fn a_line_has_a_longest_length() {
    let longest = usize::try_from(LONGEST_LINE).expect("a short line");
    let shelf: Shelf = shelf();
    let fits = ["x".repeat(longest).as_bytes(), b"\nSTOCK 12\n"].concat();
    assert_eq!(
        answers(&fits, &shelf),
        "ERROR not a command\nCOUNT 3\n",
        "a line of {longest} bytes is read, and the conversation goes on",
    );
    let long = ["x".repeat(longest + 1).as_bytes(), b"\nSTOCK 12\n"].concat();
    assert_eq!(
        answers(&long, &shelf),
        "ERROR line too long\n",
        "a line of {} bytes",
        longest + 1
    );

    // A CR is a byte of the line, and only the `\n` is not counted.
    for (length, expected) in [
        (longest - 1, "ERROR not a command\n"),
        (longest, "ERROR line too long\n"),
    ] {
        let sent = format!("{}\r\n", "x".repeat(length));
        assert_eq!(
            answers(sent.as_bytes(), &shelf),
            expected,
            "{length} bytes, CR and LF"
        );
    }
    // A client that leaves within the limit has sent half a line; beyond it, the line was too long all the same.
    for length in 0..=longest + 2 {
        let expected = if length <= longest {
            ""
        } else {
            "ERROR line too long\n"
        };
        let said = answers("x".repeat(length).as_bytes(), &shelf);
        assert_eq!(
            said, expected,
            "{length} bytes without a line end, the limit is {longest}"
        );
    }

    let mut client = Endless::new(b"");
    let mut written: Vec<u8> = Vec::new();
    let ended: io::Result<()> = converse(&mut client, &mut written, &shelf);
    assert!(
        ended.is_ok(),
        "an endless line ends the conversation in order, not with {ended:?}"
    );
    assert_eq!(
        String::from_utf8_lossy(&written),
        "ERROR line too long\n",
        "an endless line"
    );
    assert!(
        client.taken < 100_000,
        "{} bytes read for one line",
        client.taken
    );
}

/// Bytes that were written but not flushed have not been sent. It counts the pieces in which they came.
#[derive(Default)]
struct Outbox {
    waiting: Vec<u8>,
    sent: Vec<u8>,
    pieces: usize,
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        self.pieces += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sent.append(&mut self.waiting);
        Ok(())
    }
}

/// A client that sends one line, and breaks off.
struct OneLine(bool);

impl Read for OneLine {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        self.0 = true;
        buffer[..9].copy_from_slice(b"STOCK 12\n");
        Ok(9)
    }
}

/// The client waits for its answer, so the answer is flushed before the desk waits for the client. A connection that
/// breaks is an error, not the end of a conversation.
#[test]
fn an_answer_leaves_before_the_next_line_is_awaited() {
    let mut outbox = Outbox::default();
    let ended: io::Result<()> = converse(BufReader::new(OneLine(false)), &mut outbox, &shelf());
    assert_eq!(
        String::from_utf8_lossy(&outbox.sent),
        "COUNT 3\n",
        "flushed when the break came"
    );
    let kind: Option<io::ErrorKind> = ended.err().map(|error| error.kind());
    assert_eq!(
        kind,
        Some(io::ErrorKind::ConnectionReset),
        "what the broken connection reports"
    );
}

/// An answer and its line end leave in one piece: each piece may become a packet, and the second packet is slow.
#[test]
fn an_answer_leaves_in_one_piece() {
    let sent = b"STOCK 12\nTAKE 12\nTAKE 7\nSTOCK 99\nhello\nQUIT\n";
    let mut outbox = Outbox::default();
    let ended: io::Result<()> = converse(&sent[..], &mut outbox, &shelf());
    assert!(ended.is_ok(), "six lines from memory: {ended:?}");
    assert_eq!(
        String::from_utf8_lossy(&outbox.sent),
        "COUNT 3\nTAKEN 2\nSOLD OUT\nUNKNOWN 99\nERROR not a command\nBYE\n",
        "what was written and flushed"
    );
    assert_eq!(outbox.pieces, 6, "pieces in which six answers left");
}

/// A till that takes no answer has gone. That is an error, whether writing or flushing reports it.
#[test]
fn an_answer_that_cannot_leave_is_an_error() {
    let long = "x".repeat(1_000);
    for sent in ["STOCK 12\nSTOCK 12\n", "hello\n", "QUIT\n", &long] {
        for (what, mut gone) in Gone::every_way() {
            let ended: io::Result<()> = converse(sent.as_bytes(), &mut gone, &shelf());
            let kind: Result<(), io::ErrorKind> = ended.map_err(|error| error.kind());
            assert_eq!(
                kind,
                Err(io::ErrorKind::BrokenPipe),
                "{what} the answer to {sent:.20?} reports an error"
            );
        }
    }
}

/// However little the connection takes at a time, each answer arrives whole.
#[test]
fn an_answer_arrives_whole() {
    let mut client = Narrow::default();
    let sent = b"STOCK 12\nSTOCK\nTAKE 4294967295\nQUIT\n";
    let ended: io::Result<()> = converse(&sent[..], &mut client, &shelf());
    assert!(
        ended.is_ok(),
        "a client that takes seven bytes at a time: {ended:?}"
    );
    assert_eq!(
        String::from_utf8_lossy(&client.taken),
        "COUNT 3\nERROR not a command\nUNKNOWN 4294967295\nBYE\n",
        "what arrived, seven bytes at a time"
    );
    assert!(client.flushed, "the last answer is flushed");
}

/// A thread that panicked while it held the shelf does not stop the other tills.
#[test]
fn a_panic_elsewhere_does_not_stop_the_desk() {
    let shelf: Shelf = shelf();
    let held = Arc::clone(&shelf);
    let panicked = thread::spawn(move || {
        let shelf = held.lock().expect("nobody panicked yet");
        assert!(shelf.is_empty(), "this thread panics on purpose");
    });
    assert!(panicked.join().is_err(), "the thread panicked");
    assert!(shelf.is_poisoned(), "it held the shelf");
    for (line, expected) in [
        ("STOCK 12", "COUNT 3"),
        ("TAKE 12", "TAKEN 2"),
        ("STOCK 12", "COUNT 2"),
    ] {
        let said: String = answer(line, &shelf);
        assert_eq!(
            said, expected,
            "the answer to {line:?}, after a panic elsewhere"
        );
    }
}

/// A till that this test plays. Waiting for an answer ends after two seconds, which only a server that hangs needs.
fn till(address: SocketAddr) -> (BufReader<TcpStream>, TcpStream) {
    let stream = TcpStream::connect(address).expect("the desk listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(2)))
        .expect("two seconds are a time");
    (
        BufReader::new(stream.try_clone().expect("a second handle")),
        stream,
    )
}

fn ask(till: &mut (BufReader<TcpStream>, TcpStream), line: &str) -> String {
    till.1
        .write_all(format!("{line}\n").as_bytes())
        .expect("the desk reads");
    let mut said = String::new();
    till.0
        .read_line(&mut said)
        .expect("the desk answers within two seconds");
    said
}

/// Each client has a thread of its own: however many say nothing, or break off, they do not hold up the next. Its connection
/// is closed when its conversation has ended, whoever else is still there.
#[test]
fn a_silent_client_does_not_hold_up_the_others() {
    const SILENT: usize = 40;
    let (listener, address): (TcpListener, SocketAddr) = listen().expect("a port is free");
    let shelf: Shelf = shelf();
    let desk = Aside::run(move || serve(&listener, &shelf, SILENT + 2));
    let silent: Vec<_> = (0..SILENT).map(|_| till(address)).collect();
    drop(till(address));
    let mut busy = till(address);
    assert_eq!(
        ask(&mut busy, "STOCK 12"),
        "COUNT 3\n",
        "asked while {SILENT} clients are silent"
    );
    assert_eq!(
        ask(&mut busy, "QUIT"),
        "BYE\n",
        "asked while {SILENT} clients are silent"
    );
    let mut more = String::new();
    let closed: Result<usize, io::ErrorKind> =
        busy.0.read_line(&mut more).map_err(|error| error.kind());
    assert_eq!(
        closed,
        Ok(0),
        "bytes after BYE, before the connection is closed; the others are still silent"
    );
    drop(silent);
    let served: io::Result<()> = desk.ends("the desk, after its clients have gone");
    assert!(
        served.is_ok(),
        "its clients came and went, and serve() said {served:?}"
    );
}

/// A till that breaks off, with an answer that it never read, is no error for the desk.
#[test]
fn a_till_that_breaks_off_is_no_error() {
    let (listener, address): (TcpListener, SocketAddr) = listen().expect("a port is free");
    let shelf: Shelf = shelf();
    let desk = Aside::run(move || serve(&listener, &shelf, 2));
    let (_reader, mut rude) = till(address);
    rude.write_all(b"STOCK 12\n").expect("the desk reads");
    // The answer is there. Closing now, with bytes that were not read, makes the system reset the connection.
    rude.peek(&mut [0]).expect("the desk answers");
    drop((_reader, rude));
    let mut next = till(address);
    assert_eq!(ask(&mut next, "STOCK 12"), "COUNT 3\n", "the next till");
    drop(next);
    let served: io::Result<()> = desk.ends("the desk, after its two tills have gone");
    assert!(
        served.is_ok(),
        "one till broke off, and serve() said {served:?}"
    );
}

/// `serve` returns when the last conversation has ended, and not before; without clients it returns at once.
#[test]
fn the_desk_waits_for_the_last_conversation() {
    let (listener, address): (TcpListener, SocketAddr) = listen().expect("a port is free");
    let shelf: Shelf = shelf();
    let (leaving, shared) = (Arc::new(AtomicBool::new(false)), Arc::clone(&shelf));
    let seen = Arc::clone(&leaving);
    let desk = Aside::run(move || {
        let served = serve(&listener, &shared, 1).map_err(|error| error.kind());
        (served, seen.load(Ordering::SeqCst))
    });
    let mut last = till(address);
    for _ in 0..60 {
        assert_eq!(ask(&mut last, "STOCK 7"), "COUNT 0\n", "the only till");
    }
    leaving.store(true, Ordering::SeqCst);
    drop(last);
    let (served, had_left): (Result<(), io::ErrorKind>, bool) =
        desk.ends("the desk, after its only till has gone");
    assert_eq!(served, Ok(()), "what serve() said");
    assert!(
        had_left,
        "serve() returned while its only till was still talking"
    );

    let (listener, _address): (TcpListener, SocketAddr) = listen().expect("a port is free");
    let desk = Aside::run(move || serve(&listener, &shelf, 0).map_err(|error| error.kind()));
    assert_eq!(
        desk.ends("a desk for no tills"),
        Ok(()),
        "a desk for no tills"
    );
}

/// Many tills at once take what is there and not one copy more.
#[test]
fn no_copy_is_sold_twice() {
    let mut generator = support::seeded(0x7CA);
    let (stock, tills, tries) = (generator.number(50..100), 4, 40);
    let (listener, address): (TcpListener, SocketAddr) = listen().expect("a port is free");
    let shelf: Shelf = Arc::new(Mutex::new(BTreeMap::from([(
        5,
        u32::try_from(stock).expect("below 100"),
    )])));
    let shared = Arc::clone(&shelf);
    let desk = Aside::run(move || serve(&listener, &shared, tills));
    let buyers: Vec<_> = (0..tills)
        .map(|_| {
            thread::spawn(move || -> Vec<String> {
                let mut till = till(address);
                (0..tries).map(|_| ask(&mut till, "TAKE 5")).collect()
            })
        })
        .collect();
    let mut said: Vec<String> = Vec::new();
    for buyer in buyers {
        said.extend(buyer.join().expect("every till gets its answers"));
    }
    desk.ends("the desk, after its four tills have gone")
        .expect("the desk serves four tills");

    let mut left: Vec<u64> = said
        .iter()
        .filter_map(|answer| answer.trim_end().strip_prefix("TAKEN "))
        .map(|left| left.parse().expect("a number of copies"))
        .collect();
    left.sort_unstable();
    let expected: Vec<u64> = (0..stock).collect();
    assert_eq!(
        left, expected,
        "{stock} copies: each answer TAKEN n is given once"
    );
    let sold_out = said.iter().filter(|answer| *answer == "SOLD OUT\n").count();
    assert_eq!(
        sold_out,
        said.len() - left.len(),
        "every other answer is SOLD OUT"
    );
    assert_eq!(copies(&shelf, 5), Some(0), "what is left on the shelf");
}

/// Looking and taking are one step: four tills meet at the last copies of a book, which comes back as soon as it is sold
/// out, and each copy is taken by one of them.
#[test]
fn the_last_copy_goes_to_one_till() {
    const TILLS: u32 = 4;
    // Most of what can go wrong goes wrong at a last copy.
    for (stock, tries) in [
        (1, 140_000),
        (2, 40_000),
        (10, 20_000),
        (19, 20_000),
        (20, 20_000),
    ] {
        let shelf: Shelf = Arc::new(Mutex::new(BTreeMap::from([(5, stock)])));
        let gate = Arc::new(Gate::new(4));
        let tills: Vec<_> = (0..TILLS)
            .map(|_| {
                let (shelf, gate) = (Arc::clone(&shelf), Arc::clone(&gate));
                thread::spawn(move || {
                    let (mut taken, mut deliveries) = (BTreeMap::<String, u32>::new(), 0);
                    gate.wait();
                    for _ in 0..tries {
                        let said: String = answer("TAKE 5", &shelf);
                        if said != "SOLD OUT" {
                            *taken.entry(said).or_default() += 1;
                            continue;
                        }
                        let mut books = shelf.lock().expect("no till panics");
                        if books.get(&5) == Some(&0) {
                            books.insert(5, stock);
                            deliveries += 1;
                        }
                    }
                    (taken, deliveries)
                })
            })
            .collect();
        let (mut taken, mut deliveries) = (BTreeMap::<String, u32>::new(), 1);
        for till in tills {
            let (said, delivered) = till.join().expect("no till panics");
            deliveries += delivered;
            for (answer, times) in said {
                *taken.entry(answer).or_default() += times;
            }
        }
        // What is left of the last delivery.
        for _ in 0..copies(&shelf, 5).unwrap_or_default() {
            *taken.entry(answer("TAKE 5", &shelf)).or_default() += 1;
        }
        let expected: BTreeMap<String, u32> = (0..stock)
            .map(|left| (format!("TAKEN {left}"), deliveries))
            .collect();
        assert_eq!(
            taken, expected,
            "{deliveries} deliveries of {stock}: how often each answer came"
        );
    }
}
