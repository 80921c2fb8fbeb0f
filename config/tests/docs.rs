//! The page about settings says what the table of settings says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;

const PAGE: &str = include_str!("../../docs/configuration.md");

#[test]
fn the_page_on_configuration_names_every_setting_and_says_what_it_does() {
    let schema = config::schema();
    let settings = schema["$defs"]["app"]["properties"].as_object().unwrap();
    let unserved = section("## Recognised, not heeded yet");
    let moot = section("## Recognised, nothing to do");
    let served = section("## Settings of an app");
    for (name, setting) in settings {
        let about = setting["description"].as_str().unwrap_or_default();
        let named = format!("`{name}`");
        if about.starts_with("The same as ") {
            continue;
        } else if about.ends_with("Not honoured yet.") {
            assert!(unserved.contains(&named), "{name} is not served");
        } else if about.contains("No effect: ") || moot.contains(&named) {
            assert!(moot.contains(&named), "{name} has no effect");
        } else {
            assert!(served.contains(&named), "{name} is missing");
            assert!(served.contains(about), "{name}: {about}");
        }
    }
    assert!(settings.values().any(Value::is_object));
}

fn section(heading: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(heading).unwrap();
    rest.split("\n## ").next().unwrap()
}
