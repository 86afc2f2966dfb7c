//! Caught by: an_entry_that_does_not_fit_starts_a_page, equal_entries_fill_pages_evenly
//! Why it tempts: an entry that fits exactly is treated as one that does not fit.
//!
//! Waiting, trying again, and counting pages.
//!
//! Lantern's payment provider sometimes does not answer. The shop waits a little and asks again, and waits twice as
//! long each time. And for the printed catalogue it counts how many pages the books will fill.

/// How long to wait before each retry, in milliseconds: doubled each time, never above the limit.
pub fn retry_delays_ms(first_ms: u64, limit_ms: u64, retries: u32) -> Vec<u64> {
    let mut delays = Vec::new();
    let mut delay = first_ms;
    for _ in 0..retries {
        delays.push(delay.min(limit_ms));
        // A product that no longer fits stays at the largest u64: above every limit, as promised.
        delay = delay.saturating_mul(2);
    }
    delays
}

/// Which attempt succeeded, counted from 1; `None` when none did.
pub fn successful_attempt(statuses: &[u16]) -> Option<u32> {
    let mut failures = 0;
    for status in statuses {
        match status {
            200..=299 => return Some(failures + 1),
            429 | 500..=599 => failures += 1,
            _ => return None,
        }
    }
    None
}

/// How many pages the catalogue has, when entries are neither split nor moved.
pub fn page_count(heights: &[u32], page_height: u32) -> u32 {
    let mut pages = 0;
    // Before the first entry there is no page, so there is no room either.
    let mut room = 0;
    for height in heights {
        if *height >= room {
            pages += 1;
            room = page_height;
        }
        room -= *height;
    }
    pages
}
