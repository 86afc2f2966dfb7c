//! A network of its own for the tests: the loopback device and nothing else.
//!
//! One process holds it for the whole run, and every test joins it, which costs a system call and not a network.

use std::fs::File;
use std::io::{Read, Write};

use nix::sched::{CloneFlags, setns, unshare};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};

use super::Network;

/// Makes the network, says so on standard output, and holds it until standard input ends.
pub fn hold() -> Result<(), String> {
    let in_user_namespace = make()?;
    bring_loopback_up()?;
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
    if unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        return Ok(false);
    }
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)
        .map_err(|error| format!("no network of its own: {error}"))?;
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
    let fail = |error: rustix::io::Errno| format!("the loopback device: {error}");
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

/// Moves this process into the network.
pub fn join(network: Network) -> Result<(), String> {
    let enter = |kind: &str, flag: CloneFlags| {
        let path = format!("/proc/{}/ns/{kind}", network.process);
        let space = File::open(&path).map_err(|error| format!("{path}: {error}"))?;
        setns(space, flag).map_err(|error| format!("{path}: {error}"))
    };
    if network.in_user_namespace {
        enter("user", CloneFlags::CLONE_NEWUSER)?;
    }
    enter("net", CloneFlags::CLONE_NEWNET)
}
