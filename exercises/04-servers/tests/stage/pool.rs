use std::io::{self, Read, Write};
use std::iter;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use servers::pool::{BUSY, BUSY_WAIT, Pool, admit};
use servers::stream::Stream;

use crate::waiting::{Aside, arrives};

fn some(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("more than zero")
}

/// A job that reports its name when it begins, and ends when its gate opens.
struct Job {
    name: u64,
    gate: Option<Receiver<()>>,
}

/// A pool whose workers report the jobs that they begin.
fn pool_of(workers: usize, waiting: usize) -> (Pool<Job>, Receiver<u64>) {
    let (begun, begins): (Sender<u64>, Receiver<u64>) = channel();
    let pool = Pool::new(some(workers), some(waiting), move |job: Job| {
        begun.send(job.name).ok();
        if let Some(gate) = job.gate {
            gate.recv().ok();
        }
    });
    (pool.expect("threads can be started"), begins)
}

/// A pool runs as many jobs at once as it has workers, keeps as many waiting as it has places, and gives the next one
/// back at once. When it is finished, all that it took are done.
#[test]
fn a_pool_has_so_many_workers_and_places() {
    let mut generator = support::seeded(0x503);
    let mut sizes = vec![(17, 1), (1, 17), (40, 40)];
    sizes.extend((0..5).map(|_| (generator.size(1..4), generator.size(1..4))));
    for (workers, waiting) in sizes {
        let case = format!("{workers} workers, {waiting} places");
        let (pool, begins) = pool_of(workers, waiting);
        let mut gates: Vec<Sender<()>> = Vec::new();
        let mut job = |name: u64| -> Job {
            let (open, gate) = channel();
            gates.push(open);
            Job {
                name,
                gate: Some(gate),
            }
        };
        let running: u64 = workers.try_into().expect("a small number");
        let all: u64 = (workers + waiting).try_into().expect("a small number");
        for name in 0..running {
            assert!(
                pool.submit(job(name)).is_ok(),
                "{case}: a worker is free for job {name}"
            );
            let begun: u64 = arrives(&begins, "a job begins while the others run");
            assert_eq!(begun, name, "{case}: the job that begins");
        }
        for name in running..all {
            assert!(
                pool.submit(job(name)).is_ok(),
                "{case}: a place is free for job {name}"
            );
        }
        let refused = job(77);
        let submitter = Aside::run(move || {
            let back = pool.submit(refused).err().map(|job| job.name);
            (back, pool)
        });
        let (back, pool): (Option<u64>, Pool<Job>) =
            submitter.ends("a pool that is full answers at once");
        assert_eq!(
            back,
            Some(77),
            "{case}: every place is taken, and the job comes back"
        );
        assert!(
            begins.try_recv().is_err(),
            "{case}: what waits has not begun"
        );
        drop(gates);
        Aside::run(move || pool.finish()).ends("the pool finishes when its jobs have ended");
        let mut rest: Vec<u64> = begins.try_iter().collect();
        rest.sort_unstable();
        assert_eq!(
            rest,
            (running..all).collect::<Vec<u64>>(),
            "{case}: what waited is done when the pool has finished"
        );
    }
}

/// What waits is done in the order in which it came, whoever the worker is.
#[test]
fn jobs_are_done_in_the_order_in_which_they_came() {
    let (pool, begins) = pool_of(1, 20);
    let (open, gate) = channel();
    let first = Job {
        name: 0,
        gate: Some(gate),
    };
    assert!(pool.submit(first).is_ok(), "the worker is free");
    arrives(&begins, "the worker begins");
    for name in 1..=20 {
        assert!(
            pool.submit(Job { name, gate: None }).is_ok(),
            "a place is free for job {name}"
        );
    }
    drop(open);
    Aside::run(move || pool.finish()).ends("the pool finishes when its jobs have ended");
    let order: Vec<u64> = begins.try_iter().collect();
    assert_eq!(
        order,
        (1..=20).collect::<Vec<u64>>(),
        "the jobs in the order in which they began"
    );
}

/// A worker takes one job at a time: what it has not begun is there for the other workers.
#[test]
fn a_busy_worker_keeps_no_job_from_the_others() {
    let (pool, begins) = pool_of(2, 4);
    let mut gates: Vec<Sender<()>> = Vec::new();
    for name in 0..6 {
        let (open, gate) = channel();
        gates.push(open);
        let gate = Some(gate);
        assert!(
            pool.submit(Job { name, gate }).is_ok(),
            "a place is free for job {name}"
        );
        if name < 2 {
            let begun: u64 = arrives(&begins, "a job begins while the other runs");
            assert_eq!(begun, name, "the job that begins");
        }
    }
    // Now the one worker is ready and now the other, and each takes the next job.
    for (done, name) in [(1, 2), (0, 3), (2, 4), (3, 5)] {
        gates[done].send(()).expect("the job waits for it");
        let begun: u64 = arrives(&begins, "the next job begins");
        assert_eq!(begun, name, "the job that begins next");
    }
    drop(gates);
    Aside::run(move || pool.finish()).ends("the pool finishes when its jobs have ended");
}

/// `finish` returns when the last job has ended, and not before: neither the one that runs nor the one that waits is cut
/// off.
#[test]
fn finishing_waits_for_the_last_job() {
    const QUESTIONS: u32 = 1_000;
    let (question, questions) = channel();
    let (answer, answers) = channel::<u32>();
    let ended = Arc::new(AtomicUsize::new(0));
    let (count, answers) = (Arc::clone(&ended), Mutex::new(answers));
    let work = move |_name: u8| {
        // A long talk with the test, so that the job takes its time.
        for number in 0..QUESTIONS {
            question.send(number).ok();
            answers.lock().expect("no thread panicked").recv().ok();
        }
        count.fetch_add(1, Ordering::SeqCst);
    };
    let pool: Pool<u8> = Pool::new(some(1), some(1), work).expect("a thread can be started");
    assert!(pool.submit(1).is_ok(), "the worker is free");
    let first: u32 = arrives(&questions, "the first job begins");
    assert!(pool.submit(2).is_ok(), "a place is free");
    let finishing = Aside::run(move || {
        pool.finish();
        ended.load(Ordering::SeqCst)
    });
    answer.send(first).expect("the job waits for it");
    for _ in 1..2 * QUESTIONS {
        let number: u32 = arrives(&questions, "the jobs go on while the pool finishes");
        answer.send(number).expect("the job waits for it");
    }
    let done: usize = finishing.ends("the pool finishes when its jobs have ended");
    assert_eq!(done, 2, "jobs that had ended when finish() returned");
}

/// `finish` waits for every worker, and not only for one of them: whichever job is the last, it has ended.
#[test]
fn finishing_waits_for_every_worker() {
    const QUESTIONS: usize = 300;
    for round in 0..12 {
        let (question, questions) = channel();
        let (ended, ends) = channel();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let work = move |(name, answers, talk): (usize, Receiver<()>, usize)| {
            for _ in 0..talk {
                question.send(name).ok();
                answers.recv().ok();
            }
            counted.fetch_add(1, Ordering::SeqCst);
            ended.send(name).ok();
        };
        let pool = Pool::new(some(3), some(3), work).expect("threads can be started");
        let mut answers: Vec<Sender<()>> = Vec::new();
        let last = round % 3;
        for name in 0..3 {
            let (sender, receiver) = channel();
            answers.push(sender);
            let talk = if name == last { QUESTIONS } else { 1 };
            assert!(
                pool.submit((name, receiver, talk)).is_ok(),
                "a place is free for job {name}"
            );
            let begun: usize = arrives(&questions, "a job begins while the others run");
            assert_eq!(begun, name, "the job that begins");
        }
        for name in (0..3).filter(|name| *name != last) {
            answers[name].send(()).expect("the job waits for it");
            let gone: usize = arrives(&ends, "a short job ends");
            assert_eq!(gone, name, "the job that ends");
        }
        let finishing = Aside::run(move || {
            pool.finish();
            count.load(Ordering::SeqCst)
        });
        answers[last].send(()).expect("the job waits for it");
        for _ in 1..QUESTIONS {
            arrives(&questions, "the last job goes on while the pool finishes");
            answers[last].send(()).expect("the job waits for it");
        }
        let done: usize = finishing.ends("the pool finishes when its jobs have ended");
        assert_eq!(
            done, 3,
            "jobs that had ended when finish() returned, the last was job {last}"
        );
    }
}

/// A job that panics ends only itself: with one worker, the next job is still done.
#[test]
fn a_panic_ends_one_job_only() {
    let (done, results) = channel();
    let work = move |number: u32| {
        let share = 12_u32
            .checked_div(number)
            .expect("this job was made to panic");
        done.send(share).ok();
    };
    let pool: Pool<u32> = Pool::new(some(1), some(4), work).expect("a thread can be started");
    for (number, share) in [(3, 4), (0, 0), (2, 6), (0, 0), (12, 1)] {
        assert!(pool.submit(number).is_ok(), "a place is free for {number}");
        if number > 0 {
            let result: u32 = arrives(&results, "the worker is still there");
            assert_eq!(result, share, "the job {number}");
        }
    }
    for round in 0..30 {
        assert!(pool.submit(0).is_ok(), "a place is free in round {round}");
        assert!(pool.submit(6).is_ok(), "a place is free in round {round}");
        let result: u32 = arrives(&results, "the worker is still there");
        assert_eq!(result, 2, "the job 6 in round {round}");
    }
    Aside::run(move || pool.finish()).ends("the pool finishes when its jobs have ended");
}

/// How many bytes a guest takes at a time.
const PIECE: usize = 9;

/// A connection whose other end this test looks at. The call after so many others fails.
struct Guest {
    seen: Arc<Mutex<Vec<String>>>,
    calls: usize,
}

impl Guest {
    /// A guest, and what it sees.
    fn new(calls: usize) -> (Guest, Arc<Mutex<Vec<String>>>) {
        let seen = Arc::default();
        let guest = Guest {
            seen: Arc::clone(&seen),
            calls,
        };
        (guest, seen)
    }

    fn saw(&mut self, what: String) -> io::Result<()> {
        let Some(left) = self.calls.checked_sub(1) else {
            // Whoever goes on all the same finds nothing wrong any more.
            self.calls = usize::MAX;
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        self.calls = left;
        self.seen.lock().expect("no thread panicked").push(what);
        Ok(())
    }
}

impl Read for Guest {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.saw(String::from("read")).map(|()| 0)
    }
}

impl Write for Guest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Only a few bytes at a time.
        let count = bytes.len().min(PIECE);
        self.saw(String::from_utf8_lossy(&bytes[..count]).into_owned())
            .map(|()| count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.saw(String::from("flushed"))
    }
}

impl Stream for Guest {
    fn set_wait(&mut self, wait: Duration) -> io::Result<()> {
        self.saw(format!("wait {wait:?}"))
    }

    fn end_sending(&mut self) -> io::Result<()> {
        self.saw(String::from("end"))
    }
}

/// A connection that finds no place is told so with 503, and is not read; one that finds a place is left to the pool.
#[test]
fn a_connection_without_a_place_gets_503() {
    let (gate, gated) = channel::<()>();
    let (begun, begins) = channel();
    let gated = Mutex::new(gated);
    let work = move |_guest: Guest| {
        begun.send(()).ok();
        gated.lock().expect("no thread panicked").recv().ok();
    };
    let pool: Pool<Guest> = Pool::new(some(1), some(1), work).expect("a thread can be started");
    let saw = |seen: &Arc<Mutex<Vec<String>>>| seen.lock().expect("no thread panicked").clone();

    let (first, first_seen) = Guest::new(usize::MAX);
    assert_eq!(admit(&pool, first).ok(), Some(true), "the worker is free");
    arrives(&begins, "the worker takes the first guest");
    let (second, second_seen) = Guest::new(usize::MAX);
    assert_eq!(
        admit(&pool, second).ok(),
        Some(true),
        "the place in the queue is free"
    );
    let (third, third_seen) = Guest::new(usize::MAX);
    // Guests with whom one call fails: the wait, the first and the last piece, the flush, the end.
    let pieces = BUSY.len().div_ceil(PIECE);
    let gone: Vec<usize> = vec![0, 1, pieces, pieces + 1, pieces + 2];
    let (guests, gone_seen): (Vec<Guest>, Vec<_>) =
        gone.iter().map(|calls| Guest::new(*calls)).unzip();
    // In a thread, because a server that waits for a place here would never come back.
    let door = Aside::run(move || {
        let mut answers = Vec::new();
        for guest in iter::once(third).chain(guests) {
            answers.push(admit(&pool, guest).map_err(|error| error.kind()));
        }
        (answers, pool)
    });
    let (answers, pool): (Vec<Result<bool, io::ErrorKind>>, Pool<Guest>) =
        door.ends("a full house answers at once");
    assert_eq!(answers[0], Ok(false), "every place is taken");
    for (calls, answer) in gone.iter().zip(&answers[1..]) {
        let broken = Err(io::ErrorKind::BrokenPipe);
        assert_eq!(*answer, broken, "a guest that has gone after {calls} calls");
    }
    for (calls, seen) in gone.iter().zip(&gone_seen) {
        let after = saw(seen).split_off(*calls);
        assert!(
            after.is_empty(),
            "nothing is left to do for a guest that has gone, and it saw {after:?}"
        );
    }

    let busy = String::from_utf8_lossy(BUSY).into_owned();
    assert!(
        busy.starts_with("HTTP/1.1 503 "),
        "what a guest without a place gets: {busy}"
    );
    let expected = format!("wait {BUSY_WAIT:?}{busy}flushedend");
    assert_eq!(
        saw(&third_seen).concat(),
        expected,
        "what happens to the third guest"
    );
    for seen in [first_seen, second_seen] {
        assert!(
            saw(&seen).is_empty(),
            "the pool's guest saw {:?}",
            saw(&seen)
        );
    }
    drop(gate);
    Aside::run(move || pool.finish()).ends("the pool finishes when its guests have gone");
}
