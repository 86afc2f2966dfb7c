//! `cargo xtask watch`: a verdict on every save.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use console::{Key, Term, style};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use xtask_core::course::{Item, Selection, Stage};
use xtask_core::desk::{Desk, End, is_touched};
use xtask_core::engine::cargo;
use xtask_core::error::{Error, Kind, Result};
use xtask_core::process::{Cancel, Limits, run as run_process};

use super::next::{print_advance, print_progress};
use super::{Ending, hint, list, reset, solution, warn};
use crate::flags::Format;

/// An editor writes a file in several steps; they count as one save.
const SETTLE: Duration = Duration::from_millis(10);

const KEYS: &str = "h hint · n next · l list · r reset · s solution · q quit";

enum Event {
    Saved,
    Key(Key),
}

/// Judges the current exercise now and on every save, until `q` or Ctrl-C.
///
/// # Errors
///
/// When the name is wrong, the files cannot be watched, or the course cannot be read.
pub fn run(desk: &Desk<'_>, start: Option<&str>, cancel: &Cancel) -> Result<Ending> {
    let item = first_item(desk, start)?;
    let (sender, events) = channel();
    let _watcher = watch_files(
        &desk.course.root.join("exercises"),
        sender.clone(),
        cancel.clone(),
    )?;
    let keys = read_keys(sender, cancel.clone());
    let mut watch = Watch {
        desk,
        item,
        judged: None,
        last_passed: None,
        asked_to_reset: false,
        prebuild: Prebuild::default(),
        has_keys: keys.is_some(),
    };
    watch.judge(cancel)?;
    while let Ok(event) = events.recv() {
        let key = match event {
            Event::Key(key) => Some(key),
            Event::Saved => {
                let key = settle(&events);
                cancel.reset();
                watch.judge(cancel)?;
                key
            }
        };
        if key == Some(Key::Char('q')) {
            break;
        }
        if let Some(key) = key {
            watch.press(&key, cancel)?;
            if let Some(ready) = &keys {
                // The reader of keys waits for this word, so that it never holds the terminal when the runner ends.
                let _ = ready.send(());
            }
        }
    }
    watch.prebuild.stop();
    Ok(Ending::Well)
}

fn first_item<'a>(desk: &Desk<'a>, start: Option<&str>) -> Result<Item<'a>> {
    let Some(name) = start else {
        return desk.named_or_current(None);
    };
    let selected = desk.course.select(&[name.to_owned()])?;
    let items: Vec<Item<'a>> = selected.into_iter().flat_map(Selection::items).collect();
    for item in &items {
        if !desk.is_done(item)? {
            return Ok(*item);
        }
    }
    items
        .first()
        .copied()
        .ok_or_else(|| Error::new(format!("`{name}` has no exercises")))
}

fn watch_files(folder: &Path, sender: Sender<Event>, cancel: Cancel) -> Result<RecommendedWatcher> {
    let fail = |cause: notify::Error| {
        Error::of(
            Kind::System,
            format!("the files cannot be watched: {cause}"),
        )
        .help("`cargo xtask` checks once, without watching")
    };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else {
            return;
        };
        let is_source = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
        let is_change = !matches!(event.kind, EventKind::Access(_));
        if is_change && event.paths.iter().any(|path| is_source(path)) {
            cancel.cancel();
            // The receiver is gone when the runner is about to end.
            let _ = sender.send(Event::Saved);
        }
    })
    .map_err(fail)?;
    watcher
        .watch(folder, RecursiveMode::Recursive)
        .map_err(fail)?;
    Ok(watcher)
}

/// Reads keys on a thread of its own, when there is a terminal to read from. The answer lets it read the next one.
fn read_keys(sender: Sender<Event>, cancel: Cancel) -> Option<Sender<()>> {
    use std::io::IsTerminal;

    let term = Term::stdout();
    if !term.is_term() || !std::io::stdin().is_terminal() {
        return None;
    }
    let (ready, may_read) = channel();
    thread::spawn(move || {
        while let Ok(key) = term.read_key() {
            if key == Key::Char('q') {
                cancel.cancel();
            }
            if sender.send(Event::Key(key)).is_err() || may_read.recv().is_err() {
                break;
            }
        }
    });
    Some(ready)
}

/// Waits until an editor has done with a file. A key that is pressed meanwhile is answered.
fn settle(events: &Receiver<Event>) -> Option<Key> {
    while let Ok(event) = events.recv_timeout(SETTLE) {
        if let Event::Key(key) = event {
            return Some(key);
        }
    }
    None
}

/// What a watch knows between two events.
struct Watch<'b, 'a> {
    desk: &'b Desk<'a>,
    item: Item<'a>,
    /// The exercise and the fingerprint that the last verdict was about.
    judged: Option<(String, String)>,
    last_passed: Option<Item<'a>>,
    asked_to_reset: bool,
    prebuild: Prebuild,
    has_keys: bool,
}

impl<'a> Watch<'_, 'a> {
    /// Judges the current exercise, and moves on as long as what the learner has written passes.
    fn judge(&mut self, cancel: &Cancel) -> Result<()> {
        self.prebuild.stop();
        self.asked_to_reset = false;
        let seen = match self.desk.key(&self.item) {
            Ok(key) => Some((self.item.id(), key)),
            // An editor may be between two steps of a save; the next event comes at once.
            Err(error) => return self.show_error(&error),
        };
        if self.judged == seen {
            return Ok(());
        }
        let advance = match self.desk.advance(Some(self.item)) {
            Ok(advance) => advance,
            Err(error) if error.kind() == Kind::Cancelled => return Ok(()),
            Err(error) => return self.show_error(&error),
        };
        clear_screen();
        print_advance(&advance);
        self.last_passed = advance
            .passed
            .last()
            .map(|(item, _)| *item)
            .or(self.last_passed);
        if let End::Here(item, _) | End::Next(item) = advance.end {
            self.item = item;
        }
        self.judged = Some((self.item.id(), self.desk.key(&self.item)?));
        print_progress(self.desk)?;
        warn(&advance.warnings);
        self.print_keys();
        self.prebuild.start(self.desk, self.item.stage);
        cancel.reset();
        Ok(())
    }

    fn show_error(&mut self, error: &Error) -> Result<()> {
        clear_screen();
        println!("{error}");
        self.print_keys();
        Ok(())
    }

    fn print_keys(&self) {
        let words = if self.has_keys {
            KEYS
        } else {
            "watching; Ctrl-C ends it"
        };
        println!("{}", style(words).dim());
    }

    fn press(&mut self, key: &Key, cancel: &Cancel) -> Result<()> {
        let confirmed = std::mem::take(&mut self.asked_to_reset);
        let id = self.item.id();
        match key {
            Key::Char('h') => {
                println!();
                hint::run(self.desk, Some(&id), false)?;
            }
            Key::Char('l') => {
                clear_screen();
                list::run(self.desk, Format::Text)?;
            }
            Key::Char('n') => match self.desk.after(&self.item)? {
                Some(item) => {
                    self.item = item;
                    cancel.reset();
                    return self.judge(cancel);
                }
                None => println!("\nNothing is left after this one."),
            },
            Key::Char('r') if confirmed => {
                println!();
                reset::run(self.desk.course, &id, false)?;
            }
            Key::Char('r') => {
                println!(
                    "\nPress r again to bring the starter of {id} back; your file is kept beside it."
                );
                self.asked_to_reset = true;
            }
            Key::Char('s') => self.show_solution(cancel)?,
            _ => return Ok(()),
        }
        self.print_keys();
        Ok(())
    }

    /// The answer to the current exercise once it passes, or to the one that passed last.
    fn show_solution(&mut self, cancel: &Cancel) -> Result<()> {
        let item = match self.last_passed {
            Some(passed) if !is_touched(&self.item)? => passed,
            _ => self.item,
        };
        println!();
        cancel.reset();
        match solution::run(self.desk, &item.id(), false) {
            Ok(_) => Ok(()),
            Err(error) => self.show_error(&error),
        }
    }
}

fn clear_screen() {
    let term = Term::stdout();
    if term.is_term() {
        // A screen that cannot be cleared still shows what is printed next.
        let _ = term.clear_screen();
    }
}

/// Builds the dependencies of the stage that comes next while the learner types.
#[derive(Default)]
struct Prebuild {
    running: Option<(Cancel, thread::JoinHandle<bool>, String)>,
    done: Vec<String>,
}

impl Prebuild {
    fn start(&mut self, desk: &Desk<'_>, current: &Stage) {
        let mut later = desk
            .course
            .stages
            .iter()
            .skip_while(|stage| stage.folder != current.folder);
        let Some(next) = later.nth(1) else {
            return;
        };
        if self.done.contains(&next.id) {
            return;
        }
        let mut command = cargo(&desk.course.root);
        command.args([
            "test",
            "--no-run",
            "--quiet",
            "--test",
            "stage",
            "--package",
            &next.id,
        ]);
        let cancel = Cancel::default();
        let token = cancel.clone();
        let limits = Limits {
            time: None,
            output: usize::MAX,
        };
        let handle = thread::spawn(move || {
            // A build ahead of time is a favour: what fails here is said when the stage is judged.
            run_process(command, limits, &token, |_, _| ()).is_ok() && !token.is_cancelled()
        });
        self.running = Some((cancel, handle, next.id.clone()));
    }

    /// Stops the build: a verdict must not wait for it. What is compiled by then stays.
    fn stop(&mut self) {
        if let Some((cancel, handle, stage)) = self.running.take() {
            let finished = handle.is_finished();
            cancel.cancel();
            if handle.join().unwrap_or(false) && finished {
                self.done.push(stage);
            }
        }
    }
}
