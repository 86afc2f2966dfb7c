//! Caught by: a_new_book_has_a_title_and_an_empty_shelf
//! Why it tempts: "is it empty" asked before the trimming says no to " ".

/// An amount of money in whole cents, from 0 to `u64::MAX`. It is never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money {
    cents: u64,
}

impl Money {
    /// Makes an amount from whole cents: `Money::from_cents(1250)` is 12.50. Every number of cents is an amount.
    pub fn from_cents(cents: u64) -> Self {
        Self { cents }
    }

    /// The amount in whole cents: what `from_cents` was given.
    pub fn cents(self) -> u64 {
        self.cents
    }

    /// This amount and `other` together. `None` when the sum is more than `u64::MAX` cents.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.cents.checked_add(other.cents).map(Self::from_cents)
    }

    /// What is left of this amount without `other`. `None` when `other` is more than this amount.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.cents.checked_sub(other.cents).map(Self::from_cents)
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
        self.cents
            .checked_mul(u64::from(quantity))
            .map(Self::from_cents)
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
        if title.is_empty() {
            return None;
        }
        Some(Self {
            title: title.trim().to_string(),
            price,
            copies: 0,
        })
    }

    /// The title, without white space around it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What one copy costs.
    pub fn price(&self) -> Money {
        self.price
    }

    /// How many copies are on the shelf.
    pub fn copies(&self) -> u32 {
        self.copies
    }

    /// Puts `copies` more on the shelf and says how many there are now.
    ///
    /// `None` when that would be more than `u32::MAX`; the shelf then stays as it was.
    pub fn receive(&mut self, copies: u32) -> Option<u32> {
        let sum = self.copies.checked_add(copies);
        if let Some(sum) = sum {
            self.copies = sum;
        }
        sum
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
        // Both answers are known before anything changes, so a refusal has nothing to undo.
        match (self.copies.checked_sub(copies), self.price.times(copies)) {
            (Some(left), Some(total)) => {
                self.copies = left;
                Some(total)
            }
            _ => None,
        }
    }
}
