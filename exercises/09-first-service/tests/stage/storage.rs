use std::cell::Cell;
use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::thread;

use first_service::given::standins;
use first_service::given::wishes::{
    MOST_WISHES, NewWish, Priority, Refused, State, Store, StoreError, Wish,
};
use first_service::storage::{SqliteStore, TABLES, VERSION};
use rusqlite::Connection;
use serde_json::{Value, json};
use support::Gate;
use support::database::TempDatabase;

use crate::shared::program;
use support::http;

fn open(file: &TempDatabase) -> SqliteStore {
    match SqliteStore::open(&file.path()) {
        Ok(store) => store,
        Err(error) => panic!("the store does not open: {error:?}"),
    }
}

fn new(title: &str) -> NewWish {
    NewWish {
        title: title.to_owned(),
        cents: 1250,
        link: None,
        priority: Priority::Normal,
    }
}

fn added(store: &SqliteStore, new: &NewWish) -> Wish {
    match store.add(new) {
        Ok(wish) => wish,
        Err(error) => panic!("{new:?} is not added: {error:?}"),
    }
}

/// Wishes up to the limit, all but one, at once: that spares the disk.
fn fill_but_one(file: &TempDatabase) {
    let fill = format!(
        "INSERT INTO wishes (title, cents, priority, state)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {})
         SELECT 'Wish ' || n, 1, 'low', 'wanted' FROM n",
        MOST_WISHES - 1
    );
    file.connect()
        .execute_batch(&fill)
        .expect("the table takes them");
}

fn reserved_by(who: &str) -> State {
    State::Reserved { by: who.to_owned() }
}

fn given_by(who: &str) -> State {
    State::Given { by: who.to_owned() }
}

/// Nobody takes what somebody has.
fn reserve(who: &str) -> impl Fn(&State) -> Result<State, Refused> + use<> {
    let by = who.to_owned();
    move |state| match state {
        State::Wanted => Ok(State::Reserved { by: by.clone() }),
        _ => Err(Refused::AlreadyReserved),
    }
}

/// What is added is there, as it was given, and still is when the file is opened again.
#[test]
fn wishes_survive_the_program() {
    let file = TempDatabase::new();
    let mut values = support::seeded(0x0921);
    let mut expected = Vec::new();
    {
        let store = open(&file);
        assert_eq!(store.all().expect("a list"), [], "a new file");
        for _ in 0..6 {
            let wish = NewWish {
                title: format!("O'Brien's \"{}\"; DROP TABLE wishes --", values.word(3..9)),
                cents: u32::try_from(values.number(0..100_000_001)).unwrap_or(0),
                link: values
                    .coin()
                    .then(|| format!("https://{}.example", values.word(3..9))),
                priority: *values.pick(&[Priority::Low, Priority::Normal, Priority::High]),
            };
            let stored: Wish = added(&store, &wish);
            assert_eq!(stored.title, wish.title, "the title");
            assert_eq!(stored.cents, wish.cents, "the price of {wish:?}");
            assert_eq!(stored.link, wish.link, "the link of {wish:?}");
            assert_eq!(stored.priority, wish.priority, "the priority of {wish:?}");
            assert_eq!(stored.state, State::Wanted, "the state of a new wish");
            expected.push(stored);
        }
        let dear = NewWish {
            cents: u32::MAX,
            ..new("The moon")
        };
        expected.push(added(&store, &dear));
        let by = "Ana".to_owned();
        for (place, state) in [
            (2, State::Reserved { by: by.clone() }),
            (4, State::Given { by }),
        ] {
            let changed = store.change(expected[place].id, &|_| Ok(state.clone()));
            expected[place] = changed.expect("a change");
        }
    }
    let store = open(&file);
    assert_eq!(
        store.all().expect("a list"),
        expected,
        "after opening again"
    );
    for wish in &expected {
        assert_eq!(
            &store.find(wish.id).expect("a wish"),
            wish,
            "found by its id"
        );
    }
}

/// A title is on the list once, letter by letter, also when its wish has come true; the wish that was there stays as it is.
#[test]
fn a_title_is_there_once() {
    let file = TempDatabase::new();
    let store = open(&file);
    let first = added(&store, &new("Emma"));
    let again = store.add(&NewWish {
        cents: 1,
        ..new("Emma")
    });
    assert!(
        matches!(again, Err(StoreError::Duplicate)),
        "the same title: {again:?}"
    );
    assert_eq!(
        store.find(first.id).expect("a wish"),
        first,
        "the first one"
    );
    let by = "Ana".to_owned();
    store
        .change(first.id, &|_| Ok(State::Given { by: by.clone() }))
        .expect("a change");
    let again = store.add(&new("Emma"));
    assert!(
        matches!(again, Err(StoreError::Duplicate)),
        "the title of a wish that was given: {again:?}"
    );
    added(&store, &new("emma"));
    for title in [" Emma", "Emma ", "Émma"] {
        let stored = added(&store, &new(title));
        assert_eq!(stored.title, title, "kept as it was given");
    }
    assert_eq!(
        store.all().expect("a list").len(),
        5,
        "small letters and spaces make another title"
    );
}

/// An error of the table that is not about the title is no duplicate.
#[test]
fn other_constraints_are_no_duplicates() {
    let file = TempDatabase::new();
    let store = open(&file);
    let nameless = store.add(&new(""));
    assert!(
        matches!(nameless, Err(StoreError::Broken(_))),
        "the table's CHECK: {nameless:?}"
    );
}

/// A wish that cannot be read is broken, and not missing; so is a table that is gone.
#[test]
fn what_is_broken_is_not_missing() {
    let file = TempDatabase::new();
    let store = open(&file);
    let wish = added(&store, &new("Emma"));
    let other = file.connect();
    let spoil = "PRAGMA ignore_check_constraints = ON; UPDATE wishes SET priority = 'sometimes'";
    other.execute_batch(spoil).expect("no check is made");
    let found = store.find(wish.id);
    assert!(
        matches!(found, Err(StoreError::Broken(_))),
        "find: {found:?}"
    );
    let changed = store.change(wish.id, &reserve("Ana"));
    assert!(
        matches!(changed, Err(StoreError::Broken(_))),
        "change: {changed:?}"
    );
    other
        .execute_batch("DROP TABLE wishes")
        .expect("it is there");
    let removed = store.remove(wish.id);
    assert!(
        matches!(removed, Err(StoreError::Broken(_))),
        "remove: {removed:?}"
    );
}

/// What is not there is `Missing`, whatever is asked of it, and the rule is not asked.
#[test]
fn what_is_missing_is_said_to_be() {
    let file = TempDatabase::new();
    let store = open(&file);
    let there = added(&store, &new("Emma"));
    for id in [0, -1, there.id + 1, (1 << 32) + there.id, i64::MAX] {
        let found = store.find(id);
        assert!(
            matches!(found, Err(StoreError::Missing)),
            "find({id}): {found:?}"
        );
        let asked = Cell::new(false);
        let changed = store.change(id, &|_| {
            asked.set(true);
            Ok(State::Wanted)
        });
        assert!(
            matches!(changed, Err(StoreError::Missing)),
            "change({id}): {changed:?}"
        );
        assert!(
            !asked.get(),
            "change({id}): there is nothing to ask the rule about"
        );
        let removed = store.remove(id);
        assert!(
            matches!(removed, Err(StoreError::Missing)),
            "remove({id}): {removed:?}"
        );
    }
    assert_eq!(
        store.all().expect("a list"),
        [there],
        "nothing else has changed"
    );
}

/// A wish that is removed is gone, it alone, and its id is never given again.
#[test]
fn an_id_is_given_once() {
    let file = TempDatabase::new();
    let store = open(&file);
    let first = added(&store, &new("Emma"));
    let last = added(&store, &new("A lamp"));
    store.remove(last.id).expect("it is there");
    let all = store.all().expect("a list");
    assert_eq!(all, [first], "what is left");
    for state in [reserved_by("Ana"), given_by("Ana")] {
        let wish = added(&store, &new("A cup"));
        store
            .change(wish.id, &|_| Ok(state.clone()))
            .expect("a change");
        let removed = store.remove(wish.id);
        assert!(removed.is_ok(), "remove in {state:?}: {removed:?}");
    }
    let next = added(&store, &new("A lamp"));
    assert!(
        next.id > last.id,
        "id {} after {} was removed",
        next.id,
        last.id
    );
}

/// A rule sees the state as it is and decides what it becomes; what it refuses changes nothing.
#[test]
fn the_rule_decides() {
    let file = TempDatabase::new();
    let store = open(&file);
    let (emma, lamp) = (added(&store, &new("Emma")), added(&store, &new("A lamp")));
    let ana = State::Reserved {
        by: "Ana".to_owned(),
    };
    for (from, to) in [
        (State::Wanted, ana.clone()),
        (ana.clone(), State::Wanted),
        (State::Wanted, ana.clone()),
        (
            ana.clone(),
            State::Given {
                by: "Ana and Olga".to_owned(),
            },
        ),
    ] {
        let changed: Wish = store
            .change(emma.id, &|state| {
                assert_eq!(state, &from, "what the rule sees");
                Ok(to.clone())
            })
            .expect("a change");
        assert_eq!(changed.state, to, "what `change` returns");
        assert_eq!(
            store.find(emma.id).expect("a wish").state,
            to,
            "what is stored"
        );
        let refused = store.change(emma.id, &|_| Err(Refused::NotYours));
        let why = matches!(refused, Err(StoreError::Refused(Refused::NotYours)));
        assert!(why, "the rule's own reason: {refused:?}");
        assert_eq!(
            store.find(emma.id).expect("a wish").state,
            to,
            "after a refusal"
        );
    }
    assert_eq!(store.find(lamp.id).expect("a wish"), lamp, "the other wish");
}

/// Between the look and the change nobody else can take the wish: whoever tries is kept out, or is seen.
#[test]
fn nobody_comes_in_between() {
    let file = TempDatabase::new();
    let store = open(&file);
    let wish = added(&store, &new("Emma"));
    let other: Connection = file.connect();
    other
        .busy_timeout(std::time::Duration::ZERO)
        .expect("a time-out");
    let slipped_in = Cell::new(false);
    let tried = Cell::new(false);
    let answer = store.change(wish.id, &|state| {
        if !tried.replace(true) {
            let sql = "UPDATE wishes SET state = 'reserved', by_whom = 'Olga' WHERE id = ?1";
            slipped_in.set(other.execute(sql, [wish.id]).is_ok());
        }
        reserve("Ana")(state)
    });
    let now = store.find(wish.id).expect("a wish").state;
    let by = |who: &str| State::Reserved { by: who.to_owned() };
    if slipped_in.get() {
        assert_eq!(now, by("Olga"), "she was first; Ana was told {answer:?}");
        assert!(
            answer.is_err(),
            "Olga was first, and Ana was told {answer:?}"
        );
    } else {
        assert_eq!(now, by("Ana"), "she was first; she was told {answer:?}");
        assert!(
            answer.is_ok(),
            "nobody was in between, and Ana was told {answer:?}"
        );
    }
}

/// Of four guests who reserve the same wish at the same moment, one gets it, and the others are refused.
#[test]
fn a_wish_is_reserved_once() {
    let file = TempDatabase::new();
    let stores: Vec<Arc<SqliteStore>> = (0..4).map(|_| Arc::new(open(&file))).collect();
    for round in 0..6 {
        let id = added(&stores[0], &new(&format!("Wish {round}"))).id;
        let gate = Arc::new(Gate::new(4));
        let guests: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(guest, store)| {
                let (store, gate) = (Arc::clone(store), Arc::clone(&gate));
                thread::spawn(move || {
                    gate.wait();
                    let rule = reserve(&format!("guest {guest}"));
                    store.change(id, &|state| {
                        // Some work between look and act.
                        black_box((0..20_000_u64).map(black_box).sum::<u64>());
                        rule(state)
                    })
                })
            })
            .collect();
        let answers: Vec<_> = guests
            .into_iter()
            .map(|guest| guest.join().expect("the guest's thread ends"))
            .collect();
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(won, 1, "how many got it: {answers:?}");
        let refused = |answer: &&Result<Wish, StoreError>| {
            matches!(answer, Err(StoreError::Refused(Refused::AlreadyReserved)))
        };
        assert_eq!(
            answers.iter().filter(refused).count(),
            3,
            "the others: {answers:?}"
        );
    }
}

/// The list holds so many wishes and no more; when one goes, there is room again. A title that is there is a duplicate all the same.
#[test]
fn the_list_is_full_at_its_limit() {
    let file = TempDatabase::new();
    let store = open(&file);
    fill_but_one(&file);
    let last = added(&store, &new("The last"));
    let beyond = store.add(&new("One more"));
    assert!(
        matches!(beyond, Err(StoreError::Full)),
        "beyond the limit: {beyond:?}"
    );
    let again = store.add(&new("The last"));
    assert!(
        matches!(again, Err(StoreError::Duplicate)),
        "a title that is there: {again:?}"
    );
    assert_eq!(
        store.all().expect("a list").len(),
        200,
        "how many there are"
    );
    store.remove(last.id).expect("it is there");
    added(&store, &new("One more"));
    store.remove(7).expect("it is there");
    added(&store, &new("In the place of another"));
    let ids: Vec<i64> = store
        .all()
        .expect("a list")
        .iter()
        .map(|wish| wish.id)
        .collect();
    assert!(ids.is_sorted(), "by ascending id: {ids:?}");

    let given = "UPDATE wishes SET state = 'given', by_whom = 'Ana'";
    file.connect().execute_batch(given).expect("they are given");
    let beyond = store.add(&new("Beyond"));
    assert!(
        matches!(beyond, Err(StoreError::Full)),
        "what was given is on the list as well: {beyond:?}"
    );
}

/// What `work` says when another program is in the middle of `sql`, and finishes it while `work` waits.
fn behind<T: Send>(file: &TempDatabase, sql: &str, work: impl FnOnce() -> T + Send) -> T {
    let other = file.connect();
    other
        .execute_batch(&format!("BEGIN IMMEDIATE; {sql}"))
        .expect("the other one's turn");
    let gate = Gate::new(2);
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            gate.wait();
            work()
        });
        gate.wait();
        // The other one has work to do, so that `work` stands before the door. Work, and no pause: on a busy machine a
        // pause can take longer than a right answer's patience.
        let counted =
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30000)
             SELECT count(*) FROM n";
        let counted = other.query_row(counted, [], |row| row.get::<_, i64>(0));
        assert_eq!(counted, Ok(30_000), "the other one's work");
        // When somebody reads and waits at once, this is refused; then the other one's work has never been.
        let finished = other.execute_batch("COMMIT");
        let answer = working.join().expect("the thread ends");
        finished.expect("the other one can finish: nobody who waits stands in its way");
        answer
    })
}

/// Who waits for another's turn looks when that turn is over: the last place is taken, and so is the title.
#[test]
fn an_add_looks_when_its_turn_has_come() {
    let file = TempDatabase::new();
    let store = open(&file);
    fill_but_one(&file);
    let row = |title: &str| {
        format!(
            "INSERT INTO wishes (title, cents, priority, state) VALUES ('{title}', 1, 'low', 'wanted')"
        )
    };
    let full = behind(&file, &row("Quicker"), || store.add(&new("Slower")));
    assert!(
        matches!(full, Err(StoreError::Full)),
        "another took the last place: {full:?}"
    );
    store.remove(3).expect("it is there");
    let taken = behind(&file, &row("Emma"), || store.add(&new("Emma")));
    assert!(
        matches!(taken, Err(StoreError::Duplicate)),
        "another took the title: {taken:?}"
    );
}

/// Who waits for another's turn looks when that turn is over: the wish is reserved, or gone.
#[test]
fn a_change_looks_when_its_turn_has_come() {
    let file = TempDatabase::new();
    let store = open(&file);
    let wish = added(&store, &new("Emma"));
    let sql = "UPDATE wishes SET state = 'reserved', by_whom = 'Olga'";
    let late = behind(&file, sql, || store.change(wish.id, &reserve("Ana")));
    assert!(
        matches!(late, Err(StoreError::Refused(Refused::AlreadyReserved))),
        "Olga was quicker: {late:?}"
    );
    let gone = behind(&file, "DELETE FROM wishes", || {
        store.change(wish.id, &reserve("Olga"))
    });
    assert!(
        matches!(gone, Err(StoreError::Missing)),
        "another removed it: {gone:?}"
    );
}

/// Who opens a file while another makes its tables waits, and finds them.
#[test]
fn an_open_looks_when_its_turn_has_come() {
    let file = TempDatabase::new();
    let sql = format!("{TABLES} PRAGMA user_version = {VERSION};");
    let opened = behind(&file, &sql, || SqliteStore::open(&file.path()).map(drop));
    assert!(opened.is_ok(), "another made the tables: {opened:?}");
}

/// The last place on the list goes to one of several that come at the same moment.
#[test]
fn the_last_place_is_given_once() {
    let file = TempDatabase::new();
    let stores: Vec<Arc<SqliteStore>> = (0..4).map(|_| Arc::new(open(&file))).collect();
    fill_but_one(&file);
    for round in 0..5 {
        let gate = Arc::new(Gate::new(4));
        let adders: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(place, store)| {
                let (store, gate) = (Arc::clone(store), Arc::clone(&gate));
                thread::spawn(move || {
                    gate.wait();
                    store.add(&new(&format!("From {place} in {round}")))
                })
            })
            .collect();
        let answers: Vec<_> = adders
            .into_iter()
            .map(|adder| adder.join().expect("the thread ends"))
            .collect();
        let won: Vec<i64> = answers
            .iter()
            .filter_map(|answer| answer.as_ref().ok().map(|wish| wish.id))
            .collect();
        assert_eq!(won.len(), 1, "one place was left: {answers:?}");
        stores[0].remove(won[0]).expect("it is there");
    }
}

/// Several that open a new file at the same moment make its tables once.
#[test]
fn a_new_file_is_made_once() {
    for _ in 0..4 {
        let file = TempDatabase::new();
        let gate = Arc::new(Gate::new(4));
        let opening: Vec<_> = (0..4)
            .map(|_| {
                let (path, gate) = (file.path(), Arc::clone(&gate));
                thread::spawn(move || {
                    gate.wait();
                    SqliteStore::open(&path).map(drop)
                })
            })
            .collect();
        for opened in opening {
            let opened = opened.join().expect("the thread ends");
            assert!(opened.is_ok(), "one of four: {opened:?}");
        }
    }
    let file = TempDatabase::new();
    drop(open(&file));
    let version: i64 = file
        .connect()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .expect("a version");
    assert_eq!(version, VERSION, "the version of a file that was made");
}

/// A new file has its tables and its version, or neither: a start that fails in the middle can be tried again.
#[test]
fn tables_and_version_come_together() {
    let file = TempDatabase::new();
    // A table in the way: the tables cannot be made.
    file.connect()
        .execute_batch("CREATE TABLE wishes (id)")
        .expect("a table");
    let refused = SqliteStore::open(&file.path());
    assert!(
        matches!(refused, Err(StoreError::Broken(_))),
        "a table in the way: {refused:?}"
    );
    let connection = file.connect();
    let version = |connection: &Connection| -> i64 {
        let asked = connection.query_row("PRAGMA user_version", [], |row| row.get(0));
        asked.expect("a version")
    };
    assert_eq!(
        version(&connection),
        0,
        "the version after a start that failed"
    );
    connection
        .execute_batch("DROP TABLE wishes")
        .expect("it is there");
    added(&open(&file), &new("Emma"));
    assert_eq!(version(&connection), VERSION, "the version in the end");
}

/// A file of a newer program is refused, and stays as it is.
#[test]
fn a_newer_file_is_left_alone() {
    for newer in [VERSION + 1, VERSION + 256, VERSION + 65536] {
        let file = TempDatabase::new();
        let connection = file.connect();
        connection.execute_batch(TABLES).expect("tables");
        connection
            .pragma_update(None, "user_version", newer)
            .expect("a version");
        let bytes = || fs::read(file.path()).expect("it can be read");
        let before = bytes();
        let refused = SqliteStore::open(&file.path());
        assert!(
            matches!(refused, Err(StoreError::Newer)),
            "version {newer}: {refused:?}"
        );
        let after: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .expect("a version");
        assert_eq!(after, newer, "the version of the newer file");
        assert!(bytes() == before, "version {newer}: the file has changed");
    }
}

/// A row that makes no sense is an error, not a gap in the list.
#[test]
fn an_unreadable_row_is_no_gap() {
    let file = TempDatabase::new();
    let store = open(&file);
    added(&store, &new("Emma"));
    let sql = "PRAGMA ignore_check_constraints = 1; INSERT INTO wishes (title, cents, priority, state) VALUES ('A lamp', 1, 'low', 'lost');";
    file.connect()
        .execute_batch(sql)
        .expect("SQLite looks away");
    let all = store.all();
    assert!(
        matches!(all, Err(StoreError::Broken(_))),
        "a state that does not exist: {all:?}"
    );
}

/// The program: what a client adds is in the file, and a second start shows it.
#[tokio::test]
async fn the_program_remembers() {
    let file = TempDatabase::new();
    let mut parts = standins::parts();
    parts.store = Arc::new(open(&file));
    let server = program(parts, standins::desk()).await;
    let draft = json!({ "title": "Emma", "price": "12" });
    let response = http::answer(server.post("/api/wishes").json(&draft)).await;
    assert_eq!(
        http::status(&response),
        201,
        "POST /api/wishes with {draft}"
    );
    server.stop().await;

    let mut parts = standins::parts();
    parts.store = Arc::new(open(&file));
    let server = program(parts, standins::desk()).await;
    let listed: Value = http::json(http::answer(server.get("/api/wishes")).await).await;
    assert_eq!(
        listed["wishes"][0]["title"],
        json!("Emma"),
        "after a second start: {listed}"
    );
}
