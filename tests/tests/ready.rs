//! Apps that say themselves when they are ready.

use config::Span;
use protocol::Notice;
use protocol::notice::ReadyBy;
use protocol::reply::DeathBy;
use protocol::view::StateView;
use serde_json::{Value, json};
use tests::{Home, app, runtimes, with};

fn waiting(how: &str, after: &str) -> Value {
    with(
        app("slow", "slow_ready", &[how, "--after", after]),
        json!({ "wait_ready": true, "listen_timeout": "5s", "restart_delay": 60_000 }),
    )
}

/// How the app became ready, and after what time.
fn became_ready(home: &Home) -> (ReadyBy, Span) {
    home.wait("it is ready", |notice| {
        let Notice::Ready { by, after, .. } = notice else {
            return None;
        };
        Some((*by, *after))
    })
}

#[test]
fn an_app_is_ready_when_it_says_so_on_its_channel() {
    let home = Home::new();
    home.start(&waiting("channel", "700"));
    assert_eq!(home.state("slow"), StateView::Online);
    let (by, after) = became_ready(&home);
    assert_eq!(by, ReadyBy::Channel);
    assert!(after >= Span::millis(700), "{after}");
}

#[test]
fn an_app_is_ready_when_it_says_so_on_its_notify_socket() {
    let home = Home::new();
    home.start(&waiting("notify", "700"));
    let (by, after) = became_ready(&home);
    assert_eq!(by, ReadyBy::Notify);
    assert!(after >= Span::millis(700), "{after}");
}

#[test]
fn an_app_that_is_late_has_failed_and_the_reason_is_said() {
    let home = Home::new();
    let late = json!({ "listen_timeout": 600 });
    home.try_start(&[with(waiting("never", "0"), late)])
        .exits(1)
        .complains_of(&["slow", "ready", "600ms"]);
    let within = Span::millis(600);
    assert_eq!(home.wait_died("slow").how, DeathBy::NotReady { within });
    assert_eq!(home.state("slow"), StateView::WaitingRestart);
}

#[test]
fn a_plain_app_is_ready_when_it_has_lived_half_a_second() {
    let home = Home::new();
    home.start(&app("web", "listener", &[]));
    let (by, after) = became_ready(&home);
    assert_eq!(by, ReadyBy::Lived);
    assert!((500..1000).contains(&after.as_millis()), "{after}");
}

#[test]
fn node_says_it_by_process_send() {
    let Some(node) = runtimes::node() else { return };
    let mut home = Home::new();
    home.prepend_path(node.parent().unwrap());
    home.write(
        "server.js",
        "setTimeout(() => process.send('ready'), 600); setInterval(() => {}, 1000);",
    );
    home.ctl(["start", "server.js", "--wait-ready"]).ok();
    assert_eq!(became_ready(&home).0, ReadyBy::Channel);
}
