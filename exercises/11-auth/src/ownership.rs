//! Whose is it? A role says what one may do; here it is asked to which thing.
//!
//! Whether an order exists is its owner's business: for everybody else it is missing, exactly as one that was never there. A
//! review can be read by everybody, so there is nothing to hide: somebody else's is forbidden.

use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, params};

use crate::given::orders::{Line, Order, OwnershipError, State};

/// An order of this user's, with its lines.
///
/// # Errors
///
/// `Missing`, also for somebody else's; `Broken`.
pub fn find(connection: &Connection, user: i64, id: i64) -> Result<Order, OwnershipError> {
    todo!("the owner stands in the WHERE, beside the id")
}

/// All orders of this user's, with their lines, in the order of their ids; an order without lines is one as well.
///
/// # Errors
///
/// `Broken`
pub fn list(connection: &Connection, user: i64) -> Result<Vec<Order>, OwnershipError> {
    todo!("a LEFT JOIN, and what belongs together put together")
}

/// Cancels an open order of this user's; its lines stay. One that is cancelled already stays so, and that is no error.
///
/// Nobody may come in between the look and the change: whose order it is and whether it is open are asked in the statement that
/// changes it.
///
/// # Errors
///
/// `Missing`, also for somebody else's; `NotOpen` when it has been shipped; `Broken`.
pub fn cancel(connection: &Connection, user: i64, id: i64) -> Result<(), OwnershipError> {
    todo!("an UPDATE with a CASE for the state, and RETURNING says what it is now")
}

/// Changes how many copies stand in a line of an order of this user's. The address of a line names both: the order must be this
/// user's, and the line must be in it.
///
/// In one step, as above.
///
/// # Errors
///
/// `Missing` when there is no such order, no such line in it, or when it is somebody else's; `NotOpen` when the order is not
/// open; `Broken`.
pub fn set_copies(
    connection: &Connection,
    user: i64,
    order: i64,
    line: i64,
    copies: u8,
) -> Result<(), OwnershipError> {
    todo!("the line finds its order, the order its owner, all in one UPDATE")
}

/// Gives an order of this user's to any user, in whatever state it is; a closed account is a user as well. From then on it is
/// theirs, and this user's no more.
///
/// Two who give the same order away at the same moment do not both succeed.
///
/// # Errors
///
/// `Missing`, also for somebody else's; `NoSuchUser` when the order is this user's and `to` is nobody; `Broken`.
pub fn give(connection: &Connection, user: i64, id: i64, to: i64) -> Result<(), OwnershipError> {
    todo!("the foreign key knows whether there is such a user; the WHERE knows whose order it is")
}

/// Changes the text of a review of this user's. The text is stored as it is.
///
/// # Errors
///
/// `Missing` when there is no such review; `NotYours` when it is somebody else's, which everybody can see; `Broken`.
pub fn edit_review(
    connection: &Connection,
    user: i64,
    id: i64,
    text: &str,
) -> Result<(), OwnershipError> {
    todo!(
        "one UPDATE that finds the review, and lets a CASE decide whether its text changes; RETURNING says whose it is"
    )
}
