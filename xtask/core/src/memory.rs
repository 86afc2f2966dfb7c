//! Answers that follow from their question alone, kept as long as the program runs.
//!
//! What a file says is asked several times for each verdict, and of hundreds of files of which one has changed since the
//! last one. The text is the question, so an answer is never older than the file.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{LazyLock, Mutex, PoisonError};

/// How many answers are kept: a course has some hundred files, and a watch sees each save of one.
const KEPT: usize = 2048;

/// Questions of one kind, and their answers.
pub struct Memory<Q, A>(LazyLock<Mutex<HashMap<Q, A>>>);

impl<Q: Hash + Eq, A: Clone> Memory<Q, A> {
    /// Nothing is known yet.
    pub const fn new() -> Self {
        Self(LazyLock::new(Mutex::default))
    }

    /// The answer to `question`, which `find` finds when it is asked for the first time. Nobody else waits meanwhile.
    pub fn answer(&self, question: Q, find: impl FnOnce(&Q) -> A) -> A {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known().get(&question) {
            return answer.clone();
        }
        let answer = find(&question);
        let mut known = known();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(question, answer.clone());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Memory};

    #[test]
    fn an_answer_is_found_once() {
        static LENGTHS: Memory<String, usize> = Memory::new();
        let length = |text: &str| LENGTHS.answer(text.to_owned(), String::len);
        assert_eq!((length("one"), length("three")), (3, 5));
        let known = LENGTHS.answer("one".to_owned(), |_| panic!("it was asked before"));
        assert_eq!(known, 3);
    }

    #[test]
    fn it_does_not_grow_without_end() {
        static DOUBLES: Memory<usize, usize> = Memory::new();
        for number in 0..=KEPT {
            assert_eq!(DOUBLES.answer(number, |number| 2 * number), 2 * number);
        }
        assert_eq!(DOUBLES.answer(0, |_| 7), 7, "the first was forgotten");
    }
}
