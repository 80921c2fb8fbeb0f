//! The folder of the daemon: whose it is, and who may look into it.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

use tests::{Home, app};

#[test]
fn an_empty_folder_made_by_hand_becomes_private() {
    let home = Home::empty();
    let folder = home.paths().home().to_owned();
    fs::create_dir(&folder).expect("the home is not there yet");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("it is ours");
    home.try_start(&[app("web", "listener", &[])]).ok();
    let mode = fs::metadata(&folder)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_folder_in_use_for_something_else_is_left_as_it_is() {
    let home = Home::empty();
    let folder = home.paths().home().to_owned();
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(folder.join("photos"));
    made.expect("the home is not there yet");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("it is ours");
    home.try_start(&[app("web", "listener", &[])])
        .exits(3)
        .complains_of(&["is open to other users", "WSD_HOME"]);
    let mode = fs::metadata(&folder)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
}
