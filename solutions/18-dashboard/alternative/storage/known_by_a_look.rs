//! Milestone 2: events and numbers that never disagree.
//!
//! Every event is kept, and counted at once in the roll-ups, from which every chart is drawn. A year by day is a few thousand
//! rows of them, whether a million events lie below or ten.

use std::collections::HashMap;

use axum::http::StatusCode;
use rusqlite::{OptionalExtension, params};

use crate::given::app::Tx;
use crate::given::clock::UnixTime;
use crate::given::events::{Dimension, Event, HOUR, Kind, Slice};
use crate::given::neighbours::{Hours, Recorded, Store, Sum};
use crate::given::problem::Problem;

/// A row of `rollups`: facet, value, kind, hour.
type Key = (String, String, String, UnixTime);

/// A slice of more values than this has no facet.
const MOST_ROLLED_UP: usize = 2;

/// The tables of `given/migrations/001_events.sql`.
#[derive(Debug)]
pub struct Storage;

/// A number of the roll-ups that is not what the events say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub facet: String,
    pub value: String,
    pub kind: String,
    pub hour: UnixTime,
    /// What the roll-ups have; zeros when there is no row.
    pub stored: Sum,
    /// What the events add up to; zeros when there are none.
    pub counted: Sum,
}

/// The slices in which an event is counted: of all sixteen sets of dimensions those of none, one or two.
pub fn slices(event: &Event) -> Vec<Slice> {
    (0..16_u32)
        .filter(|set| set.count_ones() <= 2)
        .map(|set| {
            (0..)
                .zip(Dimension::ALL)
                .filter(|(bit, _)| set >> bit & 1 == 1)
                .fold(Slice::everything(), |slice, (_, dimension)| {
                    slice.with(dimension, event.along(dimension))
                })
        })
        .collect()
}

impl Store for Storage {
    fn record(&self, tx: &Tx, events: &[Event]) -> Result<Recorded, Problem> {
        let mut recorded = Recorded::default();
        let mut sums: HashMap<Key, Sum> = HashMap::new();
        for event in events {
            // Writers run one after the other: what is not there now will not be there a line later.
            let known: bool = tx
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM events WHERE id = ?1)")?
                .query_row([&event.id], |row| row.get(0))?;
            if known {
                recorded.known += 1;
            } else {
                insert(tx, event)?;
                recorded.new += 1;
                count(&mut sums, event);
            }
        }
        add_to_rollups(tx, &sums)?;
        if recorded.new > 0 {
            tx.execute("UPDATE version SET number = number + 1", [])?;
        }
        Ok(recorded)
    }

    fn hours(
        &self,
        tx: &Tx,
        kind: Kind,
        slice: &Slice,
        hours: Hours,
    ) -> Result<Vec<(UnixTime, Sum)>, Problem> {
        if slice.parts().len() > MOST_ROLLED_UP {
            return hours_of_events(tx, kind, slice, hours);
        }
        let mut statement = tx.prepare_cached(
            "SELECT hour, events, cents FROM rollups
             WHERE facet = ?1 AND value = ?2 AND kind = ?3 AND hour >= ?4 AND hour < ?5
             ORDER BY hour",
        )?;
        let key = params![
            slice.facet(),
            slice.value_text(),
            kind.name(),
            hours.from,
            hours.to
        ];
        let rows = statement.query_map(key, hour_and_sum)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn values(
        &self,
        tx: &Tx,
        kind: Kind,
        slice: &Slice,
        dimension: Dimension,
        hours: Hours,
    ) -> Result<Vec<(String, Sum)>, Problem> {
        if slice.parts().len() >= MOST_ROLLED_UP {
            return values_of_events(tx, kind, slice, dimension, hours);
        }
        let facet = slice.clone().with(dimension, "").facet();
        let mut sums = Vec::new();
        let mut found = next_value(tx, &facet, None)?;
        while let Some(text) = found {
            if let Some(value) = value_in(&text, slice, dimension)
                && let Some(sum) = sum_of(tx, &facet, &text, kind, hours)?
            {
                sums.push((value.to_owned(), sum));
            }
            found = next_value(tx, &facet, Some(&text))?;
        }
        Ok(sums)
    }

    fn horizon(&self, tx: &Tx) -> Result<UnixTime, Problem> {
        Ok(tx.query_row("SELECT horizon FROM version", [], |row| row.get(0))?)
    }

    fn version(&self, tx: &Tx) -> Result<i64, Problem> {
        Ok(tx.query_row("SELECT number FROM version", [], |row| row.get(0))?)
    }
}

fn insert(tx: &Tx, event: &Event) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO events (id, at, kind, country, channel, device, category, cents)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    statement.execute(params![
        event.id,
        event.at,
        event.kind.name(),
        event.country,
        event.channel,
        event.device,
        event.category,
        event.cents,
    ])?;
    Ok(())
}

/// Adds one event to what its slices add up to.
fn count(sums: &mut HashMap<Key, Sum>, event: &Event) {
    for slice in slices(event) {
        let key = (
            slice.facet(),
            slice.value_text(),
            event.kind.name().to_owned(),
            event.hour(),
        );
        let sum = sums.entry(key).or_default();
        sum.events += 1;
        sum.cents += event.cents;
    }
}

fn add_to_rollups(tx: &Tx, sums: &HashMap<Key, Sum>) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO rollups (facet, value, kind, hour, events, cents)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (facet, value, kind, hour) DO UPDATE
         SET events = events + excluded.events, cents = cents + excluded.cents",
    )?;
    for ((facet, value, kind, hour), sum) in sums {
        statement.execute(params![facet, value, kind, hour, sum.events, sum.cents])?;
    }
    Ok(())
}

fn hour_and_sum(row: &rusqlite::Row<'_>) -> rusqlite::Result<(UnixTime, Sum)> {
    let sum = Sum {
        events: row.get(1)?,
        cents: row.get(2)?,
    };
    Ok((row.get(0)?, sum))
}

/// The first value of a facet, or the first one behind `last`: a step into the key, and no row is read twice.
fn next_value(tx: &Tx, facet: &str, last: Option<&str>) -> Result<Option<String>, Problem> {
    let mut statement = tx.prepare_cached(match last {
        None => "SELECT min(value) FROM rollups WHERE facet = ?1 AND ?2 IS NULL",
        Some(_) => "SELECT min(value) FROM rollups WHERE facet = ?1 AND value > ?2",
    })?;
    Ok(statement.query_row((facet, last), |row| row.get(0))?)
}

/// The part of a facet's value that belongs to the dimension, if the other part is the slice's.
fn value_in<'t>(text: &'t str, slice: &Slice, dimension: Dimension) -> Option<&'t str> {
    let Some((other, wanted)) = slice.parts().first() else {
        return Some(text);
    };
    let (first, second) = text.split_once('\n')?;
    let (own, others) = if dimension < *other {
        (first, second)
    } else {
        (second, first)
    };
    (others == wanted).then_some(own)
}

/// The sum of a piece of the roll-ups; nothing when there is no row.
fn sum_of(
    tx: &Tx,
    facet: &str,
    value: &str,
    kind: Kind,
    hours: Hours,
) -> Result<Option<Sum>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT sum(events), sum(cents) FROM rollups
         WHERE facet = ?1 AND value = ?2 AND kind = ?3 AND hour >= ?4 AND hour < ?5
         HAVING count(*) > 0",
    )?;
    let key = params![facet, value, kind.name(), hours.from, hours.to];
    let sum = statement.query_row(key, |row| {
        Ok(Sum {
            events: row.get(0)?,
            cents: row.get(1)?,
        })
    });
    Ok(sum.optional()?)
}

/// What `hours` answers for any slice, added up from the single events, in ascending order.
pub fn hours_of_events(
    tx: &Tx,
    kind: Kind,
    slice: &Slice,
    hours: Hours,
) -> Result<Vec<(UnixTime, Sum)>, Problem> {
    must_be_there(tx, hours)?;
    let mut statement = tx.prepare_cached(
        "SELECT at - at % 3600 AS hour, count(*), sum(cents) FROM events
         WHERE at >= ?1 AND at < ?2 AND kind = ?3
           AND (?4 IS NULL OR country = ?4) AND (?5 IS NULL OR channel = ?5)
           AND (?6 IS NULL OR device = ?6) AND (?7 IS NULL OR category = ?7)
         GROUP BY hour ORDER BY hour",
    )?;
    let [country, channel, device, category] = Dimension::ALL.map(|part| slice.value(part));
    let values = params![
        hours.from,
        hours.to,
        kind.name(),
        country,
        channel,
        device,
        category
    ];
    let rows = statement.query_map(values, hour_and_sum)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What `values` answers for any slice, added up from the single events.
fn values_of_events(
    tx: &Tx,
    kind: Kind,
    slice: &Slice,
    dimension: Dimension,
    hours: Hours,
) -> Result<Vec<(String, Sum)>, Problem> {
    must_be_there(tx, hours)?;
    // The name of a column cannot be a parameter; this one is out of our own list.
    let column = dimension.name();
    let mut statement = tx.prepare_cached(&format!(
        "SELECT {column}, count(*), sum(cents) FROM events
         WHERE at >= ?1 AND at < ?2 AND kind = ?3
           AND (?4 IS NULL OR country = ?4) AND (?5 IS NULL OR channel = ?5)
           AND (?6 IS NULL OR device = ?6) AND (?7 IS NULL OR category = ?7)
         GROUP BY {column}",
    ))?;
    let [country, channel, device, category] = Dimension::ALL.map(|part| slice.value(part));
    let values = params![
        hours.from,
        hours.to,
        kind.name(),
        country,
        channel,
        device,
        category
    ];
    let rows = statement.query_map(values, |row| {
        let sum = Sum {
            events: row.get(1)?,
            cents: row.get(2)?,
        };
        Ok((row.get(0)?, sum))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn must_be_there(tx: &Tx, hours: Hours) -> Result<(), Problem> {
    if hours.from >= Storage.horizon(tx)? {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "too_old",
        "So many filters at once look at single events, and those of that time are gone. Choose a later time, or fewer filters.",
    ))
}

/// Recounts: every number of `rollups` from the horizon on that is not what the events say.
pub fn recount(tx: &Tx) -> Result<Vec<Difference>, Problem> {
    let horizon = Storage.horizon(tx)?;
    let counted = counted_since(tx, horizon)?;
    let stored = stored_since(tx, horizon)?;
    let everything = stored
        .keys()
        .chain(counted.keys().filter(|key| !stored.contains_key(*key)));
    let of = |sums: &HashMap<Key, Sum>, key: &Key| sums.get(key).copied().unwrap_or_default();
    Ok(everything
        .filter(|key| of(&stored, key) != of(&counted, key))
        .map(|key| Difference {
            facet: key.0.clone(),
            value: key.1.clone(),
            kind: key.2.clone(),
            hour: key.3,
            stored: of(&stored, key),
            counted: of(&counted, key),
        })
        .collect())
}

fn counted_since(tx: &Tx, horizon: UnixTime) -> Result<HashMap<Key, Sum>, Problem> {
    let mut statement = tx.prepare(
        "SELECT id, at, kind, country, channel, device, category, cents FROM events WHERE at >= ?1",
    )?;
    let mut rows = statement.query([horizon])?;
    let mut sums = HashMap::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(2)?;
        let kind = Kind::named(&name)
            .ok_or_else(|| Problem::internal(&format!("an event of the kind {name:?}")))?;
        let event = Event {
            id: row.get(0)?,
            at: row.get(1)?,
            kind,
            country: row.get(3)?,
            channel: row.get(4)?,
            device: row.get(5)?,
            category: row.get(6)?,
            cents: row.get(7)?,
        };
        count(&mut sums, &event);
    }
    Ok(sums)
}

fn stored_since(tx: &Tx, horizon: UnixTime) -> Result<HashMap<Key, Sum>, Problem> {
    let mut statement =
        tx.prepare("SELECT facet, value, kind, hour, events, cents FROM rollups WHERE hour >= ?1")?;
    let rows = statement.query_map([horizon], |row| {
        let key = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let sum = Sum {
            events: row.get(4)?,
            cents: row.get(5)?,
        };
        Ok((key, sum))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes the single events before `before`, and says how many there were. The roll-ups stay as they are.
pub fn prune(tx: &Tx, before: UnixTime) -> Result<usize, Problem> {
    let moved = tx.execute(
        "UPDATE version SET horizon = ?1 WHERE horizon < ?1",
        [before.div_euclid(HOUR) * HOUR],
    )?;
    match moved {
        0 => Ok(0),
        _ => Ok(tx.execute(
            "DELETE FROM events WHERE at < (SELECT horizon FROM version)",
            [],
        )?),
    }
}
