//! Differs: stays with text throughout, has one function for each length, and finds the check digit by trying.

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
        self.0.as_str()
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
        let bare = text.replace(['-', ' '], "");
        match bare.chars().count() {
            10 => ten(&bare),
            13 => thirteen(&bare),
            count => Err(IsbnError::Length { count }),
        }
    }
}

/// Checks ten characters, and makes thirteen of them.
fn ten(text: &str) -> Result<Isbn, IsbnError> {
    let mut sum = 0;
    for (character, weight) in text.chars().zip((1..=10).rev()) {
        let value = match (character, weight) {
            ('X' | 'x', 1) => 10,
            _ => character
                .to_digit(10)
                .ok_or(IsbnError::Character { character })?,
        };
        sum += value * weight;
    }
    if sum % 11 != 0 {
        return Err(IsbnError::CheckDigit);
    }
    let nine: String = text.chars().take(9).collect();
    // One of the ten digits is always right, so the error is for the compiler only.
    ('0'..='9')
        .map(|last| format!("978{nine}{last}"))
        .find(|text| weigh(text) % 10 == 0)
        .map(Isbn)
        .ok_or(IsbnError::CheckDigit)
}

/// Checks thirteen characters.
fn thirteen(text: &str) -> Result<Isbn, IsbnError> {
    if let Some(character) = text.chars().find(|character| !character.is_ascii_digit()) {
        return Err(IsbnError::Character { character });
    }
    if !(text.starts_with("978") || text.starts_with("979")) {
        return Err(IsbnError::Prefix);
    }
    if weigh(text) % 10 != 0 {
        return Err(IsbnError::CheckDigit);
    }
    Ok(Isbn(text.to_string()))
}

/// The digits of a text times 1, 3, 1, 3, … added up.
fn weigh(digits: &str) -> u32 {
    let mut sum = 0;
    let mut weight = 1;
    for digit in digits
        .chars()
        .filter_map(|character| character.to_digit(10))
    {
        sum += digit * weight;
        weight = 4 - weight;
    }
    sum
}
