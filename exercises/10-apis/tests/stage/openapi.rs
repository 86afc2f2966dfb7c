use apis::openapi::openapi;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = openapi();
    assert_eq!(answer, 1, "the case");
}
