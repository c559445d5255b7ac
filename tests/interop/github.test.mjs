// All the payloads of @octokit/webhooks-examples, signed by @octokit/webhooks-methods; each is tampered with in every way.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { sign, verify } from '@octokit/webhooks-methods';

import { provider } from './provider.mjs';

const examples = createRequire(import.meta.url)('@octokit/webhooks-examples');
const all = examples.flatMap(({ name, examples: payloads }) => payloads.map((payload) => ({ event: name, payload })));

async function signed({ text, secret, id, event = 'ping' }) {
  const signature = await sign(secret, text);
  assert.ok(await verify(secret, text, signature));
  return [
    ['X-GitHub-Event', event],
    ['X-GitHub-Delivery', id],
    ['X-Hub-Signature-256', signature],
  ];
}

let next = 0;
provider('github', {
  scheme: 'github',
  secret: "It's a Secret to Everybody",
  other: "It's a secret to everybody",
  signature: 'X-Hub-Signature-256',
  key: (id) => id,
  body: () => JSON.stringify(all[next++ % all.length].payload),
  sign: signed,
  mutations: ({ forged, headers, replaced }) => [
    forged('the prefix of another hash', headers((h) => replaced(h, 'X-Hub-Signature-256', (v) => v.replace('sha256', 'sha1')))),
    forged('no prefix', headers((h) => replaced(h, 'X-Hub-Signature-256', (v) => v.slice(7)))),
  ],
  more: {
    async 'accepts every example payload, and refuses each with a bit turned'({ accepted, repeated, refused }) {
      assert.ok(all.length >= 329, `${all.length} payloads`);
      for (const [i, { event, payload }] of all.entries()) {
        const text = JSON.stringify(payload);
        const headers = await signed({ text, secret: "It's a Secret to Everybody", id: `example-${i}`, event });
        const d = { id: `example-${i}`, source: 'current', target: '/webhook/current', headers, body: Buffer.from(text) };
        const first = await accepted(d);
        await repeated(d, first);
        const turned = Buffer.from(text);
        turned[(i * 997) % turned.length] ^= 1 << i % 8;
        await refused({ ...d, body: turned }, 403, 'invalid_signature');
        await refused({ ...d, body: JSON.stringify(payload, null, 2) }, 403, 'invalid_signature');
        await refused({ ...d, headers: headers.slice(0, 2) }, 401, 'missing_signature');
      }
    },
  },
});
