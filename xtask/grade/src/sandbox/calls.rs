//! Seccomp: the system calls that a test has no use for.
//!
//! A test may have threads, files and sockets of the internet families. It may not start processes: nothing can be
//! left running, and nothing can leave its process group.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// Calls that are refused whatever their arguments are.
const REFUSED: [i64; 36] = [
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
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
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
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_acct,
    libc::SYS_quotactl,
];

pub fn confine() -> Result<(), String> {
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
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    rules.extend([(libc::SYS_fork, Vec::new()), (libc::SYS_vfork, Vec::new())]);
    let conditions = conditions().map_err(|error| fail(&error))?;
    rules.extend(conditions);
    refused(rules, libc::EPERM)
}

/// A new process, as opposed to a thread; and a socket of another family than the internet's, such as one to a daemon
/// of this machine.
fn conditions() -> Result<Vec<(i64, Vec<SeccompRule>)>, seccompiler::BackendError> {
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
    Ok(vec![
        (libc::SYS_clone, vec![SeccompRule::new(vec![process])?]),
        (libc::SYS_socket, vec![SeccompRule::new(foreign)?]),
    ])
}
