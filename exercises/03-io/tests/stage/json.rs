use std::io;

use serde_json::{Value, json};
use shop_io::json::{
    Book, Order, Payment, book_from_json, book_to_json, order_from_json, order_to_json, status_for,
};
use support::Seeded;

/// A book that was read, as the tests compare it: what its fields hold, in a type of their own.
#[derive(Debug, Clone, PartialEq)]
struct ReadBook {
    isbn: String,
    title: String,
    subtitle: Option<String>,
    price_cents: u32,
    tags: Vec<String>,
    available: bool,
    purchase_cents: u32,
}

impl From<Book> for ReadBook {
    fn from(book: Book) -> Self {
        Self {
            isbn: book.isbn,
            title: book.title,
            subtitle: book.subtitle,
            price_cents: book.price_cents,
            tags: book.tags,
            available: book.available,
            purchase_cents: book.purchase_cents,
        }
    }
}

/// An order that was read, in the same way.
#[derive(Debug, PartialEq)]
struct ReadOrder {
    isbn: String,
    quantity: u32,
    payment: ReadPayment,
}

#[derive(Debug, PartialEq)]
enum ReadPayment {
    Card { digits: String },
    GiftVoucher { code: String },
    Invoice,
}

impl From<Order> for ReadOrder {
    fn from(order: Order) -> Self {
        Self {
            isbn: order.isbn,
            quantity: order.quantity,
            payment: match order.payment {
                Payment::Card { digits } => ReadPayment::Card { digits },
                Payment::GiftVoucher { code } => ReadPayment::GiftVoucher { code },
                Payment::Invoice => ReadPayment::Invoice,
            },
        }
    }
}

/// A book is written with the names and values that the feed promises, and with nothing else.
#[test]
fn a_book_is_written_as_promised() {
    let expected = json!({
        "isbn": "9780141439518",
        "title": "Pride and Prejudice",
        "subtitle": "A Novel",
        "priceCents": 1299,
        "tags": ["classic", "love"],
        "available": true,
    });
    assert_eq!(
        written(&pride_and_prejudice()),
        expected,
        "a book that has everything"
    );
}

/// A missing subtitle leaves no trace in the JSON; no tags and not available are written all the same.
#[test]
fn only_a_missing_subtitle_is_left_out() {
    let book = Book {
        subtitle: None,
        tags: Vec::new(),
        available: false,
        ..pride_and_prejudice()
    };
    let expected = json!({
        "isbn": "9780141439518",
        "title": "Pride and Prejudice",
        "priceCents": 1299,
        "tags": [],
        "available": false,
    });
    assert_eq!(written(&book), expected, "a book without subtitle and tags");

    // A subtitle that is empty is one, and so is a tag.
    let book = Book {
        subtitle: Some(String::new()),
        tags: vec![String::new(), String::from(" ")],
        ..book
    };
    let expected = json!({
        "isbn": "9780141439518",
        "title": "Pride and Prejudice",
        "subtitle": "",
        "priceCents": 1299,
        "tags": ["", " "],
        "available": false,
    });
    assert_eq!(written(&book), expected, "a book with an empty subtitle");
    assert_eq!(
        read(&expected).map(|book| (book.subtitle, book.tags)),
        Some((book.subtitle, book.tags)),
        "read from {expected}"
    );
}

/// Fields that a publisher leaves out get their defaults; without ISBN, title or price there is no book.
#[test]
fn absent_fields_get_defaults_or_are_missed() {
    let least = json!({ "isbn": "978", "title": "Emma", "priceCents": 999 });
    let expected = ReadBook {
        isbn: String::from("978"),
        title: String::from("Emma"),
        subtitle: None,
        price_cents: 999,
        tags: Vec::new(),
        available: true,
        purchase_cents: 0,
    };
    assert_eq!(
        read(&least),
        Some(expected.clone()),
        "the least that is a book: {least}"
    );

    let mut with_null = least.clone();
    with_null["subtitle"] = Value::Null;
    assert_eq!(
        read(&with_null),
        Some(expected),
        "a subtitle that is null: {with_null}"
    );

    let mut by_another_name = least.clone();
    if let Some(fields) = by_another_name.as_object_mut() {
        let price = fields.remove("priceCents").unwrap_or_default();
        fields.insert(String::from("price_cents"), price);
    }
    assert_eq!(
        read(&by_another_name),
        None,
        "the price has Rust's name: {by_another_name}"
    );

    for needed in ["isbn", "title", "priceCents"] {
        let mut book = least.clone();
        book.as_object_mut()
            .expect("a book is an object")
            .remove(needed);
        assert_eq!(read(&book), None, "{needed} is missing: {book}");
    }
}

/// The purchase price is never written, and a feed that claims one is not believed.
#[test]
fn the_purchase_price_stays_in_the_shop() {
    let json = written(&pride_and_prejudice()).to_string();
    assert!(
        !json.contains("purchase") && !json.contains("650"),
        "the price is in {json}"
    );

    for (name, value) in [
        ("purchaseCents", json!(1)),
        ("purchase_cents", json!(1)),
        ("purchaseCents", json!("nothing")),
        ("purchaseCents", Value::Null),
        ("purchase_cents", json!({ "cents": [-1] })),
        ("cost", json!(1)),
    ] {
        let mut claim = json!({ "isbn": "978", "title": "Emma", "priceCents": 999 });
        claim[name] = value;
        let purchase_cents: Option<u32> = read(&claim).map(|book| book.purchase_cents);
        assert_eq!(
            purchase_cents,
            Some(0),
            "the purchase price after reading {claim}"
        );
    }
}

/// A book with unknown fields is read and they are ignored; an order with an unknown field is refused.
#[test]
fn a_feed_may_grow_and_an_order_may_not() {
    let mut book = written(&pride_and_prejudice());
    book["weight"] = json!({ "grams": [340, null, { "paper": "cream" }] });
    assert!(
        read(&book).is_some(),
        "a book with an unknown field: {book}"
    );

    let known = json!({ "isbn": "978", "quantity": 2, "payment": { "kind": "invoice" } });
    assert!(ordered(&known).is_some(), "an order that is right: {known}");
    for name in ["priceCents", "Quantity", "discount", ""] {
        let mut order = known.clone();
        order[name] = json!(1);
        assert_eq!(
            ordered(&order),
            None,
            "an order with the field {name:?}: {order}"
        );
    }
}

/// The field `kind` says how an order is paid, in both directions; a kind that is absent or unknown is refused.
#[test]
fn the_kind_of_payment_is_named() {
    for (payment, in_json) in [
        (
            Payment::Card {
                digits: String::from("4242"),
            },
            json!({ "kind": "card", "digits": "4242" }),
        ),
        (
            Payment::GiftVoucher {
                code: String::from("SPRING"),
            },
            json!({ "kind": "giftVoucher", "code": "SPRING" }),
        ),
        (Payment::Invoice, json!({ "kind": "invoice" })),
    ] {
        let order = Order {
            isbn: String::from("978"),
            quantity: 3,
            payment,
        };
        let expected = json!({ "isbn": "978", "quantity": 3, "payment": in_json });
        let json = order_to_json(&order).expect("an order can be written");
        let written: Value = serde_json::from_str(&json).expect("what was written is JSON");
        assert_eq!(written, expected, "{order:?}");
        assert_eq!(
            ordered(&expected),
            Some(ReadOrder::from(order)),
            "read from {expected}"
        );
    }
    for payment in [
        json!({ "kind": "cheque" }),
        json!({ "kind": "Card", "digits": "4242" }),
        json!({ "kind": "CARD", "digits": "4242" }),
        json!({ "kind": "giftvoucher", "code": "SPRING" }),
        json!({ "kind": "gift_voucher", "code": "SPRING" }),
        json!({ "kind": "", "digits": "4242" }),
        json!({ "kind": null, "digits": "4242" }),
        json!({ "kind": "card", "digits": 4242 }),
        json!({ "type": "card", "digits": "4242" }),
        json!({ "kind": "card" }),
        json!({ "kind": "card", "code": "SPRING" }),
        json!({ "digits": "4242" }),
        json!({ "card": { "digits": "4242" } }),
        json!("invoice"),
        Value::Null,
    ] {
        let order = json!({ "isbn": "978", "quantity": 3, "payment": payment });
        assert_eq!(
            ordered(&order),
            None,
            "an order that is paid with {payment}"
        );
    }
}

/// A value of the wrong type is refused in every field, also in one that may be absent; `null` is no value but for a
/// subtitle.
#[test]
fn every_field_has_its_type() {
    let strange = [
        Value::Null,
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(9780141439518_u64),
        json!(1.5),
        json!(""),
        json!("true"),
        json!("1299"),
        json!([]),
        json!([null]),
        json!([1]),
        json!(["classic"]),
        json!(["classic", 1]),
        json!([["classic"]]),
        json!({}),
        json!({ "text": "Emma" }),
    ];
    let book = json!({ "isbn": "978", "title": "Emma", "priceCents": 999 });
    let order = json!({ "isbn": "978", "payment": { "kind": "card", "digits": "4242" } });
    let price = |value: &Value| {
        value
            .as_u64()
            .is_some_and(|cents| cents <= u64::from(u32::MAX))
    };
    let texts = |value: &Value| {
        value
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_string))
    };
    for value in strange {
        for (name, taken) in [
            ("isbn", value.is_string()),
            ("title", value.is_string()),
            ("subtitle", value.is_string() || value.is_null()),
            ("priceCents", price(&value)),
            ("tags", texts(&value)),
            ("available", value.is_boolean()),
        ] {
            let mut book = book.clone();
            book[name] = value.clone();
            assert_eq!(
                read(&book).is_some(),
                taken,
                "whether this is a book: {book}"
            );
            let list = Value::Array(vec![book]);
            assert!(
                read(&list).is_none(),
                "a list with a book is no book: {list}"
            );
        }
        for (name, taken) in [
            ("isbn", value.is_string()),
            ("quantity", price(&value)),
            ("payment", false),
        ] {
            let mut order = order.clone();
            order[name] = value.clone();
            assert_eq!(
                ordered(&order).is_some(),
                taken,
                "whether this is an order: {order}"
            );
        }
        for (name, taken) in [("digits", value.is_string()), ("kind", false)] {
            let mut order = order.clone();
            order["payment"][name] = value.clone();
            assert_eq!(
                ordered(&order).is_some(),
                taken,
                "whether this is an order: {order}"
            );
        }
    }
    for needed in ["isbn", "payment"] {
        let mut order = order.clone();
        order
            .as_object_mut()
            .expect("an order is an object")
            .remove(needed);
        assert!(ordered(&order).is_none(), "{needed} is missing: {order}");
    }
    for code in ["digits", "kind"] {
        let mut order = order.clone();
        let payment = order["payment"].as_object_mut();
        payment.expect("a payment is an object").remove(code);
        assert!(ordered(&order).is_none(), "{code} is missing: {order}");
    }
}

/// An order without a quantity is for one copy; numbers outside their type, or in quotes, are refused.
#[test]
fn numbers_are_numbers() {
    let order = json!({ "isbn": "978", "payment": { "kind": "invoice" } });
    assert_eq!(
        ordered(&order).map(|order| order.quantity),
        Some(1),
        "no quantity: {order}"
    );
    for quantity in [0, 1, u32::MAX] {
        let order =
            json!({ "isbn": "978", "quantity": quantity, "payment": { "kind": "invoice" } });
        assert_eq!(
            ordered(&order).map(|order| order.quantity),
            Some(quantity),
            "an order for {quantity}: {order}"
        );
        let book = json!({ "isbn": "978", "title": "Emma", "priceCents": quantity });
        assert_eq!(
            read(&book).map(|book| book.price_cents),
            Some(quantity),
            "a price of {quantity}: {book}"
        );
    }

    for wrong in [
        json!("2"),
        json!(-1),
        json!(2.5),
        json!(2.0),
        json!(true),
        json!(4_294_967_296_u64),
        json!(4_294_967_297_u64),
        json!(u64::MAX),
        Value::Null,
        json!([2]),
    ] {
        let order = json!({ "isbn": "978", "quantity": wrong, "payment": { "kind": "invoice" } });
        assert_eq!(ordered(&order), None, "an order with the quantity {wrong}");
        let book = json!({ "isbn": "978", "title": "Emma", "priceCents": wrong });
        assert_eq!(read(&book), None, "a book with the price {wrong}");
    }
    let twice = br#"{"isbn": "978", "quantity": 1, "quantity": 9, "payment": {"kind": "invoice"}}"#;
    assert!(
        order_from_json(twice).is_err(),
        "a quantity that occurs twice"
    );
    let twice = br#"{"isbn": "978", "title": "Emma", "priceCents": 999, "priceCents": 1}"#;
    assert!(book_from_json(twice).is_err(), "a price that occurs twice");
}

/// 400 for what is not JSON, 422 for JSON that is no order, 500 when reading failed.
#[test]
fn the_status_tells_broken_from_wrong() {
    for (json, status) in [
        ("", 400),
        ("order", 400),
        ("{\"isbn\": \"978\"", 400),
        ("{\"isbn\": \"978\",}", 400),
        ("{'isbn': '978'}", 400),
        ("{\n\"isbn\": \"978\",\n\"quantity\":", 400),
        ("\u{feff}{}", 400),
        ("{}", 422),
        ("[1, 2]", 422),
        ("{\"isbn\": 978}", 422),
        ("{\"discount\": 100}", 422),
        ("\n\n[]", 422),
        ("null", 422),
        ("7", 422),
        (
            "{\"isbn\": \"978\", \"quantity\": 4294967296, \"payment\": {\"kind\": \"invoice\"}}",
            422,
        ),
        ("{\"isbn\": \"978\", \"quantity\": 1, \"quantity\": 1}", 422),
        (
            "{\"isbn\": \"978\", \"payment\": {\"kind\": \"cheque\"}}",
            422,
        ),
    ] {
        let error = order_from_json(json.as_bytes()).expect_err("this is no order");
        assert_eq!(status_for(&error), status, "{json:?} gave {error}");
    }
    let not_text = order_from_json(b"{\"isbn\": \"\xff\"}").expect_err("this is not UTF-8");
    assert_eq!(
        status_for(&not_text),
        400,
        "bytes that are not UTF-8 gave {not_text}"
    );
    // An error need not come from `order_from_json`: not every one knows a line.
    let list = json!([1, 2]);
    let no_order = serde_json::from_value::<Order>(list).expect_err("a list is no order");
    assert_eq!(
        status_for(&no_order),
        422,
        "a value that is no order: {no_order}"
    );
    let cut = serde_json::from_str::<Value>("[1,").expect_err("the list does not end");
    assert_eq!(status_for(&cut), 400, "a list that was cut short: {cut}");
    for kind in [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::InvalidData,
        io::ErrorKind::TimedOut,
    ] {
        let broken = serde_json::Error::io(io::Error::from(kind));
        assert_eq!(status_for(&broken), 500, "reading failed with {kind:?}");
    }
}

/// Every book comes back from its JSON as it was, except for the purchase price.
#[test]
fn every_book_comes_back() {
    let mut random = support::seeded(0x030A);
    for _ in 0..300 {
        let book = Book {
            isbn: text(&mut random),
            title: text(&mut random),
            subtitle: random.coin().then(|| text(&mut random)),
            price_cents: number(&mut random),
            tags: (0..random.size(0..4)).map(|_| text(&mut random)).collect(),
            available: random.coin(),
            purchase_cents: number(&mut random),
        };
        let json = book_to_json(&book).expect("a book can be written");
        let back: Option<Book> = book_from_json(json.as_bytes()).ok();
        let expected = ReadBook {
            purchase_cents: 0,
            ..ReadBook::from(book)
        };
        assert_eq!(back.map(ReadBook::from), Some(expected), "{json}");
    }
}

/// Every order comes back from its JSON as it was, whatever the texts in it say.
#[test]
fn every_order_comes_back() {
    let mut random = support::seeded(0x0315);
    for _ in 0..300 {
        let payment = match random.number(0..3) {
            0 => Payment::Card {
                digits: text(&mut random),
            },
            1 => Payment::GiftVoucher {
                code: text(&mut random),
            },
            _ => Payment::Invoice,
        };
        let order = Order {
            isbn: text(&mut random),
            quantity: number(&mut random),
            payment,
        };
        let json = order_to_json(&order).expect("an order can be written");
        let back: Option<Order> = order_from_json(json.as_bytes()).ok();
        let expected = ReadOrder::from(order);
        assert_eq!(back.map(ReadOrder::from), Some(expected), "{json}");
    }
    // The other program decides about the order of the fields.
    let turned = br#"{"payment": {"code": "SPRING", "kind": "giftVoucher"}, "isbn": "978"}"#;
    let expected = ReadOrder {
        isbn: String::from("978"),
        quantity: 1,
        payment: ReadPayment::GiftVoucher {
            code: String::from("SPRING"),
        },
    };
    assert_eq!(
        order_from_json(turned).ok().map(ReadOrder::from),
        Some(expected),
        "an order whose fields stand the other way round"
    );
}

/// What stands behind a book or an order is not JSON any more, except for blanks.
#[test]
fn nothing_stands_behind_the_json() {
    let book = r#"{"isbn": "978", "title": "Emma", "priceCents": 999}"#;
    let order = r#"{"isbn": "978", "payment": {"kind": "invoice"}}"#;
    for (behind, taken) in [
        ("", true),
        (" \n\t\r\n", true),
        ("}", false),
        (" {}", false),
        (",", false),
        ("\0", false),
        ("// a book", false),
    ] {
        let answer = book_from_json(format!("{book}{behind}").as_bytes());
        assert_eq!(answer.is_ok(), taken, "a book and {behind:?}: {answer:?}");
        let answer = order_from_json(format!("{order}{behind}").as_bytes());
        assert_eq!(answer.is_ok(), taken, "an order and {behind:?}: {answer:?}");
        if let Err(error) = answer {
            assert_eq!(status_for(&error), 400, "an order and {behind:?}: {error}");
        }
    }
    let not_text = b"{\"isbn\": \"978\", \"title\": \"Caf\xe9\", \"priceCents\": 999}";
    assert!(
        book_from_json(not_text).is_err(),
        "a title that is not UTF-8"
    );
}

/// No bytes make the readers panic, and an order that is cut short anywhere is not JSON.
#[test]
fn no_bytes_are_too_strange() {
    let whole = "{\"isbn\": \"978\u{e9}\", \"quantity\": 2, \"payment\": {\"kind\": \"card\", \"digits\": \"4242\"}}";
    assert!(
        order_from_json(whole.as_bytes()).is_ok(),
        "the order is right: {whole}"
    );
    for length in 0..whole.len() {
        let cut = &whole.as_bytes()[..length];
        let error = order_from_json(cut).expect_err("an order that was cut short");
        assert_eq!(
            status_for(&error),
            400,
            "the first {length} bytes of {whole}"
        );
    }

    let deep = "[".repeat(100_000);
    assert!(
        book_from_json(deep.as_bytes()).is_err(),
        "a hundred thousand brackets"
    );

    let mut random = support::seeded(0x030B);
    for _ in 0..3_000 {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..random.size(1..6) {
            let place = random.size(0..bytes.len());
            bytes[place] = u8::try_from(random.number(0..256)).expect("drawn below 256");
        }
        if let Err(error) = order_from_json(&bytes) {
            let status = status_for(&error);
            assert!(
                [400, 422].contains(&status),
                "status {status} for {bytes:?}"
            );
        }
        if let Err(error) = book_from_json(&bytes) {
            let status = status_for(&error);
            assert!(
                [400, 422].contains(&status),
                "status {status} for {bytes:?}"
            );
        }
    }
}

fn pride_and_prejudice() -> Book {
    Book {
        isbn: String::from("9780141439518"),
        title: String::from("Pride and Prejudice"),
        subtitle: Some(String::from("A Novel")),
        price_cents: 1299,
        tags: vec![String::from("classic"), String::from("love")],
        available: true,
        purchase_cents: 650,
    }
}

fn written(book: &Book) -> Value {
    let json = book_to_json(book).expect("a book can be written");
    serde_json::from_str(&json).expect("what was written is JSON")
}

fn read(book: &Value) -> Option<ReadBook> {
    let book: Option<Book> = book_from_json(book.to_string().as_bytes()).ok();
    book.map(ReadBook::from)
}

fn ordered(order: &Value) -> Option<ReadOrder> {
    let order: Option<Order> = order_from_json(order.to_string().as_bytes()).ok();
    order.map(ReadOrder::from)
}

/// A text with everything in it that JSON must escape.
fn text(random: &mut Seeded) -> String {
    let pieces = [
        "a", "Lantern", " ", "\"", "\\", "\n", "\u{8}", "\u{0}", "/", "é", "日", "📚", "\u{2028}",
        "{", "]",
    ];
    (0..random.size(0..8))
        .map(|_| *random.pick(&pieces))
        .collect()
}

fn number(random: &mut Seeded) -> u32 {
    u32::try_from(random.number(0..4_294_967_296)).expect("drawn below 2^32")
}
