//! When a program is told to stop.

use std::io;

/// Returns on Ctrl-C, and on SIGTERM, with which service managers stop a program.
///
/// The signals are caught from the call on, not only from the first `await`: call it before the program says that it serves.
/// A signal that cannot be caught ends the program as it does any other.
///
/// # Panics
///
/// Outside a tokio runtime.
#[cfg(unix)]
pub fn stopped() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    async fn arrival(caught: io::Result<Signal>) {
        match caught {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
    let interrupted = signal(SignalKind::interrupt());
    let terminated = signal(SignalKind::terminate());
    async {
        tokio::select! {
            () = arrival(interrupted) => {}
            () = arrival(terminated) => {}
        }
    }
}

/// Returns on Ctrl-C.
///
/// A Ctrl-C that cannot be caught ends the program as it does any other.
#[cfg(not(unix))]
pub fn stopped() -> impl Future<Output = ()> + Send + 'static {
    async {
        let caught: io::Result<()> = tokio::signal::ctrl_c().await;
        if caught.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
