//! The commands.

mod catalogue;

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use databases::aggregates::{best_sellers, monthly_sales};
use databases::indexes::{create_indexes, explain};
use databases::schema;
use databases::search::{rebuild, search};
use rusqlite::{Connection, OptionalExtension};

const HELP: &str = "\
Lantern's books and orders, in a SQLite file.

Usage: databases FILE [COMMAND]

  (no command)         what is in the shop
  top [COUNT]          the books that sold best; 10 of them unless told otherwise
  sales [FIRST LAST]   the sales month by month, such as: sales 2025-01 2025-12
  search WORDS...      the books that fit these words; the last one may be unfinished
  plan SQL             how SQLite would carry out a statement; it is not run

A file that is not there is made: five thousand books and two years of orders, always the same.

Exit codes: 0 done, 1 it could not be done, 2 the command was not understood.
";

/// How many hits a search shows.
const HITS: u32 = 10;

/// Why a command could not be carried out.
#[derive(Debug)]
pub enum Failure {
    /// The arguments make no sense.
    Usage(String),
    /// A file could not be moved or removed.
    File(PathBuf, io::Error),
    /// The file could not be opened, or is no database.
    Open(PathBuf, rusqlite::Error),
    Database(rusqlite::Error),
    Output(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => write!(f, "{what}"),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Open(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Database(error) => write!(f, "the database says: {error}"),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Does what the arguments say.
pub fn run(arguments: &[String], output: &mut dyn Write) -> Result<(), Failure> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments
        .iter()
        .any(|word| matches!(*word, "--help" | "-h"))
    {
        output.write_all(HELP.as_bytes())?;
        return Ok(());
    }
    let [file, command @ ..] = &arguments[..] else {
        return Err(Failure::Usage("Which file?".to_owned()));
    };
    let command = Command::parse(command)?;
    let connection = open(Path::new(file), output)?;
    command.run(&connection, output)
}

enum Command {
    Summary,
    Top(u32),
    Sales(Option<(String, String)>),
    Search(String),
    Plan(String),
}

impl Command {
    fn parse(words: &[&str]) -> Result<Command, Failure> {
        match words {
            [] => Ok(Command::Summary),
            ["top"] => Ok(Command::Top(10)),
            ["top", count] => match count.parse() {
                Ok(count) => Ok(Command::Top(count)),
                Err(error) => Err(Failure::Usage(format!("top {count:?}: {error}"))),
            },
            ["sales"] => Ok(Command::Sales(None)),
            ["sales", first, last] => {
                for month in [first, last] {
                    if !is_month(month) {
                        return Err(Failure::Usage(format!(
                            "{month:?} is no month like 2025-11"
                        )));
                    }
                }
                Ok(Command::Sales(Some((
                    (*first).to_owned(),
                    (*last).to_owned(),
                ))))
            }
            ["search", words @ ..] => Ok(Command::Search(words.join(" "))),
            ["plan", sql] => Ok(Command::Plan((*sql).to_owned())),
            ["plan", ..] => Err(Failure::Usage(
                "plan takes one statement; put it in quotes".to_owned(),
            )),
            [other, ..] => Err(Failure::Usage(format!(
                "{other:?} cannot be done like this"
            ))),
        }
    }

    fn run(&self, connection: &Connection, output: &mut dyn Write) -> Result<(), Failure> {
        match self {
            Command::Summary => {
                for table in ["books", "authors", "customers", "orders", "order_lines"] {
                    let sql = format!("SELECT count(*) FROM {table}");
                    let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
                    writeln!(output, "{rows:>7}  {}", table.replace('_', " "))?;
                }
            }
            Command::Top(count) => {
                writeln!(output, "copies        paid  title")?;
                for seller in best_sellers(connection, *count)? {
                    let paid = euros(seller.cents);
                    writeln!(output, "{:>6}  {paid:>10}  {}", seller.copies, seller.title)?;
                }
            }
            Command::Sales(months) => {
                let Some((first, last)) = months
                    .clone()
                    .map_or_else(|| all_months(connection), |months| Ok(Some(months)))?
                else {
                    writeln!(output, "There are no orders.")?;
                    return Ok(());
                };
                writeln!(output, "month    orders        sales      together")?;
                for month in monthly_sales(connection, &first, &last)? {
                    let (cents, running) = (euros(month.cents), euros(month.running_cents));
                    writeln!(
                        output,
                        "{:<7}  {:>6}  {cents:>11}  {running:>12}",
                        month.month, month.orders
                    )?;
                }
            }
            Command::Search(words) => {
                let hits = search(connection, words, HITS)?;
                if hits.is_empty() {
                    writeln!(output, "Nothing fits.")?;
                }
                for hit in hits {
                    writeln!(
                        output,
                        "{:>5}  {}\n       {}",
                        hit.book_id, hit.title, hit.snippet
                    )?;
                }
            }
            Command::Plan(sql) => {
                for step in explain(connection, sql)? {
                    writeln!(output, "{step}")?;
                }
            }
        }
        Ok(())
    }
}

/// Opens the shop, and makes it when it is not there.
///
/// It is made under another name and moved when it is whole, so that an interrupted run leaves no half a shop behind.
fn open(path: &Path, output: &mut dyn Write) -> Result<Connection, Failure> {
    if !path.exists() {
        let mut draft = path.as_os_str().to_owned();
        draft.push(".part");
        let draft = PathBuf::from(draft);
        if draft.exists() {
            fs::remove_file(&draft).map_err(|error| Failure::File(draft.clone(), error))?;
        }
        let mut connection =
            schema::open(&draft).map_err(|error| Failure::Open(path.to_owned(), error))?;
        catalogue::fill(&mut connection)?;
        create_indexes(&connection)?;
        rebuild(&mut connection)?;
        connection
            .close()
            .map_err(|(_, error)| Failure::Database(error))?;
        fs::rename(&draft, path).map_err(|error| Failure::File(path.to_owned(), error))?;
        writeln!(output, "{} is made.", path.display())?;
    }
    schema::open(path).map_err(|error| Failure::Open(path.to_owned(), error))
}

/// The months of the first and the last order.
fn all_months(connection: &Connection) -> rusqlite::Result<Option<(String, String)>> {
    let sql = "SELECT substr(min(placed_on), 1, 7), substr(max(placed_on), 1, 7) FROM orders HAVING count(*) > 0";
    connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whether a text is a month like 2025-11.
fn is_month(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: &[u8]| range.iter().all(u8::is_ascii_digit);
    bytes.len() == 7
        && digits(&bytes[..4])
        && bytes[4] == b'-'
        && digits(&bytes[5..])
        && ("01"..="12").contains(&&text[5..])
}

fn euros(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
