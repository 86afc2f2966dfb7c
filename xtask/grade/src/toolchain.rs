//! The compiler in use, and where its parts lie.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask_core::error::{Error, Result};

/// The compiler that cargo starts.
#[derive(Debug)]
pub struct Toolchain {
    /// What `rustc -vV` says.
    pub version: String,
    /// The folders that hold its parts, and the crates that it reads.
    pub folders: Vec<PathBuf>,
}

/// Asks the compiler who it is.
///
/// # Errors
///
/// When it does not answer.
pub fn toolchain() -> Result<Toolchain> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let ask = |argument: &[&str]| {
        let output = Command::new(&rustc).args(argument).output();
        let text = output.ok().filter(|output| output.status.success());
        text.map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .ok_or_else(|| Error::new("rustc does not answer").help("`cargo xtask doctor`"))
    };
    let mut folders = vec![PathBuf::from(ask(&["--print", "sysroot"])?.trim_end())];
    // Where it is started from, which may be a link into rustup's folder.
    let started = std::env::var_os("PATH").and_then(|path| {
        let mut places = std::env::split_paths(&path).map(|folder| folder.join(&rustc));
        places.find(|program| program.is_file())
    });
    let whole = started.iter().flat_map(fs::canonicalize);
    let programs = started.iter().cloned().chain(whole);
    folders.extend(programs.filter_map(|program| program.parent().map(Path::to_owned)));
    let home = std::env::home_dir().unwrap_or_default();
    let named = |name: &str, usual: &str| {
        std::env::var_os(name).map_or_else(|| home.join(usual), PathBuf::from)
    };
    folders.push(named("RUSTUP_HOME", ".rustup"));
    let cargo = named("CARGO_HOME", ".cargo");
    // Not the whole folder: the login at a registry lies there too.
    folders.extend(["bin", "registry", "git"].map(|part| cargo.join(part)));
    Ok(Toolchain {
        version: ask(&["-vV"])?,
        folders,
    })
}
