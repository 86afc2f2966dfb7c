use api_service::favorites::favorites;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = favorites();
    assert_eq!(answer, 1, "the case");
}
