import { WorkOS } from '@workos-inc/node';

import { provider } from './provider.mjs';

const workos = new WorkOS('sk_test_none');

provider('workos', {
  scheme: 'workos',
  secret: 'secret_Qm5vdCBhIHJlYWwgc2VjcmV0',
  other: 'secret_b3RoZXI',
  tolerance: 180,
  signature: 'WorkOS-Signature',
  timestamp: ['WorkOS-Signature', /t=(\d+)/],
  key: (id) => `event_${id}`,
  body: (id) => JSON.stringify({ id: `event_${id}`, event: 'dsync.user.created', data: { first_name: 'Bj\u00f6rn', directory_id: 'd1' }, created_at: '2026-01-01' }),
  async sign({ text, secret, time }) {
    const payload = JSON.parse(text); // the SDK writes the JSON anew
    const signature = await workos.webhooks.computeSignature(String(time), payload, secret);
    const header = `t=${time}, v1=${signature}`;
    if (Math.abs(Date.now() - time) < 60_000) await workos.webhooks.verifyHeader({ payload, sigHeader: header, secret });
    return [['WorkOS-Signature', header]];
  },
});
