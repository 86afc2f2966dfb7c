//! Texts of the course without what speaks of parts that are not handed out.

use xtask_core::course::Stage;

/// A lesson without the paragraphs that send the reader to one of these stages.
pub fn lesson(text: &str, absent: &[&Stage]) -> String {
    let sends_away = |paragraph: &str| {
        absent.iter().any(|stage| {
            let link = format!("](../{}/", stage.folder);
            let command = format!("cargo xtask watch {}`", stage.id);
            paragraph.contains(&link) || paragraph.contains(&command)
        })
    };
    let kept: Vec<&str> = text
        .split("\n\n")
        .filter(|paragraph| !sends_away(paragraph))
        .collect();
    kept.join("\n\n")
}

/// The workspace's manifest without the profiles of packages that are not in its lock file: cargo warns of each, on
/// every call. Their comments go with them.
pub fn manifest(text: &str, lock: &str) -> String {
    let is_locked = |name: &str| {
        lock.lines()
            .any(|line| line == format!("name = \"{name}\""))
    };
    let is_idle = |line: &str| {
        let name = line
            .strip_prefix("[profile.")
            .and_then(|rest| rest.split_once(".package."))
            .and_then(|(_, rest)| rest.strip_suffix(']'));
        name.is_some_and(|name| !name.starts_with('"') && !is_locked(name))
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut dropping = false;
    for line in text.lines() {
        if line.starts_with('[') {
            dropping = is_idle(line);
            if dropping {
                let ends = |line: &&str| !line.starts_with('#') && !line.is_empty();
                let last = kept.iter().rposition(ends);
                kept.truncate(last.map_or(0, |last| last + 1));
                kept.push("");
            }
        } else if dropping && line.starts_with('#') {
            dropping = false;
        }
        if !dropping {
            kept.push(line);
        }
    }
    kept.join("\n").trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::manifest;

    #[test]
    fn profiles_of_packages_that_are_not_there_go_with_their_comments() {
        let text = "[profile.dev]\ndebug = 1\n\n[profile.dev.package.\"*\"]\ndebug = false\n\n# Slow.\n\
                    [profile.dev.package.argon2]\nopt-level = 3\n\n[profile.dev.package.sha2]\nopt-level = 3\n\n\
                    # Ours.\n[profile.runner]\ninherits = \"dev\"\n";
        assert_eq!(
            manifest(text, "[[package]]\nname = \"sha2\"\n"),
            "[profile.dev]\ndebug = 1\n\n[profile.dev.package.\"*\"]\ndebug = false\n\n\
             [profile.dev.package.sha2]\nopt-level = 3\n\n# Ours.\n[profile.runner]\ninherits = \"dev\"\n"
        );
        assert_eq!(manifest(text, "name = \"sha2\"\nname = \"argon2\"\n"), text);
    }
}
