//! The words of the service: wishes, what can happen to them, and what a store promises.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How many wishes the list holds at most.
pub const MOST_WISHES: u32 = 200;

/// How much somebody wants it. A higher one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Low,
    Normal,
    High,
}

/// Where a wish stands on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// Nobody has taken it on yet.
    Wanted,
    /// Somebody has promised to bring it.
    Reserved { by: String },
    /// Somebody has brought it. Nothing happens to it any more.
    Given { by: String },
}

/// What a guest can do with a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// "I bring this."
    Reserve,
    /// "I do not bring it after all."
    Release,
    /// "Here it is."
    Give,
}

/// Why a step is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It has been given: there is nothing left to do.
    AlreadyGiven,
    /// Somebody else has reserved it, and it cannot be reserved twice.
    AlreadyReserved,
    /// Nobody has reserved it, so it can be neither released nor given.
    NotReserved,
    /// Somebody else has reserved it, and only they can release or give it.
    NotYours,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyGiven => "this wish has come true already",
            Self::AlreadyReserved => "somebody else brings this one",
            Self::NotReserved => "nobody has reserved this wish",
            Self::NotYours => "somebody else has reserved this wish",
        })
    }
}

/// A wish of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wish {
    pub id: i64,
    pub title: String,
    /// What it costs, in cents.
    pub cents: u32,
    /// Where it can be had.
    pub link: Option<String>,
    pub priority: Priority,
    #[serde(flatten)]
    pub state: State,
}

/// A wish that has been checked, and is not on the list yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWish {
    pub title: String,
    pub cents: u32,
    pub link: Option<String>,
    pub priority: Priority,
}

/// A wish as somebody typed it: nothing in it has been checked. A field that was not sent is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    pub title: String,
    pub price: String,
    pub link: String,
    pub priority: String,
}

/// What a guest does, as they send it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    pub step: Step,
    pub who: String,
}

/// One field that needs another look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub field: &'static str,
    /// A sentence for whoever typed it.
    pub message: String,
}

/// Why a text is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceError {
    /// It is not written like a price.
    NotAPrice,
    /// It is written like one, and is more than this service counts.
    TooMuch,
}

/// What can go wrong in a store.
#[derive(Debug)]
pub enum StoreError {
    /// There is no such wish.
    Missing,
    /// A wish of exactly this title is on the list.
    Duplicate,
    /// The list holds [`MOST_WISHES`] already.
    Full,
    /// The rule said no.
    Refused(Refused),
    /// The file was made by a newer version of this program.
    Newer,
    /// The store itself does not work.
    Broken(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such wish"),
            Self::Duplicate => f.write_str("this title is on the list"),
            Self::Full => f.write_str("the list is full"),
            Self::Refused(refused) => refused.fmt(f),
            Self::Newer => f.write_str("the file was made by a newer version of this program"),
            Self::Broken(_) => f.write_str("the store does not work"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Broken(cause) => Some(&**cause),
            _ => None,
        }
    }
}

/// Says what becomes of a state, or why nothing does.
pub type Rule<'a> = &'a dyn Fn(&State) -> Result<State, Refused>;

/// Where the wishes are kept.
pub trait Store: Send + Sync {
    /// Adds a wish, in the state [`State::Wanted`], under an id that no wish ever had. A title that is on the list is
    /// `Duplicate`, also when the list is full. What was given is on the list until it is removed.
    ///
    /// # Errors
    ///
    /// `Duplicate`, `Full`, `Broken`.
    fn add(&self, new: &NewWish) -> Result<Wish, StoreError>;

    /// All wishes, by ascending id.
    ///
    /// # Errors
    ///
    /// `Broken`.
    fn all(&self) -> Result<Vec<Wish>, StoreError>;

    /// The wish with this id.
    ///
    /// # Errors
    ///
    /// `Missing`, `Broken`.
    fn find(&self, id: i64) -> Result<Wish, StoreError>;

    /// Puts the wish into the state that `rule` makes of its state, and returns it. Nobody else can change it in between.
    ///
    /// # Errors
    ///
    /// `Missing`, `Refused` with what the rule said, `Broken`.
    fn change(&self, id: i64, rule: Rule<'_>) -> Result<Wish, StoreError>;

    /// Takes the wish off the list.
    ///
    /// # Errors
    ///
    /// `Missing`, `Broken`.
    fn remove(&self, id: i64) -> Result<(), StoreError>;
}
