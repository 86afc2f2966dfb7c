//! How far a run is, and how long it may still take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use xtask::terminal::{Meter, take_line_away};
use xtask_core::engine::{Event, Observer};

/// Counts rounds, and says so on the line that shows what is being done.
#[derive(Debug)]
pub struct Clock {
    meter: Meter,
    begun: Instant,
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            meter: Meter::default(),
            begun: Instant::now(),
            done: AtomicUsize::new(0),
            total: AtomicUsize::new(0),
        }
    }
}

impl Clock {
    /// So many rounds are to come.
    pub fn expect(&self, rounds: usize) {
        self.total.fetch_add(rounds, Ordering::Relaxed);
    }

    /// One round is done.
    pub fn tick(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the line away, before something is printed.
    pub fn clear(&self) {
        take_line_away();
    }

    fn so_far(&self) -> String {
        let done = self.done.load(Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed);
        if total == 0 {
            return String::new();
        }
        let left = estimate(self.begun.elapsed().as_secs(), done, total);
        let round = (done + 1).min(total);
        format!("round {round} of {total}{left} · ")
    }
}

/// `, about 3 min left`; nothing as long as nobody can know.
fn estimate(seconds: u64, done: usize, total: usize) -> String {
    let left = (seconds * (total - done.min(total)) as u64).checked_div(done as u64);
    match left {
        None => String::new(),
        Some(left) if left < 90 => format!(", about {left} s left"),
        Some(left) => format!(", about {} min left", left.div_ceil(60)),
    }
}

impl Observer for Clock {
    fn notice(&self, event: Event) {
        match event {
            Event::Building { stage, now, .. } => {
                self.meter
                    .show(&format!("{}building {stage}: {now}", self.so_far()));
            }
            Event::Testing { stage, done, total } => {
                let line = format!("{}testing {stage}: {done} of {total}", self.so_far());
                self.meter.show(&line);
            }
            other => self.meter.notice(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::estimate;

    #[test]
    fn what_is_left_is_guessed_from_what_is_done() {
        assert_eq!(estimate(10, 0, 5), "");
        assert_eq!(estimate(10, 1, 5), ", about 40 s left");
        assert_eq!(estimate(100, 1, 5), ", about 7 min left");
    }
}
