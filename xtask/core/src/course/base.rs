//! What all verdicts of a stage rest on besides the stage's own files.

use super::reach::{Library, Reach, files_with};
use super::{Stage, WorkspaceManifest, locked_behind};
use crate::error::Result;
use crate::files;
use crate::key::{KeyMaker, of_files};

/// The key of the settings of the workspace, and of what the stage reaches: the libraries that stages share, the
/// dependencies that it and they name, and the locked versions behind those. `manifest` is the stage's own.
///
/// A change of what only other stages reach keeps the key.
///
/// # Errors
///
/// When a file of the course cannot be read.
pub fn base_key(stage: &Stage, manifest: &str) -> Result<String> {
    let root = &stage.root;
    let workspace = WorkspaceManifest::load(root)?;
    let lock = files::read(&root.join("Cargo.lock")).unwrap_or_default();
    let libraries = workspace.libraries();
    let folder = |name: &str| libraries.get(name).map(|path| root.join(path));
    let reach = Reach::of(manifest, |name| {
        Some(Library {
            manifest: files::read(&folder(name)?.join("Cargo.toml")).ok()?,
            features: workspace.features_of(name),
        })
    });
    let mut key = KeyMaker::default();
    for (name, path) in &libraries {
        let on = match &reach {
            Some(reach) => reach.libraries.get(name).map(Some),
            None => Some(None),
        };
        let Some(features) = on else { continue };
        let texts = files::texts(&root.join(path), |name| name != "target")?;
        let counts = features.map_or_else(|| texts.clone(), |on| files_with(&texts, on));
        key = key.text(name).text(&of_files(&counts));
    }
    let reached = reach.as_ref().map(|reach| &reach.names);
    let settings = workspace.settings(|name| reached.is_none_or(|names| names.contains(name)));
    let locked = locked_behind(&lock, &stage.id, |package, dependency| {
        let pair = (package.to_owned(), dependency.to_owned());
        reach
            .as_ref()
            .is_none_or(|reach| !reach.off.contains(&pair))
    });
    let key = key.text("").text(&settings);
    Ok(locked.iter().fold(key, |key, line| key.text(line)).finish())
}
