use shop_io::parsing::{Problem, Settings, SettingsError, parse_line, parse_settings};
use support::Seeded;

/// The first `=` separates key and value; blanks around them do not count, and the value may contain `=` and `#`.
#[test]
fn a_line_is_split_once_and_trimmed() {
    for (line, key, value) in [
        ("port=8080", "port", "8080"),
        ("  port =\t8080  ", "port", "8080"),
        (
            "shop_name = Lantern by the Sea",
            "shop_name",
            "Lantern by the Sea",
        ),
        ("greeting = 2 + 2 = 4", "greeting", "2 + 2 = 4"),
        ("greeting == hello", "greeting", "= hello"),
        ("colour = #ffcc00", "colour", "#ffcc00"),
        ("greeting =", "greeting", ""),
        (
            "greeting = open # not for long",
            "greeting",
            "open # not for long",
        ),
        ("greeting=a #b ## c", "greeting", "a #b ## c"),
        ("greeting = # none", "greeting", "# none"),
        ("greeting = a ; b // c", "greeting", "a ; b // c"),
        ("greeting = \"quoted\"", "greeting", "\"quoted\""),
        (
            "greeting = two  blanks\tand a\rb",
            "greeting",
            "two  blanks\tand a\rb",
        ),
        ("; port = 80", "; port", "80"),
        ("// port = 80", "// port", "80"),
        ("the port = 80", "the port", "80"),
        ("Port = EIGHTY", "Port", "EIGHTY"),
        ("grüße=привет 📚", "grüße", "привет 📚"),
    ] {
        let parsed: Result<Option<(&str, &str)>, Problem> = parse_line(line);
        assert_eq!(parsed, Ok(Some((key, value))), "line {line:?}");
    }
}

/// A blank line and a line that begins with `#` say nothing, and that is not an error.
#[test]
fn blank_lines_and_comments_say_nothing() {
    for line in ["", "   ", "\t", "# port = 80", "   # indented", "#"] {
        let parsed: Result<Option<(&str, &str)>, Problem> = parse_line(line);
        assert_eq!(parsed, Ok(None), "line {line:?}");
    }
}

/// A line without `=`, or with nothing in front of it, is refused with the reason.
#[test]
fn a_line_needs_an_equals_sign_and_a_key() {
    for (line, problem) in [
        ("port 8080", Problem::NoEqualsSign),
        ("= 8080", Problem::NoKey),
        ("   =", Problem::NoKey),
        ("[shop]", Problem::NoEqualsSign),
        ("port: 80", Problem::NoEqualsSign),
        ("=", Problem::NoKey),
    ] {
        let parsed: Result<Option<(&str, &str)>, Problem> = parse_line(line);
        assert_eq!(parsed, Err(problem), "line {line:?}");
    }
}

/// What the file names replaces the default; what it does not name keeps it.
#[test]
fn the_file_replaces_only_the_defaults_that_it_names() {
    let defaults = Settings::default();
    let nothing: Result<Settings, SettingsError> = parse_settings("");
    assert_eq!(nothing, Ok(defaults.clone()), "an empty file");

    let text = "# Lantern\n\nport = 80\n";
    let expected = Settings {
        port: 80,
        ..defaults.clone()
    };
    assert_eq!(parse_settings(text), Ok(expected), "file {text:?}");

    // The last line of a file need not end, and Windows ends lines with two characters.
    let text = "free_delivery_cents=0\r\nshop_name = \"Lantern\"  =\rLight # by the Sea";
    let expected = Settings {
        shop_name: String::from("\"Lantern\"  =\rLight # by the Sea"),
        free_delivery_cents: 0,
        ..defaults
    };
    assert_eq!(parse_settings(text), Ok(expected), "file {text:?}");
}

/// The error carries the number of the first faulty line, counted as an editor counts, and the reason.
#[test]
fn an_error_names_its_line_and_its_reason() {
    let key = String::from;
    for (text, line, problem) in [
        ("port", 1, Problem::NoEqualsSign),
        ("\n# a comment\n\n= 80\n", 4, Problem::NoKey),
        (
            "port = 80\nprot = 81\n",
            2,
            Problem::UnknownKey(key("prot")),
        ),
        ("Port = 80\n", 1, Problem::UnknownKey(key("Port"))),
        ("SHOP_NAME = x\n", 1, Problem::UnknownKey(key("SHOP_NAME"))),
        ("the port = 80\n", 1, Problem::UnknownKey(key("the port"))),
        ("; port = 80\n", 1, Problem::UnknownKey(key("; port"))),
        (
            "prot = 80\nprot = 80\n",
            1,
            Problem::UnknownKey(key("prot")),
        ),
        // The first of the two may say what is the default anyway, and other keys may lie between them.
        (
            "port = 8080\nport = 80\n",
            2,
            Problem::RepeatedKey(key("port")),
        ),
        (
            "free_delivery_cents = 3500\n\nport = 80\nshop_name = x\nfree_delivery_cents = 3500\n",
            5,
            Problem::RepeatedKey(key("free_delivery_cents")),
        ),
        (
            "shop_name = Lantern\n# again\nport = 80\nshop_name = Lantern\n",
            4,
            Problem::RepeatedKey(key("shop_name")),
        ),
        (
            "port = 80\n\nport = 80\n",
            3,
            Problem::RepeatedKey(key("port")),
        ),
        (
            "port = 80\nport = eighty\n",
            2,
            Problem::RepeatedKey(key("port")),
        ),
        (
            "shop_name = Lantern\nport = eighty",
            2,
            Problem::BadValue(key("port")),
        ),
        ("port = x\nprot = 1\n", 1, Problem::BadValue(key("port"))),
        // Of two faulty lines the first counts, whatever is wrong with either.
        ("port = x\nport = 1\n", 1, Problem::BadValue(key("port"))),
        ("port = x\nport\n", 1, Problem::BadValue(key("port"))),
        ("prot = 1\n= 80\n", 1, Problem::UnknownKey(key("prot"))),
        (
            "port = 80\nport = 81\nport\n",
            2,
            Problem::RepeatedKey(key("port")),
        ),
    ] {
        let parsed: Result<Settings, SettingsError> = parse_settings(text);
        assert_eq!(
            parsed,
            Err(SettingsError { line, problem }),
            "file {text:?}"
        );
    }
}

/// Each setting takes its values up to the last one that it can have, exactly as they are, and refuses the next.
#[test]
fn values_are_checked_at_their_limits() {
    for (value, port) in [
        ("1", Some(1)),
        ("65535", Some(65_535)),
        ("+80", Some(80)),
        ("0080", Some(80)),
        ("0", None),
        ("65536", None),
        ("65616", None),
        ("4294967376", None),
        ("-1", None),
        ("80 81", None),
        ("8o", None),
        ("80.0", None),
        ("0x50", None),
        ("8_0", None),
        ("８０", None),
        ("80 # the port", None),
        ("", None),
    ] {
        let expected = port.map(|port| Settings {
            port,
            ..Settings::default()
        });
        check("port", value, expected);
    }
    for (value, cents) in [
        ("0", Some(0)),
        ("+5", Some(5)),
        ("9007199254740993", Some(9_007_199_254_740_993)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("18446744073709555116", None),
        ("-1", None),
        ("35.00", None),
        ("3_500", None),
        ("3e3", None),
        ("", None),
    ] {
        let expected = cents.map(|free_delivery_cents| Settings {
            free_delivery_cents,
            ..Settings::default()
        });
        check("free_delivery_cents", value, expected);
    }
    for (value, taken) in [("L", true), ("#1", true), ("=", true), ("", false)] {
        let expected = taken.then(|| Settings {
            shop_name: value.to_string(),
            ..Settings::default()
        });
        check("shop_name", value, expected);
    }
}

/// However a right file is laid out, its settings come back; one faulty line put into it is found by its number.
#[test]
fn layout_does_not_matter_and_line_numbers_do() {
    let mut random = support::seeded(0x0301);
    for round in 0..300 {
        let expected = Settings {
            shop_name: random.word(1..12),
            port: u16::try_from(random.number(1..65_536)).expect("drawn below 65536"),
            free_delivery_cents: random.bits(),
        };
        let mut lines = vec![
            laid_out(&mut random, "shop_name", &expected.shop_name),
            laid_out(&mut random, "port", &expected.port.to_string()),
            laid_out(
                &mut random,
                "free_delivery_cents",
                &expected.free_delivery_cents.to_string(),
            ),
        ];
        for _ in 0..random.size(0..6) {
            let says_nothing = *random.pick(&["", "  ", "#", " # port = 1", "#=", "\t"]);
            lines.push(says_nothing.to_string());
        }
        random.shuffle(&mut lines);
        let ending = *random.pick(&["\n", "\r\n"]);

        let text = lines.join(ending);
        assert_eq!(
            parse_settings(&text),
            Ok(expected),
            "round {round}, file {text:?}"
        );

        let place = random.size(0..lines.len() + 1);
        lines.insert(place, String::from("one = too many"));
        let text = lines.join(ending);
        let error = SettingsError {
            line: place + 1,
            problem: Problem::UnknownKey(String::from("one")),
        };
        assert_eq!(
            parse_settings(&text),
            Err(error),
            "round {round}, file {text:?}"
        );
    }
}

/// No text at all makes the parser panic, and an error always points at a line that the text has.
#[test]
fn no_text_is_too_strange() {
    let pieces = [
        "=",
        "#",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "port",
        "shop_name",
        "free_delivery_cents",
        "80",
        "-",
        "é",
        "日本",
        "📚",
        "\u{feff}",
        "\u{a0}",
        "\u{2028}",
        "\0",
        "99999999999999999999",
        "\"",
        "x",
    ];
    let mut random = support::seeded(0x0302);
    for _ in 0..4_000 {
        let text: String = (0..random.size(0..24))
            .map(|_| *random.pick(&pieces))
            .collect();
        if let Err(error) = parse_settings(&text) {
            let lines = text.lines().count();
            assert!(
                (1..=lines).contains(&error.line),
                "{error:?}, but the file has {lines} lines: {text:?}"
            );
        }
        if let Ok(Some((key, value))) = parse_line(&text) {
            assert!(
                !key.is_empty() && !key.contains('=') && key == key.trim() && value == value.trim(),
                "line {text:?} gave the key {key:?} and the value {value:?}"
            );
        }
    }
}

/// A file of one line gives these settings, or its value is bad.
fn check(key: &str, value: &str, expected: Option<Settings>) {
    let text = format!("{key} = {value}\n");
    let parsed: Result<Settings, SettingsError> = parse_settings(&text);
    let problem = Problem::BadValue(key.to_string());
    let expected = expected.ok_or(SettingsError { line: 1, problem });
    assert_eq!(parsed, expected, "file {text:?}");
}

/// One `key = value` line, with blanks where the format allows them.
fn laid_out(random: &mut Seeded, key: &str, value: &str) -> String {
    let mut blanks = || *random.pick(&["", " ", "   ", "\t"]);
    format!(
        "{}{key}{}={}{value}{}",
        blanks(),
        blanks(),
        blanks(),
        blanks()
    )
}
