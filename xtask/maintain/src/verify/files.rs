//! What can be seen without compiling: every part is there, in order, and in the form that the course promises.

use std::collections::BTreeSet;
use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use xtask_core::course::{Course, Item, Originals, Stage, Test, lesson, tests_of};
use xtask_core::error::Result;
use xtask_core::files;

use super::Ledger;

/// What every lesson section says besides its own matter.
const LESSON_PARTS: [(&str, &str); 4] = [
    ("```rust", "a compiled example"),
    ("**The mistake people make.**", "the mistake people make"),
    ("**In production**", "what production adds"),
    ("Read on:", "where to read on"),
];

/// The whole roadmap: every folder has its place in it, and every topic its exercise.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn check_course(ledger: &mut Ledger, course: &Course) -> Result<()> {
    const ROADMAP: &str = "exercises/roadmap.toml";
    for fault in &course.faults {
        ledger.check(
            false,
            "exercises",
            &fault.to_string(),
            "Mend the file; its stage is left out until then.",
        );
    }
    let known: BTreeSet<String> = course
        .topics
        .iter()
        .flat_map(|(area, topics)| topics.iter().map(move |topic| format!("{area}.{topic}")))
        .collect();
    let planned = course.planned.iter().flat_map(|stage| stage.topics.iter());
    let taught = course
        .exercises()
        .flat_map(|item| item.exercise.topics.iter());
    let covered: BTreeSet<&String> = planned.clone().chain(taught).collect();
    for topic in &known {
        let what = format!("the topic `{topic}` has no exercise and no planned stage");
        ledger.check(
            covered.contains(topic),
            ROADMAP,
            &what,
            "Name it in the `topics` of the exercise that teaches it.",
        );
    }
    for topic in planned {
        let what = format!("a planned stage names the unknown topic `{topic}`");
        ledger.check(
            known.contains(topic),
            ROADMAP,
            &what,
            "Add it under [topics], or mend its name.",
        );
    }
    for path in files::entries(&course.root.join("exercises"))? {
        let name = files::relative(&course.root.join("exercises"), &path);
        if !path.is_dir() || name == "support" || name.starts_with('.') {
            continue;
        }
        let built = course.stages.iter().any(|stage| stage.folder == name);
        let broken = course
            .faults
            .iter()
            .any(|fault| fault.to_string().contains(&name));
        let what = format!("the folder `{name}` is no stage of the roadmap");
        ledger.check(
            built || broken,
            ROADMAP,
            &what,
            "Give it a [[stage]] with only its `folder`.",
        );
    }
    Ok(())
}

/// One stage and each of its exercises.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check_stage(ledger: &mut Ledger, course: &Course, stage: &Stage) -> Result<()> {
    check_manifests(ledger, stage)?;
    check_order(ledger, stage)?;
    check_seal(ledger, stage)?;
    let readme = files::read(&stage.folder().join("README.md")).unwrap_or_default();
    for item in stage.items() {
        check_description(ledger, course, &item);
        check_lesson(ledger, &item, &readme);
        check_parts(ledger, &item)?;
    }
    Ok(())
}

fn check_manifests(ledger: &mut Ledger, stage: &Stage) -> Result<()> {
    let halves = [
        (stage.folder(), stage.id.clone()),
        (stage.solution_folder(), format!("{}-solution", stage.id)),
    ];
    for (folder, package) in halves {
        let path = folder.join("Cargo.toml");
        let shown = stage.shown(&path);
        let text = files::read(&path).unwrap_or_default();
        let name = format!("name = \"{package}\"");
        let what = format!("the package is not called `{package}`");
        ledger.check(
            text.lines().any(|line| line == name),
            &shown,
            &what,
            &format!("Write `{name}` under [package]."),
        );
        for line in own_versions(&text) {
            let what = format!("`{line}` is not declared once for the whole course");
            ledger.check(
                false,
                &shown,
                &what,
                "Move its version to [workspace.dependencies] and write `.workspace = true`.",
            );
        }
    }
    Ok(())
}

/// The dependencies of a manifest that name a version or a feature set of their own.
fn own_versions(manifest: &str) -> Vec<&str> {
    let mut in_dependencies = false;
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            in_dependencies = line.ends_with("dependencies]");
        } else if in_dependencies && line.contains('=') && !line.starts_with('#') {
            let shared = line.contains("workspace = true");
            // The support library is ours: its features are how a stage pays only for what it uses.
            let narrowed = line.contains("features") && !line.starts_with("support");
            if !shared || narrowed {
                found.push(line);
            }
        }
    }
    found
}

fn check_order(ledger: &mut Ledger, stage: &Stage) -> Result<()> {
    let listed: Vec<&str> = stage
        .exercises
        .iter()
        .map(|exercise| exercise.name.as_str())
        .collect();
    let places = [
        stage.folder().join("src/lib.rs"),
        stage.folder().join("tests/stage/main.rs"),
        stage.solution_folder().join("src/lib.rs"),
    ];
    for path in places {
        let text = files::read(&path).unwrap_or_default();
        let modules = modules_of(&text);
        let order: Vec<&str> = modules
            .iter()
            .map(String::as_str)
            .filter(|name| listed.contains(name))
            .collect();
        let what = format!(
            "its modules are {}, and stage.toml has {}",
            order.join(", "),
            listed.join(", ")
        );
        ledger.check(
            order == listed,
            &stage.shown(&path),
            &what,
            "List the exercises in the order of stage.toml.",
        );
    }
    Ok(())
}

/// The names of `mod name;` in the order of the source.
fn modules_of(source: &str) -> Vec<String> {
    let tokens: Vec<TokenTree> = TokenStream::from_str(source)
        .into_iter()
        .flatten()
        .collect();
    tokens
        .windows(3)
        .filter_map(|window| match window {
            [
                TokenTree::Ident(word),
                TokenTree::Ident(name),
                TokenTree::Punct(end),
            ] => (word == "mod" && end.as_char() == ';').then(|| name.to_string()),
            _ => None,
        })
        .collect()
}

fn check_seal(ledger: &mut Ledger, stage: &Stage) -> Result<()> {
    let path = Originals::path(stage);
    let recorded = files::read(&path).unwrap_or_default();
    let holds = recorded == Originals::encode(&stage.tree()?);
    let mend = format!(
        "`cargo xtask seal {}`, when the working tree is what should be handed out.",
        stage.id
    );
    ledger.check(
        holds,
        &stage.shown(&path),
        "it is not what lies in the working tree",
        &mend,
    );
    Ok(())
}

fn check_description(ledger: &mut Ledger, course: &Course, item: &Item<'_>) {
    let file = item.stage.shown(&item.stage.folder().join("stage.toml"));
    let (name, exercise) = (&item.exercise.name, item.exercise);
    let hints = exercise
        .hints
        .iter()
        .filter(|hint| !hint.trim().is_empty())
        .count();
    let what = format!("`{name}` has {hints} hints, not three");
    ledger.check(
        hints == 3 && exercise.hints.len() == 3,
        &file,
        &what,
        "A nudge, the idea, the shape of the code.",
    );
    let what = format!("`{name}` gives {} points", exercise.points);
    ledger.check(
        (1..=5).contains(&exercise.points),
        &file,
        &what,
        "1 to 5, by the effort that it takes.",
    );
    let what = format!("`{name}` names no topic");
    ledger.check(
        !exercise.topics.is_empty(),
        &file,
        &what,
        "Name at least one topic of roadmap.toml, as `area.topic`.",
    );
    for topic in &exercise.topics {
        let known = topic.split_once('.').is_some_and(|(area, name)| {
            course
                .topics
                .get(area)
                .is_some_and(|topics| topics.iter().any(|known| known == name))
        });
        let what = format!("`{name}` names the unknown topic `{topic}`");
        ledger.check(known, &file, &what, "Take one of exercises/roadmap.toml.");
    }
}

fn check_lesson(ledger: &mut Ledger, item: &Item<'_>, readme: &str) {
    let file = item.stage.shown(&item.stage.folder().join("README.md"));
    let name = &item.exercise.name;
    let section = lesson::section(readme, name);
    let what = format!("no section begins with `## {name}:`");
    ledger.check(
        section.is_some(),
        &file,
        &what,
        "Write the lesson of the exercise.",
    );
    for (part, words) in LESSON_PARTS {
        let what = format!("the lesson of `{name}` lacks {words}");
        let holds = section
            .as_ref()
            .is_none_or(|section| section.contains(part));
        ledger.check(holds, &file, &what, &format!("Write it, marked `{part}`."));
    }
}

fn check_parts(ledger: &mut Ledger, item: &Item<'_>) -> Result<()> {
    let source = item.stage.shown(&item.source());
    ledger.check(
        item.source().exists(),
        &source,
        "the starter is missing",
        "Write it.",
    );
    let solution = item.stage.solution_folder().join(item.exercise.source());
    let shown = item.stage.shown(&solution);
    ledger.check(
        solution.exists(),
        &shown,
        "the reference solution is missing",
        "Write it.",
    );
    let tests_file = item.stage.shown(&item.tests_file());
    let text = files::read(&item.tests_file()).unwrap_or_default();
    let tests = tests_of(&text);
    let reading = tests.as_ref().map(drop).map_err(Clone::clone);
    ledger.result(&tests_file, "Mend the source.", reading);
    let tests = tests.unwrap_or_default();
    check_tests(ledger, &tests_file, &text, &tests);
    check_wrong_answers(ledger, item, &tests)
}

fn check_tests(ledger: &mut Ledger, file: &str, text: &str, tests: &[Test]) {
    ledger.check(
        !tests.is_empty(),
        file,
        "it has no tests",
        "An exercise is its tests: write them.",
    );
    for test in tests {
        let what = format!("`{}` does not say its rule", test.name);
        let mend =
            "Write a doc comment above it: the runner shows that sentence when the test fails.";
        ledger.check(!test.sentence.is_empty(), file, &what, mend);
    }
    let glob = has_glob_import(text);
    ledger.check(
        !glob,
        file,
        "it imports by glob",
        "Import by name, so that a learner sees where things come from.",
    );
    let paused = text.contains("start_paused = true") || text.contains("time::pause()");
    let sleeps = words_of(text).any(|word| word == "sleep") && !paused;
    ledger.check(
        !sleeps,
        file,
        "a test sleeps",
        "Wait for the event itself, or use tokio's paused clock.",
    );
    let fresh = words_of(text).any(|word| word == "seeded");
    let mend = "Add a test with seeded values against a property, so that a table of the visible cases does not pass.";
    ledger.check(
        fresh,
        file,
        "no test uses values that are not in the source",
        mend,
    );
}

/// Whether a `use` ends in `*`.
fn has_glob_import(source: &str) -> bool {
    let mut in_use = false;
    for token in flat_tokens(source) {
        match token.as_str() {
            "use" => in_use = true,
            ";" => in_use = false,
            "*" if in_use => return true,
            _ => {}
        }
    }
    false
}

fn words_of(source: &str) -> impl Iterator<Item = String> {
    flat_tokens(source).into_iter()
}

/// Every token of a source as text, also inside brackets; comments are none.
fn flat_tokens(source: &str) -> Vec<String> {
    fn walk(stream: TokenStream, found: &mut Vec<String>) {
        for token in stream {
            match token {
                TokenTree::Group(group) => walk(group.stream(), found),
                other => found.push(other.to_string()),
            }
        }
    }
    let mut found = Vec::new();
    if let Ok(stream) = TokenStream::from_str(source) {
        walk(stream, &mut found);
    }
    found
}

fn check_wrong_answers(ledger: &mut Ledger, item: &Item<'_>, tests: &[Test]) -> Result<()> {
    let folder = item
        .stage
        .solution_folder()
        .join("wrong")
        .join(&item.exercise.name);
    let shown = item.stage.shown(&folder);
    let answers = files::entries(&folder)?;
    let mend =
        "Write down at least one plausible misconception as a whole stand-in for the source.";
    ledger.check(
        !answers.is_empty(),
        &shown,
        "there is no wrong answer",
        mend,
    );
    for path in answers {
        let shown = item.stage.shown(&path);
        let text = files::read(&path)?;
        let named = caught_by(&text);
        let mend = "Begin the file with `//! Caught by: test_one, test_two`.";
        ledger.check(
            !named.is_empty(),
            &shown,
            "its first line names no test that must catch it",
            mend,
        );
        for name in named {
            let known = tests.iter().any(|test| test.name == name);
            let what = format!("its first line names `{name}`, which is no test of the exercise");
            ledger.check(known, &shown, &what, "Mend the name.");
        }
        let reason = text.lines().nth(1).unwrap_or_default();
        let mend = "Let the second line be `//! Why it tempts: …`.";
        ledger.check(
            reason.starts_with("//! Why it tempts: "),
            &shown,
            "it does not say why it tempts",
            mend,
        );
    }
    Ok(())
}

/// The tests that the first line of a wrong answer names.
pub fn caught_by(answer: &str) -> Vec<String> {
    let line = answer.lines().next().unwrap_or_default();
    let names = line.strip_prefix("//! Caught by: ").unwrap_or_default();
    names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
