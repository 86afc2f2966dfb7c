use std::sync::Arc;

use apis::given::books::Isbn;
use apis::given::orders::{FieldError, NewOrder, Orders};
use apis::validation::{check, routes};
use axum::Router;
use serde_json::{Map, Value, json};

use crate::calls::{call, isbn};

const EMMA: &str = "9780141439587";
const IDIOT: &str = "9780140447927";
/// An ISBN, but of no book that Lantern has.
const UNKNOWN: &str = "9780306406157";

fn known(isbn: &Isbn) -> bool {
    [EMMA, IDIOT].contains(&isbn.as_str())
}

/// An order with nothing wrong in it.
fn good() -> Value {
    json!({
        "customer": { "name": "Jane Fairfax", "email": "jane@highbury.example" },
        "ship_to": { "street": "Vicarage Lane 1", "postcode": "1010", "country": "AT" },
        "lines": [{ "isbn": EMMA, "copies": 1 }, { "isbn": IDIOT, "copies": 99 }],
        "gift_message": "Happy birthday!"
    })
}

/// The good order with a value at each of these pointers, put in or put in the place of another.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut order = good();
    for (pointer, value) in changes {
        let Some((parent, last)) = pointer.rsplit_once('/') else {
            order.clone_from(value);
            continue;
        };
        let parent = order.pointer_mut(parent).expect("what is changed is there");
        match parent {
            Value::Array(list) => list[last.parse::<usize>().expect("a place")] = value.clone(),
            Value::Object(fields) => {
                fields.insert(last.replace("~1", "/").replace("~0", "~"), value.clone());
            }
            other => panic!("{other} has no fields"),
        }
    }
    order
}

/// The good order without the field at the pointer.
fn without(pointer: &str) -> Value {
    let mut order = good();
    let (parent, last) = pointer.rsplit_once('/').expect("a field");
    let parent = order.pointer_mut(parent).and_then(Value::as_object_mut);
    parent.expect("an object").remove(last);
    order
}

/// The pointers of all errors, sorted: the order is not promised.
fn pointers(order: &Value) -> Vec<String> {
    let checked: Result<NewOrder, Vec<FieldError>> = check(order, &known);
    let errors = checked.err().unwrap_or_default();
    let mut pointers: Vec<String> = errors.into_iter().map(|error| error.pointer).collect();
    pointers.sort();
    pointers
}

/// The order has errors at exactly these pointers.
#[track_caller]
fn wrong_at(order: &Value, expected: &[&str]) {
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(
        pointers(order),
        expected,
        "the pointers of the errors in {order}"
    );
}

#[track_caller]
fn right(order: &Value) {
    wrong_at(order, &[]);
    let checked = check(order, &known);
    let read = checked.map(|order| json!(order));
    assert_eq!(read.as_ref(), Ok(order), "what is read is what was sent");
}

/// What one may put into a field, and whether it is right there.
fn values() -> Vec<(&'static str, Value, bool)> {
    let long = |letter: &str, times: usize| json!(letter.repeat(times));
    let mut rows = Vec::new();
    for name in ["/customer/name", "/ship_to/street"] {
        rows.extend([
            (name, json!("X"), true),
            (name, json!("  Jane  "), true),
            (name, json!(""), false),
            (name, json!(" \u{a0}\t"), false),
            (name, long("x", 100), true),
            (name, long("x", 101), false),
            (name, long("ß", 100), true),
            (name, long("📚", 100), true),
            (name, long("ß", 101), false),
            (name, json!(format!(" {}", "x".repeat(100))), false),
            (name, json!(7), false),
            (name, json!(null), false),
            (name, json!(["Jane"]), false),
        ]);
    }
    let email = "/customer/email";
    rows.extend([
        (email, json!("a@b"), true),
        (email, json!("jané@höfe.example"), true),
        (email, json!("Jane.Fairfax@Highbury.Example"), true),
        (
            email,
            json!(format!("{}@highbury", "jane".repeat(90))),
            true,
        ),
        (email, json!("jane"), false),
        (email, json!("@highbury"), false),
        (email, json!("jane@"), false),
        (email, json!("@"), false),
        (email, json!(""), false),
        (email, json!("jane@high@bury"), false),
        (email, json!("jane@@bury"), false),
        (email, json!("jane @highbury"), false),
        (email, json!(" jane@highbury"), false),
        (email, json!("jane@highbury\n"), false),
        (email, json!("jane@high\u{2003}bury"), false),
        (email, json!(null), false),
        (email, json!({ "at": "highbury" }), false),
    ]);
    let country = "/ship_to/country";
    rows.extend([
        (country, json!("CH"), true),
        (country, json!("at"), false),
        (country, json!("AT "), false),
        (country, json!("FR"), false),
        (country, json!(""), false),
        (country, json!(43), false),
    ]);
    let postcode = "/ship_to/postcode";
    rows.extend([
        (postcode, json!("0000"), true),
        (postcode, json!("101"), false),
        (postcode, json!("10100"), false),
        (postcode, json!("1 01"), false),
        (postcode, json!(" 1010"), false),
        (postcode, json!("1010\n"), false),
        (postcode, json!("+101"), false),
        (postcode, json!("101a"), false),
        (postcode, json!("١٠١٠"), false),
        (postcode, json!("٤٤"), false),
        (postcode, json!(1010), false),
    ]);
    for copies in ["/lines/0/copies", "/lines/1/copies"] {
        rows.extend([
            (copies, json!(1), true),
            (copies, json!(99), true),
            (copies, json!(0), false),
            (copies, json!(100), false),
            (copies, json!(-1), false),
            (copies, json!(257), false),
            (copies, json!((1_u64 << 32) + 1), false),
            (copies, json!(u64::MAX), false),
            (copies, json!(1.5), false),
            (copies, json!(2.0), false),
            (copies, json!("2"), false),
            (copies, json!(true), false),
            (copies, json!(null), false),
        ]);
    }
    for isbn in ["/lines/0/isbn", "/lines/1/isbn"] {
        rows.extend([
            (isbn, json!(UNKNOWN), false),
            (isbn, json!("9780141439588"), false),
            (isbn, json!("978-0141439587"), false),
            (isbn, json!(" 9780141439587"), false),
            (isbn, json!(9_780_141_439_587_u64), false),
            (isbn, json!(null), false),
        ]);
    }
    let message = "/gift_message";
    rows.extend([
        (message, json!(""), true),
        (message, json!(" \n "), true),
        (message, long("é", 200), true),
        (message, long("📚", 200), true),
        (message, long("é", 201), false),
        (message, json!(null), false),
        (message, json!(false), false),
    ]);
    for object in ["/customer", "/ship_to", "/lines/0", "/lines/1"] {
        rows.extend([
            (object, json!(null), false),
            (object, json!([]), false),
            (object, json!("Jane"), false),
        ]);
    }
    for list in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "0": {} }),
        json!("two"),
    ] {
        rows.push(("/lines", list, false));
    }
    for body in [
        json!(null),
        json!([]),
        json!([good()]),
        json!("order"),
        json!(1),
    ] {
        rows.push(("", body, false));
    }
    rows
}

/// A value that is right passes and is kept as it came; one that is wrong is the one error, at its pointer.
#[test]
fn each_field_has_its_rule() {
    right(&good());
    for (pointer, value, is_right) in values() {
        let order = with(&[(pointer, value)]);
        if is_right {
            right(&order);
        } else {
            wrong_at(&order, &[pointer]);
        }
    }
}

/// A field that is missing is an error where it would be, except the message, and nothing is said about what it would hold.
#[test]
fn what_is_missing_is_named() {
    for pointer in [
        "/customer",
        "/customer/name",
        "/customer/email",
        "/ship_to",
        "/ship_to/street",
        "/ship_to/postcode",
        "/ship_to/country",
        "/lines",
        "/lines/0/isbn",
        "/lines/1/copies",
    ] {
        wrong_at(&without(pointer), &[pointer]);
    }
    right(&without("/gift_message"));
    wrong_at(&json!({}), &["/customer", "/lines", "/ship_to"]);
    let hollow = json!({ "customer": {}, "ship_to": {}, "lines": [{}] });
    let expected = [
        "/customer/email",
        "/customer/name",
        "/lines/0/copies",
        "/lines/0/isbn",
        "/ship_to/country",
        "/ship_to/postcode",
        "/ship_to/street",
    ];
    wrong_at(&hollow, &expected);
}

/// Everything that is wrong is said at once, in objects, in lists, and beside them.
#[test]
fn everything_wrong_is_said_at_once() {
    let order = json!({
        "customer": { "name": " ", "email": "jane", "phone": "1" },
        "ship_to": { "postcode": "1010", "country": "Austria" },
        "lines": [{ "isbn": "1", "copies": 0 }, "two", { "isbn": EMMA, "copies": "2", "price": 1 }],
        "gift_message": 7,
        "coupon": "SPRING"
    });
    let expected = [
        "/coupon",
        "/customer/email",
        "/customer/name",
        "/customer/phone",
        "/gift_message",
        "/lines/0/copies",
        "/lines/0/isbn",
        "/lines/1",
        "/lines/2/copies",
        "/lines/2/price",
        "/ship_to/country",
        "/ship_to/street",
    ];
    wrong_at(&order, &expected);
}

/// A field that nobody knows is an error at every level, and its pointer leads to it, whatever signs are in its name.
#[test]
fn unknown_fields_are_errors() {
    for (parent, name, pointer) in [
        ("", "coupon", "/coupon"),
        ("", "Lines", "/Lines"),
        ("", "", "/"),
        ("/customer", "a/b", "/customer/a~1b"),
        ("/customer", "a~b", "/customer/a~0b"),
        ("/ship_to", "~1", "/ship_to/~01"),
        ("/ship_to", "/~", "/ship_to/~1~0"),
        ("/ship_to", "a/b~c/d~e", "/ship_to/a~1b~0c~1d~0e"),
        ("/lines/1", "größe", "/lines/1/größe"),
        ("/lines/0", "isbn ", "/lines/0/isbn "),
    ] {
        let mut order = good();
        let fields = order.pointer_mut(parent).and_then(Value::as_object_mut);
        let fields: &mut Map<String, Value> = fields.expect("an object");
        fields.insert(name.to_owned(), json!("here it is"));
        wrong_at(&order, &[pointer]);
        assert_eq!(
            order.pointer(pointer),
            Some(&json!("here it is")),
            "{pointer} in {order}"
        );
    }
    let mut order = good();
    order["customer"]["phone"] = json!(null);
    order["customer"]["fax"] = json!(1);
    wrong_at(&order, &["/customer/fax", "/customer/phone"]);
}

/// One cause is one error: no postcode is measured for a country that is none, but it has to be there and a text.
#[test]
fn one_cause_is_one_error() {
    let country = ("/ship_to/country", json!("FR"));
    let postcode = "/ship_to/postcode";
    wrong_at(
        &with(&[country.clone(), (postcode, json!("75001"))]),
        &[country.0],
    );
    wrong_at(
        &with(&[country.clone(), (postcode, json!("?"))]),
        &[country.0],
    );
    wrong_at(
        &with(&[country.clone(), (postcode, json!(""))]),
        &[country.0],
    );
    wrong_at(
        &with(&[country.clone(), (postcode, json!(75001))]),
        &[country.0, postcode],
    );
    let mut order = without(postcode);
    order["ship_to"]["country"] = json!(null);
    wrong_at(&order, &[country.0, postcode]);
    for (code, digits, is_right) in [
        ("DE", "01067", true),
        ("DE", "1067", false),
        ("CH", "8001", true),
        ("CH", "80010", false),
    ] {
        let order = with(&[("/ship_to/country", json!(code)), (postcode, json!(digits))]);
        let expected: &[&str] = if is_right { &[] } else { &[postcode] };
        wrong_at(&order, expected);
    }
}

/// A book stands in one line: the second line with it is the wrong one, also when the first is wrong in its copies.
#[test]
fn a_book_stands_in_one_line() {
    let line = |isbn: &str, copies: u64| json!({ "isbn": isbn, "copies": copies });
    let order = |lines: &[Value]| with(&[("/lines", json!(lines))]);
    wrong_at(&order(&[line(EMMA, 1), line(EMMA, 1)]), &["/lines/1/isbn"]);
    let apart = [line(EMMA, 1), line(IDIOT, 1), line(EMMA, 2), line(EMMA, 1)];
    wrong_at(&order(&apart), &["/lines/2/isbn", "/lines/3/isbn"]);
    let both = [line(EMMA, 0), line(EMMA, 1)];
    wrong_at(&order(&both), &["/lines/0/copies", "/lines/1/isbn"]);
    let nobodys = [line(UNKNOWN, 1), line(UNKNOWN, 1)];
    wrong_at(&order(&nobodys), &["/lines/0/isbn", "/lines/1/isbn"]);
    let mut values = support::seeded(0x100D);
    let mut isbns: Vec<Isbn> = (0..40).map(|_| isbn(&mut values)).collect();
    isbns.push(isbns[3].clone());
    isbns.push(isbns[39].clone());
    let lines = isbns.iter().map(|isbn| line(isbn.as_str(), 1));
    let long = order(&lines.collect::<Vec<Value>>());
    let errors = check(&long, &|_| true).err().unwrap_or_default();
    let mut pointers: Vec<String> = errors.into_iter().map(|error| error.pointer).collect();
    pointers.sort();
    assert_eq!(
        pointers,
        ["/lines/40/isbn", "/lines/41/isbn"],
        "42 lines, the last two again"
    );
}

/// A list may have fifty lines. One that is longer is one error, and its lines are not looked at.
#[test]
fn a_list_has_its_limit() {
    let mut values = support::seeded(0x1002);
    let isbns: Vec<Isbn> = (0..51).map(|_| isbn(&mut values)).collect();
    for (count, expected) in [(50, vec![]), (51, vec!["/lines"])] {
        let lines: Vec<Value> = isbns[..count]
            .iter()
            .map(|isbn| json!({ "isbn": isbn, "copies": 1 }))
            .collect();
        let order = with(&[("/lines", json!(lines))]);
        let errors = check(&order, &|isbn| isbns.contains(isbn))
            .err()
            .unwrap_or_default();
        let pointers: Vec<String> = errors.into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, expected, "{count} lines");
    }
    wrong_at(
        &with(&[("/lines", json!(vec![json!("no line"); 51]))]),
        &["/lines"],
    );
}

/// Whatever is wrong together, each error is there once, its pointer leads to the wrong value, and its detail says something.
#[test]
fn errors_do_not_hide_each_other() {
    let mut values_of = support::seeded(0x1003);
    let all = values();
    let leaves: Vec<&(&str, Value, bool)> = all
        .iter()
        .filter(|(pointer, _, is_right)| {
            // What is wrong in these would hide what is wrong below or beside them.
            let whole = [
                "",
                "/lines",
                "/lines/0",
                "/lines/1",
                "/customer",
                "/ship_to",
                "/ship_to/country",
            ];
            !is_right && !whole.contains(pointer)
        })
        .collect();
    for _ in 0..120 {
        let mut changes: Vec<(&str, Value)> = Vec::new();
        for _ in 0..values_of.size(1..9) {
            let (pointer, value, _) = values_of.pick(&leaves);
            if changes.iter().all(|(other, _)| other != pointer) {
                changes.push((pointer, value.clone()));
            }
        }
        let order = with(&changes);
        let expected: Vec<&str> = changes.iter().map(|(pointer, _)| *pointer).collect();
        wrong_at(&order, &expected);
        for FieldError { pointer, detail } in check(&order, &known).err().unwrap_or_default() {
            let value = changes
                .iter()
                .find(|(other, _)| *other == pointer)
                .map(|(_, value)| value);
            assert_eq!(
                order.pointer(&pointer),
                value,
                "what {pointer} leads to in {order}"
            );
            assert!(
                !detail.trim().is_empty(),
                "the detail of {pointer} says nothing"
            );
        }
    }
}

fn shop() -> (Arc<Orders>, Router) {
    let books = [EMMA, IDIOT].map(|isbn| Isbn::try_from(isbn.to_owned()).expect("an ISBN"));
    let orders = Arc::new(Orders::with_books(books));
    (orders.clone(), routes(orders))
}

/// An order that is right is placed: 201, its address, and the order with its number.
#[tokio::test]
async fn a_right_order_is_placed() {
    let (orders, router) = shop();
    for number in 1..=3 {
        let answer = call("POST", "/orders").json(&good()).send(&router).await;
        let answer = answer.is(201).has("location", &format!("/orders/{number}"));
        let placed = orders.all().pop().expect("an order");
        assert_eq!(
            json!(placed),
            answer.json(),
            "what is kept, and what is answered"
        );
    }
    let first = orders.all().remove(0);
    insta::assert_json_snapshot!(json!(first), @r#"
    {
      "customer": {
        "email": "jane@highbury.example",
        "name": "Jane Fairfax"
      },
      "gift_message": "Happy birthday!",
      "id": 1,
      "lines": [
        {
          "copies": 1,
          "isbn": "9780141439587"
        },
        {
          "copies": 99,
          "isbn": "9780140447927"
        }
      ],
      "ship_to": {
        "country": "AT",
        "postcode": "1010",
        "street": "Vicarage Lane 1"
      }
    }
    "#);
}

/// An order with anything wrong is 422 with problem details that name every field, and nothing is placed.
#[tokio::test]
async fn nothing_is_placed_when_anything_is_wrong() {
    let (orders, router) = shop();
    let order = with(&[
        ("/lines/1/copies", json!(0)),
        ("/customer/email", json!("jane")),
    ]);
    let answer = call("POST", "/orders").json(&order).send(&router).await;
    let answer = answer
        .is(422)
        .has("content-type", "application/problem+json");
    let mut problem = answer.json();
    let errors = problem["errors"].as_array_mut().expect("a list of errors");
    errors.sort_by_key(|error| error["pointer"].to_string());
    for error in errors {
        // The words are yours; that there are some is not.
        let detail = error["detail"].as_str().unwrap_or_default().to_owned();
        assert!(
            !detail.trim().is_empty(),
            "an error without a detail: {error}"
        );
        error["detail"] = json!("…");
    }
    insta::assert_json_snapshot!(problem, @r#"
    {
      "errors": [
        {
          "detail": "…",
          "pointer": "/customer/email"
        },
        {
          "detail": "…",
          "pointer": "/lines/1/copies"
        }
      ],
      "status": 422,
      "title": "Some fields need another look",
      "type": "https://lantern.example/problems/faulty-fields"
    }
    "#);
    for (pointer, value, is_right) in values() {
        if !is_right {
            let order = with(&[(pointer, value)]);
            call("POST", "/orders")
                .json(&order)
                .send(&router)
                .await
                .is(422);
        }
    }
    assert_eq!(orders.all(), [], "orders after requests that were refused");
}

/// A body that cannot be read is 400, one of another content type 415: neither has fields to speak of.
#[tokio::test]
async fn a_body_that_is_no_json_is_another_mistake() {
    let (orders, router) = shop();
    for body in ["", "{", "{\"customer\": }", "copies=1"] {
        let sent = call("POST", "/orders").body("application/json", body);
        sent.send(&router).await.is(400);
    }
    let sent = call("POST", "/orders").body("text/plain", good().to_string());
    sent.send(&router).await.is(415);
    assert_eq!(orders.all(), [], "orders after requests that were refused");
}
