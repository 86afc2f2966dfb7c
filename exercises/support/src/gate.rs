//! A gate for threads that are to do something at the same moment.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How often a thread looks before it lets others have its processor. Whoever gives it away at once is back too late:
/// the threads then take turns, and never meet.
const LOOKS: u32 = 20_000;

/// Opens when so many threads are at it, and closes behind them.
///
/// [`std::sync::Barrier`] puts waiting threads to sleep; they wake one after the other, some microseconds apart, which is
/// longer than most of what two threads can get wrong takes. This one keeps them awake, so that they leave together.
#[derive(Debug)]
pub struct Gate {
    threads: usize,
    arrived: AtomicUsize,
}

impl Gate {
    /// A gate for this many threads.
    pub fn new(threads: usize) -> Self {
        Self {
            threads: threads.max(1),
            arrived: AtomicUsize::new(0),
        }
    }

    /// Waits for the others. Each of the threads must come equally often.
    pub fn wait(&self) {
        let round = self.arrived.fetch_add(1, Ordering::SeqCst) / self.threads;
        let all = (round + 1) * self.threads;
        let mut looks: u32 = 0;
        while self.arrived.load(Ordering::SeqCst) < all {
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(LOOKS) {
                thread::yield_now();
            } else {
                hint::spin_loop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    #[test]
    fn nobody_is_through_before_all_are_there() {
        let (gate, arrived) = (Gate::new(3), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for round in 1..=100 {
                        arrived.fetch_add(1, Ordering::SeqCst);
                        gate.wait();
                        assert!(arrived.load(Ordering::SeqCst) >= 3 * round);
                    }
                });
            }
        });
    }
}
