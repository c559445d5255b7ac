// HubSpot's three versions; nothing in its deliveries names them, so a repeated one is another event.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const { Signature } = createRequire(import.meta.url)('@hubspot/api-client');
const publicUrl = 'https://hooks.example.com/hubspot';
const body = (id) => JSON.stringify([{ eventId: 1, subscriptionType: 'contact.propertyChange', propertyValue: `${id} \u00df`, occurredAt: 1567171522232 }]);
const secrets = { secret: 'f0d2b1f4-4a57-4f8c-8f21-0d3d7e0a4c11', other: '00000000-4a57-4f8c-8f21-0d3d7e0a4c11' };

provider('hubspot v3', {
  scheme: 'hubspot',
  ...secrets,
  publicUrl,
  tolerance: 300,
  signature: 'X-HubSpot-Signature-v3',
  required: ['X-HubSpot-Signature-v3', 'X-HubSpot-Request-Timestamp'],
  timestamp: ['X-HubSpot-Request-Timestamp', /(\d+)/],
  body,
  sign({ text, secret, time }) {
    const options = { clientSecret: secret, requestBody: text, url: publicUrl, timestamp: time };
    const signature = Signature.getSignature('POST', 'v3', options);
    if (Math.abs(Date.now() - time) < 60_000) {
      assert.ok(Signature.isValid({ ...options, signature, method: 'POST', signatureVersion: 'v3' }));
    }
    return [
      ['X-HubSpot-Signature-v3', signature],
      ['X-HubSpot-Request-Timestamp', String(time)],
    ];
  },
  mutations: ({ forged }) => [forged('another query', (d) => ({ ...d, target: `${d.target}?a=1` }))],
  more: {
    async 'decodes in the URL what HubSpot decodes before it signs'({ delivery, accepted }) {
      const d = await delivery();
      const time = Date.now();
      const url = `${publicUrl}?a=x:y/z@&b=%20%26`;
      const signature = Signature.getSignature('POST', 'v3', { clientSecret: secrets.secret, requestBody: d.body.toString(), url, timestamp: time });
      await accepted({
        ...d,
        target: `${d.target}?a=x%3Ay%2Fz%40&b=%20%26`,
        headers: [['X-HubSpot-Signature-v3', signature], ['X-HubSpot-Request-Timestamp', String(time)]],
      });
    },
  },
});

for (const version of ['v1', 'v2']) {
  provider(`hubspot ${version}`, {
    scheme: `hubspot-${version}`,
    ...secrets,
    publicUrl,
    signature: 'X-HubSpot-Signature',
    body,
    sign({ text, secret }) {
      const options = { clientSecret: secret, requestBody: text, url: publicUrl };
      const signature = Signature.getSignature('POST', version, options);
      assert.ok(Signature.isValid({ ...options, signature, method: 'POST', signatureVersion: version }));
      return [['X-HubSpot-Signature', signature]];
    },
  });
}
