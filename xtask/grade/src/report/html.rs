//! One self-contained page: the class at a glance. No script, nothing loaded from elsewhere; details open with the
//! keyboard, and everything is open on paper.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{LIMITS, NOTICES, explanation, isolation, legend, notices, passed_of};
use crate::results::{Learner, Mark, Report, Standing};

const STYLE: &str = include_str!("html.css");

pub fn write(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>Grades</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1>Grades</h1>"
    );
    summary(&mut out, report);
    exercises(&mut out, report);
    mistakes(&mut out, report);
    grid(&mut out, report);
    looks(&mut out, report);
    details(&mut out, report);
    let _ = writeln!(
        out,
        "<footer><p>{}</p><p>{}</p><p>Toolchain: {}. Course: {}.</p></footer>\n</main>\n</body>\n</html>",
        text(&isolation(report)),
        text(LIMITS),
        text(&report.toolchain),
        text(&report.course)
    );
    out
}

fn summary(out: &mut String, report: &Report) {
    let most = report.most();
    let full = report
        .learners
        .iter()
        .filter(|learner| learner.points == most)
        .count();
    let mut all: Vec<_> = report
        .learners
        .iter()
        .map(|learner| learner.points)
        .collect();
    all.sort();
    let middle = all
        .get(all.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default();
    let problems = report
        .learners
        .iter()
        .filter(|learner| learner.problem.is_some())
        .count();
    let _ = writeln!(
        out,
        "<p class=\"summary\">{} learners · {full} with all {most} points · half of the class has {middle} points or \
         more{}</p>",
        report.learners.len(),
        if problems > 0 {
            format!(" · {problems} could not be read")
        } else {
            String::new()
        }
    );
}

/// Pass rates, and the test at which most learners are stuck.
fn exercises(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "<h2>Exercises</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Exercises\"><table class=\"exercises\">\n<thead>\
         <tr><th scope=\"col\">Exercise</th><th scope=\"col\">Passed</th><th scope=\"col\">Tried</th><th \
         scope=\"col\">Where people are stuck</th></tr></thead>\n<tbody>"
    );
    for (index, graded) in report.exercises.iter().enumerate() {
        let marks: Vec<&Mark> = report
            .learners
            .iter()
            .filter_map(|learner| learner.exercises.get(index))
            .collect();
        let passed = marks
            .iter()
            .filter(|mark| mark.status == Standing::Passed)
            .count();
        let idle =
            |mark: &&&Mark| matches!(mark.status, Standing::NotStarted | Standing::NotSubmitted);
        let tried = marks.len() - marks.iter().filter(idle).count();
        let percent = (passed * 100).checked_div(marks.len()).unwrap_or(0);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><code>{}</code><br>{}</th><td>{passed} of {}<br><progress max=\"100\" \
             value=\"{percent}\">{percent} %</progress></td><td><span class=\"label\">tried: \
             </span>{tried}</td><td>{}</td></tr>",
            text(&graded.exercise),
            text(&graded.title),
            marks.len(),
            stuck(&marks)
        );
    }
    let _ = writeln!(out, "</tbody></table></div>");
}

fn stuck(marks: &[&Mark]) -> String {
    let mut failed: Vec<(&str, &str, usize)> = Vec::new();
    for mark in marks {
        for test in mark
            .tests
            .iter()
            .filter(|test| test.status != crate::results::TestStanding::Passed)
        {
            match failed.iter_mut().find(|(name, ..)| *name == test.name) {
                Some((.., count)) => *count += 1,
                None => failed.push((&test.name, &test.sentence, 1)),
            }
        }
    }
    let broken = marks
        .iter()
        .filter(|mark| mark.status == Standing::CompileError)
        .count();
    // The first of several that are failed equally often: it stands first in the tests.
    let worst = failed.iter().rev().max_by_key(|(.., count)| *count);
    match worst {
        Some((name, sentence, count)) if *count >= broken => {
            format!("<code>{}</code> ({count}): {}", text(name), text(sentence))
        }
        _ if broken > 0 => format!("it does not compile ({broken})"),
        _ => String::new(),
    }
}

/// The known mistakes that learners made, those of most learners first, and the question that helps them to see it.
fn mistakes(out: &mut String, report: &Report) {
    let mut rows = String::new();
    for (index, graded) in report.exercises.iter().enumerate() {
        let marks = report.learners.iter();
        let own = marks.filter_map(|learner| learner.exercises.get(index)?.diagnosis.as_ref());
        let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for known in own {
            let count = counts.entry(&known.mistake).or_insert((0, &known.ask));
            count.0 += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for (mistake, (count, ask)) in counts {
            let learners = if count == 1 { "learner" } else { "learners" };
            let _ = writeln!(
                rows,
                "<li><code>{}</code> · {count} {learners}: {}<br><q>{}</q></li>",
                text(&graded.exercise),
                text(&mistake.replace('_', " ")),
                text(ask)
            );
        }
    }
    if !rows.is_empty() {
        let _ = writeln!(out, "<h2>Known mistakes</h2>\n<ul>\n{rows}</ul>");
    }
}

fn grid(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "<h2>Learners</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Learners\"><table \
         class=\"grid\">\n<thead><tr><th scope=\"col\">Learner</th><th scope=\"col\">Points</th>"
    );
    for graded in &report.exercises {
        let _ = write!(
            out,
            "<th scope=\"col\" class=\"turned\"><span>{}</span></th>",
            text(&graded.exercise)
        );
    }
    let _ = writeln!(out, "</tr></thead>\n<tbody>");
    for (row, learner) in report.learners.iter().enumerate() {
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><a href=\"#learner-{row}\">{}</a></th><td class=\"number\">{}</td>",
            text(&shown_name(learner)),
            learner.points
        );
        if let Some(problem) = &learner.problem {
            let _ = write!(
                out,
                "<td class=\"problem\" colspan=\"{}\"><span>{}</span></td>",
                report.exercises.len().max(1),
                text(problem)
            );
        }
        for mark in &learner.exercises {
            let (class, words) = (class(mark.status), mark.status.words());
            let tests = if mark.tests.is_empty() {
                String::new()
            } else {
                format!(", {}", passed_of(mark))
            };
            let _ = write!(
                out,
                "<td class=\"{class}\" title=\"{}: {words}{tests}\"><span aria-hidden=\"true\">{}</span><span \
                 class=\"spoken\">{words}</span></td>",
                text(&mark.exercise),
                mark.status.sign()
            );
        }
        let _ = writeln!(out, "</tr>");
    }
    let _ = writeln!(out, "</tbody></table></div>\n<p>{}</p>", text(&legend()));
}

fn looks(out: &mut String, report: &Report) {
    let notices = notices(report);
    if notices.is_empty() {
        return;
    }
    let _ = writeln!(out, "<h2>{NOTICES}</h2>\n<ul>");
    for notice in notices {
        let _ = writeln!(out, "<li>{}</li>", text(&notice));
    }
    let _ = writeln!(out, "</ul>");
}

fn details(out: &mut String, report: &Report) {
    let _ = writeln!(out, "<h2>What each learner was told</h2>");
    // A link to what lies inside of a closed element opens it.
    for (row, learner) in report.learners.iter().enumerate() {
        let _ = writeln!(
            out,
            "<details><summary>{}: {} of {} points</summary><div id=\"learner-{row}\">",
            text(&shown_name(learner)),
            learner.points,
            report.most()
        );
        if let Some(problem) = &learner.problem {
            let _ = writeln!(out, "<p>{}</p>", text(problem));
        }
        for (mark, graded) in learner.exercises.iter().zip(&report.exercises) {
            let _ = writeln!(
                out,
                "<h3><code>{}</code> {}: {} of {}</h3>",
                text(&mark.exercise),
                mark.status.words(),
                mark.points,
                graded.points
            );
            let why = explanation(mark);
            if !why.is_empty() {
                let _ = writeln!(out, "<pre>{}</pre>", text(&why));
            }
            if let Some(known) = &mark.diagnosis {
                let mistake = text(&known.mistake.replace('_', " "));
                let _ = writeln!(
                    out,
                    "<p>A known mistake fails in just this way: {mistake}.</p>"
                );
            }
        }
        let _ = writeln!(out, "</div></details>");
    }
}

fn shown_name(learner: &Learner) -> String {
    format!("{} {}", learner.id, learner.name)
        .trim_end()
        .to_owned()
}

fn class(status: Standing) -> &'static str {
    match status {
        Standing::Passed => "passed",
        Standing::Failed | Standing::TimedOut => "failed",
        Standing::CompileError | Standing::Refused => "broken",
        Standing::NotStarted | Standing::NotSubmitted | Standing::NotGraded => "idle",
    }
}

/// A text in which nothing is read as HTML.
fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
