//! Landlock: which files a program can reach, and that it cannot signal what lies outside.

use std::fs::File;

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::Policy;

/// Devices that any program may use.
const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// Lets this process reach what the policy names, and start `program`.
pub fn confine(policy: &Policy, program: Option<&File>) -> Result<(), String> {
    match restrict(policy, program) {
        Ok(RulesetStatus::NotEnforced) => Err("the kernel does not confine files".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(format!("confining files: {error}")),
    }
}

fn restrict(policy: &Policy, program: Option<&File>) -> Result<RulesetStatus, RulesetError> {
    let all = AccessFs::from_all(ABI::V5);
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let run = read | AccessFs::Execute;
    // The kernel reads a program to start it, so that what may be started may be read.
    let start = AccessFs::ReadFile | AccessFs::Execute;
    let change = all & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock);
    let own = program.map(|opened| Ok::<_, RulesetError>(PathBeneath::new(opened, start)));
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .add_rules(path_beneath_rules(&policy.reads, read))?
        .add_rules(path_beneath_rules(&policy.runs, run))?
        .add_rules(path_beneath_rules(&policy.starts, start))?
        .add_rules(own)?
        .add_rules(path_beneath_rules(&policy.writes, change))?
        .add_rules(path_beneath_rules(DEVICES, change))?
        .restrict_self()?;
    Ok(status.ruleset)
}
