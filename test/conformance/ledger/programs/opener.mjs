// Opens a ledger that is perhaps not there yet, as soon as the file `go` is, and says its id.
import { existsSync } from 'node:fs';

const [, , compiled, path, driver, go] = process.argv;
const { openLedger } = await import(`${compiled}/ledger/open.js`);
console.log('ready');
while (!existsSync(go)) continue;
const ledger = await openLedger(path, { create: true, driver });
await ledger.append([{ type: 'campaign.submitted', dispatch: null, attempt: null, data: {} }], 1);
console.log(ledger.id);
await ledger.close();
