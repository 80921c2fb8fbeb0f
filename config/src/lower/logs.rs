//! Where the output of an app goes, and its pid file.

use std::path::{Path, PathBuf};

use super::reader::Reader;
use super::typed;
use crate::spec::LogSpec;

/// The pattern that `time: true` stands for. Source: PM2.
const TIME_PATTERN: &str = "YYYY-MM-DDTHH:mm:ss";

/// Where the output goes, for an app of this name with so many instances.
///
/// Source: PM2 for names and places. Differs in what is merged by default: the files of an app
/// with one instance keep their plain names, also where `instances: 1` says so.
pub(crate) fn logs(reader: &mut Reader<'_, '_>, name: &str, cwd: &Path, instances: u32) -> LogSpec {
    let folder = &reader.ground.asker.logs;
    let stem = file_stem(name);
    let default_out = folder.join(format!("{stem}-out.log"));
    let default_err = folder.join(format!("{stem}-error.log"));
    let default_combined = folder.join(format!("{stem}.log"));
    let out = file(reader, "out_file", cwd, Some(default_out));
    let err = file(reader, "error_file", cwd, Some(default_err));
    let combined = match reader.take("log_file", typed::text_or_bool) {
        Some(Ok(text)) => place(reader, &text, cwd),
        Some(Err(true)) => Some(default_combined),
        Some(Err(false)) | None => None,
    };
    let merge = reader.flag("merge_logs", instances <= 1);
    let time = reader.flag("time", false);
    let stamp = reader
        .take("log_date_format", typed::text)
        .or_else(|| time.then(|| TIME_PATTERN.to_owned()));
    let wanted = !reader.flag("disable_logs", false);
    LogSpec {
        out: out.filter(|_| wanted),
        err: err.filter(|_| wanted),
        combined: combined.filter(|_| wanted),
        merge,
        stamp,
    }
}

/// Its pid file, before the id of the instance is put in.
pub(crate) fn pid_file(reader: &mut Reader<'_, '_>, name: &str, cwd: &Path) -> PathBuf {
    match reader.take("pid_file", typed::text) {
        Some(text) => reader.path(&text, cwd),
        None => {
            let folder = &reader.ground.asker.pids;
            folder.join(format!("{}.pid", file_stem(name)))
        }
    }
}

fn file(
    reader: &mut Reader<'_, '_>,
    attribute: &'static str,
    cwd: &Path,
    default: Option<PathBuf>,
) -> Option<PathBuf> {
    match reader.take(attribute, typed::text) {
        Some(text) => place(reader, &text, cwd),
        None => default,
    }
}

fn place(reader: &Reader<'_, '_>, text: &str, cwd: &Path) -> Option<PathBuf> {
    match text {
        "NULL" | "/dev/null" => None,
        text => Some(reader.path(text, cwd)),
    }
}

/// The name as part of a file's name: what is not a letter, digit, dot or hyphen is a hyphen, so
/// that an app named `../x` writes where all others do.
///
/// Source: PM2; differs in keeping the letters of every script, so that `日本` and `中国` do not
/// write to one file.
fn file_stem(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    name.chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect()
}
