use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use auth::given::entropy::CountedEntropy;
use auth::given::passwords::{COMMON, Check, PasswordError, Passwords, SignInError, Weakness};
use auth::given::tables::USERS;
use auth::passwords::{FEWEST_CHARACTERS, Hasher, MOST_BYTES, sign_in, weakness};
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use support::database::{TempDatabase, in_memory};

/// How many blocks the tests' hashers have.
const BLOCKS: usize = 64;

fn cost(memory: u32, passes: u32) -> Params {
    Params::new(memory, passes, 1, None).expect("a cost that Argon2 takes")
}

/// A hasher at this cost, with 64 KiB.
fn hasher(cost: Params) -> Hasher {
    Hasher::new(
        cost,
        vec![Block::default(); BLOCKS],
        Arc::new(CountedEntropy::new(0x1101)),
    )
}

/// A source that gives nothing.
fn dry() -> Arc<CountedEntropy> {
    let source = CountedEntropy::new(0);
    source.run_dry();
    Arc::new(source)
}

fn hashed(hasher: &mut Hasher, password: &str) -> String {
    match hasher.hash(password) {
        Ok(stored) => stored,
        Err(error) => panic!("{password:?} is not hashed: {error:?}"),
    }
}

fn checked(hasher: &mut Hasher, password: &str, stored: &str) -> Check {
    match hasher.verify(password, stored) {
        Ok(check) => check,
        Err(error) => panic!("{password:?} is not compared with {stored}: {error:?}"),
    }
}

/// What another program would have stored.
fn foreign(algorithm: Algorithm, version: Version, cost: Params, password: &str) -> String {
    Argon2::new(algorithm, version, cost)
        .hash_password_with_salt(password.as_bytes(), b"0123456789abcdef")
        .expect("argon2 hashes")
        .to_string()
}

/// How many blocks of the hasher's memory hold something.
fn used(hasher: &Hasher) -> usize {
    let holds = |block: &&Block| block.as_ref().iter().any(|word: &u64| *word != 0);
    hasher.memory().iter().filter(holds).count()
}

/// Too short is measured in characters, too long in bytes; both limits themselves are right.
#[test]
fn short_counts_characters_and_long_counts_bytes() {
    for letter in ["q", "é", "ж", "語", "🦉"] {
        let fewest = letter.repeat(FEWEST_CHARACTERS);
        assert_eq!(weakness(&fewest), None, "12 times {letter}");
        let short = letter.repeat(FEWEST_CHARACTERS - 1);
        assert_eq!(
            weakness(&short),
            Some(Weakness::TooShort),
            "11 times {letter}"
        );
        let most = letter.repeat(MOST_BYTES / letter.len());
        assert_eq!(weakness(&most), None, "{} bytes of {letter}", most.len());
        let long = letter.repeat(MOST_BYTES / letter.len() + 1);
        assert_eq!(
            weakness(&long),
            Some(Weakness::TooLong),
            "{} bytes of {letter}",
            long.len()
        );
    }
    assert_eq!(weakness(""), Some(Weakness::TooShort), "the empty text");
    for mark in ['\t', '\0', '\u{200b}', '\u{301}'] {
        let eleven = "q".repeat(FEWEST_CHARACTERS - 1);
        let marked = format!("{eleven}{mark}");
        assert_eq!(weakness(&marked), None, "12 characters: {marked:?}");
    }
    let huge = "a ".repeat(50_000);
    assert_eq!(weakness(&huge), Some(Weakness::TooLong), "100,000 bytes");
}

/// Spaces count as any other character, at both ends and in between: none is cut off before it is measured or looked up.
#[test]
fn spaces_are_characters() {
    assert_eq!(
        weakness("   eleven   "),
        None,
        "12 characters, 6 of them spaces"
    );
    assert_eq!(weakness(" password1234"), None, "not the one on the list");
    assert_eq!(weakness("password1234 "), None, "not the one on the list");
    let spaces = " ".repeat(MOST_BYTES + 1);
    assert_eq!(weakness(&spaces), Some(Weakness::TooLong), "513 spaces");
}

/// What is on the list is refused in whatever mixture of small and capital letters; what only contains it is not.
#[test]
fn what_everybody_tries_first_is_refused() {
    let mut values = support::seeded(0x1102);
    for common in COMMON {
        assert_eq!(weakness(common), Some(Weakness::Common), "{common}");
        let capitals = common.to_uppercase();
        assert_eq!(weakness(&capitals), Some(Weakness::Common), "{capitals}");
        let mixed: String = common
            .chars()
            .flat_map(|letter| match values.coin() {
                true => letter.to_uppercase().collect::<Vec<char>>(),
                false => vec![letter],
            })
            .collect();
        assert_eq!(weakness(&mixed), Some(Weakness::Common), "{mixed}");
        let longer = format!("{common}{}", values.word(1..4));
        assert_eq!(weakness(&longer), None, "{longer}");
        let other = format!("{}{common}", values.word(1..4));
        assert_eq!(weakness(&other), None, "{other}");
    }
}

/// A hash is a PHC string of Argon2id at the cost of today, and another program that knows Argon2 reads it.
#[test]
fn a_hash_says_how_it_was_made() {
    for (memory, passes) in [(8, 1), (16, 2), (40, 3)] {
        let stored = hashed(&mut hasher(cost(memory, passes)), "a lamp for the night");
        let hash = match PasswordHash::new(&stored) {
            Ok(hash) => hash,
            Err(error) => panic!("{stored:?} is no PHC string: {error}"),
        };
        assert_eq!(hash.algorithm.as_str(), "argon2id", "{stored}");
        assert_eq!(hash.version, Some(19), "the version in {stored}");
        let read = Params::try_from(&hash).expect("a cost");
        assert_eq!(read.m_cost(), memory, "the memory in {stored}");
        assert_eq!(read.t_cost(), passes, "the passes in {stored}");
        assert_eq!(read.p_cost(), 1, "the lanes in {stored}");
        let length = hash.hash.as_ref().map(|hash| hash.len());
        assert_eq!(length, Some(32), "the bytes of the hash in {stored}");
        let verified = Argon2::default().verify_password(b"a lamp for the night", &hash);
        assert_eq!(verified, Ok(()), "read by the crate itself: {stored}");
    }
}

/// The salt is 16 bytes of the source, all of them and in their order, and drawn anew for each password.
#[test]
fn the_salt_is_drawn_for_each_password() {
    let source = Arc::new(CountedEntropy::new(0x1103));
    let memory = vec![Block::default(); BLOCKS];
    let mut hasher = Hasher::new(cost(8, 1), memory, source.clone());
    let mut seen = Vec::new();
    for _ in 0..3 {
        let stored = hashed(&mut hasher, "a lamp for the night");
        let drawn = source.take_drawn().concat();
        assert_eq!(drawn.len(), 16, "bytes drawn for one salt");
        let hash = PasswordHash::new(&stored).expect("a PHC string");
        let salt = hash.salt.as_ref().map(|salt| salt.to_vec());
        assert_eq!(salt, Some(drawn), "the salt in {stored}");
        assert!(!seen.contains(&stored), "the same password, twice {stored}");
        seen.push(stored);
    }
    let memory = vec![Block::default(); BLOCKS];
    let refused = Hasher::new(cost(8, 1), memory, dry()).hash("a lamp for the night");
    assert!(
        matches!(refused, Err(PasswordError::NoEntropy)),
        "without random bytes: {refused:?}"
    );
}

/// A password matches its own hash, and nothing that merely resembles it does.
#[test]
fn only_the_password_itself_matches() {
    let mut hasher = hasher(cost(8, 1));
    let mut values = support::seeded(0x1104);
    for _ in 0..4 {
        let word = values.word(100..200);
        let password = format!(" {word} Été ");
        let stored = hashed(&mut hasher, &password);
        let check = checked(&mut hasher, &password, &stored);
        assert_eq!(
            check,
            Check {
                matches: true,
                outdated: false
            },
            "{password:?} itself"
        );
        let resembling = [
            password.trim().to_owned(),
            password.to_lowercase(),
            format!(" {word} E\u{301}te\u{301} "),
            format!(" {word} Ete "),
            format!("{password}\0"),
            format!("{password}x"),
            password.chars().take(72).collect(),
            password.chars().take(word.len()).collect(),
            String::new(),
        ];
        for other in resembling {
            let check = checked(&mut hasher, &other, &stored);
            assert!(!check.matches, "{other:?} against the hash of {password:?}");
        }
    }
    // The last character of a long password counts as much as the first.
    for length in [73, 129, 257, MOST_BYTES, 5 * MOST_BYTES] {
        let front = "q".repeat(length - 1);
        let stored = hashed(&mut hasher, &format!("{front}w"));
        let check = checked(&mut hasher, &format!("{front}v"), &stored);
        assert!(
            !check.matches,
            "{length} bytes, of which the last is another"
        );
    }
    let most = "q".repeat(MOST_BYTES);
    let stored = hashed(&mut hasher, &most);
    let check = checked(&mut hasher, &format!("{most}q"), &stored);
    assert!(!check.matches, "513 bytes against the hash of 512");
    let stored = hashed(&mut hasher, "nul\0and what follows");
    assert!(
        !checked(&mut hasher, "nul\0and something else", &stored).matches,
        "after a NUL"
    );
}

/// A stored string is compared at the cost and with the algorithm that it names, and is outdated when today's is costlier.
#[test]
fn a_string_is_read_at_its_own_cost() {
    use Algorithm::{Argon2d, Argon2i, Argon2id};
    let (old, new) = (Version::V0x10, Version::V0x13);
    for (algorithm, version, stored_cost, outdated) in [
        (Argon2id, new, (16, 2), false),
        (Argon2id, new, (8, 2), true),
        (Argon2id, new, (16, 1), true),
        (Argon2id, new, (64, 1), true),
        (Argon2id, new, (8, 5), true),
        (Argon2id, new, (32, 2), false),
        (Argon2id, new, (16, 3), false),
        (Argon2id, old, (16, 2), true),
        (Argon2i, new, (16, 2), true),
        (Argon2d, new, (32, 3), true),
    ] {
        let mut hasher = hasher(cost(16, 2));
        let made = cost(stored_cost.0, stored_cost.1);
        let stored = foreign(algorithm, version, made, "a lamp for the night");
        let right = checked(&mut hasher, "a lamp for the night", &stored);
        assert!(right.matches, "the password against {stored}");
        assert_eq!(
            right.outdated, outdated,
            "outdated, when today is m=16,t=2: {stored}"
        );
        let wrong = checked(&mut hasher, "a lamp for the day", &stored);
        assert!(!wrong.matches, "another password against {stored}");
    }
    // A shorter hash, as some programs store it.
    let short = Params::new(16, 2, 1, Some(16)).expect("a cost");
    let stored = foreign(Argon2id, new, short, "a lamp for the night");
    let check = checked(&mut hasher(cost(16, 2)), "a lamp for the night", &stored);
    assert!(check.matches, "a hash of 16 bytes: {stored}");
}

/// Algorithm, version, memory and passes say whether a string is outdated. Lanes, and the lengths of salt and hash, do not.
#[test]
fn nothing_else_is_outdated() {
    let lanes = |lanes, length| Params::new(32, 2, lanes, Some(length)).expect("a cost");
    for (today, made, salt) in [
        (2, lanes(1, 32), "0123456789abcdef"),
        (1, lanes(2, 32), "0123456789abcdef"),
        (1, lanes(1, 16), "0123456789abcdef"),
        (1, lanes(1, 48), "0123456789abcdef"),
        (1, lanes(1, 32), "01234567"),
        (1, lanes(1, 32), "0123456789abcdef0123456789abcdef"),
    ] {
        let stored = Argon2::new(Algorithm::Argon2id, Version::V0x13, made)
            .hash_password_with_salt(b"a lamp for the night", salt.as_bytes())
            .expect("argon2 hashes")
            .to_string();
        let mut hasher = hasher(lanes(today, 32));
        let check = checked(&mut hasher, "a lamp for the night", &stored);
        assert!(check.matches, "the password against {stored}");
        assert!(
            !check.outdated,
            "outdated, when today is m=32,t=2,p={today}: {stored}"
        );
    }
}

/// Both work in the memory that the hasher was given. What needs more is refused, and nothing grows.
#[test]
fn the_memory_is_the_hashers_own() {
    let mut hashing = hasher(cost(24, 1));
    let stored = hashed(&mut hashing, "a lamp for the night");
    assert_eq!(used(&hashing), 24, "blocks in use after hashing with m=24");

    let mut comparing = hasher(cost(8, 1));
    checked(&mut comparing, "a lamp for the night", &stored);
    assert_eq!(
        used(&comparing),
        24,
        "blocks in use after comparing with m=24"
    );

    let exact = foreign(Algorithm::Argon2id, Version::V0x13, cost(64, 1), "a lamp");
    assert!(
        checked(&mut comparing, "a lamp", &exact).matches,
        "64 KiB of 64"
    );
    for more in [68, 4096] {
        let stored = foreign(Algorithm::Argon2id, Version::V0x13, cost(more, 1), "a lamp");
        let refused = comparing.verify("a lamp", &stored);
        assert!(
            matches!(refused, Err(PasswordError::TooCostly)),
            "{more} KiB, where there are 64: {refused:?}"
        );
    }
    let terabytes = exact.replace("m=64", "m=4294967295");
    let refused = comparing.verify("a lamp", &terabytes);
    assert!(
        matches!(refused, Err(PasswordError::TooCostly)),
        "4 TiB, where there are 64 KiB: {refused:?}"
    );
    let refused = Hasher::new(
        cost(65, 1),
        vec![Block::default(); 32],
        Arc::new(CountedEntropy::new(1)),
    )
    .hash("a lamp");
    assert!(
        matches!(refused, Err(PasswordError::TooCostly)),
        "hashing at 65 KiB, where there are 32: {refused:?}"
    );
    assert_eq!(
        comparing.memory().len(),
        BLOCKS,
        "blocks, as at the beginning"
    );
}

/// What is no PHC string of Argon2 is unreadable: an error, not a wrong password.
#[test]
fn what_cannot_be_read_is_an_error() {
    let mut hasher = hasher(cost(8, 1));
    let good = hashed(&mut hasher, "a lamp for the night");
    let without_hash = good
        .rsplit_once('$')
        .map_or("", |(front, _)| front)
        .to_owned();
    let without_salt = "$argon2id$v=19$m=8,t=1,p=1".to_owned();
    for stored in [
        String::new(),
        "a lamp for the night".to_owned(),
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".to_owned(),
        good.replace("argon2id", "scrypt"),
        good.replace("v=19", "v=7"),
        good.replace("t=1", "t=0"),
        without_hash,
        without_salt,
    ] {
        let refused = hasher.verify("a lamp for the night", &stored);
        assert!(
            matches!(refused, Err(PasswordError::Unreadable)),
            "{stored:?}: {refused:?}"
        );
    }
}

/// Counts the work and, in the middle of a hashing, lets something else happen.
struct Counting<'a> {
    hasher: Hasher,
    hashes: usize,
    comparisons: usize,
    meanwhile: Option<Box<dyn FnOnce() + 'a>>,
}

impl<'a> Counting<'a> {
    fn new(cost: Params) -> Self {
        Self {
            hasher: hasher(cost),
            hashes: 0,
            comparisons: 0,
            meanwhile: None,
        }
    }

    fn with_meanwhile(cost: Params, meanwhile: impl FnOnce() + 'a) -> Self {
        Self {
            meanwhile: Some(Box::new(meanwhile)),
            ..Self::new(cost)
        }
    }
}

impl Passwords for Counting<'_> {
    fn hash(&mut self, password: &str) -> Result<String, PasswordError> {
        self.hashes += 1;
        let hash = self.hasher.hash(password);
        if let Some(meanwhile) = self.meanwhile.take() {
            meanwhile();
        }
        hash
    }

    fn verify(&mut self, password: &str, stored: &str) -> Result<Check, PasswordError> {
        self.comparisons += 1;
        self.hasher.verify(password, stored)
    }
}

fn add(connection: &Connection, email: &str, stored: &str) -> i64 {
    connection
        .execute(
            "INSERT INTO users (email, password_hash) VALUES (?1, ?2)",
            [email, stored],
        )
        .expect("the table takes a user");
    connection.last_insert_rowid()
}

fn stored(connection: &Connection, user: i64) -> String {
    let sql = "SELECT password_hash FROM users WHERE id = ?1";
    connection
        .query_row(sql, [user], |row| row.get(0))
        .expect("the user is there")
}

fn table() -> Connection {
    let connection = in_memory();
    connection.execute_batch(USERS).expect("the table is made");
    connection
}

/// The email finds its own user, letter by letter, and only their own password opens.
#[test]
fn everybody_signs_in_as_themselves() {
    let connection = table();
    let mut passwords = Counting::new(cost(8, 1));
    let emails = [
        "ada@lantern.example",
        "Ada@lantern.example",
        "a_a@lantern.example",
        "' OR 1=1 --",
    ];
    let users: Vec<(i64, String)> = emails
        .iter()
        .map(|email| {
            let password = format!(" the password of {email} ");
            let stored = hashed(&mut passwords.hasher, &password);
            (add(&connection, email, &stored), password)
        })
        .collect();
    for (email, (user, password)) in emails.iter().zip(&users) {
        for (_, other) in &users {
            let signed_in = sign_in(&connection, &mut passwords, email, other);
            if other == password {
                assert_eq!(signed_in.ok(), Some(*user), "{email:?} with {password:?}");
            } else {
                assert!(
                    matches!(signed_in, Err(SignInError::Wrong)),
                    "{email:?} with {other:?}: {signed_in:?}"
                );
            }
        }
        let trimmed = sign_in(&connection, &mut passwords, email, password.trim());
        assert!(
            matches!(trimmed, Err(SignInError::Wrong)),
            "{email:?} with the spaces cut off: {trimmed:?}"
        );
        for other in [format!(" {email}"), format!("{email} ")] {
            let signed_in = sign_in(&connection, &mut passwords, &other, password);
            assert!(
                matches!(signed_in, Err(SignInError::Wrong)),
                "{other:?}, which is nobody's: {signed_in:?}"
            );
        }
    }
}

/// A sign-in asks whose password it is and nothing else: not whether it could be chosen today, and not whether an account is open.
#[test]
fn a_password_that_was_good_enough_stays_good() {
    let connection = table();
    let mut passwords = Counting::new(cost(8, 1));
    let huge = "q".repeat(MOST_BYTES + 1);
    for password in ["", "lamp", "password1234", &huge] {
        let stored = hashed(&mut passwords.hasher, password);
        let user = add(&connection, &format!("{password}@lantern.example"), &stored);
        let closed = "UPDATE users SET disabled = ?1 WHERE id = ?2";
        for disabled in [0, 1] {
            connection
                .execute(closed, [disabled, user])
                .expect("the table takes it");
            let email = format!("{password}@lantern.example");
            let signed_in = sign_in(&connection, &mut passwords, &email, password);
            let case = format!("{password:?}, disabled: {disabled}");
            assert_eq!(signed_in.ok(), Some(user), "{case}");
        }
    }
}

/// An unknown email costs the same hashing at today's cost as a wrong password does, and gets the same refusal.
#[test]
fn an_unknown_email_costs_the_same() {
    let connection = table();
    let mut passwords = Counting::new(cost(48, 1));
    let own = hashed(&mut passwords.hasher, "a lamp for the night");
    add(&connection, "ada@lantern.example", &own);
    let mut work = Vec::new();
    for email in ["ada@lantern.example", "nobody@lantern.example", ""] {
        let mut passwords = Counting::new(cost(48, 1));
        let refused = sign_in(&connection, &mut passwords, email, "another password");
        assert!(
            matches!(refused, Err(SignInError::Wrong)),
            "{email:?}: {refused:?}"
        );
        let done = passwords.hashes + passwords.comparisons;
        work.push((email, done, used(&passwords.hasher)));
    }
    for (email, done, blocks) in work {
        assert_eq!(done, 1, "hashings and comparisons for {email:?}");
        assert_eq!(blocks, 48, "KiB that were worked through for {email:?}");
    }
}

/// When the cost has risen, the right password is hashed anew, once; what is current stays, and a wrong password changes nothing.
#[test]
fn a_hash_is_renewed_when_the_cost_has_risen() {
    let connection = table();
    let cheap = foreign(
        Algorithm::Argon2id,
        Version::V0x13,
        cost(8, 1),
        " a lamp for the night",
    );
    let user = add(&connection, "ada@lantern.example", &cheap);
    let other = add(&connection, "bob@lantern.example", &cheap);
    let mut passwords = Counting::new(cost(16, 2));

    let refused = sign_in(
        &connection,
        &mut passwords,
        "ada@lantern.example",
        "a lamp for the night",
    );
    assert!(
        matches!(refused, Err(SignInError::Wrong)),
        "without the space: {refused:?}"
    );
    assert_eq!(stored(&connection, user), cheap, "after a wrong password");

    let try_in = |passwords: &mut Counting<'_>| {
        sign_in(
            &connection,
            passwords,
            "ada@lantern.example",
            " a lamp for the night",
        )
    };
    assert_eq!(try_in(&mut passwords).ok(), Some(user), "at the old cost");
    let renewed = stored(&connection, user);
    assert!(
        renewed.starts_with("$argon2id$v=19$m=16,t=2,p=1$"),
        "after the sign-in: {renewed}"
    );
    assert_eq!(
        stored(&connection, other),
        cheap,
        "somebody else's, with the same hash"
    );

    let mut passwords = Counting::new(cost(16, 2));
    assert_eq!(try_in(&mut passwords).ok(), Some(user), "at the new cost");
    assert_eq!(passwords.hashes, 0, "hashings for a string that is current");
    assert_eq!(
        stored(&connection, user),
        renewed,
        "a string that is current stays"
    );
    let mut cheaper = Counting::new(cost(8, 1));
    assert_eq!(
        try_in(&mut cheaper).ok(),
        Some(user),
        "at a lower cost than stored"
    );
    assert_eq!(
        stored(&connection, user),
        renewed,
        "a costlier string stays"
    );
}

/// Every byte of the stored hash counts: one that differs anywhere is the hash of another password.
#[test]
fn every_byte_of_the_hash_counts() {
    let mut hasher = hasher(cost(8, 1));
    let stored = hashed(&mut hasher, "a lamp for the night");
    let good = PasswordHash::new(&stored).expect("a PHC string");
    let bytes = good.hash.as_ref().map(|hash| hash.as_bytes().to_vec());
    let bytes = bytes.expect("a hash");
    for place in 0..bytes.len() {
        let mut other = bytes.clone();
        other[place] ^= 1;
        let hash = Some(Output::new(&other).expect("a hash"));
        let stored = PasswordHash {
            hash,
            ..good.clone()
        };
        let check = checked(&mut hasher, "a lamp for the night", &stored.to_string());
        assert!(!check.matches, "byte {place} of the hash is another");
    }
}

/// Somebody changes the password while the old one is being hashed anew: the new one stays, and the old one opens nothing.
#[test]
fn an_older_password_never_beats_a_newer_one() {
    let (id, version) = (Algorithm::Argon2id, Version::V0x13);
    for moment in [
        "while it hashes",
        "before a transaction",
        "before the UPDATE",
    ] {
        for newer in [cost(16, 1), cost(8, 1)] {
            let file = TempDatabase::new();
            let mut connection = file.connect();
            let wal = "PRAGMA journal_mode = wal; PRAGMA synchronous = off";
            connection.execute_batch(wal).expect("WAL");
            connection.execute_batch(USERS).expect("the table is made");
            let old = foreign(id, version, cost(8, 1), "the old password");
            let user = add(&connection, "ada@lantern.example", &old);
            let new = foreign(id, version, newer, "the new password");
            let elsewhere = file.connect();
            elsewhere
                .busy_timeout(std::time::Duration::ZERO)
                .expect("no patience");
            let changed = Arc::new(AtomicBool::new(false));
            let change = {
                let (new, changed) = (new.clone(), Arc::clone(&changed));
                move || {
                    let sql = "UPDATE users SET password_hash = ?1";
                    if !changed.load(Ordering::SeqCst) {
                        let done = elsewhere.execute(sql, [&new]).is_ok();
                        changed.store(done, Ordering::SeqCst);
                    }
                }
            };
            let mut passwords = if moment == "while it hashes" {
                Counting::with_meanwhile(cost(16, 1), change)
            } else {
                // SQLite asks before it takes a statement: then the password is changed, if nobody holds the table.
                let hook = move |context: AuthContext<'_>| {
                    let now = match context.action {
                        AuthAction::Transaction { .. } => moment == "before a transaction",
                        AuthAction::Update { .. } => moment == "before the UPDATE",
                        _ => false,
                    };
                    if now {
                        change();
                    }
                    Authorization::Allow
                };
                connection
                    .authorizer(Some(hook))
                    .expect("SQLite takes the hook");
                Counting::new(cost(16, 1))
            };
            let email = "ada@lantern.example";
            let signed_in = sign_in(&connection, &mut passwords, email, "the old password");
            let left = stored(&file.connect(), user);
            if changed.load(Ordering::SeqCst) {
                assert_eq!(left, new, "the newer password, changed {moment}");
                assert!(
                    matches!(signed_in, Err(SignInError::Wrong)),
                    "with a password that was replaced {moment}: {signed_in:?}"
                );
            } else {
                assert!(left.contains("$m=16,"), "nobody came in {moment}: {left}");
                assert_eq!(signed_in.ok(), Some(user), "nobody came in {moment}");
            }
        }
    }
}

/// Each of its first hashings takes so long that somebody stores another old hash of the same password meanwhile.
struct Overtaken<'a> {
    inner: Counting<'a>,
    connection: &'a Connection,
    others: Vec<String>,
}

impl Passwords for Overtaken<'_> {
    fn hash(&mut self, password: &str) -> Result<String, PasswordError> {
        if let Some(other) = self.others.pop() {
            self.connection
                .execute("UPDATE users SET password_hash = ?1", [other])
                .expect("the table takes it");
        }
        self.inner.hash(password)
    }

    fn verify(&mut self, password: &str, stored: &str) -> Result<Check, PasswordError> {
        self.inner.verify(password, stored)
    }
}

/// A sign-in begins again as often as it was overtaken: with the right password it gets in at last.
#[test]
fn overtaken_again_and_again() {
    let connection = table();
    let password = "a lamp for the night";
    let old = |passes| {
        let (id, version) = (Algorithm::Argon2id, Version::V0x13);
        foreign(id, version, cost(8, passes), password)
    };
    let user = add(&connection, "ada@lantern.example", &old(1));
    let mut passwords = Overtaken {
        inner: Counting::new(cost(16, 1)),
        connection: &connection,
        others: vec![old(4), old(3), old(2)],
    };
    match sign_in(&connection, &mut passwords, "ada@lantern.example", password) {
        Ok(id) => assert_eq!(id, user, "overtaken three times"),
        Err(error) => panic!("overtaken three times, with the right password: {error:?}"),
    }
    let left = stored(&connection, user);
    assert!(left.contains("$m=16,"), "what is stored at last: {left}");
}

/// An account that is deleted while its hash is being renewed lets nobody in.
#[test]
fn an_account_that_is_gone_lets_nobody_in() {
    let connection = table();
    let (id, version) = (Algorithm::Argon2id, Version::V0x13);
    let old = foreign(id, version, cost(8, 1), "a lamp for the night");
    add(&connection, "ada@lantern.example", &old);
    let delete = || {
        connection
            .execute("DELETE FROM users", [])
            .expect("the table gives it up");
    };
    let mut passwords = Counting::with_meanwhile(cost(16, 1), delete);
    let signed_in = sign_in(
        &connection,
        &mut passwords,
        "ada@lantern.example",
        "a lamp for the night",
    );
    assert!(
        matches!(signed_in, Err(SignInError::Wrong)),
        "an account that was deleted meanwhile: {signed_in:?}"
    );
}

/// Two sign-ins with the same, right password both renew the hash: one of them does, and both get in.
#[test]
fn two_at_once_both_get_in() {
    let file = TempDatabase::new();
    let connection = file.connect();
    connection.execute_batch(USERS).expect("the table is made");
    let password = "a lamp for the night";
    let old = foreign(Algorithm::Argon2id, Version::V0x13, cost(8, 1), password);
    let user = add(&connection, "ada@lantern.example", &old);
    let elsewhere = file.connect();
    let other = || {
        let mut passwords = Counting::new(cost(16, 1));
        let signed_in = sign_in(&elsewhere, &mut passwords, "ada@lantern.example", password);
        assert_eq!(signed_in.ok(), Some(user), "the one that was faster");
    };
    let mut passwords = Counting::with_meanwhile(cost(16, 1), other);
    let signed_in = sign_in(&connection, &mut passwords, "ada@lantern.example", password);
    match signed_in {
        Ok(id) => assert_eq!(id, user, "the one that was slower"),
        Err(error) => panic!("the one that was slower, with the right password: {error:?}"),
    }
}

/// A table that is gone and a string that cannot be read are our faults, and nobody's wrong password.
#[test]
fn what_is_broken_is_not_wrong() {
    let connection = table();
    let mut passwords = Counting::new(cost(8, 1));
    add(&connection, "ada@lantern.example", "no PHC string");
    let broken = sign_in(
        &connection,
        &mut passwords,
        "ada@lantern.example",
        "a lamp for the night",
    );
    assert!(
        matches!(broken, Err(SignInError::Broken(_))),
        "what is stored cannot be read: {broken:?}"
    );
    let memory = vec![Block::default(); BLOCKS];
    let mut dry = Hasher::new(cost(16, 1), memory, dry());
    let cheap = foreign(
        Algorithm::Argon2id,
        Version::V0x13,
        cost(8, 1),
        "a lamp for the night",
    );
    add(&connection, "bob@lantern.example", &cheap);
    let broken = sign_in(
        &connection,
        &mut dry,
        "bob@lantern.example",
        "a lamp for the night",
    );
    assert!(
        matches!(broken, Err(SignInError::Broken(_))),
        "there is no salt for the new hash: {broken:?}"
    );
    connection
        .execute_batch("DROP TABLE users")
        .expect("it is there");
    let broken = sign_in(
        &connection,
        &mut passwords,
        "ada@lantern.example",
        "a lamp for the night",
    );
    assert!(
        matches!(broken, Err(SignInError::Broken(_))),
        "there is no table: {broken:?}"
    );
}
