use auth::given::entropy::CountedEntropy;
use auth::totp::{Enrolment, TABLES, TotpError, Verdict, check, enrol, hotp, is_on, otpauth_uri};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::Connection;
use sha1::Sha1;
use support::database::{TempDatabase, in_memory};

use crate::meeting::{connect, meet};

/// The beginning of a step in 2001, far from the clock of whatever machine runs this.
const NOW: i64 = 1_000_000_020;

/// How often threads try to get in between.
const ROUNDS: i64 = 12;

#[track_caller]
fn code_of(secret: &[u8], counter: u64, digits: u32) -> String {
    hotp(secret, counter, digits).unwrap_or_else(|error| panic!("no code for {counter}: {error:?}"))
}

/// The code as the standard has it, computed in another way than the exercise describes.
fn reference(secret: &[u8], counter: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes every key");
    mac.update(&counter.to_be_bytes());
    let bytes = mac.finalize().into_bytes();
    let offset = usize::from(bytes[19] % 16);
    let four: [u8; 4] = bytes[offset..offset + 4].try_into().expect("four bytes");
    let number = i32::from_be_bytes(four) & i32::MAX;
    let digits = number.to_string();
    let padded = format!("000000{digits}");
    padded[padded.len() - 6..].to_owned()
}

/// The code that an app shows at `now`.
fn shown(secret: &[u8], now: i64) -> String {
    reference(secret, u64::try_from(now / 30).expect("after 1970"))
}

struct Shop {
    db: Connection,
    entropy: CountedEntropy,
}

impl Shop {
    fn new(seed: u64) -> Self {
        let db = in_memory();
        db.execute_batch(TABLES).expect("the table");
        Self {
            db,
            entropy: CountedEntropy::new(seed),
        }
    }

    #[track_caller]
    fn enrol(&self, customer: i64) -> Vec<u8> {
        match enrol(&self.db, &self.entropy, customer, "ada@lantern.example") {
            Ok(enrolment) => bytes_of(&enrolment),
            Err(error) => panic!("customer {customer} could not enrol: {error:?}"),
        }
    }

    #[track_caller]
    fn check(&self, customer: i64, code: &str, now: i64) -> &'static str {
        match check(&self.db, customer, code, now) {
            Ok(verdict) => word(verdict),
            Err(error) => panic!("the code {code:?} could not be judged: {error:?}"),
        }
    }

    fn is_on(&self, customer: i64) -> bool {
        is_on(&self.db, customer).expect("the table can be read")
    }
}

/// The verdict as a text, which is compared as texts are.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::Wrong => "wrong",
        Verdict::NotEnrolled => "not enrolled",
    }
}

#[track_caller]
fn bytes_of(enrolment: &Enrolment) -> Vec<u8> {
    match BASE32_NOPAD.decode(enrolment.secret.as_bytes()) {
        Ok(bytes) => bytes,
        Err(error) => panic!(
            "{:?} is no base32 without padding: {error}",
            enrolment.secret
        ),
    }
}

/// The codes of RFC 6238, appendix B (SHA-1), and of RFC 4226, appendix D, come out.
#[test]
fn the_codes_of_the_standards_come_out() {
    let secret = b"12345678901234567890";
    for (seconds, expected) in [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ] {
        let code = code_of(secret, seconds / 30, 8);
        assert_eq!(code, expected, "RFC 6238, {seconds} seconds after 1970");
    }
    let rfc4226 = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
        "520489",
    ];
    for (counter, expected) in (0..).zip(rfc4226) {
        assert_eq!(
            code_of(secret, counter, 6),
            expected,
            "RFC 4226, counter {counter}"
        );
    }
}

/// Whatever the secret and the counter, the code is what other programs compute, with zeros in front where it is short.
#[test]
fn other_programs_compute_the_same() {
    // What `oathtool --totp` says.
    for (secret, seconds, expected) in [
        (
            "e7eee7615ef35f30e49b482e15cae75007201e12",
            5_111_905_548,
            "721099",
        ),
        (
            "7b0feda7e1647796ff022bea8ed02a82a175930f",
            4_596_574_913,
            "210469",
        ),
        (
            "37cd3794c52208006d6b1af0c0cbd625658aac2c",
            1_336_635_199,
            "572527",
        ),
        (
            "3132333435363738393031323334353637383930",
            1_000_015_090,
            "001766",
        ),
        (
            "3132333435363738393031323334353637383930",
            1_000_014_520,
            "007132",
        ),
    ] {
        let bytes = data_encoding::HEXLOWER
            .decode(secret.as_bytes())
            .expect("hexadecimal");
        assert_eq!(
            code_of(&bytes, seconds / 30, 6),
            expected,
            "{secret} at {seconds}"
        );
    }
    let mut values = support::seeded(0x1131);
    for _ in 0..400 {
        let length = values.size(0..80);
        let secret: Vec<u8> = (0..length)
            .map(|_| values.bits().to_be_bytes()[0])
            .collect();
        let counter = values.bits();
        let code = code_of(&secret, counter, 6);
        assert_eq!(
            code,
            reference(&secret, counter),
            "secret {secret:?}, counter {counter}"
        );
        let nine = code_of(&secret, counter, 9);
        assert_eq!(nine.len(), 9, "nine digits: {nine}");
        assert!(
            nine.ends_with(&code),
            "{code} are the last digits of {nine}"
        );
    }
}

/// The address for the QR code names issuer and account, and encodes whatever is not plain.
#[test]
fn the_address_is_encoded() {
    for (issuer, account, expected) in [
        (
            "Lantern",
            "ada",
            "otpauth://totp/Lantern:ada?secret=GEZDGNBV&issuer=Lantern&algorithm=SHA1&digits=6&period=30",
        ),
        (
            "Lantern Books",
            "ada+books@lantern.example",
            "otpauth://totp/Lantern%20Books:ada%2Bbooks%40lantern.example?secret=GEZDGNBV&issuer=Lantern%20Books&algorithm=SHA1&digits=6&period=30",
        ),
        (
            "A&B: C=D?",
            "é/#%~.-_",
            "otpauth://totp/A%26B%3A%20C%3DD%3F:%C3%A9%2F%23%25~.-_?secret=GEZDGNBV&issuer=A%26B%3A%20C%3DD%3F&algorithm=SHA1&digits=6&period=30",
        ),
        (
            " L ",
            "王",
            "otpauth://totp/%20L%20:%E7%8E%8B?secret=GEZDGNBV&issuer=%20L%20&algorithm=SHA1&digits=6&period=30",
        ),
    ] {
        assert_eq!(
            otpauth_uri(issuer, account, "GEZDGNBV"),
            expected,
            "{issuer:?}, {account:?}"
        );
    }
    let every: String = (0..=0x2ff).filter_map(char::from_u32).collect();
    let encoded = otpauth_uri("L", &every, "AA");
    let account = encoded
        .strip_prefix("otpauth://totp/L:")
        .and_then(|rest| rest.split_once('?'))
        .map(|(account, _)| account)
        .unwrap_or_else(|| panic!("not of the promised form: {encoded}"));
    let mut left = account;
    let mut decoded = Vec::new();
    while let Some(sign) = left.chars().next() {
        if sign == '%' {
            let hex = &left[1..3];
            assert_eq!(hex, hex.to_uppercase(), "hexadecimal digits in capitals");
            let byte = u8::from_str_radix(hex, 16).expect("two hexadecimal digits");
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            assert!(!plain, "{:?} needs no encoding", char::from(byte));
            decoded.push(byte);
            left = &left[3..];
        } else {
            assert!(
                sign.is_ascii_alphanumeric() || "-._~".contains(sign),
                "{sign:?} stands there as it is: {account}"
            );
            decoded.push(u8::try_from(sign).expect("ASCII"));
            left = &left[1..];
        }
    }
    assert_eq!(
        String::from_utf8(decoded).expect("UTF-8"),
        every,
        "decoded again"
    );
}

/// A secret is 20 random bytes, drawn for itself, given as base32 and as an address, and stored.
#[test]
fn a_secret_is_drawn_for_itself() {
    let shop = Shop::new(1);
    for customer in 1..=3 {
        let made: Enrolment =
            enrol(&shop.db, &shop.entropy, customer, "ada@lantern.example").expect("an enrolment");
        let drawn = shop.entropy.take_drawn();
        assert_eq!(drawn.len(), 1, "draws for one secret: {drawn:?}");
        assert_eq!(drawn[0].len(), 20, "bytes of a secret");
        assert_eq!(bytes_of(&made), drawn[0], "the secret is what was drawn");
        let expected = format!(
            "otpauth://totp/Lantern%20Books:ada%40lantern.example?secret={}&issuer=Lantern%20Books&algorithm=SHA1&digits=6&period=30",
            made.secret
        );
        assert_eq!(made.uri, expected, "the address");
        let code = shown(&drawn[0], NOW);
        assert_eq!(shop.check(customer, &code, NOW), "right", "the app's code");
    }
    let odd = enrol(&shop.db, &shop.entropy, 4, " Ada@Lantern.example ").expect("an enrolment");
    let label = "otpauth://totp/Lantern%20Books:%20Ada%40Lantern.example%20?secret=";
    assert!(
        odd.uri.starts_with(label),
        "the account as it is: {}",
        odd.uri
    );
    shop.entropy.run_dry();
    let answer = enrol(&shop.db, &shop.entropy, 4, "ada@lantern.example");
    assert!(
        matches!(answer, Err(TotpError::NoEntropy(_))),
        "no bytes: {answer:?}"
    );
    assert_eq!(
        shop.check(4, &shown(&bytes_of(&odd), NOW), NOW),
        "right",
        "the secret that was there, after an enrolment that failed"
    );
    let answer = enrol(&shop.db, &shop.entropy, 9, "ada@lantern.example");
    assert!(
        matches!(answer, Err(TotpError::NoEntropy(_))),
        "no bytes: {answer:?}"
    );
    assert_eq!(
        shop.check(9, "000000", NOW),
        "not enrolled",
        "nothing was stored"
    );
}

/// The first right code turns the second factor on; until then a customer may enrol again, and the last secret counts.
#[test]
fn an_enrolment_waits_for_its_code() {
    let shop = Shop::new(2);
    assert_eq!(
        shop.check(7, "123456", NOW),
        "not enrolled",
        "before everything"
    );
    let first = shop.enrol(7);
    assert!(!shop.is_on(7), "on, without a code");
    let second = shop.enrol(7);
    assert_ne!(first, second, "a fresh secret");
    assert_eq!(
        shop.check(7, &shown(&first, NOW), NOW),
        "wrong",
        "a code of the first secret"
    );
    assert!(!shop.is_on(7), "on, after a wrong code");
    assert_eq!(
        shop.check(7, &shown(&second, NOW), NOW),
        "right",
        "a code of the second"
    );
    assert!(shop.is_on(7), "on, after a right code");
    let answer = enrol(&shop.db, &shop.entropy, 7, "ada@lantern.example");
    assert!(
        matches!(answer, Err(TotpError::AlreadyOn)),
        "enrolled while it is on: {answer:?}"
    );
    assert!(shop.is_on(7), "still on");
    assert_eq!(
        shop.check(7, &shown(&second, NOW), NOW),
        "wrong",
        "a used code, after the refusal"
    );
    assert_eq!(
        shop.check(7, &shown(&second, NOW + 30), NOW + 30),
        "right",
        "the secret is the old one"
    );
    assert_eq!(
        shop.check(8, &shown(&second, NOW + 60), NOW + 60),
        "not enrolled",
        "somebody else"
    );
}

/// The code of the step before and of the step after counts as well, and no other.
#[test]
fn clocks_may_differ_by_one_step() {
    let mut values = support::seeded(0x1132);
    for round in 0..20 {
        let base = NOW + 30 * i64::try_from(values.number(0..1_000_000)).expect("it fits");
        for second in [0, 1, 29] {
            for (steps, verdict) in [
                (-100, "wrong"),
                (-3, "wrong"),
                (-2, "wrong"),
                (-1, "right"),
                (0, "right"),
                (1, "right"),
                (2, "wrong"),
                (3, "wrong"),
                (100, "wrong"),
            ] {
                let shop = Shop::new(round);
                let secret = shop.enrol(7);
                let code = shown(&secret, base + 30 * steps);
                let now = base + second;
                let answer = shop.check(7, &code, now);
                assert_eq!(
                    answer, verdict,
                    "a code {steps} steps away, in second {second} of the step at {base}"
                );
                assert_eq!(
                    shop.is_on(7),
                    verdict == "right",
                    "whether it is on, {steps} steps away"
                );
            }
        }
    }
    // The first minute of 1970 has no step before it.
    for now in [0, 29] {
        let shop = Shop::new(9);
        let secret = shop.enrol(7);
        assert_eq!(
            shop.check(7, &shown(&secret, 30), now),
            "right",
            "the code of step 1, at {now}"
        );
    }
    for now in [0, 29, 30, 59] {
        let shop = Shop::new(3);
        let secret = shop.enrol(7);
        assert_eq!(
            shop.check(7, "no code", now),
            "wrong",
            "{now} seconds after 1970"
        );
        assert_eq!(
            shop.check(7, &shown(&secret, 0), now),
            "right",
            "the code of step 0, at {now}"
        );
        assert_eq!(
            shop.check(7, &shown(&secret, 0), now),
            "wrong",
            "again, at {now}"
        );
    }
}

/// A code is good once, and with it every code of an earlier step is gone.
#[test]
fn a_code_is_used_once() {
    for (used, still_good) in [(-1, [0, 1].as_slice()), (0, &[1]), (1, &[])] {
        let shop = Shop::new(4);
        let secret = shop.enrol(7);
        let code = |steps: i64| shown(&secret, NOW + 30 * steps);
        assert_eq!(
            shop.check(7, &code(used), NOW),
            "right",
            "the code of step {used}"
        );
        for now in [NOW, NOW + 29] {
            assert_eq!(
                shop.check(7, &code(used), now),
                "wrong",
                "the code of step {used} again, at {now}"
            );
        }
        for steps in -1..=used {
            assert_eq!(
                shop.check(7, &code(steps), NOW),
                "wrong",
                "step {steps}, after step {used}"
            );
        }
        for steps in still_good {
            assert_eq!(
                shop.check(7, &code(*steps), NOW),
                "right",
                "step {steps}, after step {used}"
            );
        }
    }
    // An early code is not good again when its step has come.
    let shop = Shop::new(5);
    let secret = shop.enrol(7);
    let early = shown(&secret, NOW + 30);
    assert_eq!(shop.check(7, &early, NOW), "right", "a step early");
    for now in [NOW + 30, NOW + 59, NOW + 60] {
        assert_eq!(
            shop.check(7, &early, now),
            "wrong",
            "the same code at {now}"
        );
    }
}

/// Whoever guesses wrong uses nothing up: the right code is right afterwards.
#[test]
fn a_wrong_code_changes_nothing() {
    let shop = Shop::new(5);
    let secret = shop.enrol(7);
    let other = shop.enrol(8);
    let right = shown(&secret, NOW);
    for wrong in [
        "",
        "0",
        "12345",
        "1234567",
        &right[..5],
        &format!("{right}0"),
        &format!("0{right}"),
        &format!(" {right}"),
        &format!("{right} "),
        &format!("{right}\n"),
        &format!("{} {}", &right[..3], &right[3..]),
        &format!("{}-{}", &right[..3], &right[3..]),
        "abcdef",
        "------",
        "', 1, 1)",
        &"1".repeat(1_000_000),
    ] {
        let beginning: String = wrong.chars().take(20).collect();
        assert_eq!(
            shop.check(7, wrong, NOW),
            "wrong",
            "{beginning:?}, where {right:?} is right"
        );
    }
    // Arabic digits, those of double width, and letters whose last byte is a digit's.
    for zero in [0x660, 0xff10, 0x130] {
        let other: String = right
            .chars()
            .map(|digit| char::from_u32(u32::from(digit) - 0x30 + zero).expect("a digit"))
            .collect();
        assert_eq!(
            shop.check(7, &other, NOW),
            "wrong",
            "the digits of another script: {other}"
        );
    }
    assert_eq!(shop.check(8, &right, NOW), "wrong", "somebody else's code");
    assert_eq!(
        shop.check(7, &shown(&other, NOW), NOW),
        "wrong",
        "a code of somebody else's secret"
    );
    assert!(!shop.is_on(7), "on, after wrong codes");
    assert_eq!(
        shop.check(7, &right, NOW),
        "right",
        "the right code, after all of these"
    );
    assert_eq!(
        shop.check(8, &shown(&other, NOW), NOW),
        "right",
        "the other customer's code"
    );
}

/// A code that begins with zeros is six digits like any other, and not the number that it looks like.
#[test]
fn zeros_in_front_belong_to_the_code() {
    let mut tried = 0;
    for seed in 0..400 {
        let shop = Shop::new(1_000 + seed);
        let secret = shop.enrol(7);
        let right = shown(&secret, NOW);
        let Some(number) = right.strip_prefix('0') else {
            continue;
        };
        tried += 1;
        for wrong in [
            number.to_owned(),
            format!("+{number}"),
            format!(" {number}"),
            format!("{number}0"),
        ] {
            if wrong != shown(&secret, NOW - 30) && wrong != shown(&secret, NOW + 30) {
                assert_eq!(
                    shop.check(7, &wrong, NOW),
                    "wrong",
                    "{wrong:?}, where {right:?} is right"
                );
            }
        }
        assert_eq!(shop.check(7, &right, NOW), "right", "{right:?}");
    }
    assert!(tried > 20, "{tried} codes with a zero in front");
}

/// One code, typed twice at the same moment: one is right.
#[test]
fn of_two_at_once_one_is_right() {
    let file = TempDatabase::new();
    let db = connect(&file);
    db.execute_batch(TABLES).expect("the table");
    let entropy = CountedEntropy::new(6);
    for round in 1..=ROUNDS {
        let made = enrol(&db, &entropy, round, "ada@lantern.example").expect("an enrolment");
        let code = shown(&bytes_of(&made), NOW);
        let answers: Vec<Result<Verdict, TotpError>> =
            meet(&file, 3, |db, _| check(db, round, &code, NOW));
        let right = answers
            .iter()
            .filter(|answer| matches!(answer, Ok(Verdict::Right)))
            .count();
        assert_eq!(
            right, 1,
            "right ones of three, in round {round}: {answers:?}"
        );
        let wrong = answers
            .iter()
            .filter(|answer| matches!(answer, Ok(Verdict::Wrong)))
            .count();
        assert_eq!(
            wrong, 2,
            "wrong ones of three, in round {round}: {answers:?}"
        );
    }
}

/// Of three steps' codes at the same moment the latest is right in any case, and none is good afterwards.
#[test]
fn the_last_step_never_goes_back() {
    let file = TempDatabase::new();
    let db = connect(&file);
    db.execute_batch(TABLES).expect("the table");
    let entropy = CountedEntropy::new(7);
    for round in 1..=ROUNDS {
        let made = enrol(&db, &entropy, round, "ada@lantern.example").expect("an enrolment");
        let secret = bytes_of(&made);
        let codes = [NOW + 30, NOW, NOW - 30].map(|at| shown(&secret, at));
        let answers: Vec<Result<Verdict, TotpError>> =
            meet(&file, 3, |db, number| check(db, round, &codes[number], NOW));
        assert!(
            matches!(answers[0], Ok(Verdict::Right)),
            "the latest code, in round {round}: {answers:?}"
        );
        for code in &codes {
            let again = check(&db, round, code, NOW);
            assert!(
                matches!(again, Ok(Verdict::Wrong)),
                "a code afterwards, in round {round}: {again:?}, after {answers:?}"
            );
        }
    }
}

/// A code and a new enrolment at the same moment: one of the two wins, and the app that is on has the secret.
#[test]
fn a_code_turns_on_its_own_secret_only() {
    let file = TempDatabase::new();
    let db = connect(&file);
    db.execute_batch(TABLES).expect("the table");
    let entropy = CountedEntropy::new(8);
    for round in 1..=3 * ROUNDS {
        let made = enrol(&db, &entropy, round, "ada@lantern.example").expect("an enrolment");
        let old = bytes_of(&made);
        let code = shown(&old, NOW);
        let answers: Vec<(bool, Option<Vec<u8>>)> = meet(&file, 2, |db, number| {
            if number == 0 {
                (
                    matches!(check(db, round, &code, NOW), Ok(Verdict::Right)),
                    None,
                )
            } else {
                let new = match enrol(db, &entropy, round, "ada@lantern.example") {
                    Ok(made) => Some(bytes_of(&made)),
                    Err(TotpError::AlreadyOn) => None,
                    Err(error) => panic!("neither enrolled nor on already: {error:?}"),
                };
                (false, new)
            }
        });
        let (confirmed, new) = (answers[0].0, &answers[1].1);
        assert_ne!(
            confirmed,
            new.is_some(),
            "either the code is right or a new secret is given, in round {round}"
        );
        assert_eq!(
            is_on(&db, round).expect("a table"),
            confirmed,
            "whether it is on, in round {round}"
        );
        let holds = new.as_ref().unwrap_or(&old);
        let next = check(&db, round, &shown(holds, NOW + 30), NOW + 30);
        assert!(
            matches!(next, Ok(Verdict::Right)),
            "the next code of the secret that won, in round {round}: {next:?}"
        );
    }
}
