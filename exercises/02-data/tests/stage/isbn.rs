use data::isbn::{Isbn, IsbnError};
use support::Seeded;

use crate::texts;

fn isbn(text: &str) -> Result<Isbn, IsbnError> {
    text.parse()
}

/// Why a text is no ISBN, in a type of the tests' own.
#[derive(Debug, PartialEq)]
enum Wrong {
    Length { count: usize },
    Character { character: char },
    Prefix,
    CheckDigit,
}

/// What a text is kept as, or why it is refused.
fn kept(text: &str) -> Result<String, Wrong> {
    match isbn(text) {
        Ok(read) => Ok(read.as_str().to_string()),
        Err(IsbnError::Length { count }) => Err(Wrong::Length { count }),
        Err(IsbnError::Character { character }) => Err(Wrong::Character { character }),
        Err(IsbnError::Prefix) => Err(Wrong::Prefix),
        Err(IsbnError::CheckDigit) => Err(Wrong::CheckDigit),
    }
}

/// So many random digits.
fn digits(random: &mut Seeded, count: usize) -> Vec<u64> {
    (0..count).map(|_| random.number(0..10)).collect()
}

fn text_of(digits: &[u64]) -> String {
    digits.iter().map(u64::to_string).collect()
}

/// The sum that decides about thirteen digits: the odd places once, the even places three times.
fn thirteen_sum(digits: &[u64]) -> u64 {
    let odd: u64 = digits.iter().step_by(2).sum();
    let even: u64 = digits.iter().skip(1).step_by(2).sum();
    odd + 3 * even
}

/// A right ISBN of thirteen digits, found by trying each last digit.
fn random_isbn(random: &mut Seeded) -> String {
    let mut all = vec![9, 7, 8 + random.number(0..2)];
    all.extend(digits(random, 9));
    for last in 0..10 {
        if (thirteen_sum(&all) + last).is_multiple_of(10) {
            all.push(last);
            break;
        }
    }
    text_of(&all)
}

/// An ISBN is kept as thirteen digits, whether it came with thirteen or ten, with hyphens, spaces or neither.
#[test]
fn an_isbn_is_kept_as_thirteen_digits() {
    for (text, digits) in [
        ("9780306406157", "9780306406157"),
        ("978-0-306-40615-7", "9780306406157"),
        (" 979 10 90636 07 1 ", "9791090636071"),
        ("0306406152", "9780306406157"),
        ("0-306-40615-2", "9780306406157"),
        ("080442957X", "9780804429573"),
        ("0-8044-2957-x", "9780804429573"),
        ("0141439580", "9780141439587"),
        ("0141439572", "9780141439570"),
        ("0000000000", "9780000000002"),
        ("000000000-0", "9780000000002"),
        ("9780000000002", "9780000000002"),
        ("9971502100", "9789971502102"),
        ("9999999999", "9789999999991"),
        // Ten that begin as thirteen do are ten all the same.
        ("9780000003", "9789780000004"),
        ("9790000006", "9789790000001"),
        ("9790260000438", "9790260000438"),
        ("9791090636071", "9791090636071"),
        ("--9-7--8 0306406157 - ", "9780306406157"),
        ("9-7-8-0-3-0-6-4-0-6-1-5-7", "9780306406157"),
        ("080442957-x ", "9780804429573"),
    ] {
        assert_eq!(kept(text), Ok(digits.to_string()), "read from {text:?}");
    }
}

/// Two ISBNs are equal when they name the same book, however they were written, and not equal when they do not.
#[test]
fn equal_isbns_name_one_book() {
    for (one, other, same) in [
        ("0-306-40615-2", "978-0-306-40615-7", true),
        ("0-8044-2957-x", "080442957X", true),
        ("9780306406157", "9780141439587", false),
        ("9780000000002", "9790000000001", false),
    ] {
        let ones: Isbn = isbn(one).expect("this one is right");
        let others: Isbn = isbn(other).expect("this one is right");
        assert_eq!(ones == others, same, "is {one} equal to {other}?");
        assert_eq!(ones != others, !same, "is {one} not equal to {other}?");
    }
}

/// Each kind of nonsense has its error; when several apply, it is the first of length, character, prefix, check digit.
#[test]
fn a_wrong_isbn_says_what_is_wrong() {
    let character = |character| Wrong::Character { character };
    for (text, error) in [
        ("", Wrong::Length { count: 0 }),
        ("- -", Wrong::Length { count: 0 }),
        ("978030640615", Wrong::Length { count: 12 }),
        ("97803064061570", Wrong::Length { count: 14 }),
        ("030640615", Wrong::Length { count: 9 }),
        ("forty-two", Wrong::Length { count: 8 }),
        ("97803064061570306406157", Wrong::Length { count: 23 }),
        ("03064061520", Wrong::Length { count: 11 }),
        ("ISBN 0306406152", Wrong::Length { count: 14 }),
        ("ISBN:0306406152", Wrong::Length { count: 15 }),
        ("978–0306406157", Wrong::Length { count: 14 }),
        ("978.0306406157", Wrong::Length { count: 14 }),
        ("978_0306406157", Wrong::Length { count: 14 }),
        ("9780306406157\n", Wrong::Length { count: 14 }),
        ("978\u{a0}0306406157", Wrong::Length { count: 14 }),
        ("戦争と平和", Wrong::Length { count: 5 }),
        ("é", Wrong::Length { count: 1 }),
        (&"0".repeat(256 + 10), Wrong::Length { count: 266 }),
        (&"9".repeat(256 + 13), Wrong::Length { count: 269 }),
        ("97803064O6157", character('O')),
        ("97803064o6157", character('o')),
        ("978030640615x", character('x')),
        ("9780306406xX7", character('x')),
        ("97803A64B6157", character('A')),
        ("97803_64B6157", character('_')),
        ("030x40615X", character('x')),
        ("08044295XX", character('X')),
        ("08044?295A", character('?')),
        ("080442957Χ", character('Χ')),
        ("080442957Ⅹ", character('Ⅹ')),
        ("080442957х", character('х')),
        ("ABCDEFGHIJKLM", character('A')),
        ("080442957A", character('A')),
        ("080442957Y", character('Y')),
        ("0A0X406152", character('A')),
        ("9780306406157.", Wrong::Length { count: 14 }),
        ("978\u{ad}0306406157", Wrong::Length { count: 14 }),
        ("9780306406157\u{200b}", Wrong::Length { count: 14 }),
        ("\u{feff}9780306406157", Wrong::Length { count: 14 }),
        ("戦争と平和戦争と平和", character('戦')),
        ("978030640615X", character('X')),
        ("X306406152", character('X')),
        ("978030640X157", character('X')),
        ("123456789é", character('é')),
        ("٠306406152", character('٠')),
        ("97８0306406157", character('８')),
        ("978\t030640615", character('\t')),
        ("97703O6406157", character('O')),
        ("9770306406158", Wrong::Prefix),
        ("9800306406156", Wrong::Prefix),
        ("1234567890123", Wrong::Prefix),
        ("9770306406150", Wrong::Prefix),
        ("8780306406157", Wrong::Prefix),
        ("0000000000001", Wrong::Prefix),
        ("0000000000000", Wrong::Prefix),
        ("9780306406158", Wrong::CheckDigit),
        ("9790306406157", Wrong::CheckDigit),
        ("9780306406152", Wrong::CheckDigit),
        ("0306406157", Wrong::CheckDigit),
        ("0000000001", Wrong::CheckDigit),
        ("000000000X", Wrong::CheckDigit),
        ("1000000000", Wrong::CheckDigit),
        ("0306406153", Wrong::CheckDigit),
        ("030640615X", Wrong::CheckDigit),
        ("3006406152", Wrong::CheckDigit),
    ] {
        assert_eq!(kept(text), Err(error), "read from {text:?}");
    }
}

/// Behind any twelve digits exactly one check digit fits, behind any nine exactly one digit or X, and both name the same
/// book.
#[test]
fn exactly_one_check_digit_fits() {
    let mut random = support::seeded(0x15B9);
    for case in 0..500 {
        let mut middle = digits(&mut random, 9);
        // Some of the ten begin as thirteen do.
        match case % 10 {
            0 => middle[..3].copy_from_slice(&[9, 7, 8]),
            1 => middle[..3].copy_from_slice(&[9, 7, 9]),
            _ => {}
        }
        let short = text_of(&middle);
        let long = format!("978{short}");
        let all = [vec![9, 7, 8], middle.clone()].concat();

        let long_fits: Vec<String> = (0..10)
            .map(|last| format!("{long}{last}"))
            .filter(|text| isbn(text).is_ok())
            .collect();
        let check = (1000 - thirteen_sum(&all)) % 10;
        assert_eq!(
            long_fits,
            [format!("{long}{check}")],
            "what fits behind {long}"
        );

        // Another way to say the rule for ten: the places times the digits, modulo 11, are the last one.
        let last: u64 = (1..)
            .zip(&middle)
            .map(|(place, digit): (u64, &u64)| place * digit)
            .sum::<u64>()
            % 11;
        let short_fits: Vec<String> = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "X"]
            .iter()
            .map(|last| format!("{short}{last}"))
            .filter(|text| isbn(text).is_ok())
            .collect();
        let expected = if last == 10 {
            format!("{short}X")
        } else {
            format!("{short}{last}")
        };
        assert_eq!(short_fits, [expected], "what fits behind {short}");

        assert_eq!(
            kept(&short_fits[0]),
            kept(&long_fits[0]),
            "two ways to write one book's number"
        );
    }
}

/// One mistyped digit never makes another ISBN.
#[test]
fn one_wrong_digit_is_always_noticed() {
    let mut random = support::seeded(0x0E22);
    for _ in 0..300 {
        let right = random_isbn(&mut random);
        assert!(isbn(&right).is_ok(), "{right} is right");
        let place = random.size(0..13);
        for digit in 0..10 {
            let mut mistyped = right.clone();
            mistyped.replace_range(place..place + 1, &digit.to_string());
            if mistyped != right {
                assert!(isbn(&mistyped).is_err(), "{mistyped}, mistyped for {right}");
            }
        }
    }
}

/// Whatever the text, it becomes a right ISBN or an error, never a crash; and what is kept reads as itself.
#[test]
fn any_text_is_an_isbn_or_an_error() {
    let mut random = support::seeded(0xA715);
    let mut accepted = 0;
    for case in 0..6000 {
        let pieces = [
            "0",
            "3",
            "9",
            "978",
            "979",
            "-",
            "X",
            "x",
            "030640615",
            "080442957",
        ];
        let mut text = texts::any(&mut random, &pieces);
        if case % 3 == 0 {
            // A right one, which a random character may then spoil.
            text = random_isbn(&mut random);
            if random.coin() {
                text.insert(random.size(0..14), texts::any_character(&mut random));
            }
        }
        let Ok(read) = isbn(&text) else {
            let plain = text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit());
            assert!(case % 3 != 0 || !plain, "{text:?} was refused");
            continue;
        };
        accepted += 1;
        let digits: Vec<u64> = read
            .as_str()
            .chars()
            .map(|kept| u64::from(kept.to_digit(10).expect("digits only")))
            .collect();
        assert_eq!(digits.len(), 13, "digits kept of {text:?}");
        assert!(
            read.as_str().starts_with("978") || read.as_str().starts_with("979"),
            "{text:?} was kept as {read:?}"
        );
        assert_eq!(
            thirteen_sum(&digits) % 10,
            0,
            "the check sum of {read:?}, read from {text:?}"
        );
        assert_eq!(
            kept(read.as_str()),
            Ok(read.as_str().to_string()),
            "read again: {read:?}"
        );
        let misfits = text
            .chars()
            .filter(|c| !matches!(c, '0'..='9' | '-' | ' ' | 'X' | 'x'))
            .count();
        assert_eq!(misfits, 0, "characters in {text:?} that no ISBN has");
    }
    assert!(
        accepted > 900,
        "about half of 2000 right ISBNs stay right, not {accepted}"
    );
}

/// Whatever stands in a text, the length is asked first, and then the first character that must not stand where it stands.
#[test]
fn any_misfit_is_named_in_its_turn() {
    let mut random = support::seeded(0x15BE);
    let pieces = ["0", "7", "9", "-", " ", "X", "x", "A", "."];
    for case in 0..3000 {
        let mut characters: Vec<char> = if case % 2 == 0 {
            random_isbn(&mut random).chars().collect()
        } else {
            "080442957X".chars().collect()
        };
        for _ in 0..random.size(0..4) {
            let place = random.size(0..characters.len());
            let piece = match random.number(0..3) {
                0 => texts::any(&mut random, &pieces),
                _ => random.pick(&pieces).to_string(),
            };
            characters.splice(place..place + random.size(0..2), piece.chars());
        }
        let text: String = characters.iter().collect();
        let counted = text.replace(['-', ' '], "");
        let count = counted.chars().count();
        let misfit = counted.chars().enumerate().find(|(place, character)| {
            let x = "xX".contains(*character) && count == 10 && *place == 9;
            !x && !character.is_ascii_digit()
        });
        let read: Result<String, Wrong> = kept(&text);
        match misfit {
            _ if count != 10 && count != 13 => {
                assert_eq!(read, Err(Wrong::Length { count }), "read from {text:?}");
            }
            Some((_, character)) => {
                let expected = Err(Wrong::Character { character });
                assert_eq!(read, expected, "read from {text:?}");
            }
            None => {
                let late = [Err(Wrong::Prefix), Err(Wrong::CheckDigit)];
                let fine = read.is_ok() || late.contains(&read);
                assert!(fine, "{text:?} gives {read:?}");
            }
        }
    }
}
