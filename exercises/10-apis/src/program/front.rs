//! The first page: which parts there are, and where.

use minijinja::{Environment, Error, Value, context};

use super::parts::Part;

/// What to look at first in each part.
const EXAMPLES: [(&str, &str); 10] = [
    ("resources", "/resources/books"),
    ("validation", "/validation/orders"),
    ("problems", "/problems/shipments/p1"),
    ("pagination", "/pagination/orders?limit=5"),
    ("filtering", "/filtering/catalogue?sort=-price_cents"),
    ("conditional", "/conditional/levels"),
    ("idempotency", "/idempotency/payments"),
    ("openapi", "/docs"),
    ("webhooks", "/webhooks/hooks"),
    ("versions", "/versions/books"),
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
            let example = EXAMPLES.iter().find(|(name, _)| *name == part.name);
            context! { name => part.name, written => part.written, example => example.map(|(_, path)| *path) }
        })
        .collect();
    pages
        .get_template("front.html")?
        .render(context! { part => "for partners", parts => shown })
}
