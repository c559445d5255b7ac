import assert from 'node:assert/strict';

import Stripe from 'stripe';

import { provider } from './provider.mjs';

const stripe = new Stripe('sk_test_none');

provider('stripe', {
  scheme: 'stripe',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  other: 'whsec_q1fE0w3m8s5Ik3mZC1dT0a2p5Rk8Jx7L',
  tolerance: 300,
  signature: 'Stripe-Signature',
  timestamp: ['Stripe-Signature', /t=(\d+)/],
  key: (id) => `evt_${id}`,
  body: (id) =>
    JSON.stringify(
      {
        id: `evt_${id}`,
        object: 'event',
        type: 'charge.succeeded',
        data: { object: { id: 'ch_1', amount: 2000, currency: 'eur', description: 'Crème brûlée – 2 €', receipt: null } },
      },
      null,
      2,
    ),
  sign({ text, body, secret, time }) {
    const header = stripe.webhooks.generateTestHeaderString({ payload: text, secret, timestamp: Math.floor(time / 1000) });
    if (Math.abs(Date.now() - time) < 60_000) stripe.webhooks.constructEvent(body, header, secret);
    return [['Stripe-Signature', header]];
  },
  mutations: ({ forged, delivery, headers, replaced }) => [
    forged('only the signature of the test scheme v0', headers((h) => replaced(h, 'Stripe-Signature', (v) => v.replace('v1=', 'v0=')))),
    forged('two times', headers((h) => replaced(h, 'Stripe-Signature', (v) => v.replace(/t=(\d+)/, 't=$1,t=1')))),
  ],
  more: {
    async 'accepts the one good signature among several, as when a secret is rolled'({ delivery, accepted }) {
      const d = await delivery();
      const zeros = '0'.repeat(64);
      d.headers = d.headers.map(([n, v]) => [n, n === 'Stripe-Signature' ? v.replace(/,v1=/, `,v1=${zeros},v0=${zeros},v1=`) : v]);
      assert.equal(d.headers[1][1].match(/v1=/g).length, 2);
      await accepted(d);
    },
  },
});
