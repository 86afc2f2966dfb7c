//! Caught by: merging_puts_the_visitors_lines_into_the_saved_cart, no_copy_is_lost_and_no_line_is_doubled
//! Why it tempts: `extend` makes one list of two, and a book that is in both has two lines.
//!
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
            cart[index].copies = cart[index].copies.saturating_add(line.copies);
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
    cart.extend(visitor);
    cart
}
