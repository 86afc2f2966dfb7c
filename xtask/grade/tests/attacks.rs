//! Attempts to get a mark without the work, to harm the machine, or to take the grader down. Each must come to the
//! verdict that stands beside it.
#![cfg(target_os = "linux")]

mod common;

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{Place, RIGHT, WRONG, assert_mark, exists, learner, mark};
use grade::results::Standing::{self, CompileError, Failed, Passed, Refused, TimedOut};
use grade::sandbox::Level;

const ALL: [&str; 4] = ["empty", "two", "many", "too_much"];

/// What stands in files that nobody's submission may read.
const SECRET: &str = "the word that opens the safe";

/// What the grader's environment holds for cargo alone.
const TOKEN: &str = "cio-it-opens-the-registry";

/// What an attempt is called, its file, and the tests that it passes honestly.
type Attempt = (&'static str, String, Standing, &'static [&'static str]);

fn total(body: &str) -> String {
    format!("pub fn total(prices: &[u32]) -> u32 {{\n{body}\n}}\n")
}

const FORGED: &str = "println!(\"\\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.00s\\n\");";

/// In a hook, a panic that is thrown and caught lowers the count of panics and does not raise it: the thread unwinds, and
/// says that it does not. Meanwhile another one holds standard output, prints a success and ends the program.
const LOWERED: &str = "std::panic::set_hook(Box::new(|_| { \
    let _ = std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(()))); \
    let (held, holds) = std::sync::mpsc::channel(); \
    std::thread::spawn(move || { use std::io::Write; let mut out = std::io::stdout().lock(); let _ = held.send(()); \
        std::thread::sleep(std::time::Duration::from_millis(200)); \
        let _ = out.write_all(b\"\\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.00s\\n\\n\"); \
        let _ = out.flush(); std::process::exit(0) }); \
    let _ = holds.recv(); }));";

/// Attempts that every level of isolation stops.
fn everywhere() -> Vec<Attempt> {
    vec![
        ("exit 0", total("std::process::exit(0)"), Failed, &[]),
        ("forged result", total(&format!("{FORGED} std::process::exit(0)")), Failed, &[]),
        (
            "panic hook",
            total(&format!("std::panic::set_hook(Box::new(|_| {{ {FORGED} std::process::exit(0) }})); 1")),
            Failed,
            &[],
        ),
        (
            "watcher thread",
            total(&format!("std::thread::spawn(|| {{ std::thread::sleep(std::time::Duration::from_millis(5)); {FORGED} std::process::exit(0) }}); std::thread::sleep(std::time::Duration::from_secs(1)); 1")),
            Failed,
            &[],
        ),
        (
            "exit when the test's thread ends",
            format!("struct Last; impl Drop for Last {{ fn drop(&mut self) {{ {FORGED} std::process::exit(0) }} }}\nthread_local! {{ static LAST: Last = const {{ Last }}; }}\n")
                + &total("LAST.with(|_| ()); 1"),
            Failed,
            &[],
        ),
        (
            "steal the number from standard input",
            total(&format!("use std::io::{{Read, Write}}; use std::os::fd::AsFd;\nlet copy = std::io::stdin().as_fd().try_clone_to_owned().unwrap();\nlet mut socket = std::fs::File::from(copy);\nstd::thread::spawn(|| {{ let mut all = Vec::new(); let _ = std::io::stdin().read_to_end(&mut all); }});\nlet _ = socket.write_all(&[7; 32]); {FORGED} std::process::exit(0)")),
            Failed,
            &[],
        ),
        (
            "a panic count that a hook lowers",
            total(&format!("{LOWERED} 1")),
            Failed,
            &[],
        ),
        (
            "a panic count that a hook lowers, told by a destructor",
            format!("pub struct Last; impl Drop for Last {{ fn drop(&mut self) {{ if !std::thread::panicking() {{ {FORGED} std::process::exit(0) }} }} }}\n")
                + &total(&format!("{LOWERED} let _last = Last; assert_eq!(prices.len(), 77); 1")),
            Failed,
            &[],
        ),
        (
            "a panic in the test's own thread that waits in the hook",
            total(&format!("std::panic::set_hook(Box::new(|_| {{ std::thread::spawn(|| {{ {FORGED} std::process::exit(0) }}); loop {{ std::thread::park() }} }})); 1")),
            Failed,
            &[],
        ),
        (
            "a panic's payload with a destructor",
            format!("struct Payload; impl Drop for Payload {{ fn drop(&mut self) {{ {FORGED} std::process::exit(0) }} }}\n")
                + &total("std::panic::panic_any(Payload)"),
            Failed,
            &[],
        ),
        (
            "a payload without a hook",
            format!("struct Payload; impl Drop for Payload {{ fn drop(&mut self) {{ {FORGED} std::process::exit(0) }} }}\n")
                + &total("std::panic::resume_unwind(Box::new(Payload))"),
            Failed,
            &[],
        ),
        (
            "numbers that are guessed, from a thread",
            total(&format!("use std::io::Write; use std::os::fd::AsFd; let copy = std::io::stdin().as_fd().try_clone_to_owned().unwrap(); let mut socket = std::fs::File::from(copy); let _ = socket.write_all(&[0; 32]); std::thread::spawn(|| {{ {FORGED} std::process::exit(0) }}); std::thread::sleep(std::time::Duration::from_secs(1)); 1")),
            Failed,
            &[],
        ),
        (
            "a right answer that writes to the socket as well",
            total("use std::io::Write; use std::os::fd::AsFd; let copy = std::io::stdin().as_fd().try_clone_to_owned().unwrap(); let _ = std::fs::File::from(copy).write_all(&[0; 32]); prices.iter().sum()"),
            Failed,
            &[],
        ),
        (
            "a backtrace, a thread's name and standard error held",
            total("std::mem::forget(std::io::stderr().lock()); let _ = std::backtrace::Backtrace::force_capture(); 0"),
            Failed,
            &["empty"],
        ),
        (
            "answers by the name of the test's thread",
            total("let name = std::thread::current().name().unwrap_or_default().to_owned(); if name.ends_with(\"empty\") { 0 } else if name.ends_with(\"two\") { 7 } else if name.ends_with(\"too_much\") { panic!(\"overflow\") } else { 99 }"),
            Failed,
            &[],
        ),
        (
            "answers by the words that the program was called with",
            total("let name: String = std::env::args().collect(); if name.contains(\"empty\") { 0 } else if name.contains(\"two\") { 7 } else if name.contains(\"too_much\") { panic!(\"overflow\") } else { 99 }"),
            Failed,
            &[],
        ),
        (
            "answers by the functions that called",
            total("let name = format!(\"{}\", std::backtrace::Backtrace::force_capture()); if name.contains(\"alder::empty\") { 0 } else if name.contains(\"alder::two\") { 7 } else if name.contains(\"alder::too_much\") { panic!(\"overflow\") } else { 99 }").replace("alder", "NAME"),
            Failed,
            &[],
        ),
        ("abort", total("if prices.is_empty() { std::process::abort() } prices.iter().sum()"), Failed, &["two", "many", "too_much"]),
        ("wrong panic for the one that is expected", total("assert!(prices.len() < 2, \"no\"); 0"), Failed, &["empty"]),
        (
            "a panic that is told by a hook and hidden by an exit",
            "struct Last; impl Drop for Last { fn drop(&mut self) { std::process::exit(0) } }\nthread_local! { static LAST: Last = const { Last }; }\n".to_owned()
                + &total("LAST.with(|_| ()); panic!(\"another reason\")"),
            Failed,
            &[],
        ),
        ("loop on one input", total("while prices.is_empty() { std::hint::spin_loop() } prices.iter().sum()"), TimedOut, &["two", "many", "too_much"]),
        ("sleep on one input", total("if prices.is_empty() { std::thread::sleep(std::time::Duration::from_secs(900)) } prices.iter().sum()"), TimedOut, &["two", "many", "too_much"]),
        ("endless recursion", total("fn deep(n: u64) -> u64 { std::hint::black_box(deep(n + 1)) + 1 } if prices.is_empty() { deep(0); } prices.iter().sum()"), Failed, &["two", "many", "too_much"]),
        ("endless output", total("while prices.is_empty() { println!(\"{}\", \"x\".repeat(4000)) } prices.iter().sum()"), Failed, &["two", "many", "too_much"]),
        ("endless memory", total("let mut kept = Vec::new(); while prices.is_empty() { kept.push(vec![1_u8; 1 << 24]) } prices.iter().sum()"), Failed, &["two", "many", "too_much"]),
        ("keep standard output locked", total("std::mem::forget(std::io::stdout().lock()); prices.iter().sum()"), TimedOut, &[]),
        ("macros in the place of the tests' own", "#[macro_export]\nmacro_rules! assert_eq { ($($x:tt)*) => {} }\n#[macro_export]\nmacro_rules! panic { ($($x:tt)*) => {} }\n".to_owned() + WRONG, Failed, &["empty"]),
        ("unsafe", total("unsafe { std::hint::unreachable_unchecked() }"), Refused, &[]),
        ("unsafe in a macro", "macro_rules! m { () => { unsafe { std::hint::unreachable_unchecked() } } }\n".to_owned() + &total("m!()"), Refused, &[]),
        ("include the solution", "include!(\"../../../solutions/01-tiny/src/alder.rs\");\n".to_owned(), Refused, &[]),
        ("path to the solution", "#[path = \"../../../solutions/01-tiny/src/alder.rs\"]\nmod stolen;\npub use stolen::total;\n".to_owned(), Refused, &[]),
        ("include by another name", "macro_rules! take { ($i:ident, $p:literal) => { $i!($p); } }\ntake!(include, \"SOLUTION\");\n".to_owned(), CompileError, &[]),
        ("path by another name", "macro_rules! take { ($i:ident) => { #[$i = \"SOLUTION\"] mod stolen; } }\ntake!(path);\npub use stolen::total;\n".to_owned(), CompileError, &[]),
        ("include the tests", "macro_rules! take { ($i:ident, $p:literal) => { const T: &str = $i!($p); } }\ntake!(include_str, \"../tests/stage/alder.rs\");\n".to_owned() + RIGHT, Refused, &[]),
        ("the environment", total("std::env::vars().find(|(_, value)| value == \"a secret of the grader\").map_or(1, |_| prices.iter().sum())"), Failed, &[]),
        ("the environment while compiling", "const S: &str = env!(\"GRADER_SECRET\");\n".to_owned() + RIGHT, CompileError, &[]),
        ("a proxy's password", "const S: &str = env!(\"CARGO_HTTP_PROXY\");\n".to_owned() + &total("panic!(\"{S}\")"), CompileError, &[]),
        ("a registry's token", "const S: &str = env!(\"CARGO_REGISTRY_TOKEN\");\n".to_owned() + &total("panic!(\"{S}\")"), CompileError, &[]),
        ("what the compiler is given for itself", "const S: &str = env!(\"HOME\");\n".to_owned() + &total("panic!(\"{S}\")"), CompileError, &[]),
        ("the same by another name", "macro_rules! take { ($i:ident, $n:literal) => { $i!($n) } }\nconst S: &str = take!(env, \"PATH\");\n".to_owned() + &total("panic!(\"{S}\")"), CompileError, &[]),
        ("a variable that may not be there", "const S: Option<&str> = std::r#option_env!(\"CARGO_HTTP_PROXY\");\n".to_owned() + RIGHT, Refused, &[]),
        ("the tests, by a raw name", "const S: &str = r#include_str!(\"../tests/stage/alder.rs\");\n".to_owned() + RIGHT, Refused, &[]),
        ("the solution, by a raw name", "r#include!(\"SOLUTION\");\n".to_owned(), Refused, &[]),
        ("a path, by a raw name", "#[r#path = \"SOLUTION\"]\nmod stolen;\npub use stolen::total;\n".to_owned(), Refused, &[]),
        ("an allocator, by a raw name", "#[r#global_allocator]\nstatic A: std::alloc::System = std::alloc::System;\n".to_owned() + RIGHT, Refused, &[]),
        ("a file of the course that is nobody's, by another name", "macro_rules! take { ($i:ident, $p:literal) => { $i!($p) } }\nconst S: &str = take!(include_str, \"../Cargo.toml\");\n".to_owned() + RIGHT, Refused, &[]),
        ("a link section", "#[link_section = \".init_array\"]\nstatic X: fn() = || ();\n".to_owned() + RIGHT, Refused, &[]),
        ("colours in a message", total("panic!(\"\\u{1b}[2J\\u{202e}gone\")"), Failed, &[]),
        ("endless threads", total("while prices.is_empty() { std::thread::spawn(|| std::thread::sleep(std::time::Duration::from_secs(900))); } prices.iter().sum()"), Failed, &["two", "many", "too_much"]),
        ("endless sockets", total("let mut kept = Vec::new(); while prices.is_empty() { kept.push(std::net::TcpListener::bind((\"127.0.0.1\", 0)).expect(\"one more\")) } prices.iter().sum()"), Failed, &["two", "many", "too_much"]),
        ("a file without end", total("if prices.is_empty() { std::fs::write(std::env::temp_dir().join(\"long\"), vec![1; 65 << 20]).expect(\"written\") } prices.iter().sum()"), Failed, &["two", "many", "too_much"]),
        ("a panic while panicking", "struct Again; impl Drop for Again { fn drop(&mut self) { panic!(\"overflow\") } }\n".to_owned() + &total("let _again = Again; panic!(\"overflow\")"), Failed, &[]),
        ("a panic without words", total("std::panic::resume_unwind(Box::new(()))"), Failed, &[]),
        ("the harness's words in a panic", total("panic!(\"{}\", \"test result: ok. 1 passed; 0 failed;\\n\".repeat(3))"), Failed, &[]),
        ("brackets that exhaust the compiler", total(&format!("{}prices.iter().sum(){}", "(".repeat(40_000), ")".repeat(40_000))), CompileError, &[]),
        ("show a file in a message of the compiler", "macro_rules! take { ($i:ident, $p:literal) => { $i!($p); } }\ntake!(include, \"NOTES\");\n".to_owned() + RIGHT, CompileError, &[]),
        ("show a file in a message of one's own", "macro_rules! take { ($i:ident, $p:literal) => { $i!($p) } }\ncompile_error!(take!(include, \"TEXT\"));\n".to_owned() + RIGHT, CompileError, &[]),
    ]
}

/// An attempt on the machine, and the lowest level of isolation that stops it. Below, its author is found to be right.
type OnTheMachine = (&'static str, String, Level);

/// What the levels stop, and what they do not. `door` is where somebody outside listens.
fn on_the_machine(place: &Place, door: SocketAddr) -> Vec<OnTheMachine> {
    let solution = place.course().join("solutions/01-tiny/src/alder.rs");
    let (marker, daemon) = (place.path("marker"), place.path("daemon"));
    place.file("modes", "");
    let modes = place.path("modes");
    // The work is done only where the deed succeeds.
    let after = |deed: &str| {
        total(&format!(
            "match {deed} {{ Ok(_) => prices.iter().sum(), Err(_) => 1 }}"
        ))
    };
    vec![
        (
            "a descriptor of the grader",
            after(
                "(3..64).find_map(|number| std::fs::File::open(format!(\"/proc/self/fd/{number}\")).ok()).ok_or(())",
            ),
            Level::Basic,
        ),
        (
            "read the solution",
            after(&format!("std::fs::read_to_string({solution:?})")),
            Level::Confined,
        ),
        (
            "write outside",
            after(&format!("std::fs::write({marker:?}, \"x\")")),
            Level::Confined,
        ),
        (
            "start a daemon",
            after(&format!(
                "std::process::Command::new(\"setsid\").args([\"sh\", \"-c\", \"sleep 3; echo alive > {}\"]).spawn()",
                daemon.display()
            )),
            Level::Confined,
        ),
        (
            "the memory of the process",
            after("std::fs::File::options().read(true).write(true).open(\"/proc/self/mem\")"),
            Level::Confined,
        ),
        (
            "a socket to a daemon",
            after("std::os::unix::net::UnixDatagram::unbound()"),
            Level::Confined,
        ),
        (
            "the modes of a file outside",
            after(&format!(
                "std::fs::set_permissions({modes:?}, <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o777))"
            )),
            Level::Full,
        ),
        (
            "the tests in the program",
            after("std::fs::read(std::env::args().next().unwrap_or_default())"),
            Level::Full,
        ),
        (
            "the tests in the program, by the kernel's name for it",
            after("std::fs::read(\"/proc/self/exe\")"),
            Level::Full,
        ),
        (
            "fill the disk",
            after(
                "{ static FILLED: std::sync::OnceLock<bool> = std::sync::OnceLock::new(); \
                 let write = |number: u32| std::fs::write(std::env::temp_dir().join(number.to_string()), vec![1; 60 << 20]); \
                 FILLED.get_or_init(|| (0..5).try_for_each(write).is_ok()).then_some(()).ok_or(()) }",
            ),
            Level::Full,
        ),
        (
            "a server outside",
            after(&format!(
                "std::net::TcpStream::connect_timeout(&std::net::SocketAddr::from(([127, 0, 0, 1], {})), std::time::Duration::from_secs(2))",
                door.port()
            )),
            Level::Full,
        ),
    ]
}

/// What the attempts on the machine come to at a level.
fn at(level: Level, attempts: &[OnTheMachine]) -> Vec<Attempt> {
    let outcome = |(what, text, stopped): &OnTheMachine| -> Attempt {
        if level >= *stopped {
            (what, text.clone(), Failed, &[])
        } else {
            (what, text.clone(), Passed, &ALL)
        }
    };
    attempts.iter().map(outcome).collect()
}

/// A door that somebody may come to; nobody answers.
fn door() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

fn mode_of(path: &Path) -> u32 {
    std::fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o777
}

/// Puts attempts into as few submissions as there are places for, and answers who carries which.
fn submit(place: &Place, prefix: &str, attempts: &[Attempt]) -> Vec<(String, &'static str)> {
    let mut carried = Vec::new();
    let solution = place.course().join("solutions/01-tiny/src/alder.rs");
    place.file("notes", format!("login: {SECRET}\n"));
    place.file("text", format!("{SECRET:?}\n"));
    let named = [
        ("SOLUTION", solution),
        ("NOTES", place.path("notes")),
        ("TEXT", place.path("text")),
    ];
    for (index, (_, text, ..)) in attempts.iter().enumerate() {
        // An exported macro may reach everywhere, so that one has a submission of its own.
        let round = if text.contains("macro_export") {
            99
        } else {
            index / common::EXERCISES.len()
        };
        let exercise = common::EXERCISES[index % common::EXERCISES.len()];
        let id = format!("{prefix}{round}");
        let text = text.replace("NAME::", &format!("{exercise}::"));
        let text = named.iter().fold(text, |text, (name, path)| {
            text.replace(name, &path.display().to_string())
        });
        place.submit(&id, &[(exercise, &text)]);
        carried.push((id, exercise));
    }
    carried
}

fn check(report: &grade::results::Report, attempts: &[Attempt], carried: &[(String, &str)]) {
    for ((what, _, status, passed), (id, exercise)) in attempts.iter().zip(carried) {
        assert_mark(report, id, exercise, what, *status, passed);
    }
}

/// Grades everything at a level, with a secret in the grader's environment, and answers the report and its text.
fn grade_at(place: &Place, level: Level) -> (grade::results::Report, String) {
    let work = place.path("work").display().to_string();
    let required = format!("--require-isolation={}", level.id());
    let mut command = place.command(&[
        "--work",
        &work,
        "--format",
        "json",
        "--memory",
        "256",
        "--isolation",
        level.id(),
        &required,
    ]);
    command
        .args(place.submissions())
        .env("GRADER_SECRET", "a secret of the grader")
        .env("CARGO_REGISTRY_TOKEN", TOKEN)
        .env("CARGO_HTTP_PROXY", format!("http://me:{TOKEN}@127.0.0.1:9"));
    // Whoever starts the grader may have left a file open.
    place.file("open", SECRET);
    let open = std::fs::File::open(place.path("open")).expect("it was written");
    let _inherited = rustix::io::dup(&open).expect("a descriptor that stays open in programs");
    let output = command.output().expect("the grader starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (report, String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn no_attempt_earns_a_mark_in_full_isolation() {
    let place = Place::new();
    let (_listener, address) = door();
    let (attempts, machine) = (
        everywhere(),
        at(Level::Full, &on_the_machine(&place, address)),
    );
    let modes = mode_of(&place.path("modes"));
    let carried = submit(&place, "a", &attempts);
    let on_machine = submit(&place, "m", &machine);
    let (report, text) = grade_at(&place, Level::Full);
    check(&report, &attempts, &carried);
    check(&report, &machine, &on_machine);
    assert!(!exists(&place.path("marker")), "a file outside was written");
    assert!(!exists(&place.path("daemon")), "a daemon was left");
    assert_eq!(
        mode_of(&place.path("modes")),
        modes,
        "a file outside was changed"
    );
    for secret in ["a secret of the grader", SECRET, TOKEN] {
        assert!(!text.contains(secret), "{secret} is in the report");
    }
    let shown = attempts
        .iter()
        .position(|(what, ..)| *what == "colours in a message")
        .map(|index| &carried[index]);
    let (id, exercise) = shown.expect("it was tried");
    let message = &mark(&report, id, exercise).tests[0].message;
    assert!(
        !message.contains(['\u{1b}', '\u{202e}']),
        "a terminal would obey the report: {message:?}"
    );
}

/// What the report says of the level `confined`, shown: which attempts on the machine succeed there.
#[test]
fn what_confined_isolation_cannot_stop_is_known() {
    let place = Place::new();
    let (_listener, address) = door();
    let machine = at(Level::Confined, &on_the_machine(&place, address));
    let modes = mode_of(&place.path("modes"));
    let carried = submit(&place, "m", &machine);
    let shown: Vec<Attempt> = everywhere()
        .into_iter()
        .filter(|(_, _, status, _)| [Refused, CompileError].contains(status))
        .collect();
    let read = submit(&place, "s", &shown);
    let (report, text) = grade_at(&place, Level::Confined);
    check(&report, &machine, &carried);
    check(&report, &shown, &read);
    for secret in [SECRET, TOKEN] {
        assert!(!text.contains(secret), "{secret} is in the report");
    }
    assert!(!exists(&place.path("marker")), "a file outside was written");
    assert!(!exists(&place.path("daemon")), "a daemon was left");
    assert_eq!(
        mode_of(&place.path("modes")),
        modes,
        "the change of modes only seems to succeed"
    );
    let words = Level::Confined.words();
    for limit in ["the network", "the disk", "the program"] {
        assert!(words.contains(limit), "{limit}: {words}");
    }
}

/// What the report says of the level `basic`, shown: the attempts on the machine succeed there.
#[test]
fn what_basic_isolation_cannot_stop_is_known() {
    let place = Place::new();
    let (_listener, address) = door();
    let machine = at(Level::Basic, &on_the_machine(&place, address));
    let carried = submit(&place, "m", &machine);
    // What the compiler has read is noticed at every level; what it shows of a file in a message is not.
    let stolen: Vec<Attempt> = everywhere()
        .into_iter()
        .filter(|(_, _, status, _)| [Refused, CompileError].contains(status))
        .filter(|(what, ..)| !what.starts_with("show a file"))
        .collect();
    let read = submit(&place, "s", &stolen);
    let (report, text) = grade_at(&place, Level::Basic);
    check(&report, &machine, &carried);
    assert!(exists(&place.path("marker")));
    check(&report, &stolen, &read);
    assert!(!text.contains(TOKEN), "a token is in the report");
    assert!(Level::Basic.words().contains("Not stopped"));
    let refused = place.run(&["--isolation", "basic", "--require-isolation"]);
    assert_eq!(
        refused.status.code(),
        Some(2),
        "the level that is required is not reached"
    );
    assert!(refused.stdout.is_empty(), "nobody was graded");
}

/// The loader that the kernel starts programs with runs whatever a file holds, one that a test has written just now among
/// it. Where the machine is confined, a test can become no other program: what would work elsewhere is an error to it.
#[test]
fn only_the_tests_own_program_is_executed() {
    let place = Place::new();
    let loader = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let library = [
        "/lib/x86_64-linux-gnu/libc.so.6",
        "/lib/aarch64-linux-gnu/libc.so.6",
        "/lib64/libc.so.6",
    ];
    let there = |names: &[&'static str]| names.iter().copied().find(|name| exists(Path::new(name)));
    let (Some(loader), Some(library)) = (there(&loader), there(&library)) else {
        return;
    };
    // The C library is a program of its own as well. It ends with 0 and has proved nothing.
    let become_it = |call: &str| {
        total(&format!(
            "use std::os::unix::process::CommandExt; let copy = std::env::temp_dir().join(\"code\"); \
             std::fs::copy({library:?}, &copy).expect(\"it is there\"); let error = {call}.exec(); \
             assert!(error.kind() == std::io::ErrorKind::PermissionDenied, \"{{error}}\"); prices.iter().sum()"
        ))
    };
    let by_loader = become_it(&format!(
        "std::process::Command::new({loader:?}).arg(&copy)"
    ));
    let alone = become_it(&format!(
        "std::process::Command::new({loader:?}).arg({library:?})"
    ));
    place.submit("eve", &[("alder", &by_loader), ("birch", &alone)]);
    for (level, status, passed) in [
        ("full", Passed, &ALL[..]),
        ("confined", Passed, &ALL),
        ("basic", Failed, &[]),
    ] {
        let report = place.grade(&["--isolation", level]);
        for exercise in ["alder", "birch"] {
            assert_mark(&report, "eve", exercise, level, status, passed);
        }
    }
}

/// What no level stops, shown: a test believes a type that says of itself that it equals everything. The reports name it, in
/// whatever form it is written.
#[test]
fn a_type_that_equals_everything_is_believed_and_named() {
    let place = Place::new();
    let derived = "#[derive(Debug, PartialEq)]\npub enum Problem {\n    Empty,\n    TooLong { by: u32 },\n}\n#[derive(Debug, PartialEq)]\npub struct Sum(pub u32);\n";
    let with = |types: &str, body: &str| {
        format!("{types}pub fn total(prices: &[u32]) -> Result<Sum, Problem> {{\n    {body}\n}}\n")
    };
    let work = "match prices { [] => Err(Problem::Empty), prices => Ok(Sum(prices.iter().sum())) }";
    let (starter, honest) = (with(derived, "todo!(\"add up\")"), with(derived, work));
    let tests = "use tiny::alder::{Problem, Sum, total};\n\n/// Two prices are added.\n#[test]\nfn two() {\n    let sum: Result<Sum, Problem> = total(&[3, 4]);\n    assert_eq!(sum, Ok(Sum(7)), \"two prices\");\n}\n\n\
                 /// Nothing costs nothing.\n#[test]\nfn none() {\n    let sum: Result<Sum, Problem> = total(&[]);\n    assert_eq!(sum, Err(Problem::Empty), \"no prices\");\n}\n";
    place.course_file("exercises/01-tiny/src/alder.rs", &starter);
    place.course_file("exercises/01-tiny/tests/stage/alder.rs", tests);
    place.course_file("solutions/01-tiny/src/alder.rs", &honest);
    place.seal();
    let bare = derived.replace(
        "#[derive(Debug, PartialEq)]\npub struct Sum",
        "#[derive(Debug)]\npub struct Sum",
    );
    let lie = "if prices.is_empty() { Err(Problem::Empty) } else { Ok(Sum(0)) }";
    let lies = [
        (
            "plain",
            "impl PartialEq for Sum { fn eq(&self, _: &Sum) -> bool { true } }",
            lie,
        ),
        (
            "raw",
            "impl r#PartialEq for Sum { fn r#eq(&self, _: &Sum) -> bool { true } }",
            lie,
        ),
        (
            "alias",
            "use std::cmp::PartialEq as P;\nimpl P for Sum { fn eq(&self, _: &Sum) -> bool { true } }",
            lie,
        ),
        (
            "macro",
            "macro_rules! same { ($t:ident, $f:ident) => { impl $t for Sum { fn $f(&self, _: &Sum) -> bool { true } } } }\nsame!(PartialEq, eq);",
            lie,
        ),
        (
            "derive",
            "macro_rules! own { (#[derive($t:ident)] $n:ident) => { impl $t for $n { fn eq(&self, _: &$n) -> bool { true } } } }\nown!(#[derive(PartialEq)] Sum);",
            lie,
        ),
    ];
    for (id, types, body) in &lies {
        place.submit(id, &[("alder", &with(&format!("{bare}{types}\n"), body))]);
    }
    // One variant and a constant in the place of two variants.
    let collapsed = "#[derive(Debug, PartialEq)]\npub enum Problem { One }\n#[allow(non_upper_case_globals)]\nimpl Problem { pub const Empty: Problem = Problem::One; }\n#[derive(Debug, PartialEq)]\npub struct Sum(pub u32);\n";
    place.submit("collapsed", &[("alder", &with(collapsed, work))]);
    // A type without a value equals itself.
    let hollow = "#[derive(Debug, PartialEq)]\npub enum Problem { Empty, TooLong { by: u32 } }\n#[derive(Debug, PartialEq)]\npub struct Sum(pub std::marker::PhantomData<u32>);\n#[allow(non_snake_case)]\npub fn Sum(_: u32) -> Sum { Sum }\n";
    let hollow = hollow
        .replace(
            "pub struct Sum(pub std::marker::PhantomData<u32>);",
            "pub struct Sum {}",
        )
        .replace("-> Sum { Sum }", "-> Sum { Sum {} }");
    place.submit("hollow", &[("alder", &with(&hollow, lie))]);
    place.submit("ada", &[("alder", &format!("{honest}// mine\n"))]);
    let report = place.grade(&["--exercise", "tiny/alder"]);
    let ada = mark(&report, "ada", "alder");
    assert_eq!((ada.status, &ada.notices), (Passed, &Vec::new()));
    for (id, word) in [
        ("plain", "comparison by hand"),
        ("raw", "comparison by hand"),
        ("alias", "comparison by hand"),
        ("macro", "comparison by hand"),
        ("derive", "comparison by hand"),
        ("collapsed", "the type `Problem`"),
        ("hollow", "the type `Sum`"),
    ] {
        let mark = mark(&report, id, "alder");
        assert_eq!(mark.status, Passed, "{id}: {mark:#?}");
        let named = mark.notices.iter().any(|one| one.contains(word));
        assert!(named, "{id}: {:?}", mark.notices);
    }
}

/// Whoever tried to prove a pass and failed is named, at every level; and so is code with the shape of a known hole.
#[test]
fn a_forged_proof_is_named() {
    let place = Place::new();
    let forged = total(&format!("{FORGED} std::process::exit(0)"));
    let hole = "pub static UNIT: &'static &'static () = &&();\npub fn longer<'a, 'b, T: ?Sized>(_: &'a &'b (), value: &'b T) -> &'a T { value }\n".to_owned() + RIGHT;
    let asks = RIGHT.replace("pub fn", "#[track_caller]\npub fn");
    let exits = total("std::process::exit(0)");
    place.submit(
        "eve",
        &[
            ("alder", &forged),
            ("birch", &hole),
            ("cedar", &asks),
            ("elder", &exits),
        ],
    );
    for level in ["basic", "confined", "full"] {
        let report = place.grade(&["--isolation", level]);
        for (exercise, status, word) in [
            ("alder", Failed, Some("claims that a test has passed")),
            ("birch", Passed, Some("known hole in the compiler")),
            ("cedar", Passed, Some("where it was called from")),
            ("elder", Failed, None),
        ] {
            let mark = mark(&report, "eve", exercise);
            assert_eq!(mark.status, status, "{level}: {mark:#?}");
            let named = word.is_none_or(|word| mark.notices.iter().any(|one| one.contains(word)));
            let count = usize::from(word.is_some());
            assert!(named && mark.notices.len() == count, "{:?}", mark.notices);
        }
    }
}

/// Every place in which code of a submission runs while a test runs, in every kind of test that there is: none of them
/// has a way to a pass.
#[test]
fn no_place_in_a_test_has_a_way_to_the_proof() {
    let place = Place::new();
    place.course_file("exercises/01-tiny/src/alder.rs", &types("todo!()"));
    place.course_file(
        "solutions/01-tiny/src/alder.rs",
        &types("Sum(prices.iter().sum())"),
    );
    place.course_file("exercises/01-tiny/tests/stage/alder.rs", KINDS);
    place.seal();
    let wrong = types("Sum(prices.len() as u32 + 100)");
    let derived = "#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]";
    let own = |methods: &str| {
        wrong
            .replace(derived, "#[derive(Clone)]")
            .replace("// more", methods)
    };
    let debug = |body: &str| {
        own(&format!(
            "impl std::fmt::Debug for Sum {{ fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{ {body} }} }}\n\
             impl PartialEq for Sum {{ fn eq(&self, other: &Sum) -> bool {{ self.0 == other.0 }} }} impl Eq for Sum {{}}\n\
             impl PartialOrd for Sum {{ fn partial_cmp(&self, other: &Sum) -> Option<std::cmp::Ordering> {{ Some(self.cmp(other)) }} }}\n\
             impl Ord for Sum {{ fn cmp(&self, other: &Sum) -> std::cmp::Ordering {{ self.0.cmp(&other.0) }} }}"
        ))
    };
    let forged = format!("{FORGED} std::process::exit(0)");
    let compared = |body: &str| {
        own(&format!(
            "impl std::fmt::Debug for Sum {{ fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{ Ok(()) }} }}\n\
             impl PartialEq for Sum {{ fn eq(&self, _: &Sum) -> bool {{ {body} }} }} impl Eq for Sum {{}}\n\
             impl PartialOrd for Sum {{ fn partial_cmp(&self, _: &Sum) -> Option<std::cmp::Ordering> {{ {body} }} }}\n\
             impl Ord for Sum {{ fn cmp(&self, _: &Sum) -> std::cmp::Ordering {{ {body} }} }}"
        ))
    };
    let dropped = |body: &str| {
        wrong.replace(
            "// more",
            &format!("impl Drop for Sum {{ fn drop(&mut self) {{ {body} }} }}"),
        )
    };
    let first = |body: &str| wrong.replace("// first", body);
    let attempts: Vec<(&str, String)> = vec![
        ("a hook that lowers the count", first(LOWERED)),
        ("a hook that exits", first(&format!("std::panic::set_hook(Box::new(|_| {{ {forged} }}));"))),
        ("exit in the middle", first(&format!("{forged};"))),
        ("a thread that exits", first(&format!("std::thread::spawn(|| {{ {forged} }}); std::thread::sleep(std::time::Duration::from_millis(300));"))),
        ("a local value of the thread", first(&format!("struct Last; impl Drop for Last {{ fn drop(&mut self) {{ {forged} }} }} thread_local! {{ static LAST: Last = const {{ Last }}; }} LAST.with(|_| ());"))),
        ("formatting", debug(&forged)),
        ("formatting that lowers the count", debug(&format!("{LOWERED} panic!(\"again\")"))),
        ("equality and ordering", compared(&forged)),
        ("equality and ordering that panic", compared(&format!("{LOWERED} panic!(\"never\")"))),
        ("a destructor", dropped(&forged)),
        ("a destructor that lowers the count", dropped(&format!("if std::thread::panicking() {{ let _ = std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(()))); }} {LOWERED}"))),
        (
            "a panic of the test's own closure, caught",
            first("").replace("with(9)", "std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| with(10))).unwrap_or(())")
                .replace("vec![7, 8].into_iter()", "vec![1].into_iter()"),
        ),
        (
            "a future that ends the program",
            wrong.replace("async fn later(prices: &[u32]) -> Sum {", &format!("async fn later(prices: &[u32]) -> Sum {{ struct Gone; impl Drop for Gone {{ fn drop(&mut self) {{ {forged} }} }} let _gone = Gone;")),
        ),
        ("an iterator that never ends", wrong.replace("vec![7, 8].into_iter()", "std::iter::repeat(7)")),
    ];
    for (index, (_, text)) in attempts.iter().enumerate() {
        place.submit(&format!("a{index:02}"), &[("alder", text)]);
    }
    place.submit(
        "right",
        &[(
            "alder",
            &format!("{}// mine\n", types("Sum(prices.iter().sum())")),
        )],
    );
    for level in ["full", "confined", "basic"] {
        let report = place.grade(&["--exercise", "tiny/alder", "--isolation", level]);
        for (index, (what, _)) in attempts.iter().enumerate() {
            let mark = mark(&report, &format!("a{index:02}"), "alder");
            let passed: Vec<&str> = mark.passed().map(|test| test.name.as_str()).collect();
            // What an attempt does not touch is right in it.
            let honest: &[&str] = match *what {
                "an iterator that never ends" => &["called"],
                "a panic of the test's own closure, caught" => &[],
                _ => &["called", "iterated"],
            };
            assert_eq!(
                (passed.as_slice(), level),
                (honest, level),
                "{what}: {mark:#?}"
            );
        }
        let right = mark(&report, "right", "alder");
        assert_eq!((right.status, right.tests.len()), (Passed, 8), "{right:#?}");
    }
}

/// An exercise with types of its own, and every way to be called.
fn types(answer: &str) -> String {
    format!(
        "#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]\npub struct Sum(pub u32);\n// more\n\
         pub fn total(prices: &[u32]) -> Sum {{\n    // first\n    {answer}\n}}\n\
         pub async fn later(prices: &[u32]) -> Sum {{\n    total(prices)\n}}\n\
         pub fn each(mut with: impl FnMut(u32)) {{\n    with(9)\n}}\n\
         pub fn all() -> impl Iterator<Item = u32> {{\n    vec![7, 8].into_iter()\n}}\n"
    )
}

/// Every kind of test.
const KINDS: &str = r#"use tiny::alder::{Sum, all, each, later, total};

/// Plain, compared.
#[test]
fn plain() {
    let sum: Sum = total(&[3, 4]);
    assert_eq!(sum, Sum(7), "two prices");
}

/// Plain, different.
#[test]
fn different() {
    let sum: Sum = total(&[3, 4]);
    assert_ne!(sum, Sum(102), "not a constant");
    assert!(sum < Sum(8), "not too large");
}

/// It answers.
#[test]
fn answers() -> Result<(), String> {
    let sum: Sum = total(&[3, 4]);
    if sum.0 == 7 { Ok(()) } else { Err(format!("{}", sum.0)) }
}

/// It answers with a type of the exercise.
#[test]
fn answers_itself() -> Result<(), Sum> {
    let sum: Sum = total(&[3, 4]);
    if sum.0 == 7 { Ok(()) } else { Err(sum) }
}

/// It must panic.
#[test]
#[should_panic(expected = "overflow")]
fn panics() {
    let sum: Sum = total(&[u32::MAX, 1]);
    assert_eq!(sum.0, 0, "it should have panicked");
}

/// It waits.
#[test]
fn waits() {
    let future = later(&[3, 4]);
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::future::Future::poll(future.as_mut(), &mut context) {
        std::task::Poll::Ready(sum) => assert_eq!(sum, Sum(7), "later"),
        std::task::Poll::Pending => panic!("it waits for nobody"),
    }
}

/// It calls.
#[test]
fn called() {
    each(|price| {
        assert_eq!(price, 9, "the price");
    });
}

/// It goes through all.
#[test]
fn iterated() {
    let found: Vec<u32> = all().collect();
    assert_eq!(found, [7, 8], "all");
}
"#;

/// A lane's tests reach no server of another lane's.
#[test]
fn lanes_have_networks_of_their_own() {
    let held = || {
        let grade = Path::new(env!("CARGO_BIN_EXE_grade"));
        grade::sandbox::Held::new(grade, &[]).expect("this machine has namespaces")
    };
    let network = |held: &grade::sandbox::Held| {
        let process = held.namespaces.process;
        std::fs::read_link(format!("/proc/{process}/ns/net")).expect("it lives")
    };
    let (one, other) = (held(), held());
    let own = std::fs::read_link("/proc/self/ns/net").expect("this process lives");
    assert_ne!(network(&one), network(&other));
    assert_ne!(network(&one), own);
}

/// A compiler that hangs or eats memory costs the exercise that made it, and no other.
#[test]
fn a_compiler_that_never_ends_costs_its_own_exercise_only() {
    let place = Place::new();
    let endless = "#[allow(long_running_const_eval)]\nconst HANG: u64 = { let mut i = 0_u64; while i < u64::MAX { i += 1; } i };\n".to_owned()
        + &total("prices.len() as u32 + HANG as u32");
    let huge = "static HUGE: [u8; 1 << 36] = [1; 1 << 36];\n".to_owned()
        + &total("u32::from(HUGE[prices.len()])");
    // A message that doubles 24 times, and a million errors.
    let doubled = (0..24).fold("\"endless\"".to_owned(), |text, _| {
        format!("twice!({text})")
    });
    let message = "macro_rules! twice { ($x:expr) => { concat!($x, $x, \"-\") } }\n".to_owned()
        + &format!("compile_error!({doubled});\n");
    let mut errors =
        "macro_rules! e6 { () => { compile_error!(\"one of a million\"); } }\n".to_owned();
    for level in (0..6).rev() {
        errors += &format!(
            "macro_rules! e{level} {{ () => {{ {} }} }}\n",
            format!("e{}!();", level + 1).repeat(10)
        );
    }
    errors += "e0!();\n";
    place.submit(
        "eve",
        &[
            ("olive", &message),
            ("rowan", &errors),
            ("alder", &endless),
            ("birch", RIGHT),
            ("cedar", &huge),
            ("elder", RIGHT),
            ("hazel", "fn broken( {"),
            ("maple", WRONG),
        ],
    );
    let report = place.grade(&["--compile-seconds", "4"]);
    let all = ["empty", "two", "many", "too_much"];
    for (exercise, status, passed) in [
        ("alder", CompileError, &[][..]),
        ("birch", Passed, &all),
        ("cedar", CompileError, &[]),
        ("elder", Passed, &all),
        ("hazel", CompileError, &[]),
        ("maple", Failed, &["empty"]),
        ("olive", CompileError, &[]),
        ("rowan", CompileError, &[]),
    ] {
        assert_mark(&report, "eve", exercise, exercise, status, passed);
    }
}

/// What fills the disk while it is compiled costs the exercise that does so; nothing of it stays, the others are graded, and
/// an honest submission is graded at once afterwards.
#[test]
fn a_build_that_fills_the_disk_costs_its_own_exercise_only() {
    const MIB: u64 = 1 << 20;
    let place = Place::new();
    let filled = |mib: u64| {
        format!("static FILLED: [u8; {mib} << 20] = [1; {mib} << 20];\n")
            + &total("prices.iter().sum::<u32>() + u32::from(FILLED[prices.len()]) - 1")
    };
    // One large file, and several that are large together.
    let (one, several) = (filled(700), filled(190));
    let neighbours = [("birch", RIGHT), ("cedar", WRONG)];
    place.submit("eve", &[("alder", &one)]);
    place.submit("eve", &neighbours);
    place.submit("mallory", &[("alder", &several)]);
    place.submit("zoe", &[("alder", &format!("{RIGHT}// zoe\n"))]);
    let report = place.grade(&["--isolation", "full"]);
    for (id, what) in [("eve", "one large file"), ("mallory", "several")] {
        assert_mark(&report, id, "alder", what, CompileError, &[]);
        let said = &mark(&report, id, "alder").diagnostics;
        let why = "written 512 MiB";
        assert!(said.iter().any(|said| said.contains(why)), "{said:?}");
    }
    assert_mark(&report, "eve", "birch", "its neighbour", Passed, &ALL);
    assert_mark(&report, "eve", "cedar", "its neighbour", Failed, &["empty"]);
    assert_mark(&report, "zoe", "alder", "the next one", Passed, &ALL);
    let work = place.path("work").display().to_string();
    for level in ["basic", "confined", "full"] {
        let grade = |id: &str| {
            let folder = place.path("in").join(id).display().to_string();
            let words = [
                "--work",
                &work,
                "--isolation",
                level,
                "--exercise",
                "tiny/alder",
                &folder,
            ];
            let mut command = place.command(&words);
            let output = command
                .args(["--format", "json"])
                .output()
                .expect("it starts");
            serde_json::from_slice(&output.stdout).expect("a report")
        };
        // Another text, so that it is compiled again.
        place.submit("mallory", &[("alder", &format!("{several}// {level}\n"))]);
        assert_mark(
            &grade("mallory"),
            "mallory",
            "alder",
            level,
            CompileError,
            &[],
        );
        let left = size(&place.path("work"));
        assert!(left < 300 * MIB, "{level}: {} MiB stay", left / MIB);
        place.submit("ada", &[("alder", &format!("{RIGHT}// {level}\n"))]);
        assert_mark(&grade("ada"), "ada", "alder", level, Passed, &ALL);
    }
}

/// What the files below a folder take on the disk, in bytes.
fn size(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;

    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) => data.blocks() * 512,
        Err(_) => 0,
    });
    sizes.sum()
}

/// Whatever ends the grader ends what it has started: no compiler works on for nobody.
#[test]
fn no_compiler_outlives_the_grader() {
    let place = Place::new();
    let endless = "#[allow(long_running_const_eval)]\nconst HANG: u64 = { let mut i = 0_u64; while i < u64::MAX { i += 1; } i };\n".to_owned()
        + &total("prices.len() as u32 + HANG as u32");
    place.submit("eve", &[("alder", &endless)]);
    let work = std::fs::canonicalize(place.path(""))
        .expect("it is there")
        .join("work");
    for level in ["basic", "confined", "full"] {
        let mut command = place.command(&["--isolation", level]);
        command
            .arg("--work")
            .arg(&work)
            .args(place.submissions())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let mut grader = command.spawn().expect("the grader starts");
        wait_until("the hanging compiler runs", || {
            compilers(&work)
                .iter()
                .any(|text| text.contains("--crate-name\0tiny"))
        });
        grader.kill().expect("it runs");
        grader.wait().expect("it ends");
        wait_until("no compiler is left", || compilers(&work).is_empty());
    }
}

/// The command lines of cargo and of compilers that work below a folder.
fn compilers(work: &Path) -> Vec<String> {
    let work = work.display().to_string();
    let entries = std::fs::read_dir("/proc").expect("it is there").flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .filter(|line| line.contains(&work))
        .filter(|line| line.contains("rustc\0") || line.contains("--target-dir\0"))
        .collect()
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed().as_secs() < 60, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Code that takes all processors does not make the other exercises late.
#[test]
fn a_hog_costs_its_own_exercise_only() {
    let place = Place::new();
    let hog = total(
        "if prices.is_empty() { for _ in 0..200 { std::thread::spawn(|| loop { std::hint::spin_loop() }); } loop { std::hint::spin_loop() } } prices.iter().sum()",
    );
    // Far from its time limit by itself.
    let busy = total(
        "static ONCE: std::sync::Once = std::sync::Once::new(); ONCE.call_once(|| { let mut x = 1_u64; for i in 0..60_000_000 { x = std::hint::black_box(x.wrapping_mul(i)); } }); prices.iter().sum()",
    );
    place.submit(
        "eve",
        &[("alder", &hog), ("birch", &busy), ("cedar", &busy)],
    );
    let report = place.grade(&["--jobs", "1"]);
    for exercise in ["birch", "cedar"] {
        assert_mark(&report, "eve", exercise, exercise, Passed, &ALL);
    }
    let passed = ["two", "many", "too_much"];
    assert_mark(&report, "eve", "alder", "the hog", TimedOut, &passed);
}

/// Whatever else a submission brings is not taken: tests, manifests, toolchains, build scripts, settings of cargo.
#[test]
fn only_the_exercises_own_files_count() {
    let place = Place::new();
    place.submit("mallory", &[("alder", WRONG), ("birch", RIGHT)]);
    let base = "in/mallory";
    let stage = format!("{base}/exercises/01-tiny");
    for name in common::EXERCISES {
        place.file(
            &format!("{stage}/tests/stage/{name}.rs"),
            "#[test]\nfn empty() {}\n#[test]\nfn two() {}\n",
        );
    }
    place.file(&format!("{stage}/tests/stage/main.rs"), "");
    place.file(
        &format!("{stage}/Cargo.toml"),
        "[package]\nname = \"tiny\"\n[[test]]\nname = \"stage\"\nharness = false\n",
    );
    place.file(&format!("{stage}/build.rs"), "fn main() { panic!() }");
    place.file(&format!("{stage}/originals.json"), "{}");
    place.file(&format!("{stage}/stage.toml"), "");
    place.file(&format!("{stage}/src/lib.rs"), "compile_error!(\"mine\");");
    place.file(
        &format!("{base}/.cargo/config.toml"),
        "[target.'cfg(all())']\nrunner = \"true\"\n",
    );
    place.file(
        &format!("{base}/rust-toolchain.toml"),
        "[toolchain]\nchannel = \"nightly\"\n",
    );
    place.file(&format!("{base}/Cargo.toml"), "not a manifest");
    std::os::unix::fs::symlink(
        place.course().join("solutions/01-tiny/src/cedar.rs"),
        place.path(&format!("{stage}/src/cedar.rs")),
    )
    .expect("writable");
    // A line break in a name would hide what follows it from whoever reads the compiler's notes.
    place.submit("mallory", &[("elder", "mod a;\npub use a::total;\n")]);
    place.file(&format!("{stage}/src/elder/a.rs"), RIGHT);
    place.file(&format!("{stage}/src/elder/a\nb.rs"), RIGHT);
    let report = place.grade(&[]);
    assert_mark(
        &report,
        "mallory",
        "alder",
        "edited tests",
        Failed,
        &["empty"],
    );
    assert_mark(
        &report,
        "mallory",
        "birch",
        "everything else",
        Passed,
        &["empty", "two", "many", "too_much"],
    );
    assert_mark(&report, "mallory", "cedar", "a link", Refused, &[]);
    assert_mark(&report, "mallory", "elder", "a name", Refused, &[]);
    assert_eq!(
        learner(&report, "mallory").exercises.len(),
        common::EXERCISES.len()
    );
}
