//! Editing a cart.
//!
//! A cart is a list of lines. One function looks at it, another changes it, a third takes it for good: what a function
//! may do with a value stands in its signature, as `&`, `&mut`, or neither.

/// One line of a cart: a book and how often the customer wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub title: String,
    pub copies: u32,
    /// What one copy costs, in cents.
    pub price_cents: u32,
}

/// What the customer pays for this line: copies times price, in cents. It only looks at the line.
pub fn line_cents(line: &Line) -> u64 {
    u64::from(line.copies) * u64::from(line.price_cents)
}

/// Gives the line so many copies on top of its own, at most `u32::MAX` together. It changes the line of the caller.
pub fn more_copies(line: &mut Line, copies: u32) {
    line.copies = line.copies.saturating_add(copies);
}

/// The title of a line that nobody needs any more. It takes the line for good.
pub fn title_of(line: Line) -> String {
    line.title
}

/// Where the line with this title stands in the cart, counted from 0; `None` when there is no such line.
pub fn position(cart: &[Line], title: &str) -> Option<usize> {
    for (index, line) in cart.iter().enumerate() {
        if line.title == title {
            return Some(index);
        }
    }
    None
}

/// Puts a line into the cart: into the line with its title if there is one, at the end if not.
pub fn add(cart: &mut Vec<Line>, line: Line) {
    match position(cart, &line.title) {
        Some(index) => {
            more_copies(&mut cart[index], line.copies);
            cart[index].price_cents = line.price_cents;
        }
        // The line moves into the vector. Nothing is copied, and nobody else has it any more.
        None => cart.push(line),
    }
}

/// Takes the line with this title out of the cart and hands it over; `None` when there is no such line.
pub fn take_out(cart: &mut Vec<Line>, title: &str) -> Option<Line> {
    if let Some(index) = position(cart, title) {
        // Not `swap_remove`, which is quicker and would put the last line in the gap.
        return Some(cart.remove(index));
    }
    None
}

/// What the cart would look like in the half-price sale; the cart itself stays as it is.
pub fn in_half_price_sale(cart: &[Line]) -> Vec<Line> {
    let mut sale = Vec::new();
    for line in cart {
        let mut line = line.clone();
        line.price_cents /= 2;
        sale.push(line);
    }
    sale
}

/// One cart out of two: the saved one, with the visitor's lines put in.
pub fn merge(saved: Vec<Line>, visitor: Vec<Line>) -> Vec<Line> {
    let mut cart = saved;
    for line in visitor {
        add(&mut cart, line);
    }
    cart
}
