use std::ffi::OsString;
use std::fs;
use std::io;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use shop_io::cli::{
    Command, DONE, FAILED, HELP, NOTHING_FOUND, UsageError, WRONG_USAGE, parse, run,
};

/// Each command is known with and without its file, and `-` in the place of a file is standard input.
#[test]
fn arguments_become_a_command() {
    let orders = || Some(PathBuf::from("orders.txt"));
    let emma = || String::from("Emma");
    for (arguments, command) in [
        (vec!["count"], Command::Count { file: None }),
        (vec!["count", "-"], Command::Count { file: None }),
        (
            vec!["count", "orders.txt"],
            Command::Count { file: orders() },
        ),
        (
            vec!["find", "Emma"],
            Command::Find {
                text: emma(),
                file: None,
            },
        ),
        (
            vec!["find", "Emma", "-"],
            Command::Find {
                text: emma(),
                file: None,
            },
        ),
        (
            vec!["find", "Emma", "orders.txt"],
            Command::Find {
                text: emma(),
                file: orders(),
            },
        ),
        (
            vec!["find", "find", "orders.txt"],
            Command::Find {
                text: String::from("find"),
                file: orders(),
            },
        ),
        (
            vec!["find", "-"],
            Command::Find {
                text: String::from("-"),
                file: None,
            },
        ),
        (
            vec!["find", "-", "-"],
            Command::Find {
                text: String::from("-"),
                file: None,
            },
        ),
        (
            vec!["find", "", "-"],
            Command::Find {
                text: String::new(),
                file: None,
            },
        ),
        (
            vec!["find", " Emma ", " "],
            Command::Find {
                text: String::from(" Emma "),
                file: Some(PathBuf::from(" ")),
            },
        ),
        (vec!["report", "-"], Command::Report { file: None }),
        (
            vec!["count", "–help"],
            Command::Count {
                file: Some(PathBuf::from("–help")),
            },
        ),
        (
            vec!["find", "", ""],
            Command::Find {
                text: String::new(),
                file: Some(PathBuf::new()),
            },
        ),
        (vec!["report"], Command::Report { file: None }),
        (
            vec!["report", "orders.txt"],
            Command::Report { file: orders() },
        ),
    ] {
        let parsed: Result<Command, UsageError> = parse(&owned(&arguments));
        assert_eq!(told(parsed), told(Ok(command)), "arguments {arguments:?}");
    }
    // The name of a file may be anything; only what is looked for must be text.
    let parsed = parse(&[OsString::from("count"), not_unicode()]);
    let command = Command::Count {
        file: Some(PathBuf::from(not_unicode())),
    };
    assert_eq!(
        told(parsed),
        told(Ok(command)),
        "a file whose name is not Unicode"
    );
}

/// The help wins over everything, wherever it stands; behind `--` nothing is an option.
#[test]
fn options_may_stand_anywhere_before_two_dashes() {
    for arguments in [
        vec!["--help"],
        vec!["-h"],
        vec!["find", "--help"],
        vec!["find", "Emma", "orders.txt", "-h"],
        vec!["--colour", "sing", "--help", "a", "b", "c"],
        vec!["-h", "--", "count"],
    ] {
        let parsed: Result<Command, UsageError> = parse(&owned(&arguments));
        assert_eq!(
            told(parsed),
            told(Ok(Command::Help)),
            "arguments {arguments:?}"
        );
    }
    let find = |text: &str, file: Option<&str>| Command::Find {
        text: text.to_string(),
        file: file.map(PathBuf::from),
    };
    for (arguments, command) in [
        (vec!["find", "--", "-h"], find("-h", None)),
        (
            vec!["--", "find", "--help", "-x"],
            find("--help", Some("-x")),
        ),
        (vec!["find", "--", "--", "--"], find("--", Some("--"))),
        (vec!["find", "--", "Emma", "-"], find("Emma", None)),
        (vec!["find", "Emma", "--"], find("Emma", None)),
        (vec!["find", "Emma", "--", "--"], find("Emma", Some("--"))),
    ] {
        let parsed: Result<Command, UsageError> = parse(&owned(&arguments));
        assert_eq!(told(parsed), told(Ok(command)), "arguments {arguments:?}");
    }
}

/// Arguments that make no sense are refused, and the error names the first thing that is wrong with them.
#[test]
fn arguments_without_sense_are_refused() {
    let text = String::from;
    for (arguments, error) in [
        (vec![], UsageError::NoCommand),
        (vec!["--"], UsageError::NoCommand),
        (vec!["sing"], UsageError::UnknownCommand(text("sing"))),
        (vec![""], UsageError::UnknownCommand(text(""))),
        (vec!["-"], UsageError::UnknownCommand(text("-"))),
        (vec!["Count"], UsageError::UnknownCommand(text("Count"))),
        (vec!["find"], UsageError::NoText),
        (vec!["find", "--"], UsageError::NoText),
        (vec!["count", "a", "b", "c"], UsageError::TooMany(text("b"))),
        (vec!["report", "-", "b"], UsageError::TooMany(text("b"))),
        (
            vec!["find", "a", "b", "c", "d"],
            UsageError::TooMany(text("c")),
        ),
        (
            vec!["--colour"],
            UsageError::UnknownOption(text("--colour")),
        ),
        (
            vec!["sing", "-x", "-y"],
            UsageError::UnknownOption(text("-x")),
        ),
        (
            vec!["count", "a", "b", "-1"],
            UsageError::UnknownOption(text("-1")),
        ),
        (vec!["---"], UsageError::UnknownOption(text("---"))),
        (vec!["--", "--"], UsageError::UnknownCommand(text("--"))),
        (
            vec!["--", "--", "count"],
            UsageError::UnknownCommand(text("--")),
        ),
        (vec!["-H"], UsageError::UnknownOption(text("-H"))),
        (vec!["-hx"], UsageError::UnknownOption(text("-hx"))),
        (vec!["-help"], UsageError::UnknownOption(text("-help"))),
        (vec!["--HELP"], UsageError::UnknownOption(text("--HELP"))),
        (vec!["--help="], UsageError::UnknownOption(text("--help="))),
        (
            vec!["--helper"],
            UsageError::UnknownOption(text("--helper")),
        ),
        (vec!["count "], UsageError::UnknownCommand(text("count "))),
    ] {
        let parsed: Result<Command, UsageError> = parse(&owned(&arguments));
        assert_eq!(told(parsed), told(Err(error)), "arguments {arguments:?}");
    }
    let parsed = parse(&[OsString::from("find"), not_unicode(), OsString::from("a")]);
    assert_eq!(
        told(parsed),
        told(Err(UsageError::TextIsNotUnicode)),
        "a text that is not Unicode"
    );
    // Two faults: the text stands before the argument that is too many in the list of `UsageError`.
    let words = ["a", "b"].map(OsString::from);
    let parsed = parse(&[&[OsString::from("find"), not_unicode()], words.as_slice()].concat());
    assert_eq!(
        told(parsed),
        told(Err(UsageError::TextIsNotUnicode)),
        "a text that is not Unicode, and an argument too many"
    );
    let shown = not_unicode().to_string_lossy().into_owned();
    let parsed = parse(&[not_unicode()]);
    assert_eq!(
        told(parsed),
        told(Err(UsageError::UnknownCommand(shown.clone()))),
        "a command that is not Unicode"
    );
    let parsed = parse(&[OsString::from("count"), OsString::from("a"), not_unicode()]);
    assert_eq!(
        told(parsed),
        told(Err(UsageError::TooMany(shown.clone()))),
        "an argument too many that is not Unicode"
    );
    let mut option = OsString::from("-");
    option.push(not_unicode());
    let parsed = parse(&[OsString::from("count"), option]);
    assert_eq!(
        told(parsed),
        told(Err(UsageError::UnknownOption(format!("-{shown}")))),
        "an option that is not Unicode"
    );
}

/// What was asked for goes to the output and nowhere else, and the code is 0, or 1 when nothing was found.
#[test]
fn the_answer_goes_to_the_output() {
    let codes = [DONE, NOTHING_FOUND, WRONG_USAGE, FAILED];
    assert_eq!(codes, [0, 1, 2, 3], "the codes are those of the help");
    let orders = "1 Emma\n2 Persuasion\r\n3 Emma\n4 Sanditon";
    for (arguments, input, answer, code) in [
        (vec!["--help"], orders, HELP, DONE),
        (vec!["count"], orders, "4\n", DONE),
        (vec!["count", "-"], "", "0\n", DONE),
        (vec!["count"], "\n\n", "2\n", DONE),
        (vec!["find", "Emma"], orders, "1 Emma\n3 Emma\n", DONE),
        (
            vec!["find", "n"],
            orders,
            "2 Persuasion\n4 Sanditon\n",
            DONE,
        ),
        (vec!["find", "emma"], orders, "", NOTHING_FOUND),
        (vec!["find", "Emma", "-"], "", "", NOTHING_FOUND),
        (vec!["find", ""], "\na\n", "\na\n", DONE),
        (vec!["find", ""], "Emma\n \n", "Emma\n \n", DONE),
        (vec!["find", ""], "", "", NOTHING_FOUND),
        (vec!["count"], " \n\t\n#\n", "3\n", DONE),
        (vec!["find", " "], "Emma\n 2 \t\n", " 2 \t\n", DONE),
        (vec!["find", "."], "Emma\n1. Emma\r\n", "1. Emma\n", DONE),
        (vec!["find", "é"], "É\ne\u{301}\né\n", "é\n", DONE),
    ] {
        let done = run_with(&owned(&arguments), input.as_bytes());
        let expected = (code, answer.to_string(), String::new());
        assert_eq!(
            done, expected,
            "code, output and errors of {arguments:?} for {input:?}"
        );
    }
}

/// A file that is named is read in the place of the input.
#[test]
fn a_file_is_read_in_the_place_of_the_input() {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let orders = folder.path().join("orders.txt");
    fs::write(&orders, "1 Emma\n2 Persuasion\n3 Emma\n").expect("the test writes its file");
    for (arguments, answer) in [
        (vec!["count"], "3\n"),
        (vec!["find", "Emma"], "1 Emma\n3 Emma\n"),
    ] {
        let mut all = owned(&arguments);
        all.push(orders.clone().into_os_string());
        let done = run_with(&all, b"9 Emma, from the input\n");
        assert_eq!(
            done,
            (DONE, answer.to_string(), String::new()),
            "{arguments:?} with a file"
        );
    }
}

/// The input is read where it is needed, and left alone where a file is named, the help is asked for, or nothing makes
/// sense.
#[test]
fn the_input_is_left_alone_where_nobody_needs_it() {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let orders = folder.path().join("orders.txt");
    fs::write(&orders, "1 Emma\n").expect("the test writes its file");
    for (arguments, with_file, code) in [
        (vec!["count"], true, DONE),
        (vec!["find", "Emma"], true, DONE),
        (vec!["find", "Flush"], true, NOTHING_FOUND),
        (vec!["--help"], false, DONE),
        (vec!["count", "-h"], false, DONE),
        (vec!["sing"], false, WRONG_USAGE),
        (vec!["count", "a", "b"], false, WRONG_USAGE),
    ] {
        let mut all = owned(&arguments);
        if with_file {
            all.push(orders.clone().into_os_string());
        }
        // Whoever reads this input learns that it is broken.
        let input = BufReader::new(Failing(io::ErrorKind::Other, "the input was read"));
        let mut errors = Vec::new();
        let answer: u8 = run(&all, input, Vec::new(), &mut errors);
        assert_eq!(
            answer,
            code,
            "{arguments:?}, with a file: {with_file}, complains: {:?}",
            String::from_utf8_lossy(&errors)
        );
    }
}

/// Arguments that make no sense get a complaint that names what is wrong and the help, code 2, and no output.
#[test]
fn senseless_arguments_get_a_complaint() {
    let mut complaints: Vec<String> = Vec::new();
    for (arguments, names) in [
        (owned(&[]), "command"),
        (owned(&["sing"]), "sing"),
        (owned(&["count", "--colour"]), "--colour"),
        (owned(&["count", "quartz", "vortex"]), "vortex"),
        (owned(&["find"]), "text"),
        (vec![OsString::from("find"), not_unicode()], "text"),
    ] {
        let (code, output, errors) = run_with(&arguments, b"1 Emma\n");
        assert_eq!(code, WRONG_USAGE, "the code of {arguments:?}");
        assert_eq!(output, "", "the output of {arguments:?}");
        assert!(
            errors.starts_with("io: "),
            "the complaint about {arguments:?} begins with `io: `: {errors:?}"
        );
        assert!(
            errors.to_lowercase().contains(names),
            "the complaint about {arguments:?} names {names:?}: {errors:?}"
        );
        assert!(
            errors.contains("--help"),
            "the complaint about {arguments:?} says that `--help` helps: {errors:?}"
        );
        assert!(
            !complaints.contains(&errors),
            "{arguments:?} get the same complaint as other arguments, with another fault: {errors:?}"
        );
        complaints.push(errors);
    }
}

/// A file that cannot be opened or read gets code 3, and a complaint with its name and the reason.
#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let file = folder.path().join("orders.txt");
    let reading = |command: &[&str]| {
        let mut arguments = owned(command);
        arguments.push(file.clone().into_os_string());
        let (code, _, errors) = run_with(&arguments, b"1 Emma\n");
        assert_eq!(code, FAILED, "the code of {command:?}: {errors:?}");
        assert!(
            errors.starts_with("io: "),
            "the complaint of {command:?} begins with `io: `: {errors:?}"
        );
        assert!(
            errors.contains("orders.txt"),
            "the complaint of {command:?} names the file: {errors:?}"
        );
        errors
    };
    let all: [&[&str]; 3] = [&["count"], &["find", "Emma"], &["report"]];
    for command in all {
        let missing = reading(command);
        let system = fs::read(&file).expect_err("there is no such file");
        let reasons = [
            system.to_string().to_lowercase(),
            system.kind().to_string().to_lowercase(),
            String::from("no such file"),
            String::from("not found"),
            String::from("notfound"),
            String::from("does not exist"),
            String::from("missing"),
        ];
        let said = missing.to_lowercase();
        assert!(
            reasons.iter().any(|reason| said.contains(reason.as_str())),
            "{command:?} for a file that does not exist, where the system said {system}: {missing:?}"
        );
    }
    // The first line has been found when the second turns out to be no text.
    for (command, bytes) in [
        (["count"].as_slice(), b"1 Emma\n2 \xff\n".as_slice()),
        (["find", "Emma"].as_slice(), b"1 Emma\n2 \xff\n"),
        (["find", "Flush"].as_slice(), b"\xff"),
    ] {
        let missing = reading(command);
        fs::write(&file, bytes).expect("the test writes its file");
        let damaged = reading(command);
        fs::remove_file(&file).expect("the test removes its file");
        assert_ne!(
            damaged, missing,
            "{command:?} gives the same reason for a file that is missing and for one that is no text"
        );
        let said = damaged.to_lowercase();
        assert!(
            ["utf", "unicode", "invalid", "text"]
                .iter()
                .any(|word| said.replace("orders.txt", "").contains(word)),
            "the reason of {command:?} for a file that is not UTF-8: {damaged:?}"
        );
    }
}

/// Standard input and the output have no name, but a failure of theirs has a reason too.
#[test]
fn every_failure_has_its_reason() {
    for (case, input, output) in [
        ("the input fails", true, false),
        ("the output fails", false, true),
    ] {
        for command in [["count"].as_slice(), &["find", "Emma"]] {
            let complaint = |reason: &'static str| {
                let arguments = owned(command);
                let mut errors = Vec::new();
                let kind = io::ErrorKind::ConnectionReset;
                let torn = BufReader::new("1 Emma\n".as_bytes().chain(Failing(kind, reason)));
                let code: u8 = match (input, output) {
                    (true, _) => run(&arguments, torn, Vec::new(), &mut errors),
                    _ => {
                        let lines = "1 Emma\n".as_bytes();
                        run(&arguments, lines, Failing(kind, reason), &mut errors)
                    }
                };
                assert_eq!(code, FAILED, "the code of {command:?}, {case}");
                String::from_utf8(errors).expect("the tool writes text")
            };
            let reasons = ["the cable was cut", "a mouse bit the cable"];
            for reason in reasons {
                let errors = complaint(reason);
                assert!(
                    errors.starts_with("io: "),
                    "the complaint of {command:?} begins with `io: `, {case}: {errors:?}"
                );
                assert!(
                    errors.contains(reason),
                    "the complaint of {command:?} has the reason {reason:?}, {case}: {errors:?}"
                );
            }
        }
    }
}

/// An output that fails is an error, at once or when it is flushed; one whose reader has gone away is not.
#[test]
fn an_output_that_fails_is_told_from_one_that_is_closed() {
    for (kind, code) in [
        (io::ErrorKind::StorageFull, FAILED),
        (io::ErrorKind::ConnectionReset, FAILED),
        (io::ErrorKind::BrokenPipe, DONE),
    ] {
        for command in [vec!["count"], vec!["find", "Emma"], vec!["--help"]] {
            let arguments = owned(&command);
            let mut errors = Vec::new();
            let at_once: u8 = run(&arguments, "1 Emma\n".as_bytes(), Broken(kind), &mut errors);
            assert_eq!(
                at_once, code,
                "{command:?} into an output that fails with {kind:?}"
            );
            assert_eq!(
                errors.is_empty(),
                code == DONE,
                "the complaint about {kind:?}: {errors:?}"
            );

            let late = BufWriter::new(Broken(kind));
            let flushed: u8 = run(&arguments, "1 Emma\n".as_bytes(), late, Vec::new());
            assert_eq!(
                flushed, code,
                "{command:?} into an output that fails with {kind:?} at its flush"
            );
        }
    }
    // A disk that takes everything and then cannot store it. There was something to store before, even if nothing is found.
    for (arguments, code) in [
        (vec!["count"], FAILED),
        (vec!["find", "Emma"], FAILED),
        (vec!["find", "Flush"], FAILED),
        (vec!["--help"], FAILED),
        (vec!["sing"], WRONG_USAGE),
        (vec!["count", "a", "b"], WRONG_USAGE),
    ] {
        let answer: u8 = run(
            &owned(&arguments),
            "1 Emma\n".as_bytes(),
            NeverStored,
            Vec::new(),
        );
        assert_eq!(
            answer, code,
            "{arguments:?} into an output that cannot be flushed"
        );
    }
    // Full after any number of bytes: what does not fit is never a success.
    let lines = "1 Emma\n2 Emma\n";
    for (command, answer) in [
        (vec!["count"], "2\n"),
        (vec!["find", "Emma"], lines),
        (vec!["--help"], HELP),
    ] {
        for room in 0..answer.len() {
            let mut output = vec![0; room];
            let mut errors = Vec::new();
            let code: u8 = run(
                &owned(&command),
                lines.as_bytes(),
                output.as_mut_slice(),
                &mut errors,
            );
            assert_eq!(
                code,
                FAILED,
                "{command:?} into an output with room for {room} of {} bytes",
                answer.len()
            );
            assert!(
                !errors.is_empty(),
                "the complaint of {command:?}, room for {room} bytes"
            );
        }
    }
    // A connection that breaks while it is read is a failure, whatever its kind.
    let torn = BufReader::new(
        "1 Emma\n"
            .as_bytes()
            .chain(Broken(io::ErrorKind::BrokenPipe)),
    );
    let code: u8 = run(&owned(&["count"]), torn, Vec::new(), Vec::new());
    assert_eq!(code, FAILED, "an input that fails with BrokenPipe");
    let code: u8 = run(
        &owned(&["sing"]),
        io::empty(),
        Vec::new(),
        Broken(io::ErrorKind::StorageFull),
    );
    assert_eq!(code, WRONG_USAGE, "a complaint that nobody can be told");
}

/// Over any lines, `count` counts them all, and `find` prints those that contain the text, in their order.
#[test]
fn count_and_find_agree_with_the_lines() {
    let mut random = support::seeded(0x030F);
    for round in 0..300 {
        let lines: Vec<String> = (0..random.size(0..30)).map(|_| random.word(0..6)).collect();
        let text = random.word(0..3);
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();

        let counted = run_with(&owned(&["count"]), input.as_bytes());
        let expected = (DONE, format!("{}\n", lines.len()), String::new());
        assert_eq!(counted, expected, "round {round}, count in {input:?}");

        let found: Vec<String> = lines
            .iter()
            .filter(|line| line.contains(&text))
            .map(|line| format!("{line}\n"))
            .collect();
        let code = if found.is_empty() {
            NOTHING_FOUND
        } else {
            DONE
        };
        let expected = (code, found.concat(), String::new());
        let answer = run_with(&owned(&["find", &text]), input.as_bytes());
        assert_eq!(
            answer, expected,
            "round {round}, find {text:?} in {input:?}"
        );
    }
}

/// No arguments make the tool panic, and the code agrees with what `parse` said about them.
#[test]
fn no_arguments_are_too_strange() {
    let words = [
        "count",
        "find",
        "-",
        "--",
        "-h",
        "--help",
        "-x",
        "--colour=red",
        "",
        "é",
        "a\nb",
        "\0",
        "📚",
    ];
    let mut random = support::seeded(0x0310);
    for _ in 0..3_000 {
        let arguments: Vec<OsString> = (0..random.size(0..6))
            .map(|_| match random.number(0..14) {
                0 => not_unicode(),
                _ => OsString::from(*random.pick(&words)),
            })
            .collect();
        let (code, output, errors) = run_with(&arguments, b"-h\n\xff\n");
        let agrees = match parse(&arguments) {
            Ok(Command::Help) => code == DONE && output == HELP && errors.is_empty(),
            Ok(_) => code == FAILED && !errors.is_empty(),
            Err(_) => code == WRONG_USAGE && output.is_empty() && !errors.is_empty(),
        };
        assert!(
            agrees,
            "{arguments:?} gave the code {code}, the output {output:?}, the errors {errors:?}"
        );
    }
}

/// Runs the tool on an input in memory: its code, and what it wrote to the output and to the errors.
fn run_with(arguments: &[OsString], input: &[u8]) -> (u8, String, String) {
    let mut output = Vec::new();
    let mut errors = Vec::new();
    let code = run(arguments, input, &mut output, &mut errors);
    let text = |bytes| String::from_utf8(bytes).expect("the tool writes text");
    (code, text(output), text(errors))
}

/// What `parse` answers, in types of the standard library: name, text and file of the command, or name and text of the
/// error.
fn told(
    parsed: Result<Command, UsageError>,
) -> Result<(&'static str, String, Option<PathBuf>), (&'static str, String)> {
    match parsed {
        Ok(Command::Help) => Ok(("Help", String::new(), None)),
        Ok(Command::Count { file }) => Ok(("Count", String::new(), file)),
        Ok(Command::Find { text, file }) => Ok(("Find", text, file)),
        Ok(Command::Report { file }) => Ok(("Report", String::new(), file)),
        Err(UsageError::UnknownOption(option)) => Err(("UnknownOption", option)),
        Err(UsageError::NoCommand) => Err(("NoCommand", String::new())),
        Err(UsageError::UnknownCommand(command)) => Err(("UnknownCommand", command)),
        Err(UsageError::NoText) => Err(("NoText", String::new())),
        Err(UsageError::TextIsNotUnicode) => Err(("TextIsNotUnicode", String::new())),
        Err(UsageError::TooMany(argument)) => Err(("TooMany", argument)),
    }
}

fn owned(arguments: &[&str]) -> Vec<OsString> {
    arguments.iter().map(OsString::from).collect()
}

#[cfg(unix)]
fn not_unicode() -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(b"Stra\xdfe".to_vec())
}

#[cfg(windows)]
fn not_unicode() -> OsString {
    std::os::windows::ffi::OsStringExt::from_wide(&[0x53, 0xD800, 0x65])
}

/// A reader and a writer that fail with this kind of error, and these words.
struct Failing(io::ErrorKind, &'static str);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0, self.1))
    }
}

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0, self.1))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader and a writer that fail with this kind of error.
struct Broken(io::ErrorKind);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from(self.0))
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(self.0))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk that takes what is written, and fails when it should store it.
struct NeverStored;

impl Write for NeverStored {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::StorageFull))
    }
}
