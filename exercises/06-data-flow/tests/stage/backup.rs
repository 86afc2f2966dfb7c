use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use data_flow::backup::{BackupError, back_up, check};
use data_flow::given::TABLES;
use rusqlite::Connection;
use support::Gate;
use support::database::TempDatabase;
use tempfile::TempDir;

use crate::shop::{
    before_statement, empty, everything, impatient, in_a_file, number, put, rows, shared, store,
    take,
};

/// A folder for backups.
fn folder() -> TempDir {
    tempfile::tempdir().expect("the system gives a temporary folder")
}

/// What lies in a folder: each name with what is in the file.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

#[track_caller]
fn names(folder: &Path) -> Vec<String> {
    files(folder).into_keys().collect()
}

/// A shop in a file with 100 random books, none of which is in the main file yet: WAL keeps them beside it.
fn shop(seed: u64) -> (TempDatabase, Connection) {
    let (database, connection) = in_a_file();
    let mut values = support::seeded(seed);
    for id in 1..=100 {
        let cents = i64::try_from(values.number(0..5_000)).expect("a price");
        store(&connection, id, &values.word(1..200), cents, 10);
    }
    (database, connection)
}

#[track_caller]
fn backed_up(connection: &Connection, to: &Path) {
    back_up(connection, to).unwrap_or_else(|error| panic!("a backup of a sound shop: {error}"));
}

/// Everything in a copy, opened as a stranger would open it.
#[track_caller]
fn content(path: &Path) -> Vec<String> {
    everything(&Connection::open(path).expect("a database"))
}

/// A copy has all that was committed, and nothing else is left in its folder.
#[test]
fn a_copy_has_everything() {
    let folder = folder();
    let to = folder.path().join("shop.backup");
    let (_database, connection) = shop(0x0681);
    backed_up(&connection, &to);
    assert_eq!(names(folder.path()), ["shop.backup"], "files in the folder");
    assert_eq!(
        content(&to),
        everything(&connection),
        "all rows of the copy"
    );
    let copy = Connection::open(&to).expect("a database");
    let schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY name";
    assert_eq!(
        rows(&copy, schema),
        rows(&connection, schema),
        "tables and indexes"
    );
    drop(copy);
    assert!(check(&to).is_ok(), "the copy is sound");
    let memory = empty();
    backed_up(&memory, &to);
    assert_eq!(
        content(&to),
        Vec::<String>::new(),
        "all rows of the copy of a shop that has just opened"
    );
    store(&memory, 1, "Emma", 500, 1);
    backed_up(&memory, &to);
    assert_eq!(
        content(&to),
        everything(&memory),
        "all rows of the copy of a database in memory"
    );
}

/// The names of files have spaces and quotes in them; a folder that is not there is an error.
#[test]
fn a_name_is_a_name() {
    let folder = folder();
    let (_database, connection) = shop(0x0682);
    for name in ["it's the shop; \"today\".db", "100 %20?mode=ro.db", "ä 🦀"] {
        let to = folder.path().join(name);
        backed_up(&connection, &to);
        assert_eq!(names(folder.path()), [name], "files in the folder");
        assert_eq!(content(&to), everything(&connection), "all rows of {name}");
        fs::remove_file(&to).expect("a file");
    }
    // On some systems a name need not be a text. Whoever cannot write such a file says so, and leaves nothing.
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        let name = std::ffi::OsString::from_vec(b"shop \xFF.db".to_vec());
        match back_up(&connection, &folder.path().join(&name)) {
            Ok(()) => fs::remove_file(folder.path().join(&name)).expect("the backup has this name"),
            Err(_) => assert_eq!(
                names(folder.path()),
                Vec::<String>::new(),
                "files in the folder after a name that is no UTF-8"
            ),
        }
    }
    // A folder has the name already. The copy is made, and cannot take it.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("full")).expect("a folder");
    assert!(
        back_up(&connection, &taken).is_err(),
        "a folder has this name"
    );
    let left = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "the folder `taken`, and nothing beside it");
    fs::remove_dir_all(&taken).expect("a folder");
    let nowhere = folder.path().join("nowhere").join("shop.db");
    assert!(
        back_up(&connection, &nowhere).is_err(),
        "a folder that is not there"
    );
    assert_eq!(
        names(folder.path()),
        Vec::<String>::new(),
        "files in the folder"
    );
}

/// What another connection has not committed is not in the copy, and does not stop it.
#[test]
fn what_is_not_committed_is_not_copied() {
    let folder = folder();
    let to = folder.path().join("shop.backup");
    let (database, mut connection) = shop(0x0683);
    // Somebody still reads what was there before the last change, so that it cannot go to the main file.
    let reader = database.connect();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM books;")
        .expect("a reader");
    connection
        .execute(
            "UPDATE books SET title = 'The last change' WHERE id = 7",
            [],
        )
        .expect("a reader stops nobody");
    let expected = everything(&connection);
    let writer = database.connect();
    writer
        .execute_batch(
            "BEGIN IMMEDIATE; UPDATE books SET cents = 0; DELETE FROM books WHERE id > 50;",
        )
        .expect("nobody else writes");
    let waits = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&waits);
    connection
        .busy_handler(Some(move |_| {
            told.store(true, Ordering::SeqCst);
            false
        }))
        .expect("SQLite takes the handler");
    backed_up(&connection, &to);
    assert!(
        !waits.load(Ordering::SeqCst),
        "the backup needs a lock that a reader or a writer is holding"
    );
    assert_eq!(content(&to), expected, "all rows of the copy");
    writer
        .execute_batch("COMMIT")
        .expect("the backup has let go");
    backed_up(&connection, &to);
    assert_eq!(
        content(&to),
        everything(&connection),
        "all rows of the next copy"
    );
}

/// A writer is not told to wait by a backup, wherever he comes in, and the copy is of the moment before or after him.
#[test]
fn a_writer_at_any_moment_does_no_harm() {
    for place in 0.. {
        let folder = folder();
        let to = folder.path().join("shop.backup");
        let (database, mut connection) = shop(0x0684);
        let before = everything(&connection);
        let other = impatient(&database);
        let got = shared();
        let note = got.clone();
        let statements = before_statement(&mut connection, place, move || {
            let sql = "BEGIN IMMEDIATE; UPDATE books SET stock = stock - 5 WHERE id = 1;
                       UPDATE books SET stock = stock + 5 WHERE id = 100; COMMIT;";
            put(&note, other.execute_batch(sql));
        });
        backed_up(&connection, &to);
        if let Some(wrote) = take(&got) {
            assert_eq!(wrote, Ok(()), "a writer before statement {place}");
        }
        let copy = content(&to);
        assert!(
            copy == before || copy == everything(&connection),
            "the copy is of the moment before or after a writer came before statement {place}: {copy:#?}"
        );
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}

/// While a writer moves copies to and fro all the time, each copy is of one moment: nothing is lost or doubled in it.
#[test]
fn the_copy_is_one_moment_while_writers_go_on() {
    let folder = folder();
    let to = folder.path().join("shop.backup");
    let (database, connection) = shop(0x0685);
    let over = Arc::new(AtomicBool::new(false));
    let (stop, mut writing) = (Arc::clone(&over), database.connect());
    writing
        .pragma_update(None, "synchronous", "off")
        .expect("SQLite takes the pragma");
    let writer = thread::spawn(move || -> rusqlite::Result<usize> {
        let mut values = support::seeded(0x0686);
        for round in 0..5_000 {
            if stop.load(Ordering::SeqCst) {
                return Ok(round);
            }
            let book = |number| i64::try_from(number).expect("1 to 100");
            let (from, to) = (book(values.number(1..51)), book(values.number(51..101)));
            let transaction = writing.transaction()?;
            transaction.execute("UPDATE books SET stock = stock + 1 WHERE id = ?1", [to])?;
            transaction.execute(
                "UPDATE books SET stock = max(stock - 1, 0) WHERE id = ?1",
                [from],
            )?;
            // What could not be taken was not put.
            transaction.execute(
                "UPDATE books SET stock = stock + 1000 - (SELECT sum(stock) FROM books) WHERE id = ?1",
                [to],
            )?;
            transaction.commit()?;
        }
        Ok(5_000)
    });
    let mut sums = Vec::new();
    for _ in 0..8 {
        let result = back_up(&connection, &to);
        let sum = result.map(|()| {
            number(
                &Connection::open(&to).expect("a database"),
                "SELECT sum(stock) FROM books",
            )
        });
        sums.push(sum.map_err(|error| error.to_string()));
    }
    over.store(true, Ordering::SeqCst);
    let rounds = writer.join().expect("the writer does not panic");
    assert!(rounds.is_ok(), "the writer is never stopped: {rounds:?}");
    let expected = vec![Ok(1_000); 8];
    assert_eq!(
        sums, expected,
        "the copies of all books together, in each backup"
    );
}

/// A newer backup takes the place of the older one in one step: whoever looks for a backup always finds one.
#[test]
fn there_is_a_backup_at_any_moment() {
    let folder = folder();
    let to = folder.path().join("shop.backup");
    let connection = empty();
    backed_up(&connection, &to);
    let (gate, over) = (Arc::new(Gate::new(2)), Arc::new(AtomicBool::new(false)));
    let (start, stop, path) = (Arc::clone(&gate), Arc::clone(&over), to.clone());
    let watcher = thread::spawn(move || {
        start.wait();
        let mut missed = 0;
        while !stop.load(Ordering::SeqCst) {
            missed += u32::from(fs::metadata(&path).is_err());
        }
        missed
    });
    gate.wait();
    let results: Vec<bool> = (0..20).map(|_| back_up(&connection, &to).is_ok()).collect();
    over.store(true, Ordering::SeqCst);
    let missed = watcher.join().expect("whoever looks does not panic");
    assert_eq!(results, [true; 20], "the backups that were made");
    assert_eq!(
        missed, 0,
        "how often there was no backup, while newer ones were made"
    );
}

/// Whoever holds the older backup still has it whole, and what an earlier try left behind is in nobody's way.
#[test]
fn a_newer_backup_takes_the_place_of_the_older_one() {
    let folder = folder();
    let (to, held) = (
        folder.path().join("shop.backup"),
        folder.path().join("held"),
    );
    let (_database, connection) = shop(0x0687);
    backed_up(&connection, &to);
    let old = everything(&connection);
    fs::hard_link(&to, &held).expect("a second name for the older backup");
    // What a backup that was interrupted left behind.
    fs::write(folder.path().join("shop.backup.part"), "half a file").expect("a file");
    connection
        .execute("DELETE FROM books WHERE id > 3", [])
        .expect("nobody refers to them");
    backed_up(&connection, &to);
    assert_eq!(
        content(&to),
        everything(&connection),
        "all rows of the newer one"
    );
    assert_eq!(content(&held), old, "all rows of the older one");
    assert_eq!(
        names(folder.path()),
        ["held", "shop.backup"],
        "files in the folder"
    );
}

/// A shop with a fault makes no backup, and the last good one stays as it is.
#[test]
fn a_fault_does_not_replace_a_good_backup() {
    let (dangling, no_references) = shop(0x0688);
    no_references
        .execute_batch(
            "PRAGMA foreign_keys = OFF; INSERT INTO payments VALUES (1, 77, 500, 'bank-1');",
        )
        .expect("nobody looks at references");
    let memory = empty();
    memory
        .execute_batch(
            "PRAGMA foreign_keys = OFF; INSERT INTO payments VALUES (1, 77, 500, 'bank-1');",
        )
        .expect("nobody looks at references");
    let (torn, damaged) = shop(0x0689);
    damaged
        .execute_batch(
            "CREATE TABLE filler (text TEXT);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
             INSERT INTO filler SELECT hex(randomblob(500)) FROM n;
             PRAGMA journal_mode = DELETE;",
        )
        .expect("many pages");
    drop(damaged);
    let mut bytes = fs::read(torn.path()).expect("a file");
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0x5A);
    fs::write(torn.path(), bytes).expect("a file");
    let damaged = torn.connect();
    let bare = TempDatabase::new().connect();
    for (connection, what) in [
        (&no_references, "a row that refers to nothing"),
        (&memory, "a row in memory that refers to nothing"),
        (&damaged, "pages that are torn"),
        (&bare, "a database without tables"),
    ] {
        let folder = folder();
        let to = folder.path().join("shop.backup");
        let (_database, sound) = shop(0x068A);
        backed_up(&sound, &to);
        let before = files(folder.path());
        let answer = back_up(connection, &to);
        assert!(answer.is_err(), "a backup of {what}");
        assert!(
            files(folder.path()) == before,
            "the older backup, and nothing else, is in the folder after {what}: {:?}",
            names(folder.path())
        );
    }
    drop(dangling);
}

/// A check finds what is wrong with a file, says so line by line, and leaves nothing beside it.
#[test]
fn a_check_finds_what_is_wrong() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let make = |name: &str, sql: &str| {
        let connection = Connection::open(path(name)).expect("a folder that is there");
        connection
            .execute_batch(TABLES)
            .expect("the tables are SQL");
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; CREATE TABLE extra (a INTEGER, b INTEGER);")
            .expect("a table");
        connection.execute_batch(sql).expect("SQL");
    };
    make("sound", "INSERT INTO extra VALUES (1, 2)");
    make(
        "wal",
        "PRAGMA journal_mode = WAL; INSERT INTO extra VALUES (1, 2)",
    );
    make(
        "dangling",
        "INSERT INTO payments VALUES (1, 7, 1, 'a'), (2, 8, 1, 'b');
         INSERT INTO order_lines VALUES (9, 9, 1, 1);",
    );
    make(
        "no numbers",
        "CREATE TABLE words (word TEXT PRIMARY KEY, book_id INTEGER REFERENCES books (id)) WITHOUT ROWID;
         INSERT INTO words VALUES ('emma', 7);",
    );
    // A reference to a column that is no key: the check itself fails.
    make(
        "mismatch",
        "CREATE TABLE pages (extra INTEGER REFERENCES extra (a)); INSERT INTO pages VALUES (1);",
    );
    // The index holds the values of one column, and is said to be one of the other.
    make(
        "index",
        "INSERT INTO extra VALUES (1, 2), (3, 4);
         CREATE INDEX by_a ON extra (a);
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX by_a ON extra (b)' WHERE name = 'by_a';",
    );
    fs::write(path("empty"), "").expect("a file");
    Connection::open(path("tableless"))
        .and_then(|connection| connection.execute_batch("CREATE TABLE a (b); DROP TABLE a;"))
        .expect("a table that comes and goes");
    Connection::open(path("view"))
        .and_then(|connection| connection.execute_batch("CREATE VIEW a AS SELECT 1;"))
        .expect("a view");
    fs::write(path("letter"), "This is no database. ".repeat(300)).expect("a file");
    let whole = fs::read(path("sound")).expect("a file");
    fs::write(path("cut"), &whole[..whole.len() / 2]).expect("a file");
    let before = files(folder.path());
    for (name, expected) in [
        ("sound", "sound"),
        ("wal", "sound"),
        ("dangling", "damaged"),
        ("index", "damaged"),
        ("empty", "damaged"),
        ("tableless", "damaged"),
        ("view", "damaged"),
        ("no numbers", "damaged"),
        ("letter", "no database"),
        ("nothing", "no database"),
    ] {
        let answer = check(&path(name));
        let said = match &answer {
            Ok(()) => "sound",
            Err(BackupError::Damaged(findings)) => {
                assert!(!findings.is_empty(), "what is wrong with {name}");
                "damaged"
            }
            Err(_) => "no database",
        };
        assert_eq!(said, expected, "the check of {name}: {answer:?}");
        let left: Vec<String> = names(folder.path());
        let there: Vec<&String> = before.keys().collect();
        assert_eq!(
            left.iter().collect::<Vec<_>>(),
            there,
            "files in the folder after the check of {name}"
        );
    }
    assert!(check(&path("cut")).is_err(), "the first half of a file");
    assert!(
        check(&path("mismatch")).is_err(),
        "a file whose references cannot be checked"
    );
    let faults = rows(
        &Connection::open(path("index")).expect("a database"),
        "PRAGMA integrity_check",
    );
    let Err(BackupError::Damaged(findings)) = check(&path("index")) else {
        panic!("an index of another column");
    };
    assert!(
        findings.len() >= faults.len(),
        "a line for each of {faults:#?}: {findings:#?}"
    );
    let Err(BackupError::Damaged(findings)) = check(&path("dangling")) else {
        panic!("three rows refer to nothing");
    };
    assert!(
        findings.len() >= 3,
        "one finding for each of three rows: {findings:?}"
    );
}
