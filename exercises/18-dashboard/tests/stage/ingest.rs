use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use dashboard::given::app::Tx;
use dashboard::given::config::Config;
use dashboard::given::events::{Dimension, Event, Kind, Slice};
use dashboard::given::neighbours::{Hours, Recorded, Store, Sum};
use dashboard::given::problem::Problem;
use dashboard::ingest::{Format, Piece, event, format, pieces, routes};
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::helpers::{START, World};

/// START as RFC 3339 has it.
const NOW: &str = "2017-07-14T02:40:00Z";

fn right() -> Value {
    json!({
        "id": "web-1:7.a_B", "at": NOW, "kind": "order", "country": "AT", "channel": "web",
        "device": "phone", "category": "Poetry", "cents": 1990,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut event = right();
    event[field] = value;
    event
}

fn named(id: &str) -> Value {
    with("id", json!(id))
}

/// The field that is wrong, as the answer has it; `none` for an event that is no object, `right` for one that is right.
fn judged(value: &Value, horizon: i64) -> String {
    match event(value, START, horizon, &Config::default()) {
        Ok(_) => "right".to_owned(),
        Err((field, message)) => {
            assert!(
                message.contains(' '),
                "a sentence about {value}: {message:?}"
            );
            field.unwrap_or("none").to_owned()
        }
    }
}

/// A content type has one form or the other, whatever its parameters and capitals; everything else is 415.
#[test]
fn the_content_type_says_the_format() {
    let asked = |values: &[&'static [u8]]| -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value).expect("a value");
            headers.append(header::CONTENT_TYPE, value);
        }
        match format(&headers) {
            Ok(Format::Json) => "json".to_owned(),
            Ok(Format::Ndjson) => "ndjson".to_owned(),
            Err(problem) => format!("{} {}", problem.status().as_u16(), problem.code()),
        }
    };
    let refused = "415 unsupported_media_type";
    for (values, expected) in [
        (&[&b"application/json"[..]][..], "json"),
        (&[b"Application/JSON ; charset=utf-8"], "json"),
        (&[b" application/json"], "json"),
        (&[b"application/x-ndjson"], "ndjson"),
        (&[b"APPLICATION/X-NDJSON;x=application/json"], "ndjson"),
        (&[], refused),
        (&[b""], refused),
        (&[b"application/json", b"application/json"], refused),
        (&[b"application/json, application/json"], refused),
        (&[b"text/json"], refused),
        (&[b"application/jsonl"], refused),
        (&[b"application/json5"], refused),
        (&[b"application/problem+json"], refused),
        (&[b"application/ndjson"], refused),
        (&[b"json"], refused),
        (&[b"text/plain; application/json"], refused),
        (&[b"application/json\xff"], refused),
    ] {
        let shown: Vec<String> = values
            .iter()
            .map(|value| value.escape_ascii().to_string())
            .collect();
        assert_eq!(asked(values), expected, "content-type {shown:?}");
    }
}

/// Places and contents; `Err` for what is no JSON.
#[track_caller]
fn taken_apart(format: Format, body: &[u8]) -> Vec<(usize, Result<Value, ()>)> {
    let case = body.escape_ascii();
    let found: Vec<Piece> = match pieces(format, body, 100) {
        Ok(pieces) => pieces,
        Err(problem) => panic!(
            "{format:?} {case}: {} {}",
            problem.status(),
            problem.detail()
        ),
    };
    found
        .into_iter()
        .map(|(place, piece)| {
            let piece = piece.map_err(|message| {
                assert!(
                    message.contains(' '),
                    "a sentence about {case}: {message:?}"
                );
            });
            (place, piece)
        })
        .collect()
}

/// An array has its elements in order; what is no JSON, and no array, is refused as a whole.
#[test]
fn an_array_is_taken_apart() {
    let body = b" [ {\"a\":1} , 2, null, \"x\", [] ] \n";
    let expected = [
        json!({ "a": 1 }),
        json!(2),
        Value::Null,
        json!("x"),
        json!([]),
    ];
    let expected: Vec<(usize, Result<Value, ()>)> = (1..).zip(expected.map(Ok)).collect();
    assert_eq!(taken_apart(Format::Json, body), expected, "five elements");
    assert_eq!(taken_apart(Format::Json, b"[]"), [], "none");
    for body in [
        &b""[..],
        b" ",
        b"{}",
        b"{\"id\":1}",
        b"null",
        b"[1",
        b"[1,]",
        b"[1] [2]",
        b"[1]x",
        b"[1]\n[2]",
        b"{}\n{}\n",
        b"[\"\xff\"]",
        b"[nul]",
    ] {
        let answer: Result<Vec<Piece>, Problem> = pieces(Format::Json, body, 100);
        let problem = answer
            .err()
            .map(|problem| (problem.status().as_u16(), problem.code()));
        assert_eq!(problem, Some((400, "malformed")), "{}", body.escape_ascii());
    }
}

/// Lines are read one by one: each has its place, empty ones too, and one that is no JSON harms no other.
#[test]
fn lines_are_taken_apart() {
    let expected = vec![(1, Ok(json!({ "a": 1 }))), (2, Ok(json!({ "a": 2 })))];
    for body in [
        &b"{\"a\":1}\n{\"a\":2}\n"[..],
        b"{\"a\":1}\n{\"a\":2}",
        b"{\"a\":1}\r\n{\"a\":2}\r\n",
        b" {\"a\":1}\t\r\n  {\"a\":2}  ",
    ] {
        let found = taken_apart(Format::Ndjson, body);
        assert_eq!(found, expected, "{}", body.escape_ascii());
    }
    let body = b"\n \t\n1\n\r\n{\"half\": \n{\"a\":\"\xff\"}\n[2]\n2 3\n\n{\"a\":\"b\nc\"}\n4\n{\"last\":";
    let expected = vec![
        (3, Ok(json!(1))),
        (5, Err(())),
        (6, Err(())),
        (7, Ok(json!([2]))),
        (8, Err(())),
        (10, Err(())),
        (11, Err(())),
        (12, Ok(json!(4))),
        (13, Err(())),
    ];
    let found = taken_apart(Format::Ndjson, body);
    assert_eq!(found, expected, "{}", body.escape_ascii());
    for body in [&b""[..], b"\n", b"\r\n\r\n", b"  \n\t"] {
        assert_eq!(
            taken_apart(Format::Ndjson, body),
            [],
            "{}",
            body.escape_ascii()
        );
    }
}

/// So many events are taken, and not one more: lines that are no JSON count, empty ones do not.
#[test]
fn a_batch_has_a_limit() {
    let array = |count: usize| json!(vec![1; count]).to_string().into_bytes();
    let lines = |line: &str, count: usize| line.repeat(count).into_bytes();
    for most in [1, 3, 10_000] {
        for (format, body, count) in [
            (Format::Json, array(most), Some(most)),
            (Format::Json, array(most + 1), None),
            (Format::Json, array(2 * most + 1), None),
            (Format::Ndjson, lines("{}\n", most), Some(most)),
            (Format::Ndjson, lines("{}\n\n \n", most), Some(most)),
            (Format::Ndjson, lines("{}\n", most + 1), None),
            (Format::Ndjson, lines("{\n", most + 1), None),
        ] {
            let found = pieces(format, &body, most);
            let case = format!("{} bytes of {format:?}, {most} at most", body.len());
            match (found, count) {
                (Ok(pieces), Some(count)) => assert_eq!(pieces.len(), count, "{case}"),
                (Err(problem), None) => {
                    let found = (problem.status().as_u16(), problem.code());
                    assert_eq!(found, (422, "too_many_events"), "{case}");
                }
                (Ok(pieces), None) => panic!("{case}: {} were taken", pieces.len()),
                (Err(problem), Some(_)) => panic!("{case}: {}", problem.detail()),
            }
        }
    }
}

/// An event that is right becomes one with the same values, letter by letter.
#[test]
fn a_right_event_is_taken_as_it_is() {
    let mut values = support::seeded(0x1801);
    for round in 0..60 {
        let word = |values: &mut support::Seeded| format!("{} & ß'", values.word(1..30));
        let (channel, device, category) = (word(&mut values), word(&mut values), word(&mut values));
        let id = format!("{}-_.:{round}", values.word(1..20));
        let back = i64::try_from(values.number(0..9_000_000)).expect("it fits");
        let at = START - back;
        let cents = i64::try_from(values.number(0..200_000_001)).expect("it fits") - 100_000_000;
        let kind = Kind::ALL[values.size(0..3)];
        let sent = json!({
            "id": id, "at": jiff::Timestamp::from_second(at).expect("a time").to_string(),
            "kind": kind.name(), "country": "ZA", "channel": channel, "device": device,
            "category": category, "cents": cents, "shop": { "what": ["is", "not", "ours"] },
        });
        let expected = Event {
            id,
            at,
            kind,
            country: "ZA".to_owned(),
            channel,
            device,
            category,
            cents,
        };
        match event(&sent, START, 0, &Config::default()) {
            Ok(found) => assert_eq!(found, expected, "{sent}"),
            Err((field, message)) => panic!("{sent} is right: {field:?} {message}"),
        }
    }
}

/// Every field has its rule, and limits on both sides.
#[test]
fn every_field_has_its_rule() {
    let long = |count: usize| "ä".repeat(count);
    let cases = [
        ("id", json!("a"), true),
        ("id", json!("a".repeat(64)), true),
        ("id", json!("-_.:09azAZ"), true),
        ("id", json!(""), false),
        ("id", json!("a".repeat(65)), false),
        ("id", json!("a b"), false),
        ("id", json!(" a"), false),
        ("id", json!("a\n"), false),
        ("id", json!("a/b"), false),
        ("id", json!("a@b"), false),
        ("id", json!("ä"), false),
        ("id", json!("a\u{0}"), false),
        ("id", json!(7), false),
        ("kind", json!("view"), true),
        ("kind", json!("cart"), true),
        ("kind", json!("order"), true),
        ("kind", json!("Order"), false),
        ("kind", json!("orders"), false),
        ("kind", json!(" order"), false),
        ("kind", json!(""), false),
        ("country", json!("ZZ"), true),
        ("country", json!("AA"), true),
        ("country", json!("at"), false),
        ("country", json!("At"), false),
        ("country", json!("A"), false),
        ("country", json!("AUT"), false),
        ("country", json!("A1"), false),
        ("country", json!("ß"), false),
        ("country", json!("Ä"), false),
        ("country", json!("Ω"), false),
        ("country", json!("ÄT"), false),
        ("country", json!(""), false),
        ("country", json!("A "), false),
        ("cents", json!(0), true),
        ("cents", json!(-1), true),
        ("cents", json!(100_000_000), true),
        ("cents", json!(-100_000_000), true),
        ("cents", json!(100_000_001), false),
        ("cents", json!(-100_000_001), false),
        ("cents", json!(i64::MIN), false),
        ("cents", json!(u64::MAX), false),
        ("cents", json!(1.0), false),
        ("cents", json!(1.5), false),
        ("cents", json!("1"), false),
        ("cents", json!(true), false),
    ];
    for (field, value, is_right) in cases {
        let expected = if is_right { "right" } else { field };
        let sent = with(field, value);
        assert_eq!(judged(&sent, 0), expected, "{sent}");
    }
    for field in ["channel", "device", "category"] {
        for (value, is_right) in [
            (json!("a"), true),
            (json!(long(40)), true),
            (json!("a  b"), true),
            (json!("<b>'%_\\&\"🏮"), true),
            (json!(""), false),
            (json!(long(41)), false),
            (json!(long(4_000)), false),
            (json!(" a"), false),
            (json!("a "), false),
            (json!("a\u{a0}"), false),
            (json!(" "), false),
            (json!("a\nb"), false),
            (json!("a\tb"), false),
            (json!("a\u{0}b"), false),
            (json!("a\u{7f}b"), false),
            (json!("a\u{85}b"), false),
            (json!(["a"]), false),
        ] {
            let expected = if is_right { "right" } else { field };
            let sent = with(field, value);
            assert_eq!(judged(&sent, 0), expected, "{sent}");
        }
    }
    for field in [
        "id", "at", "kind", "country", "channel", "device", "category", "cents",
    ] {
        let mut without = right();
        without.as_object_mut().expect("an object").remove(field);
        assert_eq!(judged(&without, 0), field, "{without}");
        let null = with(field, Value::Null);
        assert_eq!(judged(&null, 0), field, "{null}");
    }
    for sent in [
        json!([]),
        json!("x"),
        json!(1),
        Value::Null,
        json!([right()]),
    ] {
        assert_eq!(judged(&sent, 0), "none", "{sent}");
    }
    assert_eq!(
        judged(&json!({}), 0),
        "id",
        "an empty object: the first field is named"
    );
}

/// Of several fields that are wrong the first one is named, in the order of the table.
#[test]
fn the_first_field_that_is_wrong_is_named() {
    let fields = [
        "id", "at", "kind", "country", "channel", "device", "category", "cents",
    ];
    for (place, field) in fields.into_iter().enumerate() {
        let mut sent = right();
        for other in &fields[place..] {
            sent[*other] = json!(false);
        }
        assert_eq!(judged(&sent, 0), field, "{sent}");
    }
}

/// A time has a distance from UTC, loses its parts of a second, and lies between the horizon and a little after now, both
/// included.
#[test]
fn a_time_is_read_and_has_limits() {
    let at = |text: &str, horizon: i64| -> Result<i64, String> {
        let sent = with("at", json!(text));
        match event(&sent, START, horizon, &Config::default()) {
            Ok(event) => Ok(event.at),
            Err((field, _)) => Err(field.unwrap_or("none").to_owned()),
        }
    };
    let wrong = || Err("at".to_owned());
    for (text, expected) in [
        (NOW, Ok(START)),
        ("2017-07-14T04:40:00+02:00", Ok(START)),
        ("2017-07-13T21:10:00-05:30", Ok(START)),
        ("2017-07-14T02:39:59.999999Z", Ok(START - 1)),
        ("1970-01-01T00:00:00Z", Ok(0)),
        ("1970-01-01T00:00:00.5Z", Ok(0)),
        ("1969-12-31T23:59:59Z", wrong()),
        ("1969-12-31T23:59:59.5Z", wrong()),
        ("1970-01-01T00:00:00+00:01", wrong()),
        ("2017-07-14T02:45:00Z", Ok(START + 300)),
        ("2017-07-14T02:45:00.9Z", Ok(START + 300)),
        ("2017-07-14T02:45:01Z", wrong()),
        ("2017-07-14T04:40:00Z", wrong()),
        ("9999-01-01T00:00:00Z", wrong()),
        ("2017-07-14T02:40:00", wrong()),
        ("2017-07-14", wrong()),
        ("2017-13-14T02:40:00Z", wrong()),
        ("2017-02-29T02:40:00Z", wrong()),
        ("yesterday", wrong()),
        ("1500000000", wrong()),
        ("", wrong()),
    ] {
        assert_eq!(at(text, 0), expected, "{text:?}, with the horizon at 0");
    }
    for (text, expected) in [
        ("2017-07-14T02:00:00Z", Ok(START - 2_400)),
        ("2017-07-14T01:59:59Z", wrong()),
        ("2017-07-14T01:59:59.9Z", wrong()),
        (NOW, Ok(START)),
    ] {
        let horizon = START - 2_400;
        assert_eq!(
            at(text, horizon),
            expected,
            "{text:?}, with the horizon at 02:00"
        );
    }
    let number = with("at", json!(START));
    assert_eq!(judged(&number, 0), "at", "a number");
    let patient = Config {
        clock_tolerance: 3_600,
        ..Config::default()
    };
    let ahead = with("at", json!("2017-07-14T03:40:00Z"));
    assert!(
        event(&ahead, START, 0, &patient).is_ok(),
        "an hour ahead, with a tolerance of an hour"
    );
    assert!(
        event(&ahead, START - 1, 0, &patient).is_err(),
        "one second more"
    );
    assert!(
        event(&ahead, i64::MAX, 0, &patient).is_ok(),
        "at the end of all time"
    );
}

/// What is right is taken, what is wrong is refused by its place, and the store is asked once.
#[tokio::test]
async fn each_event_is_taken_or_refused_by_itself() {
    let world = World::new(|_| ());
    world.journal.put([]);
    let server = world.serve(routes()).await;
    let body = json!([
        named("a"),
        with("country", json!("at")),
        named("b"),
        "what?",
        named("a"),
        with("at", json!("2030-01-01T00:00:00Z")),
    ]);
    let response = server
        .post("/api/events")
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status().as_u16(), 200, "the status");
    let answer: Value = response.json().await.expect("JSON");
    assert_json_snapshot!(shape(&answer), @r#"
    {
      "accepted": 2,
      "known": 1,
      "refused": [
        {
          "field": "country",
          "message": "a sentence",
          "place": 2
        },
        {
          "message": "a sentence",
          "place": 4
        },
        {
          "field": "at",
          "message": "a sentence",
          "place": 6
        }
      ]
    }
    "#);
    let stored: Vec<String> = world
        .journal
        .events()
        .into_iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(
        stored,
        ["a", "b"],
        "what the store has, in the order of the body"
    );
    let asked = world.journal.asked();
    let records: Vec<&String> = asked
        .iter()
        .filter(|line| line.starts_with("record"))
        .collect();
    assert_eq!(records, ["record 3"], "calls of record among {asked:?}");
    assert!(
        asked.contains(&"horizon".to_owned()),
        "the horizon is asked: {asked:?}"
    );
    assert_eq!(
        world.journal.published(),
        [2],
        "the news: the version after the batch"
    );
}

/// The answer with every sentence replaced.
fn shape(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for refusal in answer["refused"].as_array_mut().into_iter().flatten() {
        let is_sentence = refusal["message"]
            .as_str()
            .is_some_and(|text| text.contains(' '));
        if is_sentence {
            refusal["message"] = json!("a sentence");
        }
    }
    answer
}

/// Lines work as an array does; a batch without anything right, or without anything, is an answer like any other.
#[tokio::test]
async fn lines_and_empty_batches_are_answered() {
    let world = World::new(|_| ());
    let server = world.serve(routes()).await;
    let lines = format!(
        "{}\n\nhalf\n{}\n{{\"id\": \"c\", \"at",
        named("a"),
        named("b")
    );
    for (kind, body, expected) in [
        ("application/x-ndjson", lines.as_str(), [2, 0, 2]),
        ("application/x-ndjson", lines.as_str(), [0, 2, 2]),
        ("application/x-ndjson", "", [0, 0, 0]),
        ("application/json", "[]", [0, 0, 0]),
        ("application/json", "[1, 2, 3]", [0, 0, 3]),
    ] {
        let request = server
            .post("/api/events")
            .header("content-type", kind)
            .body(body.to_owned());
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, 200, "{kind} {body:?}: {answer}");
        let refused = answer["refused"].as_array().map_or(0, Vec::len);
        let found = [&answer["accepted"], &answer["known"]].map(|number| number.as_u64());
        let expected_numbers = [expected[0], expected[1]].map(Some);
        assert_eq!(
            found, expected_numbers,
            "accepted and known, {kind} {body:?}: {answer}"
        );
        assert_eq!(
            refused as u64, expected[2],
            "refused, {kind} {body:?}: {answer}"
        );
    }
    assert_eq!(
        world.journal.published(),
        [1],
        "only the first batch was news"
    );
}

/// What cannot be taken apart, and what is too large, is refused as a whole: nothing is asked of the store, and nothing is published.
#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let config = Config {
        largest_body: 2_000,
        most_events: 3,
        ..Config::default()
    };
    let world = World::with(config, |_| ());
    let server = world.serve(routes()).await;
    let padded = |length: usize| format!("[{}]", " ".repeat(length - 2));
    let four = json!([named("a"), named("b"), named("c"), named("d")]).to_string();
    for (kind, body, expected) in [
        ("application/json", "[".to_owned(), (400, "malformed")),
        (
            "application/json",
            named("a").to_string(),
            (400, "malformed"),
        ),
        (
            "text/plain",
            "[]".to_owned(),
            (415, "unsupported_media_type"),
        ),
        (
            "text/plain",
            "[".to_owned(),
            (415, "unsupported_media_type"),
        ),
        ("application/json", four, (422, "too_many_events")),
        ("application/json", padded(2_001), (413, "too_large")),
        (
            "application/x-ndjson",
            "\n".repeat(2_001),
            (413, "too_large"),
        ),
    ] {
        let shown: String = body.chars().take(40).collect();
        let request = server
            .post("/api/events")
            .header("content-type", kind)
            .body(body);
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let form = response.headers()["content-type"].clone();
        let answer: Value = response.json().await.expect("JSON");
        let found = (status, answer["code"].as_str().unwrap_or_default());
        assert_eq!(found, expected, "{kind} {shown:?}: {answer}");
        assert_eq!(
            form, "application/problem+json",
            "{kind} {shown:?}: {answer}"
        );
    }
    let fits = server
        .post("/api/events")
        .header("content-type", "application/json");
    let response = fits.body(padded(2_000)).send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200, "2,000 bytes, and no event");
    let asked = world.journal.asked();
    let records: Vec<&String> = asked
        .iter()
        .filter(|line| line.starts_with("record"))
        .collect();
    assert_eq!(
        records,
        ["record 0"],
        "calls of record, for the last one only"
    );
    assert_eq!(world.journal.published(), [0; 0], "news");
}

/// If the store fails, the sender hears that, and nobody hears of news.
#[tokio::test]
async fn a_failure_of_the_store_is_no_success() {
    let world = World::new(|_| ());
    let server = world.serve(routes()).await;
    world.journal.break_down(true);
    let body = json!([named("a"), 1]);
    let response = server
        .post("/api/events")
        .json(&body)
        .send()
        .await
        .expect("an answer");
    let status = response.status().as_u16();
    let answer = response.text().await.expect("a body");
    assert_eq!(status, 500, "{answer}");
    assert_eq!(world.journal.published(), [0; 0], "news");
    world.journal.break_down(false);
    let response = server
        .post("/api/events")
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status().as_u16(), 200, "sent again");
    assert_eq!(world.journal.published(), [1], "news");
}

/// Writes a row, says that it was new, and fails when it is asked for the version; or fails when it is to record.
struct Broken {
    at_once: bool,
}

impl Store for Broken {
    fn record(&self, tx: &Tx, events: &[Event]) -> Result<Recorded, Problem> {
        tx.execute(
            "INSERT INTO events VALUES ('left', 0, 'view', '', '', '', '', 0)",
            [],
        )?;
        let new = events.len();
        if self.at_once {
            return Err(Problem::internal(&"the test's own failure"));
        }
        Ok(Recorded { new, known: 0 })
    }

    fn hours(&self, _: &Tx, _: Kind, _: &Slice, _: Hours) -> Result<Vec<(i64, Sum)>, Problem> {
        Err(Problem::internal(&"nobody asked for this"))
    }

    fn values(
        &self,
        _: &Tx,
        _: Kind,
        _: &Slice,
        _: Dimension,
        _: Hours,
    ) -> Result<Vec<(String, Sum)>, Problem> {
        Err(Problem::internal(&"nobody asked for this"))
    }

    fn horizon(&self, _: &Tx) -> Result<i64, Problem> {
        Ok(0)
    }

    fn version(&self, _: &Tx) -> Result<i64, Problem> {
        if self.at_once {
            return Ok(1);
        }
        Err(Problem::internal(&"the test's own failure"))
    }
}

/// What was written before something breaks is taken back.
#[tokio::test]
async fn nothing_of_a_batch_is_left_behind() {
    for at_once in [false, true] {
        let world = World::new(|neighbours| neighbours.store = Arc::new(Broken { at_once }));
        let server = world.serve(routes()).await;
        let response = server
            .post("/api/events")
            .json(&json!([named("a")]))
            .send()
            .await;
        let status = response.expect("an answer").status().as_u16();
        assert_eq!(
            status, 500,
            "a store that fails after it has written, at once: {at_once}"
        );
        let left: i64 = world
            .connect()
            .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
            .expect("a number");
        assert_eq!(left, 0, "events that are left behind");
        assert_eq!(world.journal.published(), [0; 0], "news");
    }
}
