use data::enums::{Event, MoveError, Order, OrderState};

const DUE: u64 = 3750;

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

/// An order over `DUE` cents to which each of `events` has happened, without an error.
fn order_after(events: &[Event]) -> Order {
    let mut order = Order::new(DUE);
    for event in events {
        assert_eq!(
            order.apply(event.clone()),
            Ok(()),
            "{event:?}, on the way through {events:?}"
        );
    }
    order
}

/// An order in every state that there is, with the events that led there. A cancelled one comes with and without refund.
fn one_in_each_state() -> Vec<(&'static str, Order)> {
    vec![
        ("placed", order_after(&[])),
        ("paid", order_after(&[pay(17)])),
        ("shipped", order_after(&[pay(17), ship("LN 204")])),
        (
            "delivered",
            order_after(&[pay(17), ship("LN 204"), Event::Deliver]),
        ),
        ("cancelled", order_after(&[Event::Cancel])),
        ("cancelled", order_after(&[pay(17), Event::Cancel])),
    ]
}

/// The straight way: a new order is placed, then paid, shipped and delivered, and each state keeps what it needs.
#[test]
fn the_straight_way_leads_to_delivery() {
    let mut order = Order::new(DUE);
    assert_eq!(order.state(), &OrderState::Placed, "a new order");
    let parcel = "LN 204".to_string();
    let steps: [(Event, OrderState); 3] = [
        (pay(17), OrderState::Paid { receipt: 17 }),
        (
            ship("LN 204"),
            OrderState::Shipped {
                receipt: 17,
                parcel,
            },
        ),
        (Event::Deliver, OrderState::Delivered { receipt: 17 }),
    ];
    for (event, state) in steps {
        let answer: Result<(), MoveError> = order.apply(event.clone());
        assert_eq!(answer, Ok(()), "{event:?}");
        assert_eq!(order.state(), &state, "the state after {event:?}");
    }
}

/// Before it ships, an order can be cancelled. The refund names the receipt if something was paid, and is `None` if not.
#[test]
fn cancelling_remembers_what_to_give_back() {
    let unpaid: Order = order_after(&[Event::Cancel]);
    assert_eq!(
        unpaid.state(),
        &OrderState::Cancelled { refund: None },
        "cancelled before the payment"
    );
    let paid: Order = order_after(&[pay(17), Event::Cancel]);
    assert_eq!(
        paid.state(),
        &OrderState::Cancelled { refund: Some(17) },
        "cancelled after the payment with receipt 17"
    );
}

/// A payment of a cent less or a cent more is `WrongAmount`, and the order waits for the right one.
#[test]
fn a_payment_must_be_exact() {
    for paid_cents in [0, DUE - 1, DUE + 1, u64::MAX] {
        let mut order = Order::new(DUE);
        let answer: Result<(), MoveError> = order.apply(Event::Pay {
            cents: paid_cents,
            receipt: 17,
        });
        let expected = MoveError::WrongAmount {
            due_cents: DUE,
            paid_cents,
        };
        assert_eq!(answer, Err(expected), "{paid_cents} cents paid, {DUE} due");
        assert_eq!(
            order.state(),
            &OrderState::Placed,
            "after a payment of {paid_cents} cents"
        );
    }
}

/// A parcel needs a number: without one the order stays paid.
#[test]
fn a_parcel_needs_a_number() {
    for blank in ["", " ", "\t\n"] {
        let mut order = order_after(&[pay(17)]);
        let answer: Result<(), MoveError> = order.apply(ship(blank));
        assert_eq!(
            answer,
            Err(MoveError::NoParcelNumber),
            "shipped as {blank:?}"
        );
        assert_eq!(
            order.state(),
            &OrderState::Paid { receipt: 17 },
            "after shipping as {blank:?}"
        );
    }
}

/// Every move that the table calls an error is `NotAllowed`, even if its amount or parcel number is wrong as well, and
/// the order stays as it was.
#[test]
fn every_other_move_is_refused_and_changes_nothing() {
    for (label, order) in one_in_each_state() {
        let events: [(&str, Event); 6] = [
            ("pay", pay(18)),
            (
                "pay",
                Event::Pay {
                    cents: 1,
                    receipt: 18,
                },
            ),
            ("ship", ship("LN 205")),
            ("ship", ship("")),
            ("deliver", Event::Deliver),
            ("cancel", Event::Cancel),
        ];
        for (kind, event) in events {
            let in_the_table = matches!(
                (label, kind),
                ("placed", "pay" | "cancel") | ("paid", "ship" | "cancel") | ("shipped", "deliver")
            );
            if in_the_table {
                continue;
            }
            let mut changed = order.clone();
            let answer: Result<(), MoveError> = changed.apply(event.clone());
            assert_eq!(
                answer,
                Err(MoveError::NotAllowed),
                "{event:?} on an order that is {label}"
            );
            assert_eq!(
                changed, order,
                "the order after {event:?} was refused: it was {label}"
            );
        }
    }
}

/// Each state has its word, and only a delivered or a cancelled order is closed.
#[test]
fn each_state_has_its_word_and_two_are_closed() {
    for (label, order) in one_in_each_state() {
        let word: &str = order.state().label();
        assert_eq!(word, label, "the word for {:?}", order.state());
        let closed: bool = order.state().is_closed();
        assert_eq!(
            closed,
            label == "delivered" || label == "cancelled",
            "is {:?} closed?",
            order.state()
        );
    }
}

/// Whatever is thrown at an order, the moves that it accepts spell one of six stories, and it accepts every move that
/// continues one of them.
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
        for _ in 0..12 {
            let receipt = u32::try_from(random.number(1..1_000_000)).expect("a small number");
            let (word, event) = match random.number(0..4) {
                0 => (
                    "pay ",
                    Event::Pay {
                        cents: due,
                        receipt,
                    },
                ),
                1 => ("ship ", ship(&random.word(1..8))),
                2 => ("deliver ", Event::Deliver),
                _ => ("cancel ", Event::Cancel),
            };
            let next = format!("{story}{word}");
            let legal = stories.contains(&next.as_str());
            let accepted: bool = order.apply(event).is_ok();
            assert_eq!(accepted, legal, "order {case}: {word}after [{story}]");
            if accepted {
                story = next;
            }
        }
    }
}
