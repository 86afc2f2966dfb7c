use data::structs::{Book, Money};

use crate::texts;

/// From here on a floating-point number no longer tells one cent from the next.
const LARGE: u64 = (1 << 53) + 1;

/// The cents of an amount that there is. What the tests compare are numbers and texts.
fn cents(amount: Option<Money>) -> Option<u64> {
    amount.map(Money::cents)
}

fn shelf(title: &str, cents: u64, copies: u32) -> Book {
    let mut book = Book::new(title, Money::from_cents(cents)).expect("the title is not blank");
    assert_eq!(
        book.receive(copies),
        Some(copies),
        "{copies} copies of {title} put on an empty shelf"
    );
    book
}

/// Money gives back the cents that it was made from, and two amounts compare by their cents.
#[test]
fn money_keeps_its_cents() {
    for cents in [0, 1, 1250, u64::MAX] {
        let kept: u64 = Money::from_cents(cents).cents();
        assert_eq!(kept, cents, "made from {cents} cents");
    }
    let (less, more) = (Money::from_cents(999), Money::from_cents(1000));
    assert!(less < more, "9.99 is less than 10.00");
    assert!(less != more, "9.99 is not 10.00");
    assert!(more == Money::from_cents(1000), "10.00 is 10.00");
}

/// A sum that fits is given; a sum past `u64::MAX` cents is `None`, neither a crash nor a small number.
#[test]
fn adding_notices_an_overflow() {
    for (left, right, sum) in [
        (1250, 899, Some(2149)),
        (0, 0, Some(0)),
        (LARGE, 2, Some(LARGE + 2)),
        (1 << 63, 5, Some((1 << 63) + 5)),
        (u64::MAX - 1, 1, Some(u64::MAX)),
        (u64::MAX, 0, Some(u64::MAX)),
        (u64::MAX, 1, None),
        (u64::MAX, u64::MAX, None),
    ] {
        let answer: Option<Money> = Money::from_cents(left).checked_add(Money::from_cents(right));
        assert_eq!(
            cents(answer),
            sum,
            "the cents of {left} cents and {right} cents"
        );
    }
}

/// Taking away goes down to 0 and no further: less than nothing is `None`.
#[test]
fn subtracting_stops_at_zero() {
    for (from, take, left) in [
        (1250, 250, Some(1000)),
        (1250, 1250, Some(0)),
        (1250, 1251, None),
        (LARGE, 1, Some(LARGE - 1)),
        (u64::MAX, 1, Some(u64::MAX - 1)),
        (u64::MAX, u64::MAX, Some(0)),
        (0, u64::MAX, None),
    ] {
        let answer: Option<Money> = Money::from_cents(from).checked_sub(Money::from_cents(take));
        assert_eq!(
            cents(answer),
            left,
            "the cents left of {take} cents taken from {from} cents"
        );
    }
}

/// A price times a quantity; 0 copies cost nothing, and a total past `u64::MAX` cents is `None`.
#[test]
fn times_multiplies_and_notices_an_overflow() {
    let half: u64 = u64::MAX / 2;
    for (each, quantity, total) in [
        (1250, 3, Some(3750)),
        (1250, 0, Some(0)),
        (0, u32::MAX, Some(0)),
        (1, u32::MAX, Some(4_294_967_295)),
        (2, 65_536, Some(131_072)),
        (LARGE, 3, Some(3 * LARGE)),
        (u64::MAX, 0, Some(0)),
        (u64::MAX, 1, Some(u64::MAX)),
        (half, 2, Some(u64::MAX - 1)),
        (half + 1, 2, None),
    ] {
        let answer: Option<Money> = Money::from_cents(each).times(quantity);
        assert_eq!(
            cents(answer),
            total,
            "the cents of {quantity} times {each} cents"
        );
    }
}

/// A new book has its title without white space around it, its price, and no copies. A blank title makes no book.
#[test]
fn a_new_book_has_a_title_and_an_empty_shelf() {
    let price = Money::from_cents(1299);
    let book: Book = Book::new("  Jane Eyre\n", price).expect("\"Jane Eyre\" is a title");
    assert_eq!(book.title(), "Jane Eyre", "made from \"  Jane Eyre\\n\"");
    assert_eq!(book.price().cents(), 1299, "made with 1299 cents");
    assert_eq!(book.copies(), 0, "nothing has been received yet");
    for blank in ["", " ", "\t \n", "\u{a0}\u{3000}"] {
        let refused: Option<Book> = Book::new(blank, price);
        let title: Option<&str> = refused.as_ref().map(Book::title);
        assert_eq!(title, None, "a book with the title {blank:?}");
    }
}

/// Between its ends a title stays as it is written, in any script, long or short, and a book may be free.
#[test]
fn a_title_is_kept_as_it_is_written() {
    for (written, kept) in [
        ("it", "it"),
        ("S", "S"),
        ("1984", "1984"),
        ("?", "?"),
        ("…", "…"),
        ("e.e. cummings", "e.e. cummings"),
        ("\tTwo  spaces\u{3000}", "Two  spaces"),
        ("\u{a0}Line\none\u{2003}", "Line\none"),
        ("\"Emma\"", "\"Emma\""),
        ("- Dune -", "- Dune -"),
        ("戦争と平和", "戦争と平和"),
        ("éloge", "éloge"),
        ("0", "0"),
        ("\u{7}Ding\u{7}", "\u{7}Ding\u{7}"),
    ] {
        let book: Option<Book> = Book::new(written, Money::from_cents(0));
        let title: Option<&str> = book.as_ref().map(Book::title);
        assert_eq!(title, Some(kept), "made from {written:?}");
    }
}

/// No title is too long: its last character is kept, however many stand before it.
#[test]
fn a_title_may_be_as_long_as_it_likes() {
    for characters in [31, 63, 127, 254, 255, 256, 1_000, 4_096, 65_536, 100_000] {
        let kept = format!("{}Z", "é".repeat(characters));
        let book: Option<Book> = Book::new(&format!(" {kept} "), Money::from_cents(1299));
        let title: Option<&str> = book.as_ref().map(Book::title);
        // The whole title would fill the screen.
        let length: Option<usize> = title.map(str::len);
        assert_eq!(
            length,
            Some(kept.len()),
            "bytes, {characters} times é and Z"
        );
        assert!(title == Some(kept.as_str()), "{characters} times é and Z");
    }
}

/// What arrives is added to what is there. A number past `u32::MAX` is refused and leaves the shelf as it was.
#[test]
fn receiving_adds_copies_or_changes_nothing() {
    let mut book = shelf("Emma", 800, 5);
    let now: Option<u32> = book.receive(3);
    assert_eq!(now, Some(8), "5 copies and 3 more");
    assert_eq!(book.copies(), 8, "on the shelf after 5 and 3");

    let refused: Option<u32> = book.receive(u32::MAX - 7);
    assert_eq!(refused, None, "8 copies and u32::MAX - 7 more");
    assert_eq!(book.copies(), 8, "on the shelf after the refusal");

    let full: Option<u32> = book.receive(u32::MAX - 8);
    assert_eq!(full, Some(u32::MAX), "8 copies and u32::MAX - 8 more");
    assert_eq!(book.copies(), u32::MAX, "on the full shelf");
    assert_eq!(book.receive(0), Some(u32::MAX), "0 more on the full shelf");
    assert_eq!(book.receive(1), None, "1 more on the full shelf");
    assert_eq!(book.copies(), u32::MAX, "on the shelf that was full");
}

/// A sale takes its copies off the shelf and costs the price of one times their number, down to the last copy.
#[test]
fn a_sale_takes_copies_and_says_the_total() {
    let mut book = shelf("Emma", 800, 5);
    for (copies, total, left) in [(2, 1600, 3), (0, 0, 3), (3, 2400, 0)] {
        let paid: Option<Money> = book.sell(copies);
        assert_eq!(
            cents(paid),
            Some(total),
            "the cents for {copies} copies at 800 cents"
        );
        assert_eq!(book.copies(), left, "left after selling {copies}");
    }
    let mut gift = shelf("Catalogue", 0, 5);
    assert_eq!(
        cents(gift.sell(5)),
        Some(0),
        "the cents for 5 copies at 0 cents"
    );
    assert_eq!(gift.copies(), 0, "left after giving away 5 of 5");

    let mut full = shelf("Almanac", 3, u32::MAX);
    assert_eq!(
        cents(full.sell(u32::MAX)),
        Some(12_884_901_885),
        "the cents for u32::MAX copies at 3 cents"
    );
    assert_eq!(full.copies(), 0, "left after selling u32::MAX");
}

/// A sale that is refused, for want of copies or because the total is too large, leaves the shelf as it was.
#[test]
fn a_refused_sale_changes_nothing() {
    let mut book = shelf("Emma", 800, 5);
    assert_eq!(cents(book.sell(6)), None, "6 of 5 copies");
    assert_eq!(book.copies(), 5, "on the shelf after asking for 6 of 5");

    let mut none = shelf("Persuasion", 800, 0);
    assert_eq!(cents(none.sell(1)), None, "1 copy of an empty shelf");
    assert_eq!(none.copies(), 0, "on the empty shelf");
    assert_eq!(cents(none.sell(u32::MAX)), None, "u32::MAX of no copies");

    let mut folio = shelf("First Folio", u64::MAX, 5);
    assert_eq!(cents(folio.sell(2)), None, "2 copies at u64::MAX cents");
    assert_eq!(
        folio.copies(),
        5,
        "on the shelf after a sale whose total is too large"
    );
    let one: Option<Money> = folio.sell(1);
    assert_eq!(
        cents(one),
        Some(u64::MAX),
        "the cents for 1 copy at u64::MAX cents, with 5 on the shelf"
    );
    assert_eq!(folio.copies(), 4, "on the shelf after the sale of 1 of 5");
}

/// For amounts of every size, sum, difference and product are those of a wider number, or `None` where they do not fit.
#[test]
fn any_arithmetic_agrees_with_wider_numbers() {
    let mut random = support::seeded(0x3A7E);
    for _ in 0..1000 {
        let left = random.bits() >> random.number(0..64);
        let right = random.bits() >> random.number(0..64);
        let quantity = u32::try_from(random.bits() >> random.number(32..64)).expect("32 bits");
        let (one, two) = (Money::from_cents(left), Money::from_cents(right));
        let (wide, other) = (u128::from(left), u128::from(right));
        let fits = |cents: u128| u64::try_from(cents).ok();
        let sum: Option<Money> = one.checked_add(two);
        let expected = fits(wide + other);
        assert_eq!(cents(sum), expected, "{left} and {right} cents");
        let rest: Option<Money> = one.checked_sub(two);
        let expected = wide.checked_sub(other).and_then(fits);
        assert_eq!(cents(rest), expected, "{right} taken from {left} cents");
        let total: Option<Money> = one.times(quantity);
        let expected = fits(wide * u128::from(quantity));
        assert_eq!(cents(total), expected, "{quantity} times {left} cents");
    }
}

/// After any run of deliveries and sales, the shelf holds what came in less what went out, and the takings are the
/// price times what went out.
#[test]
fn the_books_balance_after_any_day() {
    let mut random = support::seeded(0xB00C);
    for day in 0..50 {
        let cents = random.number(0..5000);
        let mut book = shelf("Emma", cents, 0);
        let (mut came, mut went, mut takings) = (0_u32, 0_u32, Money::from_cents(0));
        for _ in 0..40 {
            let copies = u32::try_from(random.number(0..20)).expect("below 20");
            if random.coin() {
                assert_eq!(
                    book.receive(copies),
                    Some(came - went + copies),
                    "day {day}"
                );
                came += copies;
            } else if let Some(total) = book.sell(copies) {
                went += copies;
                takings = takings.checked_add(total).expect("a small sum");
            } else {
                assert!(
                    copies > came - went,
                    "day {day}: {copies} refused with {} on the shelf",
                    came - went
                );
            }
            assert_eq!(
                book.copies(),
                came - went,
                "day {day}: {came} in, {went} out"
            );
        }
        assert_eq!(
            takings.cents(),
            cents * u64::from(went),
            "day {day}: {went} sold at {cents} cents"
        );
    }
}

/// Whatever the title, however long, nothing but the white space at its ends is dropped.
#[test]
fn any_title_is_kept_between_its_ends() {
    let mut random = support::seeded(0x717E);
    for _ in 0..1000 {
        let written = texts::any(
            &mut random,
            &["Emma", " ", "a long title, ", "\t", "\u{3000}"],
        );
        let kept = written.trim();
        let expected = if kept.is_empty() { None } else { Some(kept) };
        let book: Option<Book> = Book::new(&written, Money::from_cents(900));
        let title: Option<&str> = book.as_ref().map(Book::title);
        assert_eq!(title, expected, "made from {written:?}");
    }
}
