use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use auth_system::given::app::Tx;
use auth_system::given::neighbours::{Audit, Event, Factor};
use auth_system::given::problem::Problem;
use auth_system::given::tokens;
use auth_system::totp::{self, Authenticator, Enrolment, hotp, routes};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};

use crate::helpers::{Answer, START, TestApp, answer, count, spawn, value};

async fn app() -> TestApp {
    let app = spawn(routes(), |neighbours, _| {
        neighbours.second_factor = Arc::new(Authenticator)
    })
    .await;
    app.person("ada+books@lantern.example", "hash");
    app.person("ben@lantern.example", "hash");
    app
}

async fn enroll(app: &TestApp, user: i64) -> Answer {
    let request = app
        .server
        .post("/api/totp/enroll")
        .bearer_auth(format!("user-{user}"));
    let answer = answer(request).await;
    app.keep_secrets_of(&answer.body);
    answer
}

async fn confirm(app: &TestApp, user: i64, code: &str) -> Answer {
    let request = app
        .server
        .post("/api/totp/confirm")
        .bearer_auth(format!("user-{user}"));
    let body = json!({"code": code});
    app.keep_secrets_of(&body);
    answer(request.json(&body)).await
}

async fn remove(app: &TestApp, user: i64, code: &str) -> Answer {
    let request = app
        .server
        .post("/api/totp/remove")
        .bearer_auth(format!("user-{user}"));
    let body = json!({"code": code});
    app.keep_secrets_of(&body);
    answer(request.json(&body)).await
}

fn check(app: &TestApp, user: i64, code: Option<&str>) -> Factor {
    value(
        app.cx()
            .write(|tx| tx.neighbours().second_factor.check(tx, user, code)),
    )
}

/// The code of the step that lies `steps` from the one of `START`, computed by [`hotp`], which the RFC's table tests.
fn code(secret: &[u8], steps: i64) -> String {
    let step = u64::try_from(START / 30 + steps).expect("after 1970");
    hotp(secret, step, 6).expect("a code")
}

/// The code of the step in which the clock stands.
fn current(app: &TestApp, secret: &[u8]) -> String {
    code(secret, app.app.now() / 30 - START / 30)
}

/// Enrols and confirms; answers the secret and the recovery codes. The clock then stands two steps after `START`.
async fn enrolled(app: &TestApp, user: i64) -> (Vec<u8>, Vec<String>) {
    let secret = BASE32_NOPAD
        .decode(enroll(app, user).await.text("secret").as_bytes())
        .expect("the secret is base32");
    let step = app.app.now() / 30 - START / 30;
    let confirmed: Answer = confirm(app, user, &code(&secret, step)).await;
    assert_eq!(
        confirmed.status, 200,
        "the right code confirms: {:?}",
        confirmed.body
    );
    let codes: Vec<String> =
        serde_json::from_value(confirmed.body["recovery_codes"].clone()).expect("a list of texts");
    app.clock.advance(60);
    (secret, codes)
}

/// Secrets and recovery codes are made of random bytes, as many as the task says: not of a few that are stretched.
#[tokio::test]
async fn every_code_is_drawn_for_itself() {
    let app = app().await;
    let before = tokens::drawn();
    let made: Enrolment = value(totp::enroll(&app.cx(), 1));
    let drawn = tokens::drawn() - before;
    assert!(
        drawn >= 20,
        "{drawn} random bytes for a secret of {} letters",
        made.secret.len()
    );
    let secret = BASE32_NOPAD.decode(made.secret.as_bytes()).expect("base32");
    let before = tokens::drawn();
    let codes: Vec<String> = value(totp::confirm(&app.cx(), 1, &code(&secret, 0))).recovery_codes;
    assert_eq!(codes.len(), 10, "recovery codes");
    let drawn = tokens::drawn() - before;
    assert!(
        drawn >= 100,
        "{drawn} random bytes for ten codes of ten: {codes:?}"
    );
}

/// The bytes that a secret or a recovery code is made of.
fn bytes_of(text: &str) -> Vec<u8> {
    let plain = text.replace('-', "");
    BASE32_NOPAD.decode(plain.as_bytes()).expect("base32")
}

/// Fails if a byte follows from another one, from who it is for, or from how many were made before: `adas` and `bens` are
/// made alike, in order. That this happens by chance to a right answer is less likely than 1 in 2^60.
fn assert_random(adas: &[Vec<u8>], bens: &[Vec<u8>], what: &str) {
    let constant = |column: Vec<u8>| column.iter().all(|byte| *byte == column[0]);
    for place in 0..adas[0].len() {
        for (whose, rows) in [("Ada's", adas), ("Ben's", bens)] {
            let column = rows.iter().map(|row| row[place]).collect();
            assert!(
                !constant(column),
                "byte {place} of {whose} {what} is always {}: {rows:02x?}",
                rows[0][place]
            );
        }
        let pairs = adas.iter().zip(bens);
        let differences = pairs.map(|(ada, ben)| ada[place].wrapping_sub(ben[place]));
        assert!(
            !constant(differences.collect()),
            "byte {place} of Ben's {what} follows from that of Ada's: {adas:02x?} {bens:02x?}"
        );
        for other in 0..place {
            let rows = adas.iter().chain(bens);
            assert!(
                !constant(rows.map(|row| row[place] ^ row[other]).collect()),
                "byte {place} of {what} follows from byte {other}: {adas:02x?}"
            );
        }
    }
}

/// Every byte of a secret and of a recovery code is random: none repeats another one, none says whose it is.
#[tokio::test]
async fn every_byte_is_random() {
    let app = app().await;
    let [adas, bens] = [1, 2].map(|user| -> Vec<Vec<u8>> {
        let secret = |_| value(totp::enroll(&app.cx(), user)).secret;
        (0..10).map(secret).map(|text| bytes_of(&text)).collect()
    });
    assert_random(&adas, &bens, "secrets");
    let [adas, bens] = [(1, &adas), (2, &bens)].map(|(user, secrets)| -> Vec<Vec<u8>> {
        let code = code(&secrets[9], 0);
        let made = value(totp::confirm(&app.cx(), user, &code)).recovery_codes;
        made.iter().map(|text| bytes_of(text)).collect()
    });
    assert_eq!((adas.len(), bens.len()), (10, 10), "recovery codes");
    assert_random(&adas, &bens, "recovery codes");
}

/// A trail that keeps what it is told.
#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl Audit for Kept {
    fn record(&self, _tx: &Tx, event: Event) -> Result<(), Problem> {
        let line = format!("{} {}", event.kind, event.detail);
        self.0.lock().expect("nobody panicked").push(line);
        Ok(())
    }
}

/// The trail is read by many and kept for long: neither the secret nor a code, used or not, stands in it.
#[tokio::test]
async fn the_trail_holds_no_code() {
    let trail = Arc::new(Kept::default());
    let audit = Arc::clone(&trail);
    let app = spawn(routes(), |neighbours, _| {
        neighbours.second_factor = Arc::new(Authenticator);
        neighbours.audit = audit;
    })
    .await;
    app.person("ada@lantern.example", "hash");
    let (secret, codes) = enrolled(&app, 1).await;
    let used = current(&app, &secret);
    for given in [&used, &codes[0]] {
        assert_eq!(check(&app, 1, Some(given)), Factor::Passed, "{given}");
    }
    let removed: Answer = remove(&app, 1, &codes[1]).await;
    assert_eq!(removed.status, 204, "removing: {:?}", removed.body);
    let trail = trail.0.lock().expect("nobody panicked").clone();
    assert!(
        trail.iter().any(|line| line.starts_with("totp.enabled")),
        "the trail: {trail:?}"
    );
    let mut secrets = vec![BASE32_NOPAD.encode(&secret), used];
    for code in &codes {
        let (left, right) = code.split_at(code.len() / 2);
        secrets.extend([left, right].map(|half| half.replace('-', "")));
    }
    for line in &trail {
        let plain = line.replace(['-', ' '], "").to_ascii_uppercase();
        for secret in &secrets {
            assert!(
                !plain.contains(secret),
                "{secret} is a secret, or half of one, and stands in the event {line:?}"
            );
        }
    }
}

/// The codes of RFC 6238, appendix B (SHA-1), and of RFC 4226, appendix D, come out.
#[test]
fn the_codes_of_the_standards_come_out() {
    let secret = b"12345678901234567890";
    for (seconds, expected) in [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ] {
        let code: String = hotp(secret, seconds / 30, 8).expect("a code");
        assert_eq!(code, expected, "RFC 6238, {seconds} seconds after 1970");
    }
    let rfc4226 = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
        "520489",
    ];
    for (counter, expected) in (0..).zip(rfc4226) {
        let code: String = hotp(secret, counter, 6).expect("a code");
        assert_eq!(code, expected, "RFC 4226, counter {counter}");
    }
    // Computed with another implementation: every one of the eight bytes counts.
    for (counter, expected) in [
        ((1 << 32) + 1, "108930"),
        ((1 << 48) + 1, "784008"),
        ((1 << 53) + 1, "354518"),
        (1 << 63, "959616"),
        (u64::MAX, "094451"),
    ] {
        let code: String = hotp(secret, counter, 6).expect("a code");
        assert_eq!(code, expected, "counter {counter}");
    }
}

/// Fewer digits are the last ones of more, and every code has exactly the digits that were asked for.
#[test]
fn shorter_codes_are_the_end_of_longer_ones() {
    let mut random = support::seeded(0x1771);
    for _ in 0..300 {
        let secret: Vec<u8> = (0..20)
            .map(|_| u8::try_from(random.number(0..256)).expect("a byte"))
            .collect();
        let counter = random.bits();
        let [six, nine] = [6, 9].map(|digits| hotp(&secret, counter, digits).expect("a code"));
        assert_eq!(
            (six.len(), nine.len()),
            (6, 9),
            "digits of {six} and {nine}"
        );
        assert!(
            nine.ends_with(&six),
            "counter {counter}: {nine} ends with {six}"
        );
    }
}

/// Enrolling gives a fresh secret of 20 bytes, typed or scanned; it counts only after a code has confirmed it.
#[tokio::test]
async fn an_enrolment_waits_for_its_code() {
    let app = app().await;
    assert_eq!(
        check(&app, 1, None),
        Factor::NotEnrolled,
        "before everything"
    );
    let first: Answer = enroll(&app, 1).await;
    assert_eq!(first.status, 200, "enrolling: {:?}", first.body);
    let second: Answer = enroll(&app, 1).await;
    let secret = second.text("secret");
    assert_ne!(
        first.text("secret"),
        secret,
        "enrolling again gives another secret"
    );
    assert_eq!(
        BASE32_NOPAD
            .decode(secret.as_bytes())
            .map(|bytes| bytes.len()),
        Ok(20),
        "bytes of {secret}"
    );
    let uri = format!(
        "otpauth://totp/Lantern:ada%2Bbooks@lantern.example?secret={secret}&issuer=Lantern&algorithm=SHA1&digits=6&period=30"
    );
    assert_eq!(
        second.text("otpauth_uri"),
        uri,
        "the address for the QR code"
    );
    assert_eq!(
        check(&app, 1, None),
        Factor::NotEnrolled,
        "before the secret is confirmed"
    );

    let [old, new] = [first.text("secret"), secret]
        .map(|text| BASE32_NOPAD.decode(text.as_bytes()).expect("base32"));
    for wrong in [
        code(&old, 0),
        code(&new, 2),
        code(&new, -2),
        "0".to_owned(),
        String::new(),
    ] {
        let answer: Answer = confirm(&app, 1, &wrong).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "invalid_code"),
            "the code {wrong:?}"
        );
    }
    let nobody: Answer = confirm(&app, 2, &code(&new, 0)).await;
    assert_eq!(
        (nobody.status, nobody.code()),
        (400, "invalid_code"),
        "a person who has not enrolled"
    );
    assert_eq!(
        confirm(&app, 1, &code(&new, 0)).await.status,
        200,
        "the current code"
    );
    assert_eq!(
        check(&app, 1, None),
        Factor::Missing,
        "after the secret is confirmed"
    );
    assert_eq!(
        check(&app, 2, None),
        Factor::NotEnrolled,
        "the other person"
    );
    assert_eq!(app.journal.take(), ["record totp.enabled 1"], "the trail");
    for again in [
        enroll(&app, 1).await,
        confirm(&app, 1, &code(&new, 1)).await,
    ] {
        assert_eq!(
            (again.status, again.code()),
            (409, "already_enrolled"),
            "once more: {:?}",
            again.body
        );
    }
    app.clock.advance(60);
    assert_eq!(
        check(&app, 1, Some(&code(&new, 2))),
        Factor::Passed,
        "the secret is still the one that was confirmed"
    );
}

/// The codes of the step before, of now and of the step after pass; older, later and misshapen ones do not.
#[tokio::test]
async fn the_window_is_one_step() {
    for (offset, factor) in [
        (-2, Factor::Wrong),
        (-1, Factor::Passed),
        (0, Factor::Passed),
        (1, Factor::Passed),
        (2, Factor::Wrong),
    ] {
        let app = app().await;
        let (secret, _) = enrolled(&app, 1).await;
        app.clock.advance(60);
        for second in [0, 29] {
            app.execute("UPDATE totp SET last_step = 0", []);
            app.clock.advance(second);
            let given = code(&secret, 4 + offset);
            assert_eq!(
                check(&app, 1, Some(&given)),
                factor,
                "{offset} steps from now, second {second} of the step"
            );
        }
    }
    let app = app().await;
    let (secret, _) = enrolled(&app, 1).await;
    let right = code(&secret, 2);
    for wrong in [
        "",
        "0",
        &right[1..],
        &format!("{right}0"),
        &format!("0{right}"),
        "abcdef",
        "١٢٣٤٥٦",
    ] {
        assert_eq!(
            check(&app, 1, Some(wrong)),
            Factor::Wrong,
            "the code {wrong:?}"
        );
    }
    assert_eq!(
        check(&app, 1, Some(&right)),
        Factor::Passed,
        "the right code"
    );
}

/// A code passes once; nor does an older one pass after it, nor the one that confirmed the enrolment.
#[tokio::test]
async fn no_code_passes_twice() {
    let app = app().await;
    let secret = BASE32_NOPAD
        .decode(enroll(&app, 1).await.text("secret").as_bytes())
        .expect("base32");
    confirm(&app, 1, &code(&secret, 0)).await;
    assert_eq!(
        check(&app, 1, Some(&code(&secret, 0))),
        Factor::Wrong,
        "the code that confirmed the enrolment"
    );
    assert_eq!(
        check(&app, 1, Some(&code(&secret, 1))),
        Factor::Passed,
        "the next code, early"
    );
    assert_eq!(
        check(&app, 1, Some(&code(&secret, 1))),
        Factor::Wrong,
        "the same code again"
    );
    app.clock.advance(30);
    assert_eq!(
        check(&app, 1, Some(&code(&secret, 1))),
        Factor::Wrong,
        "the same code, half a minute later"
    );
    assert_eq!(
        check(&app, 1, Some(&code(&secret, 0))),
        Factor::Wrong,
        "an older code"
    );
    assert_eq!(
        check(&app, 1, Some(&code(&secret, 2))),
        Factor::Passed,
        "the next code"
    );
}

/// Confirming looks through the same window as a sign-in, and uses up the step of its code, not the one of the clock.
#[tokio::test]
async fn confirming_uses_up_its_own_step() {
    for steps in [-1, 0, 1] {
        let app = app().await;
        let secret = BASE32_NOPAD
            .decode(enroll(&app, 1).await.text("secret").as_bytes())
            .expect("base32");
        let answer: Answer = confirm(&app, 1, &code(&secret, steps)).await;
        assert_eq!(
            answer.status, 200,
            "confirming with the code {steps} steps from now: {:?}",
            answer.body
        );
        for (next, factor) in [(steps, Factor::Wrong), (steps + 1, Factor::Passed)] {
            if next <= 1 {
                assert_eq!(
                    check(&app, 1, Some(&code(&secret, next))),
                    factor,
                    "the code {next} steps from now, after that of {steps}"
                );
            }
        }
    }
}

/// Whether a factor is in use is asked where the secret is written: one that is confirmed meanwhile is not replaced.
#[tokio::test]
async fn enrolling_does_not_replace_what_is_confirmed_meanwhile() {
    let app = app().await;
    let first: Answer = enroll(&app, 1).await;
    let (holds, held) = tokio::sync::oneshot::channel();
    let answered = Arc::new(AtomicBool::new(false));
    let (gate_app, done) = (app.app.clone(), Arc::clone(&answered));
    let gate = tokio::task::spawn_blocking(move || {
        let database = gate_app.database();
        database.write(|connection| {
            holds.send(()).expect("the test waits for this");
            while database.waiting_writers() == 0 && !done.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            connection.execute("UPDATE totp SET confirmed_at = ?1", [START])?;
            Ok(())
        })
    });
    held.await.expect("the gate is closed");
    let second: Answer = enroll(&app, 1).await;
    answered.store(true, Ordering::SeqCst);
    gate.await.expect("the gate opens").expect("it writes");
    assert_eq!(
        (second.status, second.code()),
        (409, "already_enrolled"),
        "enrolling while another request confirms: {:?}",
        second.body
    );
    let secret: Vec<u8> = app.query("SELECT secret FROM totp WHERE user_id = 1", []);
    assert_eq!(
        BASE32_NOPAD.encode(&secret),
        first.text("secret"),
        "the secret that was confirmed"
    );
}

/// What is remembered is the step of the code that passed, and only for its own person: after a late code the current
/// one is newer, and Ben's code has nothing to do with Ada's.
#[tokio::test]
async fn a_code_uses_up_its_own_step_only() {
    let app = app().await;
    let (secret, _) = enrolled(&app, 1).await;
    let (bens, _) = enrolled(&app, 2).await;
    let now = (app.app.now() - START) / 30;
    for (steps, what) in [(-1, "late"), (0, "current"), (1, "early")] {
        for (user, secret) in [(1, &secret), (2, &bens)] {
            let given = code(secret, now + steps);
            assert_eq!(
                check(&app, user, Some(&given)),
                Factor::Passed,
                "the {what} code of person {user}, after all that are older"
            );
        }
    }
}

/// Hyphens, spaces and the case of letters do not count in a recovery code; everything else does.
#[tokio::test]
async fn a_recovery_code_is_nothing_more() {
    let app = app().await;
    let (_, codes) = enrolled(&app, 1).await;
    let right = &codes[0];
    for wrong in [
        format!("{right}A"),
        format!("A{right}"),
        right[1..].to_owned(),
        right.replace('-', "."),
        format!("{right}!"),
        format!("{right}é"),
    ] {
        assert_eq!(
            check(&app, 1, Some(&wrong)),
            Factor::Wrong,
            "{wrong:?}, where {right:?} is right"
        );
    }
    assert_eq!(check(&app, 1, Some(right)), Factor::Passed, "{right:?}");
}

/// Recovery codes are ten, random, stored as digests, good once each, for their owner, and however they are typed.
#[tokio::test]
async fn recovery_codes_pass_once() {
    let app = app().await;
    let (_, codes) = enrolled(&app, 1).await;
    let (_, bens) = enrolled(&app, 2).await;
    let all: BTreeSet<&String> = codes.iter().chain(&bens).collect();
    assert_eq!(
        (codes.len(), bens.len(), all.len()),
        (10, 10, 20),
        "recovery codes of Ada and of Ben, and together"
    );
    for code in &codes {
        let groups: Vec<&str> = code.split('-').collect();
        assert!(
            groups.len() == 4 && groups.iter().all(|group| group.len() == 4),
            "four groups of four: {code}"
        );
        let kept: i64 = app.query(
            "SELECT count(*) FROM recovery_codes WHERE digest = ?1 AND user_id = 1",
            [tokens::digest(&code.replace('-', ""))],
        );
        assert_eq!(kept, 1, "the table keeps the digest of {code}");
    }
    for (number, code) in codes.iter().enumerate() {
        let typed = match number % 3 {
            0 => code.clone(),
            1 => code.replace('-', "").to_lowercase(),
            _ => format!(" {} ", code.replace('-', " ")),
        };
        assert_eq!(
            check(&app, 2, Some(&typed)),
            Factor::Wrong,
            "Ada's code {typed:?} for Ben"
        );
        assert_eq!(
            check(&app, 1, Some(&typed)),
            Factor::Passed,
            "Ada's code {typed:?}"
        );
        assert_eq!(
            check(&app, 1, Some(&typed)),
            Factor::Wrong,
            "the same once more"
        );
    }
}

/// A recovery code uses up itself and nothing else: the app's codes of that moment pass after it, and the other way round.
#[tokio::test]
async fn a_recovery_code_uses_up_no_step() {
    let app = app().await;
    let (secret, codes) = enrolled(&app, 1).await;
    let now = (app.app.now() - START) / 30;
    for (number, steps) in [-1, 0, 1].into_iter().enumerate() {
        assert_eq!(
            check(&app, 1, Some(&codes[number])),
            Factor::Passed,
            "recovery code number {number}"
        );
        assert_eq!(
            check(&app, 1, Some(&code(&secret, now + steps))),
            Factor::Passed,
            "the app's code {steps} steps from now, after a recovery code and all that are older"
        );
    }
    for (number, code) in codes.iter().enumerate().skip(3) {
        assert_eq!(
            check(&app, 1, Some(code)),
            Factor::Passed,
            "recovery code number {number}, which nobody has used"
        );
    }
}

/// Removing the factor takes its recovery codes along, and nobody else's; a new enrolment begins from nothing.
#[tokio::test]
async fn removing_removes_everything() {
    let app = app().await;
    let (secret, codes) = enrolled(&app, 1).await;
    let (_, bens) = enrolled(&app, 2).await;
    let _ = app.journal.take();
    let removed: Answer = remove(&app, 1, &current(&app, &secret)).await;
    assert_eq!(removed.status, 204, "removing: {:?}", removed.body);
    let mut journal = app.journal.take();
    assert_eq!(
        journal.first().map(String::as_str),
        Some("begin ada+books@lantern.example"),
        "what comes first: {journal:?}"
    );
    journal.sort_unstable();
    assert_eq!(
        journal,
        [
            "begin ada+books@lantern.example",
            "record totp.disabled 1",
            "take_back ada+books@lantern.example",
        ],
        "what the neighbours were asked"
    );
    assert_eq!(
        check(&app, 1, Some(&codes[0])),
        Factor::NotEnrolled,
        "Ada has no factor"
    );
    let left: i64 = app.query("SELECT count(*) FROM recovery_codes WHERE user_id = 1", []);
    assert_eq!(left, 0, "Ada's recovery codes in the table");
    let (secret, _) = enrolled(&app, 1).await;
    assert_eq!(
        check(&app, 1, Some(&codes[1])),
        Factor::Wrong,
        "a recovery code of the enrolment before"
    );
    assert_eq!(
        check(&app, 1, Some(&current(&app, &secret))),
        Factor::Passed,
        "a code of the new enrolment"
    );
    assert_eq!(
        check(&app, 2, Some(&bens[0])),
        Factor::Passed,
        "Ben's recovery code"
    );
}

/// An access token alone removes nothing: it takes a code that passes now, and every other one is a guess that counts.
#[tokio::test]
async fn a_stolen_token_removes_nothing() {
    let app = app().await;
    let (secret, codes) = enrolled(&app, 1).await;
    let (bens_secret, bens) = enrolled(&app, 2).await;
    let used = current(&app, &secret);
    assert_eq!(check(&app, 1, Some(&used)), Factor::Passed, "a sign-in");
    let mut random = support::seeded(0x1772);
    let guess = format!("{:06}", random.number(0..1_000_000));
    for (wrong, what) in [
        ("", "no code"),
        (used.as_str(), "a code that was used"),
        (guess.as_str(), "a guess"),
        (bens[0].as_str(), "Ben's recovery code"),
        (&current(&app, &bens_secret), "Ben's code"),
    ] {
        let _ = app.journal.take();
        let answer: Answer = remove(&app, 1, wrong).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "invalid_code"),
            "{what}, {wrong:?}: {:?}",
            answer.body
        );
        assert_eq!(
            app.journal.take(),
            ["begin ada+books@lantern.example"],
            "{what} is counted, and stays counted"
        );
        assert_eq!(check(&app, 1, None), Factor::Missing, "Ada's factor stays");
    }
    assert_eq!(
        check(&app, 2, Some(&bens[0])),
        Factor::Passed,
        "Ben's recovery code is Ben's"
    );
    let removed: Answer = remove(&app, 1, &codes[3]).await;
    assert_eq!(
        removed.status, 204,
        "one of Ada's recovery codes: {:?}",
        removed.body
    );
    assert_eq!(check(&app, 1, None), Factor::NotEnrolled, "after it");
    let _ = app.journal.take();
    let again: Answer = remove(&app, 1, &codes[4]).await;
    assert_eq!(
        app.journal.take(),
        ["begin ada+books@lantern.example"],
        "an attempt where nothing is left to remove, which stays counted"
    );
    assert_eq!(
        (again.status, again.code()),
        (400, "invalid_code"),
        "where nothing is left to remove: {:?}",
        again.body
    );
}

/// While the lockout refuses, nothing is looked at: not even the right code removes the factor, and it stays unused.
#[tokio::test]
async fn the_lockout_guards_the_removal() {
    let app = app().await;
    let (secret, _) = enrolled(&app, 1).await;
    app.execute(
        "INSERT INTO attempts (key, failures, last_at) VALUES ('ada+books@lantern.example', 9, 0)",
        [],
    );
    let right = current(&app, &secret);
    let answer: Answer = remove(&app, 1, &right).await;
    assert_eq!(
        (answer.status, answer.code()),
        (429, "locked"),
        "while the lockout refuses: {:?}",
        answer.body
    );
    app.execute("DELETE FROM attempts", []);
    assert_eq!(
        check(&app, 1, Some(&right)),
        Factor::Passed,
        "the code, after the lockout"
    );
}

/// Of twenty uses of one code at the same time exactly one passes, for an app's code and for a recovery code.
#[tokio::test]
async fn of_twenty_uses_at_once_one_passes() {
    let app = app().await;
    let (secret, codes) = enrolled(&app, 1).await;
    for given in [code(&secret, 2), codes[0].clone()] {
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (cx, given) = (app.cx(), given.clone());
                tokio::task::spawn_blocking(move || {
                    value(cx.write(|tx| tx.neighbours().second_factor.check(tx, 1, Some(&given))))
                })
            })
            .collect();
        let mut passed = 0;
        for task in tasks {
            if task.await.expect("the check ends") == Factor::Passed {
                passed += 1;
            }
        }
        assert_eq!(passed, 1, "how often the code {given} passed");
    }
    let secret = BASE32_NOPAD
        .decode(enroll(&app, 2).await.text("secret").as_bytes())
        .expect("base32");
    let body: Value = json!({"code": code(&secret, 2)});
    let answers: Vec<Answer> = app
        .at_once(20, || {
            app.server
                .post("/api/totp/confirm")
                .bearer_auth("user-2")
                .json(&body)
        })
        .await;
    assert_eq!(
        (count(&answers, 200), count(&answers, 409)),
        (1, 19),
        "confirmations with 200 and with 409"
    );
}
