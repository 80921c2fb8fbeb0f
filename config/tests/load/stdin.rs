//! What comes on standard input: in which format it is taken, and programs that are in no file.

use config::{Format, Loaded, Source, Wanted};

use crate::scene::{Scene, one};

/// Loads a text as `wsctl check -` does.
fn piped(scene: &Scene, text: &str) -> Loaded {
    let source = Source::Stdin(text.to_owned());
    config::load(&source, &scene.asker(), &Wanted::default())
}

/// The only error: `line:column what`, and the text that it points at.
#[track_caller]
fn error(text: &str) -> (String, String) {
    let scene = Scene::with(&["node"]);
    let loaded = piped(&scene, text);
    assert_eq!(loaded.errors.len(), 1, "{:?}", loaded.errors);
    let error = &loaded.errors[0];
    assert_eq!(error.file.as_deref(), Some("<stdin>"));
    let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let place = format!("{}:{}", number(error.line), number(error.column));
    let excerpt = error.excerpt.as_ref().map(|excerpt| {
        let chars = excerpt.text.chars().skip(excerpt.skip as usize);
        chars.take(3).collect()
    });
    (
        format!("{place} {}", error.what),
        excerpt.unwrap_or_default(),
    )
}

#[test]
fn the_column_of_a_mistake_in_the_first_line_is_the_text_s_own() {
    let (what, excerpt) = error("module.exports={apps:[{script: foo}]}\n");
    assert_eq!(what, "1:32 ReferenceError: foo is not defined");
    assert_eq!(excerpt, "foo");
    let (what, _) = error("export default { apps: [{ script: foo }] }\n");
    assert_eq!(what, "1:35 ReferenceError: foo is not defined");
}

#[test]
fn a_program_is_known_by_its_lines() {
    for text in [
        "module.exports = { apps: [] }",
        "'use strict';\nmodule.exports = {}",
        "\"use strict\"\nexports.apps = []",
        "require('dotenv').config();\nmodule.exports = {}",
        "#!/usr/bin/env node\nmodule.exports = {}",
        "process.env.A = '1';\nmodule.exports = {}",
        "/* apps */\nexport default {}",
        "import path from 'path';\nexport default {}",
        "import { join } from 'node:path'\nconst x = join('a')\nexport const apps = []",
        "let apps = [];\nexport { apps };",
        "export const apps = [{}]",
        "if (1) {}\nmodule.exports.apps = []",
        "async function apps() {}\nexports.apps = apps",
    ] {
        assert_eq!(Format::of_text(text), Format::JavaScript, "{text}");
    }
    for (text, format) in [
        (
            "apps:\n  - script: |\n      export A=1\n      exports.x\n",
            Format::Yaml,
        ),
        ("import: x\napps: []", Format::Yaml),
        ("export = 1\n", Format::Toml),
        ("constant: 1", Format::Yaml),
        ("/*\nimport this\n*/\n{\"apps\": []}", Format::Json),
        ("// exports\n{ apps: [] }", Format::Json),
    ] {
        assert_eq!(Format::of_text(text), format, "{text}");
    }
}

#[test]
fn an_es_module_and_a_common_js_program_are_read_from_standard_input() {
    let scene = Scene::with(&["node"]);
    scene.file("part.json", r#"{ "name": "from-part" }"#);
    scene.file("part.cjs", "exports.name = 'from-part'");
    for text in [
        "const path = require('path');\nmodule.exports = { apps: [{ name: require('./part').name, \
         script: path.join(__dirname, 'server.js') }] }",
        "'use strict';\nexports.apps = [{ name: 'from-part', script: __filename.replace('<stdin>', \
         'server.js') }]",
        "import { name } from './part.cjs';\nexport default { apps: [{ name, script: 'server.js' }] }",
        "import { dirname } from 'node:path';\nexport const apps = [{ name: 'from-part', script: \
         dirname(import.meta.filename) + '/server.js' }]",
        "#!/usr/bin/env node\nmodule.exports = async () => [{ name: 'from-part', script: 'server.js' }]",
    ] {
        let spec = one(piped(&scene, text));
        assert_eq!(spec.name.as_str(), "from-part", "{text}");
        assert_eq!(spec.exec.script, scene.path("server.js"), "{text}");
    }
}

#[test]
fn an_es_module_may_be_in_a_file_of_any_name() {
    let scene = Scene::with(&["node"]);
    one(scene.load("apps", "export default { apps: [{ script: 'server.js' }] }"));
    one(scene.load(
        "apps.conf",
        "'use strict'\nexports.apps = [{ script: 'server.js' }]",
    ));
}

#[test]
fn what_a_program_from_standard_input_does_not_find_has_a_place() {
    let (what, excerpt) = error("export default {};\nimport './none.js';\n");
    assert_eq!(what, "2:8 Error: Cannot find module './none.js'");
    assert_eq!(excerpt, "'./");
    let (what, _) = error("require('./none.js')");
    assert_eq!(what, "1:1 Error: Cannot find module './none.js'");
}
