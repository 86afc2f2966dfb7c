//! The program: its command line, its start and its end.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::{probe, routes};
use crate::given::app::{App, Keys, Parts};
use crate::given::clock::{Clock, SystemClock};
use crate::given::config::Config;
use crate::given::database::{Database, Durability};

const HELP: &str = "\
Lantern's accounts: sign up, sign in, sessions, two-factor, audit.

Usage: auth-system [OPTIONS]

  --port PORT        the port on 127.0.0.1 (default 3000; 0 lets the system choose)
  --database FILE    the SQLite file, made if need be (default lantern-accounts.db)
  --outbox FOLDER    where mails appear as .eml files (default lantern-outbox)
  --url URL          where people reach the service: links in mails begin with it (default http://localhost:PORT)
  --behind-proxy     take the client's address from X-Forwarded-For (only behind a proxy that sets it)
  --rotate-keys      sign access tokens with a new key from now on; those of the old keys stay valid until they expire
  --help             this text

Stop it with Ctrl-C: requests that have begun are answered first.

Example:
  cargo run -p auth-system -- --port 3000 --database /tmp/lantern.db
  then open http://localhost:3000 (not 127.0.0.1: browsers keep Secure cookies over plain HTTP for localhost only)
";

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
    let options = match arguments() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\nTry --help.");
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
    match runtime.block_on(serve(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
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

async fn serve(options: Options) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("{address}: {error}"))?;
    let port = listener
        .local_addr()
        .map_err(|error| error.to_string())?
        .port();
    let url = options.url.unwrap_or(format!("http://localhost:{port}"));
    let config = Config {
        public_url: url.trim_end_matches('/').to_owned(),
        behind_proxy: options.behind_proxy,
        ..Config::default()
    };
    let database = Database::open(&options.database, Durability::Full)?;
    let clock = SystemClock;
    let keys = Keys::load(&database, clock.now(), options.rotate_keys)
        .map_err(|problem| problem.detail().to_owned())?;
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
    println!("serving {url}");
    println!("database {}", options.database.display());
    println!("outbox   {}", options.outbox.display());

    let postman = tokio::spawn(postman(app.clone()));
    let service = routes::all(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stopped())
        .await
        .map_err(|error| error.to_string())?;
    postman.abort();
    app.deliver_mail()
        .map_err(|problem| problem.detail().to_owned())?;
    println!("stopped");
    Ok(())
}

/// Delivers what is left from the last run, and then whatever a request leaves.
async fn postman(app: App) {
    loop {
        let round = app.clone();
        // What could not be delivered stays in the table, and the cause is on standard error.
        let _ = tokio::task::spawn_blocking(move || round.deliver_mail()).await;
        app.mail_waiting().await;
    }
}

/// Returns on Ctrl-C, and on the signal with which service managers stop a program.
async fn stopped() {
    let interrupted = async {
        // Without the handler there is no tidy end; serving goes on, and Ctrl-C ends the program anyway.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                () = interrupted => {}
                _ = terminate.recv() => {}
            },
            Err(_) => interrupted.await,
        }
    }
    #[cfg(not(unix))]
    interrupted.await;
}
