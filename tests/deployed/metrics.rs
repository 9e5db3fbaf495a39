//! The metrics of the deployed functions, as CloudWatch finds them in their logs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use integration_tests::emf::{Line, VERDICT_METRICS, sum, values};
use local_run::{LocalDeployment, STACK};
use sandbox::customers;

use crate::harness::{PATIENCE, date, logs, on_the_deployed_stack, run};

const POLL: Duration = Duration::from_millis(200);

/// The lines of invocations that ended after `since_ms`: those of an earlier test may reach the logs late.
async fn metrics(stack: &LocalDeployment, since_ms: u64) -> Vec<Line> {
    let logs = logs(stack).await;
    let lines = logs.lines().filter(|line| line.starts_with(r#"{"_aws":"#));
    lines
        .map(|line| Line::parse(&serde_json::from_str(line).unwrap()))
        .filter(|line| line.timestamp_ms() >= since_ms)
        .collect()
}

#[test]
fn metrics_of_all_invocations_add_up() {
    on_the_deployed_stack(async |stack| {
        let customers = customers::generate(60, 21);
        let valid = customers
            .iter()
            .filter(|customer| customer.expected.is_order())
            .count();
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let began_ms = u64::try_from(began).unwrap();
        assert!(run(stack, date("2024-01-21T06:00:00Z"), &customers).await.settled);
        // A log comes after its invocation.
        let lines = tokio::time::timeout(PATIENCE, async {
            loop {
                let lines = metrics(stack, began_ms).await;
                let all = VERDICT_METRICS.iter().map(|end| sum(&lines, end)).sum::<f64>();
                if all >= 60.0 && sum(&lines, "RunCompleted") >= 1.0 {
                    break lines;
                }
                tokio::time::sleep(POLL).await;
            }
        });
        let lines = lines.await.unwrap();
        let added = |metric: &str| sum(&lines, metric);
        assert_eq!(
            VERDICT_METRICS.map(added),
            [valid as f64, 0.0, (60 - valid) as f64, 0.0, 0.0]
        );
        assert_eq!(
            ["CustomersFetched", "CustomersEnqueued", "RunCompleted"].map(added),
            [60.0, 60.0, 1.0]
        );
        // An instance that is still there from another test may have an old token, and posts once more with a new one.
        let answered = stack.sandbox.counters().order_posts;
        assert_eq!(values(&lines, "DestinationLatency").len() as u64, answered);
        for line in &lines {
            let about = (&*line.namespace, &*line.stack);
            assert_eq!(about, ("CustomerOrderSync", STACK));
            assert!(!line.request_id.is_empty());
        }
    });
}
