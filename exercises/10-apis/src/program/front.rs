//! The first page: which parts there are, and where.

use minijinja::{Environment, Error, Value, context};

use super::parts::Part;

/// What to look at first in each part, and whether a browser can: it neither posts nor has a token.
const EXAMPLES: [(&str, &str, bool); 10] = [
    ("resources", "/resources/books", true),
    ("validation", "/validation/orders", false),
    ("problems", "/problems/shipments/p1", true),
    ("pagination", "/pagination/orders?limit=5", false),
    ("filtering", "/filtering/catalogue?sort=-price_cents", true),
    ("conditional", "/conditional/levels", true),
    ("idempotency", "/idempotency/payments", false),
    ("openapi", "/docs", true),
    ("webhooks", "/webhooks/hooks", false),
    ("versions", "/versions/books", true),
];

/// The page that lists these parts.
///
/// # Errors
///
/// When a template is broken.
pub fn page(parts: &[Part]) -> Result<String, Error> {
    let mut pages = Environment::new();
    for (name, source) in look::TEMPLATES {
        pages.add_template(name, source)?;
    }
    pages.add_template("front.html", include_str!("front.html"))?;
    let shown: Vec<Value> = parts
        .iter()
        .map(|part| {
            let example = EXAMPLES.iter().find(|(name, _, _)| *name == part.name);
            context! {
                name => part.name,
                written => part.written,
                example => example.map(|(_, path, _)| *path),
                readable => example.is_some_and(|(_, _, readable)| *readable),
            }
        })
        .collect();
    pages
        .get_template("front.html")?
        .render(context! { part => "for partners", parts => shown })
}
