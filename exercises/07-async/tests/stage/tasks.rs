use std::cell::Cell;
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_work::tasks::{Failure, Offer, ask_all, first_price, offer};
use tokio::sync::watch;
use tokio::task;
use tokio::time::{Instant, sleep, timeout};

use crate::clock::{Crowd, Stopwatch, ends, seconds, settle};

type Answer = Result<u32, Failure>;
type Inquiry = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// An answer as the tests compare it: the number, or the words that were said no with, or `None` for a panic.
type Told = Result<u32, Option<String>>;

fn told(answer: &Answer) -> Told {
    match answer {
        Ok(number) => Ok(*number),
        Err(Failure::Refused(reason)) => Err(Some(reason.clone())),
        Err(Failure::Panicked) => Err(None),
    }
}

fn all_told(answers: &[Answer]) -> Vec<Told> {
    answers.iter().map(told).collect()
}

fn no(reason: &str) -> Answer {
    Err(Failure::Refused(reason.to_owned()))
}

/// An inquiry that comes to `answer` after so many seconds.
fn after(duration: u64, answer: Answer) -> Inquiry {
    Box::pin(async move {
        sleep(seconds(duration)).await;
        answer
    })
}

/// An inquiry that panics after so many seconds.
fn panics_after(duration: u64) -> Inquiry {
    Box::pin(async move {
        sleep(seconds(duration)).await;
        panic!("the supplier's answer makes no sense")
    })
}

/// An inquiry that is counted in `crowd` for as long as anything of it is left.
fn counted(crowd: &Crowd, duration: u64, answer: Answer) -> Inquiry {
    let guest = crowd.enter();
    Box::pin(async move {
        let _guest = guest;
        sleep(seconds(duration)).await;
        answer
    })
}

/// An offer has the price and the days as they were answered, and waits for both at the same time.
#[tokio::test(start_paused = true)]
async fn an_offer_asks_for_both_at_once() {
    let mut values = support::seeded(0x0701);
    for (slow, quick) in [(7, 3), (3, 7), (5, 5), (0, 0)] {
        let [cents, days] = [(); 2].map(|()| values.number(0..100_000) as u32);
        // Counting in a `Cell` is fine: these futures stay where they are.
        let asked = Cell::new(0);
        let ask = async |duration, answer| {
            asked.set(asked.get() + 1);
            sleep(seconds(duration)).await;
            Ok(answer)
        };
        let watch = Stopwatch::start();
        let made: Result<Offer, Failure> =
            ends("the offer", offer(ask(slow, cents), ask(quick, days))).await;
        let made = made.expect("neither of the answers is a failure");
        assert_eq!(made.cents, cents, "cents of the offer");
        assert_eq!(made.days, days, "days of the offer");
        assert_eq!(
            watch.seconds(),
            slow.max(quick),
            "seconds for answers that take {slow} and {quick} seconds"
        );
        assert_eq!(asked.get(), 2, "inquiries");
    }
}

/// When one answer is a failure, there is no offer, and the other answer is not waited for.
#[tokio::test(start_paused = true)]
async fn a_failed_offer_does_not_wait() {
    let hour = 3_600;
    for (cents, days, reason, expected) in [
        (after(2, no("sold out")), after(hour, Ok(3)), "sold out", 2),
        (
            after(hour, Ok(990)),
            after(4, no("holidays")),
            "holidays",
            4,
        ),
        (
            after(6, no("sold out")),
            after(5, no("strike")),
            "strike",
            5,
        ),
        (after(hour, Ok(1)), after(0, no("never")), "never", 0),
    ] {
        let watch = Stopwatch::start();
        let made = ends("the offer", offer(cents, days)).await;
        let made: Told = told(&made.map(|offer| offer.cents));
        assert_eq!(
            made,
            Err(Some(reason.to_owned())),
            "one of the answers is a failure"
        );
        assert_eq!(
            watch.seconds(),
            expected,
            "seconds until {reason:?} is known"
        );
    }
}

/// The answers stand in the order of the inquiries, whatever the order in which they came; a refusal is an answer too.
#[tokio::test(start_paused = true)]
async fn answers_stand_in_the_order_of_the_inquiries() {
    let mut values = support::seeded(0x0702);
    for size in [1, 2, 3, 50, 500] {
        let mut durations: Vec<u64> = (0..size).collect();
        values.shuffle(&mut durations);
        let expected: Vec<Answer> = durations
            .iter()
            .map(|_| match values.coin() {
                true => Ok(values.number(0..1 << 32) as u32),
                false => no(&values.word(3..9)),
            })
            .collect();
        let inquiries: Vec<Inquiry> = durations
            .iter()
            .zip(&expected)
            .map(|(&duration, answer)| after(duration, answer.clone()))
            .collect();
        let answers: Vec<Answer> = ends("the answers", ask_all(inquiries)).await;
        assert_eq!(
            all_told(&answers),
            all_told(&expected),
            "{size} answers that came in another order"
        );
    }
}

/// All inquiries are on their way at the same time: together they take as long as the slowest of them.
#[tokio::test(start_paused = true)]
async fn all_are_asked_at_the_same_time() {
    for durations in [vec![30, 10, 20], vec![1; 2_000], vec![1, 1, 90_000], vec![]] {
        let crowd = Crowd::default();
        let watch = Stopwatch::start();
        let inquiries: Vec<Inquiry> = durations
            .iter()
            .map(|&duration| {
                let crowd = crowd.clone();
                let inquiry: Inquiry = Box::pin(async move {
                    let _guest = crowd.enter();
                    sleep(seconds(duration)).await;
                    Ok(1)
                });
                inquiry
            })
            .collect();
        let answers: Vec<Answer> = ends("the answers", ask_all(inquiries)).await;
        let longest = durations.iter().copied().max().unwrap_or(0);
        assert_eq!(answers.len(), durations.len(), "answers");
        assert_eq!(watch.seconds(), longest, "seconds for all answers");
        assert_eq!(
            crowd.most(),
            durations.len(),
            "inquiries on their way at the same time"
        );
    }
}

/// Each inquiry is a task of its own: one that computes does not stand in the way of the others.
#[tokio::test(start_paused = true)]
async fn each_inquiry_is_a_task_of_its_own() {
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let inquiries = || -> Vec<Inquiry> {
        (0..30)
            .map(|_| {
                let seen = Arc::clone(&seen);
                let inquiry: Inquiry = Box::pin(async move {
                    seen.lock().expect("nobody panics").extend(task::try_id());
                    sleep(seconds(1)).await;
                    no("sold out")
                });
                inquiry
            })
            .collect()
    };
    ends("the answers", ask_all(inquiries())).await;
    let tasks = seen.lock().expect("nobody panics").len();
    assert_eq!(tasks, 30, "tasks for 30 inquiries of `ask_all`");
    seen.lock().expect("nobody panics").clear();
    ends("no price", first_price(inquiries())).await;
    let tasks = seen.lock().expect("nobody panics").len();
    assert_eq!(tasks, 30, "tasks for 30 inquiries of `first_price`");
}

/// An inquiry that panics costs its own answer, and no other.
#[tokio::test(start_paused = true)]
async fn a_panic_costs_one_answer() {
    let inquiries = vec![
        after(3, Ok(10)),
        panics_after(2),
        after(1, no("sold out")),
        panics_after(0),
        after(9, Ok(50)),
        panics_after(20),
    ];
    let answers: Vec<Answer> = ends("the answers", ask_all(inquiries)).await;
    let expected = [
        Ok(10),
        Err(Failure::Panicked),
        no("sold out"),
        Err(Failure::Panicked),
        Ok(50),
        Err(Failure::Panicked),
    ];
    assert_eq!(
        all_told(&answers),
        all_told(&expected),
        "the second, fourth and last panic"
    );
}

/// A caller that gives up and drops the future stops all inquiries that still run.
#[tokio::test(start_paused = true)]
async fn giving_up_stops_what_still_runs() {
    let all = Crowd::default();
    let inquiries = (1..=20)
        .map(|place| counted(&all, place * 10, Ok(1)))
        .collect();
    let gave_up = timeout(seconds(35), ask_all(inquiries)).await.is_err();
    assert!(gave_up, "the last answer takes 200 seconds");
    settle().await;
    assert_eq!(all.present(), 0, "inquiries of `ask_all` that still run");

    let first = Crowd::default();
    let inquiries = (1..=20)
        .map(|place| counted(&first, place * 10, no("sold out")))
        .collect();
    let gave_up = timeout(seconds(35), first_price(inquiries)).await.is_err();
    assert!(gave_up, "the last answer takes 200 seconds");
    settle().await;
    assert_eq!(
        first.present(),
        0,
        "inquiries of `first_price` that still run"
    );
}

/// The first price is the answer as soon as it is there, with the place of its inquiry.
#[tokio::test(start_paused = true)]
async fn the_first_price_is_the_answer() {
    let mut values = support::seeded(0x0703);
    for size in [1, 2, 10, 100] {
        let mut durations: Vec<u64> = (1..=size).collect();
        values.shuffle(&mut durations);
        let prices: Vec<u32> = durations
            .iter()
            .map(|_| values.number(0..5_000) as u32)
            .collect();
        let inquiries = durations
            .iter()
            .zip(&prices)
            .map(|(&duration, &cents)| after(duration, Ok(cents)))
            .collect();
        let quickest = durations
            .iter()
            .position(|&duration| duration == 1)
            .expect("one takes a second");
        let watch = Stopwatch::start();
        let first: Option<(usize, u32)> = ends("the first price", first_price(inquiries)).await;
        assert_eq!(
            first,
            Some((quickest, prices[quickest])),
            "inquiry {quickest} of {size} takes a second, all others longer"
        );
        assert_eq!(watch.seconds(), 1, "seconds until the first price is there");
    }
}

/// A price that comes behind the first one changes nothing, even in the same moment.
#[tokio::test(start_paused = true)]
async fn a_second_price_changes_nothing() {
    for duration in [0, 1, 60] {
        // Once the first has its price, all others have theirs.
        let (told, _) = watch::channel(false);
        let others: Vec<Inquiry> = (1..40)
            .map(|cents| {
                let mut told = told.subscribe();
                let inquiry: Inquiry = Box::pin(async move {
                    let _ = told.wait_for(|&told| told).await;
                    Ok(cents)
                });
                inquiry
            })
            .collect();
        let mut inquiries: Vec<Inquiry> = vec![Box::pin(async move {
            sleep(seconds(duration)).await;
            told.send_replace(true);
            Ok(990)
        })];
        inquiries.extend(others);
        let first = ends("the first price", first_price(inquiries)).await;
        assert_eq!(first, Some((0, 990)), "the others came behind it");
    }
}

/// A refusal and a panic are no price: the next one counts, and when none is left, the answer is `None`.
#[tokio::test(start_paused = true)]
async fn failures_are_no_price() {
    let inquiries = vec![
        after(1, no("sold out")),
        panics_after(2),
        after(8, Ok(80)),
        after(5, Ok(50)),
        panics_after(0),
    ];
    let first = ends("the first price", first_price(inquiries)).await;
    assert_eq!(first, Some((3, 50)), "the first that is a price");

    let watch = Stopwatch::start();
    let inquiries = vec![
        after(4, no("sold out")),
        panics_after(7),
        after(1, no("no")),
    ];
    let none: Option<(usize, u32)> = ends("no price", first_price(inquiries)).await;
    assert_eq!(none, None, "all of them fail");
    assert_eq!(watch.seconds(), 7, "seconds until the last has failed");

    let free = vec![after(9, Ok(3)), after(1, Ok(0))];
    let free = ends("a free book", first_price(free)).await;
    assert_eq!(free, Some((1, 0)), "nothing to pay is a price");

    let nobody = ends("nobody asked", first_price(Vec::<Inquiry>::new())).await;
    assert_eq!(nobody, None, "nobody was asked");
}

/// When the first price is returned, the other inquiries have ended: nothing of them is left.
#[tokio::test(start_paused = true)]
async fn the_others_have_ended() {
    for late in [2, 60, 86_400] {
        let crowd = Crowd::default();
        let mut inquiries: Vec<Inquiry> = (0..500).map(|_| counted(&crowd, late, Ok(1))).collect();
        inquiries.insert(17, counted(&crowd, 1, Ok(990)));
        let watch = Stopwatch::start();
        let first = ends("the first price", first_price(inquiries)).await;
        assert_eq!(crowd.present(), 0, "inquiries that are left at the return");
        assert_eq!(first, Some((17, 990)), "the quickest");
        assert_eq!(watch.seconds(), 1, "seconds, though the others take {late}");
    }

    // Nothing but the others' end is waited for, however many they are: no time passes.
    let crowd = Crowd::default();
    let mut inquiries: Vec<Inquiry> = vec![Box::pin(async { Ok(990) })];
    inquiries.extend((0..20_000).map(|_| counted(&crowd, 60, Ok(1))));
    let began = Instant::now();
    let first = ends("the first price", first_price(inquiries)).await;
    assert_eq!(
        crowd.present(),
        0,
        "inquiries of 20000 that are left at the return"
    );
    assert_eq!(first, Some((0, 990)), "the quickest");
    assert_eq!(
        began.elapsed(),
        Duration::ZERO,
        "time that passes though the first price is there at once"
    );
}
