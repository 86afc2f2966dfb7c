use databases::indexes::{QUESTIONS, create_indexes, explain, unused_indexes};
use rusqlite::{Connection, ToSql, params};

use crate::shop::{self, Watch, number};

/// A shop of some thousand rows.
fn large() -> Connection {
    let connection = shop::empty();
    let mut values = support::seeded(0x0561);
    let mut small = move |limit: u64| i64::try_from(values.number(1..limit)).expect("small");
    let run = |sql: &str, values: &[&dyn ToSql]| {
        connection
            .execute(sql, values)
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
    };
    connection.execute_batch("BEGIN").expect("a transaction");
    for id in 1..=300_i64 {
        let email = format!("Reader{id}@Lantern.example");
        run(
            "INSERT INTO customers VALUES (?1, ?2, 'Ada')",
            params![id, email],
        );
        run("INSERT INTO authors VALUES (?1, 'Ada')", params![id]);
        let sql = "INSERT INTO books (id, isbn, title, cents) VALUES (?1, ?2, 'Emma', ?3)";
        run(sql, params![id, id.to_string(), small(3_000)]);
        run(
            "INSERT INTO book_authors VALUES (?1, ?2, 1)",
            params![id, small(id as u64 + 1)],
        );
    }
    for id in 1..=1_500_i64 {
        let day = format!("2025-{:02}-{:02}", small(13), small(29));
        let state = if small(10) == 1 { "open" } else { "sent" };
        run(
            "INSERT INTO orders VALUES (?1, ?2, ?3, ?4)",
            params![id, small(301), day, state],
        );
        run(
            "INSERT INTO order_lines VALUES (?1, ?2, 1, 999)",
            params![id, small(301)],
        );
    }
    connection.execute_batch("COMMIT").expect("a transaction");
    connection
}

/// The names of the indexes that were made by CREATE INDEX.
fn made(connection: &Connection) -> Vec<String> {
    connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
        )
        .expect("every database has a schema")
        .query_map([], |row| row.get(0))
        .expect("no parameters")
        .collect::<rusqlite::Result<_>>()
        .expect("names are texts")
}

/// The plan of a question, asked for here and not by the exercise.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().expect("a plan") {
        steps.push(row.get("detail").expect("a text"));
    }
    steps
}

/// Every question goes straight to its rows: no step reads a whole table, sorts, or makes an index for the moment.
#[test]
fn no_question_scans_or_sorts() {
    for (what, connection) in [("an empty shop", shop::empty()), ("a large shop", large())] {
        create_indexes(&connection).expect("the plain tables are there");
        for analysed in ["as it is", "after ANALYZE"] {
            for question in QUESTIONS {
                let steps = plan(&connection, question);
                for costly in ["SCAN", "TEMP B-TREE", "AUTOMATIC"] {
                    let found = steps.iter().any(|step| step.contains(costly));
                    assert!(
                        !found,
                        "{costly} in {what} {analysed}: {question}\n{steps:#?}"
                    );
                }
            }
            connection.execute_batch("ANALYZE").expect("statistics");
        }
    }
}

/// When the questions are asked, SQLite takes no step of a scan and sorts nothing.
#[test]
fn no_row_is_read_in_vain() {
    let mut connection = large();
    create_indexes(&connection).expect("the plain tables are there");
    let values: [&[&dyn ToSql]; 7] = [
        &[&17],
        &[&"open"],
        &[&"2025-03-01", &"2025-04-01"],
        &[&500, &900],
        &[&17],
        &[&3],
        &[&"READER17@lantern.example"],
    ];
    let watch = Watch::over(&mut connection);
    for (question, values) in QUESTIONS.iter().zip(values) {
        let mut statement = connection.prepare(question).expect("SQL");
        let mut rows = statement.query(values).expect("so many values");
        let mut found = 0;
        while rows.next().expect("a row").is_some() {
            found += 1;
        }
        drop(rows);
        drop(statement);
        assert!(found > 0, "rows found by {question}");
        let (scanned, sorted) = watch.wasted();
        assert_eq!(scanned, 0, "rows of scans, for {question}");
        assert_eq!(sorted, 0, "sorts, for {question}");
    }
}

/// Each index earns its keep: one of the questions uses it, on empty tables or on large ones.
#[test]
fn no_index_is_useless() {
    let (small, large) = (shop::empty(), large());
    create_indexes(&small).expect("the plain tables are there");
    create_indexes(&large).expect("the plain tables are there");
    large.execute_batch("ANALYZE").expect("statistics");
    let names = made(&small);
    assert!(!names.is_empty(), "there is no index at all");
    for name in names {
        let used = QUESTIONS.iter().any(|question| {
            let steps = [plan(&small, question), plan(&large, question)].concat();
            let named = |step: &String| {
                step.ends_with(&format!("INDEX {name}"))
                    || step.contains(&format!("INDEX {name} ("))
            };
            steps.iter().any(named)
        });
        assert!(used, "no question uses the index {name}");
    }
}

/// An index refuses nothing: what could be stored before can be stored afterwards, rows that are alike as well.
#[test]
fn an_index_refuses_nothing() {
    let connection = shop::empty();
    create_indexes(&connection).expect("the plain tables are there");
    for sql in [
        "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada'), (2, 'ADA@lantern.example', 'Ada')",
        "INSERT INTO books (id, isbn, title, cents) VALUES (1, '1', 'Emma', 999), (2, '2', 'Emma', 999)",
        "INSERT INTO authors VALUES (1, 'Jane Austen'), (2, 'Jane Austen')",
        "INSERT INTO book_authors VALUES (1, 1, 1), (1, 2, 1), (2, 1, 1)",
        "INSERT INTO orders VALUES (1, 1, '2025-03-01', 'open'), (2, 1, '2025-03-01', 'open'), (3, 2, '2025-03-01', 'open')",
        "INSERT INTO order_lines VALUES (1, 1, 1, 999), (2, 1, 1, 999), (2, 2, 1, 999)",
    ] {
        let stored = connection.execute(sql, []);
        assert!(stored.is_ok(), "{stored:?}: {sql}");
    }
}

/// Making the indexes again changes nothing, and the rows stay; without tables it is an error.
#[test]
fn indexes_are_made_once() {
    let connection = large();
    connection
        .execute_batch("CREATE INDEX somebodys ON authors (name);")
        .expect("an index of somebody else");
    create_indexes(&connection).expect("the plain tables are there");
    let names = made(&connection);
    assert!(
        names.contains(&"somebodys".to_owned()),
        "the index that was there already is gone: {names:?}"
    );
    let version = number(&connection, "PRAGMA schema_version");
    let again = create_indexes(&connection);
    assert!(again.is_ok(), "the second time: {again:?}");
    assert_eq!(
        made(&connection),
        names,
        "the indexes after the second time"
    );
    assert_eq!(
        number(&connection, "PRAGMA schema_version"),
        version,
        "the version of the schema, which counts every CREATE and DROP"
    );
    let orders = number(&connection, "SELECT count(*) FROM orders");
    assert_eq!(orders, 1_500, "orders after the second time");
    let nothing = support::database::in_memory();
    assert!(create_indexes(&nothing).is_err(), "no tables");
}

/// A plan has every step of SQLite's, in its order, and parameters need no value.
#[test]
fn a_plan_is_sqlites_own() {
    let connection = shop::with(
        "CREATE INDEX by_day ON orders (placed_on); CREATE INDEX \"by  state \" ON orders (state);",
    );
    let mut asked: Vec<String> = QUESTIONS
        .iter()
        .map(|question| (*question).to_owned())
        .collect();
    let mut values = support::seeded(0x0562);
    for _ in 0..20 {
        let table = values.pick(&["orders", "books JOIN authors", "customers AS c"]);
        let (limit, column) = (values.number(0..9), values.pick(&["id", "1", "rowid"]));
        asked.push(format!(
            "SELECT count(*) FROM {table} WHERE ?1 > {limit} GROUP BY {column} LIMIT :limit"
        ));
    }
    asked.retain(|sql| connection.prepare(sql).is_ok());
    asked.push(
        "SELECT 1 FROM orders WHERE placed_on = $day UNION SELECT 2 FROM books ORDER BY 1"
            .to_owned(),
    );
    for sql in [
        "INSERT INTO authors (name) SELECT title FROM books WHERE cents = ?",
        "SELECT id FROM orders WHERE state = ?1",
        // One statement each: a semicolon may end it, stand in a text, in a name or in a comment.
        "SELECT id FROM books;",
        "SELECT id FROM books WHERE title = ';'",
        "SELECT id AS \"a;b\" FROM books",
        "SELECT id FROM books -- all; for now",
        "SELECT id -- the key
         FROM books",
        // The plan says the name that the question gives to a table, and may have no step at all.
        "SELECT id FROM customers AS Reader",
        "INSERT INTO authors (name) VALUES ('Jane Austen')",
    ] {
        asked.push(sql.to_owned());
    }
    for sql in &asked {
        let steps: Vec<String> = explain(&connection, sql).expect("SQL");
        assert_eq!(steps, plan(&connection, sql), "the plan of {sql}");
    }
    let steps = explain(&connection, "SELECT id FROM orders WHERE placed_on = ?1").expect("SQL");
    assert_eq!(
        steps,
        ["SEARCH orders USING COVERING INDEX by_day (placed_on=?)"],
        "the plan of a search by day"
    );
}

/// Explaining runs nothing: a DELETE deletes no row. What is no statement, or more than one, is an error.
#[test]
fn explaining_runs_nothing() {
    let connection =
        shop::with("INSERT INTO books (id, isbn, title, cents) VALUES (1, '1', 'Emma', 999);");
    for sql in [
        "DELETE FROM books",
        "UPDATE books SET cents = 0",
        "INSERT INTO books (isbn, title, cents) VALUES ('2', '', 1)",
        "DROP TABLE books",
    ] {
        explain(&connection, sql).ok();
        let untouched = number(&connection, "SELECT count(*) FROM books WHERE cents = 999");
        assert_eq!(untouched, 1, "books as they were, after explaining {sql}");
        let all = number(&connection, "SELECT count(*) FROM books");
        assert_eq!(all, 1, "books after explaining {sql}");
    }
    for sql in [
        "",
        "SELEKT 1",
        "SELECT * FROM nowhere",
        "SELECT 1; DELETE FROM books",
        "SELECT id FROM books; SELECT 1",
    ] {
        let explained = explain(&connection, sql);
        assert!(explained.is_err(), "{sql:?}: {explained:?}");
    }
    let all = number(&connection, "SELECT count(*) FROM books");
    assert_eq!(all, 1, "books afterwards");
}

/// An index is unused when no plan names it, whole and not by its beginning; SQLite's own indexes are not counted.
#[test]
fn unused_indexes_are_found_by_their_whole_name() {
    let connection = shop::with(
        "CREATE INDEX by_day ON orders (placed_on);
         CREATE INDEX by_day_and_state ON orders (state, placed_on);
         CREATE INDEX \"by day\" ON books (title);
         CREATE INDEX day ON books (cents);
         CREATE INDEX \"by\" ON books (stock);
         CREATE INDEX ORDERS_ ON orders (customer_id);
         CREATE INDEX \"it's (odd)\" ON authors (name);
         CREATE INDEX \"the INDEX of\" ON customers (name);",
    );
    let all = [
        "ORDERS_",
        "by",
        "by day",
        "by_day",
        "by_day_and_state",
        "day",
        "it's (odd)",
        "the INDEX of",
    ];
    for (questions, used) in [
        (vec![], vec![]),
        (vec!["SELECT * FROM orders"], vec![]),
        (
            vec!["SELECT * FROM orders WHERE placed_on = ?1"],
            vec!["by_day"],
        ),
        (
            vec!["SELECT * FROM orders WHERE state = ?1 AND placed_on = ?2"],
            vec!["by_day_and_state"],
        ),
        (
            vec!["SELECT title FROM books ORDER BY title"],
            vec!["by day"],
        ),
        (vec!["SELECT * FROM books WHERE cents = ?1"], vec!["day"]),
        (vec!["SELECT * FROM books WHERE isbn = ?1"], vec![]),
        (
            vec!["SELECT name FROM authors WHERE name = ?1"],
            vec!["it's (odd)"],
        ),
        (
            vec!["SELECT id FROM customers WHERE name = ?1"],
            vec!["the INDEX of"],
        ),
        (
            vec![
                "SELECT * FROM orders WHERE customer_id = ?1",
                "SELECT cents FROM books ORDER BY cents",
                "SELECT 1",
            ],
            vec!["ORDERS_", "day"],
        ),
        (
            vec!["SELECT * FROM orders, books WHERE orders.placed_on = ?1 AND books.title = ?2"],
            vec!["by_day", "by day"],
        ),
    ] {
        let expected: Vec<&str> = all
            .into_iter()
            .filter(|name| !used.contains(name))
            .collect();
        let found: Vec<String> = unused_indexes(&connection, &questions).expect("SQL");
        assert_eq!(found, expected, "not used by {questions:?}");
    }
    let wrong = unused_indexes(&connection, &["SELECT * FROM nowhere"]);
    assert!(wrong.is_err(), "a question that is no SQL: {wrong:?}");
}
