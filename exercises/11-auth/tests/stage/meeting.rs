//! Threads that want to write to one database at the same moment.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rusqlite::Connection;
use support::Gate;
use support::database::TempDatabase;

/// How often the lock's holder looks whether all are there, at most: whoever never waits is not waited for.
const LOOKS: usize = 300_000;

thread_local! {
    /// Counts the threads that wait; each counts itself once.
    static WAITING: RefCell<Option<Arc<AtomicUsize>>> = const { RefCell::new(None) };
}

/// What SQLite calls when somebody else is writing: says that this thread waits, and has it try again.
fn wait_for_the_writer(_tries: i32) -> bool {
    if let Some(waiting) = WAITING.take() {
        waiting.fetch_add(1, Ordering::SeqCst);
    }
    thread::yield_now();
    true
}

/// A connection to `file` that does not wait for the disk.
pub fn connect(file: &TempDatabase) -> Connection {
    let db = file.connect();
    db.pragma_update(None, "synchronous", false)
        .expect("SQLite takes the pragma");
    db
}

/// Has `threads` threads do something at once, each with a connection of its own, and gives their answers in order.
///
/// Until all of them want to write or are done, nobody can: another connection holds the lock. Reading is possible all
/// the while. Whoever looks first and writes later has looked before any of the others has written.
pub fn meet<T: Send>(
    file: &TempDatabase,
    threads: usize,
    act: impl Fn(&mut Connection, usize) -> T + Sync,
) -> Vec<T> {
    let holder = connect(file);
    let gate = Gate::new(threads);
    let there = Arc::new(AtomicUsize::new(0));
    holder
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody writes yet");
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| {
                let (gate, there, act) = (&gate, &there, &act);
                scope.spawn(move || {
                    let mut db = connect(file);
                    db.busy_handler(Some(wait_for_the_writer))
                        .expect("SQLite takes the handler");
                    WAITING.set(Some(Arc::clone(there)));
                    gate.wait();
                    let answer = act(&mut db, number);
                    if let Some(there) = WAITING.take() {
                        there.fetch_add(1, Ordering::SeqCst);
                    }
                    answer
                })
            })
            .collect();
        for _ in 0..LOOKS {
            if there.load(Ordering::SeqCst) >= threads {
                break;
            }
            thread::yield_now();
        }
        holder
            .execute_batch("ROLLBACK")
            .expect("the lock is given back");
        running
            .into_iter()
            .map(|thread| thread.join().expect("no thread panics"))
            .collect()
    })
}
