//! Caught by: no_copy_is_promised_twice
//! Why it tempts: the number is read where the answer is made, when others have taken copies meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// The line to the warehouse, where reserved copies are fetched. Its clones share one line. Given.
#[derive(Debug, Clone)]
pub struct Warehouse {
    line: Arc<Semaphore>,
    announced: Arc<Mutex<Vec<String>>>,
}

impl Warehouse {
    /// A warehouse that picks up the phone.
    pub fn open() -> Self {
        Self::with_lines(1)
    }

    /// A warehouse where nobody answers: `announce` waits until [`Warehouse::pick_up`] is called.
    pub fn asleep() -> Self {
        Self::with_lines(0)
    }

    fn with_lines(lines: usize) -> Self {
        Self {
            line: Arc::new(Semaphore::new(lines)),
            announced: Arc::new(Mutex::new(Vec::new())),
        }
    }

    /// Wakes a warehouse that was asleep.
    pub fn pick_up(&self) {
        self.line.add_permits(1);
    }

    /// Says that a copy of this book is reserved. It takes a while: other requests run in the meantime.
    pub async fn announce(&self, isbn: &str) {
        // An error would mean that the line was closed, and nothing closes it.
        let _line = self.line.acquire().await;
        tokio::task::yield_now().await;
        let mut announced = self
            .announced
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        announced.push(isbn.to_owned());
    }

    /// What was announced so far, in order.
    pub fn announced(&self) -> Vec<String> {
        self.announced
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What every handler may use.
///
/// axum clones it for each request. So a clone must be cheap, and it must be the same shop: a copy that is reserved
/// through one clone is gone in all of them. The fields are yours to choose.
#[derive(Clone)]
pub struct AppState {
    shop: Arc<str>,
    // A std mutex, because it is only ever held for a few lines without an `.await` among them.
    copies: Arc<Mutex<HashMap<String, u32>>>,
    warehouse: Warehouse,
}

/// Why no copy was reserved.
enum Refusal {
    UnknownBook,
    SoldOut,
}

impl AppState {
    /// A shop with its name, the number of copies by ISBN, and the line to its warehouse.
    pub fn new(shop: &str, copies: HashMap<String, u32>, warehouse: Warehouse) -> Self {
        Self {
            shop: Arc::from(shop),
            copies: Arc::new(Mutex::new(copies)),
            warehouse,
        }
    }

    /// How many copies are left of a book that the shop knows.
    fn copies_of(&self, isbn: &str) -> Option<u32> {
        self.shelves().get(isbn).copied()
    }

    /// Takes one copy from the shelf and says how many are left.
    fn reserve(&self, isbn: &str) -> Result<u32, Refusal> {
        let mut shelves = self.shelves();
        let copies = shelves.get_mut(isbn).ok_or(Refusal::UnknownBook)?;
        // Looking and taking happen under one lock, so nobody comes in between.
        *copies = copies.checked_sub(1).ok_or(Refusal::SoldOut)?;
        Ok(*copies)
    }

    /// The map is never left half-changed, so it is still right after a panic elsewhere.
    fn shelves(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a handler ask for `State<Warehouse>` alone, without knowing the rest of the state.
impl FromRef<AppState> for Warehouse {
    fn from_ref(state: &AppState) -> Self {
        state.warehouse.clone()
    }
}

/// The service of one shop. Given, except that nothing hands the state to the handlers yet.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/about", get(about))
        .route("/stock/{isbn}", get(stock))
        .route("/stock/{isbn}/reservations", post(reserve))
        .route("/announced", get(announced))
        .with_state(state)
}

/// `GET /about`: `{"shop": "Lantern, Bath"}`, the name that the shop was opened with.
async fn about(State(state): State<AppState>) -> Json<Value> {
    Json(json!({ "shop": *state.shop }))
}

/// `GET /stock/{isbn}`: `{"isbn": "9780141439587", "copies": 3}`, or 404 for a book that the shop does not know.
async fn stock(
    State(state): State<AppState>,
    Path(isbn): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    let copies = state.copies_of(&isbn).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(json!({ "isbn": isbn, "copies": copies })))
}

/// `POST /stock/{isbn}/reservations`: takes a copy from the shelf, then announces it to the warehouse, then answers with
/// 201 and `{"isbn": "9780141439587", "left": 2}`.
///
/// `left` is what remained right after this copy was taken. Without a copy the answer is 409, for a book that the shop
/// does not know it is 404; in both cases nothing is announced. While one request waits for the warehouse, the others
/// go on, reservations of the same book included.
async fn reserve(
    State(state): State<AppState>,
    Path(isbn): Path<String>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    state.reserve(&isbn).map_err(|refusal| match refusal {
        Refusal::UnknownBook => StatusCode::NOT_FOUND,
        Refusal::SoldOut => StatusCode::CONFLICT,
    })?;
    state.warehouse.announce(&isbn).await;
    let left = state.copies_of(&isbn);
    let body = json!({ "isbn": isbn, "left": left });
    Ok((StatusCode::CREATED, Json(body)))
}

/// `GET /announced`: `{"announced": ["9780141439587"]}`, what the warehouse was told so far. Given.
async fn announced(State(warehouse): State<Warehouse>) -> Json<Value> {
    Json(json!({ "announced": warehouse.announced() }))
}
