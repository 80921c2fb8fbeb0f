//! How a line of a log is printed.

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::{LogFile, Stream};
use crate::ink::{Ink, Paint};

/// How a line of a log is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Format {
    /// Behind whose it is: `0|web | text`. Source: PM2.
    Prefixed {
        /// Of standard output.
        paint: Paint,
        /// The width of the longest of the names, with its id.
        width: usize,
    },
    /// As it is.
    Raw,
    /// As an object of JSON: `message`, `type`, `process_id`, `app_name`. Source: PM2; its
    /// `timestamp` is the moment of printing there, which says nothing of an old line.
    Json,
}

impl Format {
    /// The format for a person, the names of these files in one column.
    pub(crate) fn prefixed(files: &[LogFile], paint: Paint) -> Self {
        let widths = files.iter().map(|file| owner(file).width());
        Self::Prefixed {
            paint,
            width: widths.max().unwrap_or(0),
        }
    }

    /// Whether a person wants to know from which file lines come.
    pub(super) const fn has_headings(&self) -> bool {
        matches!(self, Self::Prefixed { .. })
    }

    /// Adds a line to what is to be printed; `line` is without its end.
    pub(super) fn line(&self, file: &LogFile, line: &[u8], shown: &mut Vec<u8>) {
        match self {
            Self::Prefixed { paint, width } => {
                shown.extend_from_slice(prefix(file, *width, *paint).as_bytes());
                shown.extend_from_slice(line);
            }
            Self::Raw => shown.extend_from_slice(line),
            Self::Json => {
                let object = json!({
                    "message": String::from_utf8_lossy(line),
                    "type": match file.stream {
                        Stream::Out => "out",
                        Stream::Err => "err",
                    },
                    "process_id": file.id,
                    "app_name": file.app,
                });
                shown.extend_from_slice(object.to_string().as_bytes());
            }
        }
        shown.push(b'\n');
    }
}

fn owner(file: &LogFile) -> String {
    format!("{}|{}", file.id, file.app)
}

fn prefix(file: &LogFile, width: usize, paint: Paint) -> String {
    let owner = owner(file);
    let gap = " ".repeat(width.saturating_sub(owner.width()));
    let ink = match file.stream {
        Stream::Out => Ink::Good,
        Stream::Err => Ink::Bad,
    };
    paint.with(ink, &format!("{owner}{gap} | "))
}

#[cfg(test)]
mod tests {
    use protocol::InstanceId;

    use super::*;

    #[test]
    fn the_names_of_several_apps_stand_in_one_column() {
        let files = [file("web", 0), file("worker", 12)];
        let format = Format::prefixed(&files, Paint::PLAIN);
        let mut shown = Vec::new();
        format.line(&files[0], b"one", &mut shown);
        format.line(&files[1], b"two \xff", &mut shown);
        assert_eq!(shown, b"0|web     | one\n12|worker | two \xff\n");
    }

    #[test]
    fn a_line_of_json_says_whose_it_is() {
        let mut shown = Vec::new();
        Format::Json.line(&file("web", 3), b"say \"hi\"", &mut shown);
        let expected = r#"{"message":"say \"hi\"","type":"out","process_id":3,"app_name":"web"}"#;
        assert_eq!(String::from_utf8(shown).unwrap().trim_end(), expected);
    }

    fn file(app: &str, id: u32) -> LogFile {
        LogFile {
            path: "/dev/null".into(),
            app: app.to_owned(),
            id: InstanceId(id),
            stream: Stream::Out,
        }
    }
}
