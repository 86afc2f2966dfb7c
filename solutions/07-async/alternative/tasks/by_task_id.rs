//! The set tells which task has ended, panicked or not, and a map knows its place.

use std::collections::HashMap;

use tokio::task::{Id, JoinSet};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The supplier said no, and why.
    Refused(String),
    /// The code that asked has panicked.
    Panicked,
}

/// What the shop offers a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The price of one copy, in cents.
    pub cents: u32,
    /// How many days until it is there.
    pub days: u32,
}

/// Whichever is first is looked at first; then the other.
pub async fn offer(
    cents: impl Future<Output = Result<u32, Failure>>,
    days: impl Future<Output = Result<u32, Failure>>,
) -> Result<Offer, Failure> {
    let mut cents = std::pin::pin!(cents);
    let mut days = std::pin::pin!(days);
    tokio::select! {
        price = &mut cents => Ok(Offer { cents: price?, days: days.await? }),
        time = &mut days => Ok(Offer { days: time?, cents: cents.await? }),
    }
}

/// Results are collected by place and then read out in order.
pub async fn ask_all<F>(inquiries: Vec<F>) -> Vec<Result<u32, Failure>>
where
    F: Future<Output = Result<u32, Failure>> + Send + 'static,
{
    let (mut set, places) = begin(inquiries);
    let mut answers: Vec<(usize, Result<u32, Failure>)> = Vec::new();
    while let Some(ended) = set.join_next_with_id().await {
        match ended {
            Ok((id, answer)) => answers.push((places[&id], answer)),
            Err(error) => answers.push((places[&error.id()], Err(Failure::Panicked))),
        }
    }
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// The set is aborted, and emptied by hand.
pub async fn first_price<F>(inquiries: Vec<F>) -> Option<(usize, u32)>
where
    F: Future<Output = Result<u32, Failure>> + Send + 'static,
{
    let (mut set, places) = begin(inquiries);
    let mut price = None;
    while let Some(ended) = set.join_next_with_id().await {
        if let (None, Ok((id, Ok(cents)))) = (price, ended) {
            price = Some((places[&id], cents));
            set.abort_all();
        }
    }
    price
}

type Begun = (JoinSet<Result<u32, Failure>>, HashMap<Id, usize>);

fn begin<F>(inquiries: Vec<F>) -> Begun
where
    F: Future<Output = Result<u32, Failure>> + Send + 'static,
{
    let mut set = JoinSet::new();
    let mut places = HashMap::new();
    for (place, inquiry) in inquiries.into_iter().enumerate() {
        places.insert(set.spawn(inquiry).id(), place);
    }
    (set, places)
}
