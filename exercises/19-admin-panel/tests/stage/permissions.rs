use admin_panel::permissions::permissions;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = permissions();
    assert_eq!(answer, 1, "the case");
}
