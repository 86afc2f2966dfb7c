//! The voucher service of the exercise `testing`: right, or with exactly one fault. Given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// What is wrong with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    IssuesWith200,
    LocationOfTheOneBefore,
    OneCodeForAll,
    WholeEurosOnly,
    LowestIsRefused,
    HighestIsRefused,
    OneCentMoreIsTaken,
    OneCentLessIsTaken,
    UnknownIsEmpty,
    UnknownIsRedeemed,
    RedemptionIsNotKept,
    RedemptionAnswersTheOld,
    LastCentStays,
    RedeemsOnlyOnce,
    AllVouchersAreOne,
    OverdraftIsTaken,
    OverdraftOfOneCentIsTaken,
    OverdraftEmpties,
    ListIsOpen,
    ListTakesAnyKey,
    ListLeavesOutTheNewest,
    ListShowsWholeEuros,
    ListShowsWhatWasPaid,
    ListShowsOtherCodes,
}

/// A service that keeps every rule, with a few vouchers from before.
pub fn right(seed: u64, staff_key: &str) -> Router {
    service(None, seed, staff_key)
}

/// A service that breaks one rule.
pub fn faulty(fault: Fault, seed: u64, staff_key: &str) -> Router {
    service(Some(fault), seed, staff_key)
}

#[derive(Clone, Serialize)]
struct Voucher {
    code: String,
    cents: u64,
}

#[derive(Deserialize)]
struct Amount {
    cents: u64,
}

#[derive(Clone)]
struct Vouchers {
    fault: Option<Fault>,
    staff_key: Arc<str>,
    next_code: Arc<Mutex<support::Seeded>>,
    cents: Arc<Mutex<BTreeMap<String, u64>>>,
    latest: Arc<Mutex<String>>,
    paid: Arc<Mutex<BTreeMap<String, u64>>>,
}

fn service(fault: Option<Fault>, seed: u64, staff_key: &str) -> Router {
    let mut values = support::seeded(seed);
    let before = (0..values.size(0..4)).map(|_| (values.word(8..9), values.number(500..20_001)));
    let cents: BTreeMap<String, u64> = before.collect();
    let vouchers = Vouchers {
        fault,
        staff_key: Arc::from(staff_key),
        latest: Arc::new(Mutex::new("none".to_owned())),
        next_code: Arc::new(Mutex::new(values)),
        paid: Arc::default(),
        cents: Arc::new(Mutex::new(cents)),
    };
    Router::new()
        .route("/vouchers", post(issue).get(list))
        .route("/vouchers/{code}", get(show))
        .route("/vouchers/{code}/redemptions", post(redeem))
        .with_state(vouchers)
}

impl Vouchers {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn cents(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.cents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_code(&self) -> String {
        if self.has(Fault::OneCodeForAll) {
            return "lantern".to_owned();
        }
        let mut values = self
            .next_code
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        values.word(10..11)
    }

    /// Whether something was taken off this voucher already.
    fn was_redeemed(&self, code: &str, left: u64) -> bool {
        let paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        paid.get(code).is_some_and(|paid| *paid != left)
    }

    /// Remembers the newest code and returns the one before it.
    fn replace_latest(&self, code: &str) -> String {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *latest, code.to_owned())
    }
}

async fn issue(State(vouchers): State<Vouchers>, Json(Amount { cents }): Json<Amount>) -> Response {
    let lowest = match vouchers.fault {
        Some(Fault::LowestIsRefused) => 501,
        Some(Fault::OneCentLessIsTaken) => 499,
        _ => 500,
    };
    let highest = match vouchers.fault {
        Some(Fault::HighestIsRefused) => 19_999,
        Some(Fault::OneCentMoreIsTaken) => 20_001,
        _ => 20_000,
    };
    if !(lowest..=highest).contains(&cents) {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let code = vouchers.new_code();
    let kept = if vouchers.has(Fault::WholeEurosOnly) {
        cents / 100 * 100
    } else {
        cents
    };
    vouchers.cents().insert(code.clone(), kept);
    let mut paid = vouchers.paid.lock().unwrap_or_else(PoisonError::into_inner);
    paid.insert(code.clone(), cents);
    drop(paid);
    let before = vouchers.replace_latest(&code);
    let location = if vouchers.has(Fault::LocationOfTheOneBefore) && before != "none" {
        format!("/vouchers/{before}")
    } else {
        format!("/vouchers/{code}")
    };
    let status = if vouchers.has(Fault::IssuesWith200) {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let voucher = Voucher { code, cents };
    (status, [("location", location)], Json(voucher)).into_response()
}

async fn show(State(vouchers): State<Vouchers>, Path(code): Path<String>) -> Response {
    let cents = vouchers.cents().get(&code).copied();
    match cents {
        Some(cents) => Json(Voucher { code, cents }).into_response(),
        None if vouchers.has(Fault::UnknownIsEmpty) => {
            Json(Voucher { code, cents: 0 }).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn redeem(
    State(vouchers): State<Vouchers>,
    Path(code): Path<String>,
    Json(Amount { cents }): Json<Amount>,
) -> Response {
    let mut table = vouchers.cents();
    let left = match table.get(&code) {
        Some(left) => *left,
        None if vouchers.has(Fault::UnknownIsRedeemed) => cents,
        None => return StatusCode::NOT_FOUND.into_response(),
    };
    let keeps_a_cent = vouchers.has(Fault::LastCentStays) && cents == left;
    let is_over = vouchers.has(Fault::RedeemsOnlyOnce) && vouchers.was_redeemed(&code, left);
    let after = match left.checked_sub(cents) {
        Some(after) if !keeps_a_cent && !is_over => after,
        None if vouchers.has(Fault::OverdraftIsTaken) => 0,
        None if vouchers.has(Fault::OverdraftOfOneCentIsTaken) && cents == left + 1 => 0,
        _ => {
            if vouchers.has(Fault::OverdraftEmpties) {
                table.insert(code, 0);
            }
            return StatusCode::CONFLICT.into_response();
        }
    };
    if vouchers.has(Fault::AllVouchersAreOne) {
        table.values_mut().for_each(|left| *left = after);
    } else if !vouchers.has(Fault::RedemptionIsNotKept) && table.contains_key(&code) {
        table.insert(code.clone(), after);
    }
    let cents = if vouchers.has(Fault::RedemptionAnswersTheOld) {
        left
    } else {
        after
    };
    Json(Voucher { code, cents }).into_response()
}

async fn list(State(vouchers): State<Vouchers>, headers: HeaderMap) -> Response {
    let expected = format!("Bearer {}", vouchers.staff_key);
    let is_staff = match headers.get("authorization") {
        None => vouchers.has(Fault::ListIsOpen),
        Some(key) => vouchers.has(Fault::ListTakesAnyKey) || key.as_bytes() == expected.as_bytes(),
    };
    if !is_staff {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let newest = vouchers
        .latest
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let paid = vouchers.paid.lock().unwrap_or_else(PoisonError::into_inner);
    let shown: Vec<Voucher> = vouchers
        .cents()
        .iter()
        .filter(|(code, _)| !vouchers.has(Fault::ListLeavesOutTheNewest) || **code != newest)
        .map(|(code, left)| {
            let cents = match vouchers.fault {
                Some(Fault::ListShowsWholeEuros) => left / 100 * 100,
                Some(Fault::ListShowsWhatWasPaid) => *paid.get(code).unwrap_or(left),
                _ => *left,
            };
            let code = if vouchers.has(Fault::ListShowsOtherCodes) {
                code.chars().rev().collect()
            } else {
                code.clone()
            };
            Voucher { code, cents }
        })
        .collect();
    Json(shown).into_response()
}
