// What Lambda's own Node.js runtime does around a handler: asks for an event, calls the handler, sends the answer.
//
// Its client (aws-lambda-ric) compiles curl and a C++ library with CMake when it is installed; that is too much to ask
// for a benchmark. This loop uses the same runtime API over node:http, keeps the connection, and does nothing else.

import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';

const API = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const agent = new Agent({ keepAlive: true });

function call(method: string, path: string, body?: string): Promise<{ answer: IncomingMessage; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(`${API}/${path}`, { method, agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ answer, text: Buffer.concat(chunks).toString() }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const [module = '', name = ''] = (process.argv[2] ?? '').split('.');
const loaded = await import(join(process.env.LAMBDA_TASK_ROOT ?? '.', `${module}.mjs`));
const handler: (event: unknown, context: object) => Promise<unknown> = loaded[name];

for (;;) {
  const { answer, text } = await call('GET', 'invocation/next');
  const header = (name: string) => String(answer.headers[`lambda-runtime-${name}`] ?? '');
  const id = header('aws-request-id');
  const deadline = Number(header('deadline-ms'));
  const context = {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    invokedFunctionArn: header('invoked-function-arn'),
    awsRequestId: id,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const result = await handler(JSON.parse(text), context);
    await call('POST', `invocation/${id}/response`, JSON.stringify(result));
  } catch (error) {
    const { name, message, stack } = error as Error;
    const failure = { errorType: name, errorMessage: message, stackTrace: stack?.split('\n') };
    await call('POST', `invocation/${id}/error`, JSON.stringify(failure));
  }
}
