//! `cargo xtask new`: the files of a new exercise, wired up.

use std::path::Path;

use xtask::commands::Ending;
use xtask_core::course::{Course, stage_id};
use xtask_core::error::{Error, Result};
use xtask_core::files;

use crate::manifest::{Manifest, Planned};
use crate::patch::{Head, Mistake, UNWRITTEN};

/// Writes the files of an exercise, and those of its stage when it is the first one.
///
/// # Errors
///
/// When a name is wrong or taken, or a file cannot be written.
pub fn run(course: &Course, folder: &str, name: &str) -> Result<Ending> {
    let folder = course
        .stage(folder)
        .map_or(folder, |stage| stage.folder.as_str());
    let id = stage_id(folder)?;
    let exists = course.stages.iter().any(|stage| stage.folder == folder);
    let numbered = |other: &&str| other.get(..2) == folder.get(..2) && *other != folder;
    if let Some(taken) = course
        .stages
        .iter()
        .map(|stage| stage.folder.as_str())
        .find(numbered)
    {
        return Err(Error::new(format!(
            "the number of `{folder}` is taken by `{taken}`"
        )));
    }
    let module = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
    };
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(module) {
        return Err(Error::new(format!("`{name}` cannot name a module"))
            .help("lower-case letters, digits and `_`, beginning with a letter"));
    }
    let stage = NewFiles {
        course: &course.root,
        folder,
        id,
        name,
    };
    if !exists {
        let planned = stage.wire_stage()?;
        stage.write_stage(&planned)?;
        if !planned.topics.is_empty() {
            println!("Its exercises are to cover {}.", planned.topics.join(", "));
        }
    }
    stage.write_exercise()?;
    println!(
        "Write the texts, then `cargo xtask seal {id}` and `cargo xtask verify --stage {id}`."
    );
    Ok(Ending::Well)
}

/// Where the new files go and what they are called.
struct NewFiles<'a> {
    course: &'a Path,
    folder: &'a str,
    id: &'a str,
    name: &'a str,
}

impl NewFiles<'_> {
    /// Makes the stage's two packages members of the workspace, and the stage a built one of the roadmap.
    fn wire_stage(&self) -> Result<Planned> {
        let path = self.course.join("Cargo.toml");
        let mut workspace = Manifest::load(&path)?;
        let solution = format!("solutions/{}", self.folder);
        workspace.add_member("members", &format!("exercises/{}", self.folder));
        workspace.add_member("members", &solution);
        workspace.add_member("default-members", &solution);
        files::write_atomically(&path, &workspace.text())?;
        println!("added to Cargo.toml");
        let path = self.course.join("exercises").join("roadmap.toml");
        let mut roadmap = Manifest::load(&path)?;
        let planned = roadmap.begin_stage(self.folder);
        files::write_atomically(&path, &roadmap.text())?;
        println!("the roadmap has {} as a stage that is there", self.folder);
        Ok(planned)
    }

    fn write_stage(&self, planned: &Planned) -> Result<()> {
        let (id, folder) = (self.id, self.folder);
        let title = planned.title.as_deref().unwrap_or("The stage's title");
        let level = planned.level.as_deref().unwrap_or("beginner");
        let package = |name: &str, what: &str| {
            format!(
                "[package]\nname = \"{name}\"\ndescription = \"{what}\"\nversion.workspace = true\n\
                 edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
                 publish.workspace = true\n\n"
            )
        };
        let dependencies = "[dependencies]\n\n[dev-dependencies]\nsupport.workspace = true\n\n";
        let exercise = package(id, "What the stage is about")
            + "[lib]\n# A starter's examples do not hold yet; `cargo xtask verify` runs the lessons' examples.\n\
               doctest = false\n\n[[test]]\nname = \"stage\"\npath = \"tests/stage/main.rs\"\n\n"
            + dependencies
            + "[lints.rust]\nunsafe_code = \"forbid\"\n\
               # A starter does not use its arguments and imports before the work is done.\ndead_code = \"allow\"\n\
               unused_imports = \"allow\"\nunused_mut = \"allow\"\nunused_variables = \"allow\"\n";
        let library = id.replace('-', "_");
        let solution = package(
            &format!("{id}-solution"),
            &format!("Reference solution of {folder}"),
        ) + &format!(
            "[lib]\nname = \"{library}\"\n# The exercise's library has the same name, and `cargo doc` keeps one \
                 page for a name.\ndoc = false\n\n[[test]]\nname = \"stage\"\n\
                 path = \"../../exercises/{folder}/tests/stage/main.rs\"\n\n"
        ) + dependencies
            + "[lints]\nworkspace = true\n";
        self.create("exercises", "Cargo.toml", &exercise)?;
        self.create(
            "exercises",
            "README.md",
            &format!("# {title}\n\nWhat one can do afterwards.\n"),
        )?;
        self.create(
            "exercises",
            "stage.toml",
            &format!("title = \"{title}\"\nlevel = \"{level}\"\nsummary = \"What one can do afterwards.\"\n"),
        )?;
        let library = format!("//! {title}.\n\n");
        self.create("exercises", "src/lib.rs", &library)?;
        self.create(
            "exercises",
            "tests/stage/main.rs",
            "//! The tests of the stage, a module for each exercise.\n\n",
        )?;
        self.create("solutions", "Cargo.toml", &solution)?;
        self.create("solutions", "src/lib.rs", &library)
    }

    fn write_exercise(&self) -> Result<()> {
        let (name, library) = (self.name, self.id.replace('-', "_"));
        let source = |body: &str| {
            format!(
                "//! What the shop needs, in a sentence.\n\n/// What the function answers, its units and its errors.\n\
                 pub fn {name}() -> u32 {{\n    {body}\n}}\n"
            )
        };
        let tests = format!(
            "use {library}::{name}::{name};\n\n/// The rule that this test checks, in a sentence.\n#[test]\n\
             fn the_rule_holds() {{\n    let answer: u32 = {name}();\n    assert_eq!(answer, 1, \"the case\");\n}}\n"
        );
        let readme = format!(
            "\n## {name}: a plain title\n\nWhy a backend needs this.\n\n```rust\nassert_eq!(1 + 1, 2);\n```\n\n\
             **The mistake people make.** …\n\n**In production** …\n\nRead on: …\n"
        );
        let entry = format!(
            "\n[[exercise]]\nname = \"{name}\"\ntitle = \"A plain title\"\npoints = 1\ntopics = []\nhints = [\n  \
             \"A nudge.\",\n  \"The idea.\",\n  \"The shape of the code.\",\n]\n"
        );
        let head = Head {
            caught_by: vec!["the_rule_holds".to_owned()],
            tempts: UNWRITTEN.to_owned(),
            ask: UNWRITTEN.to_owned(),
        };
        let file = format!("src/{name}.rs");
        let mistake = Mistake::between(head, &file, &source("1"), &source("2"));
        self.create(
            "exercises",
            &format!("src/{name}.rs"),
            &source("todo!(\"a nudge\")"),
        )?;
        self.create("exercises", &format!("tests/stage/{name}.rs"), &tests)?;
        self.create("solutions", &format!("src/{name}.rs"), &source("1"))?;
        self.create(
            "solutions",
            &format!("wrong/{name}/what_tempts.patch"),
            &mistake.encode(),
        )?;
        self.append("exercises", "README.md", &readme)?;
        self.append("exercises", "stage.toml", &entry)?;
        self.append("exercises", "src/lib.rs", &format!("pub mod {name};\n"))?;
        self.append("solutions", "src/lib.rs", &format!("pub mod {name};\n"))?;
        self.append(
            "exercises",
            "tests/stage/main.rs",
            &format!("mod {name};\n"),
        )
    }

    fn create(&self, half: &str, name: &str, text: &str) -> Result<()> {
        let path = self.course.join(half).join(self.folder).join(name);
        if path.exists() {
            return Err(Error::file(
                &path,
                "the file exists already; nothing was overwritten",
            ));
        }
        files::write_atomically(&path, text)?;
        println!("wrote {}", files::relative(self.course, &path));
        Ok(())
    }

    fn append(&self, half: &str, name: &str, text: &str) -> Result<()> {
        let path = self.course.join(half).join(self.folder).join(name);
        let before = files::read(&path)?;
        files::write_atomically(&path, &(before + text))?;
        println!("added to {}", files::relative(self.course, &path));
        Ok(())
    }
}
