//! Stands in for EventBridge Scheduler: the local one does not replace `<aws.scheduler.…>` in the input.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use shared::domain::order_date::OrderDate;

use crate::error::Error;
use crate::stack::LocalDeployment;

impl LocalDeployment {
    /// Does what the deployed schedule does at `time`: fills in its input, and invokes its target asynchronously.
    ///
    /// # Returns
    /// The input as the target gets it.
    ///
    /// # Errors
    /// The schedule has no target, or the target cannot be invoked.
    pub async fn fire_schedule(&self, time: OrderDate) -> Result<String, Error> {
        let name = self.output("ScheduleName")?;
        let get = self.scheduler.get_schedule().name(name);
        let schedule = get.group_name(self.output("ScheduleGroupName")?).send().await;
        let schedule = schedule.map_err(Error::aws(format!("GetSchedule of {name}")))?;
        let target = schedule
            .target
            .and_then(|target| Some((target.arn, target.input?)));
        let (arn, input) = target.ok_or_else(|| Error::Schedule(name.to_owned()))?;
        let input = fill_in(&input, time, &schedule.arn.unwrap_or_default());
        self.lambda
            .invoke()
            .function_name(&arn)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(input.as_bytes()))
            .send()
            .await
            .map_err(Error::aws(format!("Invoke of {arn}")))?;
        Ok(input)
    }
}

/// The context attributes of EventBridge Scheduler's user guide, "Adding context attributes".
fn fill_in(input: &str, time: OrderDate, schedule_arn: &str) -> String {
    input
        .replace("<aws.scheduler.scheduled-time>", &time.to_string())
        .replace("<aws.scheduler.schedule-arn>", schedule_arn)
        .replace("<aws.scheduler.execution-id>", "d32c5kddcf5bb8c3")
        .replace("<aws.scheduler.attempt-number>", "1")
}
