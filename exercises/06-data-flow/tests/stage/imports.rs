use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use data_flow::imports::{BATCH, ImportError, Reason, Rejected, Report, import};
use rusqlite::Connection;
use support::Seeded;

use crate::shop::{empty, everything, impatient, in_a_file, number, rows};

const HEAD: &str = "isbn,title,cents,stock\n";

/// What was wrong, as it can be compared: the line and the reason.
fn said(rejected: Rejected) -> (u64, &'static str) {
    let reason = match rejected.reason {
        Reason::Shape => "shape",
        Reason::Isbn => "isbn",
        Reason::Title => "title",
        Reason::Cents => "cents",
        Reason::Stock => "stock",
        Reason::Refused => "refused",
    };
    (rejected.line, reason)
}

/// How many were added, changed, unchanged and rejected.
type Counts = [(&'static str, u64); 4];

fn counts(report: &Report) -> Counts {
    let Report {
        added,
        changed,
        unchanged,
        rejected,
    } = *report;
    self::report(added, changed, unchanged, rejected)
}

fn report(added: u64, changed: u64, unchanged: u64, rejected: u64) -> Counts {
    [
        ("added", added),
        ("changed", changed),
        ("unchanged", unchanged),
        ("rejected", rejected),
    ]
}

/// The report, and what was rejected.
#[track_caller]
fn imported(connection: &mut Connection, file: &[u8]) -> (Counts, Vec<(u64, &'static str)>) {
    let mut rejected = Vec::new();
    let report = import(connection, file, |record| rejected.push(said(record)))
        .unwrap_or_else(|error| panic!("{error}: {}", file.escape_ascii()));
    assert!(connection.is_autocommit(), "a transaction is still open");
    assert_eq!(
        report.rejected,
        rejected.len() as u64,
        "the report and the calls of `reject`"
    );
    (counts(&report), rejected)
}

/// The books, each as a line: ISBN, title, price, stock.
#[track_caller]
fn books(connection: &Connection) -> Vec<String> {
    rows(
        connection,
        "SELECT isbn, title, cents, stock FROM books ORDER BY isbn",
    )
}

/// A right record: ISBN, title, price, stock.
fn record(values: &mut Seeded, place: u64) -> (String, String, u64, u64) {
    let isbn = format!("{:013}", 9_780_000_000_000 + place);
    let (cents, stock) = (values.number(0..1 << 32), values.number(0..1 << 32));
    (isbn, values.word(1..9), cents, stock)
}

/// Right records become books; the last line may end without a line feed.
#[test]
fn right_records_become_books() {
    let mut values = support::seeded(0x0651);
    for end in ["\n", ""] {
        let mut connection = empty();
        let (mut file, mut expected) = (HEAD.to_owned(), Vec::new());
        for place in 0..50 {
            let (isbn, title, cents, stock) = record(&mut values, place);
            file += &format!("{isbn},{title},{cents},{stock}\n");
            expected.push(format!("{isbn} | {title} | {cents} | {stock}"));
        }
        file += &format!("0000000000007,The last one,0,0{end}");
        expected.insert(0, "0000000000007 | The last one | 0 | 0".to_owned());
        let (done, _) = imported(&mut connection, file.as_bytes());
        assert_eq!(done, report(51, 0, 0, 0), "51 new books");
        assert_eq!(books(&connection), expected, "the books");
    }
}

/// A text is stored as it stands in the file: quotes, commas, line breaks, spaces, other scripts.
#[test]
fn a_text_is_stored_as_it_is() {
    let mut connection = empty();
    let titles = [
        "O'Brien's \"Emma\"",
        "a, b and c",
        "two\nlines\r\nand more",
        "  spaces\t ",
        "戦争と平和 🦀",
        "before\0after",
        "'); DROP TABLE books; --",
        "007",
        "NULL",
    ];
    let mut file = HEAD.to_owned();
    for (place, title) in titles.iter().enumerate() {
        file += &format!(
            "978000000000{place},\"{}\",1,1\n",
            title.replace('"', "\"\"")
        );
    }
    let (done, rejected) = imported(&mut connection, file.as_bytes());
    assert_eq!(done, report(9, 0, 0, 0), "nine new books: {rejected:?}");
    let stored: Vec<String> = connection
        .prepare("SELECT title FROM books ORDER BY isbn")
        .expect("a table")
        .query_map([], |row| row.get(0))
        .expect("no parameters")
        .collect::<rusqlite::Result<_>>()
        .expect("titles");
    assert_eq!(stored, titles, "the titles");
    let (done, _) = imported(&mut connection, file.as_bytes());
    assert_eq!(done, report(0, 0, 9, 0), "the same file again");
}

/// A record that is wrong is reported with its line and the first reason, and those around it are taken.
#[test]
fn wrong_records_are_reported_with_line_and_reason() {
    let mut connection = empty();
    let file = b"isbn,title,cents,stock\n\
        9780000000001,Emma,999,5\n\
        978000000000,Emma,999,5\n\
        97800000000011,Emma,999,5\n\
        978000000000x,Emma,999,5\n\
        978-0000000001,Emma,999,5\n\
        ,Emma,999,5\n\
        \xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA11,Emma,999,5\n\
        9780000000002,,999,5\n\
        9780000000002,\" \t\n \",999,5\n\
        9780000000002,Emma,9.99,5\n\
        9780000000002,Emma,-1,5\n\
        9780000000002,Emma,4294967296,5\n\
        9780000000002,Emma,,5\n\
        9780000000002,Emma, 999,5\n\
        9780000000002,Emma,999,five\n\
        9780000000002,Emma,999,-5\n\
        9780000000002,Emma,999,4294967296\n\
        9780000000002,Emma,999\n\
        9780000000002,Emma,999,5,6\n\
        9780000000002,Em\xFFma,999,5\n\
        9780000000002,\"two\n\nlines\",999,5\n\
        x,,x,x\n\
        9780000000003,,x,x\n\
        9780000000003,Emma,x,x\n\
        9780000000003,Emma,4294967295,4294967295\n\
        9780000000004,Emma,0,x\n\
        \xEF\xBC\x99\xEF\xBC\x97\xEF\xBC\x98\xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x90\
        \xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x91,Emma,999,5\n\
        9780000000005,\xC2\xA0,999,5\n\
        9780000000005, \xE3\x80\x80 ,999,5";
    let expected = [
        (3, "isbn"),
        (4, "isbn"),
        (5, "isbn"),
        (6, "isbn"),
        (7, "isbn"),
        (8, "isbn"),
        (9, "title"),
        (10, "title"),
        (12, "cents"),
        (13, "cents"),
        (14, "cents"),
        (15, "cents"),
        (16, "cents"),
        (17, "stock"),
        (18, "stock"),
        (19, "stock"),
        (20, "shape"),
        (21, "shape"),
        (22, "shape"),
        (26, "isbn"),
        (27, "title"),
        (28, "cents"),
        (30, "stock"),
        (31, "isbn"),
        (32, "title"),
        (33, "title"),
    ];
    let (done, rejected) = imported(&mut connection, file);
    assert_eq!(rejected, expected, "line and reason of each wrong record");
    assert_eq!(
        done,
        report(3, 0, 0, 26),
        "three are right, and 26 are wrong"
    );
    assert_eq!(
        books(&connection),
        [
            "9780000000001 | Emma | 999 | 5",
            "9780000000002 | two\\n\\nlines | 999 | 5",
            "9780000000003 | Emma | 4294967295 | 4294967295",
        ],
        "the books"
    );
}

/// The head says which column is which; what it does not need it ignores. Windows and spreadsheets may have made the file.
#[test]
fn the_head_names_the_columns() {
    let expected = ["9780000000001 | Emma | 999 | 5"];
    for file in [
        "stock,cents,title,isbn\n5,999,Emma,9780000000001\n",
        "publisher,isbn,title,cents,stock,note\nLantern,9780000000001,Emma,999,5,\n",
        "cents,note,isbn,note,title,stock\n999,a,9780000000001,b,Emma,5\n",
        "\u{FEFF}isbn,title,cents,stock\r\n9780000000001,Emma,999,5\r\n",
        "\"isbn\",\"title\",\"cents\",\"stock\"\n\"9780000000001\",\"Emma\",\"999\",\"5\"",
    ] {
        let mut connection = empty();
        let (done, rejected) = imported(&mut connection, file.as_bytes());
        assert_eq!(
            done,
            report(1, 0, 0, 0),
            "one new book from {file:?}: {rejected:?}"
        );
        assert_eq!(books(&connection), expected, "the book from {file:?}");
    }
}

/// A file whose head lacks a column is refused as a whole; a head alone is a file of no books.
#[test]
fn a_column_is_missing() {
    let line = "9780000000001,Emma,999,5\n";
    for (head, missing) in [
        ("", "isbn"),
        ("\n\n", "isbn"),
        ("title,cents,stock,x\n", "isbn"),
        ("isbn,Title,cents,stock\n", "title"),
        ("isbn,title,price,stock\n", "cents"),
        ("isbn,title,cents, stock\n", "stock"),
        ("isbn13,title,cents,stock\n", "isbn"),
    ] {
        let mut connection = empty();
        let body = if head.trim().is_empty() { "" } else { line };
        let file = format!("{head}{body}");
        let answer = import(&mut connection, file.as_bytes(), |rejected| {
            panic!("{rejected:?} of {file:?}")
        });
        match answer {
            Err(ImportError::Column(name)) => assert_eq!(name, missing, "the column of {file:?}"),
            other => panic!("{file:?} came to {other:?}"),
        }
        assert!(connection.is_autocommit(), "a transaction is still open");
        assert_eq!(
            books(&connection),
            Vec::<String>::new(),
            "books from {file:?}"
        );
    }
    let (done, _) = imported(&mut empty(), HEAD.as_bytes());
    assert_eq!(done, report(0, 0, 0, 0), "a head alone");
}

/// The same file again changes nothing, and writes nothing: no row is touched.
#[test]
fn a_second_run_changes_nothing() {
    let mut connection = empty();
    let mut values = support::seeded(0x0652);
    let mut file = HEAD.to_owned();
    for place in 0..2_500 {
        let (isbn, title, cents, stock) = record(&mut values, place);
        file += &format!("{isbn},{title},{cents},{stock}\n");
        if place % 50 == 0 {
            file += &format!("{isbn},{title},{cents},many\n");
        }
    }
    let (first, wrong) = imported(&mut connection, file.as_bytes());
    assert_eq!(first, report(2_500, 0, 0, 50), "the first run");
    let before = everything(&connection);
    let touched = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&touched);
    connection
        .update_hook(Some(move |_, _: &str, _: &str, _| {
            count.fetch_add(1, Ordering::SeqCst);
        }))
        .expect("SQLite takes the hook");
    let (second, again) = imported(&mut connection, file.as_bytes());
    assert_eq!(second, report(0, 0, 2_500, 50), "the second run");
    assert_eq!(again, wrong, "what was rejected in both runs");
    assert_eq!(
        touched.load(Ordering::SeqCst),
        0,
        "rows that the second run wrote"
    );
    assert_eq!(
        everything(&connection),
        before,
        "all rows after the second run"
    );
}

/// A book that is there takes over title, price and stock, and keeps its id and all that refers to it.
#[test]
fn a_book_that_is_there_is_changed() {
    let mut connection = empty();
    connection
        .execute_batch(
            "INSERT INTO books (id, isbn, title, cents, stock) VALUES
                 (7, '9780000000001', 'Emma', 999, 5), (8, '9780000000002', 'Persuasion', 899, 5),
                 (9, '9780000000003', 'Sanditon', 799, 5), (10, '9780000000004', 'Lady Susan', 699, 5),
                 (11, '9780000000005', 'Not in the file', 1, 1);
             INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada');
             INSERT INTO orders VALUES (1, 1, '2025-03-01', 'paid');
             INSERT INTO order_lines SELECT 1, id, 1, cents FROM books;",
        )
        .expect("rows that fit");
    let file = "isbn,title,cents,stock\n\
        9780000000001,emma,999,5\n\
        9780000000002,Persuasion,900,5\n\
        9780000000003,Sanditon,799,0\n\
        9780000000004,Lady Susan,699,5\n";
    let (done, rejected) = imported(&mut connection, file.as_bytes());
    assert_eq!(
        done,
        report(0, 3, 1, 0),
        "three differ in one thing each: {rejected:?}"
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT id, isbn, title, cents, stock, version FROM books ORDER BY id"
        ),
        [
            "7 | 9780000000001 | emma | 999 | 5 | 1",
            "8 | 9780000000002 | Persuasion | 900 | 5 | 1",
            "9 | 9780000000003 | Sanditon | 799 | 0 | 1",
            "10 | 9780000000004 | Lady Susan | 699 | 5 | 1",
            "11 | 9780000000005 | Not in the file | 1 | 1 | 1",
        ],
        "the books, with their versions"
    );
    assert_eq!(
        number(&connection, "SELECT count(*) FROM order_lines"),
        5,
        "lines of orders"
    );
}

/// When an ISBN stands in the file several times, the last record counts, also across batches.
#[test]
fn the_later_record_counts() {
    let mut connection = empty();
    let mut file = HEAD.to_owned();
    for place in 0..2_100_u64 {
        file += &format!("{:013},Book {place},{place},1\n", place % 1_050);
    }
    file += "0000000000003,Book 1053,1053,1\n";
    let (done, _) = imported(&mut connection, file.as_bytes());
    assert_eq!(
        done,
        report(1_050, 1_050, 1, 0),
        "each of 1050 ISBNs twice, and one a third time"
    );
    assert_eq!(
        number(
            &connection,
            "SELECT count(*) FROM books WHERE cents >= 1050"
        ),
        1_050,
        "books with the later price"
    );
}

/// What only the table knows to be wrong is reported like any other fault, and what stands around it is taken.
#[test]
fn what_the_table_refuses_is_reported() {
    let mut connection = empty();
    connection
        .execute_batch(
            "CREATE UNIQUE INDEX one_title ON books (title) WHERE cents = 1;
             CREATE TRIGGER banned BEFORE INSERT ON books WHEN new.title = 'Banned'
                 BEGIN SELECT RAISE (ABORT, 'not in this shop'); END;
             CREATE TRIGGER frozen BEFORE UPDATE ON books WHEN old.title = 'Frozen'
                 BEGIN SELECT RAISE (ABORT, 'not for sale'); END;
             CREATE TRIGGER dear BEFORE INSERT ON books WHEN new.cents = 666 BEGIN SELECT RAISE (FAIL, 'no'); END;",
        )
        .expect("rules of the table");
    let file = "isbn,title,cents,stock\n\
        9780000000001,Emma,1,1\n\
        9780000000002,Emma,1,1\n\
        9780000000003,Banned,2,1\n\
        9780000000004,Frozen,2,1\n\
        9780000000004,Thawed,2,1\n\
        9780000000004,Frozen,2,1\n\
        9780000000005,Persuasion,666,1\n\
        9780000000006,Persuasion,2,1\n";
    let (done, rejected) = imported(&mut connection, file.as_bytes());
    let expected = [3, 4, 6, 8].map(|line| (line, "refused"));
    assert_eq!(rejected, expected, "what the table refuses");
    assert_eq!(
        done,
        report(3, 0, 1, 4),
        "three books are new, and one record says the same again"
    );
    assert_eq!(
        books(&connection),
        [
            "9780000000001 | Emma | 1 | 1",
            "9780000000004 | Frozen | 2 | 1",
            "9780000000006 | Persuasion | 2 | 1",
        ],
        "the books"
    );
}

/// How far an import is, seen from outside.
#[derive(Default)]
struct Progress {
    /// Rows written, or records rejected.
    done: AtomicU64,
    /// Rows written since the last commit.
    open: AtomicU64,
    most_open: AtomicU64,
    commits: AtomicU64,
}

impl Progress {
    fn of(connection: &mut Connection) -> Arc<Progress> {
        let progress = Arc::new(Progress::default());
        let seen = Arc::clone(&progress);
        connection
            .update_hook(Some(move |_, _: &str, _: &str, _| {
                seen.done.fetch_add(1, Ordering::SeqCst);
                let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
                seen.most_open.fetch_max(open, Ordering::SeqCst);
            }))
            .expect("SQLite takes the hook");
        let seen = Arc::clone(&progress);
        connection
            .commit_hook(Some(move || {
                seen.open.store(0, Ordering::SeqCst);
                seen.commits.fetch_add(1, Ordering::SeqCst);
                false
            }))
            .expect("SQLite takes the hook");
        progress
    }
}

/// A file that is made while it is read. It counts how far the reader is ahead of what was done with its lines.
struct LongFile {
    progress: Arc<Progress>,
    lines: u64,
    given: u64,
    most_ahead: Arc<AtomicU64>,
    line: Vec<u8>,
    /// Whether the file ends with an error.
    breaks: bool,
    /// Every such line is right.
    right: u64,
}

impl LongFile {
    fn new(lines: u64, progress: &Arc<Progress>) -> LongFile {
        LongFile {
            progress: Arc::clone(progress),
            lines,
            given: 0,
            most_ahead: Arc::default(),
            line: HEAD.as_bytes().to_vec(),
            breaks: false,
            right: 3,
        }
    }
}

impl Read for LongFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty() {
            if self.given == self.lines {
                if self.breaks {
                    return Err(io::Error::other("the network is down"));
                }
                return Ok(0);
            }
            self.given += 1;
            let isbn = if self.given.is_multiple_of(self.right) {
                9_780_000_000_000 + self.given
            } else {
                self.given
            };
            self.line = format!("{isbn},Emma,999,5\n").into_bytes();
            let ahead = self
                .given
                .saturating_sub(self.progress.done.load(Ordering::SeqCst));
            self.most_ahead.fetch_max(ahead, Ordering::SeqCst);
        }
        let count = buffer.len().min(self.line.len());
        buffer[..count].copy_from_slice(&self.line[..count]);
        self.line.drain(..count);
        Ok(count)
    }
}

/// A file that cannot be read at all.
struct Unreadable;

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

/// A file of 100,000 lines is never in memory: what was read is dealt with before much more is read.
#[test]
fn a_long_file_is_never_in_memory() {
    let mut connection = empty();
    let progress = Progress::of(&mut connection);
    let file = LongFile::new(100_000, &progress);
    let (most_ahead, rejects) = (Arc::clone(&file.most_ahead), Arc::clone(&progress));
    let done = import(&mut connection, file, |_| {
        rejects.done.fetch_add(1, Ordering::SeqCst);
    })
    .expect("a file that can be read");
    assert_eq!(
        counts(&done),
        report(33_333, 0, 0, 66_667),
        "every third line is a book"
    );
    let most_ahead = most_ahead.load(Ordering::SeqCst);
    assert!(
        most_ahead <= 10_000,
        "{most_ahead} lines were read and neither written nor rejected yet"
    );
}

/// A transaction takes a batch at most, so that others get their turn, and not each record has one of its own.
#[test]
fn a_batch_is_one_transaction() {
    let mut connection = empty();
    let progress = Progress::of(&mut connection);
    let mut file = LongFile::new(12_000, &progress);
    file.right = 1;
    import(&mut connection, file, |_| ()).expect("a file that can be read");
    let most = progress.most_open.load(Ordering::SeqCst);
    assert!(most <= BATCH, "{most} rows were written in one transaction");
    let commits = progress.commits.load(Ordering::SeqCst);
    assert!(
        commits <= 15,
        "{commits} transactions for 12000 records, {BATCH} in each"
    );
    // Wrong records belong to a batch, too.
    let mut connection = empty();
    let progress = Progress::of(&mut connection);
    let mut file = LongFile::new(12_000, &progress);
    file.right = 4;
    let rejects = Arc::clone(&progress);
    import(&mut connection, file, |_| {
        let open = rejects.open.fetch_add(1, Ordering::SeqCst) + 1;
        rejects.most_open.fetch_max(open, Ordering::SeqCst);
    })
    .expect("a file that can be read");
    let most = progress.most_open.load(Ordering::SeqCst);
    assert!(
        most <= 2 * BATCH,
        "{most} records, of which every fourth was right, were dealt with between two commits"
    );
}

/// When the file cannot be read on, what was read stays, and the same file can be imported again.
#[test]
fn a_file_that_breaks_off() {
    let mut connection = empty();
    let progress = Progress::of(&mut connection);
    let mut file = LongFile::new(3_700, &progress);
    file.breaks = true;
    let answer = import(&mut connection, file, |_| ());
    assert!(
        matches!(answer, Err(ImportError::File(_))),
        "a file that breaks off after 3700 lines: {answer:?}"
    );
    assert!(connection.is_autocommit(), "a transaction is still open");
    assert_eq!(
        number(&connection, "SELECT count(*) FROM books"),
        1_233,
        "books from the 3700 lines before it broke off"
    );
    let file = LongFile::new(5_000, &progress);
    let done = import(&mut connection, file, |_| ()).expect("a file that can be read");
    assert_eq!(
        counts(&done),
        report(433, 0, 1_233, 3_334),
        "the whole file afterwards"
    );
    let answer = import(&mut connection, Unreadable, |_| ());
    assert!(
        matches!(answer, Err(ImportError::File(_))),
        "a file of which not even the head can be read: {answer:?}"
    );
}

/// A database that fails is an error of the import, and no fault of the records.
#[test]
fn a_database_that_fails() {
    let file = format!("{HEAD}9780000000001,{},999,5\n", "Emma".repeat(10_000));
    let mut full = empty();
    full.execute_batch("PRAGMA max_page_count = 1")
        .expect("SQLite takes the pragma, and keeps the pages that are there");
    let mut broken = support::database::in_memory();
    let mut refusing = empty();
    refusing
        .commit_hook(Some(|| true))
        .expect("SQLite takes the hook, which refuses every commit");
    let mut reading = empty();
    reading
        .pragma_update(None, "query_only", true)
        .expect("SQLite takes the pragma");
    let (database, locking) = in_a_file();
    locking
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody else writes");
    let mut waiting = impatient(&database);
    for (connection, what) in [
        (&mut full, "a disk that is full"),
        (&mut broken, "a database without tables"),
        (&mut refusing, "commits that are refused"),
        (&mut reading, "a connection that only reads"),
        (&mut waiting, "a lock that somebody else holds"),
    ] {
        let answer = import(connection, file.as_bytes(), |rejected| {
            panic!("{what}: {rejected:?}")
        });
        assert!(
            matches!(answer, Err(ImportError::Database(_))),
            "{what}: {answer:?}"
        );
        assert!(
            connection.is_autocommit(),
            "a transaction is still open after {what}"
        );
    }
}
