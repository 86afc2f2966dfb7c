use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use admin_panel::given::app::App;
use admin_panel::given::config::Config;
use admin_panel::given::neighbours::Permissions;
use admin_panel::given::rights::{Permission, Place};
use admin_panel::permissions::{Guard, Line, Panel, Rule, Verb, panel};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::staff::{Answer, Staff, answer, ended, spawn_with, value};

/// Orders 1 and 2 of Bath (the second is refunded), 3 of Leeds, 4 of the third branch.
const ORDERS: &str = "INSERT INTO orders VALUES
    (1, 1, 'Jane Austen', 1250, 'paid'), (2, 1, 'Tom ''s <b>', -3, 'refunded'),
    (3, 2, 'Anne Brontë', 9007199254740993, 'paid'), (4, 3, 'Mary Shelley', 0, 'paid')";

/// The panel under test, with the milestone's own answers about permissions.
async fn staff() -> Staff {
    let routes = |app: &App| panel(app.clone()).into_router();
    let wire = spawn_with(Config::for_tests(), routes, |neighbours| {
        neighbours.permissions = Arc::new(Guard)
    });
    let staff = wire.await;
    staff.batch(ORDERS);
    staff
}

/// A panel of the test's own, whose handlers count.
async fn house(add: impl FnOnce(Panel, Arc<AtomicUsize>) -> Panel) -> (Staff, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let routes = |app: &App| add(Panel::new(app.clone()), counter).into_router();
    let wire = spawn_with(Config::for_tests(), routes, |neighbours| {
        neighbours.permissions = Arc::new(Guard)
    });
    (wire.await, runs)
}

fn allows(staff: &Staff, user: i64, permission: Permission, place: Place) -> bool {
    value(
        staff
            .cx()
            .read(|tx| Guard.allows(tx, user, permission, place)),
    )
}

fn require(staff: &Staff, user: i64, permission: Permission, place: Place) -> &'static str {
    ended(
        staff
            .cx()
            .read(|tx| Guard.require(tx, user, permission, place)),
    )
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    }
}

fn request(staff: &Staff, verb: Verb, path: &str) -> RequestBuilder {
    staff
        .server
        .client()
        .request(method(verb), staff.server.url(path))
}

/// Each role can do what the table says, in its branch; what was given everywhere holds in every branch, and nothing else does.
#[tokio::test]
async fn what_one_may_do_and_where() {
    let staff = staff().await;
    for (user, permission, somewhere, bath, leeds, everywhere) in [
        (1, Permission::AuditExport, true, true, true, true),
        (7, Permission::OrdersRefund, true, true, true, true),
        (3, Permission::OrdersRefund, true, true, false, false),
        (3, Permission::AuditRead, false, false, false, false),
        (4, Permission::OrdersRead, true, true, true, false),
        (4, Permission::OrdersRefund, false, false, false, false),
        (5, Permission::OrdersRead, false, false, false, false),
        (6, Permission::OrdersRead, false, false, false, false),
        (8, Permission::OrdersRead, false, false, false, false),
        (0, Permission::OrdersRead, false, false, false, false),
    ] {
        for (place, expected) in [
            (Place::Somewhere, somewhere),
            (Place::In(1), bath),
            (Place::In(2), leeds),
            (Place::Everywhere, everywhere),
        ] {
            let said: bool = allows(&staff, user, permission, place);
            assert_eq!(said, expected, "user {user}, {} {place}", permission.name());
        }
    }
    // A branch of next year: only what was given everywhere reaches it.
    assert!(
        allows(&staff, 1, Permission::OrdersRead, Place::In(99)),
        "an administrator in branch 99"
    );
    assert!(
        !allows(&staff, 4, Permission::OrdersRead, Place::In(99)),
        "a clerk of two branches in branch 99"
    );
}

/// The answer follows from users, grants and roles as they are at that moment, whatever they are.
#[tokio::test]
async fn the_tables_decide() {
    let staff = staff().await;
    let mut random = support::seeded(0x19A5);
    for round in 0..40 {
        let mut rows: Vec<(i64, Permission, Option<i64>)> = Vec::new();
        staff.batch(
            "DELETE FROM grants; DELETE FROM role_permissions; UPDATE users SET disabled_at = NULL",
        );
        let mut holds: Vec<(i64, Permission)> = Vec::new();
        for role in 1..=5 {
            for permission in Permission::ALL {
                if random.number(0..4) == 0 {
                    holds.push((role, permission));
                    staff.batch(&format!(
                        "INSERT INTO role_permissions VALUES ({role}, '{}')",
                        permission.name()
                    ));
                }
            }
        }
        for _ in 0..6 {
            let (user, role) = (
                1 + random.number(0..4) as i64,
                1 + random.number(0..5) as i64,
            );
            let branch = [None, Some(1), Some(2), Some(3)][random.size(0..4)];
            let sql = branch.map_or("NULL".to_owned(), |branch: i64| branch.to_string());
            staff.batch(&format!("INSERT OR IGNORE INTO grants (user_id, role_id, branch_id) VALUES ({user}, {role}, {sql})"));
            for (_, permission) in holds.iter().filter(|(of, _)| *of == role) {
                rows.push((user, *permission, branch));
            }
        }
        let disabled = 1 + random.number(0..8) as i64;
        staff.batch(&format!(
            "UPDATE users SET disabled_at = 1 WHERE id = {disabled}"
        ));
        for user in 1..=4 {
            for permission in Permission::ALL {
                let mut has = rows
                    .iter()
                    .filter(|row| row.0 == user && row.1 == permission && user != disabled)
                    .map(|row| row.2);
                let places = [Place::Somewhere, Place::In(2), Place::Everywhere];
                let place = places[random.size(0..3)];
                let expected = match place {
                    Place::Somewhere => has.next().is_some(),
                    Place::In(branch) => has.any(|one| one.is_none() || one == Some(branch)),
                    Place::Everywhere => has.any(|one| one.is_none()),
                };
                let said: bool = allows(&staff, user, permission, place);
                assert_eq!(
                    said,
                    expected,
                    "round {round}: user {user}, {} {place}; rows {rows:?}, disabled {disabled}",
                    permission.name()
                );
            }
        }
    }
}

/// A permission is named exactly: neither a part of its name nor other letters give it.
#[tokio::test]
async fn a_permission_is_named_exactly() {
    let staff = staff().await;
    staff.batch(
        "INSERT INTO grants VALUES (21, 5, 5, NULL);
         INSERT INTO role_permissions VALUES (5, 'orders'), (5, 'orders.*'), (5, 'ORDERS.READ'), (5, 'orders.readers'), (5, 'orders_read'), (5, '%'), (5, '*'), (5, '')",
    );
    for permission in Permission::ALL {
        assert!(
            !allows(&staff, 5, permission, Place::Somewhere),
            "{}",
            permission.name()
        );
    }
}

/// Who is disabled or missing is not signed in (401); who is here and may not is forbidden to (403); who may passes.
#[tokio::test]
async fn what_is_required() {
    let staff = staff().await;
    for (user, permission, place, expected) in [
        (3, Permission::OrdersRefund, Place::In(1), "ok"),
        (3, Permission::OrdersRefund, Place::Somewhere, "ok"),
        (3, Permission::OrdersRefund, Place::In(2), "forbidden"),
        (3, Permission::OrdersRefund, Place::Everywhere, "forbidden"),
        (3, Permission::AuditRead, Place::In(1), "forbidden"),
        (5, Permission::OrdersRead, Place::Somewhere, "forbidden"),
        (6, Permission::OrdersRead, Place::In(1), "not_signed_in"),
        (6, Permission::AuditRead, Place::In(1), "not_signed_in"),
        (8, Permission::OrdersRead, Place::Somewhere, "not_signed_in"),
        (1, Permission::RolesAssign, Place::Everywhere, "ok"),
    ] {
        let said = require(&staff, user, permission, place);
        assert_eq!(said, expected, "user {user}, {} {place}", permission.name());
    }
    staff.batch("DROP TABLE role_permissions");
    assert_eq!(
        require(&staff, 1, Permission::OrdersRead, Place::In(1)),
        "internal",
        "the tables cannot be read"
    );
}

/// Every line of the panel's own table, for every colleague and for strangers: 401, 403, or through to the handler.
#[tokio::test]
async fn every_line_for_everybody() {
    let staff = staff().await;
    let table: Vec<Line> = panel(staff.app.clone()).table().to_vec();
    assert_eq!(
        table,
        [
            Line {
                verb: Verb::Get,
                path: "/api/orders/{id}",
                rule: Rule::Needs(Permission::OrdersRead)
            },
            Line {
                verb: Verb::Post,
                path: "/api/orders/{id}/refund",
                rule: Rule::Needs(Permission::OrdersRefund)
            },
        ],
        "the table"
    );
    for line in table {
        let Rule::Needs(permission) = line.rule else {
            continue;
        };
        // An order that does not exist: whoever gets as far as the handler hears 404.
        let path = line.path.replace("{id}", "99");
        for user in 0..=8 {
            let holds = match permission {
                Permission::OrdersRead => [1, 2, 3, 4, 7].contains(&user),
                _ => [1, 2, 3, 7].contains(&user),
            };
            let expected = match user {
                0 | 6 | 8 => (401, "not_signed_in"),
                _ if holds => (404, "not_found"),
                _ => (403, "forbidden"),
            };
            let said: Answer = answer(staff.as_user(request(&staff, line.verb, &path), user)).await;
            assert_eq!(
                said.said(),
                expected,
                "{:?} {path} by user {user}: {}",
                line.verb,
                said.text
            );
        }
        let said: Answer = answer(request(&staff, line.verb, &path)).await;
        assert_eq!(
            said.said(),
            (401, "not_signed_in"),
            "{:?} {path} without a cookie: {}",
            line.verb,
            said.text
        );
    }
}

/// Whatever is added stands in the table in that order, is served by its method alone, and lets in whom its rule lets in.
#[tokio::test]
async fn a_route_has_its_rule() {
    let verbs = [Verb::Get, Verb::Post, Verb::Put, Verb::Patch, Verb::Delete];
    let rules = [
        Rule::Public,
        Rule::SignedIn,
        Rule::Needs(Permission::AuditRead),
        Rule::Needs(Permission::OrdersRead),
        Rule::Needs(Permission::UsersInvite),
    ];
    let paths = ["/a", "/b", "/c/{id}", "/d/e", "/a/{id}"];
    let mut lines: Vec<Line> = Vec::new();
    for (at, path) in paths.into_iter().enumerate() {
        for (turn, verb) in verbs.into_iter().enumerate() {
            // On one path each method has another rule.
            lines.push(Line {
                verb,
                path,
                rule: rules[(at + turn) % rules.len()],
            });
        }
    }
    let _ = lines.pop();
    support::seeded(0x19A6).shuffle(&mut lines);
    let expected = lines.clone();
    let (staff, runs) = house(move |mut panel, runs| {
        for line in &lines {
            let runs = Arc::clone(&runs);
            panel = panel.route(line.verb, line.path, line.rule, async move || {
                runs.fetch_add(1, Ordering::SeqCst);
                "here"
            });
        }
        assert_eq!(panel.table(), lines, "the table");
        panel
    })
    .await;
    for line in expected {
        let path = line.path.replace("{id}", "7");
        for (user, audits, reads, invites) in [
            (0, false, false, false),
            (1, true, true, true),
            (3, false, true, true),
            (4, false, true, false),
            (5, false, false, false),
            (6, true, true, true),
        ] {
            let may = match line.rule {
                Rule::Public => 200,
                _ if user == 0 || user == 6 => 401,
                Rule::SignedIn => 200,
                Rule::Needs(Permission::AuditRead) if audits => 200,
                Rule::Needs(Permission::OrdersRead) if reads => 200,
                Rule::Needs(Permission::UsersInvite) if invites => 200,
                Rule::Needs(_) => 403,
            };
            let before = runs.load(Ordering::SeqCst);
            let said: Answer = answer(staff.as_user(request(&staff, line.verb, &path), user)).await;
            assert_eq!(
                said.status, may,
                "{:?} {path} ({:?}) by user {user}: {}",
                line.verb, line.rule, said.text
            );
            let ran = runs.load(Ordering::SeqCst) - before;
            assert_eq!(ran, usize::from(may == 200), "how often the handler ran");
        }
    }
}

/// What is not in the table is not there: 404 for an address, 405 for a method; HEAD is as GET is.
#[tokio::test]
async fn what_is_not_in_the_table() {
    let (staff, runs) = house(|panel, runs| {
        let handler = async move || {
            runs.fetch_add(1, Ordering::SeqCst);
            "here"
        };
        panel.route(
            Verb::Get,
            "/audit",
            Rule::Needs(Permission::AuditRead),
            handler,
        )
    })
    .await;
    for path in ["/", "/audit/", "/audit/1", "/Audit", "/audi", "//audit"] {
        for user in [0, 1, 5] {
            let said: Answer = answer(staff.as_user(staff.server.get(path), user)).await;
            assert_eq!(
                said.said(),
                (404, "not_found"),
                "{path} by user {user}: {}",
                said.text
            );
        }
    }
    for (verb, user) in [
        (Verb::Post, 1),
        (Verb::Delete, 1),
        (Verb::Put, 5),
        (Verb::Patch, 5),
    ] {
        let said: Answer = answer(staff.as_user(request(&staff, verb, "/audit"), user)).await;
        assert_eq!(said.status, 405, "{verb:?} by user {user}: {}", said.text);
    }
    for (user, status) in [(1, 200), (5, 403), (0, 401)] {
        let head = staff.server.client().head(staff.server.url("/audit"));
        let said: Answer = answer(staff.as_user(head, user)).await;
        assert_eq!(said.status, status, "HEAD by user {user}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1, "how often the handler ran");
}

/// A rule needs no more than it says: a public route does not look at sessions, and one for everybody who is signed in not at permissions.
#[tokio::test]
async fn a_rule_asks_for_no_more() {
    let (staff, _) = house(|panel, _| {
        panel
            .route(Verb::Get, "/public", Rule::Public, async || "here")
            .route(Verb::Post, "/mine", Rule::SignedIn, async |body: String| {
                body
            })
    })
    .await;
    let said: Answer =
        answer(staff.as_user(staff.server.post("/mine").body("as it came"), 5)).await;
    assert_eq!(
        (said.status, said.text.as_str()),
        (200, "as it came"),
        "the body of a request that is let in"
    );
    staff.batch("DROP TABLE role_permissions");
    assert_eq!(staff.get(5, "/public").await.status, 200, "a public route");
    let said: Answer = staff.post(5, "/mine", json!(1)).await;
    assert_eq!(
        said.status, 200,
        "a route for everybody who is signed in: {}",
        said.text
    );
}

/// An order of a branch in which one may not read is missing, exactly like one that does not exist.
#[tokio::test]
async fn somebody_elses_order_is_missing() {
    let staff = staff().await;
    let seen: Answer = staff.get(4, "/api/orders/3").await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    insta::assert_json_snapshot!(seen.body, @r#"
    {
      "branch_id": 2,
      "cents": 9007199254740993,
      "customer": "Anne Brontë",
      "id": 3,
      "state": "paid"
    }
    "#);
    for (user, sees) in [
        (1, vec![1, 2, 3, 4]),
        (3, vec![1, 2]),
        (4, vec![1, 2, 3]),
        (7, vec![1, 2, 3, 4]),
    ] {
        let missing: Answer = staff.get(user, "/api/orders/99").await;
        for order in 1..=4 {
            let said: Answer = staff.get(user, &format!("/api/orders/{order}")).await;
            if sees.contains(&order) {
                assert_eq!(
                    (said.status, &said.body["id"]),
                    (200, &json!(order)),
                    "order {order} for user {user}: {}",
                    said.text
                );
            } else {
                assert_eq!(
                    said, missing,
                    "order {order} for user {user}, and one that does not exist"
                );
                assert_eq!(
                    said.said(),
                    (404, "not_found"),
                    "order {order} for user {user}: {}",
                    said.text
                );
            }
        }
    }
}

/// A refund changes the order's state and nothing else, and is recorded; the second one is refused.
#[tokio::test]
async fn an_order_is_refunded_once() {
    let staff = staff().await;
    let said: Answer = staff.post(3, "/api/orders/1/refund", json!({})).await;
    assert_eq!(said.status, 200, "{}", said.text);
    insta::assert_json_snapshot!(said.body, @r#"
    {
      "branch_id": 1,
      "cents": 1250,
      "customer": "Jane Austen",
      "id": 1,
      "state": "refunded"
    }
    "#);
    insta::assert_json_snapshot!(staff.events(), @r#"
    [
      {
        "actor": 3,
        "after": {
          "state": "refunded"
        },
        "before": {
          "state": "paid"
        },
        "kind": "order.refunded",
        "subject": "order 1"
      }
    ]
    "#);
    let states: String = staff.query(
        "SELECT group_concat(id || ' ' || state, ', ' ORDER BY id) FROM orders",
        [],
    );
    assert_eq!(
        states, "1 refunded, 2 refunded, 3 paid, 4 paid",
        "all orders"
    );
    for (user, order) in [(3, 1), (1, 2)] {
        let said: Answer = staff
            .post(user, &format!("/api/orders/{order}/refund"), json!({}))
            .await;
        assert_eq!(
            said.said(),
            (409, "already_refunded"),
            "order {order} again: {}",
            said.text
        );
    }
    assert_eq!(staff.events(), Vec::<Value>::new(), "events of a refusal");
    let requests = (0..6).map(|_| staff.as_user(staff.server.post("/api/orders/3/refund"), 1));
    let answers: Vec<Answer> = staff.at_once(requests.collect()).await;
    let refunds = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(
        (refunds, staff.events().len()),
        (1, 1),
        "refunds and events of six at once"
    );
}

/// Who may refund in one branch gets 404 for an order that is not theirs to see, and 403 for one that they see and may not refund.
#[tokio::test]
async fn a_refund_asks_for_the_branch() {
    let staff = staff().await;
    // Dan reads in Bath and in Leeds, and becomes manager in the third branch; Eve may refund in Bath, and read nowhere.
    staff.batch(
        "INSERT INTO grants VALUES (21, 4, 2, 3), (22, 5, 5, 1);
         INSERT INTO role_permissions VALUES (5, 'orders.refund')",
    );
    let before: String = staff.tables();
    for (user, order, expected) in [
        (4, 1, (403, "forbidden")),
        (4, 3, (403, "forbidden")),
        (4, 2, (403, "forbidden")),
        (4, 99, (404, "not_found")),
        (3, 3, (404, "not_found")),
        (3, 4, (404, "not_found")),
        (5, 1, (404, "not_found")),
        (5, 3, (404, "not_found")),
        (1, 99, (404, "not_found")),
    ] {
        let said: Answer = staff
            .post(user, &format!("/api/orders/{order}/refund"), json!({}))
            .await;
        assert_eq!(
            said.said(),
            expected,
            "order {order} by user {user}: {}",
            said.text
        );
    }
    assert_eq!(staff.tables(), before, "the tables");
    assert_eq!(staff.events(), Vec::<Value>::new(), "events");
    let said: Answer = staff.post(4, "/api/orders/4/refund", json!({})).await;
    assert_eq!(
        said.status, 200,
        "in the branch where Dan is manager: {}",
        said.text
    );
}

/// Rights are those of the moment at which the refund is written: who loses them while waiting gets the refusal of that moment.
#[tokio::test]
async fn rights_are_those_of_the_moment() {
    for (meanwhile, expected) in [
        (
            "UPDATE users SET disabled_at = 1500000000 WHERE id = 3",
            (401, "not_signed_in"),
        ),
        ("DELETE FROM grants WHERE user_id = 3", (403, "forbidden")),
        (
            "DELETE FROM role_permissions WHERE permission = 'orders.refund' AND role_id = 2",
            (403, "forbidden"),
        ),
        (
            "DELETE FROM role_permissions WHERE permission = 'orders.read' AND role_id = 2",
            (404, "not_found"),
        ),
        (
            "UPDATE orders SET branch_id = 2 WHERE id = 1",
            (404, "not_found"),
        ),
        (
            "UPDATE grants SET branch_id = 2 WHERE user_id = 3; INSERT INTO grants VALUES (21, 3, 3, 1)",
            (403, "forbidden"),
        ),
        (
            "UPDATE orders SET state = 'refunded' WHERE id = 1",
            (409, "already_refunded"),
        ),
    ] {
        let staff = staff().await;
        let request = staff.as_user(staff.server.post("/api/orders/1/refund"), 3);
        let said: Answer = staff.overtaken(request, meanwhile).await;
        assert_eq!(said.said(), expected, "{meanwhile}: {}", said.text);
        assert_eq!(staff.events(), Vec::<Value>::new(), "events, {meanwhile}");
    }
}

/// If the entry cannot be written, the money stays where it is.
#[tokio::test]
async fn no_refund_without_a_trace() {
    let staff = staff().await;
    let before: String = staff.tables();
    staff.journal.break_down("record order.refunded");
    let said: Answer = staff.post(3, "/api/orders/1/refund", json!({})).await;
    assert_eq!(said.said(), (500, "internal"), "{}", said.text);
    assert_eq!(staff.tables(), before, "the tables");
    staff.journal.mend();
    staff.batch(
        "CREATE TRIGGER jammed BEFORE UPDATE ON orders BEGIN SELECT RAISE(ABORT, 'jammed'); END",
    );
    let said: Answer = staff.post(3, "/api/orders/1/refund", json!({})).await;
    assert_eq!(said.said(), (500, "internal"), "{}", said.text);
    assert_eq!(staff.events().len(), 0, "events");
    staff.batch("DROP TABLE grants");
    for (path, get) in [("/api/orders/1", true), ("/api/orders/1/refund", false)] {
        let said: Answer = if get {
            staff.get(3, path).await
        } else {
            staff.post(3, path, json!({})).await
        };
        assert_eq!(
            said.said(),
            (500, "internal"),
            "{path} without the tables: {}",
            said.text
        );
    }
}
