//! What a failing test says, as a hash: the same for everybody who makes the same mistake, on every machine.
//!
//! What counts is the course's: the place in the tests, the case, what came, what was expected, what differs from a
//! snapshot. Ports, temporary folders, addresses, the time of day and random texts are taken out, and so are the words of
//! the standard library, which may be others in the next toolchain. A panic inside of the answer says only that it was
//! there: its words and its line are the learner's.

use crate::diagnosis::FORM;
use crate::engine::{Failure, TestResult};
use crate::key::KeyMaker;

/// How the standard library's messages begin.
const LIBRARY_MESSAGES: [&str; 14] = [
    "assertion `left",
    "attempt to ",
    "already ",
    "byte index ",
    "capacity overflow",
    "called `",
    "chunk size must be",
    "explicit panic",
    "index out of bounds",
    "internal error: entered",
    "mid > len",
    "not implemented",
    "range ",
    "slice index ",
];

/// What the standard library's errors say.
const LIBRARY_WORDS: [&str; 9] = [
    "invalid digit found in string",
    "cannot parse integer from empty string",
    "number too large to fit in target type",
    "number too small to fit in target type",
    "out of range integral type conversion attempted",
    "provided string was not `true` or `false`",
    "stream did not contain valid UTF-8",
    "failed to fill whole buffer",
    "invalid float literal",
];

/// How the standard library's errors look in `{:?}`; the brackets behind the name belong to them.
const LIBRARY_ERRORS: [&str; 9] = [
    "ParseIntError",
    "ParseFloatError",
    "ParseBoolError",
    "TryFromIntError",
    "Utf8Error",
    "FromUtf8Error",
    "AddrParseError",
    "Os",
    "Custom",
];

/// Texts of so many letters and digits are random.
const RANDOM: usize = 32;

/// What is said in the place of what was taken out.
const GONE: &str = "…";

/// The hash of what a test says that failed.
pub fn hash(test: &TestResult) -> String {
    let key = KeyMaker::default().text(FORM);
    let key = match &test.failure {
        Some(failure) => words_of(failure, &test.printed)
            .iter()
            .fold(key, |key, words| key.text(words)),
        None => key,
    };
    let mut digits = key.finish();
    digits.truncate(16);
    digits
}

/// The course's own words.
fn words_of(failure: &Failure, printed: &str) -> Vec<String> {
    let Some(place) = &failure.place else {
        return vec!["the program ended".to_owned()];
    };
    if place.contains("/insta-") {
        let mut words = vec![lasting(&failure.says)];
        words.extend(differences(printed).map(lasting));
        return words;
    }
    let is_in_tests = place.contains("/tests/stage/") || place.contains("exercises/support/");
    if !is_in_tests {
        return vec!["inside of the answer".to_owned()];
    }
    if failure.came.is_some() || failure.expected.is_some() {
        let values = [&failure.came, &failure.expected].into_iter().flatten();
        let said = std::iter::once(&failure.says).chain(values);
        return std::iter::once(place.clone())
            .chain(said.map(|text| lasting(text)))
            .collect();
    }
    let says = failure.says.as_str();
    if let Some(condition) = says.strip_prefix("assertion failed: ") {
        return vec![place.clone(), lasting(condition)];
    }
    match LIBRARY_MESSAGES.iter().any(|start| says.starts_with(start)) {
        true => vec!["the library".to_owned()],
        false => vec![place.clone(), lasting(says)],
    }
}

/// The lines of a snapshot that are not as they were to be.
fn differences(printed: &str) -> impl Iterator<Item = &str> {
    let behind_bar = |line: &'_ str| Some(line.split_once('│')?.1.len());
    printed.lines().filter_map(move |line| {
        let length = behind_bar(line)?;
        let behind = line.get(line.len() - length..)?;
        behind.starts_with(['+', '-']).then_some(behind)
    })
}

/// The text without what is another on the next machine, or in the next run.
fn lasting(text: &str) -> String {
    let mut text = LIBRARY_WORDS
        .iter()
        .fold(text.to_owned(), |text, words| text.replace(words, GONE));
    for name in LIBRARY_ERRORS {
        text = without_error(&text, name);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let length = rest
            .find(|letter: char| !is_inside(letter))
            .unwrap_or(rest.len());
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, behind) = rest.split_at(length);
        out.push_str(&lasting_word(word, out.ends_with("os error ")));
        rest = behind;
    }
    out
}

/// Letters of which addresses, paths, times and names are made.
fn is_inside(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_-+./:\\[]".contains(letter)
}

fn lasting_word(word: &str, is_number_of_system: bool) -> String {
    if is_number_of_system {
        return GONE.to_owned();
    }
    // A folder made by `tempfile`, and what lies above it.
    if let Some((_, behind)) = word.split_once(".tmp") {
        let below = behind.find(['/', '\\']).map_or("", |end| &behind[end..]);
        return format!("{GONE}{below}");
    }
    for host in ["127.0.0.1:", "localhost:", "[::1]:"] {
        if let Some((before, behind)) = word.split_once(host) {
            let after = behind.trim_start_matches(|letter: char| letter.is_ascii_digit());
            return format!("{before}{host}{GONE}{after}");
        }
    }
    let is_address = word.strip_prefix("0x").is_some_and(|digits| {
        digits.len() > 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    if is_address || is_now(word) || is_random(word) {
        return GONE.to_owned();
    }
    word.to_owned()
}

/// A moment of these years; the tests' clocks stand in the past. Either a date, or the seconds since 1970.
fn is_now(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = word.get(..digits).unwrap_or_default().parse().unwrap_or(0);
    let date = digits == 4 && word.len() >= 10 && word.as_bytes().get(4) == Some(&b'-');
    let seconds = digits == 10 && word.len() == 10;
    (date && (2026..2100).contains(&number))
        || (seconds && (1_767_225_600..2_000_000_000).contains(&number))
}

fn is_random(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    word.len() >= RANDOM
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && !word.contains(['/', '\\', ':'])
}

/// The text without what stands in brackets behind an error's name.
fn without_error(text: &str, name: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(name) {
        let (before, behind) = rest.split_at(start + name.len());
        out.push_str(before);
        rest = behind;
        let is_whole = !before[..start].ends_with(|letter: char| letter.is_alphanumeric());
        let open = rest.trim_start();
        if is_whole && open.starts_with(['{', '(']) {
            out.push_str(GONE);
            rest = behind_bracket(open);
        }
    }
    out + rest
}

/// What stands behind the bracket that a text begins with.
fn behind_bracket(text: &str) -> &str {
    let mut depth = 0_usize;
    for (index, letter) in text.char_indices() {
        match letter {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return text.get(index + letter.len_utf8()..).unwrap_or_default();
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::{hash, lasting};
    use crate::engine::{Failure, TestResult, TestStatus};

    const IN_TESTS: &str = "exercises/01-logic/tests/stage/loops.rs:7";

    fn said(message: &str, place: &str) -> String {
        hash(&TestResult {
            name: "adds".to_owned(),
            sentence: String::new(),
            status: TestStatus::Failed,
            failure: Some(Failure::of_panic(message, place)),
            other_panics: Vec::new(),
            printed: String::new(),
            forged: false,
        })
    }

    #[test]
    fn what_the_machine_and_the_hour_add_is_taken_out() {
        for (one, other) in [
            ("GET http://127.0.0.1:4711/a", "GET http://127.0.0.1:80/a"),
            (
                "\"/tmp/.tmpA1b2C3/a.txt\"",
                "\"/var/folders/x/.tmpZZZZZZ/a.txt\"",
            ),
            ("at 0x7ffe12345678", "at 0x00c0ffee1234"),
            ("at 2026-11-26T10:00:00Z", "at 2031-01-01T00:00:00Z"),
            ("exp: 1795000000", "exp: 1800000001"),
            (
                "id 0123456789abcdef0123456789abcdef",
                "id fedcba9876543210fedcba9876543210",
            ),
            (
                "no: ParseIntError { kind: InvalidDigit }, 7",
                "no: ParseIntError { kind: Other }, 7",
            ),
            (
                "Io(Os { code: 2, kind: NotFound, message: \"No such file\" })",
                "Io(Os { code: 3, kind: NotFound, message: \"The system (x) cannot find\" })",
            ),
        ] {
            assert_eq!(lasting(one), lasting(other), "{one}");
        }
        for kept in [
            "came at 2017-03-01T10:00:00Z",
            "1488362400",
            "9780141439587",
            "4294967296",
            "a\u{301} | b",
            "Custom words",
        ] {
            assert_eq!(lasting(kept), kept);
        }
    }

    #[test]
    fn the_case_the_values_and_the_place_count() {
        let message = "assertion `left == right` failed: two lines\n  left: 1\n right: 2";
        let usual = said(message, IN_TESTS);
        assert_eq!(usual, said(message, IN_TESTS));
        assert_ne!(usual, said(&message.replace("two", "three"), IN_TESTS));
        assert_ne!(
            usual,
            said(&message.replace("left: 1", "left: 3"), IN_TESTS)
        );
        assert_ne!(
            usual,
            said(message, "exercises/01-logic/tests/stage/loops.rs:8")
        );
    }

    #[test]
    fn the_words_of_a_panic_in_the_answer_or_in_the_library_do_not_count() {
        let own = "exercises/01-logic/src/loops.rs:7";
        let elsewhere = "/rustc/59807616e1/library/core/src/iter/traits/accum.rs:149";
        let usual = said("attempt to add with overflow", own);
        assert_eq!(
            usual,
            said("called `Option::unwrap()` on a `None` value", own)
        );
        assert_eq!(usual, said("attempt to add with overflow", elsewhere));
        let in_tests = said("attempt to add with overflow", IN_TESTS);
        assert_eq!(
            in_tests,
            said("index out of bounds: the len is 0", IN_TESTS)
        );
        assert_ne!(in_tests, usual);
    }
}
