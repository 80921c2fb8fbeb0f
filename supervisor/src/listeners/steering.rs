//! Whom the connections of a group should go to.

use protocol::RunId;

/// What was said about an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The runs that get new connections.
    pub(super) to: Vec<RunId>,
    /// Whether those wait that reach none of them.
    pub(super) held: bool,
}

/// A member, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    /// The run that serves it; none: that run is gone, or the socket is ours.
    pub(super) run: Option<RunId>,
    /// Whether one of the runs that get connections is of the same instance.
    pub(super) is_served: bool,
    /// Whether its run never got connections by anybody's word.
    pub(super) is_fresh: bool,
}

/// Whom a group's connections go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Aim {
    /// These members, by index, ascending; never empty.
    These(Vec<usize>),
    /// A socket of ours that is still to be made.
    Park,
    /// There is nobody.
    Nobody,
}

/// Decides it.
///
/// `holds` is the member at which connections were held last. It goes on getting them when a run has
/// taken it up: what waits there is that run's to serve, until somebody says who is in service.
///
/// Where instances have ports of their own, one may be without a run while others are in service; so
/// each member is looked at for its own instance. A port at which an instance in service does not
/// listen any more holds nothing.
pub(super) fn aim(seats: &[Seat], said: &Said, holds: Option<usize>) -> Aim {
    let those = |wanted: &dyn Fn(&Seat) -> bool| -> Vec<usize> {
        let wanted = seats.iter().enumerate().filter(|(_, seat)| wanted(seat));
        wanted.map(|(index, _)| index).collect()
    };
    let first_of = |choices: [Vec<usize>; 3]| choices.into_iter().find(|it| !it.is_empty());

    let in_service = those(&|seat| seat.run.is_some_and(|run| said.to.contains(&run)));
    if !in_service.is_empty() {
        return Aim::These(in_service);
    }
    if said.held {
        let waits_already = holds.filter(|it| seats.get(*it).is_some_and(|seat| !seat.is_served));
        // A run that comes up serves sooner than one that is still to be launched.
        let comes_up = those(&|it| it.run.is_some() && it.is_fresh && !it.is_served);
        let orphan = those(&|it| it.run.is_none() && !it.is_served)
            .into_iter()
            .take(1);
        let choices = [
            waits_already.into_iter().collect(),
            comes_up,
            orphan.collect(),
        ];
        if let Some(chosen) = first_of(choices) {
            return Aim::These(chosen);
        }
        if seats.iter().any(|it| it.run.is_some() && !it.is_served) {
            return Aim::Park;
        }
    }
    let with_a_run = those(&|it| it.run.is_some());
    if with_a_run.is_empty() {
        Aim::Nobody
    } else {
        Aim::These(with_a_run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(run: Option<u64>) -> Seat {
        Seat {
            run: run.map(RunId),
            is_served: false,
            is_fresh: false,
        }
    }

    fn served(run: Option<u64>) -> Seat {
        Seat {
            is_served: true,
            ..seat(run)
        }
    }

    fn fresh(run: u64) -> Seat {
        Seat {
            is_fresh: true,
            ..seat(Some(run))
        }
    }

    fn said(to: &[u64], held: bool) -> Said {
        Said {
            to: to.iter().copied().map(RunId).collect(),
            held,
        }
    }

    #[test]
    fn who_is_in_service_gets_all_with_each_of_its_sockets() {
        let seats = [
            served(Some(1)),
            served(Some(2)),
            served(None),
            served(Some(2)),
        ];
        assert_eq!(
            aim(&seats, &said(&[2], true), Some(2)),
            Aim::These(vec![1, 3])
        );
        assert_eq!(
            aim(&seats, &said(&[1, 2], false), None),
            Aim::These(vec![0, 1, 3])
        );
    }

    #[test]
    fn before_anything_is_said_every_run_gets_its_share() {
        let nothing = Said::default();
        assert_eq!(
            aim(&[fresh(1), fresh(2)], &nothing, None),
            Aim::These(vec![0, 1])
        );
        assert_eq!(aim(&[seat(None)], &nothing, None), Aim::Nobody);
    }

    #[test]
    fn what_is_held_waits_with_the_dead_else_with_us() {
        let held = said(&[], true);
        let [old, dead] = [seat(Some(1)), seat(None)];
        assert_eq!(aim(&[old, dead, dead], &held, None), Aim::These(vec![1]));
        assert_eq!(aim(&[old], &held, None), Aim::Park);
        assert_eq!(
            aim(&[old, dead, dead], &held, Some(2)),
            Aim::These(vec![2]),
            "the socket is not changed in between"
        );
        assert_eq!(
            aim(&[fresh(2)], &held, Some(0)),
            Aim::These(vec![0]),
            "a run has taken it up"
        );
    }

    #[test]
    fn a_successor_that_comes_up_gets_what_its_dead_predecessor_cannot() {
        let held = said(&[1], true);
        let seats = [seat(None), fresh(2)];
        assert_eq!(aim(&seats, &held, None), Aim::These(vec![1]));
    }

    #[test]
    fn an_instance_with_a_port_of_its_own_is_held_while_others_are_in_service() {
        let others = said(&[9], true);
        assert_eq!(aim(&[seat(None)], &others, None), Aim::These(vec![0]));
        assert_eq!(aim(&[seat(Some(1))], &others, None), Aim::Park);
    }

    #[test]
    fn a_port_that_the_successor_gave_up_holds_nothing() {
        let successor = said(&[9], true);
        assert_eq!(
            aim(&[served(Some(1))], &successor, None),
            Aim::These(vec![0])
        );
        assert_eq!(aim(&[served(None)], &successor, Some(0)), Aim::Nobody);
    }
}
