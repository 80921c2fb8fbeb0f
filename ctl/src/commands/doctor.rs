//! `doctor`: what this machine gives for reloads without loss, and which apps lack something.
//!
//! The daemon says what it has found, since it is the one who must be allowed: here only the kernel's
//! own words are read.

use std::fs;

use protocol::view::{AppView, InstanceView};
use protocol::{Lack, View};
use serde_json::{Value, json};

use crate::client::Client;
use crate::context::Context;
use crate::exit::Exit;
use crate::{users, words};

/// Source: proc(5) and the kernel's documentation of Yama.
const RELEASE: &str = "/proc/sys/kernel/osrelease";
const PTRACE_SCOPE: &str = "/proc/sys/kernel/yama/ptrace_scope";

/// What is known of the machine, the daemon and its apps.
struct Examined {
    kernel: Option<String>,
    /// Who may trace whom; none: Yama does not limit it.
    ptrace_scope: Option<String>,
    /// What an ordinary app lacks; none: the daemon does not say.
    lacks: Option<Vec<Lack>>,
    view: View,
}

/// Shows what is there and what is missing; exit code 1 where something is, or nothing was found out.
pub(crate) fn run(context: &mut Context) -> anyhow::Result<Exit> {
    let mut client = context.examining_client()?;
    let examined = Examined {
        kernel: word_in(RELEASE),
        ptrace_scope: word_in(PTRACE_SCOPE),
        lacks: client.welcome().lacks.clone(),
        view: client.view()?,
    };
    if context.json {
        context.printer.json(&examined.json(&client))?;
    } else {
        for (name, value) in examined.rows(&client) {
            context.printer.out(&format!("{name:11}  {value}"))?;
        }
    }
    Ok(if examined.is_well() {
        Exit::Done
    } else {
        Exit::NotReached
    })
}

impl Examined {
    /// Whether it is known that nothing is missing.
    fn is_well(&self) -> bool {
        self.lacks.as_ref().is_some_and(Vec::is_empty) && self.wanting().next().is_none()
    }

    /// The instances that lack something.
    fn wanting(&self) -> impl Iterator<Item = (&AppView, &InstanceView)> {
        let apps = self.view.apps.iter();
        apps.flat_map(|app| app.instances.iter().map(move |instance| (app, instance)))
            .filter(|(_, instance)| !instance.lacks.is_empty())
    }

    fn rows(&self, client: &Client) -> Vec<(&'static str, String)> {
        let unknown = || "unknown".to_owned();
        let daemon = client.welcome();
        let user = users::name_of(client.uid());
        let mut rows = vec![
            ("kernel", self.kernel.clone().unwrap_or_else(unknown)),
            (
                "daemon",
                format!("wsd {}, pid {}, user {user}", daemon.daemon, daemon.pid),
            ),
        ];
        if let Some(scope) = &self.ptrace_scope {
            rows.push(("ptrace", format!("kernel.yama.ptrace_scope is {scope}")));
        }
        match self.lacks.as_deref() {
            None => rows.push(("reload", "the daemon does not say".to_owned())),
            Some([]) => rows.push(("reload", "an app lacks nothing here".to_owned())),
            Some(lacks) => rows.extend(lacks.iter().flat_map(|lack| told("an app", lack))),
        }
        for (app, instance) in self.wanting() {
            let name = format!("`{}` (id {})", app.name, instance.id);
            rows.extend(instance.lacks.iter().flat_map(|lack| told(&name, lack)));
        }
        rows
    }

    fn json(&self, client: &Client) -> Value {
        let daemon = client.welcome();
        let wanting = self.wanting().map(|(app, instance)| {
            json!({
                "id": instance.id,
                "name": app.name,
                "reload": instance.next_mode,
                "lacks": instance.lacks,
            })
        });
        json!({
            "kernel": self.kernel,
            "daemon": daemon.daemon,
            "pid": daemon.pid,
            "uid": client.uid(),
            "ptrace_scope": self.ptrace_scope,
            "lacks": self.lacks,
            "apps": wanting.collect::<Vec<_>>(),
        })
    }
}

/// What somebody lacks, and what to do about it.
fn told(who: &str, lack: &Lack) -> Vec<(&'static str, String)> {
    let mut rows = vec![("reload", format!("{who}: {}", words::lack(lack)))];
    rows.extend(words::lack_hint(lack).map(|hint| ("", format!("hint: {hint}"))));
    rows
}

/// What the kernel says in a file of one word; none where it has no such file.
fn word_in(file: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    Some(text.trim().to_owned())
}
