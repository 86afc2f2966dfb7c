use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use dashboard::caching::{Cache, cached, has, tag};
use dashboard::given::app::{App, Parts};
use dashboard::given::clock::ManualClock;
use dashboard::given::config::Config;
use dashboard::given::database::{Database, Durability};
use dashboard::given::http;
use dashboard::given::standins::{self, Journal};
use support::Gate;
use tokio::sync::{Barrier, Notify, oneshot};
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;
use tower::ServiceExt;

fn headers(lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.append(header::IF_MATCH, HeaderValue::from_static("*"));
    for line in lines {
        let value = HeaderValue::from_bytes(line).expect("a line of a header");
        headers.append(header::IF_NONE_MATCH, value);
    }
    headers
}

/// Waits until it is done. The clock stands still while somebody runs and jumps when all wait: a minute is over at once.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    let answer = timeout(Duration::from_secs(60), work).await;
    answer.expect("all wait for each other, and nobody goes on")
}

/// Lets everybody run who can, for a while.
async fn settle() {
    for _ in 0..300 {
        yield_now().await;
    }
}

/// A tag is the digest of the content, in quotes, and every byte counts.
#[test]
fn a_tag_names_the_content() {
    for (content, expected) in [
        (&b""[..], r#""47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU""#),
        (
            &b"abc"[..],
            r#""ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0""#,
        ),
    ] {
        let found: String = tag(content);
        assert_eq!(
            found,
            expected,
            "the tag of {:?}",
            content.escape_ascii().to_string()
        );
    }
    let mut random = support::seeded(0x1861);
    let mut content: Vec<u8> = (0..10_000)
        .map(|_| random.bits().to_le_bytes()[0])
        .collect();
    let mut tags: BTreeSet<String> = BTreeSet::from([tag(&content)]);
    for place in [0, 1, 31, 32, 63, 64, 1023, 1024, 4096, 8192, 9999] {
        content[place] ^= 1;
        assert!(
            tags.insert(tag(&content)),
            "a tag that was there already, after a change at {place}"
        );
    }
    content.push(0);
    assert!(
        tags.insert(tag(&content)),
        "a tag that was there already, after a zero at the end"
    );
}

/// The tag may stand alone or anywhere in a list, strong or weak, in one line or in several; `*` stands for all.
#[test]
fn who_has_it_says_so() {
    let tag: String = tag(b"May");
    for lines in [
        vec!["TAG"],
        vec!["W/TAG"],
        vec!["*"],
        vec![" \t* "],
        vec!["TAG, \"b\""],
        vec!["\"a\", TAG"],
        vec!["\"a\",\"b\",W/TAG,\"c\""],
        vec!["\"a\"\t , \tTAG\t"],
        vec![", ,TAG,,"],
        vec!["\"a, b\", TAG"],
        vec!["\",\",TAG"],
        vec!["\"\", TAG"],
        vec!["\"a\"", "TAG"],
        vec!["TAG", "\"b\""],
        vec!["\"a\"", "W/\"b\"", "W/TAG"],
    ] {
        let lines: Vec<String> = lines.iter().map(|line| line.replace("TAG", &tag)).collect();
        let bytes: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        assert!(has(&headers(&bytes), &tag), "said with {lines:?}");
    }
}

/// Another tag, no tag, and what is no list of tags mean: I have nothing.
#[test]
fn who_does_not_have_it_gets_everything() {
    let tag: String = tag(b"June");
    let bare = tag.trim_matches('"').to_owned();
    for lines in [
        vec![],
        vec![""],
        vec![","],
        vec!["\"a\""],
        vec!["\"\""],
        vec!["BARE"],
        vec!["\"a\", BARE"],
        vec!["w/TAG"],
        vec!["W/ TAG"],
        vec!["W/W/TAG"],
        vec!["'BARE'"],
        vec!["\" BARE\""],
        vec!["\"BARE \""],
        vec!["\"xBARE\""],
        vec!["\"BAREx\""],
        vec!["\"BARE"],
        vec!["BARE\""],
        vec!["\"x,\"BARE\",y\""],
        vec!["\"W/BARE\""],
        vec!["\"*\""],
        vec!["**"],
        vec!["*, TAG"],
        vec!["TAG, *"],
        vec!["*", "TAG"],
        vec!["*", "*"],
        vec!["\"a\", *"],
        vec!["TAG \"b\""],
        vec!["TAG\"b\""],
        vec!["TAG; TAG"],
        vec!["TAG, \"b"],
        vec!["TAG, b"],
        vec!["TAG", "b"],
        vec!["b", "TAG"],
        vec!["b, TAG"],
    ] {
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line.replace("TAG", &tag).replace("BARE", &bare))
            .collect();
        let bytes: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        assert!(!has(&headers(&bytes), &tag), "said with {lines:?}");
    }
    for line in [
        tag.to_lowercase(),
        tag.to_uppercase(),
        tag[..tag.len() - 2].to_owned() + "\"",
    ] {
        assert!(
            !has(&headers(&[line.as_bytes()]), &tag),
            "said with {line:?}"
        );
    }
    for odd in [&b"\"\xfc\""[..], "\"ü\"".as_bytes()] {
        for line in [
            [tag.as_bytes(), b", ", odd].concat(),
            [odd, b", ", tag.as_bytes()].concat(),
        ] {
            assert!(
                !has(&headers(&[&line]), &tag),
                "said with bytes that are not ASCII beside it: {line:?}"
            );
        }
    }
    assert!(
        !has(&headers(&[b"\"\xfc\"", tag.as_bytes()]), &tag),
        "said with a line that is not ASCII before it"
    );
}

/// What was computed is kept for its key and version, and nothing is computed for it again.
#[tokio::test(start_paused = true)]
async fn what_is_kept_is_not_computed_again() {
    let cache: Cache<String> = Cache::new(100);
    let computed = Cell::new(0);
    let mut random = support::seeded(0x1862);
    let mut keys: Vec<String> = (0..40)
        .map(|_| format!("/api/series?country={}", random.word(1..9)))
        .collect();
    keys.sort();
    keys.dedup();
    keys.extend(
        [
            "", " ", "a", "A", "a ", "ä", "a\u{308}", "a\0", "a\0b", "a'b", "a%",
        ]
        .map(str::to_owned),
    );
    for round in 0..3 {
        for key in &keys {
            let value = cache.get(key, 7, async {
                computed.set(computed.get() + 1);
                Ok::<String, String>(format!("the value of {key:?}"))
            });
            let value: Result<Arc<String>, String> = value.await;
            let text = value.map(|value| value.to_string());
            assert_eq!(text, Ok(format!("the value of {key:?}")), "round {round}");
        }
        assert_eq!(
            computed.get(),
            keys.len(),
            "computations after round {round} of {} keys",
            keys.len()
        );
    }
}

/// After an ingest nobody gets an earlier version; whoever read the version a moment too early gets the later one.
#[tokio::test(start_paused = true)]
async fn nothing_is_older_than_asked() {
    let cache: Cache<i64> = Cache::new(8);
    for (asked, expected) in [
        (5, 5),
        (5, 5),
        (6, 6),
        (5, 6),
        (6, 6),
        (4, 6),
        (9, 9),
        (8, 9),
        (6, 9),
        (9, 9),
        (10, 10),
        (i64::MIN, 10),
        (i64::MAX, i64::MAX),
        (0, i64::MAX),
    ] {
        let value = cache
            .get("may", asked, ready(Ok::<i64, String>(asked)))
            .await;
        assert_eq!(
            value.map(|value| *value),
            Ok(expected),
            "asked for version {asked}"
        );
    }
    let other = cache.get("june", 5, ready(Ok::<i64, String>(5))).await;
    assert_eq!(
        other.map(|value| *value),
        Ok(5),
        "another key has versions of its own"
    );
    let low = cache
        .get("low", i64::MIN, ready(Ok::<i64, String>(i64::MIN)))
        .await;
    assert_eq!(
        low.map(|value| *value),
        Ok(i64::MIN),
        "the smallest version"
    );
    let next = cache.get("low", -1, ready(Ok::<i64, String>(-1))).await;
    assert_eq!(next.map(|value| *value), Ok(-1), "a version below zero");
    let again = cache.get("low", -1, ready(Ok::<i64, String>(1))).await;
    assert_eq!(again.map(|value| *value), Ok(-1), "the same once more");
}

/// A hundred who ask at the same time are answered by one computation.
#[tokio::test(start_paused = true)]
async fn a_hundred_askers_and_one_computation() {
    let cache: Arc<Cache<u64>> = Arc::new(Cache::new(4));
    let (computed, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut askers = JoinSet::new();
    for asker in 0..100 {
        let (cache, computed, go) = (Arc::clone(&cache), Arc::clone(&computed), Arc::clone(&go));
        askers.spawn(async move {
            let compute = async {
                computed.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                Ok::<u64, String>(1000 + asker)
            };
            cache.get("may", 1, compute).await.map(|value| *value)
        });
    }
    settle().await;
    assert_eq!(
        computed.load(Ordering::SeqCst),
        1,
        "computations that began while a hundred ask"
    );
    go.notify_one();
    settle().await;
    assert_eq!(
        computed.load(Ordering::SeqCst),
        1,
        "computations after the first is done"
    );
    let mut answers = BTreeSet::new();
    while let Some(answer) = soon(askers.join_next()).await {
        answers.insert(answer.expect("no panic"));
    }
    assert_eq!(
        answers.len(),
        1,
        "different answers to the hundred: {answers:?}"
    );
}

/// The same on threads that run side by side: look and leave a mark are one step.
#[test]
fn threads_that_meet_compute_once() {
    let cache: Cache<usize> = Cache::new(4);
    let (gate, computed) = (Gate::new(2), AtomicUsize::new(0));
    let rounds = 500;
    let ask = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let mut answers: Vec<Result<usize, String>> = Vec::new();
        for round in 0..rounds {
            gate.wait();
            let compute = async {
                computed.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
                Ok::<usize, String>(round)
            };
            let version = i64::try_from(round).expect("small");
            let value = runtime.block_on(cache.get("may", version, compute));
            answers.push(value.map(|value| *value));
        }
        answers
    };
    let answers = thread::scope(|scope| {
        let other = scope.spawn(ask);
        [ask(), other.join().expect("no panic")]
    });
    for answers in answers {
        for (round, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer, Ok(round), "what round {round} is answered");
        }
    }
    let computed = computed.load(Ordering::SeqCst);
    assert_eq!(
        computed, rounds,
        "computations in {rounds} rounds of two threads"
    );
}

/// Whoever asks for another key does not wait, and neither does who asks for what is kept, however long somebody computes.
#[tokio::test(start_paused = true)]
async fn others_do_not_wait() {
    let cache: Arc<Cache<&'static str>> = Arc::new(Cache::new(4));
    let kept = cache.get("kept", 1, ready(Ok::<_, String>("kept"))).await;
    assert_eq!(kept.map(|value| *value), Ok("kept"), "the first value");
    let slow = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move {
            cache
                .get("slow", 1, pending::<Result<&'static str, String>>())
                .await
                .map(|value| *value)
        }
    });
    settle().await;
    let others = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move {
            let kept = cache
                .get("kept", 1, ready(Err("computed again")))
                .await
                .map(|value| *value);
            let new = cache
                .get("new", 1, ready(Ok::<_, &str>("new")))
                .await
                .map(|value| *value);
            (kept, new)
        }
    });
    settle().await;
    assert!(
        others.is_finished(),
        "others wait for somebody who computes something else"
    );
    assert_eq!(
        others.await.expect("no panic"),
        (Ok("kept"), Ok("new")),
        "what they get"
    );
    slow.abort();
}

/// While an earlier version is being computed, who asks for a later one computes it, and whoever comes then joins the later one.
#[tokio::test(start_paused = true)]
async fn nobody_joins_an_earlier_computation() {
    let cache: Arc<Cache<i64>> = Arc::new(Cache::new(4));
    let ask = |version: i64| {
        let cache = Arc::clone(&cache);
        let (release, released) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let compute = async move {
                let _ = released.await;
                Ok::<i64, String>(version)
            };
            cache.get("may", version, compute).await.map(|value| *value)
        });
        (release, task)
    };
    let (first_may_go, first) = ask(1);
    settle().await;
    let (second_may_go, second) = ask(2);
    settle().await;
    let (_third_has_none, third) = ask(1);
    settle().await;
    second_may_go.send(()).expect("the second computes");
    settle().await;
    assert!(
        second.is_finished(),
        "who asks for version 2 waits for version 1"
    );
    assert_eq!(
        second.await.expect("no panic"),
        Ok(2),
        "asked for version 2 while 1 is computed"
    );
    assert!(
        third.is_finished(),
        "who asks for version 1 now has version 2 already"
    );
    assert_eq!(
        third.await.expect("no panic"),
        Ok(2),
        "asked for version 1 while 2 is computed"
    );
    first_may_go.send(()).expect("the first computes");
    assert_eq!(
        soon(first).await.expect("no panic"),
        Ok(1),
        "asked for version 1, before"
    );
    let now = cache.get("may", 2, ready(Ok::<i64, String>(-2))).await;
    assert_eq!(
        now.map(|value| *value),
        Ok(2),
        "kept after the earlier one was done"
    );
}

/// A failure goes to whoever computed, is not kept, and those who waited try themselves, one at a time.
#[tokio::test(start_paused = true)]
async fn failures_are_not_kept() {
    let cache: Arc<Cache<usize>> = Arc::new(Cache::new(4));
    let barrier = Arc::new(Barrier::new(2));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let ask = |asker: usize| {
        let (cache, barrier) = (Arc::clone(&cache), Arc::clone(&barrier));
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        tokio::spawn(async move {
            let compute = async {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                barrier.wait().await;
                running.fetch_sub(1, Ordering::SeqCst);
                if asker < 3 { Err(asker) } else { Ok(asker) }
            };
            cache.get("may", 1, compute).await.map(|value| *value)
        })
    };
    let mut askers = Vec::new();
    for asker in 0..9 {
        askers.push(ask(asker));
        settle().await;
    }
    for round in 0..4 {
        soon(barrier.wait()).await;
        settle().await;
        if round == 0 {
            // One comes after the first failure, while others wait.
            askers.push(ask(9));
            settle().await;
        }
    }
    assert_eq!(
        most.load(Ordering::SeqCst),
        1,
        "computations of one key at the same time"
    );
    let mut answers: Vec<Result<usize, usize>> = Vec::new();
    for asker in askers {
        assert!(
            asker.is_finished(),
            "somebody waits though one has succeeded; so far {answers:?}"
        );
        answers.push(asker.await.expect("no panic"));
    }
    let expected = [Err(0), Err(1), Err(2)].into_iter().chain([Ok(3); 7]);
    assert_eq!(
        answers,
        expected.collect::<Vec<_>>(),
        "the answers to ten askers, of whom the first three fail"
    );
    for (outcome, expected) in [
        (Err(1), Err(1)),
        (Err(2), Err(2)),
        (Ok(3), Ok(3)),
        (Ok(4), Ok(3)),
    ] {
        let answer = cache
            .get("june", 1, ready(outcome))
            .await
            .map(|value| *value);
        assert_eq!(
            answer, expected,
            "one after the other, computing {outcome:?}"
        );
    }
}

/// When whoever computes goes away, the next of those who wait computes.
#[tokio::test(start_paused = true)]
async fn who_goes_away_leaves_nobody_waiting() {
    let cache: Arc<Cache<u32>> = Arc::new(Cache::new(4));
    let (begun, mut has_begun) = oneshot::channel();
    let first = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move {
            let compute = async {
                let _ = begun.send(());
                pending::<Result<u32, String>>().await
            };
            cache.get("may", 1, compute).await.map(|value| *value)
        }
    });
    settle().await;
    assert_eq!(has_begun.try_recv(), Ok(()), "the first computes");
    let waiting: Vec<_> = (0..5)
        .map(|asker| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move {
                cache
                    .get("may", 1, ready(Ok::<u32, String>(asker)))
                    .await
                    .map(|value| *value)
            })
        })
        .collect();
    settle().await;
    first.abort();
    settle().await;
    let mut answers = BTreeSet::new();
    for asker in waiting {
        assert!(asker.is_finished(), "somebody waits for one who has gone");
        answers.insert(asker.await.expect("no panic"));
    }
    assert_eq!(answers.len(), 1, "answers to those who waited: {answers:?}");
    let later = cache
        .get("may", 1, ready(Ok::<u32, String>(77)))
        .await
        .map(|value| *value);
    assert_eq!(answers.first(), Some(&later), "what is kept");
}

/// Tells how many of it are alive.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(alive))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// No more values live than the capacity says, not even in the shadow of a new version, or of keys that nobody asks for again.
#[tokio::test(start_paused = true)]
async fn memory_is_limited() {
    for capacity in [0, 1, 7, 1050] {
        let (cache, alive) = (Cache::new(capacity), Arc::new(AtomicUsize::new(0)));
        for round in 0..2 {
            for key in 0..1100 {
                let compute = async { Ok::<Counted, String>(Counted::new(&alive)) };
                let value = cache.get(&key.to_string(), round, compute).await;
                assert!(value.is_ok(), "key {key}");
                drop(value);
                let most = capacity.min(key + 1 + usize::try_from(round).expect("small") * 1100);
                let alive = alive.load(Ordering::SeqCst);
                assert_eq!(
                    alive, most,
                    "values alive after key {key} of round {round}, capacity {capacity}"
                );
            }
        }
    }
    let (cache, alive) = (Cache::new(3), Arc::new(AtomicUsize::new(0)));
    for version in 0..50 {
        let compute = async { Ok::<Counted, String>(Counted::new(&alive)) };
        drop(cache.get("may", version, compute).await);
        assert_eq!(
            alive.load(Ordering::SeqCst),
            1,
            "values alive after version {version} of one key"
        );
    }
}

/// The value that goes is the one that nobody has asked for longest, whether it was kept or computed then.
#[tokio::test(start_paused = true)]
async fn the_longest_unasked_goes() {
    let mut random = support::seeded(0x1863);
    for capacity in [1, 2, 3, 5, 8] {
        let cache: Cache<u64> = Cache::new(capacity);
        // The keys that are kept, the one asked for last at the end.
        let mut order: Vec<u64> = Vec::new();
        for step in 0..400 {
            let key = random.number(0..10);
            let computed = Cell::new(false);
            let compute = async {
                computed.set(true);
                Ok::<u64, String>(key)
            };
            let value = cache.get(&key.to_string(), 1, compute).await;
            assert_eq!(value.map(|value| *value), Ok(key), "the value of {key}");
            let kept = order.contains(&key);
            assert_eq!(
                computed.get(),
                !kept,
                "step {step}, capacity {capacity}: {key} is computed; kept are {order:?}, the longest unasked first"
            );
            order.retain(|other| *other != key);
            order.push(key);
            if order.len() > capacity {
                order.remove(0);
            }
        }
    }
}

/// Who computes keeps its place while others come and go: a full cache lets no computation go.
#[tokio::test(start_paused = true)]
async fn a_full_cache_lets_no_computation_go() {
    let cache: Arc<Cache<usize>> = Arc::new(Cache::new(2));
    let (computed, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let ask = || {
        let (cache, computed, go) = (Arc::clone(&cache), Arc::clone(&computed), Arc::clone(&go));
        tokio::spawn(async move {
            let compute = async {
                computed.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                Ok::<usize, String>(7)
            };
            cache.get("slow", 1, compute).await.map(|value| *value)
        })
    };
    let first = ask();
    settle().await;
    for key in 0..20 {
        let text = key.to_string();
        let other = cache.get(&text, 1, ready(Ok::<usize, String>(key)));
        let other = soon(other).await;
        assert_eq!(other.map(|value| *value), Ok(key), "another key");
    }
    let second = ask();
    settle().await;
    assert_eq!(
        computed.load(Ordering::SeqCst),
        1,
        "computations of the slow key, after twenty others"
    );
    go.notify_one();
    settle().await;
    assert!(
        first.is_finished() && second.is_finished(),
        "both have their answer"
    );
    for asker in [first, second] {
        assert_eq!(asker.await.expect("no panic"), Ok(7), "the answer");
    }
    let kept = cache
        .get("slow", 1, ready(Err("computed again")))
        .await
        .map(|value| *value);
    assert_eq!(kept, Ok(7), "it was asked for last, so it is kept");
}

/// A long computation does not make a question younger: it is the asking that counts, not the arriving.
#[tokio::test(start_paused = true)]
async fn the_moment_of_the_question_counts() {
    let cache: Arc<Cache<&str>> = Arc::new(Cache::new(1));
    let go = Arc::new(Notify::new());
    let slow = {
        let (cache, go) = (Arc::clone(&cache), Arc::clone(&go));
        tokio::spawn(async move {
            let compute = async {
                go.notified().await;
                Ok::<&str, String>("slow")
            };
            cache.get("slow", 1, compute).await.map(|value| *value)
        })
    };
    settle().await;
    let quick = cache.get("quick", 1, ready(Ok::<&str, String>("quick")));
    assert_eq!(soon(quick).await.map(|value| *value), Ok("quick"));
    go.notify_one();
    let slow = soon(slow).await.expect("no panic");
    assert_eq!(slow, Ok("slow"), "the answer that took long");
    let kept = cache.get("quick", 1, ready(Err("computed again"))).await;
    assert_eq!(
        kept.map(|value| *value),
        Ok("quick"),
        "asked for after the other, though that one arrived later"
    );
}

/// Many that are computed side by side are too many when they are there: then the longest unasked go.
#[tokio::test(start_paused = true)]
async fn room_is_made_when_values_arrive() {
    let alive = Arc::new(AtomicUsize::new(0));
    let cache: Arc<Cache<Counted>> = Arc::new(Cache::new(3));
    let barrier = Arc::new(Barrier::new(21));
    let mut askers = JoinSet::new();
    for key in 0..20 {
        let (cache, barrier, alive) =
            (Arc::clone(&cache), Arc::clone(&barrier), Arc::clone(&alive));
        askers.spawn(async move {
            let compute = async {
                barrier.wait().await;
                Ok::<Counted, String>(Counted::new(&alive))
            };
            cache.get(&key.to_string(), 1, compute).await.is_ok()
        });
    }
    settle().await;
    soon(barrier.wait()).await;
    while let Some(done) = soon(askers.join_next()).await {
        assert!(done.expect("no panic"), "a value");
    }
    assert_eq!(
        alive.load(Ordering::SeqCst),
        3,
        "values alive after twenty at once, capacity 3"
    );
}

/// What failed and what was given up takes no room, when the next question has been answered.
#[tokio::test(start_paused = true)]
async fn failures_take_no_room() {
    let cache: Cache<u32> = Cache::new(5);
    for key in 0..1500 {
        let key = format!("/api/series?from={key}");
        let failed = cache
            .get(&key, 1, ready(Err::<u32, _>("no such day")))
            .await;
        assert_eq!(failed.map(|value| *value), Err("no such day"), "{key}");
        let other = format!("{key}&to={key}");
        let given_up = cache.get(&other, 1, pending::<Result<u32, String>>());
        // It is asked once whether it is done, and then dropped.
        tokio::select! {
            biased;
            _ = given_up => panic!("{other}: an answer without a computation"),
            () = ready(()) => (),
        }
    }
    let value = cache.get("may", 1, ready(Ok::<u32, String>(5))).await;
    assert_eq!(value.map(|value| *value), Ok(5), "the next question");
    assert_eq!(cache.keys(), 1, "keys that take room, when one has a value");
    let value = cache.get("june", 1, ready(Ok::<u32, String>(6))).await;
    assert_eq!(value.map(|value| *value), Ok(6), "another question");
    assert_eq!(
        cache.keys(),
        2,
        "keys that take room, when two have a value"
    );
}

/// A program with two routes whose answers are kept, and counts how often they are asked.
struct Desk {
    service: Router,
    app: App,
    clock: ManualClock,
    journal: Journal,
    asked: Arc<AtomicUsize>,
    /// How often the routes were asked with HEAD.
    heads: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

/// `route` answers GET, with the number of the question, and is told its address.
fn desk<F>(route: F) -> Desk
where
    F: Fn(usize, Uri, Journal) -> Response + Clone + Send + Sync + 'static,
{
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let journal = Journal::default();
    // Ten seconds before a full hour, in 2017.
    let clock = ManualClock::at(1_500_001_190);
    let app = App::new(Parts {
        config: Config::default(),
        clock: Arc::new(clock.clone()),
        database: Database::open(&folder.path().join("test.db"), Durability::Relaxed)
            .expect("a fresh database opens"),
        neighbours: standins::neighbours(&journal),
    });
    let asked = Arc::new(AtomicUsize::new(0));
    let heads = Arc::new(AtomicUsize::new(0));
    let handler = {
        let (asked, journal) = (Arc::clone(&asked), journal.clone());
        let heads = Arc::clone(&heads);
        move |method: Method, uri: Uri| {
            heads.fetch_add(usize::from(method == Method::HEAD), Ordering::SeqCst);
            let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
            let response = route(number, uri, journal.clone());
            async move { response }
        }
    };
    let routes = Router::new()
        .route("/api/series", get(handler.clone()).post(handler.clone()))
        .route("/api/events", post(handler.clone()))
        .route("/{*rest}", get(handler));
    let service = http::service(app.clone(), cached(&app, routes));
    Desk {
        service,
        app,
        clock,
        journal,
        asked,
        heads,
        _folder: folder,
    }
}

/// A response, read to its end.
#[derive(Debug)]
struct Said {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Said {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("none")
    }
}

async fn ask(desk: &Desk, method: Method, address: &str, known: Option<&str>) -> Said {
    let mut request = Request::builder().method(method).uri(address);
    if let Some(known) = known {
        request = request.header(header::IF_NONE_MATCH, known);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = match desk.service.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("the body arrives");
    Said {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

fn numbered(number: usize, uri: &Uri) -> String {
    format!("answer {number} to {uri}")
}

/// A second question is answered from the cache with everything that the first answer had, until something is ingested.
#[tokio::test]
async fn answers_are_kept_until_an_ingest() {
    let desk = desk(|number, uri, _| {
        let headers = [
            ("content-type", "application/json"),
            ("x-shop", "lantern"),
            ("cache-control", "no-cache, private"),
        ];
        (headers, numbered(number, &uri)).into_response()
    });
    for (round, asked) in [(0, 1), (0, 1), (1, 2), (1, 2), (2, 3)] {
        if desk.asked.load(Ordering::SeqCst) == round {
            desk.journal.put([]);
        }
        let said: Said = ask(&desk, Method::GET, "/api/series?country=AT", None).await;
        let body = format!("answer {asked} to /api/series?country=AT");
        assert_eq!(
            (said.status, said.body.as_str()),
            (200, body.as_str()),
            "the answer, after {} ingests",
            round + 1
        );
        for (name, value) in [
            ("content-type", "application/json"),
            ("x-shop", "lantern"),
            ("cache-control", "no-cache, private"),
            ("etag", tag(body.as_bytes()).as_str()),
        ] {
            assert_eq!(said.header(name), value, "the header {name} of {said:?}");
        }
    }
    assert_eq!(
        desk.asked.load(Ordering::SeqCst),
        3,
        "questions to the route"
    );
}

/// Headers that come several times stay so, and a tag that the route had itself gives way to that of the body.
#[tokio::test]
async fn repeated_headers_are_kept() {
    let desk = desk(|number, uri, _| {
        let headers = AppendHeaders([
            ("link", "</style.css>; rel=preload"),
            ("link", "</live.js>; rel=preload"),
            ("etag", "\"of the route\""),
        ]);
        (headers, numbered(number, &uri)).into_response()
    });
    for round in 0..2 {
        let said: Said = ask(&desk, Method::GET, "/api/series", None).await;
        let all = |name: &str| -> Vec<String> {
            let values = said.headers.get_all(name).iter();
            values
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .collect()
        };
        assert_eq!(
            all("link"),
            ["</style.css>; rel=preload", "</live.js>; rel=preload"],
            "the lines of `link`, round {round}"
        );
        assert_eq!(
            all("etag"),
            [tag(said.body.as_bytes())],
            "the lines of `etag`, round {round}"
        );
    }
}

/// Who asks, in which language and with which program, makes no other question.
#[tokio::test]
async fn other_headers_are_the_same_question() {
    let desk = desk(|number, uri, _| numbered(number, &uri).into_response());
    for (name, value) in [
        ("accept", "application/json"),
        ("accept", "text/html"),
        ("accept-language", "de"),
        ("accept-encoding", "gzip"),
        ("user-agent", "lantern/1"),
        ("cookie", "a=b"),
        ("referer", "/numbers"),
        ("host", "other.example"),
    ] {
        let request = Request::builder().uri("/api/series").header(name, value);
        let request = request.body(Body::empty()).expect("a request");
        let response = match desk.service.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let body = to_bytes(response.into_body(), usize::MAX).await;
        assert_eq!(
            String::from_utf8_lossy(&body.expect("the body arrives")),
            "answer 1 to /api/series",
            "with {name}: {value}"
        );
    }
}

/// A large answer is kept whole.
#[tokio::test]
async fn large_answers_are_kept_whole() {
    let desk = desk(|number, _, _| format!("{number}").repeat(3_000_001).into_response());
    for _ in 0..2 {
        let said: Said = ask(&desk, Method::GET, "/a", None).await;
        assert_eq!(
            (said.status, said.body.len()),
            (200, 3_000_001),
            "status and length of a large answer"
        );
        assert!(
            said.body.starts_with("1111") && said.body.ends_with("1111"),
            "the first answer"
        );
    }
}

/// Every byte of path and query makes another question.
#[tokio::test]
async fn other_addresses_are_other_questions() {
    let desk = desk(|number, uri, _| numbered(number, &uri).into_response());
    let addresses = [
        "/a",
        "/a?",
        "/A",
        "/a/",
        "/a?b=1",
        "/a?b=1&c=2",
        "/a?c=2&b=1",
        "/a?b=%31",
        "/a?b=1%20",
        "/b?b=1",
        "/a?B=1",
        "/a?b=1&b=1",
        "/a?b=2",
    ];
    for round in 0..2 {
        for (at, address) in addresses.iter().enumerate() {
            let said: Said = ask(&desk, Method::GET, address, None).await;
            let body = format!("answer {} to {address}", at + 1);
            assert_eq!(
                (said.status, said.body),
                (200, body),
                "round {round}, {address}"
            );
        }
    }
}

/// Who has the very content gets 304 with its tag and nothing else, also when it had to be computed anew; who has another gets all.
#[tokio::test]
async fn what_the_client_has_is_not_sent() {
    let desk = desk(|number, _, _| {
        let body = if number <= 2 {
            "two of May"
        } else {
            "three of May"
        };
        ([("content-type", "text/plain")], body).into_response()
    });
    let (two, three) = (tag(b"two of May"), tag(b"three of May"));
    let weak = format!("\"x\", W/{two}");
    for (known, ingest, status, body) in [
        (None, false, 200, "two of May"),
        (Some(two.as_str()), false, 304, ""),
        (Some(weak.as_str()), false, 304, ""),
        (Some(three.as_str()), false, 200, "two of May"),
        (Some(two.as_str()), true, 304, ""),
        (Some("*"), false, 304, ""),
        (Some(two.as_str()), true, 200, "three of May"),
        (Some(three.as_str()), false, 304, ""),
    ] {
        if ingest {
            desk.journal.put([]);
        }
        let said: Said = ask(&desk, Method::GET, "/api/series", known).await;
        assert_eq!(
            (said.status, said.body.as_str()),
            (status, body),
            "who has {known:?}: {said:?}"
        );
        let current = if desk.asked.load(Ordering::SeqCst) <= 2 {
            &two
        } else {
            &three
        };
        assert_eq!(
            said.header("etag"),
            current,
            "the tag for who has {known:?}: {said:?}"
        );
        let kind = if status == 200 { "text/plain" } else { "none" };
        assert_eq!(
            said.header("content-type"),
            kind,
            "the type for who has {known:?}: {said:?}"
        );
        assert_eq!(
            said.header("cache-control"),
            "no-cache",
            "cache-control for who has {known:?}: {said:?}"
        );
    }
}

/// What is ingested while somebody computes is in the next answer, for the version was read before.
#[tokio::test]
async fn an_ingest_meanwhile_is_not_lost() {
    let desk = desk(|number, uri, journal| {
        let answer = numbered(number, &uri).into_response();
        if number == 1 {
            // The sum is made, and before it is answered somebody ingests.
            journal.put([]);
        }
        answer
    });
    for (round, number) in [(1, 1), (2, 2), (3, 2)] {
        let said: Said = ask(&desk, Method::GET, "/a", None).await;
        assert_eq!(
            said.body,
            format!("answer {number} to /a"),
            "question {round}"
        );
    }
}

/// An answer serves no longer than the hour in which it was computed.
#[tokio::test]
async fn the_hour_is_part_of_the_question() {
    let desk = desk(|number, uri, _| numbered(number, &uri).into_response());
    for (step, number) in [(0, 1), (9, 1), (1, 2), (3599, 2), (1, 3), (86_400, 4)] {
        desk.clock.advance(step);
        let said: Said = ask(&desk, Method::GET, "/a", None).await;
        assert_eq!(
            said.body,
            format!("answer {number} to /a"),
            "{step} seconds later, at {}",
            desk.app.now()
        );
    }
}

/// HEAD and GET are one question, and whichever comes first fills the cache for both.
#[tokio::test]
async fn head_and_get_share_an_answer() {
    for first in [Method::HEAD, Method::GET] {
        let desk = desk(|number, uri, _| numbered(number, &uri).into_response());
        let body = "answer 1 to /a";
        for method in [first.clone(), Method::HEAD, Method::GET, Method::HEAD] {
            let said: Said = ask(&desk, method.clone(), "/a", None).await;
            let expected = if method == Method::HEAD { "" } else { body };
            assert_eq!(
                (said.status, said.body.as_str()),
                (200, expected),
                "{method}, when {first} came first: {said:?}"
            );
            assert_eq!(
                said.header("etag"),
                tag(body.as_bytes()),
                "the tag of {method}, when {first} came first"
            );
            assert_eq!(
                said.header("content-length"),
                body.len().to_string(),
                "content-length of {method}, when {first} came first: {said:?}"
            );
        }
        let said: Said = ask(&desk, Method::HEAD, "/a", Some(&tag(body.as_bytes()))).await;
        assert_eq!(said.status, 304, "HEAD by who has it: {said:?}");
        assert_eq!(
            desk.asked.load(Ordering::SeqCst),
            1,
            "questions to the route, when {first} came first"
        );
        let heads = desk.heads.load(Ordering::SeqCst);
        assert_eq!(
            heads, 0,
            "questions to the route with HEAD, when {first} came first"
        );
    }
}

/// Other methods reach the route each time, and neither use nor fill the cache.
#[tokio::test]
async fn other_methods_are_not_kept() {
    let desk = desk(|number, uri, _| numbered(number, &uri).into_response());
    for (method, number) in [
        (Method::POST, 1),
        (Method::POST, 2),
        (Method::GET, 3),
        (Method::POST, 4),
        (Method::GET, 3),
    ] {
        let said: Said = ask(
            &desk,
            method.clone(),
            "/api/series",
            Some("*").filter(|_| method == Method::POST),
        )
        .await;
        assert_eq!(
            (said.status, said.body),
            (200, format!("answer {number} to /api/series")),
            "{method}"
        );
        assert_eq!(
            said.headers.contains_key("etag"),
            method == Method::GET,
            "whether {method} has a tag"
        );
    }
    let said: Said = ask(&desk, Method::DELETE, "/api/series", None).await;
    assert_eq!(said.status, 405, "DELETE: {said:?}");
}

/// Only answers with 200 are kept; all others go to the client as they are, each time, and have no tag.
#[tokio::test]
async fn other_statuses_are_not_kept() {
    let statuses = [201, 204, 206, 301, 400, 404, 422, 429, 500, 501, 503];
    for status in statuses {
        let desk = desk(move |number, uri, _| {
            if number == 3 {
                return numbered(number, &uri).into_response();
            }
            let status = StatusCode::from_u16(status).expect("a status");
            let body = if status == StatusCode::NO_CONTENT {
                String::new()
            } else {
                numbered(number, &uri)
            };
            (
                status,
                [
                    ("content-type", "application/problem+json"),
                    ("retry-after", "7"),
                ],
                body,
            )
                .into_response()
        });
        for number in 1..=2 {
            let said: Said = ask(&desk, Method::GET, "/a", Some("*")).await;
            let body = if status == 204 {
                String::new()
            } else {
                format!("answer {number} to /a")
            };
            assert_eq!(
                (said.status, said.body.as_str()),
                (status, body.as_str()),
                "question {number}: {said:?}"
            );
            assert_eq!(
                (said.header("retry-after"), said.header("etag")),
                ("7", "none"),
                "headers of {said:?}"
            );
        }
        for _ in 0..2 {
            let said: Said = ask(&desk, Method::GET, "/a", None).await;
            assert_eq!(
                (said.status, said.body.as_str()),
                (200, "answer 3 to /a"),
                "after two answers with {status}"
            );
        }
    }
}

/// When the version cannot be read, nobody knows whether what is kept is true: that failure is the answer.
#[tokio::test]
async fn without_a_version_there_is_no_answer() {
    let desk = desk(|number, uri, _| numbered(number, &uri).into_response());
    let said: Said = ask(&desk, Method::GET, "/a", None).await;
    assert_eq!(said.status, 200, "before: {said:?}");
    desk.journal.break_down(true);
    for address in ["/a", "/b"] {
        let said: Said = ask(&desk, Method::GET, address, Some("*")).await;
        assert_eq!(
            said.status, 500,
            "{address}, with a store that fails: {said:?}"
        );
        assert!(
            said.body.contains("\"internal\""),
            "{address}, with a store that fails: {said:?}"
        );
        assert!(
            !said.headers.contains_key("etag"),
            "a tag of a failure: {said:?}"
        );
    }
    desk.journal.break_down(false);
    let said: Said = ask(&desk, Method::GET, "/a", None).await;
    assert_eq!(
        said.body, "answer 1 to /a",
        "when the store is mended: {said:?}"
    );
}

/// No more than 256 answers are kept, and these are.
#[tokio::test]
async fn so_many_answers_are_kept() {
    let desk = desk(|number, uri, _| numbered(number, &uri).into_response());
    for (number, asked) in (0..256).map(|number| (number, number)).chain([
        (0, 255),
        (1, 255),
        (256, 256),
        (0, 256),
        (1, 256),
        (2, 257),
        (3, 258),
    ]) {
        let said: Said = ask(&desk, Method::GET, &format!("/{number}"), None).await;
        assert_eq!(said.status, 200, "{said:?}");
        let expected = asked + 1;
        assert_eq!(
            desk.asked.load(Ordering::SeqCst),
            expected,
            "questions to the route after /{number}"
        );
    }
}
