//! Slugs, masked addresses and short titles.
//!
//! Text comes in from people and goes out to web addresses, log files and narrow screens. Each place has its own
//! rules, and all of them must hold for `é` and `日` as well as for `e`.

/// The part of a web address that names a book: `/books/the-salt-road` instead of `/books/4711`.
///
/// Letters and digits stay, of every language, in lower case. Whatever lies between them, one character or many,
/// becomes a single hyphen. There is no hyphen at the start or at the end.
///
/// | `title` | answer |
/// | --- | --- |
/// | `The Salt Road` | `the-salt-road` |
/// | `  Wait -- what?! ` | `wait-what` |
/// | `Crème brûlée, Vol. 2` | `crème-brûlée-vol-2` |
/// | `!?` | an empty text |
pub fn slug(title: &str) -> String {
    todo!("go through the characters, and remember whether a gap came before the next letter")
}

/// An email address as it may stand in a log file: its first character, three stars, and what follows the last `@`.
///
/// There are always three stars, so that not even the length is told. A text without an `@`, or with nothing before
/// it, is not an address: the answer is the three stars alone.
///
/// | `email` | answer |
/// | --- | --- |
/// | `ada@lantern.example` | `a***@lantern.example` |
/// | `élodie@lantern.example` | `é***@lantern.example` |
/// | `"a@b"@lantern.example` | `"***@lantern.example` |
/// | `ada.lantern.example` | `***` |
/// | `@lantern.example` | `***` |
pub fn mask_email(email: &str) -> String {
    todo!("cut the text at its last `@`, then look at the first character of the left part")
}

/// A title for a narrow column, at most `width` characters long.
///
/// A title that fits stays as it is. A longer one keeps its first characters and ends in `…` (one character), and is
/// then exactly `width` characters long. In a column of width 0 there is no room for anything: an empty text.
///
/// | `title` | `width` | answer |
/// | --- | --- | --- |
/// | `The Salt Road` | 13 | `The Salt Road` |
/// | `The Salt Road` | 8 | `The Sal…` |
/// | `Émile` | 5 | `Émile` |
/// | `Émile` | 1 | `…` |
pub fn shorten(title: &str, width: usize) -> String {
    todo!("count characters, not bytes")
}
