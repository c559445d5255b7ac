// Square's SDK verifies only: it confirms what is signed here before it is sent.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const { WebhooksHelper } = createRequire(import.meta.url)('square');
const publicUrl = 'https://hooks.example.com/square';

provider('square', {
  scheme: 'square',
  secret: 'asdf1234-signature-key',
  other: 'asdf1235-signature-key',
  publicUrl,
  signature: 'x-square-hmacsha256-signature',
  key: (id) => id,
  body: (id) => JSON.stringify({ merchant_id: '6SSW7HV8K2ST5', type: 'customer.created', event_id: id, data: { id: '\u4e2d', n: 1.1 } }),
  sign({ text, secret }) {
    const signature = createHmac('sha256', secret).update(publicUrl + text).digest('base64');
    assert.ok(WebhooksHelper.isValidWebhookEventSignature(text, signature, secret, publicUrl));
    return [['x-square-hmacsha256-signature', signature]];
  },
  mutations: ({ forged }) => [forged('another query', (d) => ({ ...d, target: `${d.target}?a=1` }))],
});
