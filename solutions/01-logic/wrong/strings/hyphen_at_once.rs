//! Caught by: a_slug_joins_words_with_single_hyphens, a_slug_has_no_hyphen_at_its_ends, a_slug_is_made_of_the_words
//! Why it tempts: each character is translated by itself, so every character of a gap becomes a hyphen.
//!
//! Slugs, masked addresses and short titles.
//!
//! Text comes in from people and goes out to web addresses, log files and narrow screens. Each place has its own
//! rules, and all of them must hold for `é` and `日` as well as for `e`.

/// The part of a web address that names a book: lower case, one hyphen between words, none at the ends.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for character in title.to_lowercase().chars() {
        if character.is_alphanumeric() {
            slug.push(character);
        } else {
            slug.push('-');
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
    let mut room = width;
    for character in title.chars() {
        // The last place belongs to the `…`.
        if room <= 1 {
            break;
        }
        short.push(character);
        room -= 1;
    }
    if room == 1 {
        short.push('…');
    }
    short
}
