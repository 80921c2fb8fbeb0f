//! The beginning of a request.

use super::fields::{Head, Says, line_end};
use super::framing::Body;

/// How long a method may be, in bytes; the longest that is registered has 17.
const METHOD_MAX: usize = 32;

/// What the first bytes from a client are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The beginning of a request, perhaps; more must come to tell.
    Unfinished,
    /// No request of HTTP/1.
    Foreign,
    /// Several requests at once. They can only be passed on as they are, and so can all that
    /// follows and all the answers.
    Several,
    /// A request after which the connection may become something else: passed on as it is, and so
    /// is all that follows. The answer tells what becomes of it.
    Upgrade,
    /// One request.
    One {
        /// Its bytes, with `Connection: close` in its head.
        bytes: Vec<u8>,
        /// What of it is still to come.
        rest: Rest,
    },
}

/// What of a request is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// So many bytes.
    Bytes(u64),
    /// Chunks, of which nobody has looked for the last.
    Chunks,
}

impl Asked {
    /// Looks at all that has come from a client so far.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let start = bytes.iter().take_while(|it| b"\r\n".contains(it)).count();
        match line_end(bytes, start) {
            None if may_become_line(&bytes[start..]) => return Self::Unfinished,
            Some(end) if is_line(&bytes[start..end]) => {}
            None | Some(_) => return Self::Foreign,
        }
        match Head::cut(bytes, start) {
            Some(head) => Self::of_head(&head, bytes),
            None => Self::Foreign,
        }
    }

    fn of_head(head: &Head<'_>, bytes: &[u8]) -> Self {
        let Some(end) = head.end else {
            return Self::Unfinished;
        };
        let here = u64::try_from(bytes.len() - end).unwrap_or(u64::MAX);
        let rest = match Body::of(head) {
            Body::Length(length) => length.checked_sub(here).map(Rest::Bytes),
            Body::Chunked => Some(Rest::Chunks),
            Body::Unsaid => (here == 0).then_some(Rest::Bytes(0)),
        };
        let bytes = match head.says() {
            Says::Upgrade => return Self::Upgrade,
            Says::Close => bytes.to_vec(),
            Says::Nothing => head.with_close().into_bytes(),
        };
        rest.map_or(Self::Several, |rest| Self::One { bytes, rest })
    }
}

/// Whether this is a request line of HTTP/1.0 or HTTP/1.1.
fn is_line(line: &[u8]) -> bool {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let mut words = text.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    words.next().is_none()
        && method.is_some_and(is_method)
        && target.is_some_and(is_target)
        && matches!(version, Some(b"HTTP/1.0" | b"HTTP/1.1"))
}

/// Whether it may, as far as it is there.
fn may_become_line(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().unwrap_or(line);
    let Some(target) = words.next() else {
        return method.is_empty() || is_method(method);
    };
    let version = words.next();
    is_method(method)
        && (is_target(target) || (target.is_empty() && version.is_none()))
        && version.is_none_or(|it| {
            let whole = [&b"HTTP/1.0\r"[..], b"HTTP/1.1\r"];
            whole.iter().any(|whole| whole.starts_with(it))
        })
        && words.next().is_none()
}

/// Whether this is a method: a token (RFC 9110, 5.6.2) of a sensible length.
fn is_method(word: &[u8]) -> bool {
    let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !word.is_empty() && word.len() <= METHOD_MAX && word.iter().all(in_token)
}

/// Whether this is a target: something without control characters.
fn is_target(word: &[u8]) -> bool {
    !word.is_empty() && !word.iter().any(u8::is_ascii_control)
}
