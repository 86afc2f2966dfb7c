use databases::given::{Book, NewBook};
use databases::queries::{
    find_by_isbn, in_series, newest, priced_between, stock_of, title_contains,
};
use rusqlite::Connection;

use crate::shop::{self, Watch};

/// Indexes that nobody needs. With them SQLite meets books of one title or price in another order than that of the ids.
const ODD_INDEXES: &str = "
    CREATE INDEX odd_prices ON books (cents, title, stock, isbn);
    CREATE INDEX odd_series ON books (series, title, stock, isbn);
    CREATE INDEX odd_titles ON books (title, stock, isbn, series, cents);
";

/// A shop with these books, on a connection that only reads, and the books as they stand in it.
fn shop_of(books: &[NewBook]) -> (Connection, Vec<Book>) {
    let connection = shop::with(ODD_INDEXES);
    let stored = books
        .iter()
        .map(|book| Book {
            id: shop::store(&connection, book),
            isbn: book.isbn.clone(),
            title: book.title.clone(),
            series: book.series.clone(),
            cents: book.cents,
            stock: book.stock,
        })
        .collect();
    (shop::read_only(connection), stored)
}

/// Books whose titles, series and prices collide, in a random order.
fn random_books(seed: u64, count: usize) -> Vec<NewBook> {
    let mut values = support::seeded(seed);
    let series = [
        None,
        Some(""),
        Some("Classics"),
        Some("classics"),
        Some("NULL"),
        Some(" Classics"),
        Some("Classics "),
    ];
    (0..count)
        .map(|place| NewBook {
            // Three digits of the place, so that no two are the same.
            isbn: format!("9{:09}{place:03}", values.number(0..1_000_000_000)),
            title: (*values.pick(&["a", "B", "e", "E", "be", "Be", "É", "é", "z", ""])).to_owned(),
            series: values.pick(&series).map(str::to_owned),
            cents: u32::try_from(values.number(0..6)).expect("below 6") * 250,
            stock: u32::try_from(values.number(0..10)).expect("below 10"),
        })
        .collect()
}

fn titles(books: &[Book]) -> Vec<&str> {
    books.iter().map(|book| book.title.as_str()).collect()
}

/// A book is found by its whole ISBN, with all that is known of it; any other text finds none, and is no error.
#[test]
fn a_book_is_found_by_its_isbn() {
    let (connection, stored) = shop_of(&random_books(0x0521, 60));
    for book in &stored {
        let found: Option<Book> = find_by_isbn(&connection, &book.isbn).expect("a table");
        assert_eq!(found.as_ref(), Some(book), "by {}", book.isbn);
    }
    let known = &stored[0].isbn;
    for text in [
        "",
        "0",
        "' OR '1' = '1",
        "%",
        "_____________",
        "\0",
        &known[..12],
        &format!("{known} "),
        &format!("{known}\0"),
        &format!("{known}0"),
    ] {
        let found = find_by_isbn(&connection, text).expect("a table");
        assert_eq!(found, None, "by {text:?}");
    }
}

/// An ISBN is a text like any other: capitals, zeros and spaces tell one from another.
#[test]
fn an_isbn_is_taken_as_it_is() {
    let isbns = ["020x", "020X", "20x", " 020x", "020x ", "020", "20"];
    let books: Vec<NewBook> = isbns.iter().map(|isbn| shop::book(isbn, "Emma")).collect();
    let (connection, stored) = shop_of(&books);
    for book in &stored {
        let found = find_by_isbn(&connection, &book.isbn).expect("a table");
        assert_eq!(found.as_ref(), Some(book), "by {:?}", book.isbn);
    }
    let (connection, _) = shop_of(&books[..1]);
    let stock = stock_of(&connection, &isbns).expect("a table");
    assert_eq!(
        stock,
        [Some(5), None, None, None, None, None, None],
        "the stock of {isbns:?} in a shop that has the first one only"
    );
}

/// "There is none" is one thing, "it cannot be read" another: a missing table and a price of -1 are errors.
#[test]
fn an_error_is_not_an_answer() {
    let connection = shop::with(
        "INSERT INTO books (isbn, title, cents) VALUES ('9780141439587', 'Emma', 500), ('9780141439518', 'Emma', -1);",
    );
    let connection = shop::read_only(connection);
    let unreadable = find_by_isbn(&connection, "9780141439518");
    assert!(unreadable.is_err(), "a book of -1 cents: {unreadable:?}");
    let unreadable = in_series(&connection, None);
    assert!(
        unreadable.is_err(),
        "with a book of -1 cents: {unreadable:?}"
    );
    let unreadable = title_contains(&connection, "Emma");
    assert!(
        unreadable.is_err(),
        "with a book of -1 cents: {unreadable:?}"
    );
    let unreadable = newest(&connection, 2);
    assert!(
        unreadable.is_err(),
        "with a book of -1 cents: {unreadable:?}"
    );
    let readable = priced_between(&connection, 0, 1000).map(|books| books.len());
    assert_eq!(readable.ok(), Some(1), "books from 0 to 1000 cents");

    let nothing = support::database::in_memory();
    assert!(
        find_by_isbn(&nothing, "1").is_err(),
        "no table: find_by_isbn"
    );
    assert!(
        priced_between(&nothing, 0, 9).is_err(),
        "no table: priced_between"
    );
    assert!(in_series(&nothing, None).is_err(), "no table: in_series");
    assert!(
        title_contains(&nothing, "").is_err(),
        "no table: title_contains"
    );
    assert!(stock_of(&nothing, &["1"]).is_err(), "no table: stock_of");
    assert!(newest(&nothing, 1).is_err(), "no table: newest");

    let unreadable = find_by_isbn(&shop::unreadable(), "2");
    assert!(
        unreadable.is_err(),
        "a title that is no text: {unreadable:?}"
    );

    let broken = shop::with(
        "INSERT INTO books (isbn, title, cents, stock) VALUES ('1', 'Emma', 5, -1), ('2', 'Emma', 5, 1);",
    );
    let unreadable = stock_of(&broken, &["2", "1"]);
    assert!(unreadable.is_err(), "a stock of -1: {unreadable:?}");
    let unreadable = priced_between(&broken, 0, 9);
    assert!(unreadable.is_err(), "with a stock of -1: {unreadable:?}");
}

/// Both ends of a range of prices belong to it. Cheap comes before dear, then the title decides, then the id.
#[test]
fn a_range_has_both_ends_and_an_order() {
    let (connection, stored) = shop_of(&random_books(0x0522, 200));
    for (low, high) in [
        (250, 750),
        (251, 749),
        (0, 0),
        (500, 500),
        (1250, u32::MAX),
        (0, u32::MAX),
        (1251, 5000),
        (750, 250),
    ] {
        let mut expected: Vec<Book> = stored
            .iter()
            .filter(|book| low <= book.cents && book.cents <= high)
            .cloned()
            .collect();
        expected.sort_by(|a, b| (a.cents, &a.title, a.id).cmp(&(b.cents, &b.title, b.id)));
        let found: Vec<Book> = priced_between(&connection, low, high).expect("a table");
        assert_eq!(found, expected, "from {low} to {high} cents");
    }
}

/// A series has exactly its name; no name finds the books without one, which are others than those with an empty name.
#[test]
fn no_series_can_be_asked_for() {
    let (connection, stored) = shop_of(&random_books(0x0523, 200));
    for series in [
        None,
        Some(""),
        Some("Classics"),
        Some("classics"),
        Some("NULL"),
        Some(" Classics"),
        Some("Classics "),
        Some("Classic"),
        Some("' OR 1 --"),
    ] {
        let mut expected: Vec<Book> = stored
            .iter()
            .filter(|book| book.series.as_deref() == series)
            .cloned()
            .collect();
        expected.sort_by(|a, b| (&a.title, a.id).cmp(&(&b.title, b.id)));
        let found: Vec<Book> = in_series(&connection, series).expect("a table");
        assert_eq!(found, expected, "in the series {series:?}");
    }
}

/// A part of a title finds it, in capital or small ASCII letters. What a pattern would take for a sign stands for itself.
#[test]
fn a_part_of_a_title_is_taken_as_it_is() {
    let all = [
        "100 % Wool",
        "1000 Ways",
        "C:\\Users",
        "Emma",
        "Gemma_Doyle",
        "GemmaxDoyle",
        "Q*Bert",
        "Quebert",
        "[a-z]",
        "before\0after",
        "before them",
        "É clair",
        "éclair",
        "戦争と平和",
    ];
    let books: Vec<NewBook> = all
        .iter()
        .zip(100..)
        .map(|(title, place)| {
            let mut book = shop::book(&format!("9780000000{place}"), title);
            book.series = Some("Emma, é % _".to_owned());
            book
        })
        .collect();
    let (connection, _) = shop_of(&books);
    for (text, expected) in [
        ("", all.to_vec()),
        ("emma", vec!["Emma", "Gemma_Doyle", "GemmaxDoyle"]),
        ("EMMA", vec!["Emma", "Gemma_Doyle", "GemmaxDoyle"]),
        ("a_D", vec!["Gemma_Doyle"]),
        ("0 %", vec!["100 % Wool"]),
        ("%", vec!["100 % Wool"]),
        ("_", vec!["Gemma_Doyle"]),
        ("\\", vec!["C:\\Users"]),
        ("\\u", vec!["C:\\Users"]),
        ("Q*b", vec!["Q*Bert"]),
        ("[A-Z]", vec!["[a-z]"]),
        ("e\0A", vec!["before\0after"]),
        ("\0", vec!["before\0after"]),
        ("AFTER", vec!["before\0after"]),
        ("と平", vec!["戦争と平和"]),
        ("É", vec!["É clair"]),
        ("é", vec!["éclair"]),
        ("emma ", vec![]),
        ("'", vec![]),
        ("' OR 1 --", vec![]),
    ] {
        let found: Vec<Book> = title_contains(&connection, text).expect("a table");
        assert_eq!(titles(&found), expected, "titles that contain {text:?}");
    }
}

/// Titles of one name come by id, whatever part of them is looked for.
#[test]
fn titles_come_in_order() {
    let (connection, stored) = shop_of(&random_books(0x0524, 150));
    let mut expected: Vec<Book> = stored
        .into_iter()
        .filter(|book| book.title.contains(['e', 'E']))
        .collect();
    expected.sort_by(|a, b| (&a.title, a.id).cmp(&(&b.title, b.id)));
    assert!(
        expected.len() > 3,
        "the seed gives several titles with an e"
    );
    let found = title_contains(&connection, "E").expect("a table");
    assert_eq!(found, expected, "titles that contain an e");
}

/// A cart is answered book by book, in its own order; unknown books get `None`, and a book asked for twice two answers.
#[test]
fn a_cart_is_answered_in_its_order() {
    let (connection, stored) = shop_of(&random_books(0x0525, 50));
    let mut values = support::seeded(0x0526);
    let mut cart: Vec<&str> = Vec::new();
    let mut expected: Vec<Option<u32>> = Vec::new();
    for _ in 0..120 {
        if values.number(0..4) == 0 {
            let unknown: &&str = values.pick(&["", "0", "' OR 1 --", "9780000000000\0"]);
            cart.push(unknown);
            expected.push(None);
        } else {
            let book: &Book = values.pick(&stored);
            cart.push(&book.isbn);
            expected.push(Some(book.stock));
        }
    }
    let found: Vec<Option<u32>> = stock_of(&connection, &cart).expect("a table");
    assert_eq!(found, expected, "the stock of {cart:?}");
    let none: Vec<Option<u32>> = stock_of(&connection, &[]).expect("a table");
    assert_eq!(none, Vec::<Option<u32>>::new(), "the stock of no books");
}

/// A cart of a hundred books costs one prepared statement, and no more rows than there are books in it.
#[test]
fn a_cart_costs_one_statement() {
    let (mut connection, stored) = shop_of(&random_books(0x0527, 300));
    let watch = Watch::over(&mut connection);
    let cart: Vec<&str> = stored[..100]
        .iter()
        .map(|book| book.isbn.as_str())
        .collect();
    stock_of(&connection, &cart).expect("a table");
    let (prepared, rows) = (watch.prepared("SELECT"), watch.rows());
    assert!(
        prepared <= 2,
        "{prepared} statements prepared for a cart of 100 books"
    );
    assert!(rows <= 100, "{rows} rows read for a cart of 100 books");
}

/// The newest books are those with the largest ids, and SQLite hands out no more rows than were asked for.
#[test]
fn the_newest_come_first() {
    let (mut connection, stored) = shop_of(&random_books(0x0528, 60));
    let watch = Watch::over(&mut connection);
    let mut rows = 0;
    for count in [0, 1, 7, 59, 60, 61, u32::MAX] {
        let found: Vec<Book> = newest(&connection, count).expect("a table");
        let expected: Vec<Book> = stored
            .iter()
            .rev()
            .take(usize::try_from(count).expect("a small count"))
            .cloned()
            .collect();
        assert_eq!(found, expected, "the {count} newest");
        let read = watch.rows() - rows;
        assert_eq!(read, expected.len(), "rows read for the {count} newest");
        rows = watch.rows();
    }
}

/// Some books are gone, so that the ids have gaps; and whoever asks for many gets many.
#[test]
fn the_newest_are_counted_and_not_their_ids() {
    let connection = shop::with(ODD_INDEXES);
    let mut ids: Vec<i64> = random_books(0x052B, 300)
        .iter()
        .map(|book| shop::store(&connection, book))
        .collect();
    connection
        .execute("DELETE FROM books WHERE id % 3 = 0", [])
        .expect("books to delete");
    ids.retain(|id| id % 3 != 0);
    ids.reverse();
    let connection = shop::read_only(connection);
    for count in [1, 2, 30, 150, 199, 200, 201] {
        let found = newest(&connection, count).expect("a table");
        let found: Vec<i64> = found.iter().map(|book| book.id).collect();
        let expected = &ids[..usize::try_from(count).expect("small").min(ids.len())];
        assert_eq!(found, expected, "the ids of the {count} newest");
    }
}

/// A list has all that fits, however long it is.
#[test]
fn a_list_is_not_cut_short() {
    let isbns: Vec<String> = (0..1_200).map(|place| place.to_string()).collect();
    let books: Vec<NewBook> = isbns.iter().map(|isbn| shop::book(isbn, "Emma")).collect();
    let (connection, _) = shop_of(&books);
    let lists = [
        ("by price", priced_between(&connection, 999, 999)),
        ("without a series", in_series(&connection, None)),
        ("by title", title_contains(&connection, "mm")),
    ];
    for (what, list) in lists {
        assert_eq!(list.map(|books| books.len()), Ok(1_200), "{what}");
    }
    let cart: Vec<&str> = isbns.iter().map(String::as_str).collect();
    let stock = stock_of(&connection, &cart).expect("a table");
    assert_eq!(stock, [Some(5); 1_200], "the stock of 1200 books");
}

/// A list that breaks off is an error, and not a shorter list.
#[test]
fn a_list_that_breaks_off_is_an_error() {
    let (connection, _) = shop_of(&random_books(0x052C, 300));
    let connection = shop::breaking_off(connection);
    let lists = [
        ("by price", priced_between(&connection, 0, u32::MAX)),
        ("without a series", in_series(&connection, None)),
        ("by title", title_contains(&connection, "")),
        ("the newest", newest(&connection, 300)),
    ];
    for (what, list) in lists {
        let length = list.map(|books| books.len());
        assert!(length.is_err(), "{what}: a list of {length:?} books");
    }
}

/// A value never becomes a part of the SQL.
#[test]
fn questions_carry_their_values_beside_the_sql() {
    let (mut connection, _) = shop_of(&random_books(0x0529, 10));
    let watch = Watch::over(&mut connection);
    find_by_isbn(&connection, "SEVENTEEN").expect("a table");
    priced_between(&connection, 70_717, 90_919).expect("a table");
    in_series(&connection, Some("EIGHTEEN")).expect("a table");
    title_contains(&connection, "NINETEEN").expect("a table");
    stock_of(&connection, &["TWENTY", "TWENTYONE"]).expect("a table");
    newest(&connection, 60_606).expect("a table");
    for value in [
        "SEVENTEEN",
        "70717",
        "90919",
        "EIGHTEEN",
        "NINETEEN",
        "TWENTY",
        "60606",
    ] {
        watch.assert_no_sql_contains(value);
    }
}

/// In an empty shop every question has an answer: nothing.
#[test]
fn an_empty_shop_has_no_books() {
    let (connection, _) = shop_of(&[]);
    let isbn = support::seeded(0x052A).number(0..1_000).to_string();
    assert_eq!(find_by_isbn(&connection, &isbn).ok(), Some(None), "by ISBN");
    assert_eq!(
        priced_between(&connection, 0, u32::MAX).ok(),
        Some(vec![]),
        "by price"
    );
    assert_eq!(
        in_series(&connection, None).ok(),
        Some(vec![]),
        "without a series"
    );
    assert_eq!(
        title_contains(&connection, "").ok(),
        Some(vec![]),
        "by title"
    );
    assert_eq!(newest(&connection, 5).ok(), Some(vec![]), "the newest");
    assert_eq!(
        stock_of(&connection, &[&isbn]).ok(),
        Some(vec![None]),
        "the stock"
    );
}
