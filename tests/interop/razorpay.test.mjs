// Razorpay's SDK verifies only: it confirms what is signed here before it is sent.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const Razorpay = createRequire(import.meta.url)('razorpay');

provider('razorpay', {
  scheme: 'razorpay',
  secret: 'rzp-webhook-secret',
  other: 'rzp-webhook-secret2',
  signature: 'X-Razorpay-Signature',
  key: (id) => id,
  body: (id) => JSON.stringify({ entity: 'event', event: 'payment.authorized', payload: { payment: { entity: { id, amount: 50000, currency: 'INR', notes: ['\u20b9'] } } } }),
  sign({ id, text, secret }) {
    const signature = createHmac('sha256', secret).update(text).digest('hex');
    assert.ok(Razorpay.validateWebhookSignature(text, signature, secret));
    return [
      ['X-Razorpay-Signature', signature],
      ['x-razorpay-event-id', id],
    ];
  },
});
