use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_work::limits::{Busy, Desk, NotTaken, put, run_at_most};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::clock::{Crowd, Stopwatch, ends, poll_once, seconds, settle};

type Job = Pin<Box<dyn Future<Output = usize> + Send>>;

/// A job that takes so many seconds, is counted while it runs, and comes to `number`.
fn job(crowd: &Crowd, duration: u64, number: usize) -> Job {
    let crowd = crowd.clone();
    Box::pin(async move {
        let _guest = crowd.enter();
        sleep(seconds(duration)).await;
        number
    })
}

/// At most so many jobs run at the same time, and never fewer while there are jobs that wait.
#[tokio::test(start_paused = true)]
async fn at_most_so_many_run() {
    for (limit, jobs, rounds) in [
        (1, 7, 7),
        (3, 9, 3),
        (4, 9, 3),
        (20, 5, 1),
        (5, 5, 1),
        (7, 700, 100),
        (300, 900, 3),
    ] {
        let crowd = Crowd::default();
        let watch = Stopwatch::start();
        let list: Vec<Job> = (0..jobs).map(|number| job(&crowd, 1, number)).collect();
        let results: Vec<Option<usize>> = ends("the jobs", run_at_most(limit, list)).await;
        let expected: Vec<Option<usize>> = (0..jobs).map(Some).collect();
        assert_eq!(
            results, expected,
            "results of {jobs} jobs, at most {limit} at once"
        );
        assert_eq!(
            crowd.most(),
            limit.min(jobs),
            "jobs at the same time, of {jobs}, at most {limit}"
        );
        assert_eq!(
            watch.seconds(),
            rounds,
            "seconds for {jobs} jobs of a second, {limit} at once"
        );
    }
    let nothing: Vec<Option<usize>> = ends("no jobs", run_at_most(3, Vec::<Job>::new())).await;
    assert_eq!(nothing, [], "results of no jobs");
}

/// The next job begins as soon as any one has ended, and not when a whole group has.
#[tokio::test(start_paused = true)]
async fn a_free_place_is_used_at_once() {
    let crowd = Crowd::default();
    let watch = Stopwatch::start();
    let mut jobs = vec![job(&crowd, 100, 0)];
    jobs.extend((1..=50).map(|number| job(&crowd, 2, number)));
    let results = ends("the jobs", run_at_most(2, jobs)).await;
    assert_eq!(results.len(), 51, "results");
    assert_eq!(
        watch.seconds(),
        100,
        "seconds: fifty jobs of 2 seconds run beside the one of 100"
    );
}

/// Results stand in the order of the list, and jobs begin in that order, whatever they take.
#[tokio::test(start_paused = true)]
async fn order_is_that_of_the_list() {
    let mut values = support::seeded(0x0731);
    for limit in [1, 2, 5, 200] {
        let begun = Arc::new(Mutex::new(Vec::new()));
        let expected: Vec<usize> = (0..60).map(|_| values.size(0..1_000_000)).collect();
        let jobs: Vec<Job> = expected
            .iter()
            .enumerate()
            .map(|(place, &result)| {
                let begun = Arc::clone(&begun);
                let duration = values.number(0..30);
                let job: Job = Box::pin(async move {
                    begun
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(place);
                    sleep(seconds(duration)).await;
                    result
                });
                job
            })
            .collect();
        let results = ends("the jobs", run_at_most(limit, jobs)).await;
        let expected: Vec<Option<usize>> = expected.into_iter().map(Some).collect();
        assert_eq!(results, expected, "results, at most {limit} at once");
        let begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(
            *begun,
            (0..60).collect::<Vec<_>>(),
            "the order in which jobs began"
        );
    }
}

/// A job that panics has no result, and gives its place to the next one.
#[tokio::test(start_paused = true)]
async fn a_panic_frees_its_place() {
    let crowd = Crowd::default();
    let panics = |duration: u64| -> Job {
        let guest = crowd.clone();
        Box::pin(async move {
            let _guest = guest.enter();
            sleep(seconds(duration)).await;
            panic!("this job cannot be done")
        })
    };
    let jobs = vec![
        panics(1),
        panics(2),
        job(&crowd, 3, 2),
        panics(0),
        job(&crowd, 4, 4),
    ];
    let watch = Stopwatch::start();
    let results = ends("jobs that panic", run_at_most(2, jobs)).await;
    assert_eq!(
        results,
        [None, None, Some(2), None, Some(4)],
        "the first, second and fourth panic"
    );
    assert_eq!(watch.seconds(), 6, "seconds, two at once");
    assert_eq!(crowd.most(), 2, "jobs at the same time");
}

/// A caller that gives up stops the jobs that run, and no further one is begun.
#[tokio::test(start_paused = true)]
async fn giving_up_stops_the_jobs() {
    let crowd = Crowd::default();
    let begun = Crowd::default();
    let jobs: Vec<Job> = (0..30)
        .map(|_| {
            let (crowd, begun) = (crowd.clone(), begun.clone());
            let job: Job = Box::pin(async move {
                let _guest = crowd.enter();
                std::mem::forget(begun.enter());
                sleep(seconds(10)).await;
                1
            });
            job
        })
        .collect();
    let gave_up = timeout(seconds(15), run_at_most(3, jobs)).await;
    assert!(gave_up.is_err(), "ten rounds of 10 seconds");
    sleep(seconds(500)).await;
    assert_eq!(crowd.present(), 0, "jobs that still run");
    assert_eq!(
        begun.present(),
        6,
        "jobs that were begun at all, three at second 0 and three at 10"
    );
}

/// Somebody at the desk, whose work takes so many seconds.
fn visit(
    desk: &Arc<Desk>,
    crowd: &Crowd,
    duration: u64,
    number: usize,
) -> JoinHandle<Result<usize, Busy>> {
    let desk = Arc::clone(desk);
    let work = job(crowd, duration, number);
    tokio::spawn(async move { desk.serve(work).await })
}

async fn outcome(visit: JoinHandle<Result<usize, Busy>>) -> Result<usize, Busy> {
    ends("a visit", visit).await.expect("no panic")
}

/// So many are served at once, so many wait, and the next one hears at once that it is too busy.
#[tokio::test(start_paused = true)]
async fn beyond_the_queue_it_is_busy_at_once() {
    for (at_once, waiting) in [(1, 0), (1, 1), (2, 0), (2, 3), (5, 1), (1, 40)] {
        let desk = Arc::new(Desk::new(at_once, waiting, seconds(86_400)));
        let crowd = Crowd::default();
        let served: Vec<_> = (0..at_once + waiting)
            .map(|number| visit(&desk, &crowd, 60, number))
            .collect();
        settle().await;
        assert_eq!(
            crowd.present(),
            at_once,
            "served at once, of {at_once} and {waiting}"
        );
        let watch = Stopwatch::start();
        let refused = Crowd::default();
        for _ in 0..3 {
            let begun = refused.clone();
            let answer: Result<(), Busy> = ends(
                "a visit too many",
                desk.serve(async move { std::mem::forget(begun.enter()) }),
            )
            .await;
            assert_eq!(answer, Err(Busy), "{at_once} are served and {waiting} wait");
        }
        assert_eq!(watch.seconds(), 0, "seconds until it is known to be busy");
        assert_eq!(refused.present(), 0, "work that was begun and refused");
        for (number, visit) in served.into_iter().enumerate() {
            assert_eq!(outcome(visit).await, Ok(number), "visit {number}");
        }
        assert_eq!(crowd.most(), at_once, "served at the same time, at most");
        let free = ends("a visit", desk.serve(async { 5 })).await;
        assert_eq!(free, Ok(5), "afterwards the desk is free");
    }
}

/// Those who wait are served in the order in which they came, and before those that come later.
#[tokio::test(start_paused = true)]
async fn turns_come_in_order() {
    let desk = Arc::new(Desk::new(2, 100, seconds(86_400)));
    let order = Arc::new(Mutex::new(Vec::new()));
    let visits: Vec<_> = (0..40)
        .map(|number| {
            let (desk, order) = (Arc::clone(&desk), Arc::clone(&order));
            tokio::spawn(async move {
                // They come one by one; each is served for 7 seconds.
                sleep(seconds(number)).await;
                let work = async {
                    order
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(number);
                    sleep(seconds(7)).await;
                };
                desk.serve(work).await
            })
        })
        .collect();
    for visit in visits {
        let served = ends("a visit", visit).await.expect("no panic");
        assert_eq!(served, Ok(()), "the queue is long enough");
    }
    let order = order.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(
        *order,
        (0..40).collect::<Vec<_>>(),
        "the order in which they were served"
    );
}

/// A place that becomes free goes to the one that waits, and not to one that comes in that moment.
#[tokio::test(start_paused = true)]
async fn a_newcomer_does_not_overtake() {
    let desk = Arc::new(Desk::new(1, 5, seconds(86_400)));
    let crowd = Crowd::default();
    for round in 0..10 {
        let served = visit(&desk, &crowd, 60, 1);
        settle().await;
        let waiting = visit(&desk, &crowd, 60, 2);
        settle().await;
        served.abort();
        assert!(served.await.is_err(), "the one at the desk is gone");
        let newcomer = Crowd::default();
        {
            let begun = newcomer.clone();
            let mut late = pin!(desk.serve(async move { std::mem::forget(begun.enter()) }));
            poll_once(late.as_mut()).await;
        }
        assert_eq!(
            newcomer.present(),
            0,
            "newcomers that were served first, in round {round}"
        );
        assert_eq!(outcome(waiting).await, Ok(2), "the one that waited");
    }
}

/// Who has waited for as long as the patience goes away unserved, and leaves a place to wait for somebody else.
#[tokio::test(start_paused = true)]
async fn nobody_waits_beyond_the_patience() {
    let desk = Arc::new(Desk::new(1, 1, seconds(10)));
    let crowd = Crowd::default();
    let watch = Stopwatch::start();
    let long = visit(&desk, &crowd, 25, 0);
    settle().await;
    let begun = Crowd::default();
    for end in [10, 20] {
        let impatient = ends("a visit", desk.serve(async { begun.enter() })).await;
        assert!(impatient.is_err(), "the desk was busy for 25 seconds");
        assert_eq!(watch.seconds(), end, "when the one that waited goes");
    }
    let third = ends("a visit", desk.serve(async { 3 })).await;
    assert_eq!(third, Ok(3), "five seconds before the desk is free");
    assert_eq!(watch.seconds(), 25, "when the third is served");
    assert_eq!(
        outcome(long).await,
        Ok(0),
        "the one that was served all the time"
    );
}

/// The patience is for the wait alone: work may take longer, also when it had to wait.
#[tokio::test(start_paused = true)]
async fn work_takes_as_long_as_it_takes() {
    let desk = Arc::new(Desk::new(1, 5, seconds(10)));
    let crowd = Crowd::default();
    let first = visit(&desk, &crowd, 9, 1);
    let second = visit(&desk, &crowd, 3_600, 2);
    assert_eq!(outcome(first).await, Ok(1), "nine seconds");
    assert_eq!(
        outcome(second).await,
        Ok(2),
        "an hour, after nine seconds of waiting"
    );
    let long = ends("a visit", desk.serve(job(&crowd, 86_400, 3))).await;
    assert_eq!(long, Ok(3), "a day, without waiting");
}

/// Who finds the desk free is served, with no patience at all, each time.
#[tokio::test(start_paused = true)]
async fn a_free_desk_needs_no_patience() {
    let desk = Desk::new(1, 0, Duration::ZERO);
    for number in 0..64 {
        let served = ends("a visit", desk.serve(async move { number })).await;
        assert_eq!(served, Ok(number), "visit {number} to a free desk");
    }
}

/// Callers that give up leave their places, while they wait and while they are served; and so does work that panics.
#[tokio::test(start_paused = true)]
async fn a_place_is_never_lost() {
    let desk = Arc::new(Desk::new(2, 1, seconds(86_400)));
    let crowd = Crowd::default();
    for round in 0..5 {
        let one = visit(&desk, &crowd, 1_000, 1);
        let two = visit(&desk, &crowd, 1_000, 2);
        settle().await;
        {
            // More often than there are places.
            for _ in 0..4 {
                let mut waiting = pin!(desk.serve(async { 3 }));
                let early = poll_once(waiting.as_mut()).await;
                assert_eq!(early, None, "it waits for its turn, in round {round}");
            }
        }
        one.abort();
        two.abort();
        settle().await;
        assert_eq!(crowd.present(), 0, "nobody is served any more");
        for _ in 0..2 {
            let desk = Arc::clone(&desk);
            let broken =
                tokio::spawn(
                    async move { desk.serve(async { panic!("this cannot be done") }).await },
                );
            let broken: Result<Result<(), Busy>, _> = ends("a visit", broken).await;
            assert!(broken.is_err(), "the panic is its caller's: {broken:?}");
        }
    }
    let visits: Vec<_> = (0..3)
        .map(|number| visit(&desk, &crowd, 1, number))
        .collect();
    for (number, visit) in visits.into_iter().enumerate() {
        assert_eq!(
            outcome(visit).await,
            Ok(number),
            "after all that, two are served and one waits"
        );
    }
}

/// Something that cannot be copied.
#[derive(Debug, PartialEq, Eq)]
struct Parcel(u64);

/// Why a parcel came back, and which one, in a type of the tests' own: this is what they compare.
#[derive(Debug, PartialEq)]
enum Back {
    Full(Parcel),
    Closed(Parcel),
}

fn told(put: Result<(), NotTaken<Parcel>>) -> Result<(), Back> {
    put.map_err(|error| match error {
        NotTaken::Full(parcel) => Back::Full(parcel),
        NotTaken::Closed(parcel) => Back::Closed(parcel),
    })
}

/// What was put into the queue is in it once, in the order of putting, as long as there are places.
#[tokio::test(start_paused = true)]
async fn what_fits_is_taken() {
    let mut values = support::seeded(0x0732);
    for size in [1, 3, 50] {
        let (queue, mut taken) = mpsc::channel(size);
        let numbers: Vec<u64> = (0..size).map(|_| values.bits()).collect();
        for &number in &numbers {
            // Not even a moment is needed.
            let put: Result<(), NotTaken<Parcel>> =
                ends("a place", put(&queue, Parcel(number), Duration::ZERO)).await;
            assert_eq!(told(put), Ok(()), "a queue with {size} places");
        }
        for number in numbers {
            assert_eq!(
                ends("a parcel", taken.recv()).await,
                Some(Parcel(number)),
                "what comes out"
            );
        }
        assert!(taken.is_empty(), "and nothing else");
    }
}

/// A full queue is waited for; after the patience the item comes back, and is not in the queue.
#[tokio::test(start_paused = true)]
async fn a_full_queue_gives_the_item_back() {
    let (queue, mut taken) = mpsc::channel(2);
    for number in [1, 2] {
        let there = ends("a place", put(&queue, Parcel(number), seconds(5))).await;
        assert_eq!(told(there), Ok(()), "parcel {number} of two that fit");
    }
    for patience in [0, 5, 3_600] {
        let watch = Stopwatch::start();
        let back = ends("a full queue", put(&queue, Parcel(99), seconds(patience))).await;
        assert_eq!(
            told(back),
            Err(Back::Full(Parcel(99))),
            "nobody takes anything out"
        );
        assert_eq!(watch.seconds(), patience, "seconds of waiting");
    }
    assert_eq!(
        ends("a parcel", taken.recv()).await,
        Some(Parcel(1)),
        "the first"
    );
    assert_eq!(
        ends("a parcel", taken.recv()).await,
        Some(Parcel(2)),
        "the second"
    );
    assert!(taken.is_empty(), "what was given back is not in the queue");
}

/// A place that becomes free in time goes to the one that waits, and not to one that comes later.
#[tokio::test(start_paused = true)]
async fn who_waits_gets_the_place() {
    let (queue, mut taken) = mpsc::channel(1);
    assert!(queue.try_send(Parcel(0)).is_ok(), "the first place");
    let waiting: Vec<_> = (1..=3)
        .map(|number| {
            let queue = queue.clone();
            tokio::spawn(async move { put(&queue, Parcel(number), seconds(60)).await })
        })
        .collect();
    sleep(seconds(59)).await;
    for number in 0..=3 {
        assert_eq!(
            ends("a parcel", taken.recv()).await,
            Some(Parcel(number)),
            "in the order of coming"
        );
        if number < 3 {
            let late = queue.try_send(Parcel(1_000 + number)).is_ok();
            assert!(!late, "a newcomer has taken the place of one that waits");
        }
    }
    for waiting in waiting {
        let put = ends("a place", waiting).await.expect("no panic");
        assert_eq!(told(put), Ok(()), "it waited for 59 of 60 seconds");
    }
}

/// A queue out of which nobody takes is closed: at once, also while one waits, and the item comes back.
#[tokio::test(start_paused = true)]
async fn a_closed_queue_gives_the_item_back() {
    let (queue, taken) = mpsc::channel(1);
    assert!(queue.try_send(Parcel(0)).is_ok(), "the first place");
    let watch = Stopwatch::start();
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { put(&queue, Parcel(1), seconds(3_600)).await }
    });
    sleep(seconds(7)).await;
    drop(taken);
    let back = ends("a closed queue", waiting).await.expect("no panic");
    assert_eq!(
        told(back),
        Err(Back::Closed(Parcel(1))),
        "it closed during the wait"
    );
    let back = ends("a closed queue", put(&queue, Parcel(2), seconds(3_600))).await;
    assert_eq!(
        told(back),
        Err(Back::Closed(Parcel(2))),
        "it was closed before"
    );
    let back = ends("a closed queue", put(&queue, Parcel(3), Duration::ZERO)).await;
    assert_eq!(
        told(back),
        Err(Back::Closed(Parcel(3))),
        "it was closed before, and no patience"
    );
    assert_eq!(watch.seconds(), 7, "seconds until all three are known");
}
