use std::ffi::OsString;
use std::fs;
use std::io;
use std::io::Write;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use shop_io::files::{append_entry, draft_of, read_entries, replace};
use tempfile::TempDir;

/// Entries are added behind what is there, each on a line of its own that ends with `\n`; the first makes the file.
#[test]
fn an_entry_is_added_behind_the_others() {
    let shop = Folder::new();
    let journal = shop.path("journal.txt");
    append(&journal, "order 1");
    assert_eq!(text_of(&journal), "order 1\n", "after the first entry");
    append(&journal, "");
    append(&journal, "Zahlung für 1: 35 €");
    assert_eq!(
        text_of(&journal),
        "order 1\n\nZahlung für 1: 35 €\n",
        "after three entries"
    );
}

/// What was appended comes back in its order, whatever the entries say.
#[test]
fn entries_come_back_as_they_were() {
    let mut random = support::seeded(0x0308);
    let pieces = [
        "order", " ", "", "\t", "é", "日本", "📚", "\u{2028}", "\0", "#", "=",
    ];
    for round in 0..20 {
        let shop = Folder::new();
        let journal = shop.path("journal.txt");
        let entries: Vec<String> = (0..random.size(1..15))
            .map(|_| {
                (0..random.size(0..6))
                    .map(|_| *random.pick(&pieces))
                    .collect()
            })
            .collect();
        for entry in &entries {
            append(&journal, entry);
        }
        let read: io::Result<Vec<String>> = read_entries(&journal);
        assert_eq!(read.ok(), Some(entries), "round {round}");
    }
}

/// An entry that would come back as something else is refused, and the journal stays as it is.
#[test]
fn an_entry_of_two_lines_is_refused() {
    let shop = Folder::new();
    let journal = shop.path("journal.txt");
    append(&journal, "order 1");
    for entry in [
        "order 2\norder 3",
        "order 2\n",
        "\n",
        "order 2\r",
        "order\r2",
    ] {
        let answer: io::Result<()> = append_entry(&journal, entry);
        let kind = answer.map_err(|error| error.kind());
        assert_eq!(kind, Err(io::ErrorKind::InvalidInput), "entry {entry:?}");
        assert_eq!(
            text_of(&journal),
            "order 1\n",
            "the journal after {entry:?} was refused"
        );
    }
}

/// A journal that does not exist has no entries; one that cannot be read is an error, and not an empty journal.
#[test]
fn only_a_missing_journal_is_an_empty_one() {
    let shop = Folder::new();
    let missing: io::Result<Vec<String>> = read_entries(&shop.path("journal.txt"));
    assert_eq!(
        missing.ok(),
        Some(Vec::new()),
        "a journal that does not exist yet"
    );

    let damaged = shop.path("damaged.txt");
    fs::write(&damaged, b"order 1\n\xff\xfe\n").expect("the test writes its file");
    let kind = read_entries(&damaged).map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::InvalidData),
        "a journal that is not UTF-8"
    );

    let folder: io::Result<Vec<String>> = read_entries(shop.folder.path());
    assert!(
        folder.is_err(),
        "a folder in the place of the journal gave {folder:?}"
    );
    let no_name: io::Result<Vec<String>> = read_entries(Path::new("jour\0nal.txt"));
    let kind = no_name.map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::InvalidInput),
        "a name that no file can have"
    );
    let nowhere: io::Result<()> = append_entry(&shop.path("no/such/folder/journal.txt"), "order 1");
    let kind = nowhere.map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::NotFound),
        "a journal in a folder that does not exist"
    );
}

/// The new contents stand in the place of the old ones, longer or shorter, and no draft is left.
#[test]
fn new_contents_take_the_place_of_the_old() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    // A neighbour whose name differs only behind the dot is none of the business of `replace`.
    fs::write(shop.path("stock.draft"), "a neighbour").expect("the test writes its file");
    let mut random = support::seeded(0x0309);
    for round in 0..20 {
        let contents = random.word(0..200);
        let answer: io::Result<()> = replace(&target, |draft| draft.write_all(contents.as_bytes()));
        assert!(answer.is_ok(), "round {round} gave {answer:?}");
        assert_eq!(text_of(&target), contents, "round {round}");
    }
    assert_eq!(
        shop.names(),
        ["stock.draft", "stock.txt"],
        "what lies in the folder afterwards"
    );
    assert_eq!(
        text_of(&shop.path("stock.draft")),
        "a neighbour",
        "the neighbour's contents"
    );
}

/// While the new contents are being written, the target still has the old ones, and the draft lies beside it.
#[test]
fn until_the_end_the_target_is_as_it_was() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    fs::write(&target, "old").expect("the test writes its file");
    let draft = draft_of(&target).expect("the target has a file name");
    let mut seen = None;
    let answer: io::Result<()> = replace(&target, |file| {
        file.write_all(b"half of the new")?;
        seen = Some((text_of(&target), text_of(&draft)));
        file.write_all(b", and the rest")
    });
    assert!(answer.is_ok(), "the replacement gave {answer:?}");
    let expected = (String::from("old"), String::from("half of the new"));
    assert_eq!(seen, Some(expected), "target and draft, half-way");
    assert_eq!(
        text_of(&target),
        "half of the new, and the rest",
        "the target at the end"
    );
}

/// When writing fails half-way, the error comes back, the target is as it was, and the draft is gone.
#[test]
fn a_failure_while_writing_changes_nothing() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    fs::write(&target, "old").expect("the test writes its file");
    let answer: io::Result<()> = replace(&target, |draft| {
        draft.write_all(b"half of the new")?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    });
    let kind = answer.map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::StorageFull),
        "the error of the writing"
    );
    assert_eq!(text_of(&target), "old", "the target afterwards");
    assert_eq!(
        shop.names(),
        ["stock.txt"],
        "what lies in the folder afterwards"
    );
}

/// When the last step fails, because a folder has the target's name, that folder is as it was, and the draft is gone.
#[test]
fn a_failure_of_the_renaming_changes_nothing() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    fs::create_dir(&target).expect("the test makes a folder");
    fs::write(target.join("inside"), "old").expect("the test writes its file");
    let mut filled = false;
    let answer: io::Result<()> = replace(&target, |draft| {
        filled = true;
        draft.write_all(b"new")
    });
    assert!(
        answer.is_err() && filled,
        "filled: {filled}, answer: {answer:?}"
    );
    assert_eq!(
        text_of(&target.join("inside")),
        "old",
        "the file in the folder"
    );
    assert_eq!(
        shop.names(),
        ["stock.txt"],
        "what lies in the folder afterwards"
    );

    for no_file in ["..", "/", ""] {
        let answer: io::Result<()> = replace(Path::new(no_file), |_| Ok(()));
        let kind = answer.map_err(|error| error.kind());
        assert_eq!(kind, Err(io::ErrorKind::InvalidInput), "target {no_file:?}");
    }
}

/// When the program dies half-way, the target is as it was, and the draft that is left does not harm the next call.
#[test]
fn a_crash_half_way_is_survived() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    fs::write(&target, "old").expect("the test writes its file");
    // A panic ends `replace` between two of its steps, as a kill signal would.
    let crash = panic::catch_unwind(AssertUnwindSafe(|| {
        replace(&target, |draft| {
            draft.write_all(b"a long half of the contents that never were")?;
            panic!("the program dies here, on purpose");
        })
    }));
    assert!(crash.is_err(), "the call cannot have returned");
    assert_eq!(text_of(&target), "old", "the target after the crash");

    let draft = draft_of(&target).expect("the target has a file name");
    fs::write(&draft, "a draft that a crash has left").expect("the test writes its file");
    let answer: io::Result<()> = replace(&target, |draft| draft.write_all(b"new"));
    assert!(answer.is_ok(), "the call after the crash gave {answer:?}");
    assert_eq!(text_of(&target), "new", "the target after the next call");
    assert_eq!(
        shop.names(),
        ["stock.txt"],
        "what lies in the folder afterwards"
    );
}

/// A folder that is gone when the test ends.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("the system gives a temporary folder");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names of what lies in the folder, sorted.
    fn names(&self) -> Vec<OsString> {
        let mut names: Vec<OsString> = fs::read_dir(self.folder.path())
            .expect("the folder exists")
            .map(|entry| entry.expect("the folder can be listed").file_name())
            .collect();
        names.sort();
        names
    }
}

fn append(journal: &Path, entry: &str) {
    let answer: io::Result<()> = append_entry(journal, entry);
    assert!(answer.is_ok(), "appending {entry:?} gave {answer:?}");
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| format!("(nothing: {error})"))
}
