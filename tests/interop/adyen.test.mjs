// Adyen's standard webhooks: eight fields of each item are signed, the signature stands among them.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { provider } from './provider.mjs';

const { hmacValidator: Validator } = createRequire(import.meta.url)('@adyen/api-library');
const validator = new Validator();
const secret = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056';

const item = (id) => ({
  additionalData: { expiryDate: '12/2030' },
  amount: { currency: 'EUR', value: 1000 },
  eventCode: 'AUTHORISATION',
  eventDate: '2026-01-28T14:03:00+01:00',
  merchantAccountCode: 'Acme:POS',
  merchantReference: 'order \\ 7 \u00e9',
  operations: ['CANCEL', 'CAPTURE'],
  pspReference: id,
  success: 'true',
});
const envelope = (items) => JSON.stringify({ live: 'false', notificationItems: items.map((i) => ({ NotificationRequestItem: i })) });
const itemOf = (text) => JSON.parse(text).notificationItems[0].NotificationRequestItem;

function signed(text, key) {
  const one = itemOf(text);
  one.additionalData = { ...one.additionalData, hmacSignature: validator.calculateHmac(one, key) };
  assert.ok(validator.validateHMAC(one, key));
  return envelope([one]);
}

provider('adyen', {
  scheme: 'adyen',
  secret,
  other: secret.replace('44', '45'),
  signature: null,
  ack: { status: 200, text: '[accepted]' },
  covered: ['1000', '1001'],
  key: (id, body) => itemOf(body.toString()).additionalData.hmacSignature,
  body: (id) => envelope([item(id)]),
  sign: ({ text, secret: key }) => ({ headers: [], body: signed(text, key) }),
  mutations: ({ forged, body }) => {
    const changed = (change, status, code) => [
      body((b) => {
        const one = itemOf(b.toString());
        return envelope([change(one) ?? one]);
      }),
      status,
      code,
    ];
    const digit = (s) => (s[0] === '1' ? '2' : '1') + s.slice(1);
    return [
      forged('another reference', ...changed((i) => void (i.pspReference += '0'))),
      forged('another account', ...changed((i) => void (i.merchantAccountCode = 'Acme'))),
      forged('another event', ...changed((i) => void (i.eventCode = 'REFUND'))),
      forged('another outcome', ...changed((i) => void (i.success = 'false'))),
      forged('another currency', ...changed((i) => void (i.amount.currency = 'JPY'))),
      forged('an original reference', ...changed((i) => void (i.originalReference = 'x'))),
      forged('a digit of the signature is another', ...changed((i) => void (i.additionalData.hmacSignature = digit(i.additionalData.hmacSignature)))),
      forged('the signature has lost its end', ...changed((i) => void (i.additionalData.hmacSignature = i.additionalData.hmacSignature.slice(0, -4)))),
      forged('the signature is empty', ...changed((i) => void (i.additionalData.hmacSignature = ''), 401, 'missing_signature')),
      forged('no signature', ...changed((i) => void delete i.additionalData.hmacSignature, 401, 'missing_signature')),
      forged('a second item without a signature', body((b) => envelope([itemOf(b.toString()), item('forged')])), 401, 'missing_signature'),
      forged('a second item with the first one’s signature', body((b) => {
        const one = itemOf(b.toString());
        return envelope([one, { ...one, pspReference: 'forged' }]);
      })),
      forged('no items', body(() => envelope([]))),
      forged('the body has lost its last byte', body((b) => b.subarray(0, -1))),
    ];
  },
  more: {
    async 'keeps a chargeback and its reversal, which bear one reference'({ accepted }) {
      for (const eventCode of ['NOTIFICATION_OF_CHARGEBACK', 'CHARGEBACK', 'CHARGEBACK_REVERSED']) {
        const text = envelope([{ ...item('9913333333333333'), eventCode }]);
        await accepted({
          id: '9913333333333333',
          source: 'current',
          target: '/webhook/current',
          headers: [['Content-Type', 'application/json']],
          body: Buffer.from(signed(text, secret)),
        });
      }
    },
  },
});
