use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use apis::webhooks::{
    Desk, MOST_BYTES, MOST_SIGNATURES, Message, Refused, Secret, Taken, WINDOW, message, routes,
    sign, verify,
};
use reqwest::RequestBuilder;
use support::database::TempDatabase;
use support::server::{Server, spawn};
use support::{Gate, http};

use crate::writers::Writers;

/// A day in 2001: nothing here asks the machine what time it is.
const NOW: i64 = 1_000_000_000;
const BODY: &[u8] = br#"{"order":1042,"state":"on_its_way"}"#;

fn secret(text: &str) -> Secret {
    Secret(text.as_bytes().to_vec())
}

/// The verdict with its reason as a text, which is compared as texts are.
fn judged(verdict: Result<(), Refused>) -> Result<(), &'static str> {
    verdict.map_err(|refused| match refused {
        Refused::Malformed => "malformed",
        Refused::Forged => "forged",
        Refused::OutOfTime => "out of time",
    })
}

/// The message as it is, signed anew with this secret.
fn signed(mut message: Message, key: &str) -> Message {
    message.signature = sign(&secret(key), &message.id, &message.timestamp, &message.body);
    message
}

fn plain(id: &str, timestamp: &str, body: &[u8]) -> Message {
    Message {
        id: id.to_owned(),
        timestamp: timestamp.to_owned(),
        signature: String::new(),
        body: body.to_vec(),
    }
}

/// A signature is what any other HMAC makes of the same bytes.
#[test]
fn a_signature_is_as_agreed() {
    let known: [(&str, &str, &str, &[u8], &str); 4] = [
        (
            "lantern-secret-1",
            "msg_8131",
            "1000000000",
            BODY,
            "v1,XPNFteZbI7BZOb+KqSDimKhWQn1Zrou5zbBbPtShMuc=",
        ),
        (
            "",
            "m",
            "0",
            b"",
            "v1,TDMrqlhMHNpfFcI+fefY/xl0IfGlXGhntyvT01UD4iY=",
        ),
        (
            "k",
            "id",
            "5",
            b"\xff\x00",
            "v1,MGiT40Qsx7Lv/HK+GLLq2lW7nRJSYDl0y5/QTbEgC3o=",
        ),
        (
            "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
            "id",
            "9223372036854775807",
            b"{}",
            "v1,JmAHWirLj65GosEH6zKcseT6BwyG1zLjaPQTmHMWXDc=",
        ),
    ];
    for (key, id, timestamp, body, expected) in known {
        let made: String = sign(&secret(key), id, timestamp, body);
        assert_eq!(
            made,
            expected,
            "id {id:?}, time {timestamp:?}, body {}",
            body.escape_ascii()
        );
    }
}

/// A message carries the time, the body as it is, and a signature for each secret, in their order.
#[test]
fn a_message_is_signed_with_each_secret() {
    let (old, new) = (secret("old"), secret("new"));
    let made = message(&[old.clone(), new.clone()], "m1", NOW, b"\xff\x00 {");
    let by = |secret: &Secret| sign(secret, "m1", "1000000000", b"\xff\x00 {");
    assert_eq!(made.id, "m1", "two secrets: the id");
    assert_eq!(made.timestamp, "1000000000", "two secrets: the time");
    assert_eq!(made.body, b"\xff\x00 {", "two secrets: the body");
    let expected = format!("{} {}", by(&old), by(&new));
    assert_eq!(made.signature, expected, "two secrets: the signatures");
    assert_eq!(
        message(std::slice::from_ref(&new), "m1", NOW, b"").signature,
        sign(&new, "m1", "1000000000", b""),
        "one secret"
    );
    assert_eq!(
        message(&[old, new], "m1", -7, b"").timestamp,
        "-7",
        "the time is the given one"
    );
}

/// What was signed is taken, whatever the body is made of; with one byte or one bit changed anywhere, it is forged.
#[test]
fn any_change_is_noticed() {
    let mut values = support::seeded(0x10EB);
    for round in 0..40 {
        let key = values.word(1..80);
        let id = format!("msg_{}", values.word(1..20));
        let body: Vec<u8> = (0..values.size(1..90))
            .map(|_| u8::try_from(values.number(0..256)).unwrap_or(0))
            .collect();
        let secrets = [secret(&key)];
        let good = message(&secrets, &id, NOW, &body);
        assert_eq!(
            judged(verify(&secrets, NOW, &good)),
            Ok(()),
            "round {round}: {good:?}"
        );
        let mut changed: Vec<(&str, Message)> = Vec::new();
        let place = values.size(0..body.len());
        let mut other = good.clone();
        other.body[place] ^= 1 << values.number(0..8);
        changed.push(("a bit of the body", other));
        changed.push((
            "a shorter body",
            Message {
                body: body[1..].to_vec(),
                ..good.clone()
            },
        ));
        changed.push((
            "a longer body",
            Message {
                body: [&body[..], b"\n"].concat(),
                ..good.clone()
            },
        ));
        changed.push((
            "another id",
            Message {
                id: format!("{id}x"),
                ..good.clone()
            },
        ));
        changed.push((
            "another time",
            Message {
                timestamp: (NOW + 1).to_string(),
                ..good.clone()
            },
        ));
        changed.push((
            "the same time, written in another way",
            Message {
                timestamp: format!("0{NOW}"),
                ..good.clone()
            },
        ));
        let short = good.signature.len() - 5;
        changed.push((
            "a part of the signature",
            Message {
                signature: format!("{}=", &good.signature[..short]),
                ..good.clone()
            },
        ));
        changed.push((
            "something behind the signature",
            Message {
                signature: format!("{}AAAA", good.signature),
                ..good.clone()
            },
        ));
        changed.push((
            "no signature",
            Message {
                signature: "v1,".to_owned(),
                ..good.clone()
            },
        ));
        changed.push((
            "an empty header",
            Message {
                signature: String::new(),
                ..good.clone()
            },
        ));
        changed.push((
            "without its version",
            Message {
                signature: good.signature[3..].to_owned(),
                ..good.clone()
            },
        ));
        changed.push((
            "with another secret",
            signed(good.clone(), &format!("{key}x")),
        ));
        changed.push(("with no secret at all", signed(good.clone(), "")));
        for (what, message) in changed {
            assert_eq!(
                judged(verify(&secrets, NOW, &message)),
                Err("forged"),
                "round {round}, {what}: {message:?}"
            );
        }
        assert_eq!(
            judged(verify(&[], NOW, &good)),
            Err("forged"),
            "nobody knows a secret"
        );
    }
    let (one, two) = (
        message(&[secret("k")], "m1", NOW, b"2.x"),
        message(&[secret("k")], "m1", NOW, b"x"),
    );
    assert_ne!(one.signature, two.signature, "the parts are kept apart");
}

/// A time stamp counts for five minutes on both sides of now, to the second.
#[test]
fn old_and_early_messages_are_refused() {
    let secrets = [secret("k")];
    for (away, expected) in [
        (0, Ok(())),
        (-WINDOW, Ok(())),
        (WINDOW, Ok(())),
        (-WINDOW - 1, Err("out of time")),
        (WINDOW + 1, Err("out of time")),
        (-NOW, Err("out of time")),
        (i64::MAX - NOW, Err("out of time")),
    ] {
        let message = message(&secrets, "m1", NOW + away, BODY);
        assert_eq!(
            judged(verify(&secrets, NOW, &message)),
            expected,
            "a time stamp {away} s from now"
        );
    }
    let last = message(&secrets, "m1", i64::MAX, BODY);
    assert_eq!(
        judged(verify(&secrets, -2, &last)),
        Err("out of time"),
        "as far away as can be"
    );
}

/// While a secret is being exchanged the old one and the new one count, on both sides, and afterwards the old one does not.
#[test]
fn secrets_can_be_exchanged() {
    let (old, new, other) = (secret("old"), secret("new"), secret("other"));
    let by = |secrets: &[Secret]| message(secrets, "m1", NOW, BODY);
    let (both, old_only, new_only) = ([old.clone(), new.clone()], [old.clone()], [new.clone()]);
    for (sent, known, expected) in [
        (by(&old_only), &both[..], Ok(())),
        (by(&new_only), &both[..], Ok(())),
        (by(&both), &old_only[..], Ok(())),
        (by(&both), &new_only[..], Ok(())),
        (by(&[other.clone(), new.clone()]), &both[..], Ok(())),
        (by(&old_only), &new_only[..], Err("forged")),
        (by(&[other]), &both[..], Err("forged")),
    ] {
        assert_eq!(
            judged(verify(known, NOW, &sent)),
            expected,
            "{sent:?}, and {} secrets are known",
            known.len()
        );
    }
}

/// Signatures of another kind do not count and do no harm, and no more than ten are looked at.
#[test]
fn a_header_has_many_signatures() {
    let secrets = [secret("k")];
    let good = message(&secrets, "m1", NOW, BODY);
    let with = |signature: String| Message {
        signature,
        ..good.clone()
    };
    let right = &good.signature;
    for before in [
        "v2,AAAA",
        "v1,%%%",
        "v1,AAAA",
        "v1a,AAAA",
        "none",
        &format!("v2{}", &right[2..]),
    ] {
        let mixed = with(format!("{before} {right} v9,x"));
        assert_eq!(
            judged(verify(&secrets, NOW, &mixed)),
            Ok(()),
            "{:?}",
            mixed.signature
        );
        let alone = with(before.to_owned());
        assert_eq!(
            judged(verify(&secrets, NOW, &alone)),
            Err("forged"),
            "{:?}",
            alone.signature
        );
    }
    let early = with(format!(
        "{right}{}",
        " v1,AAAA".repeat(MOST_SIGNATURES + 10)
    ));
    assert_eq!(
        judged(verify(&secrets, NOW, &early)),
        Ok(()),
        "the first one is right; what comes behind the others does not count"
    );
    for (place, expected) in [
        (0, Ok(())),
        (MOST_SIGNATURES - 1, Ok(())),
        (MOST_SIGNATURES, Err("forged")),
        (500, Err("forged")),
    ] {
        for wrong in ["v1,AAAA ", "v2,AAAA "] {
            let many = with(format!("{}{right}", wrong.repeat(place)));
            assert_eq!(
                judged(verify(&secrets, NOW, &many)),
                expected,
                "{place} times {wrong:?}, then the right one"
            );
        }
    }
}

/// What has no form is malformed, even when it is signed; and what is forged is not asked for its time.
#[test]
fn form_comes_first_and_time_last() {
    let secrets = [secret("k")];
    for (id, timestamp) in [
        ("", "1000000000"),
        (".", "1000000000"),
        ("m.1", "1000000000"),
        ("m1", ""),
        ("m1", "-1000000000"),
        ("m1", "+1000000000"),
        ("m1", " 1000000000"),
        ("m1", "1000000000.0"),
        ("m1", "1e9"),
        ("m1", "１000000000"),
        ("m1", "9223372036854775808"),
        ("m1", "99999999999999999999999"),
    ] {
        let message = signed(plain(id, timestamp, BODY), "k");
        assert_eq!(
            judged(verify(&secrets, NOW, &message)),
            Err("malformed"),
            "id {id:?}, time {timestamp:?}"
        );
        let forged = signed(message, "other");
        assert_eq!(
            judged(verify(&secrets, NOW, &forged)),
            Err("malformed"),
            "forged, id {id:?}, time {timestamp:?}"
        );
    }
    let old = signed(plain("m1", "1", BODY), "other");
    assert_eq!(
        judged(verify(&secrets, NOW, &old)),
        Err("forged"),
        "forged and old"
    );
}

fn taken(file: &TempDatabase) -> Taken {
    Taken::new(file.connect()).expect("SQLite makes the table")
}

fn take(taken: &Taken, id: &str, now: i64) -> bool {
    taken
        .take(id, now)
        .unwrap_or_else(|error| panic!("take {id:?} at {now}: {error}"))
}

/// An id is new once, letter by letter, also for another process; and it is remembered as long as its message could come again.
#[test]
fn an_id_is_new_once() {
    let file = TempDatabase::new();
    let (here, there) = (taken(&file), taken(&file));
    for id in ["m1", "M1", "m1 ", "é", "'; DROP TABLE taken --"] {
        assert!(take(&here, id, NOW), "{id:?} for the first time");
        assert!(!take(&here, id, NOW), "{id:?} for the second time");
        assert!(!take(&there, id, NOW + 1), "{id:?} elsewhere");
    }
    let last = NOW + 2 * WINDOW;
    assert!(!take(&here, "m1", last), "{} s later", last - NOW);
    let rows = || -> i64 {
        let sql = "SELECT count(*) FROM taken";
        file.connect()
            .query_row(sql, [], |row| row.get(0))
            .expect("the table is there")
    };
    assert_eq!(rows(), 5, "all are remembered");
    assert!(take(&here, "m1", last + 1), "what is removed is new again");
    assert!(take(&there, "m2", last + 1), "a new one");
    assert_eq!(rows(), 2, "what would be out of time is removed");
}

/// Of many that bring one id at the same moment, over connections of their own, one is told that it is new.
#[test]
fn one_of_many_is_new() {
    const THREADS: usize = 3;
    const ROUNDS: usize = 5;
    let file = TempDatabase::new();
    let writers = Writers::new("taken", THREADS);
    let stores: Vec<(Taken, Arc<AtomicBool>)> = (0..THREADS)
        .map(|_| {
            let (connection, fresh) = writers.connect(&file);
            (
                Taken::new(connection).expect("SQLite makes the table"),
                fresh,
            )
        })
        .collect();
    let gate = Gate::new(THREADS);
    // An error is looked at afterwards: a thread that panics would leave the others waiting at the gate.
    let all: Vec<Vec<Result<bool, String>>> = thread::scope(|scope| {
        let threads: Vec<_> = stores
            .iter()
            .map(|(taken, fresh)| {
                scope.spawn(|| {
                    let ask = |round: usize| {
                        gate.wait();
                        writers.begin_a_round();
                        fresh.store(true, Ordering::SeqCst);
                        gate.wait();
                        let new = taken.take(&format!("m{round}"), NOW);
                        new.map_err(|error| error.to_string())
                    };
                    (0..ROUNDS).map(ask).collect()
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|said| said.expect("every take has an answer"))
            .collect()
    });
    for round in 0..ROUNDS {
        let said: BTreeSet<&Result<bool, String>> =
            all.iter().map(|answers| &answers[round]).collect();
        let new = all
            .iter()
            .filter(|answers| answers[round] == Ok(true))
            .count();
        assert_eq!(new, 1, "m{round}, three at once: {said:?}");
        assert!(
            said.iter().all(|said| said.is_ok()),
            "m{round}, three at once: {said:?}"
        );
    }
}

type Inbox = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

struct Shop {
    server: Server,
    inbox: Inbox,
    clock: Arc<AtomicI64>,
    file: TempDatabase,
}

async fn shop() -> Shop {
    let file = TempDatabase::new();
    let (inbox, clock) = (Inbox::default(), Arc::new(AtomicI64::new(NOW)));
    let (post, now) = (Arc::clone(&inbox), Arc::clone(&clock));
    let desk = Desk {
        secrets: Arc::new([secret("old"), secret("new")]),
        taken: Arc::new(taken(&file)),
        now: Arc::new(move || now.load(Ordering::SeqCst)),
        inbox: Arc::new(move |id, body| {
            let mut inbox = post.lock().unwrap_or_else(PoisonError::into_inner);
            inbox.push((id.to_owned(), body.to_vec()));
        }),
    };
    let server = spawn(routes(desk)).await;
    Shop {
        server,
        inbox,
        clock,
        file,
    }
}

impl Shop {
    fn send(&self, message: &Message) -> RequestBuilder {
        self.server
            .post("/hooks")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", &message.timestamp)
            .header("webhook-signature", &message.signature)
            .body(message.body.clone())
    }

    async fn answer(&self, message: &Message) -> (u16, String) {
        let response = http::answer(self.send(message)).await;
        (http::status(&response), http::text(response).await)
    }

    fn inbox(&self) -> Vec<(String, Vec<u8>)> {
        self.inbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A message comes into the inbox once, byte by byte, however often it is sent.
#[tokio::test]
async fn a_message_comes_once() {
    let shop = shop().await;
    let bodies: [&[u8]; 3] = [BODY, b"", b"\xff\x00\r\n{"];
    let mut expected = Vec::new();
    for (number, body) in bodies.into_iter().enumerate() {
        let key = if number == 0 { "old" } else { "new" };
        let message = message(&[secret(key)], &format!("m{number}"), NOW, body);
        for time in 0..3 {
            let (status, said) = shop.answer(&message).await;
            assert_eq!(
                status, 204,
                "message {number}, sent {time} times before: {said}"
            );
        }
        expected.push((format!("m{number}"), body.to_vec()));
    }
    assert_eq!(shop.inbox(), expected, "what came into the inbox");
}

/// What is refused leaves no trace: neither in the inbox, nor an id that the true message could not use any more.
#[tokio::test]
async fn what_is_refused_leaves_no_trace() {
    let shop = shop().await;
    let good = message(&[secret("new")], "m1", NOW, BODY);
    let forged = signed(good.clone(), "guessed");
    let late = message(&[secret("new")], "m1", NOW - WINDOW - 1, BODY);
    let (forged, late) = (shop.answer(&forged).await, shop.answer(&late).await);
    assert_eq!(forged.0, 401, "forged: {}", forged.1);
    assert_eq!(late.0, 401, "too old: {}", late.1);
    assert_eq!(forged.1, late.1, "whoever guesses does not learn why");
    let malformed = shop
        .answer(&signed(plain("m.1", "1000000000", BODY), "new"))
        .await;
    assert_eq!(malformed.0, 400, "an id with a full stop: {}", malformed.1);
    assert_eq!(shop.inbox(), [], "the inbox, so far");
    let (status, said) = shop.answer(&good).await;
    assert_eq!(status, 204, "the true message: {said}");
    assert_eq!(shop.inbox().len(), 1, "the inbox, after the true message");
    shop.clock.store(NOW + WINDOW + 1, Ordering::SeqCst);
    let (status, said) = shop.answer(&good).await;
    assert_eq!(
        status, 401,
        "the same, later, by the clock that the routes are given: {said}"
    );
}

/// Each of the three headers must be there, once, and the refusal is a problem.
#[tokio::test]
async fn three_headers_are_needed() {
    let shop = shop().await;
    let good = message(&[secret("new")], "m1", NOW, BODY);
    let all = [
        ("webhook-id", &good.id),
        ("webhook-timestamp", &good.timestamp),
        ("webhook-signature", &good.signature),
    ];
    for (missing, value) in all {
        let mut without = shop.server.post("/hooks").body(BODY);
        for (name, value) in all {
            if name != missing {
                without = without.header(name, value);
            }
        }
        let twice = shop.send(&good).header(missing, value);
        let strange = without
            .try_clone()
            .expect("a body in memory")
            .header(missing, "é".as_bytes());
        for (case, request) in [
            ("missing", without),
            ("twice", twice),
            ("beyond ASCII", strange),
        ] {
            let response = http::answer(request).await;
            let (status, kind) = (
                http::status(&response),
                http::header(&response, "content-type"),
            );
            let said = http::text(response).await;
            assert_eq!(status, 400, "{missing}, {case}: {said}");
            assert_eq!(
                kind.as_deref(),
                Some("application/problem+json"),
                "{missing}, {case}: {said}"
            );
        }
    }
    assert_eq!(shop.inbox(), [], "the inbox");
}

/// A message may be 65536 bytes long and no longer.
#[tokio::test]
async fn messages_have_a_limit() {
    let shop = shop().await;
    for (length, expected) in [
        (MOST_BYTES, 204),
        (MOST_BYTES + 1, 413),
        (3 * 1024 * 1024, 413),
    ] {
        let large = message(
            &[secret("new")],
            &format!("m{length}"),
            NOW,
            &vec![b'x'; length],
        );
        let response = http::answer(shop.send(&large)).await;
        let (status, kind) = (
            http::status(&response),
            http::header(&response, "content-type"),
        );
        let said = http::text(response).await;
        assert_eq!(status, expected, "{length} bytes: {said}");
        if status == 413 {
            assert_eq!(
                kind.as_deref(),
                Some("application/problem+json"),
                "{length} bytes: {said}"
            );
        }
    }
    assert_eq!(shop.inbox().len(), 1, "messages in the inbox");
}

/// When the ids cannot be read, the answer is 500 without a word about tables, and the inbox gets nothing.
#[tokio::test]
async fn a_broken_table_takes_nothing() {
    let shop = shop().await;
    shop.file
        .connect()
        .execute_batch("DROP TABLE taken")
        .expect("it is there");
    let (status, said) = shop
        .answer(&message(&[secret("new")], "m1", NOW, BODY))
        .await;
    assert_eq!(status, 500, "the table is gone: {said}");
    assert!(
        !said.contains("taken") && !said.contains("SQL"),
        "too much said: {said}"
    );
    assert_eq!(shop.inbox(), [], "the inbox");
}

/// A signature has one form: `v1,` and Base64 with its padding, and nothing but spaces between two of them.
#[test]
fn a_signature_has_one_form() {
    let secrets = [secret("k")];
    let signs = ['+', '/'];
    let good = (0..1_000)
        .map(|number| message(&secrets, &format!("m{number}"), NOW, BODY))
        .find(|message| message.signature.contains(signs))
        .expect("a signature with a sign that has another form in addresses");
    assert_eq!(judged(verify(&secrets, NOW, &good)), Ok(()), "{good:?}");
    let code = &good.signature["v1,".len()..];
    for wrong in [
        format!("V1,{code}"),
        format!("v1{code}"),
        format!("v1,,{code}"),
        format!("v1=,{code}"),
        format!(",{code}"),
        code.to_owned(),
        format!("v1,{}", code.trim_end_matches('=')),
        format!("v1,{code}="),
        format!("v1,{}", code.replace('+', "-").replace('/', "_")),
        format!("v1,AAAA\tv1,{code}"),
        format!("v1,AAAA;v1,{code}"),
        format!("v1,AAAA,v1,{code}"),
        format!("v1,{code},"),
    ] {
        let message = Message {
            signature: wrong,
            ..good.clone()
        };
        assert_eq!(
            judged(verify(&secrets, NOW, &message)),
            Err("forged"),
            "{:?} for {:?}",
            message.signature,
            good.signature
        );
    }
}

/// An id may be any text without a full stop, and there may be any number of secrets.
#[test]
fn ids_and_secrets_are_not_counted() {
    let secrets: Vec<Secret> = (0..20)
        .map(|number| secret(&format!("k{number}")))
        .collect();
    for id in ["m 1", "Bücher/7", "a,b;c", " "] {
        for one in &secrets {
            let message = message(std::slice::from_ref(one), id, NOW, BODY);
            assert_eq!(
                judged(verify(&secrets, NOW, &message)),
                Ok(()),
                "signed with one of 20 secrets: {message:?}"
            );
        }
    }
    let twice = [secret("k"), secret("k")];
    let signed = message(&twice, "m1", NOW, BODY).signature;
    assert_eq!(
        signed.split(' ').count(),
        2,
        "one signature a secret: {signed}"
    );
}

/// The inbox may wait for the disk: it does not do so on the thread that answers everybody.
#[tokio::test]
async fn the_inbox_has_a_thread_of_its_own() {
    let file = TempDatabase::new();
    let seen = Arc::new(Mutex::new(None));
    let place = Arc::clone(&seen);
    let desk = Desk {
        secrets: Arc::new([secret("new")]),
        taken: Arc::new(taken(&file)),
        now: Arc::new(|| NOW),
        inbox: Arc::new(move |_, _| {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            *place = Some(thread::current().id());
        }),
    };
    let server = spawn(routes(desk)).await;
    let shop = Shop {
        server,
        inbox: Inbox::default(),
        clock: Arc::default(),
        file,
    };
    let sent = message(&[secret("new")], "m1", NOW, BODY);
    let (status, said) = shop.answer(&sent).await;
    assert_eq!(status, 204, "{said}");
    let seen = *seen.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(seen.is_some(), "the inbox has the message");
    // This test and the server share one thread.
    assert_ne!(
        seen,
        Some(thread::current().id()),
        "the thread of the inbox is the one of the server"
    );
}
