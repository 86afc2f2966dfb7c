use admin_panel::given::config::Config;
use admin_panel::given::tokens;
use admin_panel::users::{Invitation, Invited, invite, routes};
use serde_json::{Value, json};

use crate::staff::{Answer, START, Staff, spawn, spawn_with, value};

const DAYS: i64 = 3 * 24 * 3600;
const NEW: &str = "hal@lantern.example";

async fn staff() -> Staff {
    spawn(routes(), |_| ()).await
}

async fn invited(staff: &Staff, me: i64, email: &str, role: &str, branch: &str) -> Answer {
    let body = json!({ "email": email, "role": role, "branch": branch });
    staff.post(me, "/api/invitations", body).await
}

/// The token of the newest mail to `to`; from then on it is a secret.
fn mailed(staff: &Staff, to: &str) -> String {
    let mail = staff.mails(to).pop().unwrap_or_default();
    let token: String = mail
        .split_once("/join?token=")
        .map(|(_, rest)| rest.chars().take_while(|c| !c.is_whitespace()).collect())
        .unwrap_or_default();
    assert_eq!(token.len(), 43, "the token in the mail: {mail}");
    staff.journal.keep_secret(&token);
    token
}

/// Invites `NEW` as a clerk in Bath; answers the token.
async fn clerk_in_bath(staff: &Staff, me: i64) -> String {
    let said: Answer = invited(staff, me, NEW, "clerk", "Bath").await;
    assert_eq!(said.status, 201, "the invitation: {}", said.text);
    let token = mailed(staff, NEW);
    let _ = staff.asked();
    let _ = staff.events();
    token
}

fn form(token: &str) -> Value {
    json!({ "token": token, "name": "Hal", "password": "correct horse" })
}

async fn accept(staff: &Staff, body: Value) -> Answer {
    if let Some(password) = body["password"].as_str() {
        staff.journal.keep_secret(password);
    }
    crate::staff::answer(staff.server.post("/api/invitations/accept").json(&body)).await
}

fn ends(staff: &Staff) -> Vec<String> {
    let asked = staff.asked().into_iter();
    asked.filter(|line| line.starts_with("end_all")).collect()
}

/// An invitation is answered with what was promised and until when, and recorded; the database keeps only the digest of the token.
#[tokio::test]
async fn a_colleague_is_invited() {
    let staff = staff().await;
    let said: Answer = invited(&staff, 3, " Hal@Lantern.Example ", "clerk", "Bath").await;
    assert_eq!(said.status, 201, "{}", said.text);
    insta::assert_json_snapshot!(said.body, @r#"
    {
      "branch": "Bath",
      "email": "hal@lantern.example",
      "expires_at": "2017-07-17T02:40:00Z",
      "role": "clerk"
    }
    "#);
    let token = mailed(&staff, NEW);
    let row: String = staff.query(
        "SELECT email || ' ' || role_id || ' ' || branch_id || ' ' || invited_by || ' ' || expires_at || ' ' || (used_at IS NULL)
         FROM invitations WHERE digest = ?1",
        [tokens::digest(&token)],
    );
    assert_eq!(
        row,
        format!("hal@lantern.example 3 1 3 {} 1", START + DAYS),
        "the row of the mailed token"
    );
    let mails = staff.mails(NEW);
    assert_eq!(mails.len(), 1, "mails");
    assert!(
        mails[0].contains("http://localhost:3000/join?token="),
        "the link: {}",
        mails[0]
    );
    insta::assert_json_snapshot!(staff.events(), @r#"
    [
      {
        "actor": 3,
        "after": {
          "branch": "Bath",
          "role": "clerk"
        },
        "before": null,
        "kind": "user.invited",
        "subject": "hal@lantern.example"
      }
    ]
    "#);
    let said: Answer = invited(&staff, 1, "ida@lantern.example", "manager", "*").await;
    assert_eq!(
        (said.status, &said.body["branch"]),
        (201, &json!("*")),
        "everywhere: {}",
        said.text
    );
    let everywhere: i64 = staff.query(
        "SELECT count(*) FROM invitations WHERE email = 'ida@lantern.example' AND branch_id IS NULL AND role_id = 2 AND invited_by = 1",
        [],
    );
    assert_eq!(everywhere, 1, "rows for everywhere");
    let users: i64 = staff.query("SELECT count(*) FROM users", []);
    assert_eq!(users, 7, "an invitation is no account yet");
}

/// How long a link lives is the operator's choice, and so is the address it leads to.
#[tokio::test]
async fn the_operator_decides() {
    let config = Config {
        invitation_lifetime: 77,
        public_url: "https://staff.lantern.example".to_owned(),
        ..Config::for_tests()
    };
    let staff = spawn_with(config, |_| routes(), |_| ()).await;
    let said: Answer = invited(&staff, 1, NEW, "clerk", "Bath").await;
    assert_eq!(
        said.body["expires_at"],
        json!("2017-07-14T02:41:17Z"),
        "{}",
        said.text
    );
    let mail = staff.mails(NEW).pop().unwrap_or_default();
    assert!(
        mail.contains("https://staff.lantern.example/join?token="),
        "the link: {mail}"
    );
    let token = mailed(&staff, NEW);
    staff.clock.advance(76);
    let said: Answer = accept(
        &staff,
        json!({ "token": token, "name": "", "password": "correct horse" }),
    )
    .await;
    assert_eq!(said.status, 422, "in the last second: {}", said.text);
    staff.clock.advance(1);
    let said: Answer = accept(&staff, form(&token)).await;
    assert_eq!(
        said.said(),
        (400, "invalid_token"),
        "after 77 seconds: {}",
        said.text
    );
}

/// Each token is drawn anew, from 32 random bytes.
#[tokio::test]
async fn a_token_is_drawn() {
    let staff = staff().await;
    for _ in 0..2 {
        let invitation = Invitation {
            email: NEW.to_owned(),
            role: "clerk".to_owned(),
            branch: "Bath".to_owned(),
        };
        let before = tokens::drawn();
        let _: Invited = value(invite(&staff.cx(), 1, &invitation));
        let drawn = tokens::drawn() - before;
        assert!(drawn >= 32, "{drawn} random bytes for an invitation");
    }
    let mails = staff.mails(NEW);
    assert_eq!(mails.len(), 2, "mails");
    assert_ne!(
        mails[0].split_once("token="),
        mails[1].split_once("token="),
        "two tokens"
    );
}

/// What is wrong with the form is said at once, and before one's rights are looked at; nothing is kept.
#[tokio::test]
async fn a_faulty_invitation() {
    let staff = staff().await;
    staff.journal.refuse("require 3 users.invite in 1");
    let before: String = staff.tables();
    let long = format!("{}@lantern.example", "a".repeat(239));
    for (email, role, branch, fields) in [
        ("hal", "clerk", "Bath", vec!["email"]),
        ("", "clerk", "Bath", vec!["email"]),
        (
            "hal@lantern.example, eve@evil.example",
            "clerk",
            "Bath",
            vec!["email"],
        ),
        (&long, "clerk", "Bath", vec!["email"]),
        (NEW, "Clerk", "Bath", vec!["role"]),
        (NEW, "clerk", "bath", vec!["branch"]),
        (NEW, "clerk", "", vec!["branch"]),
        ("@", "x", "y", vec!["branch", "email", "role"]),
    ] {
        let said: Answer = invited(&staff, 3, email, role, branch).await;
        assert_eq!(
            said.said(),
            (422, "invalid_fields"),
            "{email} as {role} in {branch}: {}",
            said.text
        );
        assert_eq!(said.fields(), fields, "{email} as {role} in {branch}");
    }
    let long = &long[1..];
    let said: Answer = invited(&staff, 1, long, "clerk", "Bath").await;
    assert_eq!(said.status, 201, "an address of 254 bytes: {}", said.text);
    staff.batch("DELETE FROM invitations; DELETE FROM mails");
    assert_eq!(staff.tables(), before, "the tables");
}

/// One must have the right to invite in that very place, and be able to give that role there; else nothing is written or sent.
#[tokio::test]
async fn nobody_invites_beyond_their_rights() {
    let staff = staff().await;
    let before: String = staff.tables();
    for (branch, line, code) in [
        ("Bath", "require 3 users.invite in 1", "forbidden"),
        ("Leeds", "require 3 users.invite in 2", "forbidden"),
        ("*", "require 3 users.invite everywhere", "forbidden"),
        ("Bath", "may_hand 3 gives 2 in 1", "beyond_your_rights"),
        ("*", "may_hand 3 gives 2 everywhere", "beyond_your_rights"),
    ] {
        staff.journal.refuse(line);
        let said: Answer = invited(&staff, 3, NEW, "manager", branch).await;
        assert_eq!(
            said.said(),
            (403, code),
            "manager in {branch}: {}",
            said.text
        );
        let said: Answer = invited(&staff, 3, "ada@lantern.example", "manager", branch).await;
        assert_eq!(
            said.said(),
            (403, code),
            "somebody who has an account, in {branch}: {}",
            said.text
        );
        staff.journal.mend();
    }
    assert_eq!(staff.tables(), before, "the tables");
    assert_eq!(staff.events(), Vec::<Value>::new(), "events");
}

/// Whoever has an account, in use or disabled, is not invited.
#[tokio::test]
async fn who_has_an_account_is_not_invited() {
    let staff = staff().await;
    let before: String = staff.tables();
    for email in [
        "dan@lantern.example",
        "DAN@Lantern.example ",
        "finn@lantern.example",
        "ada@lantern.example",
    ] {
        let said: Answer = invited(&staff, 1, email, "clerk", "Bath").await;
        assert_eq!(
            said.said(),
            (409, "already_a_user"),
            "{email}: {}",
            said.text
        );
    }
    assert_eq!(staff.tables(), before, "the tables");
}

/// The newest invitation to an address counts; those to others, and those that were used, stay as they are.
#[tokio::test]
async fn the_newest_invitation_counts() {
    let staff = staff().await;
    staff.batch("INSERT INTO invitations VALUES ('used', 'hal@lantern.example', 3, 1, 1, 1600000000, 1400000000)");
    for other in [
        "hall@lantern.example",
        "hal@lantern.exampl.example",
        "xhal@lantern.example",
    ] {
        assert_eq!(
            invited(&staff, 1, other, "clerk", "Bath").await.status,
            201,
            "{other}"
        );
    }
    let first = clerk_in_bath(&staff, 1).await;
    assert_eq!(
        invited(&staff, 3, NEW, "manager", "Leeds").await.status,
        201,
        "the second invitation"
    );
    let second = mailed(&staff, NEW);
    let said: Answer = accept(&staff, form(&first)).await;
    assert_eq!(
        said.said(),
        (400, "invalid_token"),
        "the older link: {}",
        said.text
    );
    for other in [
        "hall@lantern.example",
        "hal@lantern.exampl.example",
        "xhal@lantern.example",
    ] {
        let open: i64 = staff.query("SELECT count(*) FROM invitations WHERE email = ?1", [other]);
        assert_eq!(open, 1, "the invitation of {other}");
    }
    let used: i64 = staff.query("SELECT count(*) FROM invitations WHERE digest = 'used'", []);
    assert_eq!(used, 1, "the invitation that was used");
    let said: Answer = accept(&staff, form(&second)).await;
    assert_eq!(said.status, 201, "the newer link: {}", said.text);
    let grants: String = staff.query(
        "SELECT group_concat(role_id || ' in ' || branch_id) FROM grants WHERE user_id = 8",
        [],
    );
    assert_eq!(grants, "2 in 2", "what the newer one promised");
}

/// Whoever opens the link chooses name and password, and has the role that was promised, where it was promised.
#[tokio::test]
async fn an_invitation_is_accepted() {
    let staff = staff().await;
    let token = clerk_in_bath(&staff, 3).await;
    staff.clock.advance(100);
    let said: Answer = accept(
        &staff,
        json!({ "token": token, "name": "  Hal O'Hara \u{1F4DA} ", "password": " correct horse " }),
    )
    .await;
    assert_eq!(said.status, 201, "{}", said.text);
    insta::assert_json_snapshot!(said.body, @r#"
    {
      "disabled_at": null,
      "email": "hal@lantern.example",
      "id": 8,
      "name": "Hal O'Hara 📚"
    }
    "#);
    let row: String = staff.query(
        "SELECT name || ' ' || password_hash || ' ' || created_at FROM users WHERE id = 8",
        [],
    );
    let hash = format!("stand-in:{}", tokens::digest(" correct horse "));
    assert_eq!(
        row,
        format!("Hal O'Hara \u{1F4DA} {hash} {}", START + 100),
        "the row of the account"
    );
    let grants: String = staff.query(
        "SELECT group_concat(role_id || ' in ' || branch_id) FROM grants WHERE user_id = 8",
        [],
    );
    assert_eq!(grants, "3 in 1", "the roles");
    let used: i64 = staff.query(
        "SELECT used_at FROM invitations WHERE digest = ?1",
        [tokens::digest(&token)],
    );
    assert_eq!(used, START + 100, "when the link was used");
    assert_eq!(staff.times("hash"), 1, "hashes");
    insta::assert_json_snapshot!(staff.events(), @r#"
    [
      {
        "actor": 8,
        "after": {
          "branch": "Bath",
          "email": "hal@lantern.example",
          "name": "Hal O'Hara 📚",
          "role": "clerk"
        },
        "before": null,
        "kind": "user.joined",
        "subject": "user 8"
      }
    ]
    "#);
    assert_eq!(
        invited(&staff, 1, "ida@lantern.example", "manager", "*")
            .await
            .status,
        201,
        "everywhere"
    );
    let token = mailed(&staff, "ida@lantern.example");
    let said: Answer = accept(&staff, form(&token)).await;
    assert_eq!(said.status, 201, "{}", said.text);
    let everywhere: i64 = staff.query(
        "SELECT count(*) FROM grants WHERE user_id = 9 AND role_id = 2 AND branch_id IS NULL",
        [],
    );
    assert_eq!(everywhere, 1, "the role everywhere");
    assert_eq!(
        staff
            .events()
            .pop()
            .map(|event| event["after"]["branch"].clone()),
        Some(json!("*")),
        "the branch in the log"
    );
}

/// Whoever is invited, wherever, by whatever name and password: the account is theirs, and has the role in that branch alone.
#[tokio::test]
async fn every_invitation_opens_its_own_account() {
    let staff = staff().await;
    let mut random = support::seeded(0x19A1);
    for number in 8..20_i64 {
        let email = format!(
            "{}{number}@lantern.example",
            random.word(1..9).to_lowercase()
        );
        let (branch, branch_id) = [("Bath", 1), ("Leeds", 2)][random.size(0..2)];
        let (role, role_id) = [("manager", 2), ("clerk", 3)][random.size(0..2)];
        let said = invited(&staff, 1, &email, role, branch).await;
        assert_eq!(said.status, 201, "{email}: {}", said.text);
        let name = format!("{} O'{}", random.word(1..9), random.word(1..9));
        let password = format!("{} {} & long", random.word(5..9), random.word(5..9));
        let token = mailed(&staff, &email);
        let form = json!({ "token": token, "name": name, "password": password });
        let said = accept(&staff, form).await;
        assert_eq!(said.status, 201, "{email}: {}", said.text);
        let row: String = staff.query(
            "SELECT email || ' ' || name || ' ' || password_hash FROM users WHERE id = ?1",
            [number],
        );
        let hash = format!("stand-in:{}", tokens::digest(&password));
        assert_eq!(
            row,
            format!("{email} {name} {hash}"),
            "the account {number}"
        );
        let grants: String = staff.query(
            "SELECT group_concat(role_id || ' in ' || branch_id) FROM grants WHERE user_id = ?1",
            [number],
        );
        assert_eq!(
            grants,
            format!("{role_id} in {branch_id}"),
            "the roles of {number}"
        );
    }
}

/// A link works once, and until its time: not in the second in which it expires, and for nothing but itself.
#[tokio::test]
async fn a_link_works_once_and_in_time() {
    for (seconds, works) in [(DAYS - 1, true), (DAYS, false), (DAYS + 1, false)] {
        let staff = staff().await;
        let token = clerk_in_bath(&staff, 1).await;
        staff.clock.advance(seconds);
        let said: Answer = accept(&staff, form(&token)).await;
        let expected = if works {
            (201, "")
        } else {
            (400, "invalid_token")
        };
        assert_eq!(
            said.said(),
            expected,
            "{seconds} seconds later: {}",
            said.text
        );
        assert_eq!(
            staff.times("hash"),
            usize::from(works),
            "hashes, {seconds} seconds later"
        );
        let said: Answer = accept(&staff, form(&token)).await;
        assert_eq!(
            said.said(),
            (400, "invalid_token"),
            "once more: {}",
            said.text
        );
    }
    let staff = staff().await;
    let token = clerk_in_bath(&staff, 1).await;
    let before: String = staff.tables();
    for guess in [
        tokens::digest(&token),
        String::new(),
        token[..42].to_owned(),
        format!("{token} "),
        format!(" {token}"),
        token.to_lowercase(),
        "%".to_owned(),
    ] {
        let said: Answer = accept(&staff, form(&guess)).await;
        assert_eq!(
            said.said(),
            (400, "invalid_token"),
            "the token {guess:?}: {}",
            said.text
        );
    }
    let said: Answer = accept(&staff, json!({ "token": "x", "name": "", "password": "" })).await;
    assert_eq!(
        said.said(),
        (400, "invalid_token"),
        "a guess with a faulty form: {}",
        said.text
    );
    assert_eq!(staff.times("hash"), 0, "guesses cost no hash");
    assert_eq!(staff.tables(), before, "the tables");
}

/// Everything that is wrong with name and password is said at once, costs no hash, and does not cost the link.
#[tokio::test]
async fn a_faulty_form_does_not_cost_the_link() {
    let staff = staff().await;
    let token = clerk_in_bath(&staff, 1).await;
    let before: String = staff.tables();
    let long = "é".repeat(101);
    for (name, password, fields) in [
        ("Hal", "short", vec!["password"]),
        ("Hal", NEW, vec!["password"]),
        ("", "correct horse", vec!["name"]),
        (" \t ", "correct horse", vec!["name"]),
        ("Hal\nadmin", "correct horse", vec!["name"]),
        (&long, "correct horse", vec!["name"]),
        ("", "", vec!["name", "password"]),
    ] {
        let body = json!({ "token": token, "name": name, "password": password });
        let said: Answer =
            crate::staff::answer(staff.server.post("/api/invitations/accept").json(&body)).await;
        assert_eq!(
            said.said(),
            (422, "invalid_fields"),
            "{name:?} with {password:?}: {}",
            said.text
        );
        assert_eq!(said.fields(), fields, "{name:?} with {password:?}");
    }
    assert_eq!(staff.times("hash"), 0, "hashes");
    assert_eq!(staff.tables(), before, "the tables");
    let body = json!({ "token": token, "name": "é".repeat(100), "password": "correct horse" });
    let said: Answer = accept(&staff, body).await;
    assert_eq!(said.status, 201, "a name of 100 characters: {}", said.text);
}

/// Six who open one link at the same time are one account.
#[tokio::test]
async fn a_link_that_is_opened_by_many_at_once() {
    let staff = staff().await;
    let token = clerk_in_bath(&staff, 1).await;
    let body = form(&token);
    let requests = (0..6).map(|_| staff.server.post("/api/invitations/accept").json(&body));
    let answers: Vec<Answer> = staff.at_once(requests.collect()).await;
    let mut said: Vec<(u16, &str)> = answers.iter().map(Answer::said).collect();
    said.sort_unstable();
    let mut expected = vec![(400, "invalid_token"); 5];
    expected.insert(0, (201, ""));
    expected.sort_unstable();
    assert_eq!(said, expected, "six at once");
    let (users, grants): (i64, i64) = (
        staff.query("SELECT count(*) FROM users", []),
        staff.query("SELECT count(*) FROM grants WHERE user_id > 7", []),
    );
    assert_eq!((users, grants), (8, 1), "accounts and new grants");
}

/// An invitation is worth what its writer is worth when it is opened: without the right, the role or an account in use, nothing.
#[tokio::test]
async fn an_invitation_falls_with_its_writer() {
    let staff = staff().await;
    let token = clerk_in_bath(&staff, 3).await;
    let before: String = staff.tables();
    for line in ["require 3 users.invite in 1", "may_hand 3 gives 3 in 1"] {
        staff.journal.refuse(line);
        let said: Answer = accept(&staff, form(&token)).await;
        assert_eq!(
            said.said(),
            (400, "invalid_token"),
            "{line} is refused: {}",
            said.text
        );
        staff.journal.mend();
        staff.journal.break_down(line);
        let said: Answer = accept(&staff, form(&token)).await;
        assert_eq!(
            said.said(),
            (500, "internal"),
            "{line} fails: {}",
            said.text
        );
        staff.journal.mend();
    }
    assert_eq!(staff.tables(), before, "the tables");
    let said: Answer = invited(&staff, 1, "ida@lantern.example", "manager", "*").await;
    assert_eq!(said.status, 201, "everywhere: {}", said.text);
    let everywhere = mailed(&staff, "ida@lantern.example");
    for line in [
        "require 1 users.invite everywhere",
        "may_hand 1 gives 2 everywhere",
    ] {
        staff.journal.refuse(line);
        let said: Answer = accept(&staff, form(&everywhere)).await;
        assert_eq!(
            said.said(),
            (400, "invalid_token"),
            "{line} is refused: {}",
            said.text
        );
        staff.journal.mend();
    }
    staff.batch("UPDATE users SET disabled_at = 1500000000 WHERE id = 3");
    let said: Answer = accept(&staff, form(&token)).await;
    assert_eq!(
        said.said(),
        (400, "invalid_token"),
        "its writer is disabled: {}",
        said.text
    );
    staff.batch("UPDATE users SET disabled_at = NULL WHERE id = 3");
    let said: Answer = accept(&staff, form(&token)).await;
    assert_eq!(
        said.status, 201,
        "its writer is back, and the link was not used up: {}",
        said.text
    );
}

/// What happens while the password is hashed counts: the writer is dismissed, a newer invitation is written, the address gets an account.
#[tokio::test]
async fn what_happens_meanwhile_counts() {
    for (meanwhile, what) in [
        (
            "UPDATE users SET disabled_at = 1500000000 WHERE id = 3",
            "the writer is dismissed",
        ),
        ("DELETE FROM invitations", "the invitation is replaced"),
        (
            "UPDATE invitations SET used_at = 1500000000",
            "the link is used",
        ),
        (
            "UPDATE invitations SET expires_at = 1500000000",
            "the link expires",
        ),
        (
            "INSERT INTO users (email, name, password_hash, created_at) VALUES ('hal@lantern.example', 'Hal', 'h', 1)",
            "the address gets an account",
        ),
    ] {
        let staff = staff().await;
        let token = clerk_in_bath(&staff, 3).await;
        let request = staff
            .server
            .post("/api/invitations/accept")
            .json(&form(&token));
        let said: Answer = staff.overtaken(request, meanwhile).await;
        assert_eq!(said.said(), (400, "invalid_token"), "{what}: {}", said.text);
        let grants: i64 = staff.query("SELECT count(*) FROM grants WHERE user_id > 7", []);
        assert_eq!(
            (grants, staff.events().len()),
            (0, 0),
            "new grants and events, {what}"
        );
    }
}

/// A disabled account says since when, its sessions end, it keeps its roles, and the log knows who did it.
#[tokio::test]
async fn an_account_is_disabled() {
    let staff = staff().await;
    let grants: i64 = staff.query("SELECT count(*) FROM grants", []);
    let said: Answer = staff.post(1, "/api/users/4/disable", json!({})).await;
    assert_eq!(said.status, 200, "{}", said.text);
    insta::assert_json_snapshot!(said.body, @r#"
    {
      "disabled_at": "2017-07-14T02:40:00Z",
      "email": "dan@lantern.example",
      "id": 4,
      "name": "Dan"
    }
    "#);
    let disabled: String = staff.query(
        "SELECT group_concat(id || ' at ' || disabled_at) FROM users WHERE disabled_at NOT NULL",
        [],
    );
    assert_eq!(
        disabled, "4 at 1500000000,6 at 1450000000",
        "disabled accounts"
    );
    assert_eq!(ends(&staff), ["end_all 4"], "sessions that end");
    assert_eq!(
        staff.query::<i64>("SELECT count(*) FROM grants", []),
        grants,
        "grants"
    );
    insta::assert_json_snapshot!(staff.events(), @r#"
    [
      {
        "actor": 1,
        "after": {
          "disabled": true
        },
        "before": {
          "disabled": false
        },
        "kind": "user.disabled",
        "subject": "user 4"
      }
    ]
    "#);
}

/// An enabled account can be used again; the sessions that ended stay ended.
#[tokio::test]
async fn an_account_is_enabled_again() {
    let staff = staff().await;
    staff.batch("INSERT INTO sessions VALUES ('s', 6, 'd', 1, 1600000000, 0, 1450000000)");
    staff.clock.advance(9);
    let said: Answer = staff.post(2, "/api/users/6/enable", json!({})).await;
    assert_eq!(said.status, 200, "{}", said.text);
    insta::assert_json_snapshot!(said.body, @r#"
    {
      "disabled_at": null,
      "email": "finn@lantern.example",
      "id": 6,
      "name": "Finn"
    }
    "#);
    let disabled: i64 = staff.query("SELECT count(*) FROM users WHERE disabled_at NOT NULL", []);
    assert_eq!(disabled, 0, "disabled accounts");
    let ended: i64 = staff.query("SELECT ended_at FROM sessions WHERE id = 's'", []);
    assert_eq!(ended, 1_450_000_000, "when the session ended");
    insta::assert_json_snapshot!(staff.events(), @r#"
    [
      {
        "actor": 2,
        "after": {
          "disabled": false
        },
        "before": {
          "disabled": true
        },
        "kind": "user.enabled",
        "subject": "user 6"
      }
    ]
    "#);
}

/// What is so already is no change: the time stays, nothing is recorded, nobody is signed out.
#[tokio::test]
async fn switching_again_is_no_change() {
    let staff = staff().await;
    let before: String = staff.tables();
    staff.journal.refuse("can_spare 6");
    let said: Answer = staff.post(1, "/api/users/6/disable", json!({})).await;
    assert_eq!(
        (said.status, &said.body["disabled_at"]),
        (200, &json!("2015-12-13T09:46:40Z")),
        "disabled again: {}",
        said.text
    );
    let said: Answer = staff.post(1, "/api/users/4/enable", json!({})).await;
    assert_eq!(
        (said.status, &said.body["id"]),
        (200, &json!(4)),
        "enabled again: {}",
        said.text
    );
    assert_eq!(staff.tables(), before, "the tables");
    assert_eq!(staff.events(), Vec::<Value>::new(), "events");
    assert_eq!(ends(&staff), Vec::<String>::new(), "sessions that end");
}

/// Who may not switch accounts learns nothing; who may is told what is missing, what is their own, and what is beyond them.
#[tokio::test]
async fn refusals_come_in_order() {
    let staff = staff().await;
    let before: String = staff.tables();
    for verb in ["disable", "enable"] {
        staff.journal.refuse("require 3 users.disable somewhere");
        for user in [4, 99, 3] {
            let said: Answer = staff
                .post(3, &format!("/api/users/{user}/{verb}"), json!({}))
                .await;
            assert_eq!(
                said.said(),
                (403, "forbidden"),
                "{verb} {user}: {}",
                said.text
            );
        }
        staff.journal.mend();
        for user in [0, 8, -1, i64::MAX] {
            let said: Answer = staff
                .post(1, &format!("/api/users/{user}/{verb}"), json!({}))
                .await;
            assert_eq!(
                said.said(),
                (404, "not_found"),
                "{verb} {user}: {}",
                said.text
            );
        }
    }
    staff.journal.refuse("may_hand 1 gives 1 everywhere");
    staff.journal.refuse("can_spare 1");
    let said: Answer = staff.post(1, "/api/users/1/disable", json!({})).await;
    assert_eq!(said.said(), (409, "own_account"), "oneself: {}", said.text);
    staff.journal.refuse("can_spare 2");
    let said: Answer = staff.post(1, "/api/users/2/disable", json!({})).await;
    assert_eq!(
        said.said(),
        (403, "beyond_your_rights"),
        "beyond one's rights, and the last one: {}",
        said.text
    );
    let said: Answer = staff.post(7, "/api/users/2/disable", json!({})).await;
    assert_eq!(
        said.said(),
        (409, "last_administrator"),
        "the last administrator: {}",
        said.text
    );
    assert_eq!(staff.tables(), before, "the tables");
    assert_eq!(staff.events(), Vec::<Value>::new(), "events");
    assert_eq!(ends(&staff), Vec::<String>::new(), "sessions that end");
}

/// One must be able to hand out each single role that the account has, where it has it; the first and the last count alike.
#[tokio::test]
async fn each_role_of_the_account_counts() {
    let staff = staff().await;
    let before: String = staff.tables();
    for (user, line) in [
        (4, "may_hand 3 gives 3 in 1"),
        (4, "may_hand 3 gives 3 in 2"),
        (2, "may_hand 3 gives 1 everywhere"),
        (6, "may_hand 3 gives 3 in 1"),
    ] {
        staff.journal.refuse(line);
        for verb in ["disable", "enable"] {
            let said: Answer = staff
                .post(3, &format!("/api/users/{user}/{verb}"), json!({}))
                .await;
            assert_eq!(
                said.said(),
                (403, "beyond_your_rights"),
                "{verb} {user}, {line} is refused: {}",
                said.text
            );
        }
        let said: Answer = staff.post(3, "/api/users/5/disable", json!({})).await;
        assert_eq!(said.status, 200, "an account without a role: {}", said.text);
        staff.batch("UPDATE users SET disabled_at = NULL WHERE id = 5");
        staff.journal.mend();
    }
    assert_eq!(staff.tables(), before, "the tables");
}

/// Who is disabled while the request waits for its turn does nothing any more: 401, whatever was asked.
#[tokio::test]
async fn a_dismissal_stops_what_is_under_way() {
    let staff = staff().await;
    let invitation = json!({ "email": NEW, "role": "clerk", "branch": "Bath" });
    for (request, what) in [
        (
            staff.server.post("/api/invitations").json(&invitation),
            "inviting",
        ),
        (staff.server.post("/api/users/4/disable"), "disabling"),
        (staff.server.post("/api/users/6/enable"), "enabling"),
    ] {
        staff.batch("UPDATE users SET disabled_at = NULL WHERE id = 3");
        let said: Answer = staff
            .overtaken(
                staff.as_user(request, 3),
                "UPDATE users SET disabled_at = 1500000000 WHERE id = 3",
            )
            .await;
        assert_eq!(said.said(), (401, "not_signed_in"), "{what}: {}", said.text);
    }
    let disabled: String = staff.query(
        "SELECT group_concat(id) FROM users WHERE disabled_at NOT NULL",
        [],
    );
    assert_eq!(disabled, "3,6", "disabled accounts");
    let written: i64 = staff.query(
        "SELECT (SELECT count(*) FROM invitations) + (SELECT count(*) FROM mails)",
        [],
    );
    assert_eq!(written, 0, "invitations and mails");
    let request = staff.as_user(staff.server.post("/api/users/6/enable"), 1);
    let said: Answer = staff
        .overtaken(request, "UPDATE users SET disabled_at = NULL WHERE id = 6")
        .await;
    assert_eq!(
        (said.status, staff.events().len()),
        (200, 0),
        "somebody else was quicker: {}",
        said.text
    );
}

/// Two who disable each other at the same time: one of them comes too late.
#[tokio::test]
async fn two_who_disable_each_other() {
    let staff = staff().await;
    let request = |me: i64, user: i64| {
        staff.as_user(staff.server.post(&format!("/api/users/{user}/disable")), me)
    };
    let answers: Vec<Answer> = staff.at_once(vec![request(1, 2), request(2, 1)]).await;
    let mut said: Vec<(u16, &str)> = answers.iter().map(Answer::said).collect();
    said.sort_unstable();
    assert_eq!(said, [(200, ""), (401, "not_signed_in")], "the two answers");
    let left: i64 = staff.query(
        "SELECT count(*) FROM users WHERE id IN (1, 2) AND disabled_at IS NULL",
        [],
    );
    assert_eq!(left, 1, "who is left");
}

/// Whatever fails on the way, nothing has happened: no account without its role, no mail without its invitation, no change without its entry.
#[tokio::test]
async fn all_or_nothing() {
    let staff = staff().await;
    let token = clerk_in_bath(&staff, 1).await;
    let before: String = staff.tables();
    for (line, path, user) in [
        ("record user.invited", "/api/invitations", 1),
        ("record user.joined", "/api/invitations/accept", 0),
        ("record user.disabled", "/api/users/4/disable", 1),
        ("end_all 4", "/api/users/4/disable", 1),
        ("record user.enabled", "/api/users/6/enable", 1),
    ] {
        staff.journal.break_down(line);
        let body = match path {
            "/api/invitations" => json!({ "email": NEW, "role": "manager", "branch": "Leeds" }),
            _ => form(&token),
        };
        let said: Answer = staff.post(user, path, body).await;
        assert_eq!(
            said.said(),
            (500, "internal"),
            "{line} fails: {}",
            said.text
        );
        assert_eq!(staff.tables(), before, "the tables after {line} failed");
        staff.journal.mend();
    }
    for (table, act) in [
        ("users", "INSERT"),
        ("grants", "INSERT"),
        ("invitations", "UPDATE"),
        ("invitations", "INSERT"),
        ("mails", "INSERT"),
        ("users", "UPDATE"),
    ] {
        staff.batch(&format!(
            "CREATE TRIGGER jammed BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'jammed'); END"
        ));
        let (path, body) = match (table, act) {
            ("users" | "grants", "INSERT") | ("invitations", "UPDATE") => {
                ("/api/invitations/accept", form(&token))
            }
            ("users", _) => ("/api/users/4/disable", json!({})),
            _ => (
                "/api/invitations",
                json!({ "email": NEW, "role": "manager", "branch": "Leeds" }),
            ),
        };
        let said: Answer = staff.post(1, path, body).await;
        staff.batch("DROP TRIGGER jammed");
        assert_eq!(
            said.said(),
            (500, "internal"),
            "{act} on {table} fails: {}",
            said.text
        );
        assert_eq!(
            staff.tables(),
            before,
            "the tables after {act} on {table} failed"
        );
    }
    staff.batch(
        "CREATE TRIGGER jammed BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'jammed'); END",
    );
    let said: Answer = staff.post(1, "/api/users/6/enable", json!({})).await;
    assert_eq!(
        said.said(),
        (500, "internal"),
        "enabling fails: {}",
        said.text
    );
}
