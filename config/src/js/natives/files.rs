//! The natives behind `fs`: they read, and nothing else.

use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use rquickjs::function::Func;
use rquickjs::{Array, Ctx, IntoJs, Object, Result, TypedArray, Value};

use super::{Answer, Failure, Shared};
use crate::js::text::decode;

/// The bit of a mode for `fs.access` that asks whether a file can be read.
const CAN_READ: i32 = 4;

/// The bytes of a file.
struct Bytes(Vec<u8>);

/// The numbers of `fs.Stats`.
struct Numbers(Metadata);

/// A name in a folder and the mode of what it names.
struct Named(String, u32);

/// Adds the natives that read files.
pub(super) fn add(natives: &Object<'_>, shared: &Rc<Shared>) -> Result<()> {
    let state = Rc::clone(shared);
    let bytes = move |path: String| Answer(read(&state, &path).map(Bytes));
    natives.set("read", Func::from(bytes))?;
    let state = Rc::clone(shared);
    let text = move |path: String, encoding: String| {
        Answer(read(&state, &path).map(|bytes| decode(&bytes, &encoding)))
    };
    natives.set("readText", Func::from(text))?;
    let state = Rc::clone(shared);
    let stat = move |path: String, follows: bool, call: String| {
        let real = state.absolute(&path);
        let found = if follows {
            real.metadata()
        } else {
            real.symlink_metadata()
        };
        let call = ["stat", "lstat", "access"]
            .into_iter()
            .find(|known| *known == call);
        Answer(
            found
                .map(Numbers)
                .map_err(failed(call.unwrap_or("stat"), &path)),
        )
    };
    natives.set("stat", Func::from(stat))?;
    let state = Rc::clone(shared);
    let list = move |path: String| Answer(list(&state, &path).map_err(failed("scandir", &path)));
    natives.set("list", Func::from(list))?;
    let state = Rc::clone(shared);
    let realpath = move |path: String| {
        let real = state.absolute(&path).canonicalize();
        Answer(real.and_then(path_text).map_err(failed("lstat", &path)))
    };
    natives.set("realpath", Func::from(realpath))?;
    let state = Rc::clone(shared);
    let readlink = move |path: String| {
        let target = fs::read_link(state.absolute(&path));
        Answer(
            target
                .and_then(path_text)
                .map_err(failed("readlink", &path)),
        )
    };
    natives.set("readlink", Func::from(readlink))?;
    let state = Rc::clone(shared);
    let access = move |path: String, mode: i32| {
        Answer(access(&state, &path, mode).map_err(failed("access", &path)))
    };
    natives.set("access", Func::from(access))
}

/// The content of a file, up to what may be held.
///
/// Only files are read: a pipe or a device may never end, and no limit would stop the reading.
fn read(shared: &Shared, path: &str) -> std::result::Result<Vec<u8>, Failure> {
    let real = shared.absolute(path);
    let kind = real.metadata().map_err(failed("open", path))?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        shared.lacks(format!("reading `{path}`, which is no plain file,"), None);
    }
    if !kind.is_file() {
        return Err(failed("read", path)(io::Error::from_raw_os_error(EISDIR)));
    }
    let limit = u64::try_from(shared.task.limits.memory).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = fs::File::open(real).map_err(failed("open", path))?;
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed("read", path))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(Failure {
            message: format!("File size of '{path}' is greater than the limit"),
            code: "ERR_FS_FILE_TOO_LARGE",
            system: None,
        });
    }
    Ok(bytes)
}

/// The names in a folder, in the order of their bytes, as Node lists them.
fn list(shared: &Shared, path: &str) -> io::Result<Vec<Named>> {
    let mut names = fs::read_dir(shared.absolute(path))?
        .map(|entry| {
            let entry = entry?;
            let mode = entry.metadata()?.mode();
            Ok(Named(
                entry.file_name().to_string_lossy().into_owned(),
                mode,
            ))
        })
        .collect::<io::Result<Vec<Named>>>()?;
    names.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(names)
}

/// Whether a file exists and, when the mode asks, can be read.
fn access(shared: &Shared, path: &str, mode: i32) -> io::Result<()> {
    let real = shared.absolute(path);
    let meta = real.metadata()?;
    if mode & CAN_READ == 0 {
        return Ok(());
    }
    if meta.is_dir() {
        return fs::read_dir(real).map(drop);
    }
    if meta.is_file() {
        return fs::File::open(real).map(drop);
    }
    shared.lacks(
        format!("fs.access of `{path}`, which is no plain file,"),
        None,
    );
    Ok(())
}

/// A path as a text; one that is none cannot be given to the file.
fn path_text(path: std::path::PathBuf) -> io::Result<String> {
    let text = path.into_os_string().into_string().ok();
    text.ok_or_else(|| io::Error::from_raw_os_error(EINVAL))
}

/// Makes a failure of an error of the system, in Node's words.
fn failed(call: &'static str, path: &str) -> impl Fn(io::Error) -> Failure {
    let path = path.to_owned();
    move |error| {
        let number = error.raw_os_error().unwrap_or(EINVAL);
        let (code, words) = words(number);
        // Node names no path for an error of reading from an open file.
        let of = if call == "read" {
            String::new()
        } else {
            format!(" '{path}'")
        };
        Failure {
            message: format!("{code}: {words}, {call}{of}"),
            code,
            system: Some((number, call, path.clone())),
        }
    }
}

/// The number of "invalid argument".
const EINVAL: i32 = 22;

/// The number of "is a directory".
const EISDIR: i32 = 21;

/// The name of an error of the system, and libuv's words for it.
fn words(number: i32) -> (&'static str, &'static str) {
    match number {
        1 => ("EPERM", "operation not permitted"),
        2 => ("ENOENT", "no such file or directory"),
        5 => ("EIO", "i/o error"),
        13 => ("EACCES", "permission denied"),
        20 => ("ENOTDIR", "not a directory"),
        EISDIR => ("EISDIR", "illegal operation on a directory"),
        EINVAL => ("EINVAL", "invalid argument"),
        24 => ("EMFILE", "too many open files"),
        36 => ("ENAMETOOLONG", "name too long"),
        40 => ("ELOOP", "too many symbolic links encountered"),
        _ => ("UNKNOWN", "unknown error"),
    }
}

impl<'js> IntoJs<'js> for Bytes {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        TypedArray::<u8>::new(ctx.clone(), self.0).map(TypedArray::into_value)
    }
}

impl<'js> IntoJs<'js> for Named {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let pair = Array::new(ctx.clone())?;
        pair.set(0, self.0)?;
        pair.set(1, self.1)?;
        Ok(pair.into_value())
    }
}

impl<'js> IntoJs<'js> for Numbers {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let Self(meta) = self;
        let object = Object::new(ctx.clone())?;
        for (name, number) in [
            ("dev", meta.dev()),
            ("mode", u64::from(meta.mode())),
            ("nlink", meta.nlink()),
            ("uid", u64::from(meta.uid())),
            ("gid", u64::from(meta.gid())),
            ("rdev", meta.rdev()),
            ("blksize", meta.blksize()),
            ("ino", meta.ino()),
            ("size", meta.size()),
            ("blocks", meta.blocks()),
        ] {
            object.set(name, number as f64)?;
        }
        object.set("atimeMs", milliseconds(meta.atime(), meta.atime_nsec()))?;
        object.set("mtimeMs", milliseconds(meta.mtime(), meta.mtime_nsec()))?;
        object.set("ctimeMs", milliseconds(meta.ctime(), meta.ctime_nsec()))?;
        let born = meta.created().ok();
        let born = born.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let born = born.map_or(0.0, |since| since.as_secs_f64() * 1000.0);
        object.set("birthtimeMs", born)?;
        Ok(object.into_value())
    }
}

/// A time of the file system in milliseconds since 1970.
fn milliseconds(seconds: i64, nanoseconds: i64) -> f64 {
    seconds as f64 * 1000.0 + nanoseconds as f64 / 1_000_000.0
}
