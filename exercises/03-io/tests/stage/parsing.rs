use shop_io::parsing::{Problem, Settings, SettingsError, parse_line, parse_settings};
use support::Seeded;

/// Name, port and cents of a shop whose file sets nothing.
const DEFAULTS: (&str, u16, u64) = ("Lantern", 8080, 3500);

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
        ("-- port = 80", "-- port", "80"),
        ("! port = 80", "! port", "80"),
        ("\u{a0}port\u{2003}=\u{a0}80\u{3000}", "port", "80"),
        ("greeting = a\t# b", "greeting", "a\t# b"),
        ("greeting = \"a\" -- b", "greeting", "\"a\" -- b"),
        ("the port = 80", "the port", "80"),
        ("Port = EIGHTY", "Port", "EIGHTY"),
        ("grüße=привет 📚", "grüße", "привет 📚"),
    ] {
        let parsed: Result<Option<(&str, &str)>, Problem> = parse_line(line);
        let parsed = parsed.map_err(named);
        assert_eq!(parsed, Ok(Some((key, value))), "line {line:?}");
    }
}

/// A blank line and a line that begins with `#` say nothing, and that is not an error.
#[test]
fn blank_lines_and_comments_say_nothing() {
    for line in ["", "   ", "\t", "# port = 80", "   # indented", "#"] {
        let parsed: Result<Option<(&str, &str)>, Problem> = parse_line(line);
        let parsed = parsed.map_err(named);
        assert_eq!(parsed, Ok(None), "line {line:?}");
    }
}

/// A line without `=`, or with nothing in front of it, is refused with the reason.
#[test]
fn a_line_needs_an_equals_sign_and_a_key() {
    for (line, problem) in [
        ("port 8080", ("NoEqualsSign", "")),
        ("= 8080", ("NoKey", "")),
        ("   =", ("NoKey", "")),
        ("[shop]", ("NoEqualsSign", "")),
        ("--", ("NoEqualsSign", "")),
        ("; port", ("NoEqualsSign", "")),
        ("port: 80", ("NoEqualsSign", "")),
        ("=", ("NoKey", "")),
    ] {
        let parsed: Result<Option<(&str, &str)>, Problem> = parse_line(line);
        let parsed = parsed.map_err(named);
        let expected = Err((problem.0, problem.1.to_string()));
        assert_eq!(parsed, expected, "line {line:?}");
    }
}

/// What the file names replaces the default; what it does not name keeps it.
#[test]
fn the_file_replaces_only_the_defaults_that_it_names() {
    let (name, port, cents) = DEFAULTS;
    for (text, expected) in [
        ("", DEFAULTS),
        ("# Lantern\n\nport = 80\n", (name, 80, cents)),
        (
            "shop_name = Lantern by the Sea",
            ("Lantern by the Sea", port, cents),
        ),
        // The last line of a file need not end, and Windows ends lines with two characters.
        (
            "free_delivery_cents=0\r\nshop_name = \"Lantern\"  =\rLight # by the Sea",
            ("\"Lantern\"  =\rLight # by the Sea", port, 0),
        ),
        (
            "port = 1\nfree_delivery_cents = 2\nshop_name = 3",
            ("3", 1, 2),
        ),
        // Nothing of the file before is remembered.
        ("free_delivery_cents = 7", (name, port, 7)),
    ] {
        assert_eq!(read(text), set(expected), "file {text:?}");
    }
}

/// The error carries the number of the first faulty line, counted as an editor counts, and the reason.
#[test]
fn an_error_names_its_line_and_its_reason() {
    for (text, line, problem) in [
        ("port", 1, ("NoEqualsSign", "")),
        ("\n# a comment\n\n= 80\n", 4, ("NoKey", "")),
        ("port = 80\nprot = 81\n", 2, ("UnknownKey", "prot")),
        ("Port = 80\n", 1, ("UnknownKey", "Port")),
        ("SHOP_NAME = x\n", 1, ("UnknownKey", "SHOP_NAME")),
        ("the port = 80\n", 1, ("UnknownKey", "the port")),
        ("; port = 80\n", 1, ("UnknownKey", "; port")),
        // The beginning of a key, more than a key, and a key in another spelling are no keys.
        ("shop = x\n", 1, ("UnknownKey", "shop")),
        ("name = x\n", 1, ("UnknownKey", "name")),
        ("ports = 80\n", 1, ("UnknownKey", "ports")),
        ("port.http = 80\n", 1, ("UnknownKey", "port.http")),
        ("support = 80\n", 1, ("UnknownKey", "support")),
        (
            "free-delivery-cents = 1\n",
            1,
            ("UnknownKey", "free-delivery-cents"),
        ),
        ("free_delivery = 1\n", 1, ("UnknownKey", "free_delivery")),
        ("shop name = x\n", 1, ("UnknownKey", "shop name")),
        ("\"port\" = 80\n", 1, ("UnknownKey", "\"port\"")),
        ("-- port = 80\n", 1, ("UnknownKey", "-- port")),
        ("größe = 80\n", 1, ("UnknownKey", "größe")),
        ("prot = 80\nprot = 80\n", 1, ("UnknownKey", "prot")),
        // The first of the two may say what is the default anyway, and other keys may lie between them.
        ("port = 8080\nport = 80\n", 2, ("RepeatedKey", "port")),
        (
            "free_delivery_cents = 3500\n\nport = 80\nshop_name = x\nfree_delivery_cents = 3500\n",
            5,
            ("RepeatedKey", "free_delivery_cents"),
        ),
        (
            "shop_name = Lantern\n# again\nport = 80\nshop_name = Lantern\n",
            4,
            ("RepeatedKey", "shop_name"),
        ),
        ("port = 80\n\nport = 80\n", 3, ("RepeatedKey", "port")),
        ("port = 80\nport = eighty\n", 2, ("RepeatedKey", "port")),
        (
            "shop_name = Lantern\nport = eighty",
            2,
            ("BadValue", "port"),
        ),
        ("port = x\nprot = 1\n", 1, ("BadValue", "port")),
        // Of two faulty lines the first counts, whatever is wrong with either.
        ("port = x\nport = 1\n", 1, ("BadValue", "port")),
        ("port = x\nport\n", 1, ("BadValue", "port")),
        ("prot = 1\n= 80\n", 1, ("UnknownKey", "prot")),
        ("port = 80\nport = 81\nport\n", 2, ("RepeatedKey", "port")),
    ] {
        assert_eq!(read(text), wrong(line, problem), "file {text:?}");
    }
}

/// However long a file or a key is: the number of the line is right, and the key is named whole.
#[test]
fn long_files_and_long_keys_are_named_as_well() {
    for before in [254, 255, 256, 40_000, 65_535, 65_536, 70_000] {
        let text = format!("{}port = x\n", "\n".repeat(before));
        let expected = wrong(before + 1, ("BadValue", "port"));
        assert_eq!(read(&text), expected, "a fault behind {before} lines");
    }
    for length in [20, 80, 300, 5_000] {
        let key = "é".repeat(length);
        let text = format!("port = 80\n{key} = 1");
        let expected = wrong(2, ("UnknownKey", &key));
        assert_eq!(read(&text), expected, "a key of {length} letters");
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
        ("8 0", None),
        ("80/tcp", None),
        ("8o", None),
        ("80.0", None),
        ("0x50", None),
        ("8_0", None),
        ("８０", None),
        ("80 # the port", None),
        ("", None),
    ] {
        let (name, _, cents) = DEFAULTS;
        check("port", value, port.map(|port| (name, port, cents)));
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
        ("3 500", None),
        ("3,500", None),
        ("3'500", None),
        ("3500 cents", None),
        ("$35", None),
        ("", None),
    ] {
        let (name, port, _) = DEFAULTS;
        let expected = cents.map(|cents| (name, port, cents));
        check("free_delivery_cents", value, expected);
    }
    for (value, taken) in [
        ("L", true),
        ("#1", true),
        ("=", true),
        ("\"\"", true),
        ("''", true),
        ("-", true),
        ("none", true),
        ("0", true),
        ("a\tb", true),
        ("a\u{1b}[1mb\0", true),
        ("Фонарь у моря", true),
        ("灯 🏮", true),
        ("long ".repeat(200).trim_end(), true),
        ("", false),
    ] {
        let (_, port, cents) = DEFAULTS;
        check("shop_name", value, taken.then_some((value, port, cents)));
    }
}

/// However a right file is laid out, its settings come back; one faulty line put into it is found by its number.
#[test]
fn layout_does_not_matter_and_line_numbers_do() {
    let mut random = support::seeded(0x0301);
    for round in 0..300 {
        let name = shop_name(&mut random);
        let port = u16::try_from(random.number(1..65_536)).expect("drawn below 65536");
        let cents = random.bits();
        let mut lines = vec![
            laid_out(&mut random, "shop_name", &name),
            laid_out(&mut random, "port", &port.to_string()),
            laid_out(&mut random, "free_delivery_cents", &cents.to_string()),
        ];
        for _ in 0..random.size(0..6) {
            let says_nothing = *random.pick(&["", "  ", "#", " # port = 1", "#=", "\t"]);
            lines.push(says_nothing.to_string());
        }
        random.shuffle(&mut lines);
        let ending = *random.pick(&["\n", "\r\n"]);

        let text = lines.join(ending);
        let expected = set((name.as_str(), port, cents));
        assert_eq!(read(&text), expected, "round {round}, file {text:?}");

        let place = random.size(0..lines.len() + 1);
        lines.insert(place, String::from("one = too many"));
        let text = lines.join(ending);
        let expected = wrong(place + 1, ("UnknownKey", "one"));
        assert_eq!(read(&text), expected, "round {round}, file {text:?}");
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
fn check(key: &str, value: &str, expected: Option<(&str, u16, u64)>) {
    let text = format!("{key} = {value}\n");
    let expected = match expected {
        Some(settings) => set(settings),
        None => wrong(1, ("BadValue", key)),
    };
    assert_eq!(read(&text), expected, "file {text:?}");
}

/// What a file gives: name, port and cents, or the number of a line, the problem's name and its key.
type Answer = Result<(String, u16, u64), (usize, &'static str, String)>;

/// What `parse_settings` answers.
fn read(text: &str) -> Answer {
    let parsed: Result<Settings, SettingsError> = parse_settings(text);
    match parsed {
        Ok(settings) => Ok((
            settings.shop_name,
            settings.port,
            settings.free_delivery_cents,
        )),
        Err(error) => {
            let (name, key) = named(error.problem);
            Err((error.line, name, key))
        }
    }
}

/// The answer for a file that sets this name, port and cents.
fn set((name, port, cents): (&str, u16, u64)) -> Answer {
    Ok((name.to_string(), port, cents))
}

/// The answer for a file with this problem in this line.
fn wrong(line: usize, (name, key): (&'static str, &str)) -> Answer {
    Err((line, name, key.to_string()))
}

/// The name of a problem, and the key that it carries, if it does.
fn named(problem: Problem) -> (&'static str, String) {
    match problem {
        Problem::NoEqualsSign => ("NoEqualsSign", String::new()),
        Problem::NoKey => ("NoKey", String::new()),
        Problem::UnknownKey(key) => ("UnknownKey", key),
        Problem::RepeatedKey(key) => ("RepeatedKey", key),
        Problem::BadValue(key) => ("BadValue", key),
    }
}

/// The name of a shop with all sorts of signs in it, and a letter at both ends.
fn shop_name(random: &mut Seeded) -> String {
    let signs = [
        "a", "B", " ", "\t", "#", "=", "\"", "'", "-", "é", "本", "📚",
    ];
    let inside: String = (0..random.size(0..90))
        .map(|_| *random.pick(&signs))
        .collect();
    format!("x{inside}y")
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
