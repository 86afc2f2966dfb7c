//! Caught by: a_long_title_is_cut, a_cut_title_fills_the_column
//! Why it tempts: the first `width` characters are kept, and the `…` comes on top.
//!
//! Slugs, masked addresses and short titles.
//!
//! Text comes in from people and goes out to web addresses, log files and narrow screens. Each place has its own
//! rules, and all of them must hold for `é` and `日` as well as for `e`.

/// The part of a web address that names a book: lower case, one hyphen between words, none at the ends.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    // A gap is written when the next letter comes, not when it begins: so none is left over at the end.
    let mut after_gap = false;
    for character in title.to_lowercase().chars() {
        if character.is_alphanumeric() {
            if after_gap && !slug.is_empty() {
                slug.push('-');
            }
            slug.push(character);
            after_gap = false;
        } else {
            after_gap = true;
        }
    }
    slug
}

/// An email address as it may stand in a log file: its first character, three stars, and what follows the last `@`.
pub fn mask_email(email: &str) -> String {
    // The last `@`, because the part before it may hold another one, and a mask should rather hide too much.
    match email.rsplit_once('@') {
        Some((name, domain)) => match name.chars().next() {
            Some(first) => format!("{first}***@{domain}"),
            None => String::from("***"),
        },
        None => String::from("***"),
    }
}

/// A title for a narrow column, at most `width` characters long.
pub fn shorten(title: &str, width: usize) -> String {
    if title.chars().count() <= width {
        return String::from(title);
    }
    let mut short = String::new();
    for character in title.chars() {
        if short.chars().count() == width {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}
