use start::greeting::greeting;

/// The greeting is the text `Welcome to Lantern!`, letter for letter.
#[test]
fn the_page_says_welcome() {
    let text: &str = greeting();
    assert_eq!(text, "Welcome to Lantern!", "the text of the greeting");
}

/// The greeting has nothing before it and nothing after it: the page writes the visitor's number behind it.
#[test]
fn the_page_goes_on_after_the_greeting() {
    for number in support::seeded(0x6EE7).numbers(1..1_000_000).take(1000) {
        let page: String = format!("{} You are visitor {number}.", greeting());
        let expected = format!("Welcome to Lantern! You are visitor {number}.");
        assert_eq!(page, expected, "the page of visitor {number}");
    }
}
