// Opens one new ledger after the other, each as soon as its file `go.N` is there, writes to it and says its id.
import { existsSync } from 'node:fs';

const [, , compiled, dir, driver, rounds] = process.argv;
const { openLedger } = await import(`${compiled}/ledger/open.js`);
const event = { type: 'campaign.submitted', dispatch: null, attempt: null, data: {} };
for (let round = 0; round < Number(rounds); round += 1) {
  console.log('ready');
  while (!existsSync(`${dir}/go.${round}`)) continue;
  try {
    const ledger = await openLedger(`${dir}/${round}.db`, { create: true, driver });
    await ledger.append([event], 1);
    console.log(ledger.id);
    await ledger.close();
  } catch (error) {
    console.log(error.code ?? error.message);
  }
}
