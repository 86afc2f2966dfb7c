//! No right answer of the whole course has another signature than its starter: whoever is told of one has changed it.

use std::fs;
use std::path::Path;

use xtask_core::course::{Course, Originals, changed, relied_on};
use xtask_core::files;

#[test]
fn no_right_answer_is_said_to_have_another_signature() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let course = Course::load(root.expect("the course is above")).expect("it can be read");
    let mut wrong = Vec::new();
    for item in course.exercises() {
        let originals = Originals::load(item.stage).expect("they are recorded");
        let starter = originals.starter(item.exercise).expect("there is one");
        let solutions = item.stage.solution_folder();
        let mut answers = vec![solutions.join(item.exercise.source())];
        let alternatives = solutions.join("alternative").join(&item.exercise.name);
        // A copy that was handed out has neither.
        answers.extend(files::entries(&alternatives).unwrap_or_default());
        for answer in answers {
            let Ok(text) = fs::read_to_string(&answer) else {
                continue;
            };
            let source = item.exercise.source();
            let others = originals
                .files()
                .iter()
                .filter(|(path, _)| **path != source && path.ends_with(".rs"));
            let others = others.map(|(_, text)| text.as_str());
            for one in relied_on(changed(starter, &text), others) {
                wrong.push(format!("{}: {one:?}", item.stage.shown(&answer)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
