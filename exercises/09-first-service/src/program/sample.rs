//! Gift rounds to look at: `cargo run -p first-service`, then `/rounds`.

use rusqlite::{Connection, params};

use crate::debugging::SCHEMA;

/// A database in memory with forty rounds. Among its guests are some whose names are not like "Ana Brown".
///
/// # Errors
///
/// Those of SQLite.
pub fn rounds() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    connection.execute_batch(SCHEMA)?;
    let transaction = connection.transaction()?;
    let names = [
        "Ana Brown",
        "Jonas Lindqvist",
        "Olga Petrov",
        "Cher",
        "Émile Zola",
        "Mary Anne Evans",
        "ßeta Tester",
    ];
    for (id, name) in (1..).zip(names) {
        let sql = "INSERT INTO guests (id, name) VALUES (?1, ?2)";
        transaction.execute(sql, params![id, name])?;
    }
    for round in 1..=40 {
        let sql = "INSERT INTO rounds (id, title, cents) VALUES (?1, ?2, ?3)";
        let title = format!("Gift {round}");
        transaction.execute(sql, params![round, title, 1000 * round + 1])?;
        for guest in [1, 2, 3, round % 7 + 1] {
            let sql =
                "INSERT OR IGNORE INTO pledges (round_id, guest_id, weight) VALUES (?1, ?2, ?3)";
            transaction.execute(sql, params![round, guest, guest % 3 + 1])?;
        }
    }
    transaction.commit()?;
    Ok(connection)
}
