//! An `Isbn` that cannot be wrong.
//!
//! A text that is called `isbn` may hold anything, so every function that gets one must check it again, and one of them
//! forgets. A type whose only way in is a check is checked once. Whoever holds an `Isbn` knows that it is one.

use std::str::FromStr;

/// The number of a book, always kept as 13 digits. Two ISBNs are equal when they name the same book, however they were
/// written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Isbn(String);

/// Why a text is not an ISBN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IsbnError {
    /// Hyphens and spaces left out, there are neither 10 nor 13 characters but `count`.
    Length { count: usize },
    /// The first character that must not stand where it stands.
    Character { character: char },
    /// The 13 digits begin neither with 978 nor with 979.
    Prefix,
    /// The last digit does not fit the others: somebody has mistyped.
    CheckDigit,
}

impl Isbn {
    /// The 13 digits, without hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads an ISBN of 13 or of 10 characters. Hyphens (`-`) and spaces are skipped wherever they stand.
///
/// - **13**: only digits `0` to `9`, the first three 978 or 979. Multiply the digits by 1, 3, 1, 3, … from the left: the
///   sum must be divisible by 10.
/// - **10**: nine digits, then a digit or an `X` (or `x`), which is worth 10. Multiply them by 10, 9, 8, … 1 from the
///   left: the sum must be divisible by 11. Then it is kept as 13 digits: 978, the first nine of the ten, and the one
///   digit that makes these thirteen right.
///
/// When several things are wrong, the answer is the first of `Length`, `Character`, `Prefix`, `CheckDigit`.
///
/// | text | kept as |
/// | --- | --- |
/// | `978-0-306-40615-7` | `9780306406157` |
/// | `0-306-40615-2` | `9780306406157` |
/// | `080442957X` | `9780804429573` |
/// | `9780306406158` | `CheckDigit` |
/// | `97803064O6157` (a letter O) | `Character { character: 'O' }` |
impl FromStr for Isbn {
    type Err = IsbnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let characters: Vec<char> = text.chars().filter(|c| *c != '-' && *c != ' ').collect();
        let digits = match characters.len() {
            10 => thirteen_of(&digits_of(&characters)?)?,
            13 => digits_of(&characters)?,
            count => return Err(IsbnError::Length { count }),
        };
        if !digits.starts_with(&[9, 7, 8]) && !digits.starts_with(&[9, 7, 9]) {
            return Err(IsbnError::Prefix);
        }
        if !sum_of_thirteen(&digits).is_multiple_of(10) {
            return Err(IsbnError::CheckDigit);
        }
        Ok(Self(digits.iter().map(u32::to_string).collect()))
    }
}

/// The values of the characters. An X counts 10, and only as the tenth of ten.
fn digits_of(characters: &[char]) -> Result<Vec<u32>, IsbnError> {
    let mut digits = Vec::new();
    for (place, character) in characters.iter().enumerate() {
        let value = match character {
            'X' | 'x' if place == 9 && characters.len() == 10 => Some(10),
            _ => character.to_digit(10),
        };
        digits.push(value.ok_or(IsbnError::Character {
            character: *character,
        })?);
    }
    Ok(digits)
}

/// The thirteen digits of the book with these ten, whose own check digit goes no further than this.
fn thirteen_of(ten: &[u32]) -> Result<Vec<u32>, IsbnError> {
    let weighted = ten.iter().zip((1..=10).rev());
    let sum: u32 = weighted.map(|(digit, weight)| digit * weight).sum();
    if !sum.is_multiple_of(11) {
        return Err(IsbnError::CheckDigit);
    }
    let mut digits = vec![9, 7, 8];
    digits.extend(ten.iter().take(9));
    // What is missing to the next multiple of ten; nothing, and not ten, if the sum is one already.
    let check = (10 - sum_of_thirteen(&digits) % 10) % 10;
    digits.push(check);
    Ok(digits)
}

/// The digits times 1, 3, 1, 3, …, added up. It also works for the first twelve.
fn sum_of_thirteen(digits: &[u32]) -> u32 {
    let weights = [1, 3].into_iter().cycle();
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}
