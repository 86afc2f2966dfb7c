//! Which known mistake an exercise's failures are those of, and the question that helps whoever made it.
//!
//! For each known mistake `diagnoses.json` has the tests that fail on it and a hash of what each of them says, and no
//! solution: it is handed out. A wrong diagnosis costs more than none, so there is a question only where the failures
//! are just those of a mistake, and of no other one that asks something else.

mod record;
mod said;

use std::collections::{BTreeMap, BTreeSet};

use crate::course::Exercise;
use crate::engine::{Sense, TestResult, TestStatus};

pub use record::{FORM, Known, KnownMistake, Seen};
pub use said::hash;

/// What a learner's failures are known as.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Diagnosis {
    /// The mistake's name, which says it: `the_last_one_left_out`.
    pub mistake: String,
    /// One question that lets somebody who made the mistake see it.
    pub ask: String,
}

/// The known mistakes of a stage, by the exercises' names.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Diagnoses {
    exercises: BTreeMap<String, Known>,
}

/// How a test of an answer ended, as far as it tells something.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Came {
    Passed,
    /// It failed, and said what has this hash.
    Said(String),
    Hung,
    /// It came to what is not written yet, or did not run to its end.
    NotKnown,
}

/// How well a mistake explains how one test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// The mistake fails in just this way.
    Evidence,
    /// Nothing speaks against it.
    Possible,
    No,
}

impl Diagnoses {
    /// The mistake that an exercise's tests fail on in just this way; nothing where several would ask different things.
    pub fn of(&self, exercise: &Exercise, tests: &[TestResult]) -> Option<Diagnosis> {
        let known = self.exercises.get(&exercise.name)?;
        let came: BTreeMap<&str, Came> = tests
            .iter()
            // A module below the exercise's tests is an instructor's; no mistake was tried with it.
            .filter(|test| !test.name.contains("::"))
            .map(|test| (test.name.as_str(), came_of(test)))
            .collect();
        let is_failure = |came: &&Came| matches!(came, Came::Said(_) | Came::Hung);
        came.values().find(is_failure)?;
        if let Some(found) = one_question(known, |mistake| explains(&[mistake], &came)) {
            return found;
        }
        // Where no test says the same, every fifth wrong answer that nobody knew was asked about something else.
        if let Some(found) = one_question(known, |mistake| fails_alike(mistake, &came)) {
            let mistake = |found: &Diagnosis| known.mistakes.get(&found.mistake);
            return found
                .filter(|found| mistake(found).is_some_and(|known| says_the_same(known, &came)));
        }
        let first = tests.iter().find(|test| {
            let own = came.get(test.name.as_str());
            own.as_ref().is_some_and(is_failure)
        })?;
        pair(known, &came, &first.name)
    }
}

/// The one question of the mistakes that `fits` takes: nothing when it takes none, and no diagnosis when they ask
/// different things.
fn one_question(known: &Known, fits: impl Fn(&KnownMistake) -> bool) -> Option<Option<Diagnosis>> {
    let mut fitting = known.mistakes.iter().filter(|(_, mistake)| fits(mistake));
    let (name, mistake) = fitting.next()?;
    let is_alone = fitting.all(|(_, other)| other.ask == mistake.ask);
    Some(is_alone.then(|| diagnosis(name, mistake)))
}

fn diagnosis(name: &str, mistake: &KnownMistake) -> Diagnosis {
    Diagnosis {
        mistake: name.to_owned(),
        ask: mistake.ask.clone(),
    }
}

/// Two mistakes at once: those whose failures together are just these. The question is that of the mistake that the
/// first failing test tells of.
fn pair(known: &Known, came: &BTreeMap<&str, Came>, first: &str) -> Option<Diagnosis> {
    let tells = |mistake: &KnownMistake| fit(mistake, first, came) == Fit::Evidence;
    let mut found: Option<(&String, &KnownMistake)> = None;
    for (name, mistake) in known.mistakes.iter().filter(|(_, one)| tells(one)) {
        let others = known.mistakes.iter().filter(|(other, _)| *other != name);
        if !others
            .into_iter()
            .any(|(_, other)| explains(&[mistake, other], came))
        {
            continue;
        }
        if found.is_some_and(|(_, before)| before.ask != mistake.ask) {
            return None;
        }
        found = Some((name, mistake));
    }
    found.map(|(name, mistake)| diagnosis(name, mistake))
}

/// Whether the failures of these mistakes together are just those that came, each of them seen in at least one test.
fn explains(mistakes: &[&KnownMistake], came: &BTreeMap<&str, Came>) -> bool {
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    for test in came.keys() {
        let fits: Vec<Fit> = mistakes.iter().map(|one| fit(one, test, came)).collect();
        let is_evidence = |index: &usize| fits[*index] == Fit::Evidence;
        let speaking: Vec<usize> = (0..fits.len()).filter(is_evidence).collect();
        // Where one mistake fails in just this way, the other one would have come behind it.
        if speaking.is_empty() && fits.contains(&Fit::No) {
            return false;
        }
        seen.extend(speaking);
    }
    seen.len() == mistakes.len()
}

/// Whether the mistake fails in the same tests, whatever they say. Everything must be known for that.
fn fails_alike(mistake: &KnownMistake, came: &BTreeMap<&str, Came>) -> bool {
    came.iter()
        .all(|(test, came)| match mistake.fails.get(*test) {
            None => *came == Came::Passed,
            Some(Seen::Hangs) => *came == Came::Hung,
            Some(Seen::Says(_) | Seen::Fails) => matches!(came, Came::Said(_)),
            Some(Seen::Unsure) => false,
        })
}

/// Whether a test says what it says of the mistake.
fn says_the_same(mistake: &KnownMistake, came: &BTreeMap<&str, Came>) -> bool {
    let mut tests = came.keys();
    tests.any(|test| fit(mistake, test, came) == Fit::Evidence)
}

fn fit(mistake: &KnownMistake, test: &str, came: &BTreeMap<&str, Came>) -> Fit {
    let came = came.get(test).unwrap_or(&Came::NotKnown);
    match (came, mistake.fails.get(test)) {
        (Came::NotKnown, _) | (Came::Passed, None) | (_, Some(Seen::Unsure)) => Fit::Possible,
        (Came::Said(said), Some(Seen::Says(known))) if said == known => Fit::Evidence,
        (Came::Said(_), Some(Seen::Fails)) | (Came::Hung, Some(Seen::Hangs)) => Fit::Evidence,
        _ => Fit::No,
    }
}

fn came_of(test: &TestResult) -> Came {
    let sense = test.failure.as_ref().map(|failure| failure.sense);
    match (test.status, sense) {
        (TestStatus::Passed, _) => Came::Passed,
        (_, Some(Sense::NotWritten | Sense::NotKnown)) => Came::NotKnown,
        (TestStatus::TimedOut, _) => Came::Hung,
        (TestStatus::Failed, _) => Came::Said(hash(test)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Came, Fit, Known, KnownMistake, Seen, explains, fit, one_question, pair};
    use std::collections::BTreeMap;

    fn said(hash: &str) -> Came {
        Came::Said(hash.to_owned())
    }

    /// Two mistakes that the first test tells apart, and a third one that fails in the second test alone.
    fn known() -> Known {
        let mistake = |ask: &str, fails: &[(&str, &str)]| KnownMistake {
            ask: ask.to_owned(),
            fails: fails
                .iter()
                .map(|(test, hash)| ((*test).to_owned(), Seen::Says((*hash).to_owned())))
                .collect(),
        };
        let mistakes = [
            ("one", mistake("A?", &[("first", "1"), ("second", "s")])),
            ("two", mistake("B?", &[("first", "2"), ("second", "s")])),
            ("three", mistake("C?", &[("third", "3")])),
        ];
        Known {
            made_from: String::new(),
            mistakes: mistakes.map(|(name, one)| (name.to_owned(), one)).into(),
        }
    }

    fn came(tests: [Came; 3]) -> BTreeMap<&'static str, Came> {
        ["first", "second", "third"]
            .into_iter()
            .zip(tests)
            .collect()
    }

    fn asked(came: &BTreeMap<&str, Came>) -> Option<String> {
        let known = known();
        one_question(&known, |mistake| explains(&[mistake], came))?.map(|found| found.ask)
    }

    #[test]
    fn just_these_failures_are_asked_about_and_no_others() {
        assert_eq!(
            asked(&came([said("1"), said("s"), Came::Passed])).as_deref(),
            Some("A?")
        );
        for other in [
            [said("9"), said("s"), Came::Passed],
            [said("1"), Came::Passed, Came::Passed],
            [said("1"), said("s"), Came::Hung],
            [Came::Passed, Came::Passed, Came::Passed],
        ] {
            assert_eq!(asked(&came(other)), None);
        }
    }

    #[test]
    fn what_is_not_known_speaks_for_nobody_and_against_nobody() {
        let not_run = || Came::NotKnown;
        assert_eq!(
            asked(&came([not_run(), said("s"), not_run()])),
            None,
            "two fit"
        );
        assert_eq!(
            asked(&came([said("2"), not_run(), not_run()])).as_deref(),
            Some("B?")
        );
        assert_eq!(asked(&came([not_run(), not_run(), Came::Passed])), None);
    }

    #[test]
    fn of_two_mistakes_at_once_the_first_failing_test_tells_one() {
        let both = came([said("2"), said("s"), said("3")]);
        let found = pair(&known(), &both, "first").map(|found| found.mistake);
        assert_eq!(found.as_deref(), Some("two"));
        let other = came([said("2"), said("s"), said("9")]);
        assert_eq!(pair(&known(), &other, "first"), None);
    }

    #[test]
    fn a_test_that_is_not_sure_is_no_evidence() {
        let mut mistake = KnownMistake::default();
        mistake.fails.insert("first".to_owned(), Seen::Unsure);
        for came in [Came::Passed, Came::Hung, said("1")] {
            let came = BTreeMap::from([("first", came)]);
            assert_eq!(fit(&mistake, "first", &came), Fit::Possible);
            assert!(!explains(&[&mistake], &came));
        }
    }
}
