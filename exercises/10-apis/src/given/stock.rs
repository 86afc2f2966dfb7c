//! What stands on Lantern's shelves.

use serde::{Deserialize, Deserializer, de::Error};

/// A title, its number, its price and how many copies are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Title {
    pub isbn: &'static str,
    pub title: &'static str,
    pub cents: u32,
    pub copies: u32,
}

/// The whole shop, in the order of the numbers.
pub const SHELF: [Title; 4] = [
    Title {
        isbn: "9780141439518",
        title: "Pride and Prejudice",
        cents: 899,
        copies: 99,
    },
    Title {
        isbn: "9780141439587",
        title: "Emma",
        cents: 950,
        copies: 120,
    },
    Title {
        isbn: "9780141439600",
        title: "A Tale of Two Cities",
        cents: 1199,
        copies: 3,
    },
    Title {
        isbn: "9780141439846",
        title: "Dracula",
        cents: 1050,
        copies: 0,
    },
];

/// The title of this number.
pub fn find(isbn: &str) -> Option<&'static Title> {
    SHELF.iter().find(|title| title.isbn == isbn)
}

/// How many copies somebody wants: for JSON, 2.0 is as whole a number as 2, and OpenAPI calls both `integer`.
///
/// # Errors
///
/// When it is no whole number, or none that a `u32` holds.
pub fn whole<'de, D: Deserializer<'de>>(number: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(number)?;
    // 2.0 is written as `2`; what has a fraction, a sign or too many digits cannot be read again.
    let read = number.to_string().parse();
    read.map_err(|_| D::Error::custom(format!("{number} is not a number of copies")))
}
