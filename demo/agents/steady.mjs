// Works for a while, prints a line a second, and succeeds. steady.mjs NAME SECONDS
import { keepJournal } from './journal.mjs';

const [name, seconds] = process.argv.slice(2);
const journal = keepJournal(name);
let step = 0;
setInterval(() => {
  step++;
  console.log(`step ${step} of ${seconds}`);
  if (step >= Number(seconds)) journal.end(0);
}, 1_000);
