//! Trying again, without making it worse.
//!
//! A call that has failed may work a moment later. But a server that is down because too much is asked of it gets up later
//! still when every client asks again at once. So each retry waits, longer each time and never as long as the others; some
//! calls are never tried again; and there is an end: of the attempts, of the time, and of what all calls together may cost.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::Method;
use jiff::fmt::rfc2822::DateTimeParser;
use tokio::time::{Instant, sleep, timeout_at};

use crate::given::attempts::{Attempt, Failure};

/// How patient a call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The longest wait before the first retry.
    pub first: Duration,
    /// The longest wait before any retry.
    pub most: Duration,
    /// How often it is tried at most, the first time included.
    pub attempts: u32,
    /// How long everything may take.
    pub total: Duration,
}

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// It carries an `Idempotency-Key`, the same in each attempt.
    pub has_key: bool,
}

/// Why it was not tried once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// This request must not be sent again after such a failure.
    NotRetried,
    /// It was tried as often as it may be.
    Attempts,
    /// There is not enough time left.
    Deadline,
    /// All calls together have tried again often enough.
    Budget,
}

/// The call has failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GaveUp {
    pub why: Why,
    /// How many attempts were begun.
    pub attempts: u32,
    /// How the last one that ended has failed, if one has.
    pub last: Option<Failure>,
}

/// The longest wait before retry number `retry`, which counts from 1: [`Policy::first`], then twice as long each time, but
/// never longer than [`Policy::most`]. Whatever the numbers are: it is never a panic, and never shorter than before.
///
/// | first | most | retry | longest wait |
/// | --- | --- | --- | --- |
/// | 100 ms | 5 s | 1, 2, 3 | 100 ms, 200 ms, 400 ms |
/// | 100 ms | 5 s | 6, 7, 4,000,000,000 | 3.2 s, 5 s, 5 s |
/// | 9 s | 5 s | 1 | 5 s |
pub fn longest_wait(policy: &Policy, retry: u32) -> Duration {
    let mut wait = policy.first.min(policy.most);
    for _ in 1..retry {
        if wait.is_zero() || wait == policy.most {
            break;
        }
        wait = wait.saturating_mul(2).min(policy.most);
    }
    wait
}

/// What a `Retry-After` says at `now` (seconds since 1970): how long to wait.
///
/// It is a number of seconds, made of the digits 0 to 9, or a date as HTTP writes it; one that is past means no wait. A number
/// that is too large for `u64` counts as `u64::MAX`. Anything else says nothing.
///
/// | value | now | answer |
/// | --- | --- | --- |
/// | `120` | | 120 s |
/// | `Sun, 09 Sep 2001 01:47:40 GMT` | 1,000,000,000 | 60 s |
/// | `Sun, 09 Sep 2001 01:46:30 GMT` | 1,000,000,000 | 0 s |
/// | `-1`, `+1`, `1.5`, `soon` | | nothing |
pub fn retry_after(value: &str, now: i64) -> Option<Duration> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only digits that are too many cannot be parsed.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    let wait = u64::try_from(date.as_second().saturating_sub(now)).unwrap_or(0);
    Some(Duration::from_secs(wait))
}

/// Whether the request may be sent again after this failure.
///
/// | failure | sent again |
/// | --- | --- |
/// | nothing was sent | always |
/// | no answer; 408, 429, 500, 502, 503, 504 | when it is repeatable |
/// | any other status | never |
///
/// Repeatable are GET, HEAD, OPTIONS, PUT and DELETE, and whatever has a key. Any other method without one is not.
pub fn may_retry(request: &Request, failure: &Failure) -> bool {
    let repeatable = request.has_key
        || matches!(
            request.method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
        );
    match failure {
        Failure::NotSent => true,
        Failure::NoAnswer => repeatable,
        Failure::Status { status, .. } => {
            repeatable && matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
        }
    }
}

/// How often all calls together may try again. A retry costs one; a call that succeeds gives a tenth of one back.
///
/// While all is well it is full. When a server is down, it is empty after a while, and then nobody tries again: ten calls
/// have to succeed for each retry.
#[derive(Debug)]
pub struct Budget {
    most: u64,
    tenths: Mutex<u64>,
}

impl Budget {
    /// A full budget of so many retries. It never holds more than that.
    pub fn new(retries: u32) -> Self {
        let most = u64::from(retries) * 10;
        Self {
            most,
            tenths: Mutex::new(most),
        }
    }

    /// Takes one retry, if there is a whole one: in one step, whoever else takes.
    pub fn take(&self) -> bool {
        let mut tenths = self.tenths.lock().unwrap_or_else(PoisonError::into_inner);
        match tenths.checked_sub(10) {
            Some(left) => {
                *tenths = left;
                true
            }
            None => false,
        }
    }

    /// Gives a tenth of a retry back.
    pub fn give(&self) {
        let mut tenths = self.tenths.lock().unwrap_or_else(PoisonError::into_inner);
        *tenths = (*tenths + 1).min(self.most);
    }
}

/// What a call shares with others, and what tests bring.
pub struct Surroundings<'a> {
    pub budget: &'a Budget,
    /// The time, in seconds since 1970: for `Retry-After`. What is waited for is measured with tokio's clock.
    pub now: &'a (dyn Fn() -> i64 + Sync),
    /// A random number from 0 to the given one, both included.
    pub random: &'a mut (dyn FnMut(u64) -> u64 + Send),
}

/// Tries until it works, or until there is a reason to stop.
///
/// At least one attempt is made. When an attempt succeeds, a tenth is given to the budget, and its value is the answer. When
/// it fails, the first of these that is so ends the call:
///
/// 1. [`may_retry`] says no: `NotRetried`;
/// 2. there were [`Policy::attempts`] attempts: `Attempts`;
/// 3. the wait would end when [`Policy::total`] is over, or later: `Deadline`, and nothing is waited for;
/// 4. the budget has no retry: `Budget`.
///
/// The wait is a random number of milliseconds from 0 to [`longest_wait`] ("full jitter"), asked for once a retry, and on top
/// of it what `Retry-After` says at that moment, if it says something.
///
/// An attempt that still runs when [`Policy::total`] is over is dropped: `Deadline`.
///
/// # Errors
///
/// [`GaveUp`], with the reason.
pub async fn run<A: Attempt>(
    request: &Request,
    policy: &Policy,
    surroundings: &mut Surroundings<'_>,
    attempt: &mut A,
) -> Result<A::Value, GaveUp> {
    // A total without end has no deadline; this one is thirty years away.
    let begun = Instant::now();
    let far = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    let deadline = begun + policy.total.min(far);
    let mut attempts = 0;
    let mut last = None;
    loop {
        attempts += 1;
        let Ok(tried) = timeout_at(deadline, attempt.attempt()).await else {
            return Err(GaveUp {
                why: Why::Deadline,
                attempts,
                last,
            });
        };
        let failure = match tried {
            Ok(value) => {
                surroundings.budget.give();
                return Ok(value);
            }
            Err(failure) => failure,
        };
        let stop = |why| GaveUp {
            why,
            attempts,
            last: Some(failure.clone()),
        };
        if !may_retry(request, &failure) {
            return Err(stop(Why::NotRetried));
        }
        if attempts >= policy.attempts {
            return Err(stop(Why::Attempts));
        }
        let wait = wait(policy, attempts, surroundings, &failure);
        if Instant::now()
            .checked_add(wait)
            .is_none_or(|end| end >= deadline)
        {
            return Err(stop(Why::Deadline));
        }
        if !surroundings.budget.take() {
            return Err(stop(Why::Budget));
        }
        sleep(wait).await;
        last = Some(failure);
    }
}

/// How long to wait before the next attempt.
fn wait(
    policy: &Policy,
    retry: u32,
    surroundings: &mut Surroundings<'_>,
    failure: &Failure,
) -> Duration {
    let longest = longest_wait(policy, retry).as_millis();
    let jitter = (surroundings.random)(u64::try_from(longest).unwrap_or(u64::MAX));
    let asked = match failure {
        Failure::Status {
            retry_after: Some(value),
            ..
        } => retry_after(value, (surroundings.now)()),
        _ => None,
    };
    Duration::from_millis(jitter).saturating_add(asked.unwrap_or_default())
}
