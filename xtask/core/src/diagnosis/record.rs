//! `diagnoses.json`: what was seen of each known mistake.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nojson::RawJson;

use super::Diagnoses;
use crate::course::Stage;
use crate::error::Result;
use crate::files;
use crate::json::Node;

/// The form of what is recorded. A change of how messages are hashed is another form: everything is recorded again.
pub const FORM: &str = "1";

/// The known mistakes of one exercise.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Known {
    /// The key of what it was recorded from.
    pub made_from: String,
    /// The mistakes, by their names.
    pub mistakes: BTreeMap<String, KnownMistake>,
}

/// What was seen of one mistake.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct KnownMistake {
    /// The question for whoever makes it.
    pub ask: String,
    /// The tests that do not pass, by their names.
    pub fails: BTreeMap<String, Seen>,
}

/// How a test fails on a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It says the same in every run, and this is its hash.
    Says(String),
    /// It fails, and says another thing each time.
    Fails,
    /// It does not come to its end.
    Hangs,
    /// It fails in some runs, or was not tried.
    Unsure,
}

impl Seen {
    const WORDS: [(Seen, &str); 3] = [
        (Seen::Fails, "fails"),
        (Seen::Hangs, "hangs"),
        (Seen::Unsure, "unsure"),
    ];

    fn words(&self) -> &str {
        if let Seen::Says(hash) = self {
            return hash;
        }
        let mut known = Self::WORDS.iter();
        known
            .find(|(seen, _)| seen == self)
            .map_or("", |(_, word)| word)
    }

    fn parse(word: &str) -> Self {
        let mut known = Self::WORDS.iter();
        match known.find(|(_, known)| *known == word) {
            Some((seen, _)) => seen.clone(),
            None => Seen::Says(word.to_owned()),
        }
    }
}

impl Diagnoses {
    /// Where a stage's diagnoses lie.
    pub fn path(stage: &Stage) -> PathBuf {
        stage.folder().join("diagnoses.json")
    }

    /// What was recorded of a stage. A file that is missing or damaged knows no mistake: no verdict depends on it.
    pub fn load(stage: &Stage) -> Self {
        let text = files::read(&Self::path(stage)).unwrap_or_default();
        Self::decode(&text).unwrap_or_default()
    }

    /// The known mistakes of an exercise.
    pub fn known(&self, exercise: &str) -> Option<&Known> {
        self.exercises.get(exercise)
    }

    /// Puts what is known of an exercise in the place of what was.
    pub fn put(&mut self, exercise: &str, known: Known) {
        self.exercises.insert(exercise.to_owned(), known);
    }

    /// Writes the record of a stage.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn record(&self, stage: &Stage) -> Result<()> {
        files::write_atomically(&Self::path(stage), &self.encode())
    }

    /// The text of the file.
    pub fn encode(&self) -> String {
        let document = nojson::json(|f| {
            f.set_indent_size(1);
            f.set_spacing(true);
            f.object(|f| {
                let mut exercises = self.exercises.iter();
                exercises.try_for_each(|(name, known)| {
                    f.member(
                        name,
                        nojson::object(|f| {
                            f.member("made_from", &known.made_from)?;
                            f.member("mistakes", nojson::object(|f| mistakes(known, f)))
                        }),
                    )
                })
            })
        });
        format!("{document}\n")
    }

    fn decode(text: &str) -> Option<Self> {
        let document = RawJson::parse(text).ok()?;
        let mut read = Self::default();
        for (exercise, value) in Node::of(&document).members()? {
            let mut known = Known {
                made_from: value.at("made_from").text()?.into_owned(),
                mistakes: BTreeMap::new(),
            };
            for (name, value) in value.at("mistakes").members()? {
                let fails = value.at("fails").members()?.into_iter();
                let fails =
                    fails.map(|(test, seen)| Some((test.into_owned(), Seen::parse(&seen.text()?))));
                let mistake = KnownMistake {
                    ask: value.at("ask").text()?.into_owned(),
                    fails: fails.collect::<Option<_>>()?,
                };
                known.mistakes.insert(name.into_owned(), mistake);
            }
            read.put(&exercise, known);
        }
        Some(read)
    }
}

fn mistakes(known: &Known, f: &mut nojson::JsonObjectFormatter<'_, '_, '_>) -> std::fmt::Result {
    known.mistakes.iter().try_for_each(|(name, mistake)| {
        f.member(
            name,
            nojson::object(|f| {
                f.member("ask", &mistake.ask)?;
                f.member(
                    "fails",
                    nojson::object(|f| {
                        let mut fails = mistake.fails.iter();
                        fails.try_for_each(|(test, seen)| f.member(test, seen.words()))
                    }),
                )
            }),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Known, KnownMistake, Seen};
    use crate::diagnosis::Diagnoses;

    #[test]
    fn what_was_recorded_is_read_again() {
        let seen = [
            Seen::Says("00ff".to_owned()),
            Seen::Fails,
            Seen::Hangs,
            Seen::Unsure,
        ];
        let named = seen.into_iter().zip(["a", "b", "c", "d"]);
        let mistake = KnownMistake {
            ask: "What is \"left\"?".to_owned(),
            fails: named.map(|(seen, test)| (test.to_owned(), seen)).collect(),
        };
        let mut diagnoses = Diagnoses::default();
        let known = Known {
            made_from: "k".to_owned(),
            mistakes: [("one".to_owned(), mistake)].into(),
        };
        diagnoses.put("loops", known);
        diagnoses.put("empty", Known::default());
        assert_eq!(Diagnoses::decode(&diagnoses.encode()), Some(diagnoses));
        assert_eq!(Diagnoses::decode("{\"loops\": 7}"), None);
    }
}
