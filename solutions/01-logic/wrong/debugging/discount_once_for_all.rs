//! Caught by: a_discount_stays_with_its_line, lines_do_not_influence_each_other, an_invoice_adds_up
//! Why it tempts: the other two faults show in single numbers; this one needs two lines in the right order.
//!
//! An invoice.
//!
//! What a customer has to pay, line by line, with the discount for large numbers of copies, and the tax.

/// One line of an invoice: a book, how many copies, and what one copy costs in cents.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub title: String,
    pub copies: u32,
    pub price_cents: u32,
}

/// What each line costs, in cents, in the order of the lines.
///
/// A line of 10 copies or more costs a tenth less (the discount is rounded down to a full cent). The discount belongs
/// to that line alone.
///
/// | `lines` | answer |
/// | --- | --- |
/// | 3 at 1250 | 3750 |
/// | 10 at 1250, 3 at 1250 | 11_250, 3750 |
pub fn line_amounts(lines: &[Line]) -> Vec<u64> {
    let mut amounts = Vec::new();
    let mut percent = 0;
    for line in lines {
        let full = u64::from(line.price_cents) * u64::from(line.copies);
        if line.copies >= 10 {
            percent = 10;
        }
        let discount = full * percent / 100;
        amounts.push(full - discount);
    }
    amounts
}

/// The tax on an amount: 7 percent, rounded down to a full cent.
///
/// | `net_cents` | answer |
/// | --- | --- |
/// | 1000 | 70 |
/// | 1099 | 76 (76.93, rounded down) |
pub fn tax_cents(net_cents: u64) -> u64 {
    // Multiplied first: a division in the middle drops the cents before the tax is taken on them.
    net_cents * 7 / 100
}

/// An amount as text: the euros, a point, and always two digits for the cents.
///
/// | `cents` | answer |
/// | --- | --- |
/// | 1250 | `12.50` |
/// | 1205 | `12.05` |
/// | 7 | `0.07` |
pub fn euros(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The whole invoice, one entry a line; each line ends in a line break (`\n`).
///
/// ```text
/// 10 x Emma: 112.50
/// 1 x Walden: 7.05
/// Net: 119.55
/// Tax: 8.36
/// Total: 127.91
/// ```
pub fn invoice(lines: &[Line]) -> String {
    let amounts = line_amounts(lines);
    let mut text = String::new();
    let mut net = 0;
    for (index, line) in lines.iter().enumerate() {
        let amount = amounts[index];
        text.push_str(&format!(
            "{} x {}: {}\n",
            line.copies,
            line.title,
            euros(amount)
        ));
        net += amount;
    }
    let tax = tax_cents(net);
    text.push_str(&format!("Net: {}\n", euros(net)));
    text.push_str(&format!("Tax: {}\n", euros(tax)));
    text.push_str(&format!("Total: {}\n", euros(net + tax)));
    text
}
