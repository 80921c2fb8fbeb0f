//! The form of a state file: one line that says what follows, and what follows.
//!
//! ```text
//! {"wsd_state":1,"bytes":8113,"boot_id":"…","crc32":2868012345}
//! {"next_run":17, … }
//! ```
//!
//! The checksum is over all that stands before it and all that follows its line, so that it holds
//! for the version and the length too: a file whose version was damaged is damaged, and not one of
//! a later daemon. This line keeps its form for ever; what the payload holds is the version's
//! business.

use protocol::saved::Saved;
use serde::Deserialize;

/// The version of the payload that this build writes, and the latest that it reads.
const VERSION: u32 = 1;

/// What stands between what the checksum is over and the checksum.
const BEFORE_CHECKSUM: &[u8] = b",\"crc32\":";

/// What is wrong with a state file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It is not what was written; why it is thought so.
    Damaged(String),
    /// It is whole, and a later daemon wrote it, with this version.
    Newer(u32),
}

/// What the first line says.
#[derive(Debug, Deserialize)]
struct Header {
    wsd_state: u32,
    bytes: usize,
}

/// The bytes of a state file.
///
/// Errors: none for what came as JSON; a path that is not UTF-8 has no JSON form.
pub(super) fn seal(saved: &Saved, boot_id: &str) -> Result<Vec<u8>, serde_json::Error> {
    let mut payload = serde_json::to_vec(saved)?;
    payload.push(b'\n');
    let boot_id = serde_json::to_string(boot_id)?;
    let bytes = payload.len();
    let mut file =
        format!("{{\"wsd_state\":{VERSION},\"bytes\":{bytes},\"boot_id\":{boot_id}").into_bytes();
    let checksum = checksum(&file, &payload);
    file.extend_from_slice(BEFORE_CHECKSUM);
    file.extend_from_slice(format!("{checksum}}}\n").as_bytes());
    file.append(&mut payload);
    Ok(file)
}

/// The goals in the bytes of a state file.
///
/// Errors: [`Flaw`]. A single wrong byte, or any number of missing ones at the end, is never
/// overlooked.
pub(super) fn open(file: &[u8]) -> Result<Saved, Flaw> {
    let Sealed {
        said,
        crc32,
        payload,
    } = Sealed::split(file).ok_or_else(|| damaged("its first line is not whole"))?;
    if checksum(said, payload) != crc32 {
        return Err(wrong_checksum(said, payload));
    }
    let header = header(said).ok_or_else(|| damaged("its first line is not understood"))?;
    if header.wsd_state > VERSION {
        return Err(Flaw::Newer(header.wsd_state));
    }
    serde_json::from_slice(payload)
        .map_err(|why| damaged(&format!("its contents are not understood: {why}")))
}

/// The id of this boot; empty where the kernel does not say.
pub(super) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim_end().to_owned())
        .unwrap_or_default()
}

/// The parts of a state file.
struct Sealed<'a> {
    /// The first line up to its checksum.
    said: &'a [u8],
    crc32: u32,
    /// All that follows the first line.
    payload: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn split(file: &'a [u8]) -> Option<Self> {
        let (line, payload) = file.split_at(memchr::memchr(b'\n', file)?);
        let line = line.strip_suffix(b"}")?;
        let at = memchr::memmem::rfind(line, BEFORE_CHECKSUM)?;
        let (said, rest) = line.split_at(at);
        let digits = str::from_utf8(&rest[BEFORE_CHECKSUM.len()..]).ok()?;
        Some(Self {
            said,
            crc32: digits.parse().ok()?,
            payload: &payload[1..],
        })
    }
}

fn header(said: &[u8]) -> Option<Header> {
    serde_json::from_slice(&[said, b"}"].concat()).ok()
}

/// Says that it was cut off where the first line tells so, else only that it is wrong.
fn wrong_checksum(said: &[u8], payload: &[u8]) -> Flaw {
    match header(said) {
        Some(Header { bytes, .. }) if bytes > payload.len() => {
            damaged(&format!("it ends after {} of {bytes} bytes", payload.len()))
        }
        Some(_) | None => damaged("its checksum is wrong"),
    }
}

fn damaged(why: &str) -> Flaw {
    Flaw::Damaged(why.to_owned())
}

fn checksum(said: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(said);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn what_was_sealed_is_read_back() {
        let saved = sample(3);
        assert_eq!(open(&seal(&saved, "boot").unwrap()), Ok(saved));
    }

    #[test]
    fn every_truncation_is_detected() {
        let whole = seal(&sample(3), "boot").unwrap();
        for len in 0..whole.len() {
            let cut = open(&whole[..len]);
            assert!(matches!(cut, Err(Flaw::Damaged(_))), "{len}: {cut:?}");
        }
    }

    #[test]
    fn every_flipped_bit_is_detected_and_never_taken_for_a_later_version() {
        let whole = seal(&sample(1), "boot").unwrap();
        for at in 0..whole.len() {
            for bits in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut flipped = whole.clone();
                flipped[at] ^= bits;
                let opened = open(&flipped);
                assert!(
                    matches!(opened, Err(Flaw::Damaged(_))),
                    "byte {at} ^ {bits}: {opened:?}"
                );
            }
        }
    }

    #[test]
    fn a_cut_off_file_says_how_much_is_there() {
        let whole = seal(&Saved::default(), "boot").unwrap();
        let Err(Flaw::Damaged(why)) = open(&whole[..whole.len() - 3]) else {
            panic!("not damaged")
        };
        let len = serde_json::to_vec(&Saved::default()).unwrap().len() + 1;
        assert_eq!(why, format!("it ends after {} of {len} bytes", len - 3));
    }

    #[test]
    fn a_later_version_is_no_damage() {
        let said = br#"{"wsd_state":2,"bytes":3,"new":true"#;
        let payload = b"???";
        let crc32 = checksum(said, payload);
        let line = format!(",\"crc32\":{crc32}}}\n");
        let file = [&said[..], line.as_bytes(), payload].concat();
        assert_eq!(open(&file), Err(Flaw::Newer(2)));
    }

    #[test]
    fn the_first_version_is_read_for_ever() {
        let file = include_bytes!("../../fixtures/state-1.json");
        assert_eq!(open(file), Ok(sample(2)));
    }
}
