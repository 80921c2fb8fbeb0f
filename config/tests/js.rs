//! The evaluator against whole files, and against Node.
#![cfg(feature = "load")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says aloud what it skips"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use config::Env;
use config::js::{Evaluated, Host, JsError, Limits, Runtime, Source, evaluate};
use proptest::prelude::{ProptestConfig, prop, proptest};
use serde_json::{Value, json};

/// Where Node is looked for; without it, what needs it is skipped and says so.
const NODE: &str = "/usr/bin/node";

/// The folder with the configurations.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/js")
}

/// A host in a folder, with an environment in which `path` is the `PATH`.
fn host(cwd: &Path, path: &str) -> Host {
    let pairs = [
        ("PATH", path),
        ("HOME", "/home/someone"),
        ("GIVEN", "from outside"),
        ("DOOMED", "x"),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Host {
        cwd: cwd.to_owned(),
        env: pairs.into_iter().collect::<Env>(),
        home: None,
        argv: vec!["node".to_owned(), "wsctl".to_owned(), "start".to_owned()],
        exec_path: PathBuf::from(NODE),
        limits: Limits::default(),
        console: Rc::new(|_| {}),
    }
}

/// Evaluates a text as a file of this name in a folder of its own, with no runtime in `PATH`.
fn alone(name: &str, text: &str) -> Result<Evaluated, JsError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    evaluate(&Source::File(&file), &host(folder.path(), ""))
}

/// The value of a CommonJS text.
#[track_caller]
fn value(text: &str) -> Value {
    alone("x.cjs", text).unwrap().value
}

/// The error of a CommonJS text.
#[track_caller]
fn error(text: &str) -> JsError {
    alone("x.cjs", text).unwrap_err()
}

/// Where an error is and what it says: `line:column message`.
fn placed(error: &JsError) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let (line, column) = (number(error.line), number(error.column));
    format!("{line}:{column} {}", error.message)
}

/// What Node makes of a file: its value and its changes of the environment.
fn reference(file: &Path, host: &Host) -> (Value, BTreeMap<String, Option<String>>) {
    let output = Command::new(NODE)
        .arg("--no-warnings")
        .arg(fixtures().join("reference.mjs"))
        .arg(file)
        .args(&host.argv)
        .current_dir(&host.cwd)
        .env_clear()
        .envs(&host.env.0)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{}: {error}: {errors}", file.display()));
    let changes = serde_json::from_value(report["changes"].take()).unwrap();
    (report["value"].take(), changes)
}

/// All configurations among the fixtures: the name of the folder and the file.
fn configurations() -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|folder| {
            let file = ["cjs", "mjs", "js"]
                .map(|ending| folder.join(format!("ecosystem.config.{ending}")))
                .into_iter()
                .find(|file| file.exists())?;
            Some((folder.file_name()?.to_str()?.to_owned(), file))
        })
        .collect();
    found.sort();
    found
}

/// Evaluates every configuration whose folder satisfies `wanted` and compares with Node.
fn compare_with_node(wanted: impl Fn(&str) -> bool, runtime: &Runtime) {
    if !Path::new(NODE).exists() {
        println!("skipped: there is no {NODE}");
        return;
    }
    let mut differing = Vec::new();
    let mut compared = 0;
    for (name, file) in configurations()
        .into_iter()
        .filter(|(name, _)| wanted(name))
    {
        let host = host(file.parent().unwrap(), "/usr/bin:/bin");
        let expected = reference(&file, &host);
        compared += 1;
        match evaluate(&Source::File(&file), &host) {
            Ok(got) if got.runtime != *runtime => {
                differing.push(format!("{name}: {:?}", got.note));
            }
            Ok(got) if (&got.value, &got.env_changes) == (&expected.0, &expected.1) => {}
            Ok(got) => differing.push(format!(
                "{name}:\n ours {} {:?}\n node {} {:?}",
                got.value, got.env_changes, expected.0, expected.1
            )),
            Err(error) => differing.push(format!("{name}: {error:?}")),
        }
    }
    assert!(compared > 0);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn the_engine_answers_as_node_does() {
    compare_with_node(|name| !name.starts_with("runtime_"), &Runtime::Embedded);
}

#[test]
fn what_the_engine_lacks_is_answered_by_node() {
    let node = Runtime::Node(PathBuf::from(NODE));
    compare_with_node(|name| name.starts_with("runtime_"), &node);
}

#[test]
fn an_expression_may_have_comments_calls_and_require() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{ // a comment\n apps: [{ name: require('path').basename('/x/y'), cwd: process.cwd() },], } // end";
    let source = Source::Expression {
        name: "x.json",
        text,
    };
    let cwd = folder.path().canonicalize().unwrap();
    let got = evaluate(&source, &host(&cwd, "")).unwrap();
    assert_eq!(got.value, json!({"apps": [{"name": "y", "cwd": cwd}]}));
}

#[test]
fn an_expression_says_where_it_is_wrong() {
    let source = Source::Expression {
        name: "x.json",
        text: "{ a: 1,\n b c }",
    };
    let error = evaluate(&source, &host(Path::new("/"), "")).unwrap_err();
    assert_eq!(error.file.as_deref(), Some(Path::new("x.json")));
    assert_eq!(placed(&error), "2:4 SyntaxError: Unexpected identifier 'c'");
    let source = Source::Expression {
        name: "x.json",
        text: "{ a: b }",
    };
    let error = evaluate(&source, &host(Path::new("/"), "")).unwrap_err();
    assert_eq!(placed(&error), "1:6 ReferenceError: b is not defined");
}

#[test]
fn errors_have_the_place_of_the_file_that_threw() {
    assert_eq!(
        placed(&error("let a = 1;\n\nmissing.x;")),
        "3:1 ReferenceError: missing is not defined"
    );
    assert_eq!(
        placed(&error("missing")),
        "1:1 ReferenceError: missing is not defined"
    );
    assert_eq!(
        placed(&error(
            "module.exports = () => {\n  throw new TypeError('no');\n}"
        )),
        "2:13 TypeError: no"
    );
    assert_eq!(
        placed(&error("module.exports = {\n  a: 1\n  b: 2 }")),
        "3:3 SyntaxError: Unexpected identifier 'b'"
    );
    let error = alone("x.mjs", "import fs from 'fs';\nexport default fs.\n").unwrap_err();
    assert_eq!(error.line, Some(2), "{error:?}");
}

#[test]
fn columns_count_letters() {
    assert_eq!(
        placed(&error("const é = '👍'; x.y")),
        "1:16 ReferenceError: x is not defined"
    );
    assert_eq!(
        placed(&error("\nconst é = '👍' y")),
        "2:15 SyntaxError: expecting ';'"
    );
}

#[test]
fn what_was_evaluated_is_not_printed_for_debugging() {
    let got = alone(
        "x.cjs",
        "process.env.A = 'hunter2'; module.exports = 'hunter2'",
    )
    .unwrap();
    assert!(!format!("{got:?}").contains("hunter2"));
}

#[test]
fn an_expression_is_evaluated_elsewhere_too() {
    if !Path::new(NODE).exists() {
        println!("skipped: there is no {NODE}");
        return;
    }
    let text = "{ env: process.env.GIVEN, upper: new Intl.NumberFormat('en').format(1234) } // end";
    let source = Source::Expression {
        name: "x.json",
        text,
    };
    let got = evaluate(&source, &host(Path::new("/"), "/usr/bin")).unwrap();
    assert_eq!(got.value, json!({"env": "from outside", "upper": "1,234"}));
}

#[test]
fn a_dotenv_that_only_the_engine_has_is_explained_where_another_runtime_is_needed() {
    if !Path::new(NODE).exists() {
        println!("skipped: there is no {NODE}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let needs_node = "new Intl.NumberFormat('en');";
    for (name, text) in [
        ("x.cjs", "require('dotenv').config();"),
        ("y.mjs", "import 'dotenv/config';"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, format!("{text}\n{needs_node}")).unwrap();
        let host = host(folder.path(), "/usr/bin");
        let error = evaluate(&Source::File(&file), &host).unwrap_err();
        assert!(error.message.contains("'dotenv"), "{error:?}");
        let hint = error.hint.unwrap();
        assert!(hint.contains("`Intl`"), "{hint}");
        assert!(hint.contains("npm install dotenv"), "{hint}");
    }
}

#[test]
fn a_program_in_no_file_is_evaluated_elsewhere_too() {
    if !Path::new(NODE).exists() {
        println!("skipped: there is no {NODE}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    std::fs::write(folder.join("part.js"), "exports.name = 'part'").unwrap();
    for text in [
        "exports.list = [require('./part').name, __dirname, new Intl.NumberFormat('en').format(1234)]",
        "import fs from 'node:fs';\nexport const list = [fs.existsSync('part.js') && 'part', \
         process.cwd(), new Intl.NumberFormat('en').format(1234)]",
    ] {
        let source = Source::Text {
            name: "<stdin>",
            text,
        };
        let got = evaluate(&source, &host(&folder, "/usr/bin")).unwrap();
        assert_eq!(got.value, json!({"list": ["part", folder, "1,234"]}));
        assert_eq!(got.runtime, Runtime::Node(PathBuf::from(NODE)));
    }
    let text = "new Intl.NumberFormat('en');\nmissing.x";
    let source = Source::Text {
        name: "<stdin>",
        text,
    };
    let error = evaluate(&source, &host(&folder, "/usr/bin")).unwrap_err();
    assert_eq!(placed(&error), "2:1 ReferenceError: missing is not defined");
    assert_eq!(error.file.as_deref(), Some(Path::new("<stdin>")));
}

#[test]
fn a_program_that_is_cut_off_says_so_at_its_last_line() {
    let cut_off = "SyntaxError: the text ends where more is expected";
    for (text, place) in [
        ("module.exports = {\n  apps: [{ script: 'a' }\n", "2:25"),
        (
            "module.exports = {\n  apps: [{ script: 'é' }],\n\n\n",
            "2:27",
        ),
        ("if (1) {\n foo()\n", "2:7"),
        ("const a = b =>", "1:15"),
        ("class A {\n", "1:10"),
    ] {
        assert_eq!(placed(&error(text)), format!("{place} {cut_off}"), "{text}");
        let module = format!("{text}\n");
        let module = alone("x.mjs", &module).unwrap_err();
        assert_eq!(placed(&module), format!("{place} {cut_off}"), "{text}");
        assert!(module.hint.is_some());
    }
    let either = alone("x.js", "export default {\n  apps: [").unwrap_err();
    assert_eq!(placed(&either), format!("2:10 {cut_off}"));
    let marked = error("\u{feff}module.exports = {");
    assert_eq!(placed(&marked), format!("1:19 {cut_off}"));
}

#[test]
fn a_brace_too_many_is_named_and_not_the_end_of_the_text() {
    let surplus = "SyntaxError: unexpected token in expression: '}'";
    for name in ["x.cjs", "x.js"] {
        let placed = |text| placed(&alone(name, text).unwrap_err());
        assert_eq!(placed("module.exports = {}}\n"), format!("1:20 {surplus}"));
        assert_eq!(
            placed("module.exports = {\n}}\nfoo()\n"),
            format!("2:2 {surplus}")
        );
        let needs_a_function = placed("if (1) return;\nmodule.exports = {}}\n");
        assert!(
            needs_a_function.contains("a `}` closes more than was opened"),
            "{needs_a_function}"
        );
    }
}

#[test]
fn an_error_in_a_required_file_names_that_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    std::fs::write(folder.join("part.js"), "\n\nexports.x = nope;").unwrap();
    std::fs::write(folder.join("bad.js"), "let let = 1;").unwrap();
    let main = folder.join("x.cjs");
    for (text, file, line) in [
        ("require('./part')", "part.js", 3),
        ("module.exports = import('./bad.js')", "bad.js", 1),
        ("\nrequire('./none')", "x.cjs", 2),
    ] {
        std::fs::write(&main, text).unwrap();
        let error = evaluate(&Source::File(&main), &host(&folder, "")).unwrap_err();
        assert_eq!(error.file, Some(folder.join(file)), "{error:?}");
        assert_eq!(error.line, Some(line), "{error:?}");
    }
}

#[test]
fn an_import_of_nothing_has_its_place() {
    let error = alone("x.mjs", "import a from 'fs';\nimport b from './none.mjs';").unwrap_err();
    assert_eq!(
        placed(&error),
        "2:15 Error: Cannot find module './none.mjs'"
    );
}

#[test]
fn a_thrown_text_is_an_error_too() {
    assert_eq!(error("throw 'just text'").message, "threw just text");
    assert_eq!(error("throw null").message, "threw null");
    assert_eq!(
        error("module.exports = Promise.reject(7)").message,
        "threw 7"
    );
}

#[test]
fn what_is_no_json_is_an_error() {
    assert!(
        error("module.exports = { a: 1n }")
            .message
            .starts_with("TypeError")
    );
    assert!(
        error("const a = {}; a.a = a; module.exports = a")
            .message
            .starts_with("TypeError")
    );
    assert_eq!(value("module.exports = undefined"), Value::Null);
}

#[test]
fn exit_ends_the_evaluation_even_in_a_try() {
    let error = error("\ntry { process.exit(3) } catch {}\nmodule.exports = {}");
    assert_eq!(placed(&error), "2:15 it called process.exit(3)");
}

#[test]
fn a_promise_that_nothing_settles_is_an_error() {
    let error = error("module.exports = new Promise(() => {})");
    assert_eq!(error.message, "it exports a promise that nothing settles");
}

/// Evaluates with little time and memory.
fn limited(text: &str) -> JsError {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.cjs");
    std::fs::write(&file, text).unwrap();
    let mut host = host(folder.path(), "/usr/bin");
    host.limits.time = Duration::from_millis(200);
    host.limits.memory = 16 << 20;
    evaluate(&Source::File(&file), &host).unwrap_err()
}

#[test]
fn loops_end_when_time_is_over_and_no_runtime_is_asked() {
    for text in [
        "for (;;);",
        "try { for (;;); } catch {}",
        "const again = () => { Promise.resolve().then(again) }; again(); module.exports = new Promise(() => {})",
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "[].indexOf.call({ length: 2 ** 53 - 1 }, 1)",
    ] {
        assert_eq!(
            limited(text).message,
            "it is not done after 0.2 s",
            "{text}"
        );
    }
}

#[test]
fn memory_ends_when_the_limit_is_reached() {
    let error = limited("const a = []; for (;;) a.push(new Uint8Array(1 << 20));");
    assert_eq!(error.message, "it needs more than 16 MiB of memory");
}

#[test]
fn endless_recursion_is_an_error_with_a_place() {
    let error = error("function f() { return f() + 1 }\nf()");
    assert!(error.message.starts_with("RangeError"), "{error:?}");
    let deep = "[".repeat(100_000);
    assert!(alone("x.cjs", &deep).is_err());
    let nested = "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; module.exports = a";
    assert!(alone("x.cjs", nested).is_err());
}

#[test]
fn what_is_missing_is_named_where_no_runtime_is() {
    for (name, text, line, what) in [
        (
            "x.cjs",
            "const x = 1;\nrequire('child_process').execSync('id')",
            2,
            "the module `child_process`",
        ),
        (
            "x.cjs",
            "try {\n setTimeout(() => {}, 1)\n} catch {}",
            2,
            "`setTimeout`",
        ),
        ("x.cjs", "new Intl.NumberFormat()", 1, "`Intl`"),
        (
            "x.cjs",
            "\n\nrequire('fs').writeFileSync('x', 'y')",
            3,
            "`fs.writeFileSync`",
        ),
        (
            "x.ts",
            "const a = 1;\nconst b: string = 'x';\nexport default {};",
            2,
            "the syntax of TypeScript",
        ),
    ] {
        let error = alone(name, text).unwrap_err();
        assert_eq!(error.line, Some(line), "{text}: {error:?}");
        let message = format!(
            "{what} is not in the built-in engine, and no `node`, `bun` or `deno` is in PATH"
        );
        assert_eq!(error.message, message);
        assert!(error.hint.is_some());
    }
}

#[test]
fn plain_javascript_in_a_typescript_file_needs_no_runtime() {
    let got = alone("x.ts", "export default { apps: [1] };").unwrap();
    assert_eq!(got.value, json!({"apps": [1]}));
    assert_eq!(got.runtime, Runtime::Embedded);
}

#[test]
fn names_of_what_is_missing_may_be_carried_about() {
    let text = "const { execSync } = require('child_process');\nmodule.exports = { kind: typeof setTimeout, a: require('events').length === 0 || 1 }";
    assert!(
        alone("x.cjs", text).is_err(),
        "a stand-in was asked for a property"
    );
    let text = "const { writeFileSync } = require('fs'); const http = require('http');\n\
        module.exports = { kinds: [typeof writeFileSync, typeof http, typeof Intl] }";
    assert_eq!(
        value(text),
        json!({"kinds": ["function", "object", "object"]})
    );
}

#[test]
fn a_note_says_why_another_runtime_was_used() {
    if !Path::new(NODE).exists() {
        println!("skipped: there is no {NODE}");
        return;
    }
    let file = fixtures().join("runtime_child_process/ecosystem.config.cjs");
    let got = evaluate(&Source::File(&file), &host(&fixtures(), "/usr/bin:/bin")).unwrap();
    let place = format!("{}:1", file.display());
    let note = format!(
        "evaluated with `{NODE}`: the module `child_process` ({place}) is not in the built-in engine"
    );
    assert_eq!(got.note, Some(note));
}

#[test]
fn an_error_in_another_runtime_has_its_place_and_the_reason_for_it() {
    if !Path::new(NODE).exists() {
        println!("skipped: there is no {NODE}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let file = folder.join("x.cjs");
    for (text, expected) in [
        (
            "setTimeout;\nclearTimeout();\nnope;",
            "3:1 ReferenceError: nope is not defined",
        ),
        (
            "clearTimeout();\n process.exit(4)",
            "2:10 it called process.exit(4)",
        ),
        (
            "clearTimeout();\nmodule.exports = require('./broken')",
            "1:1 SyntaxError: Unexpected token ')'",
        ),
    ] {
        std::fs::write(folder.join("broken.js"), ") {").unwrap();
        std::fs::write(&file, text).unwrap();
        let error = evaluate(&Source::File(&file), &host(&folder, "/usr/bin")).unwrap_err();
        assert_eq!(placed(&error), expected, "{error:?}");
    }
}

#[test]
fn a_runtime_that_does_not_end_is_stopped() {
    if !Path::new(NODE).exists() {
        println!("skipped: there is no {NODE}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.cjs");
    std::fs::write(&file, "clearTimeout(); for (;;);").unwrap();
    let mut host = host(folder.path(), "/usr/bin");
    host.limits.runtime_time = Duration::from_millis(500);
    let error = evaluate(&Source::File(&file), &host).unwrap_err();
    assert_eq!(error.message, "it is not done after 0.5 s");
}

#[test]
fn the_console_is_heard_once_even_when_two_runtimes_ran() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.cjs");
    let texts = [
        (
            "console.log('a %d', 1); console.warn({ b: [1] })",
            vec!["a 1", "{ b: [ 1 ] }"],
        ),
        (
            "console.log('x'); clearTimeout(); console.log('y')",
            vec!["x", "y"],
        ),
    ];
    for (text, expected) in texts {
        std::fs::write(&file, text).unwrap();
        let lines = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&lines);
        let mut host = host(folder.path(), "/usr/bin");
        host.console = Rc::new(move |line| heard.borrow_mut().push(line.to_owned()));
        let is_skipped = text.contains("clearTimeout") && !Path::new(NODE).exists();
        if is_skipped {
            println!("skipped: there is no {NODE}");
            continue;
        }
        evaluate(&Source::File(&file), &host).unwrap();
        assert_eq!(*lines.borrow(), expected);
    }
}

#[test]
fn dotenv_fills_the_environment_as_npm_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(
        folder.join(".env"),
        "A=1\nGIVEN=over\nPASS=\"pa$$word\" # note\n",
    )
    .unwrap();
    std::fs::write(folder.join("more.env"), "A=2\nB=b c\n").unwrap();
    let run = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        let got = evaluate(&Source::File(&file), &host(folder, "")).unwrap();
        let changes = got.env_changes.into_iter();
        let shown: Vec<String> = changes
            .map(|(name, value)| format!("{name}={}", value.unwrap()))
            .collect();
        (shown.join(" "), got.value)
    };
    assert_eq!(
        run("a.cjs", "require('dotenv').config()").0,
        "A=1 PASS=pa$$word"
    );
    assert_eq!(
        run("b.mjs", "import 'dotenv/config';").0,
        "A=1 PASS=pa$$word"
    );
    let many = "require('dotenv').config({ path: ['more.env', '.env'], override: true })";
    assert_eq!(run("c.cjs", many).0, "A=1 B=b c GIVEN=over PASS=pa$$word");
    let parsed = "module.exports = require('dotenv').config({ path: 'none' }).error.code";
    assert_eq!(run("d.cjs", parsed), (String::new(), json!("ENOENT")));
    let own = "const t = {}; require('dotenv').config({ processEnv: t }); module.exports = t";
    assert_eq!(
        run("e.cjs", own),
        (
            String::new(),
            json!({"A": "1", "GIVEN": "over", "PASS": "pa$$word"})
        )
    );
}

#[test]
fn a_changed_time_zone_does_not_change_the_answer_silently() {
    let harmless =
        "process.env.TZ = 'Asia/Tokyo'; module.exports = { at: new Date(0).toISOString() }";
    assert_eq!(value(harmless), json!({"at": "1970-01-01T00:00:00.000Z"}));
    let error =
        error("process.env.TZ = 'Asia/Tokyo'; module.exports = { at: new Date(0).getHours() }");
    assert!(
        error
            .message
            .starts_with("`Date.prototype.getHours` is not in"),
        "{error:?}"
    );
}

#[test]
fn devices_and_pipes_are_not_read() {
    let error = error("require('fs').readFileSync('/dev/zero')");
    assert!(
        error
            .message
            .contains("`/dev/zero`, which is no plain file"),
        "{error:?}"
    );
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = evaluate(
        &Source::File(Path::new("none.cjs")),
        &host(Path::new("/"), ""),
    )
    .unwrap_err();
    assert_eq!(error.file.as_deref(), Some(Path::new("none.cjs")));
    assert!(error.message.starts_with("it cannot be read"), "{error:?}");
}

/// Words that make a text look like a configuration now and then.
const WORDS: [&str; 32] = [
    "module.exports",
    "=",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "apps",
    ":",
    ",",
    "'x'",
    "1",
    "require",
    "'fs'",
    "import",
    "from",
    "export default",
    "await",
    "async",
    "=>",
    "function",
    "process.env",
    ".",
    "\n",
    ";",
    "`",
    "throw",
    "try",
    "catch",
    "...",
    "new Proxy({}, {})",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_a_value_or_an_error(text in ".{0,60}") {
        let source = Source::Expression { name: "x.json", text: &text };
        let mut host = host(Path::new("/"), "");
        host.limits.time = Duration::from_secs(2);
        evaluate(&source, &host).map(drop).unwrap_or_default();
        alone("x.js", &text).map(drop).unwrap_or_default();
    }

    #[test]
    fn any_words_give_a_value_or_an_error(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..20)) {
        alone("x.js", &words.join(" ")).map(drop).unwrap_or_default();
    }
}
