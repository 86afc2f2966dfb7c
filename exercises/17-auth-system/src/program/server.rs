//! The program: its command line, its start and its end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serve::{Limits, Log, listen, program, serve, stopped};
use tokio::time::timeout;

use super::{probe, routes};
use crate::given::app::{App, Keys, Parts};
use crate::given::clock::{Clock, SystemClock};
use crate::given::config::Config;
use crate::given::database::{Database, Durability};
use crate::given::problem::Problem;

const HELP: &str = "\
Lantern's accounts: sign up, sign in, sessions, two-factor, audit.

Usage: auth-system [OPTIONS]

  --port PORT        the port on 127.0.0.1 (default 3000; 0 lets the system choose)
  --database FILE    the SQLite file, made if need be (default lantern-accounts.db)
  --outbox FOLDER    where mails appear as .eml files (default lantern-outbox)
  --url URL          where people reach the service: links in mails begin with it (default http://localhost:PORT)
  --behind-proxy     take the client's address from X-Forwarded-For (only behind a proxy that sets it)
  --rotate-keys      sign access tokens with a new key from now on; those of the old keys stay valid until they expire
                     (the running program does the same once a month)
  --help             this text

The database and the outbox are readable by whoever starts the program, and by nobody else. Standard error has a line of
JSON for each request. What has expired is removed once an hour.

Stop it with Ctrl-C or SIGTERM: for five seconds at most requests that have begun are answered, for five more mails leave.

Exit codes: 0 it was stopped, 1 it could not go on, 2 the arguments are wrong.

Example:
  cargo run -p auth-system -- --port 3000 --database /tmp/lantern.db
  then open http://localhost:3000 (not 127.0.0.1: browsers keep Secure cookies over plain HTTP for localhost only)
";

/// How often the program looks after itself: what has expired, and keys that are old.
const ROUND: Duration = Duration::from_secs(3600);
/// Requests at once. Those who wait for Argon2 are among them, and shall not keep the others out.
const REQUESTS: usize = 256;
/// How often mails are tried that could not be delivered.
const POST: Duration = Duration::from_secs(60);
/// How long the last mails may take.
const LAST_POST: Duration = Duration::from_secs(5);

struct Options {
    port: u16,
    database: PathBuf,
    outbox: PathBuf,
    url: Option<String>,
    behind_proxy: bool,
    rotate_keys: bool,
}

/// Reads the arguments, serves until Ctrl-C, and says how it ended: 0, 1 for a failure, 2 for wrong arguments.
pub fn main() -> ExitCode {
    program(HELP, arguments(), run)
}

fn arguments() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options {
        port: 3000,
        database: PathBuf::from("lantern-accounts.db"),
        outbox: PathBuf::from("lantern-outbox"),
        url: None,
        behind_proxy: false,
        rotate_keys: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => options.port = parser.value()?.parse()?,
            Long("database") => options.database = parser.value()?.into(),
            Long("outbox") => options.outbox = parser.value()?.into(),
            Long("url") => options.url = Some(parser.value()?.string()?),
            Long("behind-proxy") => options.behind_proxy = true,
            Long("rotate-keys") => options.rotate_keys = true,
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
    let url = options
        .url
        .clone()
        .unwrap_or(format!("http://localhost:{}", address.port()));
    let app = assemble(&options, &url).await?;
    let stop = stopped();
    println!("serving {url}");
    println!("database {}", options.database.display());
    println!("outbox   {}", options.outbox.display());

    let limits = Limits {
        requests: REQUESTS,
        ..Limits::default()
    };
    let (postman, caretaker) = (
        tokio::spawn(postman(app.clone())),
        tokio::spawn(caretaker(app.clone())),
    );
    let service = routes::all(app.clone(), &limits, &log);
    let farewell = serve(listener, service, &limits, stop).await;
    postman.abort();
    caretaker.abort();
    let last = tokio::task::spawn_blocking(move || app.deliver_mail());
    if timeout(LAST_POST, last).await.is_err() {
        println!("mails that have not left will leave at the next start");
    }
    println!("{farewell}");
    Ok(())
}

/// Everything behind the routes, in good order.
async fn assemble(options: &Options, url: &str) -> Result<App, String> {
    let config = Config {
        public_url: url.trim_end_matches('/').to_owned(),
        behind_proxy: options.behind_proxy,
        ..Config::default()
    };
    let database = Database::open(&options.database, Durability::Full)?;
    let clock = SystemClock;
    let told = |problem: Problem| problem.detail().to_owned();
    let keys = Keys::load(&database, clock.now(), options.rotate_keys).map_err(told)?;
    let (neighbours, unwritten) = probe::milestones().await?;
    for milestone in unwritten {
        println!("not written yet: {milestone} (what needs it answers 501)");
    }
    let app = App::new(Parts {
        config,
        clock: Arc::new(clock),
        database,
        neighbours,
        keys,
        outbox: options.outbox.clone(),
    });
    look_after(&app).map_err(told)?;
    Ok(app)
}

/// Delivers what is left from the last run, then whatever a request leaves, and now and then what could not be delivered.
async fn postman(app: App) {
    loop {
        let round = app.clone();
        // What could not be delivered stays in the table, and the cause is in the log.
        let _ = tokio::task::spawn_blocking(move || round.deliver_mail()).await;
        let _ = timeout(POST, app.mail_waiting()).await;
    }
}

/// Looks after the program once an hour.
async fn caretaker(app: App) {
    loop {
        tokio::time::sleep(ROUND).await;
        let round = app.clone();
        // A failure is in the log, and the next round tries again.
        let _ = tokio::task::spawn_blocking(move || look_after(&round)).await;
    }
}

/// Removes what has expired, and renews keys that are old.
fn look_after(app: &App) -> Result<(), Problem> {
    app.prune()?;
    app.renew_keys()
}
