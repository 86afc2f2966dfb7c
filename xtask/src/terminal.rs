//! Words, colours and links for a person at a terminal, as far as the terminal has them.

mod keys;
mod meter;
mod prose;

use std::sync::OnceLock;

use console::Term;

pub use keys::{Key, Keyboard};
pub use meter::{Meter, take_line_away};
pub use prose::{inline, markdown};

/// What the terminal can do, and what its reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Lines and screens may be drawn again: a terminal that knows how, and no screen reader.
    pub redraws: bool,
    /// For a screen reader: words in the place of bars, boxes and marks.
    pub plain: bool,
    /// A path may be a link.
    pub links: bool,
}

static LOOK: OnceLock<Look> = OnceLock::new();

/// Decides once how everything looks. `plain` is what the command line says.
pub fn begin(plain: bool) {
    let asked =
        std::env::var_os("XTASK_PLAIN").is_some_and(|value| !value.is_empty() && value != "0");
    let plain = plain || asked;
    let dumb = console::is_dumb();
    if plain || dumb {
        console::set_colors_enabled(false);
        console::set_colors_enabled_stderr(false);
    }
    let is_term = Term::stdout().is_term();
    let look = Look {
        redraws: is_term && !dumb && !plain,
        plain,
        links: is_term && !dumb && !plain && has_links(),
    };
    // It is decided already only when a test has done so.
    let _ = LOOK.set(look);
}

/// How everything looks; plainly, before that was decided.
pub fn look() -> Look {
    LOOK.get().copied().unwrap_or(Look {
        redraws: false,
        plain: false,
        links: false,
    })
}

/// The terminals that are known to show links; others would at best show nothing, and some show rubbish.
fn has_links() -> bool {
    let text = |name: &str| std::env::var(name).unwrap_or_default();
    if let Ok(forced) = std::env::var("FORCE_HYPERLINK") {
        return forced != "0";
    }
    let by_program = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio"]
        .contains(&text("TERM_PROGRAM").as_str());
    let by_term = [
        "xterm-kitty",
        "xterm-ghostty",
        "alacritty",
        "foot",
        "wezterm",
    ]
    .contains(&text("TERM").as_str());
    let vte = text("VTE_VERSION").parse::<u32>().unwrap_or(0) >= 5000;
    let named = ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    // Inside of tmux and screen it depends on their version and settings.
    let is_inside = std::env::var_os("TMUX").is_some() || std::env::var_os("STY").is_some();
    (by_program || by_term || vte || named) && !is_inside
}

/// The columns of the terminal, at least 30. A terminal that does not say, or none, counts as 80.
pub fn width() -> usize {
    let columns = Term::stdout()
        .size_checked()
        .map_or(80, |(_, columns)| columns);
    usize::from(columns).clamp(30, 100)
}

/// The rows of the terminal, where there is one.
pub fn height() -> Option<usize> {
    let rows = Term::stdout().size_checked().map(|(rows, _)| rows)?;
    Some(usize::from(rows).max(8))
}

/// Empties the screen, where that can be done.
pub fn clear_screen() {
    if look().redraws {
        // A screen that cannot be cleared still shows what is printed next.
        let _ = Term::stdout().clear_screen();
    }
}

/// Breaks `text` to the width of the terminal; every line begins with `indent`.
pub fn wrapped(text: &str, indent: &str) -> String {
    broken(text, indent, indent)
}

/// Breaks `text` to the width of the terminal; every line but the first begins with `indent`.
pub fn hanging(text: &str, indent: &str) -> String {
    broken(text, "", indent)
}

/// What went wrong and what to do about it, behind a word, broken to the width of the terminal, if it goes to one.
pub fn error_text(word: &str, error: &xtask_core::error::Error) -> String {
    let text = format!("{word}{error}");
    if !Term::stderr().is_term() {
        return text;
    }
    let line = |line: &str| {
        let inside = line.trim_start();
        wrapped(inside, &line[..line.len() - inside.len()])
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn broken(text: &str, first: &str, rest: &str) -> String {
    let options = textwrap::Options::new(width())
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_separator(textwrap::WordSeparator::Custom(words))
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options)
}

/// Words end at a space, and a path that is longer than the narrowest line may be broken behind each of its slashes.
fn words(line: &str) -> Box<dyn Iterator<Item = textwrap::core::Word<'_>> + '_> {
    let is_long = |word: &str| word.chars().count() + 4 > width() && word.contains('/');
    let found = line.split_inclusive(' ').flat_map(move |word| {
        let pieces: Vec<&str> = if is_long(word) {
            word.split_inclusive('/').collect()
        } else {
            vec![word]
        };
        pieces
    });
    Box::new(found.map(textwrap::core::Word::from))
}

/// A path in as many pieces as it takes to fit into `room` columns; it is broken behind a slash only.
pub fn folded(path: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for part in path.split_inclusive('/') {
        let fits =
            |line: &String| line.is_empty() || line.chars().count() + part.chars().count() <= room;
        match lines.last_mut() {
            Some(line) if fits(line) => line.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

/// `text` as a link to a place on this machine, where the terminal has links.
pub fn linked(text: &str, file: &std::path::Path) -> String {
    if !look().links {
        return text.to_owned();
    }
    let path = file.to_string_lossy().replace('\\', "/");
    let mut address = String::from(if path.starts_with('/') {
        "file://"
    } else {
        "file:///"
    });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/:-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

/// What somebody's program printed, without what would steer the terminal: escape codes, and every other character
/// that moves, rings or hides.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_parameters(&mut rest),
            '\n' | '\t' => out.push(character),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            _ if character.is_control() => {}
            _ => out.push(character),
        }
    }
    out
}

/// Behind an escape: `[` and parameters up to a letter; `]` and its like with a text up to a bell or an escape and `\`;
/// or one character, perhaps behind others.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.next() {
        Some('[') => skip_parameters(rest),
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(character) = rest.next() {
                if character == '\u{7}' {
                    break;
                }
                if character == '\u{1b}' {
                    rest.next_if_eq(&'\\');
                    break;
                }
            }
        }
        Some(' '..='/') => {
            while rest.next_if(|next| (' '..='/').contains(next)).is_some() {}
            rest.next();
        }
        _ => {}
    }
}

fn skip_parameters(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while rest.next_if(|next| (' '..='?').contains(next)).is_some() {}
    rest.next_if(|next| ('@'..='~').contains(next));
}

/// `done` of `total` as a bar of `cells` characters.
pub fn bar(done: usize, total: usize, cells: usize) -> String {
    let filled = (done * cells).checked_div(total).unwrap_or(0);
    format!("{}{}", "█".repeat(filled), "░".repeat(cells - filled))
}

#[cfg(test)]
mod tests {
    use super::{bar, folded, harmless};

    #[test]
    fn a_bar_is_full_only_when_all_is_done() {
        assert_eq!(bar(0, 9, 10), "░░░░░░░░░░");
        assert_eq!(bar(8, 9, 10), "████████░░");
        assert_eq!(bar(9, 9, 10), "██████████");
        assert_eq!(bar(0, 0, 3), "░░░");
    }

    #[test]
    fn a_path_is_broken_behind_slashes_only() {
        let path = "exercises/01-logic/tests/stage/variables.rs";
        assert_eq!(folded(path, 60), [path]);
        let lines = folded(path, 36);
        assert_eq!(lines, ["exercises/01-logic/tests/stage/", "variables.rs"]);
        assert_eq!(lines.concat(), path);
    }

    #[test]
    fn nothing_that_a_program_prints_steers_the_terminal() {
        let text = "a\u{1b}[31;1mred\u{1b}[0m\u{1b}]0;title\u{7}b\u{1b}]8;;x\u{1b}\\c\u{1b}c\u{1b}(0d\u{7}\u{8}\u{9b}2Je\n\tf";
        assert_eq!(harmless(text), "aredbcde\n\tf");
        assert_eq!(harmless("10 %\r20 %\r\nend\u{1b}["), "10 %\n20 %\nend");
    }
}
