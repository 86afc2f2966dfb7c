//! Parcels, who sends them, and in which ways that can fail.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// What one parcel may weigh.
pub const MOST_GRAMS: u64 = 30_000;

/// A parcel. It has left when it has a number for tracking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shipment {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
}

/// What `POST /shipments/{id}/dispatch` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    pub grams: u64,
}

/// In which ways a request about a shipment can fail.
#[derive(Debug)]
pub enum Failure {
    NoSuchShipment {
        id: String,
    },
    AlreadySent {
        id: String,
        tracking: String,
    },
    TooHeavy {
        grams: u64,
        most_grams: u64,
    },
    /// The carrier takes no parcels for so many seconds.
    CarrierBusy {
        seconds: u64,
    },
    /// Something on our side does not work. What it is concerns nobody outside.
    Broken(Box<dyn Error + Send + Sync>),
}

/// Who sends parcels.
pub trait Carrier: Send + Sync {
    /// The shipment of this id.
    fn find(&self, id: &str) -> Result<Shipment, Failure>;

    /// Sends the parcel.
    fn dispatch(&self, id: &str, grams: u64) -> Result<Shipment, Failure>;
}

/// Why an answer says that something broke, for the log: handlers put it into the answer's extensions
/// (`response.extensions_mut()`), which the server keeps for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(pub String);

/// Gives each request an id that no other has.
pub type Ids = Arc<dyn Fn() -> String + Send + Sync>;

/// Takes one line of the log.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// Shipments in memory.
#[derive(Debug, Default)]
pub struct Depot {
    shipments: Mutex<BTreeMap<String, Option<String>>>,
}

impl Depot {
    /// A depot with these parcels, of which none has left.
    pub fn with(ids: &[&str]) -> Self {
        let parcels = ids.iter().map(|id| ((*id).to_owned(), None));
        Self {
            shipments: Mutex::new(parcels.collect()),
        }
    }
}

impl Carrier for Depot {
    fn find(&self, id: &str) -> Result<Shipment, Failure> {
        let shipments = self
            .shipments
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(tracking) = shipments.get(id) else {
            return Err(Failure::NoSuchShipment { id: id.to_owned() });
        };
        Ok(Shipment {
            id: id.to_owned(),
            tracking: tracking.clone(),
        })
    }

    fn dispatch(&self, id: &str, grams: u64) -> Result<Shipment, Failure> {
        let mut shipments = self
            .shipments
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(tracking) = shipments.get_mut(id) else {
            return Err(Failure::NoSuchShipment { id: id.to_owned() });
        };
        let id = id.to_owned();
        if let Some(tracking) = tracking.clone() {
            return Err(Failure::AlreadySent { id, tracking });
        }
        if grams > MOST_GRAMS {
            let most_grams = MOST_GRAMS;
            return Err(Failure::TooHeavy { grams, most_grams });
        }
        *tracking = Some(format!("LT-{id}"));
        Ok(Shipment {
            id,
            tracking: tracking.clone(),
        })
    }
}
