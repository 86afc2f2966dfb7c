use admin_panel::search::search;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = search();
    assert_eq!(answer, 1, "the case");
}
