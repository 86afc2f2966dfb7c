use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use first_service::configuration::{Asked, Mistake, Settings, read, set};
use first_service::given::standins;

use crate::shared::program;
use support::http;

/// Port, database, title, connections and time-out of [`Settings`], which are compared as numbers and texts are.
type Parts = (u16, PathBuf, String, u16, u16);

fn parts(settings: Settings) -> Parts {
    let Settings {
        port,
        database,
        title,
        connections,
        timeout,
    } = settings;
    (port, database, title, connections, timeout)
}

/// What stands around the program: flags, variables, files.
#[derive(Debug, Clone, Default)]
struct World {
    flags: Vec<String>,
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

impl World {
    fn new(flags: &[&str], variables: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        let owned = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        Self {
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            variables: owned(variables),
            files: owned(files),
        }
    }

    fn read(&self) -> Result<Asked, Vec<Mistake>> {
        let file = |path: &Path| {
            let found = self.files.get(&path.display().to_string());
            found.cloned().ok_or(io::ErrorKind::NotFound.into())
        };
        read(&self.flags, &self.variables, &file)
    }

    fn settings(&self) -> Settings {
        match self.read() {
            Ok(Asked::Serve(settings)) => settings,
            other => panic!("{self:?} is right, and the answer is {other:?}"),
        }
    }

    /// The places of the mistakes, sorted.
    fn mistakes(&self) -> Vec<String> {
        match self.read() {
            Ok(asked) => panic!("{self:?} has mistakes, and the answer is {asked:?}"),
            Err(mistakes) => {
                for mistake in &mistakes {
                    assert!(mistake.what.contains(' '), "a sentence: {mistake:?}");
                }
                let mut places: Vec<String> =
                    mistakes.into_iter().map(|mistake| mistake.place).collect();
                places.sort_unstable();
                places
            }
        }
    }
}

/// Nothing set: the defaults, and no file is looked for. What is another program's is not ours.
#[test]
fn without_anything_the_defaults_count() {
    let others = [
        ("PATH", "/bin"),
        ("PORT", "many"),
        ("WISHESPORT", "1"),
        ("MY_WISHES_PORT", "x"),
        ("wishes_port", "x"),
        ("Wishes_Port", "x"),
    ];
    let world = World::new(&[], &others, &[("wishes.conf", "port = no")]);
    assert_eq!(
        parts(world.settings()),
        parts(Settings::default()),
        "{world:?}"
    );
}

/// A flag counts more than the environment, the environment more than the file, the file more than the default: for every key.
#[test]
fn the_stronger_place_counts() {
    let mut values = support::seeded(0x0961);
    for key in ["port", "database", "title", "connections", "timeout"] {
        for mask in 0..8_u8 {
            let value = |values: &mut support::Seeded| values.number(11..300).to_string();
            let (flag, variable, line) =
                (value(&mut values), value(&mut values), value(&mut values));
            let mut world = World::default();
            let mut expected = None;
            world
                .flags
                .extend(["--config".to_owned(), "a.conf".to_owned()]);
            let mut text = "# nothing\n".to_owned();
            if mask & 1 != 0 {
                text.push_str(&format!("{key} = {line}\n"));
                expected = Some(line);
            }
            world.files.insert("a.conf".to_owned(), text);
            if mask & 2 != 0 {
                let name = format!("WISHES_{}", key.to_uppercase());
                world.variables.insert(name, variable.clone());
                expected = Some(variable);
            }
            if mask & 4 != 0 {
                world.flags.extend([format!("--{key}"), flag.clone()]);
                expected = Some(flag);
            }
            let mut settings = Settings::default();
            if let Some(value) = expected {
                let number = value.parse().unwrap_or(0);
                match key {
                    "port" => settings.port = number,
                    "database" => settings.database = PathBuf::from(value),
                    "title" => settings.title = value,
                    "connections" => settings.connections = number,
                    _ => settings.timeout = number,
                }
            }
            assert_eq!(parts(world.settings()), parts(settings), "{key}: {world:?}");
        }
    }
}

/// A flag's value stands behind it or behind the first `=`; both are kept as they are.
#[test]
fn a_flag_has_two_forms() {
    for (flags, title, database) in [
        (
            &["--title", "Ana's list", "--database", "a b.db"][..],
            "Ana's list",
            "a b.db",
        ),
        (
            &["--title=Ana's list", "--database=a=b.db"],
            "Ana's list",
            "a=b.db",
        ),
        (&["--title=a=b=c", "--database", "c=d"], "a=b=c", "c=d"),
        (&["--database", "-", "--title", "=x="], "=x=", "-"),
        (&["--database", " a.db ", "--title", "x"], "x", " a.db "),
        (&["--database= A.db ", "--title", "x"], "x", " A.db "),
        (
            &["--title", "--port", "--database", "--help"],
            "--port",
            "--help",
        ),
    ] {
        let settings = World::new(flags, &[], &[]).settings();
        assert_eq!(settings.title, title, "{flags:?}");
        assert_eq!(settings.database, PathBuf::from(database), "{flags:?}");
    }
}

/// A file has a setting a line; empty lines and those with `#` in front say nothing, and a value may hold an `=`.
#[test]
fn a_file_is_read_line_by_line() {
    let text = "\n# port = 1\n   \n  #title=x\nport=4000\r\n\ttitle =  \"A\" = B # C  \n database=   /tmp/A b.db";
    let settings = World::new(&["--config=a.conf"], &[], &[("a.conf", text)]).settings();
    let expected = Settings {
        port: 4000,
        title: "\"A\" = B # C".to_owned(),
        database: PathBuf::from("/tmp/A b.db"),
        ..Settings::default()
    };
    assert_eq!(parts(settings), parts(expected), "{text:?}");
}

/// The file is the one that the flag names, or else the variable; the other one is not read.
#[test]
fn one_file_is_read() {
    let files = [
        ("flag.conf", "port = 1001"),
        ("variable.conf", "port = 1002\ntitle = X"),
    ];
    let variable = [("WISHES_CONFIG", "variable.conf")];
    let by_variable = World::new(&[], &variable, &files).settings();
    assert_eq!(by_variable.port, 1002, "named by the variable");
    let by_flag = World::new(&["--config", "flag.conf"], &variable, &files).settings();
    assert_eq!(by_flag.port, 1001, "named by the flag");
    assert_eq!(by_flag.title, "Wishes", "the variable's file is not read");
    let missing = [("WISHES_CONFIG", "nowhere.conf")];
    let unread = World::new(&["--config", "flag.conf"], &missing, &files).settings();
    assert_eq!(
        unread.port, 1001,
        "a file that is not asked for may be missing"
    );
}

/// What is not `key = value` with a key that exists is a mistake, and so is a key that is there twice, with the same value too.
#[test]
fn every_line_is_judged() {
    for line in [
        "; port = 1",
        "// port",
        "[wishes]",
        "Port = 1",
        "--port = 1",
        "WISHES_PORT = 1",
        "database =",
        "connections = 8",
        "connections=8",
        "connections\t=\t9",
    ] {
        let text = format!("connections = 8\ntimeout = 5\n{line}");
        let world = World::new(&["--config", " etc/a.conf"], &[], &[(" etc/a.conf", &text)]);
        assert_eq!(world.mistakes(), [" etc/a.conf, line 3"], "{world:?}");
    }
}

/// A variable's value is taken as it is, and an empty one is a value as well.
#[test]
fn a_variable_is_taken_as_it_is() {
    let world = World::new(&[], &[("WISHES_DATABASE", " A.db ")], &[]);
    assert_eq!(
        world.settings().database,
        PathBuf::from(" A.db "),
        "{world:?}"
    );
    for name in ["WISHES_PORT", "WISHES_DATABASE", "WISHES_TITLE"] {
        let world = World::new(&[], &[(name, "")], &[]);
        assert_eq!(world.mistakes(), [name], "{world:?}");
    }
}

/// A file that cannot be read is a mistake of whoever named it.
#[test]
fn a_missing_file_is_a_mistake() {
    let by_flag = World::new(&["--config", "no.conf", "--port", "x"], &[], &[]);
    assert_eq!(by_flag.mistakes(), ["--config", "--port"], "{by_flag:?}");
    let by_form = World::new(&["--config=no.conf"], &[], &[]);
    assert_eq!(by_form.mistakes(), ["--config"], "{by_form:?}");
    let by_variable = World::new(&[], &[("WISHES_CONFIG", "no.conf")], &[]);
    assert_eq!(by_variable.mistakes(), ["WISHES_CONFIG"], "{by_variable:?}");
}

/// Every value has its limits, and takes the last one that is right on both sides.
#[test]
fn every_value_has_its_limits() {
    let long = "é".repeat(60);
    let padded = format!("  {long} ");
    for (key, value, right) in [
        ("port", "0", true),
        ("port", "65535", true),
        ("port", "65536", false),
        ("port", "", false),
        ("port", "+80", false),
        ("port", "-1", false),
        ("port", " 80", false),
        ("port", "8o", false),
        ("port", "٣", false),
        ("port", "99999999999999999999", false),
        ("port", "4294967376", false),
        ("port", "18446744073709551696", false),
        ("port", "080", true),
        ("port", "00000000080", true),
        ("connections", "0", false),
        ("connections", "1", true),
        ("connections", "1000", true),
        ("connections", "1001", false),
        ("timeout", "0", false),
        ("timeout", "1", true),
        ("timeout", "300", true),
        ("timeout", "301", false),
        ("timeout", "10s", false),
        ("title", "", false),
        ("title", " \t", false),
        ("title", "\u{a0}", false),
        ("title", "A", true),
        ("title", &long, true),
        ("title", &padded, true),
        ("title", &"é".repeat(61), false),
        ("database", "", false),
        ("database", "x", true),
        ("database", " ", true),
        ("config", "a.conf", false),
        ("Port", "80", false),
        (" port", "80", false),
        ("port ", "80", false),
        ("colour", "red", false),
    ] {
        let mut settings = Settings::default();
        let answer: Result<(), String> = set(&mut settings, key, value);
        assert_eq!(answer.is_ok(), right, "{key} = {value:?}: {answer:?}");
        if !right {
            assert_eq!(
                parts(settings),
                parts(Settings::default()),
                "after a mistake: {key} = {value:?}"
            );
        }
    }
    let mut settings = Settings::default();
    assert_eq!(
        set(&mut settings, "title", " Ana\u{a0}"),
        Ok(()),
        "title = \" Ana\\u{{a0}}\""
    );
    assert_eq!(settings.title, "Ana", "without the spaces");
}

/// Every mistake is named with its place, all at once, wherever it stands.
#[test]
fn every_mistake_is_named_at_once() {
    let file = "port = many\ntitle = Fine\nnonsense\n# colour = red\ncolour = red\ntimeout = 5\ntimeout = 6\nconfig = b.conf\n = 3\n\n  \nend";
    let world = World::new(
        &[
            "--config",
            "a.conf",
            "--port",
            "80a",
            "--colour=blue",
            "stray",
            "--timeout=0",
            "--title",
        ],
        &[
            ("WISHES_CONNECTIONS", "none"),
            ("WISHES_PROT", "80"),
            ("WISHES_", "1"),
            ("WISHES_port", "80"),
            ("WISHES_Title", "Fine"),
            ("WISHES_DATABASE", "fine.db"),
        ],
        &[("a.conf", file)],
    );
    let expected = [
        "--colour",
        "--port",
        "--timeout",
        "--title",
        "WISHES_",
        "WISHES_CONNECTIONS",
        "WISHES_PROT",
        "WISHES_Title",
        "WISHES_port",
        "a.conf, line 1",
        "a.conf, line 12",
        "a.conf, line 3",
        "a.conf, line 5",
        "a.conf, line 7",
        "a.conf, line 8",
        "a.conf, line 9",
        "stray",
    ];
    assert_eq!(world.mistakes(), expected, "{world:?}");
}

/// A mistake is one even where something stronger sets the same key.
#[test]
fn an_overridden_mistake_is_a_mistake() {
    let world = World::new(
        &["--port", "80", "--config=a.conf"],
        &[("WISHES_PORT", "many")],
        &[("a.conf", "port = few")],
    );
    assert_eq!(
        world.mistakes(),
        ["WISHES_PORT", "a.conf, line 1"],
        "{world:?}"
    );
}

/// A flag that is there twice is a mistake, in whichever form; a place is given once in a file as well.
#[test]
fn nothing_is_set_twice() {
    for flags in [
        &["--port", "80", "--port", "81"][..],
        &["--port=80", "--port", "80"],
        &["--port", "80", "--title", "A", "--port=80"],
    ] {
        assert_eq!(
            World::new(flags, &[], &[]).mistakes(),
            ["--port"],
            "{flags:?}"
        );
    }
    let files = [("a.conf", "port = 1"), ("b.conf", "port = 2")];
    let world = World::new(&["--config=a.conf", "--config=b.conf"], &[], &files);
    assert_eq!(world.mistakes(), ["--config"], "{world:?}");
}

/// Words that only look like flags are mistakes.
#[test]
fn what_is_no_flag_is_named() {
    for (word, place) in [
        ("port", "port"),
        ("-port", "-port"),
        ("---port=1", "---port"),
        ("--PORT=1", "--PORT"),
        ("--po=1", "--po"),
        ("--helpme", "--helpme"),
        ("--help=1", "--help"),
        ("-hh", "-hh"),
        ("--", "--"),
        ("", ""),
    ] {
        assert_eq!(
            World::new(&[word], &[], &[]).mistakes(),
            [place],
            "{word:?}"
        );
    }
    let world = World::new(&["--title=", "x"], &[], &[]);
    assert_eq!(
        world.mistakes(),
        ["--title", "x"],
        "nothing behind the `=` is the value: {world:?}"
    );
}

/// `--help` and `-h` ask for help, whatever else is wrong; as the value of a flag they do not.
#[test]
fn help_is_always_given() {
    for flags in [
        &["--help"][..],
        &["-h"],
        &["--port", "many", "--help"],
        &["stray", "-h", "--port"],
        &["--help", "a", "b", "c", "d", "e", "f"],
        &["--config", "no.conf", "--help"],
    ] {
        let asked = World::new(flags, &[("WISHES_PORT", "x")], &[]).read();
        assert!(matches!(asked, Ok(Asked::Help)), "{flags:?}: {asked:?}");
    }
    let titled = World::new(&["--title", "-h"], &[], &[]).settings();
    assert_eq!(titled.title, "-h", "what follows --title is its value");
}

/// The program: the title that the file sets stands above the list.
#[tokio::test]
async fn the_program_has_your_title() {
    let world = World::new(
        &["--config", "a.conf"],
        &[],
        &[("a.conf", "title = Ana & Jonas\n")],
    );
    let mut parts = standins::parts();
    parts.title = world.settings().title.into();
    let server = program(parts, standins::desk()).await;
    let page = http::text(http::answer(server.get("/")).await).await;
    assert!(page.contains("<h1>Ana &amp; Jonas</h1>"), "{page}");
}
