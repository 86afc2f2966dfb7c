//! The shop's database on the command line.

fn main() {}
