// Powertools' logger and metrics, as both functions use them.

import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { settings } from './settings.js';

export const logger = new Logger({ serviceName: 'customer-order-sync' });
export const metrics = new Metrics({
  namespace: settings.metricsNamespace,
  defaultDimensions: { Stack: settings.stackName },
});
