use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use std::sync::Arc;

use auth_system::given::app::Tx;
use auth_system::given::config::{Argon2Cost, Config};
use auth_system::given::database::is_writing;
use auth_system::given::hasher::Hasher;
use auth_system::given::neighbours::{Passwords, Verification};
use auth_system::given::problem::Problem;
use auth_system::given::standins::Journal;
use auth_system::register::{Argon2id, COMMON_PASSWORDS, routes};
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp, count, spawn};

/// The milestone's own passwords, and a journal line for each hash.
struct Counted(Argon2id, Journal);

impl Passwords for Counted {
    fn weakness(&self, password: &str, email: &str) -> Option<String> {
        self.0.weakness(password, email)
    }

    fn hash(&self, password: &str) -> Result<String, Problem> {
        self.1.note("hash");
        if is_writing() {
            self.1.note("a hash inside of a transaction");
        }
        self.0.hash(password)
    }
}

async fn app() -> TestApp {
    let journal = Journal::default();
    let counting = journal.clone();
    let mut app = spawn(routes(), |neighbours, config| {
        let own = Argon2id {
            cost: config.argon2,
            hasher: neighbours.hasher.clone(),
        };
        neighbours.passwords = Arc::new(Counted(own, counting));
    })
    .await;
    app.journal = journal;
    app
}

fn form(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password, "name": "Ada Reader"})
}

/// The milestone's passwords at this cost, with a hasher of their own.
fn passwords(cost: Argon2Cost) -> Argon2id {
    Argon2id {
        cost,
        hasher: Hasher::new(&Config::for_tests()),
    }
}

fn matches(password: &str, stored: &str) -> bool {
    let hash = PasswordHash::new(stored).expect("the stored password is a PHC string");
    Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok()
}

/// A new account is answered with 201 and the address in its stored form; the person is stored, unconfirmed, and mailed.
#[tokio::test]
async fn a_new_account_is_stored_and_mailed() {
    let app = app().await;
    let form = json!({"email": " Ada@Lantern.Example ", "password": "correct horse battery", "name": " Ada "});
    let answer: Answer = app.post("/api/register", form).await;
    assert_eq!(
        answer.status, 201,
        "a sound registration: {:?}",
        answer.body
    );
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "email": "ada@lantern.example"
    }
    "#);
    let stored: String = app.query(
        "SELECT email || '/' || name || '/' || ifnull(verified_at, 'unconfirmed') || '/' || created_at FROM users",
        [],
    );
    assert_eq!(
        stored, "ada@lantern.example/Ada/unconfirmed/1500000000",
        "the row in users"
    );
    assert_eq!(
        app.mails("ada@lantern.example").len(),
        1,
        "mails to the new address"
    );
}

/// Passwords are stored as Argon2id PHC strings of the configured cost, each with a salt of its own.
#[tokio::test]
async fn passwords_are_stored_as_argon2id() {
    let cost = Argon2Cost {
        memory_kib: 24,
        iterations: 3,
        lanes: 2,
    };
    let mut random = support::seeded(0x1701);
    for _ in 0..5 {
        let password = format!("{} Grüße {}", random.word(6..20), random.word(6..20));
        let stored: [String; 2] =
            [(); 2].map(|()| passwords(cost).hash(&password).expect("it hashes"));
        for stored in &stored {
            assert!(
                stored.starts_with("$argon2id$v=19$m=24,t=3,p=2$"),
                "cost 24 KiB, 3, 2: {stored}"
            );
            assert!(matches(&password, stored), "{password:?} opens {stored}");
            assert!(
                !matches(&password[1..], stored),
                "{password:?} without its first letter opens {stored}"
            );
        }
        assert_ne!(
            stored[0], stored[1],
            "one password hashed twice gives two salts"
        );
    }
    let app = app().await;
    app.post(
        "/api/register",
        form("ada@lantern.example", "  spaces belong to it  "),
    )
    .await;
    let stored: String = app.query("SELECT ifnull(max(password_hash), '') FROM users", []);
    assert!(
        matches("  spaces belong to it  ", &stored),
        "the password as typed opens what was stored"
    );
}

/// All of a password counts: behind the 72nd byte, behind a NUL, and in capitals or not.
#[test]
fn the_whole_password_is_hashed() {
    let passwords = passwords(Config::for_tests().argon2);
    let long = "é".repeat(127);
    for (password, other) in [
        (format!("{long}a"), format!("{long}b")),
        ("correct\0horse".to_owned(), "correct\0cow".to_owned()),
        ("correct horse ".to_owned(), "correct horse".to_owned()),
        ("Correct horse".to_owned(), "correct horse".to_owned()),
    ] {
        let stored: String = passwords.hash(&password).expect("it hashes");
        assert!(matches(&password, &stored), "{password:?} opens {stored}");
        assert!(
            !matches(&other, &stored),
            "{other:?} opens {stored}, made of {password:?}"
        );
    }
}

/// Argon2 runs in the hasher, once for each hash: its memory is there already and is used again.
#[test]
fn argon2_runs_in_the_hasher() {
    let mut random = support::seeded(0x1703);
    for lanes in 1..=4 {
        let passwords = passwords(Argon2Cost {
            memory_kib: 64,
            iterations: 1,
            lanes,
        });
        for runs in 1..=3 {
            let password = random.word(12..30);
            let stored: String = passwords.hash(&password).expect("it hashes");
            assert_eq!(
                passwords.hasher.runs(),
                runs,
                "runs of the hasher after {runs} hashes, the last one {stored}"
            );
        }
    }
}

/// A form with several faults is answered with 422 and an error for each field, and nothing is stored.
#[tokio::test]
async fn every_faulty_field_is_reported_at_once() {
    let app = app().await;
    let faulty = json!({"email": "ada@lantern", "password": "short", "name": 7});
    let answer: Answer = app.post("/api/register", faulty).await;
    assert_eq!(answer.status, 422, "three faulty fields: {:?}", answer.body);
    let errors = answer.body["errors"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut fields: Vec<&str> = errors
        .iter()
        .filter_map(|error| error["field"].as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["email", "name", "password"],
        "the fields that are reported"
    );
    assert_eq!(
        app.query::<i64>("SELECT count(*) FROM users", []),
        0,
        "rows in users"
    );
}

/// An address can stand in the head of a mail as it is: plain parts, one @, a domain of two parts or more, 254 bytes at most.
#[tokio::test]
async fn addresses_are_plain() {
    let app = app().await;
    let long = format!("{}@lantern.example", "a".repeat(238));
    let longest = &long[..];
    let too_long = format!("a{longest}");
    let spaced = format!("  b{}  ", &longest[1..]);
    for (email, status) in [
        ("a.b+c@lantern.example", 201),
        ("o'hara_-!#$%&*/=?^`{|}~@lantern.example", 201),
        ("7@8.example", 201),
        ("ada@xn--bcher-kva.shop-7.example", 201),
        (longest, 201),
        (&too_long, 422),
        (&spaced, 201),
        ("a@b.c", 201),
        ("", 422),
        ("ada", 422),
        ("@lantern.example", 422),
        ("ada@", 422),
        ("ada@lantern", 422),
        ("ada@.example", 422),
        ("ada@lantern..example", 422),
        ("ada@book@lantern.example", 422),
        ("ada reader@lantern.example", 422),
        ("ada@lantern.example\r\nBcc: eve@evil.example", 422),
        ("ada@lantern\u{7}.example", 422),
        ("ada\t@lantern.example", 422),
        ("<ada@lantern.example>", 422),
        ("Ada <ada@lantern.example>", 422),
        ("ada@lantern.example>,<eve@evil.example", 422),
        ("ada,eve@lantern.example", 422),
        ("ada@lantern.example,evil.example", 422),
        ("ada;eve@lantern.example", 422),
        ("\"ada\"@lantern.example", 422),
        ("ada(reader)@lantern.example", 422),
        ("ada\\@lantern.example", 422),
        ("ada:@lantern.example", 422),
        ("[ada]@lantern.example", 422),
        (".ada@lantern.example", 422),
        ("ada.@lantern.example", 422),
        ("ada..reader@lantern.example", 422),
        ("ada@lantern.example.", 422),
        ("ada@-lantern.example", 422),
        ("ada@lantern-.example", 422),
        ("ada@lantern.-example", 422),
        ("ada@lan_tern.example", 422),
        ("ada@lantern+books.example", 422),
        ("ada@[192.0.2.7]", 422),
        ("adä@lantern.example", 422),
        ("ada@lanternä.example", 422),
        ("ada@lantern\u{2028}.example", 422),
    ] {
        let answer: Answer = app
            .post("/api/register", form(email, "correct horse battery"))
            .await;
        assert_eq!(answer.status, status, "the address {email:?}");
        if status == 201 {
            assert_eq!(
                answer.text("email"),
                email.trim().to_lowercase(),
                "the stored form of {email:?}: every sign of it stays"
            );
        }
    }
}

/// One mailbox has one account: neither capitals nor a foreign letter whose small form is an ASCII one make a second.
#[tokio::test]
async fn one_mailbox_has_one_account() {
    let mut random = support::seeded(0x1704);
    let app = app().await;
    for round in 1..=5_i64 {
        let (local, domain) = (random.word(4..12), random.word(4..12));
        let plain = format!("{local}{round}k@{domain}k.example");
        for written in [
            plain.clone(),
            plain.to_uppercase(),
            format!("{}{round}k@{domain}K.Example", local.to_uppercase()),
            format!(" {local}{round}K@{domain}k.example\n"),
        ] {
            let answer: Answer = app
                .post("/api/register", form(&written, "correct horse battery"))
                .await;
            assert_eq!(answer.status, 201, "the address {written:?}");
            assert_eq!(
                answer.text("email"),
                plain,
                "the address {written:?} is stored"
            );
        }
        // The Kelvin sign: its lower case is the letter k.
        for (local_k, domain_k) in [("\u{212a}", "k"), ("k", "\u{212a}")] {
            let kelvin = format!("{local}{round}{local_k}@{domain}{domain_k}.example");
            let answer: Answer = app
                .post("/api/register", form(&kelvin, "correct horse battery"))
                .await;
            assert_eq!(answer.status, 422, "the address {kelvin:?}");
        }
        assert_eq!(
            app.query::<i64>("SELECT count(*) FROM users", []),
            round,
            "rows in users, after {round} mailboxes"
        );
    }
}

/// A name has 1 to 100 characters and no line break of any kind; signs and quotes are nobody's business.
#[tokio::test]
async fn names_have_limits() {
    let app = app().await;
    for (name, status) in [
        ("é".repeat(100), 201),
        ("é".repeat(101), 422),
        (" ".to_owned(), 422),
        ("A\nB".to_owned(), 422),
        ("7".to_owned(), 201),
        ("!?".to_owned(), 201),
        ("A\u{85}B".to_owned(), 422),
        ("A\u{7f}B".to_owned(), 422),
        ("A\u{2028}B".to_owned(), 422),
        ("A\u{2029}B".to_owned(), 422),
        ("\"Ada\" <3, O'Neil; Grüße".to_owned(), 201),
        ("李清照".to_owned(), 201),
    ] {
        let form = json!({"email": "name@lantern.example", "password": "correct horse battery", "name": name});
        let answer: Answer = app.post("/api/register", form).await;
        assert_eq!(answer.status, status, "the name {name:?}");
    }
}

/// A password has 12 to 128 characters (not bytes), is not one that everybody uses, and not the address; all else goes.
#[tokio::test]
async fn passwords_have_limits() {
    let policy = passwords(Config::for_tests().argon2);
    let mut random = support::seeded(0x1702);
    for _ in 0..20 {
        let letter = *random.pick(&['a', 'é', '€', '🦀', ' ']);
        for (length, allowed) in [
            (0, false),
            (11, false),
            (12, true),
            (128, true),
            (129, false),
        ] {
            let password: String = std::iter::repeat_n(letter, length).collect();
            let answer = policy.weakness(&password, "ada@lantern.example");
            assert_eq!(
                answer.is_none(),
                allowed,
                "{length} times {letter:?}: {answer:?}"
            );
        }
    }
    for common in COMMON_PASSWORDS {
        assert!(
            policy.weakness(common, "ada@lantern.example").is_some(),
            "everybody uses {common}"
        );
        let shouted = common.to_uppercase();
        assert!(
            policy.weakness(&shouted, "ada@lantern.example").is_some(),
            "capitals do not help {shouted}"
        );
    }
    for inside in [
        "password1234!",
        "my password1234",
        "ada@lantern.example!",
        "not ada@lantern.example",
        " password1234",
        "password1234 ",
        " ada@lantern.example",
        "tabs\tand\0nothing",
    ] {
        assert_eq!(
            policy.weakness(inside, "ada@lantern.example"),
            None,
            "{inside:?} is neither a common password nor the address: it only holds one"
        );
    }
    for address in ["ada@lantern.example", "ADA@lantern.example"] {
        assert!(
            policy.weakness(address, "ada@lantern.example").is_some(),
            "the address {address} as its password"
        );
        assert!(
            policy.weakness("ada@lantern.example", address).is_some(),
            "the address {address} as its password"
        );
    }
    let app = app().await;
    let own = form(" Ada@Lantern.Example ", "ada@lantern.example");
    assert_eq!(
        app.post("/api/register", own).await.status,
        422,
        "the address as its password, over HTTP"
    );
}

/// A known address is answered like a new one: same status, headers and form of body, one hash and one commit each.
#[tokio::test]
async fn a_known_address_is_answered_like_a_new_one() {
    let app = app().await;
    app.person("known@lantern.example", "untouched");
    let mut seen: Vec<(Answer, Vec<String>, u64)> = Vec::new();
    for email in ["known@lantern.example", "fresh@lantern.example"] {
        let before = app.app.database().writes();
        let mut answer: Answer = app
            .post("/api/register", form(email, "correct horse battery"))
            .await;
        assert_eq!(
            answer.text("email"),
            email,
            "the body names the address that was sent"
        );
        answer.body["email"] = Value::Null;
        seen.push((
            answer,
            app.journal.take(),
            app.app.database().writes() - before,
        ));
    }
    assert_eq!(
        seen[0].0, seen[1].0,
        "the answers for a known and for a new address"
    );
    assert_eq!(seen[0].1, ["hash"], "hashes for a known address");
    assert_eq!(seen[1].1, ["hash"], "hashes for a new address");
    assert_eq!(
        seen[0].2, seen[1].2,
        "transactions for a known and for a new address"
    );
}

/// The owner of a confirmed account is told by mail that somebody tried, and the account stays as it was.
#[tokio::test]
async fn a_confirmed_account_is_left_alone() {
    let app = app().await;
    app.person("known@lantern.example", "untouched");
    let answer: Answer = app
        .post(
            "/api/register",
            form("KNOWN@lantern.example", "correct horse battery"),
        )
        .await;
    assert_eq!(answer.status, 201, "a known address: {:?}", answer.body);
    let stored: String = app.query("SELECT password_hash FROM users", []);
    assert_eq!(stored, "untouched", "the password of the confirmed account");
    let mails = app.mails("known@lantern.example");
    assert_eq!(mails.len(), 1, "mails to the owner: {mails:?}");
    assert_eq!(
        app.asked(),
        Vec::<String>::new(),
        "links and events for an account that was not opened"
    );
    assert!(
        !mails[0].contains("Confirm your address"),
        "the owner has nothing to confirm: {}",
        mails[0]
    );
}

/// An account that nobody has confirmed belongs to nobody yet: the newest registration's name and password count.
#[tokio::test]
async fn an_unconfirmed_account_can_be_registered_again() {
    let app = app().await;
    for (password, name) in [
        ("the squatter's password", "Eve"),
        ("the owner's own password", "Ada"),
    ] {
        let form = json!({"email": "ada@lantern.example", "password": password, "name": name});
        let answer: Answer = app.post("/api/register", form).await;
        assert_eq!(answer.status, 201, "{name} registers: {:?}", answer.body);
        let mut asked: Vec<String> = app.asked();
        asked.sort_unstable();
        assert_eq!(
            asked,
            ["record account.registered 1", "verification 1"],
            "what the neighbours were asked when {name} registered"
        );
    }
    let name: String = app.query("SELECT name FROM users", []);
    let stored: String = app.query("SELECT password_hash FROM users", []);
    assert_eq!(name, "Ada", "the name that counts");
    assert!(
        matches("the owner's own password", &stored),
        "the password that counts"
    );
    assert_eq!(
        app.mails("ada@lantern.example").len(),
        2,
        "each registration sends a mail to confirm"
    );
}

/// Twenty registrations of one address at once make one account, and every one of them is answered with 201.
#[tokio::test]
async fn twenty_registrations_at_once_make_one_account() {
    let app = app().await;
    let body = form("ada@lantern.example", "correct horse battery");
    let answers: Vec<Answer> = app
        .at_once(20, || app.server.post("/api/register").json(&body))
        .await;
    assert_eq!(count(&answers, 201), 20, "answers with 201");
    assert_eq!(
        app.query::<i64>("SELECT count(*) FROM users", []),
        1,
        "rows in users"
    );
}

/// If the mail cannot be posted, there is no account either, and the answer says nothing of the cause.
#[tokio::test]
async fn account_and_mail_come_together_or_not_at_all() {
    struct Broken;
    impl Verification for Broken {
        fn send(&self, _tx: &Tx, _user_id: i64, _email: &str) -> Result<(), Problem> {
            Err(Problem::internal(&"the test's own failure"))
        }
    }
    let app = spawn(routes(), |neighbours, _| {
        neighbours.verification = Arc::new(Broken)
    })
    .await;
    let answer: Answer = app
        .post(
            "/api/register",
            form("ada@lantern.example", "correct horse battery"),
        )
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (500, "internal"),
        "a broken post: {:?}",
        answer.body
    );
    assert!(
        !answer.body.to_string().contains("own failure"),
        "the cause stays inside: {}",
        answer.body
    );
    assert_eq!(
        app.query::<i64>("SELECT count(*) FROM users", []),
        0,
        "rows in users"
    );
}
