use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::num::ParseIntError;
use std::path::PathBuf;

use shop_io::errors::{CountError, count_books, explain, free_places};
use tempfile::TempDir;

/// The counts of a file add up; blank lines and blanks around a count do not matter, and an empty file has none.
#[test]
fn counts_add_up() {
    let file = CountFile::new();
    for (text, total) in [
        ("12\n\n  7\n", 19),
        ("12\r\n7\r\n", 19),
        ("1\n2\n3", 6),
        ("\t5 \n0\n", 5),
        ("", 0),
        ("\n  \n", 0),
        ("4294967295\n0\n", u32::MAX),
        ("+12\n007\n", 19),
    ] {
        assert_eq!(
            file.count(text.as_bytes()).ok(),
            Some(total),
            "file {text:?}"
        );
    }
    let mut random = support::seeded(0x0303);
    for round in 0..100 {
        let counts: Vec<u32> = (0..random.size(0..40))
            .map(|_| u32::try_from(random.number(0..10_000)).expect("drawn below 10000"))
            .collect();
        let text: String = counts
            .iter()
            .map(|count| format!("{count}{}", random.pick(&["\n", "\r\n", " \n\n"])))
            .collect();
        let total: u32 = counts.iter().sum();
        assert_eq!(
            file.count(text.as_bytes()).ok(),
            Some(total),
            "round {round}, file {text:?}"
        );
    }
}

/// A file that cannot be read, or is not text, is `Read`, and its source is the error that the system gave.
#[test]
fn a_file_that_cannot_be_read_keeps_the_systems_reason() {
    let file = CountFile::new();
    let missing = count_books(&file.path).expect_err("there is no such file");
    let not_text = file
        .count(b"12\n\xff\xfe\n")
        .expect_err("the file is not UTF-8");
    for (case, error, kind) in [
        ("a missing file", missing, io::ErrorKind::NotFound),
        (
            "a file that is not UTF-8",
            not_text,
            io::ErrorKind::InvalidData,
        ),
    ] {
        assert!(
            matches!(error, CountError::Read(_)),
            "{case} gave {error:?}"
        );
        let source: Option<&io::Error> = error.source().and_then(|cause| cause.downcast_ref());
        assert_eq!(
            source.map(io::Error::kind),
            Some(kind),
            "the source of {error:?}, for {case}"
        );
        if kind == io::ErrorKind::NotFound {
            fs::remove_file(&file.path).expect("the test removes its file");
            let system = fs::read(&file.path).expect_err("there is no such file");
            assert_eq!(
                source.and_then(io::Error::raw_os_error),
                system.raw_os_error(),
                "the number of the system's own error, in the source of {error:?}"
            );
        }
    }
}

/// The first line that holds no count is named by its number, and the parser's own error is its source.
#[test]
fn a_bad_count_names_its_line_and_keeps_its_cause() {
    let file = CountFile::new();
    for (text, bad_line) in [
        ("seven\n", 1),
        ("12\n\n\n7 8\nnine\n", 4),
        ("12\n-1\n", 2),
        ("12\n4294967296\n", 2),
        ("1.5\n", 1),
        ("++5\n", 1),
        ("3\n# none\n", 2),
        ("0x10\n", 1),
        ("1_000\n", 1),
        ("12\nsiebzehn Bücher\n", 2),
        ("12\n \t4294967296 \r\n", 2),
        ("1\n 99999999999999999999\n", 2),
        ("7\tbooks\n", 1),
        ("7;\n", 1),
        ("+\n", 1),
        (" - \n", 1),
    ] {
        let error = file
            .count(text.as_bytes())
            .expect_err("a line holds no count");
        let cause = error
            .source()
            .and_then(|cause| cause.downcast_ref::<ParseIntError>());
        let line = text.lines().nth(bad_line - 1).unwrap_or_default();
        let said = line.trim().parse::<u32>().expect_err("this is no count");
        assert_eq!(
            cause,
            Some(&said),
            "the source of {error:?} is what `parse` says about the text of line {bad_line}, for {text:?}"
        );
        match &error {
            CountError::NotACount { line, .. } => assert_eq!(*line, bad_line, "file {text:?}"),
            other => panic!("file {text:?} gave {other:?} in the place of NotACount"),
        }
    }
}

/// A total beyond `u32` is an error that names the line where it happens; it has no deeper cause.
#[test]
fn a_total_that_does_not_fit_is_refused() {
    let file = CountFile::new();
    for (text, full_line) in [("4294967295\n\n1\n", 3), ("4000000000\n4000000000\nx\n", 2)] {
        let error = file
            .count(text.as_bytes())
            .expect_err("the total does not fit");
        assert!(error.source().is_none(), "{error:?} has no cause");
        match &error {
            CountError::TooMany { line } => assert_eq!(*line, full_line, "file {text:?}"),
            other => panic!("file {text:?} gave {other:?} in the place of TooMany"),
        }
    }
}

/// Each text is one line, names the line number where there is one, and leaves the cause to `source`.
#[test]
fn each_error_says_its_own_part_and_no_more() {
    let cause = "x".parse::<u32>().expect_err("x is not a number");
    let read = CountError::Read(io::Error::other("the disk is on fire"));
    let not_a_count = CountError::NotACount {
        line: 4711,
        source: cause.clone(),
    };
    let too_many = CountError::TooMany { line: 815 };

    let (read, not_a_count, too_many) = (
        read.to_string(),
        not_a_count.to_string(),
        too_many.to_string(),
    );
    for text in [&read, &not_a_count, &too_many] {
        assert!(
            !text.trim().is_empty() && !text.contains('\n'),
            "not one line: {text:?}"
        );
    }
    assert!(!read.contains("on fire"), "{read:?} repeats its cause");
    for kind in [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied] {
        let text = CountError::Read(io::Error::from(kind)).to_string();
        assert!(
            !text.contains(&kind.to_string()) && !text.contains(&format!("{kind:?}")),
            "{text:?} repeats its cause"
        );
    }
    assert!(
        !not_a_count.contains(&cause.to_string()) && !not_a_count.contains("InvalidDigit"),
        "{not_a_count:?} repeats its cause"
    );
    assert!(
        not_a_count.contains("4711"),
        "{not_a_count:?} does not name line 4711"
    );
    assert!(
        too_many.contains("815"),
        "{too_many:?} does not name line 815"
    );
}

/// `From` makes `?` turn an `io::Error` into a `CountError` that still holds it.
#[test]
fn the_question_mark_converts_an_io_error() {
    fn fails() -> Result<u32, CountError> {
        Err(io::Error::from(io::ErrorKind::PermissionDenied))?;
        Ok(0)
    }
    match fails() {
        Err(CountError::Read(cause)) => {
            assert_eq!(
                cause.kind(),
                io::ErrorKind::PermissionDenied,
                "the cause in {cause:?}"
            );
        }
        other => panic!("expected CountError::Read, and got {other:?}"),
    }
    // Still the same error, with all that is in it, and not another one of its kind.
    let told = io::Error::new(
        io::ErrorKind::InvalidData,
        Layer::new("the disk is on fire", None),
    );
    match CountError::from(told) {
        CountError::Read(cause) => {
            let inside = cause.get_ref().is_some_and(|inside| inside.is::<Layer>());
            assert!(inside, "what was in the io::Error is lost in {cause:?}");
        }
        other => panic!("expected CountError::Read, and got {other:?}"),
    }
}

/// Free places are places less books; of the three things that can go wrong, the caller can tell which it was.
#[test]
fn a_boxed_error_can_still_be_told_apart() {
    let file = CountFile::new();
    file.write(b"12\n7\n");
    assert_eq!(
        free_places(&file.path, "20").ok(),
        Some(1),
        "20 places, 19 books"
    );
    assert_eq!(
        free_places(&file.path, " 19\n").ok(),
        Some(0),
        "19 places, 19 books"
    );

    let too_full = free_places(&file.path, "18").expect_err("19 books, 18 places");
    let text = too_full.to_string();
    assert!(
        text.contains("18") && text.contains("19"),
        "{text:?} names both numbers"
    );
    file.write(b"4711\n");
    let text = free_places(&file.path, "815")
        .expect_err("4711 books, 815 places")
        .to_string();
    assert!(
        text.contains("4711") && text.contains("815"),
        "{text:?} names both numbers"
    );
    for (books, places, free) in [
        ("0\n", "0", Some(0)),
        ("", "4294967295", Some(u32::MAX)),
        ("1\n", "0", None),
        ("4294967295\n", "4294967295", Some(0)),
        ("4294967295\n", "4294967294", None),
    ] {
        file.write(books.as_bytes());
        let answer: Option<u32> = free_places(&file.path, places).ok();
        assert_eq!(answer, free, "{places} places, the file {books:?}");
    }

    file.write(b"12\nseven\n");
    let no_total = free_places(&file.path, "20").expect_err("line 2 is not a count");
    let no_total: Option<&CountError> = no_total.downcast_ref();
    assert!(
        matches!(no_total, Some(CountError::NotACount { line: 2, .. })),
        "the CountError of line 2, not {no_total:?}"
    );
    let missing = free_places(&file.path.with_file_name("missing.txt"), "20")
        .expect_err("there is no such file");
    let kind = match missing.downcast_ref() {
        Some(CountError::Read(cause)) => Some(cause.kind()),
        _ => None,
    };
    assert_eq!(
        kind,
        Some(io::ErrorKind::NotFound),
        "the cause in the CountError of a missing file: {missing:?}"
    );

    for places in [
        "twenty",
        "",
        "-1",
        "4294967296",
        " 4294967296\n",
        "20 places",
        " \t",
    ] {
        let bad_label = free_places(&file.path, places).expect_err("not a number of places");
        let said = places
            .trim()
            .parse::<u32>()
            .expect_err("no number of places");
        assert_eq!(
            bad_label.downcast_ref::<ParseIntError>(),
            Some(&said),
            "places {places:?} gave {bad_label:?} in the place of what `parse` says about them"
        );
    }
}

/// The story of an error has every cause in it, from the outermost to the innermost, however many there are.
#[test]
fn a_story_tells_every_cause_in_order() {
    let alone = Layer::new("the shop is closed", None);
    assert_eq!(
        explain(&alone),
        "the shop is closed",
        "an error without a cause"
    );

    let mut random = support::seeded(0x0304);
    let fixed: [&[&str]; 4] = [
        &["a", "a", "a"],
        &["the shop is closed", "closed", ""],
        &["", " two words ", "x: y"],
        &["a: b", "b"],
    ];
    let drawn = (2..12).map(|depth| (0..depth).map(|_| random.word(1..9)).collect());
    let chains: Vec<Vec<String>> = fixed
        .iter()
        .map(|texts| texts.iter().map(|text| (*text).to_string()).collect())
        .chain(drawn)
        .collect();
    for texts in chains {
        let depth = texts.len();
        let mut outermost = None;
        for text in texts.iter().rev() {
            outermost = Some(Layer::new(text, outermost));
        }
        let outermost = outermost.expect("there are layers");
        assert_eq!(
            explain(&outermost),
            texts.join(": "),
            "a chain of {depth} errors"
        );
    }
}

/// No bytes in the file make the count panic, and an error always points at a line that the file has.
#[test]
fn no_file_is_too_strange() {
    let pieces: [&[u8]; 12] = [
        b"\n",
        b"\n",
        b"\r\n",
        b"7",
        b"12",
        b" ",
        b"-",
        b"4294967295",
        "é".as_bytes(),
        "٣".as_bytes(),
        b"\xff",
        b"\0",
    ];
    let file = CountFile::new();
    let mut random = support::seeded(0x0305);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..random.size(0..9))
            .flat_map(|_| random.pick(&pieces).to_vec())
            .collect();
        let lines = bytes.split(|&byte| byte == b'\n').count();
        match file.count(&bytes) {
            Ok(total) => {
                assert!(
                    str::from_utf8(&bytes).is_ok(),
                    "a total, {total}, of what is not text: {bytes:?}"
                );
            }
            Err(CountError::Read(_)) => {
                assert!(
                    str::from_utf8(&bytes).is_err(),
                    "the file is readable: {bytes:?}"
                );
            }
            Err(CountError::NotACount { line, .. } | CountError::TooMany { line }) => {
                assert!(
                    (1..=lines).contains(&line),
                    "line {line} of {lines}: {bytes:?}"
                );
            }
        }
    }
}

/// A file in a folder of its own, which is gone when the test ends.
struct CountFile {
    _folder: TempDir,
    path: PathBuf,
}

impl CountFile {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("the system gives a temporary folder");
        let path = folder.path().join("counts.txt");
        Self {
            _folder: folder,
            path,
        }
    }

    fn write(&self, bytes: &[u8]) {
        // A new file each time: some file systems wait for the disk when an old one is emptied and written again.
        if self.path.exists() {
            fs::remove_file(&self.path).expect("the test removes its file");
        }
        fs::write(&self.path, bytes).expect("the test writes its file");
    }

    fn count(&self, bytes: &[u8]) -> Result<u32, CountError> {
        self.write(bytes);
        count_books(&self.path)
    }
}

/// An error made for the tests, with or without a cause.
#[derive(Debug)]
struct Layer {
    text: String,
    cause: Option<Box<Layer>>,
}

impl Layer {
    fn new(text: &str, cause: Option<Layer>) -> Self {
        Self {
            text: text.to_string(),
            cause: cause.map(Box::new),
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Layer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &dyn Error)
    }
}
