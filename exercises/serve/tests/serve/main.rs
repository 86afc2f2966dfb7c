//! The library from outside: real sockets, files and signals.

mod files;
mod lines;
mod sockets;
