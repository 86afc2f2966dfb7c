use data::options::{
    Book, QuoteError, find_book, parse_quantity, price_to_pay, quote, sequel_title,
};

use crate::texts;

fn book(number: u32, title: &str, price_cents: u64, copies: u32) -> Book {
    Book {
        number,
        title: title.to_string(),
        price_cents,
        sale_cents: None,
        copies,
        sequel: None,
    }
}

/// What tells one book from another: its number and its title. The tests compare numbers and texts.
fn told(found: Option<&Book>) -> Option<(u32, &str)> {
    found.map(|book| (book.number, book.title.as_str()))
}

/// Why there was no quote, in a type of the tests' own.
#[derive(Debug, PartialEq)]
enum Refusal {
    NoSuchBook { number: u32 },
    BadQuantity { text: String },
    NotEnough { asked: u32, left: u32 },
    TooLarge,
}

fn refusal(error: QuoteError) -> Refusal {
    match error {
        QuoteError::NoSuchBook { number } => Refusal::NoSuchBook { number },
        QuoteError::BadQuantity { text } => Refusal::BadQuantity { text },
        QuoteError::NotEnough { asked, left } => Refusal::NotEnough { asked, left },
        QuoteError::TooLarge => Refusal::TooLarge,
    }
}

fn bad_quantity(text: &str) -> Refusal {
    Refusal::BadQuantity {
        text: text.to_string(),
    }
}

/// What `parse_quantity` says, and what `quote` says.
fn read(text: &str) -> Result<u32, Refusal> {
    let answer: Result<u32, QuoteError> = parse_quantity(text);
    answer.map_err(refusal)
}

fn quoted(books: &[Book], number: u32, quantity: &str) -> Result<u64, Refusal> {
    let answer: Result<u64, QuoteError> = quote(books, number, quantity);
    answer.map_err(refusal)
}

/// Emma has no sequel, Little Women has one, and the sequel of Good Wives is not in the catalogue.
fn catalogue() -> Vec<Book> {
    let mut books = vec![
        book(7, "Emma", 800, 5),
        book(21, "Little Women", 950, 0),
        book(22, "Good Wives", 1100, 2),
        book(90, "First Folio", u64::MAX, 3),
    ];
    books[1].sequel = Some(22);
    books[2].sequel = Some(23);
    books
}

/// A book is found by its number wherever it stands; a number that no book has finds `None`.
#[test]
fn a_book_is_found_by_its_number() {
    let books = catalogue();
    for wanted in &books {
        let found: Option<&Book> = find_book(&books, wanted.number);
        assert_eq!(
            told(found),
            Some((wanted.number, wanted.title.as_str())),
            "number {}",
            wanted.number
        );
    }
    for number in [0, 8, u32::MAX] {
        assert_eq!(
            told(find_book(&books, number)),
            None,
            "no book has number {number}"
        );
    }
    assert_eq!(told(find_book(&[], 7)), None, "an empty catalogue");
}

/// The catalogue is in no order, and any number may be a book's, also 0 and the largest.
#[test]
fn a_book_is_found_in_any_order() {
    let mut random = support::seeded(0xF1D0);
    let numbers = [u32::MAX, 7, 65_543, 0, 90, 1, 21, 22];
    for case in 0..40 {
        let mut books: Vec<Book> = Vec::new();
        for number in numbers {
            // Sold out and free books are books.
            books.push(book(number, &random.word(0..3), 0, 0));
        }
        random.shuffle(&mut books);
        let books = &books[..random.size(0..9)];
        for number in numbers {
            let by_hand = books.iter().position(|book| book.number == number);
            let expected: Option<&Book> = by_hand.map(|place| &books[place]);
            let found: Option<&Book> = find_book(books, number);
            assert_eq!(
                told(found),
                told(expected),
                "case {case}: number {number} in {books:?}"
            );
        }
    }
}

/// On sale a book costs its sale price, even when that is 0; otherwise the usual price.
#[test]
fn a_sale_price_counts_even_when_it_is_zero() {
    let mut emma = book(7, "Emma", 800, 5);
    for (sale_cents, price) in [
        (None, 800),
        (Some(650), 650),
        (Some(0), 0),
        (Some(1), 1),
        (Some(800), 800),
        (Some(801), 801),
        (Some(u64::MAX), u64::MAX),
    ] {
        emma.sale_cents = sale_cents;
        let answer: u64 = price_to_pay(&emma);
        assert_eq!(answer, price, "usually 800, on sale for {sale_cents:?}");
        let mut sold_out = emma.clone();
        sold_out.copies = 0;
        let answer: u64 = price_to_pay(&sold_out);
        assert_eq!(answer, price, "sold out, on sale for {sale_cents:?}");
    }
}

/// The sequel's title, or `None` when the book, its sequel's number, or the sequel itself is missing.
#[test]
fn a_sequel_needs_all_three_steps() {
    let books = catalogue();
    for (number, title, case) in [
        (21, Some("Good Wives"), "Little Women is continued by 22"),
        (7, None, "Emma has no sequel"),
        (22, None, "the sequel of Good Wives is not in the catalogue"),
        (99, None, "no book has number 99"),
    ] {
        let answer: Option<&str> = sequel_title(&books, number);
        assert_eq!(answer, title, "{case}");
    }
}

/// A sequel may stand anywhere in the catalogue, be sold out, have a sequel of its own, any number, and any title.
#[test]
fn a_sequel_is_found_by_its_number_alone() {
    let mut books = vec![
        book(5, "Paradise Regained", 700, 0),
        book(90, "Paradise Lost", 900, 2),
        book(40, "The Golden Compass", 800, 1),
        book(0, " The Subtle Knife ", 800, 1),
        book(u32::MAX, "The Amber Spyglass", 800, 1),
        book(41, "Untitled, so far", 800, 1),
        book(42, "Groundhog Day", 100, 1),
    ];
    books[1].sequel = Some(5);
    books[2].sequel = Some(0);
    books[3].sequel = Some(u32::MAX);
    books[6].sequel = Some(42);
    for (number, title, case) in [
        (90, Some("Paradise Regained"), "90 is continued by 5"),
        (40, Some(" The Subtle Knife "), "40 is continued by 0"),
        (0, Some("The Amber Spyglass"), "0 is continued by u32::MAX"),
        (42, Some("Groundhog Day"), "42 is continued by itself"),
        (u32::MAX, None, "u32::MAX has no sequel"),
        (41, None, "41 has no sequel"),
    ] {
        let answer: Option<&str> = sequel_title(&books, number);
        assert_eq!(answer, title, "{case}");
    }
    books[0].title.clear();
    assert_eq!(
        sequel_title(&books, 90),
        Some(""),
        "90 is continued by 5, which has an empty title"
    );
}

/// A quantity is a whole number from 1, white space around it or not. All else comes back in the error, unchanged.
#[test]
fn a_quantity_is_a_whole_number_from_one() {
    for (text, quantity) in [
        ("3", 3),
        (" 12\n", 12),
        ("1", 1),
        ("007", 7),
        ("\t3\r\n", 3),
        ("\u{3000}3\u{a0}", 3),
        ("1001", 1001),
        ("65536", 65_536),
        ("2147483648", 2_147_483_648),
        ("4294967294", u32::MAX - 1),
        ("0000000000000000000000000004", 4),
        ("4294967295", u32::MAX),
    ] {
        assert_eq!(read(text), Ok(quantity), "read from {text:?}");
    }
    for text in [
        "",
        " ",
        "0",
        " 00 ",
        "-1",
        "two",
        " 2 copies",
        "1.5",
        "1 2",
        "4294967296",
        "4294967297",
        "9999999999",
        "18446744073709551616",
        "18446744073709551617",
        "99999999999999999999999999999999",
        "-3",
        "--1",
        "1,000",
        "1_000",
        "1.000",
        "1e3",
        "0x10",
        "3.0",
        "3x",
        "Two Or THREE, If You Still Have As Many As That",
        "３",
        "٣",
        "½",
    ] {
        assert_eq!(read(text), Err(bad_quantity(text)), "read from {text:?}");
    }
}

/// No text is too long: zeros and white space in front do not count, however many, and a wrong text comes back whole.
#[test]
fn a_quantity_may_be_typed_at_length() {
    for length in [11, 31, 63, 100, 127, 255, 256, 1_000, 65_536] {
        let zeros = "0".repeat(length);
        let spaces = " ".repeat(length);
        for text in [
            format!("{zeros}7"),
            format!("{spaces}7"),
            format!("7{spaces}"),
        ] {
            // The whole text would fill the screen.
            assert!(read(&text) == Ok(7), "7 with {length} zeros or spaces");
        }
        for text in [format!("{zeros}7x"), format!("{spaces}é{spaces}"), zeros] {
            assert!(
                read(&text) == Err(bad_quantity(&text)),
                "the error for a text of more than {length} characters holds all of it"
            );
        }
    }
}

/// Whatever is typed, reading it ends with a number from 1 or an error that holds the text, never with a crash.
#[test]
fn any_text_is_read_without_a_crash() {
    let mut random = support::seeded(0x0977);
    let pieces = ["0", "1", "9", "42", " ", "\n", "4294967295"];
    for _ in 0..4000 {
        let text = texts::any(&mut random, &pieces);
        let trimmed = text.trim();
        let digits = trimmed.trim_start_matches('0');
        let readable = trimmed.bytes().all(|byte| byte.is_ascii_digit())
            && match digits.len() {
                0 => false,
                1..=9 => true,
                10 => digits <= "4294967295",
                _ => false,
            };
        match read(&text) {
            Ok(quantity) if readable => {
                assert_eq!(quantity.to_string(), digits, "read from {text:?}");
            }
            // Whether a sign may stand in front is left open.
            Ok(quantity) => assert!(
                quantity > 0 && trimmed.starts_with('+'),
                "{text:?} was read as {quantity}"
            ),
            Err(error) => {
                assert!(!readable, "{text:?} was refused");
                assert_eq!(error, bad_quantity(&text), "the error for {text:?}");
            }
        }
    }
}

/// A quote is today's price times the quantity, up to the last copy on the shelf.
#[test]
fn a_quote_is_price_times_quantity() {
    let mut books = catalogue();
    books[2].sale_cents = Some(600);
    books.push(book(30, "Catalogue", 0, 1));
    books.push(book(31, "Second Folio", (1 << 53) + 1, 9));
    books.push(book(32, "Third Folio", u64::MAX / 3, 3));
    books.push(book(33, "Fourth Folio", u64::MAX, 2));
    books[7].sale_cents = Some(5);
    books.push(book(34, "Almanac", 2, u32::MAX));
    for (number, quantity, total) in [
        (7, "2", 1600),
        (7, " 5 ", 4000),
        (22, "2", 1200),
        (90, "1", u64::MAX),
        (30, "1", 0),
        (31, "3", 3 * ((1 << 53) + 1)),
        (32, "3", u64::MAX),
        (33, "2", 10),
        (34, "4294967295", 8_589_934_590),
    ] {
        let answer = quoted(&books, number, quantity);
        assert_eq!(answer, Ok(total), "{quantity:?} copies of book {number}");
    }
}

/// Each thing that can be wrong has its error, and the first of them in the documented order is the answer.
#[test]
fn the_first_thing_wrong_is_the_answer() {
    let books = catalogue();
    for (number, quantity, error) in [
        (8, "2", Refusal::NoSuchBook { number: 8 }),
        (8, "two", Refusal::NoSuchBook { number: 8 }),
        (7, "two", bad_quantity("two")),
        (21, "0", bad_quantity("0")),
        (7, "6", Refusal::NotEnough { asked: 6, left: 5 }),
        (21, "1", Refusal::NotEnough { asked: 1, left: 0 }),
        (90, "4", Refusal::NotEnough { asked: 4, left: 3 }),
        (90, "2", Refusal::TooLarge),
        (90, "3", Refusal::TooLarge),
        (21, "two", bad_quantity("two")),
        (
            7,
            "4294967295",
            Refusal::NotEnough {
                asked: u32::MAX,
                left: 5,
            },
        ),
        (7, "4294967296", bad_quantity("4294967296")),
        (7, " Two ", bad_quantity(" Two ")),
        (u32::MAX, "1", Refusal::NoSuchBook { number: u32::MAX }),
    ] {
        let answer = quoted(&books, number, quantity);
        assert_eq!(answer, Err(error), "{quantity:?} copies of book {number}");
    }
}

/// For any catalogue and any request, the quote agrees with the prices and the shelf.
#[test]
fn quotes_agree_with_any_catalogue() {
    let mut random = support::seeded(0x2B00);
    let mut small = |limit| u32::try_from(random.number(0..limit)).expect("a small number");
    for case in 0..300 {
        let mut books: Vec<Book> = Vec::new();
        for number in 0..small(8) {
            let mut new = book(number * 3, "Emma", u64::from(small(5000)), small(6));
            if small(2) == 0 {
                new.sale_cents = Some(u64::from(small(1000)));
            }
            books.push(new);
        }
        let (number, asked) = (small(24), small(7));
        let answer = quoted(&books, number, &asked.to_string());
        // The generator gives the books the numbers 0, 3, 6…, so the place follows from the number.
        let place = usize::try_from(number / 3).expect("a small number");
        let expected = if number % 3 != 0 || place >= books.len() {
            Err(Refusal::NoSuchBook { number })
        } else if asked == 0 {
            Err(bad_quantity("0"))
        } else if asked > books[place].copies {
            Err(Refusal::NotEnough {
                asked,
                left: books[place].copies,
            })
        } else {
            let each = match books[place].sale_cents {
                Some(sale_cents) => sale_cents,
                None => books[place].price_cents,
            };
            Ok((0..asked).map(|_| each).sum())
        };
        assert_eq!(
            answer, expected,
            "case {case}: {asked} copies of book {number}"
        );
    }
}

/// For any catalogue, in any order, with prices and numbers at their limits, sequels and quotes agree with looking by hand.
#[test]
fn any_catalogue_agrees_with_looking_by_hand() {
    let numbers = [0, 1, 2, 3, 70_000, u32::MAX - 1, u32::MAX];
    let prices = [0, 1, 500, 600, (1 << 53) + 1, u64::MAX / 2, u64::MAX];
    let quantities = [1, 2, 3, 4, 1000, u32::MAX];
    let mut random = support::seeded(0xCA7A);
    for case in 0..600 {
        let mut order = numbers.to_vec();
        random.shuffle(&mut order);
        order.truncate(random.size(0..8));
        let mut books: Vec<Book> = Vec::new();
        for number in order {
            let (cents, copies) = (*random.pick(&prices), *random.pick(&quantities));
            let mut new = book(number, &random.word(0..4), cents, copies - 1);
            if random.coin() {
                new.sale_cents = Some(*random.pick(&prices));
            }
            if random.coin() {
                new.sequel = Some(*random.pick(&numbers));
            }
            books.push(new);
        }
        let (number, asked) = (*random.pick(&numbers), *random.pick(&quantities));
        let mut title: Option<&str> = None;
        let mut total: Result<u64, Refusal> = Err(Refusal::NoSuchBook { number });
        for one in books.iter().filter(|one| one.number == number) {
            for next in &books {
                if one.sequel == Some(next.number) {
                    title = Some(&next.title);
                }
            }
            let each = match one.sale_cents {
                Some(cents) => cents,
                None => one.price_cents,
            };
            let wide = u128::from(each) * u128::from(asked);
            total = match u64::try_from(wide) {
                _ if one.copies < asked => Err(Refusal::NotEnough {
                    asked,
                    left: one.copies,
                }),
                Ok(cents) => Ok(cents),
                Err(_) => Err(Refusal::TooLarge),
            };
        }
        assert_eq!(
            sequel_title(&books, number),
            title,
            "case {case}: the sequel of {number} in {books:?}"
        );
        assert_eq!(
            quoted(&books, number, &format!(" {asked}")),
            total,
            "case {case}: {asked} copies of {number} in {books:?}"
        );
    }
}
