//! `cargo xtask watch`: a verdict on every save.

mod files;
mod prebuild;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use console::style;

use xtask_core::course::{Item, Selection};
use xtask_core::desk::{Advance, Desk, End, is_touched};
use xtask_core::engine::Verdict;
use xtask_core::error::{Error, Kind, Result};
use xtask_core::process::Cancel;

use super::list::Lines;
use super::next::{print_advance, print_progress};
use super::open::Opening;
use super::{Ending, hint, reset, solution, warn};
use crate::interrupt;
use crate::terminal::{
    Key, Keyboard, clear_screen, error_text, height, look, take_line_away, width, wrapped,
};

use files::{Stamp, Watcher};
use prebuild::Prebuild;

/// An editor writes a file in several steps; they count as one save.
const SETTLE: Duration = Duration::from_millis(10);

/// How often the course's own files are looked at: they change when the course is updated.
const LOOK: Duration = Duration::from_secs(1);

enum Event {
    Saved,
    Key(Key),
}

/// Judges the current exercise now and on every save, until `q` or Ctrl-C. `renamed` is said once, below the first
/// verdict.
///
/// # Errors
///
/// When the name is wrong, or the course cannot be read.
pub fn run(
    desk: &Desk<'_>,
    start: Option<&str>,
    cancel: &Cancel,
    renamed: String,
) -> Result<Ending> {
    let item = first_item(desk, start)?;
    let (sender, events) = channel();
    let watcher = Watcher::start(item.stage, sender.clone(), cancel.clone());
    let (ready, may_read) = channel();
    let keyboard = open_keyboard(sender.clone(), may_read, cancel.clone());
    let mut watch = Watch {
        desk,
        item,
        earlier: Vec::new(),
        place: Place::Working,
        verdict: None,
        judged: None,
        last_passed: None,
        asked_to_reset: false,
        list_top: None,
        watcher,
        course: Stamp::of_course(desk.course),
        is_updated: false,
        renamed,
        prebuild: Prebuild::default(),
        has_keys: keyboard.is_some(),
    };
    watch.judge(cancel)?;
    loop {
        let key = match events.recv_timeout(LOOK) {
            Ok(Event::Key(key)) => Some(key),
            Ok(Event::Saved) => {
                let key = settle(&events);
                watch.saved(cancel)?;
                key
            }
            Err(_) => {
                if watch.look_at_course() {
                    watch.print_keys();
                }
                None
            }
        };
        if key == Some(Key::Char('q')) {
            break;
        }
        if let Some(key) = key {
            watch.press(key, cancel)?;
            // The reader of keys waits for this word, so that it takes no key from an editor in this terminal.
            let _ = ready.send(());
        }
    }
    watch.prebuild.stop();
    Ok(Ending::Well)
}

const UPDATED: &str =
    "The course was changed while this watch is open: press q, and start it again.";

/// Tells every key, and waits for an answer before it reads the next one.
fn open_keyboard(
    sender: Sender<Event>,
    may_read: Receiver<()>,
    cancel: Cancel,
) -> Option<Keyboard> {
    Keyboard::open(move |key| {
        if key == Key::Char('q') {
            cancel.cancel();
        }
        sender.send(Event::Key(key)).is_ok() && may_read.recv().is_ok()
    })
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

/// Waits until an editor has done with a file. A key that is pressed meanwhile is answered.
fn settle(events: &Receiver<Event>) -> Option<Key> {
    while let Ok(event) = events.recv_timeout(SETTLE) {
        if let Event::Key(key) = event {
            return Some(key);
        }
    }
    None
}

/// What the screen is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The exercise is worked on; when it passes, the next one is announced.
    Working,
    /// The exercise is announced, and nothing of it was shown yet.
    Announced,
    /// The reader went back to it; when it passes, it stays.
    Visited,
}

/// What a watch knows between two events.
struct Watch<'b, 'a> {
    desk: &'b Desk<'a>,
    item: Item<'a>,
    /// Where the reader was before, the latest last.
    earlier: Vec<Item<'a>>,
    place: Place,
    verdict: Option<Box<Verdict>>,
    /// The exercise and the fingerprint that the last verdict was about.
    judged: Option<(String, String)>,
    last_passed: Option<Item<'a>>,
    asked_to_reset: bool,
    /// The list is on the screen, from this line on.
    list_top: Option<usize>,
    watcher: Watcher,
    /// How the course's own files were when the watch began.
    course: Stamp,
    /// They are others by now.
    is_updated: bool,
    /// What is to be said once about exercises that have another name now.
    renamed: String,
    prebuild: Prebuild,
    has_keys: bool,
}

impl<'a> Watch<'_, 'a> {
    /// Something was saved.
    fn saved(&mut self, cancel: &Cancel) -> Result<()> {
        cancel.reset();
        self.look_at_course();
        self.judge(cancel)
    }

    /// Whether the course's own files have just been seen to be others.
    fn look_at_course(&mut self) -> bool {
        if self.is_updated || Stamp::of_course(self.desk.course) == self.course {
            return false;
        }
        self.is_updated = true;
        true
    }

    /// Judges the current exercise, when something that its verdict rests on has changed.
    fn judge(&mut self, cancel: &Cancel) -> Result<()> {
        self.prebuild.stop();
        self.asked_to_reset = false;
        self.watcher.turn_to(self.item.stage);
        let seen = match self.desk.key(&self.item) {
            Ok(key) => Some((self.item.id(), key)),
            // An editor may be between two steps of a save; the next event comes at once.
            Err(error) => return self.show_error(&error),
        };
        if self.judged == seen {
            return Ok(());
        }
        let advance = match self.judgement() {
            Ok(advance) => advance,
            Err(error) if error.kind() == Kind::Cancelled => return Ok(()),
            Err(error) => return self.show_error(&error),
        };
        // What was saved meanwhile has another key than what was judged, and its turn comes with the next event.
        self.judged = advance.at().map(|item| item.id()).zip(advance.key.clone());
        self.show(&advance)?;
        cancel.reset();
        Ok(())
    }

    /// The verdict on the exercise. When it passes and the reader did not come back to it, the next ones too, as long as
    /// what is written there passes.
    fn judgement(&self) -> Result<Advance<'a>> {
        if self.place != Place::Visited {
            return self.desk.advance(Some(self.item));
        }
        let judged = self.desk.judge(&[self.item])?;
        let verdict = judged.verdicts.into_iter().next();
        let verdict = verdict.ok_or_else(Error::cancelled)?;
        Ok(Advance {
            passed: Vec::new(),
            end: End::Here(self.item, Box::new(verdict)),
            key: judged.keys.into_iter().next(),
            warnings: judged.warnings,
        })
    }

    fn show(&mut self, advance: &Advance<'a>) -> Result<()> {
        self.list_top = None;
        clear_screen();
        print_advance(self.desk, advance, self.rows_for_verdict());
        let passed = advance.passed.iter().map(|(item, _)| *item);
        self.last_passed = passed.clone().next_back().or(self.last_passed);
        self.earlier.extend(passed);
        match &advance.end {
            End::Here(item, verdict) => {
                if verdict.passed() {
                    self.last_passed = Some(*item);
                }
                self.item = *item;
                self.verdict = Some(verdict.clone());
                if self.place == Place::Announced {
                    self.place = Place::Working;
                }
            }
            End::Next(item) => {
                self.item = *item;
                self.verdict = None;
                self.place = Place::Announced;
            }
            End::Finished => {
                self.item = advance.at().unwrap_or(self.item);
                self.verdict = None;
            }
        }
        print_progress(self.desk)?;
        warn(&advance.warnings);
        print!("{}", std::mem::take(&mut self.renamed));
        self.print_keys();
        self.prebuild.start(self.desk, self.item.stage);
        Ok(())
    }

    /// How many rows of the screen are left for a verdict, above the progress, the keys and a notice.
    fn rows_for_verdict(&self) -> Option<usize> {
        let rows = height().filter(|_| look().redraws)?;
        let keys = if width() < 60 { 3 } else { 2 };
        let notice = if self.is_updated {
            UPDATED.len() / width() + 2
        } else {
            0
        };
        Some(rows.saturating_sub(keys + 3 + notice))
    }

    fn show_error(&mut self, error: &Error) -> Result<()> {
        take_line_away();
        clear_screen();
        println!("{}", error_text("", error));
        self.print_keys();
        Ok(())
    }

    fn print_keys(&self) {
        if self.is_updated {
            println!("\n{}", style(wrapped(UPDATED, "")).bold());
        }
        if !self.has_keys {
            println!("{}", style("watching; Ctrl-C ends it").dim());
            return;
        }
        let is_announced = self.place == Place::Announced;
        let solved = self.solved().filter(|item| item.has_solution());
        let solution = match &solved {
            // What passed stands on the screen, above what is announced.
            Some(item) if !is_announced && item.id() != self.item.id() => {
                format!("s solution of {}", item.exercise.name)
            }
            _ => "s solution".to_owned(),
        };
        let keys = [
            (!is_announced, "h hint"),
            (true, if is_announced { "n go on" } else { "n next" }),
            (!self.earlier.is_empty(), "b back"),
            (true, "c check"),
            (true, "e edit"),
            (true, "l list"),
            (!is_announced, "r reset"),
            (solved.is_some(), solution.as_str()),
            (true, "q quit"),
        ];
        let shown = keys.iter().filter(|(is_there, _)| *is_there);
        let separator = if look().plain { ", " } else { " · " };
        let mut lines = vec![String::new()];
        for (_, key) in shown {
            let fits = |line: &String| line.chars().count() + key.len() + 3 <= width();
            match lines.last_mut() {
                Some(line) if line.is_empty() => line.push_str(key),
                Some(line) if fits(line) => line.push_str(&format!("{separator}{key}")),
                _ => lines.push((*key).to_owned()),
            }
        }
        for line in lines {
            println!("{}", style(line).dim());
        }
    }

    fn press(&mut self, key: Key, cancel: &Cancel) -> Result<()> {
        let confirmed = std::mem::take(&mut self.asked_to_reset);
        let id = self.item.id();
        match key {
            Key::Down | Key::Char('j') if self.list_top.is_some() => return self.scroll(true),
            Key::Up | Key::Char('k') if self.list_top.is_some() => return self.scroll(false),
            Key::Char('c' | 'b' | 'n') | Key::Enter => cancel.reset(),
            _ => {}
        }
        match key {
            Key::Char('h') => {
                println!();
                hint::run(self.desk, Some(&id), false)?;
            }
            Key::Char('l') if self.list_top.is_none() => return self.show_list(),
            Key::Char('n') => return self.go_on(cancel),
            Key::Char('b') => return self.go_back(cancel),
            Key::Char('l') | Key::Escape if self.place == Place::Announced => {
                return self.announce();
            }
            Key::Char('c' | 'l') | Key::Enter | Key::Escape => {
                self.judged = None;
                self.look_at_course();
                return self.judge(cancel);
            }
            Key::Char('e') => return self.edit(cancel),
            Key::Char('r') if confirmed => {
                println!();
                reset::run(self.desk.course, &id, false)?;
            }
            Key::Char('r') => {
                let words = format!(
                    "Press r again to bring the starter of {id} back; your file is kept beside it."
                );
                println!("\n{}", wrapped(&words, ""));
                self.asked_to_reset = true;
            }
            Key::Char('s') => self.show_solution(cancel)?,
            _ => return Ok(()),
        }
        self.print_keys();
        Ok(())
    }

    /// Says again what comes next.
    fn announce(&mut self) -> Result<()> {
        let key = self.desk.key(&self.item)?;
        self.show(&Advance {
            passed: Vec::new(),
            end: End::Next(self.item),
            key: Some(key),
            warnings: Vec::new(),
        })
    }

    /// Opens what is announced, or goes on to the next exercise that is not done.
    fn go_on(&mut self, cancel: &Cancel) -> Result<()> {
        if self.place != Place::Announced {
            let Some(next) = self.desk.after(&self.item)? else {
                println!("\nNothing is left after this one.");
                self.print_keys();
                return Ok(());
            };
            self.earlier.push(self.item);
            self.item = next;
        }
        self.place = Place::Working;
        self.judged = None;
        self.judge(cancel)
    }

    /// Goes back to where the reader was before, or else to the exercise before this one.
    fn go_back(&mut self, cancel: &Cancel) -> Result<()> {
        let before = || {
            let mut items = self.desk.course.exercises();
            let mut before = None;
            items
                .find_map(|item| {
                    if item.id() == self.item.id() {
                        return Some(before);
                    }
                    before = Some(item);
                    None
                })
                .flatten()
        };
        let earlier = self.earlier.pop();
        match earlier.or_else(before) {
            Some(item) => self.item = item,
            None => {
                println!("\nThis is the first exercise.");
                self.print_keys();
                return Ok(());
            }
        }
        self.place = Place::Visited;
        self.judged = None;
        self.judge(cancel)
    }

    /// Opens the exercise in the learner's editor.
    fn edit(&mut self, cancel: &Cancel) -> Result<()> {
        let opened = Opening::of(&self.item, self.verdict.as_deref()).and_then(|opening| {
            if opening.takes_terminal {
                interrupt::restore();
                clear_screen();
            }
            let ended = opening.start();
            interrupt::again();
            ended.map(|()| opening.takes_terminal)
        });
        match opened {
            Ok(true) => {
                cancel.reset();
                self.judged = None;
                self.judge(cancel)
            }
            Ok(false) => Ok(()),
            Err(error) => {
                println!("\n{}", error_text("", &error));
                self.print_keys();
                Ok(())
            }
        }
    }

    /// The list from where the reader is, as much as the screen holds.
    fn show_list(&mut self) -> Result<()> {
        let roadmap = self.desk.roadmap()?;
        let page = Lines::of(&roadmap, Some(&self.item.id()));
        let room = room_for(&page);
        let here = page.here.unwrap_or(0);
        let top = here.saturating_sub(room / 3);
        self.print_list(&page, top)
    }

    fn scroll(&mut self, down: bool) -> Result<()> {
        let roadmap = self.desk.roadmap()?;
        let page = Lines::of(&roadmap, Some(&self.item.id()));
        let (top, step) = (self.list_top.unwrap_or(0), room_for(&page) / 2);
        let top = if down {
            top + step
        } else {
            top.saturating_sub(step)
        };
        self.print_list(&page, top)
    }

    fn print_list(&mut self, page: &Lines, top: usize) -> Result<()> {
        let room = room_for(page);
        let top = top.min(page.lines.len().saturating_sub(room));
        self.list_top = Some(top);
        clear_screen();
        for line in page.lines.iter().skip(top).take(room) {
            println!("{line}");
        }
        let all = page.lines.len();
        let words = if room < all {
            let end = (top + room).min(all);
            format!("l back · j down · k up · {} to {end} of {all}", top + 1)
        } else {
            "l back".to_owned()
        };
        println!(
            "{}",
            style(console::truncate_str(&words, width(), "")).dim()
        );
        Ok(())
    }

    /// The exercise whose answer may be shown: the current one once it passes, or the one that passed last while
    /// nothing is written in the current one.
    fn solved(&self) -> Option<Item<'a>> {
        if self
            .verdict
            .as_ref()
            .is_some_and(|verdict| verdict.passed())
        {
            return Some(self.item);
        }
        self.last_passed
            .filter(|_| !is_touched(&self.item).unwrap_or(true))
    }

    fn show_solution(&mut self, cancel: &Cancel) -> Result<()> {
        let item = self.solved().unwrap_or(self.item);
        println!();
        cancel.reset();
        match solution::run(self.desk, &item.id(), false) {
            Ok(_) => Ok(()),
            Err(error) => self.show_error(&error),
        }
    }
}

/// How many lines of a list the screen holds, above the line that explains it.
fn room_for(page: &Lines) -> usize {
    match height().filter(|_| look().redraws) {
        Some(rows) => rows.saturating_sub(2),
        None => page.lines.len(),
    }
}
