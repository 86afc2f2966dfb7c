use api_service::listing::listing;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = listing();
    assert_eq!(answer, 1, "the case");
}
