//! Entries of a configuration, as values.

use serde_json::{Value, json};

use crate::binaries;

/// An app that runs one of the fake apps.
///
/// # Panics
/// Where there is no such program.
#[must_use]
pub fn app(name: &str, program: &str, arguments: &[&str]) -> Value {
    json!({ "name": name, "script": binaries::fake(program), "args": arguments })
}

/// The app with these settings put over its own.
///
/// # Panics
/// Where one of the two is no object.
#[must_use]
pub fn with(mut app: Value, settings: Value) -> Value {
    let Value::Object(settings) = settings else {
        panic!("settings are an object: {settings}")
    };
    app.as_object_mut()
        .expect("an app is an object")
        .extend(settings);
    app
}
