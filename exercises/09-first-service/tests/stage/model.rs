use first_service::given::standins;
use first_service::given::wishes::{PriceError, Priority, Refused, State, Step, Wish};
use first_service::model::{MOST_CENTS, after, open_cents, parse_cents, show_cents, sort};
use first_service::program::written_model;
use serde_json::{Value, json};

use crate::shared::{program, wish};
use support::http;

/// A price is digits, and perhaps a point or a comma and two digits more, with white space around it.
#[test]
fn a_price_is_read_to_the_cent() {
    for (text, cents) in [
        ("12.50", 1250),
        ("12,50", 1250),
        (" \t12.50 ", 1250),
        ("\u{a0}12.50\u{3000}", 1250),
        ("0012.50", 1250),
        ("000000000000012.50", 1250),
        ("12", 1200),
        ("0", 0),
        ("0.07", 7),
        ("19.99", 1999),
        ("4.35", 435),
        ("1000000", MOST_CENTS),
        ("1000000.00", MOST_CENTS),
        ("999999.99", 99_999_999),
    ] {
        let read: Result<u32, PriceError> = parse_cents(text);
        assert_eq!(read, Ok(cents), "{text:?}");
    }
}

/// Whatever is written otherwise is no price.
#[test]
fn anything_else_is_no_price() {
    for text in [
        "",
        " ",
        "12.5",
        "12.500",
        "12.",
        ".50",
        ",",
        "-1",
        "+1",
        "12.+5",
        "12.-5",
        "1e3",
        "NaN",
        "inf",
        "1.000,00",
        "1 000",
        "12 .50",
        "12.5 ",
        "12.50 €",
        "0x10",
        "1_000",
        "١٢.٥٠",
        "١٢",
        "１２.50",
        "Ⅻ",
        "12.٥",
        "12.é",
        "12.50.00",
        "12;50",
        "12:50",
        "12'50",
        "12·50",
        "12٫50",
    ] {
        let read: Result<u32, PriceError> = parse_cents(text);
        assert_eq!(read, Err(PriceError::NotAPrice), "{text:?}");
    }
}

/// A price above the highest is too much, however many digits it has.
#[test]
fn too_much_is_told_apart() {
    for text in [
        "1000000.01".to_owned(),
        "1000001".to_owned(),
        "42949673.00".to_owned(),
        "4294967296".to_owned(),
        "18446744073709551617".to_owned(),
        "184467440737095517.00".to_owned(),
        "9".repeat(100),
        format!("{},99", "9".repeat(40)),
    ] {
        assert_eq!(parse_cents(&text), Err(PriceError::TooMuch), "{text:?}");
    }
    for crooked in [
        format!("{}.5", "9".repeat(40)),
        "1000001.5".to_owned(),
        "2000000.".to_owned(),
        "9999999,999".to_owned(),
        "2000000.xy".to_owned(),
    ] {
        assert_eq!(
            parse_cents(&crooked),
            Err(PriceError::NotAPrice),
            "{crooked:?}"
        );
    }
}

/// An amount is written with two digits behind the point, and is not rounded, however large.
#[test]
fn an_amount_is_written_for_people() {
    for (cents, text) in [
        (0, "0.00 €"),
        (5, "0.05 €"),
        (50, "0.50 €"),
        (1250, "12.50 €"),
        (120_000, "1200.00 €"),
        ((1 << 53) + 1, "90071992547409.93 €"),
        (u64::MAX, "184467440737095516.15 €"),
    ] {
        assert_eq!(show_cents(cents), text, "{cents} cents");
    }
}

/// What is written can be read again, to the cent.
#[test]
fn what_is_written_can_be_read() {
    for cents in support::seeded(0x0911).numbers(0..100_000_001).take(300) {
        let text = show_cents(cents).replace(" €", "");
        let expected = u32::try_from(cents).map_err(|_| PriceError::TooMuch);
        assert_eq!(parse_cents(&text), expected, "{text:?}");
    }
}

fn reserved(by: &str) -> State {
    State::Reserved { by: by.to_owned() }
}

fn given(by: &str) -> State {
    State::Given { by: by.to_owned() }
}

/// A wish is reserved, and then given or released by whoever reserved it, whose name is kept as it is.
#[test]
fn a_wish_goes_its_way() {
    let mut values = support::seeded(0x0912);
    let mut names: Vec<String> = (0..20).map(|_| values.word(1..9)).collect();
    names.extend(["", " ", " Ana ", "ANA", "Ana Brown"].map(str::to_owned));
    for ana in names {
        for (state, step, expected) in [
            (State::Wanted, Step::Reserve, reserved(&ana)),
            (reserved(&ana), Step::Reserve, reserved(&ana)),
            (reserved(&ana), Step::Release, State::Wanted),
            (reserved(&ana), Step::Give, given(&ana)),
        ] {
            let answer: Result<State, Refused> = after(&state, step, &ana);
            assert_eq!(answer, Ok(expected), "{state:?}, {step:?} by {ana}");
        }
    }
}

/// Every other step is refused, with the reason that the table gives. A name that is only like mine is somebody else's.
#[test]
fn every_other_step_is_refused() {
    use Refused::{AlreadyGiven, AlreadyReserved, NotReserved, NotYours};
    for (state, step, expected) in [
        (State::Wanted, Step::Release, NotReserved),
        (State::Wanted, Step::Give, NotReserved),
        (given("Olga"), Step::Reserve, AlreadyGiven),
        (given("Olga"), Step::Release, AlreadyGiven),
        (given("Olga"), Step::Give, AlreadyGiven),
        (given("Ana"), Step::Reserve, AlreadyGiven),
        (given("Ana"), Step::Release, AlreadyGiven),
        (given("Ana"), Step::Give, AlreadyGiven),
    ] {
        let answer: Result<State, Refused> = after(&state, step, "Ana");
        assert_eq!(answer, Err(expected), "{state:?}, {step:?} by Ana");
    }
    for other in [
        "Olga", "ana", "ANA", "An", "Anabel", " Ana", "Ana ", "Аna", "",
    ] {
        for (step, expected) in [
            (Step::Reserve, AlreadyReserved),
            (Step::Release, NotYours),
            (Step::Give, NotYours),
        ] {
            let answer = after(&reserved(other), step, "Ana");
            assert_eq!(answer, Err(expected), "of {other:?}, {step:?} by Ana");
        }
    }
}

/// Wanted before reserved before given; then what is wanted more, then what costs less, then the smaller id.
#[test]
fn the_list_has_an_order() {
    let in_state = |id, state| Wish {
        state,
        ..wish(id, 100, Priority::Normal)
    };
    let expected: Vec<Wish> = vec![
        wish(7, 900, Priority::High),
        wish(9, 100, Priority::Normal),
        wish(10, 100, Priority::Normal),
        wish((1 << 32) + 3, 100, Priority::Normal),
        wish(15, 150, Priority::Normal),
        wish(11, 199, Priority::Normal),
        wish(2, 200, Priority::Normal),
        wish(1, 0, Priority::Low),
        Wish {
            priority: Priority::High,
            ..in_state(8, reserved("Zoë"))
        },
        in_state(3, reserved("Ana")),
        in_state(5, reserved("Ana")),
        Wish {
            priority: Priority::High,
            ..in_state(6, given("Zoë"))
        },
        in_state(4, given("Ana")),
    ];
    let mut values = support::seeded(0x0913);
    for _ in 0..50 {
        let mut wishes = expected.clone();
        values.shuffle(&mut wishes);
        sort(&mut wishes);
        let ids = |wishes: &[Wish]| -> Vec<i64> { wishes.iter().map(|wish| wish.id).collect() };
        assert_eq!(ids(&wishes), ids(&expected), "the ids, in order");
    }
}

/// All that is not given counts, what is reserved too, and the sum is wide enough for the fullest list.
#[test]
fn the_sum_is_what_is_open() {
    assert_eq!(open_cents(&[]), 0, "an empty list");
    let mut values = support::seeded(0x0914);
    for _ in 0..30 {
        let mut wishes = Vec::new();
        let mut expected = 0;
        for id in 1..=12 {
            let cents = values.number(0..5000);
            let state = values
                .pick(&[State::Wanted, reserved("Ana"), given("Ana")])
                .clone();
            if state != given("Ana") {
                expected += cents;
            }
            let cents = u32::try_from(cents).unwrap_or(0);
            wishes.push(Wish {
                state,
                ..wish(id, cents, Priority::Low)
            });
        }
        assert_eq!(open_cents(&wishes), expected, "{wishes:?}");
    }
    let full: Vec<Wish> = (1..=200)
        .map(|id| wish(id, MOST_CENTS, Priority::Low))
        .collect();
    assert_eq!(
        open_cents(&full),
        20_000_000_000,
        "two hundred wishes of a million"
    );
}

/// The program: what is typed as 12,50 stands on the page as 12.50 €, and in the sum.
#[tokio::test]
async fn the_program_counts_in_your_cents() {
    let mut parts = standins::parts();
    parts.model = written_model();
    let server = program(parts, standins::desk()).await;
    for (title, price) in [("Emma", "12,50"), ("A lamp", "7")] {
        let draft = json!({ "title": title, "price": price });
        let response = http::answer(server.post("/api/wishes").json(&draft)).await;
        assert_eq!(
            http::status(&response),
            201,
            "POST /api/wishes with {draft}"
        );
    }
    let listed: Value = http::json(http::answer(server.get("/api/wishes")).await).await;
    assert_eq!(listed["open_cents"], json!(1950), "{listed}");
    assert_eq!(
        listed["wishes"][0]["title"],
        json!("A lamp"),
        "the cheaper is first: {listed}"
    );
    let page = http::text(http::answer(server.get("/")).await).await;
    assert!(page.contains("12.50 €"), "the price on the page: {page}");
    assert!(page.contains("19.50 €"), "the sum on the page: {page}");
}
