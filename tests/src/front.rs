//! nginx in front of an app, with the configuration of the deployment guide.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{Deadline, binaries, fixture, ports, runtimes};

/// Whether nginx may ask the app once more where a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextUpstream {
    /// As nginx has it where nothing is said.
    Default,
    /// Never, so that each failure reaches the client.
    Off,
}

/// A running nginx; it is killed when this goes.
#[derive(Debug)]
pub struct Front {
    child: Child,
    port: u16,
}

impl Front {
    /// Starts it in front of the app at this address, as nginx writes it; none, said out loud, where there is no nginx.
    ///
    /// # Panics
    /// Where it does not come up.
    #[must_use]
    #[track_caller]
    pub fn of(
        upstream: &str,
        next: NextUpstream,
        folder: &Path,
        deadline: Deadline,
    ) -> Option<Self> {
        let nginx = runtimes::nginx()?;
        fs::create_dir_all(folder).expect("room for a folder");
        let port = ports::free();
        let template = binaries::workspace().join("tests/servers/front.conf");
        let next = match next {
            NextUpstream::Default => "error timeout",
            NextUpstream::Off => "off",
        };
        let text = fs::read_to_string(template).expect("the configuration is there");
        let text = text
            .replace("@FOLDER@", &folder.to_string_lossy())
            .replace("@PORT@", &port.to_string())
            .replace("@UPSTREAM@", upstream)
            .replace("@NEXT@", next);
        let file = folder.join("front.conf");
        fs::write(&file, text).expect("room for a file");
        let mut command = Command::new(nginx);
        command.args(["-e", "stderr", "-p"]).arg(folder);
        command.arg("-c").arg(file).stdin(Stdio::null());
        let child = command.spawn().expect("nginx can be started");
        let front = Self { child, port };
        // There is no event for it that a stranger to the process could wait for.
        while TcpStream::connect(front.address()).is_err() {
            assert!(!deadline.is_over(), "nginx does not listen");
            fixture::linger(Duration::from_millis(5));
        }
        Some(front)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
