//! The finished program, started as a user starts it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

const LOG: &str =
    "203.0.113.7 - - [21/Nov/2026:07:20:30 +0000] \"GET /books/17 HTTP/1.1\" 200 5123\n";

/// Arguments, standard input, standard output, standard error and the exit code all go through `main`.
#[test]
fn the_program_passes_everything_on() {
    for (arguments, input, code, output, complains) in [
        (vec!["count"], "1 Emma\n2 Persuasion\n", 0, "2\n", false),
        (
            vec!["find", "Emma"],
            "1 Emma\n2 Persuasion\n",
            0,
            "1 Emma\n",
            false,
        ),
        (vec!["find", "Sanditon"], "1 Emma\n", 1, "", false),
        (vec!["sing"], "", 2, "", true),
        (vec!["count", "no-such-folder/orders.txt"], "", 3, "", true),
    ] {
        let done = run(&arguments, input);
        assert_eq!(
            done.status.code(),
            Some(code),
            "the exit code of {arguments:?}"
        );
        assert_eq!(
            String::from_utf8_lossy(&done.stdout),
            output,
            "the output of {arguments:?}"
        );
        assert_eq!(
            !done.stderr.is_empty(),
            complains,
            "the errors of {arguments:?}: {done:?}"
        );
    }
}

/// The command `report` prints what the exercise `access_log` writes.
#[test]
fn the_report_is_printed() {
    let expected = "\
hits           1
bad lines      0
clients        1
bytes          5123
server errors  0

status  hits
   200     1

hits  page
   1  /books/17
";
    let done = run(&["report"], LOG);
    assert_eq!(done.status.code(), Some(0), "the exit code");
    assert_eq!(
        String::from_utf8_lossy(&done.stdout),
        expected,
        "the report"
    );
}

/// The help names every command and every exit code.
#[test]
fn the_help_is_printed() {
    let done = run(&["--help"], "");
    let help = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "the exit code");
    for part in ["Usage:", "count", "find", "report", "--help", "Exit codes:"] {
        assert!(
            help.contains(part),
            "{part:?} is missing in the help:\n{help}"
        );
    }
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_io-solution"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = program.stdin.take().expect("the input is piped");
    // A program that does not read its input may have ended already; its answer is what counts.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    program.wait_with_output().expect("the program ends")
}
