use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use auth::given::roles::{Access, Guard, Permission, RoleError, RoleFound, Roles, Rule, UserId};
use auth::given::tables::USERS;
use auth::given::users::Role;
use auth::roles::{access, allows, guarded, set_role};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use axum::routing::{any, get, post};
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use support::Gate;
use support::database::{TempDatabase, in_memory};
use support::seeded;
use tower::ServiceExt as _;

/// A role has the permissions of its row, and no other; that of an admin is not "all".
#[test]
fn a_role_has_the_permissions_of_its_row() {
    use Permission::{ManageRoles, ReadOrders, Refund, Ship};
    for (role, permissions) in [
        (Role::Customer, &[][..]),
        (Role::Packer, &[ReadOrders, Ship]),
        (Role::Bookkeeper, &[ReadOrders, Refund]),
        (Role::Admin, &[ReadOrders, ManageRoles]),
    ] {
        for permission in Permission::ALL {
            let answer: bool = allows(role, permission);
            assert_eq!(
                answer,
                permissions.contains(&permission),
                "{role:?}: {permission:?}"
            );
        }
    }
}

const RULES: &[Rule] = &[
    Rule::new("GET", "/books", Access::Public),
    Rule::new("GET", "/orders/{id}", Access::Needs(Permission::ReadOrders)),
    Rule::new(
        "POST",
        "/orders/{id}/shipping",
        Access::Needs(Permission::Ship),
    ),
    Rule::new(
        "POST",
        "/orders/{id}/refund",
        Access::Needs(Permission::Refund),
    ),
    Rule::new(
        "PUT",
        "/users/{id}/role",
        Access::Needs(Permission::ManageRoles),
    ),
    Rule::new("GET", "/account", Access::SignedIn),
    Rule::new("POST", "/account", Access::SignedIn),
    Rule::new("GET", "/books", Access::Needs(Permission::Refund)),
    // There is no such route: a request for this address finds `/books/{id}`.
    Rule::new("GET", "/books/new", Access::Public),
];

/// A rule is for one method and one route, letter by letter; of several the first counts, and where there is none, there is none.
#[test]
fn a_rule_is_for_one_method_and_one_route() {
    for rule in &RULES[..7] {
        let method = Method::from_bytes(rule.method.as_bytes()).expect("a method");
        let found = access(RULES, &method, rule.route);
        assert_eq!(found, Some(rule.access), "{method} {}", rule.route);
    }
    for (method, route) in [("HEAD", "/books"), ("HEAD", "/account")] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let expected = access(RULES, &Method::GET, route);
        assert_eq!(access(RULES, &method, route), expected, "{method} {route}");
    }
    for (method, route) in [
        ("DELETE", "/books"),
        ("get", "/books"),
        ("OPTIONS", "/books"),
        ("HEAD", "/orders/{id}/refund"),
        ("GET", "/books/"),
        ("GET", "/Books"),
        ("GET", "/book"),
        ("GET", "/books/{id}"),
        ("GET", "/orders/7"),
        ("GET", "/orders/{order}"),
        ("GET", ""),
        ("GET", "*"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        assert_eq!(access(RULES, &method, route), None, "{method} {route}");
    }
    assert_eq!(access(&[], &Method::GET, "/books"), None, "an empty table");
    for method in ["*", "", "ANY", "HEAD", "POST,GET"] {
        let rules = [Rule::new(method, "/books", Access::Public)];
        let found = access(&rules, &Method::GET, "/books");
        assert_eq!(found, None, "GET, where the only rule is for {method:?}");
    }
}

/// What a table of any rules says of any request is what its first line for it says.
#[test]
fn the_table_alone_decides() {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let routes = ["/a", "/b", "/a/{id}", "/a/{id}/b"];
    let mut values = seeded(0x1131);
    for _ in 0..60 {
        let rules: Vec<Rule> = (0..values.size(0..12))
            .map(|_| {
                let access = match values.size(0..6) {
                    0 => Access::Public,
                    1 => Access::SignedIn,
                    permission => Access::Needs(Permission::ALL[permission - 2]),
                };
                let (method, route) = (methods[values.size(0..5)], routes[values.size(0..4)]);
                Rule::new(method, route, access)
            })
            .collect();
        for method in methods {
            for route in routes {
                let mut expected = None;
                for rule in rules.iter().rev() {
                    if (rule.method, rule.route) == (method, route) {
                        expected = Some(rule.access);
                    }
                }
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                let found = access(&rules, &method, route);
                assert_eq!(found, expected, "{method} {route} in {rules:?}");
            }
        }
    }
}

/// Who is what at the moment.
#[derive(Default)]
struct Staff {
    roles: Mutex<HashMap<i64, Role>>,
    asked: AtomicUsize,
    broken: AtomicBool,
}

impl Staff {
    fn set(&self, user: i64, role: Option<Role>) {
        let mut roles = self.roles.lock().expect("no test panics here");
        match role {
            Some(role) => roles.insert(user, role),
            None => roles.remove(&user),
        };
    }
}

impl Roles for Staff {
    fn role_of(&self, user: i64) -> RoleFound<'_> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.broken.load(Ordering::SeqCst) {
                return Err("the table is gone".into());
            }
            Ok(self
                .roles
                .lock()
                .expect("no test panics here")
                .get(&user)
                .copied())
        })
    }
}

/// A shop with all roles in it (their users are 1 to 4), and how often a handler ran.
struct Shop {
    staff: Arc<Staff>,
    ran: Arc<AtomicUsize>,
}

impl Shop {
    fn new() -> Self {
        let staff = Arc::new(Staff::default());
        for (user, role) in (1..).zip(Role::ALL) {
            staff.set(user, Some(role));
        }
        Self {
            staff,
            ran: Arc::default(),
        }
    }

    /// The routes; the last two were added later, and nobody wrote a rule for them.
    fn router(&self) -> Router {
        let ran = Arc::clone(&self.ran);
        let handler = move || {
            ran.fetch_add(1, Ordering::SeqCst);
            async { "done" }
        };
        let routes = Router::new()
            .route("/books", get(handler.clone()).delete(handler.clone()))
            .route("/orders/{id}", get(handler.clone()))
            .route("/orders/{id}/shipping", post(handler.clone()))
            .route("/users/{id}/role", any(handler.clone()))
            .route("/account", get(handler.clone()).post(handler.clone()))
            .nest(
                "/orders/{id}",
                Router::new().route("/refund", post(handler.clone())),
            )
            .route("/export", get(handler.clone()))
            .merge(Router::new().route("/books/{id}", get(handler)));
        let roles: Arc<dyn Roles> = self.staff.clone();
        guarded(
            routes,
            Guard {
                rules: RULES,
                roles,
            },
        )
    }

    /// Asks as this user, or as a stranger; gives the status, and says whether a handler ran.
    async fn ask(&self, method: &str, path: &str, user: Option<i64>) -> (u16, bool) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .expect("a request");
        if let Some(user) = user {
            request.extensions_mut().insert(UserId(user));
        }
        let before = self.ran.load(Ordering::SeqCst);
        let response = self.router().oneshot(request).await.expect("axum answers");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000)
            .await
            .expect("a body");
        let said = String::from_utf8_lossy(&body);
        assert!(
            !said.contains("table is gone"),
            "the cause in an answer: {status} {said}"
        );
        (status, self.ran.load(Ordering::SeqCst) > before)
    }
}

/// Each role comes through the doors of its permissions; at the others its request is refused before the handler runs.
#[tokio::test]
async fn each_door_asks_for_its_permission() {
    let shop = Shop::new();
    let doors = [
        ("GET", "/orders/7", [403, 200, 200, 200]),
        ("HEAD", "/orders/7", [403, 200, 200, 200]),
        ("POST", "/orders/7/shipping", [403, 200, 403, 403]),
        ("POST", "/orders/abc/refund", [403, 403, 200, 403]),
        ("PUT", "/users/1/role", [403, 403, 403, 200]),
        ("GET", "/account", [200, 200, 200, 200]),
        ("POST", "/account", [200, 200, 200, 200]),
        ("GET", "/books", [200, 200, 200, 200]),
    ];
    for (method, path, statuses) in doors {
        for ((user, role), expected) in (1..).zip(Role::ALL).zip(statuses) {
            let (status, ran) = shop.ask(method, path, Some(user)).await;
            assert_eq!(status, expected, "{method} {path} as {role:?}");
            assert_eq!(
                ran,
                expected == 200,
                "whether the handler ran: {method} {path} as {role:?}"
            );
        }
    }
}

/// A route without a rule, or without one for this method, is closed to everybody: a forgotten line opens nothing.
#[tokio::test]
async fn what_has_no_rule_is_closed() {
    let shop = Shop::new();
    for (method, path) in [
        ("GET", "/export"),
        ("HEAD", "/export"),
        ("GET", "/books/7"),
        ("GET", "/books/new"),
        ("DELETE", "/books"),
        ("GET", "/users/1/role"),
        ("POST", "/users/1/role"),
        ("BREW", "/users/1/role"),
        ("OPTIONS", "/users/1/role"),
        ("TRACE", "/users/1/role"),
    ] {
        for user in [None, Some(1), Some(2), Some(3), Some(4), Some(99)] {
            let (status, ran) = shop.ask(method, path, user).await;
            assert_eq!(status, 403, "{method} {path} as user {user:?}");
            assert!(!ran, "the handler ran: {method} {path} as user {user:?}");
        }
    }
}

/// A stranger comes through public doors only, and hears 401 at the others; so does somebody who is no user any more.
#[tokio::test]
async fn strangers_sign_in_first() {
    let shop = Shop::new();
    for user in [None, Some(99)] {
        for (method, path) in [
            ("GET", "/account"),
            ("GET", "/orders/7"),
            ("POST", "/orders/7/refund"),
        ] {
            let (status, ran) = shop.ask(method, path, user).await;
            assert_eq!(status, 401, "{method} {path} as user {user:?}");
            assert!(!ran, "the handler ran: {method} {path} as user {user:?}");
        }
        let asked = shop.staff.asked.load(Ordering::SeqCst);
        let (status, _) = shop.ask("GET", "/books", user).await;
        assert_eq!(status, 200, "GET /books as user {user:?}");
        let now = shop.staff.asked.load(Ordering::SeqCst);
        assert_eq!(now, asked, "roles asked for at a public door");
    }
}

/// An address that is no route is missing, and not forbidden, for everybody.
#[tokio::test]
async fn what_is_missing_is_missing() {
    let shop = Shop::new();
    for path in ["/", "/exports", "/orders/7/refund/9", "/orders"] {
        for user in [None, Some(1), Some(4)] {
            let (status, _) = shop.ask("GET", path, user).await;
            assert_eq!(status, 404, "GET {path} as user {user:?}");
        }
    }
}

/// What somebody is is asked at each request: a role that is given or taken counts from the next one on.
#[tokio::test]
async fn a_change_of_role_counts_at_once() {
    let shop = Shop::new();
    let router = shop.router();
    let ship = || {
        let router = router.clone();
        async move {
            let mut request = Request::post("/orders/7/shipping")
                .body(Body::empty())
                .expect("a request");
            request.extensions_mut().insert(UserId(1));
            let response = router.oneshot(request).await.expect("axum answers");
            response.status().as_u16()
        }
    };
    for (role, expected) in [
        (Some(Role::Customer), 403),
        (Some(Role::Packer), 200),
        (Some(Role::Bookkeeper), 403),
        (Some(Role::Packer), 200),
        (None, 401),
    ] {
        shop.staff.set(1, role);
        assert_eq!(ship().await, expected, "shipping, as {role:?}");
    }
}

/// When nobody can say who is what, the doors that need to know are closed with 500, and the public ones stay open.
#[tokio::test]
async fn without_an_answer_nobody_comes_through() {
    let shop = Shop::new();
    shop.staff.broken.store(true, Ordering::SeqCst);
    for (method, path, expected) in [
        ("GET", "/account", 500),
        ("GET", "/orders/7", 500),
        ("GET", "/export", 403),
        ("GET", "/books", 200),
    ] {
        let (status, ran) = shop.ask(method, path, Some(4)).await;
        assert_eq!(status, expected, "{method} {path}");
        assert_eq!(
            ran,
            expected == 200,
            "whether the handler ran: {method} {path}"
        );
    }
}

/// A table with a user of each role (1 to 4), a second admin (5) and a third who is disabled (6).
fn prepare(connection: &Connection) {
    connection.execute_batch(USERS).expect("the table is made");
    let sql = "INSERT INTO users (email, password_hash, role, disabled) VALUES (?1, '-', ?2, ?3)";
    for (role, disabled) in [
        ("customer", 0),
        ("packer", 0),
        ("bookkeeper", 0),
        ("admin", 0),
        ("admin", 0),
        ("admin", 1),
    ] {
        let email = format!("user{}@lantern.example", connection.last_insert_rowid() + 1);
        connection
            .execute(sql, (email, role, disabled))
            .expect("the table takes a user");
    }
}

fn roles(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT role FROM users ORDER BY id")
        .expect("a statement");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("roles")
}

/// An admin makes anybody else anything, and only this one; the others stay what they are.
#[test]
fn an_admin_decides() {
    let mut connection = in_memory();
    prepare(&connection);
    let mut values = seeded(0x1132);
    let mut expected = roles(&connection);
    for _ in 0..20 {
        let user = values.size(0..6);
        let (role, by) = (*values.pick(&Role::ALL), 4);
        if user + 1 == 4 {
            continue;
        }
        let id = i64::try_from(user + 1).unwrap_or(0);
        if let Err(error) = set_role(&mut connection, by, id, role) {
            panic!("user {id} becomes {role:?}: {error:?}");
        }
        expected[user] = role.word().to_owned();
        assert_eq!(
            roles(&connection),
            expected,
            "after user {id} became {role:?}"
        );
    }
}

/// A role is all that changes, a closed account stays closed; and an admin may be made the only one.
#[test]
fn nothing_but_the_role_changes() {
    let mut connection = in_memory();
    prepare(&connection);
    let rest = |connection: &Connection| -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT id || email || password_hash || disabled FROM users ORDER BY id")
            .expect("a statement");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<rusqlite::Result<_>>().expect("texts")
    };
    let before = rest(&connection);
    for user in [6, 5, 1] {
        let answer = set_role(&mut connection, 4, user, Role::Packer);
        assert!(answer.is_ok(), "user {user} becomes a packer: {answer:?}");
        assert_eq!(rest(&connection), before, "what is no role, of all users");
    }
    let admins: Vec<String> = roles(&connection);
    assert_eq!(
        admins,
        [
            "packer",
            "packer",
            "bookkeeper",
            "admin",
            "packer",
            "packer"
        ]
    );
}

/// Whoever is no admin, or a disabled one, changes nothing; nor does an admin for themselves, or for nobody.
#[test]
fn what_is_refused_changes_nothing() {
    let mut connection = in_memory();
    prepare(&connection);
    let before = roles(&connection);
    for (by, user, role, expected) in [
        (1, 2, Role::Customer, "NotAllowed"),
        (1, 1, Role::Admin, "NotAllowed"),
        (2, 3, Role::Packer, "NotAllowed"),
        (3, 3, Role::Bookkeeper, "NotAllowed"),
        (6, 1, Role::Admin, "NotAllowed"),
        (6, 6, Role::Admin, "NotAllowed"),
        (99, 1, Role::Admin, "NotAllowed"),
        (1, 99, Role::Admin, "NotAllowed"),
        (99, 99, Role::Admin, "NotAllowed"),
        (4, 4, Role::Customer, "OwnRole"),
        (4, 4, Role::Admin, "OwnRole"),
        (4, 99, Role::Packer, "Missing"),
        (4, 0, Role::Packer, "Missing"),
        (4, i64::MAX, Role::Packer, "Missing"),
    ] {
        let answer = set_role(&mut connection, by, user, role);
        let said = match answer {
            Ok(()) => "Ok".to_owned(),
            Err(RoleError::Broken(error)) => format!("Broken: {error}"),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(said, expected, "{by} makes {user} a {role:?}");
        assert_eq!(
            roles(&connection),
            before,
            "after {by} wanted to make {user} a {role:?}"
        );
    }
    connection
        .execute_batch("DROP TABLE users")
        .expect("it is there");
    let broken = set_role(&mut connection, 4, 1, Role::Packer);
    assert!(
        matches!(broken, Err(RoleError::Broken(_))),
        "without a table: {broken:?}"
    );
}

/// An admin who is demoted while they demote somebody does one or the other: what was true a moment ago does not count.
#[test]
fn who_was_an_admin_a_moment_ago_is_none() {
    for moment in ["before a transaction", "before the UPDATE"] {
        let file = TempDatabase::new();
        let mut connection = file.connect();
        connection
            .execute_batch("PRAGMA journal_mode = wal; PRAGMA synchronous = off")
            .expect("WAL");
        prepare(&connection);
        let other = file.connect();
        other
            .busy_timeout(std::time::Duration::ZERO)
            .expect("no patience");
        let demoted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&demoted);
        // SQLite asks before it takes a statement: then user 5 demotes user 4, if nobody holds the table.
        let hook = move |context: AuthContext<'_>| {
            let now = match context.action {
                AuthAction::Transaction { .. } => moment == "before a transaction",
                AuthAction::Update { .. } => moment == "before the UPDATE",
                _ => false,
            };
            if now && !seen.load(Ordering::SeqCst) {
                let sql = "UPDATE users SET role = 'customer' WHERE id = 4";
                seen.store(other.execute(sql, []).is_ok(), Ordering::SeqCst);
            }
            Authorization::Allow
        };
        connection
            .authorizer(Some(hook))
            .expect("SQLite takes the hook");
        let answer = set_role(&mut connection, 4, 5, Role::Customer);
        let roles = roles(&file.connect());
        if demoted.load(Ordering::SeqCst) {
            assert!(
                matches!(answer, Err(RoleError::NotAllowed)),
                "user 4 was demoted {moment}: {answer:?}"
            );
            assert_eq!(
                roles[4], "admin",
                "user 5, when user 4 was demoted {moment}"
            );
        } else {
            assert!(answer.is_ok(), "nobody could come in {moment}: {answer:?}");
            assert_eq!(roles[4], "customer", "user 5");
        }
    }
}

/// Two admins demote each other at the same moment: one of them stays.
#[test]
fn one_admin_stays() {
    let file = TempDatabase::new();
    let connect = || {
        let connection = file.connect();
        connection
            .execute_batch("PRAGMA journal_mode = wal; PRAGMA synchronous = off")
            .expect("WAL");
        connection
    };
    prepare(&connect());
    let gate = Gate::new(2);
    let connections = [connect(), connect()];
    let faults: Mutex<Vec<String>> = Mutex::default();
    thread::scope(|scope| {
        for (mut connection, (by, user)) in connections.into_iter().zip([(4, 5), (5, 4)]) {
            let (gate, faults) = (&gate, &faults);
            scope.spawn(move || {
                for _ in 0..30 {
                    gate.wait();
                    let answer = set_role(&mut connection, by, user, Role::Customer);
                    gate.wait();
                    // Nobody panics in here: the other thread would wait at the gate for ever.
                    let admins = roles(&connection)[3..5]
                        .iter()
                        .filter(|role| *role == "admin")
                        .count();
                    if admins != 1 || !matches!(answer, Ok(()) | Err(RoleError::NotAllowed)) {
                        let fault =
                            format!("{admins} admins after {by} demoted {user}: {answer:?}");
                        faults.lock().expect("nobody panics").push(fault);
                    }
                    gate.wait();
                    if by == 4 {
                        let sql = "UPDATE users SET role = 'admin' WHERE id IN (4, 5)";
                        connection.execute(sql, []).expect("both are there");
                    }
                    gate.wait();
                }
            });
        }
    });
    let faults = faults.into_inner().expect("nobody panics");
    assert_eq!(faults, Vec::<String>::new(), "in 30 rounds");
}
