//! Several questions at the same time: what does this book cost at our suppliers?
//!
//! Each inquiry goes to another company, over the network, and takes its time. While one is waited for, the others are on
//! their way as well: seven answers take as long as the slowest one, and not as long as all of them together.

use tokio::task::JoinSet;

/// Why there is no answer. Given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The supplier said no, and why.
    Refused(String),
    /// The code that asked has panicked.
    Panicked,
}

/// What the shop offers a customer. Given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The price of one copy, in cents.
    pub cents: u32,
    /// How many days until it is there.
    pub days: u32,
}

/// Asks for price and delivery time at the same time, and makes an offer of both answers.
///
/// When one of them fails, that is the answer, at once: the other one is not waited for. Neither needs a task: they may
/// borrow from the caller.
pub async fn offer(
    cents: impl Future<Output = Result<u32, Failure>>,
    days: impl Future<Output = Result<u32, Failure>>,
) -> Result<Offer, Failure> {
    todo!("one macro waits for both, and leaves at the first `Err`")
}

/// Sends all inquiries at the same time, each as a task of its own, and returns an answer for each: the first answer
/// belongs to the first inquiry, whichever came first.
///
/// An inquiry that panics is `Failure::Panicked`, and the others go on. No inquiries, no answers. When the caller gives up
/// and drops the future of this function, the inquiries that still run are stopped.
pub async fn ask_all<F>(inquiries: Vec<F>) -> Vec<Result<u32, Failure>>
where
    F: Future<Output = Result<u32, Failure>> + Send + 'static,
{
    todo!("spawn each into a `JoinSet`, with its place; then take the results as they come")
}

/// Sends all inquiries at the same time, each as a task of its own, and returns the first price that comes, with the place
/// of its inquiry in the list.
///
/// Inquiries that fail or panic do not count; `None` when no price comes at all. The others are stopped as soon as a price
/// is there, and **have ended** when this function returns: nothing of them is left, in memory or anywhere.
pub async fn first_price<F>(inquiries: Vec<F>) -> Option<(usize, u32)>
where
    F: Future<Output = Result<u32, Failure>> + Send + 'static,
{
    todo!("the same set, and an end to it at the first price")
}
