//! A working tree as learners have it: foreign files, links, folders of editors.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::{Learner, RIGHT, SUMS};

#[test]
fn foreign_files_are_no_reason_to_stop_and_undo_nothing() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    assert_eq!(learner.check("sums").code, Some(0));
    let picture = b"\x89PNG\r\n\x1a\n\xff\xfe";
    for name in [
        "picture.png",
        "core",
        "src/picture.png",
        "src/latin.rs",
        "tests/stage/a.bin",
    ] {
        let path = learner.course.path("exercises/01-tiny").join(name);
        fs::write(path, picture).expect("the folder is writable");
    }
    for name in [
        "notes.md",
        "src/sums copy.rs",
        "src/sums.rs.bak",
        "src/backup/sums.rs",
    ] {
        learner.course.write(
            &format!("exercises/01-tiny/{name}"),
            "my notes: crate::words\n",
        );
    }
    for name in [
        "exercises/.vscode",
        "exercises/notes",
        "solutions/mine",
        "exercises/target",
    ] {
        fs::create_dir_all(learner.course.path(name)).expect("the folder is writable");
    }
    let new = Command::new(env!("CARGO"))
        .args(["new", "--quiet", "--vcs", "none", "playground"])
        .current_dir(&learner.folder)
        .status();
    assert!(new.expect("cargo starts").success());
    let listed = learner.run("list");
    assert!(listed.out.contains("✓ sums"), "{}", listed.all());
    for line in [
        "",
        "check words",
        "check --all",
        "lesson sums",
        "hint sums",
        "reset words",
    ] {
        let said = learner.run(line);
        assert_ne!(said.code, Some(2), "{line}: {}", said.all());
    }
    assert!(learner.run("list").out.contains("✓ sums"));
}

#[test]
fn a_change_elsewhere_undoes_nothing() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    assert_eq!(learner.check("sums").code, Some(0));
    learner.course.change(
        "exercises/01-tiny/src/words.rs",
        "//! Shouts.",
        "//! Shouts as crate::sums does.",
    );
    assert!(learner.run("list").out.contains("✓ sums"));
    learner.course.change(SUMS, "//! Adds.", "//! Adds up.");
    assert!(!learner.run("list").out.contains("✓ sums"));
}

#[test]
fn a_source_that_is_no_text_is_named_as_such() {
    let learner = Learner::begin();
    fs::write(learner.course.path(SUMS), b"// gr\xfc\xdfe\n").expect("the folder is writable");
    let said = learner.check("sums");
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(said.out.contains("not UTF-8"), "{}", said.all());
    let other = learner.check("words");
    assert!(other.out.contains("not started"), "{}", other.all());
}

#[test]
fn links_lead_where_they_lead() {
    let mut learner = Learner::begin();
    // Answers that are kept in one's own repository.
    let own = learner.course.path("my-answers.rs");
    learner.sums(RIGHT);
    fs::rename(learner.course.path(SUMS), &own).expect("it is in the same folder");
    symlink(&own, learner.course.path(SUMS)).expect("links can be made");
    // A target folder that lies elsewhere, reached through a link, and is there and empty.
    let elsewhere = learner.course.path("elsewhere");
    fs::create_dir(&elsewhere).expect("the folder is writable");
    symlink(&elsewhere, learner.course.path("target")).expect("links can be made");
    assert_eq!(learner.check("sums").code, Some(0));
    assert!(
        elsewhere.join("xtask").exists(),
        "it builds where it was told to"
    );
    // The course itself, reached through a link.
    let link = learner.course.path("way-in");
    symlink(learner.course.path(""), &link).expect("links can be made");
    learner.folder = link;
    let said = learner.check("words");
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(
        said.out.contains("not written yet: capitals"),
        "{}",
        said.all()
    );
}

#[test]
fn tests_leave_nothing_in_the_tree_and_no_core() {
    let learner = Learner::begin();
    let body =
        "std::fs::write(\"left.txt\", \"left\").expect(\"a place to write\");\n    one * other";
    learner.sums(body);
    assert_eq!(learner.check("sums").code, Some(1));
    let left = learner.course.path("exercises/01-tiny/left.txt");
    assert!(!left.exists() && !learner.course.path("left.txt").exists());
    if cfg!(target_os = "linux") {
        let body = "let limits = std::fs::read_to_string(\"/proc/self/limits\").unwrap_or_default();\n    \
                    let core = limits.lines().find(|line| line.contains(\"core\"));\n    \
                    println!(\"{}\", core.unwrap_or_default().replace(' ', \"\"));\n    one * other";
        learner.sums(body);
        let said = learner.check("sums");
        assert!(
            said.out.contains("Maxcorefilesize00bytes"),
            "{}",
            said.all()
        );
    }
}

#[test]
fn a_program_that_a_test_starts_hears_signals() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let learner = Learner::begin();
    let body = "let status = std::fs::read_to_string(\"/proc/thread-self/status\").unwrap_or_default();\n    \
                let held = status.lines().find(|line| line.starts_with(\"SigBlk\"));\n    \
                println!(\"{}\", held.unwrap_or_default().replace('\\t', \" \"));\n    one * other";
    learner.sums(body);
    let said = learner.check("sums");
    assert!(
        said.out.contains("SigBlk: 0000000000000000"),
        "{}",
        said.all()
    );
}
