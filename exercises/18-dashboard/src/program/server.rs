//! The program: its command line, its start and its end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serve::{Limits, Log, listen, program, serve, stopped};

use super::probe::{self, Written};
use super::{demo, routes};
use crate::given::app::{App, Cx, Parts};
use crate::given::clock::SystemClock;
use crate::given::config::Config;
use crate::given::database::{Database, Durability};
use crate::given::problem::Problem;
use crate::live::Hub;
use crate::storage;

const HELP: &str = "\
Lantern's numbers: what was looked at, put into carts and ordered, where and when.

Usage: dashboard [OPTIONS]

  --port PORT      the port on 127.0.0.1; 0 lets the system choose (3000)
  --database FILE  the SQLite file, made if need be (lantern-dashboard.db)
  --zone ZONE      the time zone of whoever names none (Europe/Vienna)
  --demo           fill an empty database with a million events of the last two years
  --help           this text

Events come by POST /api/events; /openapi.json describes it. The database is readable by whoever starts the program, and by nobody
else. Standard error has a line of JSON for each request. Single events are removed after two years and a month, the numbers stay.

Stop it with Ctrl-C or SIGTERM: for five seconds at most requests that have begun are answered.

Exit codes: 0 it was stopped, 1 it could not go on, 2 the arguments are wrong.

Example:
  cargo run --release -p dashboard -- --demo --database /tmp/demo.db
  then open http://localhost:3000
";

/// How often the program looks after itself.
const ROUND: Duration = Duration::from_secs(3600);

struct Options {
    port: u16,
    database: PathBuf,
    zone: Option<String>,
    demo: bool,
}

/// Reads the arguments, serves until Ctrl-C, and says how it ended: 0, 1 for a failure, 2 for wrong arguments.
pub fn main() -> ExitCode {
    program(HELP, arguments(), run)
}

fn arguments() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options {
        port: 3000,
        database: PathBuf::from("lantern-dashboard.db"),
        zone: None,
        demo: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => options.port = parser.value()?.parse()?,
            Long("database") => options.database = parser.value()?.into(),
            Long("zone") => options.zone = Some(parser.value()?.string()?),
            Long("demo") => options.demo = true,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

/// Serves until it is told to stop.
async fn run(options: Options) -> Result<(), String> {
    let (listener, address) = listen(options.port).await?;
    let log = Log::to_stderr();
    log.install();
    let written = probe::milestones()?;
    for milestone in written.missing() {
        println!("not written yet: {milestone} (what needs it answers 501)");
    }
    let (app, hub) = assemble(&options, &written)?;
    if options.demo {
        fill(&app).await?;
    }
    let stop = stopped();
    println!("serving http://localhost:{}", address.port());
    println!("database {}", options.database.display());
    let limits = Limits::default();
    let caretaker = written
        .has("storage")
        .then(|| tokio::spawn(caretaker(app.clone())));
    let service = routes::all(&app, &written, hub, &limits, &log);
    let farewell = serve(listener, service, &limits, stop).await;
    if let Some(caretaker) = caretaker {
        caretaker.abort();
    }
    println!("{farewell}");
    Ok(())
}

/// The program's state, and those who listen to it.
fn assemble(options: &Options, written: &Written) -> Result<(App, Option<Arc<Hub>>), String> {
    let mut config = Config::default();
    if let Some(zone) = &options.zone {
        jiff::tz::TimeZone::get(zone).map_err(|error| format!("--zone: {error}"))?;
        config.zone.clone_from(zone);
    }
    let database = Database::open(&options.database, Durability::Full)?;
    let told = |problem: Problem| problem.detail().to_owned();
    let number = "SELECT number FROM version";
    let newest = database
        .read(|connection| Ok(connection.query_row(number, [], |row| row.get(0))?))
        .map_err(told)?;
    let hub = written.has("live").then(|| Arc::new(Hub::new(newest)));
    let app = App::new(Parts {
        config,
        clock: Arc::new(SystemClock),
        database,
        neighbours: written.neighbours(hub.as_ref()),
    });
    Ok((app, hub))
}

/// A million events take some seconds, during which the program says how far it is.
async fn fill(app: &App) -> Result<(), String> {
    let begun = Instant::now();
    let told = move |count: u64| {
        if count.is_multiple_of(100_000) {
            println!(
                "{count} of {} events, after {} s",
                demo::EVENTS,
                begun.elapsed().as_secs()
            );
        }
    };
    let filled = Cx::new(app.clone())
        .run(move |cx| demo::fill(cx, told))
        .await;
    filled.map_err(|problem| problem.detail().to_owned())
}

/// Looks after the program once an hour.
async fn caretaker(app: App) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        // A failure is in the log, and the next round tries again.
        let _ = Cx::new(app.clone()).run(look_after).await;
    }
}

/// Removes single events that are too old.
fn look_after(cx: &Cx) -> Result<usize, Problem> {
    cx.write(|tx| storage::prune(tx, tx.now() - tx.config().raw_kept))
}
