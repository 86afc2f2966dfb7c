use api_service::profiles::profiles;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = profiles();
    assert_eq!(answer, 1, "the case");
}
