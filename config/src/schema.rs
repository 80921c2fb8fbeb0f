//! The JSON Schema of a configuration, for editors: it comes from the table that reading uses, so
//! the two cannot disagree.

use serde_json::{Map, Value, json};

use crate::Signal;
use crate::raw::{ATTRIBUTES, Attribute, Kind, Standing};
use crate::spec::INSTANCES_MAX;

/// The schema, draft 2020-12, of every shape that a configuration may have.
#[must_use]
pub fn schema() -> Value {
    let app = json!({"$ref": "#/$defs/app"});
    let apps = json!({"oneOf": [
        {"type": "array", "items": app},
        app,
        {"type": "object", "additionalProperties": app},
    ]});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Apps for wsctl",
        "anyOf": [
            {"type": "object", "required": ["apps"], "properties": {"apps": apps}},
            {"type": "object", "required": ["pm2"], "properties": {"pm2": true}},
            {"type": "array", "items": app},
            app,
        ],
        "$defs": {"app": app_schema(), "env": env_schema()},
    })
}

/// One app. Scripts have four names, so none of them can be required by itself.
fn app_schema() -> Value {
    let mut properties = Map::new();
    for attribute in ATTRIBUTES {
        for (nth, spelling) in attribute.spellings().enumerate() {
            properties.insert(spelling, attribute_schema(attribute, nth > 0));
        }
    }
    let script = ATTRIBUTES.iter().find(|a| a.kind == Kind::Command);
    let required: Vec<Value> = script
        .into_iter()
        .flat_map(Attribute::spellings)
        .map(|spelling| json!({"required": [spelling]}))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {"^env_.+$": {"$ref": "#/$defs/env"}, "^x-": true},
        "additionalProperties": false,
        "anyOf": required,
    })
}

fn attribute_schema(attribute: &Attribute, alias: bool) -> Value {
    let mut schema = match kind_schema(attribute.kind) {
        Value::Object(schema) => schema,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    let about = match (attribute.standing, alias) {
        (_, true) => format!("The same as `{}`.", attribute.name),
        (Standing::Unserved, false) => format!("{} Not honoured yet.", attribute.about),
        (Standing::Moot(why), false) => format!("{} No effect: {why}.", attribute.about),
        (Standing::Honoured | Standing::Silent, false) => attribute.about.to_owned(),
    };
    schema.insert("description".to_owned(), Value::from(about));
    Value::Object(schema)
}

/// Every value that is taken, and null, which says nothing.
fn kind_schema(kind: Kind) -> Value {
    let scalar = json!({"type": ["string", "number", "boolean"]});
    let list = json!({"type": "array", "items": scalar});
    let number = |min: i64, max: i64| {
        json!({"anyOf": [
            {"type": "integer", "minimum": min, "maximum": max},
            {"type": "string", "pattern": "^\\s*[+-]?[0-9]+\\s*$"},
            {"type": "null"},
        ]})
    };
    match kind {
        Kind::Bool => json!({"enum": [true, false, "true", "false", null]}),
        Kind::Text | Kind::Command | Kind::Path | Kind::Variable => {
            json!({"type": ["string", "null"]})
        }
        Kind::Name | Kind::Cron | Kind::User => json!({"type": ["string", "number", "null"]}),
        Kind::TextOrBool => json!({"type": ["string", "boolean", "null"]}),
        Kind::List | Kind::Paths => json!({"anyOf": [
            {"type": ["string", "number", "null"]}, list,
        ]}),
        Kind::Watch | Kind::Filter => json!({"anyOf": [
            {"type": ["boolean", "string", "null"]}, list,
        ]}),
        Kind::Env => json!({"$ref": "#/$defs/env"}),
        Kind::Object => json!({"type": ["object", "null"]}),
        Kind::Count => number(0, u32::MAX.into()),
        Kind::Port => number(0, u16::MAX.into()),
        Kind::Instances => json!({"anyOf": [
            {"const": "max"}, number(i64::MIN, INSTANCES_MAX.into()),
        ]}),
        Kind::Codes => json!({"anyOf": [
            {"type": ["integer", "string", "null"]},
            {"type": "array", "items": {"type": ["integer", "string"]}},
        ]}),
        Kind::Span | Kind::Settle | Kind::Silence => json!({
            "type": ["number", "string", "null"],
            "minimum": 0,
            "examples": [5000, "5s", "1h30m"],
        }),
        Kind::Bytes => json!({
            "type": ["number", "string", "null"],
            "minimum": 0,
            "examples": ["500M", "1.5G"],
        }),
        Kind::Signal => json!({"anyOf": [
            {"enum": Signal::names().collect::<Vec<_>>()},
            {"type": ["string", "integer", "null"]},
        ]}),
        Kind::Mode => json!({"enum": ["fork", "cluster", "fork_mode", "cluster_mode", null]}),
        Kind::LogType => json!({"enum": ["raw", "json", null]}),
        Kind::Handover => json!({"enum": ["auto", "overlap", "queue", "off", false, null]}),
        Kind::KeepAlive => json!({"enum": ["adopt", "close", null]}),
        Kind::Backlog => json!({"enum": ["max", "app", null]}),
        Kind::NoNewPrivs => json!({"enum": ["auto", "never", null]}),
        Kind::UrlPath => json!({
            "type": ["string", "null"], "pattern": "^/[!-~]*$", "examples": ["/health"],
        }),
        Kind::Batch => number(1, INSTANCES_MAX.into()),
        Kind::Listen => json!({"anyOf": [
            {"type": ["integer", "string", "null"]},
            {"type": "array", "items": {"type": ["integer", "string"]}},
        ], "examples": [3013, ["127.0.0.1:3013", "unix:/run/x.sock"]]}),
    }
}

/// Variables and their values.
fn env_schema() -> Value {
    json!({
        "type": ["object", "null"],
        "propertyNames": {"pattern": "^[^=]+$"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_spelling_of_every_attribute() {
        let schema = schema();
        let properties = &schema["$defs"]["app"]["properties"];
        for attribute in ATTRIBUTES {
            for spelling in attribute.spellings() {
                assert!(properties.get(&spelling).is_some(), "{spelling}");
            }
        }
        let camel = &properties["maxRestarts"]["description"];
        assert_eq!(camel, "The same as `max_restarts`.");
    }
}
