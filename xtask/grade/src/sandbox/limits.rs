//! What every Unix offers: limits on memory, processor time and file sizes.

use rustix::process::{Resource, Rlimit, setrlimit};

use super::Policy;

/// Address space is reserved far beyond what is used, by every thread and by the allocator.
const SPACE_PER_MEMORY: u64 = 8;

/// The most files that may be open at once.
const OPEN_FILES: u64 = 1024;

pub fn apply(policy: &Policy) -> Result<(), String> {
    let limits = [
        (Resource::Core, 0),
        (Resource::Fsize, policy.file_bytes),
        (Resource::Cpu, policy.processor_seconds),
        (Resource::Data, policy.memory),
        (Resource::As, policy.memory.saturating_mul(SPACE_PER_MEMORY)),
        (Resource::Nofile, OPEN_FILES),
    ];
    for (resource, most) in limits {
        let most = Some(most);
        let limit = Rlimit {
            current: most,
            maximum: most,
        };
        let set = setrlimit(resource, limit);
        // Some systems do not know each of the limits on memory; those that know one must keep it.
        if cfg!(target_os = "linux") {
            set.map_err(|error| format!("the limit {resource:?}: {error}"))?;
        }
    }
    Ok(())
}

/// Lets the kernel stop this process when the grader is gone.
#[cfg(target_os = "linux")]
pub fn end_with_the_grader() -> Result<(), String> {
    use rustix::process::{Signal, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("the signal of the grader's end: {error}"))
}
