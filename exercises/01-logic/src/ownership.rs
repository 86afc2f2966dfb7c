//! Editing a cart.
//!
//! A cart is a list of lines. One function looks at it, another changes it, a third takes it for good: what a function
//! may do with a value stands in its signature, as `&`, `&mut`, or neither.

/// One line of a cart: a book and how often the customer wants it.
///
/// (The `derive` line lets a line be printed with `{:?}`, copied with `.clone()`, and compared with `==`.)
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub title: String,
    pub copies: u32,
    /// What one copy costs, in cents.
    pub price_cents: u32,
}

/// What the customer pays for this line: copies times price, in cents. It only looks at the line.
pub fn line_cents(line: &Line) -> u64 {
    todo!("widen both numbers, then multiply")
}

/// Gives the line so many copies on top of its own, at most `u32::MAX` together. It changes the line of the caller.
pub fn more_copies(line: &mut Line, copies: u32) {
    todo!("a dot reaches the field of a lent line, too: assign to it")
}

/// The title of a line that nobody needs any more. It takes the line for good.
pub fn title_of(line: Line) -> String {
    todo!("the title moves out; no clone is needed")
}

/// Where the line with this title stands in the cart, counted from 0; `None` when there is no such line.
///
/// | titles in `cart` | `title` | answer |
/// | --- | --- | --- |
/// | Emma, Middlemarch | `Middlemarch` | `Some(1)` |
/// | Emma, Middlemarch | `Walden` | `None` |
pub fn position(cart: &[Line], title: &str) -> Option<usize> {
    todo!("go through the lines and count, until a title is the right one")
}

/// Puts a line into the cart.
///
/// If the cart has a line with this title already, that line gets the new copies on top of its own (at most
/// `u32::MAX` together) and takes over the new price. If not, the line goes to the end of the cart.
pub fn add(cart: &mut Vec<Line>, line: Line) {
    todo!("ask `position`: at that index, more copies and the new price; else push")
}

/// Takes the line with this title out of the cart and hands it over; `None` when there is no such line.
///
/// The other lines keep their order.
pub fn take_out(cart: &mut Vec<Line>, title: &str) -> Option<Line> {
    todo!("ask `position`, then let the vector give the line away")
}

/// What the cart would look like in the half-price sale: each price halved, rounded down to a full cent.
///
/// The customer may decline: the cart itself stays as it is, and the answer is a cart of its own.
pub fn in_half_price_sale(cart: &[Line]) -> Vec<Line> {
    todo!("a clone of each line may be changed freely")
}

/// One cart out of two, when a visitor who has filled a cart logs in and has a saved one.
///
/// The lines of `saved` come first, then those of `visitor` are put in, in their order, by the rules of `add`. Nobody
/// needs the two old carts any more.
///
/// | `saved` | `visitor` | answer |
/// | --- | --- | --- |
/// | 1 Emma at 900, 2 Walden at 700 | 3 Emma at 800, 1 Iliad at 500 | 4 Emma at 800, 2 Walden at 700, 1 Iliad at 500 |
pub fn merge(saved: Vec<Line>, visitor: Vec<Line>) -> Vec<Line> {
    todo!("both carts are yours: keep one, and empty the other into it")
}
