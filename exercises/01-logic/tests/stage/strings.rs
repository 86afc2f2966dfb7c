use logic::strings::{mask_email, shorten, slug};

/// A slug is in lower case, with one hyphen between the words, however many characters lie between them.
#[test]
fn a_slug_joins_words_with_single_hyphens() {
    let cases = [
        ("Emma", "emma"),
        ("The Salt Road", "the-salt-road"),
        ("Catch-22", "catch-22"),
        (
            "Ships, Stars   and _Tides_: Vol. 3",
            "ships-stars-and-tides-vol-3",
        ),
        ("Gulliver's Travels", "gulliver-s-travels"),
        ("L’Étranger\u{a0}/\tReise", "l-étranger-reise"),
        ("C++ & Rust 1.0", "c-rust-1-0"),
    ];
    for (title, expected) in cases {
        let answer: String = slug(title);
        assert_eq!(answer, expected, "the slug of {title:?}");
    }
}

/// No hyphen stands at the start or at the end, and a title without letters or digits has an empty slug.
#[test]
fn a_slug_has_no_hyphen_at_its_ends() {
    let cases = [
        ("  Wait -- what?! ", "wait-what"),
        ("(Untitled)", "untitled"),
        ("!?", ""),
        ("", ""),
    ];
    for (title, expected) in cases {
        let answer: String = slug(title);
        assert_eq!(answer, expected, "the slug of {title:?}");
    }
}

/// Letters of every language stay, in lower case.
#[test]
fn a_slug_keeps_letters_of_every_language() {
    let cases = [
        ("Crème brûlée, Vol. 2", "crème-brûlée-vol-2"),
        ("ÜBER DEN FLUSS", "über-den-fluss"),
        ("雪国 1937", "雪国-1937"),
    ];
    for (title, expected) in cases {
        let answer: String = slug(title);
        assert_eq!(answer, expected, "the slug of {title:?}");
    }
}

/// Whatever the words and whatever lies between them, the slug is the words with hyphens between them.
#[test]
fn a_slug_is_made_of_the_words() {
    let mut random = support::seeded(0x51C6);
    for _ in 0..200 {
        let words: Vec<String> = (0..random.size(1..5)).map(|_| random.word(1..8)).collect();
        let gap = *random.pick(&[" ", ", ", " & ", "...", "/", " – ", "'", "’", "_"]);
        let title = format!("{gap}{}{gap}", words.join(gap).to_uppercase());
        let answer: String = slug(&title);
        assert_eq!(answer, words.join("-"), "the slug of {title:?}");
    }
}

/// Of the part before the last `@` only the first character stays, followed by three stars.
#[test]
fn a_masked_email_keeps_one_character() {
    let cases = [
        ("ada@lantern.example", "a***@lantern.example"),
        ("b@lantern.example", "b***@lantern.example"),
        ("Ada@Lantern.Example", "A***@Lantern.Example"),
        (" ada@lantern.example ", " ***@lantern.example "),
        ("élodie@lantern.example", "é***@lantern.example"),
        ("\"a@b\"@lantern.example", "\"***@lantern.example"),
    ];
    for (email, expected) in cases {
        let masked: String = mask_email(email);
        assert_eq!(masked, expected, "the masked form of {email:?}");
    }
}

/// A text without `@`, or with nothing before it, shows nothing but three stars.
#[test]
fn what_is_no_address_is_hidden_altogether() {
    for email in ["ada.lantern.example", "@lantern.example", "secret", ""] {
        let masked: String = mask_email(email);
        assert_eq!(masked, "***", "the masked form of {email:?}");
    }
    let address: String = mask_email("s@e.example");
    assert_eq!(address, "s***@e.example", "the masked form of an address");
}

/// Addresses with the same first character and the same domain look alike, whatever their length.
#[test]
fn a_masked_email_does_not_tell_its_length() {
    let mut random = support::seeded(0x3A5C);
    for _ in 0..100 {
        let (first, rest, domain) = (
            *random.pick(&['a', 'q', 'ø', '7']),
            random.word(0..12),
            random.word(3..9),
        );
        let email = format!("{first}{rest}@{domain}.example");
        let masked: String = mask_email(&email);
        assert_eq!(
            masked,
            format!("{first}***@{domain}.example"),
            "the masked form of {email:?}"
        );
    }
}

/// A title that fits stays as it is, also when it fits exactly. Characters count, not bytes.
#[test]
fn a_title_that_fits_stays() {
    for (title, width) in [
        ("The Salt Road", 13),
        ("The Salt Road", 40),
        ("Émile", 5),
        ("雪国", 2),
        (" Émile ", 7),
        ("", 0),
        ("", 5),
    ] {
        let short: String = shorten(title, width);
        assert_eq!(short, title, "{title:?} in a column of {width} characters");
    }
}

/// A title that is too long ends in `…`, which is one of the characters that the column holds.
#[test]
fn a_long_title_is_cut() {
    let cases = [
        ("The Salt Road", 8, "The Sal…"),
        ("The Salt Road", 12, "The Salt Ro…"),
        ("The Salt Road", 5, "The …"),
        ("  Émile", 2, " …"),
        ("Émile  ", 6, "Émile…"),
        ("Émile", 3, "Ém…"),
        ("Émile", 1, "…"),
        ("Émile", 0, ""),
    ];
    for (title, width, expected) in cases {
        let short: String = shorten(title, width);
        assert_eq!(
            short, expected,
            "{title:?} in a column of {width} characters"
        );
    }
}

/// A cut title fills the column exactly, and begins like the whole one.
#[test]
fn a_cut_title_fills_the_column() {
    let mut random = support::seeded(0xC017);
    for _ in 0..200 {
        let title = format!(
            "{}ß{}日{}",
            random.word(1..9),
            random.word(1..9),
            random.word(1..9)
        );
        let width: usize = random.size(1..title.chars().count());
        let short: String = shorten(&title, width);
        assert_eq!(
            short.chars().count(),
            width,
            "{title:?} in a column of {width} characters became {short:?}"
        );
        let kept: Option<&str> = short.strip_suffix('…');
        assert!(
            kept.is_some_and(|kept| title.starts_with(kept)),
            "{title:?} with width {width} became {short:?}"
        );
    }
}
