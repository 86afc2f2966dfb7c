use auth::validation::{Fault, FieldError, Form, NewAccount, TURNS, check, email};

fn form() -> Form {
    Form {
        email: "ada@lantern.example".to_owned(),
        password: "nine lanterns on a shelf".to_owned(),
        display_name: "Ada".to_owned(),
    }
}

#[track_caller]
fn taken(form: &Form) -> NewAccount {
    match check(form) {
        Ok(account) => account,
        // The password is a test's; a program would never print it.
        Err(errors) => panic!(
            "{form:?} with the password {:?} is right, and was refused: {errors:?}",
            form.password
        ),
    }
}

/// The fault as a text, which is compared as texts are.
fn word(fault: Fault) -> &'static str {
    match fault {
        Fault::Missing => "missing",
        Fault::TooShort => "too short",
        Fault::TooLong => "too long",
        Fault::Characters => "characters",
        Fault::Shape => "shape",
        Fault::Guessable => "guessable",
    }
}

#[track_caller]
fn faults(form: &Form) -> Vec<(&'static str, &'static str)> {
    match check(form) {
        Ok(account) => panic!(
            "{form:?} with the password {:?} is wrong, and became {account:?}",
            form.password
        ),
        Err(errors) => errors
            .iter()
            .map(|error: &FieldError| (error.field, word(error.fault)))
            .collect(),
    }
}

fn with_password(password: &str) -> Form {
    Form {
        password: password.to_owned(),
        ..form()
    }
}

fn with_name(name: &str) -> Form {
    Form {
        display_name: name.to_owned(),
        ..form()
    }
}

fn with_email(email: &str) -> Form {
    Form {
        email: email.to_owned(),
        ..form()
    }
}

/// Text for a message: its beginning, and how long it is.
fn short(text: &str) -> String {
    let beginning: String = text.chars().take(40).collect();
    format!("{beginning:?} of {} characters", text.chars().count())
}

/// A right form becomes an account, field by field: the domain in lower case, and everything else as it was typed.
#[test]
fn a_right_form_becomes_an_account() {
    let mut values = support::seeded(0x1111);
    for _ in 0..40 {
        let local = format!(
            "{}.{}",
            values.word(1..20).to_uppercase(),
            values.word(1..20)
        );
        let domain = format!("{}.{}", values.word(1..20), values.word(2..6));
        let password = format!(
            "{} {}",
            values.word(12..40),
            values.word(0..10).to_uppercase()
        );
        let name = format!(
            "{} {}",
            values.word(1..20).to_uppercase(),
            values.word(1..20)
        );
        let typed = Form {
            email: format!("{local}@{}", domain.to_uppercase()),
            password: password.clone(),
            display_name: name.clone(),
        };
        let account: NewAccount = taken(&typed);
        assert_eq!(
            account.email,
            format!("{local}@{domain}"),
            "the email of {typed:?}"
        );
        assert_eq!(account.password, password, "the password of {typed:?}");
        assert_eq!(account.display_name, name, "the name of {typed:?}");
    }
}

/// Every field that is wrong has one error, in the order of the fields, and a right one has none.
#[test]
fn everything_wrong_is_told_at_once() {
    let wrong = Form {
        email: "ada".to_owned(),
        password: "short".to_owned(),
        display_name: " ".to_owned(),
    };
    for mask in 1..8_u8 {
        let pick = |bit: u8, wrong: &str, right: &str| {
            if mask & bit == 0 { right } else { wrong }.to_owned()
        };
        let right = form();
        let typed = Form {
            email: pick(1, &wrong.email, &right.email),
            password: pick(2, &wrong.password, &right.password),
            display_name: pick(4, &wrong.display_name, &right.display_name),
        };
        let expected: Vec<(&str, &str)> = [
            (1, ("email", "shape")),
            (2, ("password", "too short")),
            (4, ("display_name", "missing")),
        ]
        .into_iter()
        .filter(|(bit, _)| mask & bit != 0)
        .map(|(_, fault)| fault)
        .collect();
        assert_eq!(
            faults(&typed),
            expected,
            "{typed:?}, password {:?}",
            typed.password
        );
    }
    let nothing = [
        ("email", "missing"),
        ("password", "too short"),
        ("display_name", "missing"),
    ];
    assert_eq!(faults(&Form::default()), nothing, "an empty form");
}

/// A password has 12 to 128 characters, whatever script they are of.
#[test]
fn a_password_has_a_length() {
    for sign in ["x", "ß", "界", "🏮"] {
        for (count, fault) in [
            (0, Some("too short")),
            (1, Some("too short")),
            (11, Some("too short")),
            (12, None),
            (64, None),
            (65, None),
            (73, None),
            (100, None),
            (128, None),
            (129, Some("too long")),
            (1_000, Some("too long")),
            (300_000, Some("too long")),
        ] {
            let password = sign.repeat(count);
            let case = format!("{count} times {sign}");
            match fault {
                None => assert_eq!(
                    taken(&with_password(&password)).password,
                    password,
                    "{case}"
                ),
                Some(fault) => {
                    let found = faults(&with_password(&password));
                    assert_eq!(found, [("password", fault)], "{case}");
                }
            }
        }
    }
}

/// A password is kept exactly: spaces at its ends, capitals, accents and signs of every script are part of it.
#[test]
fn a_password_is_kept_as_it_was_typed() {
    for password in [
        "  spaces at both ends  ",
        "Nine LANTERNS on a shelf",
        "пароль из двух слов",
        "ελληνικός κωδικός",
        "cafe\u{301} und caf\u{e9} sind zwei",
        "'; DROP TABLE customers; --",
        "👩\u{200d}👩\u{200d}👧 we three at home",
        "\u{a0}no-break spaces\u{a0}",
        "nine \u{202e}lanterns\u{202c} on a shelf",
        "            ",
        "aaaaaaaaaaaa",
        "123456789012",
        "ada@lantern.example!",
        "Ada, Ada, Ada",
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    ] {
        let account: NewAccount = taken(&with_password(password));
        assert_eq!(account.password, password, "the password, kept");
    }
}

/// A control character is in no password: most keyboards cannot type it again.
#[test]
fn a_password_has_no_control_characters() {
    for sign in [
        '\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{80}', '\u{85}', '\u{9f}',
    ] {
        for password in [
            format!("{sign}nine lanterns"),
            format!("nine{sign}lanterns"),
            format!("nine lanterns{sign}"),
        ] {
            let found = faults(&with_password(&password));
            assert_eq!(found, [("password", "characters")], "{password:?}");
        }
        let short: String = format!("nine{sign}");
        let found = faults(&with_password(&short));
        assert_eq!(
            found,
            [("password", "too short")],
            "{short:?}: the length comes first"
        );
        let long = format!("{sign}{}", "x".repeat(128));
        let found = faults(&with_password(&long));
        assert_eq!(found, [("password", "too long")], "the length comes first");
    }
}

/// The account's own email or name is no password, however it is written, and even when that field is wrong itself.
#[test]
fn what_stands_beside_it_is_no_password() {
    let base = Form {
        email: " Ada.Lovelace@Lantern.example ".to_owned(),
        password: String::new(),
        display_name: " Éloïse of the Nine Lanterns ".to_owned(),
    };
    for password in [
        "Ada.Lovelace@Lantern.example",
        "ada.lovelace@lantern.example",
        "ADA.LOVELACE@LANTERN.EXAMPLE",
        "  ada.lovelace@lantern.example",
        "Éloïse of the Nine Lanterns",
        "ÉLOÏSE OF THE NINE LANTERNS",
        "éloïse of the nine lanterns ",
        "\u{3000}éloïse of the nine lanterns\u{a0}",
    ] {
        let typed = Form {
            password: password.to_owned(),
            ..base.clone()
        };
        assert_eq!(
            faults(&typed),
            [("password", "guessable")],
            "{password:?} for {base:?}"
        );
    }
    let both = Form {
        email: "ada lovelace@lantern".to_owned(),
        password: "ada lovelace@lantern".to_owned(),
        display_name: "Ada".to_owned(),
    };
    let expected = [("email", "characters"), ("password", "guessable")];
    assert_eq!(faults(&both), expected, "{both:?}");
    let long = Form {
        password: "A".repeat(60),
        display_name: "a".repeat(60),
        ..form()
    };
    let expected = [("password", "guessable"), ("display_name", "too long")];
    assert_eq!(faults(&long), expected, "{long:?}");
    let line = Form {
        password: "ada.lovelace@lantern.example\n".to_owned(),
        ..base.clone()
    };
    assert_eq!(
        faults(&line),
        [("password", "characters")],
        "its characters come first"
    );
    for password in [
        "ada.lovelace@lantern.example2",
        "eloise of the nine lanterns",
        "Éloïse of the Nine",
        "ÉloïseoftheNineLanterns",
        "ada.lovelace",
        "lantern.example",
    ] {
        let typed = Form {
            password: password.to_owned(),
            ..base.clone()
        };
        assert_eq!(
            taken(&typed).password,
            password,
            "near is not the same: {base:?}"
        );
    }
}

/// A name has 1 to 50 characters of any script, and spaces at its ends do not count.
#[test]
fn a_name_has_a_length() {
    for sign in ["x", "é", "界", "🏮"] {
        for count in [1, 2, 49, 50] {
            let name = sign.repeat(count);
            assert_eq!(
                taken(&with_name(&name)).display_name,
                name,
                "{count} times {sign}"
            );
            let padded = format!(" \t{name}\u{3000}\u{a0}\n");
            assert_eq!(taken(&with_name(&padded)).display_name, name, "{padded:?}");
        }
        for count in [51, 100, 100_000] {
            let found = faults(&with_name(&sign.repeat(count)));
            assert_eq!(
                found,
                [("display_name", "too long")],
                "{count} times {sign}"
            );
        }
    }
    for name in ["", " ", "\t\n", "\u{3000}", "\u{a0}"] {
        assert_eq!(
            faults(&with_name(name)),
            [("display_name", "missing")],
            "{name:?}"
        );
    }
}

/// A name has no control characters and none that turn the text around; otherwise it may be anybody's.
#[test]
fn a_name_is_what_it_shows() {
    let controls = ['\0', '\n', '\t', '\u{1b}', '\u{7f}', '\u{85}'];
    for sign in controls.into_iter().chain(TURNS) {
        let name = format!("Ada{sign}Lovelace");
        assert_eq!(
            faults(&with_name(&name)),
            [("display_name", "characters")],
            "{name:?}"
        );
        let long = format!("Ada{sign}{}", "x".repeat(50));
        assert_eq!(
            faults(&with_name(&long)),
            [("display_name", "too long")],
            "the length comes first"
        );
    }
    for sign in TURNS {
        for name in [format!("{sign}Ada"), format!("Ada{sign}")] {
            assert_eq!(
                faults(&with_name(&name)),
                [("display_name", "characters")],
                "{name:?}"
            );
        }
    }
    for name in [
        "X Æ A-12",
        "O'Brien; --",
        "<b>Ada</b>",
        "José  María",
        "王小明",
        "محمد",
        "👩\u{200d}👩\u{200d}👧",
        "_",
        "null",
    ] {
        assert_eq!(taken(&with_name(name)).display_name, name, "the name, kept");
    }
}

/// An address keeps what stands before the `@`, and its domain is written small, in every script.
#[test]
fn an_email_is_stored_in_one_form() {
    for (typed, stored) in [
        ("ada@lantern.example", "ada@lantern.example"),
        (
            "Ada.LOVELACE+Books@Lantern.EXAMPLE",
            "Ada.LOVELACE+Books@lantern.example",
        ),
        ("ÉLOÏSE@BÜCHER.EXAMPLE", "ÉLOÏSE@bücher.example"),
        ("Ада@ПОЧТА.РФ", "Ада@почта.рф"),
        ("王@例え.テスト", "王@例え.テスト"),
        ("a@b.c", "a@b.c"),
        ("ada@127.0.0.1", "ada@127.0.0.1"),
        ("ada@فرع-٣.example", "ada@فرع-٣.example"),
        (
            "!#$%&'*+-/=?^_`{|}~@a-b.Example",
            "!#$%&'*+-/=?^_`{|}~@a-b.example",
        ),
        ("ada@a.b.c.d.e.f.g.h.Example", "ada@a.b.c.d.e.f.g.h.example"),
        ("-ada-@1.2.3.Example", "-ada-@1.2.3.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
    ] {
        assert_eq!(email(typed).map_err(word), Ok(stored.to_owned()), "{typed}");
        let padded = format!("\u{3000} {typed}\t\n\u{a0}");
        assert_eq!(taken(&with_email(&padded)).email, stored, "{padded:?}");
    }
}

/// What is no address is refused: not exactly one `@`, dots in the wrong places, a domain that is none.
#[test]
fn an_email_has_a_shape() {
    for typed in [
        "ada",
        "@",
        "ada@",
        "@lantern.example",
        "ada.lantern.example",
        "ada@lovelace@lantern.example",
        "ada@@lantern.example",
        ".ada@lantern.example",
        "ada.@lantern.example",
        "ada..lovelace@lantern.example",
        ".@lantern.example",
        "ada@lantern",
        "ada@localhost",
        "ada@.lantern.example",
        "ada@lantern.example.",
        "ada@lantern..example",
        "ada@.",
        "ada@-lantern.example",
        "ada@lantern-.example",
        "ada@lantern.-example",
        "ada@lantern.example-",
        "ada@lan_tern.example",
        "ada@lantern.example/x",
        "ada@lantern.example,ben@lantern.example",
        "ada@lantern.example>",
        "ada@[127.0.0.1]",
        "ada@lantern.example:25",
        "ada@lan!tern.example",
        "ada@lan🏮tern.example",
        "ada@lantern。example",
    ] {
        assert_eq!(email(typed).map_err(word), Err("shape"), "{typed}");
        assert_eq!(faults(&with_email(typed)), [("email", "shape")], "{typed}");
    }
}

/// White space, control characters and what turns the text around are in no address. (`check` takes off what stands at the ends.)
#[test]
fn an_email_is_one_word() {
    for typed in [
        " ada@lantern.example",
        "ada@lantern.example\n",
        "ada@lantern.example\u{a0}",
    ] {
        assert_eq!(email(typed).map_err(word), Err("characters"), "{typed:?}");
    }
    let spaces = [
        ' ', '\t', '\n', '\r', '\u{a0}', '\u{3000}', '\0', '\u{7f}', '\u{80}', '\u{85}', '\u{9f}',
    ];
    for sign in spaces.into_iter().chain(TURNS) {
        for typed in [
            format!("a{sign}da@lantern.example"),
            format!("ada@lan{sign}tern.example"),
            format!("ada{sign}@lantern.example"),
            format!("ada@{sign}lantern.example"),
            format!("ada@lantern.example{sign}bcc: ben@lantern.example"),
        ] {
            assert_eq!(email(&typed).map_err(word), Err("characters"), "{typed:?}");
            assert_eq!(
                faults(&with_email(&typed)),
                [("email", "characters")],
                "{typed:?}"
            );
        }
    }
}

/// An address has its limits in bytes: 254 for all, 64 before the `@`, 63 for a label; one more is too long.
#[test]
fn an_email_has_three_limits() {
    let label = |length: usize| "l".repeat(length);
    // 63 + 1 + 63 + 1 + 61 = 189 bytes, and 64 and the `@` before them: 254.
    let domain = |last: usize| format!("{}.{}.{}", label(63), label(63), label(last));
    let all = |local: usize, last: usize| format!("{}@{}", "a".repeat(local), domain(last));
    for right in [
        all(64, 61),
        format!("{}@lantern.example", "a".repeat(64)),
        format!("{}@lantern.example", "é".repeat(32)),
        format!("ada@{}.example", label(63)),
        format!("ada@{}.example", "é".repeat(31)),
        // 2 + 1 + 4 · 62 + 3 = 254 bytes, and 130 characters.
        format!("ad@{0}.{0}.{0}.{0}", "é".repeat(31)),
    ] {
        assert_eq!(
            email(&right).map_err(word),
            Ok(right.clone()),
            "{}",
            short(&right)
        );
    }
    for wrong in [
        all(64, 62),
        all(63, 63),
        format!("{}@lantern.example", "a".repeat(65)),
        format!("{}@lantern.example", "é".repeat(33)),
        format!("{}@lantern.example", "界".repeat(22)),
        format!("ada@{}.example", label(64)),
        format!("ada@example.{}", label(64)),
        format!("ada@{}.example", "é".repeat(32)),
        format!("ada@{0}.{0}.{0}.{0}", "é".repeat(31)),
        format!("ada@lantern.{}", "e.".repeat(150_000)),
        // Small letters of fewer bytes: what was typed counts, K as three.
        format!("ada@{}.example", "\u{212a}".repeat(22)),
        format!("a@{0}.{0}.{0}.{0}", "\u{212a}".repeat(21)),
        // What stands before the last `@`.
        format!("a@{0}.{0}@lantern.example", "b".repeat(40)),
        // Too long and something else besides: the length comes first.
        format!("a da{}@lantern.example", "a".repeat(65)),
        format!("ada@-{}.example", label(64)),
    ] {
        let found = faults(&with_email(&wrong));
        assert_eq!(found, [("email", "too long")], "{}", short(&wrong));
        assert_eq!(
            email(&wrong).map_err(word),
            Err("too long"),
            "{}",
            short(&wrong)
        );
    }
    // And small letters of more bytes: a Ⱥ has two, a ⱥ three.
    let grows = format!("ada@{0}.{0}.{0}.example", "Ⱥ".repeat(31));
    assert_eq!(
        email(&grows).map_err(word),
        Ok(grows.replace('Ⱥ', "ⱥ")),
        "{}",
        short(&grows)
    );
    let padded = format!("{}{}", " ".repeat(300), all(64, 61));
    assert_eq!(
        taken(&with_email(&padded)).email,
        all(64, 61),
        "spaces at the ends do not count"
    );
}
