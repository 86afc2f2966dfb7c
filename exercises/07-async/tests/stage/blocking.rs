//! Threads are real here, and so is the clock. No test waits for a time: who does it right hands on to the next at once.
//! [`PATIENCE`] is for those who do it wrong, so that their tests fail instead of hanging.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc as threads;
use std::thread;
use std::time::Duration;

use async_work::blocking::{Database, Failure, IN_ONE_GO, Line, Panicked, elsewhere, total};
use rusqlite::Connection;
use support::Seeded;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use crate::clock::poll_once;

/// How long somebody waits who has been forgotten.
const PATIENCE: Duration = Duration::from_secs(5);

/// What comes of `work`, if anything ever does.
async fn comes<T>(what: &str, work: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, work).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: it never comes"),
    }
}

fn random_lines(values: &mut Seeded, count: usize) -> Vec<Line> {
    (0..count)
        .map(|_| Line {
            cents: values.number(0..1 << 32) as u32,
            copies: values.number(0..1 << 16) as u16,
        })
        .collect()
}

/// The sum of an order is that of its lines, none left out, also of the largest.
#[tokio::test]
async fn the_total_is_the_sum_of_the_lines() {
    let mut values = support::seeded(0x0741);
    for count in [0, 1, 2, 999, 1_000, 1_001, 1_999, 2_000, 2_001, 12_345] {
        let lines = random_lines(&mut values, count);
        let expected: u64 = lines
            .iter()
            .map(|line| u64::from(line.cents) * u64::from(line.copies))
            .sum();
        let cents: u64 = total(&lines).await;
        assert_eq!(cents, expected, "the total of {count} lines");
    }
    let dearest = Line {
        cents: u32::MAX,
        copies: u16::MAX,
    };
    let cents = total(&[dearest; 3]).await;
    assert_eq!(
        cents,
        3 * 4_294_967_295 * 65_535,
        "three lines of the largest numbers"
    );
}

/// A long sum gives its turn away, once for a thousand lines at least.
#[tokio::test]
async fn a_long_sum_lets_others_run() {
    let mut values = support::seeded(0x0742);
    for count in [1_001, 2_500, 50_000] {
        let lines = random_lines(&mut values, count);
        let mut work = pin!(total(&lines));
        let mut turns = 1;
        while poll_once(work.as_mut()).await.is_none() {
            turns += 1;
            yield_now().await;
        }
        let needed = count.div_ceil(IN_ONE_GO);
        assert!(
            turns >= needed,
            "{count} lines are {needed} turns of {IN_ONE_GO} lines at least, and it took {turns}"
        );
    }
}

/// Other tasks do run in between, and nothing waits for a clock.
#[tokio::test(start_paused = true)]
async fn others_run_between_the_parts() {
    let lines = random_lines(&mut support::seeded(0x0743), 40_000);
    let turns = Arc::new(AtomicUsize::new(0));
    let other = tokio::spawn({
        let turns = Arc::clone(&turns);
        async move {
            // An end, so that it cannot run forever.
            for _ in 0..100_000 {
                turns.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
            }
        }
    });
    let began = Instant::now();
    total(&lines).await;
    let turns = turns.load(Ordering::SeqCst);
    other.abort();
    assert!(
        turns >= 30,
        "another task had {turns} turns during 40 parts"
    );
    assert_eq!(began.elapsed(), Duration::ZERO, "time that was slept away");
}

/// The work is done on another thread than the runtime's, and its result comes back.
#[tokio::test]
async fn work_is_done_elsewhere() {
    let mut values = support::seeded(0x0744);
    for _ in 0..20 {
        let number = values.bits();
        let done: Result<(u64, thread::ThreadId), Panicked> = comes(
            "the work",
            elsewhere(move || (number, thread::current().id())),
        )
        .await;
        let (result, there) = done.expect("it does not panic");
        assert_eq!(result, number, "what the work came to");
        assert_ne!(there, thread::current().id(), "the thread of the work");
    }
}

/// While the work waits, the runtime's thread goes on: the work waits for a task that runs there.
#[tokio::test]
async fn the_runtime_goes_on_during_the_work() {
    let (tell, told) = threads::channel();
    let task = tokio::spawn(async move {
        yield_now().await;
        tell.send("from a task")
    });
    let heard = comes("the work", elsewhere(move || told.recv_timeout(PATIENCE))).await;
    assert_eq!(
        heard,
        Ok(Ok("from a task")),
        "what the work hears while it waits"
    );
    assert!(
        task.await.is_ok_and(|sent| sent.is_ok()),
        "the task has told it"
    );
}

/// A panic of the work is an error, and other work goes on.
#[tokio::test]
async fn a_panic_elsewhere_is_an_error() {
    let broken: Result<u32, Panicked> =
        comes("the work", elsewhere(|| panic!("this cannot be computed"))).await;
    assert!(
        matches!(broken, Err(Panicked)),
        "work that panics is `Err(Panicked)`: {broken:?}"
    );
    assert_eq!(
        comes("the work", elsewhere(|| 7)).await,
        Ok(7),
        "other work"
    );
}

/// Work that has begun is done to its end, although nobody waits for it any more.
#[tokio::test]
async fn begun_work_is_done() {
    let (begun, has_begun) = oneshot::channel();
    let (go, gate) = threads::channel();
    let (done, is_done) = oneshot::channel();
    {
        let mut work = pin!(elsewhere(move || {
            let _ = begun.send(());
            let opened = gate.recv_timeout(PATIENCE).is_ok();
            let _ = done.send(opened);
        }));
        assert!(
            poll_once(work.as_mut()).await.is_none(),
            "the work waits at a gate"
        );
        comes("the work's beginning", has_begun)
            .await
            .expect("it has begun");
    }
    assert!(go.send(()).is_ok(), "the work waits at the gate still");
    assert_eq!(
        comes("the work's end", is_done).await,
        Ok(true),
        "it was done to its end"
    );
}

const TABLE: &str = "CREATE TABLE sales (
    id   INTEGER PRIMARY KEY,
    isbn TEXT NOT NULL UNIQUE,
    copies INTEGER NOT NULL
) STRICT;";

/// A database whose table is empty.
fn database() -> Database {
    let connection = support::database::in_memory();
    connection.execute_batch(TABLE).expect("the table is made");
    Database::start(connection)
}

fn insert(isbn: &str) -> impl FnOnce(&mut Connection) -> rusqlite::Result<usize> + Send + 'static {
    let isbn = isbn.to_owned();
    move |connection| connection.execute("INSERT INTO sales (isbn, copies) VALUES (?1, 1)", [isbn])
}

/// All ISBNs in the order of insertion.
async fn stored(database: &Database) -> Vec<String> {
    let work = |connection: &mut Connection| {
        connection
            .prepare("SELECT isbn FROM sales ORDER BY id")?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    comes("the rows", database.call(work)).await.expect("rows")
}

/// A gate inside of the database: work that has begun and waits until it is let go.
struct Gate {
    go: threads::Sender<()>,
    begun: oneshot::Receiver<()>,
}

fn gate() -> (
    Gate,
    impl FnOnce(&mut Connection) -> rusqlite::Result<bool> + Send + 'static,
) {
    let (go, gate) = threads::channel();
    let (tell, begun) = oneshot::channel();
    let work = move |connection: &mut Connection| {
        let _ = tell.send(());
        let opened = gate.recv_timeout(PATIENCE).is_ok();
        connection.execute("INSERT INTO sales (isbn, copies) VALUES ('gate', 1)", [])?;
        Ok(opened)
    };
    (Gate { go, begun }, work)
}

/// What a call comes to is what its work returned, and SQLite's errors are passed on as they are.
#[tokio::test]
async fn a_call_returns_what_the_work_returns() {
    let database = database();
    let mut values = support::seeded(0x0745);
    let isbns: Vec<String> = (0..30).map(|_| values.bits().to_string()).collect();
    for isbn in &isbns {
        let rows: Result<usize, Failure> = comes("a row", database.call(insert(isbn))).await;
        assert_eq!(rows, Ok(1), "rows that were inserted");
    }
    assert_eq!(
        stored(&database).await,
        isbns,
        "rows in the order of the calls"
    );
    let none: Result<i64, Failure> = comes(
        "no row",
        database.call(|connection| {
            connection.query_row("SELECT copies FROM sales WHERE isbn = 'x'", [], |row| {
                row.get(0)
            })
        }),
    )
    .await;
    assert!(
        matches!(
            none,
            Err(Failure::Database(rusqlite::Error::QueryReturnedNoRows))
        ),
        "there is no such row, and SQLite says `QueryReturnedNoRows`: {none:?}"
    );
    let taken = comes("a taken ISBN", database.call(insert(&isbns[0]))).await;
    assert!(
        matches!(&taken, Err(Failure::Database(error)) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)),
        "the ISBN is taken: {taken:?}"
    );
    let Err(Failure::Database(told)) = taken else {
        panic!("the ISBN is taken: {taken:?}");
    };
    assert!(
        told.to_string().contains("sales.isbn"),
        "SQLite's own words name the column: {told}"
    );
    for error in [
        rusqlite::Error::QueryReturnedMoreThanOneRow,
        rusqlite::Error::InvalidParameterName("copies".to_owned()),
        rusqlite::Error::StatementChangedRows(7),
    ] {
        let expected = format!("{error:?}");
        let told: Result<i64, Failure> = comes("an error", database.call(|_| Err(error))).await;
        assert!(
            matches!(&told, Err(Failure::Database(told)) if format!("{told:?}") == expected),
            "the work came to {expected}: {told:?}"
        );
    }
}

/// While one call works and others wait for their turn, the runtime's thread goes on.
#[tokio::test]
async fn the_runtime_goes_on_during_a_call() {
    let database = database();
    let (gate, work) = gate();
    let first = tokio::spawn({
        let database = database.clone();
        async move { database.call(work).await }
    });
    comes("the first call's turn", gate.begun)
        .await
        .expect("it has begun");
    // More of them than the queue has places.
    let others: Vec<_> = (0..100)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move { database.call(insert(&number.to_string())).await })
        })
        .collect();
    for _ in 0..1_000 {
        yield_now().await;
    }
    assert!(!first.is_finished(), "it waits at the gate");
    assert!(gate.go.send(()).is_ok(), "the first call waits at its gate");
    let opened = comes("the first call", first).await.expect("no panic");
    assert_eq!(
        opened,
        Ok(true),
        "whether a task has opened the gate while the work waited"
    );
    for other in others {
        let row = comes("another call", other).await.expect("no panic");
        assert_eq!(row, Ok(1), "rows of a call that waited");
    }
}

/// The work of a call is done on another thread than the runtime's.
#[tokio::test]
async fn calls_are_done_elsewhere() {
    let database = database();
    for _ in 0..20 {
        let there = comes("a call", database.call(|_| Ok(thread::current().id()))).await;
        assert_ne!(there, Ok(thread::current().id()), "the thread of the work");
    }
}

/// Calls are done in the order in which they were made, one at a time.
#[tokio::test]
async fn calls_are_done_in_order() {
    let database = database();
    for round in 0..3 {
        let (gate, work) = gate();
        let first = tokio::spawn({
            let database = database.clone();
            async move { database.call(work).await }
        });
        comes("the first call's turn", gate.begun)
            .await
            .expect("it has begun");
        let calls: Vec<_> = (0..60)
            .map(|number| {
                let database = database.clone();
                let isbn = format!("{round}-{number}");
                tokio::spawn(async move { database.call(insert(&isbn)).await })
            })
            .collect();
        for _ in 0..200 {
            yield_now().await;
        }
        assert!(gate.go.send(()).is_ok(), "the first call waits at its gate");
        assert_eq!(
            comes("the first call", first).await.expect("no panic"),
            Ok(true),
            "the gate"
        );
        for call in calls {
            assert_eq!(
                comes("a call", call).await.expect("no panic"),
                Ok(1),
                "its rows"
            );
        }
        let mut expected = vec!["gate".to_owned()];
        expected.extend((0..60).map(|number| format!("{round}-{number}")));
        assert_eq!(
            stored(&database).await,
            expected,
            "in the order of the calls"
        );
        let emptied = comes(
            "empty",
            database.call(|connection| connection.execute("DELETE FROM sales", [])),
        )
        .await;
        assert_eq!(emptied, Ok(61), "rows that were deleted");
    }
}

/// A panic is its caller's only; the next call finds the connection as it was before.
#[tokio::test]
async fn a_panic_costs_one_call() {
    let database = database();
    assert_eq!(
        comes("a row", database.call(insert("1"))).await,
        Ok(1),
        "rows"
    );
    for _ in 0..3 {
        let broken: Result<(), Failure> = comes(
            "a call that panics",
            database.call(|connection| {
                let transaction = connection.transaction()?;
                transaction.execute("DELETE FROM sales", [])?;
                panic!("in the middle of a transaction")
            }),
        )
        .await;
        assert!(
            matches!(broken, Err(Failure::Panicked)),
            "work that panics is `Err(Panicked)`: {broken:?}"
        );
        assert_eq!(stored(&database).await, ["1"], "rows after the panic");
    }
}

/// Work whose caller has gone before its turn is not done.
#[tokio::test]
async fn nothing_is_done_for_who_has_gone() {
    let database = database();
    let (gate, work) = gate();
    let first = tokio::spawn({
        let database = database.clone();
        async move { database.call(work).await }
    });
    comes("the first call's turn", gate.begun)
        .await
        .expect("it has begun");
    let stays = tokio::spawn({
        let database = database.clone();
        async move { database.call(insert("stays")).await }
    });
    for number in 0..3 {
        let mut gone = pin!(database.call(insert(&format!("gone {number}"))));
        let early = poll_once(gone.as_mut()).await;
        assert_eq!(early, None, "it is not its turn");
    }
    assert!(gate.go.send(()).is_ok(), "the first call waits at its gate");
    assert_eq!(
        comes("the first call", first).await.expect("no panic"),
        Ok(true),
        "the gate"
    );
    assert_eq!(
        comes("the one that stays", stays).await.expect("no panic"),
        Ok(1),
        "its rows"
    );
    assert_eq!(
        stored(&database).await,
        ["gate", "stays"],
        "rows, without those of who has gone"
    );
}

/// Work that has begun is done to its end, although its caller has gone.
#[tokio::test]
async fn a_begun_call_is_done() {
    let database = database();
    let (gate, work) = gate();
    {
        let mut call = pin!(database.call(work));
        // A first poll puts it into the queue, and the channel tells when its turn has come.
        let early = poll_once(call.as_mut()).await;
        assert_eq!(early, None, "it waits at its gate");
        tokio::select! {
            begun = comes("its turn", gate.begun) => begun.expect("it has begun"),
            ended = call.as_mut() => panic!("it waits at its gate: {ended:?}"),
        }
    }
    assert!(gate.go.send(()).is_ok(), "it waits at the gate still");
    assert_eq!(
        stored(&database).await,
        ["gate"],
        "rows after the gate was opened"
    );
}

/// When the last clone is dropped the connection is closed, and not before.
#[tokio::test]
async fn the_connection_closes_with_the_last_clone() {
    let mut connection = support::database::in_memory();
    connection.execute_batch(TABLE).expect("the table is made");
    // SQLite drops the hook when the connection is closed, and with it the sender.
    let (held, mut closed) = oneshot::channel::<()>();
    connection
        .commit_hook(Some(move || {
            let _ = &held;
            false
        }))
        .expect("SQLite takes the hook");
    let database = Database::start(connection);
    let clone = database.clone();
    assert_eq!(
        comes("a row", database.call(insert("1"))).await,
        Ok(1),
        "rows"
    );
    drop(database);
    assert_eq!(
        comes("a row", clone.call(insert("2"))).await,
        Ok(1),
        "rows, through a clone"
    );
    assert_eq!(
        closed.try_recv(),
        Err(oneshot::error::TryRecvError::Empty),
        "still open"
    );
    drop(clone);
    assert!(
        comes("the end of the connection", closed).await.is_err(),
        "closed"
    );
}
