//! How one milestone reaches another: one trait for each thing that a neighbour may ask for.
//!
//! A milestone implements its own trait in its own file and calls the others through `cx.neighbours()` or
//! `tx.neighbours()`. Which answers stand behind them is decided once, when the program or a test is put together.

use std::sync::Arc;

use super::app::Tx;
use super::clock::UnixTime;
use super::events::{Dimension, Event, Kind, Slice};
use super::problem::Problem;

/// Numbers of a piece of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// How many events.
    pub events: i64,
    /// What they are worth together.
    pub cents: i64,
}

/// A piece of time in hours of UTC: `from` belongs to it, `to` no more. Both are the first second of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    pub from: UnixTime,
    pub to: UnixTime,
}

/// What was done with a batch of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Those that were new.
    pub new: usize,
    /// Those whose id was there already, in the database or earlier in the batch.
    pub known: usize,
}

/// Where events and numbers lie. Answered by `storage`.
pub trait Store: Send + Sync {
    /// Keeps what is new of these events, and counts it in the roll-ups, in this transaction. Nothing of it is checked:
    /// that is the caller's work.
    fn record(&self, tx: &Tx, events: &[Event]) -> Result<Recorded, Problem>;

    /// The hours in which something of this kind and slice happened, in order, with their sums. Hours without anything are
    /// not among them.
    fn hours(
        &self,
        tx: &Tx,
        kind: Kind,
        slice: &Slice,
        hours: Hours,
    ) -> Result<Vec<(UnixTime, Sum)>, Problem>;

    /// The sums of every value of a dimension, in no order; values of which nothing happened are not among them. `slice` has
    /// nothing in this dimension.
    fn values(
        &self,
        tx: &Tx,
        kind: Kind,
        slice: &Slice,
        dimension: Dimension,
        hours: Hours,
    ) -> Result<Vec<(String, Sum)>, Problem>;

    /// Single events before this have been removed. Whether one that comes now was there already cannot be known any more.
    fn horizon(&self, tx: &Tx) -> Result<UnixTime, Problem>;

    /// The version of the numbers: it grows with every transaction that changes them.
    fn version(&self, tx: &Tx) -> Result<i64, Problem>;
}

/// Who hears of news. Answered by `live`.
pub trait News: Send + Sync {
    /// The numbers have this version now. Called after the transaction is committed.
    fn publish(&self, version: i64);
}

/// The answers that stand behind the traits.
#[derive(Clone)]
pub struct Neighbours {
    /// `storage`
    pub store: Arc<dyn Store>,
    /// `live`
    pub news: Arc<dyn News>,
}
