use auth::tokens::{AUDIENCE, Claims, ISSUER, Key, LIFETIME, TokenError, issue, verify};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

/// 2001-09-09: far from the clock of whatever machine runs this.
const NOW: i64 = 1_000_000_000;

fn key(kid: &str, signs_from: i64, signs_until: i64) -> Key {
    Key {
        kid: kid.to_owned(),
        secret: format!("the secret of {kid}, of 32 bytes and more").into_bytes(),
        signs_from,
        signs_until,
    }
}

/// One key that signs for ever.
fn keys() -> Vec<Key> {
    vec![key("spring", NOW - 1_000_000, i64::MAX)]
}

fn part(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

fn hs256(key: &[u8], content: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes every key");
    mac.update(content.as_bytes());
    BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
}

/// A token as somebody makes it who has the key, and writes what he likes.
fn made(header: &Value, claims: &Value, key: &Key) -> String {
    let content = format!("{}.{}", part(header), part(claims));
    let signature = hs256(&key.secret, &content);
    format!("{content}.{signature}")
}

fn header() -> Value {
    json!({"typ": "JWT", "alg": "HS256", "kid": "spring"})
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "iat": NOW, "nbf": NOW, "exp": NOW + LIFETIME})
}

fn with(mut value: Value, name: &str, new: Value) -> Value {
    value[name] = new;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().expect("an object").remove(name);
    value
}

/// The error as a text, which is compared as texts are.
fn word(error: TokenError) -> &'static str {
    match error {
        TokenError::NoKey => "no key",
        TokenError::Expired => "expired",
        TokenError::Invalid => "invalid",
    }
}

#[track_caller]
fn refused(keys: &[Key], token: &str, now: i64, why: &str, case: &str) {
    match verify(keys, token, now) {
        Err(error) => assert_eq!(word(error), why, "{case}, at {now}: {token}"),
        Ok(claims) => panic!("{case}, at {now}: {token} was taken, as {claims:?}"),
    }
}

#[track_caller]
fn taken(keys: &[Key], token: &str, now: i64, case: &str) -> Claims {
    match verify(keys, token, now) {
        Ok(claims) => claims,
        Err(error) => panic!("{case}, at {now}: refused with {error:?}: {token}"),
    }
}

#[track_caller]
fn written(keys: &[Key], customer: &str, now: i64) -> String {
    issue(keys, customer, now).unwrap_or_else(|error| panic!("no token at {now}: {error:?}"))
}

/// The header and the claims of a token, whoever signed it.
fn read(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "a token has three parts: {token}");
    let open = |part: &str| -> Value {
        let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    (open(parts[0]), open(parts[1]))
}

/// A token says who wrote it, for whom, of whom and from when until when; it is signed with the key that it names.
#[test]
fn a_token_says_what_it_must() {
    let mut values = support::seeded(0x1101);
    for _ in 0..20 {
        let now = NOW + i64::try_from(values.number(0..1_000_000)).expect("it fits");
        let customer = values.number(1..1_000_000).to_string();
        let token = written(&keys(), &customer, now);
        let (header, claims) = read(&token);
        assert_eq!(header["alg"], "HS256", "the algorithm of {header}");
        assert_eq!(header["kid"], "spring", "the key's name in {header}");
        let expected = json!({
            "iss": "https://lantern.example", "aud": "lantern-api", "sub": customer,
            "iat": now, "nbf": now, "exp": now + 600
        });
        assert_eq!(claims, expected, "the claims");
        let (content, signature) = token.rsplit_once('.').expect("a signature");
        assert_eq!(
            signature,
            hs256(&keys()[0].secret, content),
            "the signature of {content}"
        );
        let read: Claims = taken(&keys(), &token, now, "our own token");
        assert_eq!(read.sub, customer, "whose token it is");
        assert_eq!(
            (read.iat, read.nbf, read.exp),
            (now, now, now + 600),
            "its times"
        );
    }
}

/// A token is good from `nbf` on, and no longer at `exp`; before and after are two different refusals.
#[test]
fn a_token_has_a_beginning_and_an_end() {
    let token = written(&keys(), "7", NOW);
    for now in [NOW, NOW + 1, NOW + LIFETIME - 1] {
        taken(&keys(), &token, now, "good from NOW for LIFETIME seconds");
    }
    for now in [
        NOW + LIFETIME,
        NOW + LIFETIME + 59,
        NOW + 100_000,
        4_000_000_000,
    ] {
        refused(&keys(), &token, now, "expired", "too late");
    }
    for now in [NOW - 1, NOW - 59, NOW - 61, NOW - 100_000] {
        refused(&keys(), &token, now, "invalid", "too early");
    }
    let later = made(
        &header(),
        &with(claims(), "nbf", json!(NOW + 30)),
        &keys()[0],
    );
    refused(&keys(), &later, NOW, "invalid", "written now, good later");
    taken(
        &keys(),
        &later,
        NOW + 30,
        "good from `nbf` on, whatever `iat` says",
    );
    refused(
        &keys(),
        &made(
            &header(),
            &with(with(claims(), "nbf", json!(NOW + 30)), "exp", json!(NOW)),
            &keys()[0],
        ),
        NOW,
        "invalid",
        "over before it begins: it is not merely old",
    );
    taken(
        &keys(),
        &made(
            &header(),
            &with(claims(), "iat", json!(NOW + 30)),
            &keys()[0],
        ),
        NOW,
        "good from `nbf` on: `iat` is not asked",
    );
    let nearly_never = with(with(claims(), "nbf", json!(NOW + 5)), "exp", json!(NOW + 6));
    let token = made(&header(), &nearly_never, &keys()[0]);
    taken(&keys(), &token, NOW + 5, "its only second");
    refused(&keys(), &token, NOW + 6, "expired", "a second later");
}

/// A token without one of its times, or with one that is no time, is none.
#[test]
fn times_must_be_there() {
    for name in ["nbf", "exp", "iss", "aud", "sub"] {
        let token = made(&header(), &without(claims(), name), &keys()[0]);
        refused(&keys(), &token, NOW, "invalid", &format!("no `{name}`"));
        let token = made(&header(), &with(claims(), name, Value::Null), &keys()[0]);
        refused(
            &keys(),
            &token,
            NOW,
            "invalid",
            &format!("`{name}` is null"),
        );
    }
    for odd in [
        json!("never"),
        json!([NOW + 60]),
        json!(u64::MAX),
        json!(1e300),
    ] {
        let case = format!("`exp` is {odd}");
        let token = made(&header(), &with(claims(), "exp", odd), &keys()[0]);
        refused(&keys(), &token, NOW, "invalid", &case);
    }
}

/// A token that somebody else wrote, or that is meant for somebody else, is refused, even with our key's signature.
#[test]
fn issuer_and_audience_are_ours() {
    let cases = [
        ("iss", "https://evil.example"),
        ("iss", "https://lantern.example/"),
        ("iss", "https://lantern.example.evil.example"),
        ("iss", "lantern.example"),
        ("iss", ""),
        ("aud", "lantern-admin"),
        ("aud", "lantern-api-test"),
        ("aud", "LANTERN-API"),
        ("aud", "lantern"),
        ("aud", ""),
    ];
    for (name, value) in cases {
        let token = made(&header(), &with(claims(), name, json!(value)), &keys()[0]);
        let case = format!("`{name}` is {value:?}");
        refused(&keys(), &token, NOW, "invalid", &case);
        // Whatever else is wrong, it is not merely old.
        refused(&keys(), &token, NOW + LIFETIME, "invalid", &case);
    }
    let others = with(claims(), "aud", json!(["lantern-admin", "lantern-till"]));
    let token = made(&header(), &others, &keys()[0]);
    refused(&keys(), &token, NOW, "invalid", "for two others");
}

/// The algorithm is ours to say: unsigned tokens and those that name another algorithm are refused.
#[test]
fn the_header_does_not_choose_the_algorithm() {
    let key = &keys()[0];
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let content = format!(
            "{}.{}",
            part(&with(header(), "alg", json!(name))),
            part(&claims())
        );
        let case = format!("`alg` is {name:?}");
        refused(&keys(), &format!("{content}."), NOW, "invalid", &case);
        refused(&keys(), &content, NOW, "invalid", &case);
        let signed = format!("{content}.{}", hs256(&key.secret, &content));
        refused(&keys(), &signed, NOW, "invalid", &case);
    }
    let content = |name: &str| {
        let header = with(header(), "alg", json!(name));
        format!("{}.{}", part(&header), part(&claims()))
    };
    let hs384 = content("HS384");
    let mut mac = Hmac::<Sha384>::new_from_slice(&key.secret).expect("a key");
    mac.update(hs384.as_bytes());
    let token = format!(
        "{hs384}.{}",
        BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
    );
    refused(
        &keys(),
        &token,
        NOW,
        "invalid",
        "signed with our key, by HS384",
    );
    let hs512 = content("HS512");
    let mut mac = Hmac::<Sha512>::new_from_slice(&key.secret).expect("a key");
    mac.update(hs512.as_bytes());
    let token = format!(
        "{hs512}.{}",
        BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
    );
    refused(
        &keys(),
        &token,
        NOW,
        "invalid",
        "signed with our key, by HS512",
    );
    for name in ["RS256", "ES256", "EdDSA", "HS384", "hs256"] {
        let content = content(name);
        let token = format!("{content}.{}", hs256(&key.secret, &content));
        refused(
            &keys(),
            &token,
            NOW,
            "invalid",
            &format!("`alg` says {name}, signed by HS256"),
        );
    }
}

/// A forged token is refused: another key, a changed claim, a signature that is cut, empty or of another token.
#[test]
fn a_forged_token_is_refused() {
    let mut values = support::seeded(0x1102);
    let token = written(&keys(), "7", NOW);
    let (content, signature) = token.rsplit_once('.').expect("a signature");
    let stranger = Key {
        secret: b"a key of somebody else, 32 bytes".to_vec(),
        ..key("spring", NOW - 10, i64::MAX)
    };
    let forged = made(&header(), &claims(), &stranger);
    refused(&keys(), &forged, NOW, "invalid", "signed with another key");
    let forged_and_old = made(&header(), &with(claims(), "exp", json!(NOW - 5)), &stranger);
    refused(
        &keys(),
        &forged_and_old,
        NOW,
        "invalid",
        "signed with another key, and old: a stranger learns nothing of its age",
    );
    let empty = Key {
        secret: Vec::new(),
        ..stranger
    };
    refused(
        &keys(),
        &made(&header(), &claims(), &empty),
        NOW,
        "invalid",
        "signed with an empty key",
    );
    let (head, _) = content.split_once('.').expect("two parts");
    let other = part(&with(claims(), "sub", json!("8")));
    refused(
        &keys(),
        &format!("{head}.{other}.{signature}"),
        NOW,
        "invalid",
        "another customer, the old signature",
    );
    let cut = values.size(0..signature.len());
    for wrong in [
        format!("{content}."),
        content.to_owned(),
        format!("{content}.{}", &signature[..cut]),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{token}A"),
        format!(" {token}"),
        format!("{token} "),
        format!("Bearer {token}"),
        String::new(),
        "..".to_owned(),
        "ünd".to_owned(),
    ] {
        refused(&keys(), &wrong, NOW, "invalid", "not what we wrote");
    }
    let whole = BASE64URL_NOPAD
        .decode(signature.as_bytes())
        .expect("base64url");
    for length in [1, 10, 16, 31] {
        let beginning = BASE64URL_NOPAD.encode(&whole[..length]);
        refused(
            &keys(),
            &format!("{content}.{beginning}"),
            NOW,
            "invalid",
            &format!("only {length} bytes of the signature"),
        );
    }
    for _ in 0..40 {
        let at = values.size(0..signature.len() - 1);
        let mut letters: Vec<char> = signature.chars().collect();
        letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
        let changed: String = letters.into_iter().collect();
        let wrong = format!("{content}.{changed}");
        refused(
            &keys(),
            &wrong,
            NOW,
            "invalid",
            "a letter of the signature changed",
        );
    }
}

/// Whoever has many keys has them all, and a customer's id is kept as it is, whatever is in it.
#[test]
fn many_keys_and_odd_ids_are_kept_apart() {
    let mut values = support::seeded(0x1104);
    let keys: Vec<Key> = (0..400)
        .map(|number| key(&format!("key-{number}"), NOW + number, i64::MAX))
        .collect();
    let long = "seven".repeat(100);
    for customer in [
        "",
        long.as_str(),
        "ADA-Lovelace",
        "0007",
        " 7 ",
        "ada@lantern.example",
        "\"; 7",
        "王小明",
        "a.b.c",
    ] {
        let now = NOW + i64::try_from(values.number(0..400)).expect("it fits");
        let token = written(&keys, customer, now);
        let (header, claims) = read(&token);
        assert_eq!(
            header["kid"],
            format!("key-{}", now - NOW),
            "the newest key at {now}"
        );
        assert_eq!(claims["sub"], customer, "whose token it is");
        assert_eq!(
            taken(&keys, &token, now, "one of 400 keys").sub,
            customer,
            "read again"
        );
    }
}

/// The key is the one that the header names, and no other: without a name, or with a strange one, nothing is tried.
#[test]
fn the_header_names_one_of_our_keys() {
    let both = vec![
        key("spring", NOW - 100, i64::MAX),
        key("summer", NOW - 50, i64::MAX),
    ];
    let token = |header: &Value, signer: usize| made(header, &claims(), &both[signer]);
    taken(&both, &token(&header(), 0), NOW, "spring, signed by spring");
    for typ in [json!("at+jwt"), json!("jwt")] {
        let header = with(header(), "typ", typ);
        taken(&both, &token(&header, 0), NOW, "`typ` is not asked");
    }
    let untyped = without(header(), "typ");
    taken(&both, &token(&untyped, 0), NOW, "without a `typ`");
    let summer = with(header(), "kid", json!("summer"));
    taken(&both, &token(&summer, 1), NOW, "summer, signed by summer");
    refused(
        &both,
        &token(&summer, 0),
        NOW,
        "invalid",
        "summer, signed by spring",
    );
    refused(
        &both,
        &token(&header(), 1),
        NOW,
        "invalid",
        "spring, signed by summer",
    );
    let nameless = without(header(), "kid");
    for signer in [0, 1] {
        refused(&both, &token(&nameless, signer), NOW, "invalid", "no `kid`");
    }
    for name in ["", "winter", "Spring", "spring ", "spr", "springs"] {
        let header = with(header(), "kid", json!(name));
        for signer in [0, 1] {
            let case = format!("`kid` is {name:?}");
            refused(&both, &token(&header, signer), NOW, "invalid", &case);
        }
    }
    refused(
        &[],
        &token(&header(), 0),
        NOW,
        "invalid",
        "we have no keys at all",
    );
}

/// Of the keys that sign at this time the one signs that began last, in whatever order they are listed.
#[test]
fn the_newest_key_signs() {
    let signer = |keys: &[Key], now: i64| -> Result<Value, &str> {
        issue(keys, "7", now)
            .map(|token| read(&token).0["kid"].clone())
            .map_err(word)
    };
    let mut keys = vec![
        key("spring", NOW, NOW + 1_000),
        key("summer", NOW + 900, i64::MAX),
        key("autumn", NOW + 5_000, i64::MAX),
    ];
    let mut values = support::seeded(0x1103);
    for _ in 0..6 {
        values.shuffle(&mut keys);
        for (now, expected) in [
            (NOW - 1, Err("no key")),
            (NOW, Ok("spring")),
            (NOW + 899, Ok("spring")),
            (NOW + 900, Ok("summer")),
            (NOW + 1_000, Ok("summer")),
            (NOW + 4_999, Ok("summer")),
            (NOW + 5_000, Ok("autumn")),
        ] {
            assert_eq!(
                signer(&keys, now),
                expected.map(|kid| json!(kid)),
                "at {now}, {keys:?}"
            );
        }
    }
    // A key that began later and has ended already stands in nobody's way.
    let trial = [
        key("spring", NOW, i64::MAX),
        key("trial", NOW + 10, NOW + 20),
    ];
    for (now, expected) in [(NOW + 19, "trial"), (NOW + 20, "spring")] {
        assert_eq!(
            signer(&trial, now),
            Ok(json!(expected)),
            "at {now}, {trial:?}"
        );
    }
    let gone = [key("spring", NOW, NOW + 10)];
    assert_eq!(
        signer(&gone, NOW + 9),
        Ok(json!("spring")),
        "its last second"
    );
    assert_eq!(signer(&gone, NOW + 10), Err("no key"), "it signs no more");
    assert_eq!(signer(&[], NOW), Err("no key"), "no keys at all");
}

/// A key that signs no more still checks until its last token has expired, and not a second longer; one that has not begun does not.
#[test]
fn a_key_retires_after_its_last_token() {
    let end = NOW + 1_000;
    let both = [key("spring", NOW, end), key("summer", NOW + 900, i64::MAX)];
    let last = written(&both[..1], "7", end - 1);
    for now in [end - 1, end, end + LIFETIME - 2] {
        taken(&both, &last, now, "the last token of spring");
    }
    refused(
        &both,
        &last,
        end + LIFETIME - 1,
        "expired",
        "it has its age, like any other",
    );
    // Whoever finds the old key later writes what he likes with it.
    let long = with(
        with(claims(), "exp", json!(NOW + 9_000_000)),
        "nbf",
        json!(0),
    );
    let stolen = made(&header(), &long, &both[0]);
    taken(
        &both,
        &stolen,
        end + LIFETIME - 1,
        "spring has not retired yet",
    );
    for now in [end + LIFETIME, end + LIFETIME + 1, end + 1_000_000] {
        refused(&both, &stolen, now, "invalid", "spring has retired");
    }
    refused(&both, &stolen, NOW - 1, "invalid", "spring has not begun");
    taken(&both, &stolen, NOW, "spring's first second");
    let early = made(&with(header(), "kid", json!("summer")), &long, &both[1]);
    refused(&both, &early, NOW + 899, "invalid", "summer has not begun");
    taken(&both, &early, NOW + 8_999_999, "summer has no end");
}
