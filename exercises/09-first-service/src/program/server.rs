//! The start and the end of the program.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use serve::{Limits, Log, own, serve, stopped};
use tokio::net::TcpListener;

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
    let settings = match settings() {
        Ok(Asked::Serve(settings)) => settings,
        Ok(Asked::Help) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(mistakes) => {
            eprintln!("{mistakes}Try --help.");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(settings));
    // What still runs on a thread of its own is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn settings() -> Result<Asked, String> {
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
        Some(Ok(asked)) => Ok(asked),
        Some(Err(mistakes)) => Err(mistakes
            .iter()
            .map(|mistake| format!("{}: {}\n", mistake.place, mistake.what))
            .collect()),
        None => {
            println!("not written yet: configuration (it starts with the defaults)");
            Ok(Asked::Serve(Settings::default()))
        }
    }
}

async fn run(settings: Settings) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.port));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!("{address}: {error}. Another port: --port 3001; any free one: --port 0")
    })?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    own(&settings.database).map_err(|error| format!("{}: {error}", settings.database.display()))?;
    let log = Log::to_stderr();
    log.install();
    let limits = limits(&settings);
    let service = assemble(&settings, &log, &limits).await?;
    let stop = stopped();
    println!("serving http://{address}");
    match serve(listener, service, &limits, stop).await.cut {
        0 => println!("stopped"),
        cut => println!("stopped; {cut} connections did not end in time"),
    }
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
