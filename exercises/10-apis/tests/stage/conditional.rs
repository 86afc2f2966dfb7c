use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

use apis::conditional::Comparison::{Strong, Weak};
use apis::conditional::{names, routes};
use apis::given::books::Isbn;
use apis::given::levels::{Change, Level, Levels};
use axum::Router;
use serde_json::{Value, json};
use support::Gate;
use tokio::runtime::Builder;

use crate::calls::{Answer, Call, call, isbn};

const EMMA: &str = "/levels/9780141439587";
const IDIOT: &str = "/levels/9780140447927";

fn emma() -> Isbn {
    Isbn::try_from("9780141439587".to_owned()).expect("an ISBN")
}

fn level(copies: u32, shelf: &str) -> Level {
    Level {
        copies,
        shelf: shelf.to_owned(),
    }
}

/// Puts the level in, whatever was there.
fn set(levels: &Levels, isbn: &Isbn, level: Level) {
    let done: Result<_, ()> = levels.change(isbn, |_| Ok(Change::Put(level)));
    done.expect("a change");
}

/// Twelve copies of Emma on the shelf A1.
fn with_emma() -> (Arc<Levels>, Router) {
    let levels = Arc::new(Levels::default());
    set(&levels, &emma(), level(12, "A1"));
    (levels.clone(), routes(levels, Arc::new(|| 1_000_000_000)))
}

/// The level of Emma as it stands in the store.
fn stored(levels: &Levels) -> Option<Level> {
    let (entries, _) = levels.all();
    let emma = entries.into_iter().find(|(isbn, _)| *isbn == emma());
    emma.map(|(_, entry)| entry.level)
}

async fn tag(router: &Router, path: &str) -> String {
    call("GET", path).send(router).await.is(200).header("etag")
}

fn put(path: &str, copies: u32) -> Call {
    call("PUT", path).json(&json!({ "copies": copies, "shelf": "B2" }))
}

/// A level comes with a strong tag, the list with a weak one, and both are to be asked for again before they are used.
#[tokio::test]
async fn what_is_shown_has_a_tag() {
    let (_, router) = with_emma();
    let one = call("GET", EMMA)
        .send(&router)
        .await
        .is(200)
        .has("cache-control", "no-cache");
    let strong = one.header("etag");
    let inside = strong
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    assert!(
        inside.is_some_and(|inside| !inside.contains('"')),
        "the tag of a level: {strong}"
    );
    insta::assert_json_snapshot!(one.json(), @r#"
    {
      "copies": 12,
      "shelf": "A1"
    }
    "#);
    let all = call("GET", "/levels")
        .send(&router)
        .await
        .is(200)
        .has("cache-control", "no-cache");
    let weak = all.header("etag");
    let inside = weak
        .strip_prefix("W/\"")
        .and_then(|rest| rest.strip_suffix('"'));
    assert!(
        inside.is_some_and(|inside| !inside.contains('"')),
        "the tag of the list: {weak}"
    );
    insta::assert_json_snapshot!(all.json(), @r#"
    {
      "as_of": 1000000000,
      "levels": [
        {
          "copies": 12,
          "isbn": "9780141439587",
          "shelf": "A1"
        }
      ]
    }
    "#);
    call("GET", IDIOT).send(&router).await.is(404);
    call("GET", "/levels/1").send(&router).await.is(404);
}

/// Who has the tag gets 304: no body, the same tag, and the same word for caches. Lists, `*` and weak tags count as well.
#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let (_, router) = with_emma();
    for path in [EMMA, "/levels"] {
        let tag = tag(&router, path).await;
        let opaque = tag.strip_prefix("W/").unwrap_or(&tag).to_owned();
        for (field, status) in [
            (tag.clone(), 304),
            (opaque.clone(), 304),
            (format!("W/{opaque}"), 304),
            ("*".to_owned(), 304),
            (format!("\"a,b\", {tag}"), 304),
            (format!("{tag},\"a\""), 304),
            (format!("  , ,\t{tag} ,"), 304),
            ("\"another\"".to_owned(), 200),
            (opaque.trim_matches('"').to_owned(), 200),
            (opaque.replace('"', ""), 200),
            (format!("\"x{}", &opaque[1..]), 200),
            (format!("w/{opaque}"), 200),
            (String::new(), 200),
        ] {
            for method in ["GET", "HEAD"] {
                let request = call(method, path).header("if-none-match", &field);
                let answer = request.send(&router).await.is(status);
                let answer = answer.has("etag", &tag).has("cache-control", "no-cache");
                let silent = status == 304 || method == "HEAD";
                assert_eq!(
                    answer.body.is_empty(),
                    silent,
                    "the body of {status} to {method} with {field}"
                );
            }
        }
    }
    let unknown = call("GET", IDIOT).header("if-none-match", "*");
    unknown.send(&router).await.is(404);
}

/// A field in several lines counts like one line with commas.
#[tokio::test]
async fn a_field_may_have_several_lines() {
    let (levels, router) = with_emma();
    let tag = tag(&router, EMMA).await;
    for (first, second) in [("\"a\"", tag.as_str()), (tag.as_str(), "\"a\"")] {
        let get = call("GET", EMMA)
            .header("if-none-match", first)
            .header("if-none-match", second);
        get.send(&router).await.is(304);
        let unwanted = put(EMMA, 1)
            .header("if-none-match", first)
            .header("if-none-match", second);
        unwanted.send(&router).await.is(412);
    }
    assert_eq!(
        stored(&levels),
        Some(level(12, "A1")),
        "Emma after writes that were refused"
    );
    let wanted = put(EMMA, 1)
        .header("if-match", "\"a\"")
        .header("if-match", &tag);
    wanted.send(&router).await.is(200);
}

/// A tag stands for one state: each change gives another, also when only the shelf changes, or when a level was away for a while.
#[tokio::test]
async fn every_change_has_another_tag() {
    let (levels, router) = with_emma();
    let mut seen = BTreeSet::new();
    let mut seen_lists = BTreeSet::new();
    let states = [
        level(12, "A1"),
        level(12, "A2"),
        level(11, "A2"),
        level(121, "A"),
        level(1, "21A"),
        level(12, "1A"),
    ];
    for state in states {
        set(&levels, &emma(), state.clone());
        assert!(
            seen.insert(tag(&router, EMMA).await),
            "the tag of {state:?} was there before: {seen:?}"
        );
        let list = tag(&router, "/levels").await;
        assert!(
            seen_lists.insert(list),
            "the list's tag with {state:?} was there before: {seen_lists:?}"
        );
    }
    let away: Result<_, ()> = levels.change(&emma(), |_| Ok(Change::Remove));
    away.expect("a change");
    assert!(
        seen_lists.insert(tag(&router, "/levels").await),
        "the tag of the empty list"
    );
    set(&levels, &emma(), level(7, "C"));
    assert!(
        seen.insert(tag(&router, EMMA).await),
        "the tag of a level that came back"
    );
    assert!(
        seen_lists.insert(tag(&router, "/levels").await),
        "the list's tag when it came back"
    );
    let other = Isbn::try_from("9780140447927".to_owned()).expect("an ISBN");
    set(&levels, &other, level(7, "C"));
    assert!(
        seen_lists.insert(tag(&router, "/levels").await),
        "the list's tag with another book"
    );
    let emmas = tag(&router, EMMA).await;
    set(&levels, &other, level(8, "C"));
    assert_eq!(
        tag(&router, EMMA).await,
        emmas,
        "Emma's tag after a change of another book"
    );
    seen_lists.insert(tag(&router, "/levels").await);
    // Emma's change is older than the other's: what is left looks no newer than before.
    let away: Result<_, ()> = levels.change(&emma(), |_| Ok(Change::Remove));
    away.expect("a change");
    assert!(
        seen_lists.insert(tag(&router, "/levels").await),
        "the list's tag without Emma was there before"
    );
}

/// The list is as good as the same when only the second of the answer differs.
#[tokio::test]
async fn time_alone_is_no_change() {
    let levels = Arc::new(Levels::default());
    set(&levels, &emma(), level(12, "A1"));
    let clock = Arc::new(AtomicI64::new(1_000_000_000));
    let told = clock.clone();
    let router = routes(
        levels.clone(),
        Arc::new(move || told.load(Ordering::SeqCst)),
    );
    let before = tag(&router, "/levels").await;
    clock.store(1_000_000_060, Ordering::SeqCst);
    let again = call("GET", "/levels").header("if-none-match", &before);
    again.clone().send(&router).await.is(304);
    set(&levels, &emma(), level(11, "A1"));
    let changed = again.send(&router).await.is(200).json();
    assert_eq!(changed["as_of"], json!(1_000_000_060), "{changed}");
    assert_eq!(changed["levels"][0]["copies"], json!(11), "{changed}");
}

/// Who does not say what they have seen is told to: 428, and nothing is changed.
#[tokio::test]
async fn a_write_needs_a_condition() {
    let (levels, router) = with_emma();
    put(EMMA, 1).send(&router).await.is(428);
    put(IDIOT, 1).send(&router).await.is(428);
    call("DELETE", EMMA).send(&router).await.is(428);
    let (entries, changes) = levels.all();
    assert_eq!(entries.len(), 1, "levels after writes without a condition");
    assert_eq!(
        changes, 1,
        "changes of the store after writes without a condition"
    );
}

/// With the tag of what is there one may write, and gets the tag of what is there then; with any other it is 412.
#[tokio::test]
async fn the_right_tag_opens() {
    let (levels, router) = with_emma();
    let first = tag(&router, EMMA).await;
    let answer = put(EMMA, 9)
        .header("if-match", &first)
        .send(&router)
        .await
        .is(200);
    assert_eq!(
        answer.json(),
        json!({ "copies": 9, "shelf": "B2" }),
        "the level as it is then"
    );
    let second = answer.header("etag");
    assert_eq!(
        second,
        tag(&router, EMMA).await,
        "the tag in the answer to PUT, and then to GET"
    );
    for field in [
        first.clone(),
        format!("W/{second}"),
        "\"9\", \"another\"".to_owned(),
        second.trim_matches('"').to_owned(),
        format!("{second}, what"),
        format!("{second} {second}"),
        format!("\"a,{}", &second[1..]),
        String::new(),
        "\u{e9}".to_owned(),
    ] {
        put(EMMA, 1)
            .header("if-match", &field)
            .send(&router)
            .await
            .is(412);
        call("DELETE", EMMA)
            .header("if-match", &field)
            .send(&router)
            .await
            .is(412);
        assert_eq!(
            stored(&levels),
            Some(level(9, "B2")),
            "Emma after If-Match: {field}"
        );
    }
    put(EMMA, 8)
        .header("if-match", "*")
        .send(&router)
        .await
        .is(200);
    assert_eq!(
        stored(&levels),
        Some(level(8, "B2")),
        "Emma after If-Match: *"
    );
    let listed = format!("\"a\" , {}", tag(&router, EMMA).await);
    put(EMMA, 7)
        .header("if-match", &listed)
        .send(&router)
        .await
        .is(200);
    assert_eq!(
        stored(&levels),
        Some(level(7, "B2")),
        "Emma after If-Match: {listed}"
    );
    let last = tag(&router, EMMA).await;
    let gone = call("DELETE", EMMA)
        .header("if-match", &last)
        .send(&router)
        .await
        .is(204);
    assert_eq!(gone.body, "", "the body of a 204");
    assert_eq!(stored(&levels), None, "Emma after DELETE");
}

/// `If-None-Match: *` makes what is not there yet, once; `If-Match` finds nothing where nothing is.
#[tokio::test]
async fn what_is_not_there_has_no_tag() {
    let (levels, router) = with_emma();
    for field in ["*", "\"1\"", ""] {
        put(IDIOT, 1)
            .header("if-match", field)
            .send(&router)
            .await
            .is(412);
        call("DELETE", IDIOT)
            .header("if-match", field)
            .send(&router)
            .await
            .is(412);
    }
    let first = put(IDIOT, 3)
        .header("if-none-match", "*")
        .send(&router)
        .await
        .is(201);
    assert_eq!(
        first.header("etag"),
        tag(&router, IDIOT).await,
        "the tag in the 201, and then in the 200"
    );
    put(IDIOT, 4)
        .header("if-none-match", "*")
        .send(&router)
        .await
        .is(412);
    let weak = format!("W/{}", first.header("etag"));
    put(IDIOT, 4)
        .header("if-none-match", &weak)
        .send(&router)
        .await
        .is(412);
    put(IDIOT, 5)
        .header("if-none-match", "\"another\"")
        .send(&router)
        .await
        .is(200);
    let (entries, _) = levels.all();
    let copies: Vec<u32> = entries
        .iter()
        .map(|(_, entry)| entry.level.copies)
        .collect();
    assert_eq!(copies, [5, 12], "The Idiot and Emma");
    call("DELETE", IDIOT)
        .header("if-none-match", "*")
        .send(&router)
        .await
        .is(412);
    call("DELETE", IDIOT)
        .header("if-match", "*")
        .send(&router)
        .await
        .is(204);
    call("DELETE", IDIOT)
        .header("if-none-match", "*")
        .send(&router)
        .await
        .is(404);
}

/// When both fields are there, both have to hold.
#[tokio::test]
async fn both_conditions_have_to_hold() {
    let (levels, router) = with_emma();
    let tag = tag(&router, EMMA).await;
    for (wanted, unwanted, status) in [
        (tag.as_str(), "*", 412),
        (tag.as_str(), tag.as_str(), 412),
        ("\"another\"", "\"a third\"", 412),
        ("*", tag.as_str(), 412),
        (tag.as_str(), "\"another\"", 200),
    ] {
        let both = put(EMMA, 5)
            .header("if-match", wanted)
            .header("if-none-match", unwanted);
        both.send(&router).await.is(status);
        let copies = if status == 200 { 5 } else { 12 };
        let stored = stored(&levels).map(|level| level.copies);
        assert_eq!(
            stored,
            Some(copies),
            "after If-Match: {wanted}, If-None-Match: {unwanted}"
        );
    }
}

/// What comes in between looking and writing is not written over: the tag is compared with what is replaced.
#[tokio::test]
async fn looking_and_writing_are_one_step() {
    for method in ["PUT", "DELETE"] {
        let (levels, router) = with_emma();
        let tag = tag(&router, EMMA).await;
        let done = Arc::new(AtomicBool::new(false));
        let tell = done.clone();
        levels.meanwhile(move |levels| {
            set(levels, &emma(), level(77, "theirs"));
            tell.store(true, Ordering::SeqCst);
        });
        let request = match method {
            "PUT" => put(EMMA, 1),
            _ => call("DELETE", EMMA),
        };
        let answer: Answer = request.header("if-match", &tag).send(&router).await;
        if done.load(Ordering::SeqCst) {
            answer.is(412);
            assert_eq!(
                stored(&levels),
                Some(level(77, "theirs")),
                "{method} wrote over what came in between"
            );
        } else {
            assert!(
                answer.status < 300,
                "{method} with the right tag: {}",
                answer.status
            );
        }
    }
}

/// Runs the requests, each on a thread of its own, at the same moment.
fn together(router: &Router, requests: Vec<Call>) -> Vec<u16> {
    let gate = Gate::new(requests.len());
    thread::scope(|scope| {
        let threads: Vec<_> = requests
            .into_iter()
            .map(|request| {
                let gate = &gate;
                scope.spawn(move || {
                    let runtime = Builder::new_current_thread().build().expect("a runtime");
                    gate.wait();
                    runtime.block_on(request.send(router)).status
                })
            })
            .collect();
        let status = |thread: thread::ScopedJoinHandle<'_, u16>| thread.join().expect("an answer");
        threads.into_iter().map(status).collect()
    })
}

/// Of several partners who write with the same tag at the same moment, one does; the same for who makes what is not there.
#[test]
fn one_of_many_writes() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (levels, router) = with_emma();
    for round in 0..40 {
        let tag = runtime.block_on(tag(&router, EMMA));
        let writes = (0..4).map(|writer| put(EMMA, 100 * round + writer).header("if-match", &tag));
        let mut answers = together(&router, writes.collect());
        answers.sort_unstable();
        assert_eq!(
            answers,
            [200, 412, 412, 412],
            "four writes with one tag, round {round}"
        );
        let away = call("DELETE", IDIOT).header("if-match", "*");
        runtime.block_on(away.send(&router));
        let makes = (0..4).map(|copies| put(IDIOT, copies).header("if-none-match", "*"));
        let mut answers = together(&router, makes.collect());
        answers.sort_unstable();
        assert_eq!(
            answers,
            [201, 412, 412, 412],
            "four who make one level, round {round}"
        );
    }
    let (entries, _) = levels.all();
    assert_eq!(entries.len(), 2, "levels at the end");
}

/// A field names a tag by the table: quotes, commas, spaces, weak and strong, and nothing of what cannot be read.
#[test]
fn a_field_is_read_sign_by_sign() {
    for (field, tag, strong, weak) in [
        ("\"7\"", "\"7\"", true, true),
        ("\"6\", \"7\"", "\"7\"", true, true),
        ("\"7\",\"6\"", "\"7\"", true, true),
        ("W/\"7\"", "\"7\"", false, true),
        ("\"7\"", "W/\"7\"", false, true),
        ("W/\"7\"", "W/\"7\"", false, true),
        ("\"6\", W/\"7\"", "\"7\"", false, true),
        ("W/\"7\", \"7\"", "\"7\"", true, true),
        ("\"6,7\"", "\"7\"", false, false),
        ("\"6,7\"", "\"6,7\"", true, true),
        ("\"a, \", \"7\"", "\"7\"", true, true),
        ("\", \"", "\", \"", true, true),
        ("\"7\"", "\"77\"", false, false),
        ("\"77\"", "\"7\"", false, false),
        ("\"a\"", "\"A\"", false, false),
        ("\"\"", "\"\"", true, true),
        ("\"\"", "\"7\"", false, false),
        ("\" 7\"", "\"7\"", false, false),
        ("\"\\\", \"7\"", "\"7\"", true, true),
        ("\t\"7\" ", "\"7\"", true, true),
        (",, \"7\" ,,\"8\",", "\"7\"", true, true),
        ("*", "\"7\"", true, true),
        (" * ", "W/\"7\"", true, true),
        ("*, \"7\"", "\"7\"", false, false),
        ("\"*\"", "\"7\"", false, false),
        ("\"7\", *", "\"7\"", false, false),
        ("", "\"7\"", false, false),
        (" , ", "\"7\"", false, false),
        ("7", "\"7\"", false, false),
        ("\"7\", 8", "\"7\"", false, false),
        ("8, \"7\"", "\"7\"", false, false),
        ("\"7\" \"8\"", "\"7\"", false, false),
        ("\"7\"\"8\"", "\"7\"", false, false),
        ("\"7\", \"8", "\"7\"", false, false),
        ("\"7\"; \"8\"", "\"7\"", false, false),
        ("w/\"7\"", "\"7\"", false, false),
        ("w/\"6\", \"7\"", "\"7\"", false, false),
        ("W/ \"7\"", "\"7\"", false, false),
        ("W\"7\"", "\"7\"", false, false),
        ("W/W/\"7\"", "\"7\"", false, false),
        ("'7'", "\"7\"", false, false),
    ] {
        assert_eq!(
            names(field, tag, Strong),
            strong,
            "{field} names {tag}, strong"
        );
        assert_eq!(names(field, tag, Weak), weak, "{field} names {tag}, weak");
    }
}

/// A list names just what is in it, whatever the tags look like.
#[test]
fn a_list_names_what_is_in_it() {
    let mut values = support::seeded(0x100B);
    for _ in 0..300 {
        let opaque: Vec<String> = (0..values.size(1..6))
            .map(|_| {
                let signs = ["a", "7", ",", " ", "W/", "*", "\\", "é", ";"];
                let count = values.size(0..5);
                let text: String = (0..count).map(|_| *values.pick(&signs)).collect();
                format!("\"{text}\"")
            })
            .collect();
        let weak: Vec<bool> = opaque.iter().map(|_| values.coin()).collect();
        let written = |(tag, weak): (&String, &bool)| {
            if *weak {
                format!("W/{tag}")
            } else {
                tag.clone()
            }
        };
        let tags: Vec<String> = opaque.iter().zip(&weak).map(written).collect();
        let between = *values.pick(&[",", ", ", " ,\t", ",,", " , , "]);
        let field = tags.join(between);
        let other = format!("\"{}\"", values.word(3..9));
        for tag in opaque.iter().chain([&other]) {
            let is_in = opaque.contains(tag);
            let is_strong = tags.contains(tag);
            assert_eq!(names(&field, tag, Weak), is_in, "{field} names {tag}, weak");
            assert_eq!(
                names(&field, tag, Strong),
                is_strong,
                "{field} names {tag}, strong"
            );
        }
    }
}

/// Levels that nobody has seen go in, each with its own tag, and come out in the list in the order of their ISBNs.
#[tokio::test]
async fn what_goes_in_comes_out() {
    let mut values = support::seeded(0x100C);
    let levels = Arc::new(Levels::default());
    let router = routes(levels, Arc::new(|| -5));
    let mut expected: Vec<Value> = Vec::new();
    for _ in 0..60 {
        let isbn = isbn(&mut values);
        let copies = u32::try_from(values.number(0..1 << 32)).expect("32 bits");
        let shelf = format!(" {} ", values.word(0..9));
        let request = call("PUT", &format!("/levels/{isbn}")).header("if-none-match", "*");
        request
            .json(&json!({ "copies": copies, "shelf": shelf }))
            .send(&router)
            .await
            .is(201);
        expected.push(json!({ "isbn": isbn, "copies": copies, "shelf": shelf }));
    }
    expected.sort_by_key(|level| level["isbn"].to_string());
    let list = call("GET", "/levels").send(&router).await.is(200).json();
    assert_eq!(list, json!({ "as_of": -5, "levels": expected }), "the list");
}
