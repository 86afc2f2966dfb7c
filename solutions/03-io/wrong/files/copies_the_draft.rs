//! Caught by: new_contents_take_the_place_of_the_old
//! Why it tempts: a copy has the same contents in the end, but is not one step, and the draft stays.
//!
//! The journal of orders, and the stock list.
//!
//! The shop appends each order to a journal, which only ever grows. It writes its stock list anew every minute, while
//! other programs read it, on a machine that may be switched off at any moment.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// Adds `entry` as the last line of the journal. The file is made if it does not exist; the folder is not.
///
/// Each entry ends with `\n`, on every system. It is handed to the system in one piece, so that the entries of two
/// programs do not mix.
///
/// # Errors
///
/// - [`io::ErrorKind::InvalidInput`] for an entry that contains `\n` or `\r`: it would not come back as it was. The
///   journal is left as it is.
/// - What the system says, when the file cannot be opened or written.
pub fn append_entry(journal: &Path, entry: &str) -> io::Result<()> {
    if entry.contains(['\n', '\r']) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "an entry is one line",
        ));
    }
    let mut file = OpenOptions::new().append(true).create(true).open(journal)?;
    // `writeln!` may hand over the text and the line feed one after the other.
    file.write_all(format!("{entry}\n").as_bytes())
}

/// Reads the entries of the journal back, the oldest first. A journal that does not exist yet has none.
///
/// # Errors
///
/// - [`io::ErrorKind::InvalidData`] when a line is not UTF-8.
/// - What the system says, when the file exists and cannot be read.
pub fn read_entries(journal: &Path) -> io::Result<Vec<String>> {
    match File::open(journal) {
        Ok(file) => BufReader::new(file).lines().collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Puts new contents in the place of the file at `target`, all or nothing.
///
/// `fill` writes the new contents into the file that it is given: the draft, whose path [`draft_of`] knows. When `fill`
/// is done and the system has stored the draft, the draft takes the name of the target. So whoever opens `target`, at
/// any moment, finds the old contents or the new, whole. If the machine stops half-way, `target` is as it was, and a
/// draft may be left behind: the next call writes over it.
///
/// The target need not exist. Its folder must.
///
/// # Errors
///
/// - [`io::ErrorKind::InvalidInput`] when `target` has no file name, as `..` has not.
/// - The error of `fill`, or what the system says about the draft and the renaming.
///
/// After an error `target` is as it was, and there is no draft.
pub fn replace(target: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let draft = draft_of(target)?;
    let result = write_draft(&draft, fill).and_then(|()| fs::copy(&draft, target).map(|_| ()));
    if result.is_err() {
        // The caller learns what went wrong first. That the draft could not be removed either is of no use to it.
        let _ = fs::remove_file(&draft);
    }
    result
}

/// Writes the draft, and closes it before it is renamed: some systems do not rename a file that is open.
fn write_draft(draft: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = File::create(draft)?;
    fill(&mut file)?;
    // Without this, a power cut after the renaming could leave the new name with half of the contents.
    file.sync_all()
}

/// Where the draft for `target` lies: in the same folder, under the same name with `.draft` behind it. Given.
///
/// The folder is the same because a file cannot be renamed from one disk to another.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidInput`] when `target` has no file name.
pub fn draft_of(target: &Path) -> io::Result<PathBuf> {
    match target.file_name() {
        Some(name) => {
            let mut name = name.to_os_string();
            name.push(".draft");
            Ok(target.with_file_name(name))
        }
        None => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path has no file name",
        )),
    }
}
