// What providers ask before they send events: answered as their documents have it, without an event in the journal.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Mira } from './mira.mjs';

const secret = 'handshake-secret-of-the-tests';
const hmac = (form, ...parts) => {
  const mac = createHmac('sha256', secret);
  for (const part of parts) mac.update(part);
  return mac.digest(form);
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const source = (name, more = {}) => ({ name, scheme: name, secrets: ['env:INTEROP_SECRET'], ...more });
const config = {
  webhook: { port: 0, rate_limit_enabled: false },
  sources: [
    source('zoom'),
    source('twitch'),
    source('meta', { options: { verify_token: 'tok en' } }),
    source('strava', { options: { verify_token: 'strava-token' } }),
    source('oura', { options: { verify_token: 'oura-token' } }),
    source('trello', { public_url: 'https://hooks.example.com/trello' }),
    source('intercom'),
    source('twitter'),
    source('linkedin'),
    source('microsoft-graph'),
    source('sharepoint'),
    source('okta'),
    source('nylas'),
    source('front'),
    source('ringcentral'),
    source('monday'),
    source('vercel', { options: { verify_code: 'code-1' } }),
    source('ebay', { secrets: [], public_url: 'https://hooks.example.com/ebay', options: { verification_token: 'ebay-token-0123456789-0123456789-01' } }),
    source('green-dot'),
    { name: 'asana', scheme: 'asana', learn_secret: true },
    { name: 'asana-fixed', scheme: 'asana', secrets: ['env:INTEROP_SECRET'], learn_secret: true },
    { name: 'asana-deaf', scheme: 'asana' },
    { name: 'clio', scheme: 'clio', learn_secret: true },
    { name: 'notion', scheme: 'notion', learn_secret: true },
  ],
};

describe('interop: handshakes', () => {
  let mira;
  let kept = 0;
  before(async () => {
    mira = await Mira.start(config, { INTEROP_SECRET: secret });
  });
  after(() => mira.stop());

  const get = (target, headers = []) => mira.request({ method: 'GET', target, headers });
  const post = (name, body, headers = [], query = '') => mira.request({ target: `/webhook/${name}${query}`, body, headers });
  const is = (answer, status, text, type) => {
    assert.equal(answer.status, status, answer.text);
    if (text !== undefined) assert.equal(answer.text, text);
    if (type) assert.match(answer.headers['content-type'], type);
  };
  const is_json = (answer, wanted) => {
    is(answer, 200, undefined, /^application\/json/);
    assert.deepEqual(answer.json, wanted);
  };
  const is_refused = (answer, status, code) => {
    is(answer, status);
    assert.equal(answer.json.error, code);
  };
  // A secret that was learned is in force a moment after the answer.
  async function eventually(ask, status) {
    for (let i = 0; i < 100; ++i) {
      const answer = await ask();
      if (answer.status === status) return;
      await sleep(20);
    }
    assert.fail(`no ${status} in two seconds`);
  }

  it('Zoom: endpoint.url_validation, signed', async () => {
    const text = '{"event":"endpoint.url_validation","event_ts":1654503849680,"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}';
    const ts = String(Math.floor(Date.now() / 1000));
    const headers = [['x-zm-request-timestamp', ts], ['x-zm-signature', `v0=${hmac('hex', `v0:${ts}:${text}`)}`]];
    is_json(await post('zoom', text, headers), { plainToken: 'qgg8vlvZRS6UYooatFL8Aw', encryptedToken: hmac('hex', 'qgg8vlvZRS6UYooatFL8Aw') });
    is_refused(await post('zoom', text), 401, 'missing_signature');
    is_refused(await post('zoom', text.replace('qgg', 'qga'), headers), 403, 'invalid_signature');
  });

  it('Twitch: webhook_callback_verification, signed', async () => {
    const text = '{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"id":"f1c2","status":"webhook_callback_verification_pending"}}';
    const id = 'e76c6bd4-55c9-4987-8304-da1588d8988b';
    const ts = new Date().toISOString();
    const headers = [
      ['Twitch-Eventsub-Message-Id', id],
      ['Twitch-Eventsub-Message-Timestamp', ts],
      ['Twitch-Eventsub-Message-Type', 'webhook_callback_verification'],
      ['Twitch-Eventsub-Message-Signature', `sha256=${hmac('hex', id, ts, text)}`],
    ];
    is(await post('twitch', text, headers), 200, 'pogchamp-kappa-360noscope-vohiyo', /^text\/plain/);
    is_refused(await post('twitch', text, headers.slice(0, 3)), 401, 'missing_signature');
    is_refused(await post('twitch', `${text} `, headers), 403, 'invalid_signature');
  });

  it('Meta: hub.challenge', async () => {
    is(await get('/webhook/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=tok%20en'), 200, '1158201444', /^text\/plain/);
    is(await get('/webhook/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=wrong'), 403);
    is(await get('/webhook/meta?hub.mode=subscribe&hub.challenge=1158201444'), 403);
    is(await get('/webhook/meta?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=tok%20en'), 400);
    is(await get('/webhook/meta?hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=tok%20en'), 400);
  });

  it('Strava and Oura: the challenge as JSON', async () => {
    is_json(await get('/webhook/strava?hub.mode=subscribe&hub.challenge=15f7d1a9&hub.verify_token=strava-token'), { 'hub.challenge': '15f7d1a9' });
    is(await get('/webhook/strava?hub.mode=subscribe&hub.challenge=15f7d1a9&hub.verify_token=x'), 403);
    is_json(await get('/webhook/oura?verification_token=oura-token&challenge=abc'), { challenge: 'abc' });
    is(await get('/webhook/oura?verification_token=x&challenge=abc'), 403);
  });

  it('Trello and Intercom: HEAD', async () => {
    is(await mira.request({ method: 'HEAD', target: '/webhook/trello' }), 200, '');
    is(await mira.request({ method: 'HEAD', target: '/webhook/intercom' }), 200, '');
    is(await mira.request({ method: 'HEAD', target: '/webhook/zoom' }), 405, '');
  });

  it('Twitter: the challenge-response check', async () => {
    is_json(await get('/webhook/twitter?crc_token=challenge_string&nonce=1'), { response_token: `sha256=${hmac('base64', 'challenge_string')}` });
    // What could be an event’s body is not signed for whoever asks.
    is(await get('/webhook/twitter?crc_token=%7B%22a%22%3A1%7D'), 400);
  });

  it('LinkedIn: challengeCode', async () => {
    const code = '890e4665-4dfe-4ab1-b689-ed553bceeed0';
    is_json(await get(`/webhook/linkedin?challengeCode=${code}&applicationId=1`), { challengeCode: code, challengeResponse: hmac('hex', code) });
  });

  it('Microsoft Graph and SharePoint: the validation token as plain text', async () => {
    is(await post('microsoft-graph', '', [['Content-Type', 'text/plain']], '?validationToken=Validation%3A+Testing+client+app%20reachability'),
      200, 'Validation: Testing client app reachability', /^text\/plain/);
    is(await post('sharepoint', '', [], '?validationtoken=0d3ad2a6-ab4a'), 200, '0d3ad2a6-ab4a', /^text\/plain/);
    is_refused(await post('microsoft-graph', '', [], '?validationToken=%3Cscript%3E'), 403, 'invalid_signature');
  });

  it('Okta: the challenge in a header', async () => {
    is_json(await get('/webhook/okta', [['X-Okta-Verification-Challenge', 'my verification challenge']]), { verification: 'my verification challenge' });
    is(await get('/webhook/okta'), 400);
  });

  it('Nylas: the challenge alone', async () => {
    is(await get('/webhook/nylas?challenge=bc609b38-c81f-47fb-a275-1d9bd61a968b'), 200, 'bc609b38-c81f-47fb-a275-1d9bd61a968b', /^text\/plain/);
  });

  it('eBay: the digest of challenge, token and endpoint', async () => {
    const code = 'a8628072-3d33-45ee-9004-bee86830a22d';
    const wanted = createHash('sha256').update(code).update('ebay-token-0123456789-0123456789-01').update('https://hooks.example.com/ebay').digest('hex');
    is_json(await get(`/webhook/ebay?challenge_code=${code}`), { challengeResponse: wanted });
  });

  it('Front: a challenge in a header, signed', async () => {
    const text = '{"type":"sync"}';
    const ts = String(Date.now());
    const headers = [['X-Front-Challenge', 'front-challenge'], ['X-Front-Request-Timestamp', ts], ['X-Front-Signature', hmac('base64', `${ts}:${text}`)]];
    is(await post('front', text, headers), 200, 'front-challenge', /^text\/plain/);
    is_refused(await post('front', text, headers.slice(0, 2)), 401, 'missing_signature');
  });

  it('RingCentral, monday and Vercel: echoes', async () => {
    const echo = await post('ringcentral', '', [['Validation-Token', 'a-b-c']]);
    is(echo, 200);
    assert.equal(echo.headers['validation-token'], 'a-b-c');
    is_json(await post('monday', '{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}'), { challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P' });
    is_refused(await post('monday', '{"challenge":"x","event":{"type":"forged"}}'), 401, 'missing_signature');
    const code = await get('/webhook/vercel');
    is(code, 200);
    assert.equal(code.headers['x-vercel-verify'], 'code-1');
  });

  for (const name of ['asana', 'clio']) {
    it(`${name}: learns X-Hook-Secret once, and keeps it over a restart`, async () => {
      const learned = `learned-by-${name}`;
      const answer = await post(name, '{}', [['X-Hook-Secret', learned]]);
      is(answer, 200);
      assert.equal(answer.headers['x-hook-secret'], learned);
      const signed = (key, body) => post(name, body, [['X-Hook-Signature', createHmac('sha256', key).update(body).digest('hex')]]);
      await eventually(() => signed(learned, '{"events":[1]}'), 202);
      kept += 1;
      // Whoever comes later is not listened to.
      is_refused(await post(name, '{}', [['X-Hook-Secret', 'of-somebody-else']]), 401, 'missing_signature');
      is_refused(await signed('of-somebody-else', '{"events":[2]}'), 403, 'invalid_signature');
      await mira.restart();
      is(await signed(learned, '{"events":[3]}'), 202);
      kept += 1;
      is_refused(await post(name, '{}', [['X-Hook-Secret', 'of-somebody-else']]), 401, 'missing_signature');
    });
  }

  it('learns nothing where it was not told to, or knows a secret already', async () => {
    for (const name of ['asana-deaf', 'asana-fixed']) {
      is_refused(await post(name, '{}', [['X-Hook-Secret', 'x']]), 401, 'missing_signature');
    }
    const body = '{"events":[]}';
    is(await post('asana-fixed', body, [['X-Hook-Signature', hmac('hex', body)]]), 202);
    kept += 1;
  });

  it('Notion: learns the verification token', async () => {
    const token = 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl';
    is(await post('notion', JSON.stringify({ verification_token: token })), 200);
    const body = '{"id":"n-1","type":"page.created"}';
    const signed = () => post('notion', body, [['X-Notion-Signature', `sha256=${createHmac('sha256', token).update(body).digest('hex')}`]]);
    await eventually(signed, 202);
    kept += 1;
    is_refused(await post('notion', '{"verification_token":"secret_of_somebody_else"}'), 401, 'missing_signature');
  });

  it('Green Dot: the request’s id on the answer, also where the event is known already', async () => {
    for (let i = 0; i < 2; ++i) {
      const answer = await post('green-dot', '{}', [['Authorization', `Bearer ${secret}`], ['x-GD-RequestId', 'r-1']]);
      is(answer, 200, '');
      assert.equal(answer.headers['x-gd-requestid'], 'r-1');
    }
    kept += 1;
  });

  it('has journaled the events alone', () => {
    assert.equal(mira.events().length, kept);
  });
});
