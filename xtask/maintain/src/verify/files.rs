//! What can be seen without compiling: every part is there, in order, and in the form that the course promises.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use xtask_core::course::{
    Course, Item, Originals, Stage, Test, WorkspaceManifest, lesson, tests_of,
};
use xtask_core::error::Result;
use xtask_core::files;

use super::Ledger;
use crate::manifest::Manifest;
use crate::mistake;
use crate::patch::{self, Mistake};

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
    check_proofs(ledger, course)?;
    let shared = WorkspaceManifest::load(&course.root)?.shared();
    for path in files::entries(&course.root.join("exercises"))? {
        let name = files::relative(&course.root.join("exercises"), &path);
        let is_shared = shared.contains(&format!("exercises/{name}"));
        if !path.is_dir() || is_shared || name.starts_with('.') {
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

/// Each topic that is taught names a test that fails without it: one of an exercise that teaches it, and one that catches
/// a known mistake.
fn check_proofs(ledger: &mut Ledger, course: &Course) -> Result<()> {
    const ROADMAP: &str = "exercises/roadmap.toml";
    let taught: BTreeSet<&String> = course
        .exercises()
        .flat_map(|item| &item.exercise.topics)
        .collect();
    for topic in &taught {
        let what = format!("the topic `{topic}` names no test that fails without it");
        let mend = format!("Write `\"{topic}\" = \"stage/exercise::test\"` under [proofs].");
        ledger.check(course.proofs.contains_key(*topic), ROADMAP, &what, &mend);
    }
    for (topic, proof) in &course.proofs {
        let fault = fault_of_proof(course, topic, proof)?;
        let what = format!(
            "the proof of the topic `{topic}` is `{proof}`, and {}",
            fault.unwrap_or_default()
        );
        ledger.check(
            fault.is_none(),
            ROADMAP,
            &what,
            "Name a test of an exercise that teaches the topic, and that is in the line `Caught by:` of a known mistake.",
        );
    }
    Ok(())
}

/// Why a test proves nothing about a topic.
fn fault_of_proof(course: &Course, topic: &String, proof: &str) -> Result<Option<&'static str>> {
    let Some((id, test)) = proof.split_once("::") else {
        return Ok(Some("that is not of the form `stage/exercise::test`"));
    };
    let Ok(item) = course.exercise(id) else {
        return Ok(Some("there is no such exercise"));
    };
    if !item.exercise.topics.contains(topic) {
        return Ok(Some("that exercise does not teach it"));
    }
    let text = files::read(&item.tests_file()).unwrap_or_default();
    let tests = tests_of(&text).unwrap_or_default();
    if tests.iter().all(|known| known.name != test) {
        return Ok(Some("the exercise has no such test"));
    }
    let kept = patch::mistakes_of(&item)?;
    let catches = |kept: &patch::Kept| kept.mistake.head.caught_by.iter().any(|name| name == test);
    Ok((!kept.iter().any(catches)).then_some("no known mistake is caught by it"))
}

/// One stage and each of its exercises.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check_stage(ledger: &mut Ledger, course: &Course, stage: &Stage) -> Result<()> {
    check_membership(
        ledger,
        &Manifest::load(&course.root.join("Cargo.toml"))?,
        stage,
    );
    check_manifests(ledger, stage);
    check_order(ledger, stage)?;
    check_seal(ledger, stage)?;
    check_no_test_is_lost(ledger, stage)?;
    let readme = files::read(&stage.folder().join("README.md")).unwrap_or_default();
    for item in stage.items() {
        check_description(ledger, course, &item);
        check_lesson(ledger, &item, &readme);
        check_parts(ledger, &item)?;
    }
    Ok(())
}

fn check_manifests(ledger: &mut Ledger, stage: &Stage) {
    let halves = [
        (stage.folder(), stage.id.clone()),
        (stage.solution_folder(), format!("{}-solution", stage.id)),
    ];
    for (folder, package) in halves {
        let path = folder.join("Cargo.toml");
        let shown = stage.shown(&path);
        let loaded = Manifest::load(&path);
        let reading = loaded.as_ref().map(drop).map_err(ToString::to_string);
        ledger.result(&shown, "Write it.", reading);
        let Ok(manifest) = loaded else { continue };
        let what = format!("the package is not called `{package}`");
        ledger.check(
            manifest.package() == Some(package.as_str()),
            &shown,
            &what,
            &format!("Write `name = \"{package}\"` under [package]."),
        );
        for dependency in manifest.dependencies() {
            let what = format!(
                "`{}` is not declared once for the whole course",
                dependency.line()
            );
            ledger.check(
                dependency.is_shared(),
                &shown,
                &what,
                "Move its version to [workspace.dependencies] and write `.workspace = true`.",
            );
        }
    }
}

/// Both packages of a stage are built with the workspace; only the solution is tested by a plain `cargo test`.
fn check_membership(ledger: &mut Ledger, workspace: &Manifest, stage: &Stage) {
    let exercises = format!("exercises/{}", stage.folder);
    let solutions = format!("solutions/{}", stage.folder);
    for (key, member, wanted) in [
        ("members", &exercises, true),
        ("members", &solutions, true),
        ("default-members", &exercises, false),
        ("default-members", &solutions, true),
    ] {
        let listed = workspace.members(key).contains(member);
        let (what, mend) = match wanted {
            true => (format!("`{member}` is not among the `{key}`"), "Add it."),
            false => (
                format!("`{member}` is among the `{key}`, and its tests fail on purpose"),
                "Take it away.",
            ),
        };
        ledger.check(listed == wanted, "Cargo.toml", &what, mend);
    }
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

/// Every test is one that the runner runs: a function at the top of the file of an exercise's tests.
fn check_no_test_is_lost(ledger: &mut Ledger, stage: &Stage) -> Result<()> {
    for (path, text) in stage.tree()? {
        if !path.starts_with("tests/stage/") || !path.ends_with(".rs") {
            continue;
        }
        let is_run = stage.exercises.iter().any(|one| one.tests_file() == path);
        let tokens = TokenStream::from_str(&text).unwrap_or_default();
        let what = match is_run || !names_a_test(&tokens) {
            true => "a test stands inside of a module or a macro, where the runner does not see it",
            false => "it has a test, and is no exercise's file of tests",
        };
        let inside = tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => has_test_below(&group.stream()),
            _ => false,
        });
        let holds = !inside && what.starts_with("a test");
        ledger.check(
            holds,
            &stage.shown(&stage.folder().join(&path)),
            what,
            "Make it a function at the top of tests/stage/EXERCISE.rs: the runner and the grader find it there.",
        );
    }
    Ok(())
}

/// Whether a test stands in these tokens, or in brackets among them.
fn has_test_below(tokens: &TokenStream) -> bool {
    let below = |token: TokenTree| match token {
        TokenTree::Group(group) => has_test_below(&group.stream()),
        _ => false,
    };
    names_a_test(tokens) || tokens.clone().into_iter().any(below)
}

/// Whether `#[test]`, or an attribute whose path ends in `::test`, stands directly among these tokens.
fn names_a_test(tokens: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    tokens.windows(2).any(|pair| match pair {
        [TokenTree::Punct(mark), TokenTree::Group(attribute)] if mark.as_char() == '#' => {
            let path = attribute.stream().into_iter();
            let path = path.take_while(|token| !matches!(token, TokenTree::Group(_)));
            let last = path
                .filter(|token| matches!(token, TokenTree::Ident(_)))
                .last();
            last.is_some_and(|word| word.to_string() == "test")
        }
        _ => false,
    })
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
    for was in item.earlier_ids() {
        let what = format!("`{name}` was `{was}`, and there is an exercise of that name");
        let is_taken = course.exercises().any(|other| other.id() == was);
        ledger.check(
            !is_taken,
            &file,
            &what,
            "`was` holds names that no exercise has any more.",
        );
    }
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
    check_mistakes(ledger, item, &tests)
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

fn check_mistakes(ledger: &mut Ledger, item: &Item<'_>, tests: &[Test]) -> Result<()> {
    const LEAST: usize = 3;
    let folder = patch::folder(item.stage, item.exercise);
    let solution = mistake::solution(item).unwrap_or_default();
    let (mut answers, mut questions) = (BTreeMap::new(), BTreeMap::new());
    let mut patches = 0;
    for path in files::entries(&folder)? {
        let shown = item.stage.shown(&path);
        if !patch::is_patch(&path) {
            let mend = "Make a patch of it with `cargo xtask mistake new`, or remove it.";
            ledger.check(false, &shown, "it is no `.patch`", mend);
            continue;
        }
        patches += 1;
        let text = files::read(&path)?;
        let mistake = Mistake::parse(&text);
        let faults = mistake.faults(&text, item.exercise);
        let mend = "The head has `Caught by:`, `Why it tempts:` and `Ask:`, a line each, and an empty line; then \
                    comes the diff.";
        ledger.check(faults.is_empty(), &shown, &faults.join("; "), mend);
        for name in &mistake.head.caught_by {
            let known = tests.iter().any(|test| &test.name == name);
            let what = format!("it names `{name}`, which is no test of the exercise");
            ledger.check(known, &shown, &what, "Mend the name.");
        }
        let mend = "`cargo xtask mistake update` brings it up to date, or says why it cannot.";
        match mistake.apply(&solution) {
            Err(error) => ledger.check(false, &shown, &error.to_string(), mend),
            Ok(answer) => {
                let what = "it changes nothing";
                ledger.check(answer != solution, &shown, what, "Remove it.");
                let mend = "Keep one of the two.";
                check_new(
                    ledger,
                    &mut answers,
                    answer,
                    &shown,
                    "it is the same answer as",
                    mend,
                );
            }
        }
        if !mistake.head.ask.is_empty() {
            let mend = "A question that fits two mistakes sees neither.";
            let ask = mistake.head.ask;
            check_new(
                ledger,
                &mut questions,
                ask,
                &shown,
                "it asks the same as",
                mend,
            );
        }
    }
    let what = format!("{patches} known mistakes are too few");
    ledger.check(
        patches >= LEAST,
        &item.stage.shown(&folder),
        &what,
        "Write down at least three plausible misconceptions: `cargo xtask mistake new`.",
    );
    Ok(())
}

/// `value` is not among those that were `seen`, each with the file that it stands in.
fn check_new(
    ledger: &mut Ledger,
    seen: &mut BTreeMap<String, String>,
    value: String,
    shown: &str,
    words: &str,
    mend: &str,
) {
    let before = seen.get(&value).cloned();
    let what = format!("{words} {}", before.as_deref().unwrap_or_default());
    ledger.check(before.is_none(), shown, &what, mend);
    seen.insert(value, shown.to_owned());
}
