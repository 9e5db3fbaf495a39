use futures::FutureExt;

use super::*;

const ZERO: Duration = Duration::ZERO;

async fn permit(breaker: &CircuitBreaker) -> Permit<'_> {
    breaker.acquire().await.ok().unwrap()
}

#[tokio::test(start_paused = true)]
async fn fifth_failure_in_a_row_opens() {
    let breaker = CircuitBreaker::default();
    for _ in 0..4 {
        permit(&breaker).await.failed(ZERO);
    }
    permit(&breaker).await.succeeded();
    for _ in 0..5 {
        assert_eq!(breaker.check(), Ok(()));
        permit(&breaker).await.failed(ZERO);
    }
    assert_eq!(breaker.check(), Err(CircuitOpen(OPEN_DURATION)));
}

#[tokio::test(start_paused = true)]
async fn misconfiguration_opens_at_once() {
    for (min_delay, open_for) in [(0, 30), (29, 30), (120, 120), (u64::MAX, 12 * 3600)] {
        let breaker = CircuitBreaker::default();
        let open = Err(CircuitOpen(Duration::from_secs(open_for)));
        permit(&breaker)
            .await
            .misconfigured(Duration::from_secs(min_delay));
        assert_eq!(breaker.check(), open);
        assert_eq!(breaker.acquire().await.map(|_| ()), open);
    }
}

#[tokio::test(start_paused = true)]
async fn open_circuit_is_kept_open_by_late_failures() {
    let breaker = CircuitBreaker::default();
    let late = permit(&breaker).await;
    permit(&breaker).await.misconfigured(ZERO);
    late.failed(Duration::from_secs(90));
    assert_eq!(breaker.check(), Err(CircuitOpen(Duration::from_secs(90))));
}

#[tokio::test(start_paused = true)]
async fn open_circuit_is_not_closed_by_late_success() {
    let breaker = CircuitBreaker::default();
    let late = permit(&breaker).await;
    for _ in 0..FAILURE_THRESHOLD {
        permit(&breaker).await.failed(ZERO);
    }
    late.succeeded();
    assert_eq!(breaker.check(), Err(CircuitOpen(OPEN_DURATION)));
}

#[tokio::test(start_paused = true)]
async fn circuit_opened_by_blocked_orders_is_closed_by_late_success() {
    let breaker = CircuitBreaker::default();
    let (late, later) = (permit(&breaker).await, permit(&breaker).await);
    permit(&breaker).await.blocked(ZERO);
    assert_eq!(breaker.check(), Err(CircuitOpen(OPEN_DURATION)));
    late.succeeded();
    assert_eq!(breaker.check(), Ok(()));

    let late = permit(&breaker).await;
    permit(&breaker).await.blocked(ZERO);
    later.misconfigured(ZERO);
    late.succeeded();
    assert_eq!(breaker.check(), Err(CircuitOpen(OPEN_DURATION)));
}

#[tokio::test(start_paused = true)]
async fn probe_is_awaited_by_all_others() {
    let breaker = CircuitBreaker::default();
    permit(&breaker).await.misconfigured(ZERO);
    tokio::time::advance(OPEN_DURATION).await;
    let probe = permit(&breaker).await;
    let mut second = Box::pin(breaker.acquire());
    assert!(second.as_mut().now_or_never().is_none());
    probe.failed(ZERO);
    assert_eq!(second.await.err(), Some(CircuitOpen(OPEN_DURATION)));

    tokio::time::advance(OPEN_DURATION).await;
    let probe = permit(&breaker).await;
    let mut second = Box::pin(breaker.acquire());
    assert!(second.as_mut().now_or_never().is_none());
    probe.succeeded();
    let second = second.await.ok().unwrap();
    let third = permit(&breaker).await;
    assert!(!second.is_probe && !third.is_probe);
}

#[tokio::test(start_paused = true)]
async fn dropped_probe_lets_the_next_go() {
    let breaker = CircuitBreaker::default();
    permit(&breaker).await.misconfigured(ZERO);
    tokio::time::advance(OPEN_DURATION).await;
    let probe = permit(&breaker).await;
    let second = breaker.acquire();
    drop(probe);
    assert!(second.await.ok().unwrap().is_probe);
}
