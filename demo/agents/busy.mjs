// Computes and says nothing, as an agent does that compiles or thinks. busy.mjs NAME SECONDS
import { keepJournal } from './journal.mjs';

const [name, seconds] = process.argv.slice(2);
const journal = keepJournal(name);
const endAt = Date.now() + Number(seconds) * 1_000;

/** Half of a core: the other half is for whoever else is in this show. */
function compute() {
  const until = Date.now() + 50;
  while (Date.now() < until) Math.sqrt(until);
  if (Date.now() >= endAt) journal.end(0);
  setTimeout(compute, 50);
}
compute();
