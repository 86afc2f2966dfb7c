//! Times, devices, events and problems in words that people use.

use axum::http::header;
use axum::response::IntoResponse as _;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use minijinja::{Value, context};

use crate::given::clock::UnixTime;
use crate::given::problem::Problem;

/// A time, as people say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// As RFC 3339 writes it, for programs.
    pub(super) exact: String,
    /// `3 minutes ago`, or the day when it is long ago.
    pub(super) text: String,
    /// `14 July 2017, 02:40 UTC`.
    pub(super) day: String,
    /// `14 July 2017`.
    pub(super) date: String,
}

impl Moment {
    /// The moment that RFC 3339 writes as `exact`, seen from `now`. What is no time is shown as it is.
    pub(super) fn of(exact: &str, now: UnixTime) -> Self {
        let said = |text: String, day: String, date: String| Self {
            exact: exact.to_owned(),
            text,
            day,
            date,
        };
        let Ok(at) = exact.parse::<Timestamp>() else {
            return said(exact.to_owned(), exact.to_owned(), exact.to_owned());
        };
        let zoned: Zoned = at.to_zoned(TimeZone::UTC);
        let date = zoned.strftime("%-d %B %Y").to_string();
        let day = zoned.strftime("%-d %B %Y, %H:%M UTC").to_string();
        said(ago(now - at.as_second()).unwrap_or(day.clone()), day, date)
    }
}

impl From<Moment> for Value {
    fn from(moment: Moment) -> Self {
        let Moment {
            exact, text, day, ..
        } = moment;
        context! { exact, text, day }
    }
}

/// How long ago, up to a week.
fn ago(seconds: i64) -> Option<String> {
    match seconds {
        0..60 => Some("just now".to_owned()),
        60..3600 => Some(format!("{} ago", count(seconds / 60, "minute"))),
        3600..86_400 => Some(format!("{} ago", count(seconds / 3600, "hour"))),
        86_400..604_800 => Some(format!("{} ago", count(seconds / 86_400, "day"))),
        _ => None,
    }
}

fn count(number: i64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// How long to wait, rounded up: whoever comes back then is let in.
fn wait(seconds: i64) -> String {
    match seconds {
        ..=90 => count(seconds, "second"),
        91..=5400 => count((seconds + 59) / 60, "minute"),
        _ => count((seconds + 3599) / 3600, "hour"),
    }
}

/// What a problem says, and how long to wait if that is what it asks for.
pub(super) fn of_problem(problem: &Problem) -> String {
    let told = problem.clone().into_response();
    let seconds = told.headers().get(header::RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    match (problem.code(), seconds) {
        ("locked", Some(seconds)) => format!(
            "Too many attempts from where you are. You can try again in {}.",
            wait(seconds)
        ),
        (_, Some(seconds)) => format!("{} Try again in {}.", problem.detail(), wait(seconds)),
        ("invalid_fields", None) => "Something in this form needs another look.".to_owned(),
        ("email_not_verified", None) => {
            "Your address is not confirmed yet. Open the link in the mail that we sent you first."
                .to_owned()
        }
        (_, None) => problem.detail().to_owned(),
    }
}

/// What browsers call themselves, and what people call them. The first that fits counts: most claim to be others, too.
const BROWSERS: [(&str, &str); 10] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "a Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
];

/// A name for whatever calls itself `user_agent`: `Firefox on Linux`, or the program's own name.
pub(super) fn device(user_agent: &str) -> String {
    let named = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(mark, _)| user_agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    let browser = named(&BROWSERS).filter(|_| user_agent.starts_with("Mozilla/"));
    match (browser, named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => {
            let name = user_agent.split(['/', ' ']).next().unwrap_or_default();
            match name {
                "" => "A program without a name".to_owned(),
                name => name.chars().take(40).collect(),
            }
        }
    }
}

/// What an event means, and whether its owner should look twice.
pub(super) fn event(kind: &str) -> (String, bool) {
    let (words, warning) = match kind {
        "account.registered" => ("Account opened", false),
        "email.verified" => ("Address confirmed", false),
        "email.resend" => ("Another link to confirm the address was sent", false),
        "login.succeeded" => ("Signed in", false),
        "login.failed" => ("Sign-in failed", true),
        "session.ended" => ("Signed out", false),
        "refresh.reused" => ("A used token came again: its session was ended", true),
        "password.forgot" => ("A link for a new password was asked for", false),
        "password.reset" => ("Password changed through a link", true),
        "password.changed" => ("Password changed", false),
        "totp.enabled" => ("Two-factor turned on", false),
        "totp.disabled" => ("Two-factor turned off", true),
        other => (other, false),
    };
    (words.to_owned(), warning)
}

#[cfg(test)]
mod tests {
    use super::{Moment, ago, device, of_problem, wait};
    use crate::given::problem::Problem;

    #[test]
    fn times_are_said_as_people_say_them() {
        for (seconds, words) in [
            (0, Some("just now")),
            (59, Some("just now")),
            (60, Some("1 minute ago")),
            (3599, Some("59 minutes ago")),
            (3600, Some("1 hour ago")),
            (86_399, Some("23 hours ago")),
            (86_400, Some("1 day ago")),
            (604_799, Some("6 days ago")),
            (604_800, None),
            (-1, None),
        ] {
            assert_eq!(ago(seconds).as_deref(), words, "{seconds} seconds");
        }
        let moment = Moment::of("2017-07-14T02:40:00Z", 1_500_000_000 + 30 * 86_400);
        assert_eq!(moment.text, "14 July 2017, 02:40 UTC");
        assert_eq!(moment.date, "14 July 2017");
        assert_eq!(Moment::of("soon", 0).text, "soon");
    }

    #[test]
    fn waiting_is_never_said_too_short() {
        for (seconds, words) in [
            (1, "1 second"),
            (90, "90 seconds"),
            (91, "2 minutes"),
            (120, "2 minutes"),
            (121, "3 minutes"),
            (3600, "60 minutes"),
            (5401, "2 hours"),
        ] {
            assert_eq!(wait(seconds), words, "{seconds} seconds");
        }
        let told = of_problem(&Problem::locked(240));
        assert!(told.ends_with("You can try again in 4 minutes."), "{told}");
    }

    #[test]
    fn devices_have_names() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
        for (user_agent, name) in [
            (chrome, "Chrome on Linux"),
            (&format!("{chrome} Edg/126.0.0.0"), "Edge on Linux"),
            (phone, "Safari on an iPhone"),
            (
                "Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0",
                "Firefox on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", "A program without a name"),
            ("Mozilla/5.0", "Mozilla"),
        ] {
            assert_eq!(device(user_agent), name, "{user_agent}");
        }
        assert_eq!(device(&"x".repeat(200)).len(), 40);
    }
}
