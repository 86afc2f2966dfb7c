use logic::conditions::{postage_cents, ships_free, status_class};

/// Every band of weights has its price, and the last weight of a band still belongs to it.
#[test]
fn a_band_reaches_to_its_last_gram() {
    let edges = [
        (1, 290),
        (500, 290),
        (501, 490),
        (2000, 490),
        (2001, 890),
        (10_000, 890),
    ];
    for (weight, price) in edges {
        let postage: Option<u32> = postage_cents(weight);
        assert_eq!(postage, Some(price), "a parcel of {weight} grams");
    }
}

/// An empty parcel and one of more than ten kilograms are not sent by post.
#[test]
fn nothing_and_too_much_are_not_sent() {
    for weight in [0, 10_001, 25_000, 65_836, 4_000_000_000, u32::MAX] {
        let postage: Option<u32> = postage_cents(weight);
        assert_eq!(postage, None, "a parcel of {weight} grams");
    }
    let last: Option<u32> = postage_cents(10_000);
    assert_eq!(last, Some(890), "ten kilograms exactly are sent");
}

/// The postage rises by 200 cents above 500 grams, and by another 400 above 2000 grams.
#[test]
fn postage_rises_at_the_limits_only() {
    for weight in support::seeded(0xB0C5).numbers(1..10_001).take(500) {
        let weight = u32::try_from(weight).expect("at most 10_000");
        let expected = 290 + 200 * u32::from(weight > 500) + 400 * u32::from(weight > 2000);
        let postage: Option<u32> = postage_cents(weight);
        assert_eq!(postage, Some(expected), "a parcel of {weight} grams");
    }
}

/// At home an order ships free from 3000 cents on: 3000 is enough, 2999 is not.
#[test]
fn at_home_3000_cents_ship_free() {
    for (books, expected) in [
        (0, false),
        (2999, false),
        (3000, true),
        (3001, true),
        (4_294_967_296, true),
        (u64::MAX, true),
    ] {
        let free: bool = ships_free(books, false, false);
        assert_eq!(
            free, expected,
            "books for {books} cents, no member, at home"
        );
    }
}

/// At home a member's order ships free, whatever the books cost.
#[test]
fn members_ship_free_at_home() {
    for books in support::seeded(0x3E3B).numbers(0..6000).take(100) {
        let free: bool = ships_free(books, true, false);
        assert!(
            free,
            "books for {books} cents, a member, at home: must ship free"
        );
    }
    let others: bool = ships_free(500, false, false);
    assert!(!others, "books for 500 cents, no member, at home: must not");
}

/// Abroad nothing ships free: not for a member, and not for a large order.
#[test]
fn nothing_ships_free_abroad() {
    for books in support::seeded(0xAB0A).numbers(0..6000).take(100) {
        for is_member in [false, true] {
            let free: bool = ships_free(books, is_member, true);
            assert!(
                !free,
                "books for {books} cents, member: {is_member}, abroad: must not ship free"
            );
        }
    }
    let at_home: bool = ships_free(9000, true, false);
    assert!(
        at_home,
        "books for 9000 cents, a member, at home: must ship free"
    );
}

/// The first digit of a status code between 100 and 599 decides its class.
#[test]
fn the_first_digit_decides_the_class() {
    let classes = [
        (1, "informational"),
        (2, "success"),
        (3, "redirection"),
        (4, "client error"),
        (5, "server error"),
    ];
    for (digit, expected) in classes {
        for status in digit * 100..digit * 100 + 100 {
            let class: &str = status_class(status);
            assert_eq!(class, expected, "status {status}");
        }
    }
}

/// A number below 100 or above 599 has no class, whatever its first digit.
#[test]
fn other_numbers_have_no_class() {
    for status in (0..100).chain(600..=u16::MAX) {
        let class: &str = status_class(status);
        assert_eq!(class, "unknown", "status {status}");
    }
    let class: &str = status_class(599);
    assert_eq!(class, "server error", "status 599, the last with a class");
}
