//! The tables as pages: people and orders, a bulk action in three steps, and where one begins.
//!
//! They need no script: a form, a page, a form. What they say and do stands in the milestones `search` and `pages`.

use std::sync::Arc;

use axum::extract::{Form, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use minijinja::value::{Serde, merge_maps};
use minijinja::{Value, context};

use crate::given::accounts::Accounts;
use crate::given::app::{App, Cx, Tx};
use crate::given::extract::Me;
use crate::given::problem::Problem;
use crate::given::rights::{Permission, Place};
use crate::given::templates::render;
use crate::pages::{self, Action, Column, Done, Outcome, Skipped, Summary, Why};
use crate::search::{self, Asked};

/// What proves that a form comes from one of our pages.
pub trait Forms: Send + Sync {
    /// For the hidden field `csrf` of the forms of this session.
    ///
    /// # Errors
    ///
    /// A 500 when there is none to be had.
    fn token(&self, cx: &Cx) -> Result<String, Problem>;

    /// Nothing for a form of ours, else the refusal.
    ///
    /// # Errors
    ///
    /// A refusal (403).
    fn check(&self, cx: &Cx, headers: &HeaderMap, token: &str) -> Result<(), Problem>;
}

/// What the pages reach besides the neighbours.
#[derive(Clone)]
pub struct Desk {
    /// Who may sign in.
    pub accounts: Arc<dyn Accounts>,
    /// Whose forms these are.
    pub forms: Arc<dyn Forms>,
}

/// The routes of the tables.
pub fn routes(desk: Desk) -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/users", get(users))
        .route("/users/bulk", post(ask))
        .route("/users/bulk/confirm", post(confirm))
        .route("/users/bulk/undo", post(undo))
        .route("/orders", get(orders))
        .layer(Extension(desk))
        .route("/style.css", get(style))
        .route("/lantern.svg", get(lantern))
}

async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, look::STYLE)
}

async fn lantern() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, look::ICON)
}

type Typed = Form<Vec<(String, String)>>;

/// Why there is no such page: nobody is signed in, or a problem in words.
enum NoPage {
    SignIn,
    Refused(Box<Problem>, Value),
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => Redirect::to("/sign-in").into_response(),
            Self::Refused(problem, known) => {
                let values = context! {
                    heading => "That did not work",
                    error => problem.detail(),
                    errors => Serde(problem.errors()),
                    actions => [context! { href => "/", label => "To the beginning" }],
                    layout => "layout.html",
                    width => "narrow",
                };
                let values = merge_maps([known, values]);
                page(problem.status(), "look/message.html", values)
            }
        }
    }
}

fn page(status: StatusCode, template: &str, values: Value) -> Response {
    match render(template, values) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Somebody who is signed in, and what every page shows of them.
struct Visit {
    cx: Cx,
    me: i64,
    known: Value,
}

impl Visit {
    async fn begin(cx: Cx, me: Result<Me, Problem>, desk: &Desk) -> Result<Self, NoPage> {
        let nobody = context! { part => "staff" };
        let Me(me) = me.map_err(|problem| match problem.status() {
            StatusCode::UNAUTHORIZED => NoPage::SignIn,
            _ => NoPage::Refused(Box::new(problem), nobody.clone()),
        })?;
        let token = desk.forms.token(&cx);
        let work = cx
            .clone()
            .run(move |cx| cx.read(|tx| known(tx, me)))
            .await
            .and_then(|known| Ok(merge_maps([known, context! { csrf => token? }])));
        match work {
            Ok(known) => Ok(Self { cx, me, known }),
            Err(problem) => Err(NoPage::Refused(Box::new(problem), nobody)),
        }
    }

    /// The same for a form: it must be one of ours.
    async fn of_form(
        cx: Cx,
        me: Result<Me, Problem>,
        desk: &Desk,
        headers: &HeaderMap,
        fields: &[(String, String)],
    ) -> Result<Self, NoPage> {
        let visit = Self::begin(cx, me, desk).await?;
        let token = field(fields, "csrf");
        match desk.forms.check(&visit.cx, headers, token) {
            Ok(()) => Ok(visit),
            Err(problem) => Err(visit.refused(problem)),
        }
    }

    fn page(&self, template: &str, values: Value) -> Response {
        page(
            StatusCode::OK,
            template,
            merge_maps([self.known.clone(), values]),
        )
    }

    fn refused(&self, problem: Problem) -> NoPage {
        NoPage::Refused(Box::new(problem), self.known.clone())
    }

    /// A problem in words: what one may not do, and whom to ask, where that is the matter.
    async fn told(&self, problem: Problem, permission: Permission) -> Response {
        if problem.status() != StatusCode::FORBIDDEN {
            return self.refused(problem).into_response();
        }
        let asked = self
            .cx
            .clone()
            .run(move |cx| cx.read(|tx| pages::may_not(tx, permission)));
        match asked.await {
            Ok(may_not) => {
                let values = context! { may_not => Serde(may_not), width => "narrow" };
                let values = merge_maps([self.known.clone(), values]);
                page(StatusCode::FORBIDDEN, "refused.html", values)
            }
            Err(problem) => self.refused(problem).into_response(),
        }
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    let found = fields.iter().find(|(field, _)| field == name);
    found.map_or("", |(_, value)| value.as_str())
}

/// Where a form leads back to: a page of ours, whatever came.
fn back(fields: &[(String, String)]) -> String {
    let back = field(fields, "back");
    let ours = back == "/users" || back.starts_with("/users?") || back.starts_with("/users/");
    if ours { back } else { "/users" }.to_owned()
}

/// Name, roles and menu.
fn known(tx: &Tx, me: i64) -> Result<Value, Problem> {
    let name: String = tx.query_row("SELECT name FROM users WHERE id = ?1", [me], |row| {
        row.get(0)
    })?;
    let mut statement = tx.prepare_cached(
        "SELECT DISTINCT roles.name FROM grants JOIN roles ON roles.id = grants.role_id
         WHERE grants.user_id = ?1 ORDER BY 1",
    )?;
    let roles = statement.query_map([me], |row| row.get::<_, String>(0))?;
    let roles: Vec<String> = roles.collect::<Result<_, _>>()?;
    let mut menu = Vec::new();
    for (href, label, text, permissions) in MENU {
        let mut may = false;
        for permission in permissions {
            let allowed =
                tx.neighbours()
                    .permissions
                    .allows(tx, me, *permission, Place::Somewhere)?;
            may = may || allowed;
        }
        if may {
            menu.push(context! { href, label, text });
        }
    }
    Ok(context! { part => "staff", me => context! { name, roles }, menu })
}

/// The entries of the menu: where, what, in a sentence, and what lets one see it.
const MENU: [(&str, &str, &str, &[Permission]); 3] = [
    (
        "/users",
        "People",
        "Who works here, and what they may do.",
        &[
            Permission::UsersInvite,
            Permission::UsersDisable,
            Permission::RolesAssign,
        ],
    ),
    (
        "/orders",
        "Orders",
        "What was bought, and what was paid back.",
        &[Permission::OrdersRead],
    ),
    (
        "/audit",
        "Log",
        "Who did what, when, and from where.",
        &[Permission::AuditRead],
    ),
];

async fn home(
    cx: Cx,
    me: Result<Me, Problem>,
    Extension(desk): Extension<Desk>,
) -> Result<Response, NoPage> {
    let visit = Visit::begin(cx, me, &desk).await?;
    Ok(visit.page("home.html", context! { here => "/" }))
}

const PEOPLE: [Column; 5] = [
    Column {
        label: "Name",
        sort: None,
    },
    Column {
        label: "Email",
        sort: Some("email"),
    },
    Column {
        label: "Roles",
        sort: None,
    },
    Column {
        label: "Status",
        sort: None,
    },
    Column {
        label: "Here since",
        sort: Some("created"),
    },
];

async fn users(
    cx: Cx,
    me: Result<Me, Problem>,
    Extension(desk): Extension<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let visit = Visit::begin(cx, me, &desk).await?;
    let (me, question) = (visit.me, asked.clone());
    let read = visit.cx.clone().run(move |cx| {
        cx.read(|tx| {
            let people = search::people(tx, me, &question)?;
            let permissions = &tx.neighbours().permissions;
            let disable = Permission::UsersDisable;
            let may_change = permissions.allows(tx, me, disable, Place::Everywhere)?;
            let may_invite =
                permissions.allows(tx, me, Permission::UsersInvite, Place::Somewhere)?;
            Ok((people, may_change, may_invite, pages::may_not(tx, disable)?))
        })
    });
    let (people, may_change, may_invite, may_not) = match read.await {
        Ok(found) => found,
        Err(problem) => return Ok(visit.told(problem, Permission::UsersDisable).await),
    };
    let list = listed("/users", &asked, &PEOPLE, "-created", people.next_cursor);
    let values = context! {
        people => Serde(people.items), may_change, may_invite, may_not => Serde(may_not),
        statuses => choices(&["active", "disabled"]), caption => "People who work here",
        chosen => Vec::<i64>::new(),
    };
    Ok(visit.page("users.html", merge_maps([list, values])))
}

/// What both tables share: heads, filters, and the way to other pages.
fn listed(
    path: &str,
    asked: &Asked,
    columns: &[Column],
    default_sort: &str,
    next: Option<String>,
) -> Value {
    let set = |field: &Option<String>| field.as_ref().is_some_and(|text| !text.is_empty());
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let at = |cursor: Option<String>| Asked {
        cursor,
        ..asked.clone()
    };
    context! {
        here => path, width => "wide",
        asked => context! { q => text(&asked.q), status => text(&asked.status), sort => text(&asked.sort) },
        columns => Serde(pages::heads(path, columns, asked, default_sort)),
        filtered => set(&asked.q) || set(&asked.status),
        first => set(&asked.cursor).then(|| pages::link(path, &at(None))),
        next => next.map(|cursor| pages::link(path, &at(Some(cursor)))),
        back => pages::link(path, asked),
    }
}

fn choices(words: &[&str]) -> Vec<Value> {
    let all = context! { value => "", label => "all" };
    let each = words
        .iter()
        .map(|word| context! { value => *word, label => *word });
    std::iter::once(all).chain(each).collect()
}

/// The first step: what would happen.
async fn ask(
    cx: Cx,
    me: Result<Me, Problem>,
    Extension(desk): Extension<Desk>,
    headers: HeaderMap,
    Form(fields): Typed,
) -> Result<Response, NoPage> {
    let visit = Visit::of_form(cx, me, &desk, &headers, &fields).await?;
    let selection = pages::selection(&fields).map_err(|problem| visit.refused(problem))?;
    let me = visit.me;
    let work = visit
        .cx
        .clone()
        .run(move |cx| cx.write(|tx| pages::summary(tx, desk.accounts.as_ref(), me, &selection)));
    Ok(match work.await {
        Ok(found) => visit.page("bulk.html", shown(&found, &back(&fields))),
        Err(problem) => visit.told(problem, Permission::UsersDisable).await,
    })
}

/// The second: it happens, or the summary comes again.
async fn confirm(
    cx: Cx,
    me: Result<Me, Problem>,
    Extension(desk): Extension<Desk>,
    headers: HeaderMap,
    Form(fields): Typed,
) -> Result<Response, NoPage> {
    let visit = Visit::of_form(cx, me, &desk, &headers, &fields).await?;
    let selection = pages::selection(&fields).map_err(|problem| visit.refused(problem))?;
    let (me, seen) = (visit.me, field(&fields, "seen").to_owned());
    let work = visit.cx.clone().run(move |cx| {
        cx.write(|tx| {
            let outcome = pages::confirm(tx, desk.accounts.as_ref(), me, &selection, &seen)?;
            let names = match &outcome {
                Outcome::Done(done) => names(tx, &done.ids)?,
                Outcome::Changed(_) => Vec::new(),
            };
            Ok((outcome, names))
        })
    });
    Ok(match work.await {
        Ok((Outcome::Done(done), names)) => {
            let undo = (done.action == Action::Disable && !done.ids.is_empty())
                .then(|| context! { at => done.at, ids => done.ids });
            let values = context! {
                here => "/users", names => names.clone(), undo, back => back(&fields),
                heading => if done.action == Action::Disable { "Disabled" } else { "Enabled" },
                done => counted(names.len(), "has changed.", "have changed."),
            };
            visit.page("done.html", values)
        }
        Ok((Outcome::Changed(now), _)) => {
            let error = "Something has changed since you looked. Nothing has happened; this is what would happen now.";
            let values = merge_maps([shown(&now, &back(&fields)), context! { error }]);
            let values = merge_maps([visit.known.clone(), values]);
            page(StatusCode::CONFLICT, "bulk.html", values)
        }
        Err(problem) => visit.told(problem, Permission::UsersDisable).await,
    })
}

/// The way back.
async fn undo(
    cx: Cx,
    me: Result<Me, Problem>,
    Extension(desk): Extension<Desk>,
    headers: HeaderMap,
    Form(fields): Typed,
) -> Result<Response, NoPage> {
    let visit = Visit::of_form(cx, me, &desk, &headers, &fields).await?;
    let action = ("action".to_owned(), "disable".to_owned());
    let ids = fields.iter().filter(|(name, _)| name == "id").cloned();
    let chosen: Vec<_> = ids.chain([action]).collect();
    let selection = pages::selection(&chosen).map_err(|problem| visit.refused(problem))?;
    let Ok(at) = field(&fields, "at").parse() else {
        let problem = Problem::bad_request("bad_request", "This form has lost its time.");
        return Err(visit.refused(problem));
    };
    let (me, action) = (visit.me, Action::Disable);
    let done = Done {
        action,
        at,
        ids: selection.ids,
    };
    let work = visit
        .cx
        .clone()
        .run(move |cx| cx.write(|tx| pages::undo(tx, desk.accounts.as_ref(), me, &done)));
    Ok(match work.await {
        Ok(undone) => {
            let names: Vec<String> = undone.back.iter().map(|one| one.name.clone()).collect();
            let values = context! {
                here => "/users", heading => "Let in again", names => names.clone(),
                done => counted(names.len(), "can sign in again.", "can sign in again."),
                stay => skipped(&undone.stay), back => back(&fields),
            };
            visit.page("done.html", values)
        }
        Err(problem) => visit.told(problem, Permission::UsersDisable).await,
    })
}

fn names(tx: &Tx, ids: &[i64]) -> Result<Vec<String>, Problem> {
    let mut statement = tx.prepare_cached("SELECT name FROM users WHERE id = ?1")?;
    let each = ids
        .iter()
        .map(|id| statement.query_row([id], |row| row.get(0)));
    Ok(each.collect::<Result<_, _>>()?)
}

fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("Nobody {one}"),
        1 => format!("1 person {one}"),
        _ => format!("{count} people {many}"),
    }
}

/// A summary in words.
fn shown(found: &Summary, back: &str) -> Value {
    let disable = found.action == Action::Disable;
    let people = match found.change.len() {
        0 => "nobody".to_owned(),
        1 => "1 person".to_owned(),
        count => format!("{count} people"),
    };
    let word = if disable { "Disable" } else { "Enable" };
    let changed = found.change.iter().map(|one| one.id);
    let ids: Vec<i64> = changed.chain(found.skip.iter().map(|one| one.id)).collect();
    context! {
        here => "/users", heading => format!("{word} {people}?"), button => format!("{word} {people}"),
        action => if disable { "disable" } else { "enable" },
        will => if disable { "They cannot sign in any more" } else { "They can sign in again" },
        consequence => disable.then_some("Their sessions end at once, in the middle of whatever they do. The way back brings the accounts back, not the sessions."),
        change => Serde(&found.change), skip => skipped(&found.skip), seen => found.seen.clone(), ids, back,
    }
}

fn skipped(skip: &[Skipped]) -> Vec<Value> {
    let each = skip.iter().map(|one| {
        let name = match &one.account {
            Some(account) => account.name.clone(),
            None => format!("Number {}", one.id),
        };
        let why = match &one.why {
            Why::Missing => "there is no such account",
            Why::Yourself => "this is you; ask a colleague",
            Why::Already => "it is so already",
            Why::Since => "somebody has changed it since",
            Why::Refused(sentence) => sentence,
        };
        context! { name, why }
    });
    each.collect()
}

const ORDERS: [Column; 5] = [
    Column {
        label: "Number",
        sort: Some("number"),
    },
    Column {
        label: "Customer",
        sort: None,
    },
    Column {
        label: "Branch",
        sort: None,
    },
    Column {
        label: "Status",
        sort: None,
    },
    Column {
        label: "Total",
        sort: Some("total"),
    },
];

async fn orders(
    cx: Cx,
    me: Result<Me, Problem>,
    Extension(desk): Extension<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let visit = Visit::begin(cx, me, &desk).await?;
    let (me, question) = (visit.me, asked.clone());
    let read = visit
        .cx
        .clone()
        .run(move |cx| cx.read(|tx| search::orders(tx, me, &question)));
    let orders = match read.await {
        Ok(found) => found,
        Err(problem) => return Ok(visit.told(problem, Permission::OrdersRead).await),
    };
    let list = listed("/orders", &asked, &ORDERS, "-number", orders.next_cursor);
    let rows: Vec<Value> = orders
        .items
        .into_iter()
        .map(|order| {
            context! { id => order.id, customer => order.customer, branch => order.branch, status => order.status, total => euros(order.cents) }
        })
        .collect();
    let values = context! { orders => rows, statuses => choices(&["paid", "refunded"]), caption => "Orders" };
    Ok(visit.page("orders.html", merge_maps([list, values])))
}

fn euros(cents: i64) -> String {
    let sign = if cents < 0 { "−" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02} €", cents / 100, cents % 100)
}
