//! An `Email` that cannot be wrong.
//!
//! The shop writes to customers every day. An address that nobody has looked at costs a letter that never arrives; one
//! that somebody has prepared costs more. So an address becomes an `Email` at the door, or it stays outside.

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
        todo!("lend the text inside")
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
        todo!("the length, then the `@`, then one helper function for each side")
    }
}
