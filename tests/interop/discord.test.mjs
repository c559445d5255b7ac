// Discord's package verifies only: it confirms what is signed here before it is sent. A bad signature is 401, which
// Discord makes sure of before it accepts an endpoint.
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const { verifyKey } = createRequire(import.meta.url)('discord-interactions');
const pair = generateKeyPairSync('ed25519');
const another = generateKeyPairSync('ed25519');
const hex = (p) => p.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');

async function signed({ text, secret, time }) {
  const ts = String(Math.floor(time / 1000));
  const signature = sign(null, Buffer.from(ts + text), secret.privateKey).toString('hex');
  assert.ok(await verifyKey(text, signature, ts, hex(secret)));
  return [
    ['X-Signature-Ed25519', signature],
    ['X-Signature-Timestamp', ts],
  ];
}

provider('discord', {
  scheme: 'discord',
  secret: pair,
  configured: hex(pair),
  other: another,
  configuredOther: hex(another),
  unauthorized: 401,
  tolerance: 300,
  signature: 'X-Signature-Ed25519',
  required: ['X-Signature-Ed25519', 'X-Signature-Timestamp'],
  timestamp: ['X-Signature-Timestamp', /(\d+)/],
  ack: { status: 204, text: '' },
  key: (id) => id,
  body: (id) => JSON.stringify({ application_id: '1', id, type: 2, data: { name: 'caf\u00e9' } }),
  sign: signed,
  more: {
    async 'answers the pings of both of Discord’s kinds, and 401 where they are forged'({ mira, refused }) {
      for (const [text, status, answered] of [
        ['{"type":1,"id":"1","application_id":"2"}', 200, '{"type":1}'],
        ['{"version":1,"application_id":"2","type":0}', 204, ''],
      ]) {
        const d = { target: '/webhook/current', body: text, headers: await signed({ text, secret: pair, time: Date.now() }) };
        const answer = await mira.request(d);
        assert.equal(answer.status, status);
        assert.equal(answer.text, answered);
        await refused({ ...d, headers: await signed({ text, secret: another, time: Date.now() }) }, 401, 'invalid_signature');
        await refused({ ...d, headers: [] }, 401, 'missing_signature');
      }
    },
  },
});
