use api_service::articles::articles;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = articles();
    assert_eq!(answer, 1, "the case");
}
