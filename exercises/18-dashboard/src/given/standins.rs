//! Simple answers to the traits of `neighbours`: tests of one milestone use them for all the others. They keep what they are
//! given, count from scratch what they are asked, and refuse what no milestone may ask of another one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::app::Tx;
use super::clock::UnixTime;
use super::database::is_writing;
use super::events::{Dimension, Event, HOUR, Kind, Slice};
use super::neighbours::{Hours, Neighbours, News, Recorded, Store, Sum};
use super::problem::Problem;

/// What the stand-ins were given and asked. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    events: Vec<Event>,
    version: i64,
    horizon: UnixTime,
    published: Vec<i64>,
    asked: Vec<String>,
    broken: bool,
}

impl Journal {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts events into the store of the stand-ins.
    pub fn put(&self, events: impl IntoIterator<Item = Event>) {
        let mut pages = self.pages();
        pages.events.extend(events);
        pages.version += 1;
    }

    /// The events that lie in the store.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.pages().events.clone()
    }

    /// From now on single events before this are gone.
    pub fn set_horizon(&self, at: UnixTime) {
        self.pages().horizon = at;
    }

    /// From now on the store fails (500), until it is mended by `false`.
    pub fn break_down(&self, broken: bool) {
        self.pages().broken = broken;
    }

    /// Takes what was published so far.
    #[must_use]
    pub fn published(&self) -> Vec<i64> {
        std::mem::take(&mut self.pages().published)
    }

    /// Takes what the store was asked so far, a line a question: `hours order country=AT 0 7200`,
    /// `values view channel device=phone 0 7200` (the dimension, then the slice), `record 3`, `horizon`, `version`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.pages().asked)
    }
}

/// A stand-in for every milestone.
#[must_use]
pub fn neighbours(journal: &Journal) -> Neighbours {
    Neighbours {
        store: Arc::new(PlainStore(journal.clone())),
        news: Arc::new(PlainNews(journal.clone())),
    }
}

/// Keeps events in memory, and counts them anew for every question. It refuses to record outside of a writing transaction,
/// hours that are no full hours or end before they begin, and a slice that has a value in the dimension that is asked.
pub struct PlainStore(pub Journal);

impl PlainStore {
    fn open(&self, question: String) -> Result<MutexGuard<'_, Pages>, Problem> {
        let mut pages = self.0.pages();
        if pages.asked.len() < 10_000 {
            pages.asked.push(question);
        }
        if pages.broken {
            return Err(Problem::internal(&"the test's own failure"));
        }
        Ok(pages)
    }
}

impl Store for PlainStore {
    fn record(&self, tx: &Tx, events: &[Event]) -> Result<Recorded, Problem> {
        // Fails where nothing can be written.
        tx.execute("DELETE FROM events WHERE id IS NULL", [])?;
        let mut pages = self.open(format!("record {}", events.len()))?;
        let mut recorded = Recorded::default();
        for event in events {
            if pages.events.iter().any(|known| known.id == event.id) {
                recorded.known += 1;
            } else {
                pages.events.push(event.clone());
                recorded.new += 1;
            }
        }
        pages.version += i64::from(recorded.new > 0);
        Ok(recorded)
    }

    fn hours(
        &self,
        _tx: &Tx,
        kind: Kind,
        slice: &Slice,
        hours: Hours,
    ) -> Result<Vec<(UnixTime, Sum)>, Problem> {
        let question = format!("hours {} {}", kind.name(), told(slice, hours));
        let pages = self.open(question)?;
        must_be_hours(hours)?;
        let mut sums: BTreeMap<UnixTime, Sum> = BTreeMap::new();
        for event in pages
            .events
            .iter()
            .filter(|event| meant(event, kind, slice, hours))
        {
            add(sums.entry(event.hour()).or_default(), event);
        }
        Ok(sums.into_iter().collect())
    }

    fn values(
        &self,
        _tx: &Tx,
        kind: Kind,
        slice: &Slice,
        dimension: Dimension,
        hours: Hours,
    ) -> Result<Vec<(String, Sum)>, Problem> {
        let (kind_name, name) = (kind.name(), dimension.name());
        let question = format!("values {kind_name} {name} {}", told(slice, hours));
        let pages = self.open(question)?;
        must_be_hours(hours)?;
        if slice.value(dimension).is_some() {
            return Err(Problem::internal(
                &"the slice has one value in this dimension",
            ));
        }
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        for event in pages
            .events
            .iter()
            .filter(|event| meant(event, kind, slice, hours))
        {
            let value = event.along(dimension).to_owned();
            add(sums.entry(value).or_default(), event);
        }
        // In no order: the reverse of the alphabet shows who relied on it.
        Ok(sums.into_iter().rev().collect())
    }

    fn horizon(&self, _tx: &Tx) -> Result<UnixTime, Problem> {
        Ok(self.open("horizon".to_owned())?.horizon)
    }

    fn version(&self, _tx: &Tx) -> Result<i64, Problem> {
        Ok(self.open("version".to_owned())?.version)
    }
}

fn told(slice: &Slice, hours: Hours) -> String {
    let parts: Vec<String> = slice
        .parts()
        .iter()
        .map(|(dimension, value)| format!("{}={value} ", dimension.name()))
        .collect();
    format!("{}{} {}", parts.concat(), hours.from, hours.to)
}

fn must_be_hours(hours: Hours) -> Result<(), Problem> {
    let full = |at: UnixTime| at.rem_euclid(HOUR) == 0;
    if full(hours.from) && full(hours.to) && hours.from <= hours.to {
        return Ok(());
    }
    Err(Problem::internal(
        &"these are no full hours, or they end before they begin",
    ))
}

fn meant(event: &Event, kind: Kind, slice: &Slice, hours: Hours) -> bool {
    event.kind == kind && slice.holds(event) && (hours.from..hours.to).contains(&event.at)
}

fn add(sum: &mut Sum, event: &Event) {
    sum.events += 1;
    sum.cents += event.cents;
}

/// Notes what is published. Inside of a transaction nobody may hear of it yet: that is noted as -1.
pub struct PlainNews(pub Journal);

impl News for PlainNews {
    fn publish(&self, version: i64) {
        let early = is_writing();
        self.0
            .pages()
            .published
            .push(if early { -1 } else { version });
    }
}
