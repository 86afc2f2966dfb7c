//! The HTML pages: forms that work without JavaScript, for the same milestones that the API serves.

mod csrf;

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Form, FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::{Environment, Value, context};

use self::csrf::Guard;
use crate::given::app::{App, Cx};
use crate::given::neighbours::{Credentials, Current, Kind, Presented};
use crate::given::problem::Problem;
use crate::register::Registration;
use crate::{register, reset, sessions, totp, verify_email};

/// The routes of the pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/style.css", get(style))
        .route("/register", get(register_form).post(register_post))
        .route("/sign-in", get(sign_in_form).post(sign_in_post))
        .route("/sign-out", post(sign_out))
        .route("/devices", get(devices))
        .route("/devices/end", post(end_device))
        .route("/two-factor", get(two_factor))
        .route("/two-factor/enroll", post(enroll))
        .route("/two-factor/confirm", post(confirm))
        .route("/two-factor/remove", post(remove))
        .route("/verify-email", get(verify_form).post(verify_post))
        .route("/forgot", get(forgot_form).post(forgot_post))
        .route("/reset", get(reset_form).post(reset_post))
}

type Fields = HashMap<String, String>;

fn field(fields: &Fields, name: &str) -> String {
    fields.get(name).cloned().unwrap_or_default()
}

/// The page that a visitor gets instead of the one that was asked for.
struct Refused(Box<Response>);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem.into_response()))
    }
}

/// One visit: the request's context, who is signed in by the cookie, and the guard of the forms.
struct Visit {
    cx: Cx,
    current: Option<Current>,
    guard: Guard,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let cx = Cx::from_request_parts(parts, app).await?;
        let guard = Guard::new(app, &parts.headers)?;
        let mut visit = Self {
            cx: cx.clone(),
            current: None,
            guard,
        };
        let asked = cx.run(|cx| {
            let Some(cookie) = &cx.client().cookie else {
                return Ok(None);
            };
            cx.read(|tx| {
                let sessions = &tx.neighbours().sessions;
                sessions.authenticate(tx, Presented::Cookie(cookie))
            })
        });
        match asked.await {
            Ok(current) => visit.current = current,
            Err(problem) => {
                let page = visit.refusal("message.html", &problem, Value::UNDEFINED);
                return Err(Refused(Box::new(page)));
            }
        }
        Ok(visit)
    }
}

impl Visit {
    fn page(&self, template: &str, values: Value) -> Response {
        self.answer(StatusCode::OK, template, values)
    }

    /// The page again, with what was wrong.
    fn refusal(&self, template: &str, problem: &Problem, values: Value) -> Response {
        let wrong = context! {
            error => problem.detail(),
            errors => minijinja::value::Serde(problem.errors()),
            ..minijinja::value::merge_maps([context! { heading => "That did not work" }, values])
        };
        let mut response = self.answer(problem.status(), template, wrong);
        for (name, value) in problem.clone().into_response().headers() {
            if *name == header::RETRY_AFTER {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response
    }

    fn message(&self, heading: &str, notice: &str) -> Response {
        self.page("message.html", context! { heading, notice })
    }

    fn answer(&self, status: StatusCode, template: &str, values: Value) -> Response {
        let values = context! {
            csrf => self.guard.token(),
            signed_in => self.current.is_some(),
            ..values
        };
        let html = TEMPLATES
            .get_template(template)
            .and_then(|template| template.render(values));
        let mut response = match html {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        };
        if let Some(cookie) = self.guard.new_cookie() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Refuses a form that was not sent from one of our own pages.
    fn check(&self, fields: &Fields) -> Result<(), Refused> {
        if self.guard.accepts(&field(fields, "csrf")) {
            return Ok(());
        }
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "form_expired",
            "This form has expired. Go back, reload the page and send it again.",
        );
        Err(Refused(Box::new(self.refusal(
            "message.html",
            &problem,
            Value::UNDEFINED,
        ))))
    }

    /// Who is signed in, or the way to the sign-in page.
    fn current(&self) -> Result<Current, Refused> {
        self.current
            .clone()
            .ok_or_else(|| Refused(Box::new(Redirect::to("/sign-in").into_response())))
    }
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    for (name, source) in [
        ("layout.html", include_str!("layout.html")),
        ("register.html", include_str!("register.html")),
        ("sign_in.html", include_str!("sign_in.html")),
        ("devices.html", include_str!("devices.html")),
        ("two_factor.html", include_str!("two_factor.html")),
        ("forgot.html", include_str!("forgot.html")),
        ("token.html", include_str!("token.html")),
        ("message.html", include_str!("message.html")),
    ] {
        // A template that cannot be read is missing, and its page answers 500; the program's tests open every page.
        if let Err(error) = templates.add_template(name, source) {
            eprintln!("{name}: {error}");
        }
    }
    templates
});

async fn home(visit: Visit) -> Redirect {
    match visit.current {
        Some(_) => Redirect::to("/devices"),
        None => Redirect::to("/sign-in"),
    }
}

async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, include_str!("style.css"))
}

async fn register_form(visit: Visit) -> Response {
    visit.page("register.html", typed(&Fields::new()))
}

async fn register_post(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let form = Registration {
        email: field(&fields, "email"),
        password: field(&fields, "password"),
        name: field(&fields, "name"),
    };
    let cx = visit.cx.clone();
    let done = cx
        .run_hashing(move |cx| register::register(cx, &form))
        .await;
    Ok(match done {
        Ok(_) => visit.message(
            "Check your mail",
            "We have sent you a mail. Open the link in it.",
        ),
        Err(problem) => visit.refusal("register.html", &problem, typed(&fields)),
    })
}

/// What was typed, to fill the form again: never a password.
fn typed(fields: &Fields) -> Value {
    context! { form => context! { email => field(fields, "email"), name => field(fields, "name") } }
}

async fn sign_in_form(visit: Visit) -> Response {
    visit.page("sign_in.html", typed(&Fields::new()))
}

async fn sign_in_post(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let code = field(&fields, "code").trim().to_owned();
    let credentials = Credentials {
        email: field(&fields, "email"),
        password: field(&fields, "password"),
        code: (!code.is_empty()).then_some(code),
    };
    let cx = visit.cx.clone();
    let done = cx
        .run_hashing(move |cx| {
            let sign_in = &cx.neighbours().sign_in;
            sign_in.sign_in(cx, &credentials, Kind::Page)
        })
        .await;
    Ok(match done {
        Ok(signed_in) => {
            let lifetime = visit.cx.config().session_lifetime;
            let cookie = sessions::session_cookie(&signed_in.session.secret, lifetime);
            with_cookie(Redirect::to("/devices"), &cookie)
        }
        Err(problem) => visit.refusal("sign_in.html", &problem, typed(&fields)),
    })
}

fn with_cookie(response: impl IntoResponse, cookie: &str) -> Response {
    let mut response = response.into_response();
    match HeaderValue::from_str(cookie) {
        Ok(value) => {
            response.headers_mut().append(header::SET_COOKIE, value);
            response
        }
        Err(error) => Problem::internal(&error).into_response(),
    }
}

async fn sign_out(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    if let Some(current) = visit.current.clone() {
        let cx = visit.cx.clone();
        // A session that has ended meanwhile is signed out as well.
        let _ = cx
            .run(move |cx| sessions::end_one(cx, current.user_id, &current.session_id))
            .await;
    }
    let cleared = sessions::session_cookie("", 0);
    Ok(with_cookie(Redirect::to("/sign-in"), &cleared))
}

async fn devices(visit: Visit) -> Result<Response, Refused> {
    let current = visit.current()?;
    let cx = visit.cx.clone();
    let listed = cx.run(move |cx| sessions::list(cx, &current)).await;
    Ok(match listed {
        Ok(devices) => {
            let devices = minijinja::value::Serde(devices);
            visit.page("devices.html", context! { devices })
        }
        Err(problem) => visit.refusal("message.html", &problem, Value::UNDEFINED),
    })
}

async fn end_device(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let current = visit.current()?;
    let (cx, id) = (visit.cx.clone(), field(&fields, "id"));
    let ended = cx
        .run(move |cx| sessions::end_one(cx, current.user_id, &id))
        .await;
    Ok(match ended {
        Ok(()) => Redirect::to("/devices").into_response(),
        Err(problem) => visit.refusal("message.html", &problem, Value::UNDEFINED),
    })
}

async fn two_factor(visit: Visit) -> Result<Response, Refused> {
    let current = visit.current()?;
    let cx = visit.cx.clone();
    Ok(
        match cx.run(move |cx| sessions::me(cx, current.user_id)).await {
            Ok(me) => visit.page("two_factor.html", context! { two_factor => me.two_factor }),
            Err(problem) => visit.refusal("message.html", &problem, Value::UNDEFINED),
        },
    )
}

async fn enroll(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let current = visit.current()?;
    let cx = visit.cx.clone();
    Ok(
        match cx.run(move |cx| totp::enroll(cx, current.user_id)).await {
            Ok(enrolment) => visit.page(
                "two_factor.html",
                context! { secret => enrolment.secret, otpauth_uri => enrolment.otpauth_uri },
            ),
            Err(problem) => visit.refusal("message.html", &problem, Value::UNDEFINED),
        },
    )
}

async fn confirm(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let current = visit.current()?;
    let (cx, code) = (visit.cx.clone(), field(&fields, "code").trim().to_owned());
    let confirmed = cx
        .run(move |cx| totp::confirm(cx, current.user_id, &code))
        .await;
    Ok(match confirmed {
        Ok(codes) => visit.page(
            "two_factor.html",
            context! { recovery_codes => codes.recovery_codes },
        ),
        Err(problem) => visit.refusal("message.html", &problem, Value::UNDEFINED),
    })
}

async fn remove(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let current = visit.current()?;
    let cx = visit.cx.clone();
    Ok(
        match cx.run(move |cx| totp::disable(cx, current.user_id)).await {
            Ok(()) => Redirect::to("/two-factor").into_response(),
            Err(problem) => visit.refusal("message.html", &problem, Value::UNDEFINED),
        },
    )
}

/// Opening the link changes nothing: programs that look into mails open links, too. The button does.
async fn verify_form(visit: Visit, Query(query): Query<Fields>) -> Response {
    let heading = "Confirm your address";
    let token = field(&query, "token");
    visit.page(
        "token.html",
        context! { heading, token, action => "/verify-email" },
    )
}

async fn verify_post(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let (cx, token) = (visit.cx.clone(), field(&fields, "token"));
    Ok(
        match cx.run(move |cx| verify_email::verify(cx, &token)).await {
            Ok(()) => visit.message("Thank you", "Your address is confirmed. You can sign in."),
            Err(problem) => visit.refusal("message.html", &problem, Value::UNDEFINED),
        },
    )
}

async fn forgot_form(visit: Visit) -> Response {
    visit.page("forgot.html", Value::UNDEFINED)
}

async fn forgot_post(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let (cx, email) = (visit.cx.clone(), field(&fields, "email"));
    Ok(match cx.run(move |cx| reset::forgot(cx, &email)).await {
        Ok(()) => visit.message(
            "Check your mail",
            "If this address has an account, a link is on its way.",
        ),
        Err(problem) => visit.refusal("forgot.html", &problem, Value::UNDEFINED),
    })
}

fn new_password_page(token: &str) -> Value {
    context! { heading => "Choose a new password", token, action => "/reset", asks_password => true }
}

async fn reset_form(visit: Visit, Query(query): Query<Fields>) -> Response {
    visit.page("token.html", new_password_page(&field(&query, "token")))
}

async fn reset_post(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Refused> {
    visit.check(&fields)?;
    let (token, password) = (field(&fields, "token"), field(&fields, "password"));
    let cx = visit.cx.clone();
    let done = cx
        .run_hashing(move |cx| reset::reset(cx, &token, &password))
        .await;
    Ok(match done {
        Ok(()) => visit.message(
            "Your password is changed",
            "Every device was signed out. Sign in with the new password.",
        ),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let values = new_password_page(&field(&fields, "token"));
            visit.refusal("token.html", &problem, values)
        }
        Err(problem) => visit.refusal("message.html", &problem, Value::UNDEFINED),
    })
}
