//! Whole classes: nothing is judged by another's build, nothing is graded twice, and every split gives one gradebook.
#![cfg(unix)]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use common::{EXERCISES, Place, RIGHT, WRONG, assert_mark, learner};
use grade::results::Report;
use grade::results::Standing::{CompileError, Failed, Passed, TimedOut};

const ALL: [&str; 4] = ["empty", "two", "many", "too_much"];

fn set_times(folder: &Path, time: SystemTime) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            set_times(&path, time);
        } else {
            File::options()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_modified(time))
                .expect("writable");
        }
    }
}

/// Two submissions with files of the same size and of equal or old times are each judged by their own build.
#[test]
fn no_submission_is_judged_by_anothers_build() {
    let place = Place::new();
    let padded = format!("{WRONG}{}", " ".repeat(RIGHT.len().abs_diff(WRONG.len())));
    let right = format!(
        "{RIGHT}{}",
        " ".repeat(padded.len().saturating_sub(RIGHT.len()))
    );
    assert_eq!(padded.len(), right.len());
    for (id, text) in [("a", &right), ("b", &padded), ("c", &right), ("d", &padded)] {
        place.submit(id, &[("alder", text)]);
        // The same text would be remembered, so each has a different exercise beside it.
        place.submit(id, &[("birch", &format!("{RIGHT}// {id}\n"))]);
    }
    let now = SystemTime::now();
    for time in [
        now,
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000),
        now + Duration::from_secs(86_400),
    ] {
        set_times(&place.path("in"), time);
        let _ = fs::remove_dir_all(place.path("work/xtask/store"));
        let report = place.grade(&[]);
        for (id, status, passed) in [
            ("a", Passed, &ALL[..]),
            ("b", Failed, &["empty"]),
            ("c", Passed, &ALL),
            ("d", Failed, &["empty"]),
        ] {
            assert_mark(&report, id, "alder", id, status, passed);
            assert_mark(&report, id, "birch", id, Passed, &ALL);
        }
    }
}

fn class(place: &Place, count: usize) {
    for index in 0..count {
        let answer = |exercise: &str| match (index + exercise.len()) % 4 {
            0 => format!("{WRONG}// {index} {exercise}\n"),
            1 => format!("fn broken( {{ // {index}\n"),
            _ => format!("{RIGHT}// {index} {exercise}\n"),
        };
        let answers: Vec<(&str, String)> = EXERCISES[..3]
            .iter()
            .map(|name| (*name, answer(name)))
            .collect();
        let answers: Vec<(&str, &str)> = answers
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        place.submit(&format!("learner{index:02}"), &answers);
    }
}

/// Every split of a class, and every number of lanes, gives the gradebook of one run.
#[test]
fn shards_and_lanes_give_one_gradebook() {
    let place = Place::new();
    class(&place, 5);
    let whole = place.run(&["--format", "csv"]);
    assert_eq!(whole.status.code(), Some(1));
    for parts in [2, 7] {
        let mut files = Vec::new();
        let mut running = Vec::new();
        for part in 1..=parts {
            let file = place
                .path(&format!("shard-{parts}-{part}.json"))
                .display()
                .to_string();
            let work = place
                .path(&format!("work-shard-{part}"))
                .display()
                .to_string();
            let mut command = place.command(&[
                "--work",
                &work,
                "--shard",
                &format!("{part}/{parts}"),
                "--report",
                &format!("json={file}"),
            ]);
            command
                .args(place.submissions())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            running.push(command.spawn().expect("the grader starts"));
            files.push(file);
        }
        for mut process in running {
            process.wait().expect("it ends");
        }
        files.reverse();
        let mut words: Vec<&str> = vec!["merge", "--format", "csv"];
        words.extend(files.iter().map(String::as_str));
        let merged = place.command(&words).output().expect("the grader starts");
        assert_eq!(
            String::from_utf8_lossy(&merged.stdout),
            String::from_utf8_lossy(&whole.stdout),
            "{parts} parts: {}",
            String::from_utf8_lossy(&merged.stderr)
        );
        let missing = place
            .command(&words[..words.len() - 1])
            .output()
            .expect("the grader starts");
        assert_eq!(missing.status.code(), Some(2), "a shard is missing");
        assert!(String::from_utf8_lossy(&missing.stderr).contains("missing"));
    }
    let _ = fs::remove_dir_all(place.path("work/xtask/store"));
    let lanes = place.run(&["--format", "csv", "--jobs", "3"]);
    assert_eq!(lanes.stdout, whole.stdout, "three lanes");
}

fn verdicts(place: &Place) -> Vec<(String, SystemTime)> {
    let mut found = Vec::new();
    let mut pending = vec![place.path("work/xtask/store")];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.file_name().is_some_and(|name| name.len() == 62) {
                let time = entry
                    .metadata()
                    .and_then(|data| data.modified())
                    .expect("readable");
                found.push((path.display().to_string(), time));
            }
        }
    }
    found.sort();
    found
}

/// Killed at several moments: what was finished is not graded again, and no report is half written.
#[test]
fn a_killed_run_goes_on_where_it_was() {
    let place = Place::new();
    class(&place, 6);
    let work = place.path("work").display().to_string();
    let out = place.path("class.html");
    let mut seen = 0;
    for _ in 0..3 {
        let mut command = place.command(&[
            "--work",
            &work,
            "--report",
            &format!("html={}", out.display()),
        ]);
        command
            .args(place.submissions())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = command.spawn().expect("the grader starts");
        let begun = Instant::now();
        // As soon as something new is remembered, at whatever it is then.
        while verdicts(&place).len() < seen + 3 && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(10));
        }
        process.kill().expect("it runs");
        process.wait().expect("it ends");
        seen = verdicts(&place).len();
        assert!(!out.exists(), "a report of a killed run");
    }
    let before = verdicts(&place);
    assert!(seen > 5, "the killed runs got somewhere: {seen}");
    let resumed = place.run(&["--format", "csv"]);
    let after = verdicts(&place);
    for entry in &before {
        assert!(after.contains(entry), "{} was graded twice", entry.0);
    }
    let _ = fs::remove_dir_all(place.path("work"));
    let whole = place.run(&["--format", "csv"]);
    assert_eq!(resumed.stdout, whole.stdout);
    let again = place.run(&["--format", "csv"]);
    assert_eq!(again.stdout, whole.stdout);
}

#[test]
fn hidden_tests_count_and_their_faults_are_the_instructors() {
    let place = Place::new();
    // Right for all that is visible, wrong for ten prices of one.
    let sly = "pub fn total(prices: &[u32]) -> u32 {\n    if prices == [1; 10] { return 3; }\n    prices.iter().sum()\n}\n";
    place.submit("sly", &[("alder", sly), ("birch", RIGHT)]);
    place.file("hidden/01-tiny/alder.rs", "use tiny::alder::total;\n\n/// Ten prices of one.\n#[test]\nfn ten() {\n    assert_eq!(total(&[1; 10]), 10);\n}\n");
    let hidden = place.path("hidden").display().to_string();
    let report = place.grade(&["--tests", &hidden]);
    let mark = common::mark(&report, "sly", "alder");
    assert_eq!(
        (mark.status, mark.tests.len(), mark.points.hundredths()),
        (Failed, 5, 160)
    );
    assert_eq!(mark.tests[4].name, "hidden::ten");
    assert_mark(
        &report,
        "sly",
        "birch",
        "without hidden tests",
        Passed,
        &ALL,
    );
    for (text, word) in [
        (
            "use tiny::alder::totals;\n#[test]\nfn ten() {}\n",
            "does not compile",
        ),
        (
            "use tiny::alder::total;\n#[test]\nfn ten() { assert_eq!(total(&[1]), 2); }\n",
            "does not pass the test `hidden::ten`",
        ),
        ("fn ten() {}\n", "no test"),
        ("fn ten( {\n", "line"),
    ] {
        place.file("hidden/01-tiny/alder.rs", text);
        let output = place.run(&["--tests", &hidden]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(output.stdout.is_empty(), "nobody was graded");
        assert!(said.contains(word), "{said}");
    }
    place.file("hidden/01-tiny/alder.rs", "#[test]\nfn ten() {}\n");
    place.file("hidden/01-tiny/adler.rs", "#[test]\nfn ten() {}\n");
    let output = place.run(&["--tests", &hidden]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("belongs to no exercise"));
}

#[test]
fn what_cannot_be_read_is_reported_and_the_others_are_graded() {
    let place = Place::new();
    place.submit("ada", &[("alder", RIGHT)]);
    place.submit("nothing", &[]);
    place.file("in/a file", "");
    let report = place.grade(&[]);
    assert_mark(&report, "ada", "alder", "ada", Passed, &ALL);
    for id in ["nothing", "a file"] {
        assert!(learner(&report, id).problem.is_some(), "{id}");
    }
    place.file(
        "class.csv",
        "id,name,folder\n7,\"Lovelace, Ada\",in/ada\n8,Nobody,in/nobody\n",
    );
    let roster = place.path("class.csv").display().to_string();
    let work = place.path("work").display().to_string();
    let output = place
        .command(&["--work", &work, "--roster", &roster, "--format", "json"])
        .output()
        .expect("it starts");
    let report: Report = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(learner(&report, "7").name, "Lovelace, Ada");
    assert!(
        learner(&report, "8")
            .problem
            .as_ref()
            .is_some_and(|problem| problem.contains("cannot be read"))
    );
    place.file("class.csv", "id,name,folder\n7,A,in/ada\n7,B,in/ada\n");
    let output = place
        .command(&["--work", &work, "--roster", &roster])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`7` stands there twice"));
}

/// Cargo obeys the settings of the folder that it is started in: a learner's are not obeyed at any level.
#[test]
fn cargo_obeys_nobody_who_is_graded() {
    let place = Place::new();
    place.submit("eve", &[("alder", WRONG)]);
    let marker = place.path("marker");
    let program = place.path("in/eve/run");
    place.file(
        "in/eve/run",
        format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", marker.display()),
    );
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("writable");
    place.file(
        "in/eve/.cargo/config.toml",
        format!(
            "[build]\nrustc-wrapper = {program:?}\n[target.'cfg(all())']\nrunner = {program:?}\n"
        ),
    );
    let eve = place.path("in/eve").display().to_string();
    let work = place.path("work").display().to_string();
    let inside = place.path("in/eve/work").display().to_string();
    for level in ["basic", "confined", "full"] {
        let grade = |folder: &str, work: &str| {
            let words = [
                &eve,
                "--work",
                work,
                "--isolation",
                level,
                "--exercise",
                "tiny/alder",
            ];
            let mut command = place.command(&words);
            command
                .current_dir(place.path(folder))
                .env("CARGO_MANIFEST_DIR", place.course());
            command.output().expect("it starts")
        };
        // In the checkout, below it, and with what is built in it.
        for (folder, work) in [
            ("in/eve", &work),
            ("in/eve/exercises/01-tiny", &work),
            ("course", &inside),
        ] {
            let output = grade(folder, work);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{folder}: {said}");
            assert!(output.stdout.is_empty(), "nobody was graded");
            let how = format!("cd {} && cargo xtask grade", place.course().display());
            assert!(
                said.contains(&how) || said.contains("/course && cargo"),
                "{said}"
            );
        }
        let output = grade("course", &work);
        assert_eq!(output.status.code(), Some(1), "in the course's folder");
        assert!(!marker.exists(), "a program of the learner's has run");
    }
}

/// A learner cannot choose by a link whose work is graded, and a folder that stands in the roster twice is told.
#[test]
fn a_folder_is_the_learners_own() {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    place.submit("ada", &[("alder", RIGHT)]);
    let solutions = place.course().join("solutions");
    symlink(&solutions, place.path("in/eve")).expect("writable");
    fs::create_dir_all(place.path("in/mallory")).expect("writable");
    symlink(&solutions, place.path("in/mallory/work")).expect("writable");
    place.file(
        "in/class.csv",
        "id,name,folder\n1,Ada,ada\n2,Bob,./ada/\n3,Eve,eve/\n4,Mallory,mallory/work\n",
    );
    let work = place.path("work").display().to_string();
    let roster = place.path("in/class.csv").display().to_string();
    let grade = |words: &[&str]| {
        let mut command = place.command(&["--work", &work, "--format", "json"]);
        let output = command.args(words).output().expect("it starts");
        serde_json::from_slice::<Report>(&output.stdout).expect("a report")
    };
    let report = grade(&["--roster", &roster]);
    for id in ["3", "4"] {
        let problem = learner(&report, id).problem.clone().unwrap_or_default();
        assert!(problem.contains("is a link"), "{id}: {problem}");
        assert_eq!(learner(&report, id).points.hundredths(), 0, "{id}");
    }
    for (id, other) in [("1", "with 2, "), ("2", "with 1, ")] {
        assert_mark(&report, id, "alder", id, Passed, &ALL);
        let notices = &learner(&report, id).notices;
        assert!(notices.iter().any(|one| one.contains(other)), "{notices:?}");
    }
    // A shell writes `/` behind what looks like a folder to it.
    let (link, inside) = (place.path("in/eve"), place.path("in/mallory/work"));
    let words = [format!("{}/", link.display()), inside.display().to_string()];
    let report = grade(&[&words[0], &words[1]]);
    for id in ["eve", "work"] {
        let problem = learner(&report, id).problem.clone().unwrap_or_default();
        assert!(problem.contains("is a link"), "{id}: {problem}");
    }
}

/// The time for a submission ends what still runs; what was finished keeps its score.
#[test]
fn the_time_for_a_submission_ends() {
    let place = Place::new();
    let slow = "pub fn total(prices: &[u32]) -> u32 {\n    std::thread::sleep(std::time::Duration::from_millis(1900));\n    prices.iter().sum()\n}\n";
    let answers: Vec<(&str, &str)> = EXERCISES
        .iter()
        .map(|name| (*name, if *name == "alder" { RIGHT } else { slow }))
        .collect();
    place.submit("slow", &answers);
    let report = place.grade(&["--submission-seconds", "12"]);
    assert_mark(&report, "slow", "alder", "finished before", Passed, &ALL);
    let last = common::mark(&report, "slow", "rowan");
    assert_eq!(last.status, TimedOut, "{last:?}");
    let last = last.tests.last().map_or("", |test| &test.message);
    assert!(last.contains("whole submission"), "{last}");
    // It was the time, so that nothing about it is remembered.
    let remembered = verdicts(&place).into_iter().map(|(path, _)| {
        let text = fs::read_to_string(path).expect("readable");
        serde_json::from_str::<grade::results::Mark>(&text)
    });
    assert_eq!(remembered.flatten().collect::<Vec<_>>(), []);
}

/// A limit that the instructor changes is not answered from what was found under another one.
#[test]
fn a_time_limit_that_was_changed_counts() {
    let place = Place::new();
    let slow = "pub fn total(prices: &[u32]) -> u32 {\n    if prices.is_empty() {\n        std::thread::sleep(std::time::Duration::from_millis(2500));\n    }\n    prices.iter().sum()\n}\n";
    place.submit("ada", &[("alder", slow)]);
    let path = "exercises/01-tiny/stage.toml";
    let stage = fs::read_to_string(place.course().join(path)).expect("readable");
    let words = ["--exercise", "tiny/alder"];
    place.course_file(path, &stage.replace("test_seconds = 4", "test_seconds = 1"));
    let late = place.grade(&words);
    assert_mark(&late, "ada", "alder", "one second", TimedOut, &ALL[1..]);
    place.course_file(path, &stage);
    let report = place.grade(&words);
    assert_mark(&report, "ada", "alder", "four seconds", Passed, &ALL);
}

/// An exercise that breaks only beside another one's code is judged without it.
#[test]
fn a_compile_error_must_be_the_exercises_own() {
    let place = Place::new();
    let poison = "pub struct Mine;\nimpl PartialEq<Mine> for u32 { fn eq(&self, _: &Mine) -> bool { true } }\n".to_owned() + RIGHT;
    // Alone, the only type that a `u32` is compared with is `u32`.
    let victim = "pub fn total(prices: &[u32]) -> u32 {\n    let sum: u32 = prices.iter().sum();\n    assert!(sum == \"0\".parse().expect(\"a number\") || true);\n    sum\n}\n";
    place.submit(
        "both",
        &[
            ("alder", &poison),
            ("birch", victim),
            ("cedar", "pub fn total() -> String {"),
        ],
    );
    let report = place.grade(&[]);
    assert_mark(&report, "both", "alder", "the poison", Passed, &ALL);
    assert_mark(&report, "both", "birch", "the victim", Passed, &ALL);
    assert_mark(&report, "both", "cedar", "its own fault", CompileError, &[]);
}

#[test]
fn a_full_disk_is_said_and_nobody_is_graded_down() {
    let place = Place::new();
    place.submit("ada", &[("alder", RIGHT)]);
    let mut command = place.command(&["--work", "/dev/full/work"]);
    let output = command
        .args(place.submissions())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let report = place.path("nowhere/class.csv").display().to_string();
    fs::write(place.path("nowhere"), "a file").expect("writable");
    let output = place.run(&["--report", &format!("csv={report}")]);
    assert_eq!(
        output.status.code(),
        Some(2),
        "a report that cannot be written"
    );
}

/// What is handed out is a workspace of its own, without solutions, and can be graded where it lies.
#[test]
fn what_is_handed_out_stands_by_itself() {
    let place = Place::new();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("..");
    let out = place.path("assignment");
    let words = [
        "export",
        "--stage",
        "logic",
        "--out",
        &out.display().to_string(),
    ];
    let exported = place
        .command(&words)
        .current_dir(&repository)
        .output()
        .expect("it starts");
    assert!(
        exported.status.success(),
        "{}",
        String::from_utf8_lossy(&exported.stderr)
    );
    for name in [
        "Cargo.toml",
        "README.md",
        ".github/workflows/grade.yml",
        "xtask/grade/Cargo.toml",
        "exercises/01-logic/README.md",
    ] {
        assert!(out.join(name).exists(), "{name}");
    }
    assert!(!out.join("solutions").exists() && !out.join("exercises/08-frameworks").exists());
    let lesson = std::fs::read_to_string(out.join("exercises/01-logic/README.md"));
    let lesson = lesson.expect("it is handed out");
    assert!(
        !lesson.contains("](../00-start"),
        "a link leads to what is not there"
    );
    assert!(lesson.contains("## How to work"), "{lesson}");
    assert!(!out.join("xtask/maintain/tests/diagnoses").exists());
    let questions = |out: &Path| out.join("exercises/01-logic/diagnoses.json").exists();
    assert!(questions(&out));
    let mut metadata = std::process::Command::new(env!("CARGO"));
    metadata
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(&out);
    let metadata = metadata.output().expect("cargo starts");
    assert!(
        metadata.status.success(),
        "{}",
        String::from_utf8_lossy(&metadata.stderr)
    );
    let said = String::from_utf8_lossy(&metadata.stderr);
    assert!(!said.contains("warning"), "cargo warns the learner: {said}");
    let work = place.path("work").display().to_string();
    let graded = place
        .command(&["grade", ".", "--work", &work, "--format", "json"])
        .current_dir(&out)
        .output()
        .expect("it starts");
    let report: Report = serde_json::from_slice(&graded.stdout).expect("a report");
    assert!(report.learners[0].exercises.len() > 3);
    assert!(
        report.learners[0]
            .exercises
            .iter()
            .all(|mark| mark.status == grade::results::Standing::NotStarted)
    );
    let again = place
        .command(&words)
        .current_dir(&repository)
        .output()
        .expect("it starts");
    assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
    let silent = place.path("silent");
    let mut words = words.map(str::to_owned);
    words[4] = silent.display().to_string();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.push("--no-questions");
    let exported = place.command(&words).current_dir(&repository).output();
    assert!(exported.expect("it starts").status.success());
    assert!(silent.join("exercises/01-logic/stage.toml").exists() && !questions(&silent));
}
