// Opens a ledger and appends events of some size until that fails or a number is reached; says each step, and the
// failure. With a user id as its last argument it becomes that user first, where it may.
import { writeSync } from 'node:fs';

const [, , compiled, path, driver, most, user] = process.argv;
const { openLedger } = await import(`${compiled}/ledger/open.js`);
if (user !== undefined && process.getuid() === 0) {
  process.setgid(Number(user));
  process.setuid(Number(user));
}
const filling = 'x'.repeat(20_000);
try {
  const ledger = await openLedger(path, { create: false, driver });
  writeSync(1, 'open\n');
  for (let n = 1; n <= Number(most); n += 1) {
    const event = { type: 'output.trimmed', dispatch: null, attempt: null, data: { n, filling } };
    await ledger.append([event], 1);
    writeSync(1, `${n}\n`);
  }
  await ledger.close();
  writeSync(1, 'done\n');
} catch (error) {
  writeSync(
    1,
    `${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`,
  );
}
