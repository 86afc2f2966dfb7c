//! The command line.

use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
Lantern's servers, made of the exercises of this stage

Usage: cargo run -p servers -- [COMMAND] [OPTIONS]

Commands:
  stock   the stock desk, which answers lines of text      needs: tcp
  hello   one page for every browser                       needs: hello
  shop    the shop; what runs when no command is given     needs: all exercises but these two

Options:
  --host ADDRESS   where to listen; 0.0.0.0 lets other machines in   [127.0.0.1]
  --port PORT      the port; 0 is any that is free                   [8080; stock takes a free one]
  --folder FOLDER  the files of the shop                             [exercises/04-servers/public]
  -h, --help       this text

Ctrl-C ends each of them. The shop writes a line for each request to its standard output, in the
format that the program of 03-io reads; everything else goes to standard error.

Examples:
  cargo run -p servers -- stock
  cargo run -p servers -- hello --port 9000
  cargo run -q -p servers > access.log
  cargo run -q -p io -- report access.log";

/// The files that the shop serves when nothing else is said.
const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../exercises/04-servers/public"
);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Stock,
    Hello,
    Shop,
}

/// What is to run, and where.
pub struct Options {
    pub command: Command,
    pub host: String,
    pub port: Option<u16>,
    pub folder: PathBuf,
}

impl Options {
    /// The host and the port to listen on.
    pub fn address(&self) -> (&str, u16) {
        (&self.host, self.port.unwrap_or(8080))
    }

    /// What is opened, in words.
    pub fn place(&self) -> String {
        let what = match self.command {
            Command::Stock => "the stock desk",
            Command::Hello => "the first page",
            Command::Shop => "the shop",
        };
        match self.port {
            None if self.command == Command::Stock => String::from(what),
            _ => format!("{what} at {}:{}", self.host, self.address().1),
        }
    }
}

/// What somebody asked for.
pub enum Request {
    Help,
    Run(Options),
}

/// Reads the command line, or says what is wrong with it.
pub fn parse(arguments: &[String]) -> Result<Request, String> {
    let mut options = Options {
        command: Command::Shop,
        host: String::from("127.0.0.1"),
        port: None,
        folder: PathBuf::from(FOLDER),
    };
    let mut commands = 0;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || {
            rest.next()
                .ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "-h" | "--help" => return Ok(Request::Help),
            "--host" => options.host = value()?.clone(),
            "--port" => options.port = Some(port(value()?)?),
            "--folder" => options.folder = PathBuf::from(value()?),
            word => {
                options.command = command(word)?;
                commands += 1;
            }
        }
    }
    if commands > 1 {
        return Err(String::from("one command at a time"));
    }
    Ok(Request::Run(options))
}

fn port(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no port: a number from 0 to 65535"))
}

fn command(word: &str) -> Result<Command, String> {
    match word {
        "stock" => Ok(Command::Stock),
        "hello" => Ok(Command::Hello),
        "shop" => Ok(Command::Shop),
        _ => Err(format!("{word:?} is neither a command nor an option")),
    }
}
