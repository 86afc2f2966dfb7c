//! The three servers, and who is let in.

use std::error::Error;
use std::io::{self, BufReader, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use servers::hello::{PAGE, welcome};
use servers::patience::{Settings, serve_connection};
use servers::pool::{BUSY, Pool, admit};
use servers::stream::{Clock, SystemClock};
use servers::tcp;

use super::log::Entry;
use super::options::Options;
use super::shop::Shop;

/// So many tills does the stock desk take before it closes.
const TILLS: usize = 100;

/// Visitors of the first page at once, and how long each may take. What is beyond that is closed at once.
const VISITORS: usize = 64;
const VISIT: Duration = Duration::from_secs(5);

/// Connections that are served at once, and connections that may wait. A slow client keeps a thread until its time is
/// over, so there are many more threads than processors.
const WORKERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);
const WAITING: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

const SETTINGS: Settings = Settings {
    idle: Duration::from_secs(5),
    exchange: Duration::from_secs(10),
    requests: 1_000,
    farewell: Duration::from_secs(1),
    farewell_bytes: 262_144,
};

/// The stock desk of `tcp`.
pub fn stock(options: &Options) -> io::Result<()> {
    let (listener, address) = match options.port {
        None if options.host == Ipv4Addr::LOCALHOST.to_string() => tcp::listen()?,
        port => {
            let listener = TcpListener::bind((options.host.as_str(), port.unwrap_or(0)))?;
            let address = listener.local_addr()?;
            (listener, address)
        }
    };
    let shelf = super::shop::copies()
        .into_iter()
        .enumerate()
        .filter_map(|(number, copies)| Some((u32::try_from(number).ok()? + 1, copies)))
        .collect();
    eprintln!(
        "The stock desk is open, for books 1 to 4 and {TILLS} tills. Be a till, in another terminal:"
    );
    eprintln!("  curl telnet://{address}");
    eprintln!("Then type STOCK 3, TAKE 3 or QUIT, each with Enter.");
    tcp::serve(&listener, &Arc::new(Mutex::new(shelf)), TILLS)?;
    eprintln!("{TILLS} tills were here, and the stock desk closes.");
    Ok(())
}

/// The first page of `hello`.
pub fn hello(options: &Options) -> io::Result<()> {
    let listener = TcpListener::bind(options.address())?;
    eprintln!("The first page: http://{}/", listener.local_addr()?);
    // Each visit holds a copy of this, so the number of copies is the number of visits.
    let visits = Arc::new(());
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            rest_a_moment();
            continue;
        };
        if Arc::strong_count(&visits) > VISITORS {
            continue;
        }
        let visit = Arc::clone(&visits);
        thread::Builder::new().spawn(move || {
            let _visit = visit;
            match greet(&stream) {
                Ok(true) => eprintln!("the page went out"),
                Ok(false) => eprintln!("a connection ended before its request did"),
                Err(error) => eprintln!("a connection broke off: {error}"),
            }
        })?;
    }
    Ok(())
}

/// One visitor.
fn greet(stream: &TcpStream) -> io::Result<bool> {
    stream.set_read_timeout(Some(VISIT))?;
    stream.set_write_timeout(Some(VISIT))?;
    let answered = welcome(BufReader::new(stream), stream, PAGE)?;
    // Closing while the client still sends could destroy the answer; so a little more is read.
    stream.shutdown(Shutdown::Write)?;
    let mut rest = stream.take(1_000_000);
    io::copy(&mut rest, &mut io::sink()).ok();
    Ok(answered)
}

/// The whole shop. It takes connections for as long as the process lives.
pub fn shop(options: &Options) -> Result<(), Box<dyn Error>> {
    let shop = Shop::new(options.folder.clone())?;
    let (clock, doorkeeper) = (SystemClock::start(), SystemClock::start());
    let pool = Pool::new(WORKERS, WAITING, move |stream: TcpStream| {
        // A client that has gone already has no address, and needs none.
        if let Ok(client) = stream.peer_addr() {
            serve_connection(stream, &shop.visit(client.ip()), &clock, &SETTINGS);
        }
    })?;
    let listener = TcpListener::bind(options.address())?;
    eprintln!("Lantern is open: http://{}/", listener.local_addr()?);
    loop {
        match listener.accept() {
            // A client that leaves while it is told to come back later is no trouble of the shop's.
            Ok((stream, client)) => {
                let admitted = stream.set_nodelay(true).and_then(|()| admit(&pool, stream));
                if let Ok(false) = admitted {
                    turned_away(client, doorkeeper.unix_seconds());
                }
            }
            Err(error) => {
                eprintln!("a connection could not be accepted: {error}");
                rest_a_moment();
            }
        }
    }
}

/// A client that found no place is in the log, too.
fn turned_away(client: SocketAddr, now: u64) {
    Entry::unreadable().line(client.ip(), now, 503, BUSY.len(), "-");
}

/// Perhaps there are too many open files. Trying again at once would only keep the processor busy.
fn rest_a_moment() {
    thread::sleep(Duration::from_millis(50));
}
