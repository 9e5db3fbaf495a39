//! The metrics of the deployed functions, as CloudWatch finds them in their logs.

use std::time::Duration;

use integration_tests::emf::{ENDS, Line, sum, values};
use local_run::{LocalStack, STACK};
use sandbox::customers;

use crate::harness::{PATIENCE, date, logs, on_the_deployed_stack, run};

const POLL: Duration = Duration::from_millis(200);

async fn metrics(stack: &LocalStack) -> Vec<Line> {
    let logs = logs(stack).await;
    let lines = logs.lines().filter(|line| line.starts_with(r#"{"_aws":"#));
    lines
        .map(|line| Line::parse(&serde_json::from_str(line).unwrap()))
        .collect()
}

#[test]
fn each_invocation_prints_its_metrics_whole_and_they_add_up() {
    on_the_deployed_stack(async |stack| {
        let customers = customers::generate(60, 21);
        let valid = customers
            .iter()
            .filter(|customer| customer.expected.is_order())
            .count();
        let before = metrics(stack).await;
        assert!(run(stack, date("2024-01-21T06:00:00Z"), &customers).await.settled);
        // A log comes after its invocation.
        let lines = tokio::time::timeout(PATIENCE, async {
            loop {
                let lines = metrics(stack).await;
                let all = |lines: &[Line]| ENDS.iter().map(|end| sum(lines, end)).sum::<f64>();
                if all(&lines) - all(&before) >= 60.0 {
                    break lines;
                }
                tokio::time::sleep(POLL).await;
            }
        });
        let lines = lines.await.unwrap();
        let added = |metric: &str| sum(&lines, metric) - sum(&before, metric);
        assert_eq!(
            ENDS.map(added),
            [valid as f64, 0.0, (60 - valid) as f64, 0.0, 0.0]
        );
        assert_eq!(
            ["CustomersFetched", "CustomersEnqueued", "RunCompleted"].map(added),
            [60.0, 60.0, 1.0]
        );
        let latencies = |lines: &[Line]| values(lines, "DestinationLatency").len();
        assert_eq!(latencies(&lines) - latencies(&before), valid);
        for line in &lines {
            let about = (&*line.namespace, &*line.stack);
            assert_eq!(about, ("CustomerOrderSync", STACK));
            assert!(!line.request_id.is_empty());
        }
    });
}
