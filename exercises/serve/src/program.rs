//! A program from its arguments to its exit code.

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How long threads that still work are waited for at the end.
const LAST_WORK: Duration = Duration::from_secs(1);

/// Runs a program: `asked` is what its arguments ask for, nothing when that is the `help`; `run` serves until it is told to
/// stop, on tokio's runtime.
///
/// Answers the exit code: 0 when help was printed or `run` came to its end, 1 when it could not go on, 2 when the arguments
/// are wrong. What went wrong is printed on standard error.
pub fn program<S, E, F>(
    help: &str,
    asked: Result<Option<S>, E>,
    run: impl FnOnce(S) -> F,
) -> ExitCode
where
    E: Display,
    F: Future<Output = Result<(), String>>,
{
    let settings = match asked {
        Ok(Some(settings)) => settings,
        Ok(None) => {
            print!("{help}");
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("{}\nTry --help.", mistake.to_string().trim_end());
            return ExitCode::from(2);
        }
    };
    let ended = Runtime::new()
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let ended = runtime.block_on(run(settings));
            // What still runs on a thread of its own is not waited for any longer.
            runtime.shutdown_timeout(LAST_WORK);
            ended
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Listens at a port of 127.0.0.1, where nobody but this machine reaches it, and says where: the system chooses a port for 0.
///
/// # Errors
///
/// A sentence for whoever started the program, when the port is taken or not allowed.
pub async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), String> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(wanted).await.map_err(|error| {
        format!("{wanted}: {error}. Another port: --port 3001; any free one: --port 0")
    })?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok((listener, address))
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use super::{listen, program};

    fn code(asked: Result<Option<u16>, &str>, ended: Result<(), String>) -> String {
        format!("{:?}", program("help\n", asked, |_| async { ended }))
    }

    #[test]
    fn the_exit_code_tells_how_it_ended() {
        let named = |code: ExitCode| format!("{code:?}");
        let could_not = || Err("the disk is full".to_owned());
        assert_eq!(code(Ok(Some(0)), Ok(())), named(ExitCode::SUCCESS));
        assert_eq!(code(Ok(Some(0)), could_not()), named(ExitCode::FAILURE));
        assert_eq!(code(Ok(None), could_not()), named(ExitCode::SUCCESS));
        assert_eq!(code(Err("no port"), Ok(())), named(ExitCode::from(2)));
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let (_first, address) = listen(0).await.expect("a free port");
        let second = listen(address.port()).await.err().unwrap_or_default();
        assert!(second.starts_with(&address.to_string()), "{second}");
        assert!(second.contains("--port 0"), "{second}");
    }
}
