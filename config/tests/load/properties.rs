//! Any text gives specifications or errors: never a panic, never a hang, never neither.

use config::{Bytes, Format, Loaded, Span, Wanted};
use proptest::prelude::*;

use crate::scene::Scene;

/// Pieces of which texts are made that get past the first line of a parser.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("apps".to_owned()),
        Just("script: server.js\n".to_owned()),
        Just("\"script\": \"server.js\",".to_owned()),
        Just("[[apps]]\n".to_owned()),
        Just("name = 'x'\n".to_owned()),
        Just("env".to_owned()),
        Just("instances".to_owned()),
        Just("&a".to_owned()),
        Just("*a".to_owned()),
        Just("<<: ".to_owned()),
        Just("'\u{0}".to_owned()),
        Just("1e999".to_owned()),
        Just("-9223372036854775808".to_owned()),
        "[\\[\\]{}:,\"'#=\\- \n\t]{1,3}",
        "\\PC{0,4}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
}

/// A text of pieces of programs. None of them loops: how long one may take is not the question.
fn program() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "module.exports = ",
            "exports.apps = ",
            "export default ",
            "export const apps = ",
            "import x from './server.js';\n",
            "require('./server.js')",
            "require('path').join(",
            "{ apps: [{ script: 'server.js' }] }",
            "apps: [",
            "script: ",
            "'server.js'",
            "process.env.A = ",
            "process.exit(3)",
            "return ",
            "throw ",
            "async () => ",
            "await ",
            "new Promise(",
            "null",
            "x => x",
            "class A ",
            "...",
            "//",
            "/*",
            "*/",
            "/[",
            "`${",
            "\\u{",
            "\u{feff}",
            "#!",
        ])
        .prop_map(str::to_owned),
        "[\\[\\]{}();:,.\"'`=\\- \n\t]{1,3}",
        "\\PC{0,4}",
    ];
    prop_oneof![
        4 => prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

fn said(loaded: &Loaded) -> bool {
    loaded.specs.is_empty() != loaded.errors.is_empty()
        && loaded
            .errors
            .iter()
            .chain(&loaded.warnings)
            .all(|finding| !finding.render(true).is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_yaml_gives_specs_or_errors(text in text()) {
        let scene = Scene::with(&["node"]);
        let loaded = config::load_text(Format::Yaml, &text, &scene.asker(), &Wanted::default());
        prop_assert!(said(&loaded), "{loaded:?}");
    }

    #[test]
    fn any_toml_gives_specs_or_errors(text in text()) {
        let scene = Scene::with(&["node"]);
        let loaded = config::load_text(Format::Toml, &text, &scene.asker(), &Wanted::default());
        prop_assert!(said(&loaded), "{loaded:?}");
    }

    #[test]
    fn any_json_gives_specs_or_errors(text in text()) {
        let scene = Scene::with(&["node"]);
        let loaded = config::load_text(Format::Json, &text, &scene.asker(), &Wanted::default());
        prop_assert!(said(&loaded), "{loaded:?}");
    }

    #[test]
    fn any_value_of_any_setting_gives_specs_or_errors(
        key in prop::sample::select(vec![
            "name", "script", "args", "cwd", "interpreter", "env", "instances", "out_file", "port",
            "max_restarts", "kill_signal", "stop_exit_codes", "uid", "filter_env", "env_file",
            "min_uptime", "max_memory_restart", "env_x", "exec_mode", "log_file", "namespace",
            "handover", "reload_check", "reload_batch", "drain_idle", "listen", "keepalive",
        ]),
        value in value(),
    ) {
        let scene = Scene::with(&["node"]);
        let text = serde_json::json!([{"script": "server.js", key: value}]).to_string();
        let loaded = config::load_text(Format::Json, &text, &scene.asker(), &Wanted::default());
        prop_assert!(said(&loaded), "{loaded:?}");
    }

    #[test]
    fn a_span_that_is_printed_reads_as_itself(ms in 0u64..3_153_600_000_000) {
        prop_assert_eq!(Span(ms).to_string().parse(), Ok(Span(ms)));
    }

    #[test]
    fn any_text_is_a_span_or_is_not(text in "\\PC{0,12}") {
        // What matters is that both end.
        let _span = text.parse::<Span>();
        let _bytes = text.parse::<Bytes>();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_program_gives_specs_or_errors(text in program()) {
        let scene = Scene::with(&["node"]);
        for format in [Format::JavaScript, Format::of_text(&text)] {
            let loaded = config::load_text(format, &text, &scene.asker(), &Wanted::default());
            prop_assert!(said(&loaded), "{loaded:?}");
        }
    }
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "[0-9]{1,4}[a-zA-Z]{0,2}".prop_map(Into::into),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

#[test]
fn a_file_with_a_mistake_in_every_line_is_answered_soon() {
    let scene = Scene::with(&["node"]);
    let many = |item: &str| format!("apps:\n{}", item.repeat((1 << 20) / item.len() - 1));
    for item in [
        "- script: a\n",
        "- a\n",
        "- {script: server.js, a: 1, b: 2}\n",
        "- {}\n",
    ] {
        let loaded = config::load_text(
            Format::Yaml,
            &many(item),
            &scene.asker(),
            &Wanted::default(),
        );
        assert!(!loaded.errors.is_empty());
        assert!(loaded.errors.len() <= 200 && loaded.warnings.len() <= 200);
    }
    let keys: String = (0..80_000).map(|n| format!("k{n}: 1\n")).collect();
    let text = format!("script: server.js\n{keys}");
    let loaded = config::load_text(Format::Yaml, &text, &scene.asker(), &Wanted::default());
    assert_eq!(loaded.specs.len(), 1);
    assert_eq!(loaded.warnings.len(), 200);
}
