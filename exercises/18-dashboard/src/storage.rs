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

/// The slices in which an event is counted, eleven of them: everything, its value in each of the four dimensions, and in
/// each of the six pairs of dimensions. In any order, each once.
pub fn slices(event: &Event) -> Vec<Slice> {
    todo!("one, four, and six: a dimension with each one behind it")
}

/// Methods that only read answer from the state that the transaction sees, and write nothing. Whatever the database cannot do
/// is an error, which goes on to the caller: a transaction in which something failed must not be committed.
impl Store for Storage {
    /// Keeps what is new of `events`, and counts it.
    ///
    /// - An event whose id is there already, in the table or earlier in `events`, changes nothing: the first one stays as it is. Ids are
    ///   compared byte by byte.
    /// - Each new event becomes a row of `events`, and is added to the row of `rollups` of each of its [`slices`], of its kind
    ///   and its hour ([`Event::hour`]). Events may come late, and in any order.
    /// - If anything was new, `version.number` grows by one, however many events it were.
    ///
    /// All of it happens in `tx`, with parameters; no transaction is begun or ended in here. Ten thousand events of one hour
    /// share most of their roll-ups: add them up first, so that a row of `rollups` is written once for a batch.
    ///
    /// # Errors
    ///
    /// When the database fails.
    fn record(&self, tx: &Tx, events: &[Event]) -> Result<Recorded, Problem> {
        todo!("insert or leave, add up what was new in a map, one upsert for each of its entries")
    }

    /// The hours in which something of this kind and slice happened, in ascending order.
    ///
    /// A slice of up to two values has a facet: its hours are read from `rollups`, as one piece of the table. A slice of three or four
    /// has none, and the single events are added up instead; see [`hours_of_events`].
    ///
    /// # Errors
    ///
    /// Those of [`hours_of_events`], and when the database fails.
    fn hours(
        &self,
        tx: &Tx,
        kind: Kind,
        slice: &Slice,
        hours: Hours,
    ) -> Result<Vec<(UnixTime, Sum)>, Problem> {
        todo!("facet, value and kind with =, the hour between two limits")
    }

    /// The sums of every value of `dimension`, in any order, without those of which nothing happened. `slice` has nothing
    /// in this dimension.
    ///
    /// A slice with no value or with one makes a facet together with the dimension. The facet's values are found without reading all of its
    /// rows: the smallest one, then the smallest that is larger, and so on; each is one step into the table. A pair's value has
    /// the two in the order of the dimensions, which may be either one first. A slice of two or three values is answered from the single
    /// events, as in `hours`.
    ///
    /// # Errors
    ///
    /// As in `hours`.
    fn values(
        &self,
        tx: &Tx,
        kind: Kind,
        slice: &Slice,
        dimension: Dimension,
        hours: Hours,
    ) -> Result<Vec<(String, Sum)>, Problem> {
        todo!("the values of the facet, one after the other; those that fit, each with its sum")
    }

    /// `version.horizon`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    fn horizon(&self, tx: &Tx) -> Result<UnixTime, Problem> {
        todo!("the one row of the table")
    }

    /// `version.number`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    fn version(&self, tx: &Tx) -> Result<i64, Problem> {
        todo!("the one row of the table")
    }
}

/// What `hours` answers for any slice, added up from the single events, in ascending order.
///
/// # Errors
///
/// 422 with the code `too_old` when `hours` begins before the horizon: some of its events are gone. And when the database fails.
pub fn hours_of_events(
    tx: &Tx,
    kind: Kind,
    slice: &Slice,
    hours: Hours,
) -> Result<Vec<(UnixTime, Sum)>, Problem> {
    todo!("a dimension without a value is NULL, and lets everything through")
}

/// Recounts: every number of `rollups` that is not what the events say, those without a row and those without an event
/// included, in any order. Hours before the horizon are left out: their events are gone. Nothing is changed.
///
/// # Errors
///
/// When the database fails.
pub fn recount(tx: &Tx) -> Result<Vec<Difference>, Problem> {
    todo!("add up the events once more, as `record` does, and compare with the table, both ways")
}

/// Removes the single events before `before`, and says how many there were. The roll-ups stay as they are.
///
/// `before` is first brought down to a full hour: an hour is there as a whole, or gone as a whole. That becomes the
/// horizon, unless the horizon is later already; then nothing happens. The version stays: no number has changed.
///
/// # Errors
///
/// When the database fails.
pub fn prune(tx: &Tx, before: UnixTime) -> Result<usize, Problem> {
    todo!("round down, compare with the horizon, delete, set the horizon")
}
