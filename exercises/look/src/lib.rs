//! What Lantern's pages look like: one stylesheet, one picture, and the templates that every page stands in.
//!
//! Nothing here needs a script, a font from elsewhere, or another crate. `README.md` lists what the stylesheet knows, and
//! `gallery.html` shows all of it: open it in a browser.
//!
//! A program serves [`STYLE`] at `/style.css` and [`ICON`] at `/lantern.svg`. One that has templates adds [`TEMPLATES`] to
//! its own; one that writes its HTML itself uses the same classes.

/// The stylesheet, for `/style.css`, as `text/css; charset=utf-8`.
pub const STYLE: &str = include_str!("../style.css");

/// The lantern, for `/lantern.svg`, as `image/svg+xml`.
pub const ICON: &str = include_str!("../lantern.svg");

/// The templates that pages extend and import, for `minijinja`, by name.
///
/// ```
/// let mut templates = minijinja::Environment::new();
/// for (name, source) in look::TEMPLATES {
///     templates.add_template(name, source)?;
/// }
/// templates.add_template(
///     "hours.html",
///     r#"{% extends "look/base.html" %}
///        {% block title %}Opening hours{% endblock %}
///        {% block content %}<p>Daily from nine.</p>{% endblock %}"#,
/// )?;
/// let page = templates.get_template("hours.html")?.render(())?;
/// assert!(page.contains("<h1>Opening hours</h1>"), "{page}");
/// # Ok::<(), minijinja::Error>(())
/// ```
pub const TEMPLATES: [(&str, &str); 3] = [
    ("look/base.html", include_str!("../templates/base.html")),
    ("look/forms.html", include_str!("../templates/forms.html")),
    (
        "look/message.html",
        include_str!("../templates/message.html"),
    ),
];
