//! The greeting on the first page.
//!
//! Lantern is a small bookshop on the internet. Whoever opens its page is greeted by the text that this file gives.

/// Gives back the greeting, which is this text: `Welcome to Lantern!`
pub fn greeting() -> &'static str {
    "Welcome to Lantern!"
}
