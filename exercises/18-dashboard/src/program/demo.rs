//! Two years of a shop that never was: a million events, the same on every machine.

use std::ops::Range;

use crate::given::app::Cx;
use crate::given::clock::UnixTime;
use crate::given::events::{Event, HOUR, Kind};
use crate::given::problem::Problem;

/// How many events there are.
pub const EVENTS: u64 = 1_000_000;
/// How many hours they fill: two years.
const HOURS: i64 = 2 * 365 * 24;
/// How many are written in one transaction.
const BATCH: usize = 10_000;
/// From the 10th to the 16th of May of last year the app could not take orders. The owner asks why that month was so bad.
const OUTAGE: [(i8, i8); 2] = [(5, 10), (5, 17)];

const COUNTRIES: [(&str, u64); 8] = [
    ("AT", 38),
    ("DE", 34),
    ("CH", 11),
    ("IT", 6),
    ("CZ", 4),
    ("HU", 3),
    ("SI", 2),
    ("US", 2),
];
const CHANNELS: [(&str, u64); 3] = [("web", 55), ("app", 33), ("till", 12)];
const DEVICES: [(&str, u64); 3] = [("phone", 52), ("desk", 39), ("tablet", 9)];
const CATEGORIES: [(&str, u64); 10] = [
    ("Novels", 27),
    ("Crime", 19),
    ("Children", 16),
    ("Travel", 9),
    ("Cooking", 8),
    ("History", 7),
    ("Science", 6),
    ("Poetry", 4),
    ("Art", 3),
    ("R&B and more", 1),
];

/// How busy an hour of the day is, from midnight on (UTC).
const DAY: [u64; 24] = [
    4, 2, 1, 1, 2, 4, 9, 16, 24, 30, 33, 35, 33, 30, 29, 31, 36, 44, 52, 55, 46, 32, 18, 9,
];
/// How busy a day of the week is, from Monday on.
const WEEK: [u64; 7] = [10, 9, 9, 10, 11, 14, 12];
/// How busy a month is, from January on: holidays in summer, presents in December.
const YEAR: [u64; 12] = [10, 9, 10, 10, 9, 8, 7, 7, 10, 11, 15, 22];

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below.max(1)
    }

    fn pick(&mut self, choices: &[(&'static str, u64)]) -> &'static str {
        let mut place = self.roll(choices.iter().map(|(_, weight)| weight).sum());
        for (choice, weight) in choices {
            if place < *weight {
                return choice;
            }
            place -= weight;
        }
        ""
    }
}

/// Fills the database with the two years before now, `told` hears how many events there are so far. A database that has events
/// already is left as it is.
///
/// # Errors
///
/// A 500 when the database fails.
pub fn fill(cx: &Cx, told: impl Fn(u64)) -> Result<(), Problem> {
    if cx.read(|tx| tx.neighbours().store.version(tx))? > 0 {
        return Ok(());
    }
    let now = cx.app().now();
    let mut written = 0;
    let mut batch = Vec::with_capacity(BATCH);
    for event in events(now) {
        batch.push(event);
        if batch.len() == BATCH {
            record(cx, &batch)?;
            written += BATCH as u64;
            told(written);
            batch.clear();
        }
    }
    record(cx, &batch)
}

fn record(cx: &Cx, batch: &[Event]) -> Result<(), Problem> {
    cx.write(|tx| tx.neighbours().store.record(tx, batch).map(drop))
}

/// The events of the two years before `now`, in the order of time.
pub fn events(now: UnixTime) -> impl Iterator<Item = Event> {
    let this_hour = now - now.rem_euclid(HOUR);
    let mut dice = Dice(0x1A57);
    let outage = outage(now);
    let weights: Vec<u64> = (-HOURS..0)
        .map(|hour| busy(this_hour + hour * HOUR, hour, &mut dice))
        .collect();
    let whole: u64 = weights.iter().sum::<u64>().max(1);
    let mut number = 0;
    let mut passed = 0;
    (-HOURS..0).zip(weights).flat_map(move |(hour, weight)| {
        passed += weight;
        // So many there are up to the end of this hour: the last hour makes it a million exactly.
        let until = u64::try_from(u128::from(EVENTS) * u128::from(passed) / u128::from(whole))
            .unwrap_or(EVENTS);
        let count = until - number;
        number = until;
        let start = this_hour + hour * HOUR;
        let mut seconds: Vec<i64> = (0..count)
            .map(|_| i64::try_from(dice.roll(HOUR.unsigned_abs())).unwrap_or(0))
            .collect();
        seconds.sort_unstable();
        let first = until - count;
        let events: Vec<Event> = (first..)
            .zip(seconds)
            .map(|(number, second)| event(number, start + second, &outage, &mut dice))
            .collect();
        events
    })
}

/// How busy an hour is: by the clock, the weekday, the month, the growth of the shop, and chance.
fn busy(start: UnixTime, hour: i64, dice: &mut Dice) -> u64 {
    let Ok(time) = jiff::Timestamp::from_second(start) else {
        return 1;
    };
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    let at = |list: &[u64], place: i8| {
        let place = usize::try_from(place).unwrap_or(0);
        list.get(place).copied().unwrap_or(1)
    };
    let growth = 100 + u64::try_from((hour + HOURS) / 240).unwrap_or(0);
    at(&DAY, time.hour())
        * at(&WEEK, time.weekday().to_monday_zero_offset())
        * at(&YEAR, time.month() - 1)
        * growth
        * (75 + dice.roll(51))
}

fn event(number: u64, at: UnixTime, outage: &Range<UnixTime>, dice: &mut Dice) -> Event {
    let channel = dice.pick(&CHANNELS);
    let device = match channel {
        "till" => "desk",
        "app" => "phone",
        _ => dice.pick(&DEVICES),
    };
    let category = dice.pick(&CATEGORIES);
    let kind = kind(channel, outage.contains(&at), dice);
    let cents = match kind {
        Kind::Order => 590 + i64::try_from(dice.roll(14) * dice.roll(14) * 20).unwrap_or(0),
        Kind::View | Kind::Cart => 0,
    };
    let country = match channel {
        "till" => "AT",
        _ => dice.pick(&COUNTRIES),
    };
    Event {
        id: format!("demo-{number:07}"),
        at,
        kind,
        country: country.to_owned(),
        channel: channel.to_owned(),
        device: device.to_owned(),
        category: category.to_owned(),
        cents,
    }
}

fn kind(channel: &str, is_out: bool, dice: &mut Dice) -> Kind {
    match (channel, dice.roll(100)) {
        ("app", _) if is_out => Kind::View,
        ("till", _) | (_, 0..8) => Kind::Order,
        (_, 8..25) => Kind::Cart,
        _ => Kind::View,
    }
}

/// When the app could not take orders; never, where the calendar ends.
fn outage(now: UnixTime) -> Range<UnixTime> {
    let begins = |(month, day): (i8, i8)| -> Result<UnixTime, jiff::Error> {
        let year = jiff::Timestamp::from_second(now)?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .year();
        let date = jiff::civil::Date::new(year - 1, month, day)?;
        let begins = date.to_zoned(jiff::tz::TimeZone::UTC)?;
        Ok(begins.timestamp().as_second())
    };
    let [first, after] = OUTAGE.map(|day| begins(day).unwrap_or(0));
    first..after
}
