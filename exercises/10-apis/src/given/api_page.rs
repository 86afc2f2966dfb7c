//! The page that shows an OpenAPI document to people: no script, nothing from another place.

use std::sync::OnceLock;

use minijinja::{Environment, Error, Value, context};
use serde_json::Value as Json;

fn environment() -> &'static Result<Environment<'static>, Error> {
    static PAGES: OnceLock<Result<Environment<'static>, Error>> = OnceLock::new();
    PAGES.get_or_init(|| {
        let mut pages = Environment::new();
        for (name, source) in look::TEMPLATES {
            pages.add_template(name, source)?;
        }
        pages.add_template("api.html", include_str!("pages/api.html"))?;
        Ok(pages)
    })
}

/// The page of this document: its routes, what they take, what they answer, and the shapes of all bodies.
///
/// # Errors
///
/// When the template is broken.
pub fn page(document: &Json) -> Result<String, String> {
    let pages = environment().as_ref().map_err(ToString::to_string)?;
    let routes: Vec<Value> = members(&document["paths"])
        .flat_map(|(path, item)| {
            members(item).map(move |(method, route)| shown(path, method, route))
        })
        .collect();
    let shapes: Vec<Value> = members(&document["components"]["schemas"])
        .map(|(name, schema)| shape(name, schema))
        .collect();
    let values = context! {
        part => "for partners",
        width => "wide",
        name => document["info"]["title"].as_str(),
        about => document["info"]["description"].as_str(),
        version => document["info"]["version"].as_str(),
        routes => routes,
        shapes => shapes,
    };
    let page = pages
        .get_template("api.html")
        .and_then(|page| page.render(values));
    page.map_err(|error| error.to_string())
}

fn members(value: &Json) -> impl Iterator<Item = (&String, &Json)> {
    value.as_object().into_iter().flatten()
}

fn shown(path: &str, method: &str, route: &Json) -> Value {
    let answers: Vec<Value> = members(&route["responses"])
        .map(|(status, answer)| {
            let bodies: Vec<Value> = bodies(answer);
            let headers: Vec<String> = members(&answer["headers"]).map(|(name, _)| name.clone()).collect();
            context! { status => status, says => answer["description"].as_str(), bodies => bodies, headers => headers }
        })
        .collect();
    let takes: Vec<Value> = route["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| {
            context! {
                name => parameter["name"].as_str(),
                place => parameter["in"].as_str(),
                required => parameter["required"].as_bool(),
                kind => kind(&parameter["schema"]),
                says => parameter["description"].as_str(),
            }
        })
        .collect();
    context! {
        id => format!("{method}{path}").replace(|letter: char| !letter.is_ascii_alphanumeric(), "-"),
        method => method.to_uppercase(),
        path => path,
        says => route["summary"].as_str(),
        more => route["description"].as_str(),
        token => route["security"].as_array().is_some_and(|needs| !needs.is_empty()),
        takes => takes,
        body => bodies(&route["requestBody"]),
        answers => answers,
    }
}

/// The media types of a body, each with its shape.
fn bodies(of: &Json) -> Vec<Value> {
    members(&of["content"])
        .map(|(media, content)| context! { media => media, kind => kind(&content["schema"]) })
        .collect()
}

fn shape(name: &str, schema: &Json) -> Value {
    let needed = |member: &str| {
        let required = schema["required"].as_array();
        required.is_some_and(|names| names.iter().any(|name| name == member))
    };
    let fields: Vec<Value> = members(&schema["properties"])
        .map(|(member, of)| {
            context! {
                name => member,
                kind => kind(of),
                required => needed(member),
                says => of["description"].as_str(),
            }
        })
        .collect();
    context! { name => name, says => schema["description"].as_str(), kind => kind(schema), fields => fields }
}

/// What a value looks like: the name of a shape and whether there are many, or a type with its limits.
fn kind(schema: &Json) -> Value {
    if let Some(name) = shape_name(schema) {
        return context! { shape => name };
    }
    if let Some(one) = schema["oneOf"]
        .as_array()
        .and_then(|any| any.iter().find_map(shape_name))
    {
        return context! { shape => one, text => "or null" };
    }
    let items = &schema["items"];
    let mut text = match &schema["type"] {
        Json::Array(types) => {
            let types: Vec<&str> = types.iter().filter_map(Json::as_str).collect();
            types.join(" or ")
        }
        named => named.as_str().unwrap_or("anything").to_owned(),
    };
    let limits = [
        "format",
        "pattern",
        "enum",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
    ];
    for limit in limits {
        match &schema[limit] {
            Json::Null => {}
            Json::String(value) => text.push_str(&format!(", {limit} {value}")),
            value => text.push_str(&format!(", {limit} {value}")),
        }
    }
    match shape_name(items) {
        Some(name) => context! { shape => name, text => text },
        None => context! { text => text },
    }
}

fn shape_name(schema: &Json) -> Option<&str> {
    schema["$ref"]
        .as_str()?
        .strip_prefix("#/components/schemas/")
}
