//! Bytes with one line put in and some taken out, and which of the own bytes each prefix covers.

use std::ops::Range;

/// Rewritten bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewritten {
    bytes: Vec<u8>,
    /// Where in `bytes` the head begins that has the word. Own bytes before it are all there,
    /// unchanged, and so is its first line.
    head: usize,
    /// Where in `bytes` the word stands: right behind that line.
    word: Range<usize>,
    /// What was taken out, as places among the own bytes: in order, apart from each other, none
    /// before the word.
    cuts: Vec<Range<usize>>,
}

/// What it means that some of the rewritten bytes were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent<'a> {
    /// How many of the own bytes are done with. What was taken out counts as soon as all before
    /// it was sent.
    pub(crate) own: usize,
    /// What must be sent before the own bytes that follow; empty but where the last of what was
    /// sent is in the first line of the head or in the word.
    pub(crate) owed: &'a [u8],
    /// Whether the client gets the word: it was sent, or is owed.
    pub(crate) said: bool,
}

impl Rewritten {
    /// Takes the cuts out of `own` and puts the word in, behind the first line of the head, which
    /// is before all cuts.
    pub(super) fn new(
        own: &[u8],
        first_line: &Range<usize>,
        word: &[u8],
        cuts: Vec<Range<usize>>,
    ) -> Self {
        let at = first_line.end;
        let mut bytes = Vec::with_capacity(own.len() + word.len());
        bytes.extend_from_slice(&own[..at]);
        bytes.extend_from_slice(word);
        let mut kept = at;
        for cut in &cuts {
            bytes.extend_from_slice(&own[kept..cut.start]);
            kept = cut.end;
        }
        bytes.extend_from_slice(&own[kept..]);
        Self {
            bytes,
            head: first_line.start,
            word: at..at + word.len(),
            cuts,
        }
    }

    /// What is to be sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same, given away.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What the first `sent` of [`Self::bytes`] stand for.
    ///
    /// `sent` may be anything up to the length of the bytes, which stands for all own bytes. More
    /// sent is never fewer own. Where own bytes that contradict the word are among those that
    /// follow, they may follow as they are: in a list, `close` decides. Where what was sent ends
    /// before the head, the word is not said, and what follows may be anything.
    pub(crate) fn sent(&self, sent: usize) -> Sent<'_> {
        if sent <= self.head {
            return Sent {
                own: sent,
                owed: &[],
                said: false,
            };
        }
        Sent {
            own: self.own_behind_word(sent.saturating_sub(self.word.end)),
            owed: self.bytes.get(sent..self.word.end).unwrap_or(&[]),
            said: true,
        }
    }

    /// The own bytes up to and with the first `kept` that are behind the word and not taken out,
    /// and with what was taken out there.
    fn own_behind_word(&self, kept: usize) -> usize {
        let mut left = kept;
        let mut own = self.word.start;
        for cut in &self.cuts {
            if cut.start - own > left {
                break;
            }
            left -= cut.start - own;
            own = cut.end;
        }
        own + left
    }
}
