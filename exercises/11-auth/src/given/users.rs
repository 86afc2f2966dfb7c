//! The words of the exercises `extractor` and `roles`: who somebody is, and who knows it.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

/// What somebody is in the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Buys books.
    Customer,
    /// Packs and ships.
    Packer,
    /// Pays back.
    Bookkeeper,
    /// Decides who is what.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Packer, Self::Bookkeeper, Self::Admin];

    /// The word in the table `users`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Packer => "packer",
            Self::Bookkeeper => "bookkeeper",
            Self::Admin => "admin",
        }
    }

    /// The role of a word in the table.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: i64,
    pub role: Role,
    /// The shop has closed this account. It still has tokens.
    pub disabled: bool,
}

/// The directory failed: it says neither yes nor no.
#[derive(Debug)]
pub struct DirectoryError(pub Box<dyn Error + Send + Sync>);

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the directory does not answer")
    }
}

impl Error for DirectoryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// What the directory will have answered: `None` for a token that is unknown, has run out, or was never one.
pub type Found<'a> =
    Pin<Box<dyn Future<Output = Result<Option<User>, DirectoryError>> + Send + 'a>>;

/// Knows whose token it is.
pub trait Directory: Send + Sync {
    /// Asks for the user of a token.
    fn user_of<'a>(&'a self, token: &'a str) -> Found<'a>;
}

/// Why a request is refused.
#[derive(Debug)]
pub enum Refusal {
    /// 401: nobody has said who they are.
    NoCredentials,
    /// 400: the header is none that the standard allows.
    Malformed,
    /// 401: the token is nobody's, or has run out.
    InvalidToken,
    /// 403: we know who it is, and the account is closed.
    Disabled,
    /// 403: we know who it is, and it is none of theirs.
    Forbidden,
    /// 500: something of ours is broken.
    Broken(Box<dyn Error + Send + Sync>),
}

/// What the client reads. Nothing of what is in `Broken` is in it.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCredentials => "say who you are: Authorization: Bearer TOKEN",
            Self::Malformed => "one Authorization header, with one token in it",
            Self::InvalidToken => "this token opens nothing, or nothing any more",
            Self::Disabled => "this account is closed",
            Self::Forbidden => "this is not for you",
            Self::Broken(_) => "something went wrong on our side",
        })
    }
}

impl From<DirectoryError> for Refusal {
    fn from(error: DirectoryError) -> Self {
        Self::Broken(Box::new(error))
    }
}
