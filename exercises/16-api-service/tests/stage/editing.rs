use api_service::editing::editing;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = editing();
    assert_eq!(answer, 1, "the case");
}
