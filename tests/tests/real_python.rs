//! Python: uvicorn with FastAPI, in each of the ways in which people start it.

use std::time::Duration;

use tests::{Home, Signs, Site, journey, ports, runtimes};

/// A home with the app in it, in whose PATH the environment of the tools comes first.
fn fastapi() -> Option<(Home, Site)> {
    let venv = runtimes::venv()?;
    let mut home = Home::with_limit(Duration::from_secs(50));
    home.start_daemon();
    home.prepend_path(&venv.join("bin"));
    let site = Site::copied(&home, "fastapi", "app");
    site.link("venv", &venv);
    Some((home, site))
}

const fn signs(port: u16) -> Signs<'static> {
    Signs {
        name: "fastapi",
        port,
        says: "Uvicorn running on",
        on_stderr: true,
    }
}

fn lives_and_dies_under(interpreter: &str) {
    let Some((home, site)) = fastapi() else {
        return;
    };
    let port = ports::free();
    let values = [
        ("PORT", port.to_string()),
        ("INTERPRETER", interpreter.to_owned()),
    ];
    let values = values.each_ref().map(|(word, value)| (*word, &**value));
    site.configured("ecosystem.config.cjs", &values);
    home.ctl_in(site.folder(), ["start", "ecosystem.config.cjs"])
        .ok();
    journey::live_and_die(&home, signs(port));
}

#[test]
fn uvicorn_is_run_as_a_program() {
    lives_and_dies_under("none");
}

#[test]
fn uvicorn_is_run_by_python() {
    lives_and_dies_under("python3");
}

#[test]
fn uvicorn_is_run_by_a_command_line_with_its_port_in_a_variable() {
    let Some((mut home, site)) = fastapi() else {
        return;
    };
    let port = ports::free();
    home.set("PORT", port.to_string());
    let folder = site.folder().to_str().unwrap();
    let command = "uvicorn app.main:app --host 0.0.0.0 --port $PORT";
    home.ctl(["start", command, "--name", "fastapi", "--cwd", folder])
        .ok();
    journey::live_and_die(&home, signs(port));
}
