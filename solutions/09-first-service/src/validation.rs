//! What somebody typed becomes a wish, or a list of everything that needs another look.

use crate::given::parts::ParseCents;
use crate::given::wishes::{Draft, FieldError, NewWish, PriceError, Priority};

/// How many characters a title has at most.
pub const MOST_TITLE: usize = 120;
/// How many bytes a link has at most.
pub const MOST_LINK: usize = 500;

/// Checks a draft: a wish, or an error for every field that is wrong, one for each field, in the order of this table.
///
/// White space at both ends of a field, of whatever script, does not count, and is not kept. The rest stays as it was typed.
///
/// | field | what is right |
/// | --- | --- |
/// | `title` | 1 to [`MOST_TITLE`] characters (not bytes), none of them a control character |
/// | `price` | what `parse_cents` takes, and at least 1 cent |
/// | `link` | nothing (then the wish has none), or an address: see [`is_address`] |
/// | `priority` | nothing (then it is `Normal`), `low`, `normal` or `high` |
///
/// The message is yours: a sentence that tells whoever typed it what would be right. `PriceError` has two reasons, and they
/// need two sentences.
pub fn check(draft: &Draft, parse_cents: ParseCents) -> Result<NewWish, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut wrong = |field, message: String| errors.push(FieldError { field, message });

    let title = draft.title.trim();
    if title.is_empty() {
        wrong("title", "it needs a title".to_owned());
    } else if title.chars().count() > MOST_TITLE {
        wrong("title", format!("at most {MOST_TITLE} characters, please"));
    } else if title.chars().any(char::is_control) {
        wrong("title", "letters and signs in one line, please".to_owned());
    }
    let cents = match parse_cents(draft.price.trim()) {
        Ok(0) => {
            wrong("price", "at least 0.01, please".to_owned());
            0
        }
        Ok(cents) => cents,
        Err(PriceError::NotAPrice) => {
            wrong("price", "a price such as 12.50, please".to_owned());
            0
        }
        Err(PriceError::TooMuch) => {
            wrong("price", "that is more than this list can count".to_owned());
            0
        }
    };
    let link = draft.link.trim();
    if !link.is_empty() && !is_address(link) {
        let message = "an address that begins with https:// or http://, please";
        wrong("link", message.to_owned());
    }
    let priority = match draft.priority.trim() {
        "low" => Priority::Low,
        "" | "normal" => Priority::Normal,
        "high" => Priority::High,
        _ => {
            wrong("priority", "one of low, normal, high".to_owned());
            Priority::Normal
        }
    };
    if errors.is_empty() {
        Ok(NewWish {
            title: title.to_owned(),
            cents,
            link: (!link.is_empty()).then(|| link.to_owned()),
            priority,
        })
    } else {
        Err(errors)
    }
}

/// Whether a text may become a link on the page. What a browser does with `javascript:` is no gift.
///
/// It begins with `http://` or `https://`, in small or capital letters. The host follows: everything up to the first `/`, `?`
/// or `#`, or to the end. It is not empty and has no `@`, because `https://bank.example@evil.example` leads elsewhere than it
/// looks, and no `\`, which browsers take for a `/`. The whole has at most [`MOST_LINK`] bytes, and neither white space nor
/// control characters, not even at its ends.
pub fn is_address(text: &str) -> bool {
    if text.len() > MOST_LINK || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    is_web && !host.is_empty() && !host.contains(['@', '\\'])
}
