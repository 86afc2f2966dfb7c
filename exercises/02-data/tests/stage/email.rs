use data::email::{Email, EmailError};

use crate::texts;

fn email(text: &str) -> Result<Email, EmailError> {
    Email::try_from(text.to_string())
}

/// What a text is kept as, or the name of the error.
fn kept(text: &str) -> Result<String, &'static str> {
    match email(text) {
        Ok(read) => Ok(read.as_str().to_string()),
        Err(EmailError::TooLong) => Err("TooLong"),
        Err(EmailError::At) => Err("At"),
        Err(EmailError::LocalPart) => Err("LocalPart"),
        Err(EmailError::Domain) => Err("Domain"),
    }
}

/// An address is kept as it is written, but for the capitals behind the `@`.
#[test]
fn an_address_is_kept_with_a_small_domain() {
    for (text, address) in [
        ("ada@example.org", "ada@example.org"),
        ("Ada.Byron@Mail.Example.ORG", "Ada.Byron@mail.example.org"),
        (
            "o'brien+books@xn--bcher-kva.example",
            "o'brien+books@xn--bcher-kva.example",
        ),
        (
            "1!#$%&'*+-/=?^_`{|}~2@3com.co",
            "1!#$%&'*+-/=?^_`{|}~2@3com.co",
        ),
        ("-@a.b-c.d1", "-@a.b-c.d1"),
        ("a@b.c", "a@b.c"),
        ("A@B.C", "A@b.c"),
        ("--a--@b--c.d--e", "--a--@b--c.d--e"),
        ("++@example.org", "++@example.org"),
        ("a.b.c.d.e@f.g.h.i.j.k", "a.b.c.d.e@f.g.h.i.j.k"),
        ("0@0.example", "0@0.example"),
        ("42.7@1.2.3.4a", "42.7@1.2.3.4a"),
        ("ada@127.0.0.1a", "ada@127.0.0.1a"),
        ("ada@example.a1", "ada@example.a1"),
        ("ada@example.1-1", "ada@example.1-1"),
        ("mailto/ada@example.org", "mailto/ada@example.org"),
        ("ada+Books@EXAMPLE.ORG", "ada+Books@example.org"),
        ("ada@mail.localhost", "ada@mail.localhost"),
    ] {
        assert_eq!(kept(text), Ok(address.to_string()), "made from {text:?}");
    }
    let small: Email = email("ada@example.ORG").expect("an address");
    let also: Email = email("ada@EXAMPLE.org").expect("an address");
    let other: Email = email("Ada@example.org").expect("an address");
    assert!(small == also, "the same domain");
    assert!(small != other, "Ada and ada are perhaps two people");
}

/// Each kind of nonsense has its error; when several apply, it is the first of too long, at, local part, domain.
#[test]
fn a_wrong_address_says_what_is_wrong() {
    for (error, texts) in [
        (
            "At",
            vec![
                "",
                "ada",
                "ada.example.org",
                "ada@home@example.org",
                "ada@@example.org",
                "@@",
                "ada@example.org@",
                "@ada@example.org",
                "ada＠example.org",
                "ada at example.org",
                " @ @ ",
            ],
        ),
        (
            "LocalPart",
            vec![
                "@example.org",
                ".ada@example.org",
                "ada.@example.org",
                "ada..byron@example.org",
                " ada@example.org",
                "ada byron@example.org",
                "ada,byron@example.org",
                "\"ada\"@example.org",
                "adé@example.org",
                "ada\n@localhost",
                "٣@example.org",
                "@",
                ".@example.org",
                "a..b@localhost",
                "a...b@example.org",
                "mailto:ada@example.org",
                "<ada@example.org>",
                "Ada <ada@example.org>",
                "\tada@example.org",
                "ada\u{a0}@example.org",
                "ada\0@example.org",
                "ada\u{7f}@example.org",
            ],
        ),
        (
            "Domain",
            vec![
                "ada@",
                "ada@localhost",
                "ada@.org",
                "ada@example.",
                "ada@example..org",
                "ada@-example.org",
                "ada@example-.org",
                "ada@example.org-",
                "ada@example.org ",
                "ada@exa mple.org",
                "ada@exam_ple.org",
                "ada@bücher.example",
                "ada@\u{212a}elvin.org",
                "ada@127.0.0.1",
                "ada@1.2",
                "ada@example.0",
                "ada@example.256",
                "ada@example.65536",
                "ada@example.4294967296",
                "ada@example.18446744073709551616",
                "ada@example.99999999999999999999999999999999999999999",
                "ada@[127.0.0.1]",
                "ada@.",
                "ada@..",
                "ada@-",
                "ada@-.org",
                "ada@example.-",
                "ada@example.-org",
                "ada@mail.example-.org",
                "ada@mail.-example.org",
                "ada@example.org.",
                "ada@example.org\n",
                "ada@ example.org",
                "ada@example.org>",
                "ada@example+.org",
                "ada@example.o+g",
                "ada@example.o_g",
                "ada@example.örg",
                "ada@İ.org",
                "ada@example.42",
                "ada@example.org\r\nBcc: all@example",
                "ada@example.４２",
            ],
        ),
    ] {
        for text in texts {
            // A second `@` comes first of all.
            let error = if text.matches('@').count() == 1 {
                error
            } else {
                "At"
            };
            assert_eq!(kept(text), Err(error), "made from {text:?}");
        }
    }
}

/// Of all the characters of ASCII, and one beyond, exactly those of the rules are let through on each side of the `@`.
#[test]
fn every_ascii_character_is_let_through_or_not() {
    let marks = "!#$%&'*+-/=?^_`{|}~";
    for number in 0..=0x80_u8 {
        let character = char::from(number);
        if character == '@' {
            continue;
        }
        let plain = character.is_ascii_alphanumeric() || character == '.';
        for (text, right) in [
            (
                format!("a{character}b@example.org"),
                plain || marks.contains(character),
            ),
            (
                format!("ada@x{character}y.example.org"),
                plain || character == '-',
            ),
            (
                format!("ada@example.x{character}y"),
                plain || character == '-',
            ),
        ] {
            let read: Result<Email, EmailError> = email(&text);
            assert_eq!(read.is_ok(), right, "{text:?} gives {read:?}");
        }
    }
}

/// The limits are reached and not passed: 64 bytes before the `@`, 63 in a label, 254 in all.
#[test]
fn lengths_go_up_to_their_limits() {
    let a = |count: usize| "a".repeat(count);
    let longest = format!("{}@{}.{}.{}", a(64), a(63), a(63), a(61));
    assert_eq!(longest.len(), 254, "the longest address of this test");
    for (text, error, case) in [
        (longest.clone(), None, "254 bytes"),
        (format!("{longest}a"), Some("TooLong"), "255 bytes"),
        (a(255), Some("TooLong"), "255 bytes without an @"),
        (a(254), Some("At"), "254 bytes without an @"),
        ("é".repeat(128), Some("TooLong"), "128 letters of two bytes"),
        (format!("{longest}{}", a(70)), Some("TooLong"), "324 bytes"),
        (
            format!("{}@example.org", a(300)),
            Some("TooLong"),
            "300 before the @",
        ),
        (
            format!("{}@{}", "é".repeat(60), "é".repeat(67)),
            Some("TooLong"),
            "128 characters of 255 bytes",
        ),
        (
            format!("{}@localhost", a(65)),
            Some("LocalPart"),
            "65 before the @, and a wrong domain",
        ),
        (
            format!("{}.{}@example.org", a(32), a(31)),
            None,
            "64 before the @, in two pieces",
        ),
        (
            format!("{}.{}@example.org", a(32), a(32)),
            Some("LocalPart"),
            "65 before the @, in two pieces",
        ),
        (
            format!("{}@example.org", "a.".repeat(31) + "ab"),
            None,
            "64 before the @, in many pieces",
        ),
        (
            format!("a@{}d", "b.".repeat(125)),
            None,
            "many labels of one",
        ),
        (
            format!("ada@{}.{}.org", a(63), a(64)),
            Some("Domain"),
            "a second label of 64",
        ),
        (
            format!("ada@example.{}", "1".repeat(63)),
            Some("Domain"),
            "a last label of 63 digits",
        ),
        (format!("{}@example.org", a(64)), None, "64 before the @"),
        (
            format!("{}@example.org", a(65)),
            Some("LocalPart"),
            "65 before the @",
        ),
        (format!("ada@{}.org", a(63)), None, "a label of 63"),
        (
            format!("ada@{}.org", a(64)),
            Some("Domain"),
            "a label of 64",
        ),
        (format!("ada@mail.{}", a(63)), None, "a last label of 63"),
        (
            format!("ada@mail.{}", a(64)),
            Some("Domain"),
            "a last label of 64",
        ),
    ] {
        assert_eq!(kept(&text).err(), error, "{case}");
    }
}

/// Whatever the text, it becomes a right address or an error, never a crash; one misplaced character spoils an address.
#[test]
fn any_text_is_an_address_or_an_error() {
    let mut random = support::seeded(0xE3A1);
    for case in 0..6000 {
        let pieces = [
            "ada",
            "b",
            "@",
            ".",
            "-",
            "org",
            "Mail",
            "7",
            "a.b",
            "x@y.example",
        ];
        let mut text = texts::any(&mut random, &pieces);
        if case % 3 == 0 {
            let right = format!(
                "{}.{}@{}.{}",
                random.word(1..9),
                random.word(1..9),
                random.word(1..9),
                random.word(2..9)
            );
            assert_eq!(kept(&right), Ok(right.clone()), "made from {right:?}");
            text = right;
            let misfit =
                *random.pick(&[' ', '@', ',', '"', '(', '\0', '\n', 'é', '中', '\u{200b}']);
            text.insert(random.size(0..text.len() + 1), misfit);
            assert!(
                email(&text).is_err(),
                "{text:?} holds a misplaced {misfit:?}"
            );
        }
        let Ok(read) = email(&text) else { continue };
        let address = read.as_str();
        assert!(
            address.eq_ignore_ascii_case(&text),
            "{text:?} was kept as {address:?}"
        );
        assert!(
            address.bytes().all(|byte| byte.is_ascii_graphic()),
            "{address:?} holds only visible ASCII"
        );
        assert_eq!(
            kept(address),
            Ok(address.to_string()),
            "made again from {address:?}"
        );
        let sides: Vec<&str> = address.split('@').collect();
        assert_eq!(sides.len(), 2, "sides of the @ in {address:?}");
        assert!(
            sides[1].contains('.'),
            "{address:?} has a domain of two labels"
        );
        for side in sides {
            let pieces: Vec<&str> = side.split('.').collect();
            assert!(
                !pieces.contains(&""),
                "{address:?} has no dot without a neighbour"
            );
        }
    }
}

/// Addresses of few different characters, right or just wrong, are told apart, and the first thing wrong is the answer.
#[test]
fn right_and_nearly_right_are_told_apart() {
    let pieces = ["a", "B", "7", "42", "-", ".", ".", "+", "org", ".d", "c"];
    let mut random = support::seeded(0xE3A2);
    let mut right = 0;
    for _ in 0..20_000 {
        let mut text = String::new();
        for part in 0..random.size(3..12) {
            text.push_str(random.pick::<&str>(&pieces));
            if part == 1 {
                text.push('@');
            }
        }
        if random.number(0..8) == 0 {
            text.push_str(random.pick::<&str>(&["@", "é", "_"]));
        }
        let sides: Vec<&str> = text.split('@').collect();
        let dots_are_right = |side: &str| !format!(".{side}.").contains("..") && side.is_ascii();
        let expected = if sides.len() != 2 {
            Err("At")
        } else if !dots_are_right(sides[0]) {
            Err("LocalPart")
        } else {
            let domain = format!(".{}.", sides[1]);
            let hyphen_at_an_end = domain.contains(".-") || domain.contains("-.");
            let strange = domain.contains(['+', '_']) || hyphen_at_an_end;
            let last = sides[1].rsplit('.').next().unwrap_or("");
            let number = last
                .trim_matches(|one: char| one.is_ascii_digit())
                .is_empty();
            if strange || number || !sides[1].contains('.') || !dots_are_right(sides[1]) {
                Err("Domain")
            } else {
                right += 1;
                Ok(format!("{}@{}", sides[0], sides[1].to_ascii_lowercase()))
            }
        };
        assert_eq!(kept(&text), expected, "made from {text:?}");
    }
    assert!(right > 500, "enough right ones among them, not {right}");
}
