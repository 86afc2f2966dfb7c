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

/// Checks a form: an account, or one error for every field that is wrong.
pub fn check(form: &Form) -> Result<NewAccount, Vec<FieldError>> {
    let typed_email = form.email.trim();
    let typed_name = form.display_name.trim();
    let email = if typed_email.is_empty() {
        Err(Fault::Missing)
    } else {
        email(typed_email)
    };
    let password = password(&form.password, [typed_email, typed_name]);
    let display_name = display_name(typed_name);
    match (email, password, display_name) {
        (Ok(email), Ok(()), Ok(())) => Ok(NewAccount {
            email,
            password: form.password.clone(),
            display_name: typed_name.to_owned(),
        }),
        (email, password, display_name) => {
            let found = [
                ("email", email.err()),
                ("password", password.err()),
                ("display_name", display_name.err()),
            ];
            Err(found
                .into_iter()
                .filter_map(|(field, fault)| fault.map(|fault| FieldError { field, fault }))
                .collect())
        }
    }
}

/// Length and characters, and whether it is one of the texts that stand beside it.
fn password(typed: &str, known: [&str; 2]) -> Result<(), Fault> {
    // One more than the most is enough to know: a novel is not counted to its end.
    let length = typed.chars().take(MOST_PASSWORD + 1).count();
    if length < LEAST_PASSWORD {
        return Err(Fault::TooShort);
    }
    if length > MOST_PASSWORD {
        return Err(Fault::TooLong);
    }
    if typed.chars().any(char::is_control) {
        return Err(Fault::Characters);
    }
    let guess = typed.trim().to_lowercase();
    if known.iter().any(|text| text.to_lowercase() == guess) {
        return Err(Fault::Guessable);
    }
    Ok(())
}

fn display_name(typed: &str) -> Result<(), Fault> {
    if typed.is_empty() {
        return Err(Fault::Missing);
    }
    if typed.chars().count() > MOST_NAME {
        return Err(Fault::TooLong);
    }
    if typed
        .chars()
        .any(|sign| sign.is_control() || TURNS.contains(&sign))
    {
        return Err(Fault::Characters);
    }
    Ok(())
}

/// An email address in the form in which it is stored.
pub fn email(text: &str) -> Result<String, Fault> {
    let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
    let long_label = domain.split('.').any(|label| label.len() > MOST_LABEL);
    if text.len() > MOST_EMAIL || local.len() > MOST_LOCAL || long_label {
        return Err(Fault::TooLong);
    }
    let misplaced = |sign: char| sign.is_whitespace() || sign.is_control() || TURNS.contains(&sign);
    if text.chars().any(misplaced) {
        return Err(Fault::Characters);
    }
    // A part between dots is empty where a dot stands at an end or beside another one.
    let good_local = !local.contains('@') && local.split('.').all(|part| !part.is_empty());
    let good_domain = domain.contains('.') && domain.split('.').all(is_label);
    if !good_local || !good_domain {
        return Err(Fault::Shape);
    }
    Ok(format!("{local}@{}", domain.to_lowercase()))
}

/// What may stand between two dots of a domain.
fn is_label(label: &str) -> bool {
    let allowed = |sign: char| sign.is_alphanumeric() || sign == '-';
    !label.is_empty()
        && label.chars().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}
