//! Who visits the shop, and what do they get?
//!
//! A web server writes one line for each request that it answers. This mini project reads such a log, counts, ranks
//! and reports. The log contains what strangers sent: some of its lines are damaged, and none of them may stop the rest.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::io::BufRead;
use std::io::Write;

/// One request, as a line of the log tells it. The texts are borrowed from that line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'a> {
    /// The address that the request came from.
    pub client: &'a str,
    /// `GET`, `POST` and so on.
    pub method: &'a str,
    /// What was asked for, without the `?` and what comes after it.
    pub path: &'a str,
    /// The status of the answer, 100 to 599.
    pub status: u16,
    /// How many bytes the answer had.
    pub bytes: u64,
}

/// The first part of a line that is missing or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLine {
    /// There is no text in front of the first blank.
    Client,
    /// There is no time in brackets.
    Time,
    /// There is no request in quotes, or it is not three words, or it contains control characters.
    Request,
    /// The status is missing, or it is not a number from 100 to 599.
    Status,
    /// The size is missing, or it is neither a number nor `-`.
    Size,
}

/// What the lines of a log add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many lines tell of a request.
    pub hits: u64,
    /// How many lines do not. Blank lines are neither.
    pub bad_lines: u64,
    /// The number of the first bad line; the first line of the log is 1, and every line counts.
    pub first_bad_line: Option<u64>,
    /// All answers together. Where the sum no longer fits, it stays at `u64::MAX`.
    pub bytes: u64,
    /// The clients, each once.
    pub clients: BTreeSet<String>,
    /// How often each status was answered.
    pub statuses: BTreeMap<u16, u64>,
    /// How often each path was asked for, whatever the answer.
    pub pages: BTreeMap<String, u64>,
}

/// Reads one line of a log.
///
/// ```text
/// 203.0.113.7 - ada [21/Nov/2026:07:20:30 +0000] "GET /books/17?from=mail HTTP/1.1" 200 5123 "-" "curl/8.5"
/// ```
///
/// | part | where it stands | in the [`Hit`] |
/// | --- | --- | --- |
/// | client | from the beginning of the line to its first blank | `client` |
/// | identity, user | up to the first `[` after that | not read |
/// | time | from that `[` to the next `]` | not read |
/// | request | from the first `"` after that to the next `"`: method, target and version, with blanks between them | `method`, `path` |
/// | status | the next word | `status` |
/// | size | the next word; `-` says that there was no body, and counts as 0 | `bytes` |
/// | anything else | the rest of the line | not read |
///
/// Words are separated by blanks, one or more; the ending of the line belongs to none of them. Numbers are what `str::parse` takes for one.
///
/// The line above gives the client `203.0.113.7`, the method `GET`, the path `/books/17`, status 200 and 5123 bytes.
///
/// # Errors
///
/// The first part that is missing or cannot be read; see [`BadLine`].
pub fn parse_line(line: &str) -> Result<Hit<'_>, BadLine> {
    let (client, rest) = line.split_once(' ').ok_or(BadLine::Client)?;
    if client.is_empty() {
        return Err(BadLine::Client);
    }
    let (_, rest) = rest.split_once('[').ok_or(BadLine::Time)?;
    let (_, rest) = rest.split_once(']').ok_or(BadLine::Time)?;
    let (_, rest) = rest.split_once('"').ok_or(BadLine::Request)?;
    let (request, rest) = rest.split_once('"').ok_or(BadLine::Request)?;
    let (method, path) = parse_request(request).ok_or(BadLine::Request)?;
    let mut words = rest.split_whitespace();
    let status = words.next().and_then(parse_status).ok_or(BadLine::Status)?;
    let bytes = words.next().and_then(parse_size).ok_or(BadLine::Size)?;
    Ok(Hit {
        client,
        method,
        path,
        status,
        bytes,
    })
}

/// The method and the path of a request line.
fn parse_request(request: &str) -> Option<(&str, &str)> {
    // The report goes to a terminal, and a terminal obeys control characters: a stranger must not get them there.
    if request.chars().any(char::is_control) {
        return None;
    }
    let mut words = request.split_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    // The version must be there, and nothing behind it.
    if words.count() != 1 {
        return None;
    }
    match target.split_once('?') {
        Some((path, _)) => Some((method, path)),
        None => Some((method, target)),
    }
}

fn parse_status(word: &str) -> Option<u16> {
    word.parse()
        .ok()
        .filter(|status| (100..600).contains(status))
}

fn parse_size(word: &str) -> Option<u64> {
    match word {
        "-" => Some(0),
        number => number.parse().ok(),
    }
}

/// Counts the lines of a whole log. The memory that it needs grows with the number of different clients and pages, and
/// not with the number of lines.
///
/// Lines end with `\n` or `\r\n`. A line of blanks only is skipped, and its number counts. A line that [`parse_line`] refuses, or that is not
/// UTF-8, counts as bad, and the lines after it are read all the same.
///
/// # Errors
///
/// Only when `input` cannot be read.
pub fn summarise(mut input: impl BufRead) -> io::Result<Summary> {
    let mut summary = Summary::default();
    let mut line = Vec::new();
    let mut number = 0;
    // One buffer for all lines, emptied each time: the longest line decides about the memory.
    while input.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        match str::from_utf8(&line) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => match parse_line(text) {
                Ok(hit) => summary.add(hit),
                Err(_) => summary.add_bad_line(number),
            },
            Err(_) => summary.add_bad_line(number),
        }
        line.clear();
    }
    Ok(summary)
}

impl Summary {
    fn add(&mut self, hit: Hit<'_>) {
        self.hits += 1;
        self.bytes = self.bytes.saturating_add(hit.bytes);
        self.clients.insert(hit.client.to_string());
        *self.statuses.entry(hit.status).or_default() += 1;
        *self.pages.entry(hit.path.to_string()).or_default() += 1;
    }

    fn add_bad_line(&mut self, number: u64) {
        self.bad_lines += 1;
        self.first_bad_line.get_or_insert(number);
    }
}

/// The `most` keys with the highest counts, the highest first. Keys with the same count stand in alphabetical order, as
/// texts are compared in Rust.
///
/// Where there are fewer keys than that, the answer has all of them.
#[must_use]
pub fn busiest(counts: &BTreeMap<String, u64>, most: usize) -> Vec<(&str, u64)> {
    let mut ranked: Vec<(&str, u64)> = counts
        .iter()
        .map(|(key, &count)| (key.as_str(), count))
        .collect();
    // The map gives its keys in order, and this sort leaves equals as they were.
    ranked.sort_by_key(|&(_, count)| Reverse(count));
    ranked.truncate(most);
    ranked
}

/// Writes the report, with the `most` busiest pages.
///
/// ```text
/// hits           1207
/// bad lines      2 (the first is line 17)
/// clients        3
/// bytes          880412
/// server errors  9
///
/// status  hits
///    200  1190
///    404     8
///    503     9
///
/// hits  page
/// 1100  /
///  107  /books/17
/// ```
///
/// - Server errors are the answers with a status from 500 to 599.
/// - Without bad lines, the second line is `bad lines      0`.
/// - A status fills 6 columns and stands at their right, a number of hits fills 4 columns and stands at their right;
///   a longer one takes the room that it needs. Two blanks separate the columns.
/// - The tables keep their headings when they have no rows.
///
/// # Errors
///
/// Every error of `output`, flushing included.
pub fn write_report(summary: &Summary, most: usize, mut output: impl Write) -> io::Result<()> {
    let server_errors = summary
        .statuses
        .range(500..600)
        .fold(0u64, |sum, (_, &hits)| sum.saturating_add(hits));
    writeln!(output, "hits           {}", summary.hits)?;
    match summary.first_bad_line {
        Some(line) => {
            let bad_lines = summary.bad_lines;
            writeln!(
                output,
                "bad lines      {bad_lines} (the first is line {line})"
            )?;
        }
        None => writeln!(output, "bad lines      0")?,
    }
    writeln!(output, "clients        {}", summary.clients.len())?;
    writeln!(output, "bytes          {}", summary.bytes)?;
    writeln!(output, "server errors  {server_errors}")?;
    writeln!(output, "\nstatus  hits")?;
    for (status, hits) in &summary.statuses {
        writeln!(output, "{status:>6}  {hits:>4}")?;
    }
    writeln!(output, "\nhits  page")?;
    for (page, hits) in busiest(&summary.pages, most) {
        writeln!(output, "{hits:>4}  {page}")?;
    }
    output.flush()
}
