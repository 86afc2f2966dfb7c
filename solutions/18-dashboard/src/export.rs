//! Milestone 7: all of it, as a file.

use std::borrow::Cow;

/// The text as a cell that no spreadsheet takes for a formula.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let first = text.chars().next();
    let hidden = first.is_some_and(|first| matches!(first, '\t' | '\r' | '\n' | '\0'));
    let blank = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}');
    let sign = text.trim_start_matches(blank).chars().next();
    let formula = sign.is_some_and(|sign| "=+-@＝＋－＠".contains(sign));
    if hidden || formula {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// An amount as a number.
pub fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let size = cents.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}
