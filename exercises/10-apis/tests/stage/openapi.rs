use std::collections::{BTreeMap, BTreeSet};

use apis::given::partner::Partners;
use apis::openapi::{MOST_COPIES, MOST_LINES, MOST_NOTE, Shop, api, routes};
use reqwest::RequestBuilder;
use serde_json::{Map, Value, json};
use support::server::{Server, spawn};
use support::{Seeded, http};

const ISBN: &str = "9780141439518";
/// The pattern of an ISBN, in its two usual spellings.
const THIRTEEN_DIGITS: [&str; 2] = ["^[0-9]{13}$", r"^\d{13}$"];

fn document() -> Value {
    serde_json::to_value(api().1).expect("a document is JSON")
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Every route of the document: path, method, what it says.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut all = Vec::new();
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            all.push((path.clone(), method.clone(), operation));
        }
    }
    all
}

fn texts(list: &Value) -> BTreeSet<String> {
    let texts = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// What is wrong with `value`, when it should have the shape of `schema`. Members that nobody described are wrong, too.
fn misfit(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let place = reference.trim_start_matches('#');
        let Some(target) = document.pointer(place) else {
            return Some(format!("{reference} leads nowhere"));
        };
        return misfit(document, target, value, at);
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(any) = schema[word].as_array() {
            let fits = any
                .iter()
                .any(|one| misfit(document, one, value, at).is_none());
            return (!fits).then(|| format!("{at}: {value} fits none of {word}"));
        }
    }
    let types = match &schema["type"] {
        Value::String(name) => BTreeSet::from([name.clone()]),
        many => texts(many),
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() != 0.0) => {
            "number"
        }
        Value::Number(_) => "integer",
    };
    if !types.contains(is) {
        return Some(format!(
            "{at}: {value} is of the type {is}, and not one of {types:?}"
        ));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Some(format!("{at}: {value} is none of {allowed:?}"));
    }
    if let Some(measure) = measure(value) {
        for (low, high) in [
            ("minimum", "maximum"),
            ("minLength", "maxLength"),
            ("minItems", "maxItems"),
        ] {
            let belongs = match value {
                Value::Number(_) => low == "minimum",
                Value::String(_) => low == "minLength",
                _ => low == "minItems",
            };
            if belongs && schema[low].as_f64().is_some_and(|low| measure < low) {
                return Some(format!("{at}: {measure} is below {low}"));
            }
            if belongs && schema[high].as_f64().is_some_and(|high| measure > high) {
                return Some(format!("{at}: {measure} is above {high}"));
            }
        }
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
        assert!(
            THIRTEEN_DIGITS.contains(&pattern),
            "{at}: the pattern {pattern}, and expected: {}",
            THIRTEEN_DIGITS[0]
        );
        if text.len() != 13 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(format!("{at}: {text:?} does not match {pattern}"));
        }
    }
    if let Some(items) = value.as_array()
        && schema["uniqueItems"] == true
        && (1..items.len()).any(|end| items[..end].contains(&items[end]))
    {
        return Some(format!("{at}: two items are the same"));
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        let wrong = misfit(document, &schema["items"], item, &format!("{at}/{number}"));
        if wrong.is_some() {
            return wrong;
        }
    }
    if let Some(object) = value.as_object() {
        for name in texts(&schema["required"]) {
            if !object.contains_key(&name) {
                return Some(format!("{at}: {name} is missing"));
            }
        }
        for (name, member) in object {
            let wrong = match schema["properties"].get(name) {
                Some(of) => misfit(document, of, member, &format!("{at}/{name}")),
                None => Some(format!("{at}: nobody described {name}")),
            };
            if wrong.is_some() {
                return wrong;
            }
        }
    }
    None
}

fn measure(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => Some(text.chars().count() as f64),
        Value::Array(items) => Some(items.len() as f64),
        _ => None,
    }
}

async fn shop() -> (Server, Shop) {
    let shop = Shop::new(Partners::new([("ana", "ana-token")]));
    (spawn(routes(shop.clone())).await, shop)
}

fn order() -> Value {
    json!({ "lines": [{ "isbn": ISBN, "copies": 2 }], "note": "a gift" })
}

/// Requests that bring about every answer of every route: its path in the document, the request, and the status.
fn every_answer(server: &Server) -> Vec<(&'static str, &'static str, RequestBuilder, u16)> {
    let with_token = |request: RequestBuilder| request.bearer_auth("ana-token");
    let order = |body: Value| with_token(server.post("/orders")).json(&body);
    let text = |kind: &str, body: String| {
        with_token(server.post("/orders"))
            .header("content-type", kind)
            .body(body)
    };
    vec![
        ("get", "/books", server.get("/books"), 200),
        ("get", "/books", server.get("/books?most_cents=900"), 200),
        ("get", "/books", server.get("/books?most_cents=cheap"), 400),
        (
            "get",
            "/books/{isbn}",
            server.get(&format!("/books/{ISBN}")),
            200,
        ),
        ("get", "/books/{isbn}", server.get("/books/9"), 404),
        ("post", "/orders", order(self::order()), 201),
        (
            "post",
            "/orders",
            order(json!({ "lines": [{ "isbn": ISBN, "copies": 1 }] })),
            201,
        ),
        (
            "post",
            "/orders",
            text("application/json", "{".to_owned()),
            400,
        ),
        (
            "post",
            "/orders",
            server.post("/orders").json(&self::order()),
            401,
        ),
        (
            "post",
            "/orders",
            order(json!({ "lines": [{ "isbn": "9780141439846", "copies": 1 }] })),
            409,
        ),
        (
            "post",
            "/orders",
            text("application/json", " ".repeat(2 * 1024 * 1024 + 1)),
            413,
        ),
        (
            "post",
            "/orders",
            text("text/plain", self::order().to_string()),
            415,
        ),
        ("post", "/orders", order(json!({ "lines": [] })), 422),
        (
            "get",
            "/orders/{id}",
            with_token(server.get("/orders/1")),
            200,
        ),
        (
            "get",
            "/orders/{id}",
            with_token(server.get("/orders/2")),
            200,
        ),
        ("get", "/orders/{id}", server.get("/orders/1"), 401),
        (
            "get",
            "/orders/{id}",
            with_token(server.get("/orders/3")),
            404,
        ),
        (
            "delete",
            "/orders/{id}",
            with_token(server.delete("/orders/2")),
            204,
        ),
        ("delete", "/orders/{id}", server.delete("/orders/1"), 401),
        (
            "delete",
            "/orders/{id}",
            with_token(server.delete("/orders/2")),
            404,
        ),
    ]
}

/// Every answer that the service gives stands in the document, with its type, its headers and its shape.
#[tokio::test]
async fn every_answer_is_described() {
    let document = document();
    let (server, shop) = shop().await;
    let mut requests = every_answer(&server);
    let late = server.delete("/orders/1").bearer_auth("ana-token");
    requests.push(("delete", "/orders/{id}", late, 409));
    let last = requests.len() - 1;
    for (number, (method, path, request, expected)) in requests.into_iter().enumerate() {
        if number == last {
            shop.send_all();
        }
        let response = http::answer(request).await;
        let status = http::status(&response);
        let kind = http::header(&response, "content-type");
        let headers: Vec<(&str, Option<String>)> = ["location", "www-authenticate"]
            .map(|name| (name, http::header(&response, name)))
            .to_vec();
        let body = http::text(response).await;
        let case = format!("{method} {path} answers {status} {body}");
        assert_eq!(status, expected, "the handlers answer as they did: {case}");
        let described = &document["paths"][path][method]["responses"][status.to_string()];
        assert!(
            described.is_object(),
            "{case}: the document does not know it"
        );
        let media: Vec<&String> = members(&described["content"])
            .map(|(media, _)| media)
            .collect();
        assert_eq!(
            media,
            kind.iter().collect::<Vec<_>>(),
            "{case}: types in the document, and the one that came"
        );
        if let Some(kind) = &kind {
            let value: Value =
                serde_json::from_str(&body).unwrap_or_else(|error| panic!("{case}: {error}"));
            let schema = &described["content"][kind]["schema"];
            assert_eq!(
                misfit(&document, schema, &value, "body"),
                None,
                "{case}, and the document says {schema}"
            );
        }
        for (name, value) in headers {
            let known =
                members(&described["headers"]).any(|(header, _)| header.eq_ignore_ascii_case(name));
            assert_eq!(
                known,
                value.is_some(),
                "{case}: the header {name}, in the document and in the answer"
            );
        }
    }
}

/// The document promises no route and no answer that there is not.
#[tokio::test]
async fn nothing_is_described_that_is_not_there() {
    let (server, _) = shop().await;
    let mut there: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (method, path, _, status) in every_answer(&server) {
        let route = (path.to_owned(), method.to_owned());
        there.entry(route).or_default().insert(status.to_string());
    }
    let cancel = ("/orders/{id}".to_owned(), "delete".to_owned());
    there.entry(cancel).or_default().insert("409".to_owned());
    let document = document();
    for (path, method, operation) in operations(&document) {
        let described: BTreeSet<String> = members(&operation["responses"])
            .map(|(status, _)| status.clone())
            .collect();
        let route = (path.clone(), method.clone());
        let expected = there.remove(&route).unwrap_or_default();
        assert_eq!(described, expected, "{method} {path}");
    }
    assert!(
        there.is_empty(),
        "routes that the document does not know: {there:?}"
    );
}

/// A line, an order or something that is almost one.
fn some_order(values: &mut Seeded) -> Value {
    let mut line = || {
        let isbn = match values.number(0..12) {
            0 => json!("978014143951"),
            1 => json!("97801414395189"),
            2 => json!("978014143951X"),
            3 => json!("９780141439518"),
            4 => json!(9_780_141_439_518_u64),
            _ => json!(ISBN),
        };
        let copies = match values.number(0..12) {
            0 => json!(0),
            1 => json!(MOST_COPIES + 1),
            2 => json!(-1),
            3 => json!("2"),
            4 => json!(u64::MAX),
            _ => json!(values.number(1..u64::from(MOST_COPIES) + 1)),
        };
        let mut line = json!({ "isbn": isbn, "copies": copies });
        let members = line.as_object_mut().expect("an object");
        match values.number(0..20) {
            0 => drop(members.remove("isbn")),
            1 => drop(members.remove("copies")),
            2 => drop(members.insert("price".to_owned(), json!(1))),
            _ => {}
        }
        line
    };
    let first = line();
    let lines = vec![first; values.size(0..3)];
    let note = match values.number(0..8) {
        0 => json!("é".repeat(MOST_NOTE)),
        1 => json!("é".repeat(MOST_NOTE + 1)),
        2 => json!(7),
        3 => Value::Null,
        _ => json!(values.word(0..30)),
    };
    let mut order = Map::from_iter([
        ("lines".to_owned(), json!(lines)),
        ("note".to_owned(), note),
    ]);
    match values.number(0..12) {
        0 => drop(order.remove("lines")),
        1 | 2 => drop(order.remove("note")),
        3 => drop(order.insert("gift".to_owned(), json!(true))),
        _ => {}
    }
    Value::Object(order)
}

/// What fits the document is taken, and what does not is answered 422, for many orders and almost-orders.
#[tokio::test]
async fn document_and_service_agree() {
    let document = document();
    let (server, _) = shop().await;
    let schema = &document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]
        ["schema"];
    for name in ["NewOrder", "Line"] {
        assert_eq!(
            document["components"]["schemas"][name]["additionalProperties"], false,
            "the service refuses members that {name} does not have, and so does the document"
        );
    }
    let mut values = support::seeded(0x10DA);
    let line = json!({ "isbn": ISBN, "copies": 1 });
    let lines = |count: usize| json!({ "lines": vec![line.clone(); count] });
    let copies = |count: Value| json!({ "lines": [{ "isbn": ISBN, "copies": count }] });
    let note = |length: usize| json!({ "lines": [line.clone()], "note": "ß".repeat(length) });
    let mut orders = vec![
        lines(0),
        lines(1),
        lines(MOST_LINES),
        lines(MOST_LINES + 1),
        copies(json!(0)),
        copies(json!(1)),
        copies(json!(MOST_COPIES)),
        copies(json!(MOST_COPIES + 1)),
        // 2.0 is an `integer`, and 2.5 is none.
        copies(json!(2.0)),
        copies(json!(2.5)),
        note(0),
        note(MOST_NOTE),
        note(MOST_NOTE + 1),
    ];
    orders.extend((0..150).map(|_| some_order(&mut values)));
    let mut taken = 0;
    for order in &orders {
        let response =
            http::answer(server.post("/orders").bearer_auth("ana-token").json(order)).await;
        let (status, said) = (http::status(&response), http::text(response).await);
        let misfit = misfit(&document, schema, order, "body");
        match &misfit {
            None => assert_eq!(
                status, 201,
                "{order} fits the document, and the service says {said}"
            ),
            Some(why) => assert_eq!(
                status, 422,
                "{order} does not fit the document ({why}), and the service says {said}"
            ),
        }
        taken += u32::from(misfit.is_none());
    }
    assert!(
        taken > 10,
        "{taken} of {} orders fit the document",
        orders.len()
    );
}

/// Every shape is a schema under the name of its type, and says which of its members are always there.
#[test]
fn shapes_have_names_and_required_members() {
    let document = document();
    let required: BTreeMap<&String, String> = members(&document["components"]["schemas"])
        .map(|(name, schema)| {
            let members: Vec<String> = texts(&schema["required"]).into_iter().collect();
            (name, members.join(", "))
        })
        .collect();
    insta::assert_json_snapshot!(required, @r#"
    {
      "Book": "cents, isbn, title",
      "Line": "copies, isbn",
      "NewOrder": "lines",
      "Order": "cents, id, lines, placed_on, state",
      "OrderState": "",
      "Problem": "detail, status, title"
    }
    "#);
    let states = texts(&document["components"]["schemas"]["OrderState"]["enum"]);
    let expected = ["on_its_way", "placed"].map(str::to_owned);
    assert_eq!(states, BTreeSet::from(expected), "the states of an order");
    let mut places = vec![("the document".to_owned(), &document)];
    while let Some((at, value)) = places.pop() {
        if let Some(reference) = value["$ref"].as_str() {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{at}: {reference} leads nowhere");
        }
        places.extend(members(value).map(|(name, member)| (format!("{at}/{name}"), member)));
        let items = value.as_array().into_iter().flatten().enumerate();
        places.extend(items.map(|(number, item)| (format!("{at}/{number}"), item)));
    }
}

/// Numbers and days have their formats, and what is an ISBN is said by a pattern wherever one stands.
#[test]
fn formats_and_patterns_are_said() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for (shape, member, format) in [
        ("Order", "placed_on", "date"),
        ("Order", "id", "int64"),
        ("Order", "cents", "int32"),
        ("Book", "cents", "int32"),
        ("Line", "copies", "int32"),
    ] {
        let said = &schemas[shape]["properties"][member]["format"];
        assert_eq!(
            said, format,
            "the format of {member} in {shape}: {}",
            schemas[shape]
        );
    }
    for shape in ["Book", "Line"] {
        let pattern = schemas[shape]["properties"]["isbn"]["pattern"]
            .as_str()
            .unwrap_or("none");
        assert!(
            THIRTEEN_DIGITS.contains(&pattern),
            "the pattern of an ISBN in {shape}: {pattern}"
        );
    }
}

/// What a path has in braces is a required parameter of the path, and a query has optional ones.
#[test]
fn parameters_are_described() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        let braces: BTreeSet<String> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(str::to_owned)
            .collect();
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let in_path: BTreeSet<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(
            in_path, braces,
            "required parameters in the path of {method} {path}: {parameters:?}"
        );
        let others: Vec<&Value> = parameters
            .iter()
            .filter(|parameter| parameter["in"] != "path")
            .collect();
        for parameter in parameters.iter().filter(|one| one["in"] == "path") {
            let (schema, value) = match path.as_str() {
                "/orders/{id}" => (&parameter["schema"], vec![json!(1), json!("1")]),
                _ => (&parameter["schema"], vec![json!(ISBN)]),
            };
            let fits = |value| misfit(&document, schema, value, "path").is_none();
            assert!(
                value.iter().any(fits),
                "{method} {path}: a parameter such as {} does not fit {schema}",
                value[0]
            );
        }
        if path == "/books" {
            assert_eq!(others.len(), 1, "{method} {path}: {others:?}");
            assert_eq!(
                others[0]["name"], "most_cents",
                "{method} {path}: {others:?}"
            );
            assert_eq!(others[0]["in"], "query", "{method} {path}: {others:?}");
            assert_ne!(others[0]["required"], true, "{method} {path}: {others:?}");
            let schema = &others[0]["schema"];
            assert_eq!(
                misfit(&document, schema, &json!(900), "most_cents"),
                None,
                "{schema}"
            );
        } else {
            assert!(others.is_empty(), "{method} {path}: {others:?}");
        }
    }
    let body = &document["paths"]["/orders"]["post"]["requestBody"];
    assert_eq!(body["required"], true, "an order needs its body: {body}");
}

/// The token is a bearer token, and exactly the routes that answer 401 without it ask for it.
#[test]
fn the_token_is_asked_for_where_it_is_needed() {
    let document = document();
    let schemes = &document["components"]["securitySchemes"];
    let known: Vec<(&String, &Value)> = members(schemes).collect();
    assert_eq!(known.len(), 1, "one scheme: {schemes}");
    let (name, scheme) = known[0];
    assert_eq!(scheme["type"], "http", "{scheme}");
    assert_eq!(scheme["scheme"], "bearer", "{scheme}");
    assert!(
        document.get("security").is_none(),
        "not for the whole document: {}",
        document["security"]
    );
    for (path, method, operation) in operations(&document) {
        let expected = if path.starts_with("/orders") {
            json!([{ name: [] }])
        } else {
            json!([])
        };
        let said = operation
            .get("security")
            .cloned()
            .unwrap_or_else(|| json!([]));
        assert_eq!(said, expected, "the security of {method} {path}");
    }
}

/// A person understands it: title, version, a summary for each route, words for each answer; and each route has an id of its own.
#[test]
fn everything_has_words() {
    let document = document();
    for member in ["title", "version"] {
        let text = document["info"][member].as_str().unwrap_or_default();
        assert!(
            !text.trim().is_empty(),
            "the {member}: {}",
            document["info"]
        );
    }
    let mut ids = BTreeSet::new();
    let all = operations(&document);
    assert_eq!(
        all.len(),
        5,
        "routes: {:?}",
        all.iter()
            .map(|(path, method, _)| (method, path))
            .collect::<Vec<_>>()
    );
    for (path, method, operation) in all {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.trim().is_empty(), "the summary of {method} {path}");
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            !id.is_empty() && ids.insert(id.clone()),
            "the operationId {id:?} of {method} {path}"
        );
        for (status, answer) in members(&operation["responses"]) {
            let words = answer["description"].as_str().unwrap_or_default();
            assert!(
                !words.trim().is_empty(),
                "the description of {status} of {method} {path}"
            );
        }
    }
}

/// Programs get the document, people a page with all of it, which needs no script and nothing from elsewhere.
#[tokio::test]
async fn document_and_page_are_served() {
    let document = document();
    let (server, _) = shop().await;
    let response = http::answer(server.get("/openapi.json")).await;
    let kind = http::header(&response, "content-type");
    assert_eq!(http::status(&response), 200, "GET /openapi.json");
    assert_eq!(
        kind.as_deref(),
        Some("application/json"),
        "GET /openapi.json"
    );
    let served: Value = http::json(response).await;
    assert!(served == document, "what is served is what api() made");

    let response = http::answer(server.get("/docs")).await;
    let kind = http::header(&response, "content-type").unwrap_or_default();
    assert_eq!(http::status(&response), 200, "GET /docs");
    assert!(kind.starts_with("text/html"), "GET /docs: {kind}");
    let page = http::text(response).await;
    assert!(!page.contains("<script"), "no script: {page}");
    for link in page
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default())
    {
        assert!(
            link.starts_with(['/', '#']),
            "a link to another place: {link}"
        );
        if let Some(id) = link.strip_prefix('#') {
            assert!(
                page.contains(&format!("id=\"{id}\"")),
                "the link #{id} leads nowhere"
            );
        }
    }
    for (path, method, _) in operations(&document) {
        let heading = format!("<h2>{} {path}</h2>", method.to_uppercase());
        let escaped = heading
            .replace("/b", "&#x2f;b")
            .replace("/o", "&#x2f;o")
            .replace("/{", "&#x2f;{");
        assert!(
            page.contains(&heading) || page.contains(&escaped),
            "{method} {path} on the page: {page}"
        );
    }
    for (name, _) in members(&document["components"]["schemas"]) {
        assert!(
            page.contains(&format!("id=\"{name}\"")),
            "{name} on the page"
        );
    }
}
