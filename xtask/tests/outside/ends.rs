//! What is said where something ends: the hints, a stage, the course, what was handed out.

use std::fs;

use crate::{Learner, RIGHT, WORDS};

const CAPITALS: &str = "pub fn shout(word: &str) -> String {\n    word.to_uppercase()\n}\n";

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_last_hint_says_that_it_is_the_last() {
    let learner = Learner::begin();
    for number in 1..=2 {
        let said = learner.run("hint sums").out;
        assert!(said.contains(&format!("Hint {number} of 3")), "{said}");
        assert!(!said.contains("last"), "{said}");
    }
    let said = one_line(&learner.run("hint sums").out);
    assert!(
        said.contains("Hint 3 of 3") && said.contains("That was the last hint."),
        "{said}"
    );
    assert!(said.contains("cargo xtask lesson tiny/sums"), "{said}");
    assert!(one_line(&learner.run("hint sums").out).contains("That is every hint."));
}

#[test]
fn after_the_last_exercise_it_is_said_what_comes() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    learner.course.write(WORDS, CAPITALS);
    let said = one_line(&learner.run("").out);
    assert!(
        said.contains("the stages that are planned come with an update"),
        "{said}"
    );
    // A copy without solutions was handed out.
    learner.course.change(
        "Cargo.toml",
        "    \"solutions/01-tiny\",\n]\ndefault",
        "]\ndefault",
    );
    learner.course.change(
        "Cargo.toml",
        "    \"solutions/01-tiny\",\n",
        "    \"exercises/01-tiny\",\n",
    );
    fs::remove_dir_all(learner.course.path("solutions")).expect("it was there");
    let said = one_line(&learner.run("").out);
    assert!(
        said.contains("Every exercise that you were handed out passes"),
        "{said}"
    );
    assert!(said.contains("commit and push"), "{said}");
}

#[test]
fn where_a_stage_ends_the_next_one_is_introduced() {
    let learner = Learner::begin();
    let course = &learner.course;
    for (path, old, new) in [
        ("Cargo.toml", "name = \"tiny\"", "name = \"more\""),
        ("README.md", "# Tiny", "# More"),
        ("tests/stage/main.rs", "mod sums;\n", ""),
    ] {
        let text = course.read(&format!("exercises/01-tiny/{path}"));
        let text = text.replacen(old, new, 1);
        course.write(&format!("exercises/02-more/{path}"), &text);
    }
    course.write("exercises/02-more/src/lib.rs", "pub mod words;\n");
    course.write(
        "exercises/02-more/src/words.rs",
        "pub fn shout(word: &str) -> String {\n    todo!()\n}\n",
    );
    let tests = course.read("exercises/01-tiny/tests/stage/words.rs");
    course.write(
        "exercises/02-more/tests/stage/words.rs",
        &tests.replace("tiny::", "more::"),
    );
    course.write(
        "exercises/02-more/stage.toml",
        "title = \"More\"\nlevel = \"beginner\"\nsummary = \"One.\"\n\n[[exercise]]\nname = \"words\"\n\
         title = \"Again\"\npoints = 1\ntopics = []\nhints = [\"a\", \"b\", \"c\"]\n",
    );
    let roadmap = course.read("exercises/roadmap.toml");
    let first = "folder = \"01-tiny\"\n";
    let both = format!("{first}\n[[stage]]\nfolder = \"02-more\"\n");
    course.write("exercises/roadmap.toml", &roadmap.replace(first, &both));
    course.change(
        "Cargo.toml",
        "    \"exercises/01-tiny\",\n",
        "    \"exercises/01-tiny\",\n    \"exercises/02-more\",\n",
    );
    course.seal();
    learner.sums(RIGHT);
    course.write(WORDS, CAPITALS);
    let said = learner.run("");
    let text = one_line(&said.out);
    assert!(
        text.contains("That was the last of \"Tiny\"; \"More\" begins. Its introduction: cargo xtask lesson more Next: more/words"),
        "{}",
        said.all()
    );
}
