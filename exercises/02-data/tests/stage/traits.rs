use data::traits::{
    AmountOff, BestOf, Money, ParseMoneyError, PercentOff, Pricing, largest, total,
};

use crate::texts;

fn money(cents: u64) -> Money {
    Money { cents }
}

/// The cents that were read, or the name of the error. The tests compare numbers and texts.
fn read(text: &str) -> Result<u64, &'static str> {
    let read: Result<Money, ParseMoneyError> = text.parse();
    match read {
        Ok(amount) => Ok(amount.cents),
        Err(ParseMoneyError::Malformed) => Err("Malformed"),
        Err(ParseMoneyError::TooLarge) => Err("TooLarge"),
    }
}

/// Rules that only the tests know: whatever a function promises for "any pricing" holds for them too.
struct GiftWrapped;

impl Pricing for GiftWrapped {
    fn price(&self, list: Money) -> Money {
        money(list.cents.saturating_add(250))
    }
}

/// A rule that halves what costs more than 10.00 and doubles the rest.
struct Lottery;

impl Pricing for Lottery {
    fn price(&self, list: Money) -> Money {
        if list.cents > 1000 {
            money(list.cents / 2)
        } else {
            money(list.cents * 2)
        }
    }
}

struct Flat(u64);

impl Pricing for Flat {
    fn price(&self, _list: Money) -> Money {
        money(self.0)
    }
}

/// An amount is shown with a dot and two digits behind it, also below ten cents and at the largest.
#[test]
fn money_is_shown_with_two_digits() {
    for (cents, shown) in [
        (1250, "12.50"),
        (1205, "12.05"),
        (5, "0.05"),
        (0, "0.00"),
        (9, "0.09"),
        (10, "0.10"),
        (99, "0.99"),
        (100, "1.00"),
        (101, "1.01"),
        (100_000, "1000.00"),
        (9_007_199_254_740_993, "90071992547409.93"),
        (1 << 63, "92233720368547758.08"),
        (u64::MAX, "184467440737095516.15"),
    ] {
        let text: String = money(cents).to_string();
        assert_eq!(text, shown, "{cents} cents");
    }
}

/// Digits, and if there are cents a dot and two digits: everything else is `Malformed`, and too many cents are `TooLarge`.
#[test]
fn money_is_read_from_digits_and_a_dot() {
    for (text, cents) in [
        ("12.50", 1250),
        ("12", 1200),
        ("0.05", 5),
        ("0", 0),
        ("007.00", 700),
        ("184467440737095516.15", u64::MAX),
        ("000000000000000000000000.01", 1),
        ("90071992547409.93", 9_007_199_254_740_993),
        ("90071992547409", 9_007_199_254_740_900),
        ("92233720368547758.08", 1 << 63),
        ("184467440737095516", u64::MAX - 15),
        ("00", 0),
        ("0.00", 0),
    ] {
        assert_eq!(read(text), Ok(cents), "cents read from {text:?}");
    }
    for text in [
        "",
        ".",
        ".50",
        "12.",
        "12.5",
        "12.500",
        "1.2.3",
        "1..50",
        "12.50.",
        "-1",
        "+1",
        "1.+5",
        " 1",
        "1 ",
        "1,50",
        "12.x0",
        "１２",
        "1.５",
        "1.é",
        "twelve",
        "12.000",
        "12.00.",
        "..",
        "1..00",
        "00.0",
        "0.000",
        "12.0",
        "12.5 ",
        "12.50 ",
        " 12.50",
        "12.50\n",
        "12. 50",
        "$12.50",
        "12.50€",
        "1_000",
        "1,000.00",
        "1'000",
        "0x10",
        "1e3",
        "12.-5",
        "12.+5",
        "-0",
        "--1",
        "٣",
        "½",
        "²",
        "1.²5",
        "99999999999999999999999999x",
        "99999999999999999999999999.5",
        "99999999999999999999999999.",
        ".99999999999999999999999999",
        "-99999999999999999999999999",
        "1.99999999999999999999999999",
        "99999999999999999999999999.99.99",
    ] {
        assert_eq!(read(text), Err("Malformed"), "read from {text:?}");
    }
    for text in [
        "184467440737095516.16",
        "184467440737095517",
        "18446744073709551616",
        "99999999999999999999999999.00",
        "184467440737095516.20",
        "184467440737095516.99",
        "184467440737095520",
        "000000000000184467440737095516.16",
        &"9".repeat(400),
    ] {
        assert_eq!(read(text), Err("TooLarge"), "read from {text:?}");
    }
}

/// However many zeros stand in front, they do not count.
#[test]
fn zeros_in_front_do_not_count() {
    for count in [1, 20, 40, 100, 1000] {
        for (rest, cents) in [
            ("12.50", 1250),
            ("184467440737095516.15", u64::MAX),
            ("0", 0),
        ] {
            let text = format!("{}{rest}", "0".repeat(count));
            assert_eq!(read(&text), Ok(cents), "cents of {count} zeros and {rest}");
        }
    }
}

/// What is shown can be read again, and gives the same amount.
#[test]
fn what_is_shown_can_be_read_again() {
    let mut random = support::seeded(0x7121);
    for _ in 0..2000 {
        // Amounts of every size, from a few cents to the largest.
        let cents = random.bits() >> random.number(0..64);
        let shown = money(cents).to_string();
        assert_eq!(read(&shown), Ok(cents), "{cents} cents, shown as {shown:?}");
    }
}

/// Whatever the text, reading it gives the amount that it says, or an error, and never a crash.
#[test]
fn any_text_is_read_without_a_crash() {
    let mut random = support::seeded(0x7E87);
    let pieces = ["0", "1", "7", "25", ".", ".50", "990", "18446744073709551"];
    for _ in 0..4000 {
        let text = texts::any(&mut random, &pieces);
        let read: Result<Money, ParseMoneyError> = text.parse();
        let written_right = {
            let (whole, cents) = match text.find('.') {
                Some(dot) => (&text[..dot], &text[dot..]),
                None => (text.as_str(), ".00"),
            };
            let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            !whole.is_empty() && plain(whole) && cents.len() == 3 && plain(&cents[1..])
        };
        match read {
            Ok(amount) => {
                assert!(written_right, "{text:?} was read as {amount:?}");
                let zeros = amount.to_string();
                let with_cents = if text.contains('.') {
                    text.clone()
                } else {
                    format!("{text}.00")
                };
                let digits = with_cents.trim_start_matches('0');
                assert_eq!(zeros.trim_start_matches('0'), digits, "read from {text:?}");
            }
            Err(ParseMoneyError::TooLarge) => {
                let digits: String = text.chars().filter(|character| *character != '.').collect();
                let digits = digits.trim_start_matches('0');
                assert!(
                    written_right && digits.len() >= 18,
                    "{text:?} was called too large"
                );
            }
            Err(ParseMoneyError::Malformed) => {
                assert!(!written_right, "{text:?} was called malformed");
            }
        }
    }
}

/// A percentage comes off with the discount rounded down, for every amount; more than 100 percent are 100.
#[test]
fn percent_off_rounds_the_discount_down() {
    for (list, percent, price) in [
        (1999, 10, 1800),
        (1999, 0, 1999),
        (1999, 100, 0),
        (1999, 101, 0),
        (1999, 255, 0),
        (1, 99, 1),
        (0, 50, 0),
        (u64::MAX, 0, u64::MAX),
        (u64::MAX, 100, 0),
        (u64::MAX, 1, u64::MAX - 184_467_440_737_095_516),
        (u64::MAX, 50, 1 << 63),
        (u64::MAX, 255, 0),
        (99, 1, 99),
        (100, 1, 99),
        (199, 1, 198),
        (1, 50, 1),
        (3, 50, 2),
        (1, 100, 0),
        (700, 29, 497),
        (300, 29, 213),
        (800, 57, 344),
        (1999, 102, 0),
    ] {
        let answer: Money = PercentOff { percent }.price(money(list));
        assert_eq!(answer.cents, price, "{percent} percent off {list} cents");
    }
    let mut random = support::seeded(0x9E2C);
    for _ in 0..500 {
        let list = random.bits() >> random.number(0..64);
        let percent = u8::try_from(random.number(0..101)).expect("at most 100");
        let answer: Money = PercentOff { percent }.price(money(list));
        let discount = u128::from(list) * u128::from(percent) / 100;
        assert_eq!(
            u128::from(answer.cents),
            u128::from(list) - discount,
            "{percent} percent off {list} cents"
        );
    }
}

/// An amount comes off each copy, and no copy costs less than nothing.
#[test]
fn amount_off_stops_at_zero() {
    for (list, amount, price) in [
        (1999, 500, 1499),
        (500, 500, 0),
        (499, 500, 0),
        (0, u64::MAX, 0),
        (1999, 0, 1999),
        (501, 500, 1),
        (1, 1 << 32, 0),
        ((1 << 53) + 2, 1, (1 << 53) + 1),
        (1 << 63, 1, (1 << 63) - 1),
        (u64::MAX, 1, u64::MAX - 1),
        (u64::MAX, u64::MAX, 0),
        (u64::MAX - 1, u64::MAX, 0),
        (5, u64::MAX, 0),
        (u64::MAX, 1 << 63, (1 << 63) - 1),
    ] {
        let rule = AmountOff {
            amount: money(amount),
        };
        let answer: Money = rule.price(money(list));
        assert_eq!(answer.cents, price, "{amount} cents off {list} cents");
    }
}

/// Of two rules the lower price counts, whichever side it is on, for each list price anew. A choice is itself a rule.
#[test]
fn best_of_two_rules_is_the_lower_price() {
    let rule = BestOf {
        first: PercentOff { percent: 20 },
        second: AmountOff { amount: money(300) },
    };
    for (list, price) in [(1000, 700), (1500, 1200), (2000, 1600)] {
        let answer: Money = rule.price(money(list));
        assert_eq!(
            answer.cents, price,
            "20 percent or 300 cents off {list} cents"
        );
    }
    let nested = BestOf {
        first: GiftWrapped,
        second: BestOf {
            first: Flat(900),
            second: rule,
        },
    };
    for (list, price) in [(1000, 700), (1500, 900), (100, 0)] {
        let answer: Money = nested.price(money(list));
        assert_eq!(
            answer.cents, price,
            "the best of four rules for {list} cents"
        );
    }
}

/// The lower price counts as well when both rules make the copy dearer, when one gives it away, and at the largest prices.
#[test]
fn best_of_two_dear_rules_is_the_less_dear() {
    for (first, second, price) in [
        (1300, 1200, 1200),
        (1200, 1300, 1200),
        (1001, 5000, 1001),
        (1000, 1200, 1000),
        (1200, 1000, 1000),
        (1200, 999, 999),
        (0, 900, 0),
        (900, 0, 0),
        (0, 0, 0),
        (u64::MAX, u64::MAX, u64::MAX),
        (u64::MAX, u64::MAX - 1, u64::MAX - 1),
        (1 << 63, 2000, 2000),
        (2000, 1 << 63, 2000),
        ((1 << 53) + 1, 1 << 53, 1 << 53),
    ] {
        let rule = BestOf {
            first: Flat(first),
            second: Flat(second),
        };
        let answer: Money = rule.price(money(1000));
        assert_eq!(
            answer.cents, price,
            "{first} or {second} cents for a copy that is listed at 1000"
        );
        let free: Money = rule.price(money(0));
        assert_eq!(
            free.cents, price,
            "{first} or {second} cents for a copy that is listed at 0"
        );
    }
}

/// For any two rules, the better price is one of the two, no rule is asked about the other's answer, and their order does
/// not matter.
#[test]
fn best_of_any_two_rules_is_one_of_them() {
    let mut random = support::seeded(0xBE57);
    for _ in 0..500 {
        let listed = random.number(0..3000);
        let list = money(listed);
        let percent = u8::try_from(random.number(0..60)).expect("a small number");
        let amount = money(random.number(0..900));
        let rules = (PercentOff { percent }, AmountOff { amount });
        let (one, two) = (rules.0.price(list).cents, rules.1.price(list).cents);
        let lower = one.min(two);
        let answer: Money = BestOf {
            first: rules.0,
            second: rules.1,
        }
        .price(list);
        assert_eq!(answer.cents, lower, "{rules:?} for {listed} cents");
        let turned: Money = BestOf {
            first: rules.1,
            second: rules.0,
        }
        .price(list);
        assert_eq!(
            turned.cents, lower,
            "{rules:?}, turned around, for {listed} cents"
        );
        let with_lottery: Money = BestOf {
            first: Lottery,
            second: rules.0,
        }
        .price(list);
        let lower = one.min(Lottery.price(list).cents);
        assert_eq!(
            with_lottery.cents, lower,
            "a lottery or {percent} percent off {listed} cents"
        );
    }
}

/// Every rule says what it saves, also one that was written elsewhere; a rule that makes a copy dearer saves 0.
#[test]
fn every_rule_knows_its_saving() {
    let list = money(1999);
    let savings: [(&str, Money, u64); 4] = [
        (
            "10 percent off",
            PercentOff { percent: 10 }.saving(list),
            199,
        ),
        (
            "5.00 off",
            AmountOff { amount: money(500) }.saving(list),
            500,
        ),
        ("a flat 15.00", Flat(1500).saving(list), 499),
        ("gift-wrapped for 2.50 more", GiftWrapped.saving(list), 0),
    ];
    for (rule, saving, expected) in savings {
        assert_eq!(saving.cents, expected, "{rule}, listed at 19.99");
    }
    for (list, price, expected) in [
        (1999, 0, 1999),
        (1999, 1999, 0),
        (1999, 1998, 1),
        (1999, 2000, 0),
        (0, 0, 0),
        (0, u64::MAX, 0),
        (u64::MAX, 0, u64::MAX),
        (u64::MAX, 1, u64::MAX - 1),
        (1 << 63, u64::MAX, 0),
        (u64::MAX, 1 << 63, (1 << 63) - 1),
        ((1 << 53) + 1, 0, (1 << 53) + 1),
    ] {
        let saving: Money = Flat(price).saving(money(list));
        assert_eq!(
            saving.cents, expected,
            "a flat {price} cents, listed at {list}"
        );
    }
    let best = BestOf {
        first: GiftWrapped,
        second: AmountOff { amount: money(300) },
    };
    assert_eq!(best.saving(list).cents, 300, "gift-wrapped or 3.00 off");
}

/// A total is the sum of the prices that the rule makes, not of the list prices; past `u64::MAX` cents it is `None`.
#[test]
fn a_total_follows_any_rule() {
    let list = [money(1999), money(500), money(1)];
    let twice = [money(999), money(0), money(999), money(999), money(0)];
    let dear = [money(u64::MAX), money(1)];
    let half = Flat(1 << 63);
    let just = [money(u64::MAX - 1), money(0), money(1)];
    for (answer, cents, case) in [
        (
            total(&PercentOff { percent: 10 }, &list),
            Some(2251),
            "10 percent off",
        ),
        (total(&GiftWrapped, &list), Some(3250), "gift-wrapped"),
        (
            total(&Flat(u64::MAX), &list[..1]),
            Some(u64::MAX),
            "one copy at u64::MAX cents",
        ),
        (
            total(&Flat(u64::MAX), &list),
            None,
            "three copies at u64::MAX cents",
        ),
        (total(&Flat(100), &[]), Some(0), "no copies"),
        (
            total(&GiftWrapped, &twice),
            Some(4247),
            "gift-wrapped, three of 9.99 and two for nothing",
        ),
        (
            total(
                &AmountOff {
                    amount: money(1000),
                },
                &twice,
            ),
            Some(0),
            "10.00 off, three of 9.99 and two for nothing",
        ),
        (
            total(&Flat(0), &dear),
            Some(0),
            "a gift of what is listed at u64::MAX cents and at 1",
        ),
        (
            total(&PercentOff { percent: 1 }, &dear),
            Some(u64::MAX - 184_467_440_737_095_516 + 1),
            "1 percent off u64::MAX cents and off 1",
        ),
        (
            total(&PercentOff { percent: 0 }, &dear),
            None,
            "u64::MAX cents and 1",
        ),
        (
            total(&AmountOff { amount: money(1) }, &dear),
            Some(u64::MAX - 1),
            "1 cent off u64::MAX cents and off 1",
        ),
        (
            total(&PercentOff { percent: 0 }, &just),
            Some(u64::MAX),
            "u64::MAX - 1 cents, nothing, and a cent",
        ),
        (total(&half, &list[..2]), None, "2 times 2^63 cents"),
        (total(&half, &list[..1]), Some(1 << 63), "2^63 cents"),
        (
            total(&Lottery, &[money(u64::MAX), money(u64::MAX), money(0)]),
            Some(u64::MAX - 1),
            "half of u64::MAX cents, twice, and nothing",
        ),
    ] {
        let answer: Option<Money> = answer;
        let answer: Option<u64> = answer.map(|total| total.cents);
        assert_eq!(answer, cents, "the cents of {case}");
    }
}

/// The largest item is found among numbers, words or amounts, wherever it stands; among none there is none.
#[test]
fn largest_works_for_whatever_can_be_compared() {
    assert_eq!(largest(&[-3, 7, 5]), Some(&7), "whole numbers");
    assert_eq!(largest(&[-3, -7]), Some(&-3), "negative numbers");
    assert_eq!(largest(&["pear", "apple"]), Some(&"pear"), "words");
    let most = largest(&[money(5), money(3)]).map(|amount| amount.cents);
    assert_eq!(most, Some(5), "amounts");
    assert_eq!(largest(&[7]), Some(&7), "a single number");
    assert_eq!(largest(&[3, 9, 5, 8]), Some(&9), "in the middle");
    assert_eq!(largest(&[0, 0]), Some(&0), "zeros");
    assert_eq!(largest(&[1, 3, 2, 9, 4]), Some(&9), "behind a smaller rise");
    assert_eq!(largest(&[9, 3, 4]), Some(&9), "at the front");
    assert_eq!(largest(&[i64::MIN]), Some(&i64::MIN), "the smallest i64");
    assert_eq!(largest(&['a', 'é', 'Z']), Some(&'é'), "characters");
    let texts = ["b", "ab", "aaa"].map(str::to_string);
    assert_eq!(largest(&texts), Some(&texts[0]), "texts of several lengths");
    let none: [String; 0] = [];
    assert_eq!(largest(&none), None, "an empty list of texts");

    let mut random = support::seeded(0x1A26);
    for _ in 0..100 {
        let numbers: Vec<u64> = random
            .clone()
            .numbers(0..1000)
            .take(random.size(1..9))
            .collect();
        let answer: Option<&u64> = largest(&numbers);
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        assert_eq!(answer, sorted.last(), "the largest of {numbers:?}");
    }
}
