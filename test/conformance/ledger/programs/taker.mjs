// Takes the supervisor's lock as soon as the file `go` is there, says whether it got it, and keeps it until its input
// ends.
import { existsSync } from 'node:fs';

const [, , compiled, path, driver, go] = process.argv;
const { takeSupervisorLock } = await import(`${compiled}/ledger/supervisor-lock.js`);
console.log('ready');
while (!existsSync(go)) continue;
const lock = takeSupervisorLock(path, driver);
console.log(lock === null ? 'refused' : 'taken');
if (lock !== null) process.stdin.resume().once('end', () => lock.release());
