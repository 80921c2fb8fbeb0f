//! A start from each kind of configuration file.

use protocol::view::StateView;
use serde_json::Value;
use tests::{Home, binaries, runtimes};

/// Starts from a file of this name and contents, in which `@` stands for the program, and gives the
/// environment of the app `web`.
fn environment_by(file: &str, contents: &str) -> Value {
    environment_in(&Home::new(), file, contents)
}

fn environment_in(home: &Home, file: &str, contents: &str) -> Value {
    let program = binaries::fake("echo_env");
    let text = contents.replace('@', program.to_str().expect("a path is text"));
    home.write(file, &text);
    home.ctl(["start", file]).ok();
    assert_eq!(home.state("web"), StateView::Online);
    let given: Value = serde_json::from_str(&home.wait_said("web", "\n")).expect("JSON");
    given["environment"].clone()
}

#[test]
fn json_with_comments() {
    let text =
        r#"{ "apps": [ { "name": "web", "script": "@", /* why */ "env": { "KIND": 1 }, } ] }"#;
    assert_eq!(environment_by("process.json", text)["KIND"], "1");
}

#[test]
fn json_that_is_javascript() {
    let text = "{ apps: [{ name: 'web', script: '@', env: { KIND: process.env.HOME + 2 } }] }";
    let kind = &environment_by("process.json", text)["KIND"];
    assert!(kind.as_str().unwrap().ends_with('2'));
}

#[test]
fn yaml() {
    let text = "apps:\n  - name: web\n    script: '@'\n    env:\n      KIND: yes\n";
    assert_eq!(environment_by("process.yml", text)["KIND"], "yes");
}

#[test]
fn toml() {
    let text = "[[apps]]\nname = \"web\"\nscript = \"@\"\nenv = { KIND = \"toml\" }\n";
    assert_eq!(environment_by("ecosystem.toml", text)["KIND"], "toml");
}

#[test]
fn a_module_that_exports_a_default() {
    let text = "import path from 'path';\n\
        export default { apps: [{ name: 'web', script: '@', env: { KIND: path.join('a', 'b') } }] };";
    assert_eq!(environment_by("ecosystem.config.mjs", text)["KIND"], "a/b");
}

#[test]
fn an_asynchronous_function() {
    let text = "module.exports = async () => ({ apps: [{ name: 'web', script: '@', \
        env: { KIND: await Promise.resolve('later') } }] });";
    assert_eq!(
        environment_by("ecosystem.config.cjs", text)["KIND"],
        "later"
    );
}

#[test]
fn one_app_without_a_list() {
    let text = "module.exports = { name: 'web', script: '@', env: { KIND: 'one' } };";
    assert_eq!(environment_by("ecosystem.config.js", text)["KIND"], "one");
}

#[test]
fn what_dotenv_loads_reaches_the_app() {
    let home = Home::new();
    home.write(".env", "FROM_DOTENV='a value'\n");
    let text = "require('dotenv').config();\n\
        module.exports = [{ name: 'web', script: '@' }];";
    let environment = environment_in(&home, "ecosystem.config.cjs", text);
    assert_eq!(environment["FROM_DOTENV"], "a value");
}

#[test]
fn a_port_and_the_name_of_the_environment() {
    let home = Home::new();
    home.write(
        "ecosystem.config.cjs",
        &format!(
            "module.exports = [{{ name: 'web', script: '{}', port: 4001, append_env_to_name: true, \
             env_staging: {{}} }}];",
            binaries::fake("echo_env").display()
        ),
    );
    home.ctl(["start", "ecosystem.config.cjs", "--env", "staging"])
        .ok();
    home.wait_said("web-staging", r#""PORT":"4001""#);
}

#[test]
fn typescript_with_types_is_read_by_bun() {
    let Some(bun) = runtimes::bun() else { return };
    let mut home = Home::new();
    home.prepend_path(bun.parent().unwrap());
    let text = "const kind: string = 'typed';\n\
        export default { apps: [{ name: 'web', script: '@', env: { KIND: kind } }] };";
    let environment = environment_in(&home, "ecosystem.config.ts", text);
    assert_eq!(environment["KIND"], "typed");
}
