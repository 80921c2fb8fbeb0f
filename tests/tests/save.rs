//! `wsctl save` and `wsctl resurrect`.

use protocol::view::StateView;
use tests::{Home, app};

#[test]
fn what_was_saved_comes_back_after_it_was_deleted() {
    let home = Home::new();
    home.start_all(&[app("web", "listener", &[]), app("job", "listener", &[])]);
    home.ctl(["stop", "job"]).ok();
    home.ctl(["save"]).ok();
    home.ctl(["delete", "all"]).ok();
    assert_eq!(home.view().apps, []);
    home.ctl(["resurrect"]).ok();
    assert_eq!(home.state("web"), StateView::Online);
    assert_eq!(home.state("job"), StateView::Stopped);
}

#[test]
fn resurrect_leaves_what_is_there_alone() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    home.ctl(["save"]).ok();
    let before = home.process("web");
    home.ctl(["resurrect"]).ok();
    assert!(before.is_alive());
}

#[test]
fn without_a_dump_nothing_can_be_resurrected() {
    let home = Home::new();
    home.ctl(["resurrect"]).exits(1).complains_of(&["dump"]);
}
