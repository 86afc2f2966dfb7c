//! What a remembered verdict rests on besides the stage's files: all that the stage reaches, and nothing else.

use sample::{Sample, stage};
use xtask_core::course::{Originals, base_key};

const WORKSPACE: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";
const STAGE: &str = "exercises/01-tiny/Cargo.toml";
const SUPPORT: &str = "exercises/support/Cargo.toml";

/// The sample, whose tests use `support` without its feature `server`, in a workspace that has `look` besides.
fn course() -> Sample {
    let sample = Sample::build();
    sample.change(
        WORKSPACE,
        "[workspace.package]",
        "[workspace.dependencies]\nlook = { path = \"exercises/look\" }\nsupport = { path = \"exercises/support\" }\n\
         csv = \"1.0\"\naxum = \"0.8\"\n\n[workspace.package]",
    );
    sample.change(
        STAGE,
        "[dependencies]\n",
        "[dependencies]\ncsv.workspace = true\n\n[dev-dependencies]\nsupport.workspace = true\n",
    );
    sample.write(
        SUPPORT,
        "[package]\nname = \"support\"\n\n[features]\nserver = [\"dep:axum\"]\n\n\
         [dependencies]\naxum = { workspace = true, optional = true }\n",
    );
    sample.write(
        "exercises/support/src/lib.rs",
        "//! S.\n\n#[cfg(feature = \"server\")]\npub mod server;\nmod gate;\n",
    );
    sample.write("exercises/support/src/gate.rs", "//! A gate.\n");
    sample.write("exercises/support/src/server.rs", "//! A server.\n");
    sample.write("exercises/look/Cargo.toml", "[package]\nname = \"look\"\n");
    sample.write("exercises/look/style.css", "body {}\n");
    let package = |name: &str, rest: &str| format!("[[package]]\nname = \"{name}\"\n{rest}\n");
    let locked = [
        package("axum", "version = \"0.8.0\"\nchecksum = \"aa\"\n"),
        package(
            "csv",
            "version = \"1.0.0\"\nchecksum = \"bb\"\ndependencies = [\"memchr\"]\n",
        ),
        package("look", "version = \"0.1.0\"\n"),
        package("memchr", "version = \"2.0.0\"\nchecksum = \"cc\"\n"),
        package(
            "support",
            "version = \"0.1.0\"\ndependencies = [\"axum\"]\n",
        ),
        package(
            "tiny",
            "version = \"0.1.0\"\ndependencies = [\"csv\", \"support\"]\n",
        ),
    ];
    sample.write(LOCK, &format!("version = 4\n\n{}", locked.concat()));
    sample.seal();
    sample
}

fn key(sample: &Sample) -> String {
    let course = sample.course();
    let originals = Originals::load(stage(&course)).expect("the originals are there");
    let manifest = originals.get("Cargo.toml").expect("a manifest");
    base_key(stage(&course), manifest).expect("the course can be read")
}

/// Whether each change, of a file from one text to another, changes the key.
fn changes(sample: &Sample, all: &[(&str, &str, &str)]) -> Vec<bool> {
    let before = key(sample);
    let change = |(path, old, new): &(&str, &str, &str)| {
        let text = sample.read(path);
        sample.change(path, old, new);
        let differs = key(sample) != before;
        sample.write(path, &text);
        differs
    };
    all.iter().map(change).collect()
}

#[test]
fn what_the_stage_does_not_reach_keeps_its_verdicts() {
    let sample = course();
    let kept = changes(
        &sample,
        &[
            ("exercises/look/style.css", "{}", "{ color: red }"),
            (
                "exercises/look/Cargo.toml",
                "look",
                "look\"\nversion = \"2.0.0",
            ),
            (
                "exercises/support/src/server.rs",
                "A server",
                "Another server",
            ),
            (WORKSPACE, "axum = \"0.8\"", "axum = \"0.9\""),
            (
                WORKSPACE,
                "axum = \"0.8\"",
                "axum = \"0.8\"\nserde = \"1\" # new",
            ),
            (
                WORKSPACE,
                "    \"exercises/01-tiny\",\n",
                "    \"exercises/01-tiny\",\n    \"playground\",\n",
            ),
            (LOCK, "version = \"0.8.0\"", "version = \"0.8.1\""),
        ],
    );
    assert_eq!(kept, [false; 7]);
}

#[test]
fn what_the_stage_reaches_takes_its_verdicts_away() {
    let sample = course();
    let reached = [
        ("exercises/support/src/gate.rs", "A gate", "Another gate"),
        ("exercises/support/src/lib.rs", "S.", "T."),
        (
            SUPPORT,
            "[features]\n",
            "[features]\ndefault = [\"server\"]\n",
        ),
        (WORKSPACE, "csv = \"1.0\"", "csv = \"1.1\""),
        (
            WORKSPACE,
            "rust-version = \"1.85\"",
            "rust-version = \"1.86\"",
        ),
        (WORKSPACE, "inherits = \"dev\"", "inherits = \"release\""),
        (LOCK, "checksum = \"cc\"", "checksum = \"dd\""),
    ];
    assert_eq!(changes(&sample, &reached), [true; 7]);
    // With the feature switched on, by whomever, what it brings is reached as well.
    let server = [
        (
            "exercises/support/src/server.rs",
            "A server",
            "Another server",
        ),
        (WORKSPACE, "axum = \"0.8\"", "axum = \"0.9\""),
        (LOCK, "version = \"0.8.0\"", "version = \"0.8.1\""),
    ];
    let with = "{ path = \"exercises/support\", features = [\"server\"] }";
    sample.change(WORKSPACE, "{ path = \"exercises/support\" }", with);
    assert_eq!(changes(&sample, &server), [true; 3]);
    sample.change(WORKSPACE, with, "{ path = \"exercises/support\" }");
    sample.change(
        STAGE,
        "support.workspace = true",
        "support = { workspace = true, features = [\"server\"] }",
    );
    sample.seal();
    assert_eq!(changes(&sample, &server), [true; 3]);
}

/// The manifest that a build uses is the one that was handed out, whatever a learner has made of it.
#[test]
fn a_learners_manifest_takes_no_part() {
    let sample = course();
    let before = key(&sample);
    sample.change(STAGE, "support.workspace = true\n", "");
    assert_eq!(key(&sample), before);
}
