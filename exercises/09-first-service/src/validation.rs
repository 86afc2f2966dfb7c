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
    todo!("each field gives its value or puts an error on the list; only at the end it is decided")
}

/// Whether a text may become a link on the page. What a browser does with `javascript:` is no gift.
///
/// It begins with `http://` or `https://`, in small or capital letters. The host follows: everything up to the first `/`, `?`
/// or `#`, or to the end. It is not empty and has no `@`, because `https://bank.example@evil.example` leads elsewhere than it
/// looks, and no `\`, which browsers take for a `/`. The whole has at most [`MOST_LINK`] bytes, and neither white space nor
/// control characters, not even at its ends.
pub fn is_address(text: &str) -> bool {
    todo!("cut off the scheme, then the host, and look at both")
}
