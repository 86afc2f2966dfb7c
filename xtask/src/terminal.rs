//! Words and colours for a person at a terminal.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use console::Term;
use xtask_core::engine::{Event, Observer};

/// Nothing is shown before this: most work is done by then.
const QUIET: Duration = Duration::from_millis(700);

/// The least time between two changes of the line.
const STEP: Duration = Duration::from_millis(80);

/// The columns of the terminal, at least 30. A terminal that does not say, or none, counts as 80.
pub fn width() -> usize {
    let columns = Term::stdout()
        .size_checked()
        .map_or(80, |(_, columns)| columns);
    usize::from(columns).clamp(30, 100)
}

/// Breaks `text` to the width of the terminal; every line begins with `indent`.
pub fn wrapped(text: &str, indent: &str) -> String {
    let options = textwrap::Options::new(width())
        .initial_indent(indent)
        .subsequent_indent(indent)
        .break_words(false);
    textwrap::fill(text, options)
}

/// `done` of `total` as a bar of `cells` characters.
pub fn bar(done: usize, total: usize, cells: usize) -> String {
    let filled = (done * cells).checked_div(total).unwrap_or(0);
    format!("{}{}", "█".repeat(filled), "░".repeat(cells - filled))
}

/// One line on standard error that says what takes so long. Without a terminal it shows nothing.
#[derive(Debug)]
pub struct Meter {
    term: Term,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    begun: Instant,
    shown: Option<Instant>,
}

impl Default for Meter {
    /// A meter that has nothing to show yet.
    fn default() -> Self {
        Self {
            term: Term::stderr(),
            state: Mutex::new(State {
                begun: Instant::now(),
                shown: None,
            }),
        }
    }
}

impl Meter {
    /// Shows `text` in the place of what was shown before.
    pub fn show(&self, text: &str) {
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        let early = state.begun.elapsed() < QUIET;
        let often = state.shown.is_some_and(|shown| shown.elapsed() < STEP);
        if early || often || !self.term.is_term() {
            return;
        }
        let line = console::truncate_str(text, width().saturating_sub(1), "…").into_owned();
        // A line that cannot be shown is no reason to stop working.
        let _ = self.term.clear_line();
        let _ = self.term.write_str(&line);
        state.shown = Some(Instant::now());
    }

    /// Shows `text` at once.
    fn say(&self, text: &str) {
        if let Ok(mut state) = self.state.lock() {
            state.begun = Instant::now() - QUIET;
            state.shown = None;
        }
        self.show(text);
    }

    /// Takes the line away. The next piece of work begins.
    pub fn clear(&self) {
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        if state.shown.take().is_some() {
            let _ = self.term.clear_line();
        }
        state.begun = Instant::now();
    }
}

impl Observer for Meter {
    fn notice(&self, event: Event) {
        match event {
            Event::WaitingForRunner => self.say("another run builds here; waiting for its end"),
            Event::WaitingForCargo => {
                self.say(
                    "another cargo builds here (an editor's check, perhaps); waiting for its end",
                );
            }
            Event::Building {
                stage,
                done,
                total,
                now,
            } => self.show(&format!("building {stage}: {done} of {total}, now {now}")),
            Event::Testing { done, total, .. } => {
                self.show(&format!("running tests: {done} of {total}"));
            }
            Event::Settled => self.clear(),
            Event::Judged { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_full_only_when_all_is_done() {
        assert_eq!(bar(0, 9, 10), "░░░░░░░░░░");
        assert_eq!(bar(8, 9, 10), "████████░░");
        assert_eq!(bar(9, 9, 10), "██████████");
        assert_eq!(bar(0, 0, 3), "░░░");
    }
}
