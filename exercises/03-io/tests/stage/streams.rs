use std::cell::Cell;
use std::io;
use std::io::{BufReader, Read, Write};
use std::rc::Rc;

use shop_io::streams::{next_line, number_lines};
use support::Seeded;

/// Lines come one at a time without their endings, the last one may lack its ending, and then there is nothing.
#[test]
fn lines_come_one_at_a_time() {
    for (stream, lines) in [
        ("", vec![]),
        ("\n", vec![""]),
        ("ab", vec!["ab"]),
        ("ab\ncd\n", vec!["ab", "cd"]),
        ("ab\r\ncd", vec!["ab", "cd"]),
        ("\n\r\n\nab\n", vec!["", "", "", "ab"]),
        ("a\rb\n  c \n", vec!["a\rb", "  c "]),
        ("Bücher 📚\n", vec!["Bücher 📚"]),
        ("\u{feff}a\tb\0\n", vec!["\u{feff}a\tb\0"]),
    ] {
        // A reader that holds two bytes at a time: a line may arrive in any number of pieces.
        let mut input = BufReader::with_capacity(2, stream.as_bytes());
        for line in lines {
            let read: io::Result<Option<String>> = next_line(&mut input, 100);
            assert_eq!(read.ok(), Some(Some(line.to_string())), "stream {stream:?}");
        }
        for _ in 0..2 {
            let end: io::Result<Option<String>> = next_line(&mut input, 100);
            assert_eq!(end.ok(), Some(None), "the end of the stream {stream:?}");
        }
    }
}

/// A line of exactly the limit is fine, whatever its ending; one byte more is `InvalidData`. Bytes count, not letters.
#[test]
fn the_limit_is_the_longest_line_that_is_taken() {
    for (stream, limit, taken) in [
        ("abcd", 4, Some("abcd")),
        ("abcd\n", 4, Some("abcd")),
        ("abcd\r\n", 4, Some("abcd")),
        ("abcde", 4, None),
        ("abcde\n", 4, None),
        ("abcde\r\n", 4, None),
        ("abcdef\n", 4, None),
        ("abcd\r", 4, None),
        ("éé\n", 4, Some("éé")),
        ("éé\n", 3, None),
        ("\n", 0, Some("")),
        ("\r\n", 0, Some("")),
        ("a\n", 0, None),
    ] {
        let read: io::Result<Option<String>> = next_line(&mut stream.as_bytes(), limit);
        match taken {
            Some(line) => assert_eq!(
                read.ok(),
                Some(Some(line.to_string())),
                "stream {stream:?}, limit {limit}"
            ),
            None => assert_eq!(
                read.map_err(|error| error.kind()),
                Err(io::ErrorKind::InvalidData),
                "stream {stream:?}, limit {limit}"
            ),
        }
    }
    let longest = "x".repeat(usize::from(u16::MAX));
    for ending in ["", "\n", "\r\n"] {
        let stream = format!("{longest}{ending}");
        let mut input = stream.as_bytes();
        let read: io::Result<Option<String>> = next_line(&mut input, u16::MAX);
        assert!(
            read.is_ok_and(|line| line.as_ref() == Some(&longest)),
            "a line of the greatest limit, which ends with {ending:?}"
        );
        assert_eq!(
            input, b"",
            "what is left behind the line, ending {ending:?}"
        );
    }
    let longer = format!("{longest}x\n");
    let read: io::Result<Option<String>> = next_line(&mut longer.as_bytes(), u16::MAX);
    assert_eq!(
        read.map_err(|error| error.kind()),
        Err(io::ErrorKind::InvalidData),
        "one byte more than the greatest limit"
    );
}

/// A line without end is refused after `limit + 2` bytes, and not collected until the memory is full.
#[test]
fn an_endless_line_is_refused_early() {
    // Ten megabytes stand for "without end". One byte at a time, so that what is left shows what was taken.
    let endless = io::repeat(b'a').take(10_000_000);
    let mut input = BufReader::with_capacity(1, endless);
    let read: io::Result<Option<String>> = next_line(&mut input, 80);
    assert_eq!(
        read.map_err(|error| error.kind()),
        Err(io::ErrorKind::InvalidData),
        "a line of ten million bytes, limit 80"
    );
    let taken = 10_000_000 - input.get_ref().limit();
    assert!(
        taken <= 82,
        "{taken} bytes were taken from the stream, limit 80"
    );
}

/// Every line gets its number and a space in front, every line of the output ends, and the answer is their count.
#[test]
fn every_line_gets_its_number() {
    for (stream, expected, count) in [
        ("", "", 0),
        ("978\n", "1 978\n", 1),
        ("978\r\n\r\n979", "1 978\n2 \n3 979\n", 3),
        (
            "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n",
            "1 a\n2 b\n3 c\n4 d\n5 e\n6 f\n7 g\n8 h\n9 i\n10 j\n",
            10,
        ),
    ] {
        let mut output = Disk::new(1_000);
        let answer: io::Result<u64> = number_lines(stream.as_bytes(), &mut output, 100);
        assert_eq!(answer.ok(), Some(count), "the count of {stream:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.written),
            expected,
            "the output for {stream:?}"
        );
    }
}

/// A hundred thousand lines go through while no more than a few kilobytes have been read and not yet written.
#[test]
fn a_long_stream_is_never_held_in_memory() {
    const LINES: u64 = 100_000;
    // The reader adds what it hands out, the writer subtracts what arrives: the difference is held by the code between.
    let held = Rc::new(Cell::new(0));
    let input = BufReader::with_capacity(
        512,
        Feed {
            random: support::seeded(0x0306),
            lines_left: LINES,
            line: Vec::new(),
            held: Rc::clone(&held),
        },
    );
    let mut output = Sink {
        held,
        most_held: 0,
        bytes: 0,
        end: Vec::new(),
    };
    let answer: io::Result<u64> = number_lines(input, &mut output, 100);
    assert_eq!(answer.ok(), Some(LINES), "the number of lines");
    let end = String::from_utf8_lossy(&output.end);
    let last = end.lines().next_back().unwrap_or_default();
    assert!(
        last.starts_with("100000 ") && end.ends_with('\n'),
        "the last line has the number 100000: {last:?}"
    );
    assert!(
        output.bytes > 1_000_000,
        "only {} bytes reached the output",
        output.bytes
    );
    assert!(
        output.most_held <= 65_536,
        "{} bytes were read before anything of them was written; a few kilobytes are allowed",
        output.most_held
    );
}

/// When a line is refused, or the stream fails, the error comes back, and the lines before it have been written.
#[test]
fn an_error_of_the_input_comes_back_after_the_lines_before_it() {
    let too_long = b"one\ntwo\nthree\nfour\n".to_vec();
    let not_text = b"one\ntwo\nz\xff\nfour\n".to_vec();
    for (case, bytes) in [
        ("a line of 5 bytes, limit 4", too_long),
        ("a line that is not UTF-8", not_text),
    ] {
        let mut output = Disk::new(1_000);
        let answer: io::Result<u64> = number_lines(bytes.as_slice(), &mut output, 4);
        assert_eq!(
            answer.map_err(|error| error.kind()),
            Err(io::ErrorKind::InvalidData),
            "{case}"
        );
        assert_eq!(
            String::from_utf8_lossy(&output.written),
            "1 one\n2 two\n",
            "the output before {case}"
        );
    }
    for (case, begin) in [
        ("inside of the third line", "one\ntwo\nthr"),
        ("right behind the second line", "one\ntwo\n"),
    ] {
        let mut output = Disk::new(1_000);
        let torn = BufReader::new(
            begin
                .as_bytes()
                .chain(Broken(io::ErrorKind::ConnectionReset)),
        );
        let error = number_lines(torn, &mut output, 100).expect_err("the connection breaks");
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (io::ErrorKind::ConnectionReset, "the cable was cut"),
            "the connection breaks {case}"
        );
        assert_eq!(
            String::from_utf8_lossy(&output.written),
            "1 one\n2 two\n",
            "the output before the break {case}"
        );
    }
}

/// An output that cannot take a line, or fails only when it is flushed, is an error and not a success.
#[test]
fn an_error_of_the_output_is_never_swallowed() {
    for (case, room, answer) in [
        ("the disk has room for everything", 12, Ok(2)),
        (
            "the disk is full after 6 bytes",
            6,
            Err(io::ErrorKind::StorageFull),
        ),
        (
            "the disk is full at once",
            0,
            Err(io::ErrorKind::StorageFull),
        ),
    ] {
        let written: io::Result<u64> = number_lines("one\ntwo\n".as_bytes(), Disk::new(room), 100);
        assert_eq!(
            written.map_err(|error| error.kind()),
            answer,
            "{case}, written at once"
        );

        // This writer keeps everything in its buffer until it is flushed.
        let late = io::BufWriter::new(Disk::new(room));
        let written: io::Result<u64> = number_lines("one\ntwo\n".as_bytes(), late, 100);
        assert_eq!(
            written.map_err(|error| error.kind()),
            answer,
            "{case}, written when flushed"
        );
    }
    // What the caller has put into the buffer before waits there too, even when no line comes.
    let mut late = io::BufWriter::new(Disk::new(12));
    late.write_all(b"numbers:\n")
        .expect("the buffer takes this");
    let written: io::Result<u64> = number_lines("".as_bytes(), &mut late, 100);
    assert_eq!(written.ok(), Some(0), "the count of an empty stream");
    assert!(
        late.buffer().is_empty(),
        "after an empty stream something still waits in the buffer of the output"
    );
}

/// Whatever the kind of an error, on either side: it comes back as it is, and is no end of the stream and no success.
#[test]
fn every_kind_of_error_comes_back_as_it_is() {
    for kind in [
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::TimedOut,
        io::ErrorKind::WouldBlock,
        io::ErrorKind::InvalidInput,
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::Other,
    ] {
        let expected = (kind, String::from("the cable was cut"));
        for begin in ["", "one\ntw", "one\n"] {
            let mut torn = BufReader::new(begin.as_bytes().chain(Broken(kind)));
            let first: io::Result<Option<String>> = next_line(&mut torn, 100);
            let second: io::Result<Option<String>> = match first {
                Ok(Some(line)) if line == "one" => next_line(&mut torn, 100),
                other => other,
            };
            let told = second.map_err(|error| (error.kind(), error.to_string()));
            assert_eq!(
                told,
                Err(expected.clone()),
                "next_line, from an input that breaks behind {begin:?}"
            );

            let torn = BufReader::new(begin.as_bytes().chain(Broken(kind)));
            let told = number_lines(torn, Vec::new(), 100)
                .map_err(|error| (error.kind(), error.to_string()));
            assert_eq!(
                told,
                Err(expected.clone()),
                "number_lines, from an input that breaks behind {begin:?}"
            );
        }
        for stream in ["", "one\n", "one\ntwo\n"] {
            let told = number_lines(stream.as_bytes(), Broken(kind), 100)
                .map_err(|error| (error.kind(), error.to_string()));
            assert_eq!(
                told,
                Err(expected.clone()),
                "number_lines, of {stream:?} into an output that breaks"
            );
        }
    }
}

/// An output that takes a few bytes at a time gets everything; one that is full after any number of bytes is an error.
#[test]
fn every_byte_of_the_output_counts() {
    let stream = "one\ntwo\n\nBücher 📚\n";
    let whole = "1 one\n2 two\n3 \n4 Bücher 📚\n";
    for most in 1..8 {
        let mut output = Slow {
            most,
            disk: Disk::new(1_000),
        };
        let answer: io::Result<u64> = number_lines(stream.as_bytes(), &mut output, 100);
        assert_eq!(answer.ok(), Some(4), "{most} bytes at a time: the count");
        assert_eq!(
            String::from_utf8_lossy(&output.disk.written),
            whole,
            "{most} bytes at a time: the output"
        );
    }
    for room in 0..whole.len() {
        let answer: io::Result<u64> = number_lines(stream.as_bytes(), Disk::new(room), 100);
        assert_eq!(
            answer.map_err(|error| error.kind()),
            Err(io::ErrorKind::StorageFull),
            "the disk is full after {room} of {} bytes",
            whole.len()
        );
    }
}

/// Whatever bytes a stream has, its lines are those between the line feeds, and nothing panics.
#[test]
fn any_bytes_are_read_as_the_lines_that_they_are() {
    let pieces: [&[u8]; 10] = [
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"a",
        b"bcd",
        b" ",
        "é".as_bytes(),
        "📚".as_bytes(),
        b"\xff",
    ];
    let mut random = support::seeded(0x0307);
    for _ in 0..3_000 {
        let bytes: Vec<u8> = (0..random.size(0..16))
            .flat_map(|_| random.pick(&pieces).to_vec())
            .collect();
        let limit = u16::try_from(random.number(0..12)).expect("drawn below 12");
        let expected = expected_lines(&bytes, usize::from(limit));
        let mut input = BufReader::with_capacity(random.size(1..8), bytes.as_slice());
        let mut lines = Vec::new();
        // A line that is refused is the end of this stream: what is left begins in its middle.
        let clean = loop {
            match next_line(&mut input, limit) {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => break true,
                Err(error) => {
                    assert_eq!(
                        error.kind(),
                        io::ErrorKind::InvalidData,
                        "limit {limit}, {bytes:?}"
                    );
                    break false;
                }
            }
            assert!(
                lines.len() <= bytes.len(),
                "more lines than bytes: limit {limit}, {bytes:?}"
            );
        };
        assert_eq!((lines, clean), expected, "limit {limit}, stream {bytes:?}");
    }
}

/// The lines before the first one that must be refused, and whether there was none to refuse.
fn expected_lines(bytes: &[u8], limit: usize) -> (Vec<String>, bool) {
    let mut lines = Vec::new();
    for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
        let line = match piece.strip_suffix(b"\n") {
            Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
            None => piece,
        };
        match str::from_utf8(line) {
            Ok(line) if line.len() <= limit => lines.push(line.to_string()),
            _ => return (lines, false),
        }
    }
    (lines, true)
}

/// A stream of lines that are made up as they are read.
struct Feed {
    random: Seeded,
    lines_left: u64,
    line: Vec<u8>,
    held: Rc<Cell<usize>>,
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty() && self.lines_left > 0 {
            self.lines_left -= 1;
            self.line = format!("{}\n", self.random.number(0..10_000_000_000_000)).into_bytes();
        }
        let length = self.line.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.line[..length]);
        self.line.drain(..length);
        self.held.set(self.held.get() + length);
        Ok(length)
    }
}

/// Takes ten megabytes, keeps next to nothing, and remembers the most that was held back.
struct Sink {
    held: Rc<Cell<usize>>,
    most_held: usize,
    bytes: usize,
    /// The last bytes that arrived.
    end: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.bytes > 10_000_000 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.most_held = self.most_held.max(self.held.get());
        self.bytes += buffer.len();
        self.end.extend_from_slice(buffer);
        self.end.drain(..self.end.len().saturating_sub(100));
        // Less than nothing is held when the numbers in front have outweighed what was read.
        self.held.set(self.held.get().saturating_sub(buffer.len()));
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection that breaks in this way as soon as it is used.
struct Broken(io::ErrorKind);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0, "the cable was cut"))
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0, "the cable was cut"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::Error::new(self.0, "the cable was cut"))
    }
}

/// Takes at most so many bytes at a time, as a connection may.
struct Slow {
    most: usize,
    disk: Disk,
}

impl Write for Slow {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.disk.write(&buffer[..self.most.min(buffer.len())])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk with room for so many bytes and no more. Code that never stops writing finds it full.
struct Disk {
    room: usize,
    written: Vec<u8>,
}

impl Disk {
    fn new(room: usize) -> Self {
        Self {
            room,
            written: Vec::new(),
        }
    }
}

impl Write for Disk {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.room == 0 && !buffer.is_empty() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let length = self.room.min(buffer.len());
        self.room -= length;
        self.written.extend_from_slice(&buffer[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
