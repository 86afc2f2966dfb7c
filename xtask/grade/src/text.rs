//! Texts that a learner or a learner's code has written, made so that they stay texts wherever a report goes: in a
//! terminal, in XML, in the log of a CI run.

/// The longest message that a report carries, in characters.
const MESSAGE: usize = 2000;

/// A text of at most [`MESSAGE`] characters that can stand in any report: what no report can show becomes visible, and a
/// CI run takes no line of it for a command.
pub fn carried(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(MESSAGE)
        .map(|character| match character {
            '\n' | '\t' => character,
            other => shown(other),
        })
        .collect();
    if text.chars().nth(MESSAGE).is_some() {
        out.push_str("\n[more was said]");
    }
    without_commands(&out)
}

/// A name, or what else is one line: as [`carried`], whatever its length.
pub fn line(text: &str) -> String {
    without_commands(&text.chars().map(shown).collect::<String>())
}

/// The character, or a sign in its place when a reader would not see what is there.
fn shown(character: char) -> char {
    let separates = matches!(character, '\u{2028}' | '\u{2029}');
    if character.is_control()
        || separates
        || turns_direction(character)
        || !is_in_xml(character)
        || is_no_character(character)
    {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}

/// Whether what follows the character is shown in another order than it has.
pub fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether the character may stand in an XML 1.0 document: <https://www.w3.org/TR/xml/#charsets>.
pub fn is_in_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Whether the code point is one of those that Unicode keeps free for ever.
fn is_no_character(character: char) -> bool {
    let code = u32::from(character);
    matches!(code, 0xfdd0..=0xfdef) || code & 0xfffe == 0xfffe
}

/// The text in which no line is a command to the program that shows a CI run's log: GitHub Actions reads `::name::` at
/// the start of a line and `##[name]` anywhere, others `##name[`.
fn without_commands(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive('\n') {
        let inside = piece.trim_start();
        let (blank, inside) = piece.split_at(piece.len() - inside.len());
        out.push_str(blank);
        if inside.starts_with("::") {
            out.push('\\');
        }
        let mut rest = inside;
        while let Some(at) = rest.find("##") {
            let (before, sign) = rest.split_at(at + 1);
            out.push_str(before);
            let name = sign[1..].trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
            if name.starts_with('[') {
                out.push('\\');
            }
            rest = sign;
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{carried, line};

    #[test]
    fn what_is_carried_is_short_and_commands_nobody() {
        let text = carried("a\tb\nc\u{1b}[2J\u{202e}d\u{fffe}\u{ffff}\u{2028}\u{1ffff}");
        assert_eq!(
            text,
            "a\tb\nc\u{fffd}[2J\u{fffd}d\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
        let long = carried(&"x".repeat(2001));
        assert_eq!(long.matches('x').count(), 2000);
        assert!(long.ends_with("[more was said]"));
        assert!(!carried(&"x".repeat(2000)).contains("more"));
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(line("a\nb\t\u{202e}c"), "a\u{fffd}b\u{fffd}\u{fffd}c");
        assert_eq!(line("Zoë Übel, 李, \u{1f600}"), "Zoë Übel, 李, \u{1f600}");
    }

    #[test]
    fn no_line_is_a_command_to_a_ci_run() {
        for (said, shown) in [
            ("::error::x", "\\::error::x"),
            ("a\n  ::add-mask::b\n", "a\n  \\::add-mask::b\n"),
            ("a ##[error]b", "a #\\#[error]b"),
            ("##teamcity[x]", "#\\#teamcity[x]"),
            ("###vso[x", "##\\#vso[x"),
            ("std::mem::swap", "std::mem::swap"),
            ("## A heading [1]", "## A heading [1]"),
            ("r##\"a\"##", "r##\"a\"##"),
        ] {
            assert_eq!(carried(said), shown);
            assert!(
                said.contains('\n') || line(said) == shown,
                "{said} as a name"
            );
        }
    }
}
