//! The keeper of the stock: one task owns the numbers, and everybody else sends it commands.
//!
//! What only one task can touch needs no lock. The keeper takes one command after the other out of a queue, and sends the
//! answer back through a channel that comes with the command.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};

/// What the keeper can be told. Each command brings the way back for its answer. Given.
#[derive(Debug)]
pub enum Command {
    /// A delivery has come. The answer: how many copies there are now.
    Receive {
        isbn: String,
        copies: u32,
        reply: oneshot::Sender<u32>,
    },
    /// Somebody wants so many copies. The answer: how many are left, or `None` if there were not enough.
    Take {
        isbn: String,
        copies: u32,
        reply: oneshot::Sender<Option<u32>>,
    },
    /// How many copies are there?
    Count {
        isbn: String,
        reply: oneshot::Sender<u32>,
    },
}

/// The keeper has gone, and nobody does what was asked. Given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// The keeper: does one command after the other, in the order in which they came.
///
/// - Of a book that `stock` does not name there are 0 copies.
/// - `Receive` adds to what is there. More than `u32::MAX` copies do not fit: then there are `u32::MAX`.
/// - `Take` takes all copies that are asked for, or none.
/// - **An asker may be gone** before its command is done: it has dropped the other end of `reply`. Then a `Take` takes
///   nothing, because nobody would carry the copies away. A `Receive` counts all the same: the copies have come.
///
/// The keeper ends when nobody can send a command any more, after it has done those that still lie in the queue. It returns
/// the stock as it is then.
pub async fn keep(
    mut stock: HashMap<String, u32>,
    mut commands: mpsc::Receiver<Command>,
) -> HashMap<String, u32> {
    while let Some(command) = commands.recv().await {
        match command {
            Command::Receive {
                isbn,
                copies,
                reply,
            } => {
                let there = stock.entry(isbn).or_default();
                *there = there.saturating_add(copies);
                // The copies are on the shelf, whether somebody wants to know it or not.
                let _ = reply.send(*there);
            }
            Command::Take {
                isbn,
                copies,
                reply,
            } => {
                let left = there(&stock, &isbn).checked_sub(copies);
                // The answer first: when it reaches nobody, nothing was taken.
                if reply.send(left).is_ok()
                    && let Some(left) = left
                {
                    stock.insert(isbn, left);
                }
            }
            Command::Count { isbn, reply } => {
                let _ = reply.send(there(&stock, &isbn));
            }
        }
    }
    stock
}

fn there(stock: &HashMap<String, u32>, isbn: &str) -> u32 {
    stock.get(isbn).copied().unwrap_or(0)
}

/// The way to the keeper, for everybody else. A clone leads to the same keeper.
#[derive(Debug, Clone)]
pub struct Stock {
    commands: mpsc::Sender<Command>,
}

impl Stock {
    /// Commands go into the queue of this sender. Given.
    pub fn new(commands: mpsc::Sender<Command>) -> Self {
        Self { commands }
    }

    /// Tells the keeper of a delivery, and returns how many copies there are now.
    ///
    /// When the queue is full, it waits for a place. `Closed` when there is no keeper, or none any more before the answer.
    /// The same holds for the other two.
    pub async fn receive(&self, isbn: &str, copies: u32) -> Result<u32, Closed> {
        let isbn = isbn.to_owned();
        self.ask(|reply| Command::Receive {
            isbn,
            copies,
            reply,
        })
        .await
    }

    /// Takes copies out of the stock: returns how many are left, or `None` if there were not enough.
    pub async fn take(&self, isbn: &str, copies: u32) -> Result<Option<u32>, Closed> {
        let isbn = isbn.to_owned();
        self.ask(|reply| Command::Take {
            isbn,
            copies,
            reply,
        })
        .await
    }

    /// Returns how many copies there are.
    pub async fn count(&self, isbn: &str) -> Result<u32, Closed> {
        let isbn = isbn.to_owned();
        self.ask(|reply| Command::Count { isbn, reply }).await
    }

    /// Sends a command, and waits for what comes back.
    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Closed> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(command(reply)).await;
        sent.map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}
