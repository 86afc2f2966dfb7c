//! Runs one program with limits on its time and its output, and leaves nothing of it behind.

use std::io::{self, Read};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use nix::errno::Errno;
#[cfg(unix)]
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::running::{Registered, kill_group};

/// Lets another thread call off what is running.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    own: Arc<AtomicBool>,
    /// Whoever calls these off calls this one off too.
    above: Vec<Arc<AtomicBool>>,
}

impl Cancel {
    /// Asks for a stop.
    pub fn cancel(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Takes the wish for a stop back, before the next piece of work.
    pub fn reset(&self) {
        self.own.store(false, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_cancelled(&self) -> bool {
        let mut all = self.above.iter().chain([&self.own]);
        all.any(|one| one.load(Ordering::Relaxed))
    }

    /// One for a part of the work: it is called off by itself, or with the whole.
    pub fn part(&self) -> Self {
        let above = self.above.iter().chain([&self.own]);
        Self {
            own: Arc::default(),
            above: above.cloned().collect(),
        }
    }
}

/// What a program may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From start to exit; `None` is without end.
    pub time: Option<Duration>,
    /// Bytes on standard output and standard error together.
    pub output: usize,
}

/// Which pipe a line came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

/// How a program ended.
#[derive(Debug)]
pub enum End {
    Exited(ExitStatus),
    TimedOut,
    TooMuchOutput,
    Cancelled,
}

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    pub end: End,
    /// It was stopped at its time limit, and other programs had the processors for much of it. Known on Linux only.
    pub starved: bool,
    pub stdout: String,
    pub stderr: String,
}

/// The processor time of every program that was started here and has ended, and of what those have started. Known on
/// Unix only.
pub fn processor_time() -> Option<Duration> {
    #[cfg(unix)]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        use nix::sys::time::TimeValLike;

        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        Some(Duration::from_micros(micros.unsigned_abs()))
    }
    #[cfg(not(unix))]
    None
}

/// The same call by way of another program: `launcher` gets `words`, the call's program and its arguments, and becomes it.
pub fn started_by(launcher: &Path, words: &[&str], call: &Command) -> Command {
    let mut command = Command::new(launcher);
    command
        .args(words)
        .arg(call.get_program())
        .args(call.get_args());
    for (name, value) in call.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(folder) = call.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

/// Runs `command` without standard input. It is started in a process group of its own, so that a stop reaches
/// whatever it has started; `line` is called with each line that it prints as it comes (a carriage return ends a line too).
///
/// # Errors
///
/// When the program cannot be started.
pub fn run(
    command: Command,
    limits: Limits,
    cancel: &Cancel,
    line: impl Fn(Stream, &str) + Sync,
) -> io::Result<Outcome> {
    run_with_input(command, Stdio::null(), limits, cancel, line)
}

/// As [`run`], with `stdin` as the program's standard input.
///
/// # Errors
///
/// When the program cannot be started.
pub fn run_with_input(
    mut command: Command,
    stdin: Stdio,
    limits: Limits,
    cancel: &Cancel,
    line: impl Fn(Stream, &str) + Sync,
) -> io::Result<Outcome> {
    command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    let registered = Registered::new(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let printed = AtomicUsize::new(0);
    let to_out = |text: &str| line(Stream::Out, text);
    let to_err = |text: &str| line(Stream::Err, text);
    let (over, when_over) = std::io::pipe()?;
    let outcome = thread::scope(|scope| {
        let out = scope.spawn(|| collect(stdout, &over, &printed, limits.output, &to_out));
        let err = scope.spawn(|| collect(stderr, &over, &printed, limits.output, &to_err));
        let end = wait(&mut child, limits, cancel, &printed);
        let starved = matches!(end, Ok(End::TimedOut)) && was_starved(child.id(), limits.time);
        // Also after a normal exit: a process that was left running would keep the pipes open. On Windows, where
        // finding such a process costs another program's start, only after a stop.
        if cfg!(unix) || !matches!(end, Ok(End::Exited(_))) {
            kill_group(child.id());
        }
        let _ = child.wait();
        // What has left the group may hold the pipes open as long as it likes: what is in them now is read, and no more.
        drop(when_over);
        let end = end?;
        Ok(Outcome {
            end,
            starved,
            stdout: out.join().unwrap_or_default(),
            stderr: err.join().unwrap_or_default(),
        })
    });
    drop(registered);
    outcome
}

fn wait(
    child: &mut Child,
    limits: Limits,
    cancel: &Cancel,
    printed: &AtomicUsize,
) -> io::Result<End> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if printed.load(Ordering::Relaxed) > limits.output {
                End::TooMuchOutput
            } else {
                End::Exited(status)
            });
        }
        if cancel.is_cancelled() {
            return Ok(End::Cancelled);
        }
        if printed.load(Ordering::Relaxed) > limits.output {
            return Ok(End::TooMuchOutput);
        }
        if limits.time.is_some_and(|limit| start.elapsed() > limit) {
            return Ok(End::TimedOut);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(4));
    }
}

/// Whether a process has waited for a processor for a quarter of its time or more, all threads taken together. Where the
/// system does not say, it counts as not: a loop without end is the usual reason, and running it again costs its reader
/// as much time once more.
fn was_starved(process: u32, time: Option<Duration>) -> bool {
    match (waited(process), time) {
        (Some(waited), Some(time)) => waited >= time / 4,
        _ => false,
    }
}

/// How long the threads of a process were ready to run and did not: the second number of each `schedstat`, in
/// nanoseconds (the kernel's `Documentation/scheduler/sched-stats`).
#[cfg(target_os = "linux")]
fn waited(process: u32) -> Option<Duration> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let mut nanoseconds = 0_u64;
    for thread in threads.flatten() {
        // A thread may be gone by now.
        let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        let number = text
            .split_whitespace()
            .nth(1)
            .and_then(|number| number.parse::<u64>().ok());
        nanoseconds = nanoseconds.saturating_add(number.unwrap_or(0));
    }
    Some(Duration::from_nanos(nanoseconds))
}

#[cfg(not(target_os = "linux"))]
fn waited(_process: u32) -> Option<Duration> {
    None
}

/// Whether something can be read from the pipe, or it has ended. It waits for that, until the other end of `over` is
/// closed.
#[cfg(unix)]
fn can_read(pipe: &impl AsFd, over: &io::PipeReader) -> bool {
    loop {
        let mut both = [pipe.as_fd(), over.as_fd()].map(|end| PollFd::new(end, PollFlags::POLLIN));
        match poll(&mut both, PollTimeout::NONE) {
            Ok(_) if both[0].any() != Some(false) => return true,
            Ok(_) if both[1].any() != Some(false) => return false,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return false,
        }
    }
}

/// Whether the program is gone.
#[cfg(unix)]
fn is_over(over: &io::PipeReader) -> bool {
    let mut one = [PollFd::new(over.as_fd(), PollFlags::POLLIN)];
    poll(&mut one, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

/// Where nobody can leave a group, there is nothing to ask.
#[cfg(not(unix))]
fn is_over(_over: &io::PipeReader) -> bool {
    false
}

/// Where a pipe cannot be asked, it is read to its end.
#[cfg(not(unix))]
fn can_read<P>(_pipe: &P, _over: &io::PipeReader) -> bool {
    true
}

/// What can be read as a pipe of a program.
#[cfg(unix)]
trait Pipe: Read + AsFd {}
#[cfg(unix)]
impl<T: Read + AsFd> Pipe for T {}
#[cfg(not(unix))]
trait Pipe: Read {}
#[cfg(not(unix))]
impl<T: Read> Pipe for T {}

/// Reads a pipe to its end, or to what is in it when `over` is closed, and keeps its text up to `limit` bytes; the rest
/// is counted and thrown away.
fn collect(
    pipe: Option<impl Pipe>,
    over: &io::PipeReader,
    printed: &AtomicUsize,
    limit: usize,
    line: &impl Fn(&str),
) -> String {
    let Some(mut pipe) = pipe else {
        return String::new();
    };
    let mut kept: Vec<u8> = Vec::new();
    // Where the first line begins that was not told yet, and how far its end was looked for: a line may be very long.
    let (mut told, mut searched) = (0, 0);
    let mut buffer = vec![0; 64 * 1024];
    while can_read(&pipe, over) {
        let count = match pipe.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // The program is gone and took its end of the pipe with it.
            Err(_) => break,
        };
        if printed.fetch_add(count, Ordering::Relaxed) > limit {
            // Whoever has left the group may write without end.
            if is_over(over) {
                break;
            }
            continue;
        }
        kept.extend_from_slice(&buffer[..count]);
        while let Some(length) = kept[searched..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
        {
            line(&String::from_utf8_lossy(&kept[told..searched + length]));
            searched += length + 1;
            told = searched;
        }
        searched = kept.len();
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::{Cancel, End, Limits, run};
    use std::process::Command;
    use std::time::Duration;

    fn sh(script: &str, limits: Limits) -> super::Outcome {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, limits, &Cancel::default(), |_, _| ()).expect("sh is there")
    }

    const SMALL: Limits = Limits {
        time: Some(Duration::from_secs(60)),
        output: 1000,
    };

    #[test]
    fn endless_output_is_stopped_and_cut() {
        let outcome = sh("yes", SMALL);
        assert!(matches!(outcome.end, End::TooMuchOutput));
        assert!(outcome.stdout.len() < 1_000_000);
    }

    #[test]
    fn a_process_that_never_ends_is_stopped_with_its_children() {
        let limits = Limits {
            time: Some(Duration::from_millis(50)),
            ..SMALL
        };
        // The grandchild holds the pipe: this returns only if it was stopped too.
        let outcome = sh("sleep 600 & wait", limits);
        assert!(matches!(outcome.end, End::TimedOut));
        assert!(!outcome.starved, "it did not want a processor");
    }

    #[test]
    fn what_is_left_running_after_the_exit_is_stopped() {
        let outcome = sh("sleep 600 & echo done", SMALL);
        assert!(matches!(outcome.end, End::Exited(status) if status.success()));
        assert_eq!(outcome.stdout, "done\n");
    }

    /// Whoever leaves the group and keeps the pipes open keeps nobody waiting, in silence or not.
    #[test]
    fn a_daemon_that_holds_the_pipes_is_not_waited_for() {
        for daemon in ["sleep 600", "yes"] {
            let outcome = sh(
                &format!("setsid sh -c 'echo $$; exec timeout 60 {daemon}' & sleep 0.2; exit 0"),
                SMALL,
            );
            let leader = outcome.stdout.lines().next().unwrap_or_default().to_owned();
            let mut kill = Command::new("kill");
            kill.arg(leader).stderr(std::process::Stdio::null());
            let killed = kill.status().expect("kill is there");
            assert!(killed.success(), "{daemon} still runs, so nobody waited");
        }
    }

    #[test]
    fn a_cancelled_run_ends() {
        let cancel = Cancel::default();
        cancel.cancel();
        let mut command = Command::new("sleep");
        command.arg("600");
        let outcome = run(command, SMALL, &cancel, |_, _| ()).expect("sleep is there");
        assert!(matches!(outcome.end, End::Cancelled));
    }
}
