//! The greeting on the first page.
//!
//! Lantern is a small bookshop on the internet. Whoever opens its page is greeted by the text that this file gives.

/// Gives back the greeting, which is this text: `Welcome to Lantern!`
///
/// The marks around it only say where it begins and ends; they are no part of it. The exclamation mark is.
pub fn greeting() -> &'static str {
    todo!("write the text in double quotes, in the place of this whole line")
}
