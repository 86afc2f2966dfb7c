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
        // Every state by name and no `_`: whoever adds a state is asked for its word by the compiler.
        match self {
            Self::Placed => "placed",
            Self::Paid { .. } => "paid",
            Self::Shipped { .. } => "shipped",
            Self::Delivered { .. } => "delivered",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// True when nothing can follow: the order was delivered or cancelled.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Placed | Self::Paid { .. } | Self::Shipped { .. } => false,
            Self::Delivered { .. } | Self::Cancelled { .. } => true,
        }
    }

    /// The receipt of the customer's payment, in whatever state. `None` when nothing was paid.
    ///
    /// A cancelled order answers with what it has to give back.
    pub fn receipt(&self) -> Option<u32> {
        match self {
            Self::Placed => None,
            Self::Paid { receipt }
            | Self::Shipped { receipt, .. }
            | Self::Delivered { receipt } => Some(*receipt),
            Self::Cancelled { refund } => *refund,
        }
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
        // A pair that nobody thought of is not in this list, and so it is refused.
        matches!(
            (self, event),
            (Self::Placed, Event::Pay { .. } | Event::Cancel)
                | (Self::Paid { .. }, Event::Ship { .. } | Event::Cancel)
                | (Self::Shipped { .. }, Event::Deliver)
        )
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
        Self {
            due_cents,
            state: OrderState::Placed,
        }
    }

    /// Where the order stands.
    pub fn state(&self) -> &OrderState {
        &self.state
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
        // The next state is worked out in full before it is stored, so a refusal has nothing to undo. Here `_` is the
        // safe choice: a move that nobody thought of is refused.
        self.state = match (&self.state, event) {
            (OrderState::Placed, Event::Pay { cents, receipt }) => {
                if cents != self.due_cents {
                    return Err(MoveError::WrongAmount {
                        due_cents: self.due_cents,
                        paid_cents: cents,
                    });
                }
                OrderState::Paid { receipt }
            }
            (OrderState::Placed, Event::Cancel) => OrderState::Cancelled { refund: None },
            (OrderState::Paid { receipt }, Event::Ship { parcel }) => {
                if parcel.trim().is_empty() {
                    return Err(MoveError::NoParcelNumber);
                }
                OrderState::Shipped {
                    receipt: *receipt,
                    parcel,
                }
            }
            (OrderState::Paid { receipt }, Event::Cancel) => OrderState::Cancelled {
                refund: Some(*receipt),
            },
            (OrderState::Shipped { receipt, .. }, Event::Deliver) => {
                OrderState::Delivered { receipt: *receipt }
            }
            _ => return Err(MoveError::NotAllowed),
        };
        Ok(())
    }
}
