use servers::http::{Head, HttpError, Method, Request, Status};
use servers::query::{MOST_PAIRS, Pairs, QueryError};
use servers::query::{parse_pairs, percent_decode, percent_encode, read_form, value};

fn pairs(expected: &[(&str, &str)]) -> Pairs {
    expected
        .iter()
        .map(|(name, value)| (String::from(*name), String::from(*value)))
        .collect()
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
    ] {
        let decoded: Result<String, QueryError> = percent_decode(text);
        assert_eq!(decoded.as_deref(), Ok(expected), "decoding {text:?}");
    }
}

/// Half an escape, one with other characters, and bytes that are no text are refused, each for its own reason.
#[test]
fn a_bad_escape_is_refused() {
    use QueryError::{BadEscape, NotText};
    for (text, expected) in [
        ("%", BadEscape),
        ("%4", BadEscape),
        ("100%", BadEscape),
        ("%%41", BadEscape),
        ("%4g", BadEscape),
        ("%g4", BadEscape),
        ("%4`", BadEscape),
        ("%4:", BadEscape),
        ("%4/", BadEscape),
        ("%4@", BadEscape),
        ("%4G", BadEscape),
        ("% 4", BadEscape),
        ("%+4", BadEscape),
        ("%-4", BadEscape),
        ("%u00e9", BadEscape),
        ("%\u{e9}", BadEscape),
        ("%4\u{e9}", BadEscape),
        ("%FF", NotText),
        ("%C3", NotText),
        ("%C3%28", NotText),
        ("%C0%AF", NotText),
        ("%ED%A0%80", NotText),
    ] {
        let decoded: Result<String, QueryError> = percent_decode(text);
        assert_eq!(decoded, Err(expected), "decoding {text:?}");
    }
    for error in [BadEscape, NotText, QueryError::TooMany] {
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
    ] {
        let parsed: Result<Pairs, QueryError> = parse_pairs(text);
        assert_eq!(parsed, Ok(pairs(expected)), "the pairs of {text:?}");
    }
    for (text, error) in [
        ("a=%", QueryError::BadEscape),
        ("%zz=1", QueryError::BadEscape),
        ("a=1&b=%FF", QueryError::NotText),
        ("%C3&%A9", QueryError::NotText),
    ] {
        let parsed: Result<Pairs, QueryError> = parse_pairs(text);
        assert_eq!(parsed, Err(error), "the pairs of {text:?}");
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
        let parsed: Result<Pairs, QueryError> = parse_pairs(&"a=1&".repeat(count));
        let expected = if taken {
            Ok(count)
        } else {
            Err(QueryError::TooMany)
        };
        assert_eq!(parsed.map(|pairs| pairs.len()), expected, "{count} pairs");
    }
    let ampersands: Result<Pairs, QueryError> = parse_pairs(&"&".repeat(500));
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
    ] {
        assert_eq!(form(types, b"isbn=1"), Err(415), "Content-Type: {types:?}");
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
    for body in [&b"isbn=%"[..], b"isbn=\xff", b"isbn=%ff"] {
        assert_eq!(
            form(&[url], body),
            Err(400),
            "the form {:?}",
            body.escape_ascii().to_string()
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
            let decoded: Result<String, QueryError> = percent_decode(&encoded);
            assert_eq!(
                decoded.as_deref(),
                Ok(text.as_str()),
                "case {case}: {encoded:?} decoded"
            );
            parts.push(format!("{}={encoded}", percent_encode(name)));
        }
        let query = parts.join("&");
        assert_eq!(
            parse_pairs(&query),
            Ok(meant),
            "case {case}: the pairs of {query:?}"
        );

        let damaged: String = word(40);
        if let Ok(decoded) = percent_decode(&damaged) {
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
