//! Differs: looks at bytes with patterns, and makes the letters behind the `@` small in the text itself.

/// The address of a customer. What stands before the `@` is kept as it was written, what stands behind it in small
/// letters, since only there are large and small letters the same to every mail server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailError {
    /// More than 254 bytes.
    TooLong,
    /// There is no `@`, or more than one.
    At,
    /// What stands before the `@` does not follow the rules.
    LocalPart,
    /// What stands behind the `@` does not follow the rules.
    Domain,
}

/// What may stand before the `@`, besides letters and digits of ASCII and the dots between the pieces.
const MARKS: &str = "!#$%&'*+-/=?^_`{|}~";

impl Email {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Checks an address. It takes the `String` itself, since it may keep it. Nothing is trimmed: a space is an error.
///
/// - The whole address has at most 254 bytes (`len()`), and exactly one `@`.
/// - **Before the `@`**: at most 64 bytes, in pieces with one dot between two pieces. A piece has at least one
///   character, and consists of ASCII letters, digits and `MARKS`.
/// - **Behind the `@`**: at least two labels, with one dot between two labels. A label has 1 to 63 bytes, consists of
///   ASCII letters, digits and hyphens, and neither begins nor ends with a hyphen. The last label is not digits only.
///
/// When several things are wrong, the answer is the first of `TooLong`, `At`, `LocalPart`, `Domain`.
///
/// | text | answer |
/// | --- | --- |
/// | `Ada.Byron@Mail.Example.ORG` | kept as `Ada.Byron@mail.example.org` |
/// | `ada` or `ada@home@example.org` | `At` |
/// | `ada..byron@example.org` | `LocalPart` |
/// | `ada@localhost` or `ada@127.0.0.1` | `Domain` |
impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut text = text;
        if text.len() > 254 {
            return Err(EmailError::TooLong);
        }
        let at = match text.find('@') {
            Some(at) if text.rfind('@') == Some(at) => at,
            _ => return Err(EmailError::At),
        };
        if !is_local_part(&text.as_bytes()[..at]) {
            return Err(EmailError::LocalPart);
        }
        if !is_domain(&text.as_bytes()[at + 1..]) {
            return Err(EmailError::Domain);
        }
        text[at + 1..].make_ascii_lowercase();
        Ok(Self(text))
    }
}

/// What may stand before the `@`. A dot is fine where the byte before it was none, and not at the end.
fn is_local_part(bytes: &[u8]) -> bool {
    let mut after_dot = true;
    for byte in bytes {
        match byte {
            b'.' if after_dot => return false,
            b'.' => after_dot = true,
            _ if byte.is_ascii_alphanumeric() || MARKS.as_bytes().contains(byte) => {
                after_dot = false;
            }
            _ => return false,
        }
    }
    bytes.len() <= 64 && !after_dot
}

/// What may stand behind the `@`.
fn is_domain(bytes: &[u8]) -> bool {
    let labels: Vec<&[u8]> = bytes.split(|byte| *byte == b'.').collect();
    match labels.as_slice() {
        [_, .., last] => {
            labels.iter().all(|label| is_label(label)) && !last.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// One piece of what stands behind the `@`.
fn is_label(label: &[u8]) -> bool {
    match label {
        [] | [b'-', ..] | [.., b'-'] => false,
        _ => {
            label.len() <= 63
                && label
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        }
    }
}
