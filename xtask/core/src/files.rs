//! Reading and writing the files of the course.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Text files by their path, which is relative and has forward slashes on every system.
pub type FileSet = BTreeMap<String, String>;

/// Reads a text file. Windows line ends become `\n`, so that a checkout with either kind compares as equal.
///
/// # Errors
///
/// When the file cannot be read or is not UTF-8.
pub fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|cause| Error::file(path, cause))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::file(path, "the file is not UTF-8").help("save it as UTF-8 text"))?;
    Ok(if text.contains('\r') {
        text.replace("\r\n", "\n")
    } else {
        text
    })
}

/// Writes a file so that a reader sees the old text or the new one and never a half: a temporary file beside it is
/// filled first and then renamed over it.
///
/// # Errors
///
/// When the folder or the file cannot be written, for example on a full disk; the old file is untouched then.
pub fn write_atomically(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::File::create(&temporary))
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|cause| {
        // The write has failed already; a temporary file that cannot be removed either changes nothing.
        let _ = fs::remove_file(&temporary);
        Error::file(path, cause)
    })
}

/// The first free name beside `path` of the form `NAME.WORD-1`, `NAME.WORD-2` and so on.
pub fn free_name(path: &Path, word: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let names = (1_u32..).map(|number| path.with_file_name(format!("{name}.{word}-{number}")));
    let mut free = names.filter(|candidate| !candidate.is_symlink() && !candidate.exists());
    free.next().unwrap_or_else(|| path.to_owned())
}

/// Every text file below `folder` that `wanted` takes, keyed by its path below `folder`. `wanted` also decides, by
/// their path, which folders are entered. Hidden files and links are passed over; a missing folder has no files.
///
/// # Errors
///
/// When a folder or a file cannot be read, or a file is no text.
pub fn tree(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<FileSet> {
    let mut found = FileSet::new();
    for (name, path) in walk(folder, wanted)? {
        found.insert(name, read(&path)?);
    }
    Ok(found)
}

/// As [`tree`], without the files that are no text or cannot be read: pictures, what a crash left behind.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn texts(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<FileSet> {
    let files = walk(folder, wanted)?.into_iter();
    Ok(files
        .filter_map(|(name, path)| Some((name, read(&path).ok()?)))
        .collect())
}

fn walk(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(current) = pending.pop() {
        for path in entries(&current)? {
            let name = relative(folder, &path);
            let hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if hidden || path.is_symlink() || !wanted(&name) {
                continue;
            }
            if path.is_dir() {
                pending.push(path);
            } else {
                found.push((name, path));
            }
        }
    }
    Ok(found)
}

/// The path of every file below `folder`, hidden ones and links included, relative and with forward slashes.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn paths(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(current) = pending.pop() {
        for path in entries(&current)? {
            if path.is_dir() && !path.is_symlink() {
                pending.push(path);
            } else {
                found.push(relative(folder, &path));
            }
        }
    }
    Ok(found)
}

/// What lies in a folder, sorted; nothing when the folder is missing.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Error::file(folder, cause)),
    };
    let mut paths = listing
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()
        .map_err(|cause| Error::file(folder, cause))?;
    paths.sort();
    Ok(paths)
}

/// `path` seen from `base`, with forward slashes.
pub fn relative(base: &Path, path: &Path) -> String {
    let below = path.strip_prefix(base).unwrap_or(path);
    let parts: Vec<_> = below
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{read, tree, write_atomically};
    use std::fs;

    #[test]
    fn windows_line_ends_read_as_plain_ones() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.rs");
        fs::write(&path, "one\r\ntwo\r\n").expect("the folder is writable");
        assert_eq!(read(&path).expect("the file is text"), "one\ntwo\n");
    }

    #[test]
    fn a_failed_write_keeps_the_old_file_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let occupied = folder.path().join("occupied");
        fs::create_dir(&occupied).expect("the folder is writable");
        fs::write(occupied.join("inner"), "kept").expect("the folder is writable");
        assert!(write_atomically(&occupied, "text").is_err());
        let left: Vec<_> = fs::read_dir(folder.path()).expect("readable").collect();
        assert_eq!(left.len(), 1);
        assert!(occupied.join("inner").exists());
    }

    #[test]
    fn a_tree_holds_the_wanted_files_with_forward_slashes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["src/deep/a.rs", "src/.hidden", "wrong/b.rs"] {
            write_atomically(&folder.path().join(name), "").expect("writable");
        }
        let found = tree(folder.path(), |name| name != "wrong").expect("readable");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["src/deep/a.rs"]);
    }
}
