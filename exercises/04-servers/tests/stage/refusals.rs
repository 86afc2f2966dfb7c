//! What several tests ask of a result, and how they show bytes.

use servers::http::{HttpError, Status};

/// The status that a refusal carries.
pub fn refused<T>(result: &Result<T, HttpError>) -> Option<u16> {
    result
        .as_ref()
        .err()
        .and_then(HttpError::status)
        .map(Status::code)
}

/// Bytes as text, every byte to be seen.
pub fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// The control characters that may stand in no value and no extension: all but the tab.
pub fn is_forbidden(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' || byte == 0x7f
}
