use api_service::feed::feed;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = feed();
    assert_eq!(answer, 1, "the case");
}
