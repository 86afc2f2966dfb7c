//! Reads the course's TOML files and says the line of whatever is wrong in them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::course::conflict_line;
use crate::error::{Error, Kind, Result};

/// A TOML file while it is read.
pub struct TomlFile<'a> {
    path: &'a Path,
    text: &'a str,
}

/// A table of a [`TomlFile`]. It notes the keys that were asked for, so that a misspelt key is found.
pub struct Table<'a> {
    file: &'a TomlFile<'a>,
    entries: &'a DeTable<'a>,
    span: Range<usize>,
    asked: BTreeSet<String>,
}

impl<'a> TomlFile<'a> {
    /// `text` is what stands in the file at `path`.
    pub fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text }
    }

    /// Reads the whole file with `reader`, which gets the top table.
    ///
    /// # Errors
    ///
    /// When the text is not TOML, when `reader` refuses it, and when a key stands there that nobody asked for.
    pub fn parse<T>(&self, reader: impl FnOnce(&mut Table<'_>) -> Result<T>) -> Result<T> {
        let document = DeTable::parse(self.text)
            .map_err(|error| self.error(error.span().unwrap_or(0..0), error.message()))
            .map_err(|error| match conflict_line(self.text) {
                Some(line) => error.help(format!(
                    "git has left a conflict in it, from line {line} on; the course's version is right, and after a \
                     merge `git checkout --theirs {}` takes it",
                    self.path.display()
                )),
                None => error,
            })?;
        Table::open(self, document.get_ref(), document.span()).read_whole(reader)
    }

    fn error(&self, span: Range<usize>, what: impl std::fmt::Display) -> Error {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Error::of(
            Kind::Course,
            format!("{}:{line}: {what}", self.path.display()),
        )
    }
}

impl<'a> Table<'a> {
    fn open(file: &'a TomlFile<'a>, entries: &'a DeTable<'a>, span: Range<usize>) -> Self {
        Self {
            file,
            entries,
            span,
            asked: BTreeSet::new(),
        }
    }

    fn read_whole<T>(mut self, reader: impl FnOnce(&mut Table<'_>) -> Result<T>) -> Result<T> {
        let value = reader(&mut self)?;
        let unknown = self
            .entries
            .keys()
            .find(|key| !self.asked.contains(key.get_ref().as_ref()));
        match unknown {
            None => Ok(value),
            Some(key) => {
                let known = self.asked.into_iter().collect::<Vec<_>>().join(", ");
                let what = format!("nobody reads the key `{}`", key.get_ref());
                Err(self
                    .file
                    .error(key.span(), what)
                    .help(format!("the keys here are {known}")))
            }
        }
    }

    /// An error about this table as a whole.
    pub fn error(&self, what: impl std::fmt::Display) -> Error {
        self.file.error(self.span.clone(), what)
    }

    /// An error about what stands under `key`.
    pub fn error_at(&self, key: &str, what: impl std::fmt::Display) -> Error {
        let span = self.entries.get(key).map(Spanned::span);
        self.file
            .error(span.unwrap_or_else(|| self.span.clone()), what)
    }

    /// The keys of this table, all of which then count as read.
    pub fn keys(&mut self) -> Vec<String> {
        let keys: Vec<String> = self
            .entries
            .keys()
            .map(|key| key.get_ref().to_string())
            .collect();
        self.asked.extend(keys.iter().cloned());
        keys
    }

    fn get(&mut self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.insert(key.to_owned());
        self.entries.get(key)
    }

    fn convert<T>(
        &mut self,
        key: &str,
        kind: &str,
        convert: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        match convert(value.get_ref()) {
            Some(converted) => Ok(Some(converted)),
            None => {
                let found = value.get_ref().type_str();
                let what = format!("`{key}` must be {kind}, and is of type {found}");
                Err(self.file.error(value.span(), what))
            }
        }
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.error(format!("the key `{key}` is missing")))
    }

    /// A text, when the key is there.
    pub fn optional_text(&mut self, key: &str) -> Result<Option<String>> {
        self.convert(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A text that must be there.
    pub fn text(&mut self, key: &str) -> Result<String> {
        let value = self.optional_text(key)?;
        self.required(key, value)
    }

    /// A list of texts; empty when the key is missing.
    pub fn texts(&mut self, key: &str) -> Result<Vec<String>> {
        let list = self.convert(key, "a list of texts", |value| {
            let items = value.as_array()?.iter();
            items
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<String>>>()
        })?;
        Ok(list.unwrap_or_default())
    }

    /// A whole number from 0 to 65,535, when the key is there.
    pub fn optional_number(&mut self, key: &str) -> Result<Option<u16>> {
        self.convert(key, "a whole number from 0 to 65535", |value| {
            let integer = value.as_integer()?;
            u16::from_str_radix(integer.as_str(), integer.radix()).ok()
        })
    }

    /// A whole number that must be there.
    pub fn number(&mut self, key: &str) -> Result<u16> {
        let value = self.optional_number(key)?;
        self.required(key, value)
    }

    /// True or false; false when the key is missing.
    pub fn flag(&mut self, key: &str) -> Result<bool> {
        Ok(self
            .convert(key, "true or false", DeValue::as_bool)?
            .unwrap_or(false))
    }

    /// One table under `key`, read as a whole by `reader`.
    pub fn table<T>(
        &mut self,
        key: &str,
        reader: impl FnOnce(&mut Table<'_>) -> Result<T>,
    ) -> Result<T> {
        let table = self.convert(key, "a table", DeValue::as_table)?;
        let table = self.required(key, table)?;
        Table::open(self.file, table, self.span.clone()).read_whole(reader)
    }

    /// As [`Table::table`], and the usual value when the key is missing.
    pub fn optional_table<T: Default>(
        &mut self,
        key: &str,
        reader: impl FnOnce(&mut Table<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.convert(key, "a table", DeValue::as_table)? {
            Some(table) => Table::open(self.file, table, self.span.clone()).read_whole(reader),
            None => Ok(T::default()),
        }
    }

    /// Each table of the list `[[key]]`, read as a whole by `reader`; none when the key is missing.
    pub fn tables<T>(
        &mut self,
        key: &str,
        mut reader: impl FnMut(&mut Table<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let list = self.convert(key, "a list of tables", DeValue::as_array)?;
        let mut read = Vec::new();
        for item in list.into_iter().flat_map(|list| list.iter()) {
            let Some(table) = item.get_ref().as_table() else {
                let what = format!("`{key}` must be a list of tables");
                return Err(self.file.error(item.span(), what));
            };
            read.push(Table::open(self.file, table, item.span()).read_whole(&mut reader)?);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, TomlFile};
    use crate::error::Result;
    use std::path::Path;

    fn message(text: &str, reader: impl FnOnce(&mut Table<'_>) -> Result<()>) -> String {
        TomlFile::new(Path::new("stage.toml"), text)
            .parse(reader)
            .expect_err("the text is wrong")
            .to_string()
    }

    #[test]
    fn an_error_names_the_file_and_the_line() {
        let text = "title = \"Logic\"\npoints = \"two\"\n";
        let wrong_type = message(text, |table| {
            table.text("title")?;
            table.number("points").map(drop)
        });
        assert!(
            wrong_type.starts_with("stage.toml:2: `points` must be"),
            "{wrong_type}"
        );
        let misspelt = message(text, |table| table.text("title").map(drop));
        assert!(
            misspelt.starts_with("stage.toml:2: nobody reads"),
            "{misspelt}"
        );
        let broken = message("title = \"Logic\n", |table| table.text("title").map(drop));
        assert!(broken.starts_with("stage.toml:1: "), "{broken}");
    }

    #[test]
    fn a_missing_key_is_named() {
        let missing = message("", |table| table.text("title").map(drop));
        assert_eq!(missing, "stage.toml:1: the key `title` is missing");
    }
}
