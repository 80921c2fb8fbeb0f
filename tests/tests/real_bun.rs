//! Bun, with the configuration of the deployment guide and with that of the small server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tests::{Home, Signs, Site, http, journey, ports, processes, runtimes};

const SECRET: &str = "correct-horse-battery-staple";

fn patient_home() -> Home {
    let home = Home::with_limit(Duration::from_secs(50));
    home.start_daemon();
    home
}

/// The guide's app and its process file, two levels above it; its port and its folder of logs.
fn guide(home: &Home, modules: &Path) -> (String, u16) {
    let site = Site::copied(home, "guide", "var/www/workscript-api");
    site.link("node_modules", modules);
    let settings = site.folder().join(".env");
    fs::write(&settings, format!("DATABASE_PASSWORD={SECRET}\n")).expect("room for a file");
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o600)).expect("our own file");
    let port = ports::free();
    let logs = home.work().join("var/log/workscript");
    fs::create_dir_all(&logs).expect("room for a folder");
    let values = [
        ("CWD", site.folder().to_str().expect("a path is text")),
        ("PORT", &port.to_string()),
        ("LOGS", logs.to_str().expect("a path is text")),
    ];
    let file = site.configured("ecosystem.config.cjs", &values);
    let above = home.work().join("var/ecosystem.config.cjs");
    fs::rename(file, &above).expect("the same file system");
    (above.to_string_lossy().into_owned(), port)
}

#[test]
fn the_deployment_guides_app_lives_and_dies() {
    let (Some(bun), Some(modules)) = (runtimes::bun(), runtimes::npm("hono")) else {
        return;
    };
    let mut home = patient_home();
    home.prepend_path(bun.parent().unwrap());
    let (file, port) = guide(&home, &modules);
    home.ctl(["start", &file]).ok();
    let signs = Signs {
        name: "workscript-api",
        port,
        says: "✓ Server running at http://localhost:",
        on_stderr: false,
    };
    journey::answers(&home, signs, 1);

    let who: Value = serde_json::from_str(&http::get(port, "/whoami").unwrap().body).unwrap();
    assert_eq!(who["pid"], home.process("workscript-api").pid);
    assert_eq!(who["environment"], "production");
    assert_eq!(who["hasDatabase"], true);
    let upgraded = http::upgrade(port, "/ws").unwrap();
    assert!(upgraded.starts_with("HTTP/1.1 101"), "{upgraded}");

    let log = home.work().join("var/log/workscript/output.log");
    let said = fs::read_to_string(&log).unwrap();
    let text = format!("✓ Server running at http://localhost:{port}\n");
    let stamp = said.strip_suffix(&text).unwrap();
    assert!(stamp.ends_with(" +00:00: "), "{said}");

    journey::live_and_die(&home, signs);
    assert_nowhere(home.paths().home(), SECRET);
}

/// No file below this folder holds the text.
fn assert_nowhere(folder: &Path, text: &str) {
    for entry in fs::read_dir(folder).expect("it is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            assert_nowhere(&path, text);
        } else if let Ok(bytes) = fs::read(&path) {
            let found = bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}

#[test]
fn two_instances_in_cluster_mode_run_bun_itself() {
    let Some(bun) = runtimes::bun() else { return };
    let home = patient_home();
    let site = Site::copied(&home, "vps", "app");
    let port = ports::free_row(2);
    let values = [("BUN", bun.to_str().unwrap()), ("PORT", &port.to_string())];
    site.configured("ecosystem.config.js", &values);
    home.ctl_in(site.folder(), ["start", "ecosystem.config.js"])
        .ok();
    let app = home.app("workscript-api");
    assert_eq!(app.instances.len(), 2);
    for instance in app.instances {
        let log = instance.logs.out.unwrap();
        home.wait_text(&log, "✓ Server running");
        let port = port + u16::try_from(instance.slot).unwrap();
        let answer: Value = serde_json::from_str(&http::get(port, "/").unwrap().body).unwrap();
        assert_eq!(answer["instance"], instance.slot.to_string());
        let line = processes::shown(instance.pid.unwrap().0);
        assert!(line.contains("bun"), "{line}");
    }
    home.ctl(["delete", "workscript-api"]).ok();
}
