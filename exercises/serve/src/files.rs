//! Files that nobody else reads.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// The permissions of a file that its owner alone reads and writes.
#[cfg(unix)]
const FILE: u32 = 0o600;
/// The permissions of a folder that its owner alone opens.
#[cfg(unix)]
const FOLDER: u32 = 0o700;
/// The sticky bit: many put their files here, and each removes only their own.
#[cfg(unix)]
const SHARED: u32 = 0o1000;

/// Makes the file, if need be, so that its owner alone reads and writes it; takes the others' permissions away where it is
/// there already. What is in it stays.
///
/// SQLite gives the permissions of a database to the files beside it (`-wal`, `-shm`) when it makes them. Elsewhere than on
/// Unix, where files have access lists that they inherit from their folder, the file is made and its permissions stay as
/// they are: put it into a folder of your own.
///
/// # Errors
///
/// When it can neither be made nor opened for writing, belongs to somebody else, or is something else than a file: a device
/// such as `/dev/null` is everybody's.
pub fn own(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let words = "it is there, and it is no file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(FILE);
    }
    narrow_file(&options.open(path)?)
}

/// Makes the folder and those above it, if need be, so that its owner alone sees what is in it; takes the others' permissions
/// away where it is there already. Elsewhere than on Unix, permissions stay as they are; so do those of a folder that is meant to
/// be shared, such as `/tmp` (its sticky bit says so).
///
/// # Errors
///
/// When it cannot be made, is no folder, or belongs to somebody else.
pub fn own_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(FOLDER);
    }
    builder.create(path)?;
    narrow_folder(path)
}

#[cfg(unix)]
fn narrow_file(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if file.metadata()?.permissions().mode() & 0o777 & !FILE == 0 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(FILE))
}

#[cfg(unix)]
fn narrow_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & SHARED != 0 || mode & 0o777 & !FOLDER == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(FOLDER))
}

#[cfg(not(unix))]
fn narrow_file(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn narrow_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
