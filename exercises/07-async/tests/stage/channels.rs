use std::collections::HashMap;
use std::pin::pin;

use async_work::channels::{Closed, Command, Stock, keep};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::clock::{ends, poll_once, seconds, settle};

const EMMA: &str = "9780141439587";
const DUNE: &str = "9780441172719";

fn shelf(copies: &[(&str, u32)]) -> HashMap<String, u32> {
    copies
        .iter()
        .map(|&(isbn, count)| (isbn.to_owned(), count))
        .collect()
}

fn receive(isbn: &str, copies: u32) -> (Command, oneshot::Receiver<u32>) {
    let (reply, answer) = oneshot::channel();
    let isbn = isbn.to_owned();
    let command = Command::Receive {
        isbn,
        copies,
        reply,
    };
    (command, answer)
}

fn take(isbn: &str, copies: u32) -> (Command, oneshot::Receiver<Option<u32>>) {
    let (reply, answer) = oneshot::channel();
    let isbn = isbn.to_owned();
    let command = Command::Take {
        isbn,
        copies,
        reply,
    };
    (command, answer)
}

fn count(isbn: &str) -> (Command, oneshot::Receiver<u32>) {
    let (reply, answer) = oneshot::channel();
    let isbn = isbn.to_owned();
    (Command::Count { isbn, reply }, answer)
}

/// What a keeper returns who has these commands in the queue, and nobody who could send more.
async fn kept(stock: HashMap<String, u32>, commands: Vec<Command>) -> HashMap<String, u32> {
    let (sender, queue) = mpsc::channel(commands.len().max(1));
    for command in commands {
        sender.try_send(command).expect("the queue is long enough");
    }
    drop(sender);
    ends("a keeper to whom nobody can send", keep(stock, queue)).await
}

/// A keeper at work, and the way to it.
fn stock_of(copies: &[(&str, u32)]) -> Stock {
    let (sender, queue) = mpsc::channel(4);
    tokio::spawn(keep(shelf(copies), queue));
    Stock::new(sender)
}

/// How many copies of a book were kept. A book with none may be named or left out.
fn copies(stock: &HashMap<String, u32>, isbn: &str) -> u32 {
    stock.get(isbn).copied().unwrap_or(0)
}

/// Commands are done one after the other in the order in which they came, and each answer goes to its asker.
#[tokio::test(start_paused = true)]
async fn commands_are_done_in_their_order() {
    let mut values = support::seeded(0x0711);
    let books: Vec<String> = (0..5).map(|place| format!("978000000000{place}")).collect();
    let mut model: HashMap<String, u32> = shelf(&[(&books[0], 40), (&books[1], 7)]);
    let stock = model.clone();
    let (mut commands, mut expected) = (Vec::new(), Vec::new());
    let (mut numbers, mut takes) = (Vec::new(), Vec::new());
    for _ in 0..600 {
        let isbn = values.pick(&books).clone();
        let wanted = values.number(0..30) as u32;
        let there = model.entry(isbn.clone()).or_default();
        match values.number(0..3) {
            0 => {
                let (command, answer) = receive(&isbn, wanted);
                *there += wanted;
                commands.push(command);
                numbers.push((answer, *there));
            }
            1 => {
                let (command, answer) = take(&isbn, wanted);
                let left = there.checked_sub(wanted);
                *there = left.unwrap_or(*there);
                commands.push(command);
                takes.push(answer);
                expected.push(left);
            }
            _ => {
                let (command, answer) = count(&isbn);
                commands.push(command);
                numbers.push((answer, *there));
            }
        }
    }
    let end = kept(stock, commands).await;
    for (answer, expected) in numbers {
        let number: Result<u32, _> = answer.await;
        assert_eq!(number, Ok(expected), "the answer to a delivery or a count");
    }
    for (answer, expected) in takes.into_iter().zip(expected) {
        let left: Result<Option<u32>, _> = answer.await;
        assert_eq!(left, Ok(expected), "the answer to a take");
    }
    for isbn in &books {
        assert_eq!(
            copies(&end, isbn),
            copies(&model, isbn),
            "copies of {isbn} at the end"
        );
    }
}

/// A take takes all that is asked for or nothing: the last copy can be taken, one more cannot, and none always can.
#[tokio::test(start_paused = true)]
async fn a_take_takes_all_or_nothing() {
    for (there, wanted, expected, left) in [
        (3, 3, Some(0), 0),
        (3, 4, None, 3),
        (3, 2, Some(1), 1),
        (3, 0, Some(3), 3),
        (0, 0, Some(0), 0),
        (0, 1, None, 0),
        (1, u32::MAX, None, 1),
        (u32::MAX, u32::MAX, Some(0), 0),
    ] {
        let (command, answer) = take(EMMA, wanted);
        let end = kept(shelf(&[(EMMA, there), (DUNE, 9)]), vec![command]).await;
        let answer: Result<Option<u32>, _> = answer.await;
        assert_eq!(
            answer,
            Ok(expected),
            "{wanted} of {there} copies are asked for"
        );
        assert_eq!(
            copies(&end, EMMA),
            left,
            "copies after {wanted} of {there} were asked for"
        );
        assert_eq!(copies(&end, DUNE), 9, "copies of the other book");
    }
    let (unknown, unknown_answer) = take(EMMA, 1);
    let (none, none_answer) = take(EMMA, 0);
    let (counted, counted_answer) = count(EMMA);
    kept(shelf(&[]), vec![unknown, none, counted]).await;
    assert_eq!(unknown_answer.await, Ok(None), "a copy of an unknown book");
    assert_eq!(none_answer.await, Ok(Some(0)), "no copy of an unknown book");
    assert_eq!(counted_answer.await, Ok(0), "copies of an unknown book");
}

/// A delivery beyond what a `u32` holds fills it up, and the keeper goes on.
#[tokio::test(start_paused = true)]
async fn a_full_shelf_stays_full() {
    for (there, copies) in [
        (u32::MAX, 1),
        (u32::MAX - 5, 6),
        (10, u32::MAX),
        (u32::MAX, 0),
    ] {
        let (first, first_answer) = receive(EMMA, copies);
        let (second, second_answer) = take(EMMA, 1);
        kept(shelf(&[(EMMA, there)]), vec![first, second]).await;
        let number: Result<u32, _> = first_answer.await;
        assert_eq!(number, Ok(u32::MAX), "{copies} more than {there}");
        assert_eq!(second_answer.await, Ok(Some(u32::MAX - 1)), "and one less");
    }
}

/// Who has gone before the command is done gets no copies: they stay for the next one.
#[tokio::test(start_paused = true)]
async fn nothing_is_taken_for_somebody_who_has_gone() {
    let (gone, nobody) = take(EMMA, 3);
    drop(nobody);
    let (next, answer) = take(EMMA, 2);
    let (third, none) = take(EMMA, 2);
    let end = kept(shelf(&[(EMMA, 3)]), vec![gone, next, third]).await;
    assert_eq!(
        answer.await,
        Ok(Some(1)),
        "two of three, after somebody went"
    );
    assert_eq!(none.await, Ok(None), "two of the one that is left");
    assert_eq!(copies(&end, EMMA), 1, "copies at the end");

    for (there, wanted) in [(5, 2), (2, 5), (3, 0), (0, 1), (7, 7), (1, u32::MAX)] {
        let (gone, nobody) = take(EMMA, wanted);
        drop(nobody);
        let (next, answer) = count(EMMA);
        let end = kept(shelf(&[(EMMA, there)]), vec![gone, next]).await;
        let case = format!("{wanted} of {there}, for somebody who has gone");
        assert_eq!(answer.await, Ok(there), "copies that are counted: {case}");
        assert_eq!(copies(&end, EMMA), there, "copies at the end: {case}");
    }

    // The same by way of `Stock`: the future is dropped while its command lies in the queue.
    let (sender, queue) = mpsc::channel(4);
    let stock = Stock::new(sender);
    {
        let mut waiting = pin!(stock.take(EMMA, 3));
        let early = poll_once(waiting.as_mut()).await;
        assert_eq!(early, None, "there is no keeper yet who could answer");
    }
    tokio::spawn(keep(shelf(&[(EMMA, 3)]), queue));
    let left = ends("a count", stock.count(EMMA)).await;
    assert_eq!(left, Ok(3), "copies after the asker has gone");
}

/// A delivery counts, whether somebody waits for the answer or not.
#[tokio::test(start_paused = true)]
async fn a_delivery_counts_without_an_asker() {
    let mut commands = Vec::new();
    for copies in [5, 0, 7] {
        let (command, nobody) = receive(EMMA, copies);
        drop(nobody);
        commands.push(command);
    }
    let (command, nobody) = count(EMMA);
    drop(nobody);
    commands.push(command);
    let (command, answer) = take(EMMA, 14);
    commands.push(command);
    let end = kept(shelf(&[(EMMA, 2)]), commands).await;
    assert_eq!(answer.await, Ok(Some(0)), "all fourteen are taken");
    assert_eq!(copies(&end, EMMA), 0, "copies at the end");
}

/// The keeper waits for commands as long as somebody can send one, and ends when nobody can.
#[tokio::test(start_paused = true)]
async fn the_keeper_ends_with_its_last_sender() {
    let (sender, queue) = mpsc::channel(4);
    let keeper = tokio::spawn(keep(shelf(&[(EMMA, 3)]), queue));
    let stock = Stock::new(sender);
    let clone = stock.clone();
    settle().await;
    assert!(
        !keeper.is_finished(),
        "two can still send, and the queue is empty"
    );
    assert_eq!(
        ends("a take", stock.take(EMMA, 1)).await,
        Ok(Some(2)),
        "the first"
    );
    drop(stock);
    settle().await;
    assert!(!keeper.is_finished(), "a clone can still send");
    assert_eq!(
        ends("a take", clone.take(EMMA, 1)).await,
        Ok(Some(1)),
        "the second"
    );
    drop(clone);
    let end: HashMap<String, u32> = ends("the keeper", keeper).await.expect("no panic");
    assert_eq!(copies(&end, EMMA), 1, "copies that the keeper returns");
}

/// Each method sends its command with what it was given, and returns what comes back, however long that takes.
#[tokio::test(start_paused = true)]
async fn methods_send_commands() {
    let (sender, mut queue) = mpsc::channel(1);
    let stock = Stock::new(sender);
    let desk = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(command) = queue.recv().await {
            // Asking has no time-out of its own.
            sleep(seconds(3_600)).await;
            match command {
                Command::Receive {
                    isbn,
                    copies,
                    reply,
                } => {
                    seen.push(format!("receive {copies} of {isbn}"));
                    reply.send(7_001).expect("somebody waits");
                }
                Command::Take {
                    isbn,
                    copies,
                    reply,
                } => {
                    seen.push(format!("take {copies} of {isbn}"));
                    let left = (copies < 100).then_some(7_002);
                    reply.send(left).expect("somebody waits");
                }
                Command::Count { isbn, reply } => {
                    seen.push(format!("count {isbn}"));
                    reply.send(7_003).expect("somebody waits");
                }
            }
        }
        seen
    });
    let received: Result<u32, Closed> = ends("receive", stock.receive(EMMA, 4)).await;
    let nothing = ends("receive", stock.receive(DUNE, 0)).await;
    let taken: Result<Option<u32>, Closed> = ends("take", stock.take(DUNE, 5)).await;
    let refused = ends("take", stock.take(" Zoë ", u32::MAX)).await;
    let counted: Result<u32, Closed> = ends("count", stock.count("")).await;
    drop(stock);
    assert_eq!(received, Ok(7_001), "the answer to `receive`");
    assert_eq!(nothing, Ok(7_001), "the answer to `receive` of no copies");
    assert_eq!(taken, Ok(Some(7_002)), "the answer to `take`");
    assert_eq!(refused, Ok(None), "the answer to a `take` of too many");
    assert_eq!(counted, Ok(7_003), "the answer to `count`");
    let seen = ends("the desk", desk).await.expect("no panic");
    let expected = [
        format!("receive 4 of {EMMA}"),
        format!("receive 0 of {DUNE}"),
        format!("take 5 of {DUNE}"),
        "take 4294967295 of  Zoë ".to_owned(),
        "count ".to_owned(),
    ];
    assert_eq!(seen, expected, "commands in the queue");
}

/// A book is the one of exactly these characters: names that look alike are different books.
#[tokio::test(start_paused = true)]
async fn books_that_look_alike_are_different() {
    let names = [
        "080442957x",
        "080442957X",
        "0-8044-2957-X",
        " 080442957X",
        "080442957X ",
        "",
    ];
    for name in names {
        let (first, received) = receive(name, 5);
        let (second, taken) = take(name, 2);
        let (third, counted) = count(name);
        let mut commands = vec![first, second, third];
        let others: Vec<_> = names.into_iter().filter(|&other| other != name).collect();
        let mut answers = Vec::new();
        for &other in &others {
            let (command, answer) = count(other);
            commands.push(command);
            answers.push(answer);
        }
        let end = kept(shelf(&[(name, 1)]), commands).await;
        assert_eq!(received.await, Ok(6), "five more than one of {name:?}");
        assert_eq!(taken.await, Ok(Some(4)), "two less of {name:?}");
        assert_eq!(counted.await, Ok(4), "copies of {name:?}");
        assert_eq!(copies(&end, name), 4, "copies of {name:?} at the end");
        for (answer, other) in answers.into_iter().zip(&others) {
            assert_eq!(
                answer.await,
                Ok(0),
                "copies of {other:?}: only {name:?} is there"
            );
        }
    }
}

/// When the queue is full, each of the three waits for a place, and has its answer in the end.
#[tokio::test(start_paused = true)]
async fn each_method_waits_for_a_place() {
    let (sender, queue) = mpsc::channel(1);
    let (filling, _nobody) = count(EMMA);
    sender.try_send(filling).expect("the queue is empty");
    let stock = Stock::new(sender);
    let mut received = pin!(stock.receive(EMMA, 5));
    assert_eq!(
        poll_once(received.as_mut()).await,
        None,
        "`receive`: no place yet"
    );
    let mut taken = pin!(stock.take(EMMA, 2));
    assert_eq!(
        poll_once(taken.as_mut()).await,
        None,
        "`take`: no place yet"
    );
    let mut counted = pin!(stock.count(EMMA));
    assert_eq!(
        poll_once(counted.as_mut()).await,
        None,
        "`count`: no place yet"
    );
    tokio::spawn(keep(shelf(&[(EMMA, 1)]), queue));
    // Together: each has a place in the row of those who wait for one, and must be polled to take it.
    let all = async { tokio::join!(received, taken, counted) };
    let (received, taken, counted) = ends("the answers", all).await;
    assert!(received.is_ok(), "the answer to `receive`: {received:?}");
    assert!(taken.is_ok(), "the answer to `take`: {taken:?}");
    assert!(counted.is_ok(), "the answer to `count`: {counted:?}");
}

/// Without a keeper the answer is `Closed`: it was never there, it went with the command in hand, or it went while the queue
/// was full.
#[tokio::test(start_paused = true)]
async fn without_a_keeper_it_is_closed() {
    let (sender, queue) = mpsc::channel(1);
    drop(queue);
    let stock = Stock::new(sender);
    assert_eq!(
        ends("receive", stock.receive(EMMA, 1)).await,
        Err(Closed),
        "receive"
    );
    assert_eq!(ends("take", stock.take(EMMA, 1)).await, Err(Closed), "take");
    assert_eq!(ends("count", stock.count(EMMA)).await, Err(Closed), "count");

    let (sender, mut queue) = mpsc::channel(1);
    let stock = Stock::new(sender);
    let busy = tokio::spawn({
        let stock = stock.clone();
        async move { stock.take(EMMA, 1).await }
    });
    let waiting = tokio::spawn({
        let stock = stock.clone();
        async move { stock.count(EMMA).await }
    });
    let late = tokio::spawn(async move { stock.receive(EMMA, 1).await });
    let in_hand = ends("a command", queue.recv()).await;
    assert!(in_hand.is_some(), "a command was sent");
    settle().await;
    drop(in_hand);
    drop(queue);
    let busy = ends("the first", busy).await.expect("no panic");
    assert_eq!(busy, Err(Closed), "its command was in hand");
    let waiting = ends("the second", waiting).await.expect("no panic");
    assert_eq!(waiting, Err(Closed), "its command was in the queue");
    let late = ends("the third", late).await.expect("no panic");
    assert_eq!(late, Err(Closed), "it waited for a place in the queue");
}

/// When the queue is full, a command waits for its place, and all of them are answered.
#[tokio::test(start_paused = true)]
async fn a_full_queue_is_waited_for() {
    let (sender, queue) = mpsc::channel(1);
    let stock = Stock::new(sender);
    let askers: Vec<_> = (0..50)
        .map(|_| {
            let stock = stock.clone();
            tokio::spawn(async move { stock.take(EMMA, 1).await })
        })
        .collect();
    settle().await;
    let keeper = tokio::spawn(keep(shelf(&[(EMMA, 30)]), queue));
    let (mut served, mut refused) = (0, 0);
    for asker in askers {
        match ends("an asker", asker).await.expect("no panic") {
            Ok(Some(_)) => served += 1,
            Ok(None) => refused += 1,
            Err(Closed) => panic!("the keeper was there all the time"),
        }
    }
    assert_eq!(
        (served, refused),
        (30, 20),
        "served and refused, of 50 for 30 copies"
    );
    drop(stock);
    let end = ends("the keeper", keeper).await.expect("no panic");
    assert_eq!(copies(&end, EMMA), 0, "copies at the end");
}

/// A keeper serves on after askers of all kinds have gone.
#[tokio::test(start_paused = true)]
async fn the_keeper_outlives_its_askers() {
    let stock = stock_of(&[(EMMA, 3)]);
    for _ in 0..20 {
        let mut waiting = pin!(stock.count(EMMA));
        poll_once(waiting.as_mut()).await;
    }
    for _ in 0..20 {
        let mut waiting = pin!(stock.take(DUNE, 1));
        poll_once(waiting.as_mut()).await;
    }
    let left = ends("a take", stock.take(EMMA, 2)).await;
    assert_eq!(left, Ok(Some(1)), "after forty askers that went");
}
