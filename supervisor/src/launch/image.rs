//! The program in the form in which the kernel takes it.

use std::convert::Infallible;
use std::ffi::{CString, NulError};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};

use nix::errno::Errno;
use nix::unistd::execve;
use protocol::{LaunchError, LaunchStage};

use super::{At as _, Program, failed};

/// How much of a file's first line the kernel reads. Source: `BINPRM_BUF_SIZE`, execve(2).
const SHEBANG_BYTES_MAX: u64 = 256;

/// What execve(2) is given.
pub(super) struct Image {
    /// As it is named in errors.
    name: String,
    path: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Image {
    /// Prepares everything, so that nothing is left to do after `go`.
    ///
    /// Errors: a text with a zero byte in it.
    pub(super) fn of(program: &Program) -> Result<Self, LaunchError> {
        let name = program.arguments.first().cloned().unwrap_or_default();
        let arguments = program.arguments.iter().map(|it| text(it.clone()));
        let variables = program.env.0.iter();
        let environment = variables.map(|(name, value)| text(format!("{name}={value}")));
        let stage = LaunchStage::Exec;
        Ok(Self {
            path: text(name.clone()).at(stage, &name)?,
            arguments: arguments.collect::<io::Result<_>>().at(stage, &name)?,
            environment: environment.collect::<io::Result<_>>().at(stage, &name)?,
            name,
        })
    }

    /// Becomes the program; returns why not.
    pub(super) fn execute(&self) -> LaunchError {
        let answer: Result<Infallible, Errno> =
            execve(&self.path, &self.arguments, &self.environment);
        let Err(errno) = answer;
        failed(LaunchStage::Exec, self.missing(errno), errno)
    }

    /// What the kernel missed: where the script is there, it is the interpreter that its first line
    /// names.
    fn missing(&self, errno: Errno) -> String {
        let interpreter = (errno == Errno::ENOENT)
            .then(|| shebang(&self.name))
            .flatten();
        interpreter.unwrap_or_else(|| self.name.clone())
    }
}

fn text(from: String) -> io::Result<CString> {
    CString::new(from).map_err(|error: NulError| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// The interpreter in the first line of a script.
pub(super) fn shebang(script: &str) -> Option<String> {
    let mut line = Vec::new();
    let file = File::open(script).ok()?.take(SHEBANG_BYTES_MAX);
    BufReader::new(file).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8(line).ok()?;
    // A carriage return is no blank to the kernel: it is part of the name that is looked for.
    let mut words = line.strip_prefix("#!")?.split([' ', '\t', '\n']);
    words.find(|word| !word.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_of_a_script_is_what_the_kernel_looks_for() {
        let named = |text: &str| {
            let script = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(script.path(), text).unwrap();
            shebang(script.path().to_str().unwrap())
        };
        assert_eq!(named("#! /bin/sh -e\n").as_deref(), Some("/bin/sh"));
        assert_eq!(named("#!/bin/sh\r\n").as_deref(), Some("/bin/sh\r"));
        assert_eq!(named("echo\n"), None);
    }
}
