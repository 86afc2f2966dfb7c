//! Which milestones are written? Each is tried on a database of its own; what panics with `todo!()` is not.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::HeaderMap;
use jiff::civil::date;
use jiff::tz::TimeZone;

use crate::breakdowns::Measure;
use crate::filters::Selection;
use crate::given::allowed::Allowed;
use crate::given::app::{App, Cx, Parts, Tx};
use crate::given::clock::ManualClock;
use crate::given::config::Config;
use crate::given::database::{Database, Durability};
use crate::given::events::{Dimension, Event, Kind, Slice};
use crate::given::http::unwritten;
use crate::given::neighbours::{Hours, Neighbours, News, Store};
use crate::given::problem::Problem;
use crate::given::standins::{self, Journal, PlainNews, PlainStore};
use crate::live::{Hub, Seen};
use crate::page::{Chart, Unit};
use crate::storage::Storage;
use crate::timeseries::{Question, Span};
use crate::{breakdowns, caching, export, filters, ingest, live, page, storage, timeseries};

/// The milestones, in their order.
const ORDER: [&str; 9] = [
    "ingest",
    "storage",
    "timeseries",
    "breakdowns",
    "filters",
    "caching",
    "export",
    "live",
    "page",
];

/// What was found.
#[derive(Debug, Clone)]
pub struct Written(BTreeSet<&'static str>);

impl Written {
    /// Whether this milestone is written.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The names of the others, in their order.
    pub fn missing(&self) -> impl Iterator<Item = &'static str> {
        ORDER.into_iter().filter(|name| !self.has(name))
    }

    /// The milestones of the running program, and a stand-in where one is not written: events are then kept in memory, and nobody
    /// hears of news.
    #[must_use]
    pub fn neighbours(&self, hub: Option<&Arc<Hub>>) -> Neighbours {
        let journal = Journal::default();
        let store: Arc<dyn Store> = match self.has("storage") {
            true => Arc::new(Storage),
            false => Arc::new(PlainStore(journal.clone())),
        };
        let news: Arc<dyn News> = match hub {
            Some(hub) => Arc::clone(hub) as Arc<dyn News>,
            None => Arc::new(PlainNews(journal)),
        };
        Neighbours { store, news }
    }
}

/// Tries the milestones.
///
/// # Errors
///
/// A sentence, when the temporary folder cannot be used.
pub fn milestones() -> Result<Written, String> {
    // The folder and what is said of a panic are the whole program's.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // A `todo!()` is what we look for: no word about it on standard error.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let folder = std::env::temp_dir().join(format!("lantern-probe-{}", std::process::id()));
    let found = std::fs::create_dir_all(&folder)
        .map_err(|error| error.to_string())
        .and_then(|()| try_all(&folder));
    let removed = std::fs::remove_dir_all(&folder).map_err(|error| error.to_string());
    std::panic::set_hook(Box::new(move |panic| {
        if unwritten(panic.payload()).is_none() {
            usual(panic);
        }
    }));
    removed.and(found)
}

fn try_all(folder: &Path) -> Result<Written, String> {
    let app = App::new(Parts {
        config: Config::default(),
        clock: Arc::new(ManualClock::at(1_500_000_000)),
        database: Database::open(&folder.join("probe.db"), Durability::Relaxed)?,
        neighbours: standins::neighbours(&Journal::default()),
    });
    let cx = Cx::new(app);
    Ok(Written(
        ORDER
            .into_iter()
            .filter(|name| is_written(name, &cx))
            .collect(),
    ))
}

fn is_written(name: &str, cx: &Cx) -> bool {
    let everything = Slice::everything;
    let span = Span {
        from: date(2017, 7, 1),
        to: date(2017, 7, 2),
    };
    match name {
        "ingest" => tried(|| {
            let _ = ingest::format(&HeaderMap::new());
            let _ = ingest::pieces(ingest::Format::Json, b"[]", 1);
            let _ = ingest::event(&serde_json::Value::Null, 0, 0, cx.config());
        }),
        "storage" => in_transaction(cx, |tx| {
            let hours = Hours { from: 0, to: 3_600 };
            storage::slices(&sample());
            Storage.record(tx, &[sample()])?;
            Storage.hours(tx, Kind::View, &everything(), hours)?;
            Storage.values(tx, Kind::View, &everything(), Dimension::Country, hours)?;
            Storage.horizon(tx)?;
            Storage.version(tx)?;
            storage::hours_of_events(tx, Kind::View, &everything(), hours)?;
            storage::prune(tx, 0)?;
            storage::recount(tx).map(drop)
        }),
        "timeseries" => in_transaction(cx, |tx| {
            let _ = timeseries::read(&[], "UTC");
            let question = Question {
                span,
                unit: timeseries::Unit::Day,
                zone: TimeZone::UTC,
                kind: Kind::View,
            };
            timeseries::series(tx, &question, &[everything()]).map(drop)
        }),
        "breakdowns" => in_transaction(cx, |tx| {
            let _ = breakdowns::read(&[]);
            let hours = Hours { from: 0, to: 3_600 };
            let question = breakdowns::Question {
                by: Dimension::Country,
                of: Measure::Events,
                top: 1,
            };
            breakdowns::breakdown(tx, question, Kind::View, &[everything()], hours).map(drop)
        }),
        "filters" => tried(|| {
            let _ = filters::read(&[], &[], &Allowed::default());
            let selection = Selection::default();
            selection.slices();
            selection.values(Dimension::Country);
        }),
        "caching" => tried(|| {
            caching::tag(b"");
            drop(caching::cached(cx.app(), Router::new()));
        }),
        "export" => tried(|| {
            export::harmless("");
            export::decimal(0);
        }),
        "live" => tried(|| {
            let hub = Hub::new(0);
            live::seen(None, None);
            hub.publish(1);
            hub.listen(Seen::Nothing);
        }),
        "page" => tried(|| {
            let chart = Chart {
                id: "probe",
                title: "",
                unit: Unit::Count,
                points: &[],
            };
            page::full(0, Unit::Count);
            page::line_chart(&chart);
            page::bar_chart(&chart);
        }),
        _ => false,
    }
}

fn sample() -> Event {
    Event {
        id: "probe".to_owned(),
        at: 0,
        kind: Kind::View,
        country: "AT".to_owned(),
        channel: "web".to_owned(),
        device: "desk".to_owned(),
        category: "Poetry".to_owned(),
        cents: 0,
    }
}

/// Whether `work` does anything but panic with `todo!()`. What it changes is rolled back.
fn in_transaction(cx: &Cx, work: impl FnOnce(&Tx) -> Result<(), Problem>) -> bool {
    tried(|| {
        let _ = cx.write(|tx| -> Result<(), Problem> {
            // Its answer does not matter, and a refusal rolls back.
            let _ = work(tx);
            Err(Problem::unwritten("probe"))
        });
    })
}

fn tried(work: impl FnOnce()) -> bool {
    let panicked = catch_unwind(AssertUnwindSafe(work));
    !panicked.is_err_and(|panic| unwritten(panic.as_ref()).is_some())
}
