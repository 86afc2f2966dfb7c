//! Stage 04, servers: what the tests of the exercises share, and the tests themselves.

mod clients;
mod decoding;
mod tcp;
mod request;
mod body;
mod response;
mod query;
mod routing;
mod connections;
mod static_files;
