//! Seccomp: the system calls that a test has no use for.
//!
//! A test may have threads, files and sockets of the internet families. It may not start processes: nothing can be
//! left running, and nothing can leave its process group. Nor may it become another program: the system's loader would run
//! any machine code that a test has written to a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsRawFd;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// Calls that are refused whatever their arguments are.
const REFUSED: &[i64] = &[
    // Another program; the test itself is started by `execveat`, see [`conditions`].
    libc::SYS_execve,
    // Other processes.
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    // What outlives a process.
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Views of the files and the machine.
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // The machine itself.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    // Attributes, which Landlock does not know.
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
];

/// Calls that seem to succeed and do nothing. Landlock does not know who owns a file and what may be done with it, so
/// that a test could lock the grader out of its own files; and a copy of a file, which is honest work, makes such a call.
const EMPTY: &[i64] = &[
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
];

/// Older calls for what [`REFUSED`] and [`conditions`] refuse.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// Refuses these calls from now on, and every other program than the one that is open as `program`. Where files can be
/// changed outside the test's own folder (`keep_owners`), the calls
/// that would change their owners and modes have no effect.
pub fn confine(keep_owners: bool, program: Option<&File>) -> Result<(), String> {
    let fail = |error: &dyn std::fmt::Display| format!("confining system calls: {error}");
    let refused = |rules, errno: i32| {
        let errno = u32::try_from(errno).unwrap_or_default();
        let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| fail(&error))?;
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(errno),
            arch,
        );
        let program: Result<BpfProgram, _> = filter.map_err(|error| fail(&error))?.try_into();
        apply_filter(&program.map_err(|error| fail(&error))?).map_err(|error| fail(&error))
    };
    // Where `clone3` is unknown, the C library falls back to `clone`, whose flags a filter can read.
    let newer = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    refused(newer, libc::ENOSYS)?;
    if keep_owners {
        let empty = EMPTY.iter().map(|call| (*call, Vec::new())).collect();
        refused(empty, 0)?;
    }
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = REFUSED
        .iter()
        .chain(REFUSED_HERE)
        .map(|call| (*call, Vec::new()))
        .collect();
    let conditions = conditions(program).map_err(|error| fail(&error))?;
    rules.extend(conditions);
    refused(rules, libc::EPERM)
}

/// Another program than the one that is open; a new process, as opposed to a thread; a socket of another family than the internet's, such as one to a daemon of
/// this machine; and the times of a file that is not open.
fn conditions(
    program: Option<&File>,
) -> Result<Vec<(i64, Vec<SeccompRule>)>, seccompiler::BackendError> {
    let number = |value: i32| u64::try_from(value).unwrap_or_default();
    let thread = number(libc::CLONE_THREAD);
    let process = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(thread),
        0,
    )?;
    let not = |family| {
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, number(family))
    };
    let foreign = vec![not(libc::AF_INET)?, not(libc::AF_INET6)?];
    let by_path = SeccompCondition::new(1, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)?;
    // None is open as -1.
    let own = number(program.map_or(-1, AsRawFd::as_raw_fd));
    let other = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, own)?;
    let empty_path = number(libc::AT_EMPTY_PATH);
    let by_name = SeccompCondition::new(4, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, empty_path)?;
    let starts = vec![
        SeccompRule::new(vec![other])?,
        SeccompRule::new(vec![by_name])?,
    ];
    Ok(vec![
        (libc::SYS_execveat, starts),
        (libc::SYS_utimensat, vec![SeccompRule::new(vec![by_path])?]),
        (libc::SYS_clone, vec![SeccompRule::new(vec![process])?]),
        (libc::SYS_socket, vec![SeccompRule::new(foreign)?]),
    ])
}
