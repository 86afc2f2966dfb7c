use first_service::given::standins;
use first_service::given::wishes::{Draft, FieldError, NewWish, PriceError, Priority};
use first_service::validation::{check, is_address};
use serde_json::{Value, json};

use crate::shared::program;
use support::http;

/// Knows few prices, and tells whether it was given spaces.
fn price(text: &str) -> Result<u32, PriceError> {
    match text {
        "12.50" => Ok(1250),
        "A Dozen, please" => Ok(u32::MAX),
        "one cent" => Ok(1),
        "nothing" => Ok(0),
        "the moon" => Err(PriceError::TooMuch),
        _ => Err(PriceError::NotAPrice),
    }
}

fn draft() -> Draft {
    Draft {
        title: "Emma".to_owned(),
        price: "12.50".to_owned(),
        link: "https://books.example/emma".to_owned(),
        priority: "high".to_owned(),
    }
}

fn checked(draft: &Draft) -> NewWish {
    match check(draft, price) {
        Ok(wish) => wish,
        Err(errors) => panic!("{draft:?} is right, and was refused: {errors:?}"),
    }
}

fn fields(draft: &Draft) -> Vec<&'static str> {
    match check(draft, price) {
        Ok(wish) => panic!("{draft:?} is wrong, and became {wish:?}"),
        Err(errors) => {
            for error in &errors {
                assert!(error.message.contains(' '), "a sentence: {error:?}");
            }
            errors.iter().map(|error| error.field).collect()
        }
    }
}

/// A draft that is right becomes a wish, field by field, without the white space at the ends, of whatever script.
#[test]
fn a_right_draft_becomes_a_wish() {
    let mut values = support::seeded(0x0941);
    for _ in 0..20 {
        let title = format!("{}  {}", values.word(1..20), values.word(1..20));
        let link = format!(
            "https://{}.example/{}",
            values.word(1..9),
            values.word(1..9)
        );
        let (word, priority) = *values.pick(&[
            ("low", Priority::Low),
            ("normal", Priority::Normal),
            ("high", Priority::High),
            ("", Priority::Normal),
        ]);
        let (before, behind) = *values.pick(&[(" ", "\t"), ("\u{a0}", "\n"), ("  ", "\u{3000}")]);
        let typed = Draft {
            title: format!("{before}{title}{behind}"),
            price: format!("{before}12.50{behind}"),
            link: format!("{before}{link}{behind}"),
            priority: format!("{before}{word}{behind}"),
        };
        let wish: NewWish = checked(&typed);
        assert_eq!(wish.title, title, "the title of {typed:?}");
        assert_eq!(wish.cents, 1250, "the price of {typed:?}");
        assert_eq!(wish.link, Some(link), "the link of {typed:?}");
        assert_eq!(wish.priority, priority, "the priority of {typed:?}");
    }
}

/// Every field that is wrong has its error, in the order of the fields, and one only.
#[test]
fn everything_wrong_is_told_at_once() {
    let right = draft();
    let wrong = Draft {
        title: " ".to_owned(),
        price: "cheap".to_owned(),
        link: "books".to_owned(),
        priority: "urgent".to_owned(),
    };
    for mask in 1..16_u8 {
        let pick = |bit: u8, wrong: &str, right: &str| {
            if mask & bit == 0 { right } else { wrong }.to_owned()
        };
        let typed = Draft {
            title: pick(1, &wrong.title, &right.title),
            price: pick(2, &wrong.price, &right.price),
            link: pick(4, &wrong.link, &right.link),
            priority: pick(8, &wrong.priority, &right.priority),
        };
        let expected: Vec<&str> = [(1, "title"), (2, "price"), (4, "link"), (8, "priority")]
            .into_iter()
            .filter(|(bit, _)| mask & bit != 0)
            .map(|(_, field)| field)
            .collect();
        assert_eq!(fields(&typed), expected, "{typed:?}");
    }
    let worst = Draft {
        title: "\u{7}".repeat(200),
        ..right
    };
    assert_eq!(fields(&worst), ["title"], "two reasons, one field");
}

/// A title has 1 to 120 characters, whatever script they are of, and no control characters.
#[test]
fn a_title_has_a_length() {
    let titled = |title: &str| Draft {
        title: title.to_owned(),
        ..draft()
    };
    for title in [
        "E",
        &"e".repeat(120),
        &"界".repeat(120),
        &"é".repeat(120),
        "👩‍👩‍👧 a family",
        "???",
        "♥",
        "-",
    ] {
        assert_eq!(checked(&titled(title)).title, title, "the title");
    }
    let padded = format!("   {}   ", "e".repeat(120));
    assert_eq!(
        checked(&titled(&padded)).title,
        "e".repeat(120),
        "spaces do not count"
    );
    for title in [
        "",
        "   ",
        "\t\n",
        &"e".repeat(121),
        &"界".repeat(121),
        "Em\nma",
        "Em\0ma",
        "Em\u{7f}ma",
        "Em\u{85}ma",
    ] {
        assert_eq!(fields(&titled(title)), ["title"], "{title:?}");
    }
}

/// A price is what the parser takes, and at least a cent; no price and too high a price are told differently.
#[test]
fn a_price_has_two_ways_to_be_wrong() {
    let priced = |price: &str| Draft {
        price: price.to_owned(),
        ..draft()
    };
    assert_eq!(checked(&priced("one cent")).cents, 1, "a cent is a price");
    let dozen = checked(&priced(" A Dozen, please ")).cents;
    assert_eq!(dozen, u32::MAX, "what the parser takes is a price");
    for text in ["", "nothing", "cheap", "the moon", "12.5"] {
        assert_eq!(fields(&priced(text)), ["price"], "{text:?}");
    }
    let message = |text: &str| -> String {
        let errors: Vec<FieldError> = check(&priced(text), price).expect_err("it is wrong");
        errors[0].message.clone()
    };
    for text in ["cheap", "the moon"] {
        assert!(
            message(text).contains(' '),
            "a sentence for {text:?}: {:?}",
            message(text)
        );
    }
    assert_ne!(
        message("cheap"),
        message("the moon"),
        "two reasons, two sentences"
    );
}

/// A link may be left out; then the wish has none.
#[test]
fn a_link_may_be_missing() {
    for link in ["", "  ", "\t"] {
        let typed = Draft {
            link: link.to_owned(),
            ..draft()
        };
        assert_eq!(checked(&typed).link, None, "the link of {typed:?}");
    }
}

/// An address of the web is one, with whatever follows its host.
#[test]
fn an_address_of_the_web_is_taken() {
    let longest = format!("https://a.example/{}", "x".repeat(500 - 18));
    for link in [
        "http://a.example",
        "https://a.example",
        "HTTPS://A.example/Path",
        "hTTp://localhost:3000",
        "https://[::1]:8080/",
        "https://a.example/@ana",
        "https://a.example?mail=ana@b.example",
        "https://a.example#@",
        "https://a.example/a\\b",
        "https://a.example/?to=http://b.example",
        "https://bücher.example/für/alle",
        longest.as_str(),
    ] {
        assert!(is_address(link), "{link:?}");
        let typed = Draft {
            link: link.to_owned(),
            ..draft()
        };
        assert_eq!(
            checked(&typed).link.as_deref(),
            Some(link),
            "kept as it was"
        );
    }
}

/// Anything else is none: other schemes, no host, a host behind an `@`, white space, too long.
/// `is_address` judges the text as it is, and does not trim it.
#[test]
fn anything_else_is_no_address() {
    let long = format!("https://a.example/{}", "x".repeat(501 - 18));
    let wide = format!("https://a.example/{}", "é".repeat(300));
    for link in [
        "javascript:alert(1)",
        "javascript://a.example/%0aalert(1)",
        "data:text/html,hello",
        "ftp://a.example",
        "file:///etc/passwd",
        "//a.example",
        "a.example",
        "https:a.example",
        "https:/a.example",
        "https//a.example",
        "https://",
        "https:///path",
        "https://?query",
        "https://#part",
        "https://bank.example@evil.example",
        "https://ana:secret@a.example/",
        "https://@a.example",
        "https://evil.example\\.bank.example",
        "https://a .example",
        "https://a.example/a b",
        "https://a.example/\u{a0}b",
        "https://a.example/a\nb",
        "https://a.example/\u{7}",
        "https://a.example/\u{9b}",
        "httpſ://a.example",
        "xhttps://a.example",
        "httpx://a.example",
        "https2://a.example",
        "://a.example",
        "javascript:https://a.example",
        long.as_str(),
        wide.as_str(),
    ] {
        assert!(!is_address(link), "{link:?}");
        let typed = Draft {
            link: link.to_owned(),
            ..draft()
        };
        assert_eq!(fields(&typed), ["link"], "{typed:?}");
    }
    for link in [
        " https://a.example",
        "https://a.example\n",
        "\u{a0}https://a.example",
    ] {
        assert!(!is_address(link), "{link:?}");
    }
}

/// A priority is one of the three words, in small letters, or left out.
#[test]
fn a_priority_is_one_of_three() {
    for word in [
        "urgent", "High", "LOW", "normal.", "low high", "1", "highest", "lowly", "hig",
    ] {
        let typed = Draft {
            priority: word.to_owned(),
            ..draft()
        };
        assert_eq!(fields(&typed), ["priority"], "{typed:?}");
    }
}

/// The program: a draft with three mistakes is answered with all three, and nothing is added.
#[tokio::test]
async fn the_program_names_every_mistake() {
    let mut parts = standins::parts();
    parts.check = check;
    let store = parts.store.clone();
    let server = program(parts, standins::desk()).await;
    let wrong = json!({ "title": "", "price": "cheap", "link": "javascript:alert(1)" });
    let response = http::answer(server.post("/api/wishes").json(&wrong)).await;
    assert_eq!(
        http::status(&response),
        422,
        "POST /api/wishes with {wrong}"
    );
    let said = http::text(response).await;
    for field in ["title", "price", "link"] {
        assert!(
            said.contains(&format!("field: {field:?}")),
            "{field}: {said}"
        );
    }
    assert!(store.all().expect("a list").is_empty(), "nothing is added");
    let right = json!({ "title": " Emma ", "price": "12" });
    let response = http::answer(server.post("/api/wishes").json(&right)).await;
    assert_eq!(
        http::status(&response),
        201,
        "POST /api/wishes with {right}"
    );
    let wish: Value = http::json(response).await;
    assert_eq!(wish["title"], json!("Emma"), "{wish}");
}
