use std::collections::BTreeSet;
use std::sync::Arc;

use auth_system::audit::{Trail, first_broken, routes};
use auth_system::given::app::{Client, Cx};
use auth_system::given::neighbours::Event;
use auth_system::given::problem::Problem;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp, answer, spawn, value};

async fn app() -> TestApp {
    spawn(routes(), |neighbours, _| neighbours.audit = Arc::new(Trail)).await
}

/// Records an event of `user` (0 for nobody) by a client that calls itself `agent`.
fn record(app: &TestApp, user: i64, kind: &'static str, detail: &str, agent: &str) {
    let client = Client {
        user_agent: agent.to_owned(),
        ..Client::local()
    };
    let event = Event {
        detail: detail.to_owned(),
        ..Event::new((user != 0).then_some(user), kind)
    };
    value(Cx::new(app.app.clone(), client).write(|tx| tx.neighbours().audit.record(tx, event)));
}

async fn get(app: &TestApp, user: i64, query: &str) -> Answer {
    let path = format!("/api/audit{query}");
    answer(app.server.get(&path).bearer_auth(format!("user-{user}"))).await
}

fn ids(answer: &Answer) -> Vec<i64> {
    let events = answer.body["events"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    events
        .iter()
        .filter_map(|event| event["id"].as_i64())
        .collect()
}

fn broken(app: &TestApp) -> Option<i64> {
    value(app.app.database().read(first_broken))
}

/// Changes the trail as somebody would who owns the database.
fn tamper(app: &TestApp, statement: &str) {
    app.execute("DROP TRIGGER IF EXISTS audit_events_stay", []);
    app.execute("DROP TRIGGER IF EXISTS audit_events_remain", []);
    app.execute(statement, []);
}

/// One sees one's own events, the newest first, and nobody else's, nor those that belong to no account.
#[tokio::test]
async fn one_sees_ones_own_events() {
    let app = app().await;
    record(&app, 1, "login.succeeded", "", "Firefox");
    record(&app, 2, "login.failed", "", "curl");
    record(&app, 0, "login.failed", "", "curl");
    app.clock.advance(5);
    record(&app, 1, "password.reset", "by mail", "Safari");
    let answer: Answer = get(&app, 1, "").await;
    assert_eq!(answer.status, 200, "the list: {:?}", answer.body);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "events": [
        {
          "at": "2017-07-14T02:40:05Z",
          "client": "127.0.0.1",
          "detail": "by mail",
          "id": 4,
          "kind": "password.reset",
          "user_agent": "Safari"
        },
        {
          "at": "2017-07-14T02:40:00Z",
          "client": "127.0.0.1",
          "detail": "",
          "id": 1,
          "kind": "login.succeeded",
          "user_agent": "Firefox"
        }
      ],
      "next_cursor": null
    }
    "#);
}

/// Following the cursors gives every own event once, the newest first, whatever the size of the pages.
#[tokio::test]
async fn pages_give_everything_once() {
    let app = app().await;
    let mut random = support::seeded(0x1791);
    let mut own: Vec<i64> = Vec::new();
    for id in 1..=45 {
        let user = 1 + i64::from(random.coin());
        record(&app, user, "login.succeeded", "", "Firefox");
        if user == 1 {
            own.insert(0, id);
        }
    }
    let total = own.len();
    for limit in [1, 2, 7, total - 1, total, total + 1, 100] {
        let (mut seen, mut query) = (Vec::new(), format!("?limit={limit}"));
        loop {
            let page: Answer = get(&app, 1, &query).await;
            assert_eq!(page.status, 200, "{query}: {:?}", page.body);
            let ids = ids(&page);
            let left = total - seen.len();
            assert_eq!(
                ids.len(),
                limit.min(left),
                "events on the page {query}, {left} are left"
            );
            seen.extend(ids);
            match page.body["next_cursor"].as_str() {
                Some(cursor) => query = format!("?limit={limit}&cursor={cursor}"),
                None => break,
            }
            assert!(seen.len() < total, "a cursor after the last event: {query}");
        }
        assert_eq!(seen, own, "all pages of {limit} together");
    }
}

/// What is recorded while somebody reads neither repeats nor hides anything on the pages that follow.
#[tokio::test]
async fn new_events_do_not_move_the_pages() {
    let app = app().await;
    for _ in 0..6 {
        record(&app, 1, "login.succeeded", "", "Firefox");
    }
    let first: Answer = get(&app, 1, "?limit=3").await;
    for _ in 0..4 {
        record(&app, 1, "login.failed", "", "curl");
    }
    let second: Answer = get(
        &app,
        1,
        &format!("?limit=3&cursor={}", first.text("next_cursor")),
    )
    .await;
    assert_eq!(
        (ids(&first), ids(&second)),
        (vec![6, 5, 4], vec![3, 2, 1]),
        "the pages before and after new events"
    );
    assert_eq!(
        second.body["next_cursor"],
        Value::Null,
        "the cursor of the last page"
    );
}

/// A page has 20 events unless 1 to 100 are asked for; everything else is refused, and so are made-up cursors.
#[tokio::test]
async fn limits_and_cursors_are_checked() {
    let app = app().await;
    for _ in 0..101 {
        record(&app, 1, "login.succeeded", "", "Firefox");
    }
    for (query, length) in [
        ("", 20),
        ("?limit=1", 1),
        ("?limit=99", 99),
        ("?limit=100", 100),
    ] {
        assert_eq!(
            ids(&get(&app, 1, query).await).len(),
            length,
            "events for the query {query:?}"
        );
    }
    for query in [
        "?limit=0",
        "?limit=101",
        "?limit=-1",
        "?limit=ten",
        "?limit=",
        "?limit=99999999999999999999",
        "?limit=1.5",
        "?limit=1e1",
        "?limit=257",
        "?limit=4294967297",
        "?limit=%205",
        "?limit=5%20",
    ] {
        let answer: Answer = get(&app, 1, query).await;
        assert_eq!(
            (answer.status, answer.code()),
            (422, "invalid_fields"),
            "{query}: {:?}",
            answer.body
        );
        assert_eq!(
            answer.body["errors"][0]["field"],
            json!("limit"),
            "{query}: {}",
            answer.body
        );
    }
    let full: Answer = get(&app, 1, "?limit=100").await;
    let rest = format!("?limit=100&cursor={}", full.text("next_cursor"));
    assert_eq!(
        ids(&get(&app, 1, &rest).await),
        [1],
        "behind a full page of 100 of 101 events: {rest}"
    );
    let page: Answer = get(&app, 1, "?limit=1").await;
    let ours = page.text("next_cursor");
    let (padded, spaced) = (format!("{ours}="), format!("{ours}%20"));
    // An id is no cursor: clients would begin to compute with it.
    for cursor in [
        "",
        "x",
        "....",
        "bm90aGluZw",
        "1",
        "50",
        "101",
        "0",
        "-1",
        &padded,
        &spaced,
    ] {
        let answer: Answer = get(&app, 1, &format!("?cursor={cursor}")).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "invalid_cursor"),
            "the cursor {cursor:?}: {:?}",
            answer.body
        );
    }
}

/// A trail that nobody has mended fits together, whatever clients call themselves.
#[tokio::test]
async fn an_honest_trail_fits() {
    let app = app().await;
    assert_eq!(broken(&app), None, "an empty trail");
    let mut random = support::seeded(0x1792);
    let mut chains: BTreeSet<String> = BTreeSet::new();
    for number in 0..30 {
        let agent = format!(
            "{}\"\n{}",
            random.word(0..9),
            random.pick(&["", "\\", "é", "', ''); --"])
        );
        record(
            &app,
            i64::from(number % 3),
            "login.succeeded",
            &random.word(0..9),
            &agent,
        );
        chains.insert(app.query(
            "SELECT chain FROM audit_events ORDER BY id DESC LIMIT 1",
            [],
        ));
        app.clock.advance(1);
    }
    assert_eq!(broken(&app), None, "thirty events");
    assert_eq!(chains.len(), 30, "thirty different links");
}

/// Whatever is changed, removed, swapped or slipped in, the first event that no longer fits is named.
#[tokio::test]
async fn a_mended_trail_is_found_out() {
    for (statement, first) in [
        (
            "UPDATE audit_events SET detail = 'nothing' WHERE id = 3",
            Some(3),
        ),
        (
            "UPDATE audit_events SET kind = 'login.succeeded' WHERE id = 3",
            Some(3),
        ),
        ("UPDATE audit_events SET user_id = 2 WHERE id = 3", Some(3)),
        (
            "UPDATE audit_events SET user_id = NULL WHERE id = 3",
            Some(3),
        ),
        (
            "UPDATE audit_events SET client = '192.0.2.7' WHERE id = 3",
            Some(3),
        ),
        (
            "UPDATE audit_events SET user_agent = 'Firefox' WHERE id = 3",
            Some(3),
        ),
        ("UPDATE audit_events SET at = at - 1 WHERE id = 3", Some(3)),
        (
            "UPDATE audit_events SET detail = 'curl', user_agent = '' WHERE id = 3",
            Some(3),
        ),
        (
            "UPDATE audit_events SET detail = 'rl', user_agent = 'cu' WHERE id = 3",
            Some(3),
        ),
        ("DELETE FROM audit_events WHERE id = 3", Some(4)),
        ("DELETE FROM audit_events WHERE id = 1", Some(2)),
        (
            "UPDATE audit_events SET id = CASE id WHEN 3 THEN 40 ELSE id END",
            Some(4),
        ),
        ("UPDATE audit_events SET chain = '' WHERE id = 3", Some(3)),
        (
            "UPDATE audit_events SET chain = upper(chain) WHERE id = 3",
            Some(3),
        ),
        (
            "UPDATE audit_events SET chain = substr(chain, 1, 63) || 'x' WHERE id = 5",
            Some(5),
        ),
        ("UPDATE audit_events SET detail = detail", None),
    ] {
        let app = app().await;
        for _ in 0..5 {
            record(&app, 1, "login.failed", "", "curl");
        }
        tamper(&app, statement);
        assert_eq!(
            broken(&app),
            first,
            "the first event that does not fit, after: {statement}"
        );
    }
}

/// An event is kept as it came, to the last letter: nothing is trimmed, cut or left out.
#[tokio::test]
async fn an_event_is_kept_as_it_came() {
    let app = app().await;
    let (detail, agent) = (
        format!(" two\nlines, {} ", "é".repeat(1_000)),
        format!(" {} ", "ü".repeat(198)),
    );
    for _ in 0..2 {
        record(&app, 1, "login.failed", &detail, &agent);
    }
    let answer: Answer = get(&app, 1, "").await;
    assert_eq!(ids(&answer), [2, 1], "two equal events in one second");
    let event = &answer.body["events"][0];
    assert_eq!(event["detail"], json!(detail), "the detail");
    assert_eq!(event["user_agent"], json!(agent), "the user agent");
    assert_eq!(broken(&app), None, "the chain of both");
}

/// The order of the trail is the order in which events were appended, also when the clock was set back.
#[tokio::test]
async fn the_clock_does_not_order_the_trail() {
    let app = app().await;
    for seconds in [0, 60, -90, 30, -5] {
        app.clock.advance(seconds);
        record(&app, 1, "login.failed", "", "curl");
    }
    assert_eq!(broken(&app), None, "a trail whose clock was set back");
    let first: Answer = get(&app, 1, "?limit=2").await;
    let cursor = first.text("next_cursor");
    let second: Answer = get(&app, 1, &format!("?limit=3&cursor={cursor}")).await;
    assert_eq!(
        (ids(&first), ids(&second)),
        (vec![5, 4], vec![3, 2, 1]),
        "two pages of it"
    );
}

/// Ids grow for as long as the service lives, and pages hold beyond 2^32 of them.
#[tokio::test]
async fn ids_may_be_large() {
    let app = app().await;
    record(&app, 1, "login.failed", "", "curl");
    let large = 1_i64 << 40;
    app.execute(
        "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'audit_events'",
        [large],
    );
    record(&app, 1, "login.failed", "", "curl");
    record(&app, 1, "login.failed", "", "curl");
    let first: Answer = get(&app, 1, "?limit=2").await;
    let rest = format!("?cursor={}", first.text("next_cursor"));
    assert_eq!(
        (ids(&first), ids(&get(&app, 1, &rest).await)),
        (vec![large + 2, large + 1], vec![1]),
        "the newest two, and the rest"
    );
    assert_eq!(broken(&app), None, "the chain");
}

/// A long trail is walked to its end: the last event counts like the first.
#[tokio::test]
async fn a_long_trail_is_walked_to_its_end() {
    let app = app().await;
    value(app.cx().write(|tx| {
        for _ in 0..1_200 {
            let event = Event::new(1, "login.failed");
            tx.neighbours().audit.record(tx, event)?;
        }
        Ok(())
    }));
    assert_eq!(broken(&app), None, "1,200 events");
    tamper(
        &app,
        "UPDATE audit_events SET kind = 'login.succeeded' WHERE id = 1200",
    );
    assert_eq!(broken(&app), Some(1_200), "the last of them was changed");
}

/// All people share one chain: the last event of one of them cannot go without a gap before the next of another.
#[tokio::test]
async fn nobody_has_a_chain_alone() {
    for (removed, first) in [(4, 5), (2, 3), (3, 4)] {
        let app = app().await;
        for user in [1, 2, 0, 2, 1, 1] {
            record(&app, user, "login.failed", "", "curl");
        }
        tamper(
            &app,
            &format!("DELETE FROM audit_events WHERE id = {removed}"),
        );
        assert_eq!(
            broken(&app),
            Some(first),
            "events of the users 1, 2, nobody, 2, 1, 1; number {removed} was removed"
        );
    }
}

/// Twenty events at once, of several people, make one chain.
#[tokio::test]
async fn twenty_events_at_once_make_one_chain() {
    let app = Arc::new(app().await);
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let app = Arc::clone(&app);
            tokio::task::spawn_blocking(move || {
                record(&app, number % 4, "login.failed", "", "curl")
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the event is recorded");
    }
    assert_eq!(
        app.query::<i64>("SELECT count(*) FROM audit_events", []),
        20,
        "events"
    );
    assert_eq!(broken(&app), None, "the chain of all of them");
}

/// An event belongs to its transaction: what is rolled back is not in the trail.
#[tokio::test]
async fn an_event_comes_with_its_transaction() {
    let app = app().await;
    let failed: Result<(), Problem> = app.cx().write(|tx| {
        tx.neighbours()
            .audit
            .record(tx, Event::new(1, "login.succeeded"))?;
        Err(Problem::internal(&"the test's own failure"))
    });
    assert!(failed.is_err(), "the transaction fails");
    record(&app, 1, "login.failed", "", "curl");
    let kinds: String = app.query("SELECT group_concat(kind) FROM audit_events", []);
    assert_eq!(kinds, "login.failed", "the trail after a rollback");
    assert_eq!(broken(&app), None, "the chain after a rollback");
}
