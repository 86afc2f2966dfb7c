//! The one place where Argon2 runs: a few areas of memory, used again and again, and a queue with an end.
//!
//! A hash fills 19 MiB. Whoever asks the allocator for them each time gets them from another corner each time, and the
//! program grows to many times what it uses. Here the areas are as many as may be in use at once, and stay.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::config::{Argon2Cost, Config};
use super::problem::Problem;
use super::random::random;

/// When a request that found the queue full may come again, in seconds: by then a full queue has been worked off.
const RETRY_AFTER: i64 = 2;

/// Makes and compares PHC strings. Clones share the memory and the queue.
#[derive(Clone)]
pub struct Hasher(Arc<Inner>);

struct Inner {
    /// The areas that nobody uses now.
    areas: Mutex<Vec<Vec<Block>>>,
    free: Condvar,
    /// One for each request that may hash now.
    turns: Arc<Semaphore>,
    /// One for each request that may hash now or wait for it.
    places: Arc<Semaphore>,
    runs: AtomicU64,
}

/// The right to hash, until it is dropped.
pub struct Turn {
    _place: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

impl Hasher {
    /// As many areas as the configuration lets hash at once. They are filled when they are first used.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let at_once = config.hashing_at_once.max(1);
        Self(Arc::new(Inner {
            areas: Mutex::new(vec![Vec::new(); at_once]),
            free: Condvar::new(),
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + config.hashing_queue)),
            runs: AtomicU64::new(0),
        }))
    }

    /// Waits, without a thread, until this request may hash; first come, first served.
    ///
    /// # Errors
    ///
    /// [`Problem::busy`] when the queue is full.
    pub async fn turn(&self) -> Result<Turn, Problem> {
        let place = Arc::clone(&self.0.places)
            .try_acquire_owned()
            .map_err(|_| Problem::busy(RETRY_AFTER))?;
        let turn = Arc::clone(&self.0.turns)
            .acquire_owned()
            .await
            .map_err(|error| Problem::internal(&error))?;
        Ok(Turn {
            _place: place,
            _turn: turn,
        })
    }

    /// The PHC string of `password`: Argon2id, version 19 (0x13), `cost`, and a fresh random salt.
    ///
    /// # Errors
    ///
    /// A 500 when Argon2 cannot work at this cost, or the system has no random bytes or no memory to give.
    pub fn hash(&self, password: &str, cost: Argon2Cost) -> Result<String, Problem> {
        let Argon2Cost {
            memory_kib,
            iterations,
            lanes,
        } = cost;
        let params = Params::new(memory_kib, iterations, lanes, None).map_err(internal)?;
        let salt = Salt::new(&random::<16>()?).map_err(internal)?;
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let recipe = Argon2::new(algorithm, version, params.clone());
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        self.run(&recipe, password, &salt, &mut output)?;
        let hash = PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params).map_err(internal)?,
            salt: Some(salt),
            hash: Some(Output::new(&output).map_err(internal)?),
        };
        Ok(hash.to_string())
    }

    /// Whether the PHC string `stored` was made of `password`. How it was made (algorithm, version, cost, salt) it says
    /// itself.
    ///
    /// # Errors
    ///
    /// A 500 when the string cannot be read, or when there is no memory for it.
    pub fn verify(&self, password: &str, stored: &str) -> Result<bool, Problem> {
        let stored = PasswordHash::new(stored).map_err(internal)?;
        let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
            return Err(Problem::internal(&"a stored password without salt or hash"));
        };
        let recipe = Argon2::new(
            Algorithm::new(stored.algorithm).map_err(internal)?,
            match stored.version {
                Some(version) => Version::try_from(version).map_err(internal)?,
                None => Version::default(),
            },
            Params::try_from(&stored).map_err(internal)?,
        );
        let mut output = [0; Output::MAX_LENGTH];
        let output = &mut output[..expected.len()];
        self.run(&recipe, password, salt, output)?;
        // Outputs are compared in constant time.
        Ok(Output::new(output).map_err(internal)? == *expected)
    }

    /// How often Argon2 has run: tests count the work of a request by it.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.0.runs.load(Ordering::Relaxed)
    }

    fn run(
        &self,
        recipe: &Argon2,
        password: &str,
        salt: &Salt,
        output: &mut [u8],
    ) -> Result<(), Problem> {
        self.0.runs.fetch_add(1, Ordering::Relaxed);
        let mut area = self.area();
        let blocks = area.of(recipe.params().block_count())?;
        recipe
            .hash_password_into_with_memory(password.as_bytes(), salt, output, blocks)
            .map_err(internal)
    }

    /// An area of one's own. Whoever has a [`Turn`] finds one; for anybody else this thread waits.
    fn area(&self) -> Area<'_> {
        let mut areas = self.areas();
        loop {
            if let Some(blocks) = areas.pop() {
                return Area {
                    hasher: self,
                    blocks,
                };
            }
            areas = self
                .0
                .free
                .wait(areas)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn areas(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.areas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An area of memory in use; dropped, it is free for the next.
struct Area<'a> {
    hasher: &'a Hasher,
    blocks: Vec<Block>,
}

impl Area<'_> {
    /// `count` blocks. An area grows to the largest cost that is in use, and stays as large.
    fn of(&mut self, count: usize) -> Result<&mut [Block], Problem> {
        if self.blocks.len() < count {
            // Given back first: growing in place would hold both for a moment.
            self.blocks = Vec::new();
            self.blocks.try_reserve_exact(count).map_err(internal)?;
            self.blocks.resize(count, Block::new());
        }
        Ok(&mut self.blocks[..count])
    }
}

impl Drop for Area<'_> {
    fn drop(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        self.hasher.areas().push(blocks);
        self.hasher.0.free.notify_one();
    }
}

fn internal(error: impl std::fmt::Display) -> Problem {
    Problem::internal(&error)
}

#[cfg(test)]
mod tests {
    use argon2::Argon2;
    use argon2::password_hash::PasswordVerifier as _;
    use axum::http::header;
    use axum::response::IntoResponse as _;

    use super::Hasher;
    use crate::given::config::{Argon2Cost, Config};

    const CHEAP: Argon2Cost = Argon2Cost {
        memory_kib: 32,
        iterations: 1,
        lanes: 2,
    };

    fn hasher(hashing_at_once: usize, hashing_queue: usize) -> Hasher {
        Hasher::new(&Config {
            hashing_at_once,
            hashing_queue,
            ..Config::for_tests()
        })
    }

    #[test]
    fn the_library_reads_what_is_made_here() {
        let hasher = hasher(1, 0);
        let stored = hasher.hash("correct horse", CHEAP).expect("it hashes");
        assert!(
            stored.starts_with("$argon2id$v=19$m=32,t=1,p=2$"),
            "{stored}"
        );
        let library = Argon2::default();
        assert_eq!(
            library.verify_password(b"correct horse", stored.as_str()),
            Ok(())
        );
        assert!(
            library
                .verify_password(b"wrong horse", stored.as_str())
                .is_err()
        );
        let again = hasher.hash("correct horse", CHEAP).expect("it hashes");
        assert_ne!(stored, again, "the salt is fresh");
    }

    #[test]
    fn strings_of_the_reference_open() {
        let hasher = hasher(1, 0);
        for stored in [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
            "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
        ] {
            for (password, opens) in [("password", true), ("Password", false), ("", false)] {
                let answer = hasher.verify(password, stored).expect("it can be read");
                assert_eq!(answer, opens, "{password:?} and {stored}");
            }
        }
        for broken in ["", "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ"] {
            let answer = hasher.verify("password", broken);
            let status = answer.map_err(|problem| problem.status().as_u16());
            assert_eq!(status, Err(500), "{broken:?}");
        }
    }

    #[test]
    fn the_memory_is_used_again() {
        let hasher = hasher(2, 0);
        let places = |hasher: &Hasher| -> Vec<usize> {
            let areas = hasher.areas();
            let mut places: Vec<_> = areas.iter().map(|area| area.as_ptr().addr()).collect();
            places.sort_unstable();
            places
        };
        let both = (hasher.area(), hasher.area());
        drop(both);
        for _ in 0..2 {
            let mut both = (hasher.area(), hasher.area());
            for area in [&mut both.0, &mut both.1] {
                assert_eq!(area.of(32).map(|blocks| blocks.len()).ok(), Some(32));
            }
        }
        let before = places(&hasher);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let hasher = &hasher;
                scope.spawn(move || {
                    let password = format!("the password of thread {thread}");
                    let stored = hasher.hash(&password, CHEAP).expect("it hashes");
                    assert_eq!(hasher.verify(&password, &stored).ok(), Some(true));
                });
            }
        });
        assert_eq!(places(&hasher), before, "where the two areas lie");
        assert_eq!(hasher.runs(), 16, "eight hashes and eight comparisons");
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let hasher = hasher(1, 2);
        let first = hasher.turn().await.expect("nobody is before it");
        // On the one thread of this runtime: a wait that blocked it would never end.
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.turn().await.map(drop) })
            })
            .collect();
        while hasher.0.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let Err(problem) = hasher.turn().await else {
            panic!("a fourth had a turn, or waits");
        };
        let answer = problem.into_response();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "2");
        assert!(waiting.iter().all(|task| !task.is_finished()));
        drop(first);
        for task in waiting {
            let turn = task.await.expect("the task ends");
            assert!(turn.is_ok(), "whoever waited has a turn");
        }
        assert!(hasher.turn().await.is_ok(), "the queue is empty again");
    }
}
