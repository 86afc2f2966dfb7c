//! What a person sees while a class is graded: how far it is, and how long it may still take.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use xtask::terminal::{Meter, take_line_away};

/// How often a line is written where no terminal shows the last one, as in the log of a CI run.
const LOG_STEP: Duration = Duration::from_secs(30);

/// The progress of one run.
#[derive(Debug)]
pub struct Progress {
    begun: Instant,
    all: usize,
    meter: Meter,
    logged: Mutex<Instant>,
}

impl Progress {
    /// Begins with so many submissions.
    pub fn new(all: usize) -> Self {
        Self {
            begun: Instant::now(),
            all,
            meter: Meter::default(),
            logged: Mutex::new(Instant::now()),
        }
    }

    /// So many are graded now.
    pub fn show(&self, done: usize) {
        let words = words(done, self.all, self.begun.elapsed());
        if console::Term::stderr().is_term() {
            self.meter.show(&words);
        } else if let Ok(mut logged) = self.logged.lock()
            && logged.elapsed() >= LOG_STEP
            && done < self.all
        {
            eprintln!("{words}");
            *logged = Instant::now();
        }
    }

    /// All is done.
    pub fn end(&self, done: usize) {
        take_line_away();
        let seconds = self.begun.elapsed().as_secs_f64();
        let count = f64::from(u32::try_from(done).unwrap_or(u32::MAX));
        let a_minute = count / seconds.max(0.001) * 60.0;
        let word = if done == 1 {
            "submission"
        } else {
            "submissions"
        };
        eprintln!("{done} {word} in {seconds:.1} s, {a_minute:.0} a minute");
    }
}

/// `12 of 300 submissions graded, about 24 min left`: the rest takes as long as what was done, each.
fn words(done: usize, all: usize, spent: Duration) -> String {
    const MINUTE: u64 = 60;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let each = spent / number(done.max(1));
    let left = each
        .saturating_mul(number(all.saturating_sub(done)))
        .as_secs();
    let left = if left < 2 * MINUTE {
        format!("{left} s")
    } else {
        format!("{} min", left.div_ceil(MINUTE))
    };
    format!("{done} of {all} submissions graded, about {left} left")
}

#[cfg(test)]
mod tests {
    use super::words;
    use std::time::Duration;

    #[test]
    fn what_is_left_follows_from_what_was_done() {
        for (done, all, spent, left) in [
            (10, 30, 20, "about 40 s left"),
            (12, 300, 60, "about 24 min left"),
            (0, 5, 30, "about 3 min left"),
            (5, 5, 30, "about 0 s left"),
        ] {
            let words = words(done, all, Duration::from_secs(spent));
            assert!(words.ends_with(left), "{words}");
        }
    }
}
