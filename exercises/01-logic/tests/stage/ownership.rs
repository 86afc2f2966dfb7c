use logic::ownership::{
    Line, add, in_half_price_sale, line_cents, merge, more_copies, position, take_out, title_of,
};

fn line(title: &str, copies: u32, price_cents: u32) -> Line {
    Line {
        title: String::from(title),
        copies,
        price_cents,
    }
}

/// What a line holds, as the test's own: title, copies, cents of one copy.
type Told<'a> = (&'a str, u32, u32);

fn told(line: &Line) -> Told<'_> {
    (&line.title, line.copies, line.price_cents)
}

/// The lines of a cart, in their order.
fn all(cart: &[Line]) -> Vec<Told<'_>> {
    cart.iter().map(told).collect()
}

/// Three lines: Emma, Walden, Middlemarch.
fn three_lines() -> Vec<Line> {
    vec![
        line("Emma", 1, 900),
        line("Walden", 2, 700),
        line("Middlemarch", 1, 1205),
    ]
}

/// A line costs its copies times the price of one, also when that is more than a `u32` holds.
#[test]
fn a_line_costs_copies_times_price() {
    let cases = [
        (line("Emma", 3, 900), 2700),
        (line("Emma", 1, 900), 900),
        (line("Emma", 0, 900), 0),
        (line("Catalogue", 3, 0), 0),
        (line("Folio", 2, u32::MAX), 8_589_934_590),
        (
            line("Folio", u32::MAX, u32::MAX),
            18_446_744_065_119_617_025,
        ),
    ];
    for (one, expected) in cases {
        let cents: u64 = line_cents(&one);
        let (title, copies, each) = told(&one);
        assert_eq!(
            cents, expected,
            "the cents of {copies} copies of {title} at {each} cents"
        );
    }
}

/// More copies come on top of those that are there, and nothing else of the line changes.
#[test]
fn more_copies_change_the_callers_line() {
    let cases = [
        (2, 5, 7),
        (2, 0, 2),
        (0, 1, 1),
        (1, u32::MAX - 1, u32::MAX),
        (1, u32::MAX, u32::MAX),
        (u32::MAX, 1, u32::MAX),
        (u32::MAX, u32::MAX, u32::MAX),
    ];
    for (there, more, expected) in cases {
        let mut one = line("Emma", there, 900);
        more_copies(&mut one, more);
        assert_eq!(
            told(&one),
            ("Emma", expected, 900),
            "title, copies and cents of the line with {there} copies, after {more} more"
        );
    }
}

/// The title comes out of the line exactly as it was in it.
#[test]
fn the_title_comes_out_of_the_line() {
    for written in ["Emma", " emma ", "", "戦争と平和"] {
        let title: String = title_of(line(written, 3, 900));
        assert_eq!(title, written, "the title of a line with {written:?}");
    }
    let mut random = support::seeded(0x717E);
    for _ in 0..20 {
        let written = random.word(1..12);
        let title: String = title_of(line(&written, 3, 900));
        assert_eq!(title, written, "the title of a line with {written:?}");
    }
}

/// A line is found by its title, and its position counts from 0.
#[test]
fn a_line_is_found_by_its_title() {
    let cart = three_lines();
    let cases = [
        ("Emma", Some(0)),
        ("Walden", Some(1)),
        ("Middlemarch", Some(2)),
        ("Iliad", None),
        ("emma", None),
        ("Wald", None),
        ("Walden Two", None),
        (" Emma", None),
        ("", None),
    ];
    for (title, expected) in cases {
        let found: Option<usize> = position(&cart, title);
        assert_eq!(
            found, expected,
            "the position of {title:?} in Emma, Walden, Middlemarch"
        );
    }
}

/// A book that is not in the cart yet goes to the end, and the lines before it stay as they are.
#[test]
fn a_new_book_goes_to_the_end() {
    let mut cart = three_lines();
    add(&mut cart, line("Iliad", 3, 500));
    let expected: Vec<Told> = vec![
        ("Emma", 1, 900),
        ("Walden", 2, 700),
        ("Middlemarch", 1, 1205),
        ("Iliad", 3, 500),
    ];
    assert_eq!(
        all(&cart),
        expected,
        "titles, copies and cents in the cart, after adding Iliad"
    );
}

/// A book that is in the cart already gets more copies and the new price, not a second line.
#[test]
fn a_known_book_gets_more_copies_and_the_new_price() {
    let mut cart = three_lines();
    add(&mut cart, line("Walden", 5, 650));
    let expected: Vec<Told> = vec![
        ("Emma", 1, 900),
        ("Walden", 7, 650),
        ("Middlemarch", 1, 1205),
    ];
    assert_eq!(
        all(&cart),
        expected,
        "titles, copies and cents in the cart, after adding 5 copies of Walden to 2, at 650 cents"
    );
    add(&mut cart, line("Middlemarch", 1, 1300));
    assert_eq!(
        told(&cart[2]),
        ("Middlemarch", 2, 1300),
        "Middlemarch after adding 1 copy at 1300 cents to 1 at 1205"
    );
    add(&mut cart, line("Emma", u32::MAX, 900));
    assert_eq!(
        told(&cart[0]),
        ("Emma", u32::MAX, 900),
        "Emma after adding u32::MAX copies to 1"
    );
}

/// A line that is taken out is handed over, and the lines after it move up in their order.
#[test]
fn taking_out_closes_the_gap() {
    let mut cart = three_lines();
    let taken: Option<Line> = take_out(&mut cart, "Emma");
    assert_eq!(
        taken.as_ref().map(told),
        Some(("Emma", 1, 900)),
        "title, copies and cents of what take_out hands over"
    );
    let expected: Vec<Told> = vec![("Walden", 2, 700), ("Middlemarch", 1, 1205)];
    assert_eq!(
        all(&cart),
        expected,
        "what is left in the cart without Emma"
    );
}

/// Taking out a book that is not there gives nothing and changes nothing.
#[test]
fn taking_out_an_unknown_book_changes_nothing() {
    let mut cart = three_lines();
    let taken: Option<Line> = take_out(&mut cart, "Iliad");
    assert_eq!(
        taken.as_ref().map(told),
        None,
        "there is no Iliad in the cart"
    );
    let expected: Vec<Told> = vec![
        ("Emma", 1, 900),
        ("Walden", 2, 700),
        ("Middlemarch", 1, 1205),
    ];
    assert_eq!(all(&cart), expected, "the cart after asking for Iliad");
    let there: Option<Line> = take_out(&mut cart, "Walden");
    assert_eq!(
        there.as_ref().map(told),
        Some(("Walden", 2, 700)),
        "there is a Walden in the cart"
    );
}

/// The sale halves each price, rounded down, and leaves titles and copies alone.
#[test]
fn the_sale_halves_each_price() {
    let sale: Vec<Line> = in_half_price_sale(&three_lines());
    let expected: Vec<Told> = vec![
        ("Emma", 1, 450),
        ("Walden", 2, 350),
        ("Middlemarch", 1, 602),
    ];
    assert_eq!(
        all(&sale),
        expected,
        "Emma at 900, Walden at 700 and Middlemarch at 1205, in the sale"
    );
    let nothing: Vec<Line> = in_half_price_sale(&[]);
    assert_eq!(all(&nothing), [], "an empty cart in the sale");
}

/// Merging keeps the saved lines first and puts the visitor's in by the rules of `add`.
#[test]
fn merging_puts_the_visitors_lines_into_the_saved_cart() {
    let saved = vec![line("Emma", 1, 900), line("Walden", 2, 700)];
    let visitor = vec![line("Emma", 3, 800), line("Iliad", 1, 500)];
    let merged: Vec<Line> = merge(saved, visitor);
    let expected: Vec<Told> = vec![("Emma", 4, 800), ("Walden", 2, 700), ("Iliad", 1, 500)];
    assert_eq!(
        all(&merged),
        expected,
        "saved: 1 Emma at 900, 2 Walden; visitor: 3 Emma at 800, 1 Iliad"
    );
}

/// However carts are filled and merged, each title has one line, and that line has all its copies.
#[test]
fn no_copy_is_lost_and_no_line_is_doubled() {
    let titles = ["Emma", "Walden", "Iliad", "Odyssey", "Middlemarch"];
    let mut random = support::seeded(0xCA57);
    for _ in 0..100 {
        let (mut saved, mut visitor) = (Vec::new(), Vec::new());
        let mut added: Vec<(&str, u64)> = Vec::new();
        for _ in 0..random.size(0..12) {
            let (title, copies) = (*random.pick(&titles), random.number(1..50));
            let cart = if random.coin() {
                &mut saved
            } else {
                &mut visitor
            };
            add(
                cart,
                line(title, u32::try_from(copies).expect("below 50"), 700),
            );
            added.push((title, copies));
        }
        let merged: Vec<Line> = merge(saved, visitor);
        for title in titles {
            let expected: u64 = added
                .iter()
                .filter(|(name, _)| *name == title)
                .map(|(_, copies)| copies)
                .sum();
            let lines: Vec<&Line> = merged.iter().filter(|line| line.title == title).collect();
            let copies: u64 = lines.iter().map(|line| u64::from(line.copies)).sum();
            assert!(
                lines.len() <= 1,
                "{title} has more than one line in {merged:?}, after adding {added:?}"
            );
            assert_eq!(
                copies, expected,
                "copies of {title} in {merged:?}, after adding {added:?}"
            );
        }
    }
}

/// Taking every line out of a cart, in any order, hands over each line once and leaves the cart empty.
#[test]
fn everything_can_be_taken_out_once() {
    let mut random = support::seeded(0x0D15);
    for _ in 0..50 {
        let mut order: Vec<String> = (1..random.size(2..9))
            .map(|number| format!("Volume {number}"))
            .collect();
        let mut rest: Vec<Line> = order.iter().map(|title| line(title, 1, 900)).collect();
        random.shuffle(&mut order);
        for wanted in &order {
            let taken: Option<Line> = take_out(&mut rest, wanted);
            assert_eq!(
                taken.as_ref().map(told),
                Some((wanted.as_str(), 1, 900)),
                "taking out {wanted:?}"
            );
            let again: Option<Line> = take_out(&mut rest, wanted);
            assert_eq!(
                again.as_ref().map(told),
                None,
                "taking out {wanted:?} a second time"
            );
            let titles: Vec<&String> = rest.iter().map(|line| &line.title).collect();
            assert!(
                titles.is_sorted(),
                "the lines that stay keep their order, not {titles:?}"
            );
        }
        assert_eq!(all(&rest), [], "all lines were taken out");
    }
}
