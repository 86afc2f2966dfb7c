use admin_panel::audit::audit;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = audit();
    assert_eq!(answer, 1, "the case");
}
