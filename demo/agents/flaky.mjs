// Fails the first time it is run, and succeeds afterwards. flaky.mjs NAME
import { keepJournal } from './journal.mjs';

const journal = keepJournal(process.argv[2]);
const isFirst = journal.starts() === 1;
console.log(isFirst ? 'no luck this time' : 'done');
journal.end(isFirst ? 1 : 0);
