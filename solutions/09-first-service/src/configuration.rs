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
    match key {
        "port" => settings.port = number(value, 0, u16::MAX)?,
        "database" if value.is_empty() => return Err("the name of a file, please".to_owned()),
        "database" => settings.database = PathBuf::from(value),
        "title" => {
            let title = value.trim();
            if !(1..=60).contains(&title.chars().count()) {
                return Err("a title of 1 to 60 characters, please".to_owned());
            }
            settings.title = title.to_owned();
        }
        "connections" => settings.connections = number(value, 1, 1000)?,
        "timeout" => settings.timeout = number(value, 1, 300)?,
        _ => return Err("there is nothing of this name".to_owned()),
    }
    Ok(())
}

fn number(text: &str, least: u16, most: u16) -> Result<u16, String> {
    let wanted = || format!("{text:?} is no number from {least} to {most}");
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wanted());
    }
    let number = text.parse().map_err(|_| wanted())?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(wanted())
    }
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
    let mut mistakes = Vec::new();
    let Some(flags) = flags(arguments, &mut mistakes) else {
        return Ok(Asked::Help);
    };
    let variables: Vec<(String, String, String)> = environment
        .iter()
        .filter_map(|(name, value)| {
            let key = name.strip_prefix("WISHES_")?;
            // Small letters are another name to the system, and to us.
            let known = key.bytes().all(|byte| !byte.is_ascii_lowercase());
            let key = if known {
                key.to_ascii_lowercase()
            } else {
                String::new()
            };
            Some((name.clone(), key, value.clone()))
        })
        .collect();
    let named = flags
        .iter()
        .chain(&variables)
        .find(|(_, key, _)| key == "config");
    let lines = match named {
        Some((place, _, name)) => lines(place, name, file, &mut mistakes),
        None => Vec::new(),
    };
    let mut settings = Settings::default();
    for (place, key, value) in lines.into_iter().chain(variables).chain(flags) {
        // In the file it is a key that does not exist.
        if key == "config" && !place.contains(", line ") {
            continue;
        }
        if let Err(what) = set(&mut settings, &key, &value) {
            mistakes.push(Mistake { place, what });
        }
    }
    if mistakes.is_empty() {
        Ok(Asked::Serve(settings))
    } else {
        Err(mistakes)
    }
}

/// A place, a key, a value.
type Setting = (String, String, String);

/// What the flags set; nothing when one of them asks for help.
fn flags(arguments: &[String], mistakes: &mut Vec<Mistake>) -> Option<Vec<Setting>> {
    let mut flags: Vec<Setting> = Vec::new();
    let mut mistake = |place: &str, what: &str| {
        let (place, what) = (place.to_owned(), what.to_owned());
        mistakes.push(Mistake { place, what });
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--help" || word == "-h" {
            return None;
        }
        let (place, value) = match word.split_once('=') {
            Some((place, value)) => (place, Some(value)),
            None => (word.as_str(), None),
        };
        let known = [
            "config",
            "port",
            "database",
            "title",
            "connections",
            "timeout",
        ];
        let key = place.strip_prefix("--").filter(|key| known.contains(key));
        let Some(key) = key else {
            mistake(place, "there is no such flag");
            continue;
        };
        let Some(value) = value.or_else(|| words.next().map(String::as_str)) else {
            mistake(place, "a value is missing behind it");
            continue;
        };
        if flags.iter().any(|(_, other, _)| other == key) {
            mistake(place, "it is there twice");
        }
        flags.push((place.to_owned(), key.to_owned(), value.to_owned()));
    }
    Some(flags)
}

/// What the file sets.
fn lines(place: &str, name: &str, file: ReadFile<'_>, mistakes: &mut Vec<Mistake>) -> Vec<Setting> {
    let text = match file(Path::new(name)) {
        Ok(text) => text,
        Err(error) => {
            let (place, what) = (place.to_owned(), format!("{name}: {error}"));
            mistakes.push(Mistake { place, what });
            return Vec::new();
        }
    };
    let mut settings: Vec<Setting> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{name}, line {number}");
        let Some((key, value)) = line.split_once('=') else {
            let what = "`key = value`, please".to_owned();
            mistakes.push(Mistake { place, what });
            continue;
        };
        let key = key.trim();
        if settings.iter().any(|(_, other, _)| other == key) {
            let what = format!("{key} is set twice");
            mistakes.push(Mistake { place, what });
            continue;
        }
        settings.push((place, key.to_owned(), value.trim().to_owned()));
    }
    settings
}
