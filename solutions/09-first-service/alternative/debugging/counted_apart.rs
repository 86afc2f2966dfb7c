//! The guests of all rounds counted in a statement of its own; the primary key in place of an index; a place for each share.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use minijinja::context;
use rusqlite::{Connection, OptionalExtension};

use crate::given::failure::Failure;
use crate::given::http::Id;
use crate::given::pages;

/// The tables. A pledge is a guest's share in a round: who has weight 2 pays twice as much as who has weight 1.
pub const SCHEMA: &str = "
    CREATE TABLE guests (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
    CREATE TABLE rounds (
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL,
        cents INTEGER NOT NULL CHECK (cents >= 0)
    ) STRICT;
    CREATE TABLE pledges (
        guest_id INTEGER NOT NULL REFERENCES guests (id),
        round_id INTEGER NOT NULL REFERENCES rounds (id),
        weight INTEGER NOT NULL CHECK (weight > 0),
        PRIMARY KEY (round_id, guest_id)
    ) STRICT;
";

/// A line of the overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: i64,
    pub title: String,
    pub cents: u32,
    /// How many guests take part.
    pub guests: u32,
}

/// A round, and what each of its guests pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    pub title: String,
    pub cents: u32,
    /// By ascending id of the guest.
    pub shares: Vec<Share>,
}

/// What one guest pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub name: String,
    pub initials: String,
    pub cents: u32,
}

/// All rounds by ascending id, those without guests too, however many there are in at most two statements.
pub fn overview(connection: &Connection) -> rusqlite::Result<Vec<Line>> {
    let mut counts = std::collections::HashMap::new();
    let mut statement =
        connection.prepare("SELECT round_id, count(*) FROM pledges GROUP BY round_id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        counts.insert(row.get::<_, i64>(0)?, row.get::<_, u32>(1)?);
    }
    let mut statement = connection.prepare("SELECT id, title, cents FROM rounds ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        lines.push(Line {
            id,
            title: row.get(1)?,
            cents: row.get(2)?,
            guests: counts.get(&id).copied().unwrap_or_default(),
        });
    }
    Ok(lines)
}

/// One round with its shares, or nothing when there is no such round. It finds a round's pledges by an index: its cost does not
/// grow with those of other rounds.
pub fn round(connection: &Connection, id: i64) -> rusqlite::Result<Option<Round>> {
    let found = connection
        .query_row(
            "SELECT title, cents FROM rounds WHERE id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((title, cents)): Option<(String, u32)> = found else {
        return Ok(None);
    };
    let mut pledges = connection.prepare(
        "SELECT name, weight FROM pledges JOIN guests ON guests.id = guest_id
         WHERE round_id = ?1 ORDER BY guest_id",
    )?;
    let pledges: Vec<(String, u32)> = pledges
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let weights: Vec<u32> = pledges.iter().map(|(_, weight)| *weight).collect();
    let shares = split(cents, &weights)
        .into_iter()
        .zip(pledges)
        .map(|(cents, (name, _))| Share {
            initials: initials(&name),
            name,
            cents,
        })
        .collect();
    Ok(Some(Round {
        title,
        cents,
        shares,
    }))
}

/// What each pays, by weight, so that the shares add up to `cents` exactly.
///
/// Each pays `cents` times the own weight by the sum of the weights, rounded down to a cent. The cents that are left go to the
/// first in the list, one each. Without anybody there are no shares. Weights are above 0.
///
/// `split(100, &[1, 1, 1])` is 34, 33, 33; `split(1000, &[2, 1])` is 667, 333.
pub fn split(cents: u32, weights: &[u32]) -> Vec<u32> {
    let all: u128 = weights.iter().map(|&w| u128::from(w)).sum();
    let exact: Vec<u128> = weights
        .iter()
        .map(|&w| u128::from(cents) * u128::from(w) / all)
        .collect();
    let left = u128::from(cents).saturating_sub(exact.iter().sum());
    (0u128..)
        .zip(exact)
        .map(|(place, share)| u32::try_from(share + u128::from(place < left)).unwrap_or(u32::MAX))
        .collect()
}

/// What stands in the badge of a guest: the first character of the first word and of the last, in capital letters (as
/// `to_uppercase` has them). One word gives one character, and nothing but white space `?`.
///
/// `Ana Brown` gives `AB`, `Mary Anne Evans` `ME`, `Cher` `C`, `émile zola` `ÉZ`.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .map(|word| word.chars().take(1).collect::<String>().to_uppercase());
    match (words.next(), words.next_back()) {
        (None, _) => String::from("?"),
        (Some(one), None) => one,
        (Some(first), Some(last)) => first + &last,
    }
}

/// The pages: `GET /rounds` and `GET /rounds/{id}`.
pub fn routes(connection: Connection) -> Router {
    Router::new()
        .route("/rounds", get(show_overview))
        .route("/rounds/{id}", get(show_round))
        .with_state(Arc::new(Mutex::new(connection)))
}

type Shared = State<Arc<Mutex<Connection>>>;

async fn show_overview(State(connection): Shared) -> Result<Html<String>, Failure> {
    let lines = asked(connection, overview).await?;
    let rounds: Vec<_> = lines
        .into_iter()
        .map(|line| {
            context! { id => line.id, title => line.title, price => euros(line.cents), guests => line.guests }
        })
        .collect();
    let values = context! { title => "Gift rounds", rounds => rounds };
    pages::render("rounds.html", values).map(Html)
}

async fn show_round(State(connection): Shared, Id(id): Id) -> Result<Html<String>, Failure> {
    let found = asked(connection, move |connection| round(connection, id)).await?;
    let round = found.ok_or(Failure::NotFound { what: "round" })?;
    let shares: Vec<_> = round
        .shares
        .into_iter()
        .map(|share| context! { name => share.name, initials => share.initials, price => euros(share.cents) })
        .collect();
    let values = context! { title => round.title, price => euros(round.cents), shares => shares };
    pages::render("round.html", values).map(Html)
}

/// Asks the database on a thread that may wait for it.
async fn asked<T: Send + 'static>(
    connection: Arc<Mutex<Connection>>,
    question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let task = tokio::task::spawn_blocking(move || {
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        question(&connection)
    });
    match task.await {
        Ok(answer) => answer.map_err(|error| Failure::Broken(Box::new(error))),
        // It panicked; the message of the panic is in the error.
        Err(error) => Err(Failure::Broken(Box::new(error))),
    }
}

fn euros(cents: u32) -> String {
    format!("{}.{:02} €", cents / 100, cents % 100)
}
