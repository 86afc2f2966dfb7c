//! A shop out of a seed: always the same five thousand books, their authors, customers, and two years of orders.

use databases::given::NewBook;
use databases::insert::add_books;
use rusqlite::{Connection, params};

const BOOKS: i64 = 5_000;
const AUTHORS: i64 = 700;
const CUSTOMERS: i64 = 1_200;
const DAYS: [&str; 2] = ["2024-11-25", "2026-11-24"];

/// Fills the empty tables.
pub fn fill(connection: &mut Connection) -> rusqlite::Result<()> {
    let mut chance = Chance(0x1A47_E205);
    let books: Vec<NewBook> = (1..=BOOKS)
        .map(|number| book(number, &mut chance))
        .collect();
    let ids = add_books(connection, &books)?;

    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare("INSERT INTO authors (id, name) VALUES (?1, ?2)")?;
        for id in 1..=AUTHORS {
            insert.execute(params![id, name(&mut chance)])?;
        }
        let mut insert = transaction.prepare(
            "INSERT INTO book_authors (book_id, author_id, position) VALUES (?1, ?2, ?3)",
        )?;
        for id in &ids {
            // One author in most cases, two in some, none in a few.
            let authors = [0, 1, 1, 1, 1, 1, 1, 2, 2, 3][chance.below_usize(10)];
            let first = chance.below(AUTHORS);
            for place in 0..authors {
                insert.execute(params![id, (first + place * 97) % AUTHORS + 1, place + 1])?;
            }
        }
        let mut insert =
            transaction.prepare("INSERT INTO customers (id, email, name) VALUES (?1, ?2, ?3)")?;
        for id in 1..=CUSTOMERS {
            let name = name(&mut chance);
            let email = format!(
                "{}.{id}@readers.example",
                name.split(' ').next().unwrap_or("a")
            );
            insert.execute(params![id, email, name])?;
        }
        orders(&transaction, &books, &ids, &mut chance)?;
    }
    transaction.commit()
}

fn orders(
    connection: &Connection,
    books: &[NewBook],
    ids: &[i64],
    chance: &mut Chance,
) -> rusqlite::Result<()> {
    let days: Vec<String> = connection
        .prepare(
            "WITH RECURSIVE days (day) AS (
                 SELECT ?1 UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < ?2
             ) SELECT day FROM days",
        )?
        .query_map(DAYS, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut order = connection.prepare(
        "INSERT INTO orders (id, customer_id, placed_on, state) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut line = connection.prepare(
        "INSERT INTO order_lines (order_id, book_id, copies, cents) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut id = 0;
    for day in &days {
        // Closed for the summer; busy before Christmas.
        let most = match &day[5..7] {
            "07" => continue,
            "12" => 28,
            _ => 14,
        };
        for _ in 0..chance.below(most) {
            id += 1;
            let recent = day.as_str() > "2026-11-10";
            let state = match (chance.below(20), recent) {
                (0, _) => "cancelled",
                (1..=9, true) => "open",
                (_, true) => "paid",
                _ => "sent",
            };
            order.execute(params![id, chance.below(CUSTOMERS) + 1, day, state])?;
            let mut taken: Vec<usize> = Vec::new();
            for _ in 0..chance.below(4) + 1 {
                // The product of two shares makes some books much more popular than others.
                let place = chance.below_usize(5_000) * chance.below_usize(5_000) / 5_000;
                if let (Some(book), Some(book_id), false) =
                    (books.get(place), ids.get(place), taken.contains(&place))
                {
                    taken.push(place);
                    let copies = [1, 1, 1, 1, 2, 3][chance.below_usize(6)];
                    line.execute(params![id, book_id, copies, book.cents])?;
                }
            }
        }
    }
    Ok(())
}

fn book(number: i64, chance: &mut Chance) -> NewBook {
    let title = match chance.below(5) {
        0 => format!("The {} {}", chance.pick(&ADJECTIVES), chance.pick(&NOUNS)),
        1 => format!("{} and {}", chance.pick(&NOUNS), chance.pick(&NOUNS)),
        2 => format!("A {} of {}", chance.pick(&FORMS), chance.pick(&NOUNS)),
        3 => format!(
            "{}'s {} {}",
            chance.pick(&NAMES),
            chance.pick(&ADJECTIVES),
            chance.pick(&NOUNS)
        ),
        _ => format!(
            "{} {} in {}",
            chance.pick(&ADJECTIVES),
            chance.pick(&NOUNS),
            chance.pick(&PLACES)
        ),
    };
    let series =
        (chance.below(6) == 0).then(|| format!("{} {}", chance.pick(&PLACES), chance.pick(&FORMS)));
    // 978, nine digits that differ, and a check digit.
    let digits = format!("978{:09}", number * 131_071 % 1_000_000_000);
    let sum: u32 = digits
        .bytes()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let below = |chance: &mut Chance, limit| u32::try_from(chance.below(limit)).unwrap_or(0);
    NewBook {
        isbn: format!("{digits}{}", (10 - sum % 10) % 10),
        title,
        series,
        cents: 499 + 50 * below(chance, 60),
        stock: below(chance, 40),
    }
}

fn name(chance: &mut Chance) -> String {
    format!("{} {}", chance.pick(&NAMES), chance.pick(&FAMILIES))
}

/// SplitMix64, as in the tests: the same numbers on every machine.
struct Chance(u64);

impl Chance {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit`, the limit excluded.
    fn below(&mut self, limit: i64) -> i64 {
        i64::try_from(self.bits() >> 1).unwrap_or(0) % limit
    }

    fn below_usize(&mut self, limit: u32) -> usize {
        usize::try_from(self.below(i64::from(limit))).unwrap_or(0)
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        let places = u32::try_from(words.len()).unwrap_or(1);
        words[self.below_usize(places)]
    }
}

const ADJECTIVES: [&str; 24] = [
    "Winter",
    "Silent",
    "Crooked",
    "Last",
    "Salt",
    "Hidden",
    "Northern",
    "Glass",
    "Little",
    "Borrowed",
    "Copper",
    "Midnight",
    "Paper",
    "Drowned",
    "Golden",
    "Quiet",
    "Second",
    "Wild",
    "Invisible",
    "Scarlet",
    "Hollow",
    "Endless",
    "Pale",
    "Careless",
];
const NOUNS: [&str; 32] = [
    "Sea", "Garden", "Lantern", "River", "Orchard", "Harbour", "Library", "Clock", "Mountain",
    "Letter", "Island", "Mirror", "Bridge", "Forest", "Moon", "Kitchen", "Railway", "Shadow",
    "Wolf", "Compass", "Theatre", "Candle", "Desert", "Bookshop", "Storm", "Piano", "Wall", "Door",
    "Peace", "War", "Bread", "Stone",
];
const FORMS: [&str; 8] = [
    "History",
    "Year",
    "Dictionary",
    "Chronicle",
    "Handbook",
    "Song",
    "Story",
    "House",
];
const PLACES: [&str; 14] = [
    "Lisbon",
    "Kyoto",
    "Zürich",
    "Reykjavík",
    "Bombay",
    "Odessa",
    "Québec",
    "Tromsø",
    "Cairo",
    "São Paulo",
    "Vienna",
    "Málaga",
    "Łódź",
    "Samarkand",
];
const NAMES: [&str; 24] = [
    "Ada",
    "Émile",
    "Zoë",
    "Jane",
    "Ibrahim",
    "Yuki",
    "Olga",
    "Björn",
    "Chimamanda",
    "Leo",
    "Mary",
    "José",
    "Ngũgĩ",
    "Astrid",
    "Virginia",
    "Salman",
    "Elena",
    "Haruki",
    "Toni",
    "Søren",
    "Rabindranath",
    "Clarice",
    "Agatha",
    "Mo",
];
const FAMILIES: [&str; 24] = [
    "Brown",
    "O'Brien",
    "Müller",
    "Tanaka",
    "Okonkwo",
    "Ferreira",
    "Lindqvist",
    "Dubois",
    "Novák",
    "Haddad",
    "Rossi",
    "Kowalska",
    "Smith",
    "Nguyễn",
    "García",
    "Petrov",
    "Andersen",
    "Lovelace",
    "de la Cruz",
    "Yılmaz",
    "Singh",
    "Moreau",
    "Papadopoulou",
    "Wang",
];
