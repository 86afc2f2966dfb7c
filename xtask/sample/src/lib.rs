//! A small course that keeps every promise, for the tests of the runner to break.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use xtask_core::course::{Course, Originals, Stage};
use xtask_core::engine::{Engine, Verdict};
use xtask_core::files;
use xtask_core::process::Cancel;

/// The files of the course, by their path.
const FILES: [(&str, &str); 23] = [
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\n    \"exercises/01-tiny\",\n    \"solutions/01-tiny\",\n]\n\
         default-members = [\n    \"solutions/01-tiny\",\n]\n\n\
         [workspace.package]\nedition = \"2024\"\nrust-version = \"1.85\"\n\n[profile.runner]\ninherits = \"dev\"\n",
    ),
    (
        "exercises/roadmap.toml",
        "[[stage]]\nfolder = \"01-tiny\"\n\n[[stage]]\nfolder = \"02-later\"\ntitle = \"Later\"\nlevel = \"project\"\n\
         planned = [\"first\"]\ntopics = [\"basics.later\"]\n\n[topics]\nbasics = [\"sums\", \"words\", \"later\"]\n\n\
         [proofs]\n\"basics.sums\" = \"tiny/sums::adds_small_numbers\"\n\
         \"basics.words\" = \"tiny/words::letters_become_capitals\"\n",
    ),
    (
        "exercises/01-tiny/Cargo.toml",
        "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition.workspace = true\n\n[lib]\ndoctest = false\n\n\
         [[test]]\nname = \"stage\"\npath = \"tests/stage/main.rs\"\n\n[dependencies]\n\n\
         [lints.rust]\nunused_variables = \"allow\"\n",
    ),
    (
        "exercises/01-tiny/stage.toml",
        "title = \"Tiny\"\nlevel = \"beginner\"\nsummary = \"Two exercises.\"\n\n\
         [[exercise]]\nname = \"sums\"\ntitle = \"Adding\"\npoints = 1\ntopics = [\"basics.sums\"]\n\
         hints = [\"one\", \"two\", \"three\"]\ntest_seconds = 5\n\n\
         [[exercise]]\nname = \"words\"\ntitle = \"Shouting\"\npoints = 2\ntopics = [\"basics.words\"]\n\
         hints = [\"one\", \"two\", \"three\"]\n",
    ),
    (
        "exercises/01-tiny/README.md",
        "# Tiny\n\n## sums: adding\n\n```rust\nassert_eq!(1 + 1, 2);\n```\n\n**The mistake people make.** A.\n\n\
         **In production** B.\n\nRead on: C.\n\n## words: shouting\n\n```rust\nassert_eq!(\"a\".len(), 1);\n```\n\n\
         **The mistake people make.** A.\n\n**In production** B.\n\nRead on: C.\n",
    ),
    (
        "exercises/01-tiny/src/lib.rs",
        "//! Tiny.\n\npub mod sums;\npub mod words;\n",
    ),
    (
        "exercises/01-tiny/src/sums.rs",
        "//! Adds.\n\n/// The sum.\npub fn sum(one: u32, other: u32) -> u32 {\n    todo!(\"add both\")\n}\n",
    ),
    (
        "exercises/01-tiny/src/words.rs",
        "//! Shouts.\n\n/// In capitals.\npub fn shout(word: &str) -> String {\n    todo!(\"capitals\")\n}\n",
    ),
    (
        "exercises/01-tiny/tests/stage/main.rs",
        "//! Tests.\n\nmod sums;\nmod words;\n",
    ),
    (
        "exercises/01-tiny/tests/stage/sums.rs",
        "use tiny::sums::sum;\n\nfn seeded() -> impl Iterator<Item = u32> {\n    \
         (1_u32..9).map(|step| step.wrapping_mul(2_654_435_761) % 1000)\n}\n\n\
         /// Two and three make five.\n#[test]\nfn adds_small_numbers() {\n    let answer: u32 = sum(2, 3);\n    \
         assert_eq!(answer, 5, \"2 and 3\");\n}\n\n\
         /// Taking one number away again leaves the other.\n#[test]\nfn adding_can_be_undone() {\n    \
         for number in seeded() {\n        assert_eq!(sum(number, 7) - 7, number, \"{number} and 7\");\n    }\n}\n",
    ),
    (
        "exercises/01-tiny/tests/stage/words.rs",
        "use tiny::words::shout;\n\nfn seeded() -> [&'static str; 2] {\n    [\"b\", \"cd\"]\n}\n\n\
         /// Every letter becomes a capital.\n#[test]\nfn letters_become_capitals() {\n    \
         for word in seeded() {\n        assert_eq!(shout(word), word.to_uppercase(), \"{word}\");\n    }\n}\n",
    ),
    (
        "solutions/01-tiny/Cargo.toml",
        "[package]\nname = \"tiny-solution\"\nversion = \"0.1.0\"\nedition.workspace = true\n\n\
         [lib]\nname = \"tiny\"\ndoc = false\n\n[[test]]\nname = \"stage\"\n\
         path = \"../../exercises/01-tiny/tests/stage/main.rs\"\n\n[dependencies]\n",
    ),
    (
        "solutions/01-tiny/src/lib.rs",
        "//! Tiny.\n\npub mod sums;\npub mod words;\n",
    ),
    (
        "solutions/01-tiny/src/sums.rs",
        "//! Adds.\n\n/// The sum.\npub fn sum(one: u32, other: u32) -> u32 {\n    one + other\n}\n",
    ),
    (
        "solutions/01-tiny/src/words.rs",
        "//! Shouts.\n\n/// In capitals.\npub fn shout(word: &str) -> String {\n    word.to_uppercase()\n}\n",
    ),
    (
        "solutions/01-tiny/wrong/sums/multiplies.patch",
        "Caught by: adds_small_numbers, adding_can_be_undone\nWhy it tempts: for 2 and 2 it is right.\nAsk: What comes out for 2 and 3?\n\n\
         --- a/src/sums.rs\n+++ b/src/sums.rs\n@@ -2,5 +2,5 @@\n \n /// The sum.\n \
         pub fn sum(one: u32, other: u32) -> u32 {\n-    one + other\n+    one * other\n }\n",
    ),
    (
        "solutions/01-tiny/wrong/sums/visible_case.patch",
        "Caught by: adding_can_be_undone\nWhy it tempts: it answers the visible case.\nAsk: What does it answer for 3 and 4?\n\n\
         --- a/src/sums.rs\n+++ b/src/sums.rs\n@@ -2,5 +2,5 @@\n \n /// The sum.\n \
         pub fn sum(one: u32, other: u32) -> u32 {\n-    one + other\n+    5\n }\n",
    ),
    (
        "solutions/01-tiny/wrong/sums/first_only.patch",
        "Caught by: adds_small_numbers\nWhy it tempts: one of the two was forgotten.\nAsk: Where does the second number go?\n\n\
         --- a/src/sums.rs\n+++ b/src/sums.rs\n@@ -2,5 +2,5 @@\n \n /// The sum.\n \
         pub fn sum(one: u32, other: u32) -> u32 {\n-    one + other\n+    one\n }\n",
    ),
    (
        "solutions/01-tiny/wrong/words/unchanged.patch",
        "Caught by: letters_become_capitals\nWhy it tempts: capitals stay as they are.\nAsk: What changes about a small letter?\n\n\
         --- a/src/words.rs\n+++ b/src/words.rs\n@@ -2,5 +2,5 @@\n \n /// In capitals.\n \
         pub fn shout(word: &str) -> String {\n-    word.to_uppercase()\n+    word.to_string()\n }\n",
    ),
    (
        "solutions/01-tiny/wrong/words/whispers.patch",
        "Caught by: letters_become_capitals\nWhy it tempts: the two methods look alike.\nAsk: Which letters does your method make?\n\n\
         --- a/src/words.rs\n+++ b/src/words.rs\n@@ -2,5 +2,5 @@\n \n /// In capitals.\n \
         pub fn shout(word: &str) -> String {\n-    word.to_uppercase()\n+    word.to_lowercase()\n }\n",
    ),
    (
        "solutions/01-tiny/wrong/words/first_letter.patch",
        "Caught by: letters_become_capitals\nWhy it tempts: titles are written like that.\nAsk: What becomes of the second letter?\n\n\
         --- a/src/words.rs\n+++ b/src/words.rs\n@@ -2,5 +2,5 @@\n \n /// In capitals.\n \
         pub fn shout(word: &str) -> String {\n-    word.to_uppercase()\n+    word[..1].to_uppercase() + &word[1..]\n }\n",
    ),
    (
        "solutions/01-tiny/alternative/words/by_letter.rs",
        "//! Differs: goes letter by letter.\n\n/// In capitals.\npub fn shout(word: &str) -> String {\n    \
         word.chars().flat_map(char::to_uppercase).collect()\n}\n",
    ),
    (".gitignore", "target\n"),
];

/// The course in a folder of its own, whose path has spaces and letters beyond ASCII.
pub struct Sample {
    folder: TempDir,
}

impl Sample {
    /// Writes the course and records its originals.
    pub fn build() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("größere Übung ")
            .tempdir()
            .expect("the system gives a temporary folder");
        let sample = Self { folder };
        for (path, text) in FILES {
            sample.write(path, text);
        }
        sample.seal();
        sample
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn read(&self, path: &str) -> String {
        files::read(&self.path(path)).expect("the file is there")
    }

    pub fn write(&self, path: &str, text: &str) {
        files::write_atomically(&self.path(path), text).expect("the folder is writable");
    }

    /// Replaces `old`, which must be there, in a file.
    pub fn change(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "{path} has no {old:?}");
        self.write(path, &text.replacen(old, new, 1));
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).expect("the file was there");
    }

    /// Records the originals as they are now.
    pub fn seal(&self) {
        for stage in &self.course().stages {
            Originals::record(stage).expect("the folder is writable");
        }
    }

    pub fn course(&self) -> Course {
        Course::load(self.folder.path()).expect("the roadmap can be read")
    }

    /// The solution of an exercise, put where the learner writes.
    pub fn solve(&self, name: &str) {
        let text = self.read(&format!("solutions/01-tiny/src/{name}.rs"));
        self.write(&format!("exercises/01-tiny/src/{name}.rs"), &text);
    }

    /// Judges every exercise as `cargo xtask check` does, without remembering anything.
    pub fn judge(&self) -> Vec<Verdict> {
        let course = self.course();
        let stage = &course.stages[0];
        let wanted: Vec<_> = stage.exercises.iter().collect();
        engine(&course)
            .judge(stage, &wanted)
            .expect("the course is sound")
    }
}

/// A judge that builds where a learner's runner builds.
pub fn engine(course: &Course) -> Engine<'_> {
    Engine::new(course, course.root.join("target"), Cancel::default())
}

/// The only stage of the sample.
pub fn stage(course: &Course) -> &Stage {
    &course.stages[0]
}
