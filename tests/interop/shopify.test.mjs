import assert from 'node:assert/strict';

import '@shopify/shopify-api/adapters/node';
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api';
import { createSHA256HMAC } from '@shopify/shopify-api/runtime';

import { provider } from './provider.mjs';

const app = (secret) =>
  shopifyApi({
    apiKey: 'key',
    apiSecretKey: secret,
    apiVersion: ApiVersion.January25,
    hostName: 'hooks.example.com',
    isEmbeddedApp: false,
    logger: { level: LogSeverity.Error },
  });

provider('shopify', {
  scheme: 'shopify',
  secret: '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',
  other: 'shpss_ffffffffffffffffffffffffffffffff',
  signature: 'X-Shopify-Hmac-SHA256',
  key: (id) => id,
  body: (id) => JSON.stringify({ id: 820982911946154500, admin_graphql_api_id: id, email: 'jon@example.com', total_price: '409.94', note: '\u00e9\u2028' }),
  async sign({ id, text, secret }) {
    const headers = [
      ['X-Shopify-Topic', 'orders/create'],
      ['X-Shopify-Hmac-SHA256', await createSHA256HMAC(secret, text)],
      ['X-Shopify-Shop-Domain', 'acme.myshopify.com'],
      ['X-Shopify-API-Version', '2025-01'],
      ['X-Shopify-Webhook-Id', id],
    ];
    const verdict = await app(secret).webhooks.validate({
      rawBody: text,
      rawRequest: { method: 'POST', url: '/', headers: Object.fromEntries(headers) },
      rawResponse: {},
    });
    assert.ok(verdict.valid, JSON.stringify(verdict));
    return headers;
  },
});
