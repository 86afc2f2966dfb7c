//! A machine on which the linker is missing.

use std::path::Path;

use crate::{Learner, RIGHT, said};

#[test]
fn a_missing_linker_is_named_and_doctor_says_how_to_install_it() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let learner = Learner::begin();
    learner.sums(RIGHT);
    // The toolchain and nothing else.
    let toolchain = Path::new(env!("CARGO"))
        .parent()
        .expect("it lies in a folder");
    if toolchain.join("cc").exists() {
        return;
    }
    let run = |line: &str| {
        let mut command = learner.command(line);
        command.env("PATH", toolchain).env_remove("CC");
        said(command.output().expect("the runner starts"))
    };
    let checked = run("check sums");
    assert_eq!(checked.code, Some(2), "{}", checked.all());
    assert!(
        checked.err.contains("linker `cc` not found"),
        "{}",
        checked.err
    );
    assert!(
        checked
            .err
            .contains("the linker is missing; `cargo xtask doctor`"),
        "{}",
        checked.err
    );
    let doctor = run("doctor");
    assert_eq!(doctor.code, Some(1), "{}", doctor.all());
    assert!(doctor.out.contains("✗ linker"), "{}", doctor.out);
    assert!(
        doctor
            .out
            .contains("A linker comes with the C compiler. `sudo "),
        "{}",
        doctor.out
    );
}
