//! What stands on Lantern's shelves.

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
