//! The documented JSON: verdicts, the roadmap, and what went wrong.

use nojson::{DisplayJson, JsonFormatter};
use xtask_core::course::{Changed, PlannedStage};
use xtask_core::desk::{ExerciseState, Roadmap, StageState};
use xtask_core::engine::{Status, TestResult, TestStatus, Verdict};
use xtask_core::error::Error;

type Written = std::fmt::Result;

/// A value that is written by a function.
struct With<F>(F);

impl<F: Fn(&mut JsonFormatter<'_, '_>) -> Written> DisplayJson for With<F> {
    fn fmt(&self, f: &mut JsonFormatter<'_, '_>) -> Written {
        (self.0)(f)
    }
}

/// A document as it is printed: two spaces a level.
fn printed(write: impl Fn(&mut JsonFormatter<'_, '_>) -> Written) -> String {
    let document = nojson::json(|f| {
        f.set_indent_size(2);
        f.set_spacing(true);
        write(f)
    });
    document.to_string()
}

/// A list whose items are written by a function.
fn list<'l, T>(
    items: &'l [T],
    write: impl Fn(&T, &mut JsonFormatter<'_, '_>) -> Written + 'l,
) -> impl DisplayJson + 'l {
    With(move |f: &mut JsonFormatter<'_, '_>| {
        f.array(|f| {
            items.iter().try_for_each(|item| {
                f.element(With(|f: &mut JsonFormatter<'_, '_>| write(item, f)))
            })
        })
    })
}

/// What `check --format json` prints.
pub fn verdicts(verdicts: &[Verdict]) -> String {
    printed(|f| f.object(|f| f.member("exercises", list(verdicts, verdict))))
}

fn verdict(verdict: &Verdict, f: &mut JsonFormatter<'_, '_>) -> Written {
    f.object(|f| {
        f.member("exercise", &verdict.exercise)?;
        f.member("status", verdict.status.id())?;
        f.member("tests", list(&verdict.tests, test))?;
        if verdict.status == Status::CompileError {
            let said = verdict.diagnostics.iter().map(|one| one.rendered.as_str());
            f.member("diagnostics", said.collect::<Vec<&str>>())?;
        }
        if !verdict.notes.is_empty() {
            f.member("notes", &verdict.notes)?;
        }
        if !verdict.changed.is_empty() {
            f.member("changed", list(&verdict.changed, changed))?;
        }
        if let Some(known) = &verdict.diagnosis {
            f.member(
                "diagnosis",
                nojson::object(|f| {
                    f.member("mistake", &known.mistake)?;
                    f.member("ask", &known.ask)
                }),
            )?;
        }
        Ok(())
    })
}

fn changed(one: &Changed, f: &mut JsonFormatter<'_, '_>) -> Written {
    f.object(|f| {
        f.member("name", &one.name)?;
        f.member("file", &one.file)?;
        f.member("starter", &one.starter)?;
        f.member("yours", &one.yours)
    })
}

fn test(test: &TestResult, f: &mut JsonFormatter<'_, '_>) -> Written {
    let message = match (test.place(), test.status) {
        (_, TestStatus::Passed) => String::new(),
        (Some(place), _) => format!("{}\nat {place}", test.message()),
        (None, _) => test.message().to_owned(),
    };
    f.object(|f| {
        f.member("name", &test.name)?;
        f.member("status", test.status.id())?;
        f.member("message", &message)
    })
}

/// What `list --format json` prints.
pub fn roadmap(roadmap: &Roadmap<'_>) -> String {
    printed(|f| {
        f.object(|f| {
            f.member("stages", list(&roadmap.stages, stage))?;
            f.member("planned", list(roadmap.planned, planned))
        })
    })
}

fn stage(state: &StageState<'_>, f: &mut JsonFormatter<'_, '_>) -> Written {
    let stage = state.stage;
    f.object(|f| {
        f.member("stage", &stage.id)?;
        f.member("folder", &stage.folder)?;
        f.member("title", &stage.title)?;
        f.member("level", stage.level.title())?;
        f.member("summary", &stage.summary)?;
        f.member("exercises", list(&state.exercises, exercise))
    })
}

fn exercise(state: &ExerciseState, f: &mut JsonFormatter<'_, '_>) -> Written {
    f.object(|f| {
        f.member("exercise", &state.id)?;
        f.member("title", &state.title)?;
        f.member("points", state.points)?;
        f.member("done", state.done)
    })
}

fn planned(stage: &PlannedStage, f: &mut JsonFormatter<'_, '_>) -> Written {
    f.object(|f| {
        f.member("folder", &stage.folder)?;
        f.member("title", &stage.title)?;
        f.member("exercises", &stage.exercises)
    })
}

/// What is printed where a document was asked for and none can be had.
pub fn error(error: &Error) -> String {
    printed(|f| f.object(|f| f.member("error", error.to_string())))
}
