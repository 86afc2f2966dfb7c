use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use apis::given::attempts::{Attempt, Failure};
use apis::retries::{
    Budget, GaveUp, Policy, Request, Surroundings, Why, longest_wait, may_retry, retry_after, run,
};
use axum::http::Method;
use support::Gate;
use tokio::time::{Instant, sleep};

/// A day in 2001: `Sun, 09 Sep 2001 01:46:40 GMT`.
const NOW: i64 = 1_000_000_000;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn policy() -> Policy {
    Policy {
        first: ms(100),
        most: ms(5_000),
        attempts: 5,
        total: ms(60_000),
    }
}

fn get() -> Request {
    Request {
        method: Method::GET,
        has_key: false,
    }
}

fn status(status: u16) -> Failure {
    Failure::Status {
        status,
        retry_after: None,
    }
}

fn later(status: u16, retry_after: &str) -> Failure {
    Failure::Status {
        status,
        retry_after: Some(retry_after.to_owned()),
    }
}

/// An attempt that does what is written: each takes some time, then fails or succeeds. It notes when it was tried.
struct Script {
    steps: VecDeque<(Duration, Result<u32, Failure>)>,
    begun: Instant,
    tried: Vec<Duration>,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = (u64, Result<u32, Failure>)>) -> Self {
        let steps = steps
            .into_iter()
            .map(|(time, result)| (ms(time), result))
            .collect();
        Self {
            steps,
            begun: Instant::now(),
            tried: Vec::new(),
        }
    }

    /// Always the same failure, at once.
    fn failing(failure: &Failure, times: usize) -> Self {
        Self::new(vec![(0, Err(failure.clone())); times])
    }
}

impl Attempt for Script {
    type Value = u32;

    async fn attempt(&mut self) -> Result<u32, Failure> {
        self.tried.push(self.begun.elapsed());
        let step = self.steps.pop_front();
        let (time, result) =
            step.unwrap_or_else(|| panic!("tried once too often, at {:?}", self.tried));
        sleep(time).await;
        result
    }
}

/// What a run did: its result, when it tried, how long it took, and the largest numbers that were asked of chance.
/// Why a call has failed for good, after how many attempts, and how the last one failed.
type End = (&'static str, u32, Option<Failure>);

/// The parts of a [`GaveUp`], which are compared as texts and numbers are.
fn end(gave_up: GaveUp) -> End {
    let why = match gave_up.why {
        Why::NotRetried => "not retried",
        Why::Attempts => "attempts",
        Why::Deadline => "deadline",
        Why::Budget => "budget",
    };
    (why, gave_up.attempts, gave_up.last)
}

#[derive(Debug)]
struct Ran {
    result: Result<u32, End>,
    tried: Vec<u64>,
    took: u64,
    asked: Vec<u64>,
}

/// What chance says, of the numbers from 0 to the given one.
type Chance = fn(u64) -> u64;

async fn ran(
    request: &Request,
    policy: &Policy,
    budget: &Budget,
    chance: Chance,
    mut script: Script,
) -> Ran {
    let begun = script.begun;
    let mut asked = Vec::new();
    let mut random = |most: u64| {
        asked.push(most);
        chance(most)
    };
    let now = move || NOW + i64::try_from(begun.elapsed().as_secs()).unwrap_or(0);
    let mut surroundings = Surroundings {
        budget,
        now: &now,
        random: &mut random,
    };
    let result = run(request, policy, &mut surroundings, &mut script).await;
    let count = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ran {
        result: result.map_err(end),
        tried: script.tried.iter().map(count).collect(),
        took: count(&begun.elapsed()),
        asked,
    }
}

fn gave_up(why: &'static str, attempts: u32, last: Failure) -> Result<u32, End> {
    Err((why, attempts, Some(last)))
}

/// The longest wait doubles up to a limit, and stays there whatever the numbers are.
#[test]
fn the_longest_wait_doubles() {
    let policy = policy();
    let expected = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000];
    for (retry, expected) in (1..).zip(expected) {
        assert_eq!(longest_wait(&policy, retry), ms(expected), "retry {retry}");
    }
    for retry in [30, 31, 32, 33, 34, 64, 65, 4_000_000_000, u32::MAX] {
        assert_eq!(longest_wait(&policy, retry), ms(5_000), "retry {retry}");
    }
    let low = Policy {
        most: ms(50),
        ..policy.clone()
    };
    assert_eq!(
        longest_wait(&low, 1),
        ms(50),
        "the first is above the limit"
    );
    let none = Policy {
        first: ms(0),
        ..policy
    };
    assert_eq!(longest_wait(&none, 40), ms(0), "nothing, doubled");
    let mut values = support::seeded(0x10E7);
    for _ in 0..200 {
        let policy = Policy {
            first: Duration::from_nanos(values.number(0..u64::MAX)),
            most: Duration::from_secs(values.number(0..u64::MAX)),
            ..policy.clone()
        };
        let retry = u32::try_from(values.number(1..80)).unwrap_or(1);
        let (one, next) = (
            longest_wait(&policy, retry),
            longest_wait(&policy, retry + 1),
        );
        assert!(
            one <= next && next <= policy.most,
            "retries {retry} and the next of {policy:?}: {one:?}, {next:?}"
        );
        if next < policy.most {
            assert_eq!(next, one * 2, "retries {retry} and the next of {policy:?}");
        }
    }
}

/// `Retry-After` is seconds or a date; what is neither says nothing, and what is past means now.
#[test]
fn retry_after_is_read_both_ways() {
    let secs = |count| Some(Duration::from_secs(count));
    for (value, expected) in [
        ("0", secs(0)),
        ("1", secs(1)),
        ("120", secs(120)),
        ("0007", secs(7)),
        ("18446744073709551615", secs(u64::MAX)),
        ("18446744073709551616", secs(u64::MAX)),
        ("99999999999999999999999999", secs(u64::MAX)),
        ("Sun, 09 Sep 2001 01:47:40 GMT", secs(60)),
        ("Sun, 09 Sep 2001 01:46:41 GMT", secs(1)),
        ("Sun, 09 Sep 2001 01:46:40 GMT", secs(0)),
        ("Sun, 09 Sep 2001 01:46:39 GMT", secs(0)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", secs(0)),
        ("Mon, 09 Sep 2002 01:46:40 GMT", secs(365 * 24 * 60 * 60)),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        ("１２", None),
        ("5 seconds", None),
        ("120s", None),
        (" 120", None),
        ("120 ", None),
        ("soon", None),
        ("2001-09-09T01:47:40Z", None),
    ] {
        assert_eq!(retry_after(value, NOW), expected, "{value:?}");
    }
    let mut values = support::seeded(0x10E8);
    for _ in 0..50 {
        let (minute, second) = (values.number(0..60), values.number(0..60));
        let value = format!("Sun, 09 Sep 2001 02:{minute:02}:{second:02} GMT");
        let expected = secs(800 + 60 * minute + second);
        assert_eq!(retry_after(&value, NOW), expected, "{value}, {NOW}");
    }
}

/// What may have been carried out is not sent again without a key, and what will fail again is not sent again at all.
#[test]
fn some_failures_are_final() {
    let helps = [408, 429, 500, 502, 503, 504];
    let methods = [
        "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH", "TRACE", "CONNECT", "BUY",
        "get",
    ];
    for method in methods {
        for has_key in [false, true] {
            let request = Request {
                method: Method::from_bytes(method.as_bytes()).expect("a method"),
                has_key,
            };
            let repeatable =
                has_key || ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(&method);
            assert!(
                may_retry(&request, &Failure::NotSent),
                "nothing was sent: {request:?}"
            );
            assert_eq!(
                may_retry(&request, &Failure::NoAnswer),
                repeatable,
                "no answer: {request:?}"
            );
            for code in 100..600 {
                let expected = repeatable && helps.contains(&code);
                assert_eq!(
                    may_retry(&request, &status(code)),
                    expected,
                    "status {code}: {request:?}"
                );
                let asked = later(code, "1");
                assert_eq!(
                    may_retry(&request, &asked),
                    expected,
                    "status {code} with Retry-After: {request:?}"
                );
            }
        }
    }
}

/// A budget is full at first. A retry costs one, ten successes give one back, and it never holds more than at first.
#[test]
fn a_budget_counts_in_tenths() {
    let budget = Budget::new(3);
    for _ in 0..1_000 {
        budget.give();
    }
    let taken: Vec<bool> = (0..5).map(|_| budget.take()).collect();
    assert_eq!(
        taken,
        [true, true, true, false, false],
        "three retries, whatever was given to a full one"
    );
    for round in 0..50 {
        for number in 1..10 {
            budget.give();
            assert!(
                !budget.take(),
                "round {round}: {number} tenths are no retry"
            );
        }
        budget.give();
        assert!(budget.take(), "round {round}: ten tenths are one");
    }
    assert!(!Budget::new(0).take(), "a budget of nothing");
    let many = Budget::new(5_000);
    let taken = (0..5_001).filter(|_| many.take()).count();
    assert_eq!(taken, 5_000, "of 5,000 retries");
    // Ten times the second one is 4 in 32 bits.
    for retries in [u32::MAX, 429_496_730] {
        let large = Budget::new(retries);
        large.give();
        assert!(large.take(), "a budget of {retries}");
    }
}

/// Two threads see the last retry at the same moment, and one of them gets it; whoever gives meanwhile, no tenth is lost.
#[test]
fn a_budget_is_taken_in_one_step() {
    const ROUNDS: u32 = 10_000;
    let budget = Budget::new(1);
    while budget.take() {}
    let gate = Gate::new(2);
    let taken: u32 = thread::scope(|scope| {
        let work = || {
            let mut taken = 0;
            for _ in 0..ROUNDS {
                // Five tenths of each thread: one retry for the two of them.
                for _ in 0..5 {
                    budget.give();
                }
                gate.wait();
                taken += u32::from(budget.take());
                gate.wait();
            }
            taken
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        let joined = threads.map(|thread| thread.join().expect("the budget answers"));
        joined.into_iter().sum()
    });
    assert_eq!(
        taken, ROUNDS,
        "one retry was there for two threads, {ROUNDS} times: so many were taken"
    );
}

/// What succeeds is not tried again, and gives a tenth back.
#[tokio::test(start_paused = true)]
async fn a_success_is_the_end() {
    let budget = Budget::new(1);
    assert!(budget.take(), "it is empty now");
    for number in 1..=10 {
        let ran = ran(
            &get(),
            &policy(),
            &budget,
            |most| most,
            Script::new([(7, Ok(number))]),
        )
        .await;
        assert_eq!(ran.result, Ok(number), "{ran:?}");
        assert_eq!(ran.took, 7, "no wait: {ran:?}");
        assert!(ran.asked.is_empty(), "nothing is left to chance: {ran:?}");
        assert_eq!(budget.take(), number == 10, "after {number} successes");
    }
    let budget = Budget::new(1);
    let steps = [(0, Err(status(503))), (0, Ok(1))];
    let late = ran(&get(), &policy(), &budget, |most| most, Script::new(steps)).await;
    assert_eq!(late.result, Ok(1), "{late:?}");
    for _ in 0..9 {
        budget.give();
    }
    assert!(
        budget.take(),
        "a success at the second attempt gives a tenth, too, and nine more make a retry"
    );
}

/// Each wait is what chance says, between nothing and the longest wait, which is asked for once a retry.
#[tokio::test(start_paused = true)]
async fn waits_are_left_to_chance() {
    let chances: [(Chance, [u64; 5]); 4] = [
        (|most| most, [0, 100, 300, 700, 1_500]),
        (|_| 0, [0, 0, 0, 0, 0]),
        (|most| most / 2, [0, 50, 150, 350, 750]),
        (|most| 17.min(most), [0, 17, 34, 51, 68]),
    ];
    for (chance, expected) in chances {
        let ran = ran(
            &get(),
            &policy(),
            &Budget::new(100),
            chance,
            Script::failing(&status(503), 5),
        )
        .await;
        assert_eq!(ran.result, gave_up("attempts", 5, status(503)), "{ran:?}");
        assert_eq!(ran.tried, expected, "when it was tried, in ms: {ran:?}");
        assert_eq!(
            ran.asked,
            [100, 200, 400, 800],
            "the longest waits, in ms: {ran:?}"
        );
        assert_eq!(
            ran.took, expected[4],
            "no wait after the last attempt: {ran:?}"
        );
    }
}

/// Whatever policy and chance are, each attempt is tried at the end of the one before it and of its wait.
#[tokio::test(start_paused = true)]
async fn every_wait_follows_the_rule() {
    let mut values = support::seeded(0x10E9);
    for _ in 0..60 {
        let attempts = u32::try_from(values.number(1..9)).unwrap_or(1);
        let policy = Policy {
            first: ms(values.number(0..500)),
            most: ms(values.number(0..3_000)),
            attempts,
            total: Duration::MAX,
        };
        let times: Vec<u64> = (0..attempts).map(|_| values.number(0..900)).collect();
        let asked: Vec<Option<u64>> = (0..attempts)
            .map(|_| values.coin().then_some(values.number(0..90)))
            .collect();
        let mut expected = vec![0];
        let mut end = 0;
        for retry in 1..attempts {
            let before = usize::try_from(retry - 1).unwrap_or(0);
            let longest =
                u64::try_from(longest_wait(&policy, retry).as_millis()).unwrap_or(u64::MAX);
            end += times[before] + longest / 3 + 1_000 * asked[before].unwrap_or(0);
            expected.push(end);
        }
        let steps = times.iter().zip(&asked).map(|(time, asked)| {
            let retry_after = asked.map(|seconds| seconds.to_string());
            (
                *time,
                Err(Failure::Status {
                    status: 429,
                    retry_after,
                }),
            )
        });
        let script = Script::new(steps.collect::<Vec<_>>());
        let ran = ran(&get(), &policy, &Budget::new(100), |most| most / 3, script).await;
        assert_eq!(
            ran.tried, expected,
            "{policy:?}, each attempt took {times:?}, Retry-After {asked:?}: {ran:?}"
        );
    }
}

/// What `Retry-After` asks for comes on top of the wait, whatever the status is, and a date counts from the moment of the answer.
#[tokio::test(start_paused = true)]
async fn servers_may_ask_for_time() {
    let steps = [
        (0, Err(later(503, "2"))),
        (3_000, Err(later(429, "Sun, 09 Sep 2001 01:46:50 GMT"))),
        (0, Err(later(503, "Sun, 09 Sep 2001 01:46:40 GMT"))),
        (0, Err(later(503, "soon"))),
        (0, Err(later(500, "1"))),
        (0, Ok(1)),
    ];
    let patient = Policy {
        attempts: 6,
        ..policy()
    };
    let ran = ran(
        &get(),
        &patient,
        &Budget::new(100),
        |most| most / 10,
        Script::new(steps),
    )
    .await;
    assert_eq!(ran.result, Ok(1), "{ran:?}");
    // 2 s and 10 ms; the second takes 3 s, and at 5 s the date is 5 s away; after that 40 ms and 80 ms. Whatever the
    // status is: the fifth asks for 1 s, and 160 ms come on top.
    assert_eq!(
        ran.tried,
        [0, 2_010, 10_030, 10_070, 10_150, 11_310],
        "when it was tried, in ms: {ran:?}"
    );
}

/// A request that must not be sent again is tried once; one that was never sent is tried again.
#[tokio::test(start_paused = true)]
async fn a_post_without_a_key_is_tried_once() {
    let post = |has_key| Request {
        method: Method::POST,
        has_key,
    };
    for failure in [Failure::NoAnswer, status(503), later(429, "1"), status(400)] {
        let budget = Budget::new(1);
        let ran = ran(
            &post(false),
            &policy(),
            &budget,
            |most| most,
            Script::failing(&failure, 1),
        )
        .await;
        assert_eq!(ran.result, gave_up("not retried", 1, failure), "{ran:?}");
        assert_eq!(ran.took, 0, "nothing is waited for: {ran:?}");
        assert!(budget.take(), "no retry was taken");
    }
    let steps = [
        (0, Err(Failure::NotSent)),
        (0, Err(Failure::NotSent)),
        (0, Err(Failure::NoAnswer)),
    ];
    let ran1 = ran(
        &post(false),
        &policy(),
        &Budget::new(9),
        |most| most,
        Script::new(steps),
    )
    .await;
    assert_eq!(
        ran1.result,
        gave_up("not retried", 3, Failure::NoAnswer),
        "{ran1:?}"
    );
    let steps = [
        (0, Err(Failure::NoAnswer)),
        (0, Err(status(500))),
        (0, Ok(4)),
    ];
    let ran2 = ran(
        &post(true),
        &policy(),
        &Budget::new(9),
        |most| most,
        Script::new(steps),
    )
    .await;
    assert_eq!(ran2.result, Ok(4), "with a key: {ran2:?}");
    let steps = [(0, Err(status(503))), (0, Err(status(404)))];
    let ran3 = ran(
        &get(),
        &policy(),
        &Budget::new(9),
        |most| most,
        Script::new(steps),
    )
    .await;
    assert_eq!(
        ran3.result,
        gave_up("not retried", 2, status(404)),
        "404 after 503: {ran3:?}"
    );
}

/// A wait that would end at the deadline or later is not begun. An attempt that still runs then is dropped.
#[tokio::test(start_paused = true)]
async fn all_of_it_has_one_deadline() {
    let total = |total| Policy {
        total: ms(total),
        ..policy()
    };
    let slow = || Script::new([(0, Err(status(503))), (0, Ok(1))]);
    for (time, expected) in [(100, false), (101, true)] {
        let budget = Budget::new(1);
        let ran = ran(&get(), &total(time), &budget, |most| most, slow()).await;
        let last = if expected {
            Ok(1)
        } else {
            gave_up("deadline", 1, status(503))
        };
        assert_eq!(
            ran.result, last,
            "a wait of 100 ms, {time} ms in all: {ran:?}"
        );
        assert_eq!(
            ran.took,
            if expected { 100 } else { 0 },
            "{time} ms in all: {ran:?}"
        );
        assert_eq!(
            budget.take(),
            !expected,
            "{time} ms in all: a retry that is not made costs nothing"
        );
    }
    let far = Script::failing(&later(503, "18446744073709551615"), 1);
    let ran1 = ran(&get(), &policy(), &Budget::new(9), |most| most, far).await;
    assert_eq!(
        ran1.result.map_err(|(why, _, _)| why),
        Err("deadline"),
        "Retry-After of half an eternity"
    );

    let far = Script::failing(&later(503, "18446744073709551615"), 1);
    let slowly = Policy {
        first: ms(5_000),
        ..policy()
    };
    let ran1 = ran(&get(), &slowly, &Budget::new(9), |most| most, far).await;
    assert_eq!(
        ran1.result.map_err(|(why, _, _)| why),
        Err("deadline"),
        "Retry-After of half an eternity, and 5 s on top"
    );
    let steps = [(500, Err(status(503))), (0, Ok(1))];
    let late = Policy {
        first: ms(500),
        ..total(1_000)
    };
    let budget = Budget::new(1);
    let ran4 = ran(&get(), &late, &budget, |most| most, Script::new(steps)).await;
    assert_eq!(
        ran4.result,
        gave_up("deadline", 1, status(503)),
        "half of the time is gone, and the wait takes the other half: {ran4:?}"
    );
    assert_eq!(ran4.took, 500, "nothing is waited for: {ran4:?}");
    assert!(budget.take(), "a retry that is not made costs nothing");

    let steps = [(0, Err(status(503))), (5_000, Ok(1))];
    let ran2 = ran(
        &get(),
        &total(1_000),
        &Budget::new(9),
        |most| most,
        Script::new(steps),
    )
    .await;
    assert_eq!(
        ran2.result,
        gave_up("deadline", 2, status(503)),
        "the second attempt takes too long: {ran2:?}"
    );
    assert_eq!(ran2.took, 1_000, "it ends with its time: {ran2:?}");
    let ran3 = ran(
        &get(),
        &total(1_000),
        &Budget::new(9),
        |most| most,
        Script::new([(5_000, Ok(1))]),
    )
    .await;
    let expected = Err(("deadline", 1, None));
    assert_eq!(
        ran3.result, expected,
        "the first attempt takes too long: {ran3:?}"
    );
    assert_eq!(ran3.took, 1_000, "{ran3:?}");
}

/// Calls share a budget: when it is empty nobody tries again. The reasons come in their order.
#[tokio::test(start_paused = true)]
async fn all_calls_share_a_budget() {
    let budget = Budget::new(3);
    for (attempts, why) in [(3, "attempts"), (2, "budget"), (1, "budget")] {
        let policy = Policy {
            attempts: 3,
            ..policy()
        };
        let script = Script::failing(&status(503), 3);
        let ran = ran(&get(), &policy, &budget, |most| most, script).await;
        assert_eq!(ran.result, gave_up(why, attempts, status(503)), "{ran:?}");
    }
    let one = |attempts, total| Policy {
        attempts,
        total: ms(total),
        ..policy()
    };
    for (policy, failure, why) in [
        (one(1, 0), status(404), "not retried"),
        (one(1, 50), status(503), "attempts"),
        (one(0, 50), status(503), "attempts"),
        (one(2, 50), status(503), "deadline"),
        (one(2, 500), status(503), "budget"),
    ] {
        let script = Script::failing(&failure, 1);
        let ran = ran(&get(), &policy, &budget, |most| most, script).await;
        assert_eq!(
            ran.result,
            gave_up(why, 1, failure),
            "{policy:?} and an empty budget: {ran:?}"
        );
        assert_eq!(ran.took, 0, "nothing is waited for: {ran:?}");
    }
}
