//! An order, and the moves that it allows.
//!
//! An order is placed, paid, shipped and delivered, or cancelled on the way. It is in one of these states at a time,
//! and most moves between them are wrong: nobody ships what was not paid, and nobody cancels what is on the lorry.

/// Where an order stands. Each state carries what is known there, and only there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderState {
    /// The customer has ordered, and has not paid.
    Placed,
    /// The money is there; `receipt` is the number of the payment.
    Paid { receipt: u32 },
    /// The parcel is on its way under the number `parcel`.
    Shipped { receipt: u32, parcel: String },
    /// The customer has the books. Nothing follows.
    Delivered { receipt: u32 },
    /// The order is off. `refund` is the receipt of the payment to give back, if there was one. Nothing follows.
    Cancelled { refund: Option<u32> },
}

/// What can happen to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A payment of so many cents arrived, under this receipt number.
    Pay { cents: u64, receipt: u32 },
    /// The parcel was handed over under this number.
    Ship { parcel: String },
    /// The customer has it.
    Deliver,
    /// The customer does not want it any more.
    Cancel,
}

/// Why an order refused an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveError {
    /// The event does not belong to the state that the order is in.
    NotAllowed,
    /// The payment is not exactly what the order costs.
    WrongAmount { due_cents: u64, paid_cents: u64 },
    /// The parcel number is empty, or white space only.
    NoParcelNumber,
}

impl OrderState {
    /// The word that the customer reads: `"placed"`, `"paid"`, `"shipped"`, `"delivered"` or `"cancelled"`.
    pub fn label(&self) -> &str {
        todo!("one arm for each state; two dots skip its fields")
    }

    /// True when nothing can follow: the order was delivered or cancelled.
    pub fn is_closed(&self) -> bool {
        todo!("which states are the end of the story?")
    }

    /// The receipt of the customer's payment, in whatever state. `None` when nothing was paid.
    ///
    /// A cancelled order answers with what it has to give back.
    pub fn receipt(&self) -> Option<u32> {
        todo!("three states carry a receipt, one carries what you want already: mind the `*`")
    }

    /// True when an event of this kind can happen in this state. What the event carries does not matter here.
    ///
    /// | state | `Pay` | `Ship` | `Deliver` | `Cancel` |
    /// | --- | --- | --- | --- | --- |
    /// | `Placed` | yes | | | yes |
    /// | `Paid` | | yes | | yes |
    /// | `Shipped` | | | yes | |
    /// | `Delivered`, `Cancelled` | | | | |
    pub fn allows(&self, event: &Event) -> bool {
        todo!("match on the pair `(self, event)`; five pairs are right")
    }
}

/// One order. Its state changes through [`Order::apply`] and in no other way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    due_cents: u64,
    state: OrderState,
}

impl Order {
    /// A new order over so many cents: placed, and not paid. An order over 0 cents is an order like any other.
    pub fn new(due_cents: u64) -> Self {
        todo!("build the struct in its first state")
    }

    /// Where the order stands.
    pub fn state(&self) -> &OrderState {
        todo!("lend the state")
    }

    /// Moves the order on, or says why not. After an error the order is exactly as it was.
    ///
    /// | state | `Pay` | `Ship` | `Deliver` | `Cancel` |
    /// | --- | --- | --- | --- | --- |
    /// | `Placed` | `Paid` with the receipt | error | error | `Cancelled`, no refund |
    /// | `Paid` | error | `Shipped` with receipt and parcel | error | `Cancelled`, the receipt to refund |
    /// | `Shipped` | error | error | `Delivered` with the receipt | error |
    /// | `Delivered` | error | error | error | error |
    /// | `Cancelled` | error | error | error | error |
    ///
    /// Every `error` of the table is `NotAllowed`, whatever the event carries. Where a payment is allowed, it must be
    /// exactly the cents that are due: less or more is `WrongAmount`. Where shipping is allowed, a parcel number that
    /// is empty or white space only is `NoParcelNumber`; any other is kept exactly as it is given.
    pub fn apply(&mut self, event: Event) -> Result<(), MoveError> {
        todo!(
            "match on the state and the event together, as in `allows`; each arm makes the next state"
        )
    }
}
