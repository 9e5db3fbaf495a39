//! Tells orders that only this destination's firewall, say, does not let through from a misconfiguration, which no order
//! gets through.
//!
//! Both look the same: a 3xx or 4xx that is about neither the order's content nor the token. What tells them apart is
//! what becomes of the other orders.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use shared::domain::order_id::OrderId;
use tokio::time::Instant;

/// A delivery so long before or after shows that the destination accepts orders.
pub(super) const DELIVERY_WINDOW: Duration = Duration::from_secs(10);

/// So many blocked orders are remembered: some 100 bytes each.
const MAX_REMEMBERED: usize = 1_000;

/// Whether an order was blocked alone, or all are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// Only this order, as far as is known.
    Order,
    /// Two different orders in a row, and none was delivered in between or a moment ago.
    All,
}

/// What this instance knows of blocked orders.
#[derive(Default)]
pub(crate) struct BlockedOrders(Mutex<Evidence>);

#[derive(Default)]
struct Evidence {
    last_delivery: Option<Instant>,
    /// The last order that was blocked since then.
    last_blocked: Option<OrderId>,
    /// Different orders were blocked since then.
    several_blocked: bool,
    /// The oldest first.
    remembered: VecDeque<BlockedOrder>,
}

struct BlockedOrder {
    id: OrderId,
    at: Instant,
    /// Other orders were delivered after it had been blocked.
    is_alone: bool,
}

impl BlockedOrders {
    /// An order was delivered, so those that were blocked a moment ago were blocked alone.
    pub(crate) fn record_delivery(&self) {
        self.with(|evidence| {
            let now = Instant::now();
            evidence.last_delivery = Some(now);
            evidence.several_blocked = false;
            if evidence.last_blocked.take().is_some() {
                for order in &mut evidence.remembered {
                    order.is_alone |= now - order.at <= DELIVERY_WINDOW;
                }
            }
        });
    }

    /// An order was blocked.
    pub(crate) fn record(&self, id: &OrderId) -> Blocked {
        self.with(|evidence| {
            let now = Instant::now();
            let is_alone = evidence.remember(id, now);
            // An order that is known to be blocked alone proves nothing about the others.
            if is_alone {
                return Blocked::Order;
            }
            let another_before = evidence.last_blocked.as_ref().is_some_and(|last| last != id);
            evidence.last_blocked = Some(id.clone());
            evidence.several_blocked |= another_before;
            if another_before && !evidence.delivered_within_window(now) {
                Blocked::All
            } else {
                Blocked::Order
            }
        })
    }

    /// Whether other orders are delivered while this one is blocked: after it was blocked; or a moment before, and no
    /// other was blocked since. (At the beginning of a misconfiguration many are.)
    pub(crate) fn is_alone(&self, id: &OrderId) -> bool {
        self.with(|evidence| {
            let order = evidence.remembered.iter().find(|order| order.id == *id);
            order.is_some_and(|order| {
                order.is_alone || !evidence.several_blocked && evidence.delivered_within_window(order.at)
            })
        })
    }

    fn with<T>(&self, read: impl FnOnce(&mut Evidence) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Evidence {
    fn delivered_within_window(&self, at: Instant) -> bool {
        self.last_delivery
            .is_some_and(|delivery| at.saturating_duration_since(delivery) <= DELIVERY_WINDOW)
    }

    /// # Returns
    /// Whether it is known that the order is blocked alone.
    fn remember(&mut self, id: &OrderId, at: Instant) -> bool {
        if let Some(order) = self.remembered.iter_mut().find(|order| order.id == *id) {
            order.at = at;
            return order.is_alone;
        }
        if self.remembered.len() == MAX_REMEMBERED {
            self.remembered.pop_front();
        }
        self.remembered.push_back(BlockedOrder {
            id: id.clone(),
            at,
            is_alone: false,
        });
        false
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use shared::{
        domain::order_id::OneOrderPer,
        mapping::customer::{ID, read_customer_id},
    };

    use super::*;

    fn order(number: u64) -> OrderId {
        let customer = RawValue::from_string(format!(r#"{{"{ID}":{number}}}"#)).unwrap();
        let customer = read_customer_id(&customer).unwrap();
        OrderId::new(
            &customer,
            "2023-10-15T14:30:00Z".parse().unwrap(),
            OneOrderPer::Run,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn two_different_orders_in_a_row_are_all() {
        let blocked = BlockedOrders::default();
        assert_eq!(blocked.record(&order(1)), Blocked::Order);
        assert_eq!(blocked.record(&order(1)), Blocked::Order);
        assert_eq!(blocked.record(&order(2)), Blocked::All);
        assert_eq!(blocked.record(&order(3)), Blocked::All);
        assert!(!blocked.is_alone(&order(1)) && !blocked.is_alone(&order(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn delivery_in_between_is_evidence() {
        let blocked = BlockedOrders::default();
        for number in (0..100).step_by(2) {
            assert_eq!(blocked.record(&order(number)), Blocked::Order);
            tokio::time::advance(DELIVERY_WINDOW).await;
            blocked.record_delivery();
            assert!(blocked.is_alone(&order(number)));
            tokio::time::advance(2 * DELIVERY_WINDOW).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn delivery_a_moment_ago_is_evidence() {
        let blocked = BlockedOrders::default();
        blocked.record_delivery();
        for number in 0..10 {
            assert_eq!(blocked.record(&order(number)), Blocked::Order);
            assert_eq!(blocked.is_alone(&order(number)), number == 0);
        }
        tokio::time::advance(DELIVERY_WINDOW + Duration::from_millis(1)).await;
        assert_eq!(blocked.record(&order(10)), Blocked::All);
        assert!(!blocked.is_alone(&order(10)));
    }

    #[tokio::test(start_paused = true)]
    async fn order_known_to_be_alone_stays_alone() {
        let blocked = BlockedOrders::default();
        for number in 0..5 {
            blocked.record(&order(number));
        }
        blocked.record_delivery();
        tokio::time::advance(Duration::from_secs(3_600)).await;
        for number in 0..5 {
            assert_eq!(blocked.record(&order(number)), Blocked::Order);
            assert!(blocked.is_alone(&order(number)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn delivery_before_the_misconfiguration_is_no_evidence_later() {
        let blocked = BlockedOrders::default();
        blocked.record_delivery();
        blocked.record(&order(1));
        assert!(blocked.is_alone(&order(1)));
        tokio::time::advance(Duration::from_secs(30)).await;
        blocked.record(&order(1));
        assert!(!blocked.is_alone(&order(1)));
    }

    #[test]
    fn remembered_orders_are_bounded() {
        let blocked = BlockedOrders::default();
        for number in 0..=MAX_REMEMBERED as u64 {
            blocked.record(&order(number));
        }
        blocked.with(|evidence| assert_eq!(evidence.remembered.len(), MAX_REMEMBERED));
    }
}
