use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;

use shop_io::sharing::{Layout, Reading, Till, layout, run_tills, start_printer};
use support::Gate;

/// Seats are sold in the order of their numbers, people who come together get all their seats or none, and whoever
/// decides is told how many are free.
#[test]
fn seats_are_sold_together_and_in_order() {
    let reading = Reading::new(5);
    assert_eq!(reading.free(), 5, "free seats at the beginning");
    for (free, wanted, seats, left) in [
        (5, 2, Some(vec![1, 2]), 3),
        (3, 4, None, 3),
        (3, 0, Some(vec![]), 3),
        (3, u32::MAX, None, 3),
        (3, 3, Some(vec![3, 4, 5]), 0),
        (0, 1, None, 0),
        (0, 0, Some(vec![]), 0),
    ] {
        let mut told = None;
        let sold: Option<Vec<u32>> = reading.sell(|free| {
            told = Some(free);
            wanted
        });
        assert_eq!(sold, seats, "{wanted} seats wanted, {free} free");
        assert_eq!(told, Some(free), "what `decide` was told, {free} free");
        assert_eq!(reading.free(), left, "free after {wanted} were wanted");
    }
    let stadium = Reading::new(u32::MAX);
    assert_eq!(stadium.sell(|_| 2), Some(vec![1, 2]), "the largest hall");
    assert_eq!(stadium.sell(|_| u32::MAX), None, "2 more than are free");
    assert_eq!(stadium.free(), u32::MAX - 2, "what is left of it");
    assert_eq!(Reading::new(0).sell(|_| 1), None, "a hall without seats");
}

/// Over any evening, a group is seated exactly when it fits, right behind the group that was seated before it.
#[test]
fn a_group_is_seated_when_it_fits() {
    let mut random = support::seeded(0x0311);
    for round in 0..200 {
        let seats = small(random.number(0..60));
        let reading = Reading::new(seats);
        let mut before = 0;
        for _ in 0..20 {
            let wanted = small(random.number(0..9));
            let expected: Option<Vec<u32>> =
                (before + wanted <= seats).then(|| (before + 1..=before + wanted).collect());
            let sold: Option<Vec<u32>> = reading.sell(|_| wanted);
            assert_eq!(
                sold, expected,
                "round {round}: {wanted} wanted, {before} of {seats} are sold"
            );
            before += sold.map_or(0, |seats| small(seats.len() as u64));
            assert_eq!(reading.free(), seats - before, "round {round}: free seats");
        }
    }
}

/// A clone is one more handle to the same seats, and not a second hall.
#[test]
fn every_handle_sells_the_same_seats() {
    let reading = Reading::new(4);
    let other = reading.clone();
    assert_eq!(reading.sell(|_| 1), Some(vec![1]), "the first handle");
    assert_eq!(other.sell(|_| 2), Some(vec![2, 3]), "the clone of it");
    let third = other.clone();
    drop((reading, other));
    assert_eq!(third.free(), 1, "a clone of the clone, alone in the end");
}

/// While somebody decides, nobody else is asked: looking, deciding and selling are one step.
#[test]
fn nobody_else_decides_meanwhile() {
    for seats in 1..=20 {
        let reading = Reading::new(seats);
        let other_decides = AtomicBool::new(false);
        let mut meanwhile = false;
        let (first, second) = thread::scope(|scope| {
            let (go, wait) = channel();
            let (reading, other_decides) = (&reading, &other_decides);
            let other = scope.spawn(move || {
                wait.recv().ok()?;
                reading.sell(|free| {
                    other_decides.store(true, Ordering::SeqCst);
                    free.min(2)
                })
            });
            let first = reading.sell(|free| {
                go.send(()).ok();
                // Time enough for the second till, if nothing keeps it from deciding.
                for _ in 0..2_000 {
                    thread::yield_now();
                    meanwhile |= other_decides.load(Ordering::SeqCst);
                }
                free.min(1)
            });
            (first, other.join().expect("the second till does not panic"))
        });
        assert!(
            !meanwhile,
            "a second till decided between the first till's look and its sale, {seats} seats"
        );
        let left: Vec<u32> = (2..=seats.min(3)).collect();
        assert_eq!(first, Some(vec![1]), "the first till, {seats} seats");
        assert_eq!(second, Some(left), "the second till, {seats} seats");
    }
}

/// Whoever asks for the free seats while somebody decides learns the number before that sale or the number after it, and
/// a sale in another hall need not wait at all.
#[test]
fn a_decision_keeps_nobody_from_the_truth() {
    for seats in 2..=20 {
        let (reading, elsewhere) = (Reading::new(seats), Reading::new(seats));
        let (begin, begun) = channel();
        let asks = {
            let reading = reading.clone();
            thread::spawn(move || {
                begun.recv().ok()?;
                Some(reading.free())
            })
        };
        let (sold_elsewhere, elsewhere_done) = channel();
        let mut waited = None;
        let sold: Option<Vec<u32>> = reading.sell(|free| {
            begin.send(()).ok();
            thread::spawn(move || {
                let sold = elsewhere.sell(|free| free);
                sold_elsewhere
                    .send((sold.map(|sold| sold.len()), elsewhere.free()))
                    .ok();
            });
            waited = arrives(&elsewhere_done).ok();
            free.min(1)
        });
        let answer: Option<u32> = asks.join().expect("nobody panics who asks for free seats");
        assert!(
            answer == Some(seats) || answer == Some(seats - 1),
            "free seats while one of {seats} is being sold: {answer:?}"
        );
        assert_eq!(sold, Some(vec![1]), "the sale that took its time");
        let all = usize::try_from(seats).ok();
        assert_eq!(
            waited,
            Some((all, 0)),
            "what was sold in another hall meanwhile, and what is free there"
        );
    }
}

/// Four tills sell at the same time: no seat is sold twice, none is lost, and each till gets the seats that it was told
/// were free.
#[test]
fn no_seat_is_sold_twice() {
    const TILLS: u32 = 4;
    const EVENINGS: u32 = 50;
    let start = Gate::new(4);
    let readings: Vec<Reading> = (0..EVENINGS)
        .map(|evening| Reading::new(20 + evening % 7))
        .collect();
    let evenings: Vec<Mutex<Vec<u32>>> = readings.iter().map(|_| Mutex::new(Vec::new())).collect();
    let wrong: Mutex<Vec<String>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for till in 0..TILLS {
            let (start, readings, evenings, wrong) = (&start, &readings, &evenings, &wrong);
            scope.spawn(move || {
                for (evening, reading) in readings.iter().enumerate() {
                    let seats = 20 + small(evening as u64) % 7;
                    start.wait();
                    for turn in 0..8 {
                        let mut told = 0;
                        // A till that panicked must not leave the others waiting at the gate.
                        let sold = catch_unwind(AssertUnwindSafe(|| {
                            reading.sell(|free| {
                                told = free;
                                // Deciding takes its time, and the others are not to use it.
                                thread::yield_now();
                                free.min(1 + (till + turn) % 3)
                            })
                        }));
                        let first = seats - told + 1;
                        let last = first + told.min(1 + (till + turn) % 3);
                        let expected: Vec<u32> = (first..last).collect();
                        match sold {
                            Ok(Some(sold)) if sold == expected => {
                                lock(&evenings[evening]).extend(sold);
                            }
                            other => lock(wrong).push(format!(
                                "told {told} of {seats} are free, wanted {expected:?}, got {other:?}"
                            )),
                        }
                    }
                }
            });
        }
    });
    let wrong = lock(&wrong);
    assert_eq!(
        wrong.first(),
        None,
        "{} sales of four tills went wrong, this is the first",
        wrong.len()
    );
    for (evening, sold) in evenings.iter().enumerate() {
        let mut sold = lock(sold).clone();
        sold.sort_unstable();
        let all: Vec<u32> = (1..=20 + small(evening as u64) % 7).collect();
        assert_eq!(sold, all, "the seats of evening {evening}, each sold once");
    }
}

/// A till that breaks down while it decides has sold nothing, and everybody else goes on selling.
#[test]
fn a_breakdown_while_deciding_sells_nothing() {
    let reading = Reading::new(3);
    assert_eq!(reading.sell(|_| 1), Some(vec![1]), "before the breakdown");
    for time in 1..=2 {
        let broken = catch_unwind(AssertUnwindSafe(|| {
            reading.sell(|_| panic!("the till breaks down here, on purpose"))
        }));
        assert!(
            broken.is_err(),
            "breakdown {time}: the panic goes on to the caller, and gave {broken:?}"
        );
        let free: Option<u32> = catch_unwind(AssertUnwindSafe(|| reading.free())).ok();
        assert_eq!(free, Some(2), "free seats after breakdown {time}");
    }
    let other = reading.clone();
    let sold = catch_unwind(AssertUnwindSafe(|| other.sell(|free| free)));
    assert_eq!(
        sold.ok(),
        Some(Some(vec![2, 3])),
        "what another handle sells after the breakdowns"
    );
}

/// A layout writes the title as it is and the seat, in any thread, and does not need the text that it was made from.
#[test]
fn a_layout_owns_its_title() {
    let mut random = support::seeded(0x0312);
    let titles = [
        String::from("Emma"),
        String::new(),
        String::from("  Die Blechtrommel\t"),
        String::from("{seat}, \"Bücher\" 📚"),
        random.word(5..20),
        random.word(5..20),
    ];
    let layouts: Vec<(String, Layout)> = titles
        .into_iter()
        .map(|title| {
            let made = layout(&title);
            (title, made)
        })
        .collect();
    for (title, layout) in layouts {
        let seats = [1, 7, small(random.number(8..1_000_000)), u32::MAX];
        let tickets: Vec<String> =
            thread::spawn(move || seats.iter().map(|seat| layout(*seat)).collect())
                .join()
                .expect("a layout does not panic");
        let expected: Vec<String> = seats
            .iter()
            .map(|seat| [title.as_str(), ", seat ", &seat.to_string()].concat())
            .collect();
        assert_eq!(tickets, expected, "the title {title:?}");
    }
}

/// All tills are at work before any of them ends, each in a thread of its own.
#[test]
fn tills_work_at_the_same_time() {
    for number in [1, 2, 5, 100] {
        let (arrive, arrived) = channel();
        let (gates, tills): (Vec<Sender<()>>, Vec<Till>) = (0..number)
            .map(|_| {
                let (gate, opened) = channel();
                let arrive = arrive.clone();
                let till: Till = Box::new(move |_| {
                    arrive.send(thread::current().id()).ok();
                    // The gate opens, or it is taken away because not everybody came.
                    u32::from(opened.recv().is_ok())
                });
                (gate, till)
            })
            .unzip();
        let referee = thread::spawn(move || {
            let mut threads: Vec<ThreadId> = Vec::new();
            while threads.len() < gates.len() {
                match arrives(&arrived) {
                    Ok(thread) => threads.push(thread),
                    Err(_) => return threads,
                }
            }
            for gate in gates {
                gate.send(()).ok();
            }
            threads
        });
        let answers: Vec<Option<u32>> = run_tills(&Reading::new(1), tills);
        let threads = referee.join().expect("the referee does not panic");
        assert_eq!(
            answers,
            vec![Some(1); number],
            "{number} tills, 1 for each that was at work together with all others"
        );
        let caller = thread::current().id();
        assert!(
            !threads.contains(&caller),
            "one of {number} tills worked in the caller's thread"
        );
    }
}

/// The answers stand in the order of the tills, whichever ends first; a till that panicked has `None` in its place, and
/// the others work to their end.
#[test]
fn each_till_has_its_place_in_the_answer() {
    let mut random = support::seeded(0x0313);
    for broken in [None, Some(0), Some(2), Some(5)] {
        let results: Vec<u32> = (0..6).map(|_| small(random.number(0..1_000))).collect();
        // Each till waits until the one behind it has dropped its end of a channel: the last one ends first.
        let (ends, waits): (Vec<Sender<()>>, Vec<Receiver<()>>) =
            results.iter().map(|_| channel()).unzip();
        let mut ends = ends.into_iter();
        let mut held = None;
        // When one has waited in vain, the others need not: they do not run at the same time.
        let late = Arc::new(AtomicBool::new(false));
        let mut tills: Vec<Till> = Vec::new();
        for (place, (&result, wait)) in results.iter().zip(waits).enumerate() {
            let (end, late) = (held, Arc::clone(&late));
            held = ends.next();
            tills.push(Box::new(move |_| {
                let in_time = !late.load(Ordering::SeqCst)
                    && arrives(&wait) == Err(RecvTimeoutError::Disconnected);
                late.store(!in_time, Ordering::SeqCst);
                assert!(
                    broken != Some(place),
                    "till {place} breaks down here, on purpose"
                );
                drop(end);
                if in_time { result } else { u32::MAX }
            }));
        }
        drop(held);
        let answers: Vec<Option<u32>> = run_tills(&Reading::new(1), tills);
        let expected: Vec<Option<u32>> = results
            .iter()
            .enumerate()
            .map(|(place, result)| (broken != Some(place)).then_some(*result))
            .collect();
        assert_eq!(answers, expected, "the till that breaks down: {broken:?}");
    }
    let nobody: Vec<Option<u32>> = run_tills(&Reading::new(1), Vec::new());
    assert_eq!(nobody, Vec::new(), "an evening without tills");
}

/// A seat becomes a ticket when it arrives, and not when everything is over; the printer has a thread of its own.
#[test]
fn a_ticket_is_printed_when_its_seat_arrives() {
    let (print, printed) = channel();
    let (seats, printer): (Sender<u32>, JoinHandle<Vec<String>>) =
        start_printer(Box::new(move |seat| {
            print.send((seat, thread::current().id())).ok();
            format!("ticket {seat}")
        }));
    let mut threads = Vec::new();
    // The printer knows nothing of seats: any number may come, in any order, and come again.
    for seat in [7, 3, 3, 0, 7, u32::MAX] {
        seats.send(seat).expect("the printer listens");
        let (layout_of, thread) = arrives(&printed)
            .unwrap_or_else(|error| panic!("seat {seat} was sent, and its ticket: {error}"));
        assert_eq!(layout_of, seat, "the seat that the layout was asked for");
        threads.push(thread);
    }
    drop(seats);
    assert_eq!(
        tickets_of(printer),
        [
            "ticket 7",
            "ticket 3",
            "ticket 3",
            "ticket 0",
            "ticket 7",
            "ticket 4294967295"
        ],
        "what the printer answers when it is joined"
    );
    assert!(
        threads
            .iter()
            .all(|thread| *thread == threads[0] && *thread != thread::current().id()),
        "the printer has one thread, which is not the caller's"
    );
}

/// The printer works as long as anybody can send to it, and ends when the last of them is gone.
#[test]
fn the_printer_ends_with_its_last_sender() {
    // The layout owns one end of this channel, so the other end learns when the printer has let go of it.
    let (owned, ended) = channel::<()>();
    let (seats, printer) = start_printer(Box::new(move |seat| {
        let _ = &owned;
        seat.to_string()
    }));
    let other = seats.clone();
    drop(seats);
    for seat in 1..=3 {
        assert!(
            other.send(seat).is_ok(),
            "seat {seat}: one sender is gone, and the other can still send"
        );
    }
    drop(other);
    assert_eq!(
        arrives(&ended),
        Err(RecvTimeoutError::Disconnected),
        "the end of the printer when nobody can send any more"
    );
    assert_eq!(
        tickets_of(printer),
        ["1", "2", "3"],
        "the tickets of the second sender"
    );

    let (seats, printer) = start_printer(layout("Emma"));
    drop(seats);
    let nothing: Vec<String> = tickets_of(printer);
    assert_eq!(nothing, Vec::<String>::new(), "a printer that got nothing");
}

/// A whole evening: every seat that the tills have sold has one ticket, and what they say adds up.
#[test]
fn an_evening_adds_up() {
    let mut random = support::seeded(0x0314);
    for evening in 0..20 {
        let seats = small(random.number(1..120));
        let title = random.word(1..12);
        let reading = Reading::new(seats);
        let (sender, printer) = start_printer(layout(&title));
        let tills: Vec<Till> = (0..4)
            .map(|_| -> Till {
                let groups: Vec<u32> = (0..15).map(|_| small(random.number(1..6))).collect();
                let sender = sender.clone();
                Box::new(move |reading| {
                    let mut sold = 0;
                    for group in groups {
                        for seat in reading.sell(|_| group).unwrap_or_default() {
                            sold += 1;
                            sender.send(seat).ok();
                        }
                    }
                    sold
                })
            })
            .collect();
        drop(sender);
        let sold: Option<u32> = run_tills(&reading, tills).into_iter().sum();
        assert_eq!(
            sold,
            Some(seats - reading.free()),
            "evening {evening}: what the tills have sold of {seats} seats"
        );
        let mut tickets = tickets_of(printer);
        let mut expected: Vec<String> = (1..=seats - reading.free())
            .map(|seat| format!("{title}, seat {seat}"))
            .collect();
        tickets.sort_unstable();
        expected.sort_unstable();
        assert_eq!(tickets, expected, "evening {evening}: the tickets");
    }
}

/// What arrives within ten seconds, which only an answer that hangs needs.
fn arrives<T>(from: &Receiver<T>) -> Result<T, RecvTimeoutError> {
    from.recv_timeout(Duration::from_secs(10))
}

/// What the printer answers when it is joined, which is not waited for without end.
fn tickets_of(printer: JoinHandle<Vec<String>>) -> Vec<String> {
    let (done, answer) = channel();
    thread::spawn(move || done.send(printer.join().ok()));
    arrives(&answer)
        .unwrap_or_else(|error| panic!("the last sender is gone, and the printer goes on: {error}"))
        .expect("the printer does not panic")
}

/// What lies behind the lock, also when another thread has failed with it in hand.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn small(number: u64) -> u32 {
    u32::try_from(number).expect("drawn below 2^32")
}
