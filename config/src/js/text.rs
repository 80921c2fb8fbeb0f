//! Bytes as text and back, in the encodings that `Buffer` names; and paths as addresses.

use std::fmt::Write as _;

/// The alphabet of base64.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as a text in an encoding. What is no UTF-8 becomes U+FFFD there, as in Node.
pub(super) fn decode(bytes: &[u8], encoding: &str) -> String {
    match encoding {
        "hex" => bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a `String` cannot fail.
            write!(text, "{byte:02x}").unwrap_or_default();
            text
        }),
        "base64" => to_base64(bytes),
        "base64url" => to_base64(bytes)
            .trim_end_matches('=')
            .replace('+', "-")
            .replace('/', "_"),
        "latin1" => bytes.iter().map(|byte| char::from(*byte)).collect(),
        "ascii" => bytes.iter().map(|byte| char::from(byte & 0x7f)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A text as the bytes that it stands for in an encoding.
pub(super) fn encode(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "hex" => from_hex(text),
        "base64" | "base64url" => from_base64(text),
        // What is no byte keeps its lowest one, as in Node.
        "latin1" | "ascii" => text
            .encode_utf16()
            .map(|unit| unit.to_le_bytes()[0])
            .collect(),
        _ => text.as_bytes().to_owned(),
    }
}

/// Bytes in base64, filled up with `=`.
fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 0x3f;
            text.push(if digit <= chunk.len() {
                char::from(BASE64[value as usize])
            } else {
                '='
            });
        }
    }
    text
}

/// The bytes that a base64 text stands for, in either alphabet. What is no digit is passed over
/// and `=` ends the text, as in Node.
fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits = 0_u32;
    let mut count = 0_u32;
    for c in text.bytes().take_while(|c| *c != b'=') {
        let c = match c {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        let Some(value) = (0_u32..).zip(BASE64).find(|(_, digit)| **digit == c) else {
            continue;
        };
        bits = (bits << 6 | value.0) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_le_bytes()[0]);
        }
    }
    bytes
}

/// The bytes that pairs of hexadecimal digits stand for, up to the first that is none.
fn from_hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks_exact(2)
        .map_while(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            let are_digits = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            are_digits.then(|| u8::from_str_radix(pair, 16).ok())?
        })
        .collect()
}

/// The `file:` address of an absolute path.
///
/// Source: Node.js, `url.pathToFileURL`.
pub(super) fn file_address(path: &str) -> String {
    let mut address = String::from("file://");
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_graphic() && !b"\"#%<>?[\\]^`{|}~".contains(&byte);
        if is_plain {
            address.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            write!(address, "%{byte:02X}").unwrap_or_default();
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        for text in ["", "a", "ab", "abc", "żółć \u{1f600}"] {
            for encoding in ["hex", "base64", "base64url"] {
                let coded = decode(text.as_bytes(), encoding);
                assert_eq!(
                    encode(&coded, encoding),
                    text.as_bytes(),
                    "{encoding} {coded}"
                );
            }
        }
    }

    #[test]
    fn base64_is_filled_up_and_read_leniently() {
        assert_eq!(decode(b"a", "base64"), "YQ==");
        assert_eq!(decode(&[0xfb, 0xff], "base64url"), "-_8");
        assert_eq!(encode(" Y W\nJj==x", "base64"), b"abc");
        assert_eq!(encode("6162zz63", "hex"), b"ab");
    }

    #[test]
    fn an_address_escapes_what_would_end_the_path() {
        assert_eq!(
            file_address("/a b/é?#%.js"),
            "file:///a%20b/%C3%A9%3F%23%25.js"
        );
    }
}
