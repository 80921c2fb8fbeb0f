//! A body that comes in, freed of its framing.

use super::How;
use super::answer::{Chunks, Framing, Piece};

/// How far a body has come.
#[derive(Debug)]
pub(super) enum Incoming {
    Length { left: usize },
    Chunked(Chunks),
    ToEnd,
}

impl Incoming {
    pub(super) const fn of(framing: Framing) -> Self {
        match framing {
            Framing::Length(left) => Self::Length { left },
            Framing::Chunked => Self::Chunked(Chunks::Size),
            Framing::ToEnd => Self::ToEnd,
        }
    }

    /// Whether all of it has come; of a body that ends with the connection nobody knows.
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self, Self::Length { left: 0 } | Self::Chunked(Chunks::Done))
    }

    /// Takes what belongs to the body from the front of the buffer, and gives it piece by piece.
    pub(super) fn take(
        &mut self,
        buffer: &mut Vec<u8>,
        mut give: impl FnMut(&[u8]) -> Result<(), How>,
    ) -> Result<(), How> {
        let mut taken = 0;
        while taken < buffer.len() && !self.is_whole() {
            match self.next(&buffer[taken..])? {
                Piece::More => break,
                Piece::Frame(length) => taken += length,
                Piece::Body(length) => {
                    give(&buffer[taken..taken + length])?;
                    taken += length;
                }
            }
        }
        buffer.drain(..taken);
        Ok(())
    }

    fn next(&mut self, bytes: &[u8]) -> Result<Piece, How> {
        match self {
            Self::Length { left } => {
                let here = bytes.len().min(*left);
                *left -= here;
                Ok(Piece::Body(here))
            }
            Self::Chunked(chunks) => chunks.next(bytes),
            Self::ToEnd => Ok(Piece::Body(bytes.len())),
        }
    }
}
