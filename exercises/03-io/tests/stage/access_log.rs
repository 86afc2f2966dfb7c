use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};

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
            "c x [] \"HEAD  /bücher  HTTP/1.1\"  599  18446744073709551615",
            "c",
            "HEAD",
            "/bücher",
            599,
            u64::MAX,
        ),
        ("- - - [t] \"- - -\" 200 1", "-", "-", "-", 200, 1),
        (
            "\u{1b}c\0 - - [t] \"HEAD /?\u{e9} HTTP/1.1\" 200 1 \u{7}",
            "\u{1b}c\0",
            "HEAD",
            "/",
            200,
            1,
        ),
        (
            "[::1] \"a\" [t] \"GET / HTTP/1.1\" 200 1",
            "[::1]",
            "GET",
            "/",
            200,
            1,
        ),
        (
            "C.example x [] \"get /%7Eada/#top?a#b? HTTP/1.1\" +404 +7",
            "C.example",
            "get",
            "/%7Eada/#top",
            404,
            7,
        ),
        (
            "c - - [t] \"OPTIONS * RTSP/1.0\" 0200 007 \"-\" \"a \u{1b}[1m browser\"",
            "c",
            "OPTIONS",
            "*",
            200,
            7,
        ),
        (
            "c - \"ada\" [a [b] \"M-SEARCH /a/ x\" 200 - [c] \"GET / HTTP/1.1\"",
            "c",
            "M-SEARCH",
            "/a/",
            200,
            0,
        ),
        (
            "c - - [t] - \"GET /caf\u{e9}\u{a9}! HTTP/1.1\" 200 1",
            "c",
            "GET",
            "/caf\u{e9}\u{a9}!",
            200,
            1,
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
        let expected = Ok((client, method, path, status, bytes));
        assert_eq!(told(parse_line(line)), expected, "line {line:?}");
    }
}

/// A line that lacks a part, or has one that cannot be read, is refused with the name of the first such part.
#[test]
fn a_bad_line_says_which_part_is_bad() {
    for (line, bad) in [
        ("", "Client"),
        ("203.0.113.7", "Client"),
        (" - - [t] \"GET / HTTP/1.1\" 200 1", "Client"),
        ("c - - \"GET / HTTP/1.1\" 200 1", "Time"),
        ("c - - [t \"GET / HTTP/1.1\" 200 1", "Time"),
        ("c - - t] \"GET / HTTP/1.1\" 200 1", "Time"),
        // The brackets of an address belong to the client, and are no time.
        ("[::1] - - \"GET / HTTP/1.1\" 200 1", "Time"),
        ("[c - t] \"GET / HTTP/1.1\" 200 1", "Time"),
        ("c - - [t] GET / HTTP/1.1 200 1", "Request"),
        ("c - - [t] \"GET / HTTP/1.1 200 1", "Request"),
        ("c - - [t] \"\" 400 0", "Request"),
        ("c - - [t] \"-\" 408 -", "Request"),
        ("c - - [t] \"GET /\" 400 0", "Request"),
        ("c - - [t] \"GET /a b HTTP/1.1\" 400 0", "Request"),
        ("c - - [t] \"GET /\u{1b}[31m HTTP/1.1\" 404 0", "Request"),
        ("c - - [t] \"GET\t/ HTTP/1.1\" 200 0", "Request"),
        ("c - - [t] \"GET /\"x\" HTTP/1.1\" 200 0", "Request"),
        ("c - - [t] \"GET / HTTP/1.1\"x\" 200 1", "Status"),
        // A quote ends the request, also one behind a backslash.
        ("c - - [t] \"GET /\\\" HTTP/1.1\" 200 0", "Request"),
        ("c - - [t] \"GET / HTTP/1.1\"", "Status"),
        ("c - - [t] \"GET / HTTP/1.1\" OK 1", "Status"),
        ("c - - [t] \"GET / HTTP/1.1\" 99 1", "Status"),
        ("c - - [t] \"GET / HTTP/1.1\" 600 1", "Status"),
        ("c - - [t] \"GET / HTTP/1.1\" -200 1", "Status"),
        ("c - - [t] \"GET / HTTP/1.1\" 65736 1", "Status"),
        ("c - - [t] \"GET / HTTP/1.1\" 200", "Size"),
        ("c - - [t] \"GET / HTTP/1.1\" 200 big", "Size"),
        ("c - - [t] \"GET / HTTP/1.1\" 200 -1", "Size"),
        (
            "c - - [t] \"GET / HTTP/1.1\" 200 18446744073709551616",
            "Size",
        ),
    ] {
        assert_eq!(told(parse_line(line)), Err(bad), "line {line:?}");
    }
}

/// No control character gets through in any part of a request; all other characters do.
#[test]
fn control_characters_are_refused() {
    let controls = ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}');
    // A line feed ends the line of a log, and a quote the request; `parse_line` sees neither inside of a request.
    for control in controls.filter(|control| *control != '\n') {
        for request in [
            format!("GET /a{control}b HTTP/1.1"),
            format!("GET /a?b{control}c HTTP/1.1"),
            format!("G{control}T /a HTTP/1.1"),
            format!("GET /a HTTP/1.1{control}"),
        ] {
            let line = format!("c - - [t] \"{request}\" 200 1");
            assert_eq!(told(parse_line(&line)), Err("Request"), "line {line:?}");
        }
    }
    for harmless in ['!', '~', '\u{a1}', '\u{ad}', 'ÿ', 'é', '日', '📚'] {
        let line = format!("c - - [t] \"GET /a{harmless}b HTTP/1.1\" 200 1");
        let path = told(parse_line(&line)).map(|(_, _, path, _, _)| path.to_string());
        assert_eq!(path, Ok(format!("/a{harmless}b")), "line {line:?}");
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
        let summary = summary_of(log.as_bytes());
        assert_eq!(all_of(&summary), all_of(&expected), "the log {log:?}");
    }
    let empty = summary_of(b"");
    assert_eq!(all_of(&empty), all_of(&blank()), "an empty log");
    let empty = summary_of(b"\n \r\n\t\n\r\n  ");
    assert_eq!(all_of(&empty), all_of(&blank()), "a log of blank lines");

    for (sizes, bytes) in [
        (["18446744073709551615", "9"], u64::MAX),
        (["18446744073709551615", "-"], u64::MAX),
        (["18446744073709551606", "8"], u64::MAX - 1),
        (["9007199254740992", "1"], 9_007_199_254_740_993),
    ] {
        let log = sizes.map(|size| line("a", "/", 200, size)).join("\n");
        assert_eq!(
            summary_of(log.as_bytes()).bytes,
            bytes,
            "the sum of {sizes:?}"
        );
    }

    // Every method and every status counts alike, and so does a path that is empty.
    let log = ["GET", "HEAD", "DELETE", "-"].map(|method| {
        [200, 204, 304, 404, 500, 599]
            .map(|status| format!("c - - [t] \"{method} ?q HTTP/1.0\" {status} 10\n"))
    });
    let summary = summary_of(log.concat().concat().as_bytes());
    let expected = Summary {
        hits: 24,
        bytes: 240,
        clients: BTreeSet::from([String::from("c")]),
        statuses: [200, 204, 304, 404, 500, 599]
            .map(|status| (status, 4))
            .into(),
        pages: BTreeMap::from([(String::new(), 24)]),
        ..blank()
    };
    assert_eq!(all_of(&summary), all_of(&expected), "methods and statuses");

    // A client is what stands at the beginning of the line, whatever it is.
    let summary = summary_of(format!("{}\n", line("\u{1b}a\0", "/", 200, "1")).as_bytes());
    let clients: Vec<&str> = summary.clients.iter().map(String::as_str).collect();
    assert_eq!(
        clients,
        ["\u{1b}a\0"],
        "the client of a line with control characters"
    );

    // What differs in one letter or one sign is another client, or another page.
    let log = [
        line("a.example", "/Books", 200, "1"),
        line("A.example", "/books", 200, "1"),
        line("a.example.", "/books/", 200, "1"),
        line("A.example", "?", 200, "1"),
        line("A.example", "/books#1?2", 200, "1"),
    ];
    let summary = summary_of(log.join("\n").as_bytes());
    let clients: Vec<&str> = summary.clients.iter().map(String::as_str).collect();
    assert_eq!(
        clients,
        ["A.example", "a.example", "a.example."],
        "the clients"
    );
    let pages: Vec<&str> = summary.pages.keys().map(String::as_str).collect();
    assert_eq!(
        pages,
        ["", "/Books", "/books", "/books#1", "/books/"],
        "the pages"
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

/// However long a line is, it is read as any other: good, bad, or not UTF-8.
#[test]
fn a_long_line_is_a_line() {
    for length in [70_000, 300_000, 3_000_000] {
        let browser = "é ".repeat(length / 3);
        let mut log = format!("{GOOD} \"{browser}\"\n{browser}\n").into_bytes();
        log.extend_from_slice(format!("{GOOD} {browser}").as_bytes());
        log.extend_from_slice(b"\xff\n");
        log.extend_from_slice(format!(" {GOOD}\n{GOOD}\n").as_bytes());
        let summary = summarise(log.as_slice()).expect("reading from memory does not fail");
        assert_eq!(
            (summary.hits, summary.bad_lines, summary.first_bad_line),
            (2, 3, Some(2)),
            "hits, bad lines and the first of them, with lines of {length} bytes"
        );
    }
}

/// The lines of a log are read one by one: neither asked for all at once nor kept.
#[test]
fn a_log_is_never_held_in_memory() {
    const LINES: u64 = 1_500;
    let before = most_memory();
    let log = LongLog {
        text: Vec::new(),
        read: 0,
        lines_left: LINES,
    };
    let summary = summarise(log).expect("this log can be read line by line");
    assert_eq!(summary.hits, LINES, "the hits of a log of {LINES} lines");
    assert_eq!(summary.bytes, 7 * LINES, "the bytes of that log");
    if let (Some(before), Some(after)) = (before, most_memory()) {
        let grown = after.saturating_sub(before);
        assert!(
            grown < 64_000,
            "the log has {LINES} lines of 100 KB, and {grown} KB more memory were needed; one line at a time is enough"
        );
    }
}

/// The last line of a log need not end, however many lines there are before it.
#[test]
fn the_last_line_counts() {
    for lines in [1, 2, 500] {
        let log = vec![GOOD; lines].join("\n");
        let summary = summary_of(log.as_bytes());
        assert_eq!(summary.hits, lines as u64, "{lines} lines, the last open");
        let log = format!("{log}\n???");
        let summary = summary_of(log.as_bytes());
        assert_eq!(
            summary.first_bad_line,
            Some(lines as u64 + 1),
            "a bad line behind {lines} good ones, without an end"
        );
    }
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

    // In alphabetical order as texts are compared: capitals first, then small letters, then all others.
    let counts: BTreeMap<String, u64> = ["/b", "/B", "/a", "/é", "/Z", "/", "", "/a/"]
        .map(|page| (page.to_string(), 7))
        .into();
    let keys: Vec<&str> = busiest(&counts, 8)
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let expected = ["", "/", "/B", "/Z", "/a", "/a/", "/b", "/é"];
    assert_eq!(keys, expected, "pages with the same count");

    let many: BTreeMap<String, u64> = (0..1_000).map(|page| (format!("/{page}"), 1)).collect();
    for most in [10, 100, 999, 1_000, usize::MAX] {
        let ranked: Vec<(&str, u64)> = busiest(&many, most);
        assert_eq!(
            ranked.len(),
            most.min(1_000),
            "the {most} busiest of 1000 pages"
        );
    }

    let mut random = support::seeded(0x030C);
    for round in 0..200 {
        // Long lists too: some ways to sort keep the order of equals only in a short one.
        let pages = random.size(if round % 10 == 0 { 200..400 } else { 0..30 });
        let counts: BTreeMap<String, u64> = (0..pages)
            .map(|_| (random.word(1..3), random.number(0..6)))
            .collect();
        let most = random.size(0..pages + 5);
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
        report_of(&blank(), 3),
        nothing,
        "the report of an empty log"
    );

    // A page is shown whole, however long it is.
    let long = format!("/{}", "é/long ".repeat(60));
    let summary = Summary {
        statuses: BTreeMap::from([(100, 10_000), (499, 1)]),
        pages: BTreeMap::from([(long.clone(), u64::MAX), (String::new(), 1)]),
        ..blank()
    };
    let report = report_of(&summary, usize::MAX);
    let lines: Vec<&str> = report.lines().skip(4).collect();
    let page = format!("18446744073709551615  {long}");
    let expected = [
        "server errors  0",
        "",
        "status  hits",
        "   100  10000",
        "   499     1",
        "",
        "hits  page",
        &page,
        "   1  ",
    ];
    assert_eq!(lines, expected, "the lines of the report from the fifth on");

    for (bad_lines, first, second) in [
        (1, 1, "bad lines      1 (the first is line 1)"),
        (1, 40, "bad lines      1 (the first is line 40)"),
        (
            u64::MAX,
            2,
            "bad lines      18446744073709551615 (the first is line 2)",
        ),
    ] {
        let summary = Summary {
            bad_lines,
            first_bad_line: Some(first),
            ..blank()
        };
        assert_eq!(
            report_of(&summary, 3).lines().nth(1),
            Some(second),
            "the second line of the report, {bad_lines} bad lines"
        );
    }
}

/// Over logs of any mixture, every line is counted exactly once, and the tables agree with the totals.
#[test]
fn every_line_counts_once() {
    let mut random = support::seeded(0x030D);
    for round in 0..60 {
        let mut expected = blank();
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
            all_of(&summary_of(log.as_bytes())),
            all_of(&expected),
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
        "\u{a0}x".as_bytes(),
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
    for kind in [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::InvalidData,
        io::ErrorKind::StorageFull,
    ] {
        for begin in ["", "c - - [t]", "\n", GOOD] {
            let torn = BufReader::new(begin.as_bytes().chain(Broken(kind)));
            let answer: io::Result<Summary> = summarise(torn);
            let answer = answer
                .map(|summary| summary.hits)
                .map_err(|error| error.kind());
            assert_eq!(answer, Err(kind), "the connection broke behind {begin:?}");
        }
        let answer: io::Result<()> = write_report(&blank(), 3, Broken(kind));
        let answer = answer.map_err(|error| error.kind());
        assert_eq!(answer, Err(kind), "the output failed at once");
        let answer: io::Result<()> = write_report(&blank(), 3, BufWriter::new(Broken(kind)));
        let answer = answer.map_err(|error| error.kind());
        assert_eq!(answer, Err(kind), "the output failed at its last flush");
    }

    let summary = summary_of(format!("{GOOD}\n{}\n???\n", line("b", "/", 503, "-")).as_bytes());
    let whole = report_of(&summary, 3).len();
    for room in 0..whole {
        let mut output = vec![0; room];
        let answer: io::Result<()> = write_report(&summary, 3, output.as_mut_slice());
        assert!(
            answer.is_err(),
            "the output has room for {room} of {whole} bytes"
        );
    }
    // Each single write fails once; those before and after it go well.
    for failing in 0..100 {
        let mut output = Hiccup { writes: 0, failing };
        let answer: io::Result<()> = write_report(&summary, 3, &mut output);
        assert_eq!(
            answer.is_err(),
            output.writes > failing,
            "write number {failing} of {} failed",
            output.writes
        );
    }
}

fn line(client: &str, target: &str, status: u16, size: &str) -> String {
    format!("{client} - - [21/Nov/2026:07:20:30 +0000] \"GET {target} HTTP/1.1\" {status} {size}")
}

fn summary_of(log: &[u8]) -> Summary {
    // A reader that holds few bytes at a time, as a network connection might.
    summarise(BufReader::with_capacity(7, log)).expect("reading from memory does not fail")
}

/// What `parse_line` answers, in types of the standard library: client, method, path, status and bytes, or the part that
/// is bad.
fn told<'a>(
    parsed: Result<Hit<'a>, BadLine>,
) -> Result<(&'a str, &'a str, &'a str, u16, u64), &'static str> {
    match parsed {
        Ok(hit) => Ok((hit.client, hit.method, hit.path, hit.status, hit.bytes)),
        Err(BadLine::Client) => Err("Client"),
        Err(BadLine::Time) => Err("Time"),
        Err(BadLine::Request) => Err("Request"),
        Err(BadLine::Status) => Err("Status"),
        Err(BadLine::Size) => Err("Size"),
    }
}

/// A summary without anything in it.
fn blank() -> Summary {
    Summary {
        hits: 0,
        bad_lines: 0,
        first_bad_line: None,
        bytes: 0,
        clients: BTreeSet::new(),
        statuses: BTreeMap::new(),
        pages: BTreeMap::new(),
    }
}

/// Hits, bad lines, the first of them, bytes, clients, statuses and pages.
type All<'a> = (
    (u64, u64, Option<u64>, u64),
    &'a BTreeSet<String>,
    &'a BTreeMap<u16, u64>,
    &'a BTreeMap<String, u64>,
);

/// Everything in a summary, in types of the standard library.
fn all_of(summary: &Summary) -> All<'_> {
    (
        (
            summary.hits,
            summary.bad_lines,
            summary.first_bad_line,
            summary.bytes,
        ),
        &summary.clients,
        &summary.statuses,
        &summary.pages,
    )
}

fn report_of(summary: &Summary, most: usize) -> String {
    let mut output = Vec::new();
    write_report(summary, most, &mut output).expect("writing into memory does not fail");
    String::from_utf8(output).expect("a report is text")
}

/// The most memory that the process has needed so far, in KB, where the system tells.
fn most_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A log of long lines, which are made up as they are read. It refuses to be read as a whole.
struct LongLog {
    text: Vec<u8>,
    read: usize,
    lines_left: u64,
}

impl BufRead for LongLog {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read == self.text.len() && self.lines_left > 0 {
            self.lines_left -= 1;
            self.read = 0;
            if self.text.is_empty() {
                // The browser says a lot about itself.
                let browser = "Mozilla ".repeat(12_500);
                self.text = format!("{} \"{browser}\"\n", line("c", "/", 200, "7")).into_bytes();
            }
        }
        Ok(&self.text[self.read..])
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount;
    }
}

impl Read for LongLog {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }

    fn read_to_end(&mut self, _: &mut Vec<u8>) -> io::Result<usize> {
        Err(whole())
    }

    fn read_to_string(&mut self, _: &mut String) -> io::Result<usize> {
        Err(whole())
    }
}

fn whole() -> io::Error {
    io::Error::new(
        io::ErrorKind::OutOfMemory,
        "the whole log does not fit into memory",
    )
}

/// An output that fails once, at the write with this number.
struct Hiccup {
    writes: u32,
    failing: u32,
}

impl Write for Hiccup {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        if self.writes == self.failing + 1 {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection or a disk that fails in this way whenever it is used.
struct Broken(io::ErrorKind);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from(self.0))
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(self.0))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
