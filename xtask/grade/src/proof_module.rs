//! Proves to the grader that a test came to its end.
//!
//! Standard input is one end of a socket. The grader has put a number into it that nobody can guess; it is read
//! before the first line of the test, and before any code that is judged has run. It goes back when the test's body has
//! returned, and never otherwise: no destructor gives it back, because code that is judged can make a thread that
//! unwinds look as if it did not.
//!
//! Between the start of a test and the moment in which the grader looks for the number, code that is judged has control
//! in these places, and only in these:
//!
//! - in what the test calls: functions, futures that it polls, iterators, destructors of values that the body drops;
//! - in what an assertion calls: equality, ordering and formatting of its own types;
//! - in what it calls back: it can catch the panic of a test's closure, so that an assertion that did not hold is noted
//!   here before it panics;
//! - in a panic: hooks, the payload and its destructor, destructors while the stack unwinds;
//! - beside the test: threads and tasks of its own, which can hold standard output or standard error, print what the
//!   harness prints, write to the socket, or end the process;
//! - behind the test: destructors of the thread's local values and of statics' contents, and the end of the runtime.
//!
//! A macro of its own never has control here: the grader refuses tests that could take one for another. In none of
//! these places is there a way to the number, which lies on the stack above.

use std::any::Any;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

/// How many bytes the number has.
const BYTES: usize = 32;

/// An assertion of the test did not hold, whatever became of its panic.
static FAILED: AtomicBool = AtomicBool::new(false);

pub fn failed() {
    FAILED.store(true, Ordering::SeqCst);
}

/// The standard library's, noted before it panics.
macro_rules! assert {
    ($holds:expr $(,)?) => {
        match $holds {
            true => {}
            false => {
                $crate::proof_of_completion::failed();
                ::core::panic!("assertion failed: {}", ::core::stringify!($holds))
            }
        }
    };
    ($holds:expr, $($words:tt)+) => {
        match $holds {
            true => {}
            false => {
                $crate::proof_of_completion::failed();
                ::core::panic!($($words)+)
            }
        }
    };
}

/// The standard library's, noted before it panics.
macro_rules! assert_eq {
    ($left:expr, $right:expr $(, $($words:tt)*)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if !(*left == *right) {
                    $crate::proof_of_completion::failed();
                    ::core::assert_eq!(*left, *right $(, $($words)*)?);
                }
            }
        }
    };
}

/// The standard library's, noted before it panics.
macro_rules! assert_ne {
    ($left:expr, $right:expr $(, $($words:tt)*)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if *left == *right {
                    $crate::proof_of_completion::failed();
                    ::core::assert_ne!(*left, *right $(, $($words)*)?);
                }
            }
        }
    };
}

/// The number, until it goes back.
pub struct Begun {
    channel: File,
    bytes: [u8; BYTES],
}

/// Takes the number; the first thing that a test does.
pub fn begin() -> Begun {
    let copy = std::io::stdin().as_fd().try_clone_to_owned();
    let mut channel = File::from(copy.expect("the grader's socket is open"));
    let mut bytes = [0; BYTES];
    channel
        .read_exact(&mut bytes)
        .expect("the grader has sent a number");
    Begun { channel, bytes }
}

impl Begun {
    /// The body has returned: gives the number back if its answer is good and every assertion held.
    pub fn finish<T: Answer>(self, answer: T) -> T {
        if answer.is_good() && !FAILED.load(Ordering::SeqCst) {
            self.give_back();
        }
        answer
    }

    fn give_back(mut self) {
        // When the grader does not hear it, the test counts as failed; there is nobody else to tell.
        let _ = self.channel.write_all(&self.bytes);
        self.bytes = [0; BYTES];
    }
}

/// What a test may answer.
pub trait Answer {
    fn is_good(&self) -> bool;
}

impl Answer for () {
    fn is_good(&self) -> bool {
        true
    }
}

impl<T: Answer, E> Answer for Result<T, E> {
    fn is_good(&self) -> bool {
        self.as_ref().is_ok_and(Answer::is_good)
    }
}

/// Runs a test, and gives the number back when it has returned.
pub fn returning<T: Answer>(body: impl FnOnce() -> T) -> T {
    let begun = begin();
    let answer = body();
    begun.finish(answer)
}

/// Runs a test that must panic, and gives the number back if it did so with the expected words.
pub fn panicking(expected: Option<&str>, body: impl FnOnce()) {
    let begun = begin();
    let Err(panic) = catch_unwind(AssertUnwindSafe(body)) else {
        return;
    };
    if expected.is_none_or(|words| message(panic.as_ref()).contains(words)) {
        begun.give_back();
    }
    resume_unwind(panic);
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or_default()
}
