//! A daemon that listens where a real one would and says what the test wants.

use std::io::{BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use config::Span;
use protocol::codec;
use protocol::version::PROTOCOL;
use protocol::{Answering, Asking, Hello, Notice, Noticed, Pid, Reply, Welcome};

/// What the daemon does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// It answers.
    Answer(Reply),
    /// It answers, then closes.
    Last(Reply),
    /// It closes.
    Close,
    /// It writes these bytes, then closes.
    Bytes(Vec<u8>),
    /// It answers that it follows, sends notices, then closes.
    Notices(Vec<Notice>),
    /// The same, and lets an answer that waits for it go.
    NoticesThen(Vec<Notice>, Sender<()>),
    /// It answers when it may.
    AnswerAfter(Arc<Mutex<Receiver<()>>>, Reply),
}

/// A daemon in a thread of the test. It lives as long as the test does.
#[derive(Debug)]
pub(crate) struct Fake {
    asked: Receiver<Asking>,
}

impl Fake {
    /// Listens at `socket` and does with each request what `script` says.
    pub(crate) fn listen(
        socket: &Path,
        script: impl FnMut(&Asking) -> Deed + Send + 'static,
    ) -> Self {
        Self::listen_as(socket, welcome(), script)
    }

    /// The same, with another first line.
    pub(crate) fn listen_as(
        socket: &Path,
        welcome: Welcome,
        script: impl FnMut(&Asking) -> Deed + Send + 'static,
    ) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        let (send, asked) = channel();
        let script = Arc::new(Mutex::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, send, welcome) = (Arc::clone(&script), send.clone(), welcome.clone());
                thread::spawn(move || {
                    let does = |asking: &Asking| script.lock().unwrap()(asking);
                    // A client that goes in the middle is one of the things that are tested.
                    drop(serve(stream.unwrap(), &welcome, does, &send));
                });
            }
        });
        Self { asked }
    }

    /// The requests that have come in since the last call.
    pub(crate) fn asked(&self) -> Vec<Asking> {
        self.asked.try_iter().collect()
    }
}

/// What it says of itself.
pub(crate) fn welcome() -> Welcome {
    Welcome {
        wsd: PROTOCOL,
        daemon: "9.8.7".to_owned(),
        pid: Pid(4_100_000),
        uptime: Span::secs(3725),
        lacks: None,
    }
}

fn serve(
    stream: UnixStream,
    welcome: &Welcome,
    script: impl Fn(&Asking) -> Deed,
    heard: &Sender<Asking>,
) -> Result<(), codec::ReadError> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let hello: Hello = codec::read(&mut reader)?;
    let found = welcome.lacks.clone();
    let welcome = Welcome {
        lacks: found.filter(|_| hello.examine),
        ..welcome.clone()
    };
    codec::write(&mut stream, &welcome)?;
    loop {
        let asking: Asking = codec::read(&mut reader)?;
        drop(heard.send(asking.clone()));
        let answer = |reply| Answering {
            id: Some(asking.id.clone()),
            reply,
        };
        match script(&asking) {
            Deed::Answer(reply) => codec::write(&mut stream, &answer(reply))?,
            Deed::Last(reply) => return Ok(codec::write(&mut stream, &answer(reply))?),
            Deed::Close => return Ok(()),
            Deed::Bytes(bytes) => return Ok(stream.write_all(&bytes)?),
            Deed::Notices(notices) => {
                codec::write(&mut stream, &answer(Reply::Following))?;
                return notify(&mut stream, notices);
            }
            Deed::NoticesThen(notices, then) => {
                codec::write(&mut stream, &answer(Reply::Following))?;
                notify(&mut stream, notices)?;
                return then.send(()).map_or(Ok(()), Ok);
            }
            Deed::AnswerAfter(when, reply) => {
                when.lock().unwrap().recv().unwrap();
                codec::write(&mut stream, &answer(reply))?;
            }
        }
    }
}

fn notify(stream: &mut UnixStream, notices: Vec<Notice>) -> Result<(), codec::ReadError> {
    for notice in notices {
        let at = 1_700_000_000_042;
        codec::write(stream, &Noticed { at, notice })?;
    }
    Ok(())
}
