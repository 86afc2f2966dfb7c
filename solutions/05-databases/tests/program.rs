//! The finished program, started as a user starts it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;
use tempfile::TempDir;

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_databases-solution"))
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[track_caller]
fn says(folder: &TempDir, arguments: &[&str]) -> Vec<String> {
    let done = run(folder, arguments);
    assert_eq!(
        done.status.code(),
        Some(0),
        "the exit code of {arguments:?}: {done:?}"
    );
    let output = String::from_utf8(done.stdout).expect("the output is text");
    output.lines().map(str::to_owned).collect()
}

fn shop() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = says(&folder, &["shop.db"]);
    assert_eq!(made[0], "shop.db is made.", "the first line");
    folder
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

/// The shop is made once, the same each time, is sound for whoever opens its file, and nothing else is left behind.
#[test]
fn a_shop_is_made_and_is_sound() {
    let (folder, other) = (shop(), shop());
    assert_eq!(
        says(&folder, &["shop.db"]),
        says(&other, &["shop.db"]),
        "two shops"
    );
    assert_eq!(
        says(&folder, &["shop.db"])[0].trim(),
        "5000  books",
        "books"
    );
    assert_eq!(
        names(folder.path()),
        BTreeSet::from(["shop.db".to_owned()]),
        "files"
    );
    let connection = Connection::open(folder.path().join("shop.db")).expect("a database");
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("an answer");
    assert_eq!(sound, "ok", "the integrity check");
    let dangling = connection
        .prepare("PRAGMA foreign_key_check")
        .expect("a pragma")
        .exists([])
        .expect("an answer");
    assert!(!dangling, "rows that refer to nothing");
    let days: i64 = connection
        .query_row(
            "SELECT julianday(max(placed_on)) - julianday(min(placed_on)) FROM orders",
            [],
            |row| row.get::<_, f64>(0).map(|days| days as i64),
        )
        .expect("a number of days");
    assert!(
        (700..=731).contains(&days),
        "two years of orders have {days} days"
    );
}

/// `top`, `sales`, `search` and `plan` answer by what the exercises do.
#[test]
fn the_commands_answer() {
    let folder = shop();
    assert_eq!(
        says(&folder, &["shop.db", "top"]).len(),
        11,
        "a head and ten books"
    );
    assert_eq!(
        says(&folder, &["shop.db", "top", "3"]).len(),
        4,
        "a head and three books"
    );
    let sales = says(&folder, &["shop.db", "sales"]);
    assert_eq!(sales.len(), 26, "a head and 25 months: {sales:#?}");
    assert!(
        sales
            .iter()
            .any(|line| line.starts_with("2025-07       0         0.00")),
        "the quiet July is listed: {sales:#?}"
    );
    let winter = says(&folder, &["shop.db", "sales", "2025-12", "2026-01"]);
    assert_eq!(winter.len(), 3, "a head and two months: {winter:#?}");
    let hits = says(&folder, &["shop.db", "search", "winter", "sea"]);
    assert!(hits[1].contains("[Winter] [Sea]"), "hits: {hits:#?}");
    for typed in ["NEAR(", "\"", "*", "", "-", "%"] {
        assert_eq!(
            says(&folder, &["shop.db", "search", typed]),
            ["Nothing fits."],
            "{typed:?}"
        );
    }
    let plan = says(
        &folder,
        &["shop.db", "plan", "DELETE FROM books WHERE cents < 500"],
    );
    assert!(
        plan[0].starts_with("SEARCH books USING"),
        "the plan: {plan:#?}"
    );
    assert_eq!(
        says(&folder, &["shop.db"])[0].trim(),
        "5000  books",
        "books after a plan"
    );
}

/// What is not understood is 2 and leaves no file; what cannot be done is 1; the help is 0.
#[test]
fn exit_codes_say_what_happened() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for arguments in [
        vec![],
        vec!["shop.db", "sing"],
        vec!["shop.db", "top", "many"],
        vec!["shop.db", "sales", "2025-1", "2025-12"],
        vec!["shop.db", "sales", "2025-01", "2025-13"],
        vec!["shop.db", "plan", "SELECT", "1"],
    ] {
        let done = run(&folder, &arguments);
        assert_eq!(
            done.status.code(),
            Some(2),
            "the exit code of {arguments:?}: {done:?}"
        );
        assert!(!done.stderr.is_empty(), "{arguments:?} is complained about");
    }
    assert_eq!(names(folder.path()), BTreeSet::new(), "files");
    let help = says(&folder, &["--help"]).join("\n");
    for part in ["top", "sales", "search", "plan", "Exit codes"] {
        assert!(
            help.contains(part),
            "{part:?} is missing in the help:\n{help}"
        );
    }
    fs::write(
        folder.path().join("notes.txt"),
        "This is no database. ".repeat(99),
    )
    .expect("a file");
    for arguments in [vec!["notes.txt"], vec!["no-such-folder/shop.db"]] {
        let done = run(&folder, &arguments);
        assert_eq!(
            done.status.code(),
            Some(1),
            "the exit code of {arguments:?}: {done:?}"
        );
    }
    fs::write(
        folder.path().join("shop.db.part"),
        "what an interrupted run left",
    )
    .expect("a file");
    says(&folder, &["shop.db"]);
    let done = run(&folder, &["shop.db", "plan", "DROP"]);
    assert_eq!(
        done.status.code(),
        Some(1),
        "the exit code of a plan of no SQL: {done:?}"
    );
}
