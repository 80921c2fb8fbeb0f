//! What is executed: the script, and who runs it.
//!
//! A `script` is a file, else a program in PATH, else a command line for the shell. PATH is the
//! app's own: what it declares, else what the asker has. Everything becomes an absolute path that
//! is kept, so that a daemon with another PATH starts the same program after a boot.

use std::path::{Path, PathBuf};

use super::environment::Layers;
use super::interpreter;
use super::reader::Reader;
use super::typed;
use crate::spec::Exec;
use crate::{find, suggest};

/// Where programs are looked for if nobody says.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin";

/// Where an app runs and finds its programs.
pub(crate) struct Scene<'a> {
    /// Its working folder.
    pub(crate) cwd: &'a Path,
    /// Its PATH.
    pub(crate) path: String,
}

impl<'a> Scene<'a> {
    /// The scene of an app with this folder and environment.
    pub(crate) fn new(reader: &Reader<'_, '_>, cwd: &'a Path, layers: &Layers) -> Self {
        let path = layers
            .get("PATH")
            .or_else(|| reader.ground.env.get("PATH"))
            .unwrap_or(PATH_DEFAULT)
            .to_owned();
        Self { cwd, path }
    }

    /// The program of this name in PATH.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        find::in_path(name, &self.path, self.cwd)
    }
}

/// What is executed. None: that is not known, and why is reported.
pub(crate) fn exec(reader: &mut Reader<'_, '_>, scene: &Scene<'_>) -> Option<Exec> {
    let args = reader.take("args", typed::list).unwrap_or_default();
    let given_interpreter = reader.take("interpreter", typed::text);
    let interpreter_args = reader.take("interpreter_args", typed::list);
    if !reader.has("script") {
        let at = reader.draft.at.clone();
        let part = crate::tree::Part::Value;
        let finding = reader.report.error(&at, part, "`script` is missing");
        finding.advise("name what is to be run, as `script: \"server.js\"`");
        return None;
    }
    let script = reader.take("script", typed::text)?;
    let file = reader.path(&script, scene.cwd);
    let file = match file.metadata() {
        Ok(meta) if meta.is_file() => file,
        meta => {
            if let Some(program) = scene.find(&script) {
                program
            } else if runs_itself(given_interpreter.as_deref()) && script.trim().contains(' ') {
                return shell(reader, scene, &script, args);
            } else {
                missing(reader, scene, &script, meta.is_ok());
                return None;
            }
        }
    };
    let chosen = match given_interpreter {
        Some(name) => interpreter::given(reader, scene, &name, &file)?,
        None => interpreter::by_file(reader, scene, &file)?,
    };
    Some(Exec {
        script: file,
        interpreter: chosen.program,
        interpreter_args: interpreter_args.unwrap_or(chosen.args),
        args,
    })
}

fn runs_itself(interpreter: Option<&str>) -> bool {
    interpreter.is_none_or(|name| name == "none")
}

/// A command line, run by a shell with its arguments behind it.
///
/// Source: PM2, which drops `args` here; they go where an `npm run` puts them.
fn shell(
    reader: &mut Reader<'_, '_>,
    scene: &Scene<'_>,
    line: &str,
    args: Vec<String>,
) -> Option<Exec> {
    let Some(shell) = scene.find("bash").or_else(|| scene.find("sh")) else {
        reader
            .error(
                "script",
                "neither `bash` nor `sh` is in PATH to run this command line",
            )
            .advise("give a program in `script` and its arguments in `args`");
        return None;
    };
    let mut shell_args = vec!["-c".to_owned()];
    if args.is_empty() {
        shell_args.push(line.to_owned());
    } else {
        shell_args.push(format!("{line} \"$@\""));
        shell_args.push(shell.to_string_lossy().into_owned());
        shell_args.extend(args);
    }
    Some(Exec {
        script: shell,
        interpreter: None,
        interpreter_args: Vec::new(),
        args: shell_args,
    })
}

/// Reports that there is no such script, and what it may have been meant to be.
fn missing(reader: &mut Reader<'_, '_>, scene: &Scene<'_>, script: &str, is_folder: bool) {
    let file = reader.path(script, scene.cwd);
    let shown = file.display();
    if is_folder {
        reader
            .error("script", format!("`{shown}` is not a file"))
            .advise("name the file in it that is to be run");
        return;
    }
    let what = if script.contains('/') {
        format!("there is no file `{shown}`")
    } else {
        format!("there is neither a file `{shown}` nor a program `{script}` in PATH")
    };
    let hint = if reader.report.errors.is_full() {
        None
    } else {
        hint_for_missing(reader, scene, script, &file)
    };
    reader.error("script", what).hint = hint;
}

fn hint_for_missing(
    reader: &Reader<'_, '_>,
    scene: &Scene<'_>,
    script: &str,
    file: &Path,
) -> Option<String> {
    if script == "serve" {
        return Some("the static file server of PM2 is not there yet".to_owned());
    }
    // Whoever calls from another folder means the folder of the configuration.
    let folder = reader.ground.file.as_deref().and_then(Path::parent);
    if let Some(folder) = folder.filter(|_| !reader.has("cwd"))
        && reader.path(script, folder).is_file()
    {
        let folder = folder.display();
        return Some(format!(
            "it is there in `{folder}`: set `cwd`, since a path counts from where you call"
        ));
    }
    let name = file.file_name()?.to_string_lossy().into_owned();
    let beside = find::names_in(file.parent()?);
    let near = suggest::nearest(&name, beside.iter().map(String::as_str));
    if let Some(near) = near {
        let near = Path::new(script).with_file_name(near);
        return Some(format!("did you mean `{}`?", near.display()));
    }
    let programs = find::programs(&scene.path, scene.cwd);
    let near = suggest::nearest(&name, programs.iter().map(String::as_str));
    match near.filter(|_| !script.contains('/')) {
        Some(near) => Some(format!("did you mean the program `{near}`?")),
        None => Some(format!(
            "the path counts from `{}`, the `cwd` of the app",
            scene.cwd.display()
        )),
    }
}
