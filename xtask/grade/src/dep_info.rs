//! What the compiler says that it has read: the `.d` file beside what it made. It names every file, those that a macro has
//! read among them, and every variable of the environment that the code has asked for.

use std::path::PathBuf;

/// What was read for one artifact.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DepInfo {
    pub files: Vec<PathBuf>,
    /// The names of variables.
    pub variables: Vec<String>,
}

impl DepInfo {
    /// Reads the rules `made: read read…` and `read:`, in which a space of a name has a backslash before it, and the notes
    /// `# env-dep:NAME=VALUE`.
    ///
    /// # Errors
    ///
    /// When there is a line of another form, such as the rest of a name with a line break in it: nothing is known then of
    /// what was read.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut found = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(note) = line.strip_prefix('#') {
                if let Some(variable) = note.strip_prefix(" env-dep:") {
                    let name = variable.split_once('=').map_or(variable, |(name, _)| name);
                    found.variables.push(name.to_owned());
                }
            } else if let Some((_, read)) = line.split_once(": ") {
                found.files.extend(names(read));
            } else if let Some(read) = line.strip_suffix(':') {
                found.files.extend(names(read));
            } else {
                return Err(format!("`{line}` is not understood"));
            }
        }
        found.files.sort();
        found.files.dedup();
        found.variables.sort();
        found.variables.dedup();
        Ok(found)
    }
}

fn names(text: &str) -> impl Iterator<Item = PathBuf> {
    let mut names = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, names.last_mut()) {
            ('\\', Some(name)) if letters.peek() == Some(&' ') => {
                letters.next();
                name.push(' ');
            }
            (' ', _) => names.push(String::new()),
            (other, Some(name)) => name.push(other),
            (_, None) => {}
        }
    }
    let there = names.into_iter().filter(|name| !name.is_empty());
    there.map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::DepInfo;

    #[test]
    fn names_with_spaces_are_read_whole() {
        let text = "made\\ it: a\\ b.rs c.rs\n\na\\ b.rs:\nc.rs:\n\n# env-dep:HOME=/root\n# env-dep:UNSET\n";
        let found = DepInfo::read(text).expect("it is of the form");
        assert_eq!(found.files, ["a b.rs", "c.rs"].map(PathBuf::from));
        assert_eq!(found.variables, ["HOME", "UNSET"]);
    }

    #[test]
    fn a_name_that_hides_others_is_noticed() {
        assert!(DepInfo::read("made: src/lib.rs src/a\nb.rs /etc/passwd\n").is_err());
    }

    #[test]
    fn a_variable_is_named_without_its_value() {
        let found = DepInfo::read("# env-dep:A=b=c\\nd\n").expect("it is of the form");
        assert_eq!(found.variables, ["A"]);
    }
}
