//! One value each: is it of the type that is wanted, in any of the ways in which people write it.
//!
//! PM2 refuses `"true"` for true, `"5s"` for five seconds and a user's name beside a file; all of
//! them are unmistakable and are taken.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::spec::{ExecMode, INSTANCES_MAX};
use crate::{Bytes, Signal, Span, suggest};

/// Why a value is not of a type: what must be said after the attribute's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What is wrong, as `must be a whole number, not "ten"`.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// Which item of a list is meant.
    pub(crate) index: Option<usize>,
}

impl Wrong {
    /// A fragment that comes after the attribute's name.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: None,
            index: None,
        }
    }

    /// `must be <wanted>, not <value>`.
    pub(crate) fn must_be(wanted: &str, value: &Value) -> Self {
        Self::new(format!("must be {wanted}, not {}", shown(value)))
    }

    /// The same with a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A value as a message shows it: short, and never the contents of lists and objects.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(boolean) => boolean.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(text) => {
            let short: String = text.chars().take(40).collect();
            let dots = if short.len() < text.len() { "…" } else { "" };
            format!("`\"{short}{dots}\"`")
        }
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// True or false.
pub(crate) fn boolean(value: &Value) -> Result<bool, Wrong> {
    match value.as_str().unwrap_or_default().trim() {
        "true" => return Ok(true),
        "false" => return Ok(false),
        _ => {}
    }
    value
        .as_bool()
        .ok_or_else(|| Wrong::must_be("true or false", value))
}

/// A text that is not empty.
pub(crate) fn text(value: &Value) -> Result<String, Wrong> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(Wrong::new("must not contain a zero byte"))
        }
        Value::String(text) if !text.trim().is_empty() => Ok(text.clone()),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => Err(Wrong::must_be("text", value)),
    }
}

/// A text that is not empty, or a number as text.
pub(crate) fn scalar(value: &Value) -> Result<String, Wrong> {
    match value {
        Value::Number(_) => Ok(plain(value)),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            text(value)
        }
    }
}

/// The text of a value in an environment or among arguments: numbers as JavaScript prints them,
/// lists and objects as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => float.to_string(),
            Some(_) | None => number.to_string(),
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A text, or a boolean.
pub(crate) fn text_or_bool(value: &Value) -> Result<Result<String, bool>, Wrong> {
    match (boolean(value), text(value)) {
        (Ok(boolean), _) => Ok(Err(boolean)),
        (Err(_), Ok(text)) => Ok(Ok(text)),
        (Err(_), Err(_)) => Err(Wrong::must_be("text, true or false", value)),
    }
}

/// The name of an environment variable.
pub(crate) fn variable(value: &Value) -> Result<String, Wrong> {
    let name = text(value)?;
    if name.contains('=') {
        return Err(Wrong::must_be("the name of a variable", value));
    }
    Ok(name)
}

/// What one of several words stands for.
pub(crate) fn choice<T: Copy>(value: &Value, words: &[(&'static str, T)]) -> Result<T, Wrong> {
    let given = value.as_str().unwrap_or_default();
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == given) {
        return Ok(*meaning);
    }
    let names = || words.iter().map(|(word, _)| *word);
    let list: Vec<String> = names().map(|word| format!("`{word}`")).collect();
    let wrong = Wrong::must_be(&list.join(" or "), value);
    Err(match suggest::nearest(given, names()) {
        Some(word) => wrong.hint(format!("did you mean `{word}`?")),
        None => wrong,
    })
}

/// A number, also as text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number, also as text.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    let number = number(value)?;
    // Beyond 2^53 neighbouring whole numbers cannot be told apart.
    let whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    whole.then_some(number as i64)
}

/// A whole number in `min..=max`.
pub(crate) fn whole(value: &Value, min: i64, max: i64) -> Result<i64, Wrong> {
    match integer(value) {
        Some(number) if (min..=max).contains(&number) => Ok(number),
        Some(_) if max == i64::from(u32::MAX) => {
            Err(Wrong::must_be(&format!("at least {min}"), value))
        }
        Some(_) => Err(Wrong::must_be(&format!("from {min} to {max}"), value)),
        None => Err(Wrong::must_be("a whole number", value)),
    }
}

/// A length of time: milliseconds, or a text with units.
pub(crate) fn span(value: &Value) -> Result<Span, Wrong> {
    let wrong = Wrong::must_be("a length of time", value);
    measured(value, Span::from_millis, wrong, "milliseconds")
}

/// A length of time in `min..=max`.
pub(crate) fn span_within(value: &Value, min: Span, max: Span) -> Result<Span, Wrong> {
    let length = span(value)?;
    if length < min {
        return Err(Wrong::must_be(&format!("at least {min}"), value));
    }
    if length > max {
        return Err(Wrong::must_be(&format!("at most {max}"), value));
    }
    Ok(length)
}

/// An amount of memory: bytes, or a text with a unit.
pub(crate) fn bytes(value: &Value) -> Result<Bytes, Wrong> {
    let wrong = Wrong::must_be("an amount of memory", value);
    measured(value, Bytes::from_number, wrong, "bytes")
}

/// A number of units, or a text that says of which.
fn measured<T: FromStr<Err: fmt::Display>>(
    value: &Value,
    of_number: fn(f64) -> Result<T, T::Err>,
    wrong: Wrong,
    unit: &str,
) -> Result<T, Wrong> {
    let read = match value {
        Value::Number(number) => number.as_f64().map(of_number),
        Value::String(text) => Some(text.parse()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match read {
        Some(Ok(amount)) => Ok(amount),
        Some(Err(bad)) => Err(wrong.hint(format!("{bad}; a number alone is {unit}"))),
        None => Err(wrong),
    }
}

/// A signal by name or number.
pub(crate) fn signal(value: &Value) -> Result<Signal, Wrong> {
    let given = match value {
        Value::String(_) | Value::Number(_) => plain(value),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    given.trim().parse().map_err(|_unknown| {
        let wrong = Wrong::must_be("a signal", value);
        let upper = given.to_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        let names = Signal::names().filter_map(|name| name.strip_prefix("SIG"));
        match suggest::nearest(bare, names) {
            Some(name) => wrong.hint(format!("did you mean `SIG{name}`?")),
            None => wrong.hint("signals go by name, as `SIGTERM`, or by number"),
        }
    })
}

/// `fork` or `cluster`, also with PM2's `_mode` behind it.
pub(crate) fn mode(value: &Value) -> Result<ExecMode, Wrong> {
    let bare = value.as_str().and_then(|given| given.strip_suffix("_mode"));
    let bare = bare.map_or_else(|| value.clone(), Value::from);
    let modes = [("fork", ExecMode::Fork), ("cluster", ExecMode::Cluster)];
    choice(&bare, &modes)
}

/// How many instances there are on a machine with so many processors.
///
/// Source: PM2; `max` and 0 are one for each processor, -1 is one fewer than that, at least one.
pub(crate) fn instances(value: &Value, processors: u32) -> Result<u32, Wrong> {
    let max = i64::from(INSTANCES_MAX);
    let number = match value.as_str() {
        Some("max") => 0,
        Some(_) | None => {
            integer(value).ok_or_else(|| Wrong::must_be("a whole number or `max`", value))?
        }
    };
    if number > max {
        return Err(Wrong::must_be(&format!("at most {max}"), value));
    }
    let count = match number {
        1.. => number,
        0 => i64::from(processors),
        _ => i64::from(processors).saturating_add(number).max(1),
    };
    Ok(u32::try_from(count.min(max)).unwrap_or(1))
}

/// Exit codes: one, several, or a text with several.
pub(crate) fn codes(value: &Value) -> Result<Vec<i32>, Wrong> {
    let items: Vec<Value> = match value {
        Value::Array(items) => items.clone(),
        Value::String(text) => text
            .split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(Value::from)
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec![value.clone()],
    };
    let code = |(index, item): (usize, &Value)| {
        let code = whole(item, 0, 255).map_err(|wrong| Wrong {
            what: format!("holds exit codes, and each {}", wrong.what),
            index: value.is_array().then_some(index),
            ..wrong
        })?;
        Ok(i32::try_from(code).unwrap_or_default())
    };
    items.iter().enumerate().map(code).collect()
}

/// Several texts: a list, or one text that is split at blanks.
pub(crate) fn list(value: &Value) -> Result<Vec<String>, Wrong> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(Wrong::new("must not contain a zero byte"))
        }
        Value::String(text) => Ok(split(text)),
        Value::Number(_) => Ok(vec![plain(value)]),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| match item {
                Value::String(text) if !text.contains('\0') => Ok(text.clone()),
                Value::Number(_) | Value::Bool(_) => Ok(plain(item)),
                Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                    let wrong = Wrong::must_be("text", item);
                    Err(Wrong {
                        what: format!("is a list, and each item of it {}", wrong.what),
                        index: Some(index),
                        ..wrong
                    })
                }
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Object(_) => {
            Err(Wrong::must_be("a list or text", value))
        }
    }
}

/// The words of a text. Quotes hold a word together and are dropped, but those after a `=` stay.
///
/// Source: PM2: `"x y" z` is `x y` and `z`; `--b="x y"` is one word with its quotes.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut kept = false;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => {
                quote = None;
                if kept {
                    word.push(c);
                }
            }
            Some(_) => word.push(c),
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                kept = !word.is_empty();
                if kept {
                    word.push(c);
                }
            }
            None if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            None => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// An object.
pub(crate) fn object(value: &Value) -> Result<&Map<String, Value>, Wrong> {
    value
        .as_object()
        .ok_or_else(|| Wrong::must_be("an object", value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_split_as_pm2_splits_them() {
        assert_eq!(split("\"x y\" z"), ["x y", "z"]);
        assert_eq!(split("--b=\"x y\"  -c"), ["--b=\"x y\"", "-c"]);
        assert_eq!(split("it's"), ["it's"]);
        assert_eq!(split("  "), Vec::<String>::new());
    }

    #[test]
    fn instances_count_from_the_processors() {
        let of = |value| instances(&value, 4);
        assert_eq!(of(json!("max")), Ok(4));
        assert_eq!(of(json!(0)), Ok(4));
        assert_eq!(of(json!(-1)), Ok(3));
        assert_eq!(of(json!(-100)), Ok(1));
        assert_eq!(of(json!("2")), Ok(2));
        assert!(of(json!(1025)).is_err());
        assert!(of(json!(1.5)).is_err());
        assert!(of(json!("many")).is_err());
    }

    #[test]
    fn exit_codes_are_one_or_several() {
        assert_eq!(codes(&json!([0, "2"])), Ok(vec![0, 2]));
        assert_eq!(codes(&json!("0, 2 3")), Ok(vec![0, 2, 3]));
        assert_eq!(codes(&json!(7)), Ok(vec![7]));
        assert_eq!(codes(&json!([0, 256])).unwrap_err().index, Some(1));
    }

    #[test]
    fn numbers_print_as_in_javascript() {
        assert_eq!(plain(&json!(3013)), "3013");
        assert_eq!(plain(&json!(1.0)), "1");
        assert_eq!(plain(&json!(0.5)), "0.5");
        assert_eq!(plain(&json!({"a": [1]})), "{\"a\":[1]}");
    }

    #[test]
    fn a_signal_has_a_nearest_name() {
        let wrong = signal(&json!("SIGTREM")).unwrap_err();
        assert_eq!(wrong.hint.as_deref(), Some("did you mean `SIGTERM`?"));
        assert_eq!(signal(&json!(15)), Ok(Signal::TERM));
    }
}
