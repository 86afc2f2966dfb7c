//! The stylesheet, its gallery and its description belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use look::{ICON, STYLE, TEMPLATES};
use minijinja::{Environment, Value, context};

const GALLERY: &str = include_str!("../gallery.html");
const README: &str = include_str!("../README.md");

/// Pairs of custom properties: what is written, and on what.
const WRITTEN_ON: [(&str, &str); 18] = [
    ("ink", "paper"),
    ("ink", "card"),
    ("quiet", "paper"),
    ("quiet", "card"),
    ("accent", "paper"),
    ("accent", "card"),
    ("accent", "accent-soft"),
    ("accent-ink", "accent"),
    ("night-ink", "night"),
    ("bad", "paper"),
    ("bad", "card"),
    ("bad", "bad-soft"),
    ("good", "good-soft"),
    ("ink", "accent-soft"),
    ("ink", "good-soft"),
    ("ink", "bad-soft"),
    ("quiet", "accent-soft"),
    ("good", "card"),
];

/// What need not be read but seen: borders of fields, charts, and the ring around what has the focus.
const SEEN_ON: [(&str, &str); 8] = [
    ("edge", "paper"),
    ("edge", "card"),
    ("chart-1", "card"),
    ("chart-2", "card"),
    ("chart-3", "card"),
    ("chart-4", "card"),
    ("chart-5", "card"),
    ("glow", "night"),
];

/// The colours of a part of the stylesheet.
fn colours(text: &str) -> BTreeMap<&str, [f64; 3]> {
    let lines = text.lines().filter_map(|line| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
        let digits = value.strip_suffix(';')?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some((name, [part(0)?.into(), part(2)?.into(), part(4)?.into()]))
    });
    lines.collect()
}

/// How bright a colour is, as the Web Content Accessibility Guidelines compute it.
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|part| {
        let part = part / 255.0;
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Text is readable by day and by night, and borders can be seen.
#[test]
fn colours_can_be_told_apart() {
    let (day, rest) = STYLE
        .split_once("@media (prefers-color-scheme: dark)")
        .expect("a dark part");
    let day = colours(day);
    let mut night = day.clone();
    night.extend(colours(rest));
    for (time, colours) in [("by day", day), ("by night", night)] {
        let pairs = WRITTEN_ON.iter().map(|pair| (pair, 4.5));
        for ((front, back), least) in pairs.chain(SEEN_ON.iter().map(|pair| (pair, 3.0))) {
            let ratio = contrast(colours[front], colours[back]);
            assert!(ratio >= least, "--{front} on --{back} {time}: {ratio:.2}");
        }
    }
}

/// The names after points in selectors.
fn classes_of_the_stylesheet() -> BTreeSet<&'static str> {
    let selectors = STYLE
        .split(['{', '}'])
        .filter(|part| !part.contains(';') && !part.contains("/*"));
    selectors
        .flat_map(|part| part.split('.').skip(1))
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            rest.get(..end.unwrap_or(rest.len()))
        })
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

fn classes_of(html: &str) -> BTreeSet<&str> {
    let attributes = html.split("class=\"").skip(1);
    attributes
        .filter_map(|rest| rest.split('"').next())
        .flat_map(str::split_whitespace)
        .collect()
}

/// The gallery shows every class but `narrow`, which is the other of `wide`, and none that is not there.
#[test]
fn the_gallery_shows_everything() {
    let known = classes_of_the_stylesheet();
    let mut shown = classes_of(GALLERY);
    shown.insert("narrow");
    assert_eq!(shown, known);
}

/// The description names every class.
#[test]
fn the_description_names_everything() {
    for name in classes_of_the_stylesheet() {
        let numbered = name.starts_with("bar-");
        let told = README.contains(&format!("`{name}`"));
        assert!(told || numbered, "README.md does not name `{name}`");
    }
}

/// Nothing comes from another place, and nothing runs.
#[test]
fn nothing_is_fetched_from_elsewhere() {
    let files = TEMPLATES.into_iter().chain([("style.css", STYLE)]);
    for (name, text) in files.chain([("gallery.html", GALLERY)]) {
        for foreign in [
            "http:",
            "https:",
            "//",
            "@import",
            "@font-face",
            "<script",
            " style=",
            "<style",
        ] {
            assert!(!text.contains(foreign), "{name} has {foreign:?}");
        }
    }
    let plain = ICON.replace("http://www.w3.org/2000/svg", "");
    assert!(!plain.contains("http"), "{ICON}");
}

fn rendered(template: &str, values: Value) -> String {
    let mut templates = Environment::new();
    for (name, source) in TEMPLATES {
        templates.add_template(name, source).expect(name);
    }
    let form = r#"{% extends "look/base.html" %}{% from "look/forms.html" import field %}
        {% block title %}Hours{% endblock %}
        {% block content %}{{ field("opens", "Opens at", value=form, errors=errors, hint="As 09:30.") }}{% endblock %}"#;
    templates.add_template("form.html", form).expect("form");
    let template = templates.get_template(template).expect(template);
    template.render(values).expect("a page")
}

/// A field names its hint and its error, and what was typed is escaped.
#[test]
fn a_field_is_tied_to_what_is_said_of_it() {
    let wrong = [context! { field => "opens", message => "No time." }];
    let values =
        context! { error => "Look again.", errors => wrong, fields => ["opens"], form => "\"<b>" };
    let page = rendered("form.html", values);
    for part in [
        r#"<label for="opens">Opens at</label>"#,
        r#"value="&quot;&lt;b&gt;""#,
        r#"aria-invalid="true" aria-describedby="opens-hint opens-wrong">"#,
        r#"<p class="wrong" id="opens-wrong">No time.</p>"#,
        "<title>Error: Hours · Lantern</title>",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert_eq!(page.matches("No time.").count(), 1, "said once: {page}");
}

/// An error of a field that the page does not have stands on top.
#[test]
fn no_error_is_lost() {
    let wrong = [context! { field => "closes", message => "Closes too late." }];
    let page = rendered(
        "form.html",
        context! { error => "Look again.", errors => wrong },
    );
    let told = page.contains("<li>Closes too late.</li>");
    assert!(told, "{page}");
}

/// A page without any value stands by itself: no empty class, no message, a name in the head.
#[test]
fn a_plain_page_says_nothing_of_its_own() {
    let page = rendered("look/message.html", context! { heading => "Gone" });
    assert!(page.contains("<body>"), "{page}");
    assert!(page.contains("<title>Gone · Lantern</title>"), "{page}");
    assert!(!page.contains("role="), "{page}");
}

/// A template's HTML without what is computed.
fn without_code(source: &str) -> String {
    // Code stands between braces, which HTML has nowhere else.
    let pieces = source.split(['{', '}']);
    pieces.filter(|piece| !piece.starts_with('%')).collect()
}

/// The templates use classes that the stylesheet knows.
#[test]
fn templates_use_known_classes() {
    let mut known = classes_of_the_stylesheet();
    // What the base template is given as `width`, and the macro as `class`.
    known.extend(["width", "class"]);
    for (name, source) in TEMPLATES {
        let html = without_code(source);
        for class in classes_of(&html) {
            assert!(known.contains(class), "{name} uses `{class}`");
        }
    }
}

/// A stage that serves files has copies of its own; they are the same.
#[test]
fn copies_have_not_fallen_behind() {
    let exercises = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (copy, text) in [
        ("04-servers/public/style.css", STYLE),
        ("04-servers/public/lantern.svg", ICON),
    ] {
        // A stage may have been handed out without its neighbours.
        if let Ok(found) = std::fs::read_to_string(exercises.join(copy)) {
            assert_eq!(found, text, "copy exercises/look's file to {copy}");
        }
    }
}
