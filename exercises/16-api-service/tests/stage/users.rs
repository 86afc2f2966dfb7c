use std::sync::Arc;

use api_service::given::config::{Argon2Cost, Config};
use api_service::given::hasher::Hasher;
use api_service::given::neighbours::{Neighbours, Passwords, Users};
use api_service::given::problem::Problem;
use api_service::given::views::User;
use api_service::users::{Accounts, Argon2id, routes};
use serde_json::{Value, json};
use support::seeded;

use super::helpers::{Answer, START, TestApp, by, count, requests, spawn, spawn_whole, value};

/// The milestone alone: stand-ins for all the others, and for its own traits as well.
async fn alone() -> TestApp {
    spawn(routes(), |_, _| {}).await
}

/// With its own view of a user.
async fn with_own_view() -> TestApp {
    spawn(routes(), |neighbours: &mut Neighbours, _: &Config| {
        neighbours.users = Arc::new(Accounts);
    })
    .await
}

fn ada() -> Value {
    json!({"user": {"username": "ada", "email": "ada@lantern.example", "password": "correct horse"}})
}

/// `body` with another value for a field; without the field for `None`.
fn but(mut body: Value, field: &str, value: Option<Value>) -> Value {
    let fields = body["user"].as_object_mut().expect("an object");
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    body
}

fn stored(app: &TestApp, column: &str, id: i64) -> Option<String> {
    app.query(&format!("SELECT {column} FROM users WHERE id = ?1"), [id])
}

fn users(app: &TestApp) -> i64 {
    app.query("SELECT count(*) FROM users", [])
}

#[track_caller]
fn assert_refused(case: &str, answer: &Answer, status: u16, errors: &Value) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text);
    let expected: Value = json!({"errors": errors});
    assert_eq!(answer.body, expected, "{case}");
}

/// Whoever registers is answered 201 and their own entry, with a token, without bio and image.
#[tokio::test]
async fn registering_answers_the_new_entry() {
    let app = alone().await;
    let answer = app.post(None, "/api/users", ada()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "user": {
        "bio": null,
        "email": "ada@lantern.example",
        "image": null,
        "token": "token-of-1",
        "username": "ada"
      }
    }
    "#);
}

/// Every text is stored as it came, with its capitals and the white space at its ends; the entry begins now, with neither bio
/// nor image.
#[tokio::test]
async fn texts_are_stored_as_they_came() {
    let app = alone().await;
    app.user("somebody");
    let mut seeds = seeded(0x16_01);
    for round in 0..8 {
        app.clock.advance(1 + round);
        let word = seeds.word(3..9);
        let name = format!(" {word}'É\"%_\\\u{1F600} Z\u{0}z ");
        let email = format!(" Ada+{word}@LANTERN.example ");
        let password = format!("  {word}-Passwört ");
        let body = json!({"user": {"username": name, "email": email, "password": password}});
        let answer = app.post(None, "/api/users", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let id: i64 = app.query("SELECT max(id) FROM users", []);
        assert_eq!(stored(&app, "username", id).as_deref(), Some(name.as_str()));
        assert_eq!(stored(&app, "email", id).as_deref(), Some(email.as_str()));
        let hash = format!("stand-in:{password}");
        assert_eq!(stored(&app, "password_hash", id), Some(hash));
        assert_eq!(stored(&app, "bio", id), None);
        assert_eq!(stored(&app, "image", id), None);
        let made: i64 = app.query("SELECT created_at FROM users WHERE id = ?1", [id]);
        let passed: i64 = (0..=round).map(|round| 1 + round).sum();
        assert_eq!(made, START + passed, "created_at, in milliseconds");
        let shown: Value = answer.body["user"]["username"].clone();
        assert_eq!(shown, json!(name), "whose entry is answered");
    }
}

/// A registration hashes the password once, through the neighbour, and answers what the neighbour reads.
#[tokio::test]
async fn a_registration_asks_the_neighbours() {
    let app = alone().await;
    app.user("somebody");
    app.post(None, "/api/users", ada()).await;
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, ["hash", "user 2"]);
}

/// A name and an address that are absent, null, empty or white space can't be blank, nor can a password that is absent, null or
/// empty; nothing is hashed then, and nothing stored.
#[tokio::test]
async fn blank_fields_are_refused() {
    let app = alone().await;
    for field in ["username", "email", "password"] {
        let mut blank = vec![None, Some(Value::Null), Some(json!(""))];
        if field != "password" {
            blank.extend([Some(json!("  ")), Some(json!("\t\u{3000}\n"))]);
        }
        for value in blank {
            let case = format!("{field} {value:?}");
            let answer = app.post(None, "/api/users", but(ada(), field, value)).await;
            assert_refused(&case, &answer, 422, &json!({field: ["can't be blank"]}));
        }
    }
    assert_eq!(users(&app), 0);
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, Vec::<String>::new());
}

/// A field that is no text is invalid.
#[tokio::test]
async fn what_is_no_text_is_refused() {
    let app = alone().await;
    for field in ["username", "email", "password"] {
        for value in [
            json!(12345678),
            json!(true),
            json!(["password"]),
            json!({"a": 1}),
        ] {
            let case = format!("{field} {value}");
            let answer = app
                .post(None, "/api/users", but(ada(), field, Some(value)))
                .await;
            assert_refused(&case, &answer, 422, &json!({field: ["is invalid"]}));
        }
    }
    assert_eq!(users(&app), 0);
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, Vec::<String>::new());
}

/// One answer names every field that is wrong.
#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let app = alone().await;
    for (user, errors) in [
        (
            json!({}),
            json!({"username": ["can't be blank"], "email": ["can't be blank"], "password": ["can't be blank"]}),
        ),
        (
            json!({"username": 5, "email": " ", "password": "1234567"}),
            json!({"username": ["is invalid"], "email": ["can't be blank"],
                   "password": ["is too short (minimum is 8 characters)"]}),
        ),
        (
            json!({"username": "ada", "email": null, "password": []}),
            json!({"email": ["can't be blank"], "password": ["is invalid"]}),
        ),
    ] {
        let case = user.to_string();
        let answer = app.post(None, "/api/users", json!({"user": user})).await;
        assert_refused(&case, &answer, 422, &errors);
    }
}

/// A password has eight characters or more, of any kind, eight spaces, too; what is counted is characters, not bytes.
#[tokio::test]
async fn a_password_has_eight_characters_of_any_kind() {
    let app = alone().await;
    let short = ["1", "1234567", "       ", "äöüßäöü", "😀😀😀😀😀😀😀"];
    for password in short {
        let body = but(ada(), "password", Some(json!(password)));
        let answer = app.post(None, "/api/users", body).await;
        let errors = json!({"password": ["is too short (minimum is 8 characters)"]});
        assert_refused(password, &answer, 422, &errors);
    }
    assert_eq!(users(&app), 0);
    let long = [
        "12345678",
        "        ",
        "äöüßäöüß",
        "aaaaaaaa",
        "a b\u{0}c\tde",
    ];
    let longer = [64, 65, 129, 5000].map(|length| "x".repeat(length));
    let accepted = long.into_iter().map(str::to_owned).chain(longer);
    for (number, password) in accepted.enumerate() {
        let user = json!({"username": format!("u{number}"), "email": format!("u{number}@lantern.example"), "password": password});
        let answer = app.post(None, "/api/users", json!({"user": user})).await;
        assert_eq!(answer.status, 201, "{password:?}: {}", answer.text);
        let id: i64 = app.query("SELECT max(id) FROM users", []);
        let hash: Option<String> = stored(&app, "password_hash", id);
        assert_eq!(
            hash,
            Some(format!("stand-in:{password}")),
            "the whole password"
        );
    }
}

/// A name that another user has exactly so, and an address that differs in capitals at most, are taken: 409, which names both if
/// both are, whoever has them. Nothing is stored, and nobody waits for a hash.
#[tokio::test]
async fn taken_names_and_addresses_are_refused() {
    let app = alone().await;
    app.user("ada");
    app.user("Bob");
    let before = app.contents();
    let taken = ["has already been taken"];
    for (username, email, errors) in [
        ("ada", "new@lantern.example", json!({"username": taken})),
        ("new", "ada@lantern.example", json!({"email": taken})),
        ("new", "ADA@Lantern.Example", json!({"email": taken})),
        ("new", "bob@lantern.example", json!({"email": taken})),
        (
            "ada",
            "ada@lantern.example",
            json!({"username": taken, "email": taken}),
        ),
        (
            "ada",
            "bob@lantern.example",
            json!({"username": taken, "email": taken}),
        ),
        (
            "Bob",
            "ada@lantern.example",
            json!({"username": taken, "email": taken}),
        ),
    ] {
        let user = json!({"username": username, "email": email, "password": "correct horse"});
        let answer = app.post(None, "/api/users", json!({"user": user})).await;
        assert_refused(&format!("{username} {email}"), &answer, 409, &errors);
    }
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, Vec::<String>::new(), "hashes for nobody");
    assert_eq!(app.contents(), before);
}

/// A name that differs in its capitals or its white space is another name, as is one that only looks like a pattern.
#[tokio::test]
async fn names_are_compared_exactly() {
    let app = alone().await;
    app.user("ada");
    for (number, name) in ["Ada", "ADA", " ada", "ada ", "ad_", "%", "àda"]
        .iter()
        .enumerate()
    {
        let user = json!({"username": name, "email": format!("{number}@lantern.example"), "password": "correct horse"});
        let answer = app.post(None, "/api/users", json!({"user": user})).await;
        assert_eq!(answer.status, 201, "{name:?}: {}", answer.text);
    }
    for (number, email) in [" ada@lantern.example", "ad_@lantern.example", "%"]
        .iter()
        .enumerate()
    {
        let user =
            json!({"username": format!("e{number}"), "email": email, "password": "correct horse"});
        let answer = app.post(None, "/api/users", json!({"user": user})).await;
        assert_eq!(answer.status, 201, "{email:?}: {}", answer.text);
    }
}

/// What is wrong in itself is told before what is taken.
#[tokio::test]
async fn a_wrong_field_comes_before_a_taken_one() {
    let app = alone().await;
    app.user("ada");
    let answer = app
        .post(
            None,
            "/api/users",
            but(ada(), "password", Some(json!("short"))),
        )
        .await;
    let errors = json!({"password": ["is too short (minimum is 8 characters)"]});
    assert_refused("registering", &answer, 422, &errors);
    let bob = app.user("bob");
    let change = json!({"user": {"username": "ada", "bio": 7}});
    let answer = app.put(bob, "/api/user", change).await;
    assert_refused("changing", &answer, 422, &json!({"bio": ["is invalid"]}));
}

/// Of several who want the same name at the same moment one gets it, and the others are told so.
#[tokio::test]
async fn a_name_is_given_once() {
    let app = alone().await;
    let answers = app
        .at_once(6, |number| {
            let email = format!("{number}@lantern.example");
            app.server
                .post("/api/users")
                .json(&but(ada(), "email", Some(json!(email))))
        })
        .await;
    assert_eq!(count(&answers, 201), 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let errors = json!({"username": ["has already been taken"]});
        assert_refused("the others", answer, 409, &errors);
    }
    assert_eq!(users(&app), 1);
}

/// Of several who want the same address at the same moment one gets it; so it is when two change to the same name.
#[tokio::test]
async fn an_address_is_given_once_and_a_name_changed_to_once() {
    let app = alone().await;
    let answers = app
        .at_once(6, |number| {
            let name = format!("ada {number}");
            app.server
                .post("/api/users")
                .json(&but(ada(), "username", Some(json!(name))))
        })
        .await;
    assert_eq!(count(&answers, 201), 1, "{answers:?}");
    assert_eq!(count(&answers, 409), 5, "{answers:?}");

    let people: Vec<i64> = ["bob", "eve", "joe"].map(|name| app.user(name)).into();
    let answers = app
        .at_once(3, |number| {
            by(people[number], app.server.put("/api/user"))
                .json(&json!({"user": {"username": "the one"}}))
        })
        .await;
    assert_eq!(count(&answers, 200), 1, "{answers:?}");
    assert_eq!(count(&answers, 409), 2, "{answers:?}");
}

/// A registration whose answer cannot be made is a failure, and leaves nobody behind.
#[tokio::test]
async fn a_registration_that_fails_leaves_nothing() {
    struct Broken;
    impl Users for Broken {
        fn view(&self, _: &api_service::given::app::Tx, _: i64) -> Result<User, Problem> {
            Err(Problem::internal(&"the test's own failure"))
        }
    }
    let app = spawn(routes(), |neighbours: &mut Neighbours, _: &Config| {
        neighbours.users = Arc::new(Broken);
    })
    .await;
    let bob = app.user("bob");
    let before = app.contents();
    let answer = app.post(None, "/api/users", ada()).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    let change = json!({"user": {"username": "robert", "bio": "x"}});
    let answer = app.put(bob, "/api/user", change).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    assert_eq!(app.contents(), before);
}

/// A database that refuses the row is a failure (500), and no taken name.
#[tokio::test]
async fn a_failure_of_the_database_is_a_failure() {
    let app = alone().await;
    let bob = app.user("bob");
    app.execute(
        "CREATE TRIGGER refuse AFTER INSERT ON users BEGIN SELECT raise(ABORT, 'the test refuses'); END",
        [],
    );
    app.execute(
        "CREATE TRIGGER refuse_too AFTER UPDATE OF image ON users BEGIN SELECT raise(FAIL, 'the test refuses'); END",
        [],
    );
    let before = app.contents();
    let answer = app.post(None, "/api/users", ada()).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    let change = json!({"user": {"username": "robert", "bio": "x", "password": "correct horse", "image": "y"}});
    let answer = app.put(bob, "/api/user", change).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    assert_eq!(app.contents(), before);
}

/// The entry is that of the user whose token came, with a new token from the neighbour for exactly this user.
#[tokio::test]
async fn the_own_entry_is_read() {
    let app = with_own_view().await;
    let people = ["ada", "bob", "eve"].map(|name| app.user(name));
    app.execute(
        "UPDATE users SET bio = NULL, image = NULL WHERE id = ?1",
        [people[2]],
    );
    let answer = app.get(people[1], "/api/user").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "user": {
        "bio": "about bob",
        "email": "bob@lantern.example",
        "image": "https://lantern.example/bob.png",
        "token": "user-2",
        "username": "bob"
      }
    }
    "#);
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, ["issue 2"]);
    let answer = app.get(people[2], "/api/user").await;
    let user: Value = answer.body["user"].clone();
    let expected: Value = json!({"email": "eve@lantern.example", "token": "user-3", "username": "eve", "bio": null, "image": null});
    assert_eq!(user, expected);
}

/// Reading the entry goes through the neighbour, once, for the user whose token came.
#[tokio::test]
async fn the_entry_is_the_neighbours_answer() {
    let app = alone().await;
    app.user("ada");
    let bob = app.user("bob");
    let answer = app.get(bob, "/api/user").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let token: Value = answer.body["user"]["token"].clone();
    assert_eq!(token, json!("token-of-2"));
    let change = json!({"user": {"bio": "x"}});
    let answer = app.put(bob, "/api/user", change).await;
    let token: Value = answer.body["user"]["token"].clone();
    assert_eq!(token, json!("token-of-2"), "{}", answer.text);
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, ["user 2", "user 2"]);
}

/// A token of nobody is not valid, for reading and for changing.
#[tokio::test]
async fn a_token_of_nobody_is_not_valid() {
    let app = with_own_view().await;
    app.user("ada");
    let before = app.contents();
    let invalid = json!({"token": ["is invalid"]});
    let answer = app.get(77, "/api/user").await;
    assert_refused("GET", &answer, 401, &invalid);
    let change = json!({"user": {"bio": "x"}});
    let answer = app.put(77, "/api/user", change).await;
    assert_refused("PUT", &answer, 401, &invalid);
    assert_eq!(app.contents(), before);
}

/// Without a token the answer is 401, whatever the body says.
#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let app = alone().await;
    let ada = app.user("ada");
    let answer = app.get(ada, "/api/user").await;
    assert_eq!(answer.status, 200, "with a token: {}", answer.text);
    let missing = json!({"token": ["is missing"]});
    let answer = app.get(None, "/api/user").await;
    assert_refused("GET", &answer, 401, &missing);
    for body in [json!({"user": {"bio": "x"}}), json!({}), json!([])] {
        let answer = app.put(None, "/api/user", body).await;
        assert_refused("PUT", &answer, 401, &missing);
    }
}

/// A change touches the named field of the one user, and nothing else: each field alone, then all of them.
#[tokio::test]
async fn what_is_absent_stays() {
    let app = alone().await;
    for name in ["ada", "bob", "eve"] {
        app.user(name);
    }
    let mut seeds = seeded(0x16_02);
    let columns = ["username", "email", "password_hash", "bio", "image"];
    let read = |app: &TestApp| -> Vec<Option<String>> {
        columns.map(|column| stored(app, column, 2)).into()
    };
    let others = |app: &TestApp| -> String {
        app.query(
            "SELECT group_concat(username || email || password_hash || bio || image || created_at) FROM users WHERE id <> 2",
            [],
        )
    };
    let others_before = others(&app);
    for (number, field) in ["username", "email", "password", "bio", "image"]
        .iter()
        .enumerate()
    {
        let mut expected = read(&app);
        let text = format!(" {}'😀%\\ É ", seeds.word(8..12));
        let answer = app
            .put(2, "/api/user", json!({"user": {*field: text}}))
            .await;
        assert_eq!(answer.status, 200, "{field}: {}", answer.text);
        expected[number] = Some(match *field {
            "password" => format!("stand-in:{text}"),
            _ => text,
        });
        assert_eq!(read(&app), expected, "{field}");
        let hashed = app.asked().iter().filter(|line| *line == "hash").count();
        assert_eq!(
            hashed,
            usize::from(*field == "password"),
            "hashes for {field}"
        );
    }
    let all = json!({"username": "b", "email": "B@b", "password": "new password", "bio": "bb", "image": "bbb", "more": 1});
    let answer = app.put(2, "/api/user", json!({"user": all})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let expected =
        ["b", "B@b", "stand-in:new password", "bb", "bbb"].map(|text| Some(text.to_owned()));
    assert_eq!(read(&app), expected);
    let user: Value = answer.body["user"].clone();
    let shown: Value = json!({"username": "b", "email": "B@b", "bio": "bb", "image": "bbb", "token": "token-of-2"});
    assert_eq!(user, shown, "the entry as it is then");
    assert_eq!(others(&app), others_before, "the other users");
    let made: i64 = app.query("SELECT created_at FROM users WHERE id = 2", []);
    assert_eq!(made, 1_400_000_000_000, "created_at");
}

/// Bio and image become null by null and by the empty text; white space is a text like any other.
#[tokio::test]
async fn bio_and_image_can_be_taken_away() {
    let app = alone().await;
    for (field, other) in [("bio", "image"), ("image", "bio")] {
        for (value, expected) in [
            (json!("x"), Some("x")),
            (Value::Null, None),
            (json!(" \n"), Some(" \n")),
            (json!(""), None),
            (json!("null"), Some("null")),
        ] {
            let name = format!("{field} {value}");
            let id = app.user(&name);
            let before: Option<String> = stored(&app, other, id);
            let answer = app
                .put(id, "/api/user", json!({"user": {field: value}}))
                .await;
            assert_eq!(answer.status, 200, "{field} {value}: {}", answer.text);
            assert_eq!(
                stored(&app, field, id).as_deref(),
                expected,
                "{field} {value}"
            );
            assert_eq!(
                stored(&app, other, id),
                before,
                "{other}, after {field} {value}"
            );
            let shown: Value = answer.body["user"][field].clone();
            assert_eq!(shown, json!(expected), "{field} {value}, in the answer");
        }
    }
}

/// Name, address and password can be neither null nor empty nor of another type, and a password not short; bio and image are
/// texts or null. Every wrong field is named, nothing is hashed, and nothing changes, not even what was right.
#[tokio::test]
async fn a_change_that_is_wrong_changes_nothing() {
    let app = alone().await;
    let ada = app.user("ada");
    let before = app.contents();
    let (blank, invalid) = (["can't be blank"], ["is invalid"]);
    let short = ["is too short (minimum is 8 characters)"];
    for (change, errors) in [
        (json!({"username": null}), json!({"username": blank})),
        (json!({"username": ""}), json!({"username": blank})),
        (json!({"username": " \t"}), json!({"username": blank})),
        (json!({"username": 1}), json!({"username": invalid})),
        (json!({"email": null}), json!({"email": blank})),
        (json!({"email": ""}), json!({"email": blank})),
        (json!({"email": "\u{a0}"}), json!({"email": blank})),
        (json!({"email": ["a@b"]}), json!({"email": invalid})),
        (json!({"password": null}), json!({"password": blank})),
        (json!({"password": ""}), json!({"password": blank})),
        (json!({"password": 12345678}), json!({"password": invalid})),
        (json!({"password": "äöüßäöü"}), json!({"password": short})),
        (json!({"bio": 1}), json!({"bio": invalid})),
        (json!({"bio": []}), json!({"bio": invalid})),
        (json!({"image": {}}), json!({"image": invalid})),
        (json!({"image": false}), json!({"image": invalid})),
        (
            json!({"username": "new", "email": "", "password": "correct horse", "bio": "new", "image": 5}),
            json!({"email": blank, "image": invalid}),
        ),
        (
            json!({"username": null, "email": 5, "password": "1234567", "bio": 1, "image": 2}),
            json!({"username": blank, "email": invalid, "password": short, "bio": invalid, "image": invalid}),
        ),
    ] {
        let case = change.to_string();
        let answer = app.put(ada, "/api/user", json!({"user": change})).await;
        assert_refused(&case, &answer, 422, &errors);
    }
    assert_eq!(app.contents(), before);
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, Vec::<String>::new());
}

/// At least one of the five fields has to be there; null is there.
#[tokio::test]
async fn a_change_names_something() {
    let app = alone().await;
    let ada = app.user("ada");
    let before = app.contents();
    for change in [json!({}), json!({"name": "ada", "Bio": "x"})] {
        let case = change.to_string();
        let answer = app.put(ada, "/api/user", json!({"user": change})).await;
        assert_refused(&case, &answer, 422, &json!({"user": ["can't be blank"]}));
    }
    assert_eq!(app.contents(), before);
    for change in [json!({"bio": null}), json!({"image": ""})] {
        let case = change.to_string();
        let answer = app.put(ada, "/api/user", json!({"user": change})).await;
        assert_eq!(answer.status, 200, "{case}: {}", answer.text);
    }
}

/// A name and an address that another user has are taken; one's own are not, in whatever capitals. One answer names both, and
/// nothing changes, not even what was free.
#[tokio::test]
async fn a_change_does_not_take_what_others_have() {
    let app = alone().await;
    let ada = app.user("ada");
    let bob = app.user("bob");
    app.user("eve");
    let before = app.contents();
    let taken = ["has already been taken"];
    for (change, errors) in [
        (json!({"username": "ada"}), json!({"username": taken})),
        (
            json!({"email": "Eve@lantern.EXAMPLE", "bio": "x"}),
            json!({"email": taken}),
        ),
        (
            json!({"username": "eve", "email": "ADA@lantern.example", "password": "correct horse"}),
            json!({"username": taken, "email": taken}),
        ),
        (
            json!({"username": "ada", "email": "free@lantern.example", "image": null}),
            json!({"username": taken}),
        ),
    ] {
        let case = change.to_string();
        let answer = app.put(bob, "/api/user", json!({"user": change})).await;
        assert_refused(&case, &answer, 409, &errors);
    }
    assert_eq!(app.contents(), before);
    for (id, change) in [
        (
            bob,
            json!({"username": "bob", "email": "BOB@lantern.example"}),
        ),
        (bob, json!({"email": "bob@lantern.example"})),
        (bob, json!({"username": "Ada"})),
        (
            ada,
            json!({"username": "ada", "email": "ada@lantern.example"}),
        ),
    ] {
        let case = change.to_string();
        let answer = app.put(id, "/api/user", json!({"user": change})).await;
        assert_eq!(answer.status, 200, "{case}: {}", answer.text);
    }
}

/// The stored string is Argon2id's at the cost that was set, of the whole password, with a fresh salt, made by the hasher.
#[test]
fn passwords_are_stored_as_argon2id() {
    let hasher = Hasher::new(&Config::for_tests());
    let cost = Argon2Cost {
        memory_kib: 24,
        iterations: 3,
        lanes: 2,
    };
    let own = Argon2id {
        cost,
        hasher: hasher.clone(),
    };
    let long = "x".repeat(300);
    for password in ["correct horse", " Größe 😀 ", long.as_str()] {
        let stored: String = value(own.hash(password));
        assert!(
            stored.starts_with("$argon2id$v=19$m=24,t=3,p=2$"),
            "{stored}"
        );
        assert_ne!(stored, value(own.hash(password)), "the salt is fresh");
        let runs = hasher.runs();
        let opens: bool = value(hasher.verify(password, &stored));
        assert!(opens, "{password:?} and {stored}");
        for other in [
            password.trim(),
            &password[1..],
            &password.to_uppercase(),
            &format!("{password} "),
        ] {
            let opens: bool = value(hasher.verify(other, &stored));
            assert_eq!(
                opens,
                other == password,
                "{other:?} and the hash of {password:?}"
            );
        }
        assert_eq!(hasher.runs(), runs + 5);
    }
    assert_eq!(
        hasher.runs(),
        3 * 7,
        "two hashes and five comparisons a password, in this hasher"
    );
}

/// Reading one's entry waits for nobody who writes.
#[tokio::test]
async fn reading_waits_for_no_writer() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    let request = by(ada, app.server.get("/api/user"));
    let (answer, waited) = app.beside_a_writer(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!waited, "it waited for a turn to write");
}

/// A row that cannot be read is a failure and no user who is missing.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_a_failure() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    app.execute("UPDATE users SET bio = CAST(x'ff' AS TEXT)", []);
    let answer = app.get(ada, "/api/user").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
}

/// The whole program: an account from the registration to its changes, and no password in the log.
#[tokio::test]
async fn an_account_in_the_whole_program() {
    let (app, log) = spawn_whole(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.users = Arc::new(Accounts);
    })
    .await;
    let answer = app.post(None, "/api/users", ada()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let change = json!({"user": {"password": "battery staple", "bio": "reads", "username": "Ada"}});
    let answer = app.put(1, "/api/user", change).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = app
        .put(1, "/api/user", json!({"user": {"password": "short"}}))
        .await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let answer = app.get(1, "/api/user").await;
    let user: Value = answer.body["user"].clone();
    let expected: Value = json!({"username": "Ada", "email": "ada@lantern.example", "bio": "reads", "image": null, "token": "user-1"});
    assert_eq!(user, expected);
    let asked: Vec<String> = requests(
        &log,
        &[
            "correct horse",
            "battery staple",
            "short",
            "stand-in:",
            "user-1",
            "ada@lantern.example",
        ],
    );
    assert_eq!(
        asked,
        [
            "POST /api/users 201",
            "PUT /api/user 200",
            "PUT /api/user 422",
            "GET /api/user 200"
        ]
    );
}

/// Texts have no largest length but that of a whole request.
#[tokio::test]
async fn long_texts_are_texts() {
    let app = alone().await;
    let name = "né".repeat(4000);
    let email = format!("{}@lantern.example", "e".repeat(6000));
    let user = json!({"username": name, "email": email, "password": "p".repeat(20_000)});
    let answer = app.post(None, "/api/users", json!({"user": user})).await;
    assert_eq!(answer.status, 201, "{:.200}", answer.text);
    let (name, long) = (format!("{name}x"), "x".repeat(100_000));
    let change = json!({"user": {"bio": long, "image": long, "username": name}});
    let answer = app.put(1, "/api/user", change).await;
    assert_eq!(answer.status, 200, "{:.200}", answer.text);
    for (column, length) in [
        ("username", 8001),
        ("email", 6016),
        ("bio", 100_000),
        ("image", 100_000),
        ("password_hash", 20_009),
    ] {
        let stored: i64 = app.query(&format!("SELECT length({column}) FROM users"), []);
        assert_eq!(stored, length, "characters of {column}");
    }
}
