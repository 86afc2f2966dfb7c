//! What is saved while something is judged.

use std::fs;
use std::path::{Path, PathBuf};

use sample::Sample;
use xtask_core::course::Course;
use xtask_core::desk::Desk;
use xtask_core::engine::{Event, Observer};
use xtask_core::process::Cancel;

use crate::{RIGHT, SUMS, WRONG, sums};

/// Saves another text as soon as the tests of the first one run.
struct Impatient(PathBuf);

impl Observer for Impatient {
    fn notice(&self, event: Event) {
        if matches!(event, Event::Testing { .. }) {
            fs::write(&self.0, sums(RIGHT)).expect("the folder is writable");
        }
    }
}

#[test]
fn what_is_saved_while_the_tests_run_is_not_taken_for_what_was_judged() {
    let sample = Sample::build();
    let file = sample.path(SUMS);
    sample.write(SUMS, &sums(WRONG));
    let course = Course::load(Path::new(&sample.path(""))).expect("the course is whole");
    let saves = Impatient(file.clone());
    let desk = Desk::new(
        &course,
        sample.path("target"),
        Cancel::default(),
        &saves,
        false,
    );
    let item = course.exercise("tiny/sums").expect("it is in the course");
    let before = desk.key(&item).expect("its files can be read");

    let advance = desk.advance(Some(item)).expect("it can be judged");

    assert_eq!(advance.at().map(|at| at.id()), Some(item.id()));
    assert_eq!(advance.key, Some(before), "the text that was judged");
    let now = desk.key(&item).expect("its files can be read");
    assert_ne!(advance.key, Some(now), "the text that came meanwhile");
}
