//! Builds ahead of time.

use std::thread;

use xtask_core::course::{PROFILE, Stage};
use xtask_core::desk::Desk;
use xtask_core::engine::cargo;
use xtask_core::process::{Cancel, Limits, run as run_process};

/// Builds the dependencies of the stage that comes next while the learner types.
#[derive(Default)]
pub struct Prebuild {
    running: Option<(Cancel, thread::JoinHandle<bool>, String)>,
    done: Vec<String>,
}

impl Prebuild {
    /// Begins, unless that stage was built before. It builds as a verdict does, in the same profile: what lies elsewhere
    /// is built anew when the stage is judged.
    pub fn start(&mut self, desk: &Desk<'_>, current: &Stage) {
        let mut later = desk
            .course
            .stages
            .iter()
            .skip_while(|stage| stage.folder != current.folder);
        let Some(next) = later.nth(1) else {
            return;
        };
        if self.done.contains(&next.id) {
            return;
        }
        let mut command = cargo(&desk.course.root);
        command.args([
            "test",
            "--no-run",
            "--quiet",
            "--test",
            "stage",
            "--profile",
            PROFILE,
            "--package",
            &next.id,
        ]);
        let cancel = Cancel::default();
        let token = cancel.clone();
        let limits = Limits {
            time: None,
            output: usize::MAX,
        };
        let handle = thread::spawn(move || {
            // A build ahead of time is a favour: what fails here is said when the stage is judged.
            run_process(command, limits, &token, |_, _| ()).is_ok() && !token.is_cancelled()
        });
        self.running = Some((cancel, handle, next.id.clone()));
    }

    /// Stops the build: a verdict must not wait for it. What is compiled by then stays.
    pub fn stop(&mut self) {
        if let Some((cancel, handle, stage)) = self.running.take() {
            let finished = handle.is_finished();
            cancel.cancel();
            if handle.join().unwrap_or(false) && finished {
                self.done.push(stage);
            }
        }
    }
}
