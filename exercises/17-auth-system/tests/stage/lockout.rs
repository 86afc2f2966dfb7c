use std::net::IpAddr;
use std::sync::Arc;

use auth_system::given::app::{App, Client, Cx};
use auth_system::given::config::{Config, LockoutLimits};
use auth_system::given::problem::Problem;
use auth_system::lockout::{Gate, network, pause};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::post;

use crate::helpers::{Answer, TestApp, answer, count, spawn_with};

const GUESSER: &str = "203.0.113.66";
const OWNER: &str = "192.0.2.7";

/// A door that asks the lockout first, then takes the word `right`, `half` (a password without its code) or nothing.
async fn attempt(
    cx: Cx,
    Path((email, word)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    cx.run(move |cx| {
        cx.write(|tx| tx.neighbours().lockout.begin(tx, &email))?;
        cx.write(|tx| match word.as_str() {
            "right" => tx
                .neighbours()
                .lockout
                .succeeded(tx, &email)
                .map(|()| StatusCode::NO_CONTENT),
            "half" => tx
                .neighbours()
                .lockout
                .take_back(tx, &email)
                .map(|()| StatusCode::ACCEPTED),
            _ => Err(Problem::invalid_credentials()),
        })
    })
    .await
}

async fn app() -> TestApp {
    app_with(Config::for_tests()).await
}

async fn app_with(config: Config) -> TestApp {
    let routes: Router<App> = Router::new().route("/attempt/{email}/{word}", post(attempt));
    spawn_with(config, routes, |neighbours, _| {
        neighbours.lockout = Arc::new(Gate)
    })
    .await
}

/// One attempt by the client at this address.
async fn try_from(app: &TestApp, client: &str, email: &str, word: &str) -> Answer {
    let request = app.server.post(&format!("/attempt/{email}/{word}"));
    answer(request.header("x-forwarded-for", client)).await
}

/// `times` failed attempts, all of which must go through.
async fn fail(app: &TestApp, client: &str, email: &str, times: usize) {
    for time in 1..=times {
        let answer: Answer = try_from(app, client, email, "wrong").await;
        assert_eq!(
            answer.status, 401,
            "attempt {time} of {times} by {client} at {email} goes through"
        );
    }
}

/// What is left to wait, in the words of the answer; empty when the attempt goes through.
async fn wait(app: &TestApp, client: &str, email: &str) -> String {
    let answer: Answer = try_from(app, client, email, "wrong").await;
    if answer.status == 429 {
        assert_eq!(answer.code(), "locked", "a refusal: {:?}", answer.body);
    }
    answer.header("retry-after").to_owned()
}

/// After five failures the next attempt waits a minute, to the second, even if it has the right password.
#[tokio::test]
async fn five_failures_bring_a_pause() {
    let app = app().await;
    fail(&app, GUESSER, "ada", 5).await;
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "60",
        "Retry-After, at once"
    );
    app.clock.advance(59);
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "1",
        "Retry-After, 59 seconds later"
    );
    assert_eq!(
        try_from(&app, GUESSER, "ada", "right").await.status,
        429,
        "the right word, 59 seconds later"
    );
    app.clock.advance(1);
    assert_eq!(
        try_from(&app, GUESSER, "ada", "right").await.status,
        204,
        "the right word, 60 seconds later"
    );
}

/// Each failure after a pause doubles the next one, up to an hour; refused attempts prolong nothing.
#[tokio::test]
async fn pauses_double() {
    let app = app().await;
    fail(&app, GUESSER, "ada", 4).await;
    for expected in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
        fail(&app, GUESSER, "ada", 1).await;
        for _ in 0..3 {
            assert_eq!(
                wait(&app, GUESSER, "ada").await,
                expected.to_string(),
                "the pause of {expected} seconds"
            );
        }
        app.clock.advance(expected);
    }
}

/// The pause follows the doubling law for any limits, and no number of failures makes it overflow.
#[test]
fn the_pause_follows_the_law() {
    let mut random = support::seeded(0x1781);
    for _ in 0..100 {
        let mut number = |below| i64::try_from(random.number(1..below)).expect("it fits");
        let allowed = number(50);
        let limits = LockoutLimits {
            per_account: allowed,
            per_client: allowed,
            first_pause: number(600),
            longest_pause: 600 + number(100_000),
            memory: 86_400,
        };
        assert_eq!(
            pause(allowed - 1, allowed, &limits),
            0,
            "one failure fewer than allowed, {limits:?}"
        );
        assert_eq!(pause(0, allowed, &limits), 0, "no failure, {limits:?}");
        let mut expected = limits.first_pause;
        for failures in allowed..allowed + 40 {
            let answer: i64 = pause(failures, allowed, &limits);
            assert_eq!(
                answer,
                expected.min(limits.longest_pause),
                "{failures} failures, {limits:?}"
            );
            expected = (expected * 2).min(limits.longest_pause);
        }
        for many in [
            allowed + 61,
            allowed + 62,
            allowed + 63,
            allowed + 64,
            5_000,
            i64::MAX,
        ] {
            assert_eq!(
                pause(many, allowed, &limits),
                limits.longest_pause,
                "{many} failures, {limits:?}"
            );
        }
    }
}

/// The law holds at its ends, too: for the smallest and the largest pauses, and for a first pause above the longest.
#[test]
fn the_pause_holds_at_its_ends() {
    for (failures, first, longest, expected) in [
        (5, 600, 60, 60),
        (6, 600, 60, 60),
        (5, 0, 60, 0),
        (5_000, 0, 60, 0),
        (5 + 31, 1, i64::MAX, 1 << 31),
        (5 + 40, 1, i64::MAX, 1 << 40),
        (5 + 62, 1, i64::MAX, 1 << 62),
        (5 + 63, 1, i64::MAX, i64::MAX),
        (5 + 2, (1 << 53) + 1, i64::MAX, (1 << 55) + 4),
        (5, (1 << 53) + 1, i64::MAX, (1 << 53) + 1),
        (5 + (1 << 32), 60, 3_600, 3_600),
        (5 + (1 << 32) + 1, 60, 3_600, 3_600),
    ] {
        let limits = LockoutLimits {
            per_account: 5,
            per_client: 5,
            first_pause: first,
            longest_pause: longest,
            memory: 86_400,
        };
        let answer: i64 = pause(failures, 5, &limits);
        assert_eq!(answer, expected, "{failures} failures, {limits:?}");
    }
}

/// Limits so small that both counters can be reached.
async fn small(per_account: i64, per_client: i64, memory: i64) -> TestApp {
    app_with(Config {
        lockout: LockoutLimits {
            per_account,
            per_client,
            first_pause: 60,
            longest_pause: 3_600,
            memory,
        },
        ..Config::for_tests()
    })
    .await
}

/// What is refused because of one counter is not counted by the other, and moves no time.
#[tokio::test]
async fn a_refusal_counts_nowhere() {
    let app = small(2, 3, 86_400).await;
    for email in ["ada", "ben", "cai"] {
        fail(&app, GUESSER, email, 1).await;
    }
    for _ in 0..3 {
        assert_eq!(
            wait(&app, GUESSER, "dora").await,
            "60",
            "a fourth account, when three failures over all are allowed"
        );
    }
    app.clock.advance(60);
    assert_eq!(
        try_from(&app, GUESSER, "dora", "half").await.status,
        202,
        "the fourth account, after the pause"
    );
    let counted: i64 = app.query("SELECT sum(failures) FROM attempts", []);
    assert_eq!(
        counted, 6,
        "three failures at three accounts and three over all, in the table"
    );

    let app = small(2, 50, 100).await;
    fail(&app, GUESSER, "ada", 2).await;
    app.clock.advance(50);
    assert_eq!(wait(&app, GUESSER, "ada").await, "10", "50 seconds later");
    app.clock.advance(50);
    fail(&app, GUESSER, "ada", 1).await;
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "",
        "two attempts, 100 seconds after the last that was no refusal"
    );
}

/// Failures are remembered from the last attempt on, not from the first.
#[tokio::test]
async fn the_last_attempt_is_remembered() {
    let app = small(3, 50, 100).await;
    for _ in 0..2 {
        fail(&app, GUESSER, "ada", 1).await;
        app.clock.advance(60);
    }
    fail(&app, GUESSER, "ada", 1).await;
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "60",
        "three failures, each 60 seconds after the one before, with a memory of 100 seconds"
    );
}

/// When both counters are locked the answer says the longer wait, whichever of them it is.
#[tokio::test]
async fn of_two_pauses_the_longer_counts() {
    let app = small(2, 4, 86_400).await;
    fail(&app, GUESSER, "ada", 1).await;
    fail(&app, GUESSER, "ben", 1).await;
    fail(&app, GUESSER, "ada", 1).await;
    app.clock.advance(10);
    fail(&app, GUESSER, "cai", 1).await;
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "60",
        "50 seconds are left at the account, and 60 over all"
    );
    let app = small(2, 5, 86_400).await;
    fail(&app, GUESSER, "ada", 2).await;
    app.clock.advance(60);
    fail(&app, GUESSER, "ben", 1).await;
    fail(&app, GUESSER, "cai", 1).await;
    fail(&app, GUESSER, "ada", 1).await;
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "120",
        "120 seconds are left at the account, and 60 over all"
    );
}

/// The counter over all accounts doubles its pauses, and an attempt that is taken back is taken back there, too: one,
/// and with it the pause that it began.
#[tokio::test]
async fn both_counters_obey_the_law() {
    let app = small(50, 3, 86_400).await;
    for email in ["ada", "ben"] {
        fail(&app, GUESSER, email, 1).await;
    }
    for time in 1..=3 {
        assert_eq!(
            try_from(&app, GUESSER, "cai", "half").await.status,
            202,
            "half a sign-in after two failures, for the {time}. time"
        );
    }
    assert_eq!(
        try_from(&app, GUESSER, "cai", "right").await.status,
        204,
        "a sign-in after two failures"
    );
    for expected in [60, 120, 240] {
        fail(&app, GUESSER, "dora", 1).await;
        assert_eq!(
            wait(&app, GUESSER, "emma").await,
            expected.to_string(),
            "the pause over all accounts"
        );
        app.clock.advance(expected);
    }
}

/// What `begin` answers to an attempt by this client, if it refuses.
fn begin(app: &TestApp, client: &str, agent: &str, email: &str) -> Option<&'static str> {
    let client = Client {
        address: client.parse().expect("an address"),
        user_agent: agent.to_owned(),
        cookie: None,
    };
    let answer =
        Cx::new(app.app.clone(), client).write(|tx| tx.neighbours().lockout.begin(tx, email));
    answer.err().map(|problem| problem.code())
}

/// A counter belongs to one client and one whole address: nothing that is only alike shares it, and what a client calls
/// itself changes nothing.
#[tokio::test]
async fn a_counter_is_one_client_at_one_address() {
    let long = "a".repeat(60);
    for ((one, at), (other, there)) in [
        (
            (GUESSER, "ada@lantern.example"),
            (GUESSER, "ada@lantern.test"),
        ),
        (
            (GUESSER, "ada@lantern.example"),
            (GUESSER, "a.da@lantern.example"),
        ),
        (
            (GUESSER, "ada@lantern.example"),
            (GUESSER, "ada+x@lantern.example"),
        ),
        (
            (GUESSER, &format!("{long}b@lantern.example")),
            (GUESSER, &format!("{long}c@lantern.example")),
        ),
        (
            ("192.0.2.7", "7x@lantern.example"),
            ("192.0.2.77", "x@lantern.example"),
        ),
    ] {
        let app = small(2, 50, 86_400).await;
        for _ in 0..2 {
            assert_eq!(begin(&app, one, "curl", at), None, "{one} at {at:?}");
        }
        assert_eq!(
            begin(&app, other, "curl", there),
            None,
            "{other} at {there:?}, after two failures by {one} at {at:?}"
        );
    }
    let app = small(2, 1_000, 86_400).await;
    for number in 0..400 {
        let email = format!("reader{number}@lantern.example");
        assert_eq!(begin(&app, OWNER, "curl", &email), None, "once at {email}");
    }
    // The texts that a counter over all accounts may be confused with.
    for odd in ["", "*", " ", "all"] {
        let app = small(2, 3, 86_400).await;
        for agent in ["curl", "Firefox"] {
            assert_eq!(begin(&app, GUESSER, agent, odd), None, "{agent} at {odd:?}");
        }
        assert_eq!(
            begin(&app, GUESSER, "Safari", odd),
            Some("locked"),
            "the third attempt at {odd:?}, under the third name"
        );
        assert_eq!(
            begin(&app, GUESSER, "Safari", "ada"),
            None,
            "the third attempt over all"
        );
        assert_eq!(
            begin(&app, GUESSER, "Opera", "ben"),
            Some("locked"),
            "the fourth attempt over all, under the fourth name"
        );
    }
}

/// A guesser locks out nobody but himself: the owner signs in from elsewhere, before, during and after.
#[tokio::test]
async fn a_guesser_does_not_lock_the_owner_out() {
    let app = app().await;
    fail(&app, GUESSER, "ada", 5).await;
    assert_eq!(wait(&app, GUESSER, "ada").await, "60", "the guesser waits");
    assert_eq!(
        try_from(&app, OWNER, "ada", "right").await.status,
        204,
        "the owner, from elsewhere"
    );
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "60",
        "the owner's success does not release the guesser"
    );
    assert_eq!(
        wait(&app, GUESSER, "ben").await,
        "",
        "the guesser at another account: a second counter"
    );
}

/// A success forgets the failures of its own client at its own account.
#[tokio::test]
async fn a_success_starts_afresh() {
    let app = app().await;
    for _ in 0..3 {
        fail(&app, OWNER, "ada", 4).await;
        assert_eq!(
            try_from(&app, OWNER, "ada", "right").await.status,
            204,
            "the fifth attempt is right"
        );
    }
    fail(&app, OWNER, "ada", 5).await;
    assert_eq!(
        wait(&app, OWNER, "ada").await,
        "60",
        "five failures after a success"
    );
}

/// A success at one account forgets nothing about the others: whoever has an account cannot wash off guesses with it.
#[tokio::test]
async fn a_success_counts_for_its_own_account() {
    let app = app().await;
    fail(&app, GUESSER, "ada", 4).await;
    assert_eq!(
        try_from(&app, GUESSER, "eve", "right").await.status,
        204,
        "the guesser's own account"
    );
    fail(&app, GUESSER, "ada", 1).await;
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "60",
        "five failures at one account, with a success at another one in between"
    );
}

/// An IPv6 customer has a network of addresses: guessing from a new one each time is guessing all the same.
#[tokio::test]
async fn addresses_of_one_network_are_one_client() {
    let app = app().await;
    for number in 1..=5 {
        fail(&app, &format!("2001:db8:1:2::{number}"), "ada", 1).await;
    }
    assert_eq!(
        wait(&app, "2001:db8:1:2::6", "ada").await,
        "60",
        "the sixth address of one network, after a failure from each of five"
    );
    assert_eq!(
        wait(&app, "2001:db8:1:3::6", "ada").await,
        "",
        "an address of the network beside it"
    );
}

/// A password without its code is taken back: neither a failure, nor a way to forget failures.
#[tokio::test]
async fn what_is_taken_back_counts_for_nothing() {
    let app = app().await;
    for _ in 0..60 {
        assert_eq!(
            try_from(&app, OWNER, "ada", "half").await.status,
            202,
            "a password without its code"
        );
    }
    fail(&app, OWNER, "ada", 4).await;
    assert_eq!(
        try_from(&app, OWNER, "ada", "half").await.status,
        202,
        "after four failures"
    );
    fail(&app, OWNER, "ada", 1).await;
    assert_eq!(
        wait(&app, OWNER, "ada").await,
        "60",
        "the four failures before it still count"
    );
}

/// One guess at each of fifty accounts is stopped too, and a guesser's own successes in between do not help.
#[tokio::test]
async fn spraying_is_stopped() {
    let app = app().await;
    // First without any success.
    let simple = "198.51.100.9";
    for account in 1..=50 {
        fail(&app, simple, &format!("reader{account}"), 1).await;
    }
    assert_eq!(
        wait(&app, simple, "reader51").await,
        "60",
        "the guess at the 51st account, by a client that never got in"
    );
    for account in 1..=50 {
        let own = try_from(&app, GUESSER, "eve", "right").await;
        assert_eq!(
            own.status, 204,
            "the guesser's own account, before guess {account}"
        );
        fail(&app, GUESSER, &format!("reader{account}"), 1).await;
    }
    assert_eq!(
        wait(&app, GUESSER, "reader51").await,
        "60",
        "the guess at the 51st account"
    );
    assert_eq!(
        try_from(&app, GUESSER, "eve", "right").await.status,
        429,
        "the guesser's own account, now"
    );
    assert_eq!(
        wait(&app, OWNER, "reader51").await,
        "",
        "another client at that account"
    );
}

/// Clients are addresses, and in IPv6 networks of 64 bits; one address in two forms is one client.
#[test]
fn a_client_is_an_address_or_a_network() {
    let of = |text: &str| -> String { network(text.parse::<IpAddr>().expect("an address")) };
    for (one, other, same) in [
        ("192.0.2.7", "192.0.2.7", true),
        ("192.0.2.7", "192.0.2.8", false),
        ("::ffff:192.0.2.7", "192.0.2.7", true),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", false),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", false),
        ("2001:db8:1:2::7", "2001:db8:2:2::7", false),
        ("2001:db8:1:2::7", "2001:db9:1:2::7", false),
        ("2001:db8:1:2::7", "2002:db8:1:2::7", false),
        ("2001:db8:1:23::", "2001:db8:12:3::", false),
        ("::192.0.2.7", "192.0.2.7", false),
        ("::1", "127.0.0.1", false),
    ] {
        assert_eq!(
            of(one) == of(other),
            same,
            "{one} and {other} as one client: {} {}",
            of(one),
            of(other)
        );
    }
}

/// A day without an attempt, and the failures are forgotten; a second less, and they are not.
#[tokio::test]
async fn failures_are_forgotten_after_a_day() {
    let app = app().await;
    fail(&app, GUESSER, "ada", 4).await;
    app.clock.advance(86_399);
    fail(&app, GUESSER, "ada", 1).await;
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "60",
        "the fifth failure, a second before the day is over"
    );
    app.clock.advance(86_400);
    fail(&app, GUESSER, "ada", 4).await;
    assert_eq!(
        try_from(&app, GUESSER, "ada", "right").await.status,
        204,
        "the fifth attempt, a day later"
    );
}

/// Of twenty guesses at the same time five go through.
#[tokio::test]
async fn of_twenty_guesses_at_once_five_go_through() {
    let app = app().await;
    let guess = || {
        app.server
            .post("/attempt/ada/wrong")
            .header("x-forwarded-for", GUESSER)
    };
    let answers: Vec<Answer> = app.at_once(20, guess).await;
    assert_eq!(
        (count(&answers, 401), count(&answers, 429)),
        (5, 15),
        "guesses that went through, and refusals"
    );
}

/// How many failures are allowed, how long the pauses are and when failures are forgotten is the operator's to say.
#[tokio::test]
async fn the_operator_sets_the_limits() {
    let app = app_with(Config {
        lockout: LockoutLimits {
            per_account: 2,
            per_client: 6,
            first_pause: 7,
            longest_pause: 10,
            memory: 100,
        },
        ..Config::for_tests()
    })
    .await;
    fail(&app, GUESSER, "ada", 2).await;
    assert_eq!(wait(&app, GUESSER, "ada").await, "7", "two at one account");
    app.clock.advance(7);
    fail(&app, GUESSER, "ada", 1).await;
    assert_eq!(wait(&app, GUESSER, "ada").await, "10", "the longest pause");
    for email in ["ben", "cai", "dora"] {
        fail(&app, GUESSER, email, 1).await;
    }
    assert_eq!(
        wait(&app, GUESSER, "emma").await,
        "7",
        "six over all accounts"
    );
    app.clock.advance(100);
    fail(&app, GUESSER, "ada", 2).await;
    assert_eq!(
        wait(&app, GUESSER, "ada").await,
        "7",
        "two more, after the first were forgotten"
    );
}
