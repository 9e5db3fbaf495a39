// fetch-customers with Powertools: reads the source while it arrives, and sends some batches of ten at once.

import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { getSecret } from '@aws-lambda-powertools/parameters/secrets';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import streamArray from 'stream-json/streamers/stream-array.js';
import { request } from 'undici';
import { settings } from './settings.js';
import { logger, metrics } from './telemetry.js';

const BATCH = 10;
const CALLS_IN_FLIGHT = 16;

const sqs = new SQSClient({ requestHandler: { httpsAgent: { maxSockets: CALLS_IN_FLIGHT } } });

/** Every customer of every page, one by one. */
async function* customers(): AsyncGenerator<unknown> {
  const secret = await getSecret(settings.sourceSecretArn, { transform: 'json' });
  const { api_key } = secret as { api_key: string };
  let url: string | undefined = settings.sourceUrl;
  while (url !== undefined) {
    const page: Awaited<ReturnType<typeof request>> = await request(url, {
      headers: { [settings.sourceApiKeyHeader]: api_key },
    });
    if (page.statusCode !== 200) throw new Error(`the source answered ${page.statusCode}`);
    metrics.addMetric('SourcePages', MetricUnit.Count, 1);
    for await (const { value } of page.body.pipe(streamArray.withParserAsStream())) yield value;
    const next = /<([^>]*)>;\s*rel="next"/.exec(String(page.headers.link ?? ''));
    url = next?.[1] && new URL(next[1], url).href;
  }
}

async function send(orderDate: string, batch: unknown[]): Promise<number> {
  const answer = await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: settings.queueUrl,
      Entries: batch.map((customer, at) => ({
        Id: String(at),
        MessageBody: JSON.stringify({ order_date: orderDate, customer }),
      })),
    }),
  );
  if (answer.Failed?.length) throw new Error(`SQS did not take ${answer.Failed.length} messages`);
  return answer.Successful?.length ?? 0;
}

export async function handler(event: { order_date: string }, context: Context): Promise<object> {
  logger.addContext(context);
  const order_date = event.order_date;
  let [fetched, enqueued] = [0, 0];
  const calls = new Set<Promise<void>>();
  let batch: unknown[] = [];
  const call = () => {
    const sent = send(order_date, batch).then((count) => {
      enqueued += count;
      calls.delete(sent);
    });
    calls.add(sent);
    batch = [];
  };
  try {
    for await (const customer of customers()) {
      fetched += 1;
      batch.push(customer);
      if (batch.length === BATCH) {
        if (calls.size === CALLS_IN_FLIGHT) await Promise.race(calls);
        call();
      }
    }
    if (batch.length > 0) call();
    await Promise.all(calls);
    metrics.addMetric('CustomersFetched', MetricUnit.Count, fetched);
    metrics.addMetric('CustomersEnqueued', MetricUnit.Count, enqueued);
    logger.info('run ended', { order_date, fetched, enqueued });
    return { order_date, fetched, enqueued };
  } finally {
    metrics.publishStoredMetrics();
  }
}
