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
use std::fmt::Debug;

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
    let first = issued(service, 2_557).await?;
    // The second is what shows a service that mixes its vouchers up.
    let second = issued(service, 1_013).await?;
    if first.code == second.code {
        return Err(format!("two vouchers have the code {}", first.code).into());
    }
    Ok(())
}

/// 500 and 20000 cents are issued; 499 and 20001 are refused with 422.
pub async fn limits(service: &VoucherService) -> Outcome {
    for (cents, expected) in [(499, 422), (500, 201), (20_000, 201), (20_001, 422)] {
        let response = service.issue(cents).await?;
        let case = format!("the status of issuing {cents} cents");
        same(&case, response.status().as_u16(), expected)?;
    }
    Ok(())
}

/// A code that was never issued is not found: neither shown nor redeemed.
pub async fn unknown_codes(service: &VoucherService) -> Outcome {
    let shown = service.get("/vouchers/never-issued").await?;
    same("the status of GET", shown.status().as_u16(), 404)?;
    let redeemed = service.redeem("never-issued", 1).await?;
    same("the status of redeeming", redeemed.status().as_u16(), 404)
}

/// Redeeming lowers what is left.
///
/// - The answer is 200 and says what is left; `GET` says the same afterwards.
/// - It can be done again, until nothing is left, to the last cent.
/// - Another voucher keeps what it has.
pub async fn redeeming(service: &VoucherService) -> Outcome {
    let mut voucher = issued(service, 2_557).await?;
    let other = issued(service, 1_013).await?;
    for cents in [700, 1, 1_856] {
        voucher.cents -= cents;
        let response = service.redeem(&voucher.code, cents).await?;
        let case = format!("redeeming {cents} so that {} are left", voucher.cents);
        same(&case, response.status().as_u16(), 200)?;
        same(&case, response.json::<Voucher>().await?, voucher.clone())?;
        same(&case, shown(service, &voucher.code).await?, voucher.clone())?;
    }
    let case = "another voucher, which nobody redeemed";
    same(case, shown(service, &other.code).await?, other)
}

/// Redeeming more than is left is refused with 409, and everything is left as it was.
pub async fn overdrawing(service: &VoucherService) -> Outcome {
    let voucher = issued(service, 1_013).await?;
    for cents in [1_014, 20_000] {
        let response = service.redeem(&voucher.code, cents).await?;
        let case = format!("redeeming {cents} of {}", voucher.cents);
        same(&case, response.status().as_u16(), 409)?;
        same(&case, shown(service, &voucher.code).await?, voucher.clone())?;
    }
    Ok(())
}

/// The list is for the staff.
///
/// - With the staff's key: 200, and every voucher that was issued is in it, with what is left.
/// - Without a key, or with another key: 401.
pub async fn staff_list(service: &VoucherService) -> Outcome {
    let mut vouchers = [issued(service, 2_557).await?, issued(service, 1_013).await?];
    // What is left differs from what was paid only after a redemption.
    let redeemed = service.redeem(&vouchers[0].code, 700).await?;
    same("redeeming", redeemed.status().as_u16(), 200)?;
    vouchers[0].cents -= 700;
    let response = service.list(Some(&service.staff_key)).await?;
    same("the list for the staff", response.status().as_u16(), 200)?;
    let list: Vec<Voucher> = response.json().await?;
    for voucher in &vouchers {
        if !list.contains(voucher) {
            return Err(format!("{voucher:?} is not in the list {list:?}").into());
        }
    }
    let wrong_key = format!("{}x", service.staff_key);
    for key in [None, Some(wrong_key.as_str())] {
        let response = service.list(key).await?;
        let case = format!("the list with the key {key:?}");
        same(&case, response.status().as_u16(), 401)?;
    }
    Ok(())
}

/// Issues a voucher and checks the answer, and what lies where `Location` leads.
async fn issued(
    service: &VoucherService,
    cents: u64,
) -> Result<Voucher, Box<dyn Error + Send + Sync>> {
    let response = service.issue(cents).await?;
    same("the status of issuing", response.status().as_u16(), 201)?;
    let location = response
        .headers()
        .get("location")
        .ok_or("the answer to issuing has no Location")?
        .to_str()?
        .to_owned();
    let voucher: Voucher = response.json().await?;
    same("the cents of the new voucher", voucher.cents, cents)?;
    let found: Voucher = service.get(&location).await?.json().await?;
    same("the voucher at Location", &found, &voucher)?;
    Ok(voucher)
}

/// What `GET` says about a voucher.
async fn shown(
    service: &VoucherService,
    code: &str,
) -> Result<Voucher, Box<dyn Error + Send + Sync>> {
    let response = service.get(&format!("/vouchers/{code}")).await?;
    Ok(response.error_for_status()?.json().await?)
}

/// Compares, and says in the error what was compared.
fn same<T: PartialEq + Debug>(what: &str, actual: T, expected: T) -> Outcome {
    if actual == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, got {actual:?}").into())
}
