//! What one can do with a stack that is left running.

use local_run::{Error, LocalStack};

/// Commands that work as they stand, from the root of the repository.
pub(crate) fn hints(stack: &LocalStack) -> Result<String, Error> {
    let aws = stack.aws_url();
    let api = stack.sandbox.base_url();
    let function = stack.output("FetchCustomersFunctionArn")?;
    let (queue, dead) = (
        stack.output("CustomerQueueUrl")?,
        stack.output("DeadLetterQueueUrl")?,
    );
    let log = stack.places.log();
    let log = log.display();
    Ok(format!(
        "
It is left running until Ctrl-C. In another terminal, from this folder:

  export PATH=$PWD/.tools/venv/bin:$PATH
  export AWS_ENDPOINT_URL={aws} AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

A run, and a backfill of one customer:
  cargo lambda invoke --remote --data-file infra/events/run.json {function}
  cargo lambda invoke --remote --data-file infra/events/backfill-one-customer.json {function}
The queues:
  aws --endpoint-url {aws} sqs get-queue-attributes --attribute-names All --queue-url {queue}
  aws --endpoint-url {aws} sqs receive-message --message-attribute-names All --visibility-timeout 0 --queue-url {dead}
The logs:
  sam logs --stack-name {name} --tail
  tail -f {log}
The two APIs: what they saw, the orders, and the customers:
  curl {api}/control/state
  curl {api}/control/ledger
",
        name = local_run::STACK,
    ))
}
