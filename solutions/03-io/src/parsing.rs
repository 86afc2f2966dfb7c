//! Lantern's settings.
//!
//! Before the shop opens, it reads one small text file: its name, the port it listens on, the total from which
//! delivery is free. A person typed that file. Where it is wrong, the shop must say in which line, and why.

use std::collections::HashSet;

/// What the file can set. A setting that the file does not name keeps its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Key `shop_name`: any text except the empty one.
    pub shop_name: String,
    /// Key `port`: a whole number from 1 to 65535, as `str::parse` reads it.
    pub port: u16,
    /// Key `free_delivery_cents`: a whole number from 0 up, as `str::parse` reads a `u64`.
    pub free_delivery_cents: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shop_name: String::from("Lantern"),
            port: 8080,
            free_delivery_cents: 3500,
        }
    }
}

/// What is wrong with a line. A line with several faults is given the first of this list that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// There is no `=` in the line.
    NoEqualsSign,
    /// There is nothing in front of the `=`.
    NoKey,
    /// No setting has this key.
    UnknownKey(String),
    /// An earlier line has set this key already.
    RepeatedKey(String),
    /// The setting with this key cannot have this value.
    BadValue(String),
}

/// The first faulty line of a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The number of the line as an editor shows it: the first line is 1, and every line counts.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Reads one line of a settings file.
///
/// The result is `Some((key, value))`, or `None` for a line that says nothing: a blank one, or one whose first visible
/// character is `#`. The first `=` separates the key from the value, and blanks around either of them, all that `trim`
/// removes, do not count. The value may be empty, and it may contain `=` and `#`: a comment is a line of its own.
/// Whether a setting has this key is not asked here.
///
/// | line | result |
/// | --- | --- |
/// | `port = 8080` | `Ok(Some(("port", "8080")))` |
/// | `greeting=a=b` | `Ok(Some(("greeting", "a=b")))` |
/// | `  # the night shift` | `Ok(None)` |
///
/// # Errors
///
/// [`Problem::NoEqualsSign`] or [`Problem::NoKey`].
pub fn parse_line(line: &str) -> Result<Option<(&str, &str)>, Problem> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    // Once, at the first sign: a value may well contain another one.
    let (key, value) = line.split_once('=').ok_or(Problem::NoEqualsSign)?;
    let key = key.trim_end();
    if key.is_empty() {
        return Err(Problem::NoKey);
    }
    Ok(Some((key, value.trim_start())))
}

/// Reads a whole settings file.
///
/// Lines end with `\n` or `\r\n`. A text that sets nothing gives `Settings::default()`.
///
/// ```text
/// # Lantern, the shop by the harbour
/// shop_name = Lantern by the Sea
///
/// port = 80
/// ```
///
/// gives that name, port 80 and the default for free delivery. With `port = 80a` in its place, the result would be an
/// error in line 4, with the problem `BadValue("port")`.
///
/// # Errors
///
/// The first line that [`parse_line`] refuses, that has a key which no setting has, that repeats a key, or that has a
/// value which the setting does not take (the fields of [`Settings`] say which).
pub fn parse_settings(text: &str) -> Result<Settings, SettingsError> {
    let mut settings = Settings::default();
    let mut seen = HashSet::new();
    for (text, line) in text.lines().zip(1..) {
        apply(text, &mut settings, &mut seen).map_err(|problem| SettingsError { line, problem })?;
    }
    Ok(settings)
}

/// Sets what one line says. It knows nothing of line numbers: its caller adds the number to every problem, in one place.
fn apply<'a>(
    line: &'a str,
    settings: &mut Settings,
    seen: &mut HashSet<&'a str>,
) -> Result<(), Problem> {
    let Some((key, value)) = parse_line(line)? else {
        return Ok(());
    };
    if !matches!(key, "shop_name" | "port" | "free_delivery_cents") {
        return Err(Problem::UnknownKey(key.to_string()));
    }
    if !seen.insert(key) {
        return Err(Problem::RepeatedKey(key.to_string()));
    }
    set(key, value, settings).ok_or_else(|| Problem::BadValue(key.to_string()))
}

/// Sets one value, or answers `None` where the setting does not take it.
fn set(key: &str, value: &str, settings: &mut Settings) -> Option<()> {
    match key {
        "port" => settings.port = value.parse().ok().filter(|&port| port != 0)?,
        "free_delivery_cents" => settings.free_delivery_cents = value.parse().ok()?,
        _ if value.is_empty() => return None,
        _ => settings.shop_name = value.to_string(),
    }
    Some(())
}
