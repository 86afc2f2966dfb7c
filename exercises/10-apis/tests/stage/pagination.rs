use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use apis::given::records::{Records, TABLES, address};
use apis::pagination::{Cursor, Desk, GOOD_FOR, routes, seal, unseal};
use axum::Router;
use rusqlite::params;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::Seeded;

use crate::calls::{Answer, Call, call};

const KEY: &[u8] = b"a key for tests, and for nothing else";
/// A moment in 2001, far from the machine's.
const NOW: i64 = 1_000_000_000;

/// A shop's orders with a clock that stands, and the routes.
struct Shop {
    records: Records,
    clock: Arc<AtomicI64>,
    router: Router,
}

fn shop() -> Shop {
    let records = Records::with(TABLES).expect("tables");
    let clock = Arc::new(AtomicI64::new(NOW));
    let told = clock.clone();
    let router = routes(Desk {
        records: records.clone(),
        key: KEY.into(),
        clock: Arc::new(move || told.load(Ordering::SeqCst)),
    });
    Shop {
        records,
        clock,
        router,
    }
}

impl Shop {
    fn add(&self, id: i64, partner: &str, shop: &str, placed_at: i64) {
        let sql =
            "INSERT INTO orders (id, partner, shop, placed_at, cents) VALUES (?, ?, ?, ?, 990)";
        let added = self
            .records
            .lock()
            .execute(sql, params![id, partner, shop, placed_at]);
        added.expect("an order");
    }

    fn remove(&self, id: i64) {
        let removed = self
            .records
            .lock()
            .execute("DELETE FROM orders WHERE id = ?", [id]);
        removed.expect("a database");
    }

    async fn ask(&self, path: &str) -> Answer {
        asked(path, "Hartfield").send(&self.router).await
    }
}

fn asked(path: &str, partner: &str) -> Call {
    call("GET", path).header("x-partner", partner)
}

/// The ids of a page.
fn ids(page: &Answer) -> Vec<i64> {
    let json: Value = page.json();
    let orders = json["orders"].as_array().expect("a list of orders");
    orders
        .iter()
        .map(|order| order["id"].as_i64().expect("an id"))
        .collect()
}

/// The addresses in the header `Link`, by their `rel`.
fn links(page: &Answer) -> BTreeMap<String, String> {
    let header = page.header("link");
    let link = |link: &str| {
        let (target, rel) = link.trim().split_once(">; rel=\"")?;
        Some((
            rel.strip_suffix('"')?.to_owned(),
            target.strip_prefix('<')?.to_owned(),
        ))
    };
    let links: Option<BTreeMap<String, String>> = header.split(", ").map(link).collect();
    links.unwrap_or_else(|| panic!("Link is no list of <address>; rel=\"…\": {header}"))
}

fn next(page: &Answer) -> Option<String> {
    links(page).get("next").cloned()
}

/// The cursor in an address.
fn cursor_of(address: &str) -> String {
    let (_, behind) = address
        .split_once("cursor=")
        .expect("a cursor in the address");
    behind.split('&').next().unwrap_or_default().to_owned()
}

fn cursor() -> Cursor {
    Cursor {
        partner: "Hartfield".to_owned(),
        shop: None,
        placed_at: 7,
        id: 3,
        good_until: NOW,
    }
}

/// A cursor's fields, which are compared as texts and numbers are.
fn fields(cursor: Cursor) -> (String, Option<String>, i64, i64, i64) {
    let Cursor {
        partner,
        shop,
        placed_at,
        id,
        good_until,
    } = cursor;
    (partner, shop, placed_at, id, good_until)
}

fn random_cursor(values: &mut Seeded) -> Cursor {
    let whole = |values: &mut Seeded| i64::from_ne_bytes(values.bits().to_ne_bytes());
    Cursor {
        partner: values.word(0..12),
        shop: values
            .coin()
            .then(|| format!("{} & \"ß\" 📚", values.word(0..9))),
        placed_at: whole(values),
        id: whole(values),
        good_until: whole(values),
    }
}

/// A page has the newest orders first, and of one second the highest id; the header leads to the next page and to the first.
#[tokio::test]
async fn a_page_is_the_newest_first() {
    let shop = shop();
    for (id, placed_at) in [(1, 50), (2, 70), (3, 50), (4, 50), (5, 10)] {
        shop.add(id, "Hartfield", "Highbury", placed_at);
    }
    let first = shop.ask("/orders?limit=2").await.is(200);
    insta::assert_json_snapshot!(first.json(), @r#"
    {
      "orders": [
        {
          "cents": 990,
          "id": 2,
          "placed_at": 70,
          "shop": "Highbury"
        },
        {
          "cents": 990,
          "id": 4,
          "placed_at": 50,
          "shop": "Highbury"
        }
      ]
    }
    "#);
    let second = shop.ask(&next(&first).expect("a next page")).await.is(200);
    assert_eq!(ids(&second), [3, 1], "the second page");
    let third = shop
        .ask(&next(&second).expect("a third page"))
        .await
        .is(200);
    assert_eq!(ids(&third), [5], "the third page");
    assert_eq!(next(&third), None, "a page behind the last");
    for page in [&first, &second, &third] {
        let back = shop.ask(&links(page)["first"]).await.is(200);
        assert_eq!(ids(&back), [2, 4], "the first page");
    }
}

/// There is a next page only when it has an order: not behind a page that is just full, and not behind an empty one.
#[tokio::test]
async fn a_full_page_may_be_the_last() {
    let shop = shop();
    let empty = shop.ask("/orders").await.is(200);
    assert_eq!(ids(&empty), [0; 0], "orders of an empty table");
    let rels: Vec<String> = links(&empty).into_keys().collect();
    assert_eq!(rels, ["first"], "the links of an empty page");
    for id in 1..=4 {
        shop.add(id, "Hartfield", "Highbury", 100);
    }
    for (limit, pages) in [(1, 4), (2, 2), (3, 2), (4, 1), (5, 1)] {
        let mut page = shop.ask(&format!("/orders?limit={limit}")).await.is(200);
        let mut seen = 1;
        while let Some(address) = next(&page) {
            page = shop.ask(&address).await.is(200);
            seen += 1;
            assert!(seen < 9, "pages of {limit} do not end");
        }
        assert_eq!(seen, pages, "pages of {limit} orders each, 4 orders in all");
    }
}

/// A page has 20 orders when nobody says, and 1 to 100 otherwise; anything else in the query is 400.
#[tokio::test]
async fn the_query_has_its_limits() {
    let shop = shop();
    for id in 1..=130 {
        shop.add(id, "Hartfield", "Highbury", id);
    }
    for (query, count) in [
        ("", 20),
        ("?limit=1", 1),
        ("?limit=100", 100),
        ("?shop=Highbury", 20),
    ] {
        let page = shop.ask(&format!("/orders{query}")).await.is(200);
        assert_eq!(ids(&page).len(), count, "orders of /orders{query}");
    }
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=4294967297",
        "limit=18446744073709551615",
        "limit=ten",
        "limit=",
        "limit=2.0",
        "limit=2&limit=3",
        "limt=2",
        "shop=a&shop=b",
        "page=2",
        "cursor=",
        "cursor=null",
        "cursor=0",
    ] {
        shop.ask(&format!("/orders?{query}")).await.is(400);
    }
    let page = shop.ask("/orders?limit=3").await.is(200);
    let more = next(&page)
        .expect("a next page")
        .replace("limit=3", "limit=50");
    let page = shop.ask(&more).await.is(200);
    assert_eq!(ids(&page).len(), 50, "the second page, with another limit");
    assert_eq!(ids(&page)[0], 127, "the first order of the second page");
}

/// Who is not known is 401, and a partner sees the orders of no other.
#[tokio::test]
async fn a_partner_sees_its_own_orders() {
    let shop = shop();
    for id in 1..=9 {
        let partner =
            ["Hartfield", "Donwell", "hartfield"][usize::try_from(id % 3).expect("small")];
        shop.add(id, partner, "Highbury", 100);
    }
    call("GET", "/orders").send(&shop.router).await.is(401);
    let mut page = shop.ask("/orders?limit=2").await.is(200);
    let mut seen = ids(&page);
    while let Some(address) = next(&page) {
        page = shop.ask(&address).await.is(200);
        seen.extend(ids(&page));
        assert!(seen.len() < 9, "too many: {seen:?}");
    }
    assert_eq!(seen, [9, 6, 3], "the orders of Hartfield");
}

/// The addresses in `Link` keep the shop, whatever signs are in its name, and the limit.
#[tokio::test]
async fn a_filter_goes_along() {
    let shop = shop();
    let names = [
        "A & B",
        "a & b",
        "%",
        "_",
        "50 % + 50 %",
        "höfe=\"ß\"",
        " _ ",
        "a>; rel=\"next\"",
        "",
        "#?/",
    ];
    for (index, name) in names.iter().enumerate() {
        for place in 0..5 {
            let id = 1 + i64::try_from(index * 5 + place).expect("small");
            shop.add(id, "Hartfield", name, 100 - id);
        }
    }
    for (index, name) in names.iter().enumerate() {
        let mut page = shop
            .ask(&address("/orders", &[("limit", "2"), ("shop", name)]))
            .await
            .is(200);
        let mut seen = vec![ids(&page)];
        while let Some(address) = next(&page) {
            page = shop.ask(&address).await.is(200);
            let first = shop.ask(&links(&page)["first"]).await.is(200);
            assert_eq!(
                ids(&first),
                seen[0],
                "what \"first\" leads to from {address}"
            );
            seen.push(ids(&page));
            assert!(seen.len() < 9, "the pages of {name:?} do not end: {seen:?}");
        }
        let begin = 1 + i64::try_from(index * 5).expect("small");
        let expected: Vec<Vec<i64>> = vec![
            vec![begin, begin + 1],
            vec![begin + 2, begin + 3],
            vec![begin + 4],
        ];
        assert_eq!(seen, expected, "the pages of the shop {name:?}");
    }
}

/// While others add and take away, whoever pages to the end sees each order that stays once, in order, and none twice.
#[tokio::test]
async fn nothing_twice_and_nothing_missed() {
    let mut values = support::seeded(0x1007);
    for _ in 0..8 {
        let shop = shop();
        // Far beyond what a float holds exactly, many in one second.
        let second = |values: &mut Seeded| {
            9_007_199_254_740_992 + i64::from(values.coin()) + i64::from(values.coin())
        };
        let mut there: BTreeMap<i64, i64> = BTreeMap::new();
        let mut unused: Vec<i64> = (1..=400).chain(i64::MAX - 20..=i64::MAX).collect();
        values.shuffle(&mut unused);
        for _ in 0..40 {
            let (id, placed_at) = (unused.pop().expect("an id"), second(&mut values));
            shop.add(id, "Hartfield", "Highbury", placed_at);
            there.insert(id, placed_at);
        }
        let mut stayed: BTreeSet<i64> = there.keys().copied().collect();
        let mut seen: Vec<i64> = Vec::new();
        let mut path = format!("/orders?limit={}", values.number(1..6));
        loop {
            let page = shop.ask(&path).await.is(200);
            let shown = ids(&page);
            seen.extend(&shown);
            assert!(seen.len() < 400, "the pages do not end");
            let Some(address) = next(&page) else { break };
            path = address;
            // The last one that was shown goes, every other time, and some others; as many come.
            let mut going: Vec<i64> = shown
                .last()
                .copied()
                .into_iter()
                .filter(|_| values.coin())
                .collect();
            let all: Vec<i64> = there.keys().copied().collect();
            if !all.is_empty() && values.coin() {
                going.push(*values.pick(&all));
            }
            for id in going {
                shop.remove(id);
                stayed.remove(&id);
                there.remove(&id);
            }
            for _ in 0..values.number(0..4) {
                let (id, placed_at) = (unused.pop().expect("an id"), second(&mut values));
                shop.add(id, "Hartfield", "Highbury", placed_at);
                there.insert(id, placed_at);
            }
        }
        let once: BTreeSet<i64> = seen.iter().copied().collect();
        assert_eq!(once.len(), seen.len(), "an order came twice: {seen:?}");
        let missed: Vec<&i64> = stayed.difference(&once).collect();
        assert_eq!(
            missed, [&0_i64; 0],
            "orders that stayed and were not shown: {seen:?}"
        );
    }
}

/// When everything behind a cursor is gone, its page is empty, and nothing is wrong.
#[tokio::test]
async fn a_cursor_outlives_its_orders() {
    let shop = shop();
    for id in 1..=5 {
        shop.add(id, "Hartfield", "Highbury", 100);
    }
    let page = shop.ask("/orders?limit=2").await.is(200);
    let address = next(&page).expect("a next page");
    for id in 1..=5 {
        shop.remove(id);
    }
    let rest = shop.ask(&address).await.is(200);
    assert_eq!(ids(&rest), [0; 0], "what is left");
    assert_eq!(next(&rest), None, "a page behind nothing");
}

/// A cursor is good for the partner and the shop that it was made for, and for no other.
#[tokio::test]
async fn a_cursor_belongs_to_its_list() {
    let shop = shop();
    for id in 1..=9 {
        for (offset, partner, name) in [
            (0, "Hartfield", "Highbury"),
            (10, "Hartfield", ""),
            (20, "Donwell", "Highbury"),
        ] {
            shop.add(offset + id, partner, name, 100);
        }
    }
    let all = next(&shop.ask("/orders?limit=2").await.is(200)).expect("a next page");
    let one = next(&shop.ask("/orders?limit=2&shop=Highbury").await.is(200)).expect("a next page");
    let (all, one) = (cursor_of(&all), cursor_of(&one));
    for (path, status) in [
        (format!("/orders?cursor={all}"), 200),
        (format!("/orders?shop=Highbury&cursor={one}"), 200),
        (format!("/orders?cursor={one}"), 400),
        (format!("/orders?shop=Highbury&cursor={all}"), 400),
        (format!("/orders?shop=&cursor={all}"), 400),
        (format!("/orders?shop=highbury&cursor={one}"), 400),
        (format!("/orders?shop=Donwell&cursor={one}"), 400),
    ] {
        shop.ask(&path).await.is(status);
    }
    for (path, partner) in [
        (format!("/orders?cursor={all}"), "Donwell"),
        (format!("/orders?shop=Highbury&cursor={one}"), "Donwell"),
        (format!("/orders?cursor={all}"), "hartfield"),
    ] {
        asked(&path, partner).send(&shop.router).await.is(400);
    }
}

/// A cursor is good for an hour by the clock that was given, its last second included.
#[tokio::test]
async fn a_cursor_grows_old() {
    let shop = shop();
    for id in 1..=9 {
        shop.add(id, "Hartfield", "Highbury", NOW + 10);
    }
    let first = next(&shop.ask("/orders?limit=2").await.is(200)).expect("a next page");
    shop.clock.store(NOW + GOOD_FOR, Ordering::SeqCst);
    let second = shop.ask(&first).await.is(200);
    let second = next(&second).expect("a third page");
    shop.clock.store(NOW + GOOD_FOR + 1, Ordering::SeqCst);
    shop.ask(&first).await.is(400);
    shop.ask(&second).await.is(200);
    shop.clock.store(NOW + 2 * GOOD_FOR, Ordering::SeqCst);
    shop.ask(&second).await.is(200);
    shop.clock.store(NOW + 2 * GOOD_FOR + 1, Ordering::SeqCst);
    shop.ask(&second).await.is(400);
}

/// What was sealed comes out as it went in, with the same key, and a query takes it as it is.
#[test]
fn a_seal_can_be_opened_with_its_key() {
    let mut values = support::seeded(0x1008);
    for _ in 0..100 {
        let cursor = random_cursor(&mut values);
        let key = values.word(0..90).into_bytes();
        let sealed: String = seal(&cursor, &key);
        let opened = unseal(&sealed, &key).map(fields);
        assert_eq!(opened, Some(fields(cursor)), "with its key");
        let fine = |sign: char| sign.is_ascii_alphanumeric() || "-._~".contains(sign);
        assert!(
            sealed.chars().all(fine),
            "a query would have to escape {sealed}"
        );
        let other = [&key[..], b"x"].concat();
        assert_eq!(unseal(&sealed, &other), None, "with another key");
        assert_eq!(
            unseal(&sealed, &key[..key.len() / 2]).filter(|_| !key.is_empty()),
            None,
            "with half of its key"
        );
    }
}

/// The tag is that of HMAC-SHA256, which takes a key of up to 64 bytes with zeros behind it, and for a longer one its SHA-256:
/// so two keys that are one to it open each other's seals.
#[test]
fn a_seal_is_an_hmac() {
    let mut values = support::seeded(0x1018);
    for length in [1, 20, 63, 64, 65, 90, 200] {
        let cursor = random_cursor(&mut values);
        let key = values.word(length..length + 1).into_bytes();
        let (same, why) = match key.len() {
            64 => (key.clone(), "itself"),
            ..64 => ([&key[..], &[0]].concat(), "with a zero behind it"),
            _ => (Sha256::digest(&key).to_vec(), "as its SHA-256"),
        };
        let opened = unseal(&seal(&cursor, &key), &same).map(fields);
        assert_eq!(
            opened,
            Some(fields(cursor)),
            "with the key of {length} bytes, {why}"
        );
    }
}

/// A text that differs in a single sign, is longer or shorter, or is put together from two, is not the seal of anything.
#[test]
fn a_broken_seal_is_no_cursor() {
    let sealed = seal(&cursor(), KEY);
    let signs: Vec<char> = sealed.chars().collect();
    let others: Vec<char> = ('0'..='9')
        .chain('A'..='Z')
        .chain('a'..='z')
        .chain(['-', '_', '.', '~'])
        .collect();
    for place in 0..signs.len() {
        for &other in &others {
            if other != signs[place] {
                let mut changed = signs.clone();
                changed[place] = other;
                let changed: String = changed.iter().collect();
                assert_eq!(unseal(&changed, KEY), None, "{changed} instead of {sealed}");
            }
        }
        let shorter: String = signs[..place].iter().collect();
        assert_eq!(
            unseal(&shorter, KEY),
            None,
            "{shorter} is the beginning of {sealed}"
        );
        let shorter: String = signs[place + 1..].iter().collect();
        assert_eq!(
            unseal(&shorter, KEY),
            None,
            "{shorter} is the end of {sealed}"
        );
        let swapped: String = signs[place..].iter().chain(&signs[..place]).collect();
        assert!(
            place == 0 || unseal(&swapped, KEY).is_none(),
            "{swapped} is {sealed} turned around"
        );
    }
    for added in ["A", "=", " ", "AAAA", "\n", ".", "A="] {
        for longer in [format!("{sealed}{added}"), format!("{added}{sealed}")] {
            assert_eq!(
                unseal(&longer, KEY),
                None,
                "{longer:?} is longer than {sealed}"
            );
        }
    }
    // Signs that stand for less than a byte at the end of a text: three lengths have all of them.
    for partner in ["H", "Ha", "Har"] {
        let partner = partner.to_owned();
        let sealed = seal(
            &Cursor {
                partner,
                ..cursor()
            },
            KEY,
        );
        let mut begun: Vec<char> = sealed.chars().collect();
        let last = begun.pop().expect("a sign");
        for other in ('0'..='9')
            .chain('A'..='Z')
            .chain('a'..='z')
            .chain(['-', '_'])
        {
            let changed: String = begun.iter().chain([&other]).collect();
            let opened = unseal(&changed, KEY).is_some();
            assert_eq!(opened, other == last, "{changed} instead of {sealed}");
        }
    }
    let other = Cursor { id: 4, ..cursor() };
    let other: Vec<char> = seal(&other, KEY).chars().collect();
    for place in 1..signs.len().min(other.len()) {
        let mixed: String = signs[..place].iter().chain(&other[place..]).collect();
        let known = [&signs[..], &other[..]]
            .iter()
            .any(|whole| whole.iter().collect::<String>() == mixed);
        assert!(
            known || unseal(&mixed, KEY).is_none(),
            "{mixed} is put together from two"
        );
    }
}

/// A cursor that somebody wrote without the key, in whatever form, is 400, and so is one under the key of another service.
#[tokio::test]
async fn a_forged_cursor_is_refused() {
    let shop = shop();
    for id in 1..=9 {
        shop.add(id, "Hartfield", "Highbury", 100);
    }
    let ours = Cursor {
        good_until: NOW + 9,
        ..cursor()
    };
    let path = address("/orders", &[("cursor", &seal(&ours, KEY))]);
    shop.ask(&path).await.is(200);
    let json = json!(ours).to_string();
    let encoded = data_encoding::BASE64URL_NOPAD.encode(json.as_bytes());
    for forged in [
        seal(&ours, b"another key"),
        seal(&ours, b""),
        json,
        encoded.clone(),
        format!("{encoded}."),
    ] {
        let path = address("/orders", &[("cursor", &forged)]);
        shop.ask(&path).await.is(400);
    }
}
