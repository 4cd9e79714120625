// Claims and ends dispatches, and says each commit once it is acknowledged; goes on until it is killed or none is left.
import { writeSync } from 'node:fs';
import { NEWS, claimOrder } from './pass.mjs';

const [, , compiled, path, driver] = process.argv;
const { openLedger } = await import(`${compiled}/ledger/open.js`);
const ledger = await openLedger(path, { create: false, driver });
const claim = claimOrder(1);
const outcome = { kind: 'succeeded' };
const attemptEnd = { outcome, class: null, exitCode: 0, signal: null };

for (;;) {
  const now = Date.now();
  const { claimed } = await ledger.commitPass({ ...NEWS, claim, now });
  if (claimed.length === 0) break;
  const [{ dispatch }] = claimed;
  writeSync(1, `claimed ${dispatch.id}\n`);
  const change = {
    dispatch: dispatch.id,
    revision: dispatch.revision,
    next: { kind: 'ended', at: now, outcome, class: null, exitCode: 0 },
    because: 'done',
    type: 'dispatch.ended',
    attemptEnd,
  };
  await ledger.commitPass({ ...NEWS, changes: [change], now });
  writeSync(1, `ended ${dispatch.id}\n`);
}
await ledger.close();
