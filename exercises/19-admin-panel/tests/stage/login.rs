use admin_panel::login::login;

/// The rule that this test checks, in a sentence.
#[test]
fn the_rule_holds() {
    let answer: u32 = login();
    assert_eq!(answer, 1, "the case");
}
