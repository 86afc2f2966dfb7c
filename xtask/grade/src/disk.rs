//! Keeps a full disk from becoming anybody's fault: a test that cannot write its file, or a compiler that cannot write
//! its program, says nothing about the code.

use std::path::Path;

use xtask_core::error::{Error, Result};

const MIB: u64 = 1 << 20;

/// What a stage may write while it is built and tested, in bytes.
pub const NEEDED: u64 = 512 * MIB;

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

#[cfg(test)]
mod tests {
    use super::ensure_free;
    use std::path::Path;

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
}
