//! The start and the end of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use serve::{Limits, Log, listen, own, program, serve, stopped};

use super::probe::{Found, found, tried};
use super::sample;
use super::service::service;
use crate::configuration::{self, Asked, Settings};
use crate::debugging;

const HELP: &str = "\
A wish list: a page for people, JSON for programs.

Usage: first-service [OPTIONS]

  --port PORT          the port on 127.0.0.1; 0 lets the system choose (3000)
  --database FILE      the SQLite file, made if need be (wishes.db)
  --title TEXT         what stands above the list (Wishes)
  --connections COUNT  connections at once (100)
  --timeout SECONDS    how long a request may take, and a connection be idle (10)
  --config FILE        a file with lines like `port = 3000`
  --help               this text

Each can be set in the environment as well, as WISHES_PORT and so on, and all but the last two in the file. A flag counts
more than the environment, the environment more than the file.

Stop it with Ctrl-C: requests that have begun are answered first, for ten seconds at most.

Exit codes: 0 it was stopped, 1 it could not go on, 2 the configuration has mistakes.
";

/// How long those who are being served may take after Ctrl-C.
const FAREWELL: Duration = Duration::from_secs(10);

/// Reads the configuration, serves until Ctrl-C, and says how it ended.
pub fn main() -> ExitCode {
    program(HELP, settings(), run)
}

/// The settings, or nothing when help is wanted.
fn settings() -> Result<Option<Settings>, String> {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .map(|(name, value)| {
            let text = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
            (text(name), text(value))
        })
        .collect();
    let read = |path: &Path| fs::read_to_string(path);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let asked = tried(|| configuration::read(&arguments, &environment, &read));
    std::panic::set_hook(usual);
    match asked {
        Some(Ok(Asked::Serve(settings))) => Ok(Some(settings)),
        Some(Ok(Asked::Help)) => Ok(None),
        Some(Err(mistakes)) => Err(mistakes
            .iter()
            .map(|mistake| format!("{}: {}\n", mistake.place, mistake.what))
            .collect()),
        None => {
            println!("not written yet: configuration (it starts with the defaults)");
            Ok(Some(Settings::default()))
        }
    }
}

async fn run(settings: Settings) -> Result<(), String> {
    let (listener, address) = listen(settings.port).await?;
    own(&settings.database).map_err(|error| format!("{}: {error}", settings.database.display()))?;
    let log = Log::to_stderr();
    log.install();
    let limits = limits(&settings);
    let service = assemble(&settings, &log, &limits).await?;
    let stop = stopped();
    println!("serving http://{address}");
    println!("{}", serve(listener, service, &limits, stop).await);
    Ok(())
}

fn limits(settings: &Settings) -> Limits {
    let time = Duration::from_secs(u64::from(settings.timeout));
    Limits {
        connections: usize::from(settings.connections),
        head: time,
        pause: time,
        body: time,
        answer: time,
        write: time,
        farewell: FAREWELL,
        ..Limits::default()
    }
}

/// The whole service, with stand-ins for what is not written.
///
/// # Errors
///
/// A sentence, when a database cannot be opened.
pub async fn assemble(settings: &Settings, log: &Log, limits: &Limits) -> Result<Router, String> {
    let Found {
        parts,
        desk,
        unwritten,
    } = found(&settings.title, &settings.database).await?;
    for milestone in unwritten {
        println!("not written yet: {milestone} (a stand-in answers)");
    }
    let rounds = sample::rounds().map_err(|error| error.to_string())?;
    Ok(service(parts, desk, debugging::routes(rounds), log, limits))
}
