use admin_panel::roles::roles;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = roles();
    assert_eq!(answer, 1, "the case");
}
