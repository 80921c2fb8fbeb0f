//! What a machine lacks for reloads, as the daemon says it.

use config::AppName;
use protocol::{Lack, LackOf, Reply, View, Welcome};

use crate::fake::{Deed, Fake, welcome};
use crate::fixtures::{app, fleet};
use crate::home::{Home, Outcome};

/// What is shown of this machine with these apps, without what differs between machines.
fn examined(lacks: Option<Vec<Lack>>, view: View) -> Outcome {
    let home = Home::new();
    let welcome = Welcome { lacks, ..welcome() };
    let _fake = Fake::listen_as(&home.paths().socket(), welcome, move |_| {
        Deed::Answer(Reply::View { view: view.clone() })
    });
    let mut shown = home.ctl(&["doctor"]);
    let own = |line: &&str| !line.starts_with("kernel ") && !line.starts_with("ptrace ");
    assert!(shown.stdout.starts_with("kernel "), "{shown}");
    let nobodys = |line| str::split(line, ", user ").next().unwrap();
    let lines: Vec<&str> = shown.stdout.lines().filter(own).map(nobodys).collect();
    shown.stdout = lines.join("\n") + "\n";
    shown
}

fn lack(of: LackOf, errno: i32) -> Lack {
    Lack { of, errno }
}

#[test]
fn a_machine_that_lacks_nothing_is_well() {
    let view = View {
        apps: vec![app("web", &[0])],
        ..View::default()
    };
    insta::assert_snapshot!(examined(Some(Vec::new()), view));
}

#[test]
fn what_is_missing_is_named_with_a_way_out_for_the_machine_and_each_app() {
    let lacks = vec![lack(LackOf::Filter, 38), lack(LackOf::Trace, 1)];
    insta::assert_snapshot!(examined(Some(lacks), fleet()));
}

#[test]
fn an_app_that_lacks_something_is_enough() {
    let mut web = app("web", &[0]);
    web.name = AppName::new("api").unwrap();
    web.instances[0].lacks = vec![lack(LackOf::Unwanted, 0)];
    let view = View {
        apps: vec![web],
        ..View::default()
    };
    let shown = examined(Some(Vec::new()), view);
    assert_eq!(shown.code, 1, "{shown}");
    assert!(shown.stdout.contains("`api` (id 0): "), "{shown}");
}

#[test]
fn a_daemon_that_does_not_say_is_not_called_well() {
    let view = View {
        apps: vec![app("web", &[0])],
        ..View::default()
    };
    let shown = examined(None, view);
    assert_eq!(shown.code, 1, "{shown}");
    assert!(shown.stdout.contains("the daemon does not say"), "{shown}");
}

#[test]
fn what_is_missing_is_in_the_json() {
    let home = Home::new();
    home.showing(fleet());
    let shown = home.ctl(&["doctor", "--json"]);
    let facts: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(facts["lacks"], serde_json::Value::Null, "{shown}");
    assert_eq!(facts["apps"][0]["name"], "web", "{shown}");
    assert_eq!(facts["apps"][0]["reload"], "queue", "{shown}");
    assert_eq!(facts["apps"][0]["lacks"][0]["of"], "duplicate", "{shown}");
    assert!(facts["kernel"].is_string(), "{shown}");
}
