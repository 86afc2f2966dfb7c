use auth::given::entropy::CountedEntropy;
use auth::given::sessions::{Session, SessionError};
use auth::given::tables::{SESSIONS, USERS};
use auth::sessions::{
    ABSOLUTE, COOKIE, IDLE, begin, clear_cookie, end, end_all, end_one, list, prune, secret_of,
    set_cookie, user_of,
};
use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use rusqlite::Connection;
use rusqlite::types::Value;
use sha2::{Digest, Sha256};
use support::database::{TempDatabase, in_memory};

/// Noon of a day in 2001. The machine's clock shows another year.
const NOON: i64 = 1_000_000_800;
const ADA: i64 = 1;
const BOB: i64 = 2;

fn prepare(connection: &Connection) {
    connection.execute_batch(USERS).expect("the table is made");
    connection
        .execute_batch(SESSIONS)
        .expect("the table is made");
    connection
        .execute_batch(
            "INSERT INTO users (email, password_hash)
             VALUES ('ada@lantern.example', '-'), ('bob@lantern.example', '-')",
        )
        .expect("the table takes users");
}

fn tables() -> Connection {
    let connection = in_memory();
    // Without an ORDER BY there is no order, not even by chance.
    connection
        .execute_batch("PRAGMA reverse_unordered_selects = on")
        .expect("SQLite takes the pragma");
    prepare(&connection);
    connection
}

fn begun(connection: &mut Connection, entropy: &CountedEntropy, user: i64, now: i64) -> String {
    match begin(connection, entropy, user, None, now) {
        Ok(secret) => secret,
        Err(error) => panic!("no session of user {user} begins: {error:?}"),
    }
}

fn whose(connection: &Connection, secret: &str, now: i64) -> Option<i64> {
    match user_of(connection, secret, now) {
        Ok(user) => user,
        Err(error) => panic!("the session is not looked up: {error}"),
    }
}

fn listed(connection: &Connection, user: i64, now: i64) -> Vec<Session> {
    match list(connection, user, now) {
        Ok(sessions) => sessions,
        Err(error) => panic!("the sessions of user {user} are not listed: {error}"),
    }
}

fn rows(connection: &Connection) -> i64 {
    connection
        .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
        .expect("the table is there")
}

/// A secret is 32 bytes of the source, every one of them, written as base64 for URLs; each session has its own.
#[test]
fn a_secret_is_drawn() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1111));
    let mut seen = Vec::new();
    for _ in 0..4 {
        let secret = begun(&mut connection, &entropy, ADA, NOON);
        let drawn = entropy.take_drawn().concat();
        assert_eq!(drawn.len(), 32, "bytes drawn for one secret");
        assert_eq!(
            secret,
            BASE64URL_NOPAD.encode(&drawn),
            "the secret of {drawn:?}"
        );
        assert!(!seen.contains(&secret), "{secret} has been given before");
        seen.push(secret);
    }
}

/// The table holds the digest and nothing else of the secret, and what stands in the table opens nothing.
#[test]
fn a_stolen_table_opens_nothing() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1112));
    let secret = begun(&mut connection, &entropy, ADA, NOON);
    let bytes = entropy.take_drawn().concat();
    assert_eq!(
        whose(&connection, &secret, NOON),
        Some(ADA),
        "the secret itself"
    );
    let digest: Vec<u8> = connection
        .query_row("SELECT digest FROM sessions", [], |row| row.get(0))
        .expect("one session");
    let expected: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    assert_eq!(digest, expected, "the digest of the text that was given");
    let row: Vec<Value> = connection
        .query_row("SELECT * FROM sessions", [], |row| {
            (0..5).map(|column| row.get(column)).collect()
        })
        .expect("one session");
    for value in row {
        let stolen = match value {
            Value::Blob(blob) => blob,
            Value::Text(text) => text.into_bytes(),
            Value::Integer(number) => number.to_string().into_bytes(),
            other => panic!("a column holds {other:?}"),
        };
        assert_ne!(stolen, bytes, "the bytes of the secret, in the table");
        assert_ne!(
            stolen,
            secret.as_bytes(),
            "the text of the secret, in the table"
        );
        let texts = [
            HEXLOWER.encode(&stolen),
            BASE64URL_NOPAD.encode(&stolen),
            BASE64.encode(&stolen),
            String::from_utf8_lossy(&stolen).into_owned(),
        ];
        for text in texts {
            assert_eq!(
                whose(&connection, &text, NOON),
                None,
                "{text:?}, from the table"
            );
        }
    }
}

/// Every secret opens the session of its own user; what resembles a secret opens none.
#[test]
fn a_secret_opens_its_own_session() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1113));
    let mut values = support::seeded(0x1113);
    let sessions: Vec<(String, i64)> = (0..12)
        .map(|_| {
            let user = *values.pick(&[ADA, BOB]);
            (begun(&mut connection, &entropy, user, NOON), user)
        })
        .collect();
    for (secret, user) in &sessions {
        assert_eq!(
            whose(&connection, secret, NOON + 1),
            Some(*user),
            "{secret}"
        );
        let resembling = [
            String::new(),
            secret[..42].to_owned(),
            format!("{secret} "),
            format!(" {secret}"),
            format!("{secret}="),
            secret.to_lowercase(),
            "%".to_owned(),
        ];
        for other in resembling {
            assert_eq!(whose(&connection, &other, NOON + 1), None, "{other:?}");
        }
    }
}

/// At a sign-in the browser gets a new secret, whatever it has presented, and what it has presented opens nothing any more.
#[test]
fn a_planted_secret_is_not_taken_over() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1114));
    let invented = "A".repeat(43);
    let thief = begun(&mut connection, &entropy, BOB, NOON);
    let other = begun(&mut connection, &entropy, BOB, NOON);
    let own = begun(&mut connection, &entropy, ADA, NOON);
    for planted in [invented, thief, own] {
        let secret = begin(&mut connection, &entropy, ADA, Some(&planted), NOON);
        let secret = secret.expect("a session begins");
        assert_ne!(secret, planted, "the secret after the sign-in");
        assert_eq!(
            whose(&connection, &secret, NOON),
            Some(ADA),
            "the new secret"
        );
        assert_eq!(
            whose(&connection, &planted, NOON),
            None,
            "what was presented"
        );
    }
    assert_eq!(
        whose(&connection, &other, NOON),
        Some(BOB),
        "a session that nobody presented"
    );
    assert_eq!(
        listed(&connection, ADA, NOON).len(),
        3,
        "every sign-in has a session of its own"
    );
}

/// Without random bytes, or without such a user, no session begins, and the one that was presented goes on.
#[test]
fn what_does_not_begin_ends_nothing() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1115));
    let secret = begun(&mut connection, &entropy, ADA, NOON);
    let nobody = begin(&mut connection, &entropy, 77, Some(&secret), NOON);
    assert!(
        matches!(nobody, Err(SessionError::Broken(_))),
        "for a user who is not there: {nobody:?}"
    );
    assert_eq!(
        whose(&connection, &secret, NOON),
        Some(ADA),
        "after a failed beginning"
    );
    entropy.run_dry();
    let dry = begin(&mut connection, &entropy, ADA, Some(&secret), NOON);
    assert!(
        matches!(dry, Err(SessionError::NoEntropy)),
        "without random bytes: {dry:?}"
    );
    assert_eq!(
        whose(&connection, &secret, NOON),
        Some(ADA),
        "after a dry source"
    );
    assert_eq!(rows(&connection), 1, "sessions in the table");
}

/// What ends and what begins are one: when the presented session cannot end, none begins.
#[test]
fn what_cannot_end_lets_nothing_begin() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x111a));
    let secret = begun(&mut connection, &entropy, ADA, NOON);
    connection
        .execute_batch(
            "CREATE TRIGGER kept BEFORE DELETE ON sessions
             BEGIN SELECT RAISE(ABORT, 'nothing is deleted today'); END",
        )
        .expect("a trigger");
    let answer = begin(&mut connection, &entropy, BOB, Some(&secret), NOON);
    assert!(
        matches!(answer, Err(SessionError::Broken(_))),
        "while nothing can be deleted: {answer:?}"
    );
    assert_eq!(rows(&connection), 1, "sessions in the table");
    assert_eq!(listed(&connection, BOB, NOON), [], "Bob's sessions");
    assert_eq!(
        whose(&connection, &secret, NOON),
        Some(ADA),
        "Ada's goes on"
    );
}

/// A session that nobody uses runs out after `IDLE` seconds, to the second; each use begins the time anew.
#[test]
fn unused_it_runs_out() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1116));
    let mut now = NOON;
    let used = begun(&mut connection, &entropy, ADA, NOON);
    for _ in 0..3 {
        now += IDLE - 1;
        assert_eq!(
            whose(&connection, &used, now),
            Some(ADA),
            "{} s after it began",
            now - NOON
        );
    }
    assert_eq!(
        whose(&connection, &used, now + IDLE),
        None,
        "IDLE seconds after its last use"
    );
    assert_eq!(
        whose(&connection, &used, now + 1),
        Some(ADA),
        "a look that came too late renewed nothing"
    );
    let other = begun(&mut connection, &entropy, ADA, NOON);
    assert_eq!(
        whose(&connection, &other, NOON + IDLE),
        None,
        "IDLE seconds after it began"
    );
    assert_eq!(
        whose(&connection, &other, NOON + 100 * ABSOLUTE),
        None,
        "much later"
    );
}

/// However much it is used, a session runs out `ABSOLUTE` seconds after it began, to the second.
#[test]
fn used_all_the_time_it_runs_out_as_well() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1117));
    let secret = begun(&mut connection, &entropy, ADA, NOON);
    let last = NOON + ABSOLUTE - 1;
    let mut now = NOON;
    while now < last {
        now = (now + IDLE / 2).min(last);
        assert_eq!(
            whose(&connection, &secret, now),
            Some(ADA),
            "{} s after it began",
            now - NOON
        );
    }
    assert_eq!(
        whose(&connection, &secret, last + 1),
        None,
        "ABSOLUTE seconds after it began"
    );
}

/// Requests overtake each other: one that began earlier and arrives later does not shorten the session.
#[test]
fn the_last_use_never_goes_back() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1118));
    let secret = begun(&mut connection, &entropy, ADA, NOON);
    assert_eq!(
        whose(&connection, &secret, NOON + 600),
        Some(ADA),
        "the later one first"
    );
    assert_eq!(
        whose(&connection, &secret, NOON + 590),
        Some(ADA),
        "then the earlier one"
    );
    let session = listed(&connection, ADA, NOON + 600).pop();
    let used_at = session.map(|session| session.used_at);
    assert_eq!(used_at, Some(NOON + 600), "when it was last used");
}

/// A use counts to the second; one that began before the sign-in, by another machine's clock, is a use, and changes no time.
#[test]
fn a_use_counts_to_the_second() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x111b));
    let secret = begun(&mut connection, &entropy, ADA, NOON);
    for (now, used_at) in [
        (NOON - 1, NOON),
        (NOON - 3_600, NOON),
        (NOON + 1, NOON + 1),
        (NOON + 2, NOON + 2),
        (NOON, NOON + 2),
    ] {
        let after = now - NOON;
        assert_eq!(whose(&connection, &secret, now), Some(ADA), "{after} s");
        let session = listed(&connection, ADA, NOON + 2).pop();
        let times = session.map(|session| (session.created_at, session.used_at));
        assert_eq!(times, Some((NOON, used_at)), "after a use at {after} s");
    }
}

/// One clock is behind the other: the list goes by the ids all the same, and what begins later than now has not run out.
#[test]
fn what_begins_later_has_not_run_out() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x111d));
    let first = begun(&mut connection, &entropy, ADA, NOON + 5);
    begun(&mut connection, &entropy, ADA, NOON);
    assert_eq!(prune(&connection, NOON - 1), Ok(0), "what has run out");
    let sessions = listed(&connection, ADA, NOON - 1);
    let began: Vec<i64> = sessions.iter().map(|session| session.created_at).collect();
    assert_eq!(began, [NOON + 5, NOON], "in the order of their ids");
    for resembling in [format!(" {first}"), format!("{first}\n"), String::new()] {
        end(&connection, &resembling).expect("nothing to end");
    }
    assert_eq!(
        rows(&connection),
        2,
        "after signing out with what is no secret"
    );
}

/// A session says whose it is; whether that account is closed is asked elsewhere.
#[test]
fn a_closed_account_has_its_sessions() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x111c));
    let secret = begun(&mut connection, &entropy, ADA, NOON);
    connection
        .execute("UPDATE users SET disabled = 1 WHERE id = ?1", [ADA])
        .expect("Ada's account is closed");
    assert_eq!(whose(&connection, &secret, NOON + 1), Some(ADA));
    assert_eq!(listed(&connection, ADA, NOON + 1).len(), 1, "in her list");
}

/// A list shows the user's own sessions that are alive, with their times, and looking at it uses none of them.
#[test]
fn a_list_shows_what_is_alive() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x1119));
    let later = NOON + IDLE;
    begun(&mut connection, &entropy, ADA, NOON);
    let kept = begun(&mut connection, &entropy, ADA, NOON);
    begun(&mut connection, &entropy, BOB, NOON + 5);
    assert_eq!(
        whose(&connection, &kept, NOON + 60),
        Some(ADA),
        "it is used"
    );
    begun(&mut connection, &entropy, ADA, NOON + 90);
    let times = |now: i64| -> Vec<(i64, i64)> {
        let sessions = listed(&connection, ADA, now);
        assert!(
            sessions.is_sorted_by_key(|session| session.id),
            "in the order of their ids: {sessions:?}"
        );
        sessions
            .iter()
            .map(|session| (session.created_at - NOON, session.used_at - NOON))
            .collect()
    };
    assert_eq!(
        times(later - 1),
        [(0, 0), (0, 60), (90, 90)],
        "a second before the first runs out"
    );
    assert_eq!(
        times(later),
        [(0, 60), (90, 90)],
        "when the first has run out"
    );
    assert_eq!(times(later + 60), [(90, 90)], "a minute later");
    assert_eq!(times(later + 90), [], "when all have run out");
    connection
        .execute("UPDATE sessions SET used_at = ?1", [NOON + ABSOLUTE])
        .expect("they are there");
    assert_eq!(
        times(NOON + ABSOLUTE),
        [(90, ABSOLUTE)],
        "what began too long ago"
    );
}

/// Signing out ends this session and no other; to sign out twice is no fault.
#[test]
fn signing_out_ends_one_session() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x111a));
    let first = begun(&mut connection, &entropy, ADA, NOON);
    let second = begun(&mut connection, &entropy, ADA, NOON);
    for _ in 0..2 {
        end(&connection, &first).expect("it ends");
        assert_eq!(
            whose(&connection, &first, NOON),
            None,
            "the session that has ended"
        );
        assert_eq!(
            whose(&connection, &second, NOON),
            Some(ADA),
            "the other one"
        );
    }
    end(&connection, "").expect("nothing to end");
    assert_eq!(rows(&connection), 1, "sessions in the table");
}

/// One session is ended by its id, by its owner only; for everybody else it is not there.
#[test]
fn one_ends_ones_own_only() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x111b));
    let secret = begun(&mut connection, &entropy, ADA, NOON);
    let kept = begun(&mut connection, &entropy, ADA, NOON);
    begun(&mut connection, &entropy, BOB, NOON);
    let id = listed(&connection, ADA, NOON)[0].id;
    let ended = |user: i64, id: i64| end_one(&connection, user, id).expect("an answer");
    for (user, id) in [(BOB, id), (ADA, 0), (ADA, -1), (ADA, i64::MAX), (77, id)] {
        assert!(!ended(user, id), "user {user} ends session {id}");
        assert_eq!(
            rows(&connection),
            3,
            "sessions after user {user} tried to end {id}"
        );
    }
    assert!(ended(ADA, id), "the owner ends it");
    assert_eq!(
        whose(&connection, &secret, NOON),
        None,
        "the session that has ended"
    );
    assert_eq!(
        whose(&connection, &kept, NOON),
        Some(ADA),
        "the owner's other session"
    );
    assert!(!ended(ADA, id), "the owner ends it again");
}

/// All sessions of a user end at once, on every connection to the table, and nobody else's do.
#[test]
fn all_end_everywhere_at_once() {
    let file = TempDatabase::new();
    let (mut here, there) = (file.connect(), file.connect());
    prepare(&here);
    let entropy = CountedEntropy::new(0x111c);
    let secrets: Vec<String> = (0..5)
        .map(|second| begun(&mut here, &entropy, ADA, NOON + second))
        .collect();
    let bobs = begun(&mut here, &entropy, BOB, NOON);
    for secret in &secrets {
        assert_eq!(whose(&there, secret, NOON + 9), Some(ADA), "before");
    }
    end_all(&here, ADA).expect("they end");
    for secret in &secrets {
        assert_eq!(
            whose(&there, secret, NOON + 9),
            None,
            "after, on another connection"
        );
    }
    assert_eq!(whose(&there, &bobs, NOON + 9), Some(BOB), "somebody else's");
    let new = begun(&mut here, &entropy, ADA, NOON + 10);
    assert_eq!(
        whose(&there, &new, NOON + 10),
        Some(ADA),
        "a sign-in afterwards"
    );
}

/// Pruning removes what has run out, by either clock, and nothing else, and says how much it was.
#[test]
fn what_has_run_out_is_pruned() {
    let (mut connection, entropy) = (tables(), CountedEntropy::new(0x111d));
    let now = NOON + ABSOLUTE;
    let mut row = |created_at: i64, used_at: i64| {
        begun(&mut connection, &entropy, ADA, created_at);
        let sql = "UPDATE sessions SET used_at = ?1 WHERE id = last_insert_rowid()";
        connection.execute(sql, [used_at]).expect("it is there");
    };
    row(NOON, now - 1);
    row(NOON + 1, now - 1);
    row(NOON + 60, now - IDLE);
    row(NOON + 61, now - IDLE + 1);
    row(now, now);
    let pruned = prune(&connection, now).expect("it prunes");
    assert_eq!(pruned, 2, "sessions that have run out");
    let left: Vec<i64> = listed(&connection, ADA, now)
        .iter()
        .map(|session| session.created_at - NOON)
        .collect();
    assert_eq!(
        left,
        [1, 61, ABSOLUTE],
        "the sessions that are alive, by their beginning"
    );
    assert_eq!(rows(&connection), 3, "sessions in the table");
    assert_eq!(prune(&connection, now).ok(), Some(0), "pruned again");
}

/// However many sessions somebody has, all of them are listed, all of them end, and all that have run out are pruned.
#[test]
fn many_are_treated_as_few() {
    let connection = tables();
    let fill = |user: i64| {
        let sql = "INSERT INTO sessions (digest, user, created_at, used_at)
                   WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200)
                   SELECT randomblob(32), ?1, ?2, ?2 FROM n";
        connection
            .execute(sql, [user, NOON])
            .expect("the table takes them");
    };
    fill(ADA);
    fill(BOB);
    for user in [ADA, BOB] {
        let alive = listed(&connection, user, NOON).len();
        assert_eq!(alive, 1200, "sessions of user {user}");
    }
    end_all(&connection, BOB).expect("they end");
    let left = listed(&connection, BOB, NOON).len();
    assert_eq!(left, 0, "Bob's, of which the newest was the newest of all");
    assert_eq!(rows(&connection), 1200, "sessions in the table");
    let pruned = prune(&connection, NOON + IDLE).expect("it prunes");
    assert_eq!(pruned, 1200, "sessions that have run out");
    assert_eq!(rows(&connection), 0, "sessions in the table");
}

/// Name, value and attributes of a `Set-Cookie`, the attributes in small letters and sorted.
fn parts(cookie: &str) -> (String, Vec<String>) {
    let mut parts = cookie.split(';').map(str::trim);
    let pair = parts.next().unwrap_or_default().to_owned();
    let mut attributes: Vec<String> = parts.map(str::to_lowercase).collect();
    attributes.sort();
    (pair, attributes)
}

/// The cookie goes to this host alone, over HTTPS alone, to no script, with no other site's form, and ends with the session.
#[test]
fn a_cookie_has_its_flags() {
    let secret = support::seeded(0x111e).word(43..44);
    let (pair, attributes) = parts(&set_cookie(&secret));
    assert_eq!(pair, format!("{COOKIE}={secret}"), "name and value");
    let expected = [
        "httponly",
        "max-age=43200",
        "path=/",
        "samesite=lax",
        "secure",
    ];
    assert_eq!(attributes, expected, "the attributes");
    assert!(COOKIE.starts_with("__Host-"), "the name");
    let (pair, attributes) = parts(&clear_cookie());
    assert_eq!(pair, format!("{COOKIE}="), "an empty value");
    let expected = ["httponly", "max-age=0", "path=/", "samesite=lax", "secure"];
    assert_eq!(
        attributes, expected,
        "a browser drops it only with the same attributes"
    );
}

/// The secret is found by the whole name of its cookie, in whichever header it stands; where there are two, none is taken.
#[test]
fn a_cookie_is_found_by_its_name() {
    for (cookies, expected) in [
        (vec!["__Host-session=s3"], Some("s3")),
        (vec!["theme=dark; __Host-session=a=b; cart=7"], Some("a=b")),
        (vec!["theme=dark;__Host-session=s3"], Some("s3")),
        (vec!["theme=dark", "__Host-session=s3"], Some("s3")),
        (vec!["__Host-session=s3", "theme=dark"], Some("s3")),
        (vec!["th\u{e9}me=dark", "__Host-session=s3"], Some("s3")),
        (vec!["x__Host-session=s3"], None),
        (vec!["__Host-session2=s3"], None),
        (vec!["__host-session=s3"], None),
        (vec!["session=s3; theme=__Host-session"], None),
        (vec!["theme=__Host-session=s3"], None),
        (vec!["theme=dark,__Host-session=s3"], None),
        (vec!["__Host-session=\"s3\""], Some("\"s3\"")),
        (vec!["__Host-session=; __Host-session=s4"], None),
        (vec!["__Host-session=s3; __Host-session="], None),
        (vec!["__Host-session=s3; __Host-session=s4"], None),
        (vec!["__Host-session=s3", "__Host-session=s3"], None),
        (vec![], None),
    ] {
        let mut headers = HeaderMap::new();
        for cookie in &cookies {
            let value = HeaderValue::from_bytes(cookie.as_bytes()).expect("a header");
            headers.append(header::COOKIE, value);
        }
        assert_eq!(secret_of(&headers), expected, "Cookie: {cookies:?}");
    }
}
