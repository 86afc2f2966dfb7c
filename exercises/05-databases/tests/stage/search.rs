use databases::search::{Hit, match_expression, rebuild, search};
use rusqlite::{Connection, params};

use crate::shop::{self, Watch, number};

/// A shop with these books (title, series, authors), indexed, on a connection that only reads.
fn shop_of(books: &[(&str, Option<&str>, &[&str])]) -> Connection {
    let mut connection = shop::empty();
    for ((title, series, authors), id) in books.iter().zip(1_i64..) {
        let mut book = shop::book(&id.to_string(), title);
        book.series = series.map(str::to_owned);
        shop::store(&connection, &book);
        for (name, position) in authors.iter().zip(1_i64..) {
            connection
                .execute("INSERT INTO authors (name) VALUES (?1)", [name])
                .expect("an author");
            let author = connection.last_insert_rowid();
            connection
                .execute(
                    "INSERT INTO book_authors VALUES (?1, ?2, ?3)",
                    params![id, author, position],
                )
                .expect("an authorship");
        }
    }
    rebuild(&mut connection).expect("tables");
    shop::read_only(connection)
}

#[track_caller]
fn found(connection: &Connection, typed: &str) -> Vec<i64> {
    let hits: Vec<Hit> = search(connection, typed, 100).unwrap_or_else(|error| {
        let start: String = typed.chars().take(80).collect();
        panic!("{error}, for {start:?}")
    });
    hits.iter().map(|hit| hit.book_id).collect()
}

#[track_caller]
fn assert_finds(connection: &Connection, typed: &str, expected: &[i64]) {
    let mut ids = found(connection, typed);
    ids.sort_unstable();
    let start: String = typed.chars().take(80).collect();
    assert_eq!(ids, expected, "the books found by {start:?}");
}

fn small_shop() -> Connection {
    shop_of(&[
        ("War and Peace", None, &["Leo Tolstoy"]),
        ("The Peace War", Some("Across Realtime"), &["Vernor Vinge"]),
        ("L'Émile", None, &["Jean-Jacques Rousseau"]),
        ("戦争と平和", None, &["レフ トルストイ"]),
        (
            "Rock-n-Roll not NEAR",
            None,
            &[
                "Tom Stoppard",
                "Ada Warwick",
                "A",
                "B",
                "C",
                "D",
                "Zoë Sixthand",
            ],
        ),
        ("Việt Nam", None, &["Nguyễn Du"]),
        ("1984", Some("Peaceful \"Classics\""), &["George Orwell"]),
    ])
}

/// Every word must occur, in the title, the series or the authors; of the last one the beginning is enough, of the others it is
/// not.
#[test]
fn every_word_counts() {
    let connection = small_shop();
    for (typed, expected) in [
        ("war", vec![1, 2, 5]),
        ("war peace", vec![1, 2]),
        ("peace war", vec![1, 2]),
        ("pea", vec![1, 2, 7]),
        ("pea war", vec![]),
        ("war pea", vec![1, 2]),
        ("tolstoy wa", vec![1]),
        ("realtime vinge peace", vec![2]),
        ("ada tom", vec![5]),
        ("sixthand", vec![5]),
        ("orwell 19", vec![7]),
        ("eace", vec![]),
        ("wars", vec![]),
        ("  war\t\n  and\u{3000}peace ", vec![1]),
    ] {
        assert_finds(&connection, typed, &expected);
    }
}

/// Capitals and accents make no difference, and every script can be searched.
#[test]
fn capitals_and_accents_make_no_difference() {
    let connection = small_shop();
    for (typed, expected) in [
        ("EMILE", vec![3]),
        ("émile", vec![3]),
        ("e\u{301}mi", vec![3]),
        ("ROUSSEAU", vec![3]),
        ("WAR Peace", vec![1, 2]),
        ("viet nam", vec![6]),
        ("nguyễn", vec![6]),
        ("戦争", vec![4]),
        ("トル", vec![4]),
    ] {
        assert_finds(&connection, typed, &expected);
    }
}

/// What means something to FTS5 is a word or a sign like any other: no operators, no columns, no stars, and never an error.
#[test]
fn whatever_is_typed_is_text() {
    let connection = small_shop();
    for (typed, expected) in [
        ("", vec![]),
        (" \t\u{a0} ", vec![]),
        ("\"", vec![]),
        ("\"\"", vec![]),
        ("*", vec![]),
        ("!!! ???", vec![]),
        ("🦀", vec![]),
        ("war AND peace", vec![1]),
        ("war OR peace", vec![]),
        ("war NOT peace", vec![]),
        ("NOT NEAR", vec![5]),
        ("NEAR(war peace)", vec![]),
        ("NEAR(", vec![5]),
        ("title:war", vec![]),
        ("title : war", vec![]),
        ("-war", vec![1, 2, 5]),
        ("^war", vec![1, 2, 5]),
        ("war -", vec![1, 2]),
        ("war !! peace", vec![1, 2]),
        ("{war}", vec![1, 2, 5]),
        ("(war", vec![1, 2, 5]),
        ("war*", vec![1, 2, 5]),
        ("pea* war", vec![]),
        ("\"peace war\"", vec![1, 2]),
        ("\"peace", vec![1, 2, 7]),
        ("peace\"", vec![1, 2, 7]),
        ("L'Emile", vec![3]),
        ("rock-n-ro", vec![5]),
        ("roll-n-rock", vec![]),
        ("war\0peace", vec![1, 2]),
        ("\0", vec![]),
        ("'; DROP TABLE books; --", vec![]),
        ("%", vec![]),
        ("war + peace", vec![1, 2]),
    ] {
        assert_finds(&connection, typed, &expected);
    }
    let long = "war ".repeat(20_000);
    assert_finds(&connection, &long, &[1, 2]);
    let nested = "(".repeat(20_000);
    assert_finds(&connection, &nested, &[]);
    let quotes = "\" ".repeat(20_000);
    assert_finds(&connection, &quotes, &[]);
}

/// Random lines of words and signs are never an error, and what they find has every word.
#[test]
fn random_lines_find_what_has_their_words() {
    let words = [
        "sea",
        "seaside",
        "winter",
        "wind",
        "garden",
        "glass",
        "night",
        "nightfall",
    ];
    let signs = [
        "", "\"", "*", "'", "(", ")", "^", ":", "-", "+", "{", "}", "!", "\\", ",", "$",
    ];
    let mut values = support::seeded(0x0571);
    let titles: Vec<Vec<&str>> = (0..60)
        .map(|_| {
            (0..values.size(1..5))
                .map(|_| *values.pick(&words))
                .collect()
        })
        .collect();
    let joined: Vec<String> = titles.iter().map(|title| title.join(" ")).collect();
    let books: Vec<(&str, Option<&str>, &[&str])> = joined
        .iter()
        .map(|title| (title.as_str(), None, &[] as &[&str]))
        .collect();
    let connection = shop_of(&books);
    for _ in 0..300 {
        let typed: Vec<&str> = (0..values.size(1..4))
            .map(|_| *values.pick(&words))
            .collect();
        let mut line = String::new();
        for word in &typed {
            for part in [values.pick(&signs), word, values.pick(&signs)] {
                line.push_str(part);
            }
            line.push(' ');
        }
        let (last, others) = typed.split_last().expect("a word");
        let expected: Vec<i64> = titles
            .iter()
            .zip(1..)
            .filter(|(title, _)| others.iter().all(|word| title.contains(word)))
            .filter(|(title, _)| title.iter().any(|word| word.starts_with(last)))
            .map(|(_, id)| id)
            .collect();
        assert_finds(&connection, &line, &expected);
    }
}

/// What was typed becomes words in quotes, with a star behind the last; after fifty words nothing counts any more.
#[test]
fn words_stand_in_quotes() {
    for (typed, expected) in [
        ("", ""),
        ("  ", ""),
        ("\0\0", ""),
        ("war", "\"war\"*"),
        ("war peace", "\"war\" \"peace\"*"),
        (" don't  say \"no", "\"don't\" \"say\" \"\"\"no\"*"),
        ("a\"b\"c", "\"a\"\"b\"\"c\"*"),
        ("a\0b", "\"a\" \"b\"*"),
        (
            "a\tb\r\nc\u{3000}d\u{a0}e",
            "\"a\" \"b\" \"c\" \"d\" \"e\"*",
        ),
        ("WAR Émile", "\"WAR\" \"Émile\"*"),
        // Signs that nobody sees are no white space.
        ("a\u{1}b\u{7f}c\u{200b}d", "\"a\u{1}b\u{7f}c\u{200b}d\"*"),
        ("*", "\"*\"*"),
    ] {
        let expression: String = match_expression(typed);
        assert_eq!(expression, expected, "from {typed:?}");
    }
    let mut values = support::seeded(0x0572);
    for count in [1, 49, 50, 51, 500] {
        let words: Vec<String> = (0..count).map(|_| values.word(1..4)).collect();
        let quoted: Vec<String> = words
            .iter()
            .take(50)
            .map(|word| format!("\"{word}\""))
            .collect();
        let expression = match_expression(&words.join(" "));
        assert_eq!(expression, quoted.join(" ") + "*", "from {count} words");
    }
}

/// A word in the title weighs more than one in the series, and that more than one in the authors. Equals come by id, and so
/// many as were asked for.
#[test]
fn the_best_come_first() {
    let connection = shop_of(&[
        (
            "Plain words here",
            Some("Other words here"),
            &["Emma Lantern Brown"],
        ),
        (
            "Plain words here",
            Some("The Lantern row"),
            &["Anna Clara Brown"],
        ),
        (
            "The Lantern story",
            Some("Other words here"),
            &["Anna Clara Brown"],
        ),
        ("Nothing at all", None, &["Nobody"]),
        (
            "The Lantern story",
            Some("Other words here"),
            &["Anna Clara Brown"],
        ),
        ("Nothing at all", None, &["Nobody"]),
        ("Nothing at all", None, &["Nobody"]),
        ("Nothing at all", None, &["Nobody"]),
        ("Nothing at all", None, &["Nobody"]),
        ("Nothing at all", None, &["Nobody"]),
    ]);
    assert_eq!(
        found(&connection, "lantern"),
        [3, 5, 2, 1],
        "title, title, series, author"
    );
    for count in [0, 1, 3, 4, u32::MAX] {
        let hits = search(&connection, "lantern", count).expect("an index");
        let ids: Vec<i64> = hits.iter().map(|hit| hit.book_id).collect();
        let first = &[3, 5, 2, 1][..usize::try_from(count).expect("small").min(4)];
        assert_eq!(ids, first, "the first {count}");
    }
}

/// Whoever asks for many gets many, and a long line is read up to its fiftieth word, however long the words are.
#[test]
fn nothing_is_cut_short() {
    let books = [("The Lantern story", None, &["Nobody"] as &[&str]); 130];
    let connection = shop_of(&books);
    for count in [120, u32::MAX] {
        let hits = search(&connection, "lantern", count).expect("an index");
        let expected = usize::try_from(count).expect("small").min(130);
        assert_eq!(hits.len(), expected, "hits, of {count} at most");
    }
    let word = "lantern".to_owned() + &"!".repeat(60);
    let line = |times: usize| format!("{} nowhere", vec![word.as_str(); times].join(" "));
    assert_eq!(
        found(&connection, &line(49)),
        [0; 0],
        "the 50th word counts"
    );
    assert_eq!(
        found(&connection, &line(50)).len(),
        100,
        "the 51st does not"
    );
}

/// The weights are ten, five and one: three finds in the authors do not outweigh one in the title.
#[test]
fn weights_are_ten_five_and_one() {
    let mut books: Vec<(&str, Option<&str>, &[&str])> = vec![
        (
            "words of no weight at all",
            Some("a b c d"),
            &["Lantern Lantern Lantern", "Brown"],
        ),
        (
            "words of no weight at all",
            Some("Lantern b Lantern d"),
            &["Ada Clara Anna", "Brown"],
        ),
        (
            "words of Lantern weight at all",
            Some("a b c d"),
            &["Ada Clara Anna", "Brown"],
        ),
        (
            "words of no weight at all",
            Some("a b c d"),
            &["Lantern Clara Anna", "Brown"],
        ),
        (
            "words of no weight at all",
            Some("a b c d"),
            &["Lantern Lantern Anna", "Brown"],
        ),
    ];
    books.extend([("nothing", None, &["Nobody"] as &[&str]); 20]);
    let connection = shop_of(&books);
    let mut statement = connection
        .prepare("SELECT rowid FROM book_search WHERE book_search MATCH 'lantern' ORDER BY bm25(book_search, 10, 5, 1), rowid")
        .expect("the index has three columns");
    let expected: Vec<i64> = statement
        .query_map([], |row| row.get(0))
        .expect("no parameters")
        .collect::<rusqlite::Result<_>>()
        .expect("ids");
    assert_eq!(
        found(&connection, "lantern"),
        expected,
        "in the order of bm25 with these weights"
    );
}

/// A snippet shows what was found between brackets, with a few words around; the hit has the book's whole title.
#[test]
fn a_snippet_shows_what_was_found() {
    let long = "one two three four five six seven eight nine ten eleven twelve Lantern fourteen fifteen sixteen";
    let connection = shop_of(&[
        (long, None, &["Nobody"]),
        ("Short", Some("The Lanterns of Émile"), &["Nobody"]),
        (" Plain ", None, &["Lantern, Ada", "Brown"]),
        ("Q&A: <b>\"Lantern\"</b>", None, &["Nobody"]),
    ]);
    let hits = search(&connection, "lantern", 10).expect("an index");
    assert_eq!(hits.len(), 4, "hits: {hits:#?}");
    for hit in &hits {
        let (title, expected) = match hit.book_id {
            1 => (long, "…"),
            2 => ("Short", "The [Lanterns] of Émile"),
            // Making it harmless for HTML is the work of whoever makes HTML.
            4 => ("Q&A: <b>\"Lantern\"</b>", "Q&A: <b>\"[Lantern]\"</b>"),
            _ => (" Plain ", "[Lantern], Ada Brown"),
        };
        assert_eq!(hit.title, title, "the title of book {}", hit.book_id);
        if hit.book_id == 1 {
            assert!(
                hit.snippet.contains("[Lantern]"),
                "what was found: {:?}",
                hit.snippet
            );
            assert!(
                hit.snippet.starts_with(expected),
                "words are left out: {:?}",
                hit.snippet
            );
            let words = hit.snippet.split_whitespace().count();
            assert_eq!(words, 8, "words of the snippet {:?}", hit.snippet);
        } else {
            assert_eq!(hit.snippet, expected, "the snippet of book {}", hit.book_id);
        }
    }
}

/// The index agrees with the tables after each rebuilding: no book twice, none that is gone, names as they are now. The tables
/// themselves stay as they are.
#[test]
fn rebuilding_makes_the_index_agree() {
    let mut connection = shop::with(
        "INSERT INTO books (id, isbn, title, series, cents) VALUES (4, '4', 'Emma', NULL, 1), (9, '9', 'Persuasion', 'Classics', 1);
         INSERT INTO authors VALUES (1, 'Jane Austen'), (2, 'Somebody Else');
         INSERT INTO book_authors VALUES (4, 1, 1), (4, 2, 2), (9, 1, 1);",
    );
    for _ in 0..3 {
        rebuild(&mut connection).expect("tables");
    }
    assert!(
        connection.is_autocommit(),
        "a transaction is still open afterwards"
    );
    let rows = number(&connection, "SELECT count(*) FROM book_search");
    assert_eq!(rows, 2, "rows of the index after three rebuildings");
    assert_finds(&connection, "austen", &[4, 9]);
    assert_finds(&connection, "jane somebody", &[4]);
    let named = number(
        &connection,
        "SELECT sum(rowid) FROM book_search WHERE series <> ''",
    );
    assert_eq!(named, 9, "the book with a series, in the index");
    connection
        .execute_batch(
            "UPDATE books SET title = 'Sanditon' WHERE id = 9;
             UPDATE authors SET name = 'J. A.' WHERE id = 1;
             DELETE FROM book_authors WHERE book_id = 4;
             DELETE FROM books WHERE id = 4;
             INSERT INTO books (id, isbn, title, cents) VALUES (12, '12', 'Emma', 1);",
        )
        .expect("changes");
    rebuild(&mut connection).expect("tables");
    for (typed, expected) in [
        ("persuasion", vec![]),
        ("sanditon", vec![9]),
        ("austen", vec![]),
        ("emma", vec![12]),
        ("classics", vec![9]),
    ] {
        assert_finds(&connection, typed, &expected);
    }
    let books = number(&connection, "SELECT count(*) FROM books");
    assert_eq!(books, 2, "books afterwards");
}

/// Rebuilding is one transaction: visitors find the old index or the new one, and when it fails the old one is still there.
#[test]
fn rebuilding_is_all_or_nothing() {
    let mut connection =
        shop::with("INSERT INTO books (id, isbn, title, cents) VALUES (1, '1', 'Emma', 1);");
    rebuild(&mut connection).expect("tables");
    let watch = Watch::over(&mut connection);
    rebuild(&mut connection).expect("tables");
    assert_eq!(
        watch.commits(),
        1,
        "transactions committed by one rebuilding"
    );
    connection
        .execute_batch("ALTER TABLE authors RENAME TO writers")
        .expect("another name");
    let broken = rebuild(&mut connection);
    assert!(broken.is_err(), "no table of authors: {broken:?}");
    assert!(
        connection.is_autocommit(),
        "a transaction is still open after the error"
    );
    assert_finds(&connection, "emma", &[1]);
}

/// A search is one statement, and no word of the visitor is a part of it. Without an index there is an error.
#[test]
fn a_search_is_one_statement() {
    let mut connection = small_shop();
    let watch = Watch::over(&mut connection);
    search(&connection, "SEVENTEEN peace", 70_717).expect("an index");
    let asked: Vec<String> = watch
        .statements()
        .into_iter()
        // FTS5 runs statements of its own, on tables whose names begin with that of the index.
        .filter(|statement| {
            statement.contains("book_search") && !statement.contains("book_search_")
        })
        .collect();
    assert_eq!(asked.len(), 1, "statements that search: {asked:#?}");
    for value in ["SEVENTEEN", "70717"] {
        watch.assert_no_sql_contains(value);
    }
    let mut broken = shop::empty();
    rebuild(&mut broken).expect("tables");
    broken
        .execute(
            "INSERT INTO book_search (rowid, authors) VALUES (7, 'Ghost')",
            [],
        )
        .expect("a row without a title");
    let unreadable = search(&broken, "ghost", 5);
    assert!(unreadable.is_err(), "a hit without a title: {unreadable:?}");
    let nothing = shop::empty();
    assert!(search(&nothing, "peace", 5).is_err(), "no index");
}
