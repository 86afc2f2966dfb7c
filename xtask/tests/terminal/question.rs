//! The question for whoever makes a known mistake, from the failure to the answer.

use sample::Sample;
use xtask_core::course::Course;
use xtask_core::diagnosis::{Diagnoses, Known, KnownMistake, Seen, hash};

use crate::learner::{run, write_sum};

const ASK: &str = "What comes out for 2 and 3 with `*`, and what were you to do with them?";

/// Records that somebody who wrote this body was asked this question.
fn record(sample: &Sample, mistakes: &[(&str, &str, &str)]) {
    let course: Course = sample.course();
    let mut known = Known::default();
    for (name, body, ask) in mistakes {
        write_sum(sample, body);
        let verdicts = sample.judge();
        let fails = verdicts[0].failures();
        let mistake = KnownMistake {
            ask: (*ask).to_owned(),
            fails: fails
                .map(|test| (test.name.clone(), Seen::Says(hash(test))))
                .collect(),
        };
        known.mistakes.insert((*name).to_owned(), mistake);
    }
    let mut diagnoses = Diagnoses::default();
    diagnoses.put("sums", known);
    diagnoses.record(&course.stages[0]).expect("writable");
}

/// Two known mistakes that do different things.
const MISTAKES: [(&str, &str, &str); 2] = [
    ("multiplies", "one * other", ASK),
    ("first_only", "one", "Where does the second number go?"),
];

#[test]
fn the_question_stands_apart_at_the_end_and_leads_to_the_answer() {
    let sample = Sample::build();
    record(&sample, &MISTAKES);
    // The same mistake in another style.
    write_sum(&sample, "(0..other).map(|_| one).sum()");
    let said = run(&sample, "check sums").out;
    let question = "\n\n  ┃ A known mistake fails in just this way. Ask yourself:\n  ┃ What comes out for 2 and 3 with `*`";
    assert!(said.contains(question), "{said}");
    let place = said.find("Ask yourself").expect("it is there");
    assert!(place > said.find("came:").expect("it is there"), "{said}");
    assert!(
        place < said.find("\n  open ").expect("it is there"),
        "{said}"
    );
    let plain = run(&sample, "--plain check sums").out;
    let question = "  A known mistake fails in just this way. Ask yourself: What comes out";
    assert!(plain.contains(question), "{plain}");
    let json = run(&sample, "check sums --format json").out;
    let member = format!("\"mistake\": \"multiplies\",\n        \"ask\": \"{ASK}\"");
    assert!(json.contains(&member), "{json}");
    let progress = sample.read(".progress.json");
    assert!(progress.contains("\"hints\": 0,"), "{progress}");
    assert!(progress.contains("\"multiplies\""), "{progress}");
    write_sum(&sample, "one + other");
    let passed = run(&sample, "check sums");
    assert_eq!(passed.code, Some(0), "{}", passed.out);
    assert!(!passed.out.contains("Ask yourself"), "{}", passed.out);
}

#[test]
fn another_mistake_and_a_starter_are_asked_nothing() {
    let sample = Sample::build();
    let starter = sample.read("exercises/01-tiny/src/sums.rs");
    record(&sample, &MISTAKES);
    for other in ["one + other + 1", "todo!()"] {
        write_sum(&sample, other);
        let said = run(&sample, "check sums").out;
        assert!(!said.contains("Ask yourself"), "{other}: {said}");
    }
    sample.write("exercises/01-tiny/src/sums.rs", &starter);
    let said = run(&sample, "check sums").out;
    assert!(!said.contains("Ask yourself"), "{said}");
}

#[test]
fn a_test_that_was_not_waited_for_says_nothing() {
    let sample = Sample::build();
    record(&sample, &MISTAKES);
    // The first test fails as on `first_only`, and the second one does not come to its end.
    write_sum(
        &sample,
        "if one == 2 { return one; }\n    loop { std::hint::spin_loop() }",
    );
    let said = run(&sample, "check sums").out;
    assert!(said.contains("Where does the second number go?"), "{said}");
    // With another mistake that fails in the same way as far as the tests ran, nobody knows which one it is.
    let hanging = (
        "hangs",
        "if one == 2 { return one; }\n    one - 9",
        "What happens to all the others?",
    );
    record(&sample, &[MISTAKES[0], MISTAKES[1], hanging]);
    write_sum(
        &sample,
        "if one == 2 { return one; }\n    loop { std::hint::spin_loop() }",
    );
    let said = run(&sample, "check sums").out;
    assert!(!said.contains("Ask yourself"), "{said}");
}
