// Holds the write lock of a ledger, and says so, until its input ends.
const [, , compiled, path, driver] = process.argv;
const { sqliteEngine } = await import(`${compiled}/ledger/sqlite-engine.js`);
const connection = sqliteEngine(driver).connect(path);
connection.exec('begin immediate');
console.log('held');
process.stdin.resume().once('end', () => connection.close());
