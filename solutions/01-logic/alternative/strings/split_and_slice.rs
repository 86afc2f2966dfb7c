//! Differs: words split and joined, the mask cut at character boundaries, a slice up to an index that is known to be one.
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
    let mut masked = String::new();
    if let Some(at) = email.rfind('@')
        && at > 0
    {
        masked.extend(email.chars().next());
        masked.push_str("***");
        masked.push_str(&email[at..]);
    } else {
        masked.push_str("***");
    }
    masked
}

/// A title for a narrow column, at most `width` characters long.
pub fn shorten(title: &str, width: usize) -> String {
    if title.chars().count() <= width {
        return title.to_string();
    }
    match width.checked_sub(1) {
        None => String::new(),
        Some(kept) => title.chars().take(kept).chain(['…']).collect(),
    }
}
