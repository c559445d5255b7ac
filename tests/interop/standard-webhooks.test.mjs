import { Webhook } from 'standardwebhooks';

import { provider } from './provider.mjs';

provider('standardwebhooks', {
  scheme: 'standard-webhooks',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  other: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  tolerance: 300,
  signature: 'webhook-signature',
  required: ['webhook-signature', 'webhook-id', 'webhook-timestamp'],
  timestamp: ['webhook-timestamp', /(\d+)/],
  key: (id) => `msg_${id}`,
  body: (id) => `{"type": "contact.created",\n  "data": {"id": "${id}", "name": "Zo\u00eb \u{1F680}"}}`,
  sign({ id, text, secret, time }) {
    const hook = new Webhook(secret);
    const headers = {
      'webhook-id': `msg_${id}`,
      'webhook-timestamp': String(Math.floor(time / 1000)),
      'webhook-signature': hook.sign(`msg_${id}`, new Date(time), text),
    };
    if (Math.abs(Date.now() - time) < 60_000) hook.verify(text, headers);
    return Object.entries(headers);
  },
  mutations: ({ forged, headers, replaced }) => [
    forged('the version of a public key', headers((h) => replaced(h, 'webhook-signature', (v) => v.replace('v1,', 'v1a,')))),
    forged('no version', headers((h) => replaced(h, 'webhook-signature', (v) => v.slice(3)))),
    forged('the id of another delivery', headers((h) => replaced(h, 'webhook-id', (v) => `${v}0`))),
    forged('a dot in the id', headers((h) => replaced(h, 'webhook-id', (v) => `${v}.1`))),
  ],
  more: {
    async 'accepts the one good signature in a list'({ delivery, accepted }) {
      const d = await delivery();
      const zeros = Buffer.alloc(32).toString('base64');
      d.headers = d.headers.map(([n, v]) => [n, n === 'webhook-signature' ? `v1,${zeros} v1a,${zeros} v2,x ${v}` : v]);
      await accepted(d);
    },
  },
});
