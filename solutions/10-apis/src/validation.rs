//! An order comes in: everything that is wrong with it is said at once, and only what is right gets any further.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Map, Value};

use crate::given::books::Isbn;
use crate::given::orders::{self, Address, Country, Customer, FieldError, Line, NewOrder, Orders};

/// How many characters a name or a street has at most.
pub const MOST_NAME: usize = 100;
/// How many characters a message has at most.
pub const MOST_MESSAGE: usize = 200;
/// How many lines an order has at most.
pub const MOST_LINES: usize = 50;
/// How many copies of one book are ordered at most.
pub const MOST_COPIES: u64 = 99;

/// Checks an order: either all of it, or an error for every field that is wrong, in any order.
///
/// | pointer | what is right |
/// | --- | --- |
/// | (the empty text) | an object |
/// | `/customer`, `/ship_to` | an object |
/// | `/customer/name`, `/ship_to/street` | a text of 1 to [`MOST_NAME`] characters (not bytes), not only white space |
/// | `/customer/email` | a text with exactly one `@`, something before and behind it, and no white space |
/// | `/ship_to/country` | a code that [`Country::of`] knows |
/// | `/ship_to/postcode` | a text of so many digits (0 to 9) as the country wants |
/// | `/lines` | a list of 1 to [`MOST_LINES`] lines |
/// | `/lines/0`, `/lines/1` … | an object |
/// | `/lines/0/isbn` | a text that is an ISBN; `knows` it; no line before has the same |
/// | `/lines/0/copies` | a number without a fraction (`2`; `2.0` and `"2"` are none), 1 to [`MOST_COPIES`] |
/// | `/gift_message` | may be missing; otherwise a text of at most [`MOST_MESSAGE`] characters |
///
/// - A field that is wrong has one error. A value of the wrong type is an error of its field, and `null` is such a value.
/// - A field that is missing has its error at the pointer where it would be.
/// - A field that nobody knows is an error, at each level. In a pointer `~` is written `~0`, and `/` is written `~1`.
/// - One cause, one error: where an object or the list is missing or wrong, nothing is said about what would be in it. When the
///   country is wrong, nobody can say how many digits its postcode has: then only a postcode that is missing or no text is an error.
/// - Texts are kept as they came.
pub fn check(body: &Value, knows: &dyn Fn(&Isbn) -> bool) -> Result<NewOrder, Vec<FieldError>> {
    let mut found = Found::default();
    let order = found.order(body, knows);
    match order {
        Some(order) if found.errors.is_empty() => Ok(order),
        _ => Err(found.errors),
    }
}

/// `POST /orders`, JSON: 201, the order as [`Orders::place`] gives it back, and its address `/orders/{id}` as `Location`. With
/// faulty fields: the answer of [`orders::refused`], and nothing is placed. A body that cannot be read as JSON is 400, one of
/// another content type 415, as axum's `Json` has it.
pub fn routes(orders: Arc<Orders>) -> Router {
    Router::new()
        .route("/orders", post(place))
        .with_state(orders)
}

async fn place(State(orders): State<Arc<Orders>>, Json(body): Json<Value>) -> Response {
    let checked = check(&body, &|isbn| orders.knows(isbn));
    match checked {
        Ok(order) => {
            let placed = orders.place(order);
            let address = [(LOCATION, format!("/orders/{}", placed.id))];
            (StatusCode::CREATED, address, Json(placed)).into_response()
        }
        Err(errors) => orders::refused(&errors),
    }
}

/// What was found wrong so far.
///
/// Each of the functions reads one value at a pointer. It gives what it read, or nothing after it has noted an error, so that
/// whoever asks can go on with the next field.
#[derive(Default)]
struct Found {
    errors: Vec<FieldError>,
}

impl Found {
    fn order(&mut self, body: &Value, knows: &dyn Fn(&Isbn) -> bool) -> Option<NewOrder> {
        let fields = self.object(
            "",
            Some(body),
            &["customer", "ship_to", "lines", "gift_message"],
        )?;
        // All fields are read before the first `?` gives up.
        let customer = self.customer(fields.get("customer"));
        let ship_to = self.address(fields.get("ship_to"));
        let lines = self.lines(fields.get("lines"), knows);
        let gift_message = match fields.get("gift_message") {
            None => None,
            message => self.text("/gift_message", message, 0, MOST_MESSAGE),
        };
        Some(NewOrder {
            customer: customer?,
            ship_to: ship_to?,
            lines: lines?,
            gift_message: gift_message.map(str::to_owned),
        })
    }

    fn customer(&mut self, value: Option<&Value>) -> Option<Customer> {
        let fields = self.object("/customer", value, &["name", "email"])?;
        let name = self.name("/customer/name", fields.get("name"));
        let at = "/customer/email";
        let email = self.text(at, fields.get("email"), 0, usize::MAX);
        let email = email.filter(|email| {
            self.holds(
                is_email(email),
                at,
                "an address like emma@hartfield.example",
            )
        });
        Some(Customer {
            name: name?.to_owned(),
            email: email?.to_owned(),
        })
    }

    fn address(&mut self, value: Option<&Value>) -> Option<Address> {
        let fields = self.object("/ship_to", value, &["street", "postcode", "country"])?;
        let street = self.name("/ship_to/street", fields.get("street"));
        let at = "/ship_to/country";
        let code = self.text(at, fields.get("country"), 0, usize::MAX);
        let country = code.and_then(|code| {
            let country = Country::of(code);
            self.holds(country.is_some(), at, "AT, CH or DE");
            country
        });
        let postcode = self.postcode(fields.get("postcode"), country);
        Some(Address {
            street: street?.to_owned(),
            postcode: postcode?.to_owned(),
            country: country?,
        })
    }

    fn postcode<'a>(
        &mut self,
        value: Option<&'a Value>,
        country: Option<Country>,
    ) -> Option<&'a str> {
        let at = "/ship_to/postcode";
        let postcode = self.text(at, value, 0, usize::MAX)?;
        let digits = country?.postcode_digits();
        let fits = postcode.len() == digits && postcode.bytes().all(|byte| byte.is_ascii_digit());
        self.holds(fits, at, &format!("{digits} digits"))
            .then_some(postcode)
    }

    fn lines(&mut self, value: Option<&Value>, knows: &dyn Fn(&Isbn) -> bool) -> Option<Vec<Line>> {
        let expected = format!("a list of 1 to {MOST_LINES} lines");
        let lines = self.present("/lines", value)?.as_array();
        let lines = lines.filter(|lines| (1..=MOST_LINES).contains(&lines.len()));
        self.holds(lines.is_some(), "/lines", &expected);
        let mut seen = BTreeSet::new();
        let read: Vec<Option<Line>> = lines?
            .iter()
            .enumerate()
            .map(|(index, line)| self.line(&format!("/lines/{index}"), line, &mut seen, knows))
            .collect();
        read.into_iter().collect()
    }

    fn line(
        &mut self,
        at: &str,
        value: &Value,
        seen: &mut BTreeSet<Isbn>,
        knows: &dyn Fn(&Isbn) -> bool,
    ) -> Option<Line> {
        let fields = self.object(at, Some(value), &["isbn", "copies"])?;
        let isbn = self.isbn(&format!("{at}/isbn"), fields.get("isbn"), knows);
        let isbn = isbn.filter(|isbn| {
            let first = seen.insert(isbn.clone());
            self.holds(
                first,
                &format!("{at}/isbn"),
                "a book that no line before has",
            )
        });
        let copies = self.copies(&format!("{at}/copies"), fields.get("copies"));
        Some(Line {
            isbn: isbn?,
            copies: copies?,
        })
    }

    fn isbn(
        &mut self,
        at: &str,
        value: Option<&Value>,
        knows: &dyn Fn(&Isbn) -> bool,
    ) -> Option<Isbn> {
        let text = self.text(at, value, 0, usize::MAX)?;
        let isbn = Isbn::try_from(text.to_owned()).ok();
        let there = isbn.as_ref().is_some_and(knows);
        self.holds(there, at, "the ISBN of a book that Lantern has");
        isbn.filter(|_| there)
    }

    fn copies(&mut self, at: &str, value: Option<&Value>) -> Option<u64> {
        let copies = self.present(at, value)?.as_u64();
        let copies = copies.filter(|copies| (1..=MOST_COPIES).contains(copies));
        let expected = format!("a whole number from 1 to {MOST_COPIES}");
        self.holds(copies.is_some(), at, &expected);
        copies
    }

    fn name<'a>(&mut self, at: &str, value: Option<&'a Value>) -> Option<&'a str> {
        self.text(at, value, 1, MOST_NAME)
    }

    /// A text of so many characters. Where one is the least, white space alone is not enough.
    fn text<'a>(
        &mut self,
        at: &str,
        value: Option<&'a Value>,
        least: usize,
        most: usize,
    ) -> Option<&'a str> {
        let text = self.present(at, value)?.as_str();
        let text = text
            .filter(|text| text.trim().chars().count() >= least && text.chars().count() <= most);
        let expected = match (least, most) {
            (_, usize::MAX) => "a text".to_owned(),
            (0, most) => format!("a text of at most {most} characters"),
            (least, most) => format!("a text of {least} to {most} characters"),
        };
        self.holds(text.is_some(), at, &expected);
        text
    }

    /// An object, and a word about each field that is not among `known`.
    fn object<'a>(
        &mut self,
        at: &str,
        value: Option<&'a Value>,
        known: &[&str],
    ) -> Option<&'a Map<String, Value>> {
        let fields = self.present(at, value)?.as_object();
        self.holds(fields.is_some(), at, "an object");
        for name in fields?
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            let name = name.replace('~', "~0").replace('/', "~1");
            self.note(format!("{at}/{name}"), "there is no such field".to_owned());
        }
        fields
    }

    fn present<'a>(&mut self, at: &str, value: Option<&'a Value>) -> Option<&'a Value> {
        if value.is_none() {
            self.note(at.to_owned(), "this field is missing".to_owned());
        }
        value
    }

    /// Notes an error unless `condition` holds, and gives it back.
    fn holds(&mut self, condition: bool, at: &str, expected: &str) -> bool {
        if !condition {
            self.note(at.to_owned(), format!("it has to be {expected}"));
        }
        condition
    }

    fn note(&mut self, pointer: String, detail: String) {
        self.errors.push(FieldError { pointer, detail });
    }
}

/// Only a mail that arrives proves an address; this finds what was typed into the wrong field.
fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    let spaces = text.chars().any(char::is_whitespace);
    !spaces
        && parts
            .is_some_and(|(who, host)| !who.is_empty() && !host.is_empty() && !host.contains('@'))
}
