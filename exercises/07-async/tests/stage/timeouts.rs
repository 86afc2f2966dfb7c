use std::cell::Cell;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_work::timeouts::{
    Failure, Lists, Payment, Refused, charge, place_order, price_with_backup,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::clock::{Crowd, Stopwatch, ends, seconds, settle};

fn no<T>(reason: &str) -> Result<T, Refused> {
    Err(Refused(reason.to_owned()))
}

/// What came of an order, as the tests compare it: its number, or why there is none, in a type of their own.
#[derive(Debug, PartialEq)]
enum NoOrder {
    Refused(String),
    TooLate,
}

fn told(placed: Result<u64, Failure>) -> Result<u64, NoOrder> {
    placed.map_err(|failure| match failure {
        Failure::Refused(Refused(reason)) => NoOrder::Refused(reason),
        Failure::TooLate => NoOrder::TooLate,
    })
}

/// An answer as the tests compare it: with the words of a refusal.
fn in_words<T>(answer: Result<T, Refused>) -> Result<T, String> {
    answer.map_err(|Refused(reason)| reason)
}

/// Comes to `answer` after so many seconds.
async fn after<T>(duration: u64, answer: T) -> T {
    sleep(seconds(duration)).await;
    answer
}

/// An order in time reserves, then pays for that reservation, and has the number that the payment came to.
#[tokio::test(start_paused = true)]
async fn an_order_in_time_is_reserved_and_paid() {
    let mut values = support::seeded(0x0721);
    for (reserve, pay) in [(1, 2), (0, 0), (5, 4), (0, 9), (9, 0)] {
        let (reservation, order) = (values.bits(), values.bits());
        let paid_for = Cell::new(None);
        let watch = Stopwatch::start();
        let placed: Result<u64, Failure> = ends(
            "the order",
            place_order(seconds(10), after(reserve, Ok(reservation)), |number| {
                paid_for.set(Some(number));
                after(pay, Ok(order))
            }),
        )
        .await;
        assert_eq!(
            told(placed),
            Ok(order),
            "the order, after {reserve} and {pay} of 10 seconds"
        );
        assert_eq!(
            paid_for.get(),
            Some(reservation),
            "the reservation that was paid for"
        );
        assert_eq!(
            watch.seconds(),
            reserve + pay,
            "seconds for {reserve} and {pay} seconds"
        );
    }
}

/// Both steps share one limit. When it is over, the answer is there at once, and nothing goes on or is begun.
#[tokio::test(start_paused = true)]
async fn both_steps_share_one_limit() {
    for (reserve, pay, begun) in [(6, 6, true), (9, 2, true), (11, 0, false), (99, 1, false)] {
        let crowd = Crowd::default();
        let paying = Cell::new(false);
        let guest = crowd.enter();
        let reserving = async move {
            let _guest = guest;
            after(reserve, Ok(7)).await
        };
        let watch = Stopwatch::start();
        let placed = ends(
            "the order",
            place_order(seconds(10), reserving, |_| {
                paying.set(true);
                let guest = crowd.enter();
                async move {
                    let _guest = guest;
                    after(pay, Ok(8)).await
                }
            }),
        )
        .await;
        assert_eq!(
            told(placed),
            Err(NoOrder::TooLate),
            "{reserve} and {pay} seconds, of 10"
        );
        assert_eq!(
            watch.seconds(),
            10,
            "seconds until it is known to be too late"
        );
        assert_eq!(
            crowd.present(),
            0,
            "steps that are left when it is too late"
        );
        assert_eq!(
            paying.get(),
            begun,
            "whether the payment was begun after {reserve} seconds"
        );
    }
}

/// A step that refuses ends the order with its reason; after a refused reservation nothing is paid.
#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_order() {
    let paying = Cell::new(false);
    let watch = Stopwatch::start();
    let placed = ends(
        "the order",
        place_order(seconds(10), after(2, no("sold out")), |_| {
            paying.set(true);
            ready(Ok(8))
        }),
    )
    .await;
    assert_eq!(
        told(placed),
        Err(NoOrder::Refused("sold out".to_owned())),
        "not reserved"
    );
    assert!(
        !paying.get(),
        "something is paid for although nothing is reserved"
    );
    let placed = ends(
        "the order",
        place_order(seconds(10), after(2, Ok(7)), |_| after(3, no("no money"))),
    )
    .await;
    assert_eq!(
        told(placed),
        Err(NoOrder::Refused("no money".to_owned())),
        "not paid"
    );
    assert_eq!(
        watch.seconds(),
        2 + 5,
        "seconds until both refusals are known"
    );
}

/// Any limit will do: no time at all is too short for a second, and the longest that there is is long enough for two days.
#[tokio::test(start_paused = true)]
async fn any_limit_will_do() {
    let placed = ends(
        "the order",
        place_order(Duration::MAX, after(86_400, Ok(7)), |_| {
            after(86_400, Ok(8))
        }),
    )
    .await;
    assert_eq!(told(placed), Ok(8), "two days, with the longest limit");
    let placed = ends(
        "the order",
        place_order(Duration::ZERO, after(1, Ok(7)), |_| ready(Ok(8))),
    )
    .await;
    assert_eq!(
        told(placed),
        Err(NoOrder::TooLate),
        "a second, with no time at all"
    );
}

/// A first supplier that has a price in time is the only one that is asked.
#[tokio::test(start_paused = true)]
async fn in_time_the_second_is_never_asked() {
    let mut values = support::seeded(0x0722);
    for duration in [0, 1, 4] {
        let cents = values.number(0..1 << 32) as u32;
        let asked = Cell::new(false);
        let watch = Stopwatch::start();
        let price: Result<u32, Refused> = ends(
            "the price",
            price_with_backup(seconds(5), after(duration, Ok(cents)), || {
                asked.set(true);
                ready(Ok(1))
            }),
        )
        .await;
        assert_eq!(
            in_words(price),
            Ok(cents),
            "the first one's price, after {duration} of 5 seconds"
        );
        assert!(
            !asked.get(),
            "the second was asked although the first was in time"
        );
        assert_eq!(watch.seconds(), duration, "seconds");
    }
}

/// After the patience both are on their way, and the first price is the answer, from either of them.
#[tokio::test(start_paused = true)]
async fn after_the_patience_both_are_waited_for() {
    // seconds of the first; of the second, from its call; patience; whose price; after how many seconds
    for (first, second, patience, winner, expected) in [
        (60, 2, 5, 2, 7),
        (6, 60, 5, 1, 6),
        (8, 4, 5, 1, 8),
        (10, 4, 5, 2, 9),
        (3, 1, 0, 2, 1),
        (1, 3, 0, 1, 1),
        (900, 0, 5, 2, 5),
    ] {
        let watch = Stopwatch::start();
        let asked_at = Cell::new(None);
        let price = ends(
            "the price",
            price_with_backup(seconds(patience), after(first, Ok(1)), || {
                asked_at.set(Some(watch.seconds()));
                after(second, Ok(2))
            }),
        )
        .await;
        let case =
            format!("the first takes {first} s, the second {second} s, patience {patience} s");
        assert_eq!(in_words(price), Ok(winner), "whose price: {case}");
        assert_eq!(watch.seconds(), expected, "seconds: {case}");
        assert_eq!(
            asked_at.get(),
            Some(patience),
            "when the second was asked: {case}"
        );
    }
}

/// A refusal is no price: the other one is asked at once, or waited for.
#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_the_other() {
    let yes = |cents| Ok(cents);
    // the first: seconds and answer; the second; the answer, and after how many seconds; patience is 5
    for (first, second, expected, after_seconds) in [
        ((1, no("a")), (2, yes(20)), yes(20), 3),
        ((0, no("a")), (9, yes(20)), yes(20), 9),
        ((6, no("a")), (9, yes(20)), yes(20), 14),
        ((30, yes(10)), (1, no("b")), yes(10), 30),
        ((1, no("a")), (2, no("b")), no("b"), 3),
        ((6, no("a")), (9, no("b")), no("b"), 14),
        ((30, no("a")), (1, no("b")), no("a"), 30),
    ] {
        let case = format!("the first: {first:?}, the second: {second:?}");
        let watch = Stopwatch::start();
        let price = ends(
            "the price",
            price_with_backup(seconds(5), after(first.0, first.1), || {
                after(second.0, second.1)
            }),
        )
        .await;
        assert_eq!(in_words(price), in_words(expected), "{case}");
        assert_eq!(watch.seconds(), after_seconds, "seconds: {case}");
    }
}

/// A payment that ends in time is known: paid, refused or panicked.
#[tokio::test(start_paused = true)]
async fn a_payment_in_time_is_known() {
    let mut values = support::seeded(0x0723);
    for (duration, receipt) in [
        (0, values.bits()),
        (3, values.bits()),
        (9, values.bits()),
        (1, 0),
        (1, u64::MAX),
    ] {
        let paid = ends(
            "the payment",
            charge(seconds(10), after(duration, Ok(receipt))),
        )
        .await;
        assert!(
            matches!(paid, Payment::Paid(number) if number == receipt),
            "paid after {duration} of 10 seconds, receipt {receipt}: {paid:?}"
        );
        let refused = charge(seconds(10), after(duration, no("no money")));
        let refused = ends("the payment", refused).await;
        assert!(
            matches!(&refused, Payment::Refused(Refused(reason)) if reason == "no money"),
            "refused after {duration} of 10 seconds: {refused:?}"
        );
        let broken = ends(
            "the payment",
            charge(seconds(10), async move {
                sleep(seconds(duration)).await;
                panic!("the bank's answer makes no sense")
            }),
        )
        .await;
        assert!(
            matches!(broken, Payment::Panicked),
            "panicked after {duration} of 10 seconds: {broken:?}"
        );
    }
}

/// A payment that is late goes on, once, and its result comes out of the handle.
#[tokio::test(start_paused = true)]
async fn a_late_payment_goes_on() {
    for (expected, answer) in [(Ok(77), Ok(77)), (no("no money"), no("no money"))] {
        let begun = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&begun);
        let watch = Stopwatch::start();
        let late = ends(
            "the payment",
            charge(seconds(10), async move {
                counter.fetch_add(1, Ordering::SeqCst);
                after(25, answer).await
            }),
        )
        .await;
        assert_eq!(watch.seconds(), 10, "seconds until we stop waiting");
        let Payment::Open(handle) = late else {
            panic!("not known after 10 of 25 seconds: {late:?}");
        };
        let result = ends("the handle", handle).await.expect("no panic");
        assert_eq!(
            in_words(result),
            in_words(expected),
            "what comes out of the handle"
        );
        assert_eq!(watch.seconds(), 25, "seconds until the payment is done");
        assert_eq!(begun.load(Ordering::SeqCst), 1, "how often it was begun");
    }
}

/// A panic after the limit comes out of the handle as a panic: nobody knows whether it was paid, so it is no refusal.
#[tokio::test(start_paused = true)]
async fn a_late_panic_is_no_refusal() {
    let late = ends(
        "the payment",
        charge(seconds(10), async {
            sleep(seconds(25)).await;
            panic!("the bank's answer makes no sense")
        }),
    )
    .await;
    let Payment::Open(handle) = late else {
        panic!("not known after 10 of 25 seconds: {late:?}");
    };
    match ends("the handle", handle).await {
        Err(error) => assert!(
            error.is_panic(),
            "it panicked, and the handle says: {error}"
        ),
        Ok(result) => panic!("it panicked, and the handle says: {result:?}"),
    }
}

/// A payment goes on when the caller gives up before the limit, and when nobody keeps the handle.
#[tokio::test(start_paused = true)]
async fn a_payment_outlives_its_caller() {
    for (gives_up_after, limit) in [(3, 10), (15, 10), (1, 3_600)] {
        let paid = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&paid);
        let payment = async move {
            sleep(seconds(12)).await;
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(77)
        };
        // A caller that waits for an answer, and whose client hangs up.
        let caller = async {
            let known = charge(seconds(limit), payment).await;
            drop(known);
            sleep(seconds(3_600)).await;
        };
        let gave_up = timeout(seconds(gives_up_after), caller).await;
        assert!(gave_up.is_err(), "the caller is gone");
        sleep(seconds(60)).await;
        assert_eq!(
            paid.load(Ordering::SeqCst),
            1,
            "payments, when the caller gives up after {gives_up_after} s with a limit of {limit} s"
        );
    }
}

/// Sends orders at the given seconds, counted from now, and then holds the sender for so long.
fn send_at(moments: Vec<(u64, String)>, hold: u64) -> mpsc::Receiver<String> {
    let (sender, orders) = mpsc::channel(64);
    tokio::spawn(async move {
        let mut now = 0;
        for (moment, order) in moments {
            sleep(seconds(moment - now)).await;
            now = moment;
            if sender.send(order).await.is_err() {
                return;
            }
        }
        sleep(seconds(hold)).await;
    });
    orders
}

fn orders(list: &[(u64, &str)]) -> Vec<(u64, String)> {
    list.iter()
        .map(|&(moment, order)| (moment, order.to_owned()))
        .collect()
}

/// A list is there as soon as it is full, and what came beyond it is on the next one.
#[tokio::test(start_paused = true)]
async fn a_full_list_is_there_at_once() {
    let sent = ["a", "b", "c", "d", "e", "f", "g"].map(|order| (0, order));
    let mut lists = Lists::new(send_at(orders(&sent), 9_000), 3, seconds(60));
    let watch = Stopwatch::start();
    let first: Option<Vec<String>> = ends("a list", lists.next()).await;
    assert_eq!(
        first.as_deref(),
        Some(&["a", "b", "c"].map(String::from)[..]),
        "the first list"
    );
    let second = ends("a list", lists.next()).await;
    assert_eq!(
        second.as_deref(),
        Some(&["d", "e", "f"].map(String::from)[..]),
        "the second list"
    );
    assert_eq!(watch.seconds(), 0, "seconds for two full lists");
    let third = ends("a list", lists.next()).await;
    assert_eq!(
        third.as_deref(),
        Some(&["g".to_owned()][..]),
        "the third list"
    );
    assert_eq!(
        watch.seconds(),
        60,
        "seconds until the last order has waited long enough"
    );

    let same = [(0, "x"), (0, "x"), (0, "y"), (0, "x")];
    let mut lists = Lists::new(send_at(orders(&same), 9_000), 4, seconds(60));
    let list = ends("a list", lists.next()).await.unwrap_or_default();
    assert_eq!(list, ["x", "x", "y", "x"], "orders that look the same");

    let many: Vec<(u64, String)> = (0..450).map(|number| (0, number.to_string())).collect();
    let mut long = Lists::new(send_at(many, 9_000), 200, seconds(60));
    for _ in 0..2 {
        let list = ends("a list", long.next()).await.unwrap_or_default();
        assert_eq!(list.len(), 200, "orders on a long list");
    }

    let mut single = Lists::new(send_at(orders(&sent), 9_000), 1, seconds(60));
    let watch = Stopwatch::start();
    for (_, order) in sent {
        let list = ends("a list", single.next()).await;
        assert_eq!(
            list.as_deref(),
            Some(&[order.to_owned()][..]),
            "a list of one"
        );
    }
    assert_eq!(watch.seconds(), 0, "seconds for lists of one");
}

/// A list is there in the moment in which it is full, due or the last, and not when somebody looks next.
#[tokio::test(start_paused = true)]
async fn a_list_is_there_in_its_moment() {
    let milliseconds = Duration::from_millis;
    let mut values = support::seeded(0x0725);
    for _ in 0..20 {
        let (later, patience) = (values.number(1..5_000), values.number(5_001..9_000));
        // most; whether the sender goes away; when the list of `a` and `b` is there
        for (most, goes, expected) in [(2, false, later), (3, false, patience), (3, true, later)] {
            let (sender, orders) = mpsc::channel(8);
            tokio::spawn(async move {
                for (wait, order) in [(0, "a"), (later, "b")] {
                    sleep(milliseconds(wait)).await;
                    if sender.send(order.to_owned()).await.is_err() {
                        return;
                    }
                }
                if !goes {
                    sleep(seconds(9_000)).await;
                }
            });
            let mut lists = Lists::new(orders, most, milliseconds(patience));
            let began = Instant::now();
            let list = ends("a list", lists.next()).await.unwrap_or_default();
            let passed = began.elapsed();
            assert_eq!(list, ["a", "b"], "orders at 0 and {later} ms");
            assert!(
                passed <= milliseconds(expected + 3),
                "orders at 0 and {later} ms, patience {patience} ms, at most {most}, the sender goes: {goes}; the list \
                 comes after {passed:?} instead of {expected} ms"
            );
        }
    }
}

/// The patience is counted from the first order of a list; those that come later do not prolong it.
#[tokio::test(start_paused = true)]
async fn the_first_order_waits_no_longer_than_the_patience() {
    let sent = [(100, "a"), (104, "b"), (108, "c"), (112, "d"), (200, "e")];
    let mut lists = Lists::new(send_at(orders(&sent), 9_000), 50, seconds(10));
    let watch = Stopwatch::start();
    for (expected, moment) in [
        (vec!["a", "b", "c"], 110),
        (vec!["d"], 122),
        (vec!["e"], 210),
    ] {
        let list = ends("a list", lists.next()).await.unwrap_or_default();
        assert_eq!(list, expected, "the list that is due at second {moment}");
        assert_eq!(
            watch.seconds(),
            moment,
            "when the list {expected:?} is there"
        );
    }
}

/// When no more orders can come, what waits is a list at once; after that there is none, however often one asks.
#[tokio::test(start_paused = true)]
async fn the_last_list_does_not_wait() {
    let sent = [(0, "a"), (1, "b"), (2, "c")];
    let mut lists = Lists::new(send_at(orders(&sent), 0), 2, seconds(60));
    let watch = Stopwatch::start();
    let first = ends("a list", lists.next()).await.unwrap_or_default();
    assert_eq!(first, ["a", "b"], "the first list");
    let last = ends("a list", lists.next()).await.unwrap_or_default();
    assert_eq!(last, ["c"], "the last list");
    assert_eq!(
        watch.seconds(),
        2,
        "seconds until the last order, after which none can come"
    );
    for _ in 0..3 {
        let none: Option<Vec<String>> = ends("no list", lists.next()).await;
        assert_eq!(none, None, "all orders were on a list");
    }
    let (sender, never) = mpsc::channel(1);
    drop(sender);
    let mut lists = Lists::new(never, 2, seconds(60));
    assert_eq!(
        ends("no list", lists.next()).await,
        None,
        "no order ever came"
    );
}

/// Dropping the future loses no order, and the first one is due when it would have been.
#[tokio::test(start_paused = true)]
async fn a_dropped_wait_loses_nothing() {
    let sent = [(0, "a"), (4, "b"), (8, "c"), (31, "d")];
    let mut lists = Lists::new(send_at(orders(&sent), 9_000), 50, seconds(10));
    settle().await;
    let watch = Stopwatch::start();
    for _ in 0..3 {
        let dropped = timeout(seconds(3), lists.next()).await;
        assert!(
            dropped.is_err(),
            "no list is due in the first 9 seconds: {dropped:?}"
        );
    }
    let list = ends("a list", lists.next()).await.unwrap_or_default();
    assert_eq!(
        list,
        ["a", "b", "c"],
        "orders that waited while the future was dropped three times"
    );
    assert!(
        watch.seconds() <= 10,
        "it was due at second 10, and came at {}",
        watch.seconds()
    );
    let dropped = timeout(seconds(15), lists.next()).await;
    assert!(
        dropped.is_err(),
        "no order came until second 31: {dropped:?}"
    );
    let list = ends("a list", lists.next()).await.unwrap_or_default();
    assert_eq!(list, ["d"], "the order of second 31");
    let late = watch.seconds();
    assert!(
        (40..=41).contains(&late),
        "it was due at second 41, and came at {late}"
    );
}

/// Whatever the moments at which orders come and the wait is dropped: each order is on one list, in its order.
#[tokio::test(start_paused = true)]
async fn each_order_is_on_one_list() {
    let mut values = support::seeded(0x0724);
    for most in [1, 2, 7] {
        let mut moment = 0;
        let sent: Vec<(u64, String)> = (0..120)
            .map(|number| {
                moment += *values.pick(&[0, 0, 1, 3, 20]);
                (moment, format!("{} {number}", values.word(3..8)))
            })
            .collect();
        let mut lists = Lists::new(send_at(sent.clone(), 0), most, seconds(10));
        let mut packed: Vec<String> = Vec::new();
        loop {
            let patience = Duration::from_millis(values.number(1..9_000));
            match timeout(patience, lists.next()).await {
                Err(_) => {}
                Ok(None) => break,
                Ok(Some(list)) => {
                    assert!(!list.is_empty(), "a list without orders");
                    assert!(list.len() <= most, "{list:?} has more than {most} orders");
                    packed.extend(list);
                }
            }
        }
        let sent: Vec<String> = sent.into_iter().map(|(_, order)| order).collect();
        assert_eq!(packed, sent, "orders on lists of at most {most}");
    }
}
