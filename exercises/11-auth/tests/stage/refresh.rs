use auth::given::entropy::CountedEntropy;
use auth::refresh::{
    FAMILY, IDLE, RefreshError, Renewed, TABLES, digest, end, prune, rotate, start,
};
use data_encoding::BASE64URL_NOPAD;
use rusqlite::Connection;
use support::database::{TempDatabase, in_memory};

use crate::meeting::{connect, meet};

/// 2001-09-09: far from the clock of whatever machine runs this.
const NOW: i64 = 1_000_000_000;

/// How often threads try to get in between.
const ROUNDS: i64 = 5;

struct Shop {
    db: Connection,
    entropy: CountedEntropy,
}

impl Shop {
    fn new(seed: u64) -> Self {
        let db = in_memory();
        db.execute_batch(TABLES).expect("the tables");
        Self {
            db,
            entropy: CountedEntropy::new(seed),
        }
    }

    #[track_caller]
    fn start(&mut self, customer: i64, now: i64) -> Renewed {
        match start(&mut self.db, &self.entropy, customer, now) {
            Ok(renewed) => renewed,
            Err(error) => panic!("no family for customer {customer}: {error:?}"),
        }
    }

    #[track_caller]
    fn rotate(&mut self, token: &str, now: i64) -> Renewed {
        match rotate(&mut self.db, &self.entropy, token, now) {
            Ok(renewed) => renewed,
            Err(error) => panic!("a good token was refused at NOW + {}: {error:?}", now - NOW),
        }
    }

    #[track_caller]
    fn refused(&mut self, token: &str, now: i64, case: &str) -> &'static str {
        match rotate(&mut self.db, &self.entropy, token, now) {
            Ok(renewed) => panic!("{case}, at NOW + {}: gave {renewed:?}", now - NOW),
            Err(RefreshError::Invalid) => "Invalid",
            Err(RefreshError::Reused) => "Reused",
            Err(error) => panic!("{case}, at NOW + {}: {error:?}", now - NOW),
        }
    }

    #[track_caller]
    fn end(&self, token: &str, now: i64) {
        if let Err(error) = end(&self.db, token, now) {
            panic!("signing out failed: {error:?}");
        }
    }

    #[track_caller]
    fn prune(&self, now: i64) -> usize {
        match prune(&self.db, now) {
            Ok(removed) => removed,
            Err(error) => panic!("pruning failed: {error:?}"),
        }
    }

    fn count(&self, table: &str) -> i64 {
        let question = format!("SELECT count(*) FROM {table}");
        self.db
            .query_row(&question, [], |row| row.get(0))
            .expect("a number")
    }

    /// Customer, times and time of every alarm.
    fn alarms(&self) -> Vec<(i64, i64, i64)> {
        alarms(&self.db)
    }
}

fn alarms(db: &Connection) -> Vec<(i64, i64, i64)> {
    let mut question = db
        .prepare("SELECT customer, times, last_at FROM alarms ORDER BY customer")
        .expect("a question");
    question
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("numbers")
}

/// Each token brings the next one, for the same customer, for as long as somebody comes back in time.
#[test]
fn a_token_brings_its_successor() {
    let mut values = support::seeded(0x1121);
    let mut shop = Shop::new(1);
    for _ in 0..10 {
        let customer = i64::try_from(values.number(1..1_000_000)).expect("it fits");
        let mut now = NOW;
        let mut held = shop.start(customer, now);
        assert_eq!(held.customer, customer, "whose token it is");
        assert_eq!(held.expires_at, now + IDLE, "a week from now");
        for _ in 0..8 {
            now += i64::try_from(values.number(0..300_000)).expect("it fits");
            let next = shop.rotate(&held.token, now);
            assert_ne!(next.token, held.token, "a successor is another token");
            assert_eq!(next.customer, customer, "whose token it is");
            assert_eq!(
                next.expires_at,
                (now + IDLE).min(NOW + FAMILY),
                "at NOW + {}",
                now - NOW
            );
            held = next;
        }
    }
    assert_eq!(shop.count("families"), 10, "families, one for each sign-in");
    assert_eq!(shop.alarms(), [], "nobody did anything wrong");
}

/// A token is 32 random bytes, drawn for itself; without random bytes nothing is handed out, and nothing has happened.
#[test]
fn every_token_is_drawn_for_itself() {
    let mut shop = Shop::new(2);
    let mut held = shop.start(7, NOW);
    for step in 0..5 {
        let drawn = shop.entropy.take_drawn();
        assert_eq!(drawn.len(), 1, "draws for token {step}: {drawn:?}");
        assert_eq!(drawn[0].len(), 32, "bytes for token {step}");
        let expected = BASE64URL_NOPAD.encode(&drawn[0]);
        assert_eq!(
            held.token, expected,
            "token {step} is the bytes in base64url"
        );
        held = shop.rotate(&held.token, NOW + step);
    }
    let dry = CountedEntropy::new(3);
    dry.run_dry();
    let answer = rotate(&mut shop.db, &dry, &held.token, NOW + 10);
    assert!(
        matches!(answer, Err(RefreshError::NoEntropy(_))),
        "no bytes: {answer:?}"
    );
    let families = shop.count("families");
    let answer = start(&mut shop.db, &dry, 8, NOW + 10);
    assert!(
        matches!(answer, Err(RefreshError::NoEntropy(_))),
        "no bytes: {answer:?}"
    );
    assert_eq!(
        shop.count("families"),
        families,
        "families, after one that could not start"
    );
    shop.rotate(&held.token, NOW + 11);
    assert_eq!(
        shop.alarms(),
        [],
        "a second try after a failure is no theft"
    );
}

/// What fails in the middle has not happened: no family without a token, and no use without a successor.
#[test]
fn a_failure_in_the_middle_leaves_nothing() {
    let mut shop = Shop::new(16);
    let held = shop.start(7, NOW);
    let full = "CREATE TRIGGER full BEFORE INSERT ON refresh_tokens
                BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    shop.db.execute_batch(full).expect("a trigger");
    let answer = start(&mut shop.db, &shop.entropy, 8, NOW);
    assert!(
        matches!(answer, Err(RefreshError::Broken(_))),
        "a start on a full disk: {answer:?}"
    );
    let answer = rotate(&mut shop.db, &shop.entropy, &held.token, NOW + 1);
    assert!(
        matches!(answer, Err(RefreshError::Broken(_))),
        "a refresh on a full disk: {answer:?}"
    );
    shop.db
        .execute_batch("DROP TRIGGER full")
        .expect("the trigger goes");
    assert_eq!(shop.count("families"), 1, "families");
    let next = shop.rotate(&held.token, NOW + 2);
    assert_eq!(shop.alarms(), [], "a failed try is no theft");
    // A family ends together with its alarm.
    let deaf = "CREATE TRIGGER deaf BEFORE INSERT ON alarms
                BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    shop.db.execute_batch(deaf).expect("a trigger");
    let answer = rotate(&mut shop.db, &shop.entropy, &held.token, NOW + 3);
    assert!(
        matches!(answer, Err(RefreshError::Broken(_))),
        "a used token on a full disk: {answer:?}"
    );
    shop.db
        .execute_batch("DROP TRIGGER deaf")
        .expect("the trigger goes");
    shop.rotate(&next.token, NOW + 4);
    assert_eq!(
        shop.refused(&held.token, NOW + 5, "used before"),
        "Reused",
        "the alarm that could not be counted comes with the next try"
    );
    assert_eq!(shop.alarms(), [(7, 1, NOW + 5)], "alarms");
}

/// The database holds digests and no token.
#[test]
fn only_digests_are_stored() {
    let mut shop = Shop::new(4);
    let first = shop.start(7, NOW);
    let second = shop.rotate(&first.token, NOW + 1);
    let stored: Vec<String> = {
        let mut question = shop
            .db
            .prepare("SELECT digest FROM refresh_tokens ORDER BY rowid")
            .expect("a question");
        question
            .query_map([], |row| row.get(0))
            .expect("rows")
            .collect::<Result<_, _>>()
            .expect("texts")
    };
    assert_eq!(
        stored,
        [digest(&first.token), digest(&second.token)],
        "what is stored of the tokens"
    );
    // Whoever steals the table cannot use what stands in it.
    for digest in stored {
        assert_eq!(
            shop.refused(&digest, NOW + 2, "a digest for a token"),
            "Invalid"
        );
    }
    shop.rotate(&second.token, NOW + 3);
}

/// A token that comes a second time ends the whole family: its successors are worth nothing, and an alarm is counted.
#[test]
fn a_used_token_ends_its_family() {
    for generation in 0..3_usize {
        let mut shop = Shop::new(5);
        let mut tokens = vec![shop.start(7, NOW).token];
        for step in 1..=3 {
            let next = shop.rotate(&tokens[tokens.len() - 1], NOW + step);
            tokens.push(next.token);
        }
        let case = format!("token {generation}, the second time");
        assert_eq!(
            shop.refused(&tokens[generation], NOW + 10, &case),
            "Reused",
            "{case}"
        );
        assert_eq!(
            shop.alarms(),
            [(7, 1, NOW + 10)],
            "customer, times and time of the alarms"
        );
        for (number, token) in tokens.iter().enumerate() {
            let case = format!("token {number} of the family that ended");
            assert_eq!(shop.refused(token, NOW + 11, &case), "Invalid", "{case}");
        }
        assert_eq!(shop.alarms(), [(7, 1, NOW + 10)], "one theft, one alarm");
    }
}

/// However often a family was refreshed, its first token still gives a thief away.
#[test]
fn a_long_family_forgets_nobody() {
    let mut shop = Shop::new(15);
    let first = shop.start(7, NOW);
    let mut held = first.clone();
    for step in 1..=300 {
        held = shop.rotate(&held.token, NOW + step);
    }
    assert_eq!(
        shop.refused(&first.token, NOW + 400, "the first of 300"),
        "Reused"
    );
    assert_eq!(
        shop.refused(&held.token, NOW + 401, "the last of 300"),
        "Invalid"
    );
    for customer in 1..=300 {
        let over = shop.start(customer, NOW);
        shop.end(&over.token, NOW);
    }
    assert_eq!(shop.prune(NOW + 402), 301, "families that are over");
    assert_eq!(shop.count("refresh_tokens"), 0, "tokens that are left");
}

/// Other families live on, the same customer's and everybody else's; alarms are counted for each customer.
#[test]
fn other_families_live_on() {
    let mut shop = Shop::new(6);
    let phone = shop.start(7, NOW);
    let laptop = shop.start(7, NOW);
    let other = shop.start(8, NOW);
    shop.rotate(&phone.token, NOW + 1);
    assert_eq!(shop.refused(&phone.token, NOW + 2, "used before"), "Reused");
    let laptop = shop.rotate(&laptop.token, NOW + 3);
    let other = shop.rotate(&other.token, NOW + 3);
    assert_eq!(
        shop.alarms(),
        [(7, 1, NOW + 2)],
        "customer, times and time of the alarms"
    );
    let old = shop.start(7, NOW + 4);
    shop.rotate(&old.token, NOW + 5);
    assert_eq!(shop.refused(&old.token, NOW + 6, "used before"), "Reused");
    assert_eq!(
        shop.alarms(),
        [(7, 2, NOW + 6)],
        "customer, times and time of the alarms"
    );
    let third = shop.rotate(&other.token, NOW + 7);
    assert_eq!(shop.refused(&other.token, NOW + 8, "used before"), "Reused");
    assert_eq!(
        shop.refused(&third.token, NOW + 9, "of a family that ended"),
        "Invalid"
    );
    assert_eq!(
        shop.alarms(),
        [(7, 2, NOW + 6), (8, 1, NOW + 8)],
        "alarms of two customers"
    );
    shop.rotate(&laptop.token, NOW + 10);
}

/// What we never handed out is refused, and nothing happens because of it.
#[test]
fn an_unknown_token_changes_nothing() {
    let mut shop = Shop::new(7);
    let held = shop.start(7, NOW);
    let other_case: String = held
        .token
        .chars()
        .map(|sign| {
            if sign.is_ascii_lowercase() {
                sign.to_ascii_uppercase()
            } else {
                sign.to_ascii_lowercase()
            }
        })
        .collect();
    for token in [
        String::new(),
        "A".repeat(43),
        other_case,
        format!(" {}", held.token),
        format!("{}\n", held.token),
        format!("{}=", held.token),
        held.token[..42].to_owned(),
        "%".to_owned(),
        "x".repeat(1_000_000),
    ] {
        let beginning: String = token.chars().take(50).collect();
        assert_eq!(
            shop.refused(&token, NOW + 1, &beginning),
            "Invalid",
            "{beginning:?}"
        );
        shop.end(&token, NOW + 1);
    }
    assert_eq!(shop.alarms(), [], "a guess is no theft");
    assert_eq!(shop.count("refresh_tokens"), 1, "tokens");
    shop.rotate(&held.token, NOW + 2);
}

/// A token waits for a week and not a second longer; that it has expired is nobody's theft.
#[test]
fn a_token_expires() {
    let mut shop = Shop::new(8);
    let held = shop.start(7, NOW);
    shop.rotate(&held.token, NOW + IDLE - 1);
    let held = shop.start(7, NOW);
    for now in [
        NOW + IDLE,
        NOW + IDLE,
        NOW + IDLE + 1,
        NOW + FAMILY - 1,
        NOW + FAMILY,
        NOW + FAMILY + 1,
    ] {
        assert_eq!(
            shop.refused(&held.token, now, "expired, unused"),
            "Invalid",
            "shown at NOW + {}",
            now - NOW
        );
    }
    assert_eq!(shop.alarms(), [], "an expired token is no theft");
    // A clock that went back: the token was never used.
    shop.rotate(&held.token, NOW + IDLE - 1);
    assert_eq!(shop.count("families"), 2, "families");
}

/// A token that was used gives a thief away even when it has expired since, as long as its family lives.
#[test]
fn a_used_token_is_remembered_beyond_its_time() {
    let mut shop = Shop::new(9);
    let first = shop.start(7, NOW);
    let second = shop.rotate(&first.token, NOW + IDLE - 1);
    assert_eq!(
        shop.refused(&first.token, NOW + IDLE + 5, "used, then expired"),
        "Reused"
    );
    assert_eq!(
        shop.refused(&second.token, NOW + IDLE + 6, "of a family that ended"),
        "Invalid"
    );
    assert_eq!(
        shop.alarms(),
        [(7, 1, NOW + IDLE + 5)],
        "customer, times and time of the alarms"
    );
    // Nor is it forgotten when others come, or when its successor has expired as well.
    let first = shop.start(8, NOW);
    let second = shop.rotate(&first.token, NOW + 1);
    let other = shop.start(9, NOW + IDLE);
    shop.rotate(&other.token, NOW + IDLE + 1);
    assert_eq!(
        shop.refused(&second.token, NOW + IDLE + 1, "expired, unused"),
        "Invalid"
    );
    assert_eq!(
        shop.refused(
            &first.token,
            NOW + IDLE + 2,
            "used, and its successor expired"
        ),
        "Reused"
    );
}

/// Refreshing does not prolong a family: after thirty days everybody signs in again.
#[test]
fn a_family_has_an_end() {
    let mut shop = Shop::new(10);
    let first = shop.start(7, NOW);
    let mut held = first.clone();
    let mut now = NOW;
    while now + IDLE < NOW + FAMILY {
        now += IDLE - 1;
        held = shop.rotate(&held.token, now);
        assert_eq!(
            held.expires_at,
            (now + IDLE).min(NOW + FAMILY),
            "the earlier of the two ends, at NOW + {}",
            now - NOW
        );
    }
    held = shop.rotate(&held.token, NOW + FAMILY - 1);
    assert_eq!(held.expires_at, NOW + FAMILY, "a second before the end");
    let stored: i64 = shop
        .db
        .query_row("SELECT max(expires_at) FROM refresh_tokens", [], |row| {
            row.get(0)
        })
        .expect("a number");
    assert_eq!(stored, NOW + FAMILY, "the last end that is stored");
    assert_eq!(
        shop.refused(&held.token, NOW + FAMILY, "the family's end"),
        "Invalid"
    );
    assert_eq!(
        shop.refused(&first.token, NOW + FAMILY, "used, of a family that is over"),
        "Invalid"
    );
    assert_eq!(shop.alarms(), [], "what is over raises no alarm");
}

/// Signing out ends the family of the token, used or not; others live on, and no alarm is raised.
#[test]
fn signing_out_ends_the_family() {
    let mut shop = Shop::new(11);
    let used = shop.start(7, NOW);
    let held = shop.rotate(&used.token, NOW + 1);
    let other = shop.start(7, NOW);
    shop.end(&used.token, NOW + 2);
    assert_eq!(
        shop.refused(&held.token, NOW + 3, "signed out with the token before it"),
        "Invalid"
    );
    assert_eq!(
        shop.refused(&used.token, NOW + 3, "used, of a family that was ended"),
        "Invalid"
    );
    assert_eq!(
        shop.refused(
            &held.token,
            NOW + 1,
            "signed out, by a clock that went back"
        ),
        "Invalid"
    );
    shop.end(&held.token, NOW + 4);
    let ended: i64 = shop
        .db
        .query_row(
            "SELECT ended_at FROM families WHERE ended_at IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .expect("one family has ended");
    assert_eq!(ended, NOW + 2, "the first end is the end");
    let other = shop.rotate(&other.token, NOW + 5);
    shop.end(&other.token, NOW + 6);
    assert_eq!(shop.refused(&other.token, NOW + 7, "signed out"), "Invalid");
    let used = shop.start(8, NOW);
    let held = shop.rotate(&used.token, NOW + IDLE - 1);
    shop.end(&used.token, NOW + IDLE);
    assert_eq!(
        shop.refused(&held.token, NOW + IDLE, "signed out with an expired token"),
        "Invalid"
    );
    assert_eq!(shop.alarms(), [], "who signs out is no thief");
}

/// Pruning takes away what is over, and keeps every token of a family that lives.
#[test]
fn pruning_forgets_no_used_token() {
    let mut shop = Shop::new(12);
    let over = shop.start(7, NOW - FAMILY);
    let last = shop.start(7, NOW - FAMILY + 1);
    let gone = shop.start(8, NOW);
    shop.end(&gone.token, NOW);
    let used = shop.start(9, NOW - IDLE);
    let held = shop.rotate(&used.token, NOW - 1);
    assert_eq!(
        shop.prune(NOW),
        2,
        "families that are over at NOW: one by its time, one signed out"
    );
    assert_eq!(shop.count("families"), 2, "families that are left");
    assert_eq!(
        shop.count("refresh_tokens"),
        3,
        "tokens of the families that are left"
    );
    assert_eq!(shop.prune(NOW), 0, "nothing is left to remove");
    for token in [&over.token, &gone.token] {
        assert_eq!(shop.refused(token, NOW, "removed"), "Invalid");
    }
    assert_eq!(shop.refused(&last.token, NOW, "expired"), "Invalid");
    assert_eq!(
        shop.refused(&used.token, NOW, "used, after pruning"),
        "Reused"
    );
    assert_eq!(
        shop.refused(&held.token, NOW, "of a family that ended"),
        "Invalid"
    );
    assert_eq!(
        shop.prune(NOW + 1),
        2,
        "one by its time, one because of a theft"
    );
    assert_eq!(shop.alarms(), [(9, 1, NOW)], "alarms, after pruning");
    assert_eq!(shop.count("refresh_tokens"), 0, "tokens");
}

/// One token, shown by four at the same moment: one gets a successor, one gives the theft away, and the family is over.
#[test]
fn of_several_at_once_one_is_first() {
    let file = TempDatabase::new();
    let mut db = connect(&file);
    db.execute_batch(TABLES).expect("the tables");
    let entropy = CountedEntropy::new(13);
    for round in 0..ROUNDS {
        let Ok(held) = start(&mut db, &entropy, round, NOW) else {
            panic!("no family in round {round}");
        };
        let answers: Vec<Result<Renewed, RefreshError>> =
            meet(&file, 4, |db, _| rotate(db, &entropy, &held.token, NOW + 1));
        let count = |wanted: fn(&Result<Renewed, RefreshError>) -> bool| {
            answers.iter().filter(|answer| wanted(answer)).count()
        };
        let first = count(Result::is_ok);
        assert_eq!(
            first, 1,
            "successors of one token, in round {round}: {answers:?}"
        );
        let reused = count(|answer| matches!(answer, Err(RefreshError::Reused)));
        assert_eq!(
            reused, 1,
            "the second gives the theft away, in round {round}: {answers:?}"
        );
        let invalid = count(|answer| matches!(answer, Err(RefreshError::Invalid)));
        assert_eq!(
            invalid, 2,
            "the others come too late, in round {round}: {answers:?}"
        );
        for successor in answers.into_iter().flatten() {
            let answer = rotate(&mut db, &entropy, &successor.token, NOW + 2);
            assert!(
                matches!(answer, Err(RefreshError::Invalid)),
                "the successor, after the theft: {answer:?}"
            );
        }
        let counted = alarms(&db).last().copied();
        assert_eq!(
            counted,
            Some((round, 1, NOW + 1)),
            "the alarm of round {round}"
        );
    }
}

/// Two families of one customer end at the same moment, and both alarms are counted.
#[test]
fn two_alarms_at_once_are_two() {
    let file = TempDatabase::new();
    let mut db = connect(&file);
    db.execute_batch(TABLES).expect("the tables");
    let entropy = CountedEntropy::new(14);
    for round in 0..ROUNDS {
        let used: Vec<String> = (0..3)
            .map(|_| {
                let renewed = start(&mut db, &entropy, round, NOW).expect("a family");
                rotate(&mut db, &entropy, &renewed.token, NOW).expect("a successor");
                renewed.token
            })
            .collect();
        let answers = meet(&file, 3, |db, number| {
            rotate(db, &entropy, &used[number], NOW + 1)
        });
        let reused = answers
            .iter()
            .filter(|answer| matches!(answer, Err(RefreshError::Reused)))
            .count();
        assert_eq!(
            reused, 3,
            "three used tokens, in round {round}: {answers:?}"
        );
        let counted = alarms(&db).last().copied();
        assert_eq!(
            counted,
            Some((round, 3, NOW + 1)),
            "the alarms of round {round}"
        );
    }
}
