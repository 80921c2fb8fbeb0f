//! Node, reloaded under load: not one request fails.

use protocol::Mode;
use tests::Runtime::Node;
use tests::load::Plan;
use tests::reloading::is_whole;

tests::whole! {
    Node;
    two_runs_overlap_while_connections_are_kept: Overlap, keep_alive, 3;
    two_runs_overlap_while_each_request_connects: Overlap, close, 3;
    two_runs_overlap_while_clients_think: Overlap, think, 3;
    two_runs_overlap_while_answers_take_two_seconds: Overlap, slow, 2;
    one_follows_the_other_while_connections_are_kept: Queue, keep_alive, 3;
    one_follows_the_other_while_each_request_connects: Queue, close, 3;
    one_follows_the_other_while_clients_think: Queue, think, 3;
    one_follows_the_other_while_answers_take_two_seconds: Queue, slow, 2;
}

#[test]
fn bodies_are_whole_in_both_directions() {
    is_whole(Node, Mode::Overlap, Plan::echo(), 2);
    is_whole(Node, Mode::Overlap, Plan::ten_megabytes(), 2);
}

#[test]
fn a_body_of_unknown_length_is_whole() {
    is_whole(Node, Mode::Overlap, Plan::drip(), 1);
    is_whole(Node, Mode::Queue, Plan::drip(), 1);
}

#[test]
fn a_thousand_busy_connections_are_whole() {
    let plan = Plan::keep_alive().with_connections(1000);
    is_whole(Node, Mode::Overlap, plan, 2);
}
