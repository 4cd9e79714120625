// Makes a ledger and ends, so that no connection to it is left.
const [, , compiled, path, driver] = process.argv;
const { openLedger } = await import(`${compiled}/ledger/open.js`);
await (await openLedger(path, { create: true, driver })).close();
