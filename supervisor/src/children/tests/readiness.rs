//! Apps that say that they are ready.

use config::Signal;
use config::spec::{AppSpec, RunAs, Scope};
use fleet::Event;
use protocol::RunId;
use protocol::notice::ReadyBy;

use super::stage::{Stage, is_root, play, program, python, sh};

const NODE: &str = "/usr/bin/node";

fn waiting(mut spec: AppSpec) -> AppSpec {
    spec.ready.wait_ready = true;
    spec
}

/// The next event must be that this run is ready.
async fn ready(stage: &mut Stage) -> ReadyBy {
    let event = stage.next().await;
    let Event::Ready { by, .. } = event else {
        panic!("not ready but {event:?}");
    };
    by
}

async fn end(stage: &mut Stage, run: u64) {
    stage.children.signal(RunId(run), Signal::KILL, Scope::Tree);
    while !matches!(stage.next().await, Event::Exited { .. }) {}
}

#[test]
fn node_says_ready_among_other_messages_and_its_channel_stays_open() {
    if !std::path::Path::new(NODE).exists() {
        println!("skipped: {NODE} is missing");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        let script = "process.on('disconnect', () => process.exit(1));\n\
            process.send({type: 'axm:monitor', data: {x: 'y'.repeat(300000)}});\n\
            process.send('ready');\n\
            process.send('ready', () => console.log(process.connected));\n";
        let spec = waiting(program(NODE, &["-e", script]));
        let (mut prints, _) = stage.launched(1, spec).await;
        assert_eq!(ready(&mut stage).await, ReadyBy::Channel);
        assert_eq!(prints.line(), "true");
        end(&mut stage, 1).await;
    });
}

#[test]
fn a_shell_says_ready_on_descriptor_3() {
    play(async {
        let mut stage = Stage::new();
        let script = "printf '\"ready\"\\n' >&$NODE_CHANNEL_FD; exec sleep 1000";
        stage.launched(1, waiting(sh(script))).await;
        assert_eq!(ready(&mut stage).await, ReadyBy::Channel);
        end(&mut stage, 1).await;
    });
}

/// Sends a datagram to the notify socket.
const NOTIFY: &str = "import os, socket, sys, time\n\
    def notify(text):\n\
    \x20   s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
    \x20   s.connect('\\0' + os.environ['NOTIFY_SOCKET'][1:])\n\
    \x20   s.send(text)\n";

#[test]
fn ready_1_on_the_notify_socket_is_heard_once() {
    play(async {
        let mut stage = Stage::new();
        let script = format!(
            "{NOTIFY}notify(b'STATUS=coming')\nnotify(b'NOTREADY=1')\n\
             notify(b'STATUS=up\\nREADY=1\\n')\nnotify(b'READY=1')\n\
             time.sleep(1000)\n"
        );
        stage.launched(1, waiting(python(&script))).await;
        assert_eq!(ready(&mut stage).await, ReadyBy::Notify);
        end(&mut stage, 1).await;
    });
}

#[test]
fn what_a_stranger_sends_to_the_notify_socket_is_passed_over() {
    if !is_root() {
        println!("skipped: being two users needs root");
        return;
    }
    play(async {
        let mut stage = Stage::new();
        // The address is the same, the user is not.
        let mut spec = waiting(python(
            "import os, time\nprint(os.environ['NOTIFY_SOCKET'], flush=True)\ntime.sleep(1000)\n",
        ));
        spec.run_as = Some(user(12345));
        let (mut prints, _) = stage.launched(1, spec).await;
        let address = prints.line();
        for uid in [12346, 0] {
            let mut stranger = python(&format!("{NOTIFY}notify(b'READY=1')\n"));
            stranger.env.set("NOTIFY_SOCKET", address.clone());
            stranger.run_as = Some(user(uid));
            // A sender that lives while it is looked at: the shell waits in its place.
            let sends =
                format!("{NOTIFY}notify(b'READY=1')\nprint(flush=True)\ntime.sleep(1000)\n");
            stranger.exec.args[1] = sends;
            let (mut sent, _) = stage.launched(u64::from(uid) + 2, stranger).await;
            sent.line();
        }
        let mut last = waiting(sh("printf '\"ready\"\\n' >&3; exec sleep 1000"));
        last.run_as = Some(user(12345));
        stage.launched(3, last).await;
        let Event::Ready { run, .. } = stage.next().await else {
            panic!("not ready");
        };
        assert_eq!(
            run,
            RunId(3),
            "the strangers' words came before this and were not heard"
        );
        for run in [12348, 2, 1, 3] {
            end(&mut stage, run).await;
        }
    });
}

fn user(uid: u32) -> RunAs {
    RunAs {
        uid,
        gid: uid,
        groups: vec![uid],
        name: None,
        home: None,
    }
}
