// Where refused orders go, with the reason.

import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { settings } from './settings.js';

const sqs = new SQSClient();

export async function putDeadLetter(body: string, reason: string, detail: string): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: settings.deadLetterQueueUrl,
      MessageBody: body,
      MessageAttributes: {
        reason: { DataType: 'String', StringValue: reason },
        detail: { DataType: 'String', StringValue: detail },
      },
    }),
  );
}
