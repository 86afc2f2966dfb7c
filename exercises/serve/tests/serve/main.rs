//! The library from outside: real sockets, files and signals.

#[cfg(unix)]
mod files;
mod lines;
mod sockets;
