use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use first_service::given::parts::Parts;
use first_service::given::standins::{self, Memory};
use first_service::given::wishes::{
    FieldError, NewWish, PriceError, Priority, Refused, Rule, State, Store, StoreError, Wish,
};
use first_service::routes::routes;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use support::server::Server;

use crate::shared::program;
use support::http;

/// A service with these wishes, numbered from 1.
async fn serving(titles: &[&str]) -> (Server, Arc<Memory>) {
    let store = Arc::new(Memory::default());
    for title in titles {
        let new = NewWish {
            title: (*title).to_owned(),
            cents: 1200,
            link: None,
            priority: Priority::Normal,
        };
        store.add(&new).expect("a new title");
    }
    let mut parts: Parts = standins::parts();
    parts.store = store.clone();
    (program(parts, routes()).await, store)
}

async fn refused(response: Response, status: u16, said: &str, case: &str) {
    let got = http::status(&response);
    let text = http::text(response).await;
    assert_eq!(got, status, "{case}: {text}");
    assert!(text.contains(said), "{case}: {said:?} in {text}");
}

/// `GET /` is a page with every wish of the store, and with signs of HTML written so that they are no HTML.
#[tokio::test]
async fn people_get_a_page() {
    let (server, _) = serving(&["Emma", "<b>A lamp</b>"]).await;
    let response = http::answer(server.get("/")).await;
    assert_eq!(http::status(&response), 200, "GET /");
    let kind = http::header(&response, "content-type").unwrap_or_default();
    assert!(kind.starts_with("text/html"), "GET /: {kind}");
    let page = http::text(response).await;
    for part in ["Emma", "&lt;b&gt;A lamp", "42 euros"] {
        assert!(page.contains(part), "{part:?} in {page}");
    }
}

/// `GET /api/wishes` has all wishes in the model's order, and the model's sum.
#[tokio::test]
async fn programs_get_the_list() {
    let (server, _) = serving(&["Emma", "A lamp"]).await;
    let response = http::answer(server.get("/api/wishes")).await;
    assert_eq!(http::status(&response), 200, "GET /api/wishes");
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "open_cents": 4200,
      "wishes": [
        {
          "cents": 1200,
          "id": 2,
          "link": null,
          "priority": "normal",
          "state": "wanted",
          "title": "A lamp"
        },
        {
          "cents": 1200,
          "id": 1,
          "link": null,
          "priority": "normal",
          "state": "wanted",
          "title": "Emma"
        }
      ]
    }
    "#);
}

/// A wish that a program adds is on the list: 201, the wish, and where it is from now on.
#[tokio::test]
async fn a_program_adds_a_wish() {
    let (server, store) = serving(&["Emma"]).await;
    let mut values = support::seeded(0x0931);
    for id in 2..6 {
        let (title, euros) = (values.word(5..12), values.number(1..500));
        let draft =
            json!({ "title": title, "price": euros.to_string(), "link": "https://a.example" });
        let response = http::answer(server.post("/api/wishes").json(&draft)).await;
        assert_eq!(
            http::status(&response),
            201,
            "POST /api/wishes with {draft}"
        );
        let place = http::header(&response, "location").unwrap_or_default();
        assert_eq!(place, format!("/api/wishes/{id}"), "the header Location");
        let wish: Value = http::json(response).await;
        assert_eq!(wish["title"], json!(title), "{wish}");
        assert_eq!(wish["cents"], json!(euros * 100), "{wish}");
        let stored: Wish = store.find(id).expect("it is in the store");
        assert_eq!(stored.title, title, "the title in the store");
        let shown: Value = http::json(http::answer(server.get(&place)).await).await;
        assert_eq!(shown, wish, "GET {place}");
    }
}

/// A wish that a person adds is on the list as well, and the browser is sent back to it with 303.
#[tokio::test]
async fn a_person_adds_a_wish() {
    let (server, store) = serving(&[]).await;
    let form = [
        ("title", "Emma"),
        ("price", "12"),
        ("link", ""),
        ("priority", "normal"),
    ];
    let response = http::answer(server.post("/wishes").form(&form)).await;
    assert_eq!(http::status(&response), 303, "POST /wishes");
    assert_eq!(
        http::header(&response, "location").as_deref(),
        Some("/"),
        "the header Location"
    );
    assert_eq!(
        store.find(1).expect("it is in the store").title,
        "Emma",
        "the title in the store"
    );
}

/// A draft goes through the check with the model's prices; what it finds is answered, and nothing is added.
#[tokio::test]
async fn a_draft_is_checked() {
    let store = Arc::new(Memory::default());
    let mut parts = standins::parts();
    parts.store = store.clone();
    parts.model.parse_cents = |text| match text {
        "a dozen" => Ok(1234),
        _ => Err(PriceError::NotAPrice),
    };
    let server = program(parts, routes()).await;
    let draft = json!({ "title": "Emma", "price": "12" });
    let response = http::answer(server.post("/api/wishes").json(&draft)).await;
    refused(
        response,
        422,
        "price",
        "POST /api/wishes with a price that the model refuses",
    )
    .await;
    let response = http::answer(
        server
            .post("/wishes")
            .form(&[("title", "Emma"), ("price", "12")]),
    )
    .await;
    refused(
        response,
        422,
        "price",
        "POST /wishes with a price that the model refuses",
    )
    .await;
    assert_eq!(store.all().expect("a list"), [], "nothing is added");
    let draft = json!({ "title": "Emma", "price": "a dozen" });
    let response = http::answer(server.post("/api/wishes").json(&draft)).await;
    assert_eq!(http::status(&response), 201, "a price that the model takes");
    assert_eq!(
        store.find(1).expect("it is there").cents,
        1234,
        "the model's price"
    );
}

/// The check decides what a wish is: all that it finds is answered, and what it makes of a draft is what is added and shown.
#[tokio::test]
async fn the_check_decides() {
    let mut parts = standins::parts();
    parts.check = |draft, _| {
        let error = |field, message: &str| FieldError {
            field,
            message: message.to_owned(),
        };
        if draft.title.is_empty() {
            return Err(vec![error("title", "no title"), error("price", "no price")]);
        }
        Ok(NewWish {
            title: format!("{} {}", draft.title, draft.priority),
            cents: 77,
            link: Some(format!("https://{}", draft.link)),
            priority: Priority::High,
        })
    };
    let store = parts.store.clone();
    let server = program(parts, routes()).await;
    for path in ["/api/wishes", "/wishes"] {
        let asked = server.post(path);
        let asked = match path {
            "/wishes" => asked.form(&[("title", "")]),
            _ => asked.json(&json!({})),
        };
        let response = http::answer(asked).await;
        let status = http::status(&response);
        let said = http::text(response).await;
        assert_eq!(status, 422, "POST {path}: {said}");
        for part in ["no title", "no price"] {
            assert!(said.contains(part), "POST {path}: {part:?} in {said}");
        }
    }
    let draft = json!({ "title": " Emma", "price": "", "link": "a.example", "priority": "odd" });
    let response = http::answer(server.post("/api/wishes").json(&draft)).await;
    let wish: Value = http::json(response).await;
    assert_eq!(wish["title"], json!(" Emma odd"), "what is shown: {wish}");
    assert_eq!(wish["link"], json!("https://a.example"), "{wish}");
    let form = [("title", " emma"), ("priority", "odd")];
    let response = http::answer(server.post("/wishes").form(&form)).await;
    assert_eq!(http::status(&response), 303, "POST /wishes with {form:?}");
    let titles: Vec<String> = store
        .all()
        .expect("a list")
        .into_iter()
        .map(|wish| wish.title)
        .collect();
    assert_eq!(titles, [" Emma odd", " emma odd"], "what is added");
}

/// The page is made of the service's own parts, and the list has every wish, however many there are, given ones too.
#[tokio::test]
async fn every_wish_is_listed() {
    let mut parts = standins::parts();
    parts.title = "Ana's list".into();
    parts.model.show_cents = |cents| format!("{cents} coins");
    parts.model.sort = |wishes| wishes.sort_by_key(|wish| wish.title.clone());
    for number in 100..250 {
        let wish = NewWish {
            title: format!("Wish {number}"),
            cents: number,
            link: None,
            priority: Priority::Normal,
        };
        let wish = parts.store.add(&wish).expect("a new title");
        let by = "Ana".to_owned();
        let given = parts
            .store
            .change(wish.id, &|_| Ok(State::Given { by: by.clone() }));
        given.expect("it is there");
    }
    let server = program(parts, routes()).await;
    let listed: Value = http::json(http::answer(server.get("/api/wishes")).await).await;
    let wishes = listed["wishes"].as_array().expect("a list");
    assert_eq!(wishes.len(), 150, "wishes of GET /api/wishes");
    assert_eq!(wishes[0]["title"], json!("Wish 100"), "the model's order");
    let page = http::text(http::answer(server.get("/")).await).await;
    for part in [
        "Wish 100",
        "Wish 249",
        "249 coins",
        "4200 coins",
        "Ana&#x27;s list",
    ] {
        assert!(page.contains(part), "{part:?} in {page}");
    }
    let response = http::answer(server.delete("/api/wishes/1")).await;
    assert_eq!(
        http::status(&response),
        204,
        "DELETE of a wish that was given"
    );
}

/// A store that does not work.
struct Broken;

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError::Broken("the disk is gone".into()))
}

impl Store for Broken {
    fn add(&self, _: &NewWish) -> Result<Wish, StoreError> {
        broken()
    }

    fn all(&self) -> Result<Vec<Wish>, StoreError> {
        broken()
    }

    fn find(&self, _: i64) -> Result<Wish, StoreError> {
        broken()
    }

    fn change(&self, _: i64, _: Rule<'_>) -> Result<Wish, StoreError> {
        broken()
    }

    fn remove(&self, _: i64) -> Result<(), StoreError> {
        broken()
    }
}

/// A store that does not work is no empty list, no missing wish and no success: whatever is asked, the failure is `Broken`.
#[tokio::test]
async fn a_broken_store_is_told() {
    let mut parts = standins::parts();
    parts.store = Arc::new(Broken);
    let server = program(parts, routes()).await;
    let draft = json!({ "title": "Emma", "price": "12" });
    let deed = json!({ "step": "reserve", "who": "Ana" });
    for (case, request) in [
        ("GET /", server.get("/")),
        ("POST /wishes", server.post("/wishes").form(&draft)),
        (
            "POST /wishes/1/steps",
            server.post("/wishes/1/steps").form(&deed),
        ),
        ("GET /api/wishes", server.get("/api/wishes")),
        ("POST /api/wishes", server.post("/api/wishes").json(&draft)),
        ("GET /api/wishes/1", server.get("/api/wishes/1")),
        ("DELETE /api/wishes/1", server.delete("/api/wishes/1")),
        (
            "POST /api/wishes/1/steps",
            server.post("/api/wishes/1/steps").json(&deed),
        ),
    ] {
        refused(http::answer(request).await, 500, "Broken", case).await;
    }
}

/// A store that notes on which threads it is asked.
#[derive(Default)]
struct Noted(Memory, Mutex<Vec<ThreadId>>);

impl Noted {
    fn asked(&self) -> &Memory {
        let mut threads = self.1.lock().expect("no thread panics");
        threads.push(thread::current().id());
        &self.0
    }
}

impl Store for Noted {
    fn add(&self, new: &NewWish) -> Result<Wish, StoreError> {
        self.asked().add(new)
    }

    fn all(&self) -> Result<Vec<Wish>, StoreError> {
        self.asked().all()
    }

    fn find(&self, id: i64) -> Result<Wish, StoreError> {
        self.asked().find(id)
    }

    fn change(&self, id: i64, rule: Rule<'_>) -> Result<Wish, StoreError> {
        self.asked().change(id, rule)
    }

    fn remove(&self, id: i64) -> Result<(), StoreError> {
        self.asked().remove(id)
    }
}

/// The store may wait for a disk, so it is asked on other threads than the one that serves everybody.
#[tokio::test]
async fn nobody_waits_for_anothers_disk() {
    let store = Arc::new(Noted::default());
    let mut parts = standins::parts();
    parts.store = store.clone();
    let server = program(parts, routes()).await;
    let form = [("title", "Emma"), ("price", "12")];
    let draft = json!({ "title": "A lamp", "price": "12" });
    let by_form = [("step", "reserve"), ("who", "Ana")];
    let deed = json!({ "step": "reserve", "who": "Ana" });
    for (case, request) in [
        ("POST /wishes", server.post("/wishes").form(&form)),
        ("POST /api/wishes", server.post("/api/wishes").json(&draft)),
        ("GET /", server.get("/")),
        ("GET /api/wishes", server.get("/api/wishes")),
        ("GET /api/wishes/1", server.get("/api/wishes/1")),
        (
            "POST /wishes/1/steps",
            server.post("/wishes/1/steps").form(&by_form),
        ),
        (
            "POST /api/wishes/2/steps",
            server.post("/api/wishes/2/steps").json(&deed),
        ),
        ("DELETE /api/wishes/2", server.delete("/api/wishes/2")),
    ] {
        let status = http::status(&http::answer(request).await);
        assert!((200..400).contains(&status), "{case}: {status}");
        // This test and its server have one thread.
        let mut threads = store.1.lock().expect("no thread panics");
        assert!(!threads.is_empty(), "{case}: the store is asked");
        let here = threads.contains(&thread::current().id());
        assert!(
            !here,
            "{case}: the store was asked on the thread that serves"
        );
        threads.clear();
    }
}

/// What the store refuses is the client's to know: a title that is there is a duplicate.
#[tokio::test]
async fn the_stores_answer_counts() {
    let (server, _) = serving(&["Emma"]).await;
    let draft = json!({ "title": "Emma", "price": "12" });
    let response = http::answer(server.post("/api/wishes").json(&draft)).await;
    refused(
        response,
        409,
        "Duplicate",
        "POST /api/wishes with a title that is there",
    )
    .await;
    let response = http::answer(
        server
            .post("/wishes")
            .form(&[("title", "Emma"), ("price", "1")]),
    )
    .await;
    refused(
        response,
        409,
        "Duplicate",
        "POST /wishes with a title that is there",
    )
    .await;
}

/// A body that axum refuses becomes a failure of the service, with axum's status.
#[tokio::test]
async fn a_broken_body_is_a_failure() {
    let (server, store) = serving(&["Emma"]).await;
    for path in ["/api/wishes", "/api/wishes/1/steps"] {
        for (kind, body, status) in [
            ("application/json", "{", 400),
            ("application/json", r#"{"title":1,"step":1}"#, 422),
            ("application/json", r#"{"colour":"red"}"#, 422),
            (
                "text/plain",
                r#"{"title":"A","price":"1","step":"reserve","who":"Ana"}"#,
                415,
            ),
        ] {
            let request = server.post(path).header("content-type", kind).body(body);
            let response = http::answer(request).await;
            refused(
                response,
                status,
                "Body",
                &format!("POST {path}, {kind}: {body}"),
            )
            .await;
        }
    }
    for path in ["/wishes", "/wishes/1/steps"] {
        let response = http::answer(server.post(path).json(&json!({}))).await;
        refused(response, 415, "Body", &format!("POST {path} with JSON")).await;
        let response = http::answer(server.post(path).form(&[("colour", "red")])).await;
        refused(
            response,
            422,
            "Body",
            &format!("POST {path} with another field"),
        )
        .await;
    }
    let large = json!({ "title": "x".repeat(20_000), "price": "1" });
    let response = http::answer(server.post("/api/wishes").json(&large)).await;
    refused(response, 413, "Body", "POST /api/wishes with 20 kB").await;
    assert_eq!(store.all().expect("a list").len(), 1, "nothing is added");
}

/// A step changes the wish that is named by the model's rule, for programs and for people.
#[tokio::test]
async fn a_step_is_taken() {
    let (server, store) = serving(&["Emma", "A lamp", "Tea"]).await;
    let deed = json!({ "step": "reserve", "who": "  Ana " });
    let response = http::answer(server.post("/api/wishes/2/steps").json(&deed)).await;
    assert_eq!(
        http::status(&response),
        200,
        "POST /api/wishes/2/steps with {deed}"
    );
    let wish: Value = http::json(response).await;
    assert_eq!(wish["state"], json!("reserved"), "{wish}");
    assert_eq!(wish["by"], json!("Ana"), "without the spaces: {wish}");
    let form = [("step", "reserve"), ("who", "Olga Petrov")];
    let response = http::answer(server.post("/wishes/3/steps").form(&form)).await;
    assert_eq!(http::status(&response), 303, "POST /wishes/3/steps");
    assert_eq!(
        http::header(&response, "location").as_deref(),
        Some("/"),
        "the header Location"
    );
    let states: Vec<State> = store
        .all()
        .expect("a list")
        .into_iter()
        .map(|wish| wish.state)
        .collect();
    let by = |who: &str| State::Reserved { by: who.to_owned() };
    assert_eq!(
        states,
        [State::Wanted, by("Ana"), by("Olga Petrov")],
        "the store's states"
    );

    let response = http::answer(server.post("/api/wishes/2/steps").json(&deed)).await;
    refused(response, 409, "AlreadyReserved", "what the rule refuses").await;
    let again = [("step", "reserve"), ("who", "Olga")];
    let response = http::answer(server.post("/wishes/2/steps").form(&again)).await;
    refused(
        response,
        409,
        "AlreadyReserved",
        "a form that the rule refuses",
    )
    .await;
    let release = json!({ "step": "release", "who": "Ana" });
    let response = http::answer(server.post("/api/wishes/1/steps").json(&release)).await;
    refused(response, 409, "NotReserved", "another step").await;
}

/// The rule is the model's, and gets the step and the name.
#[tokio::test]
async fn the_rule_is_the_models() {
    let mut parts = standins::parts();
    parts.model.after = |_, step, who| match (step, who) {
        (_, "Nobody") => Err(Refused::NotYours),
        (step, who) => Ok(State::Given {
            by: format!("{step:?} {who}"),
        }),
    };
    let store = parts.store.clone();
    let new = NewWish {
        title: "Emma".to_owned(),
        cents: 1,
        link: None,
        priority: Priority::Low,
    };
    store.add(&new).expect("a new title");
    let server = program(parts, routes()).await;
    for (step, who, by) in [
        ("release", "Zoë", "Release Zoë"),
        ("give", "O'Brien-Smith, 3rd", "Give O'Brien-Smith, 3rd"),
        ("reserve", "\u{a0}Mary  Anne\u{3000}", "Reserve Mary  Anne"),
    ] {
        let deed = json!({ "step": step, "who": who });
        let response = http::answer(server.post("/api/wishes/1/steps").json(&deed)).await;
        let wish: Value = http::json(response).await;
        assert_eq!(wish["by"], json!(by), "{deed}: {wish}");
    }
    let deed = json!({ "step": "give", "who": "Nobody" });
    let response = http::answer(server.post("/api/wishes/1/steps").json(&deed)).await;
    refused(response, 409, "NotYours", "what the rule refuses").await;
}

/// A store in which Olga reserves every wish just before it is changed.
struct Quicker(Memory);

impl Store for Quicker {
    fn add(&self, new: &NewWish) -> Result<Wish, StoreError> {
        self.0.add(new)
    }

    fn all(&self) -> Result<Vec<Wish>, StoreError> {
        self.0.all()
    }

    fn find(&self, id: i64) -> Result<Wish, StoreError> {
        self.0.find(id)
    }

    fn change(&self, id: i64, rule: Rule<'_>) -> Result<Wish, StoreError> {
        let by = "Olga".to_owned();
        self.0
            .change(id, &|_| Ok(State::Reserved { by: by.clone() }))?;
        self.0.change(id, rule)
    }

    fn remove(&self, id: i64) -> Result<(), StoreError> {
        self.0.remove(id)
    }
}

/// The rule is asked about the state that the store has in the moment of the change, and not about one that was read before.
#[tokio::test]
async fn the_rule_sees_the_moment() {
    let mut parts = standins::parts();
    parts.store = Arc::new(Quicker(Memory::default()));
    let new = NewWish {
        title: "Emma".to_owned(),
        cents: 1,
        link: None,
        priority: Priority::Low,
    };
    parts.store.add(&new).expect("a new title");
    let server = program(parts, routes()).await;
    let deed = json!({ "step": "reserve", "who": "Ana" });
    let response = http::answer(server.post("/api/wishes/1/steps").json(&deed)).await;
    refused(response, 409, "AlreadyReserved", "Olga was quicker").await;
}

/// A step needs a name of 1 to 40 characters; otherwise the field `who` needs another look, and nothing changes.
#[tokio::test]
async fn a_step_has_a_name() {
    let (server, store) = serving(&["Emma", "A lamp"]).await;
    for who in [String::new(), " \t ".to_owned(), "é".repeat(41)] {
        let deed = json!({ "step": "reserve", "who": who });
        let response = http::answer(server.post("/api/wishes/1/steps").json(&deed)).await;
        refused(response, 422, "\"who\"", &format!("{deed}")).await;
        let form = [("step", "reserve"), ("who", who.as_str())];
        let response = http::answer(server.post("/wishes/1/steps").form(&form)).await;
        refused(response, 422, "\"who\"", &format!("a form with {who:?}")).await;
    }
    assert_eq!(
        store.find(1).expect("a wish").state,
        State::Wanted,
        "nothing has changed"
    );
    for (id, who) in [(1, "é".repeat(40)), (2, format!("  {}  ", "é".repeat(40)))] {
        let deed = json!({ "step": "reserve", "who": who });
        let response =
            http::answer(server.post(&format!("/api/wishes/{id}/steps")).json(&deed)).await;
        assert_eq!(http::status(&response), 200, "{deed}");
    }
}

/// A wish that is removed is gone: 204 without a body, and then 404.
#[tokio::test]
async fn a_wish_is_removed() {
    let (server, store) = serving(&["Emma", "A lamp"]).await;
    let response = http::answer(server.delete("/api/wishes/1")).await;
    assert_eq!(http::status(&response), 204, "DELETE /api/wishes/1");
    assert_eq!(http::text(response).await, "", "the body of a 204");
    assert_eq!(store.all().expect("a list").len(), 1, "the other one stays");
    let response = http::answer(server.delete("/api/wishes/1")).await;
    refused(response, 404, "wish", "DELETE /api/wishes/1, again").await;
}

/// A wish that is not there is 404, whatever its id looks like, and so is a page that is not there.
#[tokio::test]
async fn what_is_missing_is_named() {
    let (server, _) = serving(&["Emma"]).await;
    let deed = json!({ "step": "reserve", "who": "Ana" });
    for id in ["2", "0", "-1", "first", "9223372036854775808"] {
        let path = format!("/api/wishes/{id}");
        let response = http::answer(server.get(&path)).await;
        refused(response, 404, "wish", &format!("GET {path}")).await;
        let removed = http::answer(server.delete(&path)).await;
        refused(removed, 404, "wish", &format!("DELETE {path}")).await;
        let steps = http::answer(server.post(&format!("{path}/steps")).json(&deed)).await;
        refused(steps, 404, "wish", &format!("POST {path}/steps")).await;
        let form = [("step", "reserve"), ("who", "Ana")];
        let steps = http::answer(server.post(&format!("/wishes/{id}/steps")).form(&form)).await;
        refused(steps, 404, "wish", &format!("POST /wishes/{id}/steps")).await;
    }
    for path in [
        "/nothing",
        "/api",
        "/api/wishes/",
        "/api/wishes/1/",
        "/api/wishes/1/2",
        "/wishes/",
        "/wishes/1",
    ] {
        let response = http::answer(server.get(path)).await;
        refused(response, 404, "page", &format!("GET {path}")).await;
    }
}

/// An address with another method is 405, and says which methods it takes.
#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let (server, _) = serving(&["Emma"]).await;
    for (method, path, allowed) in [
        (Method::POST, "/", "GET,HEAD"),
        (Method::GET, "/wishes", "POST"),
        (Method::GET, "/wishes/1/steps", "POST"),
        (Method::DELETE, "/api/wishes", "GET,HEAD,POST"),
        (Method::PUT, "/api/wishes/1", "DELETE,GET,HEAD"),
        (Method::GET, "/api/wishes/1/steps", "POST"),
    ] {
        let request = server.client().request(method.clone(), server.url(path));
        let response = http::answer(request).await;
        let allow = http::header(&response, "allow").unwrap_or_default();
        let mut methods: Vec<&str> = allow.split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(
            methods.join(","),
            allowed,
            "the header Allow of {method} {path}"
        );
        refused(response, 405, "WrongMethod", &format!("{method} {path}")).await;
    }
}

/// The program: its OpenAPI document names the addresses for programs with their methods, and no others are there.
#[tokio::test]
async fn the_program_is_as_its_document_says() {
    let (server, _) = serving(&["Emma"]).await;
    let response = http::answer(server.get("/openapi.json")).await;
    assert_eq!(http::status(&response), 200, "GET /openapi.json");
    let document: Value = http::json(response).await;
    let described: BTreeMap<String, BTreeSet<String>> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .map(|(path, item)| {
            let keys = item.as_object().expect("an object").keys();
            let methods = keys
                .filter(|key| *key != "parameters")
                .map(|key| key.to_uppercase());
            (path.clone(), methods.collect())
        })
        .collect();
    assert_eq!(described.len(), 3, "addresses in the document");
    for (path, methods) in described {
        // No address takes OPTIONS, so the answer says what it takes.
        let asked = server.url(&path.replace("{id}", "1"));
        let response = http::answer(server.client().request(Method::OPTIONS, asked)).await;
        assert_eq!(http::status(&response), 405, "OPTIONS {path}");
        let allow = http::header(&response, "allow").unwrap_or_default();
        let taken = allow.split(',').map(|method| method.trim().to_owned());
        let taken: BTreeSet<String> = taken.filter(|method| method != "HEAD").collect();
        assert_eq!(
            taken, methods,
            "the methods of {path}: the service's, the document's"
        );
    }
}
