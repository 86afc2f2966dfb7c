//! What may stand for an exercise or a stage on the command line.

use sample::Sample;

use crate::learner::{run, runner_in, said};

/// The ids in what `check --format json` of these words says, from this folder.
fn checked(sample: &Sample, folder: &str, words: &str) -> Vec<String> {
    let said = said(runner_in(
        sample,
        folder,
        &format!("check --format json {words}"),
    ));
    let ids = said.out.split("\"exercise\": \"").skip(1);
    let ids: Vec<String> = ids
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect();
    assert!(
        !ids.is_empty(),
        "{words} in {folder}: {}{}",
        said.out,
        said.err
    );
    ids
}

#[test]
fn a_path_is_a_name() {
    let sample = Sample::build();
    let stage = "exercises/01-tiny";
    for (folder, words) in [
        ("", "exercises/01-tiny/src/words.rs"),
        ("", "./exercises/01-tiny/tests/stage/words.rs"),
        ("", "exercises\\01-tiny\\src\\words.rs"),
        ("", "exercises/01-tiny/src/words.rs:12:5"),
        ("exercises", "01-tiny/src/words.rs"),
        (stage, "./src/words.rs"),
        (stage, "tests/stage/words.rs"),
        (stage, ".\\src\\words.rs"),
        ("exercises/01-tiny/src", "words.rs"),
        ("exercises/01-tiny/tests", "../src/words.rs"),
    ] {
        assert_eq!(
            checked(&sample, folder, words),
            ["tiny/words"],
            "{words} in {folder}"
        );
    }
    let whole = sample.path("exercises/01-tiny/src/sums.rs");
    let mut command = runner_in(&sample, "", "check --format json");
    command.arg(&whole);
    assert!(said(command).out.contains("tiny/sums"));
    for (folder, words) in [
        ("", "01-tiny/"),
        ("", "exercises/01-tiny"),
        ("", "exercises/01-tiny/src"),
        ("", "exercises/01-tiny/README.md"),
        ("exercises", "01-tiny/"),
        (stage, "."),
        ("exercises/01-tiny/src", ".."),
    ] {
        assert_eq!(
            checked(&sample, folder, words),
            ["tiny/sums", "tiny/words"],
            "{words} in {folder}"
        );
    }
}

#[test]
fn a_path_that_leads_nowhere_is_answered_by_the_nearest_name() {
    let sample = Sample::build();
    for words in [
        "exercises/01-tiny/src/wrds.rs",
        "01-tiny/wrods",
        "tiny\\words.txt",
    ] {
        let said = run(&sample, &format!("check {words}"));
        assert_eq!(said.code, Some(2), "{words}: {}", said.out);
        assert!(said.err.contains("words`?"), "{words}: {}", said.err);
    }
    let said = run(&sample, "check exercises/01-tiny/src/lib.rs");
    assert!(
        said.err.contains("belongs to no exercise of tiny"),
        "{}",
        said.err
    );
}

#[test]
fn inside_of_a_stages_folder_a_plain_check_means_that_stage() {
    let sample = Sample::build();
    for folder in ["exercises/01-tiny", "exercises/01-tiny/tests/stage"] {
        assert_eq!(
            checked(&sample, folder, ""),
            ["tiny/sums", "tiny/words"],
            "{folder}"
        );
    }
    for folder in ["", "exercises", "solutions/01-tiny"] {
        assert_eq!(checked(&sample, folder, ""), ["tiny/sums"], "{folder}");
    }
}

#[test]
fn nobody_is_sent_to_a_command_for_those_who_write_the_course() {
    let sample = Sample::build();
    let said = run(&sample, "next");
    assert!(
        said.err.contains("that is `cargo xtask` here"),
        "{}",
        said.err
    );
    sample.remove("exercises/01-tiny/originals.json");
    let said = run(&sample, "check sums");
    assert!(
        said.err
            .contains("git checkout HEAD -- exercises/01-tiny/originals.json"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("seal"), "{}", said.err);
}

#[test]
fn a_conflict_in_a_file_of_the_course_is_explained() {
    let sample = Sample::build();
    sample.change(
        "exercises/01-tiny/stage.toml",
        "title = \"Tiny\"\n",
        "<<<<<<< HEAD\ntitle = \"Tiny\"\n=======\ntitle = \"Small\"\n>>>>>>> origin/main\n",
    );
    let said = run(&sample, "list");
    assert!(
        said.err
            .contains("git has left a conflict in it, from line 1 on"),
        "{}",
        said.err
    );
}
