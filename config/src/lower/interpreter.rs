//! Who runs a script: whom the configuration names, or whom the file asks for.
//!
//! Source: PM2, which runs every text file without a known ending on node. Here a `#!` line is
//! heeded. A TypeScript file runs on bun or deno; which node can run it is not known without
//! running that, so it must be named.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::program::Scene;
use super::reader::Reader;
use crate::{find, suggest};

/// Endings and the programs that run them, the first that is there.
const BY_EXTENSION: [(&str, &[&str]); 15] = [
    ("js", &["node", "bun"]),
    ("mjs", &["node", "bun"]),
    ("cjs", &["node", "bun"]),
    ("ts", &["bun", "deno"]),
    ("tsx", &["bun", "deno"]),
    ("mts", &["bun", "deno"]),
    ("cts", &["bun", "deno"]),
    ("jsx", &["bun", "deno"]),
    ("py", &["python3", "python"]),
    ("sh", &["bash", "sh"]),
    ("rb", &["ruby"]),
    ("php", &["php"]),
    ("pl", &["perl"]),
    ("coffee", &["coffee"]),
    ("ls", &["lsc"]),
];

/// How much of a file tells what it is.
const HEAD_BYTES: u64 = 1024;

/// Who runs a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Interpreter {
    /// The program, absolute; none: the script runs itself.
    pub(crate) program: Option<PathBuf>,
    /// The arguments that it needs, unless others are given.
    pub(crate) args: Vec<String>,
}

/// Whom the configuration names. None: it is not there, and that is reported.
pub(crate) fn given(
    reader: &mut Reader<'_, '_>,
    scene: &Scene<'_>,
    name: &str,
    script: &Path,
) -> Option<Interpreter> {
    if name == "none" {
        return itself(reader, script);
    }
    if name.contains('/') || name.starts_with('~') {
        let program = reader.path(name, scene.cwd);
        if find::is_executable(&program) {
            return Some(program.into());
        }
        let why = if program.exists() {
            "cannot be executed"
        } else {
            "does not exist"
        };
        let what = format!("the interpreter `{}` {why}", program.display());
        let finding = reader.error("interpreter", what);
        finding.advise("give the path of a program, relative to `cwd` or absolute");
        return None;
    }
    match scene.find(name) {
        Some(program) => Some(program.into()),
        None => {
            not_found(reader, scene, "interpreter", name);
            None
        }
    }
}

/// Whom the file asks for. None: it is not there, and that is reported.
pub(crate) fn by_file(
    reader: &mut Reader<'_, '_>,
    scene: &Scene<'_>,
    script: &Path,
) -> Option<Interpreter> {
    let extension = script.extension().unwrap_or_default().to_string_lossy();
    let known = BY_EXTENSION
        .iter()
        .find(|(known, _)| *known == extension)
        .map(|(_, programs)| *programs);
    if let Some(programs) = known {
        return first_of(reader, scene, programs, &extension);
    }
    let head = head(script);
    if let Some(line) = shebang(&head) {
        if find::is_executable(script) {
            return Some(Interpreter::default());
        }
        return by_shebang(reader, scene, line);
    }
    if is_binary(&head) || head.is_empty() {
        return itself(reader, script);
    }
    first_of(reader, scene, &["node", "bun"], &extension)
}

/// The first of several programs that is there.
fn first_of(
    reader: &mut Reader<'_, '_>,
    scene: &Scene<'_>,
    programs: &[&str],
    extension: &str,
) -> Option<Interpreter> {
    let found = programs
        .iter()
        .find_map(|name| Some((*name, scene.find(name)?)));
    let Some((name, program)) = found else {
        let names: Vec<String> = programs.iter().map(|name| format!("`{name}`")).collect();
        let names = names.join(" or ");
        let what = format!("`.{extension}` files are run by {names}, which is not in PATH");
        let elsewhere = at_home(reader, programs);
        let finding = reader.error("script", what);
        finding.advise(match (elsewhere, programs[0]) {
            (Some(path), _) => format!("set `interpreter` to `{}`", path.display()),
            (None, "bun") => {
                "install bun, or set `interpreter: \"node\"` (22.18 and later run TypeScript)"
                    .to_owned()
            }
            (None, _) => "install it, or set `interpreter` to the path of a program".to_owned(),
        });
        return None;
    };
    if name == "bun" && programs[0] == "node" {
        reader.warning("script", "node is not in PATH, so bun runs it");
    }
    let mut interpreter = Interpreter::from(program);
    if name == "deno" {
        // Without leave to read, listen and look at its environment no server can run.
        interpreter.args = vec!["run".to_owned(), "--allow-all".to_owned()];
    }
    Some(interpreter)
}

/// Whom a `#!` line names, for a script that cannot be executed itself.
fn by_shebang(reader: &mut Reader<'_, '_>, scene: &Scene<'_>, line: &str) -> Option<Interpreter> {
    let mut words = line.split_whitespace().peekable();
    let program = words.next().unwrap_or_default();
    let name = if Path::new(program).file_name() == Some("env".as_ref()) {
        words.next_if_eq(&"-S");
        words.next().unwrap_or_default()
    } else {
        program
    };
    let found = if name.starts_with('/') {
        Some(PathBuf::from(name)).filter(|path| find::is_executable(path))
    } else {
        scene.find(name)
    };
    let Some(program) = found else {
        not_found(reader, scene, "script", name);
        return None;
    };
    Some(Interpreter {
        program: Some(program),
        args: words.map(str::to_owned).collect(),
    })
}

/// The script runs itself, if it can.
fn itself(reader: &mut Reader<'_, '_>, script: &Path) -> Option<Interpreter> {
    if find::is_executable(script) {
        return Some(Interpreter::default());
    }
    let shown = script.display();
    reader
        .error(
            "script",
            format!("`{shown}` runs itself, but cannot be executed"),
        )
        .advise(format!("run `chmod +x {shown}`, or set `interpreter`"));
    None
}

fn not_found(reader: &mut Reader<'_, '_>, scene: &Scene<'_>, attribute: &'static str, name: &str) {
    let programs = if reader.report.errors.is_full() {
        Vec::new()
    } else {
        find::programs(&scene.path, scene.cwd)
    };
    let hint = if let Some(path) = at_home(reader, &[name]) {
        format!("it is there as `{}`: give this path", path.display())
    } else if name.starts_with("node@") {
        "versions by name are not looked up: give the path of that node".to_owned()
    } else if let Some(near) = suggest::nearest(name, programs.iter().map(String::as_str)) {
        format!("did you mean `{near}`?")
    } else {
        "install it, give its absolute path, or add its folder to PATH".to_owned()
    };
    reader
        .error(attribute, format!("`{name}` is not in PATH"))
        .advise(hint);
}

/// Where runtimes install themselves although no PATH says so.
fn at_home(reader: &Reader<'_, '_>, programs: &[&str]) -> Option<PathBuf> {
    let home = reader.ground.asker.home.as_deref()?;
    programs
        .iter()
        .map(|name| home.join(format!(".{name}/bin/{name}")))
        .find(|path| find::is_executable(path))
}

/// The first bytes of a file; nothing where it cannot be read, which the system will say better.
fn head(script: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(file) = File::open(script) {
        let read = file.take(HEAD_BYTES).read_to_end(&mut head);
        if read.is_err() {
            head.clear();
        }
    }
    head
}

/// What stands behind `#!`, if the file begins so.
fn shebang(head: &[u8]) -> Option<&str> {
    let line = head
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    str::from_utf8(line).ok().map(str::trim)
}

/// A zero byte stands in every program and in no text.
fn is_binary(head: &[u8]) -> bool {
    head.contains(&0)
}

/// Whether a program is python, by its own name or by the `#!` line of the script.
pub(crate) fn is_python(program: Option<&Path>, script: &Path) -> bool {
    match program {
        Some(program) => name_of(program).contains("python"),
        None => shebang(&head(script)).is_some_and(|line| line.contains("python")),
    }
}

/// Whether a program is node or bun, which PM2 runs as a cluster.
pub(crate) fn is_clustered(program: Option<&Path>) -> bool {
    let name = program.map(name_of).unwrap_or_default();
    name == "bun" || name.starts_with("node")
}

fn name_of(program: &Path) -> String {
    let name = program.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl From<PathBuf> for Interpreter {
    fn from(program: PathBuf) -> Self {
        Self {
            program: Some(program),
            args: Vec::new(),
        }
    }
}
