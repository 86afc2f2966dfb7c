use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use support::database::TempDatabase;

/// Threads that write to a table wait for each other just before they write, but not for long: whoever keeps others out since
/// it has looked goes on alone, and whoever does not lets them all look before anybody writes.
pub struct Writers {
    table: &'static str,
    threads: usize,
    arrived: Mutex<usize>,
    more: Condvar,
}

impl Writers {
    /// So many threads that write to this table.
    pub fn new(table: &'static str, threads: usize) -> Arc<Self> {
        Arc::new(Self {
            table,
            threads,
            arrived: Mutex::new(0),
            more: Condvar::new(),
        })
    }

    fn arrived(&self) -> MutexGuard<'_, usize> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody has arrived yet. Each thread says so while all are at a gate.
    pub fn begin_a_round(&self) {
        *self.arrived() = 0;
    }

    /// A connection that has to wait here before it writes, once after each time that the flag is set.
    pub fn connect(self: &Arc<Self>, file: &TempDatabase) -> (Connection, Arc<AtomicBool>) {
        let mut connection = file.connect();
        let fresh = Arc::new(AtomicBool::new(false));
        let (writers, round) = (Arc::clone(self), Arc::clone(&fresh));
        let hook = move |context: AuthContext<'_>| {
            let written = match context.action {
                AuthAction::Insert { table_name } | AuthAction::Update { table_name, .. } => {
                    table_name
                }
                _ => "",
            };
            if written == writers.table && round.swap(false, Ordering::SeqCst) {
                writers.wait();
            }
            Authorization::Allow
        };
        connection
            .authorizer(Some(hook))
            .expect("SQLite takes the hook");
        (connection, fresh)
    }

    fn wait(&self) {
        let mut arrived = self.arrived();
        *arrived += 1;
        self.more.notify_all();
        let more = Duration::from_millis(15);
        let waited = self
            .more
            .wait_timeout_while(arrived, more, |arrived| *arrived < self.threads);
        drop(waited);
    }
}
