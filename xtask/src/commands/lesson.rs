//! `cargo xtask lesson`: one section of a stage's README, in the terminal.

use console::style;

use xtask_core::course::{Item, lesson::section};
use xtask_core::desk::Desk;
use xtask_core::error::{Error, Kind, Result};
use xtask_core::files;

use super::Ending;
use crate::terminal::wrapped;

/// Prints the lesson of an exercise.
///
/// # Errors
///
/// When the name is wrong, or the README has no section for it.
pub fn run(desk: &Desk<'_>, name: Option<&str>) -> Result<Ending> {
    let item = desk.named_or_current(name)?;
    let path = item.stage.folder().join("README.md");
    let text = files::read(&path)?;
    let section = section(&text, &item.exercise.name).ok_or_else(|| {
        Error::file(
            &path,
            format!("no section begins with `## {}:`", item.exercise.name),
        )
        .as_kind(Kind::Course)
    })?;
    println!("{}", render(&section));
    print!("{}", pointers(&item));
    Ok(Ending::Well)
}

fn pointers(item: &Item<'_>) -> String {
    format!(
        "\n  {} {}\n",
        style("open").cyan(),
        item.stage.shown(&item.source())
    )
}

/// Markdown as a terminal shows it: headings stand out, code keeps its lines, paragraphs fit the width.
fn render(markdown: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        let is_fence = line.trim_start().starts_with("```");
        let is_verbatim = in_code || line.starts_with('|');
        let begins_block = is_fence || is_verbatim || line.starts_with('#') || line.is_empty();
        if begins_block || starts_item(line) {
            flush(&mut paragraph, &mut out);
        }
        if is_fence {
            in_code = !in_code;
        } else if in_code {
            // Lines that begin with `# ` are compiled and not shown, as in rustdoc.
            if line != "#" && !line.starts_with("# ") {
                out.push(format!("    {}", style(line).cyan()));
            }
        } else if is_verbatim || line.is_empty() {
            out.push(line.to_owned());
        } else if line.starts_with('#') {
            out.push(
                style(line.trim_start_matches('#').trim())
                    .bold()
                    .underlined()
                    .to_string(),
            );
        } else {
            paragraph.push(line);
        }
    }
    flush(&mut paragraph, &mut out);
    out.join("\n")
}

fn starts_item(line: &str) -> bool {
    let rest = line.trim_start();
    let numbered = rest.split_once(". ").is_some_and(|(number, _)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    numbered || ["- ", "* ", "> "].iter().any(|mark| rest.starts_with(mark))
}

fn flush(paragraph: &mut Vec<&str>, out: &mut Vec<String>) {
    if paragraph.is_empty() {
        return;
    }
    let words: Vec<&str> = paragraph.drain(..).map(str::trim).collect();
    out.push(wrapped(&words.join(" ").replace("**", ""), ""));
}

#[cfg(test)]
mod tests {
    use super::render;
    use xtask_core::course::lesson::section;

    const README: &str = "# Stage\n\n## loops: again\n\nOne\nline.\n\n```rust\n## not a heading\n# hidden();\nshown();\n```\n\n## strings: text\n";

    #[test]
    fn paragraphs_are_joined_and_hidden_lines_are_left_out() {
        console::set_colors_enabled(false);
        let text = render(&section(README, "loops").expect("there is one"));
        assert!(text.contains("One line."), "{text}");
        assert!(
            text.contains("    shown();") && !text.contains("hidden"),
            "{text}"
        );
    }
}
