//! Milestone 9: pages one can work with.
//!
//! What stands behind the pages: links that keep what was asked for, forms that keep what was typed, a summary before many things
//! change at once, a way back, and a clear word for what one may not do. The HTML lies in `given/templates`.

use std::fmt::Write as _;

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

/// What is to be done to many accounts.
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
    /// Nobody disables their own account by accident.
    Yourself,
    /// It is so already.
    Already,
    /// Somebody has changed it since.
    Since,
    /// The rules forbid it; the sentence says which.
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
    /// Stands for everything above.
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

/// The address of a list: what was asked for, as a query.
pub fn link(path: &str, asked: &Asked) -> String {
    let fields = [
        ("q", &asked.q),
        ("status", &asked.status),
        ("sort", &asked.sort),
        ("limit", &asked.limit),
        ("cursor", &asked.cursor),
    ];
    let mut link = path.to_owned();
    let mut mark = '?';
    for (name, value) in fields {
        let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else {
            continue;
        };
        link.push(mark);
        link.push_str(name);
        link.push('=');
        encode(value, &mut link);
        mark = '&';
    }
    link
}

/// Every byte but those that mean nothing anywhere in an address.
fn encode(value: &str, link: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(link, "%{byte:02X}");
        }
    }
}

/// The heads of a table.
pub fn heads(path: &str, columns: &[Column], asked: &Asked, default_sort: &str) -> Vec<Head> {
    let sort = asked.sort.as_deref().filter(|sort| !sort.is_empty());
    let sort = sort.unwrap_or(default_sort);
    let head = |column: &Column| {
        let sorted = column.sort.and_then(|word| direction(sort, word));
        let href = column.sort.map(|word| {
            let next = match sorted {
                Some("ascending") => format!("-{word}"),
                _ => word.to_owned(),
            };
            let asked = Asked {
                sort: Some(next),
                // A position in one order is none in another.
                cursor: None,
                ..asked.clone()
            };
            link(path, &asked)
        });
        Head {
            label: column.label,
            href,
            sorted,
        }
    };
    columns.iter().map(head).collect()
}

fn direction(sort: &str, word: &str) -> Option<&'static str> {
    if sort == word {
        Some("ascending")
    } else if sort.strip_prefix('-') == Some(word) {
        Some("descending")
    } else {
        None
    }
}

/// What a form shows again after an error.
pub fn kept(fields: &Fields) -> Vec<(String, String)> {
    let secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["password", "code", "token", "csrf"]
            .iter()
            .any(|word| name.contains(word))
    };
    let open = fields.iter().filter(|(name, _)| !secret(name));
    open.cloned().collect()
}

/// Reads what was chosen.
pub fn selection(fields: &Fields) -> Result<Selection, Problem> {
    match (action(fields), ids(fields)) {
        (Ok(action), Ok(ids)) => Ok(Selection { action, ids }),
        (action, ids) => {
            let errors = [action.err(), ids.err()];
            Err(Problem::invalid_fields(
                errors.into_iter().flatten().collect(),
            ))
        }
    }
}

fn values<'a>(fields: &'a Fields, name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = fields.iter().filter(move |(field, _)| field == name);
    named.map(|(_, value)| value.as_str())
}

fn action(fields: &Fields) -> Result<Action, FieldError> {
    let mut words = values(fields, "action");
    match (words.next(), words.next()) {
        (Some("disable"), None) => Ok(Action::Disable),
        (Some("enable"), None) => Ok(Action::Enable),
        _ => Err(FieldError::new("action", "Choose what is to be done.")),
    }
}

fn ids(fields: &Fields) -> Result<Vec<i64>, FieldError> {
    let mut ids = Vec::new();
    for value in values(fields, "id") {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let id = value.parse().ok().filter(|_| digits);
        ids.push(id.ok_or_else(|| FieldError::new("id", "This is nobody's number."))?);
    }
    ids.sort_unstable();
    ids.dedup();
    match ids.len() {
        0 => Err(FieldError::new("id", "Choose somebody first.")),
        1..=LARGEST_PAGE => Ok(ids),
        _ => Err(FieldError::new("id", "Choose 100 people or fewer.")),
    }
}

/// What would happen. Nothing does.
pub fn summary(
    tx: &Tx,
    accounts: &dyn Accounts,
    me: i64,
    selection: &Selection,
) -> Result<Summary, Problem> {
    may_change(tx, me)?;
    tried(tx, || run(tx, accounts, me, selection))
}

/// Does what was shown, or nothing.
pub fn confirm(
    tx: &Tx,
    accounts: &dyn Accounts,
    me: i64,
    selection: &Selection,
    seen: &str,
) -> Result<Outcome, Problem> {
    let now = summary(tx, accounts, me, selection)?;
    if now.seen != seen {
        return Ok(Outcome::Changed(now));
    }
    let done = run(tx, accounts, me, selection)?;
    if done.seen != now.seen {
        return Err(Problem::internal(
            &"what was tried and what was done differ",
        ));
    }
    Ok(Outcome::Done(Done {
        action: selection.action,
        at: tx.now(),
        ids: done.change.into_iter().map(|account| account.id).collect(),
    }))
}

/// Puts back what an action has changed.
pub fn undo(tx: &Tx, accounts: &dyn Accounts, me: i64, done: &Done) -> Result<Undone, Problem> {
    may_change(tx, me)?;
    if done.action == Action::Enable {
        return Err(Problem::conflict(
            "cannot_be_undone",
            "Disable them again, if that is what you want: a page shows first what will happen.",
        ));
    }
    let mut ids = done.ids.clone();
    ids.sort_unstable();
    ids.dedup();
    let mut undone = Undone {
        back: Vec::new(),
        stay: Vec::new(),
    };
    for id in ids {
        let why = match account(tx, id)? {
            None => Err((None, Why::Missing)),
            Some((account, since)) if since != Some(done.at) => Err((Some(account), Why::Since)),
            Some((account, _)) => match accounts.enable(tx, me, id) {
                Ok(()) => Ok(account),
                Err(problem) => Err((Some(account), refused(problem)?)),
            },
        };
        match why {
            Ok(account) => undone.back.push(account),
            Err((account, why)) => undone.stay.push(Skipped { id, account, why }),
        }
    }
    Ok(undone)
}

fn may_change(tx: &Tx, me: i64) -> Result<(), Problem> {
    let permissions = &tx.neighbours().permissions;
    permissions.require(tx, me, Permission::UsersDisable, Place::Everywhere)
}

/// Does it, one after the other, and says what has happened: summary and action cannot disagree.
fn run(
    tx: &Tx,
    accounts: &dyn Accounts,
    me: i64,
    selection: &Selection,
) -> Result<Summary, Problem> {
    let action = selection.action;
    let (mut change, mut skip) = (Vec::new(), Vec::new());
    for id in selection.ids.iter().copied() {
        let Some((account, disabled_at)) = account(tx, id)? else {
            let (account, why) = (None, Why::Missing);
            skip.push(Skipped { id, account, why });
            continue;
        };
        match change_one(tx, accounts, me, action, id, disabled_at)? {
            None => change.push(account),
            Some(why) => skip.push(Skipped {
                id,
                account: Some(account),
                why,
            }),
        }
    }
    let seen = seen(action, &change, &skip)?;
    Ok(Summary {
        action,
        change,
        skip,
        seen,
    })
}

/// Changes one account; `Some` is why it stays as it is.
fn change_one(
    tx: &Tx,
    accounts: &dyn Accounts,
    me: i64,
    action: Action,
    id: i64,
    disabled_at: Option<UnixTime>,
) -> Result<Option<Why>, Problem> {
    let answer = match (action, disabled_at) {
        (Action::Disable, Some(_)) | (Action::Enable, None) => return Ok(Some(Why::Already)),
        (Action::Disable, None) if id == me => return Ok(Some(Why::Yourself)),
        (Action::Disable, None) => accounts.disable(tx, me, id),
        (Action::Enable, Some(_)) => accounts.enable(tx, me, id),
    };
    match answer {
        Ok(()) => Ok(None),
        Err(problem) => refused(problem).map(Some),
    }
}

/// A refusal concerns one account; a failure ends everything.
fn refused(problem: Problem) -> Result<Why, Problem> {
    if problem.status().is_server_error() {
        return Err(problem);
    }
    Ok(Why::Refused(problem.detail().to_owned()))
}

/// An account, and since when it is disabled.
fn account(tx: &Tx, id: i64) -> Result<Option<(Named, Option<UnixTime>)>, Problem> {
    let mut statement =
        tx.prepare_cached("SELECT name, email, disabled_at FROM users WHERE id = ?1")?;
    let found = statement.query_row([id], |row| {
        let (name, email) = (row.get(0)?, row.get(1)?);
        Ok((Named { id, name, email }, row.get(2)?))
    });
    Ok(found.optional()?)
}

/// JSON keeps the parts apart: no two summaries have the same text.
fn seen(action: Action, change: &[Named], skip: &[Skipped]) -> Result<String, Problem> {
    let text =
        serde_json::to_vec(&(action, change, skip)).map_err(|error| Problem::internal(&error))?;
    Ok(HEXLOWER.encode(&Sha256::digest(text)))
}

/// Whom to ask for a permission.
pub fn may_not(tx: &Tx, permission: Permission) -> Result<MayNot, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT name FROM users
         WHERE disabled_at IS NULL AND id IN (
             SELECT grants.user_id FROM grants
             JOIN role_permissions ON role_permissions.role_id = grants.role_id
             WHERE grants.branch_id IS NULL AND role_permissions.permission = ?1)
         ORDER BY name, id LIMIT 3",
    )?;
    let names = statement.query_map([permission.name()], |row| row.get(0))?;
    Ok(MayNot {
        needs: permission.name(),
        ask: names.collect::<Result<_, _>>()?,
    })
}
