//! An exercise that has another name in a later version of the course.

use std::fs;

use crate::{Learner, RIGHT, SUMS, sums};

const STAGE: &str = "exercises/01-tiny/stage.toml";
const STARTER: &str = "//! Adds.\n\npub fn sum(one: u32, other: u32) -> u32 {\n    todo!()\n}\n";

/// Takes in a version of the course in which `sums` is called by these names. The learner's file stays.
fn update(learner: &Learner, names: &[&str]) {
    let course = &learner.course;
    let yours = course.read(SUMS);
    let tests = course.read("exercises/01-tiny/tests/stage/sums.rs");
    let toml = course.read(STAGE);
    let (head, rest) = toml.split_once("[[exercise]]").expect("it has exercises");
    let (own, others) = rest.split_once("[[exercise]]").expect("it has two");
    let mut entries = String::new();
    for name in names {
        let renamed = own.replace(
            "name = \"sums\"",
            &format!("name = \"{name}\"\nwas = [\"sums\"]"),
        );
        entries += &format!("[[exercise]]{renamed}");
        course.write(&format!("exercises/01-tiny/src/{name}.rs"), STARTER);
        let tests = tests.replace("tiny::sums", &format!("tiny::{name}"));
        course.write(&format!("exercises/01-tiny/tests/stage/{name}.rs"), &tests);
    }
    course.write(STAGE, &format!("{head}{entries}[[exercise]]{others}"));
    let modules = |word: &str| {
        let lines = names.iter().map(|name| format!("{word}mod {name};\n"));
        lines.collect::<String>()
    };
    course.change(
        "exercises/01-tiny/src/lib.rs",
        "pub mod sums;\n",
        &modules("pub "),
    );
    course.change(
        "exercises/01-tiny/tests/stage/main.rs",
        "mod sums;\n",
        &modules(""),
    );
    course.remove(SUMS);
    course.remove("exercises/01-tiny/tests/stage/sums.rs");
    course.seal();
    course.write(SUMS, &yours);
}

#[test]
fn progress_and_hints_come_along_and_the_old_file_is_named_once() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    assert_eq!(learner.check("sums").code, Some(0));
    assert!(learner.run("hint sums").out.contains("Hint 1 of 3"));
    update(&learner, &["adding"]);
    let said = learner.run("list");
    assert!(said.out.contains("✓ adding"), "{}", said.all());
    let words = said.err.replace('\n', " ");
    assert!(
        words.contains("`tiny/sums` is called tiny/adding now. Your progress came along."),
        "{words}"
    );
    assert!(
        words.contains("copy from it what you need into exercises/01-tiny/src/adding.rs"),
        "{words}"
    );
    // Once.
    let said = learner.run("list");
    assert!(
        said.out.contains("✓ adding") && said.err.is_empty(),
        "{}",
        said.all()
    );
    assert!(learner.run("hint adding").out.contains("Hint 2 of 3"));
    // It is not asked for again, and what is checked counts as it is.
    let said = learner.run("");
    assert!(said.out.contains("tiny/words"), "{}", said.all());
    let said = learner.check("adding");
    assert!(said.out.contains("not started"), "{}", said.all());
    assert!(!learner.run("list").out.contains("✓ adding"));
    assert_eq!(
        learner.course.read(SUMS),
        sums(RIGHT),
        "the old file is kept"
    );
    learner
        .course
        .write("exercises/01-tiny/src/adding.rs", &sums(RIGHT));
    assert_eq!(learner.check("adding").code, Some(0));
}

#[test]
fn an_earlier_name_is_a_name_and_what_it_is_now_is_said() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    update(&learner, &["adding"]);
    for name in ["sums", "tiny/sums", "01-tiny/sums", SUMS] {
        let said = learner.check(name);
        assert!(said.out.contains("tiny/adding"), "{name}: {}", said.all());
        let word = format!("`{name}` is called tiny/adding now.");
        assert!(said.err.contains(&word), "{name}: {}", said.all());
    }
    assert!(!learner.check("adding").err.contains("is called"));
}

#[test]
fn an_exercise_that_was_split_is_all_that_came_of_it() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    assert_eq!(learner.check("sums").code, Some(0));
    update(&learner, &["adding", "more"]);
    let mut watch = learner.watch("");
    let said = learner.run("list");
    assert!(
        said.out.contains("✓ adding") && said.out.contains("✓ more"),
        "{}",
        said.all()
    );
    // The watch that was open first has said it.
    assert!(said.err.is_empty(), "{}", said.all());
    learner
        .course
        .change("exercises/01-tiny/src/words.rs", "capitals", "letters");
    watch.next_verdict();
    let said = learner.check("sums");
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("they are tiny/adding and tiny/more"),
        "{}",
        said.all()
    );
}

#[test]
fn a_watch_says_it_below_its_first_verdict() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    update(&learner, &["adding"]);
    let mut child = learner.command("watch");
    let mut child = child
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut out = String::new();
    let mut reader = std::io::BufReader::new(child.stdout.take().expect("it is piped"));
    while !out.contains("watching;") {
        std::io::BufRead::read_line(&mut reader, &mut out).expect("it prints text");
    }
    child.kill().expect("it runs");
    child.wait().expect("it is a child");
    assert!(
        out.contains("`tiny/sums` is called tiny/adding now."),
        "{out}"
    );
    assert!(!out.contains("came along"), "{out}");
    assert!(fs::exists(learner.course.path(SUMS)).expect("the folder can be read"));
}
