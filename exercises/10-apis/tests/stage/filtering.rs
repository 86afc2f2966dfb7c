use std::cmp::Ordering;
use std::collections::BTreeSet;

use apis::filtering::{Select, routes, select};
use apis::given::catalogue::{COLUMNS, Refused, TABLES, Title};
use apis::given::records::{Records, address};
use axum::Router;
use rusqlite::{params, params_from_iter};
use serde_json::{Value, json};
use support::Seeded;

use crate::calls::{Answer, call, isbn};

/// What Lantern pays for every book: a number that is in no answer.
const COST: i64 = 7_777_777;

fn title(values: &mut Seeded) -> Title {
    let words = [
        "Emma",
        "emma",
        "100 %",
        "1_0",
        "Größe",
        "größe",
        "O'Neill",
        "🦀",
        "a,b",
        "\"quoted\"",
    ];
    let authors = [
        "Jane Austen",
        "jane austen",
        "Jane",
        "O'Neill",
        "Übel",
        "Jane Austen ",
    ];
    Title {
        isbn: isbn(values).to_string(),
        title: format!("{} {}", values.pick(&words), values.pick(&words)),
        author: (*values.pick(&authors)).to_owned(),
        language: (*values.pick(&["de", "en", "fr", "it"])).to_owned(),
        price_cents: *values.pick(&[0, 1, 5, 950, 1000, u32::MAX]),
        published: *values.pick(&[-44, 1815, 1816, 2001]),
        in_stock: values.coin(),
    }
}

/// A catalogue with these books.
fn catalogue(titles: &[Title]) -> (Records, Router) {
    let records = Records::with(TABLES).expect("tables");
    for title in titles {
        let sql = "INSERT INTO titles VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let row = params![
            title.isbn,
            title.title,
            title.author,
            title.language,
            title.price_cents,
            title.published,
            title.in_stock,
            COST
        ];
        records.lock().execute(sql, row).expect("a title");
    }
    (records.clone(), routes(records))
}

fn three() -> Vec<Title> {
    let title = |isbn: &str, title: &str, price_cents: u32| Title {
        isbn: isbn.to_owned(),
        title: title.to_owned(),
        author: "Jane Austen".to_owned(),
        language: "en".to_owned(),
        price_cents,
        published: 1815,
        in_stock: true,
    };
    vec![
        title("9780141439587", "Emma", 950),
        title("9780141439518", "Pride and Prejudice", 899),
        title("9780141439662", "Sense and Sensibility", 950),
    ]
}

async fn ask(router: &Router, query: &[(&str, &str)]) -> Answer {
    call("GET", &address("/catalogue", query))
        .send(router)
        .await
}

/// The books of an answer.
fn titles(answer: &Answer) -> Vec<Value> {
    answer.json()["titles"]
        .as_array()
        .expect("a list of titles")
        .clone()
}

/// The ISBNs of what this query finds.
async fn found(router: &Router, query: &[(&str, &str)]) -> Vec<String> {
    let answer = ask(router, query).await.is(200);
    let isbn = |title: &Value| title["isbn"].as_str().expect("an ISBN").to_owned();
    titles(&answer).iter().map(isbn).collect()
}

fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    query.iter().map(owned).collect()
}

/// The parameters that are refused, sorted: the order is not promised.
fn refused(query: &[(&str, &str)]) -> Vec<String> {
    let selected: Result<Select, Vec<Refused>> = select(&pairs(query));
    let errors = selected.err().unwrap_or_default();
    for Refused { parameter, detail } in &errors {
        assert!(
            !detail.trim().is_empty(),
            "the detail of {parameter} in {query:?} says nothing"
        );
    }
    let mut names: Vec<String> = errors.into_iter().map(|error| error.parameter).collect();
    names.sort();
    names
}

/// Whether a book is in the list, by the table, in Rust.
fn meets(title: &Title, name: &str, value: &str) -> bool {
    match name {
        "author" => title.author == value,
        "contains" => title.title.contains(value),
        "language" => value.split(',').any(|code| code == title.language),
        "from_cents" => value
            .parse()
            .is_ok_and(|cents: u32| title.price_cents >= cents),
        "to_cents" => value
            .parse()
            .is_ok_and(|cents: u32| title.price_cents <= cents),
        "in_stock" => title.in_stock == (value == "true"),
        _ => true,
    }
}

/// Which of two books comes first, by the table, in Rust.
fn in_order(a: &Title, b: &Title, sort: &str) -> Ordering {
    let by_name = |wanted: &str| {
        let order = match wanted.trim_start_matches('-') {
            "title" => a.title.cmp(&b.title),
            "price_cents" => a.price_cents.cmp(&b.price_cents),
            _ => a.published.cmp(&b.published),
        };
        if wanted.starts_with('-') {
            order.reverse()
        } else {
            order
        }
    };
    let order = sort.split(',').map(by_name).find(|order| order.is_ne());
    order
        .unwrap_or(Ordering::Equal)
        .then_with(|| a.isbn.cmp(&b.isbn))
}

/// Without parameters the whole catalogue comes, by title, and of each book what partners may see.
#[tokio::test]
async fn all_books_by_title() {
    let mut books = three();
    books.reverse();
    let (_, router) = catalogue(&books);
    let answer = ask(&router, &[]).await.is(200);
    assert_eq!(titles(&answer).len(), 3, "books: {}", answer.body);
    assert!(
        !answer.body.contains("7777777"),
        "what Lantern pays is in {}",
        answer.body
    );
    insta::assert_json_snapshot!(titles(&answer)[0], @r#"
    {
      "author": "Jane Austen",
      "in_stock": true,
      "isbn": "9780141439587",
      "language": "en",
      "price_cents": 950,
      "published": 1815,
      "title": "Emma"
    }
    "#);
}

/// Several names in `sort` count in their order, a `-` turns one around, and the ISBN decides at the end.
#[tokio::test]
async fn sorting_has_an_order() {
    let (_, router) = catalogue(&three());
    let [emma, pride, sense] = ["9780141439587", "9780141439518", "9780141439662"];
    for (sort, expected) in [
        ("title", [emma, pride, sense]),
        ("-title", [sense, pride, emma]),
        ("price_cents", [pride, emma, sense]),
        ("-price_cents", [emma, sense, pride]),
        ("-price_cents,-title", [sense, emma, pride]),
        ("published", [pride, emma, sense]),
        ("-published", [pride, emma, sense]),
        ("published,price_cents,-title", [pride, sense, emma]),
    ] {
        assert_eq!(
            found(&router, &[("sort", sort)]).await,
            expected,
            "sort={sort}"
        );
    }
}

/// Whatever is asked together, the list is what a filter and a sort in Rust make of the same books.
#[tokio::test]
async fn any_combination_is_what_rust_makes_of_it() {
    let mut values = support::seeded(0x1009);
    let books: Vec<Title> = (0..80).map(|_| title(&mut values)).collect();
    let (_, router) = catalogue(&books);
    let filters: [(&str, &[&str]); 6] = [
        (
            "author",
            &[
                "Jane Austen",
                "Jane",
                "O'Neill",
                "Übel",
                "nobody",
                "Jane Austen ",
            ],
        ),
        (
            "contains",
            &[
                "Emma",
                "emma",
                "%",
                "_",
                "100 %",
                "größe",
                "'",
                "🦀",
                " ",
                "a,b",
                "\"",
                "Emma emma",
            ],
        ),
        ("language", &["de", "de,en", "fr,it,de", "xx", "en,xx"]),
        (
            "from_cents",
            &["0", "1", "2", "950", "951", "0005", "4294967295"],
        ),
        ("to_cents", &["0", "4", "5", "1000", "999", "4294967295"]),
        ("in_stock", &["true", "false"]),
    ];
    let sorts = [
        "title",
        "-title",
        "price_cents,-title",
        "-published,price_cents",
        "-price_cents,-published,title",
    ];
    for round in 0..150 {
        let mut query: Vec<(&str, &str)> = Vec::new();
        for (name, choices) in &filters {
            // At first one at a time, so that what fails is easy to see.
            let wanted = match round {
                0..60 => filters[round % 6].0 == *name,
                _ => values.number(0..3) == 0,
            };
            if wanted {
                query.push((*name, *values.pick::<&str>(choices)));
            }
        }
        let sort = *values.pick(&sorts);
        if values.coin() {
            query.push(("sort", sort));
        }
        values.shuffle(&mut query);
        let sort = if query.contains(&("sort", sort)) {
            sort
        } else {
            "title"
        };
        let all = |book: &&Title| query.iter().all(|(name, value)| meets(book, name, value));
        let mut expected: Vec<&Title> = books.iter().filter(all).collect();
        expected.sort_by(|a, b| in_order(a, b, sort));
        let expected: Vec<String> = expected.iter().map(|book| book.isbn.clone()).collect();
        assert_eq!(found(&router, &query).await, expected, "{query:?}");
    }
}

/// Nothing that a client wrote is in the words of the question: they are the same whatever the values, and these stand beside.
#[test]
fn values_are_no_part_of_the_question() {
    let mut values = support::seeded(0x100A);
    let records = Records::with(TABLES).expect("tables");
    for _ in 0..60 {
        let marker = values.word(9..15);
        let texts = [
            format!("{marker}' OR '1'='1"),
            format!("\"; DROP TABLE titles; -- {marker}"),
            format!("{marker}?"),
            "?1 :name @name $1".to_owned(),
            format!("{marker}\0"),
        ];
        let text = values.pick(&texts).as_str();
        let (low, high) = (
            values.number(1 << 20..1 << 32).to_string(),
            values.number(1 << 20..1 << 32).to_string(),
        );
        let one = pairs(&[
            ("author", text),
            ("contains", text),
            ("from_cents", &low),
            ("to_cents", &high),
            ("language", "qz,zq"),
        ]);
        let other = pairs(&[
            ("author", "Jane"),
            ("contains", "Emma"),
            ("from_cents", "1"),
            ("to_cents", "2"),
            ("language", "de,en"),
        ]);
        let one = select(&one).expect("a query that can be used");
        let other = select(&other).expect("a query that can be used");
        assert_eq!(
            one.sql, other.sql,
            "the words of the question for two sets of values"
        );
        for value in [marker.as_str(), low.as_str(), high.as_str(), "qz", "zq"] {
            assert!(!one.sql.contains(value), "{value} is in {}", one.sql);
        }
        let connection = records.lock();
        let mut statement = connection
            .prepare(&one.sql)
            .expect("words that SQLite understands");
        assert!(statement.readonly(), "it changes something: {}", one.sql);
        let columns: Vec<&str> = statement.column_names().collect();
        let columns = columns.join(", ");
        assert_eq!(columns, COLUMNS, "the columns of {}", one.sql);
        let rows = statement.query(params_from_iter(&one.values));
        assert!(
            rows.is_ok(),
            "as many values as `?`: {:?} for {}",
            one.values,
            one.sql
        );
    }
}

/// A name that is not in the table is refused, column or not, and so is one in other letters.
#[test]
fn names_come_from_the_list() {
    for name in [
        "colour",
        "cost_cents",
        "isbn",
        "title",
        "price_cents",
        "rowid",
        "Author",
        "author ",
        "",
        "sort[]",
        "1=1 --",
        "limit",
    ] {
        assert_eq!(refused(&[(name, "1")]), [name], "{name:?} as a parameter");
    }
    for sort in [
        "isbn",
        "author",
        "cost_cents",
        "rowid",
        "1",
        "Title",
        " title",
        "title ",
        "title,",
        ",title",
        "title,,published",
        "--title",
        "+title",
        "-",
        "title DESC",
        "title;DROP TABLE titles",
        "title, published",
        "title,title",
        "title,-title",
        "published,title,-published",
        "(SELECT cost_cents)",
        "title--",
    ] {
        assert_eq!(refused(&[("sort", sort)]), ["sort"], "sort={sort:?}");
    }
}

/// A value has the form that its parameter wants; an empty one is none.
#[test]
fn values_have_their_form() {
    for (name, value) in [
        ("from_cents", "-1"),
        ("from_cents", "+1"),
        ("from_cents", "1.5"),
        ("from_cents", "9.50"),
        ("from_cents", " 1"),
        ("from_cents", "1e3"),
        ("from_cents", "4294967296"),
        ("to_cents", "99999999999999999999999"),
        ("to_cents", "٣"),
        ("to_cents", "0x10"),
        ("in_stock", "1"),
        ("in_stock", "True"),
        ("in_stock", "yes"),
        ("in_stock", "0"),
        ("in_stock", "FALSE"),
        ("in_stock", "true,false"),
        ("language", "DE"),
        ("language", "deu"),
        ("language", "d"),
        ("language", "de,"),
        ("language", "de,,en"),
        ("language", "de, en"),
        ("language", "de,de"),
        ("language", "é"),
        ("language", "éß"),
        ("language", "d1"),
        ("author", ""),
        ("contains", ""),
        ("language", ""),
        ("from_cents", ""),
        ("in_stock", ""),
        ("sort", ""),
    ] {
        assert_eq!(refused(&[(name, value)]), [name], "{name}={value:?}");
    }
    for (name, value) in [
        ("contains", " "),
        ("author", "0"),
        ("language", "zz,aa"),
        ("from_cents", "00000000000000000950"),
        ("from_cents", "4294967295"),
        ("to_cents", "0"),
    ] {
        assert_eq!(refused(&[(name, value)]), [""; 0], "{name}={value:?}");
    }
    assert_eq!(
        refused(&[("from_cents", "9"), ("to_cents", "1")]),
        [""; 0],
        "a range in which nothing is"
    );
    let codes = |first: char| ('a'..='z').map(move |second| format!("{first}{second}"));
    let all: Vec<String> = ('a'..='z').flat_map(codes).collect();
    assert_eq!(
        refused(&[("language", &all.join(","))]),
        [""; 0],
        "all codes there can be, each once"
    );
}

/// The list has every book that meets the query, however many these are.
#[tokio::test]
async fn nobody_cuts_the_list() {
    let mut values = support::seeded(0x100F);
    let books: Vec<Title> = (0..1_200).map(|_| title(&mut values)).collect();
    let (_, router) = catalogue(&books);
    for query in [&[][..], &[("sort", "title")], &[("from_cents", "0")]] {
        let books = found(&router, query).await.len();
        assert_eq!(books, 1_200, "how many books are listed for {query:?}");
    }
}

/// Everything that cannot be used is named at once, each parameter once; twice the same name is one thing wrong.
#[test]
fn every_parameter_is_named_at_once() {
    let query = [
        ("colour", "red"),
        ("author", "Jane Austen"),
        ("from_cents", "cheap"),
        ("sort", "cost_cents"),
        ("language", "en"),
        ("language", "de"),
        ("to_cents", "x"),
        ("to_cents", "y"),
        ("in_stock", ""),
    ];
    let expected = [
        "colour",
        "from_cents",
        "in_stock",
        "language",
        "sort",
        "to_cents",
    ];
    assert_eq!(refused(&query), expected, "{query:?}");
    assert_eq!(
        refused(&[("author", "Jane"), ("author", "Jane")]),
        ["author"],
        "the same twice"
    );
    assert_eq!(
        refused(&[("x", "1"), ("x", "")]),
        ["x"],
        "an unknown one twice"
    );
}

/// The service answers 400 with problem details for what cannot be used; a text in the wrong place does no harm.
#[tokio::test]
async fn what_cannot_be_used_is_told() {
    let (records, router) = catalogue(&three());
    let answer = ask(&router, &[("colour", "red"), ("sort", "cost_cents")])
        .await
        .is(400);
    let answer = answer.has("content-type", "application/problem+json");
    let mut problem = answer.json();
    let errors = problem["errors"].as_array_mut().expect("a list of errors");
    errors.sort_by_key(|error| error["parameter"].to_string());
    for error in errors {
        // The words are yours.
        error["detail"] = json!("…");
    }
    insta::assert_json_snapshot!(problem, @r#"
    {
      "errors": [
        {
          "detail": "…",
          "parameter": "colour"
        },
        {
          "detail": "…",
          "parameter": "sort"
        }
      ],
      "status": 400,
      "title": "Some parameters need another look",
      "type": "https://lantern.example/problems/faulty-query"
    }
    "#);
    let twice = call("GET", "/catalogue?author=Jane&author=Jane");
    let problem = twice.send(&router).await.is(400).json();
    assert_eq!(
        problem["errors"][0]["parameter"],
        json!("author"),
        "{problem}"
    );
    for text in [
        "' OR 1=1 --",
        "'; DROP TABLE titles; --",
        "%",
        "\\",
        "?",
        "Jane Austen' --",
    ] {
        for name in ["author", "contains"] {
            assert_eq!(
                found(&router, &[(name, text)]).await,
                [""; 0],
                "{name}={text}"
            );
        }
    }
    let left: i64 = records
        .lock()
        .query_row("SELECT count(*) FROM titles", [], |row| row.get(0))
        .expect("the table");
    assert_eq!(left, 3, "books after texts that look like SQL");
    let all: BTreeSet<String> = found(&router, &[("language", "en")])
        .await
        .into_iter()
        .collect();
    assert_eq!(all.len(), 3, "books after texts that look like SQL");
}
