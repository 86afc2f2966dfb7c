//! One evening, many tills.
//!
//! On Friday a writer reads at Lantern, and more people come than the hall has seats. Several tills sell them, all at
//! the same time, and one printer makes the tickets. No seat may be sold twice, and a till that breaks down must not
//! stop the others.

use std::sync::mpsc;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::thread::JoinHandle;

use self::hall::Hall;

/// Makes the text of a ticket from the number of its seat. Any thread may call it, and several at once.
pub type Layout = Box<dyn Fn(u32) -> String + Send + Sync>;

/// What a till does all evening. It gets a handle to the reading, works, and answers how many seats it has sold.
pub type Till = Box<dyn FnOnce(Reading) -> u32 + Send>;

/// The seats, and nothing about threads.
///
/// The fields are private. Code outside of this module can ask and sell, and cannot get the numbers wrong.
mod hall {
    /// Seats with the numbers 1, 2, 3 and so on, which are sold in this order.
    #[derive(Debug)]
    pub struct Hall {
        seats: u32,
        sold: u32,
    }

    impl Hall {
        /// A hall with so many seats, all of them free. Given.
        pub fn new(seats: u32) -> Self {
            Self { seats, sold: 0 }
        }

        /// How many seats are free. Given.
        pub fn free(&self) -> u32 {
            self.seats - self.sold
        }

        /// Sells the next `wanted` seats to people who sit together, and answers with their numbers.
        ///
        /// Where fewer are free, it sells none of them, and the answer is `None`. Asked for 0 seats it gives an empty
        /// list, even when the hall is full.
        pub fn sell(&mut self, wanted: u32) -> Option<Vec<u32>> {
            todo!("refuse what does not fit, then count, then name the seats")
        }
    }
}

/// A handle to the reading of this evening. Every clone is one more handle to the same seats.
#[derive(Debug, Clone)]
pub struct Reading {
    hall: Arc<Mutex<Hall>>,
}

impl Reading {
    /// A reading in a hall with so many seats, all of them free. Other readings have halls of their own.
    pub fn new(seats: u32) -> Self {
        todo!("a hall, a lock around it, an owner count around that")
    }

    /// How many seats are free at this moment.
    pub fn free(&self) -> u32 {
        todo!("ask the hall, under its lock")
    }

    /// Sells as many seats as `decide` says, all of them or none, as `Hall::sell` does.
    ///
    /// `decide` is told how many seats are free. Telling, deciding and selling are one step: until it is done, no other
    /// handle sells anything, so the number is still true when the seats are sold.
    ///
    /// When `decide` panics, nothing is sold, the panic goes on to the caller, and the reading stays usable for all
    /// others.
    pub fn sell(&self, decide: impl FnOnce(u32) -> u32) -> Option<Vec<u32>> {
        todo!("one lock from the first look to the last change")
    }
}

/// The layout of the tickets for the reading with this title: the title as it is, a comma, and the seat.
///
/// With the title `Emma`, seat 7 gives `Emma, seat 7`. The layout owns what it needs: it works when `title` is gone.
pub fn layout(title: &str) -> Layout {
    todo!("a closure that owns the title, in a box")
}

/// Lets all tills work at the same time, each in a thread of its own, and returns when the last of them is done.
///
/// Each till gets a handle to this `reading`. The answer has a place for each till, in the order of `tills`: what the
/// till answered, or `None` for one that panicked. Whatever happens to one till, the others work to their end.
pub fn run_tills(reading: &Reading, tills: Vec<Till>) -> Vec<Option<u32>> {
    todo!("start all of them, then wait for all of them")
}

/// Starts the ticket printer, a thread of its own.
///
/// Every seat that is sent to it becomes a ticket, as soon as it arrives. The printer ends when the last sender is gone,
/// and joining it gives the tickets, in the order in which their seats were sent.
pub fn start_printer(layout: Layout) -> (Sender<u32>, JoinHandle<Vec<String>>) {
    todo!("a channel with two ends: one goes into the thread, one to the caller")
}
