//! Where a program listens, in the ways in which people write it.
//!
//! A port alone is every address of the machine, IPv4 and IPv6, as `listen(3013)` is in Node.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use serde_json::Value;

use super::reader::Reader;
use super::typed::{self, Wrong};
use crate::Address;

/// How long the path of a socket file may be, in bytes. Source: unix(7).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// How many sockets one app may be given.
const LISTEN_MAX: usize = 64;

/// An address as it was written: the path of a socket file is not absolute yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// A port, with an address.
    Tcp(SocketAddr),
    /// A file.
    File(String),
}

/// The sockets that an app is given. What is wrong is reported, and then there are none.
pub(crate) fn listen(reader: &mut Reader<'_, '_>, cwd: &Path) -> Vec<Address> {
    let written = reader.take("listen", written).unwrap_or_default();
    let mut all: Vec<Address> = Vec::new();
    for one in written {
        let address = match one {
            Written::Tcp(at) => Address::Tcp(at),
            Written::File(text) => Address::Unix(reader.path(&text, cwd)),
        };
        match unfit(&address, &all) {
            None => all.push(address),
            Some(what) => {
                reader.error("listen", what);
            }
        }
    }
    all
}

/// Why an address cannot stand beside those before it.
fn unfit(address: &Address, before: &[Address]) -> Option<String> {
    if let Address::Unix(path) = address
        && path.as_os_str().len() > SOCKET_PATH_BYTES_MAX
    {
        let path = path.display();
        return Some(format!(
            "the path of a socket has at most {SOCKET_PATH_BYTES_MAX} bytes, and `{path}` more"
        ));
    }
    before
        .contains(address)
        .then(|| format!("`listen` names `{address}` twice"))
}

/// One address or several.
pub(crate) fn written(value: &Value) -> Result<Vec<Written>, Wrong> {
    let Value::Array(items) = value else {
        return one(value).map(|one| vec![one]);
    };
    if items.len() > LISTEN_MAX {
        return Err(Wrong::new(format!("has more than {LISTEN_MAX} addresses")));
    }
    let item = |(index, item): (usize, &Value)| {
        one(item).map_err(|wrong| Wrong {
            what: format!("holds addresses, and each {}", wrong.what),
            index: Some(index),
            ..wrong
        })
    };
    items.iter().enumerate().map(item).collect()
}

fn one(value: &Value) -> Result<Written, Wrong> {
    if let Some(number) = typed::integer(value) {
        return port(number, value).map(everywhere);
    }
    let text = typed::text(value)
        .map_err(|_no_text| Wrong::must_be("a port, an address or a file", value))?;
    let text = text.trim();
    if let Some(path) = text.strip_prefix("unix:") {
        return file(path.strip_prefix("//").unwrap_or(path), value);
    }
    if text.starts_with(['/', '.', '~']) {
        return file(text, value);
    }
    if text.starts_with('@') {
        return Err(Wrong::must_be("a port, an address or a file", value)
            .hint("names without a file are left to the app"));
    }
    match text.rsplit_once(':') {
        Some((host, digits)) => tcp(host, digits, value),
        None => file(text, value),
    }
}

fn tcp(host: &str, digits: &str, value: &Value) -> Result<Written, Wrong> {
    let number = typed::integer(&Value::from(digits));
    let number = number.ok_or_else(|| not_an_address(host, digits, value))?;
    let port = port(number, value)?;
    if matches!(host, "" | "*") {
        return Ok(everywhere(port));
    }
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    // Without brackets nobody can say where an address of IPv6 ends and its port begins.
    let ip = match bracketed {
        Some(host) => host.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    };
    let ip = ip.ok_or_else(|| not_an_address(host, digits, value))?;
    Ok(Written::Tcp(SocketAddr::new(ip, port)))
}

/// Names are not looked up: what they stand for may change, and then the app would listen elsewhere.
fn not_an_address(host: &str, digits: &str, value: &Value) -> Wrong {
    let wrong = Wrong::must_be("a port, an address or a file", value);
    if host == "localhost" {
        return wrong.hint(format!("did you mean `127.0.0.1:{digits}`?"));
    }
    wrong.hint("write `3013`, `127.0.0.1:3013`, `[::1]:3013` or `unix:/run/x.sock`")
}

fn port(number: i64, value: &Value) -> Result<u16, Wrong> {
    let port = u16::try_from(number).ok().filter(|port| *port > 0);
    port.ok_or_else(|| {
        let wrong = Wrong::must_be("a port from 1 to 65535", value);
        if number == 0 {
            wrong.hint("the kernel would choose another one at each start")
        } else {
            wrong
        }
    })
}

const fn everywhere(port: u16) -> Written {
    Written::Tcp(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port))
}

fn file(path: &str, value: &Value) -> Result<Written, Wrong> {
    if path.is_empty() || path.ends_with('/') {
        return Err(Wrong::must_be("a port, an address or a file", value));
    }
    Ok(Written::File(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tcp_of(value: &Value) -> String {
        match one(value) {
            Ok(Written::Tcp(at)) => at.to_string(),
            other => panic!("{value}: {other:?}"),
        }
    }

    #[test]
    fn ports_and_addresses_are_read_as_people_write_them() {
        for everywhere in [json!(3013), json!("3013"), json!(":3013"), json!("*:3013")] {
            assert_eq!(tcp_of(&everywhere), "[::]:3013");
        }
        for at in ["127.0.0.1:80", "[::1]:80", "0.0.0.0:80", "[::]:80"] {
            assert_eq!(tcp_of(&json!(at)), at);
        }
    }

    #[test]
    fn files_are_told_from_addresses() {
        for (text, path) in [
            ("unix:/run/x.sock", "/run/x.sock"),
            ("unix:///run/x.sock", "/run/x.sock"),
            ("unix:x.sock", "x.sock"),
            ("/run/x:1.sock", "/run/x:1.sock"),
            ("./x.sock", "./x.sock"),
            ("x.sock", "x.sock"),
            ("~/x.sock", "~/x.sock"),
        ] {
            assert_eq!(one(&json!(text)), Ok(Written::File(path.to_owned())));
        }
    }

    #[test]
    fn what_is_no_address_says_what_would_be_one() {
        let hint = |value: Value| one(&value).unwrap_err().hint.unwrap_or_default();
        assert_eq!(hint(json!("localhost:80")), "did you mean `127.0.0.1:80`?");
        assert!(hint(json!("example.org:80")).starts_with("write `3013`"));
        assert!(hint(json!("127.0.0.1:http")).starts_with("write `3013`"));
        assert!(hint(json!(0)).starts_with("the kernel would choose"));
        for bad in [
            json!(65536),
            json!(-1),
            json!(1.5),
            json!(true),
            json!("unix:"),
            json!("/run/"),
            json!("@name"),
            json!("::1"),
            json!("::1:80"),
            json!({}),
        ] {
            assert!(one(&bad).is_err(), "{bad}");
        }
    }
}
