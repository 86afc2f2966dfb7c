//! What every program that a stage builds stands on: it goes on whatever clients do, and it ends when it is told to.
//!
//! - [`serve`]: connections, with the [`Limits`] of how many and how long, until a signal ([`stopped`]) and a tidy end
//! - [`limited`]: how many requests at once, and how long their bodies and answers may take; what is too much is a [`Refusal`]
//! - [`logged`]: one line a request in a [`Log`], with a [`RequestId`] that the answer carries; [`broken`] and [`blocking`] keep
//!   the id where something fails, and on threads that may block
//! - [`own`] and [`own_folder`]: files that nobody else reads
//!
//! ```no_run
//! use std::net::{Ipv4Addr, SocketAddr};
//!
//! use axum::Router;
//! use axum::routing::get;
//! use serve::{Limits, Log, limited, logged, serve, stopped};
//! use tokio::net::TcpListener;
//!
//! # async fn example() -> std::io::Result<()> {
//! let limits = Limits::default();
//! let log = Log::to_stderr();
//! log.install();
//! let router = Router::new().route("/", get(async || "Lantern"));
//! let router = logged(limited(router, &limits), &log);
//! let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 3000))).await?;
//! let stop = stopped();
//! println!("serving http://127.0.0.1:3000");
//! let farewell = serve(listener, router, &limits, stop).await;
//! println!("stopped; {} connections were cut", farewell.cut);
//! # Ok(())
//! # }
//! ```

mod body;
mod connections;
mod files;
mod limits;
mod log;
mod refusal;
mod requests;
mod signals;
mod visit;
mod writing;

pub use connections::{Farewell, serve};
pub use files::{own, own_folder};
pub use limits::Limits;
pub use log::{Cause, Lines, Log, RequestId, X_REQUEST_ID, blocking, broken, logged};
pub use refusal::Refusal;
pub use requests::limited;
pub use signals::stopped;
