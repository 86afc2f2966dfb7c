use logic::loops::{page_count, retry_delays_ms, successful_attempt};

/// Each wait is twice the one before, until the limit is reached; from then on it is the limit.
#[test]
fn delays_double_up_to_the_limit() {
    let delays: Vec<u64> = retry_delays_ms(100, 1000, 6);
    assert_eq!(
        delays,
        [100, 200, 400, 800, 1000, 1000],
        "first 100, limit 1000, 6 retries"
    );
    let capped: Vec<u64> = retry_delays_ms(500, 200, 2);
    assert_eq!(
        capped,
        [200, 200],
        "first 500, limit 200, 2 retries: the first wait has a limit too"
    );
}

/// There are as many waits as retries: none for no retry, one for one.
#[test]
fn there_is_one_delay_for_each_retry() {
    for retries in [0, 1, 2, 40] {
        let delays: Vec<u64> = retry_delays_ms(250, 60_000, retries);
        assert_eq!(
            delays.len(),
            retries as usize,
            "{retries} retries need as many delays, not {delays:?}"
        );
    }
}

/// After many retries the doubled number no longer fits in a u64: the wait is then the limit.
#[test]
fn doubling_does_not_overflow() {
    let delays: Vec<u64> = retry_delays_ms(1000, 30_000, 100);
    assert_eq!(
        delays.last(),
        Some(&30_000),
        "first 1000, limit 30_000, the last of 100 retries"
    );
    let unlimited: Vec<u64> = retry_delays_ms(1, u64::MAX, 70);
    assert_eq!(
        unlimited.last(),
        Some(&u64::MAX),
        "first 1, limit u64::MAX, the last of 70 retries"
    );
}

/// The first wait, times 2 for each retry before, and never above the limit: so for every wait of every schedule.
#[test]
fn every_delay_follows_the_rule() {
    let mut random = support::seeded(0x4E74);
    for _ in 0..100 {
        let (first, limit) = (random.number(1..2000), random.number(1..100_000));
        let delays: Vec<u64> = retry_delays_ms(first, limit, 20);
        let mut without_limit = first;
        for (index, delay) in delays.iter().enumerate() {
            let expected = without_limit.min(limit);
            assert_eq!(
                *delay, expected,
                "first {first}, limit {limit}, the delay at index {index}"
            );
            without_limit *= 2;
        }
        assert_eq!(delays.len(), 20, "first {first}, limit {limit}, 20 retries");
    }
}

/// The first success is reported, counted from 1, and what comes after it does not matter.
#[test]
fn the_first_success_is_reported() {
    let cases: [(&[u16], u32); 5] = [
        (&[200], 1),
        (&[299, 503], 1),
        (&[503, 429, 201, 200], 3),
        (&[500, 599, 204, 404], 3),
        (&[429, 200], 2),
    ];
    for (statuses, expected) in cases {
        let attempt: Option<u32> = successful_attempt(statuses);
        assert_eq!(
            attempt,
            Some(expected),
            "the provider answered {statuses:?}"
        );
    }
}

/// A status that is neither a success nor worth a retry ends the attempts, even if a success would follow.
#[test]
fn a_hopeless_answer_ends_the_attempts() {
    let cases: [&[u16]; 9] = [
        &[404],
        &[503, 404, 200],
        &[301, 200],
        &[199, 200],
        &[430, 200],
        &[600, 200],
        &[300, 200],
        &[428, 200],
        &[499, 200],
    ];
    for statuses in cases {
        let attempt: Option<u32> = successful_attempt(statuses);
        assert_eq!(attempt, None, "the provider answered {statuses:?}");
    }
    let hopeful: Option<u32> = successful_attempt(&[503, 429, 200]);
    assert_eq!(hopeful, Some(3), "the provider answered 503, 429, 200");
}

/// If every attempt was worth another one, or there was no attempt, none succeeded.
#[test]
fn without_success_there_is_no_attempt_to_report() {
    let cases: [&[u16]; 3] = [&[], &[503], &[500, 429, 503, 429, 599]];
    for statuses in cases {
        let attempt: Option<u32> = successful_attempt(statuses);
        assert_eq!(attempt, None, "the provider answered {statuses:?}");
    }
    let at_last: Option<u32> = successful_attempt(&[500, 429, 503, 429, 599, 204]);
    assert_eq!(
        at_last,
        Some(6),
        "one more attempt, which the provider answered with 204"
    );
}

/// A success after any number of failures is found at its place.
#[test]
fn failures_before_a_success_are_counted() {
    let mut random = support::seeded(0x0503);
    for _ in 0..100 {
        let failures: usize = random.size(0..30);
        let mut statuses: Vec<u16> = (0..failures)
            .map(|_| *random.pick(&[429, 500, 502, 503, 599]))
            .collect();
        statuses.push(*random.pick(&[200, 201, 204]));
        let attempt: Option<u32> = successful_attempt(&statuses);
        assert_eq!(
            attempt.map(|number| number as usize),
            Some(failures + 1),
            "the provider answered {statuses:?}"
        );
    }
}

/// An entry stays on the page if it fits, exactly included; otherwise it starts the next page.
#[test]
fn an_entry_that_does_not_fit_starts_a_page() {
    let cases: [(&[u32], u32); 8] = [
        (&[10, 20, 10], 1),
        (&[30, 20, 20], 2),
        (&[30, 20, 30], 3),
        (&[40, 40], 2),
        (&[40, 1, 39, 1], 3),
        (&[40, 0], 1),
        (&[10, 0, 30, 0, 40], 2),
        (&[], 0),
    ];
    for (heights, expected) in cases {
        let pages: u32 = page_count(heights, 40);
        assert_eq!(
            pages, expected,
            "entries of {heights:?} lines on pages of 40 lines"
        );
    }
}

/// When all entries are equally high, each page but the last holds the same number of them.
#[test]
fn equal_entries_fill_pages_evenly() {
    for (a, b) in support::seeded(0xCA7A).pairs_below(120).take(200) {
        let (height, page_height, entries) =
            (u32::from(a) % 12 + 1, 12 + u32::from(b), u32::from(a) + 1);
        let heights: Vec<u32> = vec![height; entries as usize];
        let pages: u32 = page_count(&heights, page_height);
        let entries_a_page = page_height / height;
        assert_eq!(
            pages,
            entries.div_ceil(entries_a_page),
            "{entries} entries of {height} lines on pages of {page_height} lines"
        );
    }
}
