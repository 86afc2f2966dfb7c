use servers::http::{Head, HttpError, Method, Request, Status};
use servers::query::{FORM, MOST_PAIRS, Pairs, QueryError};
use servers::query::{parse_pairs, percent_decode, percent_encode, read_form, value};

fn pairs(expected: &[(&str, &str)]) -> Pairs {
    expected
        .iter()
        .map(|(name, value)| (String::from(*name), String::from(*value)))
        .collect()
}

/// Why a text was refused, as a text of the test's own: each kind has its word.
fn reason(error: &QueryError) -> &'static str {
    match error {
        QueryError::BadEscape => "BadEscape",
        QueryError::NotText => "NotText",
        QueryError::TooMany => "TooMany",
    }
}

/// What `percent_decode` gives: the text, or the reason.
fn decoded(text: &str) -> Result<String, &'static str> {
    let decoded: Result<String, QueryError> = percent_decode(text);
    decoded.map_err(|error| reason(&error))
}

/// What `parse_pairs` gives: the pairs, or the reason.
fn parsed(text: &str) -> Result<Pairs, &'static str> {
    let parsed: Result<Pairs, QueryError> = parse_pairs(text);
    parsed.map_err(|error| reason(&error))
}

/// `%` and two digits are one byte, in upper or lower case; several of them may be one character. A plus stays a plus.
#[test]
fn an_escape_is_one_byte() {
    for (text, expected) in [
        ("", ""),
        ("books", "books"),
        ("war%20and%20peace", "war and peace"),
        ("%41%5a%5A%7e", "AZZ~"),
        ("caf%C3%A9", "caf\u{e9}"),
        ("caf%c3%a9", "caf\u{e9}"),
        ("caf\u{e9}%21", "caf\u{e9}!"),
        ("%F0%9F%93%9A", "\u{1f4da}"),
        ("100%25", "100%"),
        ("%2541", "%41"),
        ("a+b", "a+b"),
        ("%00%2F%0d%0A", "\0/\r\n"),
        ("a&b=c;d", "a&b=c;d"),
        ("e%CC%81", "e\u{301}"),
        ("%EF%BB%BFa", "\u{feff}a"),
    ] {
        assert_eq!(decoded(text).as_deref(), Ok(expected), "decoding {text:?}");
    }
}

/// A text is decoded once, whatever comes out: an escape of an escape is an escape.
#[test]
fn a_text_is_decoded_once() {
    for byte in 0..=u8::MAX {
        for escape in [format!("%{byte:02X}"), format!("%{byte:02x}")] {
            for text in [escape.clone(), format!("a{escape}{escape}b")] {
                let sent = text.replace('%', "%25");
                assert_eq!(decoded(&sent), Ok(text), "decoding {sent:?}");
            }
        }
    }
    let long = "caf\u{e9} ".repeat(50_000);
    for text in ["%zz", "%", "%%", "50%25 off", &long] {
        let sent = text.replace('%', "%25");
        assert_eq!(decoded(&sent).as_deref(), Ok(text), "decoding {sent:.40?}");
    }
}

/// Half an escape, one with other characters, and bytes that are no text are refused, each for its own reason.
#[test]
fn a_bad_escape_is_refused() {
    for (text, expected) in [
        ("%", "BadEscape"),
        ("%4", "BadEscape"),
        ("100%", "BadEscape"),
        ("%%41", "BadEscape"),
        ("%4g", "BadEscape"),
        ("%g4", "BadEscape"),
        ("%4`", "BadEscape"),
        ("%4:", "BadEscape"),
        ("%4/", "BadEscape"),
        ("%4@", "BadEscape"),
        ("%4G", "BadEscape"),
        ("% 4", "BadEscape"),
        ("%+4", "BadEscape"),
        ("%-4", "BadEscape"),
        ("%u00e9", "BadEscape"),
        ("%\u{e9}", "BadEscape"),
        ("%4\u{e9}", "BadEscape"),
        ("%FF", "NotText"),
        ("%C3", "NotText"),
        ("%C3%28", "NotText"),
        ("%C0%AF", "NotText"),
        ("%ED%A0%80", "NotText"),
    ] {
        assert_eq!(decoded(text), Err(expected), "decoding {text:?}");
    }
    for error in [
        QueryError::BadEscape,
        QueryError::NotText,
        QueryError::TooMany,
    ] {
        assert!(!error.to_string().is_empty(), "{error:?} says something");
    }
}

/// Letters, digits and `-._~` stay, every other byte becomes an escape in upper case.
#[test]
fn every_other_byte_is_encoded() {
    for (text, expected) in [
        ("", ""),
        ("azAZ09-._~", "azAZ09-._~"),
        ("war & peace", "war%20%26%20peace"),
        ("1+1=2/2", "1%2B1%3D2%2F2"),
        ("caf\u{e9}", "caf%C3%A9"),
        ("\n\0\u{7f}", "%0A%00%7F"),
        ("@[`{:/", "%40%5B%60%7B%3A%2F"),
    ] {
        let encoded: String = percent_encode(text);
        assert_eq!(encoded, expected, "encoding {text:?}");
    }
    for byte in 0..=0x7f_u8 {
        let text = String::from(char::from(byte));
        let stays = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let expected = if stays {
            text.clone()
        } else {
            format!("%{byte:02X}")
        };
        assert_eq!(percent_encode(&text), expected, "encoding {text:?}");
    }
}

/// Pairs stand between `&`, and a pair is cut at its first `=`. It is cut before it is decoded, so that an encoded `&`
/// stays in its value; here a plus is a space.
#[test]
fn pairs_are_cut_and_then_decoded() {
    for (text, expected) in [
        ("", &[][..]),
        ("&&", &[]),
        (
            "q=war+and+peace&page=2",
            &[("q", "war and peace"), ("page", "2")],
        ),
        (
            "tag=a&tag=b&Tag=c",
            &[("tag", "a"), ("tag", "b"), ("Tag", "c")],
        ),
        ("gift&note=", &[("gift", ""), ("note", "")]),
        ("&a=1&&b=2&", &[("a", "1"), ("b", "2")]),
        ("=1", &[("", "1")]),
        ("=", &[("", "")]),
        ("a=b=c", &[("a", "b=c")]),
        ("a=%26b%3Dc", &[("a", "&b=c")]),
        ("%61%3D=1", &[("a=", "1")]),
        ("a+b=1%2B1", &[("a b", "1+1")]),
        ("a=1;b=2", &[("a", "1;b=2")]),
        ("a=%2526", &[("a", "%26")]),
        ("?a=1?&?=2", &[("?a", "1?"), ("?", "2")]),
        ("#a=1#&/=//", &[("#a", "1#"), ("/", "//")]),
        (" a = 1 & ", &[(" a ", " 1 "), (" ", "")]),
    ] {
        assert_eq!(parsed(text), Ok(pairs(expected)), "the pairs of {text:?}");
    }
    for (text, error) in [
        ("a=%", "BadEscape"),
        ("%zz=1", "BadEscape"),
        ("a=1&b=%FF", "NotText"),
        ("%C3&%A9", "NotText"),
    ] {
        assert_eq!(parsed(text), Err(error), "the pairs of {text:?}");
    }
}

/// A query has a greatest number of pairs; ampersands alone are no pairs.
#[test]
fn pairs_have_a_limit() {
    for (count, taken) in [
        (MOST_PAIRS - 1, true),
        (MOST_PAIRS, true),
        (MOST_PAIRS + 1, false),
        (50_000, false),
    ] {
        let found = parsed(&"a=1&".repeat(count)).map(|pairs| pairs.len());
        let expected = if taken { Ok(count) } else { Err("TooMany") };
        assert_eq!(found, expected, "{count} pairs");
    }
    let ampersands = parsed(&"&".repeat(500));
    assert_eq!(ampersands, Ok(Pairs::new()), "ampersands alone");
}

/// The first value of a name is found, and names are told apart by case.
#[test]
fn a_value_is_found_by_its_name() {
    let form: Pairs = pairs(&[("tag", "a"), ("tag", "b"), ("note", ""), ("Tag", "c")]);
    for (name, expected) in [
        ("tag", Some("a")),
        ("note", Some("")),
        ("Tag", Some("c")),
        ("TAG", None),
        ("", None),
    ] {
        let found: Option<&str> = value(&form, name);
        assert_eq!(found, expected, "the value of {name:?}");
    }
    let parsed: Option<Pairs> = parse_pairs("page=2&page=3").ok();
    let first = parsed.as_ref().and_then(|pairs| value(pairs, "page"));
    assert_eq!(first, Some("2"), "the first page");
}

/// A body is read as a form only if it says that it is one; otherwise the client gets 415, and a malformed form 400.
#[test]
fn a_form_says_that_it_is_one() {
    let form = |types: &[&str], body: &[u8]| -> Result<Pairs, u16> {
        let mut request = Request {
            head: Head::new(Method::Post, "/orders"),
            body: body.to_vec(),
        };
        for kind in types {
            request.head.headers.add("content-type", kind);
        }
        read_form(&request).map_err(|error: HttpError| error.status().map_or(0, Status::code))
    };
    let url = "application/x-www-form-urlencoded";
    let comma_before = format!(",{url}");
    let comma_behind = format!("{url},");
    for kind in [
        url,
        "Application/X-WWW-Form-Urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/x-www-form-urlencoded \t;charset=utf-8",
    ] {
        let expected = pairs(&[("isbn", "1"), ("note", "a b")]);
        assert_eq!(
            form(&[kind], b"isbn=1&note=a+b"),
            Ok(expected),
            "Content-Type: {kind}"
        );
    }
    for types in [
        &[][..],
        &[""],
        &["text/plain"],
        &["application/json; x=application/x-www-form-urlencoded"],
        &["application/x-www-form-urlencoded2"],
        &[url, url],
        &["text/plain", url],
        &["", url],
        &[url, ""],
        &[&comma_before],
        &[&comma_behind],
    ] {
        // The type is looked at first. A body that is empty or malformed changes nothing.
        for body in [&b"isbn=1"[..], b"", b"isbn=%", b"isbn=\xff"] {
            assert_eq!(
                form(types, body),
                Err(415),
                "Content-Type: {types:?}, the body {:?}",
                body.escape_ascii().to_string()
            );
        }
    }
    // A header keeps each byte as a character. Two of them are blanks, whatever Unicode says.
    for byte in 0..=u8::MAX {
        let letter = char::from(byte);
        let kind = format!("{url}{letter}; charset=utf-8");
        let expected = if [' ', '\t', ';'].contains(&letter) {
            Ok(pairs(&[("isbn", "1")]))
        } else {
            Err(415)
        };
        assert_eq!(
            form(&[&kind], b"isbn=1"),
            expected,
            "Content-Type: {kind:?}"
        );
    }
    // A body is kept as it came: what looks like a margin belongs to the first name and the last value.
    let expected = pairs(&[(" isbn", "1"), ("note", "a\r\n")]);
    assert_eq!(
        form(&[url], b" isbn=1&note=a\r\n"),
        Ok(expected),
        "a form with a blank before it and a line end behind it"
    );
    assert_eq!(form(&[url], b""), Ok(Pairs::new()), "an empty form");
    let many = "a=1&".repeat(MOST_PAIRS + 1);
    for body in [&b"isbn=%"[..], b"isbn=\xff", b"isbn=%ff", many.as_bytes()] {
        assert_eq!(
            form(&[url], body),
            Err(400),
            "the form {:.40?}",
            body.escape_ascii().to_string()
        );
    }
}

/// A form is what stands in the body: neither the method nor the query of the request has a part in it.
#[test]
fn a_form_is_the_body_alone() {
    for method in Method::ALL {
        let mut request = Request {
            head: Head::new(method, "/orders"),
            body: b"isbn=1".to_vec(),
        };
        request.head.query = Some(String::from("isbn=2&gift=yes"));
        request.head.headers.add("Content-Type", FORM);
        let form: Option<Pairs> = read_form(&request).ok();
        assert_eq!(
            form,
            Some(pairs(&[("isbn", "1")])),
            "the form of {} /orders?isbn=2&gift=yes",
            method.name()
        );
    }
}

/// Any text comes back from encoding and decoding as it was, alone and among others; damaged text never makes the
/// server panic, and what is decoded has at most the bytes of what was sent.
#[test]
fn what_is_encoded_comes_back() {
    let mut generator = support::seeded(0x3986);
    let characters: Vec<char> = " %&=+;/?#.~-_09azAZ\0\r\n\u{7f}\u{e9}\u{2022}\u{1f4da}"
        .chars()
        .collect();
    for case in 0..1_000 {
        let mut word = |longest: usize| -> String {
            (0..generator.size(0..longest))
                .map(|_| *generator.pick(&characters))
                .collect()
        };
        let meant: Pairs = (0..3).map(|_| (word(6), word(12))).collect();
        let mut parts: Vec<String> = Vec::new();
        for (name, text) in &meant {
            let encoded: String = percent_encode(text);
            assert!(
                encoded.is_ascii() && !encoded.contains(['&', '=', '+', ' ']),
                "case {case}: {encoded:?}"
            );
            assert_eq!(
                decoded(&encoded).as_deref(),
                Ok(text.as_str()),
                "case {case}: {encoded:?} decoded"
            );
            parts.push(format!("{}={encoded}", percent_encode(name)));
        }
        let query = parts.join("&");
        assert_eq!(
            parsed(&query),
            Ok(meant),
            "case {case}: the pairs of {query:?}"
        );

        let damaged: String = word(40);
        if let Ok(decoded) = decoded(&damaged) {
            assert!(
                decoded.len() <= damaged.len(),
                "case {case}: {damaged:?} became {decoded:?}"
            );
            assert!(
                damaged.contains('%') || decoded == damaged,
                "case {case}: {damaged:?} became {decoded:?}"
            );
        }
    }
}
