//! The program: its command line, its start and its end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use axum::http::HeaderValue;
use serve::{Limits, Log, listen, program, serve, stopped};

use super::probe;
use super::routes::{self, Origins};
use crate::given::app::{App, Parts, SigningKey};
use crate::given::clock::SystemClock;
use crate::given::config::Config;
use crate::given::database::{Database, Durability};

const HELP: &str = "\
Conduit: the public RealWorld API, version 2. Users, articles, comments, tags, for any RealWorld frontend.

Usage: api-service [OPTIONS]

  --port PORT        the port on 127.0.0.1 (default 3000; 0 lets the system choose)
  --database FILE    the SQLite file, made if need be (default conduit.db)
  --origin ORIGIN    a site whose pages may read the answers, such as http://localhost:4200; can be given several times
                     (default: every site)
  --help             this text

The API lies under /api, its description at /openapi.json. The database is readable by whoever starts the program, and by nobody
else. Standard error has a line of JSON for each request.

Stop it with Ctrl-C or SIGTERM: for five seconds at most, requests that have begun are answered.

Exit codes: 0 it was stopped, 1 it could not go on, 2 the arguments are wrong.

Example:
  cargo run -p api-service -- --port 3000 --database /tmp/conduit.db
  then give http://localhost:3000/api to a frontend as the address of the API
";

/// Requests at once. Those who wait for Argon2 are among them, and shall not keep the others out.
const REQUESTS: usize = 256;

struct Options {
    port: u16,
    database: PathBuf,
    origins: Origins,
}

/// Reads the arguments, serves until Ctrl-C, and says how it ended: 0, 1 for a failure, 2 for wrong arguments.
pub fn main() -> ExitCode {
    program(HELP, arguments(), run)
}

fn arguments() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options {
        port: 3000,
        database: PathBuf::from("conduit.db"),
        origins: Origins::Any,
    };
    let mut named = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => options.port = parser.value()?.parse()?,
            Long("database") => options.database = parser.value()?.into(),
            Long("origin") => named.push(parser.value()?.parse_with(origin)?),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if !named.is_empty() {
        options.origins = Origins::Only(named);
    }
    Ok(Some(options))
}

/// An origin as browsers write it: the scheme, the host, perhaps a port, and nothing behind.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let (scheme, host) = text.split_once("://").unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if !matches!(scheme, "http" | "https") || host.is_empty() || !host.chars().all(plain) {
        return Err("an origin looks like http://localhost:4200, without a path".to_owned());
    }
    // Browsers write it in lower case, and the two are compared byte by byte.
    HeaderValue::try_from(text.to_ascii_lowercase()).map_err(|error| error.to_string())
}

/// Serves until it is told to stop.
async fn run(options: Options) -> Result<(), String> {
    let (listener, address) = listen(options.port).await?;
    let log = Log::to_stderr();
    log.install();
    let app = assemble(&options).await?;
    let stop = stopped();
    println!("serving http://localhost:{}/api", address.port());
    println!("database {}", options.database.display());

    let limits = Limits {
        requests: REQUESTS,
        ..Limits::default()
    };
    let service = routes::all(app, &options.origins, &limits, &log);
    println!("{}", serve(listener, service, &limits, stop).await);
    Ok(())
}

/// Everything behind the routes, in good order.
async fn assemble(options: &Options) -> Result<App, String> {
    let config = Config::default();
    let database = Database::open(&options.database, Durability::Full)?;
    let signing_key = SigningKey::load(&database)
        .map_err(|_| format!("{}: no signing key", options.database.display()))?;
    for milestone in probe::unwritten().await? {
        println!("not written yet: {milestone} (what needs it answers 501)");
    }
    Ok(App::new(Parts {
        neighbours: probe::as_written(&config),
        config,
        clock: Arc::new(SystemClock),
        database,
        signing_key,
    }))
}
