// Twilio signs the URL and what the form says, or the URL with the body's hash in its query.
import assert from 'node:assert/strict';
import querystring from 'node:querystring';

import twilio from 'twilio';
import { getExpectedBodyHash, getExpectedTwilioSignature, validateRequest, validateRequestWithBody } from 'twilio/lib/webhooks/webhooks.js';

import { provider } from './provider.mjs';

assert.equal(twilio.getExpectedTwilioSignature, getExpectedTwilioSignature);
const publicUrl = 'https://hooks.example.com/calls';
const ack = { status: 200, text: '<?xml version="1.0" encoding="UTF-8"?><Response></Response>' };
const common = {
  scheme: 'twilio',
  secret: '12345abcdef67890fedcba0987654321',
  other: '12345abcdef67890fedcba0987654322',
  publicUrl,
  signature: 'X-Twilio-Signature',
  key: (id) => id,
  ack,
};

provider('twilio, form', {
  ...common,
  json: false,
  body: (id) =>
    querystring.stringify({
      CallSid: `CA${id}`,
      To: '+18005551212',
      From: '+14158675309',
      Body: 'Hello & goodbye = 100 % +1 \u00e9',
      Empty: '',
      MediaUrl: ['https://b.example/2', 'https://a.example/1', 'https://b.example/2'],
    }),
  sign({ id, text, secret }) {
    const params = { ...querystring.parse(text) };
    const signature = getExpectedTwilioSignature(secret, publicUrl, params);
    assert.ok(validateRequest(secret, signature, publicUrl, params));
    return [
      ['Content-Type', 'application/x-www-form-urlencoded; charset=UTF-8'],
      ['I-Twilio-Idempotency-Token', id],
      ['X-Twilio-Signature', signature],
    ];
  },
  mutations: ({ forged, headers, body, replaced }) => [
    forged('one parameter more', body((b) => `${b}&Extra=1`)),
    forged('a parameter less', body((b) => b.toString().replace(/&From=[^&]*/, ''))),
    forged('JSON where the form was', (d) => ({
      ...d,
      headers: replaced(d.headers, 'Content-Type', () => 'application/json'),
      body: Buffer.from(JSON.stringify(querystring.parse(d.body.toString()))),
    })),
    forged('another query', (d) => ({ ...d, target: `${d.target}?a=1` })),
    forged('the type of no form', headers((h) => replaced(h, 'Content-Type', () => 'text/plain'))),
  ],
  more: {
    async 'accepts the URL signed with its port, as Twilio does for some products'({ delivery, accepted }) {
      const d = await delivery();
      const params = { ...querystring.parse(d.body.toString()) };
      const signature = getExpectedTwilioSignature(common.secret, 'https://hooks.example.com:443/calls', params);
      d.headers = d.headers.map(([n, v]) => [n, n === 'X-Twilio-Signature' ? signature : v]);
      await accepted(d);
    },
  },
});

provider('twilio, JSON', {
  ...common,
  body: (id) => JSON.stringify({ type: 'com.twilio.messaging.message.sent', id, text: '\u00fc' }),
  sign({ id, text, secret }) {
    const query = `?bodySHA256=${getExpectedBodyHash(text)}`;
    const signature = getExpectedTwilioSignature(secret, publicUrl + query, {});
    assert.ok(validateRequestWithBody(secret, signature, publicUrl + query, text));
    return {
      query,
      headers: [
        ['Content-Type', 'application/json'],
        ['I-Twilio-Idempotency-Token', id],
        ['X-Twilio-Signature', signature],
      ],
    };
  },
  mutations: ({ forged }) => [
    forged('the hash of another body, whose signature is not', (d) => {
      const text = '{"type":"forged"}';
      return { ...d, body: Buffer.from(text), target: d.target.replace(/bodySHA256=.*/, `bodySHA256=${getExpectedBodyHash(text)}`) };
    }),
    forged('no hash', (d) => ({ ...d, target: d.target.replace(/\?.*/, '') })),
    forged('two hashes', (d) => ({ ...d, target: `${d.target}&${d.target.split('?')[1]}` })),
  ],
});
