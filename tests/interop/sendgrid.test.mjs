// SendGrid's package verifies only: it confirms what is signed here before it is sent.
import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const { EventWebhook, EventWebhookHeader } = createRequire(import.meta.url)('@sendgrid/eventwebhook');
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const another = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const text64 = (p) => p.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const verifier = new EventWebhook();

provider('sendgrid', {
  scheme: 'sendgrid',
  secret: pair,
  configured: text64(pair),
  other: another,
  configuredOther: text64(another),
  tolerance: 300,
  signature: EventWebhookHeader.SIGNATURE(),
  required: [EventWebhookHeader.SIGNATURE(), EventWebhookHeader.TIMESTAMP()],
  timestamp: [EventWebhookHeader.TIMESTAMP(), /(\d+)/],
  key: (id) => id,
  // SendGrid's bodies end in a line end, which is signed.
  body: (id) => `${JSON.stringify([{ email: 'a@example.com', event: 'delivered', sg_event_id: id }, { event: 'open', sg_event_id: `${id}-2` }])}\r\n`,
  sign({ body, secret, time }) {
    const ts = String(Math.floor(time / 1000));
    const signature = createSign('sha256').update(ts).update(body).sign(secret.privateKey).toString('base64');
    assert.ok(verifier.verifySignature(verifier.convertPublicKeyToECDSA(text64(secret)), body, signature, ts));
    return [
      [EventWebhookHeader.SIGNATURE(), signature],
      [EventWebhookHeader.TIMESTAMP(), ts],
    ];
  },
});
