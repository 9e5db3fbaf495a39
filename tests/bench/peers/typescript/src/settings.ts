// The function's environment variables, which are those of the function that it competes with.

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const settings = {
  sourceUrl: required('SOURCE_URL'),
  sourceApiKeyHeader: process.env.SOURCE_API_KEY_HEADER ?? 'x-api-key',
  sourceSecretArn: required('SOURCE_SECRET_ARN'),
  queueUrl: required('QUEUE_URL'),
  destinationUrl: new URL(required('DESTINATION_URL')),
  destinationSecretArn: required('DESTINATION_SECRET_ARN'),
  tokenUrl: required('TOKEN_URL'),
  deadLetterQueueUrl: required('DEAD_LETTER_QUEUE_URL'),
  maxInFlight: Number(process.env.MAX_IN_FLIGHT ?? '10'),
  metricsNamespace: required('METRICS_NAMESPACE'),
  stackName: required('STACK_NAME'),
};
