//! Milestone 5: deny by default.
//!
//! A route cannot be added without its rule, what somebody may do is looked up when it is done, and what somebody may
//! not see
//! is missing for them.
//!
//! Given: rules, lines, the shape of an order, and the two routes of this milestone with their rules. Yours: that a
//! route is served behind its
//! rule and stands in the table, who is let in, what one may do, and the two functions that know the object.

use axum::extract::{FromRequestParts, Path, Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use rusqlite::OptionalExtension;
use serde::Serialize;
use serde_json::json;

use crate::given::app::{App, Cx, Tx};
use crate::given::extract::Me;
use crate::given::neighbours::{Event, Permissions};
use crate::given::problem::Problem;
use crate::given::rights::{Permission, Place};

/// A method that a route can have. GET answers HEAD as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Everybody, also without a sign-in.
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever has this permission in at least one branch. In which, the handler asks, who knows the object.
    Needs(Permission),
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub verb: Verb,
    pub path: &'static str,
    pub rule: Rule,
}

/// Routes, each with its rule, and the table of them.
pub struct Panel {
    app: App,
    router: Router<App>,
    table: Vec<Line>,
}

impl Panel {
    /// A panel without routes.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self {
            app,
            router: Router::new(),
            table: Vec::new(),
        }
    }

    /// Adds a route with its rule: it is served for this method behind [`guard`], and stands as the next line in
    /// [`Panel::table`].
    ///
    /// One path may have several methods, each with its own rule. The guard stands around this route only: an address
    /// that no line names
    /// is 404 for everybody, and a method that no line of its path names is 405 for everybody, without the guard
    /// being asked.
    /// (`MethodRouter` has two functions that put a layer around it; their documentation says in what they differ.)
    #[must_use]
    pub fn route<H, T>(mut self, verb: Verb, path: &'static str, rule: Rule, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        todo!("the handler behind a guard, a route in the router, a line in the table")
    }

    /// What has been added, in that order.
    #[must_use]
    pub fn table(&self) -> &[Line] {
        &self.table
    }

    /// The routes, ready to be served.
    pub fn into_router(self) -> Router<App> {
        self.router
    }
}

/// Lets a request through to its handler as it came, or answers in its place with what [`admit`] refuses. [`Cx`] is
/// an extractor:
/// `Cx::from_request_parts(&mut parts, &app)`; the database belongs into `cx.run`.
async fn guard(
    State((app, rule)): State<(App, Rule)>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    todo!("the context of the request, admit, and then the handler")
}

/// Nothing if the transaction's client may use a route with this rule, else the refusal:
///
/// - [`Rule::Public`]: everybody, and neither sessions nor permissions are asked.
/// - [`Rule::SignedIn`]: whoever `sessions.authenticate` knows by the cookie (`tx.client().cookie`), else
///   [`Problem::not_signed_in`]. Permissions are
///   not asked.
/// - [`Rule::Needs`]: that as well, and then `permissions.require` for this person and permission, at
///   [`Place::Somewhere`]; its refusal is the
///   answer.
fn admit(tx: &Tx, rule: Rule) -> Result<(), Problem> {
    todo!("public, signed in, or a permission in at least one branch")
}

/// What one may do, as the tables say now.
pub struct Guard;

impl Permissions for Guard {
    /// Whether `user_id` may do this there, as the tables are at this moment: an account that is not disabled has
    /// a grant of a role that
    /// has the permission (by its exact name), and the grant holds there.
    ///
    /// | the grant's branch | `Somewhere` | `In(1)` | `In(2)` | `Everywhere` |
    /// | --- | --- | --- | --- | --- |
    /// | 1 | yes | yes | no | no |
    /// | NULL (everywhere) | yes | yes | yes | yes |
    ///
    /// Grants in all branches of today are not one that holds everywhere. What the role is called plays no part.
    fn allows(
        &self,
        tx: &Tx,
        user_id: i64,
        permission: Permission,
        place: Place,
    ) -> Result<bool, Problem> {
        todo!("one statement over users, grants and role_permissions")
    }

    /// Nothing if `user_id` may do this there. Else [`Problem::not_signed_in`] for an account that is disabled or
    /// does not exist, and
    /// [`Problem::forbidden`] for everybody else.
    fn require(
        &self,
        tx: &Tx,
        user_id: i64,
        permission: Permission,
        place: Place,
    ) -> Result<(), Problem> {
        todo!("is the account here, and is it allowed?")
    }
}

/// An order as the API shows it.
#[derive(Debug, Serialize)]
pub struct Order {
    pub id: i64,
    pub branch_id: i64,
    pub customer: String,
    pub cents: i64,
    pub state: String,
}

/// The routes of this milestone, each with its rule.
#[must_use]
pub fn panel(app: App) -> Panel {
    Panel::new(app)
        .route(
            Verb::Get,
            "/api/orders/{id}",
            Rule::Needs(Permission::OrdersRead),
            order_handler,
        )
        .route(
            Verb::Post,
            "/api/orders/{id}/refund",
            Rule::Needs(Permission::OrdersRefund),
            refund_handler,
        )
}

async fn order_handler(cx: Cx, Me(me): Me, Path(id): Path<i64>) -> Result<Json<Order>, Problem> {
    cx.run(move |cx| order(cx, me, id)).await.map(Json)
}

async fn refund_handler(cx: Cx, Me(me): Me, Path(id): Path<i64>) -> Result<Json<Order>, Problem> {
    cx.run(move |cx| refund(cx, me, id)).await.map(Json)
}

/// One order, for somebody who may ([`Permission::OrdersRead`], `permissions.allows`) read orders in *its* branch.
/// For all others
/// the answer is the same as for an order that does not exist: [`Problem::not_found`].
pub fn order(cx: &Cx, me: i64, id: i64) -> Result<Order, Problem> {
    todo!("the row, and whether this person may read it")
}

/// 409, for a second refund.
fn already_refunded() -> Problem {
    Problem::conflict("already_refunded", "The money has been given back already.")
}

/// Gives the money of an order back: its state becomes `refunded`. In one `cx.write`, and as things are then; the
/// first of these that
/// refuses is the answer, and nothing has changed:
///
/// 1. `permissions.require` for `me`, [`Permission::OrdersRefund`], [`Place::Somewhere`]. The guard has asked the
///    same, before the request waited.
/// 2. The order does not exist, or `me` may not read orders in its branch: [`Problem::not_found`], as in [`order`].
/// 3. `permissions.require` for `me`, [`Permission::OrdersRefund`], in the order's branch: who sees it and may not
///    refund it is told so (403).
/// 4. It is refunded already: [`already_refunded`].
///
/// Then the row, and the event `order.refunded`: `me` is the actor, the subject is `order ID`, and the sides are
/// `{"state": "paid"}` and
/// `{"state": "refunded"}`. No refund without its event. The answer is the order afterwards.
pub fn refund(cx: &Cx, me: i64, id: i64) -> Result<Order, Problem> {
    todo!("four refusals in their order, then the row and the event, in one cx.write")
}
