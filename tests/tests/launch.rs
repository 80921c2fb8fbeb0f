//! What an app is given when it is started.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde_json::{Value, json};
use tests::{Home, app, processes, runtimes, with};

/// What the app of this name was given.
fn given(home: &Home, name: &str) -> Value {
    serde_json::from_str(&home.wait_said(name, "\n")).expect("a line of JSON")
}

#[test]
fn an_app_leads_a_session_and_a_group_of_its_own() {
    let home = Home::new();
    home.start(&app("echo", "echo_env", &[]));
    let given = given(&home, "echo");
    assert_eq!(given["pid"], home.process("echo").pid);
    assert_eq!(given["session"], given["pid"]);
    assert_eq!(given["group_leader"], given["pid"]);
}

#[test]
fn no_descriptor_of_the_daemon_leaks() {
    let home = Home::new();
    home.start_all(&[app("other", "listener", &[]), app("echo", "echo_env", &[])]);
    let given = given(&home, "echo");
    let channel = given["environment"]["NODE_CHANNEL_FD"].as_str();
    let open = given["descriptors"].as_object().unwrap();
    let others: Vec<_> = open
        .iter()
        .filter(|(number, _)| !["0", "1", "2"].contains(&number.as_str()))
        .filter(|(number, _)| Some(number.as_str()) != channel)
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(open["0"], "/dev/null");
}

#[test]
fn the_environment_is_the_persons_and_the_configurations() {
    let mut home = Home::new();
    home.set("FROM_SHELL", "yes");
    home.set("BOTH", "shell");
    home.start(&with(
        app("echo", "echo_env", &[]),
        json!({ "env": { "PORT": 3013, "BOTH": "file", "NODE_ENV": "production" } }),
    ));
    let environment = &given(&home, "echo")["environment"];
    assert_eq!(environment["FROM_SHELL"], "yes");
    assert_eq!(environment["BOTH"], "file");
    assert_eq!(environment["PORT"], "3013");
    assert_eq!(environment["NODE_ENV"], "production");
    assert_eq!(environment["NODE_APP_INSTANCE"], "0");
}

#[test]
fn the_persons_environment_can_be_kept_out() {
    let mut home = Home::new();
    home.set("MY_SECRET_KEY", "hidden");
    home.start(&with(
        app("echo", "echo_env", &[]),
        json!({ "filter_env": ["SECRET"] }),
    ));
    let environment = &given(&home, "echo")["environment"];
    assert_eq!(environment["MY_SECRET_KEY"], Value::Null);
    assert_ne!(environment["PATH"], Value::Null);
}

#[test]
fn an_env_file_is_loaded() {
    let home = Home::new();
    home.write(
        "settings.env",
        "# a comment\nDB_HOST=\"db.local\"\nDB_PORT=5432\n",
    );
    home.start(&with(
        app("echo", "echo_env", &[]),
        json!({ "env_file": "settings.env" }),
    ));
    let environment = &given(&home, "echo")["environment"];
    assert_eq!(environment["DB_HOST"], "db.local");
    assert_eq!(environment["DB_PORT"], "5432");
}

#[test]
fn an_app_runs_in_its_folder() {
    let home = Home::new();
    home.write("below/file", "");
    home.start(&with(
        app("echo", "echo_env", &[]),
        json!({ "cwd": "below" }),
    ));
    let below = home.work().join("below");
    let given = given(&home, "echo");
    assert_eq!(given["cwd"], below.to_str().unwrap());
    assert_eq!(given["environment"]["PWD"], below.to_str().unwrap());
}

#[test]
fn each_instance_has_its_number_and_its_port() {
    let home = Home::new();
    let three = json!({
        "instances": 3, "increment_var": "PORT", "instance_var": "NUMBER", "env": { "PORT": 4000 },
    });
    home.start(&with(app("echo", "echo_env", &[]), three));
    for instance in home.app("echo").instances {
        let file = instance.logs.out.unwrap();
        let given: Value = serde_json::from_str(&home.wait_text(&file, "\n")).unwrap();
        let environment = &given["environment"];
        assert_eq!(environment["NUMBER"], instance.slot.to_string());
        assert_eq!(environment["PORT"], (4000 + instance.slot).to_string());
    }
}

#[test]
fn a_pid_file_holds_the_process_number() {
    let home = Home::new();
    home.start(&app("echo", "echo_env", &[]));
    let instance = home.instance("echo");
    let text = fs::read_to_string(instance.pid_file).unwrap();
    assert_eq!(text.trim(), instance.pid.unwrap().to_string());
}

/// One field of `/proc/PID/status`, a number in base 16.
fn mask(pid: u32, name: &str) -> u64 {
    let text = processes::status_of(pid, name).expect("the process is there");
    u64::from_str_radix(&text, 16).expect("a mask")
}

#[test]
fn no_signal_is_blocked_or_ignored() {
    let home = Home::new();
    home.ctl(["start", "/bin/sleep", "--", "1000"]).ok();
    let pid = home.process("sleep").pid;
    assert_eq!(mask(pid, "SigBlk"), 0);
    assert_eq!(mask(pid, "SigIgn"), 0);
}

#[test]
fn the_limits_are_those_with_which_the_daemon_was_started() {
    let home = Home::new();
    home.ctl(["start", "/bin/sleep", "--", "1000"]).ok();
    let limits = |pid: &str| fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let app = limits(&home.process("sleep").pid.to_string());
    assert_eq!(app, limits("self"));
}

#[test]
fn a_name_that_looks_like_a_path_stays_a_name() {
    let home = Home::new();
    let name = "../../escaped ✓/x";
    home.start(&with(
        app("plain", "echo_env", &[]),
        json!({ "name": name }),
    ));
    let instance = home.instance(name);
    let logs = home.paths().logs();
    for file in [instance.logs.out.unwrap(), instance.logs.err.unwrap()] {
        assert_eq!(file.parent(), Some(&*logs), "{}", file.display());
    }
    assert_eq!(instance.pid_file.parent(), Some(&*home.paths().pids()));
    home.wait_said(name, "\n");
}

#[test]
fn an_app_of_another_user_has_its_groups_and_its_home() {
    let Some(user) = runtimes::user() else { return };
    let home = Home::new();
    home.open_to_all();
    home.start(&with(
        app("echo", "echo_env", &[]),
        json!({ "uid": user.name, "env": { "MARK": "x" } }),
    ));
    let given = given(&home, "echo");
    assert_eq!(given["uid"], json!([user.uid, user.uid]));
    assert_eq!(given["gid"], json!([user.gid, user.gid]));
    let mut groups: Vec<u64> = given["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group.as_u64().unwrap())
        .collect();
    groups.sort_unstable();
    assert_eq!(groups, user.groups);
    let environment = &given["environment"];
    assert_eq!(environment["USER"], user.name.as_str());
    assert_eq!(environment["LOGNAME"], user.name.as_str());
    assert_eq!(environment["HOME"], user.home.as_str());
    let pid = home.process("echo").pid;
    let owner = fs::metadata(format!("/proc/{pid}")).unwrap().uid();
    assert_eq!(u64::from(owner), user.uid);
}
