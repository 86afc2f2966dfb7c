//! Keeps a disk from filling up, and from becoming anybody's fault but that of who fills it: what one build may write has
//! a limit, what builds leave behind is removed, and a test that cannot write its file, or a compiler that cannot write
//! its program, says nothing about the code.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use xtask_core::course::PROFILE;
use xtask_core::error::{Error, Result};
use xtask_core::process::Cancel;

const MIB: u64 = 1 << 20;

/// What one build may add to what lies there, in bytes; and the largest file that a compiler may write.
pub const BUILD: u64 = 512 * MIB;

/// What must be free before one is begun, in bytes: a build is stopped a moment after it has written too much.
pub const NEEDED: u64 = 2 * BUILD;

/// What builds may leave behind for the next one to be quick, in bytes.
const KEPT: u64 = 256 * MIB;

/// How often it is looked what a build has written.
const STEP: Duration = Duration::from_millis(400);

/// Makes sure that `bytes` are free where `folder` lies.
///
/// # Errors
///
/// When they are not.
pub fn ensure_free(folder: &Path, bytes: u64) -> Result<()> {
    let stat = rustix::fs::statvfs(folder).map_err(|cause| Error::file(folder, cause))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free >= bytes {
        return Ok(());
    }
    Err(Error::new(format!(
        "the disk of {} is full: {} MiB are free, and {} are needed to grade without guessing",
        folder.display(),
        free / MIB,
        bytes / MIB
    ))
    .help("make room, or name another disk with `--work`; what was graded so far is remembered"))
}

/// Where one lane builds, and what lies there of submissions.
#[derive(Debug)]
pub struct Builds {
    target: PathBuf,
    /// The names of the crates that are made of submissions.
    crates: Vec<String>,
}

impl Builds {
    /// The builds in a target folder, in which `libraries` are made of submissions, with their tests.
    pub fn new(target: PathBuf, libraries: impl IntoIterator<Item = String>) -> Self {
        let mut crates: Vec<String> = libraries.into_iter().collect();
        crates.push("stage".to_owned());
        Self { target, crates }
    }

    /// Does some work, and calls it off when it writes more than `most` bytes. Answers what came of it, and whether it was
    /// too much.
    pub fn watched<T>(&self, most: u64, cancel: &Cancel, work: impl FnOnce() -> T) -> (T, bool) {
        let most = size(&self.folders()).saturating_add(most);
        let over = AtomicBool::new(false);
        let (working, ended) = channel::<()>();
        let (writes, is_over) = (|| size(&self.folders()), &over);
        let answer = thread::scope(|scope| {
            scope.spawn(move || {
                while ended.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                    if writes() > most {
                        is_over.store(true, Ordering::Relaxed);
                        cancel.cancel();
                        break;
                    }
                }
            });
            let answer = work();
            drop(working);
            answer
        });
        let over = over.into_inner();
        if over {
            cancel.reset();
        }
        (answer, over)
    }

    /// Removes what builds of submissions have left, if it is more than a next build is worth.
    pub fn tidy(&self) {
        if size(&self.leftovers()) > KEPT {
            self.sweep();
        }
    }

    /// Removes what builds of submissions have left. The next one begins anew.
    pub fn sweep(&self) {
        for path in self.leftovers() {
            // What cannot be removed is found by the next look at what is free.
            let _ = match fs::symlink_metadata(&path) {
                Ok(kind) if kind.is_dir() => fs::remove_dir_all(&path),
                _ => fs::remove_file(&path),
            };
        }
    }

    /// Where compilers and linkers write.
    fn folders(&self) -> Vec<PathBuf> {
        let built = self.target.join(PROFILE);
        vec![
            built.join("deps"),
            built.join("incremental"),
            self.target.join("tmp"),
        ]
    }

    /// Everything that is made of submissions: what compilers keep for their next time, what they had no time to remove,
    /// and the libraries and tests themselves.
    fn leftovers(&self) -> Vec<PathBuf> {
        let built = self.target.join(PROFILE);
        let mut found = inside(&built.join("incremental"));
        found.extend(inside(&self.target.join("tmp")));
        found.extend(inside(&built.join("deps")).into_iter().filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let own = name.strip_prefix("lib").unwrap_or(&name);
            let mut crates = self.crates.iter();
            crates.any(|known| {
                own.strip_prefix(known.as_str())
                    .is_some_and(|rest| rest.starts_with('-'))
            }) || name.ends_with(".rcgu.o")
                // Cargo has none there; a compiler has them for what it is not done with.
                || path.is_dir()
        }));
        found
    }
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// What files and folders take on the disk, in bytes; what has several names is counted once.
fn size(paths: &[PathBuf]) -> u64 {
    const BLOCK: u64 = 512;
    let mut pending = paths.to_vec();
    let mut seen = HashSet::new();
    let mut bytes = 0_u64;
    while let Some(path) = pending.pop() {
        // A compiler may be removing it at this moment.
        let Ok(data) = fs::symlink_metadata(&path) else {
            continue;
        };
        if data.is_dir() {
            pending.extend(inside(&path));
        } else if data.nlink() == 1 || seen.insert(data.ino()) {
            bytes = bytes.saturating_add(data.blocks().saturating_mul(BLOCK));
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{Builds, ensure_free, size};
    use std::path::Path;
    use xtask_core::process::Cancel;

    #[test]
    fn a_full_disk_is_named_with_what_is_free() {
        assert!(ensure_free(Path::new("."), 0).is_ok());
        let said = ensure_free(Path::new("."), u64::MAX).expect_err("no disk has as much");
        let (free, needed) = ("MiB are free", "and 17592186044415 are needed");
        assert!(
            said.to_string().contains(free) && said.to_string().contains(needed),
            "{said}"
        );
    }

    fn place() -> (tempfile::TempDir, Builds) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["deps/rmetaX", "incremental/logic-1/s-1"] {
            std::fs::create_dir_all(folder.path().join("runner").join(name)).expect("writable");
        }
        std::fs::create_dir_all(folder.path().join("tmp/rustcX")).expect("writable");
        let builds = Builds::new(folder.path().to_owned(), ["logic".to_owned()]);
        (folder, builds)
    }

    #[test]
    fn what_writes_too_much_is_called_off() {
        let (folder, builds) = place();
        let write = |name: &str| {
            let path = folder.path().join("runner/deps").join(name);
            std::fs::write(path, vec![1; 1 << 20]).expect("writable");
        };
        write("before");
        let cancel = Cancel::default();
        let ((), over) = builds.watched(2 << 20, &cancel, || write("little"));
        assert!(!over, "it may write so much");
        let (waited, over) = builds.watched(2 << 20, &cancel, || {
            ["a", "b", "c"].iter().for_each(|name| write(name));
            while !cancel.is_cancelled() {
                std::thread::yield_now();
            }
            true
        });
        assert!(waited && over, "it is called off");
        assert!(!cancel.is_cancelled(), "the next one is not");
    }

    #[test]
    fn what_submissions_leave_is_removed_and_the_dependencies_stay() {
        let (folder, builds) = place();
        let file = |name: &str| folder.path().join("runner").join(name);
        let left = [
            "deps/liblogic-1.rlib",
            "deps/stage-2",
            "deps/logic-1.d",
            "deps/logic-1.a.rcgu.o",
            "deps/x.rcgu.o",
            "deps/rmetaX/full.rmeta",
            "incremental/logic-1/s-1/big.o",
        ];
        let kept = [
            "deps/libserde-1.rlib",
            "deps/liblogic_lesson.rlib",
            "deps/stager-1.d",
        ];
        for name in left.iter().chain(&kept) {
            std::fs::write(file(name), [1; 5000]).expect("writable");
        }
        builds.tidy();
        assert!(left.iter().all(|name| file(name).exists()), "it is little");
        builds.sweep();
        assert!(!left.iter().any(|name| file(name).exists()));
        assert!(kept.iter().all(|name| file(name).exists()));
        assert_eq!(size(&builds.leftovers()), 0);
    }

    #[test]
    fn one_file_with_two_names_counts_once() {
        let (folder, _) = place();
        let deps = folder.path().join("runner/deps");
        std::fs::write(deps.join("a"), vec![1; 1 << 20]).expect("writable");
        let alone = size(std::slice::from_ref(&deps));
        std::fs::hard_link(deps.join("a"), deps.join("b")).expect("writable");
        assert_eq!(size(&[deps]), alone);
    }
}
