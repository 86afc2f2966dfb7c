use admin_panel::given::database::{Database, Durability};
use admin_panel::given::rights::Permission;
use admin_panel::schema::schema;
use rusqlite::Connection;
use support::database::in_memory;

/// A branch, a role, two people, one of each other thing.
const SAMPLE: &str = "
    INSERT INTO branches VALUES (1, 'Graz');
    INSERT INTO roles VALUES (1, 'clerk');
    INSERT INTO users VALUES (1, 'ada@lantern.example', 'Ada', 'h', 1000, NULL);
    INSERT INTO users VALUES (2, 'ben@lantern.example', 'Ben', 'h', 1000, 1000);
    INSERT INTO role_permissions VALUES (1, 'orders.read');
    INSERT INTO grants VALUES (1, 1, 1, 1);
    INSERT INTO grants VALUES (2, 1, 1, NULL);
    INSERT INTO sessions VALUES ('s1', 1, 'DIGEST1', 1000, 2000, 1000, NULL);
    INSERT INTO invitations VALUES ('DIGEST2', 'eve@lantern.example', 1, 1, 1, 2000, NULL);
    INSERT INTO attempts VALUES ('k1', 1, 1000, 0);
    INSERT INTO orders VALUES (1, 1, 'Cleo', 1, 'paid');
    INSERT INTO audit VALUES (1, 1000, 1, 'user.invited', 'user 2', '127.0.0.1', '', '{}', '{\"name\":\"Ben\"}');
    INSERT INTO mails VALUES (1, 'eve@lantern.example', 'Hello', 'Come in', 1000);
";

/// `DIGEST1` to `DIGEST9` stand for 64 digits each.
fn written_out(sql: &str) -> String {
    (1..=9).fold(sql.to_owned(), |sql, number| {
        let digest = format!("{number}a0f").repeat(16);
        sql.replace(&format!("DIGEST{number}"), &digest)
    })
}

#[track_caller]
fn tables() -> Connection {
    let connection = in_memory();
    if let Err(error) = connection.execute_batch(schema()) {
        panic!("the statements do not run: {error}");
    }
    connection
}

#[track_caller]
fn filled() -> Connection {
    let connection = tables();
    if let Err(error) = connection.execute_batch(&written_out(SAMPLE)) {
        panic!("the sample is right, and was refused: {error}");
    }
    connection
}

#[track_caller]
fn taken(sql: &str) {
    let connection = filled();
    if let Err(error) = connection.execute_batch(&written_out(sql)) {
        panic!("this is right, and was refused ({error}): {sql}");
    }
}

#[track_caller]
fn refused(sql: &str) {
    let connection = filled();
    let answer = connection.execute_batch(&written_out(sql));
    assert!(answer.is_err(), "this is nonsense, and was taken: {sql}");
}

fn users(email: &str, name: &str, hash: &str, created: &str, disabled: &str) -> String {
    format!("INSERT INTO users VALUES (9, {email}, {name}, {hash}, {created}, {disabled})")
}

/// The tables have their columns, in their order, and what must not be missing is refused when it is missing.
#[test]
fn tables_have_their_columns() {
    let expected = [
        ("branches", "id name"),
        (
            "users",
            "id email name password_hash created_at disabled_at?",
        ),
        ("roles", "id name"),
        ("role_permissions", "role_id permission"),
        ("grants", "id user_id role_id branch_id?"),
        (
            "invitations",
            "digest email role_id branch_id? invited_by expires_at used_at?",
        ),
        (
            "sessions",
            "id user_id cookie_digest created_at expires_at confirmed_at ended_at?",
        ),
        ("attempts", "key failures last_at locked_until"),
        ("orders", "id branch_id customer cents state"),
        (
            "audit",
            "id at actor_id? kind subject client user_agent before after",
        ),
        ("mails", "id recipient subject body queued_at"),
    ];
    let numbered = [
        "branches", "users", "roles", "grants", "orders", "audit", "mails",
    ];
    for (table, columns) in expected {
        let connection = filled();
        // Everywhere is taken already; without this the branch of the other grant could not become empty.
        connection
            .execute("DELETE FROM grants WHERE id = 2", [])
            .expect("a grant goes");
        let mut statement = connection
            .prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")
            .expect("SQLite knows it");
        let found: Vec<String> = statement
            .query_map([table], |row| row.get(0))
            .and_then(Iterator::collect)
            .expect("names");
        let names: Vec<&str> = columns
            .split(' ')
            .map(|name| name.trim_end_matches('?'))
            .collect();
        assert_eq!(found, names, "the columns of {table}");
        let strict: bool = connection
            .query_row(
                "SELECT strict FROM pragma_table_list WHERE name = ?1",
                [table],
                |row| row.get(0),
            )
            .expect("SQLite knows it");
        assert!(strict, "{table} is STRICT");
        for column in columns.split(' ') {
            let name = column.trim_end_matches('?');
            // A whole number that is the key is chosen by SQLite where nothing is said.
            if table == "audit" || (name == "id" && numbered.contains(&table)) {
                continue;
            }
            let empty = connection.execute(&format!("UPDATE {table} SET {name} = NULL"), []);
            assert_eq!(
                empty.is_ok(),
                column.ends_with('?'),
                "{table}.{name} = NULL: {empty:?}"
            );
        }
    }
}

/// Where a table has numbers, SQLite chooses one; those of people, entries and mails are never given twice.
#[test]
fn numbers_are_chosen() {
    let connection = filled();
    connection
        .execute_batch(
            "INSERT INTO branches (name) VALUES ('Linz');
             INSERT INTO roles (name) VALUES ('boss');
             INSERT INTO orders (branch_id, customer, cents, state) VALUES (1, 'Dan', 5, 'refunded');
             INSERT INTO grants (user_id, role_id) VALUES (2, 1);",
        )
        .expect("numbers are chosen");
    let insert =
        "INSERT INTO mails (recipient, subject, body, queued_at) VALUES ('a@b', '', '', 0)";
    let number = || -> i64 {
        connection.execute(insert, []).expect("a mail");
        connection.last_insert_rowid()
    };
    let first = number();
    connection
        .execute("DELETE FROM mails", [])
        .expect("mails go");
    assert!(number() > first, "a mail's number is not given twice");
    for table in ["users", "audit"] {
        let sql: String = connection
            .query_row(
                "SELECT sql FROM sqlite_schema WHERE name = ?1",
                [table],
                |row| row.get(0),
            )
            .expect("the table is there");
        let sql = sql.to_uppercase();
        assert!(
            sql.contains("AUTOINCREMENT"),
            "the numbers of {table} are not given twice"
        );
    }
    connection
        .execute(
            "INSERT INTO sessions (id, user_id, cookie_digest, created_at, expires_at)
             VALUES ('s2', 1, ?1, 5, 6)",
            ["0123456789abcdef".repeat(4)],
        )
        .expect("a session that says nothing of confirmed_at");
    let confirmed: i64 = connection
        .query_row(
            "SELECT confirmed_at FROM sessions WHERE id = 's2'",
            [],
            |row| row.get(0),
        )
        .expect("a number");
    assert_eq!(confirmed, 0, "confirmed_at, if nothing is said");
}

/// Branches and roles have a name each, which is a name, and no other has it.
#[test]
fn names_are_names() {
    for table in ["branches", "roles"] {
        let own = if table == "branches" { "Graz" } else { "clerk" };
        for name in [
            "Linz",
            "a",
            "St. Pölten, Süd",
            "O''Connell \"%_\"",
            "Grazer",
        ] {
            taken(&format!("INSERT INTO {table} (name) VALUES ('{name}')"));
        }
        for name in [
            "",
            " ",
            "   ",
            " Linz",
            "Linz ",
            own,
            &own.to_uppercase(),
            &own.to_lowercase(),
        ] {
            refused(&format!("INSERT INTO {table} (name) VALUES ('{name}')"));
        }
        refused(&format!(
            "INSERT INTO {table} (name) VALUES ('Linz'), ('LINZ')"
        ));
        refused(&format!("INSERT INTO {table} VALUES (1, 'Linz')"));
        refused(&format!("INSERT INTO {table} (name) VALUES (x'4C')"));
    }
}

/// An account has an address of its own, in one form; a name, a hash, and times that can be.
#[test]
fn accounts_make_sense() {
    for email in [
        "eve@lantern.example",
        "a@b",
        "é+x@lantern.example",
        "%_@_%",
        "'' -- @x",
    ] {
        taken(&users(&format!("'{email}'"), "'Eve'", "'h'", "0", "NULL"));
    }
    for email in [
        "ada@lantern.example",
        "Ada@lantern.example",
        "EVE@LANTERN.EXAMPLE",
        "eve@Lantern.example",
        " eve@lantern.example",
        "eve@lantern.example ",
        "eve",
        "@lantern.example",
        "eve@",
        "@",
        "",
        "eve@lantern@example",
        "eve@@lantern.example",
    ] {
        refused(&users(&format!("'{email}'"), "'Eve'", "'h'", "0", "NULL"));
    }
    let eve = "'eve@lantern.example'";
    for name in ["''", "' '", "' Eve'", "'Eve '", "NULL", "x'45'"] {
        refused(&users(eve, name, "'h'", "0", "NULL"));
    }
    taken(&users(eve, "'Ada'", "'h'", "0", "NULL"));
    taken(&users(eve, "'Eve de la Tour'", "'h'", "0", "0"));
    taken(&users(eve, "'Eve'", "'h'", "5", "9223372036854775807"));
    for (hash, created, disabled) in [
        ("''", "0", "NULL"),
        ("NULL", "0", "NULL"),
        ("'h'", "-1", "NULL"),
        ("'h'", "'soon'", "NULL"),
        ("'h'", "1.5", "NULL"),
        ("'h'", "5", "4"),
        ("'h'", "5", "-1"),
        ("'h'", "5", "0"),
    ] {
        refused(&users(eve, "'Eve'", hash, created, disabled));
    }
    refused("UPDATE users SET email = 'ada@lantern.example' WHERE id = 2");
    refused("UPDATE users SET email = 'BEN@lantern.example' WHERE id = 2");
    taken("UPDATE users SET disabled_at = 5000, name = 'Ben B' WHERE id = 2");
}

/// Whatever an address looks like: it is taken in small letters, with one `@` that has something on both sides, and in no other way.
#[test]
fn an_address_has_one_form() {
    let mut values = support::seeded(0x1971);
    for _ in 0..40 {
        let (user, host) = (values.word(1..12), values.word(1..12));
        let right = format!("{user}@{host}.example").to_lowercase();
        taken(&users(&format!("'{right}'"), "'Eve'", "'h'", "0", "NULL"));
        let place = values.size(0..right.len());
        for wrong in [
            right.replace('@', "."),
            format!("{}@{}", &right[..place], &right[place..]),
            format!("{right} "),
            format!("Z{right}"),
        ] {
            refused(&users(&format!("'{wrong}'"), "'Eve'", "'h'", "0", "NULL"));
        }
    }
}

/// An account is never deleted, whether or not somebody refers to it.
#[test]
fn accounts_remain() {
    refused("DELETE FROM users WHERE id = 1");
    refused("DELETE FROM users WHERE id = 2");
    refused("DELETE FROM users");
    refused("PRAGMA foreign_keys = OFF; DELETE FROM users WHERE id = 2");
    taken("DELETE FROM users WHERE id = 77");
}

/// A role has a permission once, and only one that there is.
#[test]
fn permissions_are_those_there_are() {
    for permission in Permission::ALL
        .into_iter()
        .filter(|one| *one != Permission::OrdersRead)
    {
        taken(&format!(
            "INSERT INTO role_permissions VALUES (1, '{}')",
            permission.name()
        ));
    }
    for permission in [
        "orders.read",
        "orders.write",
        "Orders.Refund",
        "orders.refund ",
        "orders",
        "",
        "*",
    ] {
        refused(&format!(
            "INSERT INTO role_permissions VALUES (1, '{permission}')"
        ));
    }
    refused("INSERT INTO role_permissions VALUES (1, NULL)");
    refused("INSERT INTO role_permissions VALUES (2, 'orders.refund')");
    refused("INSERT INTO role_permissions VALUES (NULL, 'orders.refund')");
}

/// Somebody has a role once in each branch, and once everywhere.
#[test]
fn a_grant_is_there_once() {
    let more = "INSERT INTO branches VALUES (2, 'Linz'); INSERT INTO roles VALUES (2, 'boss');";
    for grant in ["1, 1, 2", "1, 2, 1", "2, 1, 1", "2, 1, NULL", "1, 2, NULL"] {
        taken(&format!(
            "{more} INSERT INTO grants (user_id, role_id, branch_id) VALUES ({grant})"
        ));
    }
    for grant in [
        "1, 1, 1",
        "1, 1, NULL",
        "1, 1, 3",
        "3, 1, 1",
        "1, 3, 1",
        "NULL, 1, 1",
        "1, NULL, 1",
    ] {
        refused(&format!(
            "{more} INSERT INTO grants (user_id, role_id, branch_id) VALUES ({grant})"
        ));
    }
    refused(&format!(
        "{more} INSERT INTO grants (user_id, role_id, branch_id) VALUES (2, 2, NULL), (2, 2, NULL)"
    ));
    refused("UPDATE grants SET branch_id = NULL WHERE id = 1");
    refused("INSERT INTO grants VALUES (1, 2, 1, 1)");
    taken("DELETE FROM grants");
}

/// What is referred to stays, and what refers to nothing is refused.
#[test]
fn nothing_refers_to_nothing() {
    refused("DELETE FROM branches");
    refused("DELETE FROM roles");
    refused("UPDATE roles SET id = 7");
    let digest = "DIGEST9";
    for (columns, right) in [
        ("1, 1, 1", true),
        ("1, NULL, 1", true),
        ("9, 1, 1", false),
        ("1, 9, 1", false),
        ("1, 1, 9", false),
    ] {
        let sql = format!("INSERT INTO invitations VALUES ('{digest}', 'x@y', {columns}, 5, NULL)");
        if right {
            taken(&sql);
        } else {
            refused(&sql);
        }
    }
    refused("INSERT INTO sessions VALUES ('s2', 9, 'DIGEST9', 0, 1, 0, NULL)");
    refused("INSERT INTO orders VALUES (2, 9, 'Dan', 5, 'paid')");
    taken("INSERT INTO audit VALUES (2, 0, 99, 'k', 's', 'c', 'u', '{}', '{}')");
    taken("INSERT INTO audit VALUES (2, 0, NULL, 'k', '', '', '', '{}', '{}')");
}

/// Digests are 64 small hexadecimal digits, each there once; an invitation is used before it expires.
#[test]
fn digests_are_digests() {
    let invitation = |digest: &str, email: &str, expires: &str, used: &str| {
        format!(
            "INSERT INTO invitations VALUES ({digest}, '{email}', 1, NULL, 1, {expires}, {used})"
        )
    };
    let session =
        |digest: &str| format!("INSERT INTO sessions VALUES ('s2', 1, {digest}, 0, 1, 0, NULL)");
    let good = format!("'{}'", "0123456789abcdef".repeat(4));
    taken(&invitation(&good, "eve@lantern.example", "5", "NULL"));
    taken(&session(&good));
    let capitals = format!("'{}'", "0123456789ABCDEF".repeat(4));
    let short = format!("'{}'", "a".repeat(63));
    let long = format!("'{}'", "a".repeat(65));
    let other = format!("'{}g'", "a".repeat(63));
    let minus = format!("'-{}'", "a".repeat(63));
    let blank = format!("' {}'", "a".repeat(63));
    for digest in [
        &capitals, &short, &long, &other, &minus, &blank, "''", "NULL",
    ] {
        refused(&invitation(digest, "x@y", "5", "NULL"));
        refused(&session(digest));
    }
    refused(&invitation("'DIGEST2'", "x@y", "5", "NULL"));
    refused(&session("'DIGEST1'"));
    taken(&session("'DIGEST2'"));
    for email in [
        "Eve@lantern.example",
        "eve",
        "",
        " eve@lantern.example",
        "e@v@e",
    ] {
        refused(&invitation(&good, email, "5", "NULL"));
    }
    taken(&invitation(&good, "ada@lantern.example", "5", "4"));
    refused(&invitation(&good, "x@y", "5", "5"));
    refused(&invitation(&good, "x@y", "5", "6"));
    refused("UPDATE invitations SET used_at = 2000");
    taken("UPDATE invitations SET used_at = 1999");
}

/// A session lasts for a while, and ends after it began; counted attempts have failed.
#[test]
fn sessions_and_attempts_make_sense() {
    let session = |id: &str, created: i64, expires: i64, ended: &str| {
        format!(
            "INSERT INTO sessions VALUES ({id}, 1, 'DIGEST9', {created}, {expires}, 0, {ended})"
        )
    };
    taken(&session("'s2'", 5, 6, "NULL"));
    taken(&session("'s2'", 5, 6, "5"));
    taken(&session("'s2'", 5, 6, "9"));
    refused(&session("'s2'", 5, 5, "NULL"));
    refused(&session("'s2'", 5, 4, "NULL"));
    refused(&session("'s2'", 5, 6, "4"));
    refused(&session("'s1'", 5, 6, "NULL"));
    refused(&session("NULL", 5, 6, "NULL"));
    refused("UPDATE sessions SET confirmed_at = 'now'");
    taken("DELETE FROM sessions");
    taken("INSERT INTO attempts VALUES ('k2', 1, 0, 0)");
    taken("INSERT INTO attempts VALUES ('K1', 1000000, 0, 0)");
    refused("INSERT INTO attempts VALUES ('k1', 1, 0, 0)");
    refused("INSERT INTO attempts VALUES ('k2', 0, 0, 0)");
    refused("INSERT INTO attempts VALUES ('k2', -1, 0, 0)");
    refused("INSERT INTO attempts VALUES (NULL, 1, 0, 0)");
}

/// An order costs something, belongs to somebody, and is in one of two states.
#[test]
fn orders_make_sense() {
    let order = |customer: &str, cents: &str, state: &str| {
        format!("INSERT INTO orders VALUES (2, 1, {customer}, {cents}, {state})")
    };
    taken(&order("'Dan'", "1", "'refunded'"));
    taken(&order("'D'", "9000000000000000000", "'paid'"));
    for (customer, cents, state) in [
        ("''", "1", "'paid'"),
        ("NULL", "1", "'paid'"),
        ("'Dan'", "0", "'paid'"),
        ("'Dan'", "-5", "'paid'"),
        ("'Dan'", "1.5", "'paid'"),
        ("'Dan'", "'x'", "'paid'"),
        ("'Dan'", "1", "'Paid'"),
        ("'Dan'", "1", "'open'"),
        ("'Dan'", "1", "''"),
        ("'Dan'", "1", "NULL"),
    ] {
        refused(&order(customer, cents, state));
    }
    refused("UPDATE orders SET state = 'lost'");
    taken("UPDATE orders SET state = 'refunded'");
}

/// The log takes objects, and gives nothing back: not by UPDATE, not by DELETE, not by a REPLACE.
#[test]
fn the_log_only_grows() {
    let entry = |kind: &str, before: &str, after: &str| {
        format!("INSERT INTO audit VALUES (2, 0, 1, {kind}, 's', 'c', 'u', {before}, {after})")
    };
    taken(&entry("'k'", "'{\"a\":[1]}'", "' { } '"));
    refused(&entry("''", "'{}'", "'{}'"));
    for wrong in [
        "'[]'", "'null'", "'1'", "'\"a\"'", "''", "'{'", "'{}x'", "NULL",
    ] {
        refused(&entry("'k'", wrong, "'{}'"));
        refused(&entry("'k'", "'{}'", wrong));
    }
    refused("UPDATE audit SET subject = 'nobody'");
    refused("UPDATE audit SET id = 5");
    refused("DELETE FROM audit");
    refused("DELETE FROM audit WHERE id = 1");
    refused("INSERT OR REPLACE INTO audit VALUES (1, 0, 1, 'k', 's', 'c', 'u', '{}', '{}')");
    refused("REPLACE INTO audit VALUES (1, 0, 1, 'k', 's', 'c', 'u', '{}', '{}')");
    refused(
        "INSERT INTO audit VALUES (1, 0, 1, 'k', 's', 'c', 'u', '{}', '{}') ON CONFLICT (id) DO UPDATE SET kind = 'x'",
    );
    refused("INSERT INTO audit VALUES (1, 0, 1, 'k', 's', 'c', 'u', '{}', '{}')");
}

/// The entries of one actor are found, and are in order, without a look at the others.
#[test]
fn the_log_of_one_person_is_found() {
    let connection = filled();
    let mut statement = connection
        .prepare("EXPLAIN QUERY PLAN SELECT * FROM audit WHERE actor_id = 1 AND id < 9 ORDER BY id DESC LIMIT 5")
        .expect("the table is there");
    let plan: Vec<String> = statement
        .query_map([], |row| row.get(3))
        .and_then(Iterator::collect)
        .expect("a plan");
    let plan = plan.join("; ");
    assert!(
        plan.contains("SEARCH audit USING INDEX"),
        "the plan: {plan}"
    );
    assert!(plan.contains("actor_id=?"), "the plan: {plan}");
    assert!(!plan.contains("TEMP B-TREE"), "the plan sorts: {plan}");
}

/// The program opens a new file with these tables, and works on them: what it writes is taken.
#[test]
fn the_program_works_on_these_tables() {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let path = folder.path().join("panel.db");
    for round in ["a new file", "the same file"] {
        let opened = Database::with_schema(&path, Durability::Relaxed, schema());
        let database = match opened {
            Ok(database) => database,
            Err(error) => panic!("{round} does not open: {error}"),
        };
        let people: Result<i64, _> = database.write(|connection| {
            connection.execute_batch(
                "INSERT OR IGNORE INTO users (id, email, name, password_hash, created_at)
                 VALUES (1, 'ada@lantern.example', 'Ada', 'h', 5)",
            )?;
            Ok(connection.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?)
        });
        assert_eq!(people.ok(), Some(1), "people in {round}");
        let stray = database.write(|connection| {
            connection.execute("INSERT INTO grants (user_id, role_id) VALUES (7, 7)", [])?;
            Ok(())
        });
        assert!(stray.is_err(), "foreign keys are on in {round}");
    }
}
