//! What the shop tells other programs in JSON, and what it lets them say.
//!
//! Books go out to a search service and come in from publishers. Orders come in from the shop's own page. The types
//! below are finished but for their `#[serde(…)]` attributes: those make the JSON look as their documentation says.

use serde::Deserialize;
use serde::Serialize;
use serde_json::error::Category;

/// A book in the feed. In JSON its fields are written in `camelCase`.
///
/// ```json
/// {
///   "isbn": "9780141439518",
///   "title": "Pride and Prejudice",
///   "subtitle": "A Novel",
///   "priceCents": 1299,
///   "tags": ["classic"],
///   "available": true
/// }
/// ```
///
/// Publishers add fields of their own to what they send. A book that is read may have any number of unknown fields;
/// they are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Book {
    /// Must be there.
    pub isbn: String,
    /// Must be there.
    pub title: String,
    /// When there is none, the JSON has no such field. Reading takes an absent field and `null` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// `priceCents`, a whole number from 0 to `u32::MAX`. Must be there.
    pub price_cents: u32,
    /// Always written. Absent when read: no tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Always written. Absent when read: `true`.
    #[serde(default = "available_by_default")]
    pub available: bool,
    /// What the shop itself has paid. It is nobody's business: it is never written, and whatever a feed claims about
    /// it is ignored. A book that was read has 0 here.
    #[serde(skip)]
    pub purchase_cents: u32,
}

fn available_by_default() -> bool {
    true
}

/// An order from the shop's page.
///
/// ```json
/// { "isbn": "9780141439518", "quantity": 2, "payment": { "kind": "card", "digits": "4242" } }
/// ```
///
/// A field that an order does not have is a mistake of the page, or an attempt at something: the order is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Must be there.
    pub isbn: String,
    /// Absent when read: 1.
    #[serde(default = "one")]
    pub quantity: u32,
    /// Must be there.
    pub payment: Payment,
}

fn one() -> u32 {
    1
}

/// How an order is paid. In JSON the field `kind` says which of these it is, and the other fields lie beside it.
///
/// | value | JSON |
/// | --- | --- |
/// | `Card { digits }` | `{"kind": "card", "digits": "4242"}` |
/// | `GiftVoucher { code }` | `{"kind": "giftVoucher", "code": "SPRING"}` |
/// | `Invoice` | `{"kind": "invoice"}` |
///
/// Whether a payment may have further fields is up to you.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Payment {
    /// A card, of which the shop sees the last digits only.
    Card { digits: String },
    /// A voucher with its code.
    GiftVoucher { code: String },
    /// An invoice, sent with the books.
    Invoice,
}

/// Writes a book as JSON. Order of the fields and blanks between them do not matter.
///
/// # Errors
///
/// What `serde_json` says. A book gives it no reason.
pub fn book_to_json(book: &Book) -> serde_json::Result<String> {
    serde_json::to_string(book)
}

/// Reads a book from the bytes of its JSON.
///
/// # Errors
///
/// Bytes that are not JSON, a field that is missing or that occurs twice, or a value of the wrong type: a price is
/// neither `"1299"` nor `12.99` nor `-1`.
pub fn book_from_json(json: &[u8]) -> serde_json::Result<Book> {
    serde_json::from_slice(json)
}

/// Writes an order as JSON. Order of the fields and blanks between them do not matter.
///
/// # Errors
///
/// What `serde_json` says. An order gives it no reason.
pub fn order_to_json(order: &Order) -> serde_json::Result<String> {
    serde_json::to_string(order)
}

/// Reads an order from the bytes of its JSON.
///
/// # Errors
///
/// Everything that [`book_from_json`] refuses, and besides: a field that an order does not have, and a `kind` that is
/// missing or unknown.
pub fn order_from_json(json: &[u8]) -> serde_json::Result<Order> {
    serde_json::from_slice(json)
}

/// The HTTP status with which a server answers a request whose JSON gave this error.
///
/// | what is wrong | status |
/// | --- | --- |
/// | the bytes are not JSON, or they end too early | 400, "Bad Request" |
/// | they are JSON, but not what was asked for | 422, "Unprocessable Content" |
/// | the bytes could not be read | 500, "Internal Server Error" |
#[must_use]
pub fn status_for(error: &serde_json::Error) -> u16 {
    match error.classify() {
        Category::Syntax | Category::Eof => 400,
        Category::Data => 422,
        Category::Io => 500,
    }
}
