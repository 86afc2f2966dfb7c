use dashboard::export::{decimal, harmless};

/// What a spreadsheet would run gets an apostrophe in front, whatever hides the sign; everything else stays as it is.
#[test]
fn cells_are_harmless() {
    for text in [
        "=1+1",
        "=HYPERLINK(\"https://evil.example\",\"Invoice\")",
        "+1",
        "-1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "=",
        "-",
        "+",
        "@",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(A1)",
        " =1+1",
        "   \u{a0}=1",
        "\u{3000}=1",
        "\t=1",
        "\r=1",
        "\n=1",
        "\r\n=1",
        "\0=1",
        "\u{feff}=1",
        "\u{200b}=1",
        " \u{feff}\t\u{200b}\u{1b}=1",
        "\tbooks",
        "\rbooks",
        "\nbooks",
        "\0books",
        "\t",
        "\r",
        "\n",
        "\0",
    ] {
        assert_eq!(harmless(text), format!("'{text}"), "of {text:?}");
    }
    for text in [
        "",
        "books",
        "'=1+1",
        "\"=1+1\"",
        "a=1",
        "1-1",
        "12",
        "toys & games",
        "e-books",
        "ada@lantern.example",
        " books",
        " ",
        "\u{feff}books",
        "\u{feff}",
        "\u{1b}books",
        "books\t=1",
        "books\n=1",
        "größer",
        "日本",
        "🏮",
        "—",
        "–1",
        "#REF",
        "%",
        "|",
        ";=1",
        ",=1",
        "(=1",
    ] {
        assert_eq!(harmless(text), text, "of {text:?}");
    }
}

/// Amounts are plain numbers in euros with two digits of cents, below zero with a sign, and without groups.
#[test]
fn amounts_are_numbers() {
    for (cents, expected) in [
        (0, "0.00"),
        (1, "0.01"),
        (-1, "-0.01"),
        (10, "0.10"),
        (-99, "-0.99"),
        (100, "1.00"),
        (-100, "-1.00"),
        (1999, "19.99"),
        (123_456_789, "1234567.89"),
        (9_007_199_254_740_993, "90071992547409.93"),
        (i64::MAX, "92233720368547758.07"),
        (i64::MIN, "-92233720368547758.08"),
    ] {
        assert_eq!(decimal(cents), expected, "{cents} cents");
    }
    let mut random = support::seeded(0x1871);
    for _ in 0..300 {
        let size = random.number(0..1 << random.clone().number(1..60));
        let text: String = decimal(-i64::try_from(size).expect("small"));
        let digits = text.trim_start_matches('-').replace('.', "");
        assert_eq!(digits.parse(), Ok(size), "-{size} cents: {text}");
        assert_eq!(
            text.starts_with('-'),
            size > 0,
            "the sign of -{size} cents: {text}"
        );
        assert_eq!(
            text.len() - text.find('.').unwrap_or(0),
            3,
            "two digits of cents: {text}"
        );
    }
}
