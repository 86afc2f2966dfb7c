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

/// Checks a form, field by field, onto a list.
pub fn check(form: &Form) -> Result<NewAccount, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut note = |field, fault| errors.push(FieldError { field, fault });
    let account = NewAccount {
        email: match form.email.trim() {
            "" => {
                note("email", Fault::Missing);
                String::new()
            }
            typed => email(typed).unwrap_or_else(|fault| {
                note("email", fault);
                String::new()
            }),
        },
        password: form.password.clone(),
        display_name: form.display_name.trim().to_owned(),
    };
    let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    let password = &form.password;
    match password.chars().count() {
        0..LEAST_PASSWORD => note("password", Fault::TooShort),
        LEAST_PASSWORD..=MOST_PASSWORD => {
            if password.contains(char::is_control) {
                note("password", Fault::Characters);
            } else if same(password, &form.email) || same(password, &form.display_name) {
                note("password", Fault::Guessable);
            }
        }
        _ => note("password", Fault::TooLong),
    }
    match account.display_name.chars().count() {
        0 => note("display_name", Fault::Missing),
        1..=MOST_NAME => {
            if account.display_name.contains(is_out_of_place) {
                note("display_name", Fault::Characters);
            }
        }
        _ => note("display_name", Fault::TooLong),
    }
    if errors.is_empty() {
        Ok(account)
    } else {
        Err(errors)
    }
}

fn is_out_of_place(sign: char) -> bool {
    sign.is_control() || TURNS.contains(&sign)
}

/// An email address in the form in which it is stored, read from its parts.
pub fn email(text: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = text.split('@').collect();
    let (domain, local) = match parts.split_last() {
        Some((domain, local)) if !local.is_empty() => (*domain, local.join("@")),
        _ => (text, String::new()),
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let longest = labels.iter().map(|label| label.len()).max();
    if text.len() > MOST_EMAIL || local.len() > MOST_LOCAL || longest > Some(MOST_LABEL) {
        return Err(Fault::TooLong);
    }
    if text.contains(char::is_whitespace) || text.contains(is_out_of_place) {
        return Err(Fault::Characters);
    }
    let dotted = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if parts.len() != 2 || local.is_empty() || dotted || labels.len() < 2 {
        return Err(Fault::Shape);
    }
    for label in labels {
        let clean = label
            .chars()
            .all(|sign| sign == '-' || sign.is_alphanumeric());
        if !clean || label.is_empty() || label.trim_matches('-') != label {
            return Err(Fault::Shape);
        }
    }
    Ok([&local, "@", &domain.to_lowercase()].concat())
}
