use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use admin_panel::given::accounts::Accounts;
use admin_panel::given::app::{App, Client, Cx, Parts, Tx};
use admin_panel::given::clock::ManualClock;
use admin_panel::given::config::Config;
use admin_panel::given::database::{Database, Durability};
use admin_panel::given::problem::Problem;
use admin_panel::given::rights::Permission;
use admin_panel::given::standins::{self, Journal};
use admin_panel::pages::{
    Action, Column, Done, Head, MayNot, Named, Outcome, Selection, Skipped, Summary, Undone, Why,
    confirm, heads, kept, link, may_not, selection, summary, undo,
};
use admin_panel::search::Asked;

/// 2017-07-14T02:40:00Z
const START: i64 = 1_500_000_000;

/// Changes `disabled_at`, and leaves a line in the log. It checks what it is asked, and refuses or fails where a test wants it.
#[derive(Default)]
struct PlainAccounts(Mutex<BTreeMap<i64, Answer>>);

#[derive(Clone, Copy)]
enum Answer {
    /// 409 with this sentence.
    Refuses(&'static str),
    /// 409 when fewer accounts than this would be active.
    Spares(i64),
    /// 500, after the change.
    Fails,
}

impl PlainAccounts {
    fn will(&self, id: i64, answer: Answer) {
        self.0.lock().expect("nobody panicked").insert(id, answer);
    }

    fn mend(&self) {
        self.0.lock().expect("nobody panicked").clear();
    }

    fn change(&self, tx: &Tx, me: i64, user_id: i64, to: Option<i64>) -> Result<(), Problem> {
        let answer = self
            .0
            .lock()
            .expect("nobody panicked")
            .get(&user_id)
            .copied();
        match answer {
            Some(Answer::Refuses(why)) => return Err(Problem::conflict("refused", why)),
            Some(Answer::Spares(least)) => {
                let active: i64 = tx.query_row(
                    "SELECT count(*) FROM users WHERE disabled_at IS NULL",
                    [],
                    |row| row.get(0),
                )?;
                if active <= least && to.is_some() {
                    return Err(Problem::last_administrator());
                }
            }
            _ => {}
        }
        let changed = tx.execute(
            "UPDATE users SET disabled_at = ?2 WHERE id = ?1 AND (disabled_at IS NULL) = (?2 IS NOT NULL)",
            (user_id, to),
        )?;
        if changed != 1 {
            return Err(Problem::internal(
                &"asked to change what is so already, or is not there",
            ));
        }
        tx.execute(
            "INSERT INTO audit (at, actor_id, kind, subject, client, user_agent, before, after)
             VALUES (?1, ?2, iif(?3 IS NULL, 'user.enabled', 'user.disabled'), 'user ' || ?4, '', '', '{}', '{}')",
            (tx.now(), me, to, user_id),
        )?;
        match answer {
            Some(Answer::Fails) => Err(Problem::internal(&"the test's own failure")),
            _ => Ok(()),
        }
    }
}

impl Accounts for PlainAccounts {
    fn disable(&self, tx: &Tx, me: i64, user_id: i64) -> Result<(), Problem> {
        self.change(tx, me, user_id, Some(tx.now()))
    }

    fn enable(&self, tx: &Tx, me: i64, user_id: i64) -> Result<(), Problem> {
        self.change(tx, me, user_id, None)
    }
}

/// A panel with stand-ins. Accounts: 1 Ada, 2 Ben, 3 Cleo, 4 Dan, 5 Eve active, 6 Finn and 7 Gus disabled long ago.
struct Panel {
    app: App,
    clock: ManualClock,
    journal: Journal,
    accounts: PlainAccounts,
    _folder: tempfile::TempDir,
}

fn panel() -> Panel {
    let folder = tempfile::tempdir().expect("a folder");
    let database =
        Database::open(&folder.path().join("test.db"), Durability::Relaxed).expect("it opens");
    let (clock, journal) = (ManualClock::at(START), Journal::default());
    let app = App::new(Parts {
        config: Config::for_tests(),
        clock: Arc::new(clock.clone()),
        database,
        neighbours: standins::neighbours(&journal),
        outbox: folder.path().join("outbox"),
    });
    let panel = Panel {
        app,
        clock,
        journal,
        accounts: PlainAccounts::default(),
        _folder: folder,
    };
    for (id, name) in (1..).zip(["Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus"]) {
        let gone = if id > 5 { "1400000000" } else { "NULL" };
        panel.batch(&format!("INSERT INTO users VALUES ({id}, '{name}@lantern.example', '{name}', 'h', 1300000000, {gone})"));
    }
    panel
}

impl Panel {
    fn write<T>(&self, work: impl FnOnce(&Tx) -> Result<T, Problem>) -> Result<T, Problem> {
        Cx::new(self.app.clone(), Client::local()).write(work)
    }

    fn batch(&self, sql: &str) {
        let done = self
            .app
            .database()
            .write(|connection| Ok(connection.execute_batch(sql)?));
        done.unwrap_or_else(|problem| panic!("{sql}: {}", problem.code()));
    }

    fn summary(&self, selection: &Selection) -> Result<Summary, Problem> {
        self.write(|tx| summary(tx, &self.accounts, 1, selection))
    }

    fn confirm(&self, selection: &Selection, seen: &str) -> Result<Outcome, Problem> {
        self.write(|tx| confirm(tx, &self.accounts, 1, selection, seen))
    }

    fn undo(&self, done: &Done) -> Result<Undone, Problem> {
        self.write(|tx| undo(tx, &self.accounts, 1, done))
    }

    /// The ids of those who are disabled, and since when.
    fn disabled(&self) -> BTreeMap<i64, i64> {
        let rows = self.app.database().read(|connection| {
            let mut statement = connection
                .prepare("SELECT id, disabled_at FROM users WHERE disabled_at IS NOT NULL")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        value(rows)
    }

    /// Everything that the tables hold, the counters of ids among it.
    fn tables(&self) -> String {
        let text = self.app.database().read(|connection| {
            let text: String = connection.query_row(
                "SELECT (SELECT json_group_array(json_array(id, name, email, disabled_at)) FROM users)
                     || (SELECT json_group_array(json_array(at, actor_id, kind, subject)) FROM audit)
                     || (SELECT json_group_array(json_array(name, seq)) FROM sqlite_sequence)
                     || (SELECT count(*) FROM mails)",
                [],
                |row| row.get(0),
            )?;
            Ok(text)
        });
        value(text)
    }
}

fn value<T>(answer: Result<T, Problem>) -> T {
    answer.unwrap_or_else(|problem| panic!("refused: {} {}", problem.code(), problem.detail()))
}

/// How a call ended: `ok`, or the code of the refusal.
fn ended<T>(answer: Result<T, Problem>) -> &'static str {
    answer.map_or_else(|problem| problem.code(), |_| "ok")
}

fn chosen(action: Action, ids: &[i64]) -> Selection {
    Selection {
        action,
        ids: ids.to_vec(),
    }
}

fn named(id: i64) -> Named {
    let names = ["Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus"];
    let name = names[usize::try_from(id - 1).expect("an id of the panel")];
    Named {
        id,
        name: name.to_owned(),
        email: format!("{name}@lantern.example"),
    }
}

fn skipped(id: i64, why: Why) -> Skipped {
    let account = (why != Why::Missing).then(|| named(id));
    Skipped { id, account, why }
}

fn ids(accounts: &[Named]) -> Vec<i64> {
    accounts.iter().map(|account| account.id).collect()
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Reads a query as servers do, without the help of what made it.
fn read_query(link: &str) -> Vec<(String, String)> {
    let Some((_, query)) = link.split_once('?') else {
        return Vec::new();
    };
    let decode = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next().unwrap_or(b'x'), rest.next().unwrap_or(b'x')];
                    let digits = String::from_utf8_lossy(&digits).into_owned();
                    u8::from_str_radix(&digits, 16)
                        .unwrap_or_else(|_| panic!("%{digits} in {link}"))
                }
                byte => byte,
            });
        }
        String::from_utf8(bytes).unwrap_or_else(|_| panic!("no text: {link}"))
    };
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// A link holds all that was asked for, and a server reads from it just what was typed, whatever that is.
#[test]
fn a_link_keeps_what_was_asked_for() {
    let mut random = support::seeded(0x1991);
    let pieces = [
        "a",
        "Z",
        "9",
        " ",
        "+",
        "%",
        "&",
        "=",
        "#",
        "?",
        "/",
        "é",
        "渡",
        "📚",
        "\"",
        "<",
        "'",
        "%41",
        "&sort=email",
        "\0",
        "\n",
        ";",
        "~",
        "-",
        ".",
    ];
    for _ in 0..300 {
        let mut text = || -> Option<String> {
            random.coin().then(|| {
                (0..random.size(0..5))
                    .map(|_| *random.pick(&pieces))
                    .collect()
            })
        };
        let asked = Asked {
            q: text(),
            status: text(),
            sort: text(),
            limit: text(),
            cursor: text(),
        };
        let link: String = link("/users", &asked);
        let expected: Vec<(String, String)> = [
            ("q", &asked.q),
            ("status", &asked.status),
            ("sort", &asked.sort),
            ("limit", &asked.limit),
            ("cursor", &asked.cursor),
        ]
        .into_iter()
        .filter_map(|(name, value)| {
            Some((
                name.to_owned(),
                value.clone().filter(|value| !value.is_empty())?,
            ))
        })
        .collect();
        assert_eq!(read_query(&link), expected, "{asked:?} as {link}");
        let plain = |c: char| c.is_ascii_graphic() && !"\"<>#'".contains(c);
        assert!(
            link.starts_with("/users") && link.chars().all(plain),
            "{link} of {asked:?}"
        );
    }
    let empty = Asked {
        q: Some(String::new()),
        ..Asked::default()
    };
    for (asked, case) in [(Asked::default(), "nothing"), (empty, "an empty field")] {
        assert_eq!(link("/orders", &asked), "/orders", "{case} was asked for");
    }
    let asked = Asked {
        limit: Some("50".to_owned()),
        q: Some("a b".to_owned()),
        ..Asked::default()
    };
    let link: String = link("/a", &asked);
    assert!(
        link == "/a?q=a%20b&limit=50" || link == "/a?q=a+b&limit=50",
        "{link}"
    );
}

const COLUMNS: [Column; 3] = [
    Column {
        label: "Name",
        sort: None,
    },
    Column {
        label: "Email",
        sort: Some("email"),
    },
    Column {
        label: "Here since",
        sort: Some("created"),
    },
];

/// A head says in which direction the list is sorted by it, and leads to the other one; the others lead upwards.
#[test]
fn a_head_turns_the_order() {
    for (sort, email, created) in [
        (
            Some("email"),
            (Some("ascending"), "-email"),
            (None, "created"),
        ),
        (
            Some("-email"),
            (Some("descending"), "email"),
            (None, "created"),
        ),
        (
            Some("created"),
            (None, "email"),
            (Some("ascending"), "-created"),
        ),
        (
            Some("-created"),
            (None, "email"),
            (Some("descending"), "created"),
        ),
        (None, (None, "email"), (Some("descending"), "created")),
        (Some(""), (None, "email"), (Some("descending"), "created")),
        (Some("--email"), (None, "email"), (None, "created")),
        (Some("emails"), (None, "email"), (None, "created")),
    ] {
        let asked = Asked {
            sort: sort.map(str::to_owned),
            ..Asked::default()
        };
        let heads: Vec<Head> = heads("/users", &COLUMNS, &asked, "-created");
        let expected = [
            Head {
                label: "Name",
                href: None,
                sorted: None,
            },
            Head {
                label: "Email",
                href: Some(format!("/users?sort={}", email.1)),
                sorted: email.0,
            },
            Head {
                label: "Here since",
                href: Some(format!("/users?sort={}", created.1)),
                sorted: created.0,
            },
        ];
        assert_eq!(heads, expected, "sorted by {sort:?}");
    }
    let by_email: Vec<Head> = heads("/users", &COLUMNS, &Asked::default(), "email");
    assert_eq!(
        by_email[1].sorted,
        Some("ascending"),
        "by email when nothing is said"
    );
    let totals = [
        Column {
            label: "Total",
            sort: Some("total"),
        },
        Column {
            label: "Branch",
            sort: None,
        },
    ];
    let asked = Asked {
        sort: Some("total".to_owned()),
        ..Asked::default()
    };
    let of_orders: Vec<Head> = heads("/branches/5/orders", &totals, &asked, "-number");
    let expected = [
        Head {
            label: "Total",
            href: Some("/branches/5/orders?sort=-total".to_owned()),
            sorted: Some("ascending"),
        },
        Head {
            label: "Branch",
            href: None,
            sorted: None,
        },
    ];
    assert_eq!(of_orders, expected, "the heads of another table");
}

/// Another order keeps words, status and size of the page, and begins at the beginning.
#[test]
fn another_order_keeps_the_filters() {
    let text = |text: &str| Some(text.to_owned());
    let asked = Asked {
        q: text("o'neill & co"),
        status: text("active"),
        sort: text("email"),
        limit: text("50"),
        cursor: text("abc"),
    };
    let heads: Vec<Head> = heads("/users", &COLUMNS, &asked, "-created");
    for (head, sort) in [(&heads[1], "-email"), (&heads[2], "created")] {
        let href = head.href.clone().unwrap_or_default();
        let expected = fields(&[
            ("q", "o'neill & co"),
            ("status", "active"),
            ("sort", sort),
            ("limit", "50"),
        ]);
        assert_eq!(read_query(&href), expected, "{href}");
    }
}

/// A form comes back as it was typed, in its order; only secrets and the form's own token do not.
#[test]
fn a_form_keeps_what_was_typed() {
    let typed = fields(&[
        ("name", "  Ada \"<b>\" Reader "),
        ("csrf", "abc"),
        ("email", "ADA@Lantern.example"),
        ("password", "hunter2 hunter2"),
        ("role", "clerk"),
        ("role", "manager"),
        ("new_password", "x"),
        ("Password2", "x"),
        ("code", "123456"),
        ("recovery-code", "x"),
        ("token", "x"),
        ("CSRF", "x"),
        ("note", "the password is secret"),
        ("empty", ""),
    ]);
    let expected = fields(&[
        ("name", "  Ada \"<b>\" Reader "),
        ("email", "ADA@Lantern.example"),
        ("role", "clerk"),
        ("role", "manager"),
        ("note", "the password is secret"),
        ("empty", ""),
    ]);
    assert_eq!(kept(&typed), expected, "what the form shows again");
}

/// A selection has one action and 1 to 100 people, each once; everything wrong is said at once.
#[test]
fn a_selection_is_read_or_refused() {
    let read = |pairs: &[(&str, &str)]| -> Result<Selection, Vec<String>> {
        selection(&fields(pairs)).map_err(|problem| {
            assert_eq!(
                (problem.status().as_u16(), problem.code()),
                (422, "invalid_fields"),
                "{pairs:?}"
            );
            problem
                .errors()
                .iter()
                .map(|error| error.field.clone())
                .collect()
        })
    };
    let good = read(&[
        ("id", "7"),
        ("csrf", "x"),
        ("action", "disable"),
        ("id", "3"),
        ("id", "7"),
        ("back", "1"),
    ]);
    assert_eq!(
        good,
        Ok(chosen(Action::Disable, &[3, 7])),
        "two people, one of them twice"
    );
    assert_eq!(
        read(&[("action", "enable"), ("id", "9223372036854775807")]),
        Ok(chosen(Action::Enable, &[i64::MAX])),
        "the largest number"
    );
    for id in [
        "",
        "x",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "9223372036854775808",
        "0x1",
        "1,2",
        "١",
        "1\0",
    ] {
        assert_eq!(
            read(&[("action", "disable"), ("id", "1"), ("id", id)]),
            Err(vec!["id".to_owned()]),
            "the id {id:?}"
        );
        assert_eq!(
            read(&[("action", "disable"), ("id", id), ("id", "1")]),
            Err(vec!["id".to_owned()]),
            "the id {id:?}, first"
        );
    }
    for action in ["", "Disable", "disable ", "delete", "enabled"] {
        assert_eq!(
            read(&[("action", action), ("id", "1")]),
            Err(vec!["action".to_owned()]),
            "the action {action:?}"
        );
    }
    assert_eq!(
        read(&[("id", "1")]),
        Err(vec!["action".to_owned()]),
        "no action"
    );
    assert_eq!(
        read(&[("action", "disable"), ("action", "enable"), ("id", "1")]),
        Err(vec!["action".to_owned()]),
        "two actions"
    );
    assert_eq!(
        read(&[("action", "enable")]),
        Err(vec!["id".to_owned()]),
        "nobody"
    );
    let both: BTreeSet<String> = read(&[]).expect_err("an empty form").into_iter().collect();
    assert_eq!(
        both,
        BTreeSet::from(["action".to_owned(), "id".to_owned()]),
        "an empty form"
    );
    let numbers: Vec<String> = (1..=101).map(|id: i64| id.to_string()).collect();
    let many = |count: usize| {
        let ids = numbers[..count]
            .iter()
            .chain(&numbers[..90])
            .map(|id| ("id", id.as_str()));
        read(&ids.chain([("action", "disable")]).collect::<Vec<_>>())
    };
    assert_eq!(
        many(100).map(|selection| selection.ids.len()),
        Ok(100),
        "a hundred, most of them twice"
    );
    assert_eq!(many(101), Err(vec!["id".to_owned()]), "a hundred and one");
}

/// A summary names who would change and who would not, each with a reason, in the order of the ids.
#[test]
fn a_summary_names_everybody() {
    let panel = panel();
    panel
        .accounts
        .will(4, Answer::Refuses("Dan counts the till."));
    let found: Summary = value(panel.summary(&chosen(Action::Disable, &[1, 2, 4, 5, 6, 99])));
    let expected = [
        skipped(1, Why::Yourself),
        skipped(4, Why::Refused("Dan counts the till.".to_owned())),
        skipped(6, Why::Already),
        skipped(99, Why::Missing),
    ];
    assert_eq!(found.change, [named(2), named(5)], "who would be disabled");
    assert_eq!(found.skip, expected, "who would not");
    assert_eq!(found.action, Action::Disable, "the action");
    panel.accounts.will(7, Answer::Refuses("Gus is away."));
    let found: Summary = value(panel.summary(&chosen(Action::Enable, &[1, 2, 6, 7, 99])));
    let expected = [
        skipped(1, Why::Already),
        skipped(2, Why::Already),
        skipped(7, Why::Refused("Gus is away.".to_owned())),
        skipped(99, Why::Missing),
    ];
    assert_eq!(found.change, [named(6)], "who would be enabled");
    assert_eq!(found.skip, expected, "who would not be enabled");
}

/// A summary changes nothing: no account, no line of the log, no counter.
#[test]
fn a_summary_changes_nothing() {
    let panel = panel();
    let before = panel.tables();
    for selection in [
        chosen(Action::Disable, &[2, 3]),
        chosen(Action::Enable, &[6, 7]),
        chosen(Action::Disable, &[1, 6, 99]),
    ] {
        let first: Summary = value(panel.summary(&selection));
        assert_eq!(panel.tables(), before, "after the summary of {selection:?}");
        let again: Summary = value(panel.summary(&selection));
        assert_eq!(again, first, "the second summary of {selection:?}");
    }
    panel.accounts.will(3, Answer::Fails);
    assert_eq!(
        ended(panel.summary(&chosen(Action::Disable, &[2, 3, 4]))),
        "internal",
        "the database fails at the second of three"
    );
    assert_eq!(panel.tables(), before, "after a summary that failed");
}

/// What the rules say of the second depends on what happens to the first: the summary knows, and so does the action.
#[test]
fn a_summary_is_what_will_happen() {
    let panel = panel();
    for id in 2..=5 {
        panel.accounts.will(id, Answer::Spares(3));
    }
    let selection = chosen(Action::Disable, &[2, 3, 4, 5]);
    let found: Summary = value(panel.summary(&selection));
    assert_eq!(ids(&found.change), [2, 3], "three of five must stay");
    assert!(
        found
            .skip
            .iter()
            .all(|one| matches!(one.why, Why::Refused(_))),
        "{:?}",
        found.skip
    );
    let outcome: Outcome = value(panel.confirm(&selection, &found.seen));
    assert_eq!(
        outcome,
        Outcome::Done(Done {
            action: Action::Disable,
            at: START,
            ids: vec![2, 3]
        })
    );
    assert_eq!(
        panel.disabled(),
        BTreeMap::from([
            (2, START),
            (3, START),
            (6, 1_400_000_000),
            (7, 1_400_000_000)
        ])
    );
}

/// What was shown and confirmed is done, to those who were named and to nobody else, in the name of whoever confirmed.
#[test]
fn what_was_shown_is_done() {
    let mut random = support::seeded(0x1992);
    for round in 0..12 {
        let panel = panel();
        let mut picked: Vec<i64> = (1..=9).filter(|_| random.coin()).collect();
        picked.extend([2, 6]);
        picked.sort_unstable();
        picked.dedup();
        let action = if random.coin() {
            Action::Disable
        } else {
            Action::Enable
        };
        let wanted = |id: &i64| match action {
            Action::Disable => (2..=5).contains(id),
            Action::Enable => (6..=7).contains(id),
        };
        let expected: Vec<i64> = picked.iter().copied().filter(wanted).collect();
        let selection = chosen(action, &picked);
        let found: Summary = value(panel.summary(&selection));
        panel.clock.advance(60);
        let outcome: Outcome = value(panel.confirm(&selection, &found.seen));
        let done = Done {
            action,
            at: START + 60,
            ids: expected.clone(),
        };
        assert_eq!(outcome, Outcome::Done(done), "round {round}: {selection:?}");
        let mut disabled = BTreeMap::from([(6, 1_400_000_000), (7, 1_400_000_000)]);
        for id in &expected {
            match action {
                Action::Disable => disabled.insert(*id, START + 60),
                Action::Enable => disabled.remove(id),
            };
        }
        assert_eq!(panel.disabled(), disabled, "round {round}: {selection:?}");
        let log: Vec<(i64, String)> = value(panel.app.database().read(|connection| {
            let mut statement =
                connection.prepare("SELECT actor_id, subject FROM audit ORDER BY id")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        }));
        let lines: Vec<(i64, String)> = expected
            .iter()
            .map(|id| (1, format!("user {id}")))
            .collect();
        assert_eq!(log, lines, "round {round}: the log, a line for each");
    }
}

/// When anything that was shown has changed, nothing happens; the new summary can be confirmed.
#[test]
fn what_has_changed_is_shown_again() {
    let selection = chosen(Action::Disable, &[1, 2, 3, 4, 6, 99]);
    let changes = [
        ("a name", "UPDATE users SET name = 'Benjamin' WHERE id = 2"),
        (
            "an address",
            "UPDATE users SET email = 'cleo@paper.example' WHERE id = 3",
        ),
        (
            "the name of one who stays",
            "UPDATE users SET name = 'Finnegan' WHERE id = 6",
        ),
        (
            "somebody has disabled one of them",
            "UPDATE users SET disabled_at = 5 WHERE id = 3",
        ),
        (
            "somebody has disabled the last of them",
            "UPDATE users SET disabled_at = 5 WHERE id = 4",
        ),
        (
            "somebody has enabled one who was to stay",
            "UPDATE users SET disabled_at = NULL WHERE id = 6",
        ),
        (
            "there is a new account",
            "INSERT INTO users VALUES (99, 'new@lantern.example', 'New', 'h', 0, NULL)",
        ),
    ];
    for (case, change) in changes {
        let panel = panel();
        let shown: Summary = value(panel.summary(&selection));
        panel.batch(change);
        let before = panel.tables();
        let outcome: Outcome = value(panel.confirm(&selection, &shown.seen));
        let Outcome::Changed(now) = outcome else {
            panic!("{case}: done, although it was not what was shown");
        };
        assert_eq!(panel.tables(), before, "{case}: nothing has happened");
        assert_eq!(
            now,
            value(panel.summary(&selection)),
            "{case}: what would happen now"
        );
        assert_ne!(
            (&now.change, &now.skip),
            (&shown.change, &shown.skip),
            "{case}: the new summary"
        );
        let outcome: Outcome = value(panel.confirm(&selection, &now.seen));
        let expected = Done {
            action: Action::Disable,
            at: START,
            ids: ids(&now.change),
        };
        assert_eq!(outcome, Outcome::Done(expected), "{case}: confirmed anew");
    }
    let panel = panel();
    panel.accounts.will(3, Answer::Refuses("for one reason"));
    let shown: Summary = value(panel.summary(&selection));
    panel
        .accounts
        .will(3, Answer::Refuses("for another reason"));
    let outcome: Outcome = value(panel.confirm(&selection, &shown.seen));
    assert!(
        matches!(outcome, Outcome::Changed(_)),
        "another reason: {outcome:?}"
    );
}

/// A confirmation is of its own action and its own people; one that is made up confirms nothing.
#[test]
fn a_confirmation_is_of_what_was_shown() {
    let panel = panel();
    let selection = chosen(Action::Disable, &[2, 3, 6]);
    let seen = value(panel.summary(&selection)).seen;
    let before = panel.tables();
    for (case, other, seen) in [
        (
            "the other action",
            chosen(Action::Enable, &[2, 3, 6]),
            seen.as_str(),
        ),
        ("one fewer", chosen(Action::Disable, &[2, 3]), &seen),
        ("one more", chosen(Action::Disable, &[2, 3, 4, 6]), &seen),
        (
            "one more who stays",
            chosen(Action::Disable, &[2, 3, 6, 7]),
            &seen,
        ),
        (
            "one more who is missing",
            chosen(Action::Disable, &[2, 3, 6, 99]),
            &seen,
        ),
        ("another one", chosen(Action::Disable, &[2, 4, 6]), &seen),
        ("nothing seen", selection.clone(), ""),
        ("a made-up text", selection.clone(), "yes"),
        ("a part of it", selection.clone(), &seen[..seen.len() / 2]),
        ("in capitals", selection.clone(), &format!("{seen} ")),
    ] {
        let outcome: Outcome = value(panel.confirm(&other, seen));
        assert!(
            matches!(outcome, Outcome::Changed(_)),
            "{case}: {outcome:?}"
        );
        assert_eq!(panel.tables(), before, "{case}: nothing has happened");
    }
    let nobody = value(panel.summary(&chosen(Action::Disable, &[99]))).seen;
    let outcome: Outcome = value(panel.confirm(&chosen(Action::Enable, &[99]), &nobody));
    assert!(
        matches!(outcome, Outcome::Changed(_)),
        "the other action, of which nobody would change: {outcome:?}"
    );
    // Names and addresses that run together are still different ones.
    let mut seen = BTreeSet::new();
    for (name, email) in [
        ("ab", "c@x"),
        ("a", "bc@x"),
        ("a\",\"b", "c@x"),
        ("a", "b\",\"c@x"),
        ("", "abc@x"),
        ("a,b", "c@x"),
    ] {
        panel
            .write(|tx| {
                Ok(tx.execute(
                    "UPDATE users SET name = ?1, email = ?2 WHERE id = 2",
                    (name, email),
                )?)
            })
            .expect("a name");
        seen.insert(value(panel.summary(&chosen(Action::Disable, &[2]))).seen);
    }
    assert_eq!(seen.len(), 6, "six different people: {seen:?}");
    let again = value(panel.summary(&chosen(Action::Disable, &[2])));
    assert!(seen.contains(&again.seen), "the same is seen as the same");
}

/// A failure in the middle undoes everything, whichever of them it is.
#[test]
fn it_is_all_or_nothing() {
    for fails in [2, 3, 5] {
        let panel = panel();
        let selection = chosen(Action::Disable, &[2, 3, 5]);
        let seen = value(panel.summary(&selection)).seen;
        let before = panel.tables();
        panel.accounts.will(fails, Answer::Fails);
        assert_eq!(
            ended(panel.confirm(&selection, &seen)),
            "internal",
            "account {fails} fails"
        );
        assert_eq!(
            panel.tables(),
            before,
            "account {fails} fails: nothing has happened"
        );
        panel.accounts.mend();
        let Outcome::Done(done) = value(panel.confirm(&selection, &seen)) else {
            panic!("account {fails}: mended, and still not done");
        };
        let before = panel.tables();
        panel.accounts.will(fails, Answer::Fails);
        assert_eq!(
            ended(panel.undo(&done)),
            "internal",
            "account {fails} fails while it is undone"
        );
        assert_eq!(
            panel.tables(),
            before,
            "account {fails} fails while it is undone: nothing has happened"
        );
    }
}

/// Who may not disable accounts everywhere is told so before anything else, at each of the three steps.
#[test]
fn each_step_asks_for_the_permission() {
    let panel = panel();
    let selection = chosen(Action::Disable, &[2, 3]);
    let seen = value(panel.summary(&selection)).seen;
    let Outcome::Done(done) = value(panel.confirm(&selection, &seen)) else {
        panic!("it was shown, and is not done");
    };
    let again = chosen(Action::Disable, &[4]);
    let next = value(panel.summary(&again)).seen;
    let before = panel.tables();
    panel.journal.refuse("require 1 users.disable everywhere");
    let steps: [(&str, &dyn Fn() -> &'static str); 4] = [
        ("the summary", &|| ended(panel.summary(&again))),
        ("the confirmation", &|| ended(panel.confirm(&again, &next))),
        ("a confirmation of what was not shown", &|| {
            ended(panel.confirm(&again, "x"))
        }),
        ("the way back", &|| ended(panel.undo(&done))),
    ];
    for (step, run) in steps {
        assert_eq!(run(), "forbidden", "{step}");
    }
    panel.journal.mend();
    panel.batch("UPDATE users SET disabled_at = 7 WHERE id = 1");
    for (step, run) in steps {
        assert_eq!(
            run(),
            "not_signed_in",
            "{step}, by somebody who was disabled meanwhile"
        );
    }
    panel.batch("UPDATE users SET disabled_at = NULL WHERE id = 1");
    assert_eq!(panel.tables(), before, "nothing has happened");
    for (step, run) in steps {
        assert_eq!(run(), "ok", "{step}, once it is allowed");
    }
}

/// The way back puts back what this action has changed; what somebody has changed since stays, and so does what the rules forbid.
#[test]
fn the_way_back_touches_nothing_else() {
    let panel = panel();
    let selection = chosen(Action::Disable, &[2, 3, 4, 5, 6]);
    let seen = value(panel.summary(&selection)).seen;
    let Outcome::Done(done) = value(panel.confirm(&selection, &seen)) else {
        panic!("it was shown, and is not done");
    };
    assert_eq!(done.ids, [2, 3, 4, 5], "who was disabled");
    panel.clock.advance(30);
    // Ben is enabled by a colleague; Cleo, too, and then disabled again, for good reason.
    panel.batch("UPDATE users SET disabled_at = NULL WHERE id = 2");
    panel.batch(&format!(
        "UPDATE users SET disabled_at = {} WHERE id = 3",
        START + 30
    ));
    panel
        .accounts
        .will(4, Answer::Refuses("Dan's contract has ended."));
    let asked = Done {
        ids: vec![99, 5, 4, 3, 2, 5, 6],
        ..done.clone()
    };
    let undone: Undone = value(panel.undo(&asked));
    assert_eq!(undone.back, [named(5)], "who is back");
    let expected = [
        skipped(2, Why::Since),
        skipped(3, Why::Since),
        skipped(4, Why::Refused("Dan's contract has ended.".to_owned())),
        skipped(6, Why::Since),
        skipped(99, Why::Missing),
    ];
    assert_eq!(undone.stay, expected, "who stays");
    assert_eq!(
        panel.disabled(),
        BTreeMap::from([
            (3, START + 30),
            (4, START),
            (6, 1_400_000_000),
            (7, 1_400_000_000)
        ]),
        "who is disabled, and since when"
    );
    panel.accounts.mend();
    let again: Undone = value(panel.undo(&done));
    assert_eq!(ids(&again.back), [4], "once more: only Dan was left");
    let third: Undone = value(panel.undo(&done));
    assert!(third.back.is_empty(), "a third time: {:?}", third.back);
    for at in [START - 1, START + 1, 0, 1_400_000_001] {
        let undone: Undone = value(panel.undo(&Done {
            action: Action::Disable,
            at,
            ids: vec![6, 7],
        }));
        assert!(
            undone.back.is_empty(),
            "of another time ({at}): {:?}",
            undone.back
        );
    }
}

/// Whoever presses the button is the one who is asked for, spared and written down, not the first account.
#[test]
fn it_is_done_by_who_does_it() {
    let panel = panel();
    let selection = chosen(Action::Disable, &[1, 3, 5]);
    let found: Summary = value(panel.write(|tx| summary(tx, &panel.accounts, 3, &selection)));
    assert_eq!(
        (ids(&found.change), found.skip),
        (vec![1, 5], vec![skipped(3, Why::Yourself)]),
        "Cleo's summary"
    );
    let outcome: Outcome =
        value(panel.write(|tx| confirm(tx, &panel.accounts, 3, &selection, &found.seen)));
    let Outcome::Done(done) = outcome else {
        panic!("it was shown, and is not done: {outcome:?}");
    };
    assert_eq!(done.ids, [1, 5], "whom Cleo disabled");
    let undone: Undone = value(panel.write(|tx| undo(tx, &panel.accounts, 4, &done)));
    assert_eq!(ids(&undone.back), [1, 5], "whom Dan let in again");
    let log: String = value(panel.app.database().read(|connection| {
        let sql = "SELECT group_concat(actor_id || ' ' || kind || ' ' || subject, ', ' ORDER BY id) FROM audit";
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }));
    assert_eq!(
        log,
        "3 user.disabled user 1, 3 user.disabled user 5, 4 user.enabled user 1, 4 user.enabled user 5",
        "the log"
    );
    for me in [3, 4] {
        panel
            .journal
            .refuse(&format!("require {me} users.disable everywhere"));
    }
    assert_eq!(
        ended(panel.write(|tx| summary(tx, &panel.accounts, 3, &selection))),
        "forbidden",
        "Cleo"
    );
    assert_eq!(
        ended(panel.write(|tx| undo(tx, &panel.accounts, 4, &done))),
        "forbidden",
        "Dan"
    );
    assert_eq!(ended(panel.summary(&selection)), "ok", "Ada");
}

/// Enabling has no way back: whoever is to go is disabled anew, and sees first what happens.
#[test]
fn enabling_is_not_undone() {
    let panel = panel();
    let selection = chosen(Action::Enable, &[6, 7]);
    let seen = value(panel.summary(&selection)).seen;
    let Outcome::Done(done) = value(panel.confirm(&selection, &seen)) else {
        panic!("it was shown, and is not done");
    };
    let before = panel.tables();
    let refused: Problem = panel.undo(&done).expect_err("enabling is not undone");
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (409, "cannot_be_undone")
    );
    assert_eq!(panel.tables(), before, "nothing has happened");
    panel.journal.refuse("require 1 users.disable everywhere");
    assert_eq!(
        ended(panel.undo(&done)),
        "forbidden",
        "by somebody who may not disable anybody"
    );
}

/// A confirmation of a summary in which nobody would change is done as well: nobody has changed.
#[test]
fn nobody_is_a_number_too() {
    let panel = panel();
    let before = panel.tables();
    for selection in [
        chosen(Action::Disable, &[1, 6, 99]),
        chosen(Action::Enable, &[2]),
    ] {
        let found: Summary = value(panel.summary(&selection));
        assert!(found.change.is_empty(), "{found:?}");
        let outcome: Outcome = value(panel.confirm(&selection, &found.seen));
        let expected = Done {
            action: selection.action,
            at: START,
            ids: Vec::new(),
        };
        assert_eq!(outcome, Outcome::Done(expected), "{selection:?}");
    }
    let undone: Undone = value(panel.undo(&Done {
        action: Action::Disable,
        at: START,
        ids: Vec::new(),
    }));
    assert!(
        undone.back.is_empty() && undone.stay.is_empty(),
        "nothing to undo: {undone:?}"
    );
    assert_eq!(panel.tables(), before, "nothing has happened");
}

/// Who may not do something learns which permission it takes, and up to three colleagues to ask, by name.
#[test]
fn a_refusal_says_whom_to_ask() {
    let panel = panel();
    panel.batch(
        "INSERT INTO branches VALUES (1, 'Bath');
         INSERT INTO roles VALUES (1, 'administrator'), (2, 'manager'), (3, 'second');
         INSERT INTO role_permissions VALUES (1, 'users.disable'), (3, 'users.disable'), (2, 'orders.refund'), (3, 'orders.refund');",
    );
    let ask = |permission: Permission| -> MayNot {
        value(Cx::new(panel.app.clone(), Client::local()).read(|tx| may_not(tx, permission)))
    };
    let expected = |needs: &'static str, names: &[&str]| MayNot {
        needs,
        ask: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(
        ask(Permission::UsersDisable),
        expected("users.disable", &[]),
        "nobody has it"
    );
    panel.batch("INSERT INTO grants (user_id, role_id, branch_id) VALUES (6, 1, NULL), (5, 1, 1), (4, 2, NULL)");
    assert_eq!(
        ask(Permission::UsersDisable),
        expected("users.disable", &[]),
        "who is disabled, who has it in a branch, who has another role"
    );
    panel.batch("INSERT INTO grants (user_id, role_id, branch_id) VALUES (5, 3, NULL), (5, 1, NULL), (3, 1, NULL)");
    assert_eq!(
        ask(Permission::UsersDisable),
        expected("users.disable", &["Cleo", "Eve"]),
        "two, one of them by two roles"
    );
    assert_eq!(
        ask(Permission::OrdersRefund),
        expected("orders.refund", &["Dan", "Eve"]),
        "another permission"
    );
    panel.batch(
        "INSERT INTO grants (user_id, role_id, branch_id) VALUES (2, 1, NULL), (1, 1, NULL)",
    );
    assert_eq!(
        ask(Permission::UsersDisable),
        expected("users.disable", &["Ada", "Ben", "Cleo"]),
        "the first three of four, by name"
    );
    panel.batch(
        "UPDATE users SET name = 'Cleo' WHERE id = 1; UPDATE users SET name = 'Zoe' WHERE id = 2;",
    );
    assert_eq!(
        ask(Permission::UsersDisable),
        expected("users.disable", &["Cleo", "Cleo", "Eve"]),
        "two of the same name are two"
    );
}
