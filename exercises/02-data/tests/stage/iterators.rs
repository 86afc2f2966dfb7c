use std::cell::Cell;

use data::iterators::{
    Sale, best_sellers, cheapest, first_large, ranking, revenue_cents, titles_at_most,
};
use support::Seeded;

fn sale(title: &str, copies: u32, price_cents: u64) -> Sale {
    Sale {
        title: title.to_string(),
        copies,
        price_cents,
    }
}

/// What tells one sale from another: title, copies, cents of one copy. The tests compare texts and numbers.
fn told(found: Option<&Sale>) -> Option<(&str, u32, u64)> {
    found.map(|sale| (sale.title.as_str(), sale.copies, sale.price_cents))
}

fn ranked(list: &[(&str, u64)]) -> Vec<(String, u64)> {
    list.iter()
        .map(|(title, copies)| (title.to_string(), *copies))
        .collect()
}

/// A day's sales: two titles sold twice, two titles with equally many copies, one with none.
fn a_day() -> Vec<Sale> {
    vec![
        sale("Emma", 3, 800),
        sale("Orlando", 5, 950),
        sale("Emma", 4, 750),
        sale("Flush", 5, 750),
        sale("Villette", 0, 1200),
    ]
}

/// Revenue is copies times price, added up; no sales are 0, and what does not fit into a `u64` is `None`.
#[test]
fn revenue_adds_up_or_is_none() {
    let most = sale("First Folio", 1, u64::MAX);
    for (sales, revenue, case) in [
        (a_day(), Some(13_900), "the day's five sales"),
        (vec![], Some(0), "no sales"),
        (
            vec![most.clone()],
            Some(u64::MAX),
            "one sale at u64::MAX cents",
        ),
        (
            vec![most.clone(), sale("Emma", 1, 1)],
            None,
            "one cent more",
        ),
        (
            vec![sale("First Folio", 2, u64::MAX)],
            None,
            "2 copies at u64::MAX cents",
        ),
        (
            vec![sale("Emma", 1, 1), most.clone()],
            None,
            "one cent, then u64::MAX cents",
        ),
        (
            vec![sale("First Folio", 0, u64::MAX), most.clone()],
            Some(u64::MAX),
            "0 copies at u64::MAX cents, then 1",
        ),
        (
            vec![sale("Emma", 0, 800), sale("Catalogue", 7, 0)],
            Some(0),
            "nothing sold, and 7 given away",
        ),
        (
            vec![sale("Emma", u32::MAX, u64::from(u32::MAX) + 2)],
            Some(u64::MAX),
            "u32::MAX copies at u32::MAX + 2 cents",
        ),
        (
            vec![sale("Emma", u32::MAX, u64::from(u32::MAX) + 3)],
            None,
            "u32::MAX copies at u32::MAX + 3 cents",
        ),
        (
            vec![sale("Second Folio", 3, (1 << 53) + 1), sale("Emma", 1, 1)],
            Some(3 * ((1 << 53) + 1) + 1),
            "3 copies at 2^53 + 1 cents and a cent",
        ),
    ] {
        let answer: Option<u64> = revenue_cents(&sales);
        assert_eq!(answer, revenue, "{case}");
    }
}

/// The cheapest sale is the first of those with the lowest price; without sales there is none.
#[test]
fn the_cheapest_is_the_first_of_its_price() {
    let sales = a_day();
    let found: Option<&Sale> = cheapest(&sales);
    assert_eq!(
        told(found),
        Some(("Emma", 4, 750)),
        "Emma and Flush were both sold at 750"
    );
    assert_eq!(
        told(cheapest(&sales[..1])),
        Some(("Emma", 3, 800)),
        "a single sale"
    );
    assert_eq!(told(cheapest(&[])), None, "no sales");
    for prices in [
        vec![0],
        vec![0, 5],
        vec![5, 0, 3],
        vec![5, 3, 0],
        vec![0, 0, 7],
        vec![5, 0, 0],
        vec![u64::MAX],
        vec![u64::MAX, u64::MAX],
        vec![u64::MAX, u64::MAX - 1],
        vec![u64::MAX - 1, u64::MAX, u64::MAX - 2],
        vec![(1 << 53) + 1, 1 << 53],
        vec![(1 << 32) + 1, 2],
        vec![2, 1 << 32],
        vec![1 << 63, 5],
    ] {
        let sales: Vec<Sale> = (1..)
            .zip(&prices)
            .map(|(place, cents)| sale(&format!("Volume {place}"), place % 2, *cents))
            .collect();
        let mut place = 0;
        for (other, cents) in prices.iter().enumerate() {
            if *cents < prices[place] {
                place = other;
            }
        }
        assert_eq!(
            told(cheapest(&sales)),
            told(sales.get(place)),
            "the cheapest at prices of {prices:?}"
        );
    }
}

/// Titles up to a price, the price itself included, in the order of the sales and as often as they were sold.
#[test]
fn titles_up_to_a_price_keep_their_order() {
    let sales = a_day();
    for (limit, titles) in [
        (749, vec![]),
        (750, vec!["Emma", "Flush"]),
        (800, vec!["Emma", "Emma", "Flush"]),
        (
            u64::MAX,
            vec!["Emma", "Orlando", "Emma", "Flush", "Villette"],
        ),
    ] {
        let answer: Vec<&str> = titles_at_most(&sales, limit);
        assert_eq!(answer, titles, "at most {limit} cents");
    }
    let free = [
        sale(" Catalogue ", 0, 0),
        sale("", 3, 1),
        sale("Emma", 3, 800),
        sale("First Folio", 9, u64::MAX),
    ];
    for (limit, titles) in [
        (0, vec![" Catalogue "]),
        (1, vec![" Catalogue ", ""]),
        (800, vec![" Catalogue ", "", "Emma"]),
        (u64::MAX - 1, vec![" Catalogue ", "", "Emma"]),
        (u64::MAX, vec![" Catalogue ", "", "Emma", "First Folio"]),
    ] {
        let answer: Vec<&str> = titles_at_most(&free, limit);
        assert_eq!(answer, titles, "at most {limit} cents in {free:?}");
    }
}

/// Copies are added up by title; the most come first, equals in alphabetical order, and unsold titles are left out.
#[test]
fn best_sellers_are_ranked_by_copies_then_title() {
    let all = ranked(&[("Emma", 7), ("Flush", 5), ("Orlando", 5)]);
    for (n, length) in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (usize::MAX, 3)] {
        let best: Vec<(String, u64)> = best_sellers(&a_day(), n);
        assert_eq!(best, all[..length], "the best {n} of the day");
    }
    assert_eq!(best_sellers(&[], 3), ranked(&[]), "no sales");

    let most = [
        sale("Emma", u32::MAX, 1),
        sale("Flush", u32::MAX, 1),
        sale("Emma", u32::MAX, 0),
        sale("Flush", u32::MAX, 1),
        sale("Flush", 1, 1),
        sale("Ivanhoe", u32::MAX, 1),
        sale("Ivanhoe", 6, 1),
        sale("Orlando", 9, 0),
        sale("Walden", 10, 1),
    ];
    assert_eq!(
        best_sellers(&most, 5),
        ranked(&[
            ("Flush", 8_589_934_591),
            ("Emma", 8_589_934_590),
            ("Ivanhoe", 4_294_967_301),
            ("Walden", 10),
            ("Orlando", 9),
        ]),
        "more copies than a u32 holds, and some for nothing"
    );
}

/// Titles are taken as they are written: `Emma`, `emma` and `Emma ` are three, and an empty one is one, too.
#[test]
fn titles_are_kept_apart_as_they_are_written() {
    let sales = [
        sale("emma", 2, 800),
        sale("Emma", 5, 800),
        sale("Emma ", 4, 800),
        sale("", 3, 800),
        sale("emma", 4, 800),
    ];
    assert_eq!(
        best_sellers(&sales, 9),
        ranked(&[("emma", 6), ("Emma", 5), ("Emma ", 4), ("", 3)]),
        "the best of {sales:?}"
    );
}

/// No title is too long: two that differ in their last character are two, and each is listed whole.
#[test]
fn long_titles_are_kept_apart() {
    for length in [31, 63, 80, 100, 127, 255, 256, 1_000, 65_536] {
        let front = "é".repeat(length);
        let (left, right) = (format!("{front}1"), format!("{front}2"));
        let sales = [sale(&left, 3, 10), sale(&right, 5, 20), sale(&left, 4, 30)];
        let best: Vec<(String, u64)> = best_sellers(&sales, 9);
        // The whole titles would fill the screen.
        assert!(
            best == ranked(&[(&left, 7), (&right, 5)]),
            "best sellers that differ after {length} letters"
        );
        assert!(
            ranking(&best) == [format!("1. {left} (7)"), format!("2. {right} (5)")],
            "the lines of titles that differ after {length} letters"
        );
        assert!(
            titles_at_most(&sales, 20) == [left, right],
            "cheap titles that differ after {length} letters"
        );
    }
}

/// The list is as long as was asked for, when so many titles were sold.
#[test]
fn a_thousand_best_sellers_are_a_thousand() {
    let sales: Vec<Sale> = (1..=3000)
        .map(|copies| sale(&format!("Volume {copies}"), copies, 1))
        .collect();
    for (n, length, fewest) in [
        (10, 10, 2991),
        (101, 101, 2900),
        (1001, 1001, 2000),
        (3000, 3000, 1),
        (3001, 3000, 1),
    ] {
        let best: Vec<(String, u64)> = best_sellers(&sales, n);
        assert_eq!(best.len(), length, "the best {n} of 3000 titles");
        let last = best.last().map(|(_, copies)| *copies);
        let expected = Some(fewest);
        assert_eq!(last, expected, "the last of the best {n} of 3000 titles");
    }
}

/// Equals are in the order in which `String`s compare: capitals before small letters, neither their length nor their
/// spelling in small letters counts. The list is as long as there are titles.
#[test]
fn equals_are_in_alphabetical_order() {
    let mut random = support::seeded(0xA1FA);
    for copies in [1, 7, 100] {
        let mut titles: Vec<String> = [
            "b", "aa", "a", "ab", "aaa", "ba", "B", "Zoo", "Aa", "aB", "", " a", "a b", "a-b", "9",
            "10", "É", "éa", "ea", "Ω", "戦争",
        ]
        .iter()
        .map(|title| title.to_string())
        .collect();
        titles.extend((0..20).map(|number| format!("c{number:02}")));
        let mut expected = titles.clone();
        expected.sort();
        random.shuffle(&mut titles);
        let sales: Vec<Sale> = titles.iter().map(|title| sale(title, copies, 1)).collect();
        let best: Vec<(String, u64)> = best_sellers(&sales, 50);
        let names: Vec<&String> = best.iter().map(|(title, _)| title).collect();
        assert_eq!(
            names,
            expected.iter().collect::<Vec<&String>>(),
            "each sold {copies} times"
        );
    }
}

/// Each line has its rank, counted from 1, the title and the copies.
#[test]
fn ranking_counts_from_one() {
    let lines: Vec<String> = ranking(&ranked(&[("Emma", 7), ("Flush", 5), ("Orlando", 5)]));
    assert_eq!(
        lines,
        ["1. Emma (7)", "2. Flush (5)", "3. Orlando (5)"],
        "three best sellers"
    );
    assert_eq!(ranking(&[]), Vec::<String>::new(), "no best sellers");
    let odd = ranked(&[
        (" emma ", 0),
        ("", 5),
        ("(1) {x}", 1000),
        ("戦争", u64::MAX),
        ("戦争", u64::MAX),
    ]);
    let lines: Vec<String> = ranking(&odd);
    assert_eq!(
        lines,
        [
            "1.  emma  (0)",
            "2.  (5)",
            "3. (1) {x} (1000)",
            "4. 戦争 (18446744073709551615)",
            "5. 戦争 (18446744073709551615)",
        ],
        "the lines of {odd:?}, which are in no order"
    );
}

/// However long the list, each place has one line, with the number of its place in front.
#[test]
fn a_long_ranking_has_a_line_for_each_place() {
    let mut random = support::seeded(0x4A2C);
    let list: Vec<(String, u64)> = (0..3000)
        .map(|_| (random.word(1..9), random.number(1..20)))
        .collect();
    let lines: Vec<String> = ranking(&list);
    assert_eq!(lines.len(), 3000, "lines for 3000 titles");
    for (rank, (line, (title, copies))) in (1..).zip(lines.iter().zip(&list)) {
        assert_eq!(line, &format!("{rank}. {title} ({copies})"), "rank {rank}");
    }
}

/// The first large payments come in order, the least amount included; a source that ends gives a shorter list.
#[test]
fn large_payments_come_in_order() {
    let payments = [300, 5000, 4999, 9000, 5001, 20];
    for (n, expected) in [
        (0, vec![]),
        (2, vec![5000, 9000]),
        (3, vec![5000, 9000, 5001]),
        (4, vec![5000, 9000, 5001]),
    ] {
        let answer: Vec<u64> = first_large(payments.into_iter(), 5000, n);
        assert_eq!(
            answer, expected,
            "the first {n} from 5000 cents in {payments:?}"
        );
    }
    let payments = [0, 7, 1 << 32, 0, 7, u64::MAX, 7, 1 << 63, 0];
    for (least, n, expected) in [
        (0, 4, vec![0, 7, 1 << 32, 0]),
        (0, usize::MAX, payments.to_vec()),
        (1, 3, vec![7, 1 << 32, 7]),
        (7, 9, vec![7, 1 << 32, 7, u64::MAX, 7, 1 << 63]),
        (8, 9, vec![1 << 32, u64::MAX, 1 << 63]),
        ((1 << 32) + 1, 9, vec![u64::MAX, 1 << 63]),
        ((1 << 63) + 1, 9, vec![u64::MAX]),
        (u64::MAX, 1, vec![u64::MAX]),
        (u64::MAX, 2, vec![u64::MAX]),
    ] {
        let answer: Vec<u64> = first_large(payments.into_iter(), least, n);
        assert_eq!(
            answer, expected,
            "the first {n} from {least} cents in {payments:?}"
        );
    }
    let none: Vec<u64> = first_large(std::iter::empty(), 0, 3);
    assert_eq!(none, [0_u64; 0], "no payments at all");
}

/// Nothing is read past the last payment that is needed. (The test counts how many payments were asked for.)
#[test]
fn no_payment_is_read_too_many() {
    for (n, needed) in [(0, 0), (1, 11), (3, 31)] {
        let read = Cell::new(0);
        // 1000 payments; every tenth after the first ten is large.
        let payments = (0..1000_u64).map(|number| {
            read.set(read.get() + 1);
            if number > 0 && number % 10 == 0 {
                9000
            } else {
                100
            }
        });
        let answer: Vec<u64> = first_large(payments, 5000, n);
        assert_eq!(answer, vec![9000; n], "the first {n} large payments");
        assert_eq!(read.get(), needed, "payments read to find {n} large ones");
    }
}

/// Random sales of a handful of titles, often with equal copies and prices.
fn random_sales(random: &mut Seeded) -> Vec<Sale> {
    let titles: Vec<String> = (0..random.size(1..9)).map(|_| random.word(1..4)).collect();
    (0..random.size(0..30))
        .map(|_| {
            let title = random.pick(&titles).clone();
            let copies = u32::try_from(random.number(0..4)).expect("below 4");
            sale(&title, copies, random.number(0..6) * 100)
        })
        .collect()
}

/// For any sales, each ranked title has all of its copies, no two stand in the wrong order, and whoever is missing sold
/// no more than the last.
#[test]
fn any_ranking_is_complete_and_in_order() {
    let mut random = support::seeded(0x17E2);
    for case in 0..300 {
        let sales = random_sales(&mut random);
        let n = random.size(0..6);
        let best: Vec<(String, u64)> = best_sellers(&sales, n);
        let copies_of = |title: &str| -> u64 {
            sales
                .iter()
                .filter(|sale| sale.title == title)
                .map(|sale| u64::from(sale.copies))
                .sum()
        };
        for (title, copies) in &best {
            assert_eq!(*copies, copies_of(title), "case {case}: copies of {title}");
            assert!(*copies > 0, "case {case}: {title} was not sold");
        }
        let before = |left: &(String, u64), right: &(String, u64)| {
            left.1 > right.1 || (left.1 == right.1 && left.0 < right.0)
        };
        for pair in best.windows(2) {
            assert!(
                before(&pair[0], &pair[1]),
                "case {case}: the order of {pair:?}"
            );
        }
        for sale in &sales {
            let entry = (sale.title.clone(), copies_of(&sale.title));
            let placed = best.contains(&entry);
            let behind = best.len() == n && best.last().is_none_or(|last| before(last, &entry));
            assert!(
                placed || entry.1 == 0 || behind,
                "case {case}: {entry:?} is missing in the best {n}, {best:?}"
            );
        }
    }
}

/// For any sales, revenue, the cheapest sale and the cheap titles agree with one plain loop.
#[test]
fn any_list_agrees_with_a_plain_loop() {
    let mut random = support::seeded(0x100F);
    for case in 0..300 {
        let sales = random_sales(&mut random);
        let limit = random.number(0..7) * 100;
        let mut total = 0;
        let mut titles: Vec<&str> = Vec::new();
        let mut low: Option<&Sale> = None;
        for sale in &sales {
            for _ in 0..sale.copies {
                total += sale.price_cents;
            }
            if sale.price_cents < limit + 1 {
                titles.push(&sale.title);
            }
            if low.is_none_or(|low| sale.price_cents < low.price_cents) {
                low = Some(sale);
            }
        }
        assert_eq!(
            revenue_cents(&sales),
            Some(total),
            "case {case}: revenue of {sales:?}"
        );
        assert_eq!(
            titles_at_most(&sales, limit),
            titles,
            "case {case}: at most {limit} in {sales:?}"
        );
        assert_eq!(
            told(cheapest(&sales)),
            told(low),
            "case {case}: the cheapest of {sales:?}"
        );
    }
}

/// Revenue is right, or `None`, for any prices and numbers of copies up to the largest, in any order.
#[test]
fn any_revenue_agrees_with_wider_numbers() {
    let copies = [0, 1, 2, 3, u32::MAX];
    let prices = [
        0,
        1,
        5,
        1 << 32,
        (1 << 53) + 1,
        1 << 62,
        1 << 63,
        u64::MAX - 6,
        u64::MAX,
    ];
    let mut random = support::seeded(0x4E7E);
    for _ in 0..2000 {
        let sales: Vec<Sale> = (0..random.size(0..6))
            .map(|_| sale("Emma", *random.pick(&copies), *random.pick(&prices)))
            .collect();
        let mut wide: u128 = 0;
        for sale in &sales {
            wide += u128::from(sale.price_cents) * u128::from(sale.copies);
        }
        let expected = u64::try_from(wide).ok();
        assert_eq!(revenue_cents(&sales), expected, "the revenue of {sales:?}");
    }
    let just = [sale("A", 1, u64::MAX - 6), sale("B", 3, 1), sale("C", 1, 3)];
    assert_eq!(
        revenue_cents(&just),
        Some(u64::MAX),
        "u64::MAX in three sales"
    );
}

/// However rare the large payments are, they are found, and nothing is read past the last one that is needed.
#[test]
fn rare_payments_are_found() {
    let mut random = support::seeded(0x4A4E);
    for _ in 0..50 {
        let gap = random.number(1..3000);
        let n = random.size(1..5);
        let read = Cell::new(0);
        let payments = (1..1_000_000_u64).map(|number| {
            read.set(number);
            if number % gap == 0 { 5000 + number } else { 0 }
        });
        let answer: Vec<u64> = first_large(payments, 5000, n);
        let expected: Vec<u64> = (1..).take(n).map(|place: u64| 5000 + place * gap).collect();
        assert_eq!(answer, expected, "the first {n}, one in {gap} large");
        assert_eq!(
            read.get(),
            gap * expected.len() as u64,
            "payments read for {n}"
        );
    }
}
