//! Differs: a `while` loop with an index, a flag, lines in use counted upwards.
//!
//! Waiting, trying again, and counting pages.
//!
//! Lantern's payment provider sometimes does not answer. The shop waits a little and asks again, and waits twice as
//! long each time. And for the printed catalogue it counts how many pages the books will fill.

/// How long to wait before each retry, in milliseconds: doubled each time, never above the limit.
pub fn retry_delays_ms(first_ms: u64, limit_ms: u64, retries: u32) -> Vec<u64> {
    let mut delays = Vec::new();
    let mut delay = first_ms;
    if delay > limit_ms {
        delay = limit_ms;
    }
    while delays.len() < retries as usize {
        delays.push(delay);
        if delay > limit_ms / 2 {
            delay = limit_ms;
        } else {
            delay *= 2;
        }
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
    let mut used = 0;
    for height in heights {
        if used == 0 || used + *height > page_height {
            pages += 1;
            used = 0;
        }
        used += *height;
    }
    pages
}
