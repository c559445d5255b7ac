// Paddle's SDK verifies only: it confirms what is signed here before it is sent. Its tolerance is five seconds.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { Environment, Paddle } from '@paddle/paddle-node-sdk';

import { provider } from './provider.mjs';

const paddle = new Paddle('none', { environment: Environment.sandbox });

provider('paddle', {
  scheme: 'paddle',
  secret: 'pdl_ntfset_01gkdqs5r6fy0vqx8f3v0b2c1d_Q0FGRUJBQkU',
  other: 'pdl_ntfset_01gkdqs5r6fy0vqx8f3v0b2c1d_other',
  tolerance: 5,
  signature: 'Paddle-Signature',
  timestamp: ['Paddle-Signature', /ts=(\d+)/],
  key: (id) => `evt_${id}`,
  body: (id) => JSON.stringify({ event_id: `evt_${id}`, event_type: 'transaction.completed', occurred_at: '2026-01-01T00:00:00Z', notification_id: 'ntf_1', data: { id: 'txn_1', items: [], total: '10,00 \u20ac' } }),
  async sign({ text, secret, time }) {
    const ts = Math.floor(time / 1000);
    const header = `ts=${ts};h1=${createHmac('sha256', secret).update(`${ts}:${text}`).digest('hex')}`;
    if (Math.abs(Date.now() - time) < 4000) assert.ok(await paddle.webhooks.isSignatureValid(text, secret, header));
    return [['Paddle-Signature', header]];
  },
  more: {
    async 'accepts the one good signature among several, as when a secret is rolled'({ delivery, accepted }) {
      const d = await delivery();
      d.headers = d.headers.map(([n, v]) => [n, n === 'Paddle-Signature' ? v.replace(';h1=', `;h1=${'0'.repeat(64)};h1=`) : v]);
      await accepted(d);
    },
  },
});
