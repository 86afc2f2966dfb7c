//! `cargo xtask doctor`: what is missing on this machine, and the command that mends it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use console::style;

use xtask_core::course::{Course, PROFILE, WorkspaceManifest};
use xtask_core::engine::cargo;
use xtask_core::error::{Error, Kind, Result};
use xtask_core::files;

use super::Ending;
use crate::terminal::{hanging, wrapped};

/// What the whole course takes in the target folder, in GiB, with some room.
const DISK_GIB: u64 = 4;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    state: State,
}

enum State {
    Well(String),
    Missing { seen: String, mend: String },
    NotChecked(String),
}

/// Looks at everything that the course needs.
///
/// # Errors
///
/// When the course's own manifest cannot be read.
pub fn run(course: &Course, target_folder: &Path) -> Result<Ending> {
    let findings = [
        Finding {
            what: "Rust",
            state: rust(course)?,
        },
        Finding {
            what: "rustfmt",
            state: component("rustfmt", "fmt"),
        },
        Finding {
            what: "clippy",
            state: component("clippy", "clippy"),
        },
        Finding {
            what: "linker",
            state: linker(target_folder),
        },
        Finding {
            what: "C compiler",
            state: c_compiler(target_folder),
        },
        Finding {
            what: "disk",
            state: disk(target_folder),
        },
        Finding {
            what: "crates",
            state: crates(course),
        },
    ];
    let mut well = true;
    for finding in &findings {
        let (mark, seen) = match &finding.state {
            State::Well(seen) => (style("✓").green(), seen),
            State::NotChecked(why) => (style("?").yellow(), why),
            State::Missing { seen, .. } => (style("✗").red(), seen),
        };
        let line = format!("{mark} {:<11} {seen}", finding.what);
        println!("{}", hanging(&line, "  "));
        if let State::Missing { mend, .. } = &finding.state {
            well = false;
            println!("{}", wrapped(mend, "  "));
        }
    }
    Ok(well.into())
}

fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next()?.to_owned();
    output.status.success().then_some(line)
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

fn rust(course: &Course) -> Result<State> {
    let wanted = WorkspaceManifest::load(&course.root)?
        .rust_version()
        .ok_or_else(|| Error::of(Kind::Course, "Cargo.toml names no rust-version"))?;
    let mend = format!(
        "The course needs Rust {wanted} or newer: `rustup update stable`, or see https://rustup.rs"
    );
    let Some(line) = first_line(rustc().arg("--version")) else {
        return Ok(State::Missing {
            seen: "rustc does not answer".into(),
            mend,
        });
    };
    let version = line.split_whitespace().nth(1).unwrap_or_default();
    Ok(if numbers(version) >= numbers(&wanted) {
        State::Well(line)
    } else {
        State::Missing { seen: line, mend }
    })
}

/// `[1, 95, 0]` of `1.95.0-nightly`.
fn numbers(version: &str) -> Vec<u32> {
    let release = version.split('-').next().unwrap_or_default();
    release
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect()
}

fn component(name: &str, subcommand: &str) -> State {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match first_line(Command::new(program).args([subcommand, "--version"])) {
        Some(line) => State::Well(line),
        None => State::Missing {
            seen: "not installed; only `cargo xtask verify` needs it".into(),
            mend: format!("`rustup component add {name}`"),
        },
    }
}

/// Compiles and links the smallest program.
fn linker(target_folder: &Path) -> State {
    let folder = target_folder.join("xtask").join("doctor");
    let source = folder.join("linked.rs");
    if let Err(error) = files::write_atomically(&source, "fn main() {}\n") {
        return State::Missing {
            seen: error.to_string(),
            mend: "The target folder must be writable.".into(),
        };
    }
    let mut command = rustc();
    command
        .arg(&source)
        .arg("--out-dir")
        .arg(&folder)
        .stdin(Stdio::null());
    let linked = command.output();
    // The folder lies below target: leaving it there on a failure costs a few kilobytes.
    let _ = fs::remove_dir_all(&folder);
    match linked {
        Ok(output) if output.status.success() => State::Well("a program links".into()),
        Ok(output) => State::Missing {
            seen: last_error(&output.stderr),
            mend: install_c("A linker comes with the C compiler."),
        },
        Err(error) => State::Missing {
            seen: format!("rustc does not start: {error}"),
            mend: "https://rustup.rs has the installer.".into(),
        },
    }
}

fn last_error(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().find(|line| line.starts_with("error"));
    line.unwrap_or("rustc gave no reason").to_owned()
}

/// SQLite is compiled from C by the stages that use it.
fn c_compiler(target_folder: &Path) -> State {
    let named = std::env::var("CC").ok();
    let usual = if cfg!(windows) {
        ["clang", "gcc", "cc"]
    } else {
        ["cc", "gcc", "clang"]
    };
    let candidates = named.as_deref().into_iter().chain(usual);
    for name in candidates {
        if let Some(line) = first_line(Command::new(name).arg("--version")) {
            return State::Well(format!("{name}: {line}"));
        }
    }
    if cfg!(all(windows, target_env = "msvc")) {
        let why = "Microsoft's compiler is not on the path, and cargo finds it by itself where it is installed";
        return State::NotChecked(why.into());
    }
    let already = target_folder.join(PROFILE).join("build");
    let built = files::entries(&already).is_ok_and(|found| {
        found
            .iter()
            .any(|path| path.to_string_lossy().contains("libsqlite3-sys"))
    });
    let seen = if built {
        "none found, though SQLite was built before"
    } else {
        "none found"
    };
    State::Missing {
        seen: seen.into(),
        mend: install_c("SQLite, from the stage on databases on, is compiled from C."),
    }
}

fn install_c(why: &str) -> String {
    let how = if cfg!(target_os = "macos") {
        "`xcode-select --install`"
    } else if cfg!(windows) {
        "install the \"Desktop development with C++\" tools of Visual Studio Build Tools"
    } else {
        let about = files::read(Path::new("/etc/os-release")).unwrap_or_default();
        on_linux(&about)
    };
    format!("{why} {how}")
}

/// The command for the distribution that `/etc/os-release` names, or all of them.
fn on_linux(about: &str) -> &'static str {
    const KNOWN: [(&str, &str); 8] = [
        ("debian", "`sudo apt install build-essential`"),
        ("ubuntu", "`sudo apt install build-essential`"),
        ("fedora", "`sudo dnf install gcc`"),
        ("rhel", "`sudo dnf install gcc`"),
        ("arch", "`sudo pacman -S base-devel`"),
        ("suse", "`sudo zypper install gcc`"),
        ("opensuse", "`sudo zypper install gcc`"),
        ("alpine", "`sudo apk add build-base`"),
    ];
    let value = |key: &str| {
        let line = about.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default().trim_matches('"')
    };
    let mut names = value("ID=").split(' ').chain(value("ID_LIKE=").split(' '));
    let known = names.find_map(|name| KNOWN.iter().find(|(known, _)| *known == name));
    known.map_or(
        "`sudo apt install build-essential`, `sudo dnf install gcc` or `sudo pacman -S base-devel`",
        |(_, how)| how,
    )
}

#[cfg(unix)]
fn disk(target_folder: &Path) -> State {
    let existing = target_folder.ancestors().find(|folder| folder.exists());
    let Some(stat) = existing.and_then(|folder| nix::sys::statvfs::statvfs(folder).ok()) else {
        return State::NotChecked("the file system does not say how much is free".into());
    };
    let bytes = bytes_free(&stat);
    let free = bytes / (1024 * 1024 * 1024);
    if free >= DISK_GIB {
        State::Well(format!("{free} GiB are free"))
    } else {
        State::Missing {
            seen: format!("{free} GiB are free; the whole course takes up to {DISK_GIB}"),
            mend: "Make room, or let cargo build elsewhere: set CARGO_TARGET_DIR. `cargo clean` removes old builds.".into(),
        }
    }
}

/// Both numbers are 32 bits wide on some systems and 64 on others.
#[cfg(unix)]
fn bytes_free(stat: &nix::sys::statvfs::Statvfs) -> u64 {
    let wide = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
    wide(u128::from(stat.blocks_available())).saturating_mul(wide(u128::from(stat.fragment_size())))
}

#[cfg(not(unix))]
fn disk(_target_folder: &Path) -> State {
    State::NotChecked(format!(
        "not looked at on this system; the whole course takes up to {DISK_GIB} GiB"
    ))
}

fn crates(course: &Course) -> State {
    let mut command = cargo(&course.root);
    command.args(["fetch", "--locked", "--offline", "--quiet"]);
    match command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
    {
        Ok(status) if status.success() => {
            State::Well("every crate is here; the course works offline".into())
        }
        _ => State::NotChecked(
            "some crates are not downloaded yet; cargo fetches them when a stage needs them. For working offline, \
             once with a connection: `cargo fetch --locked`"
                .into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{numbers, on_linux};

    #[test]
    fn the_command_is_the_one_of_the_system() {
        let mint = "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
        assert_eq!(on_linux(mint), "`sudo apt install build-essential`");
        assert_eq!(on_linux("ID=fedora\n"), "`sudo dnf install gcc`");
        assert!(on_linux("ID=other\n").contains("apt") && on_linux("").contains("pacman"));
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("1.100.0") > numbers("1.95"));
        assert!(numbers("1.95.0-nightly") >= numbers("1.95"));
        assert!(numbers("1.94.1") < numbers("1.95"));
    }
}
