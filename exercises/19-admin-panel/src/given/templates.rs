//! The templates of the panel, on top of those of `look`, and which values each takes.
//!
//! | template | besides `csrf`, `me` (`name`, `roles`), `menu` (`href`, `label`, `text`) and `here` |
//! | --- | --- |
//! | `sign_in.html` | `form.email` |
//! | `accept.html` | `form.token`: an invitation becomes an account |
//! | `sudo.html` | `form.next`: the password again before what is dangerous |
//! | `home.html` | nothing more |
//! | `users.html` | `people`, `asked`, `columns` (of `pages::heads`), `statuses`, `caption`, `filtered`, `first`, `next`, `back`; `may_change` and `chosen`, or `may_not` (of `pages::may_not`); `may_invite` |
//! | `bulk.html` | `heading`, `will`, `consequence`, `button`, and of the summary `change`, `skip` (`name`, `why`), `action`, `seen`; `ids`, `back` |
//! | `done.html` | `heading`, `names`, `stay` (`name`, `why`), `back`; with a way back `undo` (`at`, `ids`) |
//! | `user.html` | `person`, `may_change`; `may_assign`, `free_roles`, `branches`, `form`, or `may_not` |
//! | `invite.html` | `form`, `roles`, `branches` |
//! | `roles.html` | `roles` (`name`, `permissions`, `mine`) |
//! | `orders.html` | `orders`, `asked`, `columns`, `statuses`, `caption`, `filtered`, `first`, `next`; `may_refund` |
//! | `audit.html` | `events`, `asked`, `export`, `first`, `next` |
//! | `refused.html` | `may_not`: a 403 in words |
//!
//! Each takes `done`, `error`, `errors`, `fields` and `width` as well, see the README of `look`.

use std::sync::LazyLock;

use minijinja::{Environment, Value};

use super::problem::Problem;

/// The panel's own templates, by name.
pub const OWN: [(&str, &str); 15] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("sign_in.html", include_str!("templates/sign_in.html")),
    ("accept.html", include_str!("templates/accept.html")),
    ("sudo.html", include_str!("templates/sudo.html")),
    ("home.html", include_str!("templates/home.html")),
    ("users.html", include_str!("templates/users.html")),
    ("bulk.html", include_str!("templates/bulk.html")),
    ("done.html", include_str!("templates/done.html")),
    ("user.html", include_str!("templates/user.html")),
    ("invite.html", include_str!("templates/invite.html")),
    ("roles.html", include_str!("templates/roles.html")),
    ("orders.html", include_str!("templates/orders.html")),
    ("audit.html", include_str!("templates/audit.html")),
    ("refused.html", include_str!("templates/refused.html")),
];

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    for (name, source) in look::TEMPLATES.into_iter().chain(OWN) {
        // A template that cannot be read is missing, and its page answers 500.
        if let Err(error) = templates.add_template(name, source) {
            serve::broken(&format_args!("{name}: {error}"));
        }
    }
    templates
});

/// The HTML of a page.
///
/// # Errors
///
/// A 500 when the template is missing or cannot be filled.
pub fn render(template: &str, values: Value) -> Result<String, Problem> {
    TEMPLATES
        .get_template(template)
        .and_then(|template| template.render(values))
        .map_err(|error| Problem::internal(&format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use minijinja::{Value, context};

    use super::{OWN, render};

    const ODD: &str = "Ada \"<b>\" O'Neill & Co";

    /// Values for every template, with texts of people that are no HTML.
    fn values() -> Value {
        let heads = [
            context! { label => "Name" },
            context! { label => "Email", href => "/users?sort=-email", sorted => "ascending" },
            context! { label => "Roles" },
            context! { label => "Status" },
            context! { label => "Here since", href => "/users?sort=created" },
        ];
        let person = context! { id => 7, name => ODD, email => "ada@lantern.example", roles => ["clerk", "manager"], status => "active", created_at => "2017-07-14T02:40:00Z",
        grants => [context! { id => 11, role => "clerk", place => ODD }] };
        let gone = context! { id => 8, name => "Ben", email => "ben@lantern.example", roles => Vec::<String>::new(), status => "disabled", created_at => "2017-07-14T02:40:00Z" };
        let order = context! { id => 12, customer => ODD, branch => "Bath", status => "paid", total => "19.90 €" };
        let event = context! { at => "2017-07-14T02:40:00Z", actor => ODD, action => "user.disabled", target => "user 7", before => "{\"disabled\":false}", after => "{\"disabled\":true}", client => "192.0.2.7" };
        let all = context! { value => "", label => "All" };
        let active = context! { value => "active", label => "active" };
        context! {
            me => context! { name => ODD, roles => ["administrator"] },
            menu => [context! { href => "/users", label => "People", text => "Who works here." }, context! { href => "/orders", label => "Orders", text => "What was bought." }],
            here => "/users", csrf => "TOKEN",
            form => context! { email => ODD, name => ODD, next => "/users", token => "t", role => "clerk" },
            people => [person.clone(), gone], person, asked => context! { q => ODD, status => "active", sort => "email" },
            columns => heads, statuses => [all.clone(), active.clone()], roles => [context! { name => "clerk", value => "clerk", label => "clerk", permissions => ["orders.read"], mine => true }],
            branches => [all, active], caption => "20 people", filtered => true, first => "/users", next => "/users?cursor=x", back => "/users?q=x",
            may_change => true, may_invite => true, may_assign => true, may_refund => true, chosen => [7], free_roles => [context! { value => "manager", label => "manager" }],
            heading => "Disable 2 people?", will => "These 2 cannot sign in any more", consequence => "Their sessions end at once.", button => "Disable 2 people",
            change => [context! { name => ODD, email => "ada@lantern.example" }], skip => [context! { name => "Ben", why => "disabled already" }], action => "disable", seen => "digest", ids => [7, 8],
            names => [ODD], stay => [context! { name => "Ben", why => ODD }], undo => context! { at => 5, ids => [7] },
            orders => [order], events => [event], export => "/audit.csv",
            may_not => context! { needs => "users.disable", ask => [ODD, "Ben"] },
        }
    }

    #[test]
    fn every_template_can_be_filled_and_escapes_what_people_wrote() {
        for (name, _) in OWN.into_iter().filter(|(name, _)| *name != "parts.html") {
            let page = render(name, values()).unwrap_or_else(|_| panic!("{name} cannot be filled"));
            assert!(!page.contains("<b>\""), "{name}: {page}");
            assert!(
                page.contains("<h1>") || name == "layout.html",
                "{name} has no heading: {page}"
            );
            let (forms, tokens) = (
                page.matches("method=\"post\"").count(),
                page.matches("value=\"TOKEN\"").count(),
            );
            assert_eq!(forms, tokens, "{name}: each form carries the token: {page}");
            for label in page
                .split("<label for=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
            {
                assert!(
                    page.contains(&format!("id=\"{label}\"")),
                    "{name}: the label of {label} has no field"
                );
            }
        }
    }

    #[test]
    fn forms_show_what_was_typed() {
        for (name, values_shown) in [
            ("invite.html", 2),
            ("sign_in.html", 1),
            ("users.html", 1),
            ("orders.html", 1),
        ] {
            let page = render(name, values()).unwrap_or_else(|_| panic!("{name} cannot be filled"));
            let shown = page.matches("value=\"Ada &quot;&lt;b&gt;").count();
            assert_eq!(shown, values_shown, "{name}: {page}");
        }
    }

    #[test]
    fn who_may_not_change_anything_gets_no_boxes_and_a_word() {
        for (name, word) in [
            ("users.html", "users.disable"),
            ("user.html", "users.disable"),
        ] {
            let little = context! { may_change => false, may_invite => false, may_assign => false, may_refund => false, ..values() };
            let page = render(name, little).unwrap_or_else(|_| panic!("{name} cannot be filled"));
            assert!(!page.contains("type=\"checkbox\""), "{name}: {page}");
            assert!(page.contains(word), "{name} says nothing of {word}: {page}");
        }
    }

    #[test]
    fn templates_use_classes_that_the_stylesheet_knows() {
        for (name, source) in OWN {
            for class in source
                .split("class=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
            {
                // What is computed stands between braces.
                let plain: String = class
                    .split(['{', '}'])
                    .filter(|part| !part.starts_with('%'))
                    .collect();
                for word in plain.split_whitespace() {
                    assert!(
                        look::STYLE.contains(&format!(".{word}")),
                        "{name} uses `{word}`"
                    );
                }
            }
        }
    }
}
