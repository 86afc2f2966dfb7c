//! Markdown as a terminal shows it.

use console::style;

use super::{width, wrapped};

/// Headings stand out, code keeps its lines, paragraphs and tables fit the width.
pub fn markdown(text: &str) -> String {
    let mut page = Page::default();
    let mut in_code = false;
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        let is_row = !in_code && line.starts_with('|');
        let begins_block =
            is_fence || in_code || is_row || line.starts_with('#') || line.is_empty();
        if begins_block || starts_item(line) {
            page.end_paragraph();
        }
        if !is_row {
            page.end_table();
        }
        if is_fence {
            in_code = !in_code;
        } else if in_code {
            // Lines that begin with `# ` are compiled and not shown, as in rustdoc.
            if line != "#" && !line.starts_with("# ") {
                // No colour is readable on every ground as the terminal's own is, and code is read letter by letter.
                page.out.push(format!("    {line}").trim_end().to_owned());
            }
        } else if is_row {
            page.rows.push(cells(line));
        } else if line.is_empty() {
            page.out.push(String::new());
        } else if line.starts_with('#') {
            let title = inline(line.trim_start_matches('#').trim());
            page.out.push(style(title).bold().underlined().to_string());
        } else {
            page.paragraph.push(line.to_owned());
        }
    }
    page.end_paragraph();
    page.end_table();
    page.out.join("\n")
}

#[derive(Default)]
struct Page {
    out: Vec<String>,
    paragraph: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Page {
    fn end_paragraph(&mut self) {
        let lines = std::mem::take(&mut self.paragraph);
        let Some(first) = lines.first() else {
            return;
        };
        let outer = first.len() - first.trim_start().len();
        let hanging = outer + mark_of(first.trim_start());
        let words: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
        let text = wrapped(&inline(&words.join(" ")), &" ".repeat(hanging));
        let begin = text.get(hanging..).unwrap_or_default();
        // The mark of an item stands where the first line would be indented.
        self.out.push(if hanging == outer {
            text
        } else {
            let mark_length = hanging - outer;
            let text = begin.get(mark_length..).unwrap_or_default();
            let mark = begin.get(..mark_length).unwrap_or_default();
            format!("{}{mark}{text}", " ".repeat(outer))
        });
    }

    fn end_table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let is_rule = |row: &Vec<String>| {
            row.iter()
                .all(|cell| cell.chars().all(|sign| "-: ".contains(sign)))
        };
        let rows: Vec<Vec<String>> = rows.into_iter().filter(|row| !is_rule(row)).collect();
        let Some((head, body)) = rows.split_first() else {
            return;
        };
        let columns = head.len();
        let wide = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(wide).collect();
        if widths.iter().sum::<usize>() + 2 * columns <= width() {
            for (index, row) in rows.iter().enumerate() {
                let cells = row.iter().zip(&widths);
                let line: Vec<String> = cells
                    .map(|(cell, width)| format!("{cell:<width$}"))
                    .collect();
                let line = line.join("  ").trim_end().to_owned();
                self.out.push(if index == 0 {
                    style(line).bold().to_string()
                } else {
                    line
                });
            }
            return;
        }
        for row in body {
            for (index, (name, cell)) in head.iter().zip(row).enumerate() {
                let indent = if index == 0 { "" } else { "  " };
                let text = if name.is_empty() || index == 0 {
                    cell.clone()
                } else {
                    format!("{name}: {cell}")
                };
                self.out.push(wrapped(&text, indent));
            }
        }
    }
}

fn cells(row: &str) -> Vec<String> {
    let inside = row.trim().trim_start_matches('|').trim_end_matches('|');
    inside.split('|').map(|cell| inline(cell.trim())).collect()
}

fn starts_item(line: &str) -> bool {
    mark_of(line.trim_start()) > 0
}

/// The length of the mark that a list's item begins with: `- `, `12. `.
fn mark_of(line: &str) -> usize {
    let numbered = line.split_once(". ").filter(|(number, _)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    match numbered {
        Some((number, _)) => number.len() + 2,
        None if ["- ", "* ", "> "].iter().any(|mark| line.starts_with(mark)) => 2,
        None => 0,
    }
}

/// Text without the marks for bold, emphasis and links; code keeps its backticks.
pub fn inline(text: &str) -> String {
    let mut out = String::new();
    for (index, piece) in text.split('`').enumerate() {
        // Every other piece is code.
        if index % 2 == 1 {
            out.push_str(&format!("`{piece}`"));
        } else {
            out.push_str(&without_emphasis(&without_links(piece)));
        }
    }
    if text.matches('`').count() % 2 == 1 {
        // The last backtick has no partner: it is no code.
        return text.to_owned();
    }
    out
}

/// `words (address)` of `[words](address)`; an address inside of the course has no use in a terminal.
fn without_links(text: &str) -> String {
    let Some((before, rest)) = text.split_once('[') else {
        return text.to_owned();
    };
    let parts = rest.split_once("](").and_then(|(words, rest)| {
        let (address, after) = rest.split_once(')')?;
        Some((words, address, after))
    });
    match parts {
        Some((words, address, after)) if address.contains("://") => {
            format!("{before}{words} ({address}){}", without_links(after))
        }
        Some((words, _, after)) => format!("{before}{words}{}", without_links(after)),
        None => format!("{before}[{}", without_links(rest)),
    }
}

/// A star that stands before a word opens emphasis, and one that stands behind a word closes it; a star between two
/// spaces is a star.
fn without_emphasis(text: &str) -> String {
    let text = text.replace("**", "");
    let signs: Vec<char> = text.chars().collect();
    let space_at = |index: Option<usize>| {
        index
            .and_then(|index| signs.get(index))
            .is_none_or(|sign| sign.is_whitespace())
    };
    let mut out = String::new();
    let mut open = false;
    for (index, sign) in signs.iter().enumerate() {
        if *sign != '*' {
            out.push(*sign);
            continue;
        }
        let (before, after) = (index.checked_sub(1), Some(index + 1));
        let opens = !open
            && !space_at(after)
            && signs
                .get(index + 1..)
                .is_some_and(|rest| rest.contains(&'*'));
        let closes = open && !space_at(before);
        if opens || closes {
            open = opens;
        } else {
            out.push('*');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{inline, markdown};

    #[test]
    fn paragraphs_are_joined_and_hidden_lines_are_left_out() {
        console::set_colors_enabled(false);
        let text = markdown(
            "## loops: again\n\nOne\nline.\n\n```rust\n## not a heading\n# hidden();\nshown();\n```\n",
        );
        assert!(text.contains("One line."), "{text}");
        assert!(
            text.contains("    shown();") && !text.contains("hidden"),
            "{text}"
        );
    }

    #[test]
    fn marks_of_emphasis_and_links_are_not_shown() {
        assert_eq!(inline("the *prompt*, and **bold**"), "the prompt, and bold");
        assert_eq!(
            inline("2 * 3 * 4, `*left*` and a*"),
            "2 * 3 * 4, `*left*` and a*"
        );
        assert_eq!(
            inline("see [Rust](https://rustup.rs) and [the README](../README.md), a[0]"),
            "see Rust (https://rustup.rs) and the README, a[0]"
        );
        assert_eq!(
            inline("a lone ` backtick and *stars*"),
            "a lone ` backtick and *stars*"
        );
    }

    #[test]
    fn an_item_hangs_and_a_table_is_aligned() {
        console::set_colors_enabled(false);
        let item = format!("- {}", "word ".repeat(30));
        let text = markdown(&item);
        let mut lines = text.lines();
        assert!(lines.next().is_some_and(|line| line.starts_with("- word")));
        assert!(lines.next().is_some_and(|line| line.starts_with("  word")));
        let table = markdown("| type | what |\n| --- | --- |\n| `ls` | *lists* |\n");
        assert_eq!(table, "type  what\n`ls`  lists");
    }
}
