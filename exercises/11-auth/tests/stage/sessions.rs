use auth::sessions::sessions;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = sessions();
    assert_eq!(answer, 1, "the case");
}
