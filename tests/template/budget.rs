//! How long an outage may last, computed from the template's defaults and the code's backoff.

use std::time::Duration;

use shared::http::backoff::{LONGEST_VISIBILITY, delay};
use submit_orders::handler::expiry::EXPIRY_MARGIN;

use integration_tests::template::{Resource, Template};

fn resource(id: &str) -> Resource<'static> {
    Template::product().resource(id).unwrap()
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest time from a message's first receive to its last one, with the worst jitter.
fn shortest_span(receives: u64) -> Duration {
    let receives = u32::try_from(receives).unwrap();
    (1..receives)
        .map(|receive| delay(receive, Duration::ZERO, 0.0, Duration::ZERO))
        .sum()
}

#[test]
fn outage_of_24_hours_makes_no_dead_letter() {
    let receives = resource("CustomerQueue")
        .number("/RedrivePolicy/maxReceiveCount")
        .unwrap();
    let span = shortest_span(receives);
    assert!(span > DAY, "{receives} receives span {span:?}");
    // Not by much more than needed: a message that can never be delivered should soon get to a person.
    assert!(shortest_span(receives - 10) < DAY);
}

#[test]
fn every_message_is_seen_before_retention_ends() {
    let queue = resource("CustomerQueue");
    let retention = Duration::from_secs(queue.number("/MessageRetentionPeriod").unwrap());
    // If no visibility can be set, the queue's own applies; the message must come back before it is deleted, with time for
    // an invocation that dead-letters it.
    let hidden = Duration::from_secs(queue.number("/VisibilityTimeout").unwrap());
    let invocation = Duration::from_secs(resource("SubmitOrdersFunction").number("/Timeout").unwrap());
    assert!(hidden + invocation < EXPIRY_MARGIN);
    // The longest delay, from the first receive on, leaves the message time to come back.
    assert!(LONGEST_VISIBILITY + EXPIRY_MARGIN < retention);
}
