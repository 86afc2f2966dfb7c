//! The lesson of an exercise: a section of the stage's README.

/// The section of a README whose heading is `## NAME: …`, up to the next heading of that depth.
pub fn section(readme: &str, name: &str) -> Option<String> {
    let opening = format!("## {name}:");
    between(readme, |line| line.starts_with(&opening))
}

/// What stands before the first section: the stage's title and introduction.
pub fn introduction(readme: &str) -> String {
    let mut fences = Fences::default();
    let lines = readme
        .lines()
        .take_while(|line| !(fences.is_text(line) && line.starts_with("## ")));
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn between(readme: &str, opens: impl Fn(&str) -> bool) -> Option<String> {
    let mut fences = Fences::default();
    let mut found: Option<Vec<&str>> = None;
    for line in readme.lines() {
        let is_heading =
            fences.is_text(line) && (line.starts_with("## ") || line.starts_with("# "));
        if is_heading && found.is_some() {
            break;
        }
        if is_heading && opens(line) {
            found = Some(Vec::new());
        }
        if let Some(lines) = &mut found {
            lines.push(line);
        }
    }
    found.map(|lines| lines.join("\n").trim_end().to_owned())
}

/// Tells text from code while a file is read line by line.
#[derive(Default)]
struct Fences {
    in_code: bool,
}

impl Fences {
    fn is_text(&mut self, line: &str) -> bool {
        let is_fence = line.trim_start().starts_with("```");
        self.in_code ^= is_fence;
        !self.in_code && !is_fence
    }
}

#[cfg(test)]
mod tests {
    use super::{introduction, section};

    const README: &str = "# Stage\n\nWhat for.\n\n## loops: again\n\nOne\nline.\n\n```rust\n## not a heading\n```\n\n## strings: text\n";

    #[test]
    fn a_section_ends_at_the_next_heading_outside_code() {
        let text = section(README, "loops").expect("there is one");
        assert!(
            text.starts_with("## loops: again") && text.ends_with("```"),
            "{text}"
        );
        assert_eq!(section(README, "loop"), None);
        assert_eq!(introduction(README), "# Stage\n\nWhat for.");
    }
}
