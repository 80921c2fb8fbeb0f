//! Hand-overs: one value of each kind, and the words that they have on the wire.

use std::net::SocketAddr;
use std::path::PathBuf;

use config::{Address, HandoverRule, Span};
use protocol::view::InstanceView;
use protocol::{Handed, Lack, LackOf, Mode, Reply, Tally};
use serde_json::json;

use crate::samples::{self, AWKWARD};

/// One address of each kind.
pub(crate) fn addresses() -> Vec<Address> {
    let tcp = |text: &str| Address::Tcp(text.parse::<SocketAddr>().unwrap());
    vec![
        tcp("0.0.0.0:3013"),
        tcp("[::1]:80"),
        tcp("[fe80::1%3]:80"),
        Address::Unix(PathBuf::from("/run/ö x.sock")),
    ]
}

/// One lack of each kind.
pub(crate) fn lacks() -> Vec<Lack> {
    let file = PathBuf::from(AWKWARD);
    [
        LackOf::Filter,
        LackOf::Privileged { file },
        LackOf::Unwanted,
        LackOf::Duplicate,
        LackOf::Trace,
        LackOf::Diagnosis,
        LackOf::Stranger,
        LackOf::Selector,
        LackOf::Hold,
    ]
    .into_iter()
    .zip([1, 0, i32::MAX].into_iter().cycle())
    .map(|(of, errno)| Lack { of, errno })
    .collect()
}

/// One hand-over of each kind.
pub(crate) fn handed() -> Vec<Handed> {
    let of = |mode| Handed {
        mode,
        lacks: lacks(),
        tally: Tally {
            adopted: 1,
            cut: 0,
            cut_unknown: u32::MAX,
        },
        pause: Span::ZERO,
        took: Span(u64::MAX),
    };
    [Mode::Overlap, Mode::Queue, Mode::Restart].map(of).into()
}

#[test]
fn the_words_of_a_hand_over_keep_their_form() {
    let mut one = handed().remove(1);
    one.lacks.drain(3..);
    one.lacks[1].of = LackOf::Privileged {
        file: "/usr/bin/node".into(),
    };
    assert_eq!(
        json!(one),
        json!({
            "mode": "queue",
            "lacks": [
                { "of": "filter", "errno": 1 },
                { "of": { "privileged": { "file": "/usr/bin/node" } }, "errno": 0 },
                { "of": "unwanted", "errno": i32::MAX },
            ],
            "tally": { "adopted": 1, "cut": 0, "cut_unknown": u32::MAX },
            "pause": 0,
            "took": u64::MAX,
        })
    );
    assert_eq!(
        json!(addresses()),
        json!([
            { "tcp": "0.0.0.0:3013" },
            { "tcp": "[::1]:80" },
            { "tcp": "[fe80::1%3]:80" },
            { "unix": "/run/ö x.sock" },
        ])
    );
}

#[test]
fn what_a_daemon_without_hand_overs_says_is_understood() {
    let settled = samples::replies()
        .into_iter()
        .find(|reply| matches!(reply, Reply::Settled { .. }))
        .unwrap();
    let mut older = json!(settled);
    for outcome in older["outcomes"].as_array_mut().unwrap() {
        outcome.as_object_mut().unwrap().remove("handed");
        let instance = outcome["instance"].as_object_mut().unwrap();
        for field in ["listens", "lacks", "beside", "next_mode"] {
            instance.remove(field).unwrap();
        }
    }
    let Reply::Settled { outcomes, .. } = serde_json::from_value(older).unwrap() else {
        panic!("another reply");
    };
    let instance: &InstanceView = &outcomes[0].instance;
    assert_eq!(outcomes[0].handed, None);
    assert!(instance.listens.is_empty() && instance.lacks.is_empty());
    assert_eq!((instance.beside, instance.next_mode), (None, None));
}

#[test]
fn a_specification_without_a_rule_for_hand_overs_has_the_default_one() {
    let mut older = json!(samples::spec());
    older.as_object_mut().unwrap().remove("handover");
    let spec: config::AppSpec = serde_json::from_value(older).unwrap();
    assert_eq!(spec.handover, HandoverRule::default());
}
