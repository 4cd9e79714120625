// Claims all that it can get each time its file `go.N` is there, and says which ids that were.
import { existsSync } from 'node:fs';
import { NEWS, claimOrder } from './pass.mjs';

const [, , compiled, path, driver, dir, rounds] = process.argv;
const { openLedger } = await import(`${compiled}/ledger/open.js`);
const ledger = await openLedger(path, { create: false, driver });
const order = claimOrder(9);
for (let round = 0; round < Number(rounds); round += 1) {
  console.log('ready');
  while (!existsSync(`${dir}/go.${round}`)) continue;
  const { claimed } = await ledger.commitPass({ ...NEWS, claim: order, now: 10_000 });
  console.log(JSON.stringify(claimed.map(({ dispatch }) => dispatch.id)));
}
await ledger.close();
