//! Commands for a stack that is left running.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use local_run::LocalDeployment;

/// They work as printed, from the root of the repository.
pub(crate) async fn hints(stack: &LocalDeployment) -> Result<String, Box<dyn Error>> {
    let aws = stack.aws_url();
    let api = stack.sandbox.base_url();
    let config = stack.paths.sam_config();
    let config = config.display();
    let (queue, dead) = (
        stack.output("CustomerQueueUrl")?,
        stack.output("DeadLetterQueueUrl")?,
    );
    let (environment, log) = (write_environment(stack).await?, stack.paths.log());
    let (environment, log) = (environment.display(), log.display());
    Ok(format!(
        "
Everything keeps running until Ctrl-C. In another terminal, from the root of this repository:

  export PATH=$PWD/.tools/venv/bin:$PATH
  export AWS_ENDPOINT_URL={aws} AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

A run, and a backfill of one customer:
  infra/invoke.sh {config} fetch-customers infra/events/run.json
  infra/invoke.sh {config} fetch-customers infra/events/backfill-one-customer.json
The dead letters, by reason, age and order date:
  infra/invoke.sh {config} redrive-orders '{{}}'
The queues:
  aws --endpoint-url {aws} sqs get-queue-attributes --attribute-names All --queue-url {queue}
  aws --endpoint-url {aws} sqs receive-message --message-attribute-names All --visibility-timeout 0 --queue-url {dead}
The logs:
  sam logs --stack-name {name} --tail
  tail -f {log}
The two APIs, and the requests they received:
  curl {api}/control/state
Your changed code instead of the deployed functions (the first command in a terminal of its own):
  cargo lambda watch --env-file {environment}
  cargo lambda invoke fetch-customers --data-file infra/events/run.json
  cargo lambda invoke submit-orders --data-file infra/events/two-messages.json
  cargo lambda invoke redrive-orders --data-file infra/events/redrive-dry-run.json
",
        name = local_run::STACK,
    ))
}

/// Writes the environment variables of the deployed functions to a file. Those that several functions have are equal,
/// except one.
async fn write_environment(stack: &LocalDeployment) -> Result<PathBuf, Box<dyn Error>> {
    let mut variables = BTreeMap::from(
        [
            ("AWS_ENDPOINT_URL", stack.aws_url()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    for function in [
        "FetchCustomersFunctionArn",
        "RedriveOrdersFunctionArn",
        "SubmitOrdersFunctionArn",
    ] {
        let arn = stack.output(function)?;
        let deployed = stack
            .lambda()
            .get_function_configuration()
            .function_name(arn)
            .send()
            .await?;
        variables.extend(
            deployed
                .environment
                .and_then(|environment| environment.variables)
                .unwrap_or_default(),
        );
    }
    // The name of the function itself.
    variables.remove("AWS_SDK_UA_APP_ID");
    let path = stack.paths.work.join("functions.env");
    let lines: String = variables
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    std::fs::write(&path, lines)?;
    Ok(path)
}
