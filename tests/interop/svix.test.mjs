// Svix under its own header names and under those of Standard Webhooks, which it sends as well.
import { Webhook } from 'svix';

import { provider } from './provider.mjs';

for (const prefix of ['svix', 'webhook']) {
  provider(`svix, ${prefix}-*`, {
    scheme: 'svix',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    other: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    tolerance: 300,
    signature: `${prefix}-signature`,
    required: [`${prefix}-signature`, `${prefix}-id`, `${prefix}-timestamp`],
    timestamp: [`${prefix}-timestamp`, /(\d+)/],
    key: (id) => `msg_${id}`,
    body: (id) => JSON.stringify({ type: 'user.created', data: { id, first_name: 'J\u00fcrgen' } }),
    sign({ id, text, secret, time }) {
      const hook = new Webhook(secret);
      const headers = {
        [`${prefix}-id`]: `msg_${id}`,
        [`${prefix}-timestamp`]: String(Math.floor(time / 1000)),
        [`${prefix}-signature`]: hook.sign(`msg_${id}`, new Date(time), text),
      };
      if (Math.abs(Date.now() - time) < 60_000) hook.verify(text, headers);
      return Object.entries(headers);
    },
  });
}
