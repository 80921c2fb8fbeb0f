//! Node, with Express.

use std::time::Duration;

use tests::{Home, Signs, Site, journey, ports, runtimes};

#[test]
fn an_express_app_lives_and_dies() {
    let (Some(node), Some(modules)) = (runtimes::node(), runtimes::npm("express")) else {
        return;
    };
    let mut home = Home::with_limit(Duration::from_secs(50));
    home.start_daemon();
    home.prepend_path(node.parent().unwrap());
    let site = Site::copied(&home, "express", "app");
    site.link("node_modules", &modules);
    let port = ports::free();
    site.configured("ecosystem.config.js", &[("PORT", &port.to_string())]);
    home.ctl_in(site.folder(), ["start", "ecosystem.config.js"])
        .ok();
    let signs = Signs {
        name: "webprometrics",
        port,
        says: "Express listens on",
        on_stderr: false,
    };
    journey::live_and_die(&home, signs);
}
