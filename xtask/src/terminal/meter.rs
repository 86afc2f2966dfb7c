//! One line on standard error that says what takes so long.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use xtask_core::engine::{Event, Observer};

use super::{look, width};

/// The least time between two changes of the line.
const STEP: Duration = Duration::from_millis(80);

/// The least time between two lines about the same piece of work, where no line can be drawn again.
const LINE_STEP: Duration = Duration::from_secs(10);

/// What stands on the line.
struct Shown {
    /// A line stands there that has to go before anything else is printed.
    drawn: bool,
    last: Option<Instant>,
    /// The last one that was said at once, so that it is not said twice in a row.
    said: String,
}

static SHOWN: Mutex<Shown> = Mutex::new(Shown {
    drawn: false,
    last: None,
    said: String::new(),
});

fn shown() -> MutexGuard<'static, Shown> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the line away, when one stands there. The next piece of work begins.
pub fn take_line_away() {
    let mut shown = shown();
    if std::mem::take(&mut shown.drawn) {
        let _ = Term::stderr().clear_line();
    }
    shown.last = None;
    shown.said.clear();
}

/// Shows events on the line. Where no line can be drawn again, each becomes a line of its own, and there are few of
/// them; without a terminal only what is waited for is said.
#[derive(Debug, Default)]
pub struct Meter {
    /// Nobody reads along.
    pub silent: bool,
}

impl Meter {
    /// How far something is: shown now and then.
    pub fn show(&self, text: &str) {
        let step = if look().redraws { STEP } else { LINE_STEP };
        if shown().last.is_some_and(|last| last.elapsed() < step) {
            return;
        }
        self.write(text);
    }

    /// What begins or is waited for: shown at once.
    fn say(&self, text: &str) {
        if shown().said != text {
            self.write(text);
            shown().said = text.to_owned();
        }
    }

    fn write(&self, text: &str) {
        let term = Term::stderr();
        if self.silent || !term.is_term() {
            return;
        }
        let mut shown = shown();
        // A line that cannot be shown is no reason to stop working.
        if look().redraws {
            let line = console::truncate_str(text, width().saturating_sub(1), "…");
            let _ = term.clear_line();
            let _ = term.write_str(&line);
            shown.drawn = true;
        } else {
            let _ = term.write_line(text);
        }
        shown.last = Some(Instant::now());
    }

    /// What is waited for is said without a terminal too: a log that stands still needs it.
    fn wait(&self, text: &str) {
        if Term::stderr().is_term() {
            self.say(text);
        } else if !self.silent {
            eprintln!("{text}");
        }
    }
}

impl Observer for Meter {
    fn notice(&self, event: Event) {
        match event {
            Event::Judging { stage, exercises } => self.say(&match exercises.as_slice() {
                [one] => format!("checking {one}"),
                several => format!("checking {} exercises of {stage}", several.len()),
            }),
            Event::WaitingForRunner => {
                self.wait("another terminal is checking here; waiting for its end");
            }
            Event::WaitingForCargo => self.wait(
                "another cargo is at work (in another terminal or an editor); waiting for it",
            ),
            Event::Building {
                stage,
                done,
                total,
                now,
            } => self.show(&format!("building {stage}: {done} of {total}, now {now}")),
            Event::Testing { done, total, .. } => {
                self.show(&format!("running tests: {done} of {total}"));
            }
            Event::Settled | Event::Judged { .. } => take_line_away(),
        }
    }
}
