//! What a request does to one instance, and what it then waits for.

use config::AppSpec;
use protocol::reply::Reached;

use crate::instance::{Goal, Instance, State};
use crate::target::{Aim, Target};
use crate::turn::Turn;

/// Brings it up; one whose run is alive and not leaving is only waited for.
pub(crate) fn start(instance: &mut Instance, turn: &mut Turn) -> Target {
    let is_alive = instance.run().is_some_and(|run| run.leaving().is_none());
    if instance.goal == Goal::Up && is_alive {
        return still_up(instance, turn);
    }
    instance.start(turn);
    Target::new(instance, Aim::Up)
}

/// Waits for a run that is alive already. What is ready has settled with that.
pub(crate) fn still_up(instance: &Instance, turn: &mut Turn) -> Target {
    turn.touch(&instance.app, instance.id);
    let aim = instance.run().map_or(Aim::Up, |run| Aim::StillUp(run.id()));
    Target::new(instance, aim)
}

/// Ends what runs and brings it up again.
pub(crate) fn restart(instance: &mut Instance, spec: &AppSpec, turn: &mut Turn) -> Target {
    instance.restart(spec, turn);
    Target::new(instance, Aim::Up)
}

/// Brings it down.
pub(crate) fn stop(instance: &mut Instance, turn: &mut Turn) -> Target {
    let aim = if instance.state == State::Idle {
        Aim::StillDown
    } else {
        Aim::Down
    };
    instance.stop(Goal::Down, turn);
    Target::new(instance, aim)
}

/// Brings it down, to be forgotten.
pub(crate) fn delete(instance: &mut Instance, turn: &mut Turn) -> Target {
    instance.stop(Goal::Gone, turn);
    Target::new(instance, Aim::Gone)
}

/// Zeroes its counters; there is nothing to wait for.
pub(crate) fn reset(instance: &mut Instance, spec: &AppSpec, turn: &mut Turn) -> Target {
    instance.reset(turn);
    let mut target = Target::new(instance, Aim::StillDown);
    target.settle(&instance.view(spec, turn.now), Reached::Done);
    target
}
