// submit-orders with Powertools' batch processor, which hands out all messages at once.

import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { ZodError } from 'zod';
import { putDeadLetter } from './deadLetters.js';
import { orderOf } from './order.js';
import { post } from './orderApi.js';
import { logger, metrics } from './telemetry.js';

const processor = new BatchProcessor(EventType.SQS);

async function handleRecord(record: SQSRecord): Promise<void> {
  let order: ReturnType<typeof orderOf>;
  try {
    order = orderOf(record.body);
  } catch (error) {
    if (error instanceof SyntaxError) return reject(record, 'malformed_message', 'the message is not JSON');
    // Names fields and rules, never values.
    if (error instanceof ZodError) return reject(record, 'invalid_customer', rules(error));
    throw error;
  }
  const status = await post(order);
  if (status >= 200 && status < 300) {
    metrics.addMetric('OrdersDelivered', MetricUnit.Count, 1);
  } else if (status === 409) {
    metrics.addMetric('OrdersDuplicate', MetricUnit.Count, 1);
  } else if (status === 400 || status === 413 || status === 422) {
    await reject(record, 'rejected_by_destination', `the destination answered ${status}`);
  } else {
    // The batch processor makes an item failure of this.
    throw new Error(`the destination answered ${status}`);
  }
}

async function reject(record: SQSRecord, reason: string, detail: string): Promise<void> {
  await putDeadLetter(record.body, reason, detail);
  metrics.addMetric('OrdersRejected', MetricUnit.Count, 1);
  logger.error('order rejected', { messageId: record.messageId, reason });
}

function rules(error: ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  logger.addContext(context);
  try {
    const answer = await processPartialResponse(event, handleRecord, processor, {
      context,
      throwOnFullBatchFailure: false,
    });
    const [received, retried] = [event.Records.length, answer.batchItemFailures.length];
    metrics.addMetric('OrdersRetried', MetricUnit.Count, retried);
    logger.info('batch settled', { received, retried });
    return answer;
  } finally {
    metrics.publishStoredMetrics();
  }
}
