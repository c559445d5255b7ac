// Linear's SDK verifies only: it confirms what is signed here before it is sent. The time stands in the signed body.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const { LinearWebhookClient } = createRequire(import.meta.url)('@linear/sdk/webhooks');

provider('linear', {
  scheme: 'linear',
  secret: 'lin_wh_0123456789abcdef',
  other: 'lin_wh_0123456789abcdee',
  tolerance: 60,
  signature: 'Linear-Signature',
  key: (id) => id,
  body: (id, time) => JSON.stringify({ action: 'create', type: 'Issue', data: { id, title: 'Na\u00efve \ud83d\udc4d' }, webhookTimestamp: time, webhookId: 'w1' }),
  sign({ id, text, body, secret, time }) {
    const signature = createHmac('sha256', secret).update(text).digest('hex');
    const stamp = JSON.parse(text).webhookTimestamp;
    if (Math.abs(Date.now() - stamp) < 30_000) assert.ok(new LinearWebhookClient(secret).verify(body, signature, stamp));
    return [
      ['Linear-Delivery', id],
      ['Linear-Event', 'Issue'],
      ['Linear-Signature', signature],
    ];
  },
  mutations: ({ forged, delivery }) => [
    forged('signed, but without a time', () => delivery({ body: '{"action":"create","type":"Issue"}' })),
    forged('signed, but the time is in seconds', () => delivery({ body: `{"webhookTimestamp":${Math.floor(Date.now() / 1000)}}` })),
  ],
});
