//! Namespaces of their own for the tests: a network with the loopback device and nothing else, and a view of the files
//! in which nothing can be changed.
//!
//! One process holds them for a lane, and every test of the lane joins it, which costs a few system calls and not a
//! network. What a test may write is then put on top, for this test alone.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, setns, unshare};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change, mount_remount};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};

use super::Namespaces;

/// Where the kernel shows every process its own program and memory.
const PROC: &str = "/proc";

/// Makes the namespaces, says so on standard output, and holds them until standard input ends. `hidden` are folders that
/// are empty in them.
pub fn hold(hidden: &[PathBuf]) -> Result<(), String> {
    let in_user_namespace = make()?;
    bring_loopback_up()?;
    let mounts = mount_points()?;
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )
    .map_err(|error| format!("mounts of its own: {error}"))?;
    // First of all, so that nothing that is mounted below has to be looked at.
    for folder in hidden.iter().map(PathBuf::as_path).chain([Path::new(PROC)]) {
        mount_memory(folder, MountFlags::RDONLY, "mode=755")?;
    }
    for (place, flags) in &mounts {
        make_read_only(place, *flags)?;
    }
    let words = if in_user_namespace { "user" } else { "root" };
    let mut out = std::io::stdout();
    writeln!(out, "{words}")
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())?;
    let mut nothing = [0; 1];
    // It ends when the grader closes its end, or is gone.
    let _ = std::io::stdin().read(&mut nothing);
    Ok(())
}

/// True when it took a user namespace, which an ordinary user needs.
fn make() -> Result<bool, String> {
    let both = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    if unshare(both).is_ok() {
        return Ok(false);
    }
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    unshare(CloneFlags::CLONE_NEWUSER | both)
        .map_err(|error| format!("no namespaces of its own: {error}"))?;
    let (user, group) = (user.as_raw(), group.as_raw());
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{user} {user} 1")),
        ("gid_map", format!("{group} {group} 1")),
    ] {
        std::fs::write(format!("/proc/self/{file}"), text)
            .map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(true)
}

/// Asks the kernel over netlink: `RTM_NEWLINK` for the device with the index 1, which is the loopback device.
fn bring_loopback_up() -> Result<(), String> {
    const LENGTH: u32 = 32;
    const NEW_LINK: u16 = 16;
    const REQUEST_AND_ANSWER: u16 = 1 | 4;
    const UP: u32 = 1;
    let mut message = Vec::new();
    message.extend(LENGTH.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_AND_ANSWER.to_ne_bytes());
    // Sequence, sender; then the device: any family, any type, index 1, the flags, and which of them change.
    for number in [1, 0, 0, 1, UP, UP] {
        message.extend(u32::to_ne_bytes(number));
    }
    let fail = |error: Errno| format!("the loopback device: {error}");
    let link = socket(AddressFamily::NETLINK, SocketType::RAW, None).map_err(fail)?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&link, &message, SendFlags::empty(), &kernel).map_err(fail)?;
    let mut answer = [0_u8; 256];
    recv(&link, &mut answer, RecvFlags::empty()).map_err(fail)?;
    // The answer's header has 16 bytes; an error number follows, and 0 is none.
    let code = answer[16..20].try_into().map_or(-1, i32::from_ne_bytes);
    if code == 0 {
        Ok(())
    } else {
        Err(format!("the loopback device: error {}", -code))
    }
}

/// Every place where something is mounted, with the flags that must stay. The form is that of `mountinfo` in proc(5).
fn mount_points() -> Result<Vec<(PathBuf, MountFlags)>, String> {
    let text = std::fs::read("/proc/self/mountinfo")
        .map_err(|error| format!("/proc/self/mountinfo: {error}"))?;
    let lines = text.split(|byte| *byte == b'\n');
    Ok(lines.filter_map(mount_point).collect())
}

/// `ID PARENT DEVICE ROOT PLACE OPTIONS …`, with `\040` for a space in a name.
fn mount_point(line: &[u8]) -> Option<(PathBuf, MountFlags)> {
    let mut fields = line.split(|byte| *byte == b' ').skip(4);
    let (place, options) = (fields.next()?, fields.next()?);
    let mut flags = MountFlags::empty();
    for option in options.split(|byte| *byte == b',') {
        flags |= match option {
            b"nosuid" => MountFlags::NOSUID,
            b"nodev" => MountFlags::NODEV,
            b"noexec" => MountFlags::NOEXEC,
            b"nosymfollow" => MountFlags::NOSYMFOLLOW,
            _ => MountFlags::empty(),
        };
    }
    let mut name = Vec::new();
    let mut rest = place;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\');
        let escaped = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        name.push(escaped.unwrap_or(*first));
        rest = match escaped {
            Some(_) => after.get(3..).unwrap_or_default(),
            None => after,
        };
    }
    Some((PathBuf::from(std::ffi::OsString::from_vec(name)), flags))
}

fn make_read_only(place: &Path, flags: MountFlags) -> Result<(), String> {
    let flags = flags | MountFlags::BIND | MountFlags::RDONLY;
    match mount_remount(place, flags, "") {
        Err(error @ (Errno::PERM | Errno::BUSY)) => {
            Err(format!("{} read-only: {error}", place.display()))
        }
        // Something else is mounted above it, it lies where nobody may go, or its server is gone: a test does not get
        // there either.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Puts an empty file system that lies in memory over a folder.
fn mount_memory(folder: &Path, flags: MountFlags, options: &str) -> Result<(), String> {
    let fail = |error: &dyn std::fmt::Display| format!("a mount on {}: {error}", folder.display());
    let options = CString::new(options).map_err(|error| fail(&error))?;
    let flags = flags | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("tmpfs", folder, "tmpfs", flags, options.as_c_str()).map_err(|error| fail(&error))
}

/// Moves this process into the namespaces, with `own` as the one folder in which it can write, `bytes` in all.
pub fn join(namespaces: Namespaces, own: &[PathBuf], bytes: u64) -> Result<(), String> {
    let open = |kind: &str| {
        let path = format!("/proc/{}/ns/{kind}", namespaces.process);
        File::open(&path).map_err(|error| format!("{path}: {error}"))
    };
    let place = std::env::current_dir().map_err(|error| error.to_string())?;
    // All are opened first: in the new view of the files there is no /proc.
    let mut spaces = Vec::new();
    if namespaces.in_user_namespace {
        spaces.push((open("user")?, CloneFlags::CLONE_NEWUSER));
    }
    spaces.push((open("net")?, CloneFlags::CLONE_NEWNET));
    spaces.push((open("mnt")?, CloneFlags::CLONE_NEWNS));
    for (space, kind) in spaces {
        setns(space, kind).map_err(|error| format!("joining {kind:?}: {error}"))?;
    }
    unshare(CloneFlags::CLONE_NEWNS).map_err(|error| format!("mounts of its own: {error}"))?;
    for folder in own {
        let options = format!("mode=700,size={bytes},nr_inodes={}", bytes / 4096);
        mount_memory(folder, MountFlags::empty(), &options)?;
    }
    std::env::set_current_dir(&place).map_err(|error| format!("{}: {error}", place.display()))
}

#[cfg(test)]
mod tests {
    use super::mount_point;
    use rustix::mount::MountFlags;
    use std::path::PathBuf;

    #[test]
    fn mounts_are_read_with_their_names_and_flags() {
        let line = b"36 35 98:0 /mnt1 /a\\040b\\134c rw,nosuid,noexec,relatime master:1 - ext3 /dev/root rw";
        let (place, flags) = mount_point(line).expect("a mount");
        assert_eq!(place, PathBuf::from("/a b\\c"));
        assert_eq!(flags, MountFlags::NOSUID | MountFlags::NOEXEC);
        assert_eq!(mount_point(b""), None);
    }
}
