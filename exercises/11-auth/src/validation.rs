//! What may be an account's email, password and name: everything that is wrong with a form, at once.

use std::fmt;

/// How many bytes an email address has at most, and the part before its `@`. Mail servers count bytes.
pub const MOST_EMAIL: usize = 254;
/// See [`MOST_EMAIL`].
pub const MOST_LOCAL: usize = 64;
/// How many bytes a label of a domain has at most: what stands between two dots.
pub const MOST_LABEL: usize = 63;
/// How many characters a password has at least.
pub const LEAST_PASSWORD: usize = 12;
/// How many characters a password has at most, so that nobody has the server hash a novel.
pub const MOST_PASSWORD: usize = 128;
/// How many characters a display name has at most.
pub const MOST_NAME: usize = 50;

/// Characters that turn the direction of the text around them. A name that holds one shows as something else than it is.
pub const TURNS: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// What somebody typed. It prints without the password.
#[derive(Clone, Default)]
pub struct Form {
    pub email: String,
    pub password: String,
    pub display_name: String,
}

impl fmt::Debug for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Form")
            .field("email", &self.email)
            .field("display_name", &self.display_name)
            .finish_non_exhaustive()
    }
}

/// A form that is right. It prints without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    pub email: String,
    pub password: String,
    pub display_name: String,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewAccount")
            .field("email", &self.email)
            .field("display_name", &self.display_name)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a field. It does not repeat what was typed: a password in a log has been given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is nothing in it.
    Missing,
    /// It has too few characters.
    TooShort,
    /// It is too long.
    TooLong,
    /// It holds a character that has no place in it.
    Characters,
    /// It is no email address.
    Shape,
    /// Whoever knows the account can guess it.
    Guessable,
}

/// A field of the form and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldError {
    /// `email`, `password` or `display_name`.
    pub field: &'static str,
    /// The first fault in the order of the table.
    pub fault: Fault,
}

/// Checks a form: an account, or one error for every field that is wrong, in the order email, password, display name.
///
/// White space at both ends of the email and of the display name does not count and is not kept. The password is kept exactly as
/// it was typed.
///
/// | field | faults, in the order in which they are looked for |
/// | --- | --- |
/// | `email` | `Missing`: nothing typed. Then what [`email`] finds |
/// | `password` | `TooShort`: fewer than [`LEAST_PASSWORD`] characters. `TooLong`: more than [`MOST_PASSWORD`]. `Characters`: a control character. `Guessable`: it is the email or the display name as typed, case and white space at the ends aside |
/// | `display_name` | `Missing`: nothing typed. `TooLong`: more than [`MOST_NAME`] characters. `Characters`: a control character, or one of [`TURNS`] |
///
/// Characters are Rust's `char`s, not bytes. Any script and any sign may be in a password or a name.
pub fn check(form: &Form) -> Result<NewAccount, Vec<FieldError>> {
    todo!("three fields, three results; only at the end it is decided")
}

/// An email address in the form in which it is stored: the domain in lower case, the part before the `@` as it was typed.
/// (Whether `Ada@` and `ada@` are one mailbox is for the server behind the domain to say; a domain has no case.)
///
/// | fault | unless |
/// | --- | --- |
/// | `TooLong` | the whole has at most [`MOST_EMAIL`] bytes, what stands before the last `@` at most [`MOST_LOCAL`], and each label of the domain at most [`MOST_LABEL`]; counted in what was typed |
/// | `Characters` | there is no white space in it, no control character and none of [`TURNS`] |
/// | `Shape` | it has exactly one `@`; the part before it is not empty, and neither begins nor ends with a dot, nor has two in a row; the domain has at least two labels, each of letters, digits (of any script) and hyphens, not empty, and without a hyphen at either end |
pub fn email(text: &str) -> Result<String, Fault> {
    todo!("length, characters, shape, and then the domain in lower case")
}
