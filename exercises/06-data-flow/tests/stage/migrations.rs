use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use data_flow::given::fingerprint;
use data_flow::migrations::{Migration, MigrationError, migrate};
use rusqlite::Connection;
use support::Gate;

use crate::shop::{
    before_statement, everything, impatient, in_a_file, nobody_comes_any_more, number, put, rows,
    shared, take,
};

fn migration(name: &str, sql: &str) -> Migration {
    Migration {
        name: name.to_owned(),
        sql: sql.to_owned(),
    }
}

/// A table `log`, then `count` steps that write their version into it.
fn steps(count: usize) -> Vec<Migration> {
    let mut steps = vec![migration(
        "a log",
        "CREATE TABLE log (version INTEGER NOT NULL) STRICT;\nINSERT INTO log VALUES (1);",
    )];
    for version in 2..=count {
        let sql = format!(
            "CREATE TABLE t{version} (id INTEGER PRIMARY KEY, note TEXT DEFAULT ';');\n\
             INSERT INTO log VALUES ({version}); -- the end"
        );
        steps.push(migration(&format!("step {version}"), &sql));
    }
    steps
}

fn empty() -> Connection {
    support::database::in_memory()
}

/// The versions that have run, in the order in which they did.
#[track_caller]
fn log(connection: &Connection) -> Vec<String> {
    rows(connection, "SELECT version FROM log ORDER BY rowid")
}

fn versions(count: usize) -> Vec<String> {
    (1..=count).map(|version| version.to_string()).collect()
}

/// What came of it: how many ran, or the error.
fn said(result: Result<usize, MigrationError>) -> String {
    match result {
        Ok(ran) => format!("{ran} ran"),
        Err(MigrationError::Failed { version, .. }) => format!("migration {version} failed"),
        Err(MigrationError::Changed { version }) => format!("migration {version} was changed"),
        Err(MigrationError::Newer { applied, known }) => {
            format!("{applied} migrations were applied, and {known} are known")
        }
        Err(MigrationError::Database(error)) => format!("the database says: {error}"),
    }
}

/// How a connection is set up, as far as a migration may be tempted to change it.
fn settings(connection: &Connection) -> [Vec<String>; 3] {
    ["busy_timeout", "foreign_keys", "journal_mode"]
        .map(|name| rows(connection, &format!("PRAGMA {name}")))
}

/// Migrations run in the order of the list, each once, from wherever the database is.
#[test]
fn each_runs_once_in_order() {
    let mut values = support::seeded(0x0631);
    for _ in 0..6 {
        let steps = steps(values.size(10..16));
        let mut connection = empty();
        connection
            .pragma_update(None, "busy_timeout", 1_234)
            .expect("SQLite takes the pragma");
        let set_up = settings(&connection);
        let mut had = 0;
        while had < steps.len() {
            let up_to = values.size(had..steps.len() + 1);
            let ran: usize = migrate(&mut connection, &steps[..up_to]).expect("steps that run");
            assert_eq!(
                ran,
                up_to - had,
                "a database at {had} was brought to {up_to}"
            );
            assert!(connection.is_autocommit(), "a transaction is still open");
            assert_eq!(
                settings(&connection),
                set_up,
                "the connection's time-out, foreign keys and mode"
            );
            had = up_to;
            if had > 0 {
                assert_eq!(log(&connection), versions(had), "the versions that ran");
            }
        }
        let before = everything(&connection);
        assert_eq!(said(migrate(&mut connection, &steps)), "0 ran", "once more");
        assert_eq!(
            everything(&connection),
            before,
            "all rows after running again"
        );
    }
}

/// The table `migrations` has a row for each, with its fingerprint, so that people and other programs can read it.
#[test]
fn the_record_can_be_read() {
    let mut connection = empty();
    let steps = steps(12);
    migrate(&mut connection, &steps).expect("steps that run");
    let record = rows(&connection, "SELECT * FROM migrations");
    assert_eq!(record.len(), 12, "rows of the record: {record:#?}");
    for (step, version) in steps.iter().zip(1..) {
        let expected = fingerprint(&step.sql);
        assert!(
            record.iter().any(|row| row.contains(&expected)),
            "the fingerprint {expected} of version {version} is missing in {record:#?}"
        );
    }
}

/// Two steps may have the same SQL or the same name and are two steps all the same; one may do nothing.
#[test]
fn a_step_is_known_by_its_place() {
    let mut connection = empty();
    let twice = "INSERT INTO log SELECT max(version) + 1 FROM log";
    let mut list = steps(1);
    list.push(migration("again", twice));
    list.push(migration("again", twice));
    list.push(migration("again", "-- nothing to do\n"));
    list.push(migration("again", ""));
    assert_eq!(
        said(migrate(&mut connection, &list)),
        "5 ran",
        "five steps, two of them alike"
    );
    assert_eq!(log(&connection), versions(3), "what the steps have written");
    list.push(migration("again", twice));
    assert_eq!(
        said(migrate(&mut connection, &list)),
        "1 ran",
        "one more that is alike"
    );
    assert_eq!(log(&connection), versions(4), "what the steps have written");
}

/// No migrations are no error.
#[test]
fn no_migrations_are_no_error() {
    let mut connection = empty();
    assert_eq!(
        said(migrate(&mut connection, &[])),
        "0 ran",
        "an empty list"
    );
    assert_eq!(
        said(migrate(&mut connection, &steps(2))),
        "2 ran",
        "and then two"
    );
}

/// A step that fails leaves nothing of itself, keeps those before it, stops those behind it, and is the next to run.
#[test]
fn a_step_that_fails_leaves_nothing() {
    for place in [0, 1, 4, 6] {
        let mut connection = empty();
        let mut list = steps(7);
        let good = list[place].sql.clone();
        for (bad, why) in [
            (
                "CREATE TABLE half (id INTEGER); INSERT INTO half VALUES (1); INSERT INTO nowhere VALUES (1);",
                "no such table: nowhere",
            ),
            (
                "CREATE TABLE half (id INTEGER); CREATE TABLE half (id INTEGER);",
                "already exists",
            ),
            (
                "CREATE TABLE half (id INTEGER PRIMARY KEY); INSERT INTO half VALUES (1), (1);",
                "UNIQUE constraint failed: half.id",
            ),
            (
                "CREATE TABLE half (id INTEGER); this is no SQL;",
                "syntax error",
            ),
        ] {
            list[place].sql = bad.to_owned();
            let answer = migrate(&mut connection, &list);
            if let Err(MigrationError::Failed { error, .. }) = &answer {
                let error = error.to_string();
                assert!(
                    error.contains(why),
                    "the error inside is SQLite's, about {bad}: {error}"
                );
            }
            let expected = format!("migration {} failed", place + 1);
            assert_eq!(said(answer), expected, "{bad}");
            assert!(connection.is_autocommit(), "a transaction is still open");
            let half = "SELECT count(*) FROM sqlite_schema WHERE name = 'half'";
            assert_eq!(number(&connection, half), 0, "tables left over by {bad}");
            if place > 0 {
                assert_eq!(
                    log(&connection),
                    versions(place),
                    "the versions before the one that failed"
                );
            }
        }
        list[place].sql = good;
        let ran = said(migrate(&mut connection, &list));
        assert_eq!(
            ran,
            format!("{} ran", 7 - place),
            "after version {} was mended",
            place + 1
        );
        assert_eq!(
            log(&connection),
            versions(7),
            "the versions that ran at last"
        );
    }
}

/// A commit can fail. Whichever it is, the next call goes on, and no step runs twice or is left out.
#[test]
fn a_step_and_its_record_are_one() {
    for refused in 0.. {
        let mut connection = empty();
        let mut commits = 0;
        connection
            .commit_hook(Some(move || {
                commits += 1;
                commits == refused + 1
            }))
            .expect("SQLite takes the hook");
        let answer = migrate(&mut connection, &steps(5));
        connection
            .commit_hook(None::<fn() -> bool>)
            .expect("SQLite takes no hook");
        let done = answer.is_ok();
        let again = migrate(&mut connection, &steps(5));
        if let Err(error) = again {
            panic!("after commit {refused} was refused, the next call says: {error}");
        }
        assert_eq!(
            log(&connection),
            versions(5),
            "the versions that ran, after commit {refused} was refused"
        );
        if done {
            // There were fewer commits than that.
            assert!(refused >= 5, "only {refused} commits for 5 steps");
            break;
        }
    }
}

/// A database that has had more than this program knows is refused, and nothing is changed.
#[test]
fn newer_tables_are_refused() {
    let mut connection = empty();
    migrate(&mut connection, &steps(11)).expect("steps that run");
    let before = everything(&connection);
    for known in [10, 2, 1, 0] {
        let answer = said(migrate(&mut connection, &steps(11)[..known]));
        assert_eq!(
            answer,
            format!("11 migrations were applied, and {known} are known"),
            "a program that knows {known}"
        );
        assert!(connection.is_autocommit(), "a transaction is still open");
        assert_eq!(
            everything(&connection),
            before,
            "all rows after a refusal at {known}"
        );
    }
}

/// A step that was changed after it had run is refused, be it by one space, and nothing runs.
#[test]
fn changed_steps_are_refused() {
    let mut connection = empty();
    migrate(&mut connection, &steps(11)).expect("steps that run");
    let before = everything(&connection);
    let list = steps(13);
    let mut changes: Vec<(usize, Vec<Migration>)> = Vec::new();
    for place in [0, 1, 5, 9, 10] {
        let mut changed = list.clone();
        changed[place].sql.push(' ');
        changes.push((place, changed));
    }
    let mut changed = list.clone();
    changed[3].sql = changed[3].sql.to_uppercase();
    changed[7].sql = String::new();
    changes.push((3, changed));
    let mut changed = list.clone();
    changed[0].sql = changed[0].sql.replace('\n', "\r\n");
    changes.push((0, changed));
    let mut changed = list.clone();
    changed.swap(6, 8);
    changes.push((6, changed));
    let mut changed = list.clone();
    changed.remove(4);
    changes.push((4, changed));
    let mut changed = list.clone();
    changed.insert(2, migration("in between", "INSERT INTO log VALUES (0)"));
    changes.push((2, changed));
    for (place, changed) in changes {
        let answer = said(migrate(&mut connection, &changed));
        let expected = format!("migration {} was changed", place + 1);
        assert_eq!(answer, expected, "a list that differs at place {place}");
        assert!(connection.is_autocommit(), "a transaction is still open");
        assert_eq!(
            everything(&connection),
            before,
            "all rows after a refusal at place {place}"
        );
    }
    assert_eq!(
        said(migrate(&mut connection, &list)),
        "2 ran",
        "the list as it was"
    );
}

/// A name is for people, and may be worded better later.
#[test]
fn a_name_may_change() {
    let mut connection = empty();
    migrate(&mut connection, &steps(3)).expect("steps that run");
    let mut list = steps(4);
    for step in &mut list {
        step.name = format!("the {}'s new name", step.name);
    }
    assert_eq!(
        said(migrate(&mut connection, &list)),
        "1 ran",
        "after every name was changed"
    );
}

/// When another program migrates at the same time, wherever it comes in between, each step runs once and nobody fails.
#[test]
fn another_program_at_any_moment_does_no_harm() {
    for place in 0.. {
        let (database, mut connection) = in_a_file();
        let mut other = impatient(&database);
        let got = shared();
        let note = got.clone();
        let statements = before_statement(&mut connection, place, move || {
            // When it is told to wait, it has done nothing.
            put(&note, migrate(&mut other, &steps(3)).unwrap_or_default());
        });
        let answer = migrate(&mut connection, &steps(3));
        let ran = answer.unwrap_or_else(|error| {
            panic!("another program migrated before statement {place}: {error}")
        });
        let theirs = take(&got).unwrap_or_default();
        assert_eq!(
            log(&connection),
            versions(3),
            "the versions that ran, the other program coming before statement {place}"
        );
        assert_eq!(
            ran + theirs,
            3,
            "{ran} and {theirs} ran, the other program coming before statement {place}"
        );
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}

/// When a program with another list comes in between, whoever finds its step in the record says so, and never goes on from it.
#[test]
fn another_list_at_any_moment_is_found_out() {
    for place in 0.. {
        let (database, mut connection) = in_a_file();
        let mut other = impatient(&database);
        let mut theirs = steps(3);
        theirs[2].sql = "INSERT INTO log VALUES (33)".to_owned();
        let statements = before_statement(&mut connection, place, move || {
            // It is told to wait, or that a step was changed, or it is first.
            let _told = migrate(&mut other, &theirs);
        });
        let answer = said(migrate(&mut connection, &steps(5)));
        let ran = log(&connection).join(" ");
        let expected = if ran.contains("33") {
            ("migration 3 was changed", "1 2 33")
        } else {
            (&*answer, "1 2 3 4 5")
        };
        assert_eq!(
            (&*answer, &*ran),
            expected,
            "the answer, and the versions that ran, a program with another version 3 coming before statement {place}"
        );
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}

/// What cannot be read or written of the record is an error of the database; nothing runs twice because of it, and the next call
/// goes on.
#[test]
fn a_record_that_cannot_be_read_is_an_error() {
    for place in 0.. {
        let mut connection = empty();
        migrate(&mut connection, &steps(12)).expect("steps that run");
        let stop = connection.get_interrupt_handle();
        let statements = before_statement(&mut connection, place, move || stop.interrupt());
        let answer = said(migrate(&mut connection, &steps(13)));
        let over = place >= statements.load(Ordering::SeqCst);
        nobody_comes_any_more(&mut connection);
        assert!(
            ["1 ran", "migration 13 failed"].contains(&&*answer)
                || answer.starts_with("the database says"),
            "12 of 13 steps had run, and statement {place} was interrupted: {answer}"
        );
        if !connection.is_autocommit() {
            // It was the rollback itself.
            connection
                .execute_batch("ROLLBACK")
                .expect("nothing is interrupted now");
        }
        let again = said(migrate(&mut connection, &steps(13)));
        assert!(
            ["0 ran", "1 ran"].contains(&&*again),
            "after statement {place} was interrupted, the next call says: {again}"
        );
        assert_eq!(
            log(&connection),
            versions(13),
            "the versions that ran, after statement {place} was interrupted"
        );
        if over {
            break;
        }
    }
    let mut connection = empty();
    migrate(&mut connection, &steps(2)).expect("steps that run");
    connection
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON migrations BEGIN SELECT RAISE (ABORT, 'the record is full'); END",
        )
        .expect("a trigger");
    let answer = migrate(&mut connection, &steps(3));
    assert!(
        matches!(answer, Err(MigrationError::Database(_))),
        "the record cannot be written, and the SQL of the step is right: {answer:?}"
    );
    assert_eq!(
        log(&connection),
        versions(2),
        "the versions that ran, with a record that is full"
    );
}

/// Four programs that start at the same moment all succeed, and each step runs once.
#[test]
fn four_programs_start_at_once() {
    for round in 0..5 {
        let (database, connection) = in_a_file();
        let gate = Arc::new(Gate::new(4));
        let programs: Vec<_> = (0..4)
            .map(|_| {
                let (gate, mut connection) = (Arc::clone(&gate), database.connect());
                thread::spawn(move || {
                    gate.wait();
                    migrate(&mut connection, &steps(4))
                })
            })
            .collect();
        let mut ran = 0;
        for program in programs {
            let answer = program.join().expect("a program does not panic");
            ran += answer.unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
        assert_eq!(ran, 4, "what the four say they ran, in round {round}");
        assert_eq!(
            log(&connection),
            versions(4),
            "the versions that ran, in round {round}"
        );
    }
}

/// A program that finds the lock held for longer than it waits says so, and has done nothing.
#[test]
fn a_lock_that_is_held_is_an_error() {
    let (database, connection) = in_a_file();
    let before = everything(&connection);
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody else writes");
    let mut other = impatient(&database);
    let answer = migrate(&mut other, &steps(2));
    assert!(
        matches!(answer, Err(MigrationError::Database(_))),
        "the lock is held, and no SQL of a step has run: {answer:?}"
    );
    connection.execute_batch("COMMIT").expect("nothing to do");
    assert_eq!(everything(&connection), before, "all rows afterwards");
    assert_eq!(said(migrate(&mut other, &steps(2))), "2 ran", "afterwards");
}
