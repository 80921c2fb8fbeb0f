//! A throw-away home with its daemon: how it comes to be, what is run in it, how it goes.

mod looks;
mod waits;

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use protocol::{Paths, Request};
use serde_json::Value;
use tempfile::TempDir;

use crate::processes::{self, Process, Signal};
use crate::runtimes::TestUser;
use crate::{Client, Deadline, Follower, Notices, Outcome, binaries};

pub use waits::Death;

/// How long an ordinary test may take; nextest kills it a little later.
const LIMIT: Duration = Duration::from_secs(9);

/// How long the clean-up may take, beyond the test's own limit.
const CLEAN_UP: Duration = Duration::from_secs(20);

/// A home of its own, below a folder that goes when this does.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    paths: Paths,
    deadline: Deadline,
    variables: Vec<(OsString, OsString)>,
    /// What the daemon is started by, where it is not started directly.
    wrapper: Vec<OsString>,
    /// Who runs the programs, where it is not the user of the tests.
    user: Option<(u32, u32)>,
    notices: RefCell<Option<Notices>>,
}

impl Home {
    /// A home in which nothing runs.
    ///
    /// # Panics
    /// Where no folder can be made.
    #[must_use]
    pub fn empty() -> Self {
        Self::with_limit(LIMIT)
    }

    /// The same, for a test that takes longer; nextest must know of it.
    ///
    /// # Panics
    /// As [`Home::empty`].
    #[must_use]
    pub fn with_limit(limit: Duration) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("wsd-test-")
            .tempdir()
            .expect("there is room for a folder");
        let paths = Paths::new(folder.path().join("home"));
        fs::create_dir(folder.path().join("work")).expect("a new folder is empty");
        let variables = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
            ("HOME", folder.path().as_os_str().to_owned()),
            ("LANG", "C.UTF-8".into()),
            ("TZ", "UTC".into()),
            ("WSD_HOME", paths.home().as_os_str().to_owned()),
        ];
        Self {
            paths,
            deadline: Deadline::after(limit),
            variables: variables.map(|(name, value)| (name.into(), value)).into(),
            wrapper: Vec::new(),
            user: None,
            notices: RefCell::default(),
            folder,
        }
    }

    /// A home with a daemon whose notices are followed.
    ///
    /// # Panics
    /// Where the daemon does not come up.
    #[must_use]
    pub fn new() -> Self {
        let home = Self::empty();
        home.start_daemon();
        home
    }

    /// The files of the home.
    #[must_use]
    pub const fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The folder in which `wsctl` is run.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// When the test's time is over.
    #[must_use]
    pub const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Lets every user look into the folders that are not the daemon's own.
    ///
    /// # Panics
    /// Where that is not allowed.
    pub fn open_to_all(&self) {
        for folder in [self.folder.path(), &self.work()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
                .expect("the test's own folder");
        }
    }

    /// Lets the daemon be started by this command, which must become it.
    pub fn wrap_daemon<I: IntoIterator<Item: Into<OsString>>>(&mut self, command: I) {
        self.wrapper = command.into_iter().map(Into::into).collect();
    }

    /// Lets the daemon and `wsctl` run as this user, to whom the home then belongs.
    ///
    /// # Panics
    /// Where only root could do that.
    pub fn run_as(&mut self, user: &TestUser) {
        let id = |number: u64| u32::try_from(number).expect("ids have 32 bits");
        let (uid, gid) = (id(user.uid), id(user.gid));
        for folder in [self.folder.path(), &self.work()] {
            chown(folder, Some(uid), Some(gid)).expect("root may give its folders away");
        }
        self.user = Some((uid, gid));
    }

    /// Sets a variable of what is started from here on.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.variables.retain(|(known, _)| known != name);
        self.variables
            .push((name.into(), value.as_ref().to_owned()));
    }

    /// Puts a folder before the others in which programs are looked for.
    pub fn prepend_path(&mut self, folder: &Path) {
        let known = self.variables.iter().find(|(name, _)| name == "PATH");
        let mut path = folder.as_os_str().to_owned();
        if let Some((_, rest)) = known {
            path.push(":");
            path.push(rest);
        }
        self.set("PATH", path);
    }

    /// Writes a file below the working folder, with the folders that it needs.
    ///
    /// # Panics
    /// Where that fails.
    pub fn write(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("room for it");
        fs::write(&path, contents).expect("room for a file");
        path
    }

    /// A command in the working folder, with the home's environment and no other.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.work())
            .env_clear()
            .envs(self.variables.iter().cloned());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Runs `wsctl` to its end.
    ///
    /// # Panics
    /// Where it does not end in time.
    #[must_use = "a command may have failed"]
    #[track_caller]
    pub fn ctl<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Outcome {
        self.ctl_in(&self.work(), arguments)
    }

    /// The same in another folder.
    ///
    /// # Panics
    /// Where it does not end in time.
    #[must_use = "a command may have failed"]
    #[track_caller]
    pub fn ctl_in<I: IntoIterator<Item: AsRef<OsStr>>>(
        &self,
        folder: &Path,
        arguments: I,
    ) -> Outcome {
        let mut command = self.command(&binaries::wsctl());
        command.args(arguments).current_dir(folder);
        Outcome::of(&mut command, self.deadline)
    }

    /// Runs `wsctl` and reads what it prints meanwhile.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn ctl_follow<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Follower {
        let mut command = self.command(&binaries::wsctl());
        Follower::of(command.args(arguments), self.deadline)
    }

    /// Writes a configuration of one app and starts it, which must succeed.
    ///
    /// # Panics
    /// Where it does not.
    #[track_caller]
    pub fn start(&self, app: &Value) {
        self.start_all(std::slice::from_ref(app));
    }

    /// The same with several apps.
    ///
    /// # Panics
    /// Where one does not start.
    #[track_caller]
    pub fn start_all(&self, apps: &[Value]) {
        self.try_start(apps).ok();
    }

    /// Writes a configuration and starts it, whatever comes of it.
    #[must_use = "a start may have failed"]
    #[track_caller]
    pub fn try_start(&self, apps: &[Value]) -> Outcome {
        let text = serde_json::json!({ "apps": apps }).to_string();
        let file = self.write("ecosystem.json", &text);
        self.ctl([OsStr::new("start"), file.as_os_str()])
    }

    /// Starts the daemon in a process of its own, waits until it says that it is ready, and follows
    /// its notices.
    ///
    /// # Panics
    /// Where it does not come up.
    #[track_caller]
    pub fn start_daemon(&self) -> Process {
        let (process, said) = self.spawn_daemon();
        let said = said.recv_timeout(self.deadline.left()).unwrap_or_default();
        if said != "ready" {
            self.fail(&format!("the daemon is not ready, it says `{said}`"));
        }
        self.follow();
        process
    }

    /// Starts the daemon as `wsctl` does, and gives what it says first, after its warnings.
    fn spawn_daemon(&self) -> (Process, Receiver<String>) {
        let mut folder = DirBuilder::new();
        folder.recursive(true).mode(0o700);
        folder.create(self.paths.home()).expect("room for a folder");
        if let Some((uid, gid)) = self.user {
            chown(self.paths.home(), Some(uid), Some(gid)).expect("root may give it away");
        }
        let log = File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(self.paths.daemon_log())
            .expect("room for a file");
        let mut daemon = self.wrapper.clone();
        daemon.push(binaries::wsd().into());
        let mut child = self
            .command(Path::new(&daemon[0]))
            .args(&daemon[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the daemon can be started");
        let process = Process::open(child.id()).expect("a child is there until it is reaped");
        let (send, said) = channel();
        thread::spawn(move || {
            let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
            let mut line = String::from("warning: ");
            while line.starts_with("warning: ") {
                line.clear();
                drop(out.read_line(&mut line));
            }
            drop(send.send(line.trim_end().to_owned()));
            drop(child.wait());
        });
        (process, said)
    }

    /// Follows the notices of the daemon, from here on.
    ///
    /// # Panics
    /// Where there is no daemon.
    #[track_caller]
    pub fn follow(&self) {
        let notices = Notices::follow(&self.paths.socket());
        if notices.is_none() {
            self.fail("the daemon does not listen");
        }
        self.notices.replace(notices);
    }

    /// Fails the test. What the daemon wrote is printed when the home goes.
    ///
    /// # Panics
    /// Always.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        panic!("{what}")
    }

    fn report(&self) -> String {
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let notices: Vec<String> = self
            .noticed()
            .iter()
            .map(|notice| serde_json::to_string(notice).unwrap_or_default())
            .collect();
        format!(
            "--- notices so far\n{}\n--- the daemon's log\n{}\n",
            notices.join("\n"),
            read(&self.paths.daemon_log()),
        )
    }

    /// Ends the daemon by `wsctl kill` where there is one; says what that could not end.
    fn close(&self) -> Result<(), String> {
        let limit = Deadline::after(CLEAN_UP);
        if let Some(mut client) = Client::connect(&self.paths.socket()) {
            let daemon = Process::open(client.welcome.pid.0);
            drop(client.ask(Request::Kill));
            if daemon.is_some_and(|daemon| !daemon.ends_within(limit.left())) {
                return Err("the daemon was asked to end and has not".to_owned());
            }
        }
        let left = processes::of_home(self.paths.home());
        let shown: Vec<String> = left.iter().map(|one| processes::shown(one.pid)).collect();
        if shown.is_empty() {
            Ok(())
        } else {
            Err(format!("these were left running:\n{}", shown.join("\n")))
        }
    }

    fn kill_all(&self) {
        for process in processes::of_home(self.paths.home()) {
            process.signal(Signal::KILL);
        }
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if thread::panicking() {
            drop(io::stderr().write_all(self.report().as_bytes()));
            self.kill_all();
            return;
        }
        let closed = self.close();
        if let Err(left) = closed {
            let report = self.report();
            self.kill_all();
            panic!("{left}\n{report}");
        }
    }
}
