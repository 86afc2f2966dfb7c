//! Every form says the same, and nothing that a learner wrote breaks out of it.

use super::{Format, write};
use crate::results::{
    Graded, Learner, Mark, Points, Report, Standing, TestMark, TestStanding, VERSION,
};
use crate::sandbox::Level;
use xtask_core::diagnosis::Diagnosis;

const HOSTILE: &str = "<script>alert(1)</script> ``` ]]> | =1+1 \u{1b}[31m \" ' &";

pub fn report(learners: usize) -> Report {
    let three = Points::whole(3);
    let test = |name: &str, status, message: &str| TestMark {
        name: name.into(),
        sentence: "The total is what the cart says.".into(),
        status,
        message: crate::text::carried(message),
    };
    let learner = |index: usize| Learner {
        id: format!("=ada{index}"),
        name: "<b>Ada".into(),
        points: three.share(1, 2),
        problem: None,
        exercises: vec![Mark {
            exercise: "logic/variables".into(),
            status: Standing::Failed,
            points: three.share(1, 2),
            tests: vec![
                test("totals", TestStanding::Passed, ""),
                test("taxes", TestStanding::Failed, HOSTILE),
            ],
            diagnostics: Vec::new(),
            notices: vec!["src/variables.rs, line 3: <b>look".into()],
            diagnosis: Some(Diagnosis {
                mistake: "added_not_multiplied".into(),
                ask: "What do <b>3 copies</b> cost?".into(),
            }),
        }],
        notices: vec!["one folder with bob".into()],
    };
    Report {
        version: VERSION,
        course: "c0ffee".into(),
        toolchain: "rustc 1.95.0".into(),
        isolation: Level::Confined,
        shard: None,
        exercises: vec![Graded {
            exercise: "logic/variables".into(),
            title: "Cart totals".into(),
            points: three,
        }],
        learners: (0..learners).map(learner).collect(),
    }
}

fn written(learners: usize, format: Format) -> String {
    write(&report(learners), format).expect("it can be written")
}

#[test]
fn json_comes_back_as_it_was() {
    let text = written(2, Format::Json);
    let back: Report = serde_json::from_str(&text).expect("it was written here");
    assert_eq!(back, report(2));
    assert!(text.contains("\"points\": 1.5"), "{text}");
}

#[test]
fn every_form_says_the_points_and_the_isolation() {
    for format in [
        Format::Table,
        Format::Json,
        Format::Junit,
        Format::Gradescope,
        Format::Markdown,
        Format::Csv,
        Format::Html,
    ] {
        let text = written(1, format);
        assert!(text.contains("1.5"), "{format:?}: {text}");
        assert!(text.contains("confined"), "{format:?}: {text}");
    }
}

#[test]
fn signs_are_explained_and_tests_are_counted() {
    for format in [Format::Table, Format::Markdown, Format::Html] {
        let text = written(2, format);
        assert!(
            text.contains("✓ passed  ◐ failed  ✗ does not compile"),
            "{format:?}: {text}"
        );
    }
    for format in [
        Format::Table,
        Format::Markdown,
        Format::Html,
        Format::Gradescope,
    ] {
        let text = written(1, format);
        assert!(text.contains("1 of 2 tests"), "{format:?}: {text}");
    }
}

#[test]
fn a_class_is_full_when_every_learner_is() {
    let mut report = report(2);
    assert_eq!(report.most(), Points::whole(3));
    assert!(!report.all_full());
    for learner in &mut report.learners {
        assert_eq!(learner.points.hundredths(), 150);
        learner.points = Points::whole(3);
    }
    assert!(report.all_full());
}

#[test]
fn what_a_learner_wrote_stays_text() {
    let html = written(2, Format::Html);
    assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
    assert!(html.contains("&lt;script&gt;"));
    let junit = written(1, Format::Junit);
    assert!(!junit.contains("<script"), "{junit}");
    let markdown = written(1, Format::Markdown);
    assert!(markdown.contains("````text"), "{markdown}");
    assert!(written(2, Format::Markdown).contains("&lt;b>Ada"));
    assert!(written(2, Format::Csv).contains("\n'=ada0,"));
    for format in [Format::Table, Format::Html, Format::Junit, Format::Markdown] {
        assert!(!written(1, format).contains('\u{1b}'), "{format:?}");
    }
}

/// What XML cannot hold is replaced wherever a text stands: the document is read by programs that stop at it.
#[test]
fn junit_holds_whatever_was_written() {
    const UNHEARD: &str = "a\u{fffe}b\u{ffff}c\u{1}d\u{1b}e";
    let mut report = report(2);
    let said = || UNHEARD.to_owned();
    report.exercises[0].exercise = said();
    report.exercises[0].title = said();
    for learner in &mut report.learners {
        (learner.id, learner.name) = (said(), said());
        let mark = &mut learner.exercises[0];
        mark.exercise = said();
        for test in &mut mark.tests {
            (test.name, test.sentence, test.message) = (said(), said(), said());
        }
    }
    report.learners[1].problem = Some(said());
    let mut broken = report.learners[0].clone();
    broken.exercises[0].tests.clear();
    broken.exercises[0].diagnostics = vec![said()];
    report.learners.push(broken);
    let xml = write(&report, Format::Junit).expect("it can be written");
    let stray = xml.chars().find(|one| !crate::text::is_in_xml(*one));
    assert_eq!(stray, None, "{xml:?}");
    // A suite's name, its test's name and class, and what was said, for the first learner alone.
    assert!(xml.matches("a\u{fffd}b\u{fffd}c").count() > 10, "{xml}");
}

#[test]
fn what_is_worth_a_look_is_shown_to_instructors() {
    for format in [Format::Table, Format::Json, Format::Markdown, Format::Html] {
        for learners in [1, 2] {
            let text = written(learners, format);
            assert!(text.contains("line 3: "), "{format:?}: {text}");
            assert!(text.contains("one folder with bob"), "{format:?}: {text}");
        }
    }
}

#[test]
fn gradescope_gets_its_fields() {
    let text = written(1, Format::Gradescope);
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["score"], 1.5);
    let test = &document["tests"][0];
    assert_eq!(
        (&test["score"], &test["max_score"]),
        (&1.5.into(), &3.into())
    );
    assert_eq!(test["status"], "failed");
    assert_eq!(test["number"], "1");
    assert!(
        test["output"]
            .as_str()
            .is_some_and(|output| output.contains("taxes"))
    );
}

/// A spreadsheet takes a text for a formula that begins with a sign of arithmetic, in full width as well.
#[test]
fn no_cell_is_a_formula() {
    let mut report = report(1);
    let forms = [
        "=",
        "+",
        "-",
        "@",
        "＝",
        "＋",
        "－",
        "＠",
        "﹦",
        "﹢",
        "﹣",
        "﹫",
        "−",
        "⁼",
        "₊",
        "|",
        "%",
        " =",
        "\u{200b}＝",
        "\u{feff}=",
        "\u{a0}@",
    ];
    for form in forms {
        report.learners[0].name = format!("{form}HYPERLINK(1)");
        let csv = write(&report, Format::Csv).expect("it can be written");
        assert!(
            csv.contains(&format!(",'{form}HYPERLINK(1),")),
            "{form}: {csv}"
        );
    }
    for name in ["Ada", "李", "O'Neill", "5th group", "Zoë = Ada"] {
        report.learners[0].name = name.into();
        let csv = write(&report, Format::Csv).expect("it can be written");
        assert!(csv.contains(&format!(",{name},")), "{csv}");
    }
}

#[test]
fn a_form_for_one_submission_refuses_a_class() {
    let said = write(&report(2), Format::Gradescope).expect_err("there are two");
    assert!(said.to_string().contains("one submission"), "{said}");
}

#[test]
fn the_page_begins_with_the_class_at_a_glance() {
    let mut class = report(3);
    class.learners[0].points = Points::whole(3);
    class.learners[1].points = Points::default();
    class.learners[2].problem = Some("nobody there".into());
    let html = write(&class, Format::Html).expect("it can be written");
    let summary = "3 learners · 1 with all 3 points · half of the class has 1.5 points or more · 1 could not be read";
    assert!(html.contains(summary), "{html}");
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let html = written(3, Format::Html);
    assert!(!html.contains("<link") && !html.contains(" src="), "{html}");
    assert!(html.contains("name=\"viewport\"") && html.contains("@media print"));
    assert_eq!(html.matches("<details").count(), 3);
    assert!(html.contains("tabindex=\"0\""));
}

#[test]
fn the_page_counts_known_mistakes_and_asks_their_question() {
    let page = written(3, Format::Html);
    let line = "<li><code>logic/variables</code> · 3 learners: added not multiplied<br>\
                <q>What do &lt;b&gt;3 copies&lt;/b&gt; cost?</q></li>";
    assert!(page.contains(line), "{page}");
    let mut none = report(1);
    none.learners[0].exercises[0].diagnosis = None;
    let page = write(&none, Format::Html).expect("it can be written");
    assert!(!page.contains("Known mistakes"), "{page}");
}
