//! Milestone 5: deny by default.
//!
//! A route cannot be added without its rule, what somebody may do is looked up when it is done, and what somebody may not see
//! is missing for them.

use axum::extract::{FromRequestParts, Path, Request};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
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

    /// Adds a route with its rule.
    #[must_use]
    pub fn route<H, T>(mut self, verb: Verb, path: &'static str, rule: Rule, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        // The guard holds the state in a closure.
        let app = self.app.clone();
        let guarded =
            on(verb.filter(), handler).route_layer(from_fn(move |request: Request, next: Next| {
                guard(app.clone(), rule, request, next)
            }));
        self.router = self.router.merge(Router::new().route(path, guarded));
        self.table.push(Line { verb, path, rule });
        self
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

/// Lets a request through to its handler, or answers in its place.
async fn guard(app: App, rule: Rule, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let cx = Cx::from_request_parts(&mut parts, &app).await?;
    cx.run(move |cx| cx.read(|tx| admit(tx, rule))).await?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Nothing if the transaction's client may use a route with this rule, else the refusal.
fn admit(tx: &Tx, rule: Rule) -> Result<(), Problem> {
    if rule == Rule::Public {
        return Ok(());
    }
    let neighbours = tx.neighbours();
    let me = match &tx.client().cookie {
        Some(cookie) => neighbours.sessions.authenticate(tx, cookie)?,
        None => None,
    }
    .ok_or_else(Problem::not_signed_in)?;
    match rule {
        Rule::Public | Rule::SignedIn => Ok(()),
        Rule::Needs(permission) => {
            neighbours
                .permissions
                .require(tx, me, permission, Place::Somewhere)
        }
    }
}

/// What one may do, as the tables say now.
pub struct Guard;

impl Permissions for Guard {
    fn allows(
        &self,
        tx: &Tx,
        user_id: i64,
        permission: Permission,
        place: Place,
    ) -> Result<bool, Problem> {
        let mut statement = tx.prepare(
            "SELECT branch_id FROM grants
             WHERE user_id = ?1
               AND role_id IN (SELECT role_id FROM role_permissions WHERE permission = ?2)
               AND EXISTS (SELECT 1 FROM users WHERE id = user_id AND disabled_at IS NULL)",
        )?;
        let rows = statement.query_map((user_id, permission.name()), |row| row.get(0))?;
        let branches: Vec<Option<i64>> = rows.collect::<Result<_, _>>()?;
        Ok(match place {
            Place::Somewhere => !branches.is_empty(),
            Place::In(branch) => branches
                .iter()
                .any(|held| held.is_none_or(|held| held == branch)),
            Place::Everywhere => branches.contains(&None),
        })
    }

    fn require(
        &self,
        tx: &Tx,
        user_id: i64,
        permission: Permission,
        place: Place,
    ) -> Result<(), Problem> {
        let here = tx
            .prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND disabled_at IS NULL")?
            .exists([user_id])?;
        if !here {
            return Err(Problem::not_signed_in());
        }
        if self.allows(tx, user_id, permission, place)? {
            Ok(())
        } else {
            Err(Problem::forbidden())
        }
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

/// One order.
pub fn order(cx: &Cx, me: i64, id: i64) -> Result<Order, Problem> {
    cx.read(|tx| visible(tx, me, id))
}

/// The order, for somebody who may read orders in its branch; for all others it is missing.
fn visible(tx: &Tx, me: i64, id: i64) -> Result<Order, Problem> {
    let order = tx
        .query_row(
            "SELECT id, branch_id, customer, cents, state FROM orders WHERE id = ?1",
            [id],
            |row| {
                Ok(Order {
                    id: row.get(0)?,
                    branch_id: row.get(1)?,
                    customer: row.get(2)?,
                    cents: row.get(3)?,
                    state: row.get(4)?,
                })
            },
        )
        .optional()?
        .ok_or_else(Problem::not_found)?;
    let place = Place::In(order.branch_id);
    let permissions = &tx.neighbours().permissions;
    if permissions.allows(tx, me, Permission::OrdersRead, place)? {
        Ok(order)
    } else {
        Err(Problem::not_found())
    }
}

/// Gives the money of an order back.
pub fn refund(cx: &Cx, me: i64, id: i64) -> Result<Order, Problem> {
    cx.write(|tx| {
        let permissions = &tx.neighbours().permissions;
        // The guard has asked the same, but that was before this request waited for its turn.
        permissions.require(tx, me, Permission::OrdersRefund, Place::Somewhere)?;
        let order = visible(tx, me, id)?;
        permissions.require(tx, me, Permission::OrdersRefund, Place::In(order.branch_id))?;
        if order.state == "refunded" {
            return Err(Problem::conflict(
                "already_refunded",
                "The money has been given back already.",
            ));
        }
        tx.execute("UPDATE orders SET state = 'refunded' WHERE id = ?1", [id])?;
        tx.neighbours().audit.record(
            tx,
            Event {
                actor: Some(me),
                kind: "order.refunded",
                subject: format!("order {id}"),
                before: json!({ "state": order.state }),
                after: json!({ "state": "refunded" }),
            },
        )?;
        Ok(Order {
            state: "refunded".to_owned(),
            ..order
        })
    })
}
