// Claims one dispatch at a time, holds it for a moment and ends it, until none is queued. While it holds one, a file of
// its name lies in the directory `held`, so that the slots in use can be counted without the ledger.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NEWS, claimOrder } from './pass.mjs';

const [, , compiled, path, driver, held] = process.argv;
const { openLedger } = await import(`${compiled}/ledger/open.js`);
const ledger = await openLedger(path, { create: false, driver });
const order = claimOrder(1);
const outcome = { kind: 'succeeded' };
const end = { outcome, class: null, exitCode: 0, signal: null };

for (;;) {
  const now = Date.now();
  const { claimed } = await ledger.commitPass({ ...NEWS, claim: order, now });
  if (claimed.length === 0) {
    if ((await ledger.count({ states: ['queued'] })) === 0) break;
    await sleep(1);
    continue;
  }
  const { id, revision } = claimed[0].dispatch;
  writeFileSync(`${held}/${id}`, '', { flag: 'wx' });
  console.log(JSON.stringify({ id, inUse: readdirSync(held).length }));
  await sleep(2);
  rmSync(`${held}/${id}`);
  const next = { kind: 'ended', at: now, outcome, class: null, exitCode: 0 };
  const change = { dispatch: id, revision, next, because: 'done', type: 'dispatch.ended' };
  await ledger.commitPass({ ...NEWS, changes: [{ ...change, attemptEnd: end }], now });
}
await ledger.close();
