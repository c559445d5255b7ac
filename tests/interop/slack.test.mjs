// Slack's SDK verifies only: it confirms what is signed here before it is sent.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const { verifySlackRequest } = createRequire(import.meta.url)('@slack/bolt');
const secret = '8f742231b10e8888abcd99yyyzzz85a5';

function signed({ text, secret: key, time }) {
  const ts = Math.floor(time / 1000);
  const signature = `v0=${createHmac('sha256', key).update(`v0:${ts}:${text}`).digest('hex')}`;
  if (Math.abs(Date.now() - time) < 60_000) {
    verifySlackRequest({
      signingSecret: key,
      body: text,
      headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': ts },
    });
  }
  return [
    ['X-Slack-Signature', signature],
    ['X-Slack-Request-Timestamp', String(ts)],
  ];
}

provider('slack', {
  scheme: 'slack',
  secret,
  other: '8f742231b10e8888abcd99yyyzzz85a6',
  tolerance: 300,
  signature: 'X-Slack-Signature',
  required: ['X-Slack-Signature', 'X-Slack-Request-Timestamp'],
  timestamp: ['X-Slack-Request-Timestamp', /(\d+)/],
  key: (id) => id,
  ack: { status: 200, text: '' },
  body: (id) => JSON.stringify({ token: 'x', team_id: 'T1', type: 'event_callback', event_id: id, event: { type: 'reaction_added', reaction: '\u2764\ufe0f' } }),
  sign: signed,
  mutations: ({ forged, headers, replaced }) => [
    forged('an unknown version', headers((h) => replaced(h, 'X-Slack-Signature', (v) => v.replace('v0=', 'v1=')))),
  ],
  more: {
    async 'answers a signed url_verification and keeps nothing of it'({ mira, refused }) {
      const text = JSON.stringify({ token: 'Jhj5dZrVaK7ZwHHjRyZWjbDl', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P', type: 'url_verification' });
      const d = { target: '/webhook/current', body: text, headers: [['Content-Type', 'application/json'], ...signed({ text, secret, time: Date.now() })] };
      const answer = await mira.request(d);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P');
      assert.match(answer.headers['content-type'], /^text\/plain/);
      await refused({ ...d, headers: [] }, 401, 'missing_signature');
      await refused({ ...d, body: text.replace('3eZ', '3ez') }, 403, 'invalid_signature');
    },
    async 'accepts the form of a slash command'({ delivery, accepted, expected }) {
      const d = await delivery({ body: 'token=x&command=%2Fdeploy&text=api+prod&response_url=https%3A%2F%2Fhooks.slack.com%2Fx' });
      d.headers = d.headers.map(([n, v]) => [n, n === 'Content-Type' ? 'application/x-www-form-urlencoded' : v]);
      await accepted(d);
      expected[expected.length - 1].key = null; // a command has no event id
    },
  },
});
