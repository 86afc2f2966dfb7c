//! What is taken from a submission, and what is not.

use std::fs;
use std::path::Path;

use xtask_core::course::{Course, Stage};
use xtask_core::files::write_atomically;

use super::{FILE_BYTES, Submission, Taken};

fn course(root: &Path) -> Course {
    let write = |name: &str, text: &str| {
        write_atomically(&root.join(name), text).expect("the folder is writable");
    };
    write(
        "exercises/roadmap.toml",
        "[[stage]]\nfolder = \"01-logic\"\n[topics]\n",
    );
    let exercise = |name: &str| {
        format!(
            "[[exercise]]\nname = \"{name}\"\ntitle = \"T\"\npoints = 1\ntopics = []\nhints = []\n"
        )
    };
    let text = "title = \"Logic\"\nlevel = \"beginner\"\nsummary = \"S\"\n".to_owned()
        + &exercise("loops")
        + &exercise("strings");
    write("exercises/01-logic/stage.toml", &text);
    Course::load(root).expect("the course is right")
}

fn taken(folder: &Path, course: &Course) -> Result<Taken, String> {
    let stages: Vec<&Stage> = course.stages.iter().collect();
    let stage = stages.first().expect("there is a stage");
    let exercise = stage.exercises.first().expect("there is an exercise");
    Ok(Submission::open(folder, course, &stages)?.take(stage, exercise))
}

fn refusal(folder: &Path, course: &Course) -> String {
    match taken(folder, course) {
        Ok(Taken::Refused(why)) => why,
        other => panic!("the file was not refused: {other:?}"),
    }
}

struct Place {
    root: tempfile::TempDir,
    course: Course,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let course = course(&root.path().join("course"));
        Self { root, course }
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.root.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    fn submission(&self) -> std::path::PathBuf {
        self.root.path().join("ada")
    }
}

#[test]
fn every_usual_layout_is_understood() {
    for path in [
        "ada/exercises/01-logic/src/loops.rs",
        "ada/01-logic/src/loops.rs",
        "ada/src/loops.rs",
        "ada/loops.rs",
        "ada/course-main/exercises/01-logic/src/loops.rs",
        "ada/wrapped/01-logic/src/loops/mod.rs",
    ] {
        let place = Place::new();
        place.write(path, "fn a() {}\r\n");
        match taken(&place.submission(), &place.course) {
            Ok(Taken::Files(files)) => assert_eq!(files["src/loops.rs"], "fn a() {}\n", "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn what_archives_bring_along_is_looked_through() {
    let place = Place::new();
    place.write("ada/.git/HEAD", "");
    place.write("ada/__MACOSX/._x", "");
    place.write("ada/README.md", "");
    place.write("ada/course-main/01-logic/src/loops.rs", "");
    assert!(matches!(
        taken(&place.submission(), &place.course),
        Ok(Taken::Files(_))
    ));
}

#[test]
fn one_of_several_stages_is_known_by_its_folder() {
    let place = Place::new();
    let root = place.root.path().join("course");
    let stage = fs::read_to_string(root.join("exercises/01-logic/stage.toml")).expect("readable");
    for (name, text) in [
        ("exercises/02-data/stage.toml", stage.as_str()),
        (
            "exercises/roadmap.toml",
            "[[stage]]\nfolder = \"01-logic\"\n[[stage]]\nfolder = \"02-data\"\n[topics]\n",
        ),
    ] {
        write_atomically(&root.join(name), text).expect("writable");
    }
    let course = Course::load(&root).expect("the course is right");
    let stages: Vec<&Stage> = course.stages.iter().collect();
    place.write("02-data/src/loops.rs", "fn data() {}\n");
    let folder = place.root.path().join("02-data");
    let submission = Submission::open(&folder, &course, &stages).expect("it has a file");
    for (stage, is_there) in [(stages[0], false), (stages[1], true)] {
        let exercise = stage.exercises.first().expect("it has one");
        let taken = submission.take(stage, exercise);
        assert_eq!(
            matches!(taken, Taken::Files(_)),
            is_there,
            "{}",
            stage.folder
        );
    }
}

#[test]
fn submodules_come_along_and_other_files_do_not() {
    let place = Place::new();
    for name in [
        "loops.rs",
        "loops/inner.rs",
        "loops/inner/deep.rs",
        "lib.rs",
        "loops/notes.txt",
    ] {
        place.write(&format!("ada/exercises/01-logic/src/{name}"), "");
    }
    place.write("ada/exercises/01-logic/Cargo.toml", "broken");
    let Ok(Taken::Files(files)) = taken(&place.submission(), &place.course) else {
        panic!("the files are taken");
    };
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "src/loops.rs",
            "src/loops/inner.rs",
            "src/loops/inner/deep.rs"
        ]
    );
}

#[test]
fn an_exercise_without_a_file_is_missing() {
    let place = Place::new();
    place.write("ada/exercises/01-logic/src/strings.rs", "");
    assert_eq!(
        taken(&place.submission(), &place.course),
        Ok(Taken::Missing)
    );
}

#[test]
fn a_folder_without_an_exercise_is_said_to_be_so() {
    let place = Place::new();
    fs::create_dir_all(place.submission()).expect("writable");
    let said = taken(&place.submission(), &place.course).expect_err("it is empty");
    assert!(said.contains("holds no file of an exercise"), "{said}");
    place.write("ada/README.md", "");
    place.write("ada/other/thing.rs", "");
    assert!(taken(&place.submission(), &place.course).is_err());
    let missing = place.root.path().join("nobody");
    let said = taken(&missing, &place.course).expect_err("it is not there");
    assert!(said.contains("cannot be read"), "{said}");
}

#[test]
fn ten_thousand_other_files_cost_nothing_and_do_not_matter() {
    let place = Place::new();
    place.write("ada/exercises/01-logic/src/loops.rs", "");
    for index in 0..10_000 {
        place.write(&format!("ada/exercises/01-logic/src/other_{index}.rs"), "");
    }
    assert!(
        matches!(taken(&place.submission(), &place.course), Ok(Taken::Files(files)) if files.len() == 1)
    );
}

#[test]
fn too_much_is_refused() {
    let place = Place::new();
    let bytes = usize::try_from(FILE_BYTES).expect("small");
    place.write("ada/exercises/01-logic/src/loops.rs", vec![b' '; bytes + 1]);
    assert!(refusal(&place.submission(), &place.course).contains("larger than 256 KiB"));
    place.write("ada/exercises/01-logic/src/loops.rs", vec![b' '; bytes]);
    assert!(matches!(
        taken(&place.submission(), &place.course),
        Ok(Taken::Files(_))
    ));
    let place = Place::new();
    place.write("ada/exercises/01-logic/src/loops.rs", "");
    for index in 0..100 {
        place.write(&format!("ada/exercises/01-logic/src/loops/m{index}.rs"), "");
    }
    assert!(refusal(&place.submission(), &place.course).contains("more than 64 files"));
}

#[test]
fn the_limits_on_modules_are_reached_exactly() {
    let place = Place::new();
    place.write("ada/exercises/01-logic/src/loops.rs", "");
    let module =
        |name: &str| place.write(&format!("ada/exercises/01-logic/src/loops/{name}.rs"), "");
    for index in 0..60 {
        module(&format!("m{index}"));
    }
    for name in ["a/m", "a/b/m", "a/b/c/m"] {
        module(name);
    }
    module(".git/m");
    let files = taken(&place.submission(), &place.course);
    assert!(
        matches!(&files, Ok(Taken::Files(files)) if files.len() == 64),
        "{files:?}"
    );
    module("one_more");
    assert!(refusal(&place.submission(), &place.course).contains("more than 64 files"));
    let place = Place::new();
    place.write("ada/exercises/01-logic/src/loops.rs", "");
    place.write("ada/exercises/01-logic/src/loops/a/b/c/d/m.rs", "");
    assert!(refusal(&place.submission(), &place.course).contains("too deep"));
}

#[test]
fn a_file_in_the_place_of_a_folder_is_refused_and_not_passed_over() {
    let place = Place::new();
    place.write("ada/exercises/01-logic/src", "fn answer() {}");
    let why = refusal(&place.submission(), &place.course);
    assert!(why.contains("src/loops.rs: "), "{why}");
}

#[test]
fn names_that_read_differently_from_what_they_are_are_refused() {
    for name in [
        "a\nb.rs",
        "a\u{202e}b.rs",
        "\u{7}.rs",
        "in\tside/a.rs",
        "a\u{2066}/b.rs",
        "notes\u{1b}.txt",
    ] {
        let place = Place::new();
        place.write("ada/exercises/01-logic/src/loops.rs", "");
        place.write(&format!("ada/exercises/01-logic/src/loops/{name}"), "");
        let why = refusal(&place.submission(), &place.course);
        assert!(why.contains("holds a character"), "{why}");
        assert!(
            !why.chars().any(|one| one.is_control() || one == '\u{202e}'),
            "{why:?}"
        );
    }
}

#[test]
fn a_file_that_can_be_no_module_is_no_part_of_the_work() {
    let place = Place::new();
    for name in [
        "loops.rs",
        "loops/a copy.rs",
        "loops/a (1).rs",
        "loops/a\\b.rs",
        "loops/old stuff/a.rs",
        "loops/größe.rs",
    ] {
        place.write(&format!("ada/exercises/01-logic/src/{name}"), "");
    }
    let Ok(Taken::Files(files)) = taken(&place.submission(), &place.course) else {
        panic!("the files are taken");
    };
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["src/loops.rs", "src/loops/größe.rs"]);
}

#[test]
fn texts_that_read_differently_from_what_is_compiled_are_refused() {
    for (text, word) in [
        (&b"fn a() {}\n\xff"[..], "not UTF-8"),
        (b"fn a() {}\n// \0", "NUL"),
        ("// \u{202e} }\n".as_bytes(), "direction"),
    ] {
        let place = Place::new();
        place.write("ada/exercises/01-logic/src/loops.rs", text);
        let why = refusal(&place.submission(), &place.course);
        assert!(why.contains(word), "{why}");
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;

    use super::{Place, fs, refusal};

    #[test]
    fn links_are_refused_wherever_they_stand() {
        for (link, target) in [
            ("ada/exercises/01-logic/src/loops.rs", "secret.rs"),
            ("ada/exercises/01-logic/src", "secret"),
            ("ada/exercises/01-logic", "secret"),
        ] {
            let place = Place::new();
            place.write("secret.rs", "fn answer() {}");
            place.write("secret/loops.rs", "fn answer() {}");
            place.write("secret/src/loops.rs", "fn answer() {}");
            let link = place.root.path().join(link);
            fs::create_dir_all(link.parent().expect("a folder")).expect("writable");
            symlink(place.root.path().join(target), &link).expect("writable");
            let why = refusal(&place.submission(), &place.course);
            assert!(why.contains("link"), "{why}");
        }
    }

    #[test]
    fn a_pipe_or_a_folder_in_the_place_of_a_file_is_refused_at_once() {
        let place = Place::new();
        let path = place.submission().join("exercises/01-logic/src/loops.rs");
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0)
            .expect("a pipe");
        assert!(refusal(&place.submission(), &place.course).contains("not a regular file"));
        let place = Place::new();
        let path = place.submission().join("exercises/01-logic/src/loops.rs");
        fs::create_dir_all(path).expect("writable");
        assert!(refusal(&place.submission(), &place.course).contains("not a regular file"));
    }

    #[test]
    fn a_name_that_is_not_utf8_is_refused_where_it_counts() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let place = Place::new();
        place.write("ada/exercises/01-logic/src/loops.rs", "");
        let odd = OsStr::from_bytes(b"\xff.rs");
        fs::write(
            place.submission().join("exercises/01-logic/src").join(odd),
            "",
        )
        .expect("writable");
        assert!(matches!(
            super::taken(&place.submission(), &place.course),
            Ok(super::Taken::Files(_))
        ));
        let folder = place.submission().join("exercises/01-logic/src/loops");
        fs::create_dir_all(&folder).expect("writable");
        fs::write(folder.join(odd), "").expect("writable");
        assert!(refusal(&place.submission(), &place.course).contains("not UTF-8"));
    }
}
