//! What all verdicts of a stage rest on besides the stage's own files.

use super::{Stage, WorkspaceManifest, locked_behind};
use crate::error::Result;
use crate::files;
use crate::key::{KeyMaker, of_files};

/// The key of the settings of the workspace, the locked versions behind the stage, and the libraries that stages share.
///
/// # Errors
///
/// When a file of the course cannot be read.
pub fn base_key(stage: &Stage) -> Result<String> {
    let root = &stage.root;
    let manifest = WorkspaceManifest::load(root)?;
    let lock = files::read(&root.join("Cargo.lock")).unwrap_or_default();
    let mut shared = KeyMaker::default();
    for path in manifest.shared() {
        let texts = files::texts(&root.join(&path), |name| name != "target")?;
        shared = shared.text(&of_files(&texts));
    }
    let key = KeyMaker::default()
        .text(&manifest.settings())
        .text(&shared.finish());
    let locked = locked_behind(&lock, &stage.id);
    Ok(locked.iter().fold(key, |key, line| key.text(line)).finish())
}
