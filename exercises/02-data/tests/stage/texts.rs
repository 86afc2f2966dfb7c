//! Random texts for the tests of parsers, given.

use support::Seeded;

/// Characters that have broken parsers before: white space, signs, digits of other scripts, letters of several bytes,
/// combining marks, invisible ones.
const ODD: &[char] = &[
    ' ', '\t', '\n', '\0', '+', '-', '_', '.', ',', '@', '"', '\'', 'X', 'é', 'ß', 'İ', '٣', '７',
    '²', '½', '€', '中', '\u{301}', '\u{200b}', '\u{feff}', '🕯',
];

/// A text of up to 20 pieces: some of `likely`, some odd characters, some from anywhere in Unicode.
pub fn any(random: &mut Seeded, likely: &[&str]) -> String {
    let mut text = String::new();
    for _ in 0..random.size(0..21) {
        match random.number(0..10) {
            0 => text.push(*random.pick(ODD)),
            1 => text.push(any_character(random)),
            _ => text.push_str(random.pick::<&str>(likely)),
        }
    }
    text
}

/// Any character of Unicode.
pub fn any_character(random: &mut Seeded) -> char {
    let number = u32::try_from(random.number(0..0x11_0000)).expect("below 0x11_0000");
    // The numbers kept for UTF-16 are not characters.
    char::from_u32(number).unwrap_or('\u{fffd}')
}
