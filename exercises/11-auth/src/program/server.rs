//! The start and the end of the program.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use argon2::Params;
use lexopt::ValueExt as _;
use serve::{Limits, Log, listen, own, program, serve, stopped};

use super::probe;
use super::routes::service;
use super::shop::Shop;

const HELP: &str = "\
Lantern's front door: accounts, sessions, tokens, roles, and orders that belong to somebody.

Usage: auth [OPTIONS]

  --port PORT      the port on 127.0.0.1; 0 lets the system choose (3000)
  --database FILE  the SQLite file, made if need be (auth.db)
  --admin EMAIL    the account with this email is an admin, or becomes one when it is opened
  --help           this text

Stop it with Ctrl-C: requests that have begun are answered first, for five seconds at most.

Exit codes: 0 it was stopped, 1 it could not go on, 2 the arguments have mistakes.
";

/// How often what has run out is removed.
const PRUNING: Duration = Duration::from_secs(300);

#[derive(Debug)]
struct Settings {
    port: u16,
    database: PathBuf,
    admin: Option<String>,
}

/// Reads the arguments, serves until Ctrl-C, and says how it ended.
pub fn main() -> ExitCode {
    program(HELP, settings(std::env::args_os().skip(1)), run)
}

/// The settings, or nothing when help is wanted.
fn settings(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Option<Settings>, lexopt::Error> {
    let mut settings = Settings {
        port: 3000,
        database: PathBuf::from("auth.db"),
        admin: None,
    };
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("port") => settings.port = parser.value()?.parse()?,
            lexopt::Arg::Long("database") => settings.database = parser.value()?.into(),
            lexopt::Arg::Long("admin") => settings.admin = Some(parser.value()?.string()?),
            lexopt::Arg::Long("help") | lexopt::Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(settings))
}

async fn run(settings: Settings) -> Result<(), String> {
    let (listener, address) = listen(settings.port).await?;
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", settings.database.display());
    own(&settings.database).map_err(|error| told(&error))?;
    let written = probe::written().await.map_err(|error| error.to_string())?;
    for exercise in written.missing() {
        println!("not written yet: {exercise} (what needs it answers 501)");
    }
    // The cost that OWASP asks for.
    let shop = Shop::open(
        &settings.database,
        settings.admin,
        Params::default(),
        written,
    )
    .map_err(|error| told(&error))?;

    let (limits, log) = (Limits::default(), Log::to_stderr());
    log.install();
    let service = service(&shop, &log, &limits);
    let pruning = tokio::spawn(prune(shop));
    let stop = stopped();
    println!("serving http://localhost:{}", address.port());
    println!("{}", serve(listener, service, &limits, stop).await);
    pruning.abort();
    Ok(())
}

/// A table from which nothing is ever removed grows for ever.
async fn prune(shop: Shop) {
    let mut rounds = tokio::time::interval(PRUNING);
    loop {
        rounds.tick().await;
        if let Err(failure) = shop.prune().await {
            serve::broken(&format!("nothing was pruned: {failure:?}"));
        }
    }
}
