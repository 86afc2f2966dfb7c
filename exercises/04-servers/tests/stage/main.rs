//! Stage 04, servers: what the tests of the exercises share, and the tests themselves.

mod clients;
mod decoding;
mod refusals;
mod waiting;
mod tcp;
mod hello;
mod request;
mod framing;
mod chunks;
mod response;
mod query;
mod routing;
mod patience;
mod pool;
mod static_files;
