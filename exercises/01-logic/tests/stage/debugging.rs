use logic::debugging::{Line, euros, invoice, line_amounts, tax_cents};

fn line(title: &str, copies: u32, price_cents: u32) -> Line {
    Line {
        title: String::from(title),
        copies,
        price_cents,
    }
}

/// A single line costs price times copies; from 10 copies on a tenth less, the discount rounded down.
#[test]
fn one_line_costs_what_it_should() {
    for (copies, price, expected) in [
        (3, 1250, 3750),
        (9, 1250, 11_250),
        (10, 1250, 11_250),
        (11, 1, 10),
        (0, 1250, 0),
    ] {
        let amounts: Vec<u64> = line_amounts(&[line("Emma", copies, price)]);
        assert_eq!(
            amounts,
            [expected],
            "one line: {copies} copies at {price} cents"
        );
    }
}

/// A discount belongs to its own line: the lines after it cost what they would cost alone.
#[test]
fn a_discount_stays_with_its_line() {
    let amounts: Vec<u64> = line_amounts(&[
        line("Emma", 10, 1250),
        line("Walden", 3, 1250),
        line("Iliad", 3, 1250),
    ]);
    assert_eq!(
        amounts,
        [11_250, 3750, 3750],
        "10 copies at 1250 cents, then 3 copies at 1250 cents, and 3 once more"
    );
}

/// Any list of lines costs what its lines cost one by one.
#[test]
fn lines_do_not_influence_each_other() {
    let mut random = support::seeded(0xB111);
    for _ in 0..100 {
        let lines: Vec<Line> = (0..random.size(0..6))
            .map(|_| {
                let copies = u32::try_from(random.number(0..20)).expect("below 20");
                let price_cents = u32::try_from(random.number(0..5000)).expect("below 5000");
                line("Emma", copies, price_cents)
            })
            .collect();
        let together: Vec<u64> = line_amounts(&lines);
        let one_by_one: Vec<u64> = lines
            .iter()
            .flat_map(|line| line_amounts(std::slice::from_ref(line)))
            .collect();
        assert_eq!(
            together, one_by_one,
            "the lines together (left) and one by one (right): {lines:?}"
        );
    }
    let pair: Vec<u64> = line_amounts(&[line("Emma", 1, 700), line("Emma", 20, 100)]);
    assert_eq!(pair, [700, 1800], "1 copy at 700 cents, then 20 at 100");
}

/// The tax is 7 percent of every cent, not only of the full euros, and rounded down.
#[test]
fn tax_is_taken_on_every_cent() {
    for (net, expected) in [(1000, 70), (1099, 76), (99, 6), (15, 1), (14, 0), (0, 0)] {
        let tax: u64 = tax_cents(net);
        assert_eq!(tax, expected, "the tax on {net} cents");
    }
}

/// The tax is exact for amounts of every size: 7 hundredths, less what the rounding down cuts off.
#[test]
fn tax_is_seven_percent_rounded_down() {
    for net in support::seeded(0x7A7A)
        .numbers(0..100_000_000_000_000_000)
        .take(200)
    {
        let tax: u64 = tax_cents(net);
        let cut_off = (net * 7).checked_sub(tax * 100);
        assert!(
            cut_off.is_some_and(|hundredths| hundredths < 100),
            "the tax on {net} cents is {}.{:02} cents, rounded down; the answer was {tax}",
            net * 7 / 100,
            net * 7 % 100
        );
    }
}

/// An amount always shows two digits for the cents.
#[test]
fn cents_have_two_digits() {
    let cases = [
        (1250, "12.50"),
        (1205, "12.05"),
        (7, "0.07"),
        (0, "0.00"),
        (100, "1.00"),
        (99, "0.99"),
    ];
    for (cents, expected) in cases {
        let text: String = euros(cents);
        assert_eq!(text, expected, "{cents} cents as text");
    }
}

/// Without its point, the text of an amount is the number of cents again.
#[test]
fn an_amount_can_be_read_back() {
    for cents in support::seeded(0x2D16).numbers(0..50_000).take(300) {
        let text: String = euros(cents);
        let read_back: Option<u64> = text.replacen('.', "", 1).parse().ok();
        assert_eq!(
            read_back,
            Some(cents),
            "{cents} cents as text: {text:?}; its digits without the point"
        );
        let point: Option<usize> = text.find('.');
        assert_eq!(
            point,
            text.len().checked_sub(3),
            "two digits follow the point in {text:?}, for {cents} cents"
        );
    }
}

/// The invoice lists the lines, then the net amount, the tax and the total.
#[test]
fn an_invoice_adds_up() {
    let text: String = invoice(&[line("Emma", 10, 1250), line("Walden", 1, 705)]);
    let expected = "10 x Emma: 112.50\n1 x Walden: 7.05\nNet: 119.55\nTax: 8.36\nTotal: 127.91\n";
    assert_eq!(
        text, expected,
        "10 Emma at 1250 cents and 1 Walden at 705; this is your invoice:\n{text}"
    );
    let empty: String = invoice(&[]);
    assert_eq!(
        empty, "Net: 0.00\nTax: 0.00\nTotal: 0.00\n",
        "an invoice without lines; this is yours:\n{empty}"
    );
}
