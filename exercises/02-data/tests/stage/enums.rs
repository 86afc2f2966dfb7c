use data::enums::{Event, MoveError, Order, OrderState};

use crate::texts;

const DUE: u64 = 3750;

/// From here on a floating-point number no longer tells one cent from the next.
const LARGE: u64 = 1 << 53;

fn pay(receipt: u32) -> Event {
    Event::Pay {
        cents: DUE,
        receipt,
    }
}

fn ship(parcel: &str) -> Event {
    Event::Ship {
        parcel: parcel.to_string(),
    }
}

/// What the tests compare: the state of an order, in a type of their own.
#[derive(Debug, PartialEq)]
enum State<'a> {
    Placed,
    Paid { receipt: u32 },
    Shipped { receipt: u32, parcel: &'a str },
    Delivered { receipt: u32 },
    Cancelled { refund: Option<u32> },
}

fn state(order: &Order) -> State<'_> {
    let state: &OrderState = order.state();
    match *state {
        OrderState::Placed => State::Placed,
        OrderState::Paid { receipt } => State::Paid { receipt },
        OrderState::Shipped {
            receipt,
            ref parcel,
        } => State::Shipped { receipt, parcel },
        OrderState::Delivered { receipt } => State::Delivered { receipt },
        OrderState::Cancelled { refund } => State::Cancelled { refund },
    }
}

/// And why an event was refused.
#[derive(Debug, PartialEq)]
enum Refusal {
    NotAllowed,
    WrongAmount { due_cents: u64, paid_cents: u64 },
    NoParcelNumber,
}

fn told(answer: Result<(), MoveError>) -> Result<(), Refusal> {
    answer.map_err(|error| match error {
        MoveError::NotAllowed => Refusal::NotAllowed,
        MoveError::WrongAmount {
            due_cents,
            paid_cents,
        } => Refusal::WrongAmount {
            due_cents,
            paid_cents,
        },
        MoveError::NoParcelNumber => Refusal::NoParcelNumber,
    })
}

/// An order over `DUE` cents to which each of `events` has happened, without an error.
fn order_after(events: &[Event]) -> Order {
    let mut order = Order::new(DUE);
    for event in events {
        assert_eq!(
            told(order.apply(event.clone())),
            Ok(()),
            "{event:?}, on the way through {events:?}"
        );
    }
    order
}

/// Every state that there is, with the events that lead there. There are two ways to a cancelled order.
fn ways_to_each_state() -> [(State<'static>, Vec<Event>); 6] {
    let receipt = 17;
    let parcel = "LN 204";
    let refund = Some(receipt);
    [
        (State::Placed, vec![]),
        (State::Paid { receipt }, vec![pay(receipt)]),
        (
            State::Shipped { receipt, parcel },
            vec![pay(receipt), ship(parcel)],
        ),
        (
            State::Delivered { receipt },
            vec![pay(receipt), ship(parcel), Event::Deliver],
        ),
        (State::Cancelled { refund: None }, vec![Event::Cancel]),
        (
            State::Cancelled { refund },
            vec![pay(receipt), Event::Cancel],
        ),
    ]
}

/// Every state, built by hand, with this receipt where it has one.
fn every_state(receipt: u32) -> [(&'static str, OrderState); 6] {
    let parcel = "LN 204".to_string();
    let refund = Some(receipt);
    [
        ("placed", OrderState::Placed),
        ("paid", OrderState::Paid { receipt }),
        ("shipped", OrderState::Shipped { receipt, parcel }),
        ("delivered", OrderState::Delivered { receipt }),
        ("cancelled", OrderState::Cancelled { refund }),
        ("cancelled", OrderState::Cancelled { refund: None }),
    ]
}

/// The five moves that there are.
fn is_in_the_table(state: &str, move_to_make: &str) -> bool {
    matches!(
        (state, move_to_make),
        ("placed", "pay" | "cancel") | ("paid", "ship" | "cancel") | ("shipped", "deliver")
    )
}

/// Each state has its word.
#[test]
fn each_state_has_its_word() {
    for (label, state) in every_state(17) {
        let word: &str = state.label();
        assert_eq!(word, label, "the word for {state:?}");
    }
}

/// Only a delivered or a cancelled order is closed.
#[test]
fn two_states_are_closed() {
    for (label, state) in every_state(17) {
        let closed: bool = state.is_closed();
        let expected = label == "delivered" || label == "cancelled";
        assert_eq!(closed, expected, "is {state:?} closed?");
    }
}

/// Any number may be a receipt, 0 and the largest too, and it is there in every state after the payment.
#[test]
fn the_receipt_is_known_from_the_payment_on() {
    for receipt in [0, 1, 17, u32::MAX] {
        for (_, state) in every_state(receipt) {
            let unpaid = matches!(
                state,
                OrderState::Placed | OrderState::Cancelled { refund: None }
            );
            let expected = if unpaid { None } else { Some(receipt) };
            let answer: Option<u32> = state.receipt();
            assert_eq!(answer, expected, "the receipt of {state:?}");
        }
    }
}

/// Five kinds of moves are allowed and all others are not, whatever amount or parcel number they carry.
#[test]
fn five_kinds_of_moves_are_allowed() {
    let nothing = Event::Pay {
        cents: 0,
        receipt: 0,
    };
    let events: [(&str, Event); 6] = [
        ("pay", pay(18)),
        ("pay", nothing),
        ("ship", ship("LN 205")),
        ("ship", ship("")),
        ("deliver", Event::Deliver),
        ("cancel", Event::Cancel),
    ];
    for receipt in [0, 17] {
        for (label, state) in every_state(receipt) {
            for (kind, event) in &events {
                let answer: bool = state.allows(event);
                let expected = is_in_the_table(label, kind);
                assert_eq!(answer, expected, "{event:?} when the state is {state:?}");
            }
        }
    }
}

/// The straight way: a new order is placed, then paid, shipped and delivered, and each state keeps what it needs.
#[test]
fn the_straight_way_leads_to_delivery() {
    let mut order = Order::new(DUE);
    assert_eq!(state(&order), State::Placed, "a new order");
    let parcel = "LN 204";
    let steps: [(Event, State); 3] = [
        (pay(17), State::Paid { receipt: 17 }),
        (
            ship(parcel),
            State::Shipped {
                receipt: 17,
                parcel,
            },
        ),
        (Event::Deliver, State::Delivered { receipt: 17 }),
    ];
    for (event, expected) in steps {
        let case = format!("{event:?}");
        let answer: Result<(), MoveError> = order.apply(event);
        assert_eq!(told(answer), Ok(()), "{case}");
        assert_eq!(state(&order), expected, "the state after {case}");
    }
}

/// Before it ships, an order can be cancelled. The refund names the receipt if something was paid, and is `None` if not.
#[test]
fn cancelling_remembers_what_to_give_back() {
    let unpaid: Order = order_after(&[Event::Cancel]);
    assert_eq!(
        state(&unpaid),
        State::Cancelled { refund: None },
        "cancelled before the payment"
    );
    let paid: Order = order_after(&[pay(17), Event::Cancel]);
    assert_eq!(
        state(&paid),
        State::Cancelled { refund: Some(17) },
        "cancelled after the payment with receipt 17"
    );
}

/// A payment of a cent less or a cent more is `WrongAmount`, and the order waits for the right one. What is due may be 0,
/// or very much.
#[test]
fn a_payment_must_be_exact() {
    for (due_cents, paid_cents) in [
        (DUE, 0),
        (DUE, DUE - 1),
        (DUE, DUE + 1),
        (DUE, u64::MAX),
        (DUE, DUE + (1 << 32)),
        (0, 1),
        (LARGE, LARGE - 1),
        (LARGE, LARGE + 1),
        (u64::MAX, u64::MAX - 1),
        (u64::MAX, 0),
    ] {
        let mut order = Order::new(due_cents);
        let case = format!("{paid_cents} cents paid, {due_cents} due");
        let answer: Result<(), MoveError> = order.apply(Event::Pay {
            cents: paid_cents,
            receipt: 17,
        });
        let expected = Refusal::WrongAmount {
            due_cents,
            paid_cents,
        };
        assert_eq!(told(answer), Err(expected), "{case}");
        assert_eq!(state(&order), State::Placed, "the state: {case}");

        let right: Result<(), MoveError> = order.apply(Event::Pay {
            cents: due_cents,
            receipt: 18,
        });
        assert_eq!(told(right), Ok(()), "then the right payment: {case}");
        let paid = State::Paid { receipt: 18 };
        assert_eq!(state(&order), paid, "then the right payment: {case}");
    }
}

/// A parcel needs a number: without one the order stays paid.
#[test]
fn a_parcel_needs_a_number() {
    for blank in ["", " ", "\t\n", "\u{a0}\u{2003}"] {
        let mut order = order_after(&[pay(17)]);
        let answer: Result<(), MoveError> = order.apply(ship(blank));
        assert_eq!(
            told(answer),
            Err(Refusal::NoParcelNumber),
            "shipped as {blank:?}"
        );
        assert_eq!(
            state(&order),
            State::Paid { receipt: 17 },
            "after shipping as {blank:?}"
        );
    }
}

/// A parcel number is kept exactly as it is given: the carrier's spaces, small letters, zeros and accents belong to it.
#[test]
fn a_parcel_number_is_kept_as_it_is_given() {
    for number in [
        "0",
        "007",
        "ln-204b",
        "LN-204B",
        " LN 204 ",
        "LN  204",
        "\tÉté 7\n",
        "٣",
        "ß",
        "-",
        // Nothing to see, and no white space either.
        "\0",
        "\u{7}",
        "\u{200b}",
        "\u{feff}",
        "\u{301}",
        " \u{200b}\t",
    ] {
        let order: Order = order_after(&[pay(17), ship(number)]);
        let expected = State::Shipped {
            receipt: 17,
            parcel: number,
        };
        assert_eq!(state(&order), expected, "shipped as {number:?}");
    }
}

/// No parcel number is too long: the last of its characters is kept, however many stand before it.
#[test]
fn a_parcel_number_may_be_as_long_as_it_likes() {
    for zeros in [31, 63, 127, 254, 255, 256, 1_000, 65_536] {
        let number = format!("{}7", "0".repeat(zeros));
        let order: Order = order_after(&[pay(17), ship(&number)]);
        let expected = State::Shipped {
            receipt: 17,
            parcel: &number,
        };
        // The whole number would fill the screen.
        assert!(state(&order) == expected, "{zeros} zeros and a 7");
    }
}

/// Whatever number the payment has, 0 and the largest too, the order carries it on, to delivery or to the refund.
#[test]
fn any_receipt_is_carried_on() {
    for receipt in [0, 1, u32::MAX] {
        let shipped: Order = order_after(&[pay(receipt), ship("0")]);
        let parcel = "0";
        let expected = State::Shipped { receipt, parcel };
        assert_eq!(state(&shipped), expected, "paid and shipped");
        let delivered: Order = order_after(&[pay(receipt), ship("0"), Event::Deliver]);
        let expected = State::Delivered { receipt };
        assert_eq!(state(&delivered), expected, "paid, shipped, delivered");
        let cancelled: Order = order_after(&[pay(receipt), Event::Cancel]);
        let refund = Some(receipt);
        let expected = State::Cancelled { refund };
        assert_eq!(state(&cancelled), expected, "paid and cancelled");
    }
}

/// Every move that the table calls an error is `NotAllowed`, even if its amount or parcel number is wrong as well, and
/// the order stays as it was.
#[test]
fn every_other_move_is_refused_and_changes_nothing() {
    for (before, way) in ways_to_each_state() {
        let label = match before {
            State::Placed => "placed",
            State::Paid { .. } => "paid",
            State::Shipped { .. } => "shipped",
            State::Delivered { .. } => "delivered",
            State::Cancelled { .. } => "cancelled",
        };
        let events: [(&str, Event); 11] = [
            ("pay", pay(18)),
            ("pay", pay(17)),
            (
                "pay",
                Event::Pay {
                    cents: 1,
                    receipt: 18,
                },
            ),
            (
                "pay",
                Event::Pay {
                    cents: 0,
                    receipt: 0,
                },
            ),
            ("ship", ship("LN 205")),
            // The very number that a parcel is on its way under: no move is reported twice.
            ("ship", ship("LN 204")),
            ("ship", ship("")),
            ("ship", ship(" ")),
            ("ship", ship("\u{a0}\t")),
            ("deliver", Event::Deliver),
            ("cancel", Event::Cancel),
        ];
        for (kind, event) in events {
            if is_in_the_table(label, kind) {
                continue;
            }
            let mut order = order_after(&way);
            let case = format!("{event:?}");
            let answer: Result<(), MoveError> = order.apply(event);
            assert_eq!(
                told(answer),
                Err(Refusal::NotAllowed),
                "{case} on an order that is {label}"
            );
            assert_eq!(
                state(&order),
                before,
                "the state after {case} was refused: it was {label}"
            );
            // What is due does not show until it is paid.
            if label == "placed" {
                let paid: Result<(), MoveError> = order.apply(pay(18));
                assert_eq!(told(paid), Ok(()), "the payment after {case} was refused");
            }
        }
    }
}

/// Whatever is thrown at an order, the moves that it accepts spell one of six stories, and it accepts every move that
/// continues one of them. What came with them is still there at the end.
#[test]
fn accepted_moves_always_tell_a_legal_story() {
    let stories = [
        "",
        "pay ",
        "pay ship ",
        "pay ship deliver ",
        "cancel ",
        "pay cancel ",
    ];
    let mut random = support::seeded(0x0DE2);
    for case in 0..300 {
        // The first order costs nothing, and goes the same ways.
        let due = if case == 0 {
            0
        } else {
            random.number(1..100_000)
        };
        let mut order = Order::new(due);
        let mut story = String::new();
        let (mut paid_under, mut shipped_as) = (None, String::new());
        for _ in 0..12 {
            let receipt = u32::try_from(random.number(1..1_000_000)).expect("a small number");
            let parcel = format!(" {}-{}", random.word(1..8), random.number(0..100));
            let (word, event) = match random.number(0..4) {
                0 => (
                    "pay ",
                    Event::Pay {
                        cents: due,
                        receipt,
                    },
                ),
                1 => ("ship ", ship(&parcel)),
                2 => ("deliver ", Event::Deliver),
                _ => ("cancel ", Event::Cancel),
            };
            let next = format!("{story}{word}");
            let legal = stories.contains(&next.as_str());
            let allowed: bool = order.state().allows(&event);
            assert_eq!(allowed, legal, "order {case}: {word}after [{story}]");
            let accepted: bool = order.apply(event).is_ok();
            assert_eq!(accepted, legal, "order {case}: {word}after [{story}]");
            if accepted {
                story = next;
                match word {
                    "pay " => paid_under = Some(receipt),
                    "ship " => shipped_as = parcel,
                    _ => {}
                }
            }
            let known: Option<u32> = order.state().receipt();
            assert_eq!(
                known, paid_under,
                "order {case}: the receipt after [{story}]"
            );
            if let OrderState::Shipped { parcel, .. } = order.state() {
                assert_eq!(
                    parcel, &shipped_as,
                    "order {case}: the parcel after [{story}]"
                );
            }
        }
    }
}

/// Whatever text is given as a parcel number, it is kept as it is, or refused if it is blank; the parcel is then on its
/// way under any number.
#[test]
fn any_parcel_number_is_kept_or_blank() {
    let mut random = support::seeded(0x9A2C);
    for case in 0..500 {
        let number = match case {
            0 => "0".to_string(),
            _ => texts::any(
                &mut random,
                &["LN", "ln", " ", "\t", "0", "204", "\u{3000}"],
            ),
        };
        let receipt = u32::try_from(random.bits() >> 32).expect("32 bits");
        let mut order = order_after(&[pay(receipt)]);
        let answer: Result<(), MoveError> = order.apply(ship(&number));
        if number.trim().is_empty() {
            let expected = Err(Refusal::NoParcelNumber);
            assert_eq!(told(answer), expected, "shipped as {number:?}");
            let paid = State::Paid { receipt };
            assert_eq!(state(&order), paid, "after {number:?} was refused");
            continue;
        }
        assert_eq!(told(answer), Ok(()), "shipped as {number:?}");
        let parcel = number.as_str();
        let shipped = State::Shipped { receipt, parcel };
        assert_eq!(state(&order), shipped, "shipped as {number:?}");
        let cancelled: Result<(), MoveError> = order.apply(Event::Cancel);
        assert_eq!(
            told(cancelled),
            Err(Refusal::NotAllowed),
            "cancelled when shipped as {number:?}"
        );
        let delivered: Result<(), MoveError> = order.apply(Event::Deliver);
        assert_eq!(told(delivered), Ok(()), "delivered, shipped as {number:?}");
        let delivered = State::Delivered { receipt };
        assert_eq!(state(&order), delivered, "delivered, shipped as {number:?}");
    }
}
