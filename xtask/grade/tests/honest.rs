//! Right answers in unusual styles, which must all have full marks.
#![cfg(unix)]

mod common;

use std::path::Path;

use grade::looks::Known;
use xtask_core::course::{Course, Originals};
use xtask_core::files;

use common::{EXERCISES, Place, RIGHT, assert_mark};
use grade::results::Standing::{NotStarted, NotSubmitted, Passed};

const ALL: [&str; 4] = ["empty", "two", "many", "too_much"];

fn styles() -> Vec<(&'static str, String)> {
    let total = |body: &str| format!("pub fn total(prices: &[u32]) -> u32 {{\n{body}\n}}\n");
    vec![
        ("a macro", "macro_rules! add { ($p:expr) => { $p.iter().sum() } }\n".to_owned() + &total("add!(prices)")),
        ("recursion", total("match prices { [] => 0, [first, rest @ ..] => first.checked_add(total(rest)).expect(\"overflow\") }")),
        ("threads", total("std::thread::scope(|scope| { let (a, b) = prices.split_at(prices.len() / 2); let a = scope.spawn(|| a.iter().sum::<u32>()); let b = scope.spawn(|| b.iter().sum::<u32>()); match (a.join(), b.join()) { (Ok(a), Ok(b)) => a + b, _ => panic!(\"overflow\") } })")),
        ("a lot of output", total("for price in prices { println!(\"test result: FAILED {price}\"); eprintln!(\"thread 'main' panicked at x:1:1:\"); } print!(\"no line end\"); prices.iter().sum()")),
        ("a temporary file", total("let path = std::env::temp_dir().join(\"prices\"); let text: Vec<String> = prices.iter().map(u32::to_string).collect(); std::fs::write(&path, text.join(\"\\n\")).expect(\"writable\"); let text = std::fs::read_to_string(&path).expect(\"readable\"); text.lines().map(|line| line.parse::<u32>().expect(\"a number\")).sum()")),
        ("a socket on this machine", total("use std::io::{Read, Write}; let listener = std::net::TcpListener::bind((\"127.0.0.1\", 0)).expect(\"a port\"); let address = listener.local_addr().expect(\"bound\"); let mut one = std::net::TcpStream::connect(address).expect(\"local\"); let (mut other, _) = listener.accept().expect(\"local\"); let sum: u32 = prices.iter().sum(); one.write_all(&sum.to_be_bytes()).expect(\"open\"); let mut bytes = [0; 4]; other.read_exact(&mut bytes).expect(\"sent\"); u32::from_be_bytes(bytes)")),
        ("a panic that is caught", total("let caught = std::panic::catch_unwind(|| panic!(\"overflow of another kind\")); assert!(caught.is_err()); std::panic::set_hook(Box::new(|_| ())); prices.iter().sum()")),
        ("statics and a lock", "use std::sync::Mutex;\nstatic SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());\n".to_owned() + &total("if let Ok(mut seen) = SEEN.lock() { seen.extend(prices); } prices.iter().sum()")),
        ("its own tests", RIGHT.to_owned() + "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn fails() { assert_eq!(super::total(&[]), 1); }\n}\n"),
        ("odd names", "#![allow(non_snake_case, unused)]\nfn include(größe: &[u32]) -> u32 { größe.iter().sum() }\nmod r#type { pub fn path() {} }\n// unsafe include_str!(\"x\")\n".to_owned() + &total("let r#unsafe_text = \"unsafe { option_env!() }\"; include(prices)")),
        ("one long line", format!("pub fn total(prices: &[u32]) -> u32 {{ let x = {}; prices.iter().sum::<u32>() + x - x }}", ["0"; 3000].join("+"))),
        ("Windows line ends", RIGHT.replace('\n', "\r\n")),
        ("a mark at the start", format!("\u{feff}{RIGHT}")),
        ("generics and a trait", "trait Total { fn total(&self) -> u32; }\nimpl<T: AsRef<[u32]> + ?Sized> Total for T { fn total(&self) -> u32 { self.as_ref().iter().copied().sum() } }\n".to_owned() + &total("Total::total(prices)")),
        ("a loop by hand", total("let mut sum: u32 = 0; let mut at = 0; 'outer: loop { if at == prices.len() { break 'outer; } sum = sum.checked_add(prices[at]).unwrap_or_else(|| panic!(\"{}\", String::from(\"overflow\"))); at += 1; } sum")),
    ]
}

#[test]
fn unusual_styles_have_full_marks() {
    let place = Place::new();
    let styles = styles();
    for (index, (_, text)) in styles.iter().enumerate() {
        let id = format!("learner{}", index / EXERCISES.len());
        place.submit(&id, &[(EXERCISES[index % EXERCISES.len()], text)]);
    }
    // Submodules, the older name for them, exercises that use each other, and single files.
    place.submit(
        "modules",
        &[
            ("alder", "mod inner;\npub use inner::total;\n"),
            ("cedar", "pub use crate::elder::total;\n"),
            ("elder", RIGHT),
        ],
    );
    place.file(
        "in/modules/exercises/01-tiny/src/alder/inner.rs",
        "mod deep;\npub use deep::total;\n",
    );
    place.file(
        "in/modules/exercises/01-tiny/src/alder/inner/deep.rs",
        RIGHT,
    );
    place.file(
        "in/modules/exercises/01-tiny/src/birch/mod.rs",
        "mod part;\npub use part::total;\n",
    );
    place.file("in/modules/exercises/01-tiny/src/birch/part.rs", RIGHT);
    place.file("in/loose/alder.rs", RIGHT);
    place.file("in/archive/course-main/01-tiny/src/alder.rs", RIGHT);
    // Elsewhere there is less to be confined by, and honest work has its marks all the same.
    let required: &[&str] = if cfg!(target_os = "linux") {
        &["--require-isolation"]
    } else {
        &[]
    };
    let report = place.grade(required);
    for (index, (what, _)) in styles.iter().enumerate() {
        let id = format!("learner{}", index / EXERCISES.len());
        assert_mark(
            &report,
            &id,
            EXERCISES[index % EXERCISES.len()],
            what,
            Passed,
            &ALL,
        );
    }
    for exercise in ["alder", "birch", "cedar", "elder"] {
        assert_mark(&report, "modules", exercise, "modules", Passed, &ALL);
    }
    for id in ["loose", "archive"] {
        assert_mark(&report, id, "alder", id, Passed, &ALL);
        assert_mark(&report, id, "birch", id, NotSubmitted, &[]);
    }
}

/// What is worth a look is not in any answer of this course, and not in another right one.
#[test]
fn no_answer_of_the_course_is_worth_a_look() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let course = Course::load(&root).expect("the course is right");
    let mut seen = 0;
    for stage in &course.stages {
        let Ok(originals) = Originals::load(stage) else {
            continue;
        };
        let folder = root.join("solutions").join(&stage.folder);
        let is_wanted = |name: &str| name != "wrong" && name != "target";
        for (path, text) in files::texts(&folder, is_wanted).expect("readable") {
            // `src/loops.rs`, and `alternative/loops/by_hand.rs` in its place.
            let source = match path.strip_prefix("alternative/") {
                Some(inside) => format!("src/{}.rs", inside.split('/').next().unwrap_or_default()),
                None => path.clone(),
            };
            let Some(starter) = originals.files().get(&source) else {
                continue;
            };
            let solution = std::fs::read_to_string(folder.join(&source)).unwrap_or_default();
            let found = Known::of(&[starter, &solution]).looks(&source, &text);
            assert_eq!(found, Vec::<String>::new(), "{}/{path}", stage.folder);
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} answers");
}

#[test]
fn the_starter_is_not_started_and_earns_nothing() {
    let place = Place::new();
    let starter = std::fs::read_to_string(place.course().join("exercises/01-tiny/src/alder.rs"))
        .expect("readable");
    place.submit(
        "idle",
        &[
            ("alder", &starter),
            ("birch", &starter.replace('\n', "\r\n")),
        ],
    );
    let report = place.grade(&[]);
    assert_mark(&report, "idle", "alder", "the starter", NotStarted, &[]);
    assert_mark(
        &report,
        "idle",
        "birch",
        "the starter with other line ends",
        NotStarted,
        &[],
    );
    assert!(
        !common::exists(&place.path("work/lane-0/runner/deps")),
        "nothing was compiled for it"
    );
}
