use axum::Router;
use frameworks::testing::{
    Outcome, VoucherService, issuing, limits, overdrawing, redeeming, staff_list, unknown_codes,
};
use support::server::spawn;
use tokio::task::LocalSet;

use crate::voucher_service::{Fault, faulty, right};
use crate::voucher_service_rewritten::rewritten;

/// The checks that the exercise asks for.
#[derive(Clone, Copy)]
enum Check {
    Issuing,
    Limits,
    UnknownCodes,
    Redeeming,
    Overdrawing,
    StaffList,
}

use Check::{Issuing, Limits, Overdrawing, Redeeming, StaffList, UnknownCodes};

impl Check {
    /// The function in `src/testing.rs`.
    fn name(self) -> &'static str {
        match self {
            Issuing => "issuing",
            Limits => "limits",
            UnknownCodes => "unknown_codes",
            Redeeming => "redeeming",
            Overdrawing => "overdrawing",
            StaffList => "staff_list",
        }
    }
}

async fn run(check: Check, service: VoucherService) -> Outcome {
    match check {
        Issuing => issuing(&service).await,
        Limits => limits(&service).await,
        UnknownCodes => unknown_codes(&service).await,
        Redeeming => redeeming(&service).await,
        Overdrawing => overdrawing(&service).await,
        StaffList => staff_list(&service).await,
    }
}

/// Runs the check on this service. An error and a panic both reject it; the text says why.
async fn judge(check: Check, router: Router, staff_key: &str) -> Result<(), String> {
    let server = spawn(router).await;
    let service = VoucherService::at(&server.url(""), staff_key).expect("a client");
    let local = LocalSet::new();
    let task = local.spawn_local(run(check, service));
    local.await;
    match task.await {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(error) => Err(match error.into_panic().downcast::<String>() {
            Ok(message) => *message,
            Err(payload) => match payload.downcast::<&str>() {
                Ok(message) => message.to_string(),
                Err(_) => "it panicked".to_owned(),
            },
        }),
    }
}

/// Both right services must be accepted.
async fn must_accept(check: Check, seed: u64) {
    let staff_key = support::seeded(seed).word(12..13);
    for (name, router) in [
        ("voucher_service.rs", right(seed, &staff_key)),
        ("voucher_service_rewritten.rs", rewritten(seed, &staff_key)),
    ] {
        if let Err(why) = judge(check, router, &staff_key).await {
            let check = check.name();
            panic!("`{check}` rejects the service in {name}, which is right. It says: {why}");
        }
    }
}

/// A check that rejects everything would catch every fault, so the right services come first.
async fn must_reject(check: Check, fault: Fault, what_is_wrong: &str) {
    let seed = 0x0880 + fault as u64;
    must_accept(check, seed).await;
    let staff_key = support::seeded(seed).word(12..13);
    let verdict = judge(check, faulty(fault, seed, &staff_key), &staff_key).await;
    assert!(
        verdict.is_err(),
        "`{}` accepts a service with a fault: {what_is_wrong}",
        check.name()
    );
}

/// The checks accept every service that is right, whoever wrote it, whatever its codes and its vouchers from before.
#[tokio::test]
async fn right_services_are_accepted() {
    for seed in support::seeded(0x0881).numbers(0..1_000_000).take(3) {
        for check in [
            Issuing,
            Limits,
            UnknownCodes,
            Redeeming,
            Overdrawing,
            StaffList,
        ] {
            must_accept(check, seed).await;
        }
    }
}

/// `issuing` rejects a service that answers 200 where it should be 201.
#[tokio::test]
async fn a_wrong_status_is_noticed() {
    must_reject(
        Issuing,
        Fault::IssuesWith200,
        "it issues with 200 instead of 201",
    )
    .await;
}

/// `issuing` rejects a service whose `Location` leads to the voucher before.
#[tokio::test]
async fn a_location_that_leads_elsewhere_is_noticed() {
    let wrong = "from the second voucher on, `Location` leads to the one issued before";
    must_reject(Issuing, Fault::LocationOfTheOneBefore, wrong).await;
}

/// `issuing` rejects a service that gives every voucher the same code.
#[tokio::test]
async fn one_code_for_all_is_noticed() {
    must_reject(Issuing, Fault::OneCodeForAll, "all vouchers have one code").await;
}

/// `issuing` rejects a service that promises every cent and keeps whole euros.
#[tokio::test]
async fn lost_cents_are_noticed() {
    let wrong = "the answer says 2550, and 2500 is what `GET` finds afterwards";
    must_reject(Issuing, Fault::WholeEurosOnly, wrong).await;
}

/// `limits` rejects a service whose lower edge is off by one, in either direction.
#[tokio::test]
async fn the_lower_edge_is_noticed() {
    must_reject(Limits, Fault::LowestIsRefused, "it refuses 500 cents").await;
    must_reject(Limits, Fault::OneCentLessIsTaken, "it issues 499 cents").await;
}

/// `limits` rejects a service whose upper edge is off by one, in either direction.
#[tokio::test]
async fn the_upper_edge_is_noticed() {
    must_reject(Limits, Fault::HighestIsRefused, "it refuses 20000 cents").await;
    must_reject(Limits, Fault::OneCentMoreIsTaken, "it issues 20001 cents").await;
}

/// `unknown_codes` rejects a service that shows an empty voucher for a code that was never issued.
#[tokio::test]
async fn a_voucher_out_of_nowhere_is_noticed() {
    let wrong = "a code that was never issued is shown with 200 and 0 cents";
    must_reject(UnknownCodes, Fault::UnknownIsEmpty, wrong).await;
}

/// `unknown_codes` rejects a service that redeems a code that was never issued.
#[tokio::test]
async fn a_redemption_out_of_nowhere_is_noticed() {
    let wrong = "a code that was never issued is redeemed with 200";
    must_reject(UnknownCodes, Fault::UnknownIsRedeemed, wrong).await;
}

/// `redeeming` rejects a service that answers with what is left, and forgets it.
#[tokio::test]
async fn a_forgotten_redemption_is_noticed() {
    let wrong = "after a redemption `GET` shows as much as before";
    must_reject(Redeeming, Fault::RedemptionIsNotKept, wrong).await;
}

/// `redeeming` rejects a service that keeps the right amount and answers with the old one.
#[tokio::test]
async fn an_answer_with_the_old_amount_is_noticed() {
    let wrong = "the answer to a redemption says what was left before it";
    must_reject(Redeeming, Fault::RedemptionAnswersTheOld, wrong).await;
}

/// `redeeming` rejects a service that never gives out the last cent.
#[tokio::test]
async fn a_last_cent_that_stays_is_noticed() {
    let wrong = "redeeming exactly what is left is refused with 409";
    must_reject(Redeeming, Fault::LastCentStays, wrong).await;
}

/// `redeeming` rejects a service that takes a voucher once, and refuses the rest of it.
#[tokio::test]
async fn a_voucher_that_works_once_is_noticed() {
    let wrong = "the second redemption of a voucher is refused with 409, whatever is left";
    must_reject(Redeeming, Fault::RedeemsOnlyOnce, wrong).await;
}

/// `redeeming` rejects a service in which one redemption changes every voucher.
#[tokio::test]
async fn a_changed_neighbour_is_noticed() {
    let wrong = "a redemption of one voucher changes all of them";
    must_reject(Redeeming, Fault::AllVouchersAreOne, wrong).await;
}

/// `overdrawing` rejects a service that hands out more than a voucher has.
#[tokio::test]
async fn an_overdraft_is_noticed() {
    let wrong = "redeeming more than is left is answered with 200";
    must_reject(Overdrawing, Fault::OverdraftIsTaken, wrong).await;
}

/// `overdrawing` rejects a service that hands out one cent more than a voucher has.
#[tokio::test]
async fn an_overdraft_of_one_cent_is_noticed() {
    let wrong = "redeeming one cent more than is left is answered with 200";
    must_reject(Overdrawing, Fault::OverdraftOfOneCentIsTaken, wrong).await;
}

/// `overdrawing` rejects a service that refuses with the right status, and empties the voucher all the same.
#[tokio::test]
async fn a_voucher_emptied_by_a_refusal_is_noticed() {
    let wrong = "redeeming more than is left is refused with 409, and 0 are left afterwards";
    must_reject(Overdrawing, Fault::OverdraftEmpties, wrong).await;
}

/// `staff_list` rejects a service that shows its vouchers to anybody, and one that takes any key for the right one.
#[tokio::test]
async fn an_open_list_is_noticed() {
    must_reject(StaffList, Fault::ListIsOpen, "the list needs no key").await;
    must_reject(
        StaffList,
        Fault::ListTakesAnyKey,
        "every key opens the list",
    )
    .await;
}

/// `staff_list` rejects a service whose list leaves out the newest voucher.
#[tokio::test]
async fn an_incomplete_list_is_noticed() {
    let wrong = "the newest voucher is not in the list";
    must_reject(StaffList, Fault::ListLeavesOutTheNewest, wrong).await;
}

/// `staff_list` rejects a service whose list has every voucher, with amounts that are not what is left.
#[tokio::test]
async fn wrong_amounts_in_the_list_are_noticed() {
    let euros = "the list shows whole euros, for 2557 cents it says 2500";
    must_reject(StaffList, Fault::ListShowsWholeEuros, euros).await;
    let paid = "the list shows what a voucher was issued with, also after a redemption";
    must_reject(StaffList, Fault::ListShowsWhatWasPaid, paid).await;
}

/// `staff_list` rejects a service whose list has every amount, under codes that belong to no voucher.
#[tokio::test]
async fn wrong_codes_in_the_list_are_noticed() {
    let wrong = "the list has every amount, and its codes belong to no voucher";
    must_reject(StaffList, Fault::ListShowsOtherCodes, wrong).await;
}
