use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use apis::given::partner::Partners;
use apis::given::till::{Charge, NotCharged, Till};
use apis::idempotency::{Answer, Begun, Call, Desk, KEPT, Keys, LEASE, Lease, MOST_KEY, routes};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use support::database::TempDatabase;
use support::server::{Server, spawn};
use support::{Gate, http};

use crate::writers::Writers;

/// A day in 2001: nothing here asks the machine what time it is.
const NOW: i64 = 1_000_000_000;
const PAYMENT: &str = r#"{"order":1042,"cents":1250,"card":"4000123412341234"}"#;

fn open(file: &TempDatabase) -> Keys {
    Keys::new(file.connect()).expect("SQLite makes the table")
}

fn call(partner: &str, key: &str, asked: u8) -> Call {
    Call {
        partner: partner.to_owned(),
        key: key.to_owned(),
        fingerprint: [asked; 32],
    }
}

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        body: body.to_owned(),
    }
}

/// What is known about a call, as a text, which is compared as texts are.
fn seen(begun: &Begun) -> String {
    match begun {
        Begun::Yours(_) => "yours".to_owned(),
        Begun::Running => "running".to_owned(),
        Begun::AnotherRequest => "another request".to_owned(),
        Begun::Answered(answer) => told(answer.status, &answer.body),
    }
}

fn told(status: u16, body: &str) -> String {
    format!("answered {status}: {body}")
}

fn begun(keys: &Keys, now: i64, call: &Call) -> Begun {
    keys.begin(now, call)
        .unwrap_or_else(|error| panic!("begin at {now} with {call:?}: {error}"))
}

fn yours(keys: &Keys, now: i64, call: &Call) -> Lease {
    match begun(keys, now, call) {
        Begun::Yours(lease) => lease,
        other => panic!("begin at {now} with {call:?}: {other:?}, and not Yours"),
    }
}

fn finish(keys: &Keys, lease: &Lease, answer: &Answer) {
    if let Err(error) = keys.finish(lease, answer) {
        panic!("finish {lease:?} with {answer:?}: {error}");
    }
}

/// What was answered once is answered again, letter by letter, also after the file was opened again.
#[test]
fn an_answer_is_kept() {
    let file = TempDatabase::new();
    let mut values = support::seeded(0x10D0);
    let mut kept = Vec::new();
    {
        let keys = open(&file);
        for _ in 0..20 {
            let asked = u8::try_from(values.number(0..256)).unwrap_or(0);
            let call = call(&values.word(1..9), &values.word(9..40), asked);
            let status = u16::try_from(values.number(200..500)).unwrap_or(200);
            let answer = answer(
                status,
                &format!("{{\"n\": \"{}\\u00e9 ✓\"}}\n", values.word(0..30)),
            );
            let lease = yours(&keys, NOW, &call);
            finish(&keys, &lease, &answer);
            kept.push((call, answer));
        }
    }
    let keys = open(&file);
    for (call, answer) in kept {
        for now in [NOW, NOW + LEASE, NOW + KEPT - 1] {
            let again = seen(&begun(&keys, now, &call));
            assert_eq!(
                again,
                told(answer.status, &answer.body),
                "{call:?} at {now}"
            );
        }
    }
}

/// While the first attempt runs, another is told so. When its lease is over, the next one may try.
#[test]
fn a_lease_ends() {
    let file = TempDatabase::new();
    let keys = open(&file);
    let call = call("ana", "k1", 1);
    yours(&keys, NOW, &call);
    for now in [NOW, NOW + 1, NOW + LEASE - 1] {
        assert_eq!(
            seen(&begun(&keys, now, &call)),
            "running",
            "{} s later",
            now - NOW
        );
    }
    yours(&keys, NOW + LEASE, &call);
    let later = NOW + 2 * LEASE;
    assert_eq!(
        seen(&begun(&keys, later - 1, &call)),
        "running",
        "leased anew"
    );
    yours(&keys, later, &call);
}

/// A key that comes with another request is refused, while the first runs, after a failure and after an answer.
#[test]
fn a_key_is_for_one_request() {
    let file = TempDatabase::new();
    let keys = open(&file);
    let (first, other) = (call("ana", "k1", 1), call("ana", "k1", 2));
    let lease = yours(&keys, NOW, &first);
    assert_eq!(
        seen(&begun(&keys, NOW, &other)),
        "another request",
        "while it runs"
    );
    for byte in [0, 15, 31] {
        let mut near = first.clone();
        near.fingerprint[byte] ^= 1;
        assert_eq!(
            seen(&begun(&keys, NOW, &near)),
            "another request",
            "byte {byte} of the fingerprint is another one"
        );
    }
    let late = NOW + LEASE;
    assert_eq!(
        seen(&begun(&keys, late, &other)),
        "another request",
        "its lease is over"
    );
    finish(&keys, &lease, &answer(503, "later"));
    assert_eq!(
        seen(&begun(&keys, NOW + 1, &other)),
        "another request",
        "after a 503"
    );
    let lease = yours(&keys, NOW + 1, &first);
    finish(&keys, &lease, &answer(201, "done"));
    assert_eq!(
        seen(&begun(&keys, NOW + 2, &other)),
        "another request",
        "after an answer"
    );
    let again = seen(&begun(&keys, NOW + 2, &first));
    assert_eq!(again, told(201, "done"), "the first is untouched");
}

/// Two partners may choose the same key, and a key is taken letter by letter.
#[test]
fn keys_belong_to_their_partner() {
    let file = TempDatabase::new();
    let keys = open(&file);
    let pairs = [
        ("ana", "k"),
        ("bo", "k"),
        ("ana", "K"),
        ("an", "ak"),
        ("anak", ""),
        ("Ana", "k"),
    ];
    for (partner, key) in pairs {
        let lease = yours(&keys, NOW, &call(partner, key, 1));
        finish(&keys, &lease, &answer(201, &format!("{partner}'s {key}")));
    }
    for (partner, key) in pairs {
        let again = seen(&begun(&keys, NOW, &call(partner, key, 1)));
        let expected = told(201, &format!("{partner}'s {key}"));
        assert_eq!(again, expected, "partner {partner:?}, key {key:?}");
    }
}

/// A day after it first came a key is forgotten, to the second, however often it came in between.
#[test]
fn a_key_is_forgotten_after_a_day() {
    let file = TempDatabase::new();
    let keys = open(&file);
    let (done, tried) = (call("ana", "done", 1), call("ana", "tried", 1));
    let lease = yours(&keys, NOW, &done);
    finish(&keys, &lease, &answer(201, "done"));
    yours(&keys, NOW, &tried);
    let lease = yours(&keys, NOW + KEPT - 10, &tried);
    finish(&keys, &lease, &answer(201, "tried"));
    for call in [&done, &tried] {
        let last = begun(&keys, NOW + KEPT - 1, call);
        assert!(
            matches!(last, Begun::Answered(_)),
            "{call:?}, the last second: {last:?}"
        );
    }
    for key in ["done", "tried"] {
        // Even with another request: nobody knows the key any more.
        yours(&keys, NOW + KEPT, &call("ana", key, 2));
    }
}

/// What is forgotten leaves the file, whoever asks and whatever is answered.
#[test]
fn what_is_forgotten_is_removed() {
    let file = TempDatabase::new();
    let keys = open(&file);
    let old = "
        WITH RECURSIVE old (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM old WHERE number < 1019)
        INSERT INTO calls (partner, key, fingerprint, begun, attempt, leased_until)
        SELECT 'ana', 'old' || number, zeroblob(32), ?1 + number, 1, ?1 + number + 60 FROM old";
    let added = file.connect().execute(old, [NOW - 990]);
    assert_eq!(added.expect("the table is there"), 1_020, "old keys");
    let fresh = call("bo", "fresh", 1);
    let lease = yours(&keys, NOW + KEPT - 991, &fresh);
    finish(&keys, &lease, &answer(201, "done"));
    let again = seen(&begun(&keys, NOW + KEPT + 9, &fresh));
    assert_eq!(again, told(201, "done"), "bo's answer");
    let left: i64 = file
        .connect()
        .query_row("SELECT count(*) FROM calls", [], |row| row.get(0))
        .expect("the table is there");
    assert_eq!(
        left, 21,
        "20 of ana's 1,020 keys are younger than a day, and one is bo's"
    );
}

/// An answer of 500 or more is not kept: the next attempt is free at once. One below is kept, errors too.
#[test]
fn faults_of_ours_are_not_kept() {
    let file = TempDatabase::new();
    let keys = open(&file);
    for status in [500, 501, 503, 599] {
        let call = call("ana", &format!("k{status}"), 1);
        let lease = yours(&keys, NOW, &call);
        finish(&keys, &lease, &answer(status, "broken"));
        let lease = yours(&keys, NOW, &call);
        assert_eq!(
            seen(&begun(&keys, NOW, &call)),
            "running",
            "the second attempt after {status}"
        );
        finish(&keys, &lease, &answer(201, "mended"));
        let again = seen(&begun(&keys, NOW, &call));
        assert_eq!(again, told(201, "mended"), "after {status}");
    }
    for status in [200, 204, 302, 400, 402, 409, 422, 499] {
        let call = call("ana", &format!("k{status}"), 1);
        let lease = yours(&keys, NOW, &call);
        finish(&keys, &lease, &answer(status, "kept"));
        let again = seen(&begun(&keys, NOW, &call));
        assert_eq!(again, told(status, "kept"), "status {status}");
    }
}

/// Whoever has lost the lease changes nothing: neither the lease of who has it now, nor an answer, nor another day's key.
#[test]
fn who_is_too_slow_changes_nothing() {
    let file = TempDatabase::new();
    let keys = open(&file);
    let call = call("ana", "k1", 1);
    let slow = yours(&keys, NOW, &call);
    let second = yours(&keys, NOW + LEASE, &call);
    finish(&keys, &slow, &answer(503, "slow"));
    let now = NOW + LEASE + 1;
    assert_eq!(
        seen(&begun(&keys, now, &call)),
        "running",
        "the slow one's 503 ends no lease of another"
    );
    finish(&keys, &slow, &answer(201, "slow"));
    assert_eq!(
        seen(&begun(&keys, now, &call)),
        "running",
        "the slow one's 201 is not the answer"
    );
    finish(&keys, &second, &answer(201, "second"));
    finish(&keys, &second, &answer(201, "once more"));
    finish(&keys, &slow, &answer(500, "slow"));
    let again = seen(&begun(&keys, now, &call));
    assert_eq!(again, told(201, "second"), "the answer stays");
    yours(&keys, NOW + KEPT, &call);
    finish(&keys, &slow, &answer(201, "yesterday"));
    assert_eq!(
        seen(&begun(&keys, NOW + KEPT, &call)),
        "running",
        "yesterday's lease of the same key"
    );
}

const THREADS: usize = 3;

/// Of many that come at the same moment, over connections of their own, one gets the call; so it is when a lease has ended.
#[test]
fn one_of_many_gets_it() {
    const ROUNDS: i64 = 4;
    let file = TempDatabase::new();
    let writers = Writers::new("calls", THREADS);
    let stores: Vec<(Keys, Arc<AtomicBool>)> = (0..THREADS)
        .map(|_| {
            let (connection, fresh) = writers.connect(&file);
            (
                Keys::new(connection).expect("SQLite makes the table"),
                fresh,
            )
        })
        .collect();
    let gate = Gate::new(THREADS);
    // Each key is new in the first half of the rounds; in the second half its lease is over.
    let times = (0..ROUNDS)
        .map(|n| (n, NOW))
        .chain((0..ROUNDS).map(|n| (n, NOW + LEASE)));
    let rounds: Vec<(i64, i64)> = times.collect();
    // An error is looked at afterwards: a thread that panics would leave the others waiting at the gate.
    let all: Vec<Vec<Result<Begun, String>>> = thread::scope(|scope| {
        let threads: Vec<_> = stores
            .iter()
            .map(|(keys, fresh)| {
                scope.spawn(|| {
                    let ask = |&(n, now): &(i64, i64)| {
                        gate.wait();
                        writers.begin_a_round();
                        fresh.store(true, Ordering::SeqCst);
                        gate.wait();
                        let begun = keys.begin(now, &call("ana", &format!("k{n}"), 1));
                        begun.map_err(|error| error.to_string())
                    };
                    rounds.iter().map(ask).collect()
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|said| said.expect("every begin has an answer"))
            .collect()
    });
    for (round, (n, now)) in rounds.iter().enumerate() {
        let said: Vec<&Result<Begun, String>> = all.iter().map(|answers| &answers[round]).collect();
        let yours = said
            .iter()
            .filter(|begun| matches!(begun, Ok(Begun::Yours(_))))
            .count();
        let running = said
            .iter()
            .filter(|begun| matches!(begun, Ok(Begun::Running)))
            .count();
        assert_eq!(
            yours, 1,
            "key k{n} at {now}, three at once; one gets it: {said:?}"
        );
        assert_eq!(
            running,
            THREADS - 1,
            "key k{n} at {now}, three at once; the others are told that it runs: {said:?}"
        );
    }
}

/// A till that remembers what it was asked, and can be told what to answer and to wait.
#[derive(Default)]
struct Watched {
    charges: Mutex<Vec<Charge>>,
    refusals: Mutex<Vec<NotCharged>>,
    wait: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

impl Watched {
    fn charges(&self) -> Vec<Charge> {
        self.charges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn refuse(&self, why: NotCharged) {
        self.refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(why);
    }

    /// The next charge says when it has come, and stays until it is let go.
    fn hold(&self) -> (Receiver<()>, Sender<()>) {
        let (come, has_come) = channel();
        let (go, may_go) = channel();
        *self.wait.lock().unwrap_or_else(PoisonError::into_inner) = Some((come, may_go));
        (has_come, go)
    }
}

impl Till for Watched {
    fn charge(&self, charge: &Charge) -> Result<u64, NotCharged> {
        let receipt = {
            let mut charges = self.charges.lock().unwrap_or_else(PoisonError::into_inner);
            charges.push(charge.clone());
            charges.len() as u64
        };
        let held = self
            .wait
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((come, may_go)) = held {
            let told = come.send(());
            let gone = may_go.recv_timeout(Duration::from_secs(20));
            assert!(
                told.is_ok() && gone.is_ok(),
                "the till waits, and nothing else goes on meanwhile"
            );
        }
        match self
            .refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
        {
            Some(why) => Err(why),
            None => Ok(receipt),
        }
    }
}

struct Shop {
    server: Server,
    till: Arc<Watched>,
    clock: Arc<AtomicI64>,
    file: TempDatabase,
}

async fn shop() -> Shop {
    let file = TempDatabase::new();
    let till = Arc::new(Watched::default());
    let clock = Arc::new(AtomicI64::new(NOW));
    let now = Arc::clone(&clock);
    let desk = Desk {
        partners: Partners::new([("ana", "ana-token"), ("bo", "bo-token")]),
        keys: Arc::new(open(&file)),
        till: till.clone(),
        now: Arc::new(move || now.load(Ordering::SeqCst)),
    };
    let server = spawn(routes(desk)).await;
    Shop {
        server,
        till,
        clock,
        file,
    }
}

impl Shop {
    fn pay(&self, token: &str, key: &str, body: &str) -> RequestBuilder {
        self.server
            .post("/payments")
            .bearer_auth(token)
            .header("idempotency-key", key)
            .body(body.to_owned())
    }
}

/// Status, type and body of an answer.
async fn parts(response: Response) -> (u16, String, String) {
    let status = http::status(&response);
    let kind = http::header(&response, "content-type").unwrap_or_default();
    (status, kind, http::text(response).await)
}

/// A payment that is sent again gets the same answer, which says that it is one, and the card is charged once.
#[tokio::test]
async fn a_payment_sent_again_is_charged_once() {
    let shop = shop().await;
    let first = http::answer(shop.pay("ana-token", "k1", PAYMENT)).await;
    assert_eq!(
        http::header(&first, "idempotent-replayed"),
        None,
        "the first answer"
    );
    let first = parts(first).await;
    assert_eq!(first.0, 201, "{first:?}");
    assert_eq!(first.1, "application/json", "{first:?}");
    let value: Value =
        serde_json::from_str(&first.2).unwrap_or_else(|error| panic!("{first:?}: {error}"));
    insta::assert_json_snapshot!(value, @r#"
    {
      "cents": 1250,
      "order": 1042,
      "receipt": 1
    }
    "#);
    for _ in 0..2 {
        let again = http::answer(shop.pay("ana-token", "k1", PAYMENT)).await;
        let replayed = http::header(&again, "idempotent-replayed");
        let again = parts(again).await;
        assert_eq!(again, first, "the same payment, sent again");
        assert_eq!(
            replayed.as_deref(),
            Some("true"),
            "Idempotent-Replayed: {again:?}"
        );
    }
    let charges = shop.till.charges();
    assert_eq!(charges.len(), 1, "{charges:?}");
    let expected = Charge {
        partner: "ana".to_owned(),
        key: "k1".to_owned(),
        order: 1042,
        cents: 1250,
        card: "4000123412341234".to_owned(),
    };
    assert!(
        charges[0] == expected,
        "charged: {:?}, and expected: {expected:?}",
        charges[0]
    );
}

/// Another key, or another partner's same key, is another payment.
#[tokio::test]
async fn another_key_is_another_payment() {
    let shop = shop().await;
    let pairs = [
        ("ana-token", "k1"),
        ("bo-token", "k1"),
        ("ana-token", "K1"),
        ("ana-token", "\"k1\""),
    ];
    for (number, (token, key)) in (1..).zip(pairs) {
        let (status, _, body) = parts(http::answer(shop.pay(token, key, PAYMENT)).await).await;
        assert_eq!(status, 201, "{token}, key {key}: {body}");
        assert_eq!(
            shop.till.charges().len(),
            number,
            "charges after {token}, key {key}"
        );
    }
    let nobody = http::answer(shop.pay("no-token", "k1", PAYMENT)).await;
    assert_eq!(http::status(&nobody), 401, "a token that nobody has");
}

/// While the first attempt runs, the same payment is answered 409 at once, and other payments go on.
#[tokio::test]
async fn a_payment_that_still_runs_is_not_begun_again() {
    let shop = shop().await;
    let (has_come, go) = shop.till.hold();
    let first = tokio::spawn(http::answer(shop.pay("ana-token", "k1", PAYMENT)));
    let come = tokio::task::spawn_blocking(move || has_come.recv_timeout(Duration::from_secs(20)));
    assert!(
        matches!(come.await, Ok(Ok(()))),
        "the first payment comes to the till"
    );
    let second = http::answer(shop.pay("ana-token", "k1", PAYMENT)).await;
    let wait = http::header(&second, "retry-after");
    let second = parts(second).await;
    assert_eq!(second.0, 409, "the same payment meanwhile: {second:?}");
    assert_eq!(second.1, "application/problem+json", "{second:?}");
    assert_eq!(wait.as_deref(), Some("1"), "Retry-After: {second:?}");
    let other = parts(http::answer(shop.pay("ana-token", "k2", PAYMENT)).await).await;
    assert_eq!(other.0, 201, "another payment meanwhile: {other:?}");
    go.send(()).expect("the till waits");
    let first = parts(first.await.expect("the first payment has an answer")).await;
    assert_eq!(first.0, 201, "{first:?}");
    let again = parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    assert_eq!(again, first, "sent again, afterwards");
    assert_eq!(shop.till.charges().len(), 2, "one for each key");
}

/// A client that hangs up ends nothing: the payment is finished, and its answer is there for the next attempt.
#[tokio::test]
async fn a_payment_is_finished_without_its_client() {
    let shop = shop().await;
    let (has_come, go) = shop.till.hold();
    let first = tokio::spawn(http::answer(shop.pay("ana-token", "k1", PAYMENT)));
    let come = tokio::task::spawn_blocking(move || has_come.recv_timeout(Duration::from_secs(20)));
    assert!(
        matches!(come.await, Ok(Ok(()))),
        "the first payment comes to the till"
    );
    // It hangs up. The server has noticed by the time that it has served some others.
    first.abort();
    assert!(first.await.is_err(), "nobody waits any more");
    for n in 0..20 {
        let other = http::answer(shop.pay("bo-token", &format!("k{n}"), PAYMENT)).await;
        assert_eq!(http::status(&other), 201, "another payment");
    }
    go.send(()).expect("the till waits");
    let until_done = async {
        loop {
            let again = http::answer(shop.pay("ana-token", "k1", PAYMENT)).await;
            if http::status(&again) != 409 {
                return parts(again).await;
            }
        }
    };
    let again = tokio::time::timeout(Duration::from_secs(20), until_done).await;
    let again = again.expect("the payment whose client is gone still runs, and never ends");
    assert_eq!(again.0, 201, "{again:?}");
    let anas = shop
        .till
        .charges()
        .iter()
        .filter(|charge| charge.partner == "ana")
        .count();
    assert_eq!(anas, 1, "Ana's charges");
}

/// The same key with other bytes is refused, even when they mean the same, and nothing is charged.
#[tokio::test]
async fn another_body_is_refused() {
    let shop = shop().await;
    let first = parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    assert_eq!(first.0, 201, "{first:?}");
    let others = [
        PAYMENT.replace("1250", "1251"),
        PAYMENT.replace("1042", "1043"),
        PAYMENT.replace("1234\"", "1235\""),
        PAYMENT.replace(',', ", "),
        PAYMENT.replace('}', r#","note":"x"}"#),
        format!("{PAYMENT}\n"),
        format!(" {PAYMENT}"),
    ];
    for other in others {
        let (status, kind, body) =
            parts(http::answer(shop.pay("ana-token", "k1", &other)).await).await;
        assert_eq!(status, 422, "after {PAYMENT} came {other}: {body}");
        assert_eq!(kind, "application/problem+json", "{other}: {body}");
    }
    assert_eq!(shop.till.charges().len(), 1, "charges");
    let again = parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    assert_eq!(again, first, "the first payment still has its answer");
}

/// Without one key of 1 to 255 printable ASCII characters there is no payment.
#[tokio::test]
async fn a_payment_needs_a_key() {
    let shop = shop().await;
    let pay = || {
        shop.server
            .post("/payments")
            .bearer_auth("ana-token")
            .body(PAYMENT)
    };
    let key = |value: &[u8]| pay().header("idempotency-key", value);
    let long = "k".repeat(MOST_KEY + 1);
    let refused = [
        ("no key", pay()),
        ("an empty key", key(b"")),
        ("a key of 256 characters", key(long.as_bytes())),
        ("a space inside", key(b"a b")),
        ("a tab inside", key(b"a\tb")),
        ("a letter beyond ASCII", key("kéy".as_bytes())),
        ("two keys", key(b"a").header("idempotency-key", "b")),
        (
            "the same key twice",
            key(b"a").header("idempotency-key", "a"),
        ),
    ];
    for (case, request) in refused {
        let (status, kind, body) = parts(http::answer(request).await).await;
        assert_eq!(status, 400, "{case}: {body}");
        assert_eq!(kind, "application/problem+json", "{case}: {body}");
    }
    assert_eq!(shop.till.charges().len(), 0, "nothing is charged");
    for good in ["!", "~", "8e03978e-40d5-43dd-bc93-6894a57f9324", &long[1..]] {
        let (status, _, body) = parts(http::answer(key(good.as_bytes())).await).await;
        assert_eq!(status, 201, "key {good:?}: {body}");
    }
}

/// A body that is no payment is refused before the key is taken: mended, it goes through with the same key. Nobody reads a
/// card in the refusal.
#[tokio::test]
async fn what_is_no_payment_takes_no_key() {
    let shop = shop().await;
    let wrong = [
        "",
        "{}",
        "[]",
        r#"{"order":1042,"cents":-1,"card":"4000123412341234"}"#,
        r#"{"order":1042,"cents":4294967296,"card":"4000123412341234"}"#,
        r#"{"order":1042,"cents":12.5,"card":"4000123412341234"}"#,
        r#"{"order":1042,"cents":"4000123412341234","card":1}"#,
        r#"{"order":1042,"cents":1250,"card":4000123412341234}"#,
    ];
    for body in wrong {
        let (status, kind, said) =
            parts(http::answer(shop.pay("ana-token", "k1", body)).await).await;
        assert_eq!(status, 400, "{body}: {said}");
        assert_eq!(kind, "application/problem+json", "{body}: {said}");
        assert!(
            !said.contains("4000123412341234"),
            "a card in the answer to {body}: {said}"
        );
    }
    let mended = parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    assert_eq!(mended.0, 201, "the same key with a payment: {mended:?}");
    assert_eq!(shop.till.charges().len(), 1, "charges");
}

/// A declined card stays declined under its key, without asking again. A till that could not be reached is asked again.
#[tokio::test]
async fn a_refusal_is_kept_and_a_fault_is_not() {
    let shop = shop().await;
    shop.till.refuse(NotCharged::Declined);
    let declined = parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    assert_eq!(declined.0, 402, "{declined:?}");
    assert_eq!(declined.1, "application/problem+json", "{declined:?}");
    let again = http::answer(shop.pay("ana-token", "k1", PAYMENT)).await;
    let replayed = http::header(&again, "idempotent-replayed");
    let again = parts(again).await;
    assert_eq!(again, declined, "declined, and sent again");
    assert_eq!(
        replayed.as_deref(),
        Some("true"),
        "Idempotent-Replayed: {again:?}"
    );
    assert_eq!(shop.till.charges().len(), 1, "the till was asked once");

    shop.till.refuse(NotCharged::Unreachable);
    let fault = parts(http::answer(shop.pay("ana-token", "k2", PAYMENT)).await).await;
    assert_eq!(fault.0, 503, "{fault:?}");
    assert_eq!(fault.1, "application/problem+json", "{fault:?}");
    let again = http::answer(shop.pay("ana-token", "k2", PAYMENT)).await;
    let replayed = http::header(&again, "idempotent-replayed");
    let again = parts(again).await;
    assert_eq!(again.0, 201, "sent again after a 503: {again:?}");
    assert_eq!(replayed, None, "this answer is new");
    let charges = shop.till.charges();
    let keys: BTreeSet<&str> = charges[1..]
        .iter()
        .map(|charge| charge.key.as_str())
        .collect();
    assert_eq!(charges.len(), 3, "{charges:?}");
    assert_eq!(
        keys,
        BTreeSet::from(["k2"]),
        "the till gets the same key for both attempts"
    );
}

/// The clock that the routes are given says when a key is forgotten, and when a lease is over.
#[tokio::test]
async fn the_given_clock_counts() {
    let shop = shop().await;
    let first = parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    shop.clock.store(NOW + KEPT - 1, Ordering::SeqCst);
    let again = parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    assert_eq!(again, first, "in the last second of the day");
    shop.clock.store(NOW + KEPT, Ordering::SeqCst);
    let later = parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    assert_eq!(later.0, 201, "a day later: {later:?}");
    let charges = shop.till.charges().len();
    assert_eq!(charges, 2, "a day later the key is new: {later:?}");
}

/// No card lies in the database, and no word of a broken database in an answer.
#[tokio::test]
async fn cards_and_tables_stay_inside() {
    let shop = shop().await;
    shop.till.refuse(NotCharged::Declined);
    for key in ["k1", "k2"] {
        http::answer(shop.pay("ana-token", key, PAYMENT)).await;
    }
    let bytes = std::fs::read(shop.file.path()).expect("the database file");
    let card = b"4000123412341234";
    assert!(
        !bytes.windows(card.len()).any(|window| window == card),
        "the card lies in the database"
    );
    let broken = shop.file.connect();
    broken
        .execute_batch("DROP TABLE calls")
        .expect("it is there");
    let charges = shop.till.charges().len();
    let (status, kind, body) =
        parts(http::answer(shop.pay("ana-token", "k3", PAYMENT)).await).await;
    assert_eq!(status, 500, "the table is gone: {body}");
    assert_eq!(kind, "application/problem+json", "{body}");
    assert!(
        !body.contains("calls") && !body.contains("SQL"),
        "too much said: {body}"
    );
    assert_eq!(
        shop.till.charges().len(),
        charges,
        "nothing is charged without a key that is kept"
    );
}

/// An answer that cannot be kept is not given: the client asks again, and the till knows the charge.
#[tokio::test]
async fn an_answer_that_is_not_kept_is_not_given() {
    let shop = shop().await;
    let stop = "CREATE TRIGGER stop BEFORE UPDATE ON calls BEGIN SELECT RAISE(ABORT, 'no'); END";
    let file = shop.file.connect();
    file.execute_batch(stop).expect("a trigger");
    let (status, kind, body) =
        parts(http::answer(shop.pay("ana-token", "k1", PAYMENT)).await).await;
    assert_eq!(status, 500, "the answer cannot be written: {body}");
    assert_eq!(kind, "application/problem+json", "{body}");
}
