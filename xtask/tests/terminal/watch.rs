//! What a watch shows, and what its keys do.

use std::fs::{self, File};
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use sample::Sample;

use crate::learner::{SUMS, WORDS, runner, text_of, write_sum};
use crate::screens::Screen;

fn watching(sample: &Sample) -> Screen {
    let mut screen = Screen::start(&runner(sample, "watch"));
    screen.wait_for("q quit");
    screen
}

#[test]
fn the_first_line_comes_before_anything_is_compiled() {
    let sample = Sample::build();
    // Whoever holds this lock builds here; until it is free, nothing is compiled.
    fs::create_dir_all(sample.path("target/xtask/overlay")).expect("writable");
    let lock = File::create(sample.path("target/xtask/overlay/.lock")).expect("writable");
    lock.lock().expect("nobody else has it");
    let mut screen = Screen::start(&runner(&sample, "check sums"));
    screen.wait_for("checking tiny/sums");
    screen.wait_for("another terminal is checking here; waiting for its end");
    drop(lock);
    screen.wait_for("tiny/sums · Adding · not started");
    assert_eq!(screen.end().code(), Some(1));
}

#[test]
fn waiting_for_another_cargo_is_said_at_once() {
    let sample = Sample::build();
    let mut screen = Screen::start(&runner(&sample, "check sums"));
    screen.wait_for("not started");
    screen.end();
    let lock = File::options()
        .write(true)
        .open(sample.path("target/runner/.cargo-lock"))
        .or_else(|_| {
            File::options()
                .write(true)
                .open(sample.path("target/runner/.cargo-build-lock"))
        })
        .expect("cargo has built here");
    lock.lock().expect("nobody else has it");
    write_sum(&sample, "one + other");
    let mut screen = Screen::start(&runner(&sample, "check sums"));
    screen.wait_for("another cargo is at work");
    drop(lock);
    screen.wait_for("Adding · passed");
    assert_eq!(screen.end().code(), Some(0));
}

#[test]
fn n_opens_what_is_announced_and_b_goes_back() {
    let sample = Sample::build();
    let mut screen = watching(&sample);
    sample.solve("sums");
    let announced = screen.wait_for("q quit");
    assert!(
        announced.contains("Next: tiny/words · Shouting"),
        "{announced}"
    );
    screen.press("n");
    let opened = screen.wait_for("q quit");
    assert!(
        opened.contains("tiny/words · Shouting · not started"),
        "{opened}"
    );
    assert!(opened.contains("not written yet: capitals"), "{opened}");
    screen.press("b");
    let back = screen.wait_for("q quit");
    assert!(back.contains("tiny/sums · Adding · passed"), "{back}");
    // Whoever came back to improve an answer is not sent on by a save.
    write_sum(&sample, "other + one");
    let again = screen.wait_for("q quit");
    assert!(again.contains("tiny/sums · Adding · passed"), "{again}");
    assert!(again.contains("n next"), "{again}");
    screen.press("n");
    screen.wait_for("tiny/words · Shouting · not started");
    screen.wait_for("q quit");
    screen.quit();
}

#[test]
fn the_list_opens_where_the_learner_is() {
    let sample = Sample::build();
    let more: String = (0..60)
        .map(|number| {
            format!("\n[[stage]]\nfolder = \"{:02}-more\"\ntitle = \"More\"\nlevel = \"beginner\"\nplanned = [\"a\"]\ntopics = [\"basics.later\"]\n", number + 3)
        })
        .collect();
    let roadmap = sample.read("exercises/roadmap.toml");
    let (stages, topics) = roadmap.split_once("[topics]").expect("it has topics");
    sample.write(
        "exercises/roadmap.toml",
        &format!("{stages}{more}\n[topics]{topics}"),
    );
    let mut screen = watching(&sample);
    screen.press("l");
    let list = screen.wait_for("l back");
    assert!(
        list.contains("→ sums") && !list.contains("62-more"),
        "{list}"
    );
    assert!(list.lines().count() <= 25, "{list}");
    screen.press("j");
    let further = screen.wait_for("l back");
    assert!(!further.contains("→ sums"), "{further}");
    screen.press("l");
    screen.wait_for("tiny/sums · Adding · not started");
    screen.wait_for("q quit");
    screen.quit();
}

#[test]
fn no_path_is_cut_in_a_word_on_forty_columns() {
    let sample = Sample::build();
    for body in ["one * other", "one + \"a\"", "todo!(\"add both\")"] {
        write_sum(&sample, body);
        let mut screen = Screen::sized(&runner(&sample, ""), 40, 20);
        screen.end();
        let text = crate::screens::plain(&screen.raw);
        let paths = text
            .lines()
            .filter(|line| line.contains("exercises/") || line.contains(".rs"));
        let mut count = 0;
        for line in paths {
            count += 1;
            assert!(line.chars().count() <= 40, "{line:?} in\n{text}");
        }
        assert!(count >= 2, "{text}");
    }
}

#[test]
fn marks_of_emphasis_are_not_shown() {
    let sample = Sample::build();
    sample.change(
        "exercises/01-tiny/README.md",
        "## sums: adding\n",
        "## sums: adding\n\nThe *sum* of **both**, see [std](https://doc.rust-lang.org/std) and [below](#words).\n",
    );
    sample.change(
        "exercises/01-tiny/stage.toml",
        "\"one\"",
        "\"Add *both* of them.\"",
    );
    let lesson = crate::learner::run(&sample, "lesson sums").out;
    assert!(
        lesson.contains("The sum of both, see std (https://doc.rust-lang.org/std) and below."),
        "{lesson}"
    );
    let hint = crate::learner::run(&sample, "hint sums").out;
    assert!(hint.contains("Add both of them."), "{hint}");
}

#[test]
fn a_save_that_no_system_tells_is_noticed() {
    let sample = Sample::build();
    // A change through a second name, outside of the stage's folder, is told to nobody who waits for the system's word.
    let outside = sample.path("elsewhere.rs");
    fs::hard_link(sample.path(SUMS), &outside).expect("the file system has hard links");
    let mut screen = watching(&sample);
    let answer = sample.read("solutions/01-tiny/src/sums.rs");
    let mut file = File::options()
        .write(true)
        .truncate(true)
        .open(&outside)
        .expect("writable");
    file.write_all(answer.as_bytes()).expect("writable");
    drop(file);
    let shown = screen.wait_for("q quit");
    assert!(shown.contains("Adding · passed"), "{shown}");
    screen.quit();
}

#[test]
fn a_key_checks_again() {
    let sample = Sample::build();
    let mut screen = watching(&sample);
    for key in ["c", "\r"] {
        screen.press(key);
        let shown = screen.wait_for("q quit");
        assert!(
            shown.contains("tiny/sums · Adding · not started"),
            "{shown}"
        );
    }
    screen.quit();
}

#[test]
fn an_update_of_the_course_is_noticed() {
    let sample = Sample::build();
    let mut screen = watching(&sample);
    sample.change("exercises/01-tiny/stage.toml", "Adding", "Adding up");
    screen.wait_for("The course was changed while this watch is open");
    screen.wait_for("q quit");
    screen.quit();
}

#[test]
fn e_opens_the_exercise_at_the_line_that_failed() {
    use std::os::unix::fs::PermissionsExt;
    let sample = Sample::build();
    let editor = sample.path("vim");
    sample.write(
        "vim",
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$(dirname \"$0\")/opened\"\necho edited\n",
    );
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let mut command = runner(&sample, "watch");
    command.env("EDITOR", &editor);
    let mut screen = Screen::start(&command);
    screen.wait_for("q quit");
    screen.press("e");
    screen.wait_for("edited");
    screen.wait_for("q quit");
    let opened = text_of(&sample.path("opened"));
    let source = sample.path(SUMS);
    assert_eq!(opened, format!("+5\n{}\n", source.display()));
    assert!(!screen.is_cooked(), "keys are told at once again");
    screen.quit();
    // The same by a command, for the exercise that is named.
    let mut command = runner(&sample, "open words");
    command.env("VISUAL", &editor);
    let said = crate::learner::said(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(text_of(&sample.path("opened")).contains(WORDS));
    let mut command = runner(&sample, "open words");
    command.env("EDITOR", "no-such-editor");
    let said = crate::learner::said(command);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("EDITOR=nano") && said.err.contains(WORDS),
        "{}",
        said.err
    );
}

#[test]
fn no_text_has_a_colour_that_a_light_ground_swallows() {
    let sample = Sample::build();
    for (body, line) in [
        ("one + \"a\"", ""),
        ("one + other.len()", "check sums"),
        ("std::fs::read(\"b\");\n    one * other", "check sums"),
        ("one * other", "check sums --all-failures"),
        ("one + other", ""),
        ("todo!()", "list"),
        ("todo!()", "lesson sums"),
        ("todo!()", "hint sums"),
        ("todo!()", "solution sums --anyway"),
        ("todo!()", "doctor"),
    ] {
        write_sum(&sample, body);
        let mut screen = Screen::start(&runner(&sample, line));
        screen.end();
        for code in screen.raw.split("\u{1b}[").skip(1) {
            let code = code.split('m').next().unwrap_or_default();
            // Bright green, yellow, cyan and white, and plain white; on Windows with 256 colours.
            let pale = [
                "37", "92", "93", "96", "97", "38;5;10", "38;5;11", "38;5;14", "38;5;15",
            ];
            assert!(
                !pale.contains(&code),
                "{line} with {body}: {code} in {:?}",
                screen.raw
            );
            // Yellow is for a mark, not for words.
            if code == "33" {
                let shown = screen.raw.split("\u{1b}[33m").nth(1).unwrap_or_default();
                let marked = shown.split('\u{1b}').next().unwrap_or_default();
                let is_compilers = body.starts_with("std::fs");
                assert!(marked.chars().count() <= 1 || is_compilers, "{marked:?}");
            }
        }
    }
}

#[test]
fn the_list_leads_back_to_what_was_announced() {
    let sample = Sample::build();
    let mut screen = watching(&sample);
    sample.solve("sums");
    screen.wait_for("Next: tiny/words");
    screen.wait_for("n go on");
    screen.wait_for("q quit");
    screen.press("l");
    screen.wait_for("l back");
    screen.press("l");
    let back = screen.wait_for("q quit");
    assert!(
        back.contains("Next: tiny/words") && back.contains("n go on"),
        "{back}"
    );
    screen.press("n");
    let opened = screen.wait_for("q quit");
    assert!(
        opened.contains("tiny/words · Shouting · not started"),
        "{opened}"
    );
    assert!(opened.contains("s solution of sums"), "{opened}");
    screen.quit();
}

/// The sample with a second stage, which holds the same exercises as the first.
fn with_second_stage() -> Sample {
    let sample = Sample::build();
    for file in [
        "Cargo.toml",
        "stage.toml",
        "README.md",
        "src/lib.rs",
        "src/sums.rs",
        "src/words.rs",
        "tests/stage/main.rs",
        "tests/stage/sums.rs",
        "tests/stage/words.rs",
    ] {
        let text = sample.read(&format!("exercises/01-tiny/{file}"));
        let path = format!("exercises/02-later/{file}");
        sample.write(&path, &text.replace("tiny", "later"));
    }
    let roadmap = sample.read("exercises/roadmap.toml");
    let planned = roadmap
        .find("title = \"Later\"")
        .zip(roadmap.find("[topics]"));
    let (begin, end) = planned.expect("the second stage is planned");
    let roadmap = [&roadmap[..begin], "\n", &roadmap[end..]].concat();
    sample.write("exercises/roadmap.toml", &roadmap);
    let first = "\"exercises/01-tiny\",";
    let both = format!("{first}\n    \"exercises/02-later\",");
    sample.change("Cargo.toml", first, &both);
    sample.seal();
    sample
}

/// What comes next is built while the learner types, and where a verdict takes it from.
#[test]
fn the_next_stage_is_built_ahead_for_its_verdicts() {
    let sample = with_second_stage();
    let mut screen = watching(&sample);
    let is_built = || {
        let built = fs::read_dir(sample.path("target/runner/deps"));
        let mut names = built.into_iter().flatten().flatten();
        names.any(|entry| entry.file_name().to_string_lossy().starts_with("liblater-"))
    };
    let deadline = Instant::now() + Duration::from_secs(120);
    while !is_built() {
        assert!(Instant::now() < deadline, "nothing is built ahead");
        thread::sleep(Duration::from_millis(20));
    }
    screen.quit();
    assert!(!sample.path("target/debug").exists(), "no verdict takes it");
}
