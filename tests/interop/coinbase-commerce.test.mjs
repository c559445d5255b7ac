import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const { Webhook } = createRequire(import.meta.url)('coinbase-commerce-node');

provider('coinbase-commerce', {
  scheme: 'coinbase-commerce',
  secret: '1234-secret',
  other: '1235-secret',
  signature: 'X-CC-Webhook-Signature',
  key: (id) => id,
  body: (id) => JSON.stringify({ attempt_number: 1, event: { id, resource: 'event', type: 'charge:confirmed', data: { name: 'The \u201cSovereign\u201d' } } }),
  sign({ text, secret }) {
    const signature = Webhook.computeSignature(text, secret);
    Webhook.verifyEventBody(text, signature, secret);
    return [['X-CC-Webhook-Signature', signature]];
  },
});
