use admin_panel::schema::schema;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = schema();
    assert_eq!(answer, 1, "the case");
}
