//! However the runner ends or is stopped, the terminal is as it was before.

use std::fs;

use rustix::process::Signal;
use sample::Sample;

use crate::learner::{SUMS, run, runner, write_sum};
use crate::screens::Screen;

fn watching(sample: &Sample) -> Screen {
    let mut screen = Screen::start(&runner(sample, "watch"));
    screen.wait_for("q quit");
    assert!(!screen.is_cooked(), "keys are told at once");
    screen
}

#[test]
fn a_watch_that_is_told_to_end_puts_the_terminal_right() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let sample = Sample::build();
        let mut screen = watching(&sample);
        screen.signal(signal);
        assert_eq!(screen.end().code(), Some(code), "{signal:?}");
        assert!(screen.is_cooked(), "{signal:?} leaves the terminal raw");
    }
}

#[test]
fn ctrl_c_ends_a_watch_in_the_middle_of_a_test_that_hangs() {
    let sample = Sample::build();
    let mut screen = watching(&sample);
    write_sum(&sample, "loop { std::hint::black_box((one, other)); }");
    screen.wait_for("running tests");
    screen.press("\u{3}");
    assert_eq!(screen.end().code(), Some(130));
    assert!(screen.is_cooked());
}

#[test]
fn a_watch_that_ends_by_an_error_puts_the_terminal_right() {
    let sample = Sample::build();
    let mut screen = watching(&sample);
    // What comes next cannot be found without the roadmap of the course, which is now gone.
    fs::remove_file(sample.path("exercises/01-tiny/originals.json")).expect("it was there");
    screen.press("n");
    screen.wait_for("originals.json");
    if screen.child.try_wait().expect("it is a child").is_none() {
        screen.press("q");
    }
    screen.end();
    assert!(screen.is_cooked());
}

#[test]
fn ctrl_z_stops_a_watch_with_the_terminal_as_the_shell_wants_it() {
    use rustix::process::{Pid, WaitOptions, waitpid};
    let sample = Sample::build();
    let mut screen = watching(&sample);
    screen.press("\u{1a}");
    let id = i32::try_from(screen.child.id()).expect("it is a number");
    let (_, status) = waitpid(Pid::from_raw(id), WaitOptions::UNTRACED)
        .expect("it is a child")
        .expect("it has news");
    assert!(status.stopped(), "{status:?}");
    assert!(screen.is_cooked(), "the shell gets a raw terminal");
    screen.signal(Signal::CONT);
    screen.press("h");
    screen.wait_for("Hint 1 of 3");
    screen.quit();
}

#[test]
fn a_dumb_terminal_gets_no_escape_codes() {
    let sample = Sample::build();
    let mut command = runner(&sample, "watch");
    command.env("TERM", "dumb");
    let mut screen = Screen::start(&command);
    screen.wait_for("q quit");
    sample.solve("sums");
    screen.wait_for("Next: tiny/words");
    screen.press("hlccq");
    screen.end();
    assert!(!screen.raw.contains('\u{1b}'), "{:?}", screen.raw);
    // Nor does Ctrl-C send one.
    write_sum(&sample, "loop { std::hint::black_box((one, other)); }");
    let mut command = runner(&sample, "check sums");
    command.env("TERM", "dumb");
    let mut screen = Screen::start(&command);
    screen.wait_for("checking tiny/sums");
    screen.press("\u{3}");
    assert_eq!(screen.end().code(), Some(130));
    assert!(!screen.raw.contains('\u{1b}'), "{:?}", screen.raw);
}

#[test]
fn what_a_learners_code_prints_does_not_steer_the_terminal() {
    let sample = Sample::build();
    let body = r#"println!("\u{1b}[2Jred \u{1b}[31mtext\u{7}"); panic!("\u{1b}]0;title\u{7}no \u{1b}[5mmore {one}{other}")"#;
    write_sum(&sample, body);
    let said = run(&sample, "check sums");
    assert!(
        said.out.contains("red text") && said.out.contains("no more 23"),
        "{}",
        said.out
    );
    assert!(!said.out.contains(['\u{1b}', '\u{7}']), "{:?}", said.out);
    assert!(sample.read(SUMS).contains("no "));
}
