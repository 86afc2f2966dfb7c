//! Testing a service from outside: now you write the tests.
//!
//! Lantern sells gift vouchers, and two teams have written the service. You are to accept it, without reading its code:
//! start it, send requests, look at the answers. Each function below is one check. It gets a running service and returns
//! `Ok(())` if the service keeps the rule, or an error that says what was wrong (an `assert!` that fails is as good).
//! Your checks are then tried on services that are right, and on services of which each has one fault.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST /vouchers` with `{"cents": 2550}` | 201, `Location: /vouchers/CODE`, `{"code": "CODE", "cents": 2550}` |
//! | the same with less than 500 or more than 20000 cents | 422 |
//! | `GET /vouchers/CODE` | 200, `{"code": "CODE", "cents": 2550}`: what is left |
//! | `POST /vouchers/CODE/redemptions` with `{"cents": 700}` | 200, `{"code": "CODE", "cents": 1850}`: what is left then |
//! | the same with more than is left | 409, and nothing changes |
//! | showing or redeeming a code that was never issued | 404 |
//! | `GET /vouchers` with `Authorization: Bearer KEY` | 200, a list of all vouchers, in any order |
//! | the same without that header, or with another key | 401 |
//!
//! A service may have issued vouchers before you come, it chooses its codes, and its answers may hold more than the
//! table says. What the table does not say is not yours to check.

use std::error::Error;

use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::json;

/// What a check returns. `?` works on every error, and on text with `.into()`: `return Err("no Location".into())`.
pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A voucher in an answer: `let voucher: Voucher = response.json().await?`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Voucher {
    pub code: String,
    pub cents: u64,
}

/// A running service, and a client for it. Given.
#[derive(Debug, Clone)]
pub struct VoucherService {
    base: String,
    client: Client,
    /// The key of this service's staff.
    pub staff_key: String,
}

impl VoucherService {
    /// The service at `base`, as in `http://127.0.0.1:3000`.
    pub fn at(base: &str, staff_key: &str) -> Result<Self, reqwest::Error> {
        // Proxy settings of the machine must not send the requests elsewhere.
        let client = Client::builder().no_proxy().build()?;
        Ok(Self {
            base: base.to_owned(),
            client,
            staff_key: staff_key.to_owned(),
        })
    }

    /// `POST /vouchers`.
    pub async fn issue(&self, cents: u64) -> Result<Response, reqwest::Error> {
        let url = format!("{}/vouchers", self.base);
        let request = self.client.post(url).json(&json!({ "cents": cents }));
        request.send().await
    }

    /// `GET` of any path, such as the one in `Location`.
    pub async fn get(&self, path: &str) -> Result<Response, reqwest::Error> {
        self.client.get(format!("{}{path}", self.base)).send().await
    }

    /// `POST /vouchers/{code}/redemptions`.
    pub async fn redeem(&self, code: &str, cents: u64) -> Result<Response, reqwest::Error> {
        let url = format!("{}/vouchers/{code}/redemptions", self.base);
        let request = self.client.post(url).json(&json!({ "cents": cents }));
        request.send().await
    }

    /// `GET /vouchers`, with this key or without any.
    pub async fn list(&self, key: Option<&str>) -> Result<Response, reqwest::Error> {
        let request = self.client.get(format!("{}/vouchers", self.base));
        let request = match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        request.send().await
    }
}

/// Issuing works.
///
/// - The answer is 201 with the voucher, whose `cents` are those that were asked for, to the cent.
/// - Its `Location` leads to this very voucher.
/// - Two vouchers have two codes.
pub async fn issuing(service: &VoucherService) -> Outcome {
    todo!(
        "issue, compare, follow `Location`; then once more, because one voucher cannot be mixed up"
    )
}

/// 500 and 20000 cents are issued; 499 and 20001 are refused with 422.
pub async fn limits(service: &VoucherService) -> Outcome {
    todo!("four amounts, two on each side of the two edges")
}

/// A code that was never issued is not found: neither shown nor redeemed.
pub async fn unknown_codes(service: &VoucherService) -> Outcome {
    todo!("show and redeem what nobody issued")
}

/// Redeeming lowers what is left.
///
/// - The answer is 200 and says what is left; `GET` says the same afterwards.
/// - It can be done again, until nothing is left, to the last cent.
/// - Another voucher keeps what it has.
pub async fn redeeming(service: &VoucherService) -> Outcome {
    todo!("what is left after each step, in the answer and afterwards; and the neighbour")
}

/// Redeeming more than is left is refused with 409, and everything is left as it was.
pub async fn overdrawing(service: &VoucherService) -> Outcome {
    todo!("the status, and what `GET` says after it")
}

/// The list is for the staff.
///
/// - With the staff's key: 200, and every voucher that was issued is in it, with what is left.
/// - Without a key, or with another key: 401.
pub async fn staff_list(service: &VoucherService) -> Outcome {
    todo!("three keys: the right one, none, another")
}
