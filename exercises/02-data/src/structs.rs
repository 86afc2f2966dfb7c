//! Money that is money, and a book that looks after its own copies.
//!
//! A price in a bare `u64` can be added to a page count, and nobody notices before the customer does. Lantern gives
//! money a type of its own, and lets the book guard its shelf: a copy that is not there cannot be sold.

/// An amount of money in whole cents, from 0 to `u64::MAX`. It is never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money {
    cents: u64,
}

impl Money {
    /// Makes an amount from whole cents: `Money::from_cents(1250)` is 12.50. Every number of cents is an amount.
    pub fn from_cents(cents: u64) -> Self {
        todo!("build the struct: its name, braces, its one field")
    }

    /// The amount in whole cents: what `from_cents` was given.
    pub fn cents(self) -> u64 {
        todo!("read the field of `self`")
    }

    /// This amount and `other` together. `None` when the sum is more than `u64::MAX` cents.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        todo!("add the cents with a method that notices an overflow, then make money of the sum")
    }

    /// What is left of this amount without `other`. `None` when `other` is more than this amount.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        todo!("as `checked_add`, in the other direction")
    }

    /// The price of `quantity` things at this price each. Nothing costs 0. `None` when the total is more than
    /// `u64::MAX` cents.
    ///
    /// | each | quantity | total |
    /// | --- | --- | --- |
    /// | 1250 cents | 3 | 3750 cents |
    /// | 1250 cents | 0 | 0 cents |
    /// | `u64::MAX` cents | 2 | `None` |
    pub fn times(self, quantity: u32) -> Option<Self> {
        todo!("make a `u64` of the quantity first, so that both numbers have one type")
    }
}

/// A title on Lantern's shelf: what it is called, what a copy costs, how many copies there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    title: String,
    price: Money,
    copies: u32,
}

impl Book {
    /// Makes a book of which there is no copy yet.
    ///
    /// White space around the title is dropped: `"  Emma "` becomes `"Emma"`. `None` when nothing is left of the title.
    pub fn new(title: &str, price: Money) -> Option<Self> {
        todo!("trim the title; refuse an empty one; build the struct with 0 copies")
    }

    /// The title, without white space around it.
    pub fn title(&self) -> &str {
        todo!("lend the title")
    }

    /// What one copy costs.
    pub fn price(&self) -> Money {
        todo!("`Money` is `Copy`: return the field")
    }

    /// How many copies are on the shelf.
    pub fn copies(&self) -> u32 {
        todo!("return the field")
    }

    /// Puts `copies` more on the shelf and says how many there are now.
    ///
    /// `None` when that would be more than `u32::MAX`; the shelf then stays as it was.
    pub fn receive(&mut self, copies: u32) -> Option<u32> {
        todo!("work out the new number; store it only if there is one")
    }

    /// Takes `copies` off the shelf and says what the customer pays for them.
    ///
    /// `None` when there are fewer copies than that, or when the total is more than `Money` can hold. A refused sale
    /// changes nothing: the shelf stays as it was.
    ///
    /// ```text
    /// 5 copies at 800 cents:  sell(2) gives 1600 cents and leaves 3;  sell(6) gives None and leaves 5
    /// ```
    pub fn sell(&mut self, copies: u32) -> Option<Money> {
        todo!("two things can go wrong: ask about both before you change the shelf")
    }
}
