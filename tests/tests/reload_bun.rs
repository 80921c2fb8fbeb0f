//! `Bun.serve`, reloaded under load: not one request fails.

tests::whole! {
    Bun;
    two_runs_overlap_while_connections_are_kept: Overlap, keep_alive, 3;
    two_runs_overlap_while_each_request_connects: Overlap, close, 3;
    two_runs_overlap_while_clients_think: Overlap, think, 3;
    two_runs_overlap_while_answers_take_two_seconds: Overlap, slow, 1;
    one_follows_the_other_while_connections_are_kept: Queue, keep_alive, 3;
    one_follows_the_other_while_each_request_connects: Queue, close, 3;
    one_follows_the_other_while_clients_think: Queue, think, 3;
    one_follows_the_other_while_answers_take_two_seconds: Queue, slow, 1;
}
