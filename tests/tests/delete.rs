//! `wsctl delete`.

use protocol::InstanceId;
use tests::{Home, app};

#[test]
fn a_deleted_app_is_gone_and_forgotten() {
    let home = Home::new();
    home.start_all(&[app("web", "listener", &[]), app("job", "listener", &[])]);
    let process = home.process("web");
    home.ctl(["delete", "web"]).ok();
    assert!(!process.is_alive());
    let names: Vec<String> = home
        .view()
        .apps
        .iter()
        .map(|app| app.name.to_string())
        .collect();
    assert_eq!(names, ["job"]);
}

#[test]
fn ids_are_not_used_again_until_the_list_is_empty() {
    let home = Home::new();
    home.start_all(&[app("a", "listener", &[]), app("b", "listener", &[])]);
    home.ctl(["delete", "b"]).ok();
    home.start(&app("c", "listener", &[]));
    assert_eq!(home.instance("c").id, InstanceId(2));
    home.ctl(["delete", "all"]).ok();
    home.start(&app("d", "listener", &[]));
    assert_eq!(home.instance("d").id, InstanceId(0));
}

#[test]
fn an_app_that_crashes_for_ever_can_be_deleted() {
    let home = Home::new();
    home.try_start(&[app("loop", "crasher", &["--after", "50"])])
        .exits(1);
    home.ctl(["delete", "loop"]).ok();
    assert_eq!(home.view().apps, []);
}
