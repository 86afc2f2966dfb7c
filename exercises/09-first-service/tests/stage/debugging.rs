use std::cell::RefCell;

use axum::Router;
use first_service::debugging::{
    Line, Round, SCHEMA, Share, initials, overview, round, routes, split,
};
use first_service::given::standins;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use serde_json::Value;

use crate::shared::logged_program;
use support::http;

thread_local! {
    /// The statements that this thread ran.
    static STATEMENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(statement, _) = event {
        let sql = statement.sql().into_owned();
        STATEMENTS.with_borrow_mut(|all| all.push(sql));
    }
}

/// What `work` asks of the database.
fn statements<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> T,
) -> (T, Vec<String>) {
    STATEMENTS.with_borrow_mut(Vec::clear);
    let traced = connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
    traced.expect("SQLite traces");
    let answer = work(connection);
    let ended = connection.trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>);
    ended.expect("SQLite stops tracing");
    (answer, STATEMENTS.with_borrow_mut(std::mem::take))
}

fn database() -> Connection {
    let connection = support::database::in_memory();
    connection
        .execute_batch(SCHEMA)
        .expect("the tables are made");
    connection
}

/// Guests with these names, numbered from 1.
fn guests(connection: &Connection, names: &[&str]) {
    for (id, name) in (1..).zip(names) {
        let sql = "INSERT INTO guests (id, name) VALUES (?1, ?2)";
        connection.execute(sql, (id, name)).expect("a guest");
    }
}

/// A round with these guests and their weights.
fn add_round(connection: &Connection, id: i64, cents: u32, pledges: &[(i64, u32)]) {
    let sql = "INSERT INTO rounds (id, title, cents) VALUES (?1, ?2, ?3)";
    connection
        .execute(sql, (id, format!("Gift {id}"), cents))
        .expect("a round");
    for (guest, weight) in pledges {
        let sql = "INSERT INTO pledges (guest_id, round_id, weight) VALUES (?1, ?2, ?3)";
        connection
            .execute(sql, (guest, id, weight))
            .expect("a pledge");
    }
}

/// The overview has every round with the number of its guests, the rounds without guests too.
#[test]
fn the_overview_shows_every_round() {
    let connection = database();
    guests(
        &connection,
        &["Ana Brown", "Olga Petrov", "Jonas Lindqvist"],
    );
    let mut values = support::seeded(0x0971);
    let mut expected = Vec::new();
    for id in [9, 4, 7, 1, 12] {
        let cents = u32::try_from(values.number(0..90_000)).unwrap_or(0);
        let taking_part = values.size(0..4);
        let pledges: Vec<(i64, u32)> = (1..).zip([3, 1, 2]).take(taking_part).collect();
        add_round(&connection, id, cents, &pledges);
        let guests = u32::try_from(taking_part).unwrap_or(0);
        expected.push((id, format!("Gift {id}"), cents, guests));
    }
    add_round(&connection, 13, 500, &[]);
    expected.push((13, "Gift 13".to_owned(), 500, 0));
    // Two rounds may have one title, a present may cost nothing, and many may take part with the same weight.
    add_round(&connection, 14, u32::MAX, &[(1, 5), (2, 5), (3, 5)]);
    add_round(&connection, 15, 0, &[(3, 5)]);
    connection
        .execute_batch("UPDATE rounds SET title = 'Tea' WHERE id > 13")
        .expect("a title");
    for (id, cents, guests) in [(14, u32::MAX, 3), (15, 0, 1)] {
        let title = "Tea".to_owned();
        expected.push((id, title, cents, guests));
    }
    expected.sort_by_key(|(id, ..)| *id);
    let lines: Vec<Line> = overview(&connection).expect("an overview");
    let found: Vec<(i64, String, u32, u32)> = lines
        .into_iter()
        .map(|line| (line.id, line.title, line.cents, line.guests))
        .collect();
    assert_eq!(found, expected, "the overview");
}

/// The overview asks the database two questions at most, however many rounds there are.
#[test]
fn the_overview_asks_few_questions() {
    let mut connection = database();
    guests(&connection, &["Ana Brown", "Olga Petrov"]);
    for id in 1..=60 {
        add_round(&connection, id, 1000, &[(1, 1), (2, 1)]);
    }
    let more = "INSERT INTO rounds (id, title, cents)
         WITH RECURSIVE n (n) AS (SELECT 61 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
         SELECT n, 'Gift ' || n, 1 FROM n";
    connection.execute_batch(more).expect("more rounds");
    let (lines, asked) = statements(&mut connection, overview);
    assert_eq!(lines.expect("an overview").len(), 3000, "the lines");
    assert!(
        (1..=2).contains(&asked.len()),
        "{} statements for 3000 rounds, such as {:?}",
        asked.len(),
        asked.last()
    );
}

/// A round's page finds its pledges by an index, and does not read those of other rounds. The tables still refuse what they
/// refused: a guest who is there twice, and a pledge without weight.
#[test]
fn a_round_reads_its_own_pledges_only() {
    let mut connection = database();
    guests(&connection, &["Ana Brown", "Olga Petrov", "Cher"]);
    add_round(&connection, 1, 1000, &[(1, 1), (2, 1)]);
    let (_, asked) = statements(&mut connection, |connection| round(connection, 1));
    assert!(!asked.is_empty(), "it asks the database");
    let mut searched = false;
    for sql in asked {
        let mut explained = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("a plan");
        let values = vec![1; explained.parameter_count()];
        let steps: Vec<String> = explained
            .query_map(rusqlite::params_from_iter(values), |row| row.get("detail"))
            .expect("a plan")
            .collect::<rusqlite::Result<_>>()
            .expect("its steps");
        for step in &steps {
            let scan = step.starts_with("SCAN") && !step.contains("CONSTANT");
            assert!(!scan, "the step {step:?} of {sql:?}");
            assert!(!step.contains("AUTOMATIC"), "the step {step:?} of {sql:?}");
            searched |= step.contains("round_id=?");
        }
    }
    assert!(searched, "some step finds the pledges by their round");

    for (guest, weight) in [(1, 2), (3, 0)] {
        let sql = "INSERT INTO pledges (guest_id, round_id, weight) VALUES (?1, 1, ?2)";
        let taken = connection.execute(sql, (guest, weight));
        assert!(
            taken.is_err(),
            "the table still refuses weight {weight} of guest {guest}: {taken:?}"
        );
    }
}

/// Large prices and weights are shared as exactly as small ones.
#[test]
fn large_shares_are_exact() {
    let mut values = support::seeded(0x0973);
    let mut large = || u32::try_from(values.number(3_000_000_000..4_294_967_296)).unwrap_or(1);
    for _ in 0..300 {
        let (cents, weights) = (large(), [large(), large(), large()]);
        let all: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        let mut expected = weights.map(|weight| u128::from(cents) * u128::from(weight) / all);
        let left = u128::from(cents) - expected.iter().sum::<u128>();
        for (share, _) in expected.iter_mut().zip(0..left) {
            *share += 1;
        }
        let shares: Vec<u128> = split(cents, &weights).into_iter().map(u128::from).collect();
        assert_eq!(shares, expected, "{cents} cents by {weights:?}");
    }
}

/// Shares add up to the price, to the cent, whatever the price and the weights.
#[test]
fn shares_add_up() {
    let mut values = support::seeded(0x0972);
    for _ in 0..400 {
        let cents = u32::try_from(values.number(0..100_000)).unwrap_or(0);
        let weights: Vec<u32> = (0..values.size(1..9))
            .map(|_| u32::try_from(values.number(1..12)).unwrap_or(1))
            .collect();
        let shares: Vec<u32> = split(cents, &weights);
        let case = format!("{cents} cents by {weights:?}: {shares:?}");
        assert_eq!(shares.len(), weights.len(), "a share for each: {case}");
        let sum: u64 = shares.iter().map(|share| u64::from(*share)).sum();
        assert_eq!(sum, u64::from(cents), "the sum: {case}");
        let all: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        for (share, weight) in shares.iter().zip(&weights) {
            // Exact: share * all lies at most a cent above or below cents * weight.
            let exact = u64::from(cents) * u64::from(*weight);
            let paid = u64::from(*share) * all;
            assert!(paid.abs_diff(exact) <= all, "within a cent: {case}");
        }
    }
}

/// Each share is exact, also where a floating-point number lies a hair below it: 294 cents by 3 and 15 are 49 and 245.
#[test]
fn shares_are_exact() {
    for (first, second) in (1..22_u32).flat_map(|first| (1..22).map(move |second| (first, second)))
    {
        for cents in (0..900_u32).step_by(3) {
            let weights = [first, second];
            let down = weights.map(|weight| cents * weight / (first + second));
            let left = cents - down[0] - down[1];
            assert_eq!(
                split(cents, &weights),
                [down[0] + left, down[1]],
                "{cents} cents by {weights:?}"
            );
        }
    }
}

/// The cents that are left go to the first, one each.
#[test]
fn the_first_pay_what_is_left() {
    for (cents, weights, expected) in [
        (100, &[1, 1, 1][..], &[34, 33, 33][..]),
        (101, &[1, 1, 1], &[34, 34, 33]),
        (1000, &[2, 1], &[667, 333]),
        (1000, &[1, 2], &[334, 666]),
        (2, &[1, 1, 1], &[1, 1, 0]),
        (0, &[1, 2], &[0, 0]),
        (999, &[5], &[999]),
        (10, &[1, 9], &[1, 9]),
        (5, &[3, 3, 4], &[2, 1, 2]),
        (500, &[], &[]),
        (0, &[], &[]),
        (u32::MAX, &[1, 1], &[2_147_483_648, 2_147_483_647]),
        // A floating-point number takes the second for a whole cent.
        (
            3_779_681_925,
            &[3_297_511_125, 3_573_666_814],
            &[1_813_887_417, 1_965_794_508],
        ),
        (
            2_421_332_032,
            &[3_173_548_139, 3_995_834_408],
            &[1_071_809_702, 1_349_522_330],
        ),
        (
            u32::MAX,
            &[u32::MAX, u32::MAX],
            &[2_147_483_648, 2_147_483_647],
        ),
    ] {
        assert_eq!(
            split(cents, weights),
            expected,
            "{cents} cents by {weights:?}"
        );
    }
}

/// Every name has its initials: the first character of the first word and of the last, whatever the script.
#[test]
fn every_guest_has_initials() {
    for (name, expected) in [
        ("Ana Brown", "AB"),
        ("Mary Anne Evans", "ME"),
        ("Cher", "C"),
        ("émile zola", "ÉZ"),
        ("Émile", "É"),
        ("Jonas Østergaard", "JØ"),
        ("ßeta tester", "SST"),
        ("李 小龙", "李小"),
        ("Ana  Brown", "AB"),
        (" Ana Brown ", "AB"),
        ("Ana ", "A"),
        ("Ana\tBrown", "AB"),
        ("Ana\u{a0}Brown", "AB"),
        ("Ana Ana", "AA"),
        ("Ana Smith-Jones", "AS"),
        ("Jean-Luc", "J"),
        ("Ana Brown (Jr.)", "A("),
        ("3 Musketeers", "3M"),
        ("'t Hart", "'H"),
        ("Ana !", "A!"),
        ("", "?"),
        (" \t ", "?"),
    ] {
        assert_eq!(initials(name), expected, "{name:?}");
    }
}

/// A round has its guests in the order of their ids, with what each pays; a round that is not there is none.
#[test]
fn a_round_shows_who_pays_what() {
    let connection = database();
    guests(&connection, &["Olga Petrov", "Cher", "Émile Zola"]);
    add_round(&connection, 1, 5000, &[(2, 1)]);
    add_round(&connection, 2, 100, &[(3, 4), (1, 1), (2, 2)]);
    let found: Option<Round> = round(&connection, 2).expect("a round");
    let Some(found) = found else {
        panic!("round 2 is there");
    };
    let shares: Vec<(&str, &str, u32)> = found
        .shares
        .iter()
        .map(|share: &Share| (&*share.name, &*share.initials, share.cents))
        .collect();
    let expected = [
        ("Olga Petrov", "OP", 15),
        ("Cher", "C", 28),
        ("Émile Zola", "ÉZ", 57),
    ];
    assert_eq!(shares, expected, "the shares");
    assert_eq!(found.title, "Gift 2", "the title");
    assert_eq!(found.cents, 100, "the cents");
    let missing = round(&connection, 3).expect("an answer");
    assert!(missing.is_none(), "a round that is not there: {missing:?}");
    add_round(&connection, 4, 700, &[]);
    let empty = round(&connection, 4)
        .expect("a round")
        .map(|round| round.shares.len());
    assert_eq!(empty, Some(0), "a round without guests");
}

/// The program: every round has its page, whoever its guests are, and the log has no error.
#[tokio::test]
async fn the_program_shows_every_round() {
    let connection = database();
    guests(&connection, &["Ana Brown", "Émile Zola", " Olga  Petrov "]);
    add_round(&connection, 1, 1000, &[(1, 1)]);
    add_round(&connection, 2, 100, &[(1, 1), (2, 1), (3, 1)]);
    let parts = standins::parts();
    let rounds: Router = routes(connection);
    let (server, log) = logged_program(parts, standins::desk(), rounds).await;
    for (path, part) in [
        ("/rounds", "Gift 2"),
        ("/rounds/1", "10.00 €"),
        ("/rounds/2", "0.34 €"),
        ("/rounds", "3 guests"),
    ] {
        let response = http::answer(server.get(path)).await;
        let status = http::status(&response);
        let page = http::text(response).await;
        assert_eq!(status, 200, "GET {path}: {page}");
        assert!(page.contains(part), "GET {path}: {part:?} in {page}");
    }
    let lines: Vec<Value> = log.requests();
    assert!(
        lines.iter().all(|line| line.get("error").is_none()),
        "the log: {lines:?}"
    );
}
