use std::sync::Arc;

use admin_panel::audit::{Log, cell, changes, routes};
use admin_panel::given::neighbours::Event;
use admin_panel::given::problem::Problem;
use serde_json::{Value, json};

use crate::staff::{Answer, Staff, spawn, value};

async fn staff() -> Staff {
    spawn(routes(), |neighbours| neighbours.audit = Arc::new(Log)).await
}

fn event(
    actor: Option<i64>,
    kind: &'static str,
    subject: &str,
    before: Value,
    after: Value,
) -> Event {
    Event {
        actor,
        kind,
        subject: subject.to_owned(),
        before,
        after,
    }
}

/// Records an event by a client that calls itself `agent`.
fn record(staff: &Staff, agent: &str, event: Event) {
    let cx = staff.cx_of("192.0.2.7", agent);
    value(cx.write(|tx| tx.neighbours().audit.record(tx, event)));
}

/// Six entries, ten seconds apart from 2017-07-14T02:40:00Z on.
fn story(staff: &Staff) {
    for (actor, kind, subject, before, after, agent) in [
        (
            Some(1),
            "user.invited",
            "hal@lantern.example",
            Value::Null,
            json!({ "role": "clerk" }),
            "Firefox",
        ),
        (
            Some(3),
            "order.refunded",
            "order 1",
            json!({ "state": "paid" }),
            json!({ "state": "refunded" }),
            "Safari",
        ),
        (
            None,
            "login.failed",
            "user 1",
            Value::Null,
            json!({ "why": { "steps": ["locked, \"100%_\\ off\""] } }),
            "curl",
        ),
        (
            Some(3),
            "order.refunded",
            "order 12",
            json!({ "state": "paid" }),
            json!({ "state": "refunded" }),
            "Ünïcode",
        ),
        (
            Some(31),
            "order.refunded.again",
            "order 1",
            Value::Null,
            json!({ "cents": 1250, "late": true }),
            "curl",
        ),
        (
            Some(1),
            "user.disabled",
            "user 3",
            json!({ "disabled": false, "note": "It's Émile" }),
            json!({ "disabled": true }),
            "Firefox",
        ),
    ] {
        record(staff, agent, event(actor, kind, subject, before, after));
        staff.clock.advance(10);
    }
}

fn ids(answer: &Answer) -> Vec<i64> {
    let entries = answer.body["entries"].as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["id"].as_i64()).collect()
}

/// The path with these parameters, percent-encoded.
fn path(of: &str, query: &[(&str, &str)]) -> String {
    let encoded =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    format!("{of}?{}", query.join("&"))
}

async fn find(staff: &Staff, query: &[(&str, &str)]) -> Answer {
    staff.get(1, &path("/api/audit", query)).await
}

async fn take(staff: &Staff, query: &[(&str, &str)]) -> Answer {
    staff.get(1, &path("/api/audit.csv", query)).await
}

/// The cells of a file.
fn cells(answer: &Answer) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(answer.text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a line of CSV"));
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

/// An entry says who, when, from where, to what, and what was before and after; the newest comes first.
#[tokio::test]
async fn an_entry_says_everything() {
    let staff = staff().await;
    record(
        &staff,
        "Firefox",
        event(
            Some(3),
            "order.refunded",
            "order 1",
            json!({ "state": "paid", "cents": 1250 }),
            json!({ "state": "refunded", "cents": 1250 }),
        ),
    );
    staff.clock.advance(61);
    let cx = staff.cx_of("2001:db8::7", "curl");
    value(cx.write(|tx| {
        tx.neighbours().audit.record(
            tx,
            event(None, "login.failed", "user 1", Value::Null, Value::Null),
        )
    }));
    let said: Answer = find(&staff, &[]).await;
    assert_eq!(said.status, 200, "{}", said.text);
    insta::assert_json_snapshot!(said.body, @r#"
    {
      "entries": [
        {
          "actor_id": null,
          "after": {},
          "at": "2017-07-14T02:41:01Z",
          "before": {},
          "client": "2001:db8::7",
          "id": 2,
          "kind": "login.failed",
          "subject": "user 1",
          "user_agent": "curl"
        },
        {
          "actor_id": 3,
          "after": {
            "state": "refunded"
          },
          "at": "2017-07-14T02:40:00Z",
          "before": {
            "state": "paid"
          },
          "client": "192.0.2.7",
          "id": 1,
          "kind": "order.refunded",
          "subject": "order 1",
          "user_agent": "Firefox"
        }
      ],
      "next_cursor": null
    }
    "#);
}

/// Each side holds the fields that the other has not or has with another value; null is a value, and what is no object holds nothing.
#[tokio::test]
async fn only_what_differs_is_told() {
    for (before, after, expected) in [
        (json!({}), json!({}), (json!({}), json!({}))),
        (
            Value::Null,
            json!({ "a": 1 }),
            (json!({}), json!({ "a": 1 })),
        ),
        (
            json!({ "a": 1 }),
            Value::Null,
            (json!({ "a": 1 }), json!({})),
        ),
        (json!([1]), json!("text"), (json!({}), json!({}))),
        (
            json!({ "a": 1, "b": 2 }),
            json!({ "a": 1, "b": 3 }),
            (json!({ "b": 2 }), json!({ "b": 3 })),
        ),
        (
            json!({ "a": null }),
            json!({}),
            (json!({ "a": null }), json!({})),
        ),
        (
            json!({}),
            json!({ "a": null }),
            (json!({}), json!({ "a": null })),
        ),
        (
            json!({ "a": null }),
            json!({ "a": null }),
            (json!({}), json!({})),
        ),
        (
            json!({ "a": null }),
            json!({ "a": false }),
            (json!({ "a": null }), json!({ "a": false })),
        ),
        (
            json!({ "a": "1" }),
            json!({ "a": 1 }),
            (json!({ "a": "1" }), json!({ "a": 1 })),
        ),
        (
            json!({ "a": "x" }),
            json!({ "A": "x" }),
            (json!({ "a": "x" }), json!({ "A": "x" })),
        ),
        (
            json!({ "a": "x " }),
            json!({ "a": "x" }),
            (json!({ "a": "x " }), json!({ "a": "x" })),
        ),
        (
            json!({ "a": [1, 2] }),
            json!({ "a": [2, 1] }),
            (json!({ "a": [1, 2] }), json!({ "a": [2, 1] })),
        ),
        (
            json!({ "a": { "x": 1, "y": 2 } }),
            json!({ "a": { "x": 1, "y": 3 } }),
            (
                json!({ "a": { "x": 1, "y": 2 } }),
                json!({ "a": { "x": 1, "y": 3 } }),
            ),
        ),
    ] {
        let told: (Value, Value) = changes(&before, &after);
        assert_eq!(told, expected, "from {before} to {after}");
    }
}

/// Two objects that share some fields and differ in others are told apart, whatever their fields are.
#[tokio::test]
async fn any_two_objects() {
    let mut random = support::seeded(0x19A7);
    for _ in 0..100 {
        let (mut before, mut after) = (json!({}), json!({}));
        let (mut left, mut right) = (json!({}), json!({}));
        for field in 0..random.number(0..9) {
            let name = format!("field {field}");
            let (one, other) = (json!(random.bits()), json!(random.word(0..5)));
            match random.number(0..4) {
                0 => (before[&name], after[&name]) = (one.clone(), one),
                1 => {
                    (before[&name], left[&name]) = (one.clone(), one);
                    (after[&name], right[&name]) = (other.clone(), other);
                }
                2 => (before[&name], left[&name]) = (one.clone(), one),
                _ => (after[&name], right[&name]) = (other.clone(), other),
            }
        }
        let told: (Value, Value) = changes(&before, &after);
        assert_eq!(told, (left, right), "from {before} to {after}");
    }
}

/// A field whose name holds one of the six words is hidden, whatever its value and its capitals, at any depth, in lists as well; that it changed is told.
#[tokio::test]
async fn secrets_are_hidden() {
    let hidden = json!("(secret)");
    for name in [
        "password",
        "Password",
        "PASSWORD_HASH",
        "newPassword",
        "token",
        "access_token",
        "tokens",
        "secret",
        "client-secret",
        "digest",
        "cookie_digest",
        "hash",
        "set-cookie",
        "COOKIE",
    ] {
        for secret in [
            json!("hunter2"),
            json!(123456),
            json!(null),
            json!(["hunter2"]),
            json!({ "x": "hunter2" }),
        ] {
            let told: (Value, Value) = changes(
                &json!({ name: secret, "a": 1 }),
                &json!({ name: "other", "a": 1 }),
            );
            assert_eq!(
                told,
                (json!({ name: hidden }), json!({ name: hidden })),
                "{name}: {secret}"
            );
            let told: (Value, Value) = changes(&json!({ name: secret }), &json!({ name: secret }));
            assert_eq!(told, (json!({}), json!({})), "{name}, unchanged");
            let told: (Value, Value) = changes(
                &Value::Null,
                &json!({ "a": [{ "b": { name: secret } }, [{ name: secret, "c": 1 }]] }),
            );
            assert_eq!(
                told,
                (
                    json!({}),
                    json!({ "a": [{ "b": { name: hidden } }, [{ name: hidden, "c": 1 }]] })
                ),
                "{name}, deep down"
            );
        }
    }
    for name in [
        "pass",
        "word",
        "tok en",
        "secre",
        "user",
        "role",
        "digestion".get(..5).unwrap_or_default(),
    ] {
        let told: (Value, Value) = changes(&json!({}), &json!({ name: "password" }));
        assert_eq!(
            told,
            (json!({}), json!({ name: "password" })),
            "{name} is no secret"
        );
    }
    let staff = staff().await;
    record(
        &staff,
        "curl",
        event(
            Some(1),
            "user.changed",
            "user 4",
            json!({ "password_hash": "old", "name": "Dan" }),
            json!({ "password_hash": "new", "name": "Daniel" }),
        ),
    );
    let row: String = staff.query("SELECT before || after FROM audit", []);
    assert_eq!(
        row,
        r#"{"name":"Dan","password_hash":"(secret)"}{"name":"Daniel","password_hash":"(secret)"}"#,
        "what the table keeps"
    );
}

/// An entry belongs to its transaction: what is rolled back was never told, and what cannot be told fails.
#[tokio::test]
async fn an_entry_comes_with_its_transaction() {
    let staff = staff().await;
    let failed: Result<(), Problem> = staff.cx().write(|tx| {
        tx.neighbours().audit.record(
            tx,
            event(Some(1), "user.disabled", "user 3", Value::Null, Value::Null),
        )?;
        Err(Problem::internal(&"the test's own failure"))
    });
    assert!(failed.is_err(), "the transaction fails");
    let kept: Result<(), Problem> = staff.cx().write(|tx| {
        tx.neighbours().audit.record(
            tx,
            event(Some(1), "login.failed", "user 3", Value::Null, Value::Null),
        )?;
        Err(Problem::not_found())
    });
    assert!(kept.is_err(), "a refusal commits");
    let kinds: String = staff.query("SELECT group_concat(kind) FROM audit", []);
    assert_eq!(kinds, "login.failed", "the log");
    staff.batch(
        "CREATE TRIGGER jammed BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'jammed'); END",
    );
    let jammed: Result<(), Problem> = staff.cx().write(|tx| {
        tx.neighbours().audit.record(
            tx,
            event(Some(1), "user.disabled", "user 3", Value::Null, Value::Null),
        )
    });
    assert_eq!(
        jammed.map_err(|problem| problem.code()),
        Err("internal"),
        "an entry that cannot be written"
    );
}

/// Each filter chooses by its own field, exactly, and several choose what fits all of them; an empty one is none.
#[tokio::test]
async fn filters_choose() {
    let staff = staff().await;
    story(&staff);
    for (query, expected) in [
        (vec![], vec![6, 5, 4, 3, 2, 1]),
        (
            vec![
                ("actor", ""),
                ("kind", ""),
                ("subject", ""),
                ("from", ""),
                ("until", ""),
                ("q", ""),
                ("limit", ""),
                ("cursor", ""),
            ],
            vec![6, 5, 4, 3, 2, 1],
        ),
        (vec![("actor", "1")], vec![6, 1]),
        (vec![("actor", "3")], vec![4, 2]),
        (vec![("actor", "31")], vec![5]),
        (vec![("actor", "0")], vec![]),
        (vec![("actor", "9223372036854775807")], vec![]),
        (vec![("kind", "order.refunded")], vec![4, 2]),
        (vec![("kind", "order")], vec![]),
        (vec![("kind", "Order.Refunded")], vec![]),
        (vec![("kind", "order_refunded")], vec![]),
        (vec![("kind", "order.refunded ")], vec![]),
        (vec![("subject", "order 1")], vec![5, 2]),
        (vec![("subject", "user%")], vec![]),
        (vec![("subject", "' OR 1 --")], vec![]),
        (vec![("actor", "3"), ("subject", "order 1")], vec![2]),
        (
            vec![("kind", "order.refunded"), ("subject", "order 12")],
            vec![4],
        ),
        (vec![("actor", "1"), ("subject", "order 1")], vec![]),
    ] {
        let said: Answer = find(&staff, &query).await;
        assert_eq!(said.status, 200, "{query:?}: {}", said.text);
        assert_eq!(ids(&said), expected, "{query:?}");
    }
}

/// The beginning belongs to the time that is asked for, the end does not; a moment may be written in any zone.
#[tokio::test]
async fn times_have_two_ends() {
    let staff = staff().await;
    story(&staff);
    for (query, expected) in [
        (vec![("from", "2017-07-14T02:40:20Z")], vec![6, 5, 4, 3]),
        (vec![("from", "2017-07-14T02:40:21Z")], vec![6, 5, 4]),
        (vec![("until", "2017-07-14T02:40:20Z")], vec![2, 1]),
        (vec![("until", "2017-07-14T02:40:21Z")], vec![3, 2, 1]),
        (
            vec![
                ("from", "2017-07-14T02:40:10Z"),
                ("until", "2017-07-14T02:40:30Z"),
            ],
            vec![3, 2],
        ),
        (
            vec![
                ("from", "2017-07-14T02:40:10Z"),
                ("until", "2017-07-14T02:40:11Z"),
            ],
            vec![2],
        ),
        (
            vec![("from", "2017-07-14T04:40:20+02:00")],
            vec![6, 5, 4, 3],
        ),
        (vec![("until", "2017-07-13T22:10:20-04:30")], vec![2, 1]),
        (
            vec![
                ("from", "1969-12-31T23:59:59Z"),
                ("until", "9999-12-30T00:00:00Z"),
                ("actor", "3"),
            ],
            vec![4, 2],
        ),
    ] {
        let said: Answer = find(&staff, &query).await;
        assert_eq!(said.status, 200, "{query:?}: {}", said.text);
        assert_eq!(ids(&said), expected, "{query:?}");
    }
}

/// What somebody types is text: it is looked for as it is in subject, client, user agent and every text of the two sides, not in names of fields, kinds or numbers.
#[tokio::test]
async fn a_text_is_looked_for() {
    let staff = staff().await;
    story(&staff);
    for (text, expected) in [
        ("order 1", vec![5, 4, 2]),
        ("refunded", vec![4, 2]),
        ("paid", vec![4, 2]),
        ("hal@", vec![1]),
        ("clerk", vec![1]),
        ("Firefox", vec![6, 1]),
        ("192.0.2", vec![6, 5, 4, 3, 2, 1]),
        ("firefox", vec![]),
        ("Ünïcode", vec![4]),
        ("ünïcode", vec![]),
        ("It's Émile", vec![6]),
        ("locked, \"100", vec![3]),
        ("%", vec![3]),
        ("_", vec![3]),
        ("%_\\ off", vec![3]),
        ("\"", vec![3]),
        ("\\\"", vec![]),
        ("{", vec![]),
        ("state", vec![]),
        ("login", vec![]),
        ("1250", vec![]),
        ("true", vec![]),
        (" ", vec![6, 5, 4, 3, 2]),
    ] {
        let said: Answer = find(&staff, &[("q", text)]).await;
        assert_eq!(said.status, 200, "{text:?}: {}", said.text);
        assert_eq!(ids(&said), expected, "{text:?}");
    }
    let said: Answer = find(
        &staff,
        &[
            ("q", "order 1"),
            ("actor", "3"),
            ("until", "2017-07-14T02:40:30Z"),
        ],
    )
    .await;
    assert_eq!(ids(&said), [2], "with other filters");
}

/// Whatever is wrong with a query is said at once, field by field; a field that there is not is refused as well.
#[tokio::test]
async fn faulty_queries() {
    let staff = staff().await;
    story(&staff);
    let (longest, longer) = ("é".repeat(100), "é".repeat(101));
    for (field, wrong) in [
        ("actor", "me"),
        ("actor", "1.0"),
        ("actor", " 1"),
        ("actor", "9223372036854775808"),
        ("from", "yesterday"),
        ("from", "2017-07-14"),
        ("from", "2017-07-14T02:40:00"),
        ("from", "2017-07-14T02:40:00.5Z"),
        ("until", "2017-02-30T00:00:00Z"),
        ("until", "1500000000"),
        ("q", &longer),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "1e1"),
        ("limit", "18446744073709551616"),
        ("cursor", "5"),
        ("cursor", "!"),
        ("cursor", "e30"),
    ] {
        let said: Answer = find(&staff, &[(field, wrong)]).await;
        assert_eq!(
            said.said(),
            (422, "invalid_fields"),
            "{field}={wrong}: {}",
            said.text
        );
        assert_eq!(said.fields(), [field], "{field}={wrong}");
        if !["limit", "cursor"].contains(&field) {
            let said: Answer = take(&staff, &[(field, wrong)]).await;
            assert_eq!(
                (said.status, said.fields()),
                (422, vec![field.to_owned()]),
                "the file of {field}={wrong}: {}",
                said.text
            );
        }
    }
    for (from, until) in [
        ("2017-07-14T02:40:10Z", "2017-07-14T02:40:10Z"),
        ("2017-07-14T02:40:10Z", "2017-07-14T02:40:09Z"),
        ("2017-07-14T02:40:10Z", "2017-07-14T04:40:00+02:00"),
    ] {
        let said: Answer = find(&staff, &[("from", from), ("until", until)]).await;
        assert_eq!(
            (said.status, said.fields()),
            (422, vec!["until".to_owned()]),
            "from {from} until {until}: {}",
            said.text
        );
    }
    let said: Answer = find(
        &staff,
        &[
            ("actor", "x"),
            ("from", "x"),
            ("until", "x"),
            ("q", &longer),
            ("limit", "x"),
            ("cursor", "x!"),
        ],
    )
    .await;
    assert_eq!(
        said.fields(),
        ["actor", "cursor", "from", "limit", "q", "until"],
        "all at once: {}",
        said.text
    );
    assert_eq!(
        find(&staff, &[("q", &longest)]).await.status,
        200,
        "100 characters"
    );
    for name in ["actor_id", "Actor", "to"] {
        let said: Answer = find(&staff, &[(name, "1")]).await;
        assert_eq!(said.status, 400, "{name}: {}", said.text);
    }
}

/// Following the cursors gives every entry that is looked for once, the newest first, whatever the size of the pages and whatever is added meanwhile.
#[tokio::test]
async fn pages_give_everything_once() {
    let staff = staff().await;
    let mut random = support::seeded(0x19A8);
    let mut expected: Vec<i64> = Vec::new();
    for id in 1..=130 {
        let actor = 1 + i64::from(random.coin());
        // The clock stands still, or goes back: ids order the log.
        staff.clock.advance(if id % 3 == 0 { -5 } else { 0 });
        record(
            &staff,
            "curl",
            event(
                Some(actor),
                "order.refunded",
                "order 1",
                Value::Null,
                Value::Null,
            ),
        );
        if actor == 1 {
            expected.insert(0, id);
        }
    }
    let total = expected.len();
    for limit in [1, 7, total - 1, total, total + 1, 100] {
        let (mut seen, mut at): (Vec<i64>, Option<String>) = (Vec::new(), None);
        let size = limit.to_string();
        loop {
            let mut query = vec![("actor", "1"), ("limit", size.as_str())];
            query.extend(at.as_deref().map(|cursor| ("cursor", cursor)));
            let said: Answer = find(&staff, &query).await;
            assert_eq!(said.status, 200, "{query:?}: {}", said.text);
            let page = ids(&said);
            assert_eq!(
                page.len(),
                limit.min(total - seen.len()),
                "entries of a page of {limit}, after {}",
                seen.len()
            );
            seen.extend(page);
            record(
                &staff,
                "curl",
                event(
                    Some(2),
                    "order.refunded",
                    "order 1",
                    Value::Null,
                    Value::Null,
                ),
            );
            at = said.body["next_cursor"].as_str().map(str::to_owned);
            assert_eq!(
                at.is_some(),
                seen.len() < total,
                "whether another page follows after {}",
                seen.len()
            );
            if at.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "all pages of {limit}");
    }
    let largest: Answer = find(&staff, &[("limit", "100")]).await;
    assert_eq!(
        (ids(&largest).len(), largest.body["next_cursor"].is_string()),
        (100, true),
        "the largest page of a log that holds more"
    );
    let usual: Answer = find(&staff, &[]).await;
    assert_eq!(
        ids(&usual).len(),
        20,
        "entries of a page when nothing is said"
    );
}

/// To read needs `audit.read` everywhere, to take away `audit.export` everywhere: asked first, and at the moment of the answer.
#[tokio::test]
async fn who_may_read() {
    let staff = staff().await;
    story(&staff);
    for (of, right) in [
        ("/api/audit", "audit.read"),
        ("/api/audit.csv", "audit.export"),
    ] {
        let _ = staff.asked();
        assert_eq!(staff.get(4, of).await.status, 200, "{of}, allowed");
        let asked: Vec<String> = staff.asked();
        assert!(
            asked.contains(&format!("require 4 {right} everywhere")),
            "what {of} asked: {asked:?}"
        );
        assert_eq!(
            staff.get(99, of).await.said(),
            (401, "not_signed_in"),
            "{of}, by nobody"
        );
        staff
            .journal
            .refuse(&format!("require 4 {right} everywhere"));
        for query in [vec![], vec![("limit", "x"), ("actor", "x")]] {
            let said: Answer = staff.get(4, &path(of, &query)).await;
            assert_eq!(
                said.said(),
                (403, "forbidden"),
                "{of} {query:?}: {}",
                said.text
            );
        }
        staff.journal.mend();
    }
    let count: i64 = staff.query("SELECT count(*) FROM audit", []);
    let request = staff.as_user(staff.server.get("/api/audit.csv"), 4);
    let said: Answer = staff
        .overtaken(
            request,
            "UPDATE users SET disabled_at = 1500000000 WHERE id = 4",
        )
        .await;
    assert_eq!(
        said.said(),
        (401, "not_signed_in"),
        "dismissed while waiting: {}",
        said.text
    );
    assert_eq!(
        staff.query::<i64>("SELECT count(*) FROM audit", []),
        count,
        "entries"
    );
}

/// A file has a line with the names and one for each entry, the oldest first, ended by CR and LF, with quotes where RFC 4180 wants them.
#[tokio::test]
async fn a_file_is_taken_away() {
    let staff = staff().await;
    story(&staff);
    let said: Answer = take(&staff, &[("actor", "1")]).await;
    assert_eq!(said.status, 200, "{}", said.text);
    assert_eq!(
        (said.kind.as_str(), said.disposition.as_str()),
        (
            "text/csv; charset=utf-8; header=present",
            "attachment; filename=\"audit.csv\""
        ),
        "the headers"
    );
    assert_eq!(
        said.text,
        concat!(
            "id,at,actor_id,kind,subject,client,user_agent,before,after\r\n",
            "1,2017-07-14T02:40:00Z,1,user.invited,hal@lantern.example,192.0.2.7,Firefox,{},\"{\"\"role\"\":\"\"clerk\"\"}\"\r\n",
            "6,2017-07-14T02:40:50Z,1,user.disabled,user 3,192.0.2.7,Firefox,",
            "\"{\"\"disabled\"\":false,\"\"note\"\":\"\"It's Émile\"\"}\",\"{\"\"disabled\"\":true}\"\r\n",
        ),
        "the file"
    );
    let said: Answer = take(
        &staff,
        &[("q", "locked"), ("limit", "nonsense"), ("cursor", "!")],
    )
    .await;
    let rows: Vec<Vec<String>> = cells(&said);
    assert_eq!(
        rows.len(),
        2,
        "a page of a file makes no sense: {}",
        said.text
    );
    assert_eq!(rows[1][2], "", "nobody was signed in");
    assert_eq!(
        rows[1][8], r#"{"why":{"steps":["locked, \"100%_\\ off\""]}}"#,
        "quotes come back as they were"
    );
    let said: Answer = take(&staff, &[("kind", "nothing")]).await;
    assert_eq!(
        said.text, "id,at,actor_id,kind,subject,client,user_agent,before,after\r\n",
        "an empty file"
    );
}

/// A text that a spreadsheet takes for a formula gets an apostrophe in front; every other text stays as it is.
#[tokio::test]
async fn no_formula_leaves_the_house() {
    for text in [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "=",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "=cmd|' /C calc'!A0",
    ] {
        let written: String = cell(text).into_owned();
        assert_eq!(written, format!("'{text}"), "{text:?}");
    }
    for text in [
        "",
        "a=1",
        "1-1",
        "'=1",
        " =1",
        "user 3",
        "\u{1F4DA}",
        "\"=1",
        "{\"a\":1}",
        "'",
    ] {
        let written: String = cell(text).into_owned();
        assert_eq!(written, text, "{text:?}");
    }
    let staff = staff().await;
    record(
        &staff,
        "=HYPERLINK(\"http://evil.example\")",
        event(
            Some(1),
            "user.invited",
            "+hal@lantern.example",
            Value::Null,
            json!({ "role": "=1" }),
        ),
    );
    let said: Answer = take(&staff, &[]).await;
    let rows: Vec<Vec<String>> = cells(&said);
    assert_eq!(
        (
            rows[1][4].as_str(),
            rows[1][6].as_str(),
            rows[1][8].as_str()
        ),
        (
            "'+hal@lantern.example",
            "'=HYPERLINK(\"http://evil.example\")",
            "{\"role\":\"=1\"}"
        ),
        "subject, user agent and after in the file: {}",
        said.text
    );
    let page: Answer = find(&staff, &[("kind", "user.invited")]).await;
    assert_eq!(
        page.body["entries"][0]["subject"],
        json!("+hal@lantern.example"),
        "on a page it stays as it is"
    );
}

/// Taking the log away is an entry of its own, with what was looked for and how much was found; that entry is not yet in the file.
#[tokio::test]
async fn taking_it_away_is_recorded() {
    let staff = staff().await;
    story(&staff);
    let said: Answer = take(
        &staff,
        &[
            ("actor", "3"),
            ("kind", ""),
            ("from", "2017-07-14T04:40:00+02:00"),
            ("q", "o"),
            ("limit", "1"),
        ],
    )
    .await;
    assert_eq!(cells(&said).len(), 3, "lines: {}", said.text);
    let said: Answer = staff.get(3, "/api/audit.csv").await;
    assert_eq!(
        cells(&said).len(),
        8,
        "lines, with the entry of the first file: {}",
        said.text
    );
    let said: Answer = take(
        &staff,
        &[
            ("kind", "k"),
            ("subject", "s"),
            ("until", "2017-07-14T02:40:00Z"),
        ],
    )
    .await;
    assert_eq!(cells(&said).len(), 1, "lines: {}", said.text);
    let said: Answer = find(&staff, &[("kind", "audit.exported")]).await;
    let told: Vec<Value> = said.body["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| {
            json!([
                entry["actor_id"],
                entry["subject"],
                entry["before"],
                entry["after"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!([1, "audit", {}, { "entries": 0, "kind": "k", "subject": "s", "until": "2017-07-14T02:40:00Z" }]),
            json!([3, "audit", {}, { "entries": 7 }]),
            json!([1, "audit", {}, { "entries": 2, "actor": "3", "from": "2017-07-14T04:40:00+02:00", "q": "o" }]),
        ],
        "the entries of three files"
    );
    staff.batch(
        "CREATE TRIGGER jammed BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'jammed'); END",
    );
    let said: Answer = take(&staff, &[]).await;
    assert_eq!(
        said.said(),
        (500, "internal"),
        "no trace, no file: {}",
        said.text
    );
}

/// A file holds up to 10,000 entries; where more are looked for it is refused whole, and nothing is recorded.
#[tokio::test]
async fn a_file_has_an_end() {
    let staff = staff().await;
    staff.batch(
        "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 10001)
         INSERT INTO audit (at, actor_id, kind, subject, client, user_agent, before, after)
         SELECT 1500000000 + n, 1 + n / 10001, 'order.refunded', 'order ' || n, '', '', '{}', '{}' FROM counted",
    );
    let said: Answer = take(&staff, &[]).await;
    assert_eq!(
        said.said(),
        (422, "export_too_large"),
        "10,001 entries: {}",
        said.text.get(..200).unwrap_or(&said.text)
    );
    assert_eq!(
        staff.query::<i64>("SELECT count(*) FROM audit", []),
        10_001,
        "entries"
    );
    let said: Answer = take(&staff, &[("actor", "1")]).await;
    assert_eq!(said.status, 200, "10,000 entries");
    let rows: Vec<Vec<String>> = cells(&said);
    assert_eq!(rows.len(), 10_001, "lines");
    assert_eq!(
        (rows[1][4].as_str(), rows[10_000][4].as_str()),
        ("order 1", "order 10000"),
        "the first and the last"
    );
    let said: Answer = find(&staff, &[("actor", "2")]).await;
    assert_eq!(
        ids(&said),
        [10_001],
        "the oldest page is found through all the others"
    );
}

/// A log that cannot be read is a failure, never an empty page.
#[tokio::test]
async fn a_failure_is_no_empty_page() {
    let staff = staff().await;
    story(&staff);
    staff.batch("ALTER TABLE audit RENAME TO gone");
    for of in ["/api/audit", "/api/audit.csv"] {
        let said: Answer = staff.get(1, of).await;
        assert_eq!(said.said(), (500, "internal"), "{of}: {}", said.text);
    }
}
