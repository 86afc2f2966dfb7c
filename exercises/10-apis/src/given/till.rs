//! Where money moves: the card processor, as this shop sees it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// One charge of one card.
#[derive(Clone, PartialEq, Eq)]
pub struct Charge {
    /// What makes this charge the same as an earlier one: who asked, and under which key.
    pub partner: String,
    pub key: String,
    pub order: i64,
    pub cents: u32,
    pub card: String,
}

impl fmt::Debug for Charge {
    /// Without the card: what is printed ends in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charge")
            .field("partner", &self.partner)
            .field("key", &self.key)
            .field("order", &self.order)
            .field("cents", &self.cents)
            .finish_non_exhaustive()
    }
}

/// Why no money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCharged {
    /// The bank says no. It will say so again.
    Declined,
    /// The processor did not answer. Whether money moved is not known.
    Unreachable,
}

impl fmt::Display for NotCharged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declined => "the card was declined",
            Self::Unreachable => "the card processor does not answer",
        })
    }
}

impl Error for NotCharged {}

/// Charges cards.
pub trait Till: Send + Sync {
    /// Charges the card and gives the number of the receipt. May take seconds: call it where waiting is allowed.
    ///
    /// A processor has idempotency keys of its own. It takes the charge's partner and key for one: the same pair is charged
    /// once, however often it is sent.
    ///
    /// # Errors
    ///
    /// When no money moved, or nobody knows.
    fn charge(&self, charge: &Charge) -> Result<u64, NotCharged>;
}

/// A till for trying things out: it moves no money, declines cards that end in `0002`, and cannot be reached for those that
/// end in `0009`.
#[derive(Debug, Default)]
pub struct PlayTill {
    receipts: Mutex<BTreeMap<(String, String), u64>>,
}

impl Till for PlayTill {
    fn charge(&self, charge: &Charge) -> Result<u64, NotCharged> {
        if charge.card.ends_with("0002") {
            return Err(NotCharged::Declined);
        }
        if charge.card.ends_with("0009") {
            return Err(NotCharged::Unreachable);
        }
        let mut receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        let next = receipts.len() as u64 + 1;
        let pair = (charge.partner.clone(), charge.key.clone());
        Ok(*receipts.entry(pair).or_insert(next))
    }
}
