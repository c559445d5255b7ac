// What every provider's deliveries are put through, whoever signs them: accepted once and kept byte for byte, known again
// when they are repeated, refused in every way in which they can be tampered with, and secrets that rotate.
//
//   provider('stripe', {
//     scheme: 'stripe',
//     secret: 'whsec_...',          what sign() signs with
//     configured: '...',            what Mira is given, where that is something else (a public key)
//     other: '...',                 a secret of the same kind that Mira does not know
//     options: {...}, publicUrl: '...',   of the source
//     tolerance: 300,               seconds that the signature's time may be off; unset: the scheme looks at no time
//     body: (id, time) => '...',    a delivery's body: text or bytes
//     sign: async ({ id, time, text, body, secret, target }) => [[header, value], ...],
//                                   or { headers, body, query } where the signature changes more than the headers
//     signature: 'Stripe-Signature',      the header that carries the signature; null: it stands elsewhere
//     timestamp: ['Stripe-Signature', /t=(\d+)/],
//     required: [...],              the headers without which there is no signature at all; unset: the signature's
//     key: (id) => id,              what duplicates are known by; unset: the scheme has nothing of the kind
//     ack: { status, text },        the provider's own acknowledgement; unset: 202 and Mira's JSON
//     covered: ['1000', '1001'],    what to change in the body where not all of it is signed
//     unauthorized: 401,            the status for a bad signature where the provider asks for another than 403
//   });
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Mira } from './mira.mjs';

const rotation = { value: 'env:INTEROP_SECRET', not_after: '2020-01-01T00:00:00Z' };
const future = () => new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');

const lower = (name) => name.toLowerCase();
const without = (headers, name) => headers.filter(([n]) => lower(n) !== lower(name));
const replaced = (headers, name, change) => headers.map(([n, v]) => (lower(n) === lower(name) ? [n, change(v)] : [n, v]));

// Another digit at the front of the last long run of hex or base64, so that what it decodes to is another signature too.
export function otherSignature(text) {
  const runs = [...text.matchAll(/[A-Za-z0-9+/_-]{20,}/g)];
  const at = runs[runs.length - 1].index;
  return text.slice(0, at) + (text[at] === '1' ? '2' : '1') + text.slice(at + 1);
}

export function provider(name, spec) {
  const wrong = spec.unauthorized ?? 403;
  const expected = [];
  let mira;

  async function delivery(change = {}) {
    const id = change.id ?? randomUUID();
    const time = change.time ?? Date.now();
    const source = change.source ?? 'current';
    const body = Buffer.from(change.body ?? spec.body(id, time));
    const target = `/webhook/${source}`;
    const secret = change.secret ?? spec.secret;
    let signed = await spec.sign({ id, time, body, text: body.toString(), secret, target });
    if (Array.isArray(signed)) signed = { headers: signed };
    const headers = signed.headers.some(([n]) => lower(n) === 'content-type')
      ? signed.headers
      : [['Content-Type', 'application/json'], ...signed.headers];
    return { id, source, headers, body: Buffer.from(signed.body ?? body), target: target + (signed.query ?? '') };
  }

  async function accepted(d) {
    const answer = await mira.request(d);
    if (spec.ack) {
      assert.equal(answer.status, spec.ack.status, answer.text);
      assert.equal(answer.text, spec.ack.text ?? '');
    } else {
      assert.equal(answer.status, 202, answer.text);
      assert.equal(answer.json.status, 'accepted');
      assert.equal(answer.json.service, d.source);
    }
    assert.equal(answer.headers['mira-durability'], 'fsync');
    expected.push({ source: d.source, key: spec.key ? spec.key(d.id, d.body) : null, body: d.body, id: answer.json?.id });
    return answer;
  }

  async function refused(d, status, code) {
    const answer = await mira.request(d);
    assert.equal(answer.status, status, `${status} ${code} was expected, got ${answer.status} ${answer.text}`);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.equal(answer.json.error, code);
    assert.equal(answer.json.status, status);
  }

  async function repeated(d, first) {
    const answer = await mira.request(d);
    if (!spec.key) {
      // Nothing tells that it is the same.
      expected.push({ source: d.source, key: null, body: d.body });
      return;
    }
    if (spec.ack) {
      assert.equal(answer.status, spec.ack.status);
      assert.equal(answer.text, spec.ack.text ?? '');
    } else {
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.json, { status: 'duplicate', id: first.json.id });
    }
  }

  const forged = (title, change, status = wrong, code = 'invalid_signature') => ({ title, change, status, code });

  // Each takes a good delivery and spoils it.
  function mutations() {
    const list = [];
    const own = spec.required ?? (spec.signature ? [spec.signature] : []);
    const resigned = (how) => async (d) => ({ ...(await delivery(how)), id: d.id });
    const headers = (change) => (d) => ({ ...d, headers: change(d.headers) });
    const body = (change) => (d) => ({ ...d, body: Buffer.from(change(d.body)) });

    if (spec.covered) {
      list.push(forged('a signed value is another', body((b) => b.toString().replace(...spec.covered))));
    } else {
      for (const at of [0, 0.5, 1]) {
        const flip = (b) => {
          const copy = Buffer.from(b);
          copy[Math.min(copy.length - 1, Math.floor(copy.length * at))] ^= 1;
          return copy;
        };
        list.push(forged(`a bit of the body is turned, at ${at}`, body(flip)));
      }
      list.push(forged('the body has lost its last byte', body((b) => b.subarray(0, b.length - 1))));
      list.push(forged('a line end follows the body', body((b) => Buffer.concat([b, Buffer.from('\n')]))));
      list.push(forged('the body is gone', body(() => '')));
      if (spec.json !== false) {
        list.push(forged('the JSON is written anew', body((b) => JSON.stringify(JSON.parse(b.toString()), null, 1))));
      }
    }
    list.push(forged('another secret', resigned({ secret: spec.other })));
    if (spec.signature) {
      const s = spec.signature;
      list.push(forged('a digit of the signature is another', headers((h) => replaced(h, s, otherSignature))));
      list.push(forged('the signature has lost its end', headers((h) => replaced(h, s, (v) => v.slice(0, -3)))));
      list.push(forged('the signature stands twice', headers((h) => [...h, h.find(([n]) => lower(n) === lower(s))])));
      list.push(forged('a second, wrong signature', headers((h) => [...h, [s, otherSignature(h.find(([n]) => lower(n) === lower(s))[1])]])));
      list.push(forged('the signature is empty', headers((h) => replaced(h, s, () => ''))));
      const foreign = lower(s).startsWith('x-hub-signature') ? 'X-Acme-Signature' : 'X-Hub-Signature-256';
      const mac = (d) => `sha256=${createHmac('sha256', String(spec.configured ?? spec.secret)).update(d.body).digest('hex')}`;
      list.push(forged('another provider’s header', (d) => ({ ...d, headers: [...without(d.headers, s), [foreign, mac(d)]] }), 401, 'missing_signature'));
      list.push(forged('the signature in a header that is nearly the right one', headers((h) => h.map(([n, v]) => (lower(n) === lower(s) ? [`${n}-1`, v] : [n, v]))), 401, 'missing_signature'));
    }
    for (const h of own) {
      list.push(forged(`no ${h}`, headers((all) => without(all, h)), 401, 'missing_signature'));
      if (h === spec.signature) continue;
      list.push(forged(`${h} stands twice`, headers((all) => [...all, all.find(([n]) => lower(n) === lower(h))])));
      list.push(forged(`${h} is empty`, headers((all) => replaced(all, h, () => ''))));
    }
    if (own.length > 0) list.push(forged('no headers at all', headers(() => []), 401, 'missing_signature'));
    if (spec.tolerance) {
      const off = (spec.tolerance + 30) * 1000;
      list.push(forged('signed too long ago', resigned({ time: Date.now() - off }), wrong, 'stale_signature'));
      list.push(forged('signed in the future', (d) => resigned({ time: Date.now() + off })(d), wrong, 'stale_signature'));
    }
    if (spec.timestamp) {
      const [header, pattern] = spec.timestamp;
      const later = (v) => v.replace(pattern, (whole, digits) => whole.replace(digits, String(Number(digits) + 1)));
      list.push(forged('the time is a second later', headers((h) => replaced(h, header, later))));
      list.push(forged('the time is no time', headers((h) => replaced(h, header, (v) => v.replace(pattern, (whole, digits) => whole.replace(digits, 'now'))))));
    }
    if (spec.mutations) list.push(...spec.mutations({ forged, delivery, headers, body, replaced, without }));
    return list;
  }

  describe(`interop: ${name}`, () => {
    before(async () => {
      const source = {
        scheme: spec.scheme,
        options: spec.options,
        public_url: spec.publicUrl,
        tolerance: spec.configuredTolerance,
      };
      mira = await Mira.start(
        {
          webhook: { port: 0, rate_limit_enabled: false },
          sources: [
            { name: 'current', secrets: ['env:INTEROP_SECRET'], ...source },
            { name: 'rotating', secrets: ['env:INTEROP_NEW', { ...rotation, not_after: future() }], ...source },
            { name: 'rotated', secrets: ['env:INTEROP_NEW', rotation], ...source },
            { name: 'empty', ...source },
            ...(spec.sources ?? []),
          ],
        },
        {
          INTEROP_SECRET: spec.configured ?? spec.secret,
          INTEROP_NEW: spec.configuredOther ?? spec.other,
          ...spec.env,
        },
      );
    });
    after(() => mira.stop());

    it('accepts what the provider signs, once', async () => {
      const d = await delivery();
      const first = await accepted(d);
      await repeated(d, first);
      const again = await delivery({ id: d.id, body: d.body, time: Date.now() + 1000 });
      await repeated(again, first);
      await accepted(await delivery());
    });

    it('keeps one of several that arrive at once', async () => {
      const d = await delivery();
      const answers = await Promise.all(Array.from({ length: 4 }, () => mira.request(d)));
      for (const a of answers) assert.ok(a.status < 300, a.text);
      const times = spec.key ? 1 : 4;
      if (!spec.ack) assert.equal(answers.filter((a) => a.status === 202).length, times);
      for (let i = 0; i < times; ++i) expected.push({ source: d.source, key: spec.key ? spec.key(d.id, d.body) : null, body: d.body });
    });

    it('refuses what was tampered with', async () => {
      const list = mutations();
      assert.ok(list.length >= 10, `only ${list.length} mutations`);
      for (const m of list) {
        const bad = await m.change(await delivery());
        try {
          await refused(bad, m.status, m.code);
        } catch (e) {
          e.message = `${m.title}: ${e.message}`;
          throw e;
        }
      }
    });

    it('takes no part of a delivery whose connection broke', async () => {
      const d = await delivery();
      const head = [`POST ${d.target} HTTP/1.1`, `Host: 127.0.0.1:${mira.port}`, `Content-Length: ${d.body.length}`]
        .concat(d.headers.map(([n, v]) => `${n}: ${v}`))
        .join('\r\n');
      const all = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), d.body]);
      const answer = await mira.send(all.subarray(0, all.length - 1));
      assert.doesNotMatch(answer, /^HTTP\/1.1 2/);
    });

    it('knows the secrets of a rotation, and drops the old one when it expires', async () => {
      await accepted(await delivery({ source: 'rotating' }));
      await accepted(await delivery({ source: 'rotating', secret: spec.other }));
      await accepted(await delivery({ source: 'rotated', secret: spec.other }));
      await refused(await delivery({ source: 'rotated' }), wrong, 'invalid_signature');
    });

    it('accepts nothing where no secret is configured', async () => {
      await refused(await delivery({ source: 'empty' }), wrong, 'invalid_signature');
    });

    for (const [title, test] of Object.entries(spec.more ?? {})) {
      it(title, () => test({ delivery, accepted, refused, repeated, expected, get mira() { return mira; } }));
    }

    it('has journaled exactly what it accepted', () => {
      const events = mira.events();
      assert.equal(events.length, expected.length);
      // Deliveries that arrived at once may stand in either order, but they are the same.
      events.forEach((event, i) => {
        const wanted = expected[i];
        assert.equal(event.tenant, 'default');
        assert.equal(event.source, wanted.source);
        assert.equal(event.key, wanted.key);
        assert.ok(event.body.equals(wanted.body), `event ${i} has another body`);
        if (wanted.id) assert.equal(event.id, wanted.id);
      });
    });
  });
}
