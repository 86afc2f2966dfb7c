//! Milestone 9: pages one can work with.
//!
//! What stands behind the pages: links that keep what was asked for, forms that keep what was typed, a summary before many things
//! change at once, a way back, and a clear word for what one may not do. The HTML lies in `given/templates`.

use data_encoding::HEXLOWER;
use rusqlite::OptionalExtension;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::given::accounts::{Accounts, tried};
use crate::given::app::Tx;
use crate::given::clock::UnixTime;
use crate::given::problem::{FieldError, Problem};
use crate::given::rights::{Permission, Place};
use crate::search::{Asked, LARGEST_PAGE};

/// The fields of a form in their order; a name can come more than once.
pub type Fields = [(String, String)];

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// What stands above it.
    pub label: &'static str,
    /// The word of `sort`, if one can sort by it.
    pub sort: Option<&'static str>,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// What stands there.
    pub label: &'static str,
    /// Where it leads: the same list, sorted by this column.
    pub href: Option<String>,
    /// The value of `aria-sort`, if the list is sorted by this column.
    pub sorted: Option<&'static str>,
}

/// What is to be done to many accounts. In forms it is the word `disable` or `enable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// They cannot sign in any more.
    Disable,
    /// They can again.
    Enable,
}

/// What somebody has chosen in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// What is to be done.
    pub action: Action,
    /// To whom: each once, in the order of the numbers.
    pub ids: Vec<i64>,
}

/// An account, as a summary names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// An account that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The id that was chosen.
    pub id: i64,
    /// The account; `None` if there is none.
    pub account: Option<Named>,
    /// Why.
    pub why: Why,
}

/// Why an account stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// There is no such account.
    Missing,
    /// Nobody disables their own account by accident: [`Accounts`] is not even asked.
    Yourself,
    /// It is so already: disabled, if they are to be disabled; active, if they are to be enabled.
    Already,
    /// [`undo`] alone: it is not as the action left it. Somebody has changed it since.
    Since,
    /// [`Accounts`] has refused (4xx): the `detail` of the problem.
    Refused(String),
}

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What was chosen.
    pub action: Action,
    /// Who would change, in the order of the ids.
    pub change: Vec<Named>,
    /// Who would not, in the order of the ids.
    pub skip: Vec<Skipped>,
    /// Stands for everything above: the same for the same, and another one as soon as anything differs: the action, who would
    /// change, who would not, a name, an address, a reason. Which text it is, is yours to say.
    pub seen: String,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What was done.
    pub action: Action,
    /// When: the time of the transaction.
    pub at: UnixTime,
    /// To whom.
    pub ids: Vec<i64>,
}

/// How a confirmation ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Exactly what was shown has happened.
    Done(Done),
    /// Something has changed since the person looked: nothing has happened, and this is what would happen now.
    Changed(Summary),
}

/// What has been put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// Who can sign in again, in the order of the ids.
    pub back: Vec<Named>,
    /// Who stays as they are, in the order of the ids.
    pub stay: Vec<Skipped>,
}

/// What one may not do, and who can change that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MayNot {
    /// The name of the permission.
    pub needs: &'static str,
    /// The names of at most three colleagues who have it everywhere.
    pub ask: Vec<String>,
}

/// The address of a list: `path`, and what was asked for as a query, in the order `q`, `status`, `sort`, `limit`, `cursor`.
///
/// What is missing or empty is left out; without anything there is no `?` either. Whatever a person has typed, a server reads just
/// that from the link again: in the values every byte but letters and digits of ASCII and `-._~` is written as `%` with
/// two hexadecimal digits (a blank may be a `+`).
///
/// ```text
/// q "a b", limit "50"  →  /users?q=a%20b&limit=50
/// ```
pub fn link(path: &str, asked: &Asked) -> String {
    todo!("go through the bytes of each value")
}

/// The heads of a table, one for each column, in their order.
///
/// - `sorted` says how the list is sorted now: `ascending` for the column's word, `descending` for the word with one `-` in front.
///   Where `asked.sort` is missing or empty, `default_sort` holds.
/// - `href` leads downwards (`-word`) where the list is sorted upwards by this column, and upwards (`word`) from everywhere
///   else. It keeps `q`, `status` and `limit`, and drops the cursor, which belongs to the order of now. It is `None` for
///   a column that one cannot sort by.
pub fn heads(path: &str, columns: &[Column], asked: &Asked, default_sort: &str) -> Vec<Head> {
    todo!("a link for each column")
}

/// What a form shows again after an error: every field, in its order and exactly as it was typed, but those in whose name
/// `password`, `code`, `token` or `csrf` stands, in whatever case.
pub fn kept(fields: &Fields) -> Vec<(String, String)> {
    todo!("which names?")
}

/// Reads what was chosen in a table.
///
/// - `action`: exactly one field of this name, `disable` or `enable`.
/// - `id`: 1 to [`LARGEST_PAGE`] different ones, written in the digits 0 to 9 and nothing else, not larger than `i64::MAX`.
///   One that comes twice counts once.
///
/// Other fields are none of its business. Everything else is [`Problem::invalid_fields`]: one error for `action`, one for `id`,
/// or both at once.
pub fn selection(fields: &Fields) -> Result<Selection, Problem> {
    todo!("two fields, and what can be wrong with each")
}

/// What would happen if this were confirmed. Nothing does: no account, no line of the log, no counter of ids has changed afterwards.
///
/// 1. Whoever may not disable accounts everywhere is told so by `tx.neighbours().permissions.require`, before anything else.
/// 2. The accounts are gone through in the order of their ids (a [`Selection`] has them so). Each one either changes or is skipped, see
///    [`Why`].
/// 3. What the rules say of the second may depend on what happens to the first (of two administrators one may go, not both). So let
///    `accounts` really do it, and take it back: [`tried`] does that. It needs a `tx` that can write.
///
/// A failure (5xx) for one account is a failure of the whole: it is the answer.
pub fn summary(
    tx: &Tx,
    accounts: &dyn Accounts,
    me: i64,
    selection: &Selection,
) -> Result<Summary, Problem> {
    todo!("do it, say what happened, take it back")
}

/// Does exactly what was shown, or nothing.
///
/// `seen` came with the form: the `seen` of the summary that the person has looked at. If it is that of the summary as it is
/// now, the action is done, and the answer is [`Outcome::Done`] with those who have changed, in the order of their ids (that may
/// be nobody). If not, nothing happens, and the answer is [`Outcome::Changed`] with the summary of now. The permission is asked here, too,
/// and before anything else. A failure (5xx) for one account is the answer; `tx` then rolls back.
pub fn confirm(
    tx: &Tx,
    accounts: &dyn Accounts,
    me: i64,
    selection: &Selection,
    seen: &str,
) -> Result<Outcome, Problem> {
    todo!("what would happen now?")
}

/// Puts back what an action has changed: enables those whom it has disabled.
///
/// - The permission is asked first, as for the action.
/// - Enabling has no way back: [`Problem::conflict`] with the code `cannot_be_undone`.
/// - Each of `done.ids` counts once, in the order of the ids, whatever order they come in. It is enabled if its `disabled_at` is still
///   `done.at`, to the second; if not, it stays ([`Why::Since`]; [`Why::Missing`] if there is no such account). What `accounts`
///   refuses stays as well; a failure (5xx) is the answer, and `tx` rolls everything back.
pub fn undo(tx: &Tx, accounts: &dyn Accounts, me: i64, done: &Done) -> Result<Undone, Problem> {
    todo!("whose `disabled_at` is still the one of this action?")
}

/// What somebody who may not do something is told: the name of the permission, and whom to ask.
///
/// The names of those whose accounts are active and who have the permission *everywhere* (a grant with a role that has it, and
/// without a branch), sorted by name, each person once, three at most.
pub fn may_not(tx: &Tx, permission: Permission) -> Result<MayNot, Problem> {
    todo!("users, grants, role_permissions")
}
