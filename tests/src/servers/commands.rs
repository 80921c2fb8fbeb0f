//! The command line of each server, as people type it.

use super::{Line, Runtime, files};
use crate::runtimes;

/// How a server is run; none, said out loud, where something is not installed.
pub(super) fn line(runtime: Runtime) -> Option<Line> {
    match runtime {
        Runtime::Node => node("node.js"),
        Runtime::NodeGraceful => node("node_graceful.js"),
        Runtime::NodeCluster => node("node_cluster.js"),
        Runtime::Bun => bun("bun.js"),
        Runtime::BunNode => bun("node.js"),
        Runtime::Deno => deno(),
        Runtime::Uvicorn => uvicorn(&["--loop", "asyncio", "--http", "h11"]),
        Runtime::UvicornLoop => uvicorn(&["--loop", "uvloop", "--http", "httptools"]),
        Runtime::UvicornWorkers => uvicorn(&["--workers", "2"]),
        Runtime::Gunicorn => gunicorn(&["--workers", "4", "wsgi:app"]),
        Runtime::GunicornUvicorn => {
            let worker = "uvicorn_worker.UvicornWorker";
            gunicorn(&["--workers", "2", "--worker-class", worker, "asgi:app"])
        }
        Runtime::Go => go(),
        Runtime::Nginx => nginx(),
    }
}

/// A file that Node runs.
pub(super) fn node(file: &str) -> Option<Line> {
    Some(Line {
        program: runtimes::node()?,
        script: Some(files().join(file)),
        arguments: Vec::new(),
    })
}

fn bun(file: &str) -> Option<Line> {
    Some(Line {
        program: runtimes::bun()?,
        script: Some(files().join(file)),
        arguments: Vec::new(),
    })
}

fn deno() -> Option<Line> {
    let file = files().join("deno.js");
    let words = ["run", "--allow-all", "--no-config", "--no-remote"];
    Some(Line {
        program: runtimes::deno()?,
        script: None,
        arguments: with(&words, file.to_string_lossy().into_owned()),
    })
}

fn uvicorn(words: &[&str]) -> Option<Line> {
    let app_dir = format!("--app-dir={}", files().display());
    let mut arguments = with(words, app_dir);
    // Each line that it would log of a request costs more than the request.
    arguments.extend(
        [
            "--no-access-log",
            "--host=0.0.0.0",
            "--port=@PORT@",
            "asgi:app",
        ]
        .map(str::to_owned),
    );
    Some(Line {
        program: runtimes::venv()?.join("bin/uvicorn"),
        script: None,
        arguments,
    })
}

fn gunicorn(words: &[&str]) -> Option<Line> {
    let mut arguments = vec!["--bind=0.0.0.0:@PORT@".to_owned()];
    arguments.extend(with(words, format!("--chdir={}", files().display())));
    Some(Line {
        program: runtimes::gunicorn()?,
        script: None,
        arguments,
    })
}

fn go() -> Option<Line> {
    Some(Line {
        program: runtimes::go_server()?,
        script: None,
        arguments: Vec::new(),
    })
}

fn nginx() -> Option<Line> {
    runtimes::nginx()?;
    Some(Line {
        program: files().join("nginx-app"),
        script: None,
        arguments: Vec::new(),
    })
}

fn with(words: &[&str], last: String) -> Vec<String> {
    let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    arguments.push(last);
    arguments
}
