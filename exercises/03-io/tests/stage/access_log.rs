use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::io::{BufReader, BufWriter, Read, Write};

use shop_io::access_log::{BadLine, Hit, Summary, busiest, parse_line, summarise, write_report};

const GOOD: &str =
    "203.0.113.7 - - [21/Nov/2026:07:20:30 +0000] \"GET /books/17 HTTP/1.1\" 200 5123";

/// A line gives its client, method, path, status and size; user, time, query and what comes behind do not matter.
#[test]
fn a_line_tells_of_one_request() {
    for (line, client, method, path, status, bytes) in [
        (GOOD, "203.0.113.7", "GET", "/books/17", 200, 5123),
        (
            "2001:db8::7 - ada [21/Nov/2026:07:20:30 +0000] \"POST /orders HTTP/2.0\" 303 - \"https://lantern.example/cart\" \"Mozilla/5.0 (X11; Linux)\"",
            "2001:db8::7",
            "POST",
            "/orders",
            303,
            0,
        ),
        (
            "c - - [t] \"GET /search?q=a?b&page=2 HTTP/1.1\" 404 0",
            "c",
            "GET",
            "/search",
            404,
            0,
        ),
        (
            "c - - [t] \"GET ?q HTTP/1.1\" 100 1",
            "c",
            "GET",
            "",
            100,
            1,
        ),
        (
            "c x [] \"HEAD  /bücher  HTTP/1.1\"  599  18446744073709551615\r\n",
            "c",
            "HEAD",
            "/bücher",
            599,
            u64::MAX,
        ),
        (
            "c - - [t] \"GET /[a]-100 HTTP/1.1\" 200 7 200 8",
            "c",
            "GET",
            "/[a]-100",
            200,
            7,
        ),
    ] {
        let hit: Result<Hit<'_>, BadLine> = parse_line(line);
        let expected = Hit {
            client,
            method,
            path,
            status,
            bytes,
        };
        assert_eq!(hit, Ok(expected), "line {line:?}");
    }
}

/// A line that lacks a part, or has one that cannot be read, is refused with the name of the first such part.
#[test]
fn a_bad_line_says_which_part_is_bad() {
    for (line, bad) in [
        ("", BadLine::Client),
        ("203.0.113.7", BadLine::Client),
        (" - - [t] \"GET / HTTP/1.1\" 200 1", BadLine::Client),
        ("c - - \"GET / HTTP/1.1\" 200 1", BadLine::Time),
        ("c - - [t \"GET / HTTP/1.1\" 200 1", BadLine::Time),
        ("c - - t] \"GET / HTTP/1.1\" 200 1", BadLine::Time),
        ("c - - [t] GET / HTTP/1.1 200 1", BadLine::Request),
        ("c - - [t] \"GET / HTTP/1.1 200 1", BadLine::Request),
        ("c - - [t] \"\" 400 0", BadLine::Request),
        ("c - - [t] \"-\" 408 -", BadLine::Request),
        ("c - - [t] \"GET /\" 400 0", BadLine::Request),
        ("c - - [t] \"GET /a b HTTP/1.1\" 400 0", BadLine::Request),
        (
            "c - - [t] \"GET /\u{1b}[31m HTTP/1.1\" 404 0",
            BadLine::Request,
        ),
        ("c - - [t] \"GET\t/ HTTP/1.1\" 200 0", BadLine::Request),
        ("c - - [t] \"GET / HTTP/1.1\"", BadLine::Status),
        ("c - - [t] \"GET / HTTP/1.1\" OK 1", BadLine::Status),
        ("c - - [t] \"GET / HTTP/1.1\" 99 1", BadLine::Status),
        ("c - - [t] \"GET / HTTP/1.1\" 600 1", BadLine::Status),
        ("c - - [t] \"GET / HTTP/1.1\" -200 1", BadLine::Status),
        ("c - - [t] \"GET / HTTP/1.1\" 65736 1", BadLine::Status),
        ("c - - [t] \"GET / HTTP/1.1\" 200", BadLine::Size),
        ("c - - [t] \"GET / HTTP/1.1\" 200 big", BadLine::Size),
        ("c - - [t] \"GET / HTTP/1.1\" 200 -1", BadLine::Size),
        (
            "c - - [t] \"GET / HTTP/1.1\" 200 18446744073709551616",
            BadLine::Size,
        ),
    ] {
        let hit: Result<Hit<'_>, BadLine> = parse_line(line);
        assert_eq!(hit, Err(bad), "line {line:?}");
    }
}

/// A log adds up: hits, bytes, each client once, and how often each status and each page occurred.
#[test]
fn a_log_adds_up() {
    let log = [
        line("a", "/", 200, "100"),
        line("b", "/books/17?from=mail", 200, "50"),
        line("a", "/books/17", 404, "-"),
        line("a", "/", 503, "7"),
    ];
    let expected = Summary {
        hits: 4,
        bad_lines: 0,
        first_bad_line: None,
        bytes: 157,
        clients: BTreeSet::from([String::from("a"), String::from("b")]),
        statuses: BTreeMap::from([(200, 2), (404, 1), (503, 1)]),
        pages: BTreeMap::from([(String::from("/"), 2), (String::from("/books/17"), 2)]),
    };
    for ending in ["\n", "\r\n"] {
        let log = log.join(ending);
        assert_eq!(summary_of(log.as_bytes()), expected, "the log {log:?}");
    }
    assert_eq!(summary_of(b""), Summary::default(), "an empty log");

    let most = format!(
        "{}\n{}\n",
        line("a", "/", 200, "18446744073709551615"),
        line("a", "/", 200, "9")
    );
    assert_eq!(
        summary_of(most.as_bytes()).bytes,
        u64::MAX,
        "more bytes than a u64 can count"
    );
}

/// A damaged line is counted, and the lines behind it are read; the first bad one is known by its number.
#[test]
fn a_bad_line_does_not_stop_the_rest() {
    let mut log = Vec::new();
    log.extend_from_slice(format!("\n{GOOD}\n  \n").as_bytes());
    log.extend_from_slice(b"c - - [t] \"GET /caf\xe9 HTTP/1.1\" 200 1\n");
    log.extend_from_slice(format!("{GOOD}\nnonsense\n\n{GOOD}").as_bytes());
    let summary = summary_of(&log);
    assert_eq!(summary.hits, 3, "the hits of {summary:?}");
    assert_eq!(
        summary.bad_lines, 2,
        "one line is not UTF-8, one is nonsense: {summary:?}"
    );
    assert_eq!(
        summary.first_bad_line,
        Some(4),
        "the first bad line, blank lines counted: {summary:?}"
    );
    assert_eq!(
        summary.bytes,
        3 * 5123,
        "the bytes of the three good lines: {summary:?}"
    );
}

/// The highest counts come first, equal counts in alphabetical order, and never more than were asked for.
#[test]
fn the_busiest_come_first() {
    let counts = BTreeMap::from([
        (String::from("/a"), 2),
        (String::from("/b"), 10),
        (String::from("/c"), 9),
        (String::from("/d"), 2),
    ]);
    let all = [("/b", 10), ("/c", 9), ("/a", 2), ("/d", 2)];
    for most in [0, 1, 3, 4, 5, usize::MAX] {
        let ranked: Vec<(&str, u64)> = busiest(&counts, most);
        assert_eq!(
            ranked,
            all[..most.min(4)],
            "the {most} busiest of {counts:?}"
        );
    }

    let mut random = support::seeded(0x030C);
    for round in 0..200 {
        let counts: BTreeMap<String, u64> = (0..random.size(0..30))
            .map(|_| (random.word(1..3), random.number(0..6)))
            .collect();
        let most = random.size(0..35);
        let ranked: Vec<(&str, u64)> = busiest(&counts, most);
        assert_eq!(
            ranked.len(),
            most.min(counts.len()),
            "round {round}, {most} of {counts:?}"
        );
        for (place, (key, count)) in ranked.iter().enumerate() {
            assert_eq!(
                counts.get(*key),
                Some(count),
                "round {round}, the count of {key:?}"
            );
            // The place of a key is the number of keys that must stand before it.
            let before = counts
                .iter()
                .filter(|(other, others)| {
                    (*others > count) || (*others == count && other.as_str() < *key)
                })
                .count();
            assert_eq!(
                place, before,
                "round {round}, the place of {key:?} in {counts:?}"
            );
        }
    }
}

/// The report has the five totals and the two tables, to the letter.
#[test]
fn the_report_looks_as_promised() {
    let summary = Summary {
        hits: 11_207,
        bad_lines: 2,
        first_bad_line: Some(17),
        bytes: 880_412,
        clients: BTreeSet::from([String::from("a"), String::from("b"), String::from("c")]),
        statuses: BTreeMap::from([
            (200, 11_190),
            (404, 8),
            (499, 1),
            (500, 2),
            (503, 5),
            (599, 1),
        ]),
        pages: BTreeMap::from([
            (String::from("/"), 11_100),
            (String::from("/books/17"), 104),
            (String::from("/cart"), 2),
            (String::from("/about"), 1),
        ]),
    };
    let expected = "\
hits           11207
bad lines      2 (the first is line 17)
clients        3
bytes          880412
server errors  8

status  hits
   200  11190
   404     8
   499     1
   500     2
   503     5
   599     1

hits  page
11100  /
 104  /books/17
   2  /cart
";
    assert_eq!(
        report_of(&summary, 3),
        expected,
        "a report with the 3 busiest pages"
    );

    let nothing = "\
hits           0
bad lines      0
clients        0
bytes          0
server errors  0

status  hits

hits  page
";
    assert_eq!(
        report_of(&Summary::default(), 3),
        nothing,
        "the report of an empty log"
    );
}

/// Over logs of any mixture, every line is counted exactly once, and the tables agree with the totals.
#[test]
fn every_line_counts_once() {
    let mut random = support::seeded(0x030D);
    for round in 0..60 {
        let mut expected = Summary::default();
        let mut log = String::new();
        for number in 1..=random.number(0..60) {
            if random.number(0..8) == 0 {
                log.push_str(random.pick::<&str>(&[
                    "???",
                    "c - - [t] \"GET / HTTP/1.1\" 200",
                    "GET / 200 5",
                ]));
                expected.bad_lines += 1;
                expected.first_bad_line = expected.first_bad_line.or(Some(number));
            } else {
                let client = format!("198.51.100.{}", random.number(0..9));
                let page = format!("/books/{}", random.number(0..9));
                let status = *random.pick(&[200, 301, 404, 500, 503]);
                let bytes = random.number(0..100_000);
                log.push_str(&line(
                    &client,
                    &format!("{page}?{}", random.word(0..3)),
                    status,
                    &bytes.to_string(),
                ));
                expected.hits += 1;
                expected.bytes += bytes;
                expected.clients.insert(client);
                *expected.statuses.entry(status).or_insert(0) += 1;
                *expected.pages.entry(page).or_insert(0) += 1;
            }
            log.push_str(random.pick::<&str>(&["\n", "\r\n"]));
        }
        assert_eq!(
            summary_of(log.as_bytes()),
            expected,
            "round {round}, the log\n{log}"
        );
    }
}

/// No bytes make the parser panic, and every line that is not blank is a hit or a bad line.
#[test]
fn no_log_is_too_strange() {
    let pieces: [&[u8]; 16] = [
        b"\n",
        b"\r\n",
        b" ",
        b" ",
        b"\"",
        b"[",
        b"]",
        b"?",
        b"200",
        b"-",
        b"c",
        b"GET / HTTP/1.1",
        b"\xff",
        "日".as_bytes(),
        "\u{a0}".as_bytes(),
        b"[t] \"GET /?",
    ];
    let mut random = support::seeded(0x030E);
    for _ in 0..4_000 {
        let bytes: Vec<u8> = if random.coin() {
            (0..random.size(0..30))
                .flat_map(|_| random.pick(&pieces).to_vec())
                .collect()
        } else {
            let mut bytes = GOOD.as_bytes().to_vec();
            for _ in 0..random.size(1..4) {
                let place = random.size(0..bytes.len());
                bytes[place] = u8::try_from(random.number(0..256)).expect("drawn below 256");
            }
            bytes
        };
        let lines = bytes
            .split(|&byte| byte == b'\n')
            .filter(|line| !String::from_utf8_lossy(line).trim().is_empty())
            .count();
        let summary = summary_of(&bytes);
        let counted = summary.hits + summary.bad_lines;
        assert_eq!(
            usize::try_from(counted).ok(),
            Some(lines),
            "{summary:?} for {bytes:?}"
        );
        assert_eq!(
            summary.statuses.values().sum::<u64>(),
            summary.hits,
            "{summary:?} for {bytes:?}"
        );
        assert_eq!(
            summary.pages.values().sum::<u64>(),
            summary.hits,
            "{summary:?} for {bytes:?}"
        );
    }
}

/// A log that cannot be read to its end has no summary, and a report that cannot be written is an error.
#[test]
fn failures_come_back() {
    let torn = BufReader::new(GOOD.as_bytes().chain(Broken));
    let answer: io::Result<Summary> = summarise(torn);
    let kind = answer.map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::ConnectionReset),
        "the connection broke in the first line"
    );

    let summary = Summary::default();
    let answer: io::Result<()> = write_report(&summary, 3, Broken);
    let kind = answer.map_err(|error| error.kind());
    assert_eq!(kind, Err(io::ErrorKind::StorageFull), "the disk is full");
    let answer: io::Result<()> = write_report(&summary, 3, BufWriter::new(Broken));
    let kind = answer.map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::StorageFull),
        "the disk is full, as the last flush finds out"
    );
}

fn line(client: &str, target: &str, status: u16, size: &str) -> String {
    format!("{client} - - [21/Nov/2026:07:20:30 +0000] \"GET {target} HTTP/1.1\" {status} {size}")
}

fn summary_of(log: &[u8]) -> Summary {
    // A reader that holds few bytes at a time, as a network connection might.
    summarise(BufReader::with_capacity(7, log)).expect("reading from memory does not fail")
}

fn report_of(summary: &Summary, most: usize) -> String {
    let mut output = Vec::new();
    write_report(summary, most, &mut output).expect("writing into memory does not fail");
    String::from_utf8(output).expect("a report is text")
}

/// A connection that breaks when it is read, and a disk that is full when it is written.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::StorageFull))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
