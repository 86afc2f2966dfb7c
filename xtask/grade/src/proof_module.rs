//! Proves to the grader that a test came to its end.
//!
//! Standard input is one end of a socket. The grader has put a number into it that nobody can guess; it is read
//! before the first line of the test, and before any code that is judged has run. It goes back when the test has come
//! to its end, and never otherwise.

use std::any::Any;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How many bytes the number has.
const BYTES: usize = 32;

/// The number, until it goes back.
struct Number {
    channel: File,
    bytes: [u8; BYTES],
}

impl Number {
    fn take() -> Self {
        let copy = std::io::stdin().as_fd().try_clone_to_owned();
        let mut channel = File::from(copy.expect("the grader's socket is open"));
        let mut bytes = [0; BYTES];
        channel
            .read_exact(&mut bytes)
            .expect("the grader has sent a number");
        Self { channel, bytes }
    }

    fn give_back(&mut self) {
        // When the grader does not hear it, the test counts as failed; there is nobody else to tell.
        let _ = self.channel.write_all(&self.bytes);
        self.bytes = [0; BYTES];
    }
}

/// Gives the number back when the test's body is left without a panic.
pub struct Begun(Number);

pub fn begin() -> Begun {
    Begun(Number::take())
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.give_back();
        }
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

/// Runs a test that answers, and gives the number back if the answer is good.
pub fn answering<T: Answer>(body: impl FnOnce() -> T) -> T {
    begin_answering().finish(body())
}

pub struct BegunAnswering(Number);

pub fn begin_answering() -> BegunAnswering {
    BegunAnswering(Number::take())
}

impl BegunAnswering {
    pub fn finish<T: Answer>(mut self, answer: T) -> T {
        if answer.is_good() {
            self.0.give_back();
        }
        answer
    }
}

/// Runs a test that must panic, and gives the number back if it did so with the expected words.
pub fn panicking(expected: Option<&str>, body: impl FnOnce()) {
    let mut number = Number::take();
    let Err(panic) = catch_unwind(AssertUnwindSafe(body)) else {
        return;
    };
    if expected.is_none_or(|words| message(panic.as_ref()).contains(words)) {
        number.give_back();
    }
    resume_unwind(panic);
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or_default()
}
