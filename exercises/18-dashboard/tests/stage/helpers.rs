//! A dashboard for one test: its own database, a clock that stands still, and stand-ins for every milestone but the one under
//! test.

use std::sync::Arc;

use axum::Router;
use dashboard::given::app::{App, Cx, Parts, Tx};
use dashboard::given::clock::ManualClock;
use dashboard::given::config::Config;
use dashboard::given::database::{Database, Durability};
use dashboard::given::events::{Event, Kind};
use dashboard::given::http;
use dashboard::given::neighbours::Neighbours;
use dashboard::given::problem::Problem;
use dashboard::given::standins::{self, Journal};
use support::Seeded;
use support::server::{self, Server};
use tempfile::TempDir;

/// When every test begins: 2017-07-14T02:40:00Z, far from the time of the machine.
pub const START: i64 = 1_500_000_000;

pub struct World {
    pub app: App,
    pub journal: Journal,
    folder: TempDir,
}

impl World {
    /// `wire` puts the milestone under test in the place of its stand-in.
    pub fn new(wire: impl FnOnce(&mut Neighbours)) -> Self {
        Self::with(Config::default(), wire)
    }

    /// The same with the settings of another operator.
    pub fn with(config: Config, wire: impl FnOnce(&mut Neighbours)) -> Self {
        let folder = tempfile::tempdir().expect("the system gives a temporary folder");
        let journal = Journal::default();
        let mut neighbours = standins::neighbours(&journal);
        wire(&mut neighbours);
        let path = folder.path().join("test.db");
        let database = Database::open(&path, Durability::Relaxed).expect("a fresh database opens");
        let app = App::new(Parts {
            config,
            clock: Arc::new(ManualClock::at(START)),
            database,
            neighbours,
        });
        Self {
            app,
            journal,
            folder,
        }
    }

    pub fn cx(&self) -> Cx {
        Cx::new(self.app.clone())
    }

    /// What `work` answers, in a transaction that reads.
    #[track_caller]
    pub fn read<T>(&self, work: impl FnOnce(&Tx) -> Result<T, Problem>) -> T {
        match self.cx().read(work) {
            Ok(answer) => answer,
            Err(problem) => panic!("reading failed: {} {}", problem.status(), problem.detail()),
        }
    }

    /// What `work` answers, in a transaction that writes.
    #[track_caller]
    pub fn write<T>(&self, work: impl FnOnce(&Tx) -> Result<T, Problem>) -> T {
        match self.cx().write(work) {
            Ok(answer) => answer,
            Err(problem) => panic!("writing failed: {} {}", problem.status(), problem.detail()),
        }
    }

    /// Another connection to the same file.
    pub fn connect(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("test.db")).expect("the file opens")
    }

    /// The routes on a free port, as the program serves them.
    pub async fn serve(&self, routes: Router<App>) -> Server {
        server::spawn(http::service(self.app.clone(), routes)).await
    }
}

/// An order of 1,000 cents.
pub fn event(id: &str, at: i64) -> Event {
    Event {
        id: id.to_owned(),
        at,
        kind: Kind::Order,
        country: "AT".to_owned(),
        channel: "web".to_owned(),
        device: "phone".to_owned(),
        category: "Poetry".to_owned(),
        cents: 1_000,
    }
}

/// An event with seeded values, in the `hours` hours from `from` on.
pub fn seeded_event(values: &mut Seeded, id: &str, from: i64, hours: u64) -> Event {
    let pick = |values: &mut Seeded, list: &[&str]| list[values.size(0..list.len())].to_owned();
    let second = i64::try_from(values.number(0..hours * 3_600)).expect("it fits");
    Event {
        id: id.to_owned(),
        at: from + second,
        kind: Kind::ALL[values.size(0..3)],
        country: pick(values, &["AT", "DE", "CH", "IT"]),
        channel: pick(values, &["app", "web", "till"]),
        device: pick(values, &["desk", "phone"]),
        category: pick(values, &["Art", "Poetry", "R&B % _ 'x'", "Ärzte"]),
        cents: i64::try_from(values.number(0..9_000)).expect("it fits") - 500,
    }
}
