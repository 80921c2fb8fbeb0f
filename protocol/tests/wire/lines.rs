//! Lines that no side of ours would send: too long, cut, or no message.

use std::io::{self, BufRead as _, BufReader, Cursor, Read};

use proptest::prelude::*;
use protocol::codec::{LINE_MAX, ReadError, line, parse, read, write};
use protocol::{Answering, Asking, Noticed};

/// Reads a request from these bytes.
fn asked(bytes: &[u8]) -> Result<Asking, ReadError> {
    read(&mut Cursor::new(bytes))
}

const PING: &[u8] = b"{\"id\":\"r-1\",\"request\":{\"verb\":\"ping\"}}\n";

#[test]
fn an_end_between_lines_is_a_goodbye_and_within_one_it_is_not() {
    assert!(matches!(asked(b""), Err(ReadError::Closed)));
    asked(PING).unwrap();
    for cut in 1..PING.len() {
        let result = asked(&PING[..cut]);
        assert!(
            matches!(result, Err(ReadError::TooLong)),
            "{cut}: {result:?}"
        );
    }
}

#[test]
fn the_longest_line_is_read_and_a_byte_more_is_not() {
    let longest = usize::try_from(LINE_MAX).unwrap();
    let text = "x".repeat(longest - "\"\"\n".len());
    let fits = line(&text);
    assert_eq!(fits.len(), longest);
    assert_eq!(read::<String>(&mut Cursor::new(&fits)).unwrap(), text);
    let over = line(&(text + "x"));
    let result = read::<String>(&mut Cursor::new(&over));
    assert!(matches!(result, Err(ReadError::TooLong)));
}

#[test]
fn of_a_line_without_an_end_no_more_is_read_than_the_longest() {
    let mut endless = BufReader::new(Counted { taken: 0 });
    let result = read::<Asking>(&mut endless);
    assert!(matches!(result, Err(ReadError::TooLong)));
    let buffered = u64::try_from(endless.capacity()).unwrap();
    assert!(endless.get_ref().taken <= LINE_MAX + buffered);
}

/// Blanks without end, counted.
struct Counted {
    taken: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b' ');
        self.taken += u64::try_from(buffer.len()).unwrap();
        Ok(buffer.len())
    }
}

#[test]
fn what_is_no_request_is_malformed_and_the_next_line_is_read() {
    let deep = "[".repeat(100_000) + "\n";
    for bad in [
        "\n",
        "{}\n",
        "null\n",
        "GET / HTTP/1.1\r\n",
        "{\"id\":\"r-1\"}\n",
        "{\"id\":1,\"request\":{\"verb\":\"ping\"}}\n",
        "{\"id\":\"r-1\",\"request\":{\"verb\":\"pong\"}}\n",
        "{\"id\":\"r-1\",\"request\":{\"verb\":\"stop\"}}\n",
        "{\"id\":\"r-1\",\"request\":{\"verb\":\"stop\",\"select\":[{\"id\":4294967296}]}}\n",
        "{\"id\":\"r-1\",\"request\":{\"verb\":\"stop\",\"select\":[{\"id\":-1}]}}\n",
        "{\"id\":\"r-1\",\"request\":{\"verb\":\"signal\",\"select\":[],\"signal\":\"SIGNOT\"}}\n",
        "{\"id\":\"r-1\",\"request\":{\"verb\":\"scale\",\"app\":\"\",\"to\":{\"up\":1}}}\n",
        "{\"id\":\"r-1\",\"request\":{\"verb\":\"ping\"}} {}\n",
        &deep,
    ] {
        let both = [bad.as_bytes(), PING].concat();
        let mut wire = Cursor::new(both);
        let first = read::<Asking>(&mut wire);
        assert!(
            matches!(first, Err(ReadError::Malformed(_))),
            "{bad:.80}: {first:?}"
        );
        read::<Asking>(&mut wire).unwrap();
        assert!(wire.fill_buf().unwrap().is_empty());
    }
    assert!(matches!(asked(b"\xff\xfe\n"), Err(ReadError::Malformed(_))));
}

#[test]
fn a_socket_that_fails_is_told_apart_from_one_that_was_closed() {
    /// Fails at once, in both directions.
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    impl io::Write for Broken {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let result = read::<Asking>(&mut BufReader::new(Broken));
    assert!(
        matches!(&result, Err(ReadError::Io(why)) if why.kind() == io::ErrorKind::ConnectionReset),
        "{result:?}"
    );
    let written = write(&mut Broken, &"x").map_err(|why| why.kind());
    assert_eq!(written, Err(io::ErrorKind::BrokenPipe));
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_are_not(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        // What matters is that all end.
        let _asking = parse::<Asking>(&bytes);
        let _answering = parse::<Answering>(&bytes);
        let _noticed = parse::<Noticed>(&bytes);
        let _read = asked(&bytes);
    }

    #[test]
    fn a_request_with_a_wrong_byte_is_another_or_none(at in 0..PING.len(), byte: u8) {
        let mut bytes = PING.to_vec();
        bytes[at] = byte;
        if let Ok(asking) = asked(&bytes) {
            let same = line(&asking);
            prop_assert_eq!(parse::<Asking>(&same).unwrap(), asking);
        }
    }
}
