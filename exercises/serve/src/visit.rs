//! One request's place among the others.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Refusal;

/// What the handler of a request and the body that it reads know of each other.
///
/// A request that waits for its client does no work. It gives its place back meanwhile: otherwise a few clients who send half
/// a body would keep everybody else out.
#[derive(Debug)]
pub struct Visit {
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    place: Option<OwnedSemaphorePermit>,
    body_is_here: bool,
    refusal: Option<Refusal>,
}

impl Visit {
    /// A request that has a place, or the refusal, when all are taken.
    pub fn begin(places: &Arc<Semaphore>, body_is_here: bool) -> Result<Arc<Self>, Refusal> {
        let place = Arc::clone(places)
            .try_acquire_owned()
            .map_err(|_| Refusal::Busy)?;
        let state = State {
            place: Some(place),
            body_is_here,
            refusal: None,
        };
        Ok(Arc::new(Self {
            places: Arc::clone(places),
            state: Mutex::new(state),
        }))
    }

    /// The next piece of the body is not here.
    pub fn waits(&self) {
        self.state().place = None;
    }

    /// A piece of the body has come.
    ///
    /// # Errors
    ///
    /// When others have taken all the places meanwhile.
    pub fn goes_on(&self) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.place.is_none() {
            let place = Arc::clone(&self.places).try_acquire_owned();
            state.place = place.ok();
        }
        if state.place.is_some() {
            return Ok(());
        }
        state.refusal = Some(Refusal::Busy);
        Err(Refusal::Busy)
    }

    /// The body is complete, or has failed: there is nothing more to wait for.
    pub fn body_ended(&self) {
        self.state().body_is_here = true;
    }

    /// Whatever the handler makes of it, this is the answer.
    pub fn refuse(&self, refusal: Refusal) {
        self.state().refusal = Some(refusal);
    }

    /// Why the request was refused, if it was.
    pub fn refusal(&self) -> Option<Refusal> {
        self.state().refusal
    }

    /// The refusal of a request that took too long: the client's fault, or ours.
    pub fn too_slow(&self) -> Refusal {
        if self.state().body_is_here {
            Refusal::SlowAnswer
        } else {
            Refusal::SlowBody
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
