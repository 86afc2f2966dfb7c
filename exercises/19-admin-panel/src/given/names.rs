//! What people write into forms: addresses, names, roles and branches.

use rusqlite::{Connection, OptionalExtension as _};

use super::mail::Mail;
use super::problem::{FieldError, Problem};

/// The `branch` of what holds everywhere, in requests and answers.
pub const EVERYWHERE: &str = "*";

/// A role and a place, by their names and by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleInPlace {
    /// The role.
    pub role_id: i64,
    /// The branch; `None` is everywhere.
    pub branch_id: Option<i64>,
}

/// Finds the role and the branch of these names, which must be exact; [`EVERYWHERE`] is no branch but all of them.
///
/// # Errors
///
/// The outer one is a 500 when the database fails; the inner one has an error for each of `role` and `branch` that there is not.
pub fn role_in_place(
    connection: &Connection,
    role: &str,
    branch: &str,
) -> Result<Result<RoleInPlace, Vec<FieldError>>, Problem> {
    let find = |sql: &str, name: &str| -> Result<Option<i64>, Problem> {
        Ok(connection
            .query_row(sql, [name], |row| row.get(0))
            .optional()?)
    };
    let role_id = find("SELECT id FROM roles WHERE name = ?1", role)?;
    let branch_id = if branch == EVERYWHERE {
        Some(None)
    } else {
        find("SELECT id FROM branches WHERE name = ?1", branch)?.map(Some)
    };
    if let (Some(role_id), Some(branch_id)) = (role_id, branch_id) {
        return Ok(Ok(RoleInPlace { role_id, branch_id }));
    }
    let mut errors = Vec::new();
    if role_id.is_none() {
        errors.push(FieldError::new("role", "There is no such role."));
    }
    if branch_id.is_none() {
        errors.push(FieldError::new("branch", "There is no such branch."));
    }
    Ok(Err(errors))
}

/// The form in which an address is stored and compared: trimmed, ASCII, in lower case. `None` for what cannot stand in the
/// head of a mail as it is.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let address = text.trim().to_ascii_lowercase();
    let (name, host) = address.split_once('@')?;
    let mail = Mail {
        to: address.clone(),
        subject: String::new(),
        text: String::new(),
    };
    let sound =
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    (sound && address.len() <= 254 && mail.has_one_address()).then_some(address)
}

/// A person's name: trimmed, 1 to 100 characters, none of which is a control character. `None` for anything else.
#[must_use]
pub fn person(text: &str) -> Option<String> {
    let name = text.trim();
    let sound = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    sound.then(|| name.to_owned())
}
