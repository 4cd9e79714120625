// Asks again and again whether the supervisor's lock is held, until its input ends; says how often it was.
const [, , compiled, path, driver] = process.argv;
const { isSupervisorLockHeld } = await import(`${compiled}/ledger/supervisor-lock.js`);
let asked = 0;
let held = 0;
const input = process.stdin.resume();
console.log('ready');
while (!input.readableEnded) {
  for (let round = 0; round < 20; round += 1) {
    asked += 1;
    if (isSupervisorLockHeld(path, driver)) held += 1;
  }
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(JSON.stringify({ asked, held }));
