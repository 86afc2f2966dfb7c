//! The line of the course that a failure began at, when it ended in somebody else's code.
//!
//! `[u64::MAX, 1].iter().sum()` panics in a file of the standard library, and that file is all that the message names.
//! Such a test is run once more, by a program that knows its lines, and the way down to the panic names the line. It is
//! rare, so that nobody waits for lines in every build.

use super::overlay::JUDGED;
use super::rendered::is_of_library;
use super::run::{Case, Program, command};
use super::verdict::Failure;
use crate::process::{Cancel, Limits, run};

/// What a test may print on its second run.
const OUTPUT_BYTES: usize = 1024 * 1024;

/// Whether a failure's place lies in the standard library.
pub fn is_foreign(failure: &Failure) -> bool {
    failure.place.as_deref().is_some_and(is_of_library)
}

/// Runs a test again and puts the course's own place into its failure, in the form that the program's other places have.
pub fn find_own_place(
    program: Program<'_>,
    case: &Case,
    stage: &str,
    cancel: &Cancel,
    failure: &mut Failure,
) {
    let mut command = command(program, case);
    command.env("RUST_BACKTRACE", "1");
    let limits = Limits {
        time: Some(case.limit),
        output: OUTPUT_BYTES,
    };
    // Without an answer the failure stays as it is.
    let Ok(outcome) = run(command, limits, cancel, |_, _| ()) else {
        return;
    };
    if let Some(place) = own_place(&outcome.stderr, stage) {
        failure.place = Some(place);
        failure
            .says
            .push_str("\ninside of the standard library, which was called here:");
    }
}

/// The first place of a backtrace that lies in the stage. The program runs in the stage's folder, and says `./` for it.
fn own_place(stderr: &str, stage: &str) -> Option<String> {
    let places = stderr
        .lines()
        .filter_map(|line| line.trim().strip_prefix("at "));
    let own = places.filter_map(|place| {
        let place = place.replace('\\', "/");
        let inside = match place.strip_prefix("./") {
            Some(inside) => inside,
            None => place.split_once(&format!("{JUDGED}/exercises/{stage}/"))?.1,
        };
        let (line, _column) = inside.rsplit_once(':')?;
        Some(format!("{JUDGED}/exercises/{stage}/{line}"))
    });
    own.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::own_place;

    #[test]
    fn the_first_place_of_the_stage_counts() {
        let stderr = "stack backtrace:\n   3: <u32 as Sum>::sum\n             at /rustc/5/library/core/src/a.rs:149:1\n   \
                      4: tiny::sums::sum\n             at ./src/sums.rs:5:17\n   5: stage\n             at \
                      ./tests/stage/sums.rs:10:5\n";
        let own = own_place(stderr, "01-tiny");
        assert_eq!(
            own.as_deref(),
            Some("judged/exercises/01-tiny/src/sums.rs:5")
        );
        let elsewhere = stderr.replace("./src", "/tmp/x/judged/exercises/01-tiny/src");
        assert_eq!(own_place(&elsewhere, "01-tiny"), own);
        assert_eq!(own_place("at /rustc/5/a.rs:1:1", "01-tiny"), None);
    }
}
