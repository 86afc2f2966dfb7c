use data::structs::{Book, Money};

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
    assert!(
        Money::from_cents(999) < Money::from_cents(1000),
        "9.99 is less than 10.00"
    );
}

/// A sum that fits is given; a sum past `u64::MAX` cents is `None`, neither a crash nor a small number.
#[test]
fn adding_notices_an_overflow() {
    for (left, right, sum) in [
        (1250, 899, Some(2149)),
        (0, 0, Some(0)),
        (u64::MAX - 1, 1, Some(u64::MAX)),
        (u64::MAX, 1, None),
    ] {
        let answer: Option<Money> = Money::from_cents(left).checked_add(Money::from_cents(right));
        assert_eq!(
            answer,
            sum.map(Money::from_cents),
            "{left} cents and {right} cents"
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
        (0, u64::MAX, None),
    ] {
        let answer: Option<Money> = Money::from_cents(from).checked_sub(Money::from_cents(take));
        assert_eq!(
            answer,
            left.map(Money::from_cents),
            "{take} cents taken from {from} cents"
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
        (half, 2, Some(u64::MAX - 1)),
        (half + 1, 2, None),
    ] {
        let answer: Option<Money> = Money::from_cents(each).times(quantity);
        assert_eq!(
            answer,
            total.map(Money::from_cents),
            "{quantity} times {each} cents"
        );
    }
}

/// A new book has its title without white space around it, its price, and no copies. A blank title makes no book.
#[test]
fn a_new_book_has_a_title_and_an_empty_shelf() {
    let price = Money::from_cents(1299);
    let book: Book = Book::new("  Jane Eyre\n", price).expect("\"Jane Eyre\" is a title");
    assert_eq!(book.title(), "Jane Eyre", "made from \"  Jane Eyre\\n\"");
    assert_eq!(book.price(), price, "made with 1299 cents");
    assert_eq!(book.copies(), 0, "nothing has been received yet");
    for blank in ["", " ", "\t \n"] {
        let refused: Option<Book> = Book::new(blank, price);
        assert_eq!(refused, None, "the title {blank:?}");
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
}

/// A sale takes its copies off the shelf and costs the price of one times their number, down to the last copy.
#[test]
fn a_sale_takes_copies_and_says_the_total() {
    let mut book = shelf("Emma", 800, 5);
    for (copies, total, left) in [(2, 1600, 3), (0, 0, 3), (3, 2400, 0)] {
        let paid: Option<Money> = book.sell(copies);
        assert_eq!(
            paid,
            Some(Money::from_cents(total)),
            "{copies} copies at 800 cents"
        );
        assert_eq!(book.copies(), left, "left after selling {copies}");
    }
}

/// A sale that is refused, for want of copies or because the total is too large, leaves the shelf as it was.
#[test]
fn a_refused_sale_changes_nothing() {
    let mut book = shelf("Emma", 800, 5);
    assert_eq!(book.sell(6), None, "6 of 5 copies");
    assert_eq!(book.copies(), 5, "on the shelf after asking for 6 of 5");

    let mut folio = shelf("First Folio", u64::MAX, 5);
    assert_eq!(folio.sell(2), None, "2 copies at u64::MAX cents");
    assert_eq!(
        folio.copies(),
        5,
        "on the shelf after a sale whose total is too large"
    );
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
