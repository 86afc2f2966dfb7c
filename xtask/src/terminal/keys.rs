//! Keys, as they are pressed.

use std::io::IsTerminal;
use std::thread;

use console::Term;

use crate::interrupt;

/// A key that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Char(char),
    Enter,
    Escape,
    Up,
    Down,
}

/// A keyboard that tells each key at once, without Enter and without showing it. The terminal is as it was before when
/// this value is gone, and whenever the runner is stopped or ends.
#[derive(Debug)]
pub struct Keyboard(());

impl Keyboard {
    /// Hands every key to `pressed`, on a thread of its own, until that answers `false`. Nothing without a terminal.
    pub fn open(pressed: impl FnMut(Key) -> bool + Send + 'static) -> Option<Self> {
        if !Term::stdout().is_term() || !std::io::stdin().is_terminal() {
            return None;
        }
        system::prepare()?;
        let keyboard = Self(());
        thread::spawn(move || system::read(pressed));
        Some(keyboard)
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        interrupt::restore();
        interrupt::unhook();
    }
}

#[cfg(unix)]
mod system {
    use std::io::{self, Read};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use nix::sys::termios::{
        LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
    };
    use nix::unistd::{getpgrp, tcgetpgrp};

    use super::Key;
    use crate::interrupt::{self, Hooks};

    /// How the terminal was, while it is changed.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    fn before() -> MutexGuard<'static, Option<Termios>> {
        BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ctrl-C and Ctrl-Z stay with the system, which sends their signals.
    pub fn prepare() -> Option<()> {
        change();
        before().as_ref()?;
        interrupt::hook(Hooks {
            restore,
            again: change,
        });
        Some(())
    }

    /// A program in the background that changes the terminal would be stopped.
    fn is_in_front() -> bool {
        tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
    }

    fn change() {
        let mut before = before();
        if before.is_some() || !is_in_front() {
            return;
        }
        let Ok(now) = tcgetattr(io::stdin()) else {
            return;
        };
        let mut changed = now.clone();
        changed
            .local_flags
            .remove(LocalFlags::ICANON | LocalFlags::ECHO);
        changed.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        changed.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        if tcsetattr(io::stdin(), SetArg::TCSANOW, &changed).is_ok() {
            *before = Some(now);
        }
    }

    fn restore() {
        let mut before = before();
        if is_in_front()
            && let Some(known) = before.take()
        {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &known);
        }
    }

    pub fn read(mut pressed: impl FnMut(Key) -> bool) {
        let mut buffer = [0; 64];
        loop {
            let count = match io::stdin().lock().read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            for key in keys_of(&String::from_utf8_lossy(&buffer[..count])) {
                if !pressed(key) {
                    return;
                }
            }
        }
    }

    /// The keys of what came at once. A key such as the arrow up comes as an escape and further characters.
    pub(super) fn keys_of(text: &str) -> Vec<Key> {
        match text {
            "\u{1b}" => return vec![Key::Escape],
            "\u{1b}[A" | "\u{1b}OA" => return vec![Key::Up],
            "\u{1b}[B" | "\u{1b}OB" => return vec![Key::Down],
            _ if text.starts_with('\u{1b}') => return Vec::new(),
            _ => {}
        }
        let key = |character| match character {
            '\r' | '\n' => Key::Enter,
            other => Key::Char(other),
        };
        text.chars().map(key).collect()
    }
}

#[cfg(not(unix))]
mod system {
    use console::Term;

    use super::Key;

    pub fn prepare() -> Option<()> {
        Some(())
    }

    pub fn read(mut pressed: impl FnMut(Key) -> bool) {
        let term = Term::stdout();
        while let Ok(key) = term.read_key() {
            let key = match key {
                console::Key::Char(character) => Key::Char(character),
                console::Key::Enter => Key::Enter,
                console::Key::Escape => Key::Escape,
                console::Key::ArrowUp => Key::Up,
                console::Key::ArrowDown => Key::Down,
                _ => continue,
            };
            if !pressed(key) {
                return;
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::Key;
    use super::system::keys_of;

    #[test]
    fn what_an_arrow_sends_is_one_key_and_not_three() {
        assert_eq!(keys_of("\u{1b}[A"), [Key::Up]);
        assert_eq!(keys_of("\u{1b}[5~"), []);
        assert_eq!(
            keys_of("rq\n"),
            [Key::Char('r'), Key::Char('q'), Key::Enter]
        );
    }
}
