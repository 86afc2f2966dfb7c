use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::io;
use std::io::{Read, Seek, SeekFrom, Write};
use std::panic;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use shop_io::files::{append_entry, draft_of, read_entries, replace};
use support::Gate;
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
        "order", " ", "", "\t", "é", "日本", "📚", "\u{2028}", "\u{85}", "\u{b}", "\u{c}", "\0",
        "#", "=",
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

/// The journal only ever grows: it stays the same file, and nothing that is in it is written again.
#[test]
fn the_journal_only_ever_grows() {
    let shop = Folder::new();
    let journal = shop.path("journal.txt");
    append(&journal, "order 1");
    // A second name of the same file shows whether it still is the same file.
    let link = shop.path("the same file.txt");
    fs::hard_link(&journal, &link).expect("the test gives the file a second name");
    append(&journal, "order 2");
    assert_eq!(
        text_of(&link),
        "order 1\norder 2\n",
        "the same file under its other name"
    );

    // Somebody puts the journal of the day into the archive: the next entry begins a new one.
    fs::rename(&journal, shop.path("yesterday.txt")).expect("the test renames its file");
    append(&journal, "order 3");
    append(&journal, "order 4");
    assert_eq!(
        (text_of(&journal), text_of(&link)),
        (
            String::from("order 3\norder 4\n"),
            String::from("order 1\norder 2\n")
        ),
        "the new journal and the one that was renamed"
    );

    // While one thread appends, another looks: no look may find less than the look before, or half of an entry. All
    // lengths are multiples of 16, because a system may show what is written page by page.
    append(&journal, &"x".repeat(199_999));
    let mut opened = File::open(&journal).expect("the journal exists");
    let (done, looks, start) = (AtomicBool::new(false), AtomicU32::new(0), Gate::new(2));
    let (shrunk, open_ended) = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let (mut longest, mut shrunk, mut open_ended) = (0, None, 0);
            start.wait();
            while !done.load(Ordering::SeqCst) {
                let length = fs::metadata(&journal).map_or(0, |metadata| metadata.len());
                if length < longest {
                    shrunk = Some((longest, length));
                    done.store(true, Ordering::SeqCst);
                }
                longest = longest.max(length);
                looks.fetch_add(1, Ordering::SeqCst);
                for _ in 0..20 {
                    let mut last = [b'\n'];
                    let looked = opened
                        .seek(SeekFrom::End(-1))
                        .and_then(|_| opened.read_exact(&mut last));
                    if looked.is_ok() && last != [b'\n'] {
                        open_ended += 1;
                        done.store(true, Ordering::SeqCst);
                    }
                }
            }
            (shrunk, open_ended)
        });
        start.wait();
        let (mut appended, mut refused) = (0, 0);
        while !done.load(Ordering::SeqCst)
            && (appended < 4_000 || looks.load(Ordering::SeqCst) < 4_000 && appended < 100_000)
        {
            refused += u32::from(append_entry(&journal, &format!("order {appended:09}")).is_err());
            appended += 1;
        }
        done.store(true, Ordering::SeqCst);
        let seen = watcher.join().expect("the watcher does not panic");
        assert_eq!(refused, 0, "of {appended} entries, refused");
        seen
    });
    assert_eq!(
        shrunk, None,
        "the length of the journal at two looks, one after the other"
    );
    assert_eq!(
        open_ended, 0,
        "looks that found an entry at the end of the journal without its `\\n`"
    );
}

/// Four writers append at the same time: every entry comes back whole, and each writer's entries in their order.
#[test]
fn entries_of_several_writers_do_not_mix() {
    let entry = |round: usize, writer: usize, number: usize| {
        // Some entries are longer than the buffer of a `BufWriter`.
        let length = if number % 2 == round % 2 {
            9_000
        } else {
            number
        };
        format!("writer {writer}, entry {number}: {}", "x".repeat(length))
    };
    for round in 0..4 {
        let shop = Folder::new();
        let journal = shop.path("journal.txt");
        let start = Gate::new(4);
        let failed = AtomicBool::new(false);
        thread::scope(|scope| {
            for writer in 0..4 {
                let (journal, start, failed, entry) = (&journal, &start, &failed, &entry);
                scope.spawn(move || {
                    start.wait();
                    for number in 0..200 {
                        if append_entry(journal, &entry(round, writer, number)).is_err() {
                            failed.store(true, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert!(!failed.load(Ordering::SeqCst), "an entry was refused");
        let read = read_entries(&journal).expect("the journal can be read");
        assert_eq!(read.len(), 800, "4 writers appended 200 entries each");
        for writer in 0..4 {
            let name = format!("writer {writer},");
            let own: Vec<&String> = read.iter().filter(|line| line.starts_with(&name)).collect();
            assert_eq!(own.len(), 200, "the entries that begin with {name:?}");
            let wrong = own
                .iter()
                .enumerate()
                .find(|(number, line)| ***line != entry(round, writer, *number));
            assert!(
                wrong.is_none(),
                "this should be an entry as it was written: {:.80}",
                wrong.map_or("", |(_, line)| line)
            );
        }
    }
}

/// An entry that would come back as something else is refused, and the journal stays as it is, or stays missing.
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

        let missing = shop.path("missing.txt");
        let answer: io::Result<()> = append_entry(&missing, entry);
        let kind = answer.map_err(|error| error.kind());
        assert_eq!(kind, Err(io::ErrorKind::InvalidInput), "entry {entry:?}");
        assert!(
            !missing.exists(),
            "there was no journal, and the refused entry {entry:?} made one"
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
    // A file where the folder should be: the journal cannot exist, and nobody knows its entries.
    #[cfg(unix)]
    {
        let inside: io::Result<Vec<String>> = read_entries(&damaged.join("journal.txt"));
        assert!(
            inside.is_err(),
            "a journal inside of a file gave {inside:?}"
        );
    }
    for folder in ["archive", "no/such/folder"] {
        let folder = shop.path(folder);
        let nowhere: io::Result<()> = append_entry(&folder.join("journal.txt"), "order 1");
        let kind = nowhere.map_err(|error| error.kind());
        assert_eq!(
            kind,
            Err(io::ErrorKind::NotFound),
            "a journal in a folder that does not exist"
        );
        assert!(!folder.exists(), "{folder:?} was made");
    }
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

/// New contents may be empty, and the target need not exist before.
#[test]
fn a_target_may_be_empty_or_new() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    for (contents, case) in [
        ("", "a new file"),
        ("7\n", "an empty one"),
        ("", "a full one"),
    ] {
        let answer: io::Result<()> = replace(&target, |draft| draft.write_all(contents.as_bytes()));
        assert!(answer.is_ok(), "{contents:?} over {case} gave {answer:?}");
        assert_eq!(text_of(&target), contents, "{contents:?} over {case}");
    }
}

/// The old file is not written to: whoever has it under another name still reads the old contents.
#[test]
fn the_old_file_is_left_as_it_is() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    fs::write(&target, "old").expect("the test writes its file");
    let old = shop.path("the old file.txt");
    fs::hard_link(&target, &old).expect("the test gives the file a second name");
    let answer: io::Result<()> = replace(&target, |draft| draft.write_all(b"new"));
    assert!(answer.is_ok(), "the replacement gave {answer:?}");
    assert_eq!(text_of(&target), "new", "the target");
    assert_eq!(text_of(&old), "old", "the old file under its other name");
}

/// Whoever reads the target again and again while it is replaced finds it each time, and finds it whole.
#[test]
fn the_target_is_there_at_every_moment() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    let contents = |number: usize| format!("{number} ").repeat(500);
    fs::write(&target, contents(0)).expect("the test writes its file");
    let (done, looks) = (AtomicBool::new(false), AtomicU32::new(0));
    let wrong = thread::scope(|scope| {
        // A moment without a file can be very short, so somebody does nothing but look whether there is one.
        let watcher = scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                if let Err(error) = fs::symlink_metadata(&target) {
                    done.store(true, Ordering::SeqCst);
                    return Some(format!("(nothing: {error})"));
                }
                looks.fetch_add(1, Ordering::SeqCst);
            }
            None
        });
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let read = text_of(&target);
                    let mut words = read.split(' ');
                    let first = words.next().unwrap_or_default();
                    if read.len() != 500 * (first.len() + 1)
                        || words.any(|word| word != first && !word.is_empty())
                    {
                        return Some(read);
                    }
                }
                None
            })
        });
        let mut failed = None;
        let mut number = 0;
        while !done.load(Ordering::SeqCst)
            && (number < 80 || looks.load(Ordering::SeqCst) < 40_000 && number < 2_000)
        {
            number += 1;
            let answer = replace(&target, |draft| {
                draft.write_all(contents(number).as_bytes())
            });
            if answer.is_err() {
                failed = Some((number, answer));
            }
        }
        done.store(true, Ordering::SeqCst);
        let mut wrong = vec![watcher.join().expect("the watcher does not panic")];
        wrong.extend(readers.map(|reader| reader.join().expect("a reader does not panic")));
        assert!(failed.is_none(), "one of {number} replacements: {failed:?}");
        wrong
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(
        wrong.is_empty(),
        "a reader found {:.60?}, which is neither the old nor the new",
        wrong.first()
    );
}

/// When the system cannot store the draft, that is an error, and the target is as it was.
#[test]
fn what_is_not_stored_does_not_replace_the_target() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    fs::write(&target, "old").expect("the test writes its file");
    let draft = draft_of(&target).expect("the target has a file name");
    let answer: io::Result<()> = replace(&target, |file| {
        file.write_all(b"new")?;
        *file = not_to_be_stored(&draft)?;
        Ok(())
    });
    assert!(
        answer.is_err(),
        "the system was never asked to store the draft, or what it said got lost"
    );
    assert_eq!(text_of(&target), "old", "the target afterwards");
    assert_eq!(
        shop.names(),
        ["stock.txt"],
        "what lies in the folder afterwards"
    );
}

/// When the draft is lost before it gets its name, the error comes back, and the old file is still there.
#[test]
fn a_lost_draft_leaves_the_old_file() {
    let shop = Folder::new();
    let target = shop.path("stock.txt");
    fs::write(&target, "old").expect("the test writes its file");
    #[cfg(unix)]
    let before = last_change(&target).ok();
    let draft = draft_of(&target).expect("the target has a file name");
    let answer: io::Result<()> = replace(&target, |file| {
        file.write_all(b"new")?;
        #[cfg(unix)]
        until_the_clock_of_the_files_has_moved(&target)?;
        // Somebody tidies up in the folder at the wrong moment.
        fs::remove_file(&draft)
    });
    assert!(answer.is_err(), "there was no draft to rename: {answer:?}");
    assert_eq!(text_of(&target), "old", "the target afterwards");
    #[cfg(unix)]
    assert_eq!(
        last_change(&target).ok(),
        before,
        "nobody may touch the old file, and it was renamed, or written again, between two looks at it"
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

    // The same if the draft is gone already: what went wrong first is what the caller must learn.
    let draft = draft_of(&target).expect("the target has a file name");
    let answer: io::Result<()> = replace(&target, |_| {
        fs::remove_file(&draft)?;
        Err(io::Error::new(io::ErrorKind::StorageFull, "no room for it"))
    });
    let told = answer.map_err(|error| (error.kind(), error.to_string()));
    assert_eq!(
        told,
        Err((io::ErrorKind::StorageFull, String::from("no room for it"))),
        "the error of the writing, with a draft that is gone already"
    );
    assert_eq!(text_of(&target), "old", "the target afterwards");
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

    for folder in ["archive", "no/such/folder"] {
        let folder = shop.path(folder);
        let answer: io::Result<()> = replace(&folder.join("stock.txt"), |_| Ok(()));
        let kind = answer.map_err(|error| error.kind());
        assert_eq!(
            kind,
            Err(io::ErrorKind::NotFound),
            "a target in a folder that does not exist"
        );
        assert!(!folder.exists(), "{folder:?} was made");
    }

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

/// A file that takes what is written and cannot be stored, as on a disk that fails; it lies where the draft was.
#[cfg(unix)]
fn not_to_be_stored(draft: &Path) -> io::Result<File> {
    fs::remove_file(draft)?;
    std::os::unix::fs::symlink("/dev/null", draft)?;
    File::create(draft)
}

/// When the system last changed something about this file: its contents, its rights or its name.
#[cfg(unix)]
fn last_change(path: &Path) -> io::Result<(i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path)?;
    Ok((metadata.ctime(), metadata.ctime_nsec()))
}

/// Makes files until one of them is younger than this one: the clock of a file system goes in steps.
#[cfg(unix)]
fn until_the_clock_of_the_files_has_moved(path: &Path) -> io::Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let probe = elsewhere.path().join("probe");
    for _ in 0..1_000_000 {
        fs::write(&probe, "tick")?;
        if last_change(&probe)? > last_change(path)? {
            return Ok(());
        }
    }
    Err(io::Error::other(
        "the clock of the file system stands still",
    ))
}

/// A file that cannot be stored, because it was opened for reading only.
#[cfg(windows)]
fn not_to_be_stored(draft: &Path) -> io::Result<File> {
    File::open(draft)
}

fn append(journal: &Path, entry: &str) {
    let answer: io::Result<()> = append_entry(journal, entry);
    assert!(answer.is_ok(), "appending {entry:?} gave {answer:?}");
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| format!("(nothing: {error})"))
}
