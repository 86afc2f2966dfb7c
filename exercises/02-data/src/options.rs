//! Finding a book, and a quote for the customer.
//!
//! Much of what a shop is asked for is not there: a number that no book has, a sequel that nobody wrote, a quantity
//! that is not a number. Here "not there" is a value like any other, and "not possible" says why.

/// A book of the catalogue. No two books have the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub number: u32,
    pub title: String,
    /// The usual price of one copy.
    pub price_cents: u64,
    /// The price while the book is on sale. `None` when it is not. A sale price of 0 is a gift, and a price too.
    pub sale_cents: Option<u64>,
    /// How many copies are on the shelf.
    pub copies: u32,
    /// The number of the book that continues the story. The catalogue need not hold that book.
    pub sequel: Option<u32>,
}

/// Why there is no quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuoteError {
    /// The catalogue holds no book of this number.
    NoSuchBook { number: u32 },
    /// The text is not a quantity. It is given back as it came in, white space included.
    BadQuantity { text: String },
    /// So many copies were asked for, and only so many are left.
    NotEnough { asked: u32, left: u32 },
    /// The total is more than `u64::MAX` cents.
    TooLarge,
}

/// The book of this number. `None` when there is none.
pub fn find_book(books: &[Book], number: u32) -> Option<&Book> {
    todo!("go through the books; the first that fits is the answer")
}

/// What one copy costs today: the sale price if the book has one, else the usual price.
pub fn price_to_pay(book: &Book) -> u64 {
    todo!("take what is in the option, or the usual price")
}

/// The title of the book that continues the story of the book with this number.
///
/// `None` when the catalogue has no such book, when its story has no sequel, or when the catalogue does not hold the
/// sequel.
pub fn sequel_title(books: &[Book], number: u32) -> Option<&str> {
    todo!("three steps, each of which can end with `None`: what does `?` do with that?")
}

/// Reads a quantity that a customer typed: a whole number from 1 to `u32::MAX`. White space around it does not count.
///
/// Whatever else comes in is [`QuoteError::BadQuantity`] with that text. Whether a plus sign may stand in front is left
/// open: `parse` takes one.
///
/// | text | answer |
/// | --- | --- |
/// | `"3"` | `Ok(3)` |
/// | `" 12\n"` | `Ok(12)` |
/// | `"0"` | `Err(BadQuantity { text: "0" })` |
/// | `" two"` | `Err(BadQuantity { text: " two" })` |
pub fn parse_quantity(text: &str) -> Result<u32, QuoteError> {
    todo!("trim, parse, refuse 0")
}

/// What the customer pays for `quantity` copies of the book with this number, at today's price.
///
/// When several things are wrong, the answer is the first of these: no such book, a bad quantity, not enough copies, a
/// total that is too large.
///
/// ```text
/// 7 Emma, 800 cents, 5 copies:   quote(books, 7, "2") is Ok(1600)
///                                quote(books, 7, "6") is Err(NotEnough { asked: 6, left: 5 })
/// ```
pub fn quote(books: &[Book], number: u32, quantity: &str) -> Result<u64, QuoteError> {
    todo!("turn the missing book into an error, then one check after the other")
}
