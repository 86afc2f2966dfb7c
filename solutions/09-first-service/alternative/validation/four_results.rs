//! Each field is a `Result` of its own; at the end either all four are right, or their errors are collected.

use crate::given::parts::ParseCents;
use crate::given::wishes::{Draft, FieldError, NewWish, PriceError, Priority};

/// How many characters a title has at most.
pub const MOST_TITLE: usize = 120;
/// How many bytes a link has at most.
pub const MOST_LINK: usize = 500;

/// Checks a draft: a wish, or an error for every field that is wrong, one for each field, in the order of this table.
///
/// White space at both ends of a field does not count, and is not kept.
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
    fn error(field: &'static str, message: &str) -> FieldError {
        FieldError {
            field,
            message: String::from(message),
        }
    }
    fn title(text: &str) -> Result<String, FieldError> {
        match text.chars().count() {
            0 => Err(error("title", "say what you wish for")),
            n if n > MOST_TITLE => Err(error("title", "say it in 120 characters")),
            _ if text.chars().any(|c| c.is_control()) => {
                Err(error("title", "letters and signs only"))
            }
            _ => Ok(text.to_string()),
        }
    }
    let title = title(draft.title.trim());
    let price = parse_cents(draft.price.trim())
        .map_err(|why| {
            error(
                "price",
                if why == PriceError::TooMuch {
                    "less, please"
                } else {
                    "like 12.50, please"
                },
            )
        })
        .and_then(|cents| {
            if cents < 1 {
                Err(error("price", "more than nothing, please"))
            } else {
                Ok(cents)
            }
        });
    let link = Some(draft.link.trim())
        .filter(|link| !link.is_empty())
        .map(|link| {
            if is_address(link) {
                Ok(link.to_string())
            } else {
                Err(error("link", "http(s)://host/… please"))
            }
        })
        .transpose();
    let priority = [
        ("", Priority::Normal),
        ("low", Priority::Low),
        ("normal", Priority::Normal),
        ("high", Priority::High),
    ]
    .into_iter()
    .find(|(word, _)| *word == draft.priority.trim())
    .map(|(_, p)| p)
    .ok_or_else(|| error("priority", "one of low, normal, high"));
    match (title, price, link, priority) {
        (Ok(title), Ok(cents), Ok(link), Ok(priority)) => Ok(NewWish {
            title,
            cents,
            link,
            priority,
        }),
        (title, price, link, priority) => {
            Err([title.err(), price.err(), link.err(), priority.err()]
                .into_iter()
                .flatten()
                .collect())
        }
    }
}

/// Whether a text may become a link on the page. What a browser does with `javascript:` is no gift.
///
/// It begins with `http://` or `https://`, in small or capital letters. The host follows: everything up to the first `/`, `?`
/// or `#`, or to the end. It is not empty and has no `@`, because `https://bank.example@evil.example` leads elsewhere than it
/// looks, and no `\`, which browsers take for a `/`. The whole has at most [`MOST_LINK`] bytes, and neither white space nor
/// control characters.
pub fn is_address(text: &str) -> bool {
    if text.len() > MOST_LINK {
        return false;
    }
    let small = text.to_ascii_lowercase();
    let Some(rest) = small
        .strip_prefix("http://")
        .or_else(|| small.strip_prefix("https://"))
    else {
        return false;
    };
    let mut in_host = true;
    let mut host = 0;
    for c in rest.chars() {
        if c.is_whitespace() || c.is_control() {
            return false;
        }
        if matches!(c, '/' | '?' | '#') {
            in_host = false;
        }
        if in_host {
            if c == '@' || c == '\\' {
                return false;
            }
            host += 1;
        }
    }
    host > 0
}
