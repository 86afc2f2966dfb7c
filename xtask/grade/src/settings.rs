//! Whose settings cargo obeys. It reads `.cargo/config.toml` in the folder that it is started in and in all above it, and
//! rustup reads `rust-toolchain.toml` there: either can name a program that cargo then starts, outside of every sandbox.
//! So they may come from the course and from whoever grades, and from nobody who is graded.

use std::fs;
use std::path::{Path, PathBuf};

use xtask_core::error::{Error, Result};

/// The files that name programs to start, in the folder of their settings.
const FILES: [&str; 4] = [
    ".cargo/config.toml",
    ".cargo/config",
    "rust-toolchain.toml",
    "rust-toolchain",
];

/// The folders of one start of the grader. All of them are whole paths without links.
#[derive(Debug)]
struct Places {
    /// Where cargo is started: the working folder, and the one that is built in.
    started: Vec<PathBuf>,
    course: PathBuf,
    /// Cargo's own folder, with the settings of whoever grades.
    home: Option<PathBuf>,
    submissions: Vec<PathBuf>,
}

/// Makes sure that cargo obeys nobody who is graded. `work` is where it builds.
///
/// # Errors
///
/// When settings lie where a learner may have written them; the text says how grading is started.
pub fn check<'s>(
    course: &Path,
    work: &Path,
    submissions: impl IntoIterator<Item = &'s Path>,
) -> Result<()> {
    let working = std::env::current_dir()
        .map_err(|cause| Error::new(format!("there is no working folder: {cause}")))?;
    let course = plain(course);
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let mut submissions: Vec<PathBuf> = submissions.into_iter().map(plain).collect();
    // A learner who grades the own tree is asked for nothing.
    submissions.retain(|submission| *submission != course);
    let places = Places {
        started: vec![plain(&working), plain(&working.join(work))],
        home: home.map(|home| plain(&working.join(home))),
        course,
        submissions,
    };
    places.check()
}

impl Places {
    fn check(&self) -> Result<()> {
        if let Some(home) = &self.home
            && self.is_handed_in(home)
        {
            return Err(self.refusal(home, "cargo's own folder, CARGO_HOME"));
        }
        for folder in self.started.iter().flat_map(|place| place.ancestors()) {
            for name in FILES {
                let file = folder.join(name);
                if fs::symlink_metadata(&file).is_ok() && !self.is_trusted(folder, &file) {
                    return Err(self.refusal(&file, "cargo's settings"));
                }
            }
        }
        Ok(())
    }

    fn is_trusted(&self, folder: &Path, file: &Path) -> bool {
        let is_home = self.home.as_deref() == file.parent();
        if folder == self.course || is_home {
            return true;
        }
        // What lies above the course is the machine's, unless it is a checkout that the course was put into.
        let is_above = self.course.starts_with(folder);
        let is_checkout = folder.join(".git").exists() || folder.join("exercises").exists();
        let holds_some = self
            .submissions
            .iter()
            .any(|submission| submission.starts_with(folder));
        is_above && !self.is_handed_in(folder) && !(is_checkout && holds_some)
    }

    fn is_handed_in(&self, path: &Path) -> bool {
        let mut all = self.submissions.iter();
        all.any(|submission| path.starts_with(submission))
    }

    fn refusal(&self, file: &Path, what: &str) -> Error {
        let course = self.course.display();
        Error::new(format!(
            "{what} would come from {}, which a learner may have written: it can name a program that runs as you, outside \
             of every sandbox",
            file.display()
        ))
        .help(format!(
            "start the grader in the course's own folder, and keep the submissions out of the way to it:\n  \
             cd {course} && cargo xtask grade FOLDER…\n  settings of your own belong into cargo's own folder, usually \
             ~/.cargo/config.toml; nobody was graded"
        ))
    }
}

/// The whole path without links, as far as it is there.
fn plain(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        if let Ok(whole) = fs::canonicalize(there) {
            let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
            return whole.join(rest).components().collect();
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{FILES, Places, plain};

    struct Desk(tempfile::TempDir);

    impl Desk {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a temporary folder"))
        }

        fn path(&self, name: &str) -> PathBuf {
            plain(self.0.path()).join(name)
        }

        fn write(&self, name: &str) {
            let path = self.path(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, "").expect("writable");
        }

        /// Whether grading begins in `started`, with the course in `course`.
        fn begins(&self, started: &str, course: &str, submissions: &[&str]) -> bool {
            let places = Places {
                started: vec![self.path(started), self.path("work/grade")],
                course: self.path(course),
                home: Some(self.path("home/.cargo")),
                submissions: submissions.iter().map(|name| self.path(name)).collect(),
            };
            match places.check() {
                Ok(()) => true,
                Err(error) => {
                    let said = error.to_string();
                    assert!(said.contains("cargo xtask grade FOLDER"), "{said}");
                    false
                }
            }
        }
    }

    #[test]
    fn settings_of_the_course_and_of_whoever_grades_are_obeyed() {
        for file in FILES {
            let desk = Desk::new();
            desk.write(&format!("course/{file}"));
            desk.write("home/.cargo/config.toml");
            desk.write(&format!("in/ada/{file}"));
            desk.write(&format!("course/submissions/bob/{file}"));
            let learners = ["in/ada", "course/submissions/bob"];
            assert!(desk.begins("course", "course", &learners));
            assert!(desk.begins("course/exercises", "course", &learners));
        }
    }

    #[test]
    fn settings_of_a_learner_are_not() {
        for file in FILES {
            for (settings, started, course, submission) in [
                // Started in the checkout, beside it, or below it.
                ("in/ada", "in/ada", "course", "in/ada"),
                ("in/ada", "in/ada/exercises/01-logic", "course", "in/ada"),
                ("in/ada", "in/ada", "course", "in/ada/exercises"),
                ("course/in/ada", "course/in/ada", "course", "course/in/ada"),
                // The course lies in the checkout.
                ("in/ada", "in/ada/course", "in/ada/course", "in/ada"),
                // It is built in the checkout.
                ("work", "course", "course", "work"),
                ("work", "course", "course", "work/grade/ada"),
                // Cargo's own folder is the learner's.
                ("in/ada", "course", "course", "home"),
            ] {
                let desk = Desk::new();
                desk.write(&format!("{settings}/{file}"));
                desk.write("course/Cargo.toml");
                assert!(
                    !desk.begins(started, course, &[submission]),
                    "{settings}/{file} in {started}"
                );
            }
        }
    }

    #[test]
    fn a_checkout_around_the_course_is_not_the_machines() {
        let desk = Desk::new();
        desk.write("in/ada/.cargo/config.toml");
        let submission = ["in/ada/exercises"];
        desk.write("in/ada/course/Cargo.toml");
        assert!(desk.begins("in/ada/course", "in/ada/course", &submission));
        desk.write("in/ada/.git/HEAD");
        assert!(!desk.begins("in/ada/course", "in/ada/course", &submission));
    }

    #[test]
    fn a_path_that_is_not_there_is_whole_all_the_same() {
        let desk = Desk::new();
        let there = plain(desk.0.path());
        assert_eq!(plain(&there.join("not/there")), there.join("not/there"));
        assert!(plain(Path::new(".")).is_absolute());
    }
}
