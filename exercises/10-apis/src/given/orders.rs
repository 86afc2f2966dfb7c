//! Orders as partners send them, and who keeps them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::books::Isbn;

/// An order that has been checked: whoever holds one need not ask again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewOrder {
    pub customer: Customer,
    pub ship_to: Address,
    pub lines: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gift_message: Option<String>,
}

/// Who gets the bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Customer {
    pub name: String,
    pub email: String,
}

/// Where the parcel goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    pub street: String,
    pub postcode: String,
    pub country: Country,
}

/// Where Lantern ships to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Country {
    At,
    Ch,
    De,
}

impl Country {
    /// The country of a code: `AT`, `CH` or `DE`, in capital letters.
    pub fn of(code: &str) -> Option<Self> {
        match code {
            "AT" => Some(Self::At),
            "CH" => Some(Self::Ch),
            "DE" => Some(Self::De),
            _ => None,
        }
    }

    /// How many digits a postcode has.
    pub fn postcode_digits(self) -> usize {
        match self {
            Self::At | Self::Ch => 4,
            Self::De => 5,
        }
    }
}

/// So many copies of a book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub isbn: Isbn,
    pub copies: u64,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901), such as `/lines/0/copies`.
    pub pointer: String,
    /// A sentence that says what would be right.
    pub detail: String,
}

/// An order that is kept, with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placed {
    pub id: u64,
    #[serde(flatten)]
    pub order: NewOrder,
}

/// The orders, and the ISBNs of the books that Lantern has.
#[derive(Debug, Default)]
pub struct Orders {
    known: BTreeSet<Isbn>,
    placed: Mutex<Vec<Placed>>,
}

impl Orders {
    /// No orders yet, for a shop with these books.
    pub fn with_books(known: impl IntoIterator<Item = Isbn>) -> Self {
        Self {
            known: known.into_iter().collect(),
            placed: Mutex::default(),
        }
    }

    /// Whether Lantern has this book.
    pub fn knows(&self, isbn: &Isbn) -> bool {
        self.known.contains(isbn)
    }

    /// Keeps the order, and gives it the next number, from 1.
    pub fn place(&self, order: NewOrder) -> Placed {
        let mut orders = self.placed();
        let id = orders.last().map_or(1, |last| last.id + 1);
        let placed = Placed { id, order };
        orders.push(placed.clone());
        placed
    }

    /// Everything that was placed.
    pub fn all(&self) -> Vec<Placed> {
        self.placed().clone()
    }

    fn placed(&self) -> MutexGuard<'_, Vec<Placed>> {
        self.placed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to an order with faulty fields: 422, and problem details that name each of them.
pub fn refused(errors: &[FieldError]) -> Response {
    #[derive(Serialize)]
    struct Refused<'a> {
        r#type: &'static str,
        title: &'static str,
        status: u16,
        errors: &'a [FieldError],
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let refused = Refused {
        r#type: "https://lantern.example/problems/faulty-fields",
        title: "Some fields need another look",
        status: status.as_u16(),
        errors,
    };
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, kind, Json(refused)).into_response()
}
