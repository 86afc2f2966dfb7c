//! Two terminals, files that cannot be written, and what a failing test shows.

use std::fs;

use crate::{Learner, RIGHT, WORDS, WRONG};

const CAPITALS: &str = "pub fn shout(word: &str) -> String {\n    word.to_uppercase()\n}\n";

#[test]
fn what_another_terminal_did_is_kept_and_nobody_waits() {
    let learner = Learner::begin();
    learner.sums(WRONG);
    let mut watch = learner.watch("sums");
    learner.course.write(WORDS, CAPITALS);
    let said = learner.check("words");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(learner.run("hint words").out.contains("Hint 1 of 3"));
    assert!(learner.run("hint words").out.contains("Hint 2 of 3"));
    learner.sums("one - other");
    let shown = watch.next_verdict();
    assert!(shown.contains("1 of 2 exercises"), "{shown}");
    assert!(learner.run("hint words").out.contains("Hint 3 of 3"));
    assert!(learner.run("list").out.contains("✓ words"));
}

#[test]
fn watch_check_and_the_bare_command_say_the_same() {
    let learner = Learner::begin();
    learner.course.change(
        "exercises/01-tiny/stage.toml",
        "[[exercise]]\nname = \"words\"",
        "[[exercise]]\ndebugging = true\nname = \"words\"",
    );
    learner.sums(WRONG);
    let mut watch = learner.watch("sums");
    learner.sums(RIGHT);
    let watched = watch.next_verdict();
    assert!(watched.contains("Next: tiny/words"), "{watched}");
    fs::remove_file(learner.course.path(".progress.json")).expect("it was written");
    let bare = learner.run("");
    assert!(bare.out.contains("Next: tiny/words"), "{}", bare.all());
    assert_eq!(bare.code, Some(0));
}

#[test]
fn a_verdict_that_cannot_be_remembered_is_shown_all_the_same() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    // Nobody can lock a folder: as good as a disk that is full, and it also holds for root.
    fs::create_dir(learner.course.path(".progress.lock")).expect("the folder is writable");
    let said = learner.check("sums");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.out.contains("✓ tiny/sums"), "{}", said.all());
    assert!(
        said.err
            .contains("warning: this verdict could not be remembered"),
        "{}",
        said.err
    );
    let hint = learner.run("hint sums");
    assert!(hint.out.contains("Hint 1 of 3"), "{}", hint.all());
}

#[test]
fn a_panic_in_another_thread_is_shown_with_its_place() {
    let learner = Learner::begin();
    let body = "let list = vec![one];\n    \
                let spawned = std::thread::Builder::new().name(\"client\".into()).spawn(move || list[7]);\n    \
                spawned.map_or(0, |thread| thread.join().unwrap_or(other))";
    learner.sums(body);
    let said = learner.check("sums");
    for words in [
        "came:     3",
        "thread 'client' panicked at exercises/01-tiny/src/sums.rs:6",
        "index out of bounds: the len is 1 but the index is 7",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.all());
    }
}

#[test]
fn a_panic_that_was_caught_is_not_the_failure() {
    let learner = Learner::begin();
    let body = "let caught = std::panic::catch_unwind(|| panic!(\"on purpose\"));\n    \
                println!(\"printed after {}\", caught.is_err());\n    one * other";
    learner.sums(body);
    let said = learner.check("sums");
    let failure = said
        .out
        .find("came:     6")
        .expect("the comparison is the failure");
    let caught = said
        .out
        .find("on purpose")
        .expect("the other one is shown too");
    assert!(failure < caught, "{}", said.out);
    assert!(said.out.contains("printed after true"), "{}", said.out);
}
