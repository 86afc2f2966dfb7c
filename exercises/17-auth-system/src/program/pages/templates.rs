//! The templates, those of `look` among them.

use std::sync::LazyLock;

use minijinja::{Environment, Value};

use crate::given::problem::Problem;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    let own = [
        ("layout.html", include_str!("templates/layout.html")),
        ("parts.html", include_str!("templates/parts.html")),
        ("register.html", include_str!("templates/register.html")),
        ("verify.html", include_str!("templates/verify.html")),
        ("sign_in.html", include_str!("templates/sign_in.html")),
        ("unverified.html", include_str!("templates/unverified.html")),
        ("code.html", include_str!("templates/code.html")),
        ("forgot.html", include_str!("templates/forgot.html")),
        ("reset.html", include_str!("templates/reset.html")),
        ("password.html", include_str!("templates/password.html")),
        ("account.html", include_str!("templates/account.html")),
        ("devices.html", include_str!("templates/devices.html")),
        ("activity.html", include_str!("templates/activity.html")),
        ("two_factor.html", include_str!("templates/two_factor.html")),
        ("set_up.html", include_str!("templates/set_up.html")),
        ("recovery.html", include_str!("templates/recovery.html")),
    ];
    for (name, source) in look::TEMPLATES.into_iter().chain(own) {
        // A template that cannot be read is missing, and its page answers 500; the program's tests open every page.
        if let Err(error) = templates.add_template(name, source) {
            serve::broken(&format_args!("{name}: {error}"));
        }
    }
    templates
});

/// The HTML of a page.
pub(super) fn render(template: &str, values: Value) -> Result<String, Problem> {
    TEMPLATES
        .get_template(template)
        .and_then(|template| template.render(values))
        .map_err(|error| Problem::internal(&format!("{error:#}")))
}
