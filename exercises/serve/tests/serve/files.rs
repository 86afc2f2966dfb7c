use std::fs;
use std::path::Path;

use serve::{own, own_folder};

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

fn open_to_all(path: &Path) {
    set_mode(path, 0o777);
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

/// A file is made for its owner; one that is there is narrowed, and keeps what is in it.
#[test]
fn a_file_is_its_owners() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lantern.db");
    own(&path).expect("it can be made");
    assert_eq!(mode(&path), 0o600, "made");
    fs::write(&path, "kept").expect("it is ours");
    open_to_all(&path);
    own(&path).expect("it is ours");
    assert_eq!(mode(&path), 0o600, "narrowed");
    assert_eq!(fs::read_to_string(&path).expect("it is ours"), "kept");
    own(&folder.path().join("none/lantern.db")).expect_err("there is no such folder");
    own(folder.path()).expect_err("a folder is no file");
}

/// A folder is made for its owner, with those above it; one that is there is narrowed.
#[test]
fn a_folder_is_its_owners() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("mails/new");
    own_folder(&path).expect("it can be made");
    assert_eq!(mode(&path), 0o700, "made");
    open_to_all(&path);
    own_folder(&path).expect("it is ours");
    assert_eq!(mode(&path), 0o700, "narrowed");
    set_mode(&path, 0o1777);
    own_folder(&path).expect("it is there");
    assert_eq!(mode(&path), 0o777, "shared");
    let file = folder.path().join("file");
    own(&file).expect("it can be made");
    own_folder(&file).expect_err("a file is no folder");
}
