// The destination, with a token that is kept until shortly before its end.

import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { getSecret } from '@aws-lambda-powertools/parameters/secrets';
import { Pool, request } from 'undici';
import type { Order } from './order.js';
import { settings } from './settings.js';
import { metrics } from './telemetry.js';

// The pool is what bounds the orders under way at once.
const pool = new Pool(settings.destinationUrl.origin, { connections: settings.maxInFlight });

let token: Promise<string> | undefined;
let renewAt = 0;

/** One request serves all who wait for it. */
function getToken(): Promise<string> {
  if (token === undefined || Date.now() >= renewAt) {
    renewAt = Number.POSITIVE_INFINITY;
    token = requestToken();
    token.catch(() => {
      token = undefined;
    });
  }
  return token;
}

async function requestToken(): Promise<string> {
  const secret = await getSecret(settings.destinationSecretArn, { transform: 'json' });
  const client = secret as { client_id: string; client_secret: string };
  const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
  const answer = await request(settings.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });
  if (answer.statusCode !== 200) throw new Error(`the token endpoint answered ${answer.statusCode}`);
  const granted = (await answer.body.json()) as { access_token: string; expires_in?: number };
  renewAt = Date.now() + ((granted.expires_in ?? 300) - 30) * 1000;
  metrics.addMetric('TokenRequests', MetricUnit.Count, 1);
  return `Bearer ${granted.access_token}`;
}

/** Posts an order, and again with a new token if the destination does not take the one that is kept. */
export async function post(order: Order): Promise<number> {
  const used = getToken();
  const status = await postWith(await used, order);
  if (status !== 401) return status;
  if (token === used) token = undefined;
  return postWith(await getToken(), order);
}

async function postWith(authorization: string, order: Order): Promise<number> {
  const began = performance.now();
  const answer = await pool.request({
    method: 'POST',
    path: settings.destinationUrl.pathname,
    headers: { authorization, 'content-type': 'application/json', 'idempotency-key': order.orderId },
    body: JSON.stringify(order),
    headersTimeout: 15_000,
  });
  await answer.body.dump();
  metrics.addMetric('DestinationLatency', MetricUnit.Milliseconds, performance.now() - began);
  return answer.statusCode;
}
