use std::cell::RefCell;
use std::sync::atomic::Ordering;

use data_flow::repositories::{
    Book, Books, MemoryBooks, NewBook, PAGE, SqliteBooks, StoreError, low_stock,
};
use support::Seeded;
use support::database::TempDatabase;

use crate::shop::{before_statement, impatient, in_a_file, put, rows, shared, take};

/// Both stores, empty, each with its name: one suite of tests for both.
fn stores() -> [(&'static str, Box<dyn Books>); 2] {
    let sqlite =
        SqliteBooks::new(support::database::in_memory()).expect("a table in an empty database");
    [
        ("MemoryBooks", Box::new(MemoryBooks::new())),
        ("SqliteBooks", Box::new(sqlite)),
    ]
}

fn book(isbn: &str, title: &str, stock: u32) -> NewBook {
    NewBook {
        isbn: isbn.to_owned(),
        title: title.to_owned(),
        cents: 999,
        stock,
    }
}

fn stored(id: i64, book: &NewBook) -> Book {
    Book {
        id,
        isbn: book.isbn.clone(),
        title: book.title.clone(),
        cents: book.cents,
        stock: book.stock,
    }
}

/// The answer, as a text that can be compared.
fn said<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(StoreError::Failed(_)) => "failed".to_owned(),
        Err(StoreError::IsbnTaken) => "another book has this ISBN".to_owned(),
        Err(StoreError::TooMany) => "there are too many copies".to_owned(),
    }
}

/// A book as it can be compared: id, ISBN, title, cents, copies.
type Row = (i64, String, String, u32, u32);

fn row(book: &Book) -> Row {
    let (isbn, title) = (book.isbn.clone(), book.title.clone());
    (book.id, isbn, title, book.cents, book.stock)
}

fn all_of(books: &[Book]) -> Vec<Row> {
    books.iter().map(row).collect()
}

#[track_caller]
fn add(store: &mut dyn Books, book: &NewBook) -> i64 {
    store
        .add(book)
        .unwrap_or_else(|error| panic!("{book:?}: {error}"))
}

#[track_caller]
fn all(store: &dyn Books) -> Vec<Row> {
    all_of(&store.page(0, u32::MAX).expect("a page"))
}

/// What is added is found by its ISBN, byte for byte, and by no other.
#[test]
fn what_is_added_is_found() {
    for (name, mut store) in stores() {
        let long = "ä".repeat(10_000);
        let mut books = Vec::new();
        for (place, title) in [
            "O'Brien's \"Emma\"",
            "'); DROP TABLE catalogue; --",
            "  spaces ",
            "before\0after",
            "",
            "戦争と平和 🦀",
            "\t two lines\r\nand an end\n",
            &long,
        ]
        .into_iter()
        .enumerate()
        {
            let mut new = book(&format!("978{place}"), title, 0);
            (new.cents, new.stock) = (u32::MAX, u32::MAX);
            books.push(stored(add(&mut *store, &new), &new));
        }
        for isbn in ["X", "x", " x", "x\0", ""] {
            let new = book(isbn, "Emma", 3);
            books.push(stored(add(&mut *store, &new), &new));
        }
        for book in &books {
            let found = store.by_isbn(&book.isbn).expect("a store");
            let expected = Some(row(book));
            assert_eq!(found.as_ref().map(row), expected, "{name}: {:?}", book.isbn);
        }
        assert_eq!(all(&*store), all_of(&books), "{name}: all books by id");
        for isbn in ["97", "9780 ", "97%", "____", "' OR 1 = 1 --"] {
            let found = store.by_isbn(isbn).expect("a store");
            assert!(
                found.is_none(),
                "{name}: no book has the ISBN {isbn:?}: {found:?}"
            );
        }
    }
}

/// An ISBN that is there is refused, and the book that has it stays as it is.
#[test]
fn an_isbn_is_there_once() {
    for (name, mut store) in stores() {
        let emma = book("978", "Emma", 3);
        let id = add(&mut *store, &emma);
        let again = store.add(&book("978", "Persuasion", 9));
        assert_eq!(
            said(&again),
            "another book has this ISBN",
            "{name}: the same ISBN again"
        );
        assert_eq!(all(&*store), [row(&stored(id, &emma))], "{name}: the books");
    }
}

/// An id is larger than all that were given before, those of removed books too.
#[test]
fn an_id_is_never_given_again() {
    for (name, mut store) in stores() {
        let mut values = support::seeded(0x0644);
        let mut largest = 0;
        for round in 0..12 {
            let mut isbns = ["1", "2", "3"][..round % 3 + 1].to_vec();
            for isbn in &isbns {
                let id = add(&mut *store, &book(isbn, "Emma", 0));
                assert!(
                    id > largest,
                    "{name}: id {id} after {largest}, in round {round}"
                );
                largest = id;
            }
            values.shuffle(&mut isbns);
            for isbn in isbns {
                let removed = store.remove(isbn).expect("a store");
                assert!(removed, "{name}: book {isbn} was there");
            }
        }
        let left = all(&*store);
        assert!(left.is_empty(), "{name}: all were removed: {left:?}");
    }
}

/// Titles are found by a part of them, in any case of ASCII letters, ordered by title and id, up to the limit.
#[test]
fn titles_are_found_by_a_part() {
    for (name, mut store) in stores() {
        let titles = [
            "Zebra",
            "apple",
            "Apple",
            "Ärger",
            "ärger",
            "100 % wool",
            "100 miles",
            "a_b",
            "axb",
            "apple",
            "a\0zebra",
            "",
            "back\\slash",
        ];
        for (place, title) in titles.into_iter().enumerate() {
            add(&mut *store, &book(&place.to_string(), title, 0));
        }
        for (part, limit, expected) in [
            ("APPLE", 9, vec!["Apple", "apple", "apple"]),
            ("ple", 2, vec!["Apple", "apple"]),
            ("zebra", 9, vec!["Zebra", "a\0zebra"]),
            ("%", 9, vec!["100 % wool"]),
            ("_", 9, vec!["a_b"]),
            ("\\", 9, vec!["back\\slash"]),
            ("ä", 9, vec!["ärger"]),
            ("Ä", 9, vec!["Ärger"]),
            ("RGER", 9, vec!["Ärger", "ärger"]),
            ("pear", 9, vec![]),
            ("7", 9, vec![]),
            ("", 3, vec!["", "100 % wool", "100 miles"]),
            ("apple", 0, vec![]),
        ] {
            let found = store.find(part, limit).expect("a store");
            let titles: Vec<&str> = found.iter().map(|book| book.title.as_str()).collect();
            assert_eq!(titles, expected, "{name}: {part:?}, {limit} at most");
        }
        let ids: Vec<String> = store
            .find("apple", u32::MAX)
            .expect("a store")
            .into_iter()
            .map(|book| book.isbn)
            .collect();
        assert_eq!(ids, ["2", "1", "9"], "{name}: equal titles by id");
    }
}

/// A page goes on behind an id, and is no longer than its limit.
#[test]
fn a_page_goes_on_behind_an_id() {
    for (name, mut store) in stores() {
        let ids: Vec<i64> = (0..7)
            .map(|place| add(&mut *store, &book(&place.to_string(), "Emma", 0)))
            .collect();
        store.remove("3").expect("a store");
        for (after, limit, expected) in [
            (0, 3, vec![0, 1, 2]),
            (ids[1], 3, vec![2, 4, 5]),
            (ids[3], 9, vec![4, 5, 6]),
            (ids[6], 9, vec![]),
            (ids[0], 0, vec![]),
            (i64::MAX, 9, vec![]),
            (i64::MIN, u32::MAX, vec![0, 1, 2, 4, 5, 6]),
        ] {
            let page = store.page(after, limit).expect("a store");
            let found: Vec<i64> = page.iter().map(|book| book.id).collect();
            let expected: Vec<i64> = expected
                .into_iter()
                .map(|place: usize| ids[place])
                .collect();
            assert_eq!(found, expected, "{name}: behind {after}, {limit} at most");
        }
    }
}

/// Copies are taken to the last one and put back up to the largest number; what does not fit changes nothing.
#[test]
fn copies_go_out_and_in() {
    for (name, mut store) in stores() {
        add(&mut *store, &book("1", "Emma", 5));
        add(&mut *store, &book("2", "Emma", 5));
        // Only exactly this ISBN is this book's.
        add(&mut *store, &book("97 x", "Emma", 5));
        for isbn in [
            "97 X", " 97 x", "97 x ", "97 x\0", "97x", "97%", "9___", "97", "",
        ] {
            let answers = [
                said(&store.take(isbn, 1)),
                said(&store.put(isbn, 1)),
                said(&store.remove(isbn)),
            ];
            assert_eq!(
                answers,
                ["None", "None", "false"],
                "{name}: take, put and remove of {isbn:?}, which no book has"
            );
        }
        for (isbn, copies, expected) in [
            ("1", 2, "Some(3)"),
            ("1", 4, "None"),
            ("1", u32::MAX, "None"),
            ("1", 3, "Some(0)"),
            ("1", 1, "None"),
            ("1", 0, "Some(0)"),
            ("3", 0, "None"),
        ] {
            let answer = store.take(isbn, copies);
            assert_eq!(said(&answer), expected, "{name}: {copies} taken of {isbn}");
        }
        for (isbn, copies, expected) in [
            ("1", 7, "Some(7)"),
            ("1", u32::MAX, "there are too many copies"),
            ("1", u32::MAX - 6, "there are too many copies"),
            ("1", 0, "Some(7)"),
            ("1", u32::MAX - 7, "Some(4294967295)"),
            ("1", 1, "there are too many copies"),
            ("3", 1, "None"),
        ] {
            let answer = store.put(isbn, copies);
            assert_eq!(said(&answer), expected, "{name}: {copies} put to {isbn}");
        }
        let stocks: Vec<u32> = all(&*store).into_iter().map(|(.., stock)| stock).collect();
        assert_eq!(stocks, [u32::MAX, 5, 5], "{name}: the copies at last");
    }
}

/// One of some ISBNs, so that they meet.
fn some_isbn(values: &mut Seeded) -> String {
    values.number(0..12).to_string()
}

/// Whatever the shop does, both stores answer as a plain list would.
#[test]
fn both_stores_answer_alike() {
    let mut values = support::seeded(0x0641);
    for (name, mut store) in stores() {
        let mut model: Vec<Book> = Vec::new();
        for step in 0..400 {
            let isbn = some_isbn(&mut values);
            let copies = u32::try_from(values.number(0..9)).expect("below 9");
            let place = model.iter().position(|book| book.isbn == isbn);
            match values.number(0..6) {
                0 | 1 => {
                    let new = book(&isbn, &values.word(0..4), copies);
                    let added = store.add(&new);
                    if place.is_some() {
                        assert_eq!(
                            said(&added),
                            "another book has this ISBN",
                            "{name}, step {step}: {isbn} added again"
                        );
                    } else {
                        let id =
                            added.unwrap_or_else(|error| panic!("{name}, step {step}: {error}"));
                        model.push(stored(id, &new));
                    }
                }
                2 => {
                    let expected = place.and_then(|place| model[place].stock.checked_sub(copies));
                    let answer = store.take(&isbn, copies).expect("a store");
                    assert_eq!(
                        answer, expected,
                        "{name}, step {step}: {copies} taken of {isbn}"
                    );
                    if let (Some(place), Some(left)) = (place, answer) {
                        model[place].stock = left;
                    }
                }
                3 => {
                    let expected = place.map(|place| model[place].stock + copies);
                    let answer = store.put(&isbn, copies).expect("a store");
                    assert_eq!(
                        answer, expected,
                        "{name}, step {step}: {copies} put to {isbn}"
                    );
                    if let (Some(place), Some(stock)) = (place, answer) {
                        model[place].stock = stock;
                    }
                }
                4 => {
                    let removed = store.remove(&isbn).expect("a store");
                    assert_eq!(
                        removed,
                        place.is_some(),
                        "{name}, step {step}: {isbn} removed"
                    );
                    model.retain(|book| book.isbn != isbn);
                }
                _ => {
                    let part = values.word(0..2);
                    let mut expected: Vec<Book> = model
                        .iter()
                        .filter(|book| {
                            book.title
                                .to_ascii_lowercase()
                                .contains(&part.to_ascii_lowercase())
                        })
                        .cloned()
                        .collect();
                    expected
                        .sort_by(|one, other| (&one.title, one.id).cmp(&(&other.title, other.id)));
                    expected.truncate(copies as usize);
                    let found = store.find(&part, copies).expect("a store");
                    assert_eq!(
                        all_of(&found),
                        all_of(&expected),
                        "{name}, step {step}: {part:?}, {copies} at most"
                    );
                }
            }
            assert_eq!(
                all(&*store),
                all_of(&model),
                "{name}: all books after step {step}"
            );
        }
    }
}

/// What is in the database outlives the store, and others who open the file see it at once.
#[test]
fn a_database_outlives_its_store() {
    let database = TempDatabase::new();
    let open = || SqliteBooks::new(database.connect()).expect("a table");
    let (mut store, mut other) = (open(), open());
    let emma = book("978", "Emma", 3);
    let id = add(&mut store, &emma);
    let last = add(&mut store, &book("979", "Persuasion", 0));
    assert_eq!(
        other.by_isbn("978").expect("a store").as_ref().map(row),
        Some(row(&stored(id, &emma))),
        "another store on the same file"
    );
    // What was read once is read again: the other store may have changed it.
    let before = store.by_isbn("978").expect("a store");
    assert_eq!(
        before.as_ref().map(row),
        Some(row(&stored(id, &emma))),
        "the book before"
    );
    other.take("978", 2).expect("a store");
    let after = store.by_isbn("978").expect("a store");
    assert_eq!(
        after.map(|book| book.stock),
        Some(1),
        "copies, after the other store took 2 of 3"
    );
    other.put("978", 2).expect("a store");
    store.remove("979").expect("a store");
    drop((store, other));
    let mut store = open();
    assert_eq!(
        all(&store),
        [row(&stored(id, &emma))],
        "the books after opening the file again"
    );
    let next = add(&mut store, &book("980", "Sanditon", 0));
    assert!(
        next > last,
        "id {next} after {last}, whose book was removed before the file was opened again"
    );
}

/// Two stores on one file sell the last copy once, and give an ISBN once, whatever comes between two statements.
#[test]
fn two_stores_on_one_file_agree() {
    for place in 0.. {
        let (database, mut connection) = in_a_file();
        let mut other = SqliteBooks::new(impatient(&database)).expect("a table");
        add(&mut other, &book("978", "Emma", 1));
        let got = shared();
        let note = got.clone();
        let statements = before_statement(&mut connection, place, move || {
            let taken = other.take("978", 1);
            put(
                &note,
                (
                    said(&taken),
                    said(&other.put("978", 0)),
                    other.add(&book("979", "", 0)).is_ok(),
                ),
            );
        });
        let mut store = SqliteBooks::new(connection).expect("a table");
        let mine = said(&store.take("978", 1));
        let mine_added = said(&store.add(&book("979", "Persuasion", 0)));
        let Some((theirs, _, added)) = take(&got) else {
            assert!(
                place >= statements.load(Ordering::SeqCst),
                "the other store came in"
            );
            break;
        };
        let sold = [&mine, &theirs]
            .into_iter()
            .filter(|said| **said == "Some(0)")
            .count();
        assert_eq!(
            sold, 1,
            "the last copy, before statement {place}: {mine} and {theirs}"
        );
        if added {
            assert_eq!(
                mine_added, "another book has this ISBN",
                "an ISBN that the other store gave before statement {place}"
            );
        }
    }
}

/// A store that is broken says so; it does not look empty.
#[test]
fn a_broken_store_is_not_an_empty_one() {
    let database = TempDatabase::new();
    let mut store = SqliteBooks::new(database.connect()).expect("a table");
    add(&mut store, &book("978", "Emma", 1));
    let vandal = database.connect();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    for table in rows(&vandal, tables) {
        vandal
            .execute_batch(&format!("DROP TABLE \"{table}\""))
            .expect("nobody uses the table");
    }
    let answers = [
        ("add", said(&store.add(&book("979", "", 0)))),
        ("by_isbn", said(&store.by_isbn("978"))),
        ("find", said(&store.find("", 9))),
        ("page", said(&store.page(0, 9))),
        ("take", said(&store.take("978", 1))),
        ("put", said(&store.put("978", 1))),
        ("remove", said(&store.remove("978"))),
        ("low_stock", said(&low_stock(&store, 9))),
    ];
    for (what, answer) in answers {
        assert_eq!(answer, "failed", "{what} without a table");
    }
    let locked = database.connect();
    locked
        .pragma_update(None, "query_only", true)
        .expect("SQLite takes the pragma");
    assert!(
        SqliteBooks::new(locked).is_err(),
        "a database that only reads, and has no table"
    );
}

/// What the database refuses for another reason is a failure, and neither a taken ISBN nor too many copies.
#[test]
fn what_else_is_refused_is_a_failure() {
    let database = TempDatabase::new();
    let mut store = SqliteBooks::new(database.connect()).expect("a table");
    add(&mut store, &book("978", "Emma", 1));
    let before = all(&store);
    database
        .connect()
        .execute_batch(
            "CREATE TRIGGER no_more BEFORE INSERT ON catalogue BEGIN SELECT RAISE (ABORT, 'closed'); END;
             CREATE TRIGGER no_change BEFORE UPDATE ON catalogue BEGIN SELECT RAISE (ABORT, 'closed'); END;
             CREATE TRIGGER no_end BEFORE DELETE ON catalogue BEGIN SELECT RAISE (ABORT, 'closed'); END;",
        )
        .expect("triggers on the store's table");
    let answers = [
        ("add", said(&store.add(&book("979", "Persuasion", 1)))),
        ("take", said(&store.take("978", 1))),
        ("put", said(&store.put("978", 1))),
        ("remove", said(&store.remove("978"))),
    ];
    for (what, answer) in answers {
        assert_eq!(answer, "failed", "{what}, which a trigger refuses");
    }
    assert_eq!(all(&store), before, "the books afterwards");
}

/// A row that is no book is a failure of whoever reads it, and not left out.
#[test]
fn a_row_that_does_not_fit_is_not_left_out() {
    let database = TempDatabase::new();
    let mut store = SqliteBooks::new(database.connect()).expect("a table");
    let mut emma = book("978", "Emma", 1);
    emma.cents = 987_654_321;
    add(&mut store, &emma);
    add(&mut store, &book("979", "Persuasion", 1));
    let vandal = database.connect();
    let columns = rows(&vandal, "SELECT name FROM pragma_table_info('catalogue')");
    for column in columns {
        vandal
            .execute(
                &format!("UPDATE catalogue SET \"{column}\" = -1 WHERE \"{column}\" = 987654321"),
                [],
            )
            .expect("a price below zero, put there by somebody else");
    }
    let answers = [
        ("by_isbn", said(&store.by_isbn("978"))),
        ("find", said(&store.find("", 9))),
        ("page", said(&store.page(0, 9))),
        ("low_stock", said(&low_stock(&store, 9))),
    ];
    for (what, answer) in answers {
        assert_eq!(answer, "failed", "{what}, with a price of -1 in the table");
    }
}

/// A third store, which only has pages. It notes what it is asked for, and fails at one of the pages. Its own pages may be
/// shorter than what is asked for.
struct Pages {
    books: Vec<Book>,
    at_most: usize,
    asked: RefCell<Vec<(i64, u32)>>,
    fails_at: usize,
}

impl Books for Pages {
    fn add(&mut self, _: &NewBook) -> Result<i64, StoreError> {
        Err(StoreError::Failed("no add here".into()))
    }

    fn by_isbn(&self, _: &str) -> Result<Option<Book>, StoreError> {
        Err(StoreError::Failed("no by_isbn here".into()))
    }

    fn find(&self, _: &str, _: u32) -> Result<Vec<Book>, StoreError> {
        Err(StoreError::Failed("no find here".into()))
    }

    fn page(&self, after: i64, limit: u32) -> Result<Vec<Book>, StoreError> {
        let mut asked = self.asked.borrow_mut();
        asked.push((after, limit));
        if asked.len() > self.fails_at {
            return Err(StoreError::Failed("the network is down".into()));
        }
        let behind = self.books.iter().filter(|book| book.id > after);
        let limit = self.at_most.min(limit as usize);
        Ok(behind.take(limit).cloned().collect())
    }

    fn take(&mut self, _: &str, _: u32) -> Result<Option<u32>, StoreError> {
        Err(StoreError::Failed("no take here".into()))
    }

    fn put(&mut self, _: &str, _: u32) -> Result<Option<u32>, StoreError> {
        Err(StoreError::Failed("no put here".into()))
    }

    fn remove(&mut self, _: &str) -> Result<bool, StoreError> {
        Err(StoreError::Failed("no remove here".into()))
    }
}

/// So many books, with gaps between their ids.
fn pages(count: usize, values: &mut Seeded) -> Pages {
    let mut id = 0;
    let books = (0..count).map(|place| {
        id += i64::try_from(values.number(1..5)).expect("a gap");
        let stock = u32::try_from(values.number(0..9)).expect("a stock");
        stored(id, &book(&place.to_string(), "Emma", stock))
    });
    Pages {
        books: books.collect(),
        at_most: PAGE as usize,
        asked: RefCell::default(),
        // So that whoever never comes to an end does.
        fails_at: 50,
    }
}

/// What runs low is found in every store, however many books there are, and never more than a page is asked for.
#[test]
fn low_stock_goes_page_by_page() {
    let mut values = support::seeded(0x0642);
    let page = PAGE as usize;
    for count in [0, 1, page - 1, page, page + 1, 2 * page, 3 * page + 17] {
        let mut store = pages(count, &mut values);
        for (below, at_most) in [
            (0, page),
            (1, page),
            (5, page),
            (u32::MAX, page),
            (5, page / 2),
            (5, page / 3),
        ] {
            store.at_most = at_most;
            let expected: Vec<String> = store
                .books
                .iter()
                .filter(|book| book.stock < below)
                .map(|book| book.isbn.clone())
                .collect();
            store.asked.borrow_mut().clear();
            let low: Vec<String> = low_stock(&store, below).expect("a store");
            assert_eq!(
                low, expected,
                "fewer than {below} copies, of {count} books, from a store that gives {at_most} at a time"
            );
            let asked = store.asked.borrow();
            assert!(
                asked.iter().all(|&(_, limit)| limit <= PAGE),
                "pages of {count} books, behind which id and how long: {asked:?}"
            );
            assert!(
                asked.len() <= count / at_most + 2,
                "{} pages were asked for, of {count} books",
                asked.len()
            );
        }
    }
    for (name, mut store) in stores() {
        for (isbn, stock) in [("1", 4), ("2", 5), ("3", 0)] {
            add(&mut *store, &book(isbn, "Emma", stock));
        }
        let last = all(&*store).last().map_or(0, |book| book.0);
        let behind = store.page(last, 1).expect("a store");
        assert!(
            behind.is_empty(),
            "{name}: nothing is behind the last book: {behind:?}"
        );
        let low = low_stock(&*store, 5).expect("a store");
        assert_eq!(low, ["1", "3"], "{name}: fewer than 5 copies");
    }
}

/// When the store fails half way, that is the answer, and not what was found until then.
#[test]
fn low_stock_hands_an_error_on() {
    let mut values = support::seeded(0x0643);
    for fails_at in [0, 1, 2] {
        let mut store = pages(3 * PAGE as usize, &mut values);
        store.fails_at = fails_at;
        let answer = low_stock(&store, 9);
        let answer = match answer {
            Err(StoreError::Failed(error)) => error.to_string(),
            other => said(&other),
        };
        assert_eq!(
            answer, "the network is down",
            "a store that fails after {fails_at} pages"
        );
    }
}
