//! Time-outs: how long we wait, and what becomes of the work that we stop waiting for.
//!
//! A time-out drops a future, and a dropped future is gone: it stands still at its last `.await` for good. Sometimes that is
//! right, sometimes the work must go on without us, and sometimes what it has gathered must not be lost.

use std::mem;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

/// A company said no, and why. Given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

/// Why there is no order. Given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// One of the steps was refused.
    Refused(Refused),
    /// The time was over.
    TooLate,
}

/// Places an order in two steps, one after the other: reserves the copies, then pays for the reservation. `pay` gets the
/// number that `reserve` came to, and the order's number is what `pay` comes to.
///
/// Both together have `limit`. When it is over, the answer is `TooLate`, at once: the step that runs is dropped, and the
/// next one is not begun. A step that refuses ends it too. `limit` may be any `Duration`, up to `Duration::MAX`.
pub async fn place_order<P>(
    limit: Duration,
    reserve: impl Future<Output = Result<u64, Refused>>,
    pay: impl FnOnce(u64) -> P,
) -> Result<u64, Failure>
where
    P: Future<Output = Result<u64, Refused>>,
{
    let both = async { pay(reserve.await?).await };
    match timeout(limit, both).await {
        Ok(ended) => ended.map_err(Failure::Refused),
        Err(_) => Err(Failure::TooLate),
    }
}

/// Asks a supplier for a price, and a second one if the first takes too long.
///
/// - `first` is asked at once. If it has a price within `patience`, that is the answer, and `second` is never called.
/// - If it has none by then, `second` is called, **and the first goes on**: whichever has a price first is the answer.
/// - A refusal is no price. If the first refuses within `patience`, the second is called in that moment. Later, the one that
///   refuses leaves the other one to be waited for.
/// - When both refuse, the answer is the refusal that came last.
pub async fn price_with_backup<S>(
    patience: Duration,
    first: impl Future<Output = Result<u32, Refused>>,
    second: impl FnOnce() -> S,
) -> Result<u32, Refused>
where
    S: Future<Output = Result<u32, Refused>>,
{
    let mut first = pin!(first);
    // The time-out gets a reference. What it drops is the reference, and `first` can be awaited again.
    match timeout(patience, first.as_mut()).await {
        Ok(Ok(cents)) => return Ok(cents),
        Ok(Err(_)) => return second().await,
        Err(_) => {}
    }
    let mut second = pin!(second());
    tokio::select! {
        price = first.as_mut() => match price {
            Ok(cents) => Ok(cents),
            Err(_) => second.await,
        },
        price = second.as_mut() => match price {
            Ok(cents) => Ok(cents),
            Err(_) => first.await,
        },
    }
}

/// What is known of a payment when we stop waiting for it. Given.
#[derive(Debug)]
pub enum Payment {
    /// Paid. The number of the receipt.
    Paid(u64),
    /// Not paid, and it will not be.
    Refused(Refused),
    /// The code that paid has panicked. Somebody must look at it.
    Panicked,
    /// Not known yet. The payment goes on, and its result will come out of this handle.
    Open(JoinHandle<Result<u64, Refused>>),
}

/// Waits for a payment, at most for `limit`.
///
/// The money may be on its way already, so **a payment that has begun is never stopped**: not when the time is over (that is
/// `Payment::Open`), and not when the caller gives up earlier and drops the future of this function.
pub async fn charge<P>(limit: Duration, payment: P) -> Payment
where
    P: Future<Output = Result<u64, Refused>> + Send + 'static,
{
    let mut task = tokio::spawn(payment);
    match timeout(limit, &mut task).await {
        Ok(Ok(Ok(receipt))) => Payment::Paid(receipt),
        Ok(Ok(Err(refused))) => Payment::Refused(refused),
        Ok(Err(_)) => Payment::Panicked,
        Err(_) => Payment::Open(task),
    }
}

/// Orders for the packing table, several at once: a list for each walk through the stockroom.
#[derive(Debug)]
pub struct Lists {
    /// Where the orders come from.
    orders: mpsc::Receiver<String>,
    /// An order waits at most so long for others to join it.
    patience: Duration,
    /// So many orders are on a list at most; never 0.
    most: usize,
    /// Orders that were taken out of `orders` and are on no list yet.
    waiting: Vec<String>,
    /// When the first of those has waited long enough.
    due: Option<Instant>,
}

impl Lists {
    /// Lists of at most `most` orders, none of which waits longer than `patience`. Given.
    pub fn new(orders: mpsc::Receiver<String>, most: usize, patience: Duration) -> Self {
        Self {
            orders,
            patience,
            most,
            waiting: Vec::new(),
            due: None,
        }
    }

    /// The next list: orders in the order in which they came.
    ///
    /// - It is there as soon as it has `most` orders, or when its first order has waited for `patience` since it was taken
    ///   out of the channel, or when no more orders can come.
    /// - A list is never empty: without orders it waits. `None` when no more can come, and all were on a list.
    /// - **Dropping the future loses nothing**, and does not begin the wait anew: the next call goes on with the orders that
    ///   were waiting, and with the time at which the first of them is due.
    pub async fn next(&mut self) -> Option<Vec<String>> {
        while self.waiting.len() < self.most {
            // Receiving is safe to be dropped: an order is either still in the channel or in our hands.
            let received = match self.due {
                None => self.orders.recv().await,
                Some(due) => match timeout_at(due, self.orders.recv()).await {
                    Ok(received) => received,
                    Err(_) => break,
                },
            };
            let Some(order) = received else { break };
            self.waiting.push(order);
            self.due.get_or_insert(Instant::now() + self.patience);
        }
        self.due = None;
        let list = mem::take(&mut self.waiting);
        (!list.is_empty()).then_some(list)
    }
}
