//! A body that may not take for ever.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::refusal::Refusal;
use crate::visit::Visit;

/// The body of a request. It fails when its next piece, or its end, takes too long.
#[derive(Debug)]
pub struct PatientBody {
    body: Body,
    visit: Arc<Visit>,
    pause: Duration,
    end: Instant,
    /// Runs while a piece is waited for.
    patience: Option<Pin<Box<Sleep>>>,
}

impl PatientBody {
    /// `body` may take `pause` between two pieces, and must be complete at `end`.
    pub fn new(body: Body, visit: Arc<Visit>, pause: Duration, end: Instant) -> Self {
        Self {
            body,
            visit,
            pause,
            end,
            patience: None,
        }
    }
}

impl HttpBody for PatientBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            this.visit.waits();
            let (pause, end) = (this.pause, this.end);
            let patience = this
                .patience
                .get_or_insert_with(|| Box::pin(sleep_until(end.min(Instant::now() + pause))));
            ready!(patience.as_mut().poll(context));
            this.visit.refuse(Refusal::SlowBody);
            return Poll::Ready(Some(Err(Refusal::SlowBody.into())));
        };
        this.patience = None;
        if !matches!(frame, Some(Ok(_))) || this.body.is_end_stream() {
            this.visit.body_ended();
        }
        if let Err(refusal) = this.visit.goes_on() {
            return Poll::Ready(Some(Err(refusal.into())));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
