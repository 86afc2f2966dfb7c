//! Whose is it? A role says what one may do; here it is asked to which thing.
//!
//! Whether an order exists is its owner's business: for everybody else it is missing, exactly as one that was never there. A
//! review can be read by everybody, so there is nothing to hide: somebody else's is forbidden.

use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Params, Transaction, TransactionBehavior, params,
};

use crate::given::orders::{Line, Order, OwnershipError, State};

/// An order of this user's, with its lines.
///
/// # Errors
///
/// `Missing`, also for somebody else's; `Broken`.
pub fn find(connection: &Connection, user: i64, id: i64) -> Result<Order, OwnershipError> {
    let found = orders(connection, "o.owner = ?1 AND o.id = ?2", [user, id])?;
    found.into_iter().next().ok_or(OwnershipError::Missing)
}

/// All orders of this user's, with their lines, in the order of their ids; an order without lines is one as well.
///
/// # Errors
///
/// `Broken`
pub fn list(connection: &Connection, user: i64) -> Result<Vec<Order>, OwnershipError> {
    orders(connection, "o.owner = ?1", [user])
}

/// The orders for which `condition` holds.
fn orders(
    connection: &Connection,
    condition: &'static str,
    values: impl Params,
) -> Result<Vec<Order>, OwnershipError> {
    let mut statement = connection.prepare(&format!(
        "SELECT o.id, o.state, l.id, l.title, l.copies
         FROM orders o LEFT JOIN lines l ON l.order_id = o.id
         WHERE {condition} ORDER BY o.id, l.id"
    ))?;
    let mut rows = statement.query(values)?;
    let mut orders: Vec<Order> = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if orders.last().is_none_or(|order| order.id != id) {
            let word: String = row.get(1)?;
            let state = state_of(&word)?;
            let lines = Vec::new();
            orders.push(Order { id, state, lines });
        }
        let line: Option<i64> = row.get(2)?;
        if let (Some(order), Some(id)) = (orders.last_mut(), line) {
            let (title, copies) = (row.get(3)?, row.get(4)?);
            order.lines.push(Line { id, title, copies });
        }
    }
    Ok(orders)
}

fn state_of(word: &str) -> rusqlite::Result<State> {
    State::of_word(word).ok_or(rusqlite::Error::InvalidQuery)
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
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    if find(&transaction, user, id)?.state == State::Shipped {
        return Err(OwnershipError::NotOpen);
    }
    let sql = "UPDATE orders SET state = 'cancelled' WHERE id = ?1";
    transaction.execute(sql, [id])?;
    Ok(transaction.commit()?)
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
    let open: Option<bool> = connection
        .query_row(
            "UPDATE lines SET copies = CASE orders.state WHEN 'open' THEN ?4 ELSE copies END
             FROM orders
             WHERE lines.id = ?3 AND lines.order_id = ?2
               AND orders.id = lines.order_id AND orders.owner = ?1
             RETURNING (SELECT state = 'open' FROM orders WHERE id = lines.order_id)",
            params![user, order, line, copies],
            |row| row.get(0),
        )
        .optional()?;
    match open {
        None => Err(OwnershipError::Missing),
        Some(true) => Ok(()),
        Some(false) => Err(OwnershipError::NotOpen),
    }
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
    let given = connection.execute(
        "UPDATE orders SET owner = ?3 WHERE id = ?1 AND owner = ?2",
        [id, user, to],
    );
    match given {
        Ok(0) => Err(OwnershipError::Missing),
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(OwnershipError::NoSuchUser)
        }
        Err(error) => Err(error.into()),
    }
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
    let own: Option<bool> = connection
        .query_row(
            "UPDATE reviews SET text = CASE author WHEN ?1 THEN ?3 ELSE text END
             WHERE id = ?2 RETURNING author = ?1",
            params![user, id, text],
            |row| row.get(0),
        )
        .optional()?;
    match own {
        None => Err(OwnershipError::Missing),
        Some(true) => Ok(()),
        Some(false) => Err(OwnershipError::NotYours),
    }
}
