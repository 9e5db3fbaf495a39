//! Stands in for EventBridge Scheduler: the local one does not replace `<aws.scheduler.…>` in the input.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde::Deserialize;
use shared::domain::order_date::OrderDate;

use crate::error::Error;
use crate::ministack::REGION;
use crate::stack::LocalDeployment;

/// What `GetSchedule` answers, as far as it is needed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Schedule {
    #[serde(default)]
    arn: String,
    target: Option<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    arn: String,
    input: Option<String>,
}

impl LocalDeployment {
    /// Does what the deployed schedule does at `time`, whether or not it is enabled: fills in its input, and invokes its
    /// target asynchronously.
    ///
    /// # Returns
    /// The input as the target gets it.
    ///
    /// # Errors
    /// The schedule has no target, or the target cannot be invoked.
    pub async fn fire_schedule(&self, time: OrderDate) -> Result<String, Error> {
        let name = self.output("ScheduleName")?;
        let schedule = self.get_schedule(name).await?;
        let target = schedule
            .target
            .and_then(|target| Some((target.arn, target.input?)));
        let (arn, input) = target.ok_or_else(|| Error::Schedule(name.to_owned()))?;
        let input = fill_in(&input, time, &schedule.arn);
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

    /// One call, by hand: the SDK's crate for it takes half a minute to build.
    async fn get_schedule(&self, name: &str) -> Result<Schedule, Error> {
        let call = format!("GetSchedule of {name}");
        let scope = format!("AWS4-HMAC-SHA256 Credential=local/20240101/{REGION}/scheduler/aws4_request");
        let client = shared::http::client().no_proxy().build();
        let client = client.map_err(Error::aws("making an HTTP client"))?;
        let group = [("groupName", self.output("ScheduleGroupName")?)];
        let url = reqwest::Url::parse_with_params(&format!("{}/schedules/{name}", self.aws_url()), group);
        let answer = client
            .get(url.map_err(Error::aws(call.clone()))?)
            .header("authorization", scope)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status);
        let body = answer.map_err(Error::aws(call.clone()))?.bytes().await;
        let body = body.map_err(Error::aws(call.clone()))?;
        serde_json::from_slice(&body).map_err(Error::aws(call))
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
