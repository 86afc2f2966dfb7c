use std::future::{pending, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_work::shutdown::{self, Request, Stopping, serve, work};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::clock::{Crowd, Stopwatch, ends, seconds, settle};

type Answer = oneshot::Receiver<Result<String, Stopping>>;

/// What became of the requests, in a type of the tests' own.
#[derive(Debug, Default, PartialEq)]
struct Report {
    finished: usize,
    panicked: usize,
    refused: usize,
    aborted: usize,
}

impl Report {
    fn of(report: &shutdown::Report) -> Self {
        Self {
            finished: report.finished,
            panicked: report.panicked,
            refused: report.refused,
            aborted: report.aborted,
        }
    }
}

/// A request that takes so many seconds, is counted from the moment in which it is begun until nothing of it is left, and comes to
/// `text`.
fn request(crowd: &Crowd, duration: u64, text: &str) -> (Request, Answer) {
    let (crowd, text) = (crowd.clone(), text.to_owned());
    let (reply, answer) = oneshot::channel();
    let work = Box::pin(async move {
        let _guest = crowd.enter();
        sleep(seconds(duration)).await;
        text
    });
    (Request { work, reply }, answer)
}

fn broken(duration: u64) -> (Request, Answer) {
    let (reply, answer) = oneshot::channel();
    let work = Box::pin(async move {
        sleep(seconds(duration)).await;
        panic!("this request cannot be served")
    });
    (Request { work, reply }, answer)
}

/// A server that will be told to stop.
struct Server {
    queue: mpsc::Sender<Request>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<shutdown::Report>,
}

fn server(grace: Duration) -> Server {
    let (queue, requests) = mpsc::channel(64);
    let (stop, stopped) = oneshot::channel();
    let stopped = async move { stopped.await.unwrap_or_default() };
    let task = tokio::spawn(serve(requests, stopped, grace));
    Server { queue, stop, task }
}

impl Server {
    async fn ask(&self, crowd: &Crowd, duration: u64, text: &str) -> Answer {
        let (request, answer) = request(crowd, duration, text);
        let sent = self.queue.send(request).await;
        assert!(sent.is_ok(), "the queue of a server that serves is open");
        answer
    }

    /// Tells it to stop, and waits for its report. The queue stays open on our side.
    async fn stops(self) -> (shutdown::Report, mpsc::Sender<Request>) {
        assert!(self.stop.send(()).is_ok(), "the server waits for the stop");
        let report = ends("the server", self.task).await.expect("no panic");
        (report, self.queue)
    }
}

/// What an asker hears. `None` when the reply was closed.
async fn heard(answer: Answer) -> Option<Result<String, Stopping>> {
    ends("an answer", answer).await.ok()
}

fn yes(text: &str) -> Option<Result<String, Stopping>> {
    Some(Ok(text.to_owned()))
}

/// While it serves, each request is begun at once and answered with what its work comes to.
#[tokio::test(start_paused = true)]
async fn requests_are_served_side_by_side() {
    let mut values = support::seeded(0x0761);
    let server = server(seconds(10));
    let crowd = Crowd::default();
    // A quiet night is no stop.
    sleep(seconds(100_000)).await;
    let watch = Stopwatch::start();
    let mut asked = Vec::new();
    for _ in 0..40 {
        let text = values.word(3..12);
        let answer = server.ask(&crowd, values.number(50..100), &text).await;
        asked.push((text, answer));
        sleep(seconds(1)).await;
    }
    assert_eq!(crowd.present(), 40, "requests that are being served");
    for (text, answer) in asked {
        assert_eq!(heard(answer).await, yes(&text), "the answer of a request");
    }
    assert!(
        watch.seconds() < 140,
        "served side by side, and it took {} s",
        watch.seconds()
    );
    let (report, _queue) = server.stops().await;
    let expected = Report {
        finished: 40,
        ..Report::default()
    };
    assert_eq!(Report::of(&report), expected, "all forty have finished");
}

/// What runs when it stops is finished and answered; it returns when the last has ended, and not later.
#[tokio::test(start_paused = true)]
async fn what_runs_is_finished() {
    let server = server(seconds(60));
    let crowd = Crowd::default();
    let watch = Stopwatch::start();
    let mut answers = Vec::new();
    for duration in [5, 30, 12, 40] {
        answers.push((
            duration,
            server.ask(&crowd, duration, &duration.to_string()).await,
        ));
    }
    sleep(seconds(10)).await;
    let (report, _queue) = server.stops().await;
    assert_eq!(
        watch.seconds(),
        40,
        "when it returns: the longest takes 40 seconds, the grace ends at 70"
    );
    for (duration, answer) in answers {
        assert_eq!(
            heard(answer).await,
            yes(&duration.to_string()),
            "a request of {duration} s"
        );
    }
    let expected = Report {
        finished: 4,
        ..Report::default()
    };
    assert_eq!(
        Report::of(&report),
        expected,
        "one before the stop, three after it"
    );
}

/// Nothing that lies in the queue is begun once it is to stop: all of it is told so at once.
#[tokio::test(start_paused = true)]
async fn what_waits_is_refused_at_once() {
    // Often enough for whoever leaves it to chance.
    for count in 1..=30 {
        let (queue, requests) = mpsc::channel(64);
        let crowd = Crowd::default();
        let mut answers = Vec::new();
        for _ in 0..count {
            let (request, answer) = request(&crowd, 0, "served");
            assert!(queue.try_send(request).is_ok(), "there is room for 64");
            answers.push(answer);
        }
        let watch = Stopwatch::start();
        let report = ends("the server", serve(requests, ready(()), seconds(60))).await;
        let expected = Report {
            refused: count,
            ..Report::default()
        };
        assert_eq!(
            Report::of(&report),
            expected,
            "{count} wait in the queue, and it is to stop already"
        );
        for answer in answers {
            assert_eq!(
                heard(answer).await,
                Some(Err(Stopping)),
                "the answer of one that waits"
            );
        }
        assert_eq!(
            watch.seconds(),
            0,
            "seconds until it returns, with nothing that runs"
        );
    }
}

/// Those that are refused hear it at once and not at the end, and what is sent later is never begun.
#[tokio::test(start_paused = true)]
async fn new_requests_are_not_begun() {
    let server = server(seconds(60));
    let crowd = Crowd::default();
    let running = server.ask(&crowd, 30, "running").await;
    settle().await;
    assert_eq!(crowd.present(), 1, "one is being served");
    let watch = Stopwatch::start();
    assert!(
        server.stop.send(()).is_ok(),
        "the server waits for the stop"
    );
    let (waiting, answer) = request(&crowd, 1, "waiting");
    assert!(
        server.queue.try_send(waiting).is_ok(),
        "the server has not noticed yet"
    );
    assert_eq!(
        heard(answer).await,
        Some(Err(Stopping)),
        "one that came with the stop"
    );
    assert_eq!(watch.seconds(), 0, "seconds until it hears that");
    for second in 1..=5 {
        sleep(seconds(1)).await;
        let (late, answer) = request(&crowd, 1, "late");
        // Either the queue takes nothing any more, or the server says no.
        if ends("the queue", server.queue.send(late)).await.is_ok() {
            let heard = heard(answer).await;
            assert_eq!(
                heard,
                Some(Err(Stopping)),
                "one that came {second} s after the stop"
            );
        }
        assert_eq!(watch.seconds(), second, "seconds until it hears that");
        assert_eq!(crowd.most(), 1, "requests that were begun at the same time");
    }
    let report = ends("the server", server.task).await.expect("no panic");
    assert_eq!(
        heard(running).await,
        yes("running"),
        "the one that ran all the time"
    );
    assert_eq!(
        (report.finished, report.aborted),
        (1, 0),
        "finished and aborted: {report:?}"
    );
}

/// At the deadline the rest is aborted, all of it at once, and has ended when the server returns.
#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_rest() {
    for (grace, served_before) in [(10, 0), (10, 25), (0, 3)] {
        let server = server(seconds(grace));
        let crowd = Crowd::default();
        let quick = server.ask(&crowd, served_before + 6, "quick").await;
        let mut long = Vec::new();
        for _ in 0..5 {
            long.push(server.ask(&crowd, 3_600, "long").await);
        }
        sleep(seconds(served_before)).await;
        settle().await;
        let watch = Stopwatch::start();
        let (report, _queue) = server.stops().await;
        assert_eq!(crowd.present(), 0, "work that is left when it returns");
        assert_eq!(
            watch.seconds(),
            grace,
            "seconds from the stop to the return, grace {grace} s"
        );
        let in_time = grace > 6;
        let expected = Report {
            finished: usize::from(in_time),
            aborted: 6 - usize::from(in_time),
            ..Report::default()
        };
        assert_eq!(Report::of(&report), expected, "grace {grace} s");
        let quick_heard = heard(quick).await;
        assert_eq!(
            quick_heard,
            in_time.then_some(Ok("quick".to_owned())),
            "6 s after the stop, grace {grace} s"
        );
        for answer in long {
            assert_eq!(
                heard(answer).await,
                None,
                "the reply of one that was aborted"
            );
        }
    }
}

/// A request that panics ends alone, before the stop and after it.
#[tokio::test(start_paused = true)]
async fn a_panic_ends_one_request() {
    let server = server(seconds(60));
    let crowd = Crowd::default();
    let mut closed = Vec::new();
    for duration in [0, 5, 20] {
        let (request, answer) = broken(duration);
        assert!(server.queue.send(request).await.is_ok(), "it serves");
        closed.push(answer);
    }
    let long = server.ask(&crowd, 30, "long").await;
    sleep(seconds(10)).await;
    let after = server.ask(&crowd, 1, "after").await;
    assert_eq!(
        heard(after).await,
        yes("after"),
        "a request after two panics"
    );
    let (report, _queue) = server.stops().await;
    for answer in closed {
        assert_eq!(heard(answer).await, None, "the reply of one that panicked");
    }
    assert_eq!(
        heard(long).await,
        yes("long"),
        "a request during all of them"
    );
    let expected = Report {
        finished: 2,
        panicked: 3,
        ..Report::default()
    };
    assert_eq!(
        Report::of(&report),
        expected,
        "three panics, one of them after the stop"
    );
}

/// When nobody can send a request any more it ends as well, after the same grace.
#[tokio::test(start_paused = true)]
async fn without_senders_it_ends() {
    for (durations, expected, finished) in
        [(vec![5, 20], 20, 2), (vec![5, 90], 60, 1), (vec![], 0, 0)]
    {
        let (queue, requests) = mpsc::channel(64);
        let crowd = Crowd::default();
        let mut answers = Vec::new();
        for &duration in &durations {
            let (request, answer) = request(&crowd, duration, "done");
            assert!(queue.try_send(request).is_ok(), "there is room");
            answers.push(answer);
        }
        drop(queue);
        let watch = Stopwatch::start();
        let report = ends("the server", serve(requests, pending(), seconds(60))).await;
        assert_eq!(
            watch.seconds(),
            expected,
            "seconds for requests of {durations:?} s, grace 60 s"
        );
        let expected = Report {
            finished,
            aborted: durations.len() - finished,
            ..Report::default()
        };
        assert_eq!(Report::of(&report), expected, "requests of {durations:?} s");
        assert_eq!(crowd.present(), 0, "work that is left");
    }
}

/// Work is done to its end although its asker has gone: it may have changed something already.
#[tokio::test(start_paused = true)]
async fn askers_may_go() {
    let server = server(seconds(60));
    let crowd = Crowd::default();
    for duration in [5, 30] {
        drop(server.ask(&crowd, duration, "for nobody").await);
    }
    let (waiting, nobody) = request(&crowd, 0, "waiting");
    sleep(seconds(10)).await;
    assert_eq!(crowd.present(), 1, "the longer one runs on");
    assert!(
        server.stop.send(()).is_ok(),
        "the server waits for the stop"
    );
    assert!(
        server.queue.try_send(waiting).is_ok(),
        "the server has not noticed yet"
    );
    drop(nobody);
    let report = ends("the server", server.task).await.expect("no panic");
    let expected = Report {
        finished: 2,
        refused: 1,
        ..Report::default()
    };
    assert_eq!(
        Report::of(&report),
        expected,
        "three whose askers have gone"
    );
}

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Jobs that take ten seconds, write down their number when they are done, and are counted while they run.
struct Jobs {
    crowd: Crowd,
    done: Arc<Mutex<Vec<usize>>>,
}

impl Jobs {
    fn new() -> Self {
        Self {
            crowd: Crowd::default(),
            done: Arc::default(),
        }
    }

    fn job(&self, number: usize) -> Job {
        let (crowd, done) = (self.crowd.clone(), Arc::clone(&self.done));
        Box::pin(async move {
            let _guest = crowd.enter();
            sleep(seconds(10)).await;
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(number);
        })
    }

    fn done(&self) -> Vec<usize> {
        self.done
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A queue with so many jobs in it.
    fn queue(&self, count: usize) -> (mpsc::Sender<Job>, mpsc::Receiver<Job>) {
        let (sender, jobs) = mpsc::channel(64);
        for number in 0..count {
            let sent = sender.try_send(self.job(number));
            assert!(sent.is_ok(), "there is room for 64");
        }
        (sender, jobs)
    }
}

/// Jobs are done one after the other in their order, and when no more can come, the worker ends with none left.
#[tokio::test(start_paused = true)]
async fn jobs_are_done_one_by_one() {
    let jobs = Jobs::new();
    let (sender, queue) = jobs.queue(5);
    let (_stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(work(queue, stopped));
    sleep(seconds(70)).await;
    assert_eq!(jobs.done(), [0, 1, 2, 3, 4], "jobs done after 70 s");
    assert!(!worker.is_finished(), "another job can still come");
    assert!(
        sender.send(jobs.job(5)).await.is_ok(),
        "the worker takes jobs"
    );
    drop(sender);
    let left: Vec<Job> = ends("the worker", worker).await.expect("no panic");
    assert_eq!(left.len(), 0, "jobs that are left");
    assert_eq!(jobs.done(), [0, 1, 2, 3, 4, 5], "jobs done, in their order");
    assert_eq!(jobs.crowd.most(), 1, "jobs at the same time");
}

/// A stop in the middle of a job lets the job end, and the rest comes back in its order, not begun.
#[tokio::test(start_paused = true)]
async fn a_begun_job_is_done() {
    for (stop_at, done) in [(5, 1), (35, 4), (1, 1)] {
        let jobs = Jobs::new();
        let (sender, queue) = jobs.queue(7);
        let (stop, stopped) = watch::channel(false);
        let watch = Stopwatch::start();
        let worker = tokio::spawn(work(queue, stopped));
        sleep(seconds(stop_at)).await;
        assert!(stop.send(true).is_ok(), "the worker listens");
        let left = ends("the worker", worker).await.expect("no panic");
        assert_eq!(
            watch.seconds(),
            done as u64 * 10,
            "when it ends, told so at second {stop_at}"
        );
        assert_eq!(jobs.done(), (0..done).collect::<Vec<_>>(), "jobs done");
        assert_eq!(
            jobs.crowd.present(),
            0,
            "jobs that were begun and not ended"
        );
        assert_eq!(left.len(), 7 - done, "jobs that are left");
        assert!(
            sender.is_closed(),
            "nobody takes jobs out of the queue any more"
        );
        for job in left {
            job.await;
        }
        assert_eq!(
            jobs.done(),
            [0, 1, 2, 3, 4, 5, 6],
            "with those that somebody else has done"
        );
    }
}

/// While it waits for a job, it stops at once.
#[tokio::test(start_paused = true)]
async fn an_idle_worker_stops_at_once() {
    let jobs = Jobs::new();
    let (sender, queue) = jobs.queue(1);
    let (stop, stopped) = watch::channel(false);
    let watch = Stopwatch::start();
    let worker = tokio::spawn(work(queue, stopped));
    sleep(seconds(50)).await;
    assert!(stop.send(true).is_ok(), "the worker listens");
    let left = ends("the worker", worker).await.expect("no panic");
    assert_eq!(watch.seconds(), 50, "when it ends");
    assert_eq!(left.len(), 0, "jobs that are left");
    assert!(
        sender.send(jobs.job(9)).await.is_err(),
        "nobody would do this job"
    );
}

/// A worker that is to stop from the beginning begins nothing, every time.
#[tokio::test(start_paused = true)]
async fn a_stop_before_the_first_job() {
    for count in 1..=30 {
        let jobs = Jobs::new();
        let (_sender, queue) = jobs.queue(count);
        let (_stop, stopped) = watch::channel(true);
        let left: Vec<Job> = ends("the worker", work(queue, stopped)).await;
        assert_eq!(left.len(), count, "jobs that are left, of {count}");
        assert_eq!(jobs.crowd.most(), 0, "jobs that were begun");
    }
}

/// Only `true` is a stop: a value that is sent again and still `false` is none. And nobody is left who could say it: that is one.
#[tokio::test(start_paused = true)]
async fn only_true_is_a_stop() {
    let jobs = Jobs::new();
    let (sender, queue) = jobs.queue(2);
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(work(queue, stopped));
    for second in [5, 15, 30] {
        sleep(seconds(5)).await;
        assert!(
            stop.send(false).is_ok(),
            "the worker listens, about second {second}"
        );
    }
    sleep(seconds(30)).await;
    assert_eq!(jobs.done(), [0, 1], "jobs done");
    assert!(!worker.is_finished(), "it was not told to stop");
    for number in [2, 3, 4] {
        assert!(sender.send(jobs.job(number)).await.is_ok(), "it takes jobs");
    }
    sleep(seconds(5)).await;
    drop(stop);
    let left = ends("the worker", worker).await.expect("no panic");
    assert_eq!(
        jobs.done(),
        [0, 1, 2],
        "jobs done when nobody could stop it any more"
    );
    assert_eq!(left.len(), 2, "jobs that are left");
}

/// A caller that drops the server's future stops what runs.
#[tokio::test(start_paused = true)]
async fn a_dropped_server_leaves_nothing() {
    let (queue, requests) = mpsc::channel(64);
    let crowd = Crowd::default();
    let mut answers = Vec::new();
    for _ in 0..5 {
        let (request, answer) = request(&crowd, 3_600, "long");
        assert!(queue.try_send(request).is_ok(), "there is room");
        answers.push(answer);
    }
    let dropped = timeout(seconds(10), serve(requests, pending(), seconds(60))).await;
    assert!(dropped.is_err(), "it serves: {dropped:?}");
    settle().await;
    assert_eq!(crowd.present(), 0, "work that goes on without a server");
    for answer in answers {
        assert_eq!(
            heard(answer).await,
            None,
            "the reply of one that was stopped"
        );
    }
}
