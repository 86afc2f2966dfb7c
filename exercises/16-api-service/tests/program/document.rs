//! The document says what the program answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{World, text, world};

/// Follows `$ref`s within the document.
fn resolved<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    while let Some(pointer) = value["$ref"].as_str() {
        let pointer = pointer
            .strip_prefix('#')
            .expect("a reference within the document");
        value = document
            .pointer(pointer)
            .unwrap_or_else(|| panic!("nothing at {pointer}"));
    }
    value
}

/// What is wrong with `value` by the schema, in words; as much of JSON Schema as the document uses.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = resolved(document, schema);
    let mut found = Vec::new();
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} at {at}"),
    };
    let right = match &schema["type"] {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    if !right {
        found.push(format!("{at} is no {}: {value}", schema["type"]));
    }
    if schema["format"] == json!("date-time") {
        let fraction = value
            .as_str()
            .is_some_and(|time| time.ends_with('Z') && time.len() == 24);
        if !fraction {
            found.push(format!("{at} is no time in UTC with three digits: {value}"));
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().expect("a name");
        if value.get(name).is_none() {
            found.push(format!("{at} has no {name}"));
        }
    }
    if let Some(fields) = value.as_object() {
        for (name, field) in fields {
            let inner = match schema["properties"].get(name) {
                Some(inner) => inner,
                None if schema["additionalProperties"].is_object() => {
                    &schema["additionalProperties"]
                }
                None => {
                    found.push(format!("{at} has {name}, which is not in the document"));
                    continue;
                }
            };
            found.extend(faults(document, inner, field, &format!("{at}.{name}")));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        found.extend(faults(document, &schema["items"], item, &format!("{at}[]")));
    }
    found
}

/// Every status and every body of a walk over all operations is in the document.
#[tokio::test]
async fn every_answer_is_in_the_document() {
    let world: World = world().await;
    let (status, document) = world.get("/openapi.json", "").await;
    assert_eq!(status, 200);
    let (ada, bob) = (world.user("ada").await, world.user("bob").await);
    let slug = world.article(&ada, "One", &["a", "b"]).await;
    world.article(&bob, "Two", &[]).await;
    world
        .send("POST", "/api/profiles/ada/follow", &bob, Value::Null)
        .await;
    let comment = json!({"comment": {"body": "x"}});
    let (_, body) = world
        .send(
            "POST",
            &format!("/api/articles/{slug}/comments"),
            &ada,
            comment.clone(),
        )
        .await;
    let id = body["comment"]["id"].to_string();

    let paths = document["paths"].as_object().expect("paths");
    let mut operations: Vec<(&String, &String, &Value)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("operations");
            methods
                .iter()
                .map(move |(method, operation)| (path, method, operation))
        })
        .collect();
    // What is deleted has to be there before: deletions come last, that of the article after that of its comment.
    operations
        .sort_by_key(|(path, method, _)| (*method == "delete", std::cmp::Reverse(path.len())));
    let mut seen = BTreeSet::new();
    for (template, method, operation) in operations {
        for (known, token, body) in variants(&ada, &bob, template, method) {
            let (name, place) = if known {
                ("ada", slug.as_str())
            } else {
                ("no one", "no-article")
            };
            let path = template
                .replace("{username}", name)
                .replace("{slug}", place)
                .replace("{id}", &id);
            let path = format!("/api{}", path.replace(' ', "%20"));
            let (status, answer) = world
                .send(&method.to_uppercase(), &path, &token, body.clone())
                .await;
            let case = format!("{method} {path} with {body}: {status} {answer}");
            assert!(status < 500, "{case}");
            let response = &operation["responses"][status.to_string()];
            assert!(response.is_object(), "{case} is not in the document");
            let response = resolved(&document, response);
            let schema = &response["content"]["application/json"]["schema"];
            if schema.is_null() {
                assert_eq!(answer, Value::Null, "{case}");
            } else {
                let wrong = faults(&document, schema, &answer, "the body");
                assert_eq!(wrong, Vec::<String>::new(), "{case}");
            }
            seen.insert(format!("{method} {template} {status}"));
        }
    }
    for expected in [
        "post /users 201",
        "post /users 409",
        "post /users 422",
        "post /users/login 200",
        "post /users/login 401",
        "get /user 200",
        "get /user 401",
        "put /user 200",
        "put /user 409",
        "put /user 422",
        "get /profiles/{username} 404",
        "post /profiles/{username}/follow 200",
        "delete /profiles/{username}/follow 200",
        "get /articles 200",
        "get /articles 401",
        "get /articles/feed 200",
        "post /articles 201",
        "post /articles 400",
        "post /articles 422",
        "get /articles/{slug} 200",
        "get /articles/{slug} 404",
        "put /articles/{slug} 403",
        "put /articles/{slug} 200",
        "delete /articles/{slug} 403",
        "get /articles/{slug}/comments 200",
        "post /articles/{slug}/comments 201",
        "post /articles/{slug}/favorite 200",
        "delete /articles/{slug}/favorite 200",
        "delete /articles/{slug}/comments/{id} 204",
        "delete /articles/{slug}/comments/{id} 403",
        "delete /articles/{slug} 204",
        "get /tags 200",
    ] {
        assert!(
            seen.contains(expected),
            "{expected} was not seen: {seen:#?}"
        );
    }
}

/// Requests to one operation: for what is there and for what is not, by its owner, by another one, by nobody, with a forged token,
/// and with good and bad bodies.
fn variants(ada: &str, bob: &str, template: &str, method: &str) -> Vec<(bool, String, Value)> {
    let bodies = match (template, method) {
        ("/users", _) => vec![
            json!({"user": {"username": "new", "email": "new@lantern.example", "password": "correct horse"}}),
            json!({"user": {"username": "ada", "email": "new@lantern.example", "password": "correct horse"}}),
            json!({"user": {}}),
            json!({}),
        ],
        ("/users/login", _) => vec![
            json!({"user": {"email": "ada@lantern.example", "password": "correct horse"}}),
            json!({"user": {"email": "ada@lantern.example", "password": "wrong"}}),
            json!({"user": {"email": 1}}),
        ],
        ("/user", "put") => vec![
            json!({"user": {"bio": "x"}}),
            json!({"user": {"username": "bob"}}),
            json!({"user": {"username": null}}),
        ],
        ("/articles", "post") => vec![
            json!({"article": {"title": "New", "description": "x", "body": "y", "tagList": ["t"]}}),
            json!({"article": {"title": "", "tagList": 1}}),
            Value::Null,
        ],
        ("/articles/{slug}", "put") => vec![
            json!({"article": {"title": "New", "tagList": ["t"]}}),
            json!({"article": {"title": "", "tagList": null}}),
        ],
        ("/articles/{slug}/comments", "post") => vec![
            json!({"comment": {"body": "x"}}),
            json!({"comment": {}}),
            json!({"comment": 7}),
        ],
        _ => vec![Value::Null],
    };
    let forged = format!("{ada}x");
    let mut all = Vec::new();
    for body in bodies {
        for known in [false, true] {
            // The owner comes last: what is deleted is there until then.
            for token in ["", forged.as_str(), bob, ada] {
                all.push((known, token.to_owned(), body.clone()));
            }
        }
    }
    all
}

/// The document has an answer of each kind for each operation, and all that it refers to.
#[tokio::test]
async fn the_document_is_whole() {
    let world: World = world().await;
    let (_, document) = world.get("/openapi.json", "").await;
    let paths = document["paths"].as_object().expect("paths");
    let mut operations = 0;
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("operations") {
            operations += 1;
            for status in ["400", "405", "413", "422", "500", "503"] {
                let response = resolved(&document, &operation["responses"][status]);
                let description = text(&response["description"]);
                assert!(!description.is_empty(), "{method} {path} {status}");
            }
        }
    }
    assert_eq!(operations, 19, "the operations of the public document");
}
