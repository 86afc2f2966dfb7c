//! Caught by: a_slug_keeps_letters_of_every_language, a_masked_email_keeps_one_character, a_masked_email_does_not_tell_its_length, a_title_that_fits_stays, a_long_title_is_cut, a_cut_title_fills_the_column
//! Why it tempts: with English text a character is a byte, and slicing by bytes never fails.
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
        if character.is_ascii_alphanumeric() {
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
    match email.rsplit_once('@') {
        Some((name, domain)) => {
            if name.is_empty() {
                return String::from("***");
            }
            format!("{}***@{domain}", &name[..1])
        }
        None => String::from("***"),
    }
}

/// A title for a narrow column, at most `width` characters long.
pub fn shorten(title: &str, width: usize) -> String {
    if title.len() <= width {
        return String::from(title);
    }
    if width == 0 {
        return String::new();
    }
    format!("{}…", &title[..width - 1])
}
