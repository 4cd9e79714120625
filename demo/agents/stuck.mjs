// Does nothing, for ever: a lost connection without a timeout. stuck.mjs NAME
import { keepJournal } from './journal.mjs';

keepJournal(process.argv[2]);
setInterval(() => {}, 3_600_000);
