use dashboard::page::{
    Chart, Choice, Field, Figure, Point, Section, Style, Unit, View, bar_chart, change, described,
    escaped, full, line_chart, render, scale, short,
};

/// An element of a picture, or of a page.
#[derive(Debug, Clone, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    /// The text directly in it, entities resolved.
    text: String,
}

impl Element {
    fn get(&self, attribute: &str) -> &str {
        let found = self.attributes.iter().find(|(name, _)| name == attribute);
        found.map_or("", |(_, value)| value)
    }

    fn number(&self, attribute: &str) -> f64 {
        numbers(self.get(attribute))
            .first()
            .copied()
            .unwrap_or(f64::NAN)
    }

    fn all(&self, name: &str) -> Vec<&Element> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.all(name));
        }
        found
    }
}

/// The numbers in a text such as `M80 12.5H584`.
fn numbers(text: &str) -> Vec<f64> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
        .filter(|part| !part.is_empty())
        .map(|part| {
            let fraction = part.split_once('.').map_or("", |(_, fraction)| fraction);
            assert!(
                fraction.len() <= 1,
                "a number with more than one digit after the point: {part} in {text}"
            );
            part.parse()
                .unwrap_or_else(|_| panic!("no number: {part} in {text}"))
        })
        .collect()
}

fn resolved(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (entity, after) = after
            .split_once(';')
            .unwrap_or_else(|| panic!("an & that is not escaped: {text}"));
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" | "#x27" | "apos" => '\'',
            "#x2f" => '/',
            other => panic!("an & that is not escaped, or an unknown entity: &{other}; in {text}"),
        });
        rest = after;
    }
    plain + rest
}

/// Reads a page: what HTML leaves away is put in before.
fn page(html: &str) -> Element {
    let mut xml = html.trim().trim_start_matches("<!doctype html>").to_owned();
    for (html, xml_form) in [
        (" defer>", " defer=\"\">"),
        (" selected>", " selected=\"\">"),
        (" data-live>", " data-live=\"\">"),
    ] {
        xml = xml.replace(html, xml_form);
    }
    for void in ["<meta ", "<link ", "<input "] {
        let mut closed = String::new();
        let mut rest = xml.as_str();
        while let Some((before, after)) = rest.split_once(void) {
            let (tag, after) = after.split_once('>').unwrap_or((after, ""));
            closed += &format!("{before}{void}{tag}/>");
            rest = after;
        }
        xml = closed + rest;
    }
    picture(xml.trim())
}

/// Reads one element that is well-formed to its end.
fn picture(svg: &str) -> Element {
    let mut open: Vec<Element> = vec![Element::default()];
    let mut rest = svg;
    while let Some((text, tag_on)) = rest.split_once('<') {
        assert!(!text.contains('>'), "a > that is not escaped: {text:?}");
        let top = open.last_mut().expect("the document is open");
        top.text.push_str(&resolved(text));
        let mut end = None;
        let mut quote = None;
        for (place, byte) in tag_on.bytes().enumerate() {
            match (quote, byte) {
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                (None, b'>') => {
                    end = Some(place);
                    break;
                }
                _ => (),
            }
        }
        let end = end.unwrap_or_else(|| panic!("a tag without an end: <{tag_on}"));
        let tag = &tag_on[..end];
        rest = &tag_on[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop().expect("the document is open");
            assert_eq!(closed.name, name.trim(), "the end tag that comes, in {svg}");
            let parent = open.last_mut();
            parent
                .unwrap_or_else(|| panic!("too many end tags: {svg}"))
                .children
                .push(closed);
            continue;
        }
        let empty = tag.ends_with('/');
        let mut element = element(tag.trim_end_matches('/'));
        if empty {
            open.last_mut()
                .expect("the document is open")
                .children
                .push(element);
        } else {
            element.text.clear();
            open.push(element);
        }
    }
    assert_eq!(rest.trim(), "", "text behind the last tag, in {svg}");
    assert_eq!(open.len(), 1, "elements without an end tag, in {svg}");
    let document = open.remove(0);
    assert_eq!(
        document.children.len(),
        1,
        "elements, one svg is promised: {svg}"
    );
    document.children.into_iter().next().expect("it is there")
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut element = Element {
        name: name.to_owned(),
        ..Element::default()
    };
    rest = rest.trim();
    while !rest.is_empty() {
        let (name, value) = rest
            .split_once('=')
            .unwrap_or_else(|| panic!("an attribute without a value: {tag}"));
        let quote = value.chars().next().filter(|c| ['"', '\''].contains(c));
        let quote = quote.unwrap_or_else(|| panic!("an attribute without quotes: {tag}"));
        let (value, after) = value[1..]
            .split_once(quote)
            .unwrap_or_else(|| panic!("a quote without its end: {tag}"));
        assert!(!value.contains('<'), "a < in an attribute: {tag}");
        let name = name.trim().to_owned();
        let again = element.attributes.iter().any(|(known, _)| *known == name);
        assert!(!again, "the attribute {name} stands twice: {tag}");
        element.attributes.push((name, resolved(value)));
        rest = after.trim_start();
    }
    element
}

fn points(values: &[i64]) -> Vec<Point> {
    let label = |(place, value): (usize, &i64)| Point {
        label: format!("day {place}"),
        value: *value,
    };
    values.iter().enumerate().map(label).collect()
}

fn line(values: &[i64], unit: Unit) -> Element {
    let points = points(values);
    picture(&line_chart(&Chart {
        id: "orders",
        title: "Orders",
        unit,
        points: &points,
    }))
}

fn bars(values: &[i64], unit: Unit) -> Element {
    let points = points(values);
    picture(&bar_chart(&Chart {
        id: "countries",
        title: "Countries",
        unit,
        points: &points,
    }))
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.11
}

/// The marks by another way than trying steps: the first of all steps, and its multiples counted one after the other.
fn marks(lowest: i64, highest: i64) -> Vec<i64> {
    let (low, high) = (i128::from(lowest.min(0)), i128::from(highest.max(0)));
    if low == high {
        return vec![0, 1];
    }
    for power in 0..17 {
        for digit in [1, 2, 5] {
            let step = digit * 10_i128.pow(power);
            let (mut down, mut up) = (0, 0);
            while down > low && up - down <= 6 * step {
                down -= step;
            }
            while up < high && up - down <= 6 * step {
                up += step;
            }
            if (up - down) / step < 6 && down <= low && up >= high {
                let all = (0..=(up - down) / step).map(|place| down + place * step);
                return all
                    .map(|mark| i64::try_from(mark).expect("a mark"))
                    .collect();
            }
        }
    }
    panic!("no step for {lowest} to {highest}")
}

/// Values in full have groups of three digits, money two digits of cents, and the sign comes first.
#[test]
fn values_in_full() {
    for (value, count, money) in [
        (0, "0", "€ 0.00"),
        (7, "7", "€ 0.07"),
        (-5, "-5", "-€ 0.05"),
        (99, "99", "€ 0.99"),
        (100, "100", "€ 1.00"),
        (-100, "-100", "-€ 1.00"),
        (999, "999", "€ 9.99"),
        (1000, "1,000", "€ 10.00"),
        (-1000, "-1,000", "-€ 10.00"),
        (99_999, "99,999", "€ 999.99"),
        (100_000, "100,000", "€ 1,000.00"),
        (-999_999, "-999,999", "-€ 9,999.99"),
        (1_000_000, "1,000,000", "€ 10,000.00"),
        (1_234_567, "1,234,567", "€ 12,345.67"),
        (
            9_007_199_254_740_993,
            "9,007,199,254,740,993",
            "€ 90,071,992,547,409.93",
        ),
        (
            i64::MAX,
            "9,223,372,036,854,775,807",
            "€ 92,233,720,368,547,758.07",
        ),
        (
            i64::MIN,
            "-9,223,372,036,854,775,808",
            "-€ 92,233,720,368,547,758.08",
        ),
    ] {
        assert_eq!(full(value, Unit::Count), count, "{value} things");
        assert_eq!(full(value, Unit::Cents), money, "{value} cents");
    }
}

/// Without its commas a value in full is the number again, whatever the number; only groups of three stand between commas.
#[test]
fn values_in_full_can_be_read_back() {
    let mut random = support::seeded(0x18A1);
    for _ in 0..400 {
        let bits = random.number(1..63);
        let size = i64::try_from(random.number(0..1 << bits)).expect("below 2^63");
        let value = if random.coin() { size } else { -size };
        let count: String = full(value, Unit::Count);
        assert_eq!(
            count.replace(',', ""),
            value.to_string(),
            "{value} things: {count}"
        );
        let mut groups = count.trim_start_matches('-').split(',');
        let first = groups.next().map_or(0, str::len);
        assert!((1..=3).contains(&first), "the first group of {count}");
        assert!(groups.all(|group| group.len() == 3), "a group of {count}");
        let money: String = full(value, Unit::Cents);
        let digits = format!("{:03}", value.unsigned_abs());
        let (euros, cents) = digits.split_at(digits.len() - 2);
        let sign = if value < 0 { "-" } else { "" };
        assert_eq!(
            money.replace(',', ""),
            format!("{sign}€ {euros}.{cents}"),
            "{value} cents: {money}"
        );
    }
}

/// Marks are short: thousands have a letter, at most two digits stand after the point, and none that is a zero at the end.
#[test]
fn short_values() {
    for (value, count, money) in [
        (0, "0", "€0"),
        (5, "5", "€0.05"),
        (-5, "-5", "-€0.05"),
        (50, "50", "€0.5"),
        (100, "100", "€1"),
        (999, "999", "€9.99"),
        (1000, "1k", "€10"),
        (1001, "1k", "€10.01"),
        (1019, "1.01k", "€10.19"),
        (-1250, "-1.25k", "-€12.5"),
        (-1259, "-1.25k", "-€12.59"),
        (2050, "2.05k", "€20.5"),
        (20_000, "20k", "€200"),
        (99_999, "99.99k", "€999.99"),
        (100_000, "100k", "€1k"),
        (999_999, "999.99k", "€9.99k"),
        (1_000_000, "1M", "€10k"),
        (120_000_000, "120M", "€1.2M"),
        (999_999_999, "999.99M", "€9.99M"),
        (1_000_000_000, "1bn", "€10M"),
        (-5_000_000_000_000, "-5tn", "-€50bn"),
        (999_999_999_999_999, "999.99tn", "€9.99tn"),
        (1_000_000_000_000_000, "1000tn", "€10tn"),
        (i64::MAX, "9223372.03tn", "€92233.72tn"),
        (i64::MIN, "-9223372.03tn", "-€92233.72tn"),
    ] {
        assert_eq!(short(value, Unit::Count), count, "{value} things");
        assert_eq!(short(value, Unit::Cents), money, "{value} cents");
    }
}

/// The scale reaches over all values and zero, in steps of 1, 2 or 5 times a power of ten, the smallest that needs no more than six marks.
#[test]
fn scales() {
    for (lowest, highest, expected) in [
        (971, 9203, vec![0, 2000, 4000, 6000, 8000, 10_000]),
        (-30, 50, vec![-40, -20, 0, 20, 40, 60]),
        (3, 3, vec![0, 1, 2, 3]),
        (0, 0, vec![0, 1]),
        (1, 1, vec![0, 1]),
        (-1, -1, vec![-1, 0]),
        (5, 5, vec![0, 1, 2, 3, 4, 5]),
        (6, 6, vec![0, 2, 4, 6]),
        (-5, 0, vec![-5, -4, -3, -2, -1, 0]),
        (-6, -6, vec![-6, -4, -2, 0]),
        (-1, 1, vec![-1, 0, 1]),
        (-1, 10, vec![-5, 0, 5, 10]),
        (10, 10, vec![0, 2, 4, 6, 8, 10]),
        (11, 11, vec![0, 5, 10, 15]),
        (0, 100, vec![0, 20, 40, 60, 80, 100]),
        (
            1_000_000,
            1_000_000,
            vec![0, 200_000, 400_000, 600_000, 800_000, 1_000_000],
        ),
        (
            -1_000_000_000_000_000,
            1_000_000_000_000_000,
            vec![
                -1_000_000_000_000_000,
                -500_000_000_000_000,
                0,
                500_000_000_000_000,
                1_000_000_000_000_000,
            ],
        ),
    ] {
        let marks: Vec<i64> = scale(lowest, highest);
        assert_eq!(marks, expected, "from {lowest} to {highest}");
    }
}

/// Whatever the values, the marks are those that counting multiples of each step gives.
#[test]
fn scales_of_any_values() {
    let mut random = support::seeded(0x18A2);
    for _ in 0..1000 {
        let draw = |random: &mut support::Seeded| {
            let limit = 10_u64.pow(u32::try_from(random.number(1..16)).expect("small"));
            let size = i64::try_from(random.number(0..limit + 1)).expect("at most 10^15");
            if random.number(0..3) == 0 {
                -size
            } else {
                size
            }
        };
        let (one, other) = (draw(&mut random), draw(&mut random));
        let (lowest, highest) = (one.min(other), one.max(other));
        let found: Vec<i64> = scale(lowest, highest);
        assert_eq!(found, marks(lowest, highest), "from {lowest} to {highest}");
    }
}

/// The five signs of HTML are escaped, once each, and nothing else is touched.
#[test]
fn texts_are_escaped() {
    for (text, expected) in [
        ("", ""),
        (
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        (r#"" onload="x"#, "&quot; onload=&quot;x"),
        ("O'Hara & Söhne", "O&#39;Hara &amp; Söhne"),
        ("&amp;", "&amp;amp;"),
        ("&lt;&", "&amp;lt;&amp;"),
        (
            "  größer / 日本 🏮\u{200b}\n\t`=",
            "  größer / 日本 🏮\u{200b}\n\t`=",
        ),
    ] {
        assert_eq!(escaped(text), expected, "of {text:?}");
    }
}

/// A chart is described by its number of values, its ends, its first lowest and its first highest value.
#[test]
fn charts_are_described() {
    let say = |values: &[i64], unit| {
        described(&Chart {
            id: "orders",
            title: "Orders",
            unit,
            points: &points(values),
        })
    };
    for (values, unit, expected) in [
        (vec![], Unit::Count, "Nothing yet."),
        (vec![12], Unit::Count, "day 0: 12."),
        (vec![-120_050], Unit::Cents, "day 0: -€ 1,200.50."),
        (
            vec![5, 3, 1204, 3, 1204],
            Unit::Count,
            "5 values from day 0 to day 4. Lowest: 3 (day 1). Highest: 1,204 (day 2).",
        ),
        (
            vec![0, 0],
            Unit::Count,
            "2 values from day 0 to day 1. Lowest: 0 (day 0). Highest: 0 (day 0).",
        ),
        (
            vec![-1, -250, -7],
            Unit::Cents,
            "3 values from day 0 to day 2. Lowest: -€ 2.50 (day 1). Highest: -€ 0.01 (day 0).",
        ),
    ] {
        assert_eq!(say(&values, unit), expected, "of {values:?}");
    }
    let plain = [Point {
        label: "Toys & <b>Games</b>".to_owned(),
        value: 1,
    }];
    let said: String = described(&Chart {
        id: "x",
        title: "X",
        unit: Unit::Count,
        points: &plain,
    });
    assert_eq!(
        said, "Toys & <b>Games</b>: 1.",
        "a description is plain text"
    );
}

/// Both charts begin with a title and a description, which the picture names by ids of its own.
#[test]
fn pictures_have_words() {
    let title = r#"Taken & "given" </title><script>"#;
    let points = [
        Point {
            label: "Toys <&> 'Games'".to_owned(),
            value: 3,
        },
        Point {
            label: "Books".to_owned(),
            value: -4,
        },
    ];
    let chart = Chart {
        id: "by-category",
        title,
        unit: Unit::Cents,
        points: &points,
    };
    for (svg, height) in [(line_chart(&chart), 248.0), (bar_chart(&chart), 88.0)] {
        let root: Element = picture(&svg);
        assert_eq!(root.name, "svg", "the element");
        assert_eq!(root.get("class"), "chart", "its class");
        assert_eq!(root.get("role"), "img", "its role");
        assert_eq!(
            numbers(root.get("viewBox")),
            [0.0, 0.0, 640.0, height],
            "its viewBox"
        );
        assert_eq!(
            root.get("aria-labelledby"),
            "by-category-title by-category-desc",
            "what names it"
        );
        let named: Vec<(&str, &str, &str)> = root
            .children
            .iter()
            .take(2)
            .map(|child| (child.name.as_str(), child.get("id"), child.text.as_str()))
            .collect();
        assert_eq!(
            named[0],
            ("title", "by-category-title", title),
            "the first child"
        );
        let desc = "2 values from Toys <&> 'Games' to Books. Lowest: -€ 0.04 (Books). Highest: € 0.03 (Toys <&> 'Games').";
        assert_eq!(
            named[1],
            ("desc", "by-category-desc", desc),
            "the second child"
        );
        let texts: Vec<&str> = root
            .all("text")
            .iter()
            .map(|text| text.text.as_str())
            .collect();
        assert!(
            texts.contains(&"Toys <&> 'Games'"),
            "the label among {texts:?}"
        );
    }
}

fn check_scale(root: &Element, values: &[i64], unit: Unit) -> Vec<i64> {
    let lowest = values.iter().min().copied().unwrap_or(0);
    let highest = values.iter().max().copied().unwrap_or(0);
    let marks = marks(lowest, highest);
    let axes: Vec<&Element> = root.all("path");
    assert_eq!(
        axes.len(),
        marks.len(),
        "lines across, for the marks {marks:?}"
    );
    let labels: Vec<&Element> = root
        .all("text")
        .into_iter()
        .filter(|text| text.get("text-anchor") == "end")
        .collect();
    assert_eq!(labels.len(), marks.len(), "texts at the marks {marks:?}");
    for mark in &marks {
        let y = place(*mark, &marks);
        let d = |axis: &&&Element| {
            let d = numbers(axis.get("d"));
            d.len() == 3 && near(d[0], 80.0) && near(d[1], y) && near(d[2], 584.0)
        };
        let axis = axes.iter().find(d);
        let axis = axis.unwrap_or_else(|| panic!("no line for the mark {mark} at y {y}: {axes:?}"));
        assert_eq!(
            axis.get("class"),
            "axis",
            "the class of the line at the mark {mark}"
        );
        let text = short(*mark, unit);
        let label = labels
            .iter()
            .find(|label| label.text == text && near(label.number("y"), y + 4.0));
        let label = label.unwrap_or_else(|| panic!("no text {text} 4 below y {y}: {labels:?}"));
        assert!(
            near(label.number("x"), 72.0),
            "x of the text at the mark {mark}: {label:?}"
        );
    }
    marks
}

/// Where a value stands, from the picture's measures.
fn place(value: i64, marks: &[i64]) -> f64 {
    let (first, last) = (marks[0] as f64, marks[marks.len() - 1] as f64);
    208.0 - (value as f64 - first) * 192.0 / (last - first)
}

/// The line has all points in their order, evenly across, each as high as its value says, whatever the values.
#[test]
fn lines_go_through_all_points() {
    let mut random = support::seeded(0x18A3);
    let mut cases: Vec<Vec<i64>> = vec![
        vec![0, 0],
        vec![0, 0, 0],
        vec![1, 1_000_000],
        vec![-3, 4],
        vec![-9, -2, -5],
        vec![1_000_000_000_000_000, -1_000_000_000_000_000],
        (0..1500).map(|n| n % 97).collect(),
    ];
    for _ in 0..40 {
        let limit = 10_u64.pow(u32::try_from(random.number(1..10)).expect("small"));
        let value =
            |random: &mut support::Seeded| i64::try_from(random.number(0..limit)).expect("small");
        let below = if random.coin() { value(&mut random) } else { 0 };
        let count = random.size(2..60);
        cases.push((0..count).map(|_| value(&mut random) - below).collect());
    }
    for values in cases {
        let root: Element = line(&values, Unit::Count);
        let marks = check_scale(&root, &values, Unit::Count);
        let lines = root.all("polyline");
        assert_eq!(lines.len(), 1, "lines through {values:?}");
        assert_eq!(lines[0].get("class"), "line", "the line's class");
        assert!(
            root.all("circle").is_empty(),
            "a circle beside the line through {values:?}"
        );
        let pairs: Vec<&str> = lines[0].get("points").split(' ').collect();
        assert_eq!(
            pairs.len(),
            values.len(),
            "points of the line through {} values",
            values.len()
        );
        for (at, (pair, value)) in pairs.iter().zip(&values).enumerate() {
            let (x, y) = pair
                .split_once(',')
                .unwrap_or_else(|| panic!("no x,y: {pair:?}"));
            let (x, y) = (numbers(x)[0], numbers(y)[0]);
            let right = 80.0 + 504.0 * at as f64 / (values.len() - 1) as f64;
            assert!(
                near(x, right),
                "point {at} of {}: x is {x}, not {right}",
                values.len()
            );
            let down = place(*value, &marks);
            assert!(
                near(y, down),
                "{value} on the scale {marks:?}: y is {y}, not {down}"
            );
        }
    }
}

/// A single value is a circle in the middle, for a line of one point cannot be seen.
#[test]
fn one_point_is_a_circle() {
    for value in [0, 1, 37, -12, 1_000_000] {
        let root: Element = line(&[value], Unit::Cents);
        let marks = check_scale(&root, &[value], Unit::Cents);
        assert!(root.all("polyline").is_empty(), "a line through one point");
        let circles = root.all("circle");
        assert_eq!(circles.len(), 1, "circles for one point");
        let circle = circles[0];
        assert_eq!(circle.get("class"), "bar-1", "the circle's class");
        assert!(near(circle.number("cx"), 332.0), "cx of {circle:?}");
        assert!(
            near(circle.number("cy"), place(value, &marks)),
            "cy of {circle:?}, for {value}"
        );
        assert!(near(circle.number("r"), 4.0), "r of {circle:?}");
        let labels: Vec<&Element> = root
            .all("text")
            .into_iter()
            .filter(|text| text.text == "day 0")
            .collect();
        assert_eq!(labels.len(), 1, "labels of one point");
        assert!(near(labels[0].number("x"), 332.0), "x of {:?}", labels[0]);
    }
}

/// Without values a chart says so, and still is a picture with a scale and a description.
#[test]
fn nothing_yet() {
    for root in [line(&[], Unit::Count), bars(&[], Unit::Count)] {
        let texts: Vec<&str> = root
            .all("text")
            .iter()
            .map(|text| text.text.trim())
            .collect();
        assert!(texts.contains(&"Nothing yet"), "the texts {texts:?}");
        assert_eq!(root.all("desc")[0].text, "Nothing yet.", "the description");
        for name in ["polyline", "circle", "rect"] {
            assert!(root.all(name).is_empty(), "a {name} without a value");
        }
    }
    let root: Element = line(&[], Unit::Count);
    check_scale(&root, &[], Unit::Count);
    assert_eq!(
        numbers(bars(&[], Unit::Count).get("viewBox")),
        [0.0, 0.0, 640.0, 44.0],
        "the room for no bars"
    );
}

/// At most six labels stand below the line: the first point's, and then every nth.
#[test]
fn labels_have_room() {
    for (count, every) in [
        (1, 1),
        (2, 1),
        (5, 1),
        (6, 1),
        (7, 2),
        (12, 2),
        (13, 3),
        (31, 6),
        (36, 6),
        (37, 7),
        (366, 61),
        (1001, 167),
    ] {
        let values: Vec<i64> = (0..count).collect();
        let root: Element = line(&values, Unit::Count);
        let labels: Vec<&Element> = root
            .all("text")
            .into_iter()
            .filter(|text| text.get("text-anchor") == "middle")
            .collect();
        let expected: Vec<i64> = (0..count).step_by(every).collect();
        let texts: Vec<&str> = labels.iter().map(|label| label.text.as_str()).collect();
        let wanted: Vec<String> = expected.iter().map(|at| format!("day {at}")).collect();
        assert_eq!(texts, wanted, "labels of {count} points");
        for (label, at) in labels.iter().zip(expected) {
            let right = if count == 1 {
                332.0
            } else {
                80.0 + 504.0 * at as f64 / (count - 1) as f64
            };
            assert!(
                near(label.number("x"), right),
                "x of the label of point {at} of {count}: {label:?}"
            );
            assert!(near(label.number("y"), 240.0), "y of {label:?}");
        }
        let all = root.all("text").len();
        let marks = root.all("path").len();
        assert_eq!(
            all,
            marks + labels.len(),
            "texts of {count} points: marks and labels, and nothing else"
        );
    }
}

/// Each bar lies between zero and its value, in proportion to the widest span, below its label and its value.
#[test]
fn bars_are_in_proportion() {
    let mut random = support::seeded(0x18A4);
    let mut cases: Vec<Vec<i64>> = vec![
        vec![0],
        vec![0, 0],
        vec![5],
        vec![-5],
        vec![1, 1_000_000],
        vec![-30, 50, 0],
        vec![-9, -2, -5],
        vec![1_000_000_000_000_000, -1_000_000_000_000_000],
        (1..=12).collect(),
    ];
    for _ in 0..40 {
        let limit = 10_u64.pow(u32::try_from(random.number(1..10)).expect("small"));
        let value =
            |random: &mut support::Seeded| i64::try_from(random.number(0..limit)).expect("small");
        let below = if random.coin() { value(&mut random) } else { 0 };
        let count = random.size(1..15);
        cases.push((0..count).map(|_| value(&mut random) - below).collect());
    }
    for values in cases {
        let root: Element = bars(&values, Unit::Cents);
        let rects = root.all("rect");
        assert_eq!(rects.len(), values.len(), "bars for {values:?}");
        assert_eq!(
            numbers(root.get("viewBox"))[3],
            44.0 * values.len() as f64,
            "the picture's height for {values:?}"
        );
        let texts = root.all("text");
        assert_eq!(texts.len(), 2 * values.len(), "texts for {values:?}");
        let low = values.iter().copied().min().unwrap_or(0).min(0) as f64;
        let high = values.iter().copied().max().unwrap_or(0).max(0) as f64;
        let scale = if high > low {
            640.0 / (high - low)
        } else {
            0.0
        };
        for (at, (rect, value)) in rects.iter().zip(&values).enumerate() {
            let top = 44.0 * at as f64;
            let ends = [(0.0 - low) * scale, (*value as f64 - low) * scale];
            let (x, width) = (rect.number("x"), rect.number("width"));
            assert!(
                near(x, ends[0].min(ends[1])),
                "x of the bar of {value} among {values:?}: {x}, the ends are {ends:?}"
            );
            assert!(
                near(width, (ends[1] - ends[0]).abs()),
                "width of the bar of {value} among {values:?}: {width}"
            );
            assert!(width >= 0.0, "a width below zero: {rect:?}");
            assert!(
                near(rect.number("y"), top + 24.0),
                "y of bar {at}: {rect:?}"
            );
            assert!(
                near(rect.number("height"), 14.0),
                "height of bar {at}: {rect:?}"
            );
            assert_eq!(
                rect.get("class"),
                format!("bar-{}", at % 5 + 1),
                "the class of bar {at}"
            );
            let found = |text: &str, x: f64, anchor: &str| {
                texts.iter().any(|element| {
                    element.text == text
                        && near(element.number("x"), x)
                        && near(element.number("y"), top + 18.0)
                        && (element.get("text-anchor") == "end") == (anchor == "end")
                })
            };
            assert!(
                found(&format!("day {at}"), 0.0, "start"),
                "the label of bar {at}: {texts:?}"
            );
            assert!(
                found(&full(*value, Unit::Cents), 640.0, "end"),
                "the value of bar {at}: {texts:?}"
            );
        }
    }
}

/// A long label at a bar is cut after 29 characters, with a sign that it is; the description and the line have it whole.
#[test]
fn long_labels_are_cut_at_bars() {
    let thirty = "dreißig Zeichen, so viele sind";
    let long = "日本の本とおもちゃ 🏮 and everything else that is made of paper";
    for (label, expected) in [
        (thirty.to_owned(), thirty.to_owned()),
        (
            format!("{thirty}!"),
            "dreißig Zeichen, so viele sin…".to_owned(),
        ),
        (
            long.to_owned(),
            "日本の本とおもちゃ 🏮 and everything el…".to_owned(),
        ),
        ("&".repeat(30), "&".repeat(30)),
        ("<".repeat(31), format!("{}…", "<".repeat(29))),
    ] {
        let points = [Point {
            label: label.clone(),
            value: 4,
        }];
        let chart = Chart {
            id: "long",
            title: "Long",
            unit: Unit::Count,
            points: &points,
        };
        let bars: Element = picture(&bar_chart(&chart));
        let texts: Vec<&str> = bars
            .all("text")
            .iter()
            .map(|text| text.text.as_str())
            .collect();
        assert!(
            texts.contains(&expected.as_str()),
            "{expected:?} at the bar of {label:?}: {texts:?}"
        );
        assert_eq!(
            bars.all("desc")[0].text,
            format!("{label}: 4."),
            "the description"
        );
        let line: Element = picture(&line_chart(&chart));
        let texts: Vec<&str> = line
            .all("text")
            .iter()
            .map(|text| text.text.as_str())
            .collect();
        assert!(
            texts.contains(&label.as_str()),
            "{label:?} below the line: {texts:?}"
        );
    }
}

/// Bars and marks of things are written as numbers, those of cents as money.
#[test]
fn the_unit_is_kept() {
    for (unit, mark, value) in [
        (Unit::Count, "2k", "2,000"),
        (Unit::Cents, "€20", "€ 20.00"),
    ] {
        let lines = line(&[2000, 0], unit);
        assert!(
            lines.all("text").iter().any(|text| text.text == mark),
            "{mark} among the marks: {lines:?}"
        );
        assert!(
            lines.all("desc")[0]
                .text
                .contains(&format!("Highest: {value} (")),
            "the description: {lines:?}"
        );
        let bars = bars(&[2000, 0], unit);
        assert!(
            bars.all("text").iter().any(|text| text.text == value),
            "{value} at the bar: {bars:?}"
        );
        assert!(
            bars.all("desc")[0]
                .text
                .contains(&format!("Highest: {value} (")),
            "the description: {bars:?}"
        );
    }
}

/// A change is told in whole percent of what was, with its sign, and halves are rounded away from zero.
#[test]
fn changes_in_percent() {
    for (value, before, expected) in [
        (112, 100, Some("+12 %")),
        (97, 100, Some("-3 %")),
        (100, 100, Some("0 %")),
        (0, 100, Some("-100 %")),
        (201, 200, Some("+1 %")),
        (199, 200, Some("-1 %")),
        (1004, 1000, Some("0 %")),
        (996, 1000, Some("0 %")),
        (1005, 1000, Some("+1 %")),
        (995, 1000, Some("-1 %")),
        (1014, 1000, Some("+1 %")),
        (1015, 1000, Some("+2 %")),
        (4, 3, Some("+33 %")),
        (5, 3, Some("+67 %")),
        (1_000_000, 1, Some("+99999900 %")),
        (5, -10, Some("+150 %")),
        (-20, -10, Some("-100 %")),
        (-10, 10, Some("-200 %")),
        (-5, -10, Some("+50 %")),
        (5, 0, None),
        (-5, 0, None),
        (0, 0, None),
        (i64::MAX, i64::MIN, Some("+200 %")),
        (i64::MIN, i64::MAX, Some("-200 %")),
        (i64::MAX, 1, Some("+922337203685477580600 %")),
        (i64::MIN, i64::MIN, Some("0 %")),
    ] {
        let found: Option<String> = change(value, before);
        assert_eq!(found.as_deref(), expected, "from {before} to {value}");
    }
}

fn field(name: &str, options: &[(&str, &str, bool)]) -> Field {
    let options = options.iter().map(|(value, label, chosen)| Choice {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        chosen: *chosen,
    });
    Field {
        name: name.to_owned(),
        label: format!("The {name}"),
        options: options.collect(),
        kind: "date".to_owned(),
        value: "2026-05-01".to_owned(),
    }
}

fn with_id<'a>(root: &'a Element, name: &str, id: &str) -> &'a Element {
    let found = root
        .all(name)
        .into_iter()
        .find(|element| element.get("id") == id);
    found.unwrap_or_else(|| panic!("no {name} with the id {id}"))
}

/// All the text in an element, with one blank for each gap.
fn text(element: &Element) -> String {
    let mut parts = vec![element.text.clone()];
    parts.extend(element.children.iter().map(text));
    parts
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The page shows the figures with what they were, the form, and each chart with its table; what others wrote stays text.
#[test]
fn the_whole_page() {
    let days = [("1 May", 12), ("2 May", 0), ("3 May", 1_234_567)].map(|(label, value)| Point {
        label: label.to_owned(),
        value,
    });
    let countries =
        [("AT", 5000), ("<script>alert('x')</script> & \"Co\"", -250)].map(|(label, value)| {
            Point {
                label: label.to_owned(),
                value,
            }
        });
    let line = Chart {
        id: "orders",
        title: "Orders & more",
        unit: Unit::Count,
        points: &days,
    };
    let bars = Chart {
        id: "countries",
        title: "Taken",
        unit: Unit::Cents,
        points: &countries,
    };
    let figure = |label, value, before, unit| Figure {
        label,
        value,
        before,
        unit,
    };
    let view = View {
        heading: "Why was <May> so bad?",
        span: "1 May & later",
        figures: vec![
            figure("orders", 1204, Some(1000), Unit::Count),
            figure("taken", 9_700, Some(10_000), Unit::Cents),
            figure("carts", 7, Some(7), Unit::Count),
            figure("views", 8, None, Unit::Count),
            figure("refunds", -9, Some(0), Unit::Cents),
            figure("readers", 1_001, Some(1_000), Unit::Count),
            figure("writers", 999, Some(1_000), Unit::Count),
        ],
        filters: vec![
            field(
                "country",
                &[
                    ("", "All", false),
                    ("AT", "Austria", true),
                    ("<DE>", "\"Germany\"", false),
                ],
            ),
            field("from", &[]),
        ],
        sections: vec![
            Section {
                along: "Day",
                style: Style::Line,
                chart: line.clone(),
            },
            Section {
                along: "Country",
                style: Style::Bars,
                chart: bars.clone(),
            },
            Section {
                along: "Hour",
                style: Style::Line,
                chart: Chart {
                    id: "empty",
                    title: "Nothing",
                    unit: Unit::Count,
                    points: &[],
                },
            },
        ],
        export: "/api/export.csv?country=AT&from=2026-05-01",
        version: 9_007_199_254_740_993,
    };
    let html = match render(&view) {
        Ok(html) => html,
        Err(problem) => panic!("no page: {} {}", problem.code(), problem.detail()),
    };
    assert!(
        !html.contains("<script>alert"),
        "a script that somebody else wrote"
    );
    for svg in [line_chart(&line), bar_chart(&bars)] {
        assert!(
            html.contains(&svg),
            "a picture that is not on the page as it is: {svg}"
        );
    }
    let root: Element = page(&html);
    assert_eq!(
        root.all("body")[0].get("class"),
        "wide",
        "the class of the body"
    );
    assert_eq!(
        text(root.all("small")[0]),
        "dashboard",
        "the part, in the head"
    );
    assert_eq!(
        root.all("h1")[0].text,
        "Why was <May> so bad?",
        "the heading"
    );
    let figures: Vec<(String, Vec<String>)> = with_id(&root, "div", "figures")
        .children
        .iter()
        .map(|figure| {
            (
                text(figure),
                figure
                    .all("span")
                    .iter()
                    .filter(|span| span.get("class").starts_with("badge"))
                    .map(|span| span.get("class").trim().to_owned())
                    .collect(),
            )
        })
        .collect();
    let expected = [
        ("1,204 orders 1,000 before +20 %", vec!["badge good"]),
        ("€ 97.00 taken € 100.00 before -3 %", vec!["badge bad"]),
        ("7 carts 7 before 0 %", vec!["badge"]),
        ("8 views", vec![]),
        ("-€ 0.09 refunds € 0.00 before", vec![]),
        ("1,001 readers 1,000 before 0 %", vec!["badge"]),
        ("999 writers 1,000 before 0 %", vec!["badge"]),
    ];
    assert_eq!(figures.len(), expected.len(), "figures: {figures:?}");
    for ((words, badges), (expected_words, expected_badges)) in figures.iter().zip(expected) {
        assert_eq!(words, expected_words, "a figure");
        assert_eq!(badges, &expected_badges, "the badges of {words:?}");
    }
    let options: Vec<(&str, &str, bool)> = with_id(&root, "select", "filter-country")
        .children
        .iter()
        .map(|option| {
            (
                option.get("value"),
                option.text.as_str(),
                option.attributes.iter().any(|(name, _)| name == "selected"),
            )
        })
        .collect();
    assert_eq!(
        options,
        [
            ("", "All", false),
            ("AT", "Austria", true),
            ("<DE>", "\"Germany\"", false)
        ],
        "what can be chosen"
    );
    let input = with_id(&root, "input", "filter-from");
    assert_eq!(
        (input.get("name"), input.get("type"), input.get("value")),
        ("from", "date", "2026-05-01"),
        "what can be typed in"
    );
    assert!(text(&root).contains("1 May & later"), "the span");
    assert!(
        root.all("a")
            .iter()
            .any(|link| link.get("href") == view.export),
        "the link to the file"
    );
    let script = root.all("script");
    assert_eq!(script.len(), 1, "scripts on the page");
    assert_eq!(
        script[0].get("data-version"),
        "9007199254740993",
        "the version"
    );
    let tables: Vec<Vec<Vec<String>>> = root
        .all("table")
        .iter()
        .map(|table| {
            table
                .all("tr")
                .iter()
                .map(|row| row.children.iter().map(text).collect())
                .collect()
        })
        .collect();
    let rows = |rows: &[&[&str]]| -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect()
    };
    assert_eq!(
        tables,
        [
            rows(&[
                &["Day", "Orders & more"],
                &["1 May", "12"],
                &["2 May", "0"],
                &["3 May", "1,234,567"]
            ]),
            rows(&[
                &["Country", "Taken"],
                &["AT", "€ 50.00"],
                &["<script>alert('x')</script> & \"Co\"", "-€ 2.50"]
            ]),
            rows(&[&["Hour", "Nothing"], &["Nothing yet"]]),
        ],
        "the tables"
    );
    let ids: Vec<&str> = root
        .all("svg")
        .iter()
        .map(|svg| svg.children[0].get("id"))
        .collect();
    assert_eq!(
        ids,
        ["orders-title", "countries-title", "empty-title"],
        "the pictures, in their order"
    );
    let sections: Vec<&str> = root
        .all("h2")
        .iter()
        .map(|heading| heading.get("id"))
        .collect();
    assert_eq!(
        sections,
        ["orders-heading", "countries-heading", "empty-heading"],
        "the headings, in their order"
    );
    let titles: Vec<String> = root.all("h2").iter().map(|heading| text(heading)).collect();
    assert_eq!(
        titles,
        ["Orders & more", "Taken", "Nothing"],
        "what the headings say"
    );
}

/// Without figures, filters and charts there is still a page.
#[test]
fn a_page_of_nothing() {
    let view = View {
        heading: "New",
        span: "",
        figures: vec![],
        filters: vec![],
        sections: vec![],
        export: "/all.csv",
        version: -1,
    };
    let html: String =
        render(&view).unwrap_or_else(|problem| panic!("no page: {}", problem.detail()));
    let root: Element = page(&html);
    assert_eq!(root.all("h1")[0].text, "New", "the heading");
    assert!(
        root.all("svg").is_empty() && root.all("table").is_empty(),
        "a chart of nothing"
    );
    assert_eq!(
        root.all("script")[0].get("data-version"),
        "-1",
        "the version"
    );
}
