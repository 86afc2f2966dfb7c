//! Differs: keeps a running sum while reading, instead of lists of digits.

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
        let mut kept = String::new();
        let mut count = 0;
        let mut misfit = None;
        for character in text.chars() {
            if character == '-' || character == ' ' {
                continue;
            }
            count += 1;
            let x = count == 10 && matches!(character, 'X' | 'x');
            if !x && !character.is_ascii_digit() && misfit.is_none() {
                misfit = Some(character);
            }
            kept.push(character);
        }
        if count != 10 && count != 13 {
            return Err(IsbnError::Length { count });
        }
        if count == 13 {
            // An X in the tenth place is fine only if it is the last.
            misfit = kept.chars().find(|character| !character.is_ascii_digit());
        }
        if let Some(character) = misfit {
            return Err(IsbnError::Character { character });
        }
        if count == 10 {
            let mut sum = 0;
            let mut running = 0;
            for character in kept.chars() {
                // Adding the running sum each time weighs the first digit ten times and the last one once.
                running += character.to_digit(10).unwrap_or(10);
                sum += running;
            }
            if sum % 11 != 0 {
                return Err(IsbnError::CheckDigit);
            }
            kept.pop();
            kept.insert_str(0, "978");
            for last in ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] {
                kept.push(last);
                if fits(&kept) {
                    break;
                }
                kept.pop();
            }
        }
        match &kept[..3] {
            "978" | "979" if fits(&kept) => Ok(Isbn(kept)),
            "978" | "979" => Err(IsbnError::CheckDigit),
            _ => Err(IsbnError::Prefix),
        }
    }
}

fn fits(thirteen: &str) -> bool {
    let mut sum = 0;
    let mut weight = 1;
    for character in thirteen.chars() {
        sum += weight * character.to_digit(10).unwrap_or(0);
        weight = 4 - weight;
    }
    sum % 10 == 0
}
