use proptest::collection::vec;
use proptest::prelude::*;
use rustix::io::Errno;

use crate::connections::Row;
use crate::connections::message::{Part, parts};

/// A part of a dump of this number, of this kind, with these flags.
fn part(kind: u16, flags: u16, dump: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + payload.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(dump.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn read(message: &[u8]) -> Vec<Part> {
    parts(message, 7).collect()
}

#[test]
fn the_end_of_a_dump_is_told_and_an_error_in_it() {
    let errno = |number: i32| (-number).to_ne_bytes();
    assert_eq!(read(&part(3, 0, 7, &errno(0))), [Part::End]);
    assert_eq!(
        read(&part(3, 0, 7, &errno(12))),
        [Part::Failed(Errno::NOMEM)]
    );
    assert_eq!(
        read(&part(2, 0, 7, &errno(2))),
        [Part::Failed(Errno::NOENT)]
    );
}

#[test]
fn parts_of_an_earlier_dump_are_passed_over() {
    let message = [
        part(3, 0, 6, &[0; 4]),
        part(2, 0, 8, &[0; 4]),
        part(3, 0, 7, &[0; 4]),
    ];
    assert_eq!(read(&message.concat()), [Part::End]);
}

#[test]
fn a_dump_that_was_interrupted_says_so() {
    assert_eq!(
        read(&part(3, 0x010, 7, &[0; 4])),
        [Part::Interrupted, Part::End]
    );
}

#[test]
fn a_socket_of_another_family_or_cut_short_is_none() {
    let mut socket = [0; 72];
    socket[0] = 2;
    assert_eq!(read(&part(20, 0, 7, &socket)).len(), 1);
    assert_eq!(read(&part(20, 0, 7, &socket[..71])), []);
    socket[0] = 1;
    assert_eq!(read(&part(20, 0, 7, &socket)), []);
}

#[test]
fn a_cookie_has_all_its_bits() {
    let cookie = 0x1234_5678_9abc_def0_u64;
    let halves = [cookie as u32, (cookie >> 32) as u32];
    let mut socket = [0; 72];
    socket[0] = 2;
    socket[44..52].copy_from_slice(&halves.map(u32::to_ne_bytes).concat());
    let told = read(&part(20, 0, 7, &socket));
    assert!(matches!(told[..], [Part::Row(Row { cookie: it, .. })] if it == cookie));
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(bytes in vec(any::<u8>(), 0..200), length in 0..300_u32) {
        let count = read(&bytes).len();
        prop_assert!(count <= bytes.len() / 8);
        let with_length = [&length.to_ne_bytes()[..], &[20, 0, 0, 0], &7_u32.to_ne_bytes(), &bytes].concat();
        prop_assert!(read(&with_length).len() <= with_length.len() / 8);
    }
}
