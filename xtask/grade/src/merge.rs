//! Puts the shards of a class together: every split of a class gives the report of one run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use xtask_core::error::{Error, Result};

use crate::results::{Report, VERSION};

/// Reads JSON reports and joins them.
///
/// # Errors
///
/// When a file is no report, the reports do not belong together, or a part of the class is missing.
pub fn merge(paths: &[PathBuf]) -> Result<Report> {
    let mut reports = Vec::new();
    for path in paths {
        reports.push((path.as_path(), read(path)?));
    }
    join(reports)
}

fn read(path: &Path) -> Result<Report> {
    let text = xtask_core::files::read(path)?;
    let report: Report = serde_json::from_str(&text).map_err(|error| {
        Error::file(path, format!("it is no report of `grade`: {error}"))
            .help("make it with `cargo xtask grade --shard I/N --format json`")
    })?;
    if report.version == VERSION {
        Ok(report)
    } else {
        let what = format!(
            "it has version {}, and this grader reads {VERSION}",
            report.version
        );
        Err(Error::file(path, what))
    }
}

fn join(reports: Vec<(&Path, Report)>) -> Result<Report> {
    let mut reports = reports.into_iter();
    let Some((_, mut whole)) = reports.next() else {
        return Err(
            Error::new("there is nothing to merge").help("name the JSON report of every shard")
        );
    };
    let first = whole.shard;
    let mut seen: BTreeSet<usize> = first.iter().map(|shard| shard.index).collect();
    for (path, report) in reports {
        let same_split = report.shard.map(|shard| (shard.of, shard.class))
            == first.map(|shard| (shard.of, shard.class));
        if report.course != whole.course
            || report.exercises != whole.exercises
            || report.isolation != whole.isolation
        {
            return Err(Error::file(
                path,
                "it was graded by another course, toolchain, isolation or selection than the first",
            )
            .help("grade every shard with the same checkout, on the same kind of machine"));
        }
        if !same_split || report.shard.is_some_and(|shard| !seen.insert(shard.index)) {
            return Err(Error::file(path, "it is no other shard of the same split")
                .help("each of `--shard 1/N` to `--shard N/N` is needed once"));
        }
        whole.learners.extend(report.learners);
    }
    if let Some(shard) = first {
        let missing: Vec<String> = (1..=shard.of)
            .filter(|index| !seen.contains(index))
            .map(|index| format!("{index}/{}", shard.of))
            .collect();
        if !missing.is_empty() {
            return Err(Error::new(format!(
                "these shards are missing: {}",
                missing.join(", ")
            )));
        }
        if whole.learners.len() != shard.class {
            return Err(Error::new(format!(
                "the class has {} submissions, and the shards hold {}",
                shard.class,
                whole.learners.len()
            )));
        }
    }
    whole.learners.sort_by(|one, other| one.id.cmp(&other.id));
    let mut ids = BTreeSet::new();
    if let Some(twice) = whole
        .learners
        .iter()
        .find(|learner| !ids.insert(&learner.id))
    {
        return Err(Error::new(format!(
            "the learner `{}` stands in two reports",
            twice.id
        )));
    }
    whole.shard = None;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::{join, read};
    use crate::results::{Learner, Points, Report, Shard, VERSION};
    use crate::sandbox::Level;
    use std::path::Path;

    fn shard(index: usize, of: usize, learner: &str) -> Report {
        Report {
            version: VERSION,
            course: "c0ffee".into(),
            toolchain: "rustc 1.95.0".into(),
            isolation: Level::Full,
            shard: Some(Shard {
                index,
                of,
                class: of,
            }),
            exercises: Vec::new(),
            learners: vec![Learner {
                id: learner.into(),
                name: String::new(),
                points: Points::default(),
                problem: None,
                exercises: Vec::new(),
                notices: Vec::new(),
            }],
        }
    }

    fn joined(reports: Vec<Report>) -> Result<Report, String> {
        let named = reports
            .into_iter()
            .map(|report| (Path::new("shard.json"), report));
        join(named.collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn shards_come_together_in_the_order_of_the_class() {
        let whole = joined(vec![shard(2, 2, "b"), shard(1, 2, "a")]).expect("both are there");
        let ids: Vec<&str> = whole
            .learners
            .iter()
            .map(|learner| learner.id.as_str())
            .collect();
        assert_eq!((ids.as_slice(), whole.shard), (&["a", "b"][..], None));
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let of = |change: fn(&mut Report)| {
            let mut other = shard(2, 2, "b");
            change(&mut other);
            vec![shard(1, 2, "a"), other]
        };
        for (reports, word) in [
            (of(|other| other.course = "tea".into()), "another course"),
            (of(|other| other.isolation = Level::Basic), "another course"),
            (of(|other| other.shard = None), "no other shard"),
            (vec![shard(1, 2, "a"), shard(1, 2, "b")], "no other shard"),
            (vec![shard(1, 2, "a"), shard(2, 3, "b")], "no other shard"),
            (vec![shard(1, 2, "a")], "missing: 2/2"),
            (vec![shard(1, 2, "a"), shard(2, 2, "a")], "two reports"),
            (of(|other| other.learners.clear()), "the shards hold 1"),
            (Vec::new(), "nothing to merge"),
        ] {
            let said = joined(reports).expect_err(word);
            assert!(said.contains(word), "{word}: {said}");
        }
    }

    #[test]
    fn a_report_of_another_version_is_not_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("shard.json");
        let mut report = shard(1, 1, "a");
        for (version, is_read) in [(VERSION, true), (VERSION + 1, false)] {
            report.version = version;
            let text = serde_json::to_string(&report).expect("it can be written");
            std::fs::write(&path, text).expect("writable");
            assert_eq!(read(&path).is_ok(), is_read, "version {version}");
        }
    }
}
