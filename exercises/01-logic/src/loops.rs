//! Waiting, trying again, and counting pages.
//!
//! Lantern's payment provider sometimes does not answer. The shop waits a little and asks again, and waits twice as
//! long each time. And for the printed catalogue it counts how many pages the books will fill.

/// How long to wait before each retry, in milliseconds.
///
/// The first wait is `first_ms`, every further one is twice as long as the one before, and none is longer than
/// `limit_ms`. There are `retries` waits. Doubling never overflows: an amount that no longer fits in a `u64` counts as
/// the largest `u64`.
///
/// | `first_ms` | `limit_ms` | `retries` | answer |
/// | --- | --- | --- | --- |
/// | 100 | 1000 | 6 | 100, 200, 400, 800, 1000, 1000 |
/// | 100 | 1000 | 0 | an empty list |
/// | 500 | 200 | 2 | 200, 200 |
pub fn retry_delays_ms(first_ms: u64, limit_ms: u64, retries: u32) -> Vec<u64> {
    todo!("push one delay for each retry, and double it on the way")
}

/// Which attempt succeeded, counted from 1; `None` when none did.
///
/// `statuses` holds the answers of the payment provider, first attempt first:
///
/// - 200 to 299: the payment went through, and this is the attempt to report.
/// - 429 (too many requests) and 500 to 599: worth another attempt.
/// - Anything else, 404 for example: the request itself is at fault. Give up at once, whatever comes later.
///
/// | `statuses` | answer |
/// | --- | --- |
/// | 200 | `Some(1)` |
/// | 503, 429, 201, 200 | `Some(3)` |
/// | 503, 404, 200 | `None` |
/// | nothing at all | `None` |
pub fn successful_attempt(statuses: &[u16]) -> Option<u32> {
    todo!("look at one status after the other, and stop as soon as the answer is known")
}

/// How many pages the catalogue has.
///
/// `heights` holds the height of each book's entry in lines of print, in the order of the catalogue, and a page holds
/// `page_height` lines. An entry goes on the current page if it fits below what is there already; if not, it starts
/// a new page. Entries are never split and never moved. Each entry fits on a page of its own.
///
/// | `heights` | `page_height` | answer |
/// | --- | --- | --- |
/// | 10, 20, 10 | 40 | 1 |
/// | 30, 20, 20 | 40 | 2: one entry, then two |
/// | 30, 20, 30 | 40 | 3 |
/// | nothing at all | 40 | 0 |
pub fn page_count(heights: &[u32], page_height: u32) -> u32 {
    todo!("remember the number of pages, and how many lines of the last one are in use")
}
