//! A list for each source, gathered in a struct together with the mistakes.

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
/// A number is written in ASCII digits and nothing else. A key that is not here is a mistake as well. After a mistake,
/// `settings` is as it was.
pub fn set(settings: &mut Settings, key: &str, value: &str) -> Result<(), String> {
    let title = value.trim();
    let (places, range) = match key {
        "database" if !value.is_empty() => {
            settings.database = value.into();
            return Ok(());
        }
        "title" if !title.is_empty() && title.chars().nth(60).is_none() => {
            settings.title = title.into();
            return Ok(());
        }
        "port" => (&mut settings.port, 0..=65535),
        "connections" => (&mut settings.connections, 1..=1000),
        "timeout" => (&mut settings.timeout, 1..=300),
        other => return Err(format!("{other} cannot be that")),
    };
    *places = within(value, range)?;
    Ok(())
}

/// Reads the whole configuration, or names every mistake in it.
///
/// A flag counts more than the environment, the environment more than the file, the file more than the defaults. Three places,
/// one list of keys, which is that of [`set`]:
///
/// - **Flags**: `--port 3000` or `--port=3000`. What follows `--port` is its value, and what follows the first `=` is; a flag
///   without a value is a mistake, and so is a flag that is there twice, and whatever else stands there. The place of the
///   mistake is the flag without its value, or the word.
/// - **Environment**: `WISHES_PORT`, in capital letters. Another variable that begins with `WISHES_` is a mistake (somebody
///   mistyped it); all others are not ours. The place is the variable's name.
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
    let mut sources = Sources::default();
    if sources.flags(arguments) {
        return Ok(Asked::Help);
    }
    sources.environment(environment);
    let is_config = |entry: &mut Entry| entry.key == "config";
    let by_flag: Vec<Entry> = sources.flags.extract_if(.., is_config).collect();
    let by_variable: Vec<Entry> = sources.environment.extract_if(.., is_config).collect();
    if let Some(Entry { place, value, .. }) = by_flag.into_iter().chain(by_variable).next() {
        match file(Path::new(&value)) {
            Ok(text) => sources.file(&value, &text),
            Err(error) => sources.wrong(place, error.to_string()),
        }
    }
    let Sources {
        file,
        environment,
        flags,
        mut mistakes,
    } = sources;
    let mut settings = Settings::default();
    for Entry { place, key, value } in [file, environment, flags].into_iter().flatten() {
        match set(&mut settings, &key, &value) {
            Ok(()) => {}
            Err(what) => mistakes.push(Mistake { place, what }),
        }
    }
    match mistakes.len() {
        0 => Ok(Asked::Serve(settings)),
        _ => Err(mistakes),
    }
}

#[derive(Default)]
struct Sources {
    file: Vec<Entry>,
    environment: Vec<Entry>,
    flags: Vec<Entry>,
    mistakes: Vec<Mistake>,
}
struct Entry {
    place: String,
    key: String,
    value: String,
}

impl Sources {
    fn wrong(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.mistakes.push(Mistake {
            place: place.into(),
            what: what.into(),
        });
    }
    /// Whether help was asked for.
    fn flags(&mut self, arguments: &[String]) -> bool {
        let mut at = 0;
        while at < arguments.len() {
            let word = arguments[at].as_str();
            at += 1;
            if matches!(word, "-h" | "--help") {
                return true;
            }
            let Some(body) = word.strip_prefix("--").filter(|body| !body.is_empty()) else {
                self.wrong(word, "a flag begins with --");
                continue;
            };
            let (key, value) = match body.find('=') {
                Some(place) => (&body[..place], Some(body[place + 1..].to_string())),
                None => {
                    at += 1;
                    (body, arguments.get(at - 1).cloned())
                }
            };
            let place = format!("--{key}");
            match value {
                None => self.wrong(place, "a value is missing"),
                Some(_) if self.flags.iter().any(|entry| entry.place == place) => {
                    self.wrong(place, "once is enough")
                }
                Some(value) => self.flags.push(Entry {
                    place,
                    key: key.to_string(),
                    value,
                }),
            }
        }
        false
    }
    fn environment(&mut self, environment: &BTreeMap<String, String>) {
        let names = [
            ("WISHES_PORT", "port"),
            ("WISHES_DATABASE", "database"),
            ("WISHES_TITLE", "title"),
            ("WISHES_CONNECTIONS", "connections"),
            ("WISHES_TIMEOUT", "timeout"),
            ("WISHES_CONFIG", "config"),
        ];
        for (name, value) in environment
            .range("WISHES_".to_string()..)
            .take_while(|(name, _)| name.starts_with("WISHES_"))
        {
            match names.iter().find(|(known, _)| known == name) {
                Some((_, key)) => self.environment.push(Entry {
                    place: name.clone(),
                    key: key.to_string(),
                    value: value.clone(),
                }),
                None => self.wrong(name.as_str(), "there is no such variable"),
            }
        }
    }
    fn file(&mut self, name: &str, text: &str) {
        let mut before = std::collections::HashSet::new();
        for (index, line) in text.split('\n').enumerate() {
            let place = format!("{name}, line {}", index + 1);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.split_once('=') {
                None => self.wrong(place, "there is no ="),
                Some((key, value)) => {
                    let key = key.trim_end().to_string();
                    if !before.insert(key.clone()) {
                        self.wrong(place, "this key is there already");
                    } else {
                        self.file.push(Entry {
                            place,
                            key,
                            value: value.trim_start().to_string(),
                        });
                    }
                }
            }
        }
    }
}
fn within(value: &str, range: std::ops::RangeInclusive<u32>) -> Result<u16, String> {
    let mut number = 0u32;
    for c in value.chars() {
        let digit = c.to_digit(10).ok_or("digits only, please")?;
        number = number.saturating_mul(10).saturating_add(digit);
    }
    if value.is_empty() || !range.contains(&number) {
        return Err(format!("a number of {range:?}, please"));
    }
    u16::try_from(number).map_err(|error| error.to_string())
}
