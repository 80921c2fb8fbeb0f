//! What the daemon knew, in memory that can outlive it.
//!
//! A journal is a memfd: lines of JSON, one a [`Record`], of which the last about each thing holds.
//! Writing to it touches no disk and waits for nothing; it is gone with the boot, as pids and times
//! on the boot clock are. A turn's records are written before anything of the turn is done.
//!
//! What is overtaken stays in it until it outweighs what holds; then the journal goes on in a fresh
//! memfd that begins with what holds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use config::AppName;
use nix::sys::memfd::{MFdFlags, memfd_create};
use protocol::saved::Record;
use protocol::{InstanceId, codec};

/// A journal smaller than this is not worth a fresh one, in bytes.
const COMPACTED_MIN: usize = 64 * 1024;

/// What a record is about. The order is that of a replay: counters, apps, their instances.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Counters,
    App(AppName),
    Instance(InstanceId),
}

/// A record that holds, and its length as a line.
#[derive(Debug)]
struct Holding {
    record: Record,
    len: usize,
}

/// The journal that is being written.
#[derive(Debug)]
pub(crate) struct Journal {
    memory: File,
    /// How long it is, in bytes.
    len: usize,
    /// What holds.
    live: BTreeMap<Subject, Holding>,
    /// How long what holds is, in bytes.
    live_len: usize,
}

impl Journal {
    /// An empty one.
    ///
    /// # Errors
    /// No descriptor or no memory is left.
    pub(crate) fn new() -> io::Result<Self> {
        let memory = memfd_create("wsd-journal", MFdFlags::MFD_CLOEXEC)?;
        Ok(Self::over(memory.into()))
    }

    /// Takes up the journal that an earlier daemon wrote. A last line that is not whole was being
    /// written when that daemon was killed: nothing of it was done, and it is cut off.
    ///
    /// # Errors
    /// It cannot be read, or a line of it is not a record.
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "a daemon is handed a journal only by what keeps its descriptors"
        )
    )]
    pub(crate) fn read(memory: OwnedFd) -> io::Result<Self> {
        let mut journal = Self::over(memory.into());
        let mut text = Vec::new();
        journal.memory.seek(SeekFrom::Start(0))?;
        journal.memory.read_to_end(&mut text)?;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if line.ends_with(b"\n") {
                journal.holds(codec::parse(line)?, line.len());
            }
        }
        journal.cut_off()?;
        Ok(journal)
    }

    /// Writes what a turn has changed.
    ///
    /// # Errors
    /// No memory is left; the journal is then as it was.
    pub(crate) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let lines: Vec<Vec<u8>> = records.iter().map(codec::line).collect();
        if let Err(why) = self.memory.write_all(&lines.concat()) {
            self.cut_off()?;
            return Err(why);
        }
        for (record, line) in records.iter().zip(&lines) {
            self.holds(record.clone(), line.len());
        }
        if self.len > COMPACTED_MIN.max(2 * self.live_len)
            // What is written is written: without memory for a fresh one, this one goes on.
            && let Ok(fresh) = self.compacted()
        {
            *self = fresh;
        }
        Ok(())
    }

    /// What holds: the counters, then the apps by name, then the instances by id; each once.
    pub(crate) fn live(&self) -> Vec<Record> {
        let records = self.live.values();
        records.map(|holding| holding.record.clone()).collect()
    }

    /// What must outlive this daemon. It is another one after a journal was begun anew.
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "only what keeps descriptors beyond a death asks for it"
        )
    )]
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }

    fn over(memory: File) -> Self {
        Self {
            memory,
            len: 0,
            live: BTreeMap::new(),
            live_len: 0,
        }
    }

    /// One more line is in the memory; what it overtakes holds no longer.
    fn holds(&mut self, record: Record, len: usize) {
        self.len += len;
        let (subject, ends) = subject(&record);
        let overtaken = if ends {
            self.live.remove(&subject)
        } else {
            self.live_len += len;
            self.live.insert(subject, Holding { record, len })
        };
        self.live_len -= overtaken.map_or(0, |holding| holding.len);
    }

    /// Removes what stands after the last whole line.
    fn cut_off(&mut self) -> io::Result<()> {
        self.memory.set_len(self.len as u64)?;
        self.memory.seek(SeekFrom::End(0))?;
        Ok(())
    }

    /// A fresh journal with what holds.
    fn compacted(&self) -> io::Result<Self> {
        let mut fresh = Self::new()?;
        fresh.append(&self.live())?;
        Ok(fresh)
    }
}

/// What a record is about, and whether nothing holds about it from there on.
fn subject(record: &Record) -> (Subject, bool) {
    match record {
        Record::Counters { .. } => (Subject::Counters, false),
        Record::App { spec } => (Subject::App(spec.name.clone()), false),
        Record::AppForgotten { app } => (Subject::App(app.clone()), true),
        Record::Instance { instance, .. } => (Subject::Instance(instance.id), false),
        Record::InstanceForgotten { id } => (Subject::Instance(*id), true),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::RunId;
    use protocol::saved::{SavedGoal, SavedInstance};

    use super::*;

    #[test]
    fn the_last_record_of_each_thing_holds_and_the_forgotten_ones_do_not() {
        let mut journal = Journal::new().unwrap();
        journal
            .append(&[counters(1), instance(2, 0), instance(1, 0)])
            .unwrap();
        journal.append(&[instance(2, 7), counters(5)]).unwrap();
        journal.append(&[forgotten(1)]).unwrap();
        assert_eq!(journal.live(), [counters(5), instance(2, 7)]);
        assert_eq!(reread(&journal).live(), journal.live());
    }

    #[test]
    fn a_line_that_was_being_written_is_cut_off_and_the_next_one_is_whole() {
        let mut journal = Journal::new().unwrap();
        journal.append(&[counters(1)]).unwrap();
        journal
            .memory
            .write_all(br#"{"counters":{"next_r"#)
            .unwrap();
        let mut next = reread(&journal);
        assert_eq!(next.live(), [counters(1)]);
        next.append(&[counters(2)]).unwrap();
        assert_eq!(reread(&next).live(), [counters(2)]);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let mut journal = Journal::new().unwrap();
        journal.memory.write_all(b"nonsense\n").unwrap();
        let memory = journal.fd().try_clone_to_owned().unwrap();
        let why = Journal::read(memory).unwrap_err();
        assert_eq!(why.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_journal_begins_anew_before_it_is_twice_what_holds() {
        let mut journal = Journal::new().unwrap();
        let all: Vec<Record> = (0..500).map(|id| instance(id, 1000)).collect();
        journal.append(&all).unwrap();
        let holds = journal.len;
        for n in 0..3000 {
            journal.append(&[instance(n % 500, 1000 + n)]).unwrap();
            let size = journal.memory.metadata().unwrap().len();
            assert_eq!(size, journal.len as u64);
            assert!(journal.len <= COMPACTED_MIN.max(2 * holds));
        }
        assert_eq!(journal.live().len(), 500);
        assert_eq!(reread(&journal).live(), journal.live());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_next_daemon_knows_what_this_one_knew(
            turns in prop::collection::vec(prop::collection::vec(record(), 0..6), 0..300),
        ) {
            let mut journal = Journal::new().unwrap();
            for turn in turns {
                journal.append(&turn).unwrap();
            }
            let next = reread(&journal);
            prop_assert_eq!(next.live(), journal.live());
            prop_assert_eq!((next.len, next.live_len), (journal.len, journal.live_len));
        }
    }

    fn record() -> impl Strategy<Value = Record> {
        prop_oneof![
            1 => any::<u64>().prop_map(counters),
            6 => (0..8_u32, any::<u32>()).prop_map(|(id, restarts)| instance(id, restarts)),
            1 => (0..8_u32).prop_map(forgotten),
        ]
    }

    fn counters(next_run: u64) -> Record {
        Record::Counters {
            next_run: RunId(next_run),
            next_instance: InstanceId(0),
        }
    }

    fn instance(id: u32, restarts: u32) -> Record {
        Record::Instance {
            app: AppName::new("web").unwrap(),
            instance: SavedInstance {
                id: InstanceId(id),
                slot: 0,
                goal: SavedGoal::Up,
                restarts,
            },
            live: codec::parse(br#"{"state":"idle","deaths":[],"delay":0,"failures":0}"#).unwrap(),
        }
    }

    fn forgotten(id: u32) -> Record {
        Record::InstanceForgotten { id: InstanceId(id) }
    }

    /// The journal as the next daemon finds it.
    fn reread(journal: &Journal) -> Journal {
        Journal::read(journal.fd().try_clone_to_owned().unwrap()).unwrap()
    }
}
