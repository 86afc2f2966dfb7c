use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::to_bytes;
use axum::response::Response;
use dashboard::export::{COLUMNS, PAGE, Wanted, decimal, download, harmless};
use dashboard::given::app::{App, Cx, Parts};
use dashboard::given::clock::{Clock, rfc3339};
use dashboard::given::config::Config;
use dashboard::given::database::{Database, Durability};
use dashboard::given::events::{Dimension, Event, Kind, Slice};
use dashboard::given::problem::Problem;
use dashboard::given::standins::{self, Journal};
use rusqlite::Connection;
use tokio_stream::StreamExt;

struct Desk {
    app: App,
    clock: Arc<Counting>,
    folder: tempfile::TempDir,
}

/// Stands still, and counts who looks at it: each transaction does so once.
struct Counting(AtomicUsize);

impl Clock for Counting {
    fn now(&self) -> i64 {
        self.0.fetch_add(1, Ordering::SeqCst);
        1_500_000_000
    }
}

fn desk() -> Desk {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let clock = Arc::new(Counting(AtomicUsize::new(0)));
    let app = App::new(Parts {
        config: Config::default(),
        clock: clock.clone(),
        database: Database::open(&folder.path().join("test.db"), Durability::Relaxed)
            .expect("a fresh database opens"),
        neighbours: standins::neighbours(&Journal::default()),
    });
    Desk { app, clock, folder }
}

impl Desk {
    fn write(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) {
        let done = self
            .app
            .database()
            .write(|connection| Ok(work(connection)?));
        done.expect("the test's statements are sound");
    }

    fn put(&self, events: &[Event]) {
        self.write(|connection| {
            let mut insert =
                connection.prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
            for event in events {
                insert.execute((
                    &event.id,
                    event.at,
                    event.kind.name(),
                    &event.country,
                    &event.channel,
                    &event.device,
                    &event.category,
                    event.cents,
                ))?;
            }
            Ok(())
        });
    }

    async fn download(&self, wanted: Wanted) -> Result<Response, Problem> {
        download(Cx::new(self.app.clone()), wanted).await
    }

    /// The whole file.
    async fn file(&self, wanted: Wanted) -> String {
        let response = self.download(wanted).await.expect("the export begins");
        let bytes = to_bytes(response.into_body(), usize::MAX).await;
        String::from_utf8(bytes.expect("the body is complete").to_vec()).expect("the file is UTF-8")
    }
}

/// Everything there is.
fn everything() -> Wanted {
    Wanted {
        kind: None,
        slice: Slice::everything(),
        from: -1_000_000_000_000,
        to: 1_000_000_000_000,
    }
}

fn event(id: &str, at: i64) -> Event {
    Event {
        id: id.to_owned(),
        at,
        kind: Kind::Order,
        country: "AT".to_owned(),
        channel: "web".to_owned(),
        device: "phone".to_owned(),
        category: "Poetry".to_owned(),
        cents: 1990,
    }
}

fn numbered(range: std::ops::Range<i64>) -> Vec<Event> {
    range
        .map(|number| event(&format!("e{number:07}"), 1_400_000_000 + number / 3))
        .collect()
}

/// The rows of a file without its first line, by another reader than the writer.
fn rows(file: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(file.as_bytes());
    let mut rows: Vec<Vec<String>> = reader
        .records()
        .map(|record| {
            record
                .expect("a line of CSV")
                .iter()
                .map(str::to_owned)
                .collect()
        })
        .collect();
    assert!(!rows.is_empty(), "a file without a first line: {file:?}");
    let first = rows.remove(0);
    assert_eq!(first, COLUMNS, "the first line");
    rows
}

fn ids(file: &str) -> Vec<String> {
    rows(file).into_iter().map(|row| row[0].clone()).collect()
}

/// What a spreadsheet would run gets an apostrophe in front, whatever hides the sign; everything else stays as it is.
#[test]
fn cells_are_harmless() {
    for text in [
        "=1+1",
        "=HYPERLINK(\"https://evil.example\",\"Invoice\")",
        "+1",
        "-1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "=",
        "-",
        "+",
        "@",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(A1)",
        " =1+1",
        "   \u{a0}=1",
        "\u{3000}=1",
        "\t=1",
        "\r=1",
        "\n=1",
        "\r\n=1",
        "\0=1",
        "\u{feff}=1",
        "\u{200b}=1",
        " \u{feff}\t\u{200b}\u{1b}=1",
        "\tbooks",
        "\rbooks",
        "\nbooks",
        "\0books",
        "\t",
        "\r",
        "\n",
        "\0",
    ] {
        assert_eq!(harmless(text), format!("'{text}"), "of {text:?}");
    }
    for text in [
        "",
        "books",
        "'=1+1",
        "\"=1+1\"",
        "a=1",
        "1-1",
        "12",
        "toys & games",
        "e-books",
        "ada@lantern.example",
        " books",
        " ",
        "\u{feff}books",
        "\u{feff}",
        "\u{1b}books",
        "\u{1}books",
        "\u{b}books",
        "\u{c}books",
        "\u{7f}books",
        "\u{85}books",
        "\u{2028}books",
        "−1",
        "⁺1",
        "books\t=1",
        "books\n=1",
        "größer",
        "日本",
        "🏮",
        "—",
        "–1",
        "#REF",
        "%",
        "|",
        ";=1",
        ",=1",
        "(=1",
    ] {
        assert_eq!(harmless(text), text, "of {text:?}");
    }
}

/// Amounts are plain numbers in euros with two digits of cents, below zero with a sign, and without groups.
#[test]
fn amounts_are_numbers() {
    for (cents, expected) in [
        (0, "0.00"),
        (1, "0.01"),
        (-1, "-0.01"),
        (10, "0.10"),
        (-99, "-0.99"),
        (100, "1.00"),
        (-100, "-1.00"),
        (1999, "19.99"),
        (123_456_789, "1234567.89"),
        (9_007_199_254_740_993, "90071992547409.93"),
        (i64::MAX, "92233720368547758.07"),
        (i64::MIN, "-92233720368547758.08"),
    ] {
        assert_eq!(decimal(cents), expected, "{cents} cents");
    }
    let mut random = support::seeded(0x1871);
    for _ in 0..300 {
        let size = random.number(0..1 << random.clone().number(1..60));
        let text: String = decimal(-i64::try_from(size).expect("small"));
        let digits = text.trim_start_matches('-').replace('.', "");
        assert_eq!(digits.parse(), Ok(size), "-{size} cents: {text}");
        assert_eq!(
            text.starts_with('-'),
            size > 0,
            "the sign of -{size} cents: {text}"
        );
        assert_eq!(
            text.len() - text.find('.').unwrap_or(0),
            3,
            "two digits of cents: {text}"
        );
    }
}

/// The answer is a CSV file to be kept under its name; the first line names the columns, also when nothing follows.
#[tokio::test]
async fn an_empty_file_has_its_columns() {
    let desk = desk();
    let response: Response = desk
        .download(everything())
        .await
        .expect("the export begins");
    assert_eq!(response.status().as_u16(), 200, "the status");
    for (name, value) in [
        ("content-type", "text/csv; charset=utf-8; header=present"),
        (
            "content-disposition",
            "attachment; filename=\"lantern-events.csv\"",
        ),
        ("cache-control", "no-store"),
    ] {
        let found = response
            .headers()
            .get(name)
            .and_then(|found| found.to_str().ok());
        assert_eq!(found, Some(value), "the header {name}");
    }
    let file = desk.file(everything()).await.replace('"', "");
    assert_eq!(
        file, "id,at,kind,country,channel,device,category,amount\r\n",
        "the file of nothing"
    );
}

/// Each event is a line in the order of time and id, with its cells in the order of the columns.
#[tokio::test]
async fn a_line_for_each_event() {
    let desk = desk();
    let events = [
        Event {
            cents: -250,
            ..event("e3", 1_400_000_001)
        },
        Event {
            kind: Kind::View,
            country: "DE".to_owned(),
            channel: "app".to_owned(),
            device: "tablet".to_owned(),
            category: "Crime".to_owned(),
            cents: 0,
            ..event("e2", 1_400_000_000)
        },
        Event {
            kind: Kind::Cart,
            cents: 5,
            ..event("e10", 1_400_000_001)
        },
        event("E9", 1_400_000_001),
        event("e4", -86_401),
    ];
    desk.put(&events);
    let file = desk.file(everything()).await;
    let file = file.replace('"', "");
    insta::assert_snapshot!(file.replace("\r\n", "|\n"), @r"
    id,at,kind,country,channel,device,category,amount|
    e4,1969-12-30T23:59:59Z,order,AT,web,phone,Poetry,19.90|
    e2,2014-05-13T16:53:20Z,view,DE,app,tablet,Crime,0.00|
    E9,2014-05-13T16:53:21Z,order,AT,web,phone,Poetry,19.90|
    e10,2014-05-13T16:53:21Z,cart,AT,web,phone,Poetry,0.05|
    e3,2014-05-13T16:53:21Z,order,AT,web,phone,Poetry,-2.50|
    ");
}

/// Cells keep what they are through a reader of CSV, whatever is in them, but for the apostrophe of the harmless.
#[tokio::test]
async fn cells_survive() {
    let desk = desk();
    let texts = [
        "",
        "a,b",
        "a;b",
        "\"",
        "a\"b\"\"c",
        "a\nb",
        "a\r\nb",
        "a\rb",
        " a ",
        "'",
        "a\tb",
        "größer",
        "日本 🏮",
        "\u{feff}",
        "O'Hara",
        "\\",
        "%",
        "=1+1",
        "-1",
        "@SUM(A1)",
        "  +1",
        "\t",
        "＝1",
        "a=1",
        "NULL",
        "null",
        "12",
    ];
    let mut events = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let plain = event(&format!("e{at:03}"), 1_400_000_000);
        events.push(Event {
            country: (*text).to_owned(),
            ..plain.clone()
        });
        events.push(Event {
            id: format!("{}a", plain.id),
            channel: (*text).to_owned(),
            ..plain.clone()
        });
        events.push(Event {
            id: format!("{}b", plain.id),
            device: (*text).to_owned(),
            ..plain.clone()
        });
        events.push(Event {
            id: format!("{}c", plain.id),
            category: (*text).to_owned(),
            ..plain
        });
    }
    events.push(event("=cmd", 1_400_000_001));
    events.push(event("a,\"b\"\r\n", 1_400_000_001));
    desk.put(&events);
    let file = desk.file(everything()).await;
    let expected: Vec<Vec<String>> = events
        .iter()
        .map(|event| {
            let texts = [
                &event.country,
                &event.channel,
                &event.device,
                &event.category,
            ]
            .map(|text| harmless(text).into_owned());
            let mut row = vec![
                harmless(&event.id).into_owned(),
                rfc3339(event.at),
                "order".to_owned(),
            ];
            row.extend(texts);
            row.push("19.90".to_owned());
            row
        })
        .collect();
    let rows = rows(&file);
    assert_eq!(rows.len(), expected.len(), "lines");
    for (row, expected) in rows.iter().zip(&expected) {
        assert_eq!(row, expected, "the line of {}", expected[0]);
    }
    assert!(file.ends_with("\r\n"), "the last line has its end");
}

/// Only what is wanted: the kind, the slice, byte by byte, from the first second to the one before the last.
#[tokio::test]
async fn only_what_is_wanted() {
    let desk = desk();
    let mut random = support::seeded(0x1872);
    let values = [
        "", "AT", "at", "AT ", "A", "DE", "%", "_T", "A'T", "A\"T", "Ä", "A\u{308}", "🏮", "NULL",
        "AT\0",
    ];
    let mut events = Vec::new();
    for number in 0..400 {
        let mut value = || (*random.pick(&values)).to_owned();
        let (country, channel, device, category) = (value(), value(), value(), value());
        let kind = *random.pick(&Kind::ALL);
        let at = 100 + i64::try_from(random.number(0..10)).expect("small");
        events.push(Event {
            kind,
            country,
            channel,
            device,
            category,
            ..event(&format!("e{number:04}"), at)
        });
    }
    desk.put(&events);
    events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let mut sizes = BTreeSet::new();
    for number in 0..90 {
        let mut slice = Slice::everything();
        for dimension in Dimension::ALL {
            if random.number(0..4) == 0 {
                slice = slice.with(dimension, random.pick::<&str>(&values));
            }
        }
        let kind = if random.coin() {
            Some(*random.pick(&Kind::ALL))
        } else {
            None
        };
        let at =
            |random: &mut support::Seeded| 98 + i64::try_from(random.number(0..15)).expect("small");
        let (from, to) = match number {
            0..40 => (100, 110),
            40..80 => (at(&mut random), at(&mut random)),
            80..85 => (i64::MIN + 1, i64::MAX),
            _ => (105, 105),
        };
        let wanted = Wanted {
            kind,
            slice,
            from,
            to,
        };
        let expected: Vec<&str> = events
            .iter()
            .filter(|event| {
                event.at >= from
                    && event.at < to
                    && kind.is_none_or(|kind| kind == event.kind)
                    && wanted.slice.holds(event)
            })
            .map(|event| event.id.as_str())
            .collect();
        sizes.insert(expected.len());
        let file = desk.file(wanted.clone()).await;
        assert_eq!(ids(&file), expected, "the ids of {wanted:?}");
    }
    assert!(sizes.len() > 20, "the test asks for different things");
}

/// Every event comes once and in order, however many pages there are: less than one, exactly one, several, and one more.
#[tokio::test]
async fn pages_fit_together() {
    let desk = desk();
    let page = i64::try_from(PAGE).expect("small");
    let mut there = 0;
    for count in [1, page - 1, page, page + 1, 2 * page, 3 * page + 7] {
        desk.put(&numbered(there..count));
        there = count;
        let found = ids(&desk.file(everything()).await);
        let expected: Vec<String> = numbered(0..count)
            .into_iter()
            .map(|event| event.id)
            .collect();
        assert_eq!(found.len(), expected.len(), "lines of {count} events");
        assert_eq!(found, expected, "the ids of {count} events");
    }
}

/// A whole page of one second, and more, goes on with the next id.
#[tokio::test]
async fn one_second_may_be_many_pages() {
    let desk = desk();
    let events: Vec<Event> = (0..2 * PAGE + 500)
        .map(|number| event(&format!("{number:05}"), 1_400_000_000))
        .collect();
    desk.put(&events);
    desk.put(
        &[event("00000", 1_400_000_001), event("a", 1_399_999_999)].map(|event| Event {
            id: format!("{}x", event.id),
            ..event
        }),
    );
    let found = ids(&desk.file(everything()).await);
    let mut expected: Vec<String> = vec!["ax".to_owned()];
    expected.extend(events.into_iter().map(|event| event.id));
    expected.push("00000x".to_owned());
    assert_eq!(found, expected, "the ids");
}

/// What is recorded after the export has begun is not in it, whenever it happened; writers do not wait meanwhile.
#[tokio::test]
async fn later_events_are_in_the_next_file() {
    let desk = desk();
    let count = 4 * i64::try_from(PAGE).expect("small");
    desk.put(&numbered(0..count));
    let response: Response = desk
        .download(everything())
        .await
        .expect("the export begins");
    desk.put(&[
        event("at the start", 1),
        event("e0003500x", 1_400_000_000 + 3500 / 3),
        event("at the end", 1_400_000_000 + count),
    ]);
    desk.put(&numbered(count..count + 10));
    let bytes = to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("the body is complete");
    let found = ids(&String::from_utf8_lossy(&bytes));
    let expected: Vec<String> = numbered(0..count)
        .into_iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(
        found.len(),
        expected.len(),
        "lines of {count} events, with 13 later ones"
    );
    assert_eq!(found, expected, "the ids");
    let next = ids(&desk.file(everything()).await);
    assert_eq!(next.len(), expected.len() + 13, "lines of the next file");
}

/// While the client takes nothing, no more than four pages are read: what is removed then is not in the file.
#[tokio::test]
async fn little_is_read_ahead() {
    let desk = desk();
    desk.put(&numbered(0..12_000));
    let response: Response = desk
        .download(everything())
        .await
        .expect("the export begins");
    let mut parts = pin!(response.into_body().into_data_stream());
    let first = parts
        .next()
        .await
        .expect("a first part")
        .expect("it is sound");
    let mut file = first.to_vec();
    // Whoever reads on without being asked has had time enough for all of it after this.
    assert_eq!(
        ids(&desk.file(everything()).await).len(),
        12_000,
        "lines of another export meanwhile"
    );
    desk.write(|connection| connection.execute("DELETE FROM events", []).map(drop));
    while let Some(part) = parts.next().await {
        file.extend_from_slice(&part.expect("the body goes on"));
    }
    let found = ids(&String::from_utf8_lossy(&file));
    let first = String::from_utf8_lossy(&first).lines().count() - 1;
    assert!(
        found.len() <= first + 4 * PAGE,
        "{} lines, though all events were removed when the client had taken {first}",
        found.len()
    );
    assert!(first <= PAGE, "lines in the first part: {first}");
    let expected: Vec<String> = numbered(0..12_000)
        .into_iter()
        .map(|event| event.id)
        .take(found.len())
        .collect();
    assert_eq!(found, expected, "the lines that came before");
}

/// While the client is waited for, no transaction is open: the log of the database can be shortened.
#[tokio::test]
async fn no_transaction_waits_for_the_client() {
    let desk = desk();
    desk.put(&numbered(0..10_000));
    let response: Response = desk
        .download(everything())
        .await
        .expect("the export begins");
    let mut parts = pin!(response.into_body().into_data_stream());
    for _ in 0..2 {
        parts.next().await.expect("a part").expect("it is sound");
        desk.put(&[event(&format!("later {}", desk.app.database().writes()), 5)]);
        let other = Connection::open(desk.folder.path().join("test.db")).expect("the file opens");
        // Waits as long as a page takes, and no longer.
        let busy = tokio::task::spawn_blocking(move || {
            other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, i64>(0)
            })
        });
        let busy = busy.await.expect("no panic");
        assert_eq!(
            busy,
            Ok(0),
            "whether the log could not be shortened, while the client takes nothing"
        );
    }
}

/// A client that goes away ends the reading.
#[tokio::test]
async fn who_goes_away_is_not_read_for() {
    let desk = desk();
    desk.put(&numbered(0..10_000));
    drop(
        desk.download(everything())
            .await
            .expect("the export begins"),
    );
    // Whoever reads on has had time enough for all of it after this.
    let pages = async || {
        let before = desk.clock.0.load(Ordering::SeqCst);
        assert_eq!(
            desk.file(everything()).await.lines().count(),
            10_001,
            "lines of another export"
        );
        desk.clock.0.load(Ordering::SeqCst) - before
    };
    let (with, without) = (pages().await, pages().await);
    assert!(
        without >= 10,
        "transactions of an export of ten pages: {without}"
    );
    assert!(
        with <= without + 4,
        "transactions meanwhile: {with}, of which {without} are the other export's"
    );
}

/// Old events are removed while somebody exports: that makes no hole among those that stay.
#[tokio::test]
async fn what_is_removed_leaves_no_hole() {
    let desk = desk();
    desk.put(&numbered(0..7_000));
    let response: Response = desk
        .download(everything())
        .await
        .expect("the export begins");
    let mut parts = pin!(response.into_body().into_data_stream());
    let first = parts
        .next()
        .await
        .expect("a first part")
        .expect("it is sound");
    let mut file = first.to_vec();
    let taken = ids(&String::from_utf8_lossy(&first)).len();
    let until = numbered(0..7_000)[taken - 1].at;
    desk.write(|connection| {
        connection
            .execute("DELETE FROM events WHERE at < ?1", [until])
            .map(drop)
    });
    while let Some(part) = parts.next().await {
        file.extend_from_slice(&part.expect("the body goes on"));
    }
    let found = ids(&String::from_utf8_lossy(&file));
    let expected: Vec<String> = numbered(0..7_000)
        .into_iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(
        found.len(),
        expected.len(),
        "lines, when those that were sent already are removed"
    );
    assert_eq!(found, expected, "the ids");
}

/// Old events that are gone already leave their numbers free: the newest are in the file all the same.
#[tokio::test]
async fn what_was_removed_before_hides_nothing() {
    let desk = desk();
    desk.put(&numbered(0..2_500));
    desk.write(|connection| {
        connection.execute_batch(
            "DELETE FROM events WHERE id < 'e0001200'; DELETE FROM events WHERE id = 'e0002000'",
        )
    });
    let found = ids(&desk.file(everything()).await);
    let expected: Vec<String> = numbered(1_200..2_500)
        .into_iter()
        .map(|event| event.id)
        .filter(|id| id != "e0002000")
        .collect();
    assert_eq!(
        (found.len(), found.last()),
        (expected.len(), expected.last()),
        "lines, and the last one, after old events were removed"
    );
    assert_eq!(found, expected, "the ids");
}

/// A row that cannot be read is no reason to go on as if it were not there: a file that ends well has every line.
#[tokio::test]
async fn no_row_is_passed_over() {
    for broken in [3, 1_700] {
        let desk = desk();
        desk.put(&numbered(0..2_500));
        // The bytes of a text that is no UTF-8.
        desk.write(|connection| {
            connection
                .execute(
                    "UPDATE events SET category = CAST(X'FF' AS TEXT) WHERE id = ?1",
                    [format!("e{broken:07}")],
                )
                .map(drop)
        });
        let Ok(response) = desk.download(everything()).await else {
            continue;
        };
        if let Ok(bytes) = to_bytes(response.into_body(), usize::MAX).await {
            assert_eq!(
                ids(&String::from_utf8_lossy(&bytes)).len(),
                2_500,
                "lines of a file that ends as if it were complete; row {broken} cannot be read"
            );
        }
    }
}

/// A failure before the first page is an answer of its own; later the body breaks off, and never looks complete.
#[tokio::test]
async fn a_failure_is_noticed() {
    let desk = desk();
    desk.put(&numbered(0..7_000));
    let response: Response = desk
        .download(everything())
        .await
        .expect("the export begins");
    let mut parts = pin!(response.into_body().into_data_stream());
    parts
        .next()
        .await
        .expect("a first part")
        .expect("it is sound");
    desk.write(|connection| connection.execute_batch("ALTER TABLE events RENAME TO gone"));
    let mut broke = false;
    for _ in 0..30 {
        match parts.next().await {
            Some(Ok(_)) => (),
            Some(Err(_)) => {
                broke = true;
                break;
            }
            None => break,
        }
    }
    assert!(
        broke,
        "the body ends as if it were complete, though the table is gone"
    );
    let refused = desk.download(everything()).await;
    let status = refused
        .map(|response| response.status())
        .map_err(|problem| problem.status().as_u16());
    assert_eq!(status, Err(500), "an export without a table");
}
