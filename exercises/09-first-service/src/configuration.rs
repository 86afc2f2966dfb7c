//! Where the service listens and what it keeps where: from flags, the environment and a file.
//!
//! Whoever starts a service and has made three mistakes wants to hear of three, and wants to hear it now: not one at each
//! start, and not at night, when the first request needs the value.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// All that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub port: u16,
    pub database: PathBuf,
    pub title: String,
    pub connections: u16,
    /// In seconds.
    pub timeout: u16,
}

/// What counts where nothing is set. Given.
impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 3000,
            database: PathBuf::from("wishes.db"),
            title: "Wishes".to_owned(),
            connections: 100,
            timeout: 10,
        }
    }
}

/// What the start is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Print the help, and nothing else.
    Help,
    /// Serve.
    Serve(Settings),
}

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands: `--port`, `WISHES_PORT`, or `wishes.conf, line 3`.
    pub place: String,
    /// A sentence about what is wrong, and what would be right.
    pub what: String,
}

/// Reads a file: `std::fs::read_to_string` in the program, a table in the tests.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// Sets `key` to `value`, or says in a sentence what would be right.
///
/// | key | what is right |
/// | --- | --- |
/// | `port` | 0 to 65535 |
/// | `database` | anything but nothing |
/// | `title` | 1 to 60 characters, without the white space around them, which is not kept |
/// | `connections` | 1 to 1000 |
/// | `timeout` | 1 to 300 |
///
/// A number is written in ASCII digits and nothing else; zeros in front change nothing. A key that is not here, letter by
/// letter, is a mistake as well. After a mistake, `settings` is as it was.
pub fn set(settings: &mut Settings, key: &str, value: &str) -> Result<(), String> {
    todo!("one `match` on the key; a small function for the three numbers")
}

/// Reads the whole configuration, or names every mistake in it.
///
/// A flag counts more than the environment, the environment more than the file, the file more than the defaults. Three places,
/// one list of keys, which is that of [`set`]:
///
/// - **Flags**: `--port 3000` or `--port=3000`. What follows `--port` is its value, and what follows the first `=` is; a flag
///   without a value is a mistake, and so is a flag that is there twice, and whatever else stands there. The place of the
///   mistake is the flag without its value, or the word.
/// - **Environment**: `WISHES_PORT`, in capital letters; an empty value is a value. Another variable that begins with
///   `WISHES_` is a mistake (somebody mistyped it); all others are not ours. The place is the variable's name.
/// - **File**: its name comes from `--config`, or else from `WISHES_CONFIG`; without these no file is read. Each line is
///   `key = value`, with or without white space around both; empty lines and lines that begin with `#` say nothing. A line without
///   `=` is a mistake, a key that is there twice, and one that does not exist. The place is the file's name as it was given, a
///   comma, and the line: `wishes.conf, line 3`. A file that cannot be read is one mistake, whose place is `--config` or
///   `WISHES_CONFIG`, whichever named it.
///
/// `--help` or `-h`, where a flag may stand, asks for help, whatever else there is.
///
/// Every mistake is named, in any order, also one in a value that something else overrides.
pub fn read(
    arguments: &[String],
    environment: &BTreeMap<String, String>,
    file: ReadFile<'_>,
) -> Result<Asked, Vec<Mistake>> {
    todo!("collect what each source sets; apply the weakest first; collect the mistakes on the way")
}
