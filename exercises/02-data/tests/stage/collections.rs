use std::collections::BTreeMap;

use data::collections::{Book, Stock, StockError, copies_sold, repeated, titles_by_author};
use support::Seeded;

const EMMA: &str = "9780141439587";
const ORLANDO: &str = "9780241371961";

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_string).collect()
}

/// Why the stock refused, in a type of the tests' own.
#[derive(Debug, Clone, PartialEq)]
enum Refusal {
    Unknown,
    NotEnough { asked: u32, left: u32 },
    TooMany,
}

fn refusal(error: StockError) -> Refusal {
    match error {
        StockError::Unknown => Refusal::Unknown,
        StockError::NotEnough { asked, left } => Refusal::NotEnough { asked, left },
        StockError::TooMany => Refusal::TooMany,
    }
}

/// What the stock says when copies come in, and when they go out.
fn added(stock: &mut Stock, isbn: &str, copies: u32) -> Result<u32, Refusal> {
    let now: Result<u32, StockError> = stock.add(isbn, copies);
    now.map_err(refusal)
}

fn removed(stock: &mut Stock, isbn: &str, copies: u32) -> Result<u32, Refusal> {
    let now: Result<u32, StockError> = stock.remove(isbn, copies);
    now.map_err(refusal)
}

fn book(author: &str, title: &str) -> Book {
    Book {
        author: author.to_string(),
        title: title.to_string(),
    }
}

/// Copies add up for each ISBN apart, and the answer is the new number. An ISBN that was never added has 0 copies.
#[test]
fn copies_add_up_for_each_isbn() {
    let mut stock = Stock::new();
    assert_eq!(stock.copies(EMMA), 0, "before anything was added");
    for (isbn, copies, total) in [(EMMA, 5, 5), (ORLANDO, 2, 2), (EMMA, 3, 8), (EMMA, 0, 8)] {
        let now = added(&mut stock, isbn, copies);
        assert_eq!(now, Ok(total), "{copies} copies of {isbn} added");
        assert_eq!(
            stock.copies(isbn),
            total,
            "copies of {isbn} after adding {copies}"
        );
    }
    assert_eq!(stock.copies(ORLANDO), 2, "Emma's copies are not Orlando's");
}

/// No key is too long: two that differ in their last character are two, however much stands before it.
#[test]
fn long_texts_are_kept_apart() {
    for length in [9, 10, 12, 13, 17, 31, 63, 100, 127, 255, 256, 1_000, 65_536] {
        let front = "é".repeat(length);
        let (left, right) = (format!("{front}1"), format!("{front}2"));

        let mut stock = Stock::new();
        assert_eq!(
            added(&mut stock, &left, 4),
            Ok(4),
            "{length} letters and a 1"
        );
        assert_eq!(
            added(&mut stock, &right, 2),
            Ok(2),
            "{length} letters and a 2"
        );
        assert_eq!(
            removed(&mut stock, &left, 1),
            Ok(3),
            "{length} letters and a 1"
        );
        assert_eq!(stock.copies(&right), 2, "{length} letters and a 2");

        let books = [book(&left, &right), book(&right, &left)];
        let expected = BTreeMap::from([
            (left.clone(), vec![right.clone()]),
            (right.clone(), vec![left.clone()]),
        ]);
        // The whole texts would fill the screen.
        assert!(
            titles_by_author(&books) == expected,
            "authors and titles that differ after {length} letters"
        );

        let sales = [(left.clone(), 3), (right.clone(), 5), (left.clone(), 4)];
        let expected = BTreeMap::from([(left.clone(), 7), (right.clone(), 5)]);
        assert!(
            copies_sold(&sales) == expected,
            "titles that differ after {length} letters"
        );

        let isbns = [left.clone(), right.clone(), left.clone()];
        assert!(
            repeated(&isbns) == [left],
            "ISBNs that differ after {length} letters"
        );
    }
}

/// An ISBN is taken as it is written: nothing of it is cut off, left out or changed. The empty one is one, too.
#[test]
fn isbns_are_kept_apart_as_they_are_written() {
    let isbns = [
        "080442957X",
        "080442957x",
        " 080442957X",
        "080442957X ",
        "0-8044-2957-X",
        "9780804429573",
        "9780804429570",
        "0",
        "00",
        "",
        " ",
    ];
    let mut stock = Stock::new();
    for (copies, isbn) in (1..).zip(isbns) {
        assert_eq!(
            removed(&mut stock, isbn, 0),
            Err(Refusal::Unknown),
            "{isbn:?} before it was added"
        );
        let now = added(&mut stock, isbn, copies);
        assert_eq!(now, Ok(copies), "the first {copies} copies of {isbn:?}");
    }
    for (copies, isbn) in (1..).zip(isbns) {
        assert_eq!(stock.copies(isbn), copies, "copies of {isbn:?}");
        let now = removed(&mut stock, isbn, copies);
        assert_eq!(now, Ok(0), "all copies of {isbn:?} removed");
    }
}

/// Each ISBN has room for `u32::MAX` copies, however many there are of another.
#[test]
fn each_isbn_has_room_of_its_own() {
    let mut stock = Stock::new();
    for isbn in [EMMA, ORLANDO] {
        let now = added(&mut stock, isbn, u32::MAX);
        assert_eq!(now, Ok(u32::MAX), "u32::MAX copies of {isbn}");
        assert_eq!(stock.copies(isbn), u32::MAX, "copies of {isbn}");
        assert_eq!(
            added(&mut stock, isbn, 0),
            Ok(u32::MAX),
            "and 0 more of {isbn}"
        );
        assert_eq!(
            added(&mut stock, isbn, 1),
            Err(Refusal::TooMany),
            "and 1 more of {isbn}"
        );
    }
    let now = removed(&mut stock, EMMA, u32::MAX - 1);
    assert_eq!(now, Ok(1), "u32::MAX - 1 of u32::MAX copies removed");
    assert_eq!(stock.copies(ORLANDO), u32::MAX, "Orlando is still there");
    assert_eq!(
        added(&mut stock, EMMA, 1 << 31),
        Ok((1 << 31) + 1),
        "half as many"
    );
}

/// Copies go out down to the last one, and the answer is what is left.
#[test]
fn copies_go_out_down_to_the_last() {
    let mut stock = Stock::new();
    assert_eq!(added(&mut stock, EMMA, 5), Ok(5), "5 copies added");
    for (copies, left) in [(2, 3), (0, 3), (3, 0)] {
        let now = removed(&mut stock, EMMA, copies);
        assert_eq!(now, Ok(left), "{copies} copies removed");
        assert_eq!(stock.copies(EMMA), left, "copies after removing {copies}");
    }
}

/// An unknown ISBN is `Unknown`, too few copies are `NotEnough`. An ISBN with 0 copies is known; one that was only asked
/// for is not.
#[test]
fn sold_out_is_not_unknown() {
    let mut stock = Stock::new();
    assert_eq!(stock.copies(EMMA), 0, "before anything was added");
    for copies in [0, 1] {
        let answer = removed(&mut stock, EMMA, copies);
        assert_eq!(
            answer,
            Err(Refusal::Unknown),
            "{copies} copies of an ISBN that was asked for and never added"
        );
    }
    assert_eq!(added(&mut stock, EMMA, 1), Ok(1), "1 copy added");
    assert_eq!(removed(&mut stock, EMMA, 1), Ok(0), "the last copy removed");
    assert_eq!(
        removed(&mut stock, EMMA, 1),
        Err(Refusal::NotEnough { asked: 1, left: 0 }),
        "1 copy of a book that is sold out"
    );
    assert_eq!(added(&mut stock, ORLANDO, 0), Ok(0), "0 copies added");
    assert_eq!(
        removed(&mut stock, ORLANDO, 2),
        Err(Refusal::NotEnough { asked: 2, left: 0 }),
        "2 copies of a book that came with 0"
    );
    for isbn in [EMMA, ORLANDO] {
        assert_eq!(removed(&mut stock, isbn, 0), Ok(0), "0 copies of {isbn}");
    }
    assert_eq!(
        added(&mut stock, EMMA, 2),
        Ok(2),
        "2 copies of a known ISBN"
    );
    assert_eq!(
        removed(&mut stock, EMMA, 2),
        Ok(0),
        "and both of them removed"
    );
    assert_eq!(
        removed(&mut stock, ORLANDO, 1),
        Err(Refusal::NotEnough { asked: 1, left: 0 }),
        "a known ISBN, after another one was sold out"
    );
}

/// A change that is refused leaves the stock exactly as it was.
#[test]
fn a_refused_change_changes_nothing() {
    let mut stock = Stock::new();
    assert_eq!(added(&mut stock, EMMA, 5), Ok(5), "5 copies added");

    let too_many = added(&mut stock, EMMA, u32::MAX - 4);
    assert_eq!(
        too_many,
        Err(Refusal::TooMany),
        "u32::MAX - 4 copies on top of 5"
    );
    assert_eq!(stock.copies(EMMA), 5, "copies after too many");

    let not_enough = removed(&mut stock, EMMA, 6);
    assert_eq!(
        not_enough,
        Err(Refusal::NotEnough { asked: 6, left: 5 }),
        "6 of 5 copies"
    );
    assert_eq!(stock.copies(EMMA), 5, "copies after not enough");

    for copies in [1, 0] {
        assert_eq!(
            removed(&mut stock, ORLANDO, copies),
            Err(Refusal::Unknown),
            "{copies} copies of an ISBN that was never added"
        );
        assert_eq!(stock.copies(ORLANDO), 0, "copies of an unknown ISBN");
        assert_eq!(stock.copies(EMMA), 5, "copies after an unknown ISBN");
    }

    assert_eq!(
        added(&mut stock, EMMA, u32::MAX - 5),
        Ok(u32::MAX),
        "just not too many"
    );
}

/// Authors come in alphabetical order, each with all of their titles in the order of the catalogue.
#[test]
fn titles_are_grouped_by_author() {
    let books = [
        book("Woolf", "Orlando"),
        book("Austen", "Emma"),
        book("Woolf", "Flush"),
        book("Baldwin", "Another Country"),
        book("Woolf", "Orlando"),
        book("Woolf", "Orlando"),
        book("Woolf", ""),
    ];
    let grouped: BTreeMap<String, Vec<String>> = titles_by_author(&books);
    let authors: Vec<&String> = grouped.keys().collect();
    assert_eq!(
        authors,
        ["Austen", "Baldwin", "Woolf"],
        "the authors of the catalogue"
    );
    assert_eq!(
        grouped["Woolf"],
        ["Orlando", "Flush", "Orlando", "Orlando", ""],
        "Woolf's titles"
    );
    assert_eq!(grouped["Austen"], ["Emma"], "Austen's titles");
    assert_eq!(titles_by_author(&[]), BTreeMap::new(), "no books");
}

/// Names and titles are taken as they are written: `Woolf`, `woolf` and `Woolf ` are three, and an empty one is one, too.
#[test]
fn names_are_kept_apart_as_they_are_written() {
    let names = [
        "Woolf",
        "woolf",
        "Woolf ",
        " Woolf",
        "Virginia Woolf",
        "",
        " ",
    ];
    let books: Vec<Book> = names.iter().map(|name| book(name, name)).collect();
    let sales: Vec<(String, u32)> = names.iter().map(|name| (name.to_string(), 1)).collect();
    let all: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let grouped: BTreeMap<String, Vec<String>> = titles_by_author(&books);
    let sold: BTreeMap<String, u64> = copies_sold(&sales);
    for name in names {
        let titles: Option<&Vec<String>> = grouped.get(name);
        assert_eq!(titles, Some(&vec![name.to_string()]), "titles of {name:?}");
        assert_eq!(sold.get(name), Some(&1), "copies of {name:?}");
    }
    assert_eq!(grouped.len(), names.len(), "authors in {names:?}");
    assert_eq!(sold.len(), names.len(), "titles in {names:?}");
    let none: Vec<String> = repeated(&all);
    assert_eq!(none, words(""), "repeated in {names:?}");
    let twice = [all.clone(), all.clone()].concat();
    assert_eq!(repeated(&twice), all, "repeated when all stand there twice");
    let hyphens = words("080442957X 0-8044-2957-X");
    assert_eq!(repeated(&hyphens), words(""), "repeated in {hyphens:?}");
}

/// Sales of one title are added up, past what a `u32` holds; a title sold with 0 copies is listed.
#[test]
fn sales_are_added_up_by_title() {
    let sales = [
        ("Orlando".to_string(), 2),
        ("Emma".to_string(), u32::MAX),
        ("Flush".to_string(), 0),
        ("Orlando".to_string(), 3),
        ("Emma".to_string(), u32::MAX),
        ("Emma".to_string(), u32::MAX),
        ("Walden".to_string(), 16_777_217),
    ];
    let sold: BTreeMap<String, u64> = copies_sold(&sales);
    let expected = BTreeMap::from([
        ("Emma".to_string(), 12_884_901_885),
        ("Flush".to_string(), 0),
        ("Orlando".to_string(), 5),
        ("Walden".to_string(), 16_777_217),
    ]);
    assert_eq!(sold, expected, "seven sales of four titles");
    assert_eq!(copies_sold(&[]), BTreeMap::new(), "no sales");
}

/// What stands in a list more than once is reported once, in the order of the second occurrences.
#[test]
fn repeats_are_reported_once_in_order() {
    for (list, expected) in [
        ("a b b c a b", "b a"),
        ("a a a a", "a"),
        ("a a", "a"),
        ("a", ""),
        ("9780804429573 9780804429570", ""),
        ("9780804429573 9780804429570 9780804429573", "9780804429573"),
        ("a b c", ""),
        ("c b a a b c", "a b c"),
        ("", ""),
    ] {
        let answer: Vec<String> = repeated(&words(list));
        assert_eq!(answer, words(expected), "repeated in [{list}]");
    }
}

/// Random sales of a handful of titles, with a name for each title.
fn random_sales(random: &mut Seeded) -> Vec<(String, u32)> {
    let titles: Vec<String> = (0..random.size(1..8)).map(|_| random.word(1..4)).collect();
    (0..random.size(0..40))
        .map(|_| {
            let title = random.pick(&titles).clone();
            (
                title,
                u32::try_from(random.number(0..50)).expect("below 50"),
            )
        })
        .collect()
}

/// For any list of sales, grouping, counting and finding repeats agree with counting by hand, title by title.
#[test]
fn any_list_agrees_with_counting_by_hand() {
    let mut random = support::seeded(0xC0117);
    for case in 0..200 {
        let sales = random_sales(&mut random);
        let titles: Vec<String> = sales.iter().map(|(title, _)| title.clone()).collect();
        // The number of copies stands in for a title: what is grouped does not matter, its order does.
        let books: Vec<Book> = sales
            .iter()
            .map(|(title, copies)| book(title, &copies.to_string()))
            .collect();

        let sold = copies_sold(&sales);
        let grouped = titles_by_author(&books);
        for title in &titles {
            let mine: Vec<u32> = sales
                .iter()
                .filter(|sale| sale.0 == *title)
                .map(|sale| sale.1)
                .collect();
            let sum: u64 = mine.iter().map(|&copies| u64::from(copies)).sum();
            assert_eq!(
                sold.get(title),
                Some(&sum),
                "case {case}: copies of {title}"
            );
            let kept: Vec<String> = mine.iter().map(u32::to_string).collect();
            assert_eq!(
                grouped.get(title),
                Some(&kept),
                "case {case}: the list of {title}"
            );
        }
        assert!(
            sold.keys()
                .chain(grouped.keys())
                .all(|title| titles.contains(title)),
            "case {case}: a title that was never sold"
        );

        let expected: Vec<String> = (0..titles.len())
            .filter(|&place| {
                titles[..place]
                    .iter()
                    .filter(|&other| *other == titles[place])
                    .count()
                    == 1
            })
            .map(|place| titles[place].clone())
            .collect();
        assert_eq!(
            repeated(&titles),
            expected,
            "case {case}: repeated in {titles:?}"
        );
    }
}

/// For any run of additions and removals, up to the largest numbers, the stock agrees with a plain list.
#[test]
fn any_run_of_changes_agrees_with_a_plain_list() {
    let isbns = [
        EMMA,
        ORLANDO,
        "9780141439588",
        "080442957X",
        "080442957x",
        "",
    ];
    let steps = [0, 1, 2, 5, 1 << 31, u32::MAX - 1, u32::MAX];
    let mut random = support::seeded(0x570C);
    for case in 0..200 {
        let mut stock = Stock::new();
        let mut list: Vec<(&str, u32)> = Vec::new();
        for _ in 0..30 {
            let (isbn, copies) = (*random.pick(&isbns), *random.pick(&steps));
            let place = list.iter().position(|entry| entry.0 == isbn);
            let there = place.map(|place| list[place].1);
            let (word, answer, expected) = if random.coin() {
                let expected = match u32::MAX - there.unwrap_or(0) {
                    room if room < copies => Err(Refusal::TooMany),
                    _ => Ok(there.unwrap_or(0) + copies),
                };
                ("added", added(&mut stock, isbn, copies), expected)
            } else {
                let expected = match there {
                    None => Err(Refusal::Unknown),
                    Some(left) if left < copies => Err(Refusal::NotEnough {
                        asked: copies,
                        left,
                    }),
                    Some(left) => Ok(left - copies),
                };
                ("removed", removed(&mut stock, isbn, copies), expected)
            };
            assert_eq!(
                answer, expected,
                "case {case}: {copies} of {isbn:?} {word}, {list:?}"
            );
            if let Ok(now) = expected {
                match place {
                    Some(place) => list[place].1 = now,
                    None => list.push((isbn, now)),
                }
            }
            for isbn in isbns {
                let known = list.iter().find(|entry| entry.0 == isbn);
                let expected = known.map_or(0, |entry| entry.1);
                assert_eq!(
                    stock.copies(isbn),
                    expected,
                    "case {case}: copies of {isbn:?}"
                );
            }
        }
    }
}
