//! Clients that keep their connections and forgive nothing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A connection.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

/// What an answer says about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Keep,
    Close,
}

impl Client {
    pub(super) fn connect(at: SocketAddr) -> Self {
        let stream = TcpStream::connect(at).unwrap();
        stream.set_nodelay(true).unwrap();
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Asks for so many bytes, and reads them.
    pub(super) fn ask(&mut self, length: usize) -> Then {
        self.send(&format!("/{length}"));
        self.receive(length)
    }

    pub(super) fn send(&mut self, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
    }

    /// Reads an answer of so many bytes, which must be whole and right.
    pub(super) fn receive(&mut self, length: usize) -> Then {
        let mut then = Then::Keep;
        let mut said = None;
        let mut line = self.line();
        assert_eq!(line, "http/1.1 200 ok");
        while !line.is_empty() {
            line = self.line();
            if line == "connection: close" {
                assert_eq!(then, Then::Keep, "the word is there twice");
                then = Then::Close;
            }
            if let Some(number) = line.strip_prefix("content-length: ") {
                said = Some(number.parse().unwrap());
            }
        }
        assert_eq!(said, Some(length));
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        assert!(body.iter().all(|byte| *byte == b'x'));
        then
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let line = line.strip_suffix("\r\n").expect("a whole line");
        line.to_ascii_lowercase()
    }

    /// Waits until the server ends the connection.
    pub(super) fn is_ended(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]), Ok(0))
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }
}

/// Clients that ask one thing after the other until they are told to leave.
pub(super) struct Crowd {
    threads: Vec<JoinHandle<()>>,
    answers: Arc<AtomicUsize>,
}

impl Crowd {
    pub(super) fn of(count: usize, at: SocketAddr, length: usize) -> Self {
        let answers = Arc::new(AtomicUsize::new(0));
        let client = |_| {
            let answers = Arc::clone(&answers);
            let mut client = Client::connect(at);
            thread::Builder::new()
                .stack_size(64 * 1024)
                .spawn(move || {
                    while client.ask(length) == Then::Keep {
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                })
                .unwrap()
        };
        let threads = (0..count).map(client).collect();
        let crowd = Self { threads, answers };
        while crowd.answers() < count * 2 {
            thread::yield_now();
        }
        crowd
    }

    pub(super) fn answers(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }

    /// Waits until all have left, each after a whole answer.
    pub(super) fn left(self) {
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}
