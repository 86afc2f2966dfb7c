//! The promises of the course, each with a check that can fail.

pub mod answers;
pub mod clock;
pub mod constants;
pub mod diagnoses;
pub mod features;
pub mod files;
pub mod lessons;
pub mod memory;
pub mod plan;
pub mod tools;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use console::style;
use xtask::commands::Ending;
use xtask_core::course::{Course, Stage};
use xtask_core::engine::Engine;
use xtask_core::error::Result;
use xtask_core::process::processor_time;

use clock::Clock;
use memory::Memory;
use plan::Plan;

/// What is to be verified, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Only this stage.
    pub stage: Option<String>,
    /// Only one part of several.
    pub shard: Option<Shard>,
    /// Also what takes long, and nothing is taken from memory.
    pub slow: bool,
}

/// One of several parts of the work, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    pub number: usize,
    pub of: usize,
}

/// As many answers take about as long as the checks of the workspace as a whole.
const WHOLE: usize = 100;

/// Checks every promise of the course, or of a part of it, and prints what is broken and what to do.
///
/// # Errors
///
/// When the stage is unknown, or something keeps the checks from running.
pub fn run(course: &Course, engine: &Engine<'_>, clock: &Clock, wish: &Wish) -> Result<Ending> {
    let stages: Vec<&Stage> = match &wish.stage {
        Some(name) => vec![course.stage(name)?],
        None => course.stages.iter().collect(),
    };
    let whole = wish.stage.is_none();
    let remembering = match wish.slow {
        true => None,
        false => Some(Memory::below(engine.target_folder())?),
    };
    let memory = remembering.as_ref();
    let mut ledger = Ledger::default();
    let (stages, whole) = match wish.shard {
        None => (stages, whole),
        Some(shard) => shared_out(&stages, whole, shard)?,
    };
    if whole {
        ledger.section("the roadmap");
        files::check_course(&mut ledger, course)?;
    }
    let mut plans = Vec::new();
    for stage in &stages {
        let plan = Plan::of(stage, memory)?;
        clock.expect(plan.rounds());
        plans.push(plan);
    }
    for plan in plans {
        let stage = plan.stage;
        ledger.stage(&stage.folder);
        ledger.section(&format!("{} · files", stage.folder));
        files::check_stage(&mut ledger, course, stage)?;
        diagnoses::check_stage(&mut ledger, stage)?;
        let rounds = plan.rounds();
        ledger.section(&format!(
            "{} · starters, solutions, mistakes and alternatives, in {rounds} rounds",
            stage.folder
        ));
        answers::check_plan(&mut ledger, engine, plan, memory, || clock.tick())?;
        clock.clear();
        ledger.section(&format!("{} · lessons", stage.folder));
        lessons::check_stage(&mut ledger, engine, stage, memory)?;
    }
    ledger.stage("the workspace");
    ledger.section("the features of every dependency");
    features::check(&mut ledger, course, &stages, whole)?;
    let scope = tools::Scope {
        stages: &stages,
        whole,
        slow: wish.slow,
    };
    tools::check(&mut ledger, course, scope, memory)?;
    Ok(ledger.close().into())
}

/// The stages of one shard, and whether it has the checks of the workspace as a whole. Each stage, the one with the
/// most answers first, goes to the shard that has the least to do.
fn shared_out<'a>(
    stages: &[&'a Stage],
    whole: bool,
    shard: Shard,
) -> Result<(Vec<&'a Stage>, bool)> {
    let mut parts: Vec<(usize, Option<&Stage>)> = Vec::new();
    for stage in stages {
        let answers = Plan::of(stage, None)?.answers.len();
        parts.push((answers, Some(*stage)));
    }
    if whole {
        parts.push((WHOLE, None));
    }
    parts.sort_by_key(|(answers, _)| std::cmp::Reverse(*answers));
    let mut loads = vec![0; shard.of];
    let (mut own, mut has_whole) = (Vec::new(), false);
    for (answers, part) in parts {
        let least = loads.iter().enumerate().min_by_key(|(_, load)| **load);
        let Some(place) = least.map(|(place, _)| place) else {
            continue;
        };
        loads[place] += answers;
        if place + 1 == shard.number {
            has_whole |= part.is_none();
            own.extend(part);
        }
    }
    own.sort_by_key(|stage| stage.folder.as_str());
    Ok((own, has_whole))
}

/// Counts what holds, and keeps what does not.
#[derive(Debug, Default)]
pub struct Ledger {
    passed: usize,
    failures: Vec<Failure>,
    section: Option<Section>,
    /// Tests that pass on an answer that gives the same simple value always, by their file.
    remarks: BTreeMap<String, Vec<String>>,
    /// What each stage took.
    shares: Vec<(String, Taken)>,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The file that breaks it, relative to the course.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

/// What a part of the work takes: on the clock, which other builds slow down, and of the processors.
#[derive(Debug)]
struct Taken {
    begun: Instant,
    before: Option<Duration>,
    end: Option<(Duration, Option<Duration>)>,
}

impl Taken {
    fn begin() -> Self {
        Self {
            begun: Instant::now(),
            before: processor_time(),
            end: None,
        }
    }

    /// What it has taken so far, or had taken when it was ended.
    fn so_far(&self) -> (Duration, Option<Duration>) {
        self.end.unwrap_or_else(|| {
            let used = processor_time().zip(self.before);
            let used = used.map(|(now, before)| now.saturating_sub(before));
            (self.begun.elapsed(), used)
        })
    }

    fn end(&mut self) {
        self.end = Some(self.so_far());
    }

    /// `12.3 s, 20.1 s of processors`.
    fn words(&self) -> String {
        let (seconds, used) = self.so_far();
        let used = used.map(|used| format!(", {:.1} s of processors", used.as_secs_f64()));
        format!("{:.1} s{}", seconds.as_secs_f64(), used.unwrap_or_default())
    }
}

#[derive(Debug)]
struct Section {
    title: String,
    taken: Taken,
    passed_before: usize,
    failed_before: usize,
}

impl Ledger {
    /// What comes now belongs to a stage, or to the workspace as a whole.
    pub fn stage(&mut self, name: &str) {
        self.end_section();
        self.end_stage();
        self.shares.push((name.to_owned(), Taken::begin()));
    }

    fn end_stage(&mut self) {
        if let Some((_, taken)) = self.shares.last_mut() {
            taken.end();
        }
    }

    /// Notes something that breaks no promise.
    pub fn remark(&mut self, file: &str, test: &str) {
        let tests = self.remarks.entry(file.to_owned()).or_default();
        tests.push(test.to_owned());
    }

    /// The tests that were remarked on, by their file, and what that means; nothing when there are none.
    pub fn remarked(&self) -> Option<String> {
        if self.remarks.is_empty() {
            return None;
        }
        let mut words = String::from(
            "These tests pass on an answer that gives the same simple value always. No promise is broken, because others \
             of the exercise fail; marks by the test come cheaper with each of them. One more value, pinned, sees the work:",
        );
        for (file, tests) in &self.remarks {
            words.push_str(&format!("\n  {file}: {}", tests.join(", ")));
        }
        Some(words)
    }

    /// Begins a group of checks, and says how the one before went.
    pub fn section(&mut self, title: &str) {
        self.end_section();
        self.section = Some(Section {
            title: title.to_owned(),
            taken: Taken::begin(),
            passed_before: self.passed,
            failed_before: self.failures.len(),
        });
    }

    /// Notes one check: `file` keeps its promise, or breaks it as `what` says; `mend` says what to do then.
    pub fn check(&mut self, holds: bool, file: &str, what: &str, mend: &str) {
        if holds {
            self.passed += 1;
            return;
        }
        let failure = Failure {
            file: file.to_owned(),
            what: what.to_owned(),
            mend: mend.to_owned(),
        };
        println!("{} {file}: {what}\n    {mend}", style("✗").red());
        self.failures.push(failure);
    }

    /// Notes a check that has nothing to say when it holds.
    pub fn result(&mut self, file: &str, mend: &str, result: std::result::Result<(), String>) {
        let what = result.as_ref().err().cloned().unwrap_or_default();
        self.check(result.is_ok(), file, &what, mend);
    }

    /// Ends the last group and prints the counts. True when everything holds.
    pub fn close(mut self) -> bool {
        self.end_section();
        self.end_stage();
        if let Some(words) = self.remarked() {
            println!("\n{words}");
        }
        self.print_shares();
        println!("\n{} passed, {} failed", self.passed, self.failures.len());
        self.failures.is_empty()
    }

    fn print_shares(&self) {
        let seconds = |taken: &Taken| taken.so_far().0.as_secs_f64();
        let total: f64 = self.shares.iter().map(|(_, taken)| seconds(taken)).sum();
        if self.shares.len() < 2 || total == 0.0 {
            return;
        }
        println!("\nWhat took how long:");
        for (name, taken) in &self.shares {
            let share = 100.0 * seconds(taken) / total;
            println!("  {name:<20} {share:>3.0} %   {}", taken.words());
        }
    }

    fn end_section(&mut self) {
        let Some(section) = self.section.take() else {
            return;
        };
        let failed = self.failures.len() - section.failed_before;
        let passed = self.passed - section.passed_before;
        let mark = if failed == 0 {
            style("✓").green()
        } else {
            style("✗").red()
        };
        println!(
            "{mark} {}: {passed} hold, {failed} broken ({})",
            section.title,
            section.taken.words()
        );
    }

    /// What is broken so far.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// How many checks held so far.
    pub fn passed(&self) -> usize {
        self.passed
    }
}
