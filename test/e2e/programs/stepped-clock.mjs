// Owns the wall clock of a process that loads it before its own program: two hours ahead for as long as there is a file of the
// name $STEPPED_WHILE. Its monotonic clock, and the clocks of everybody else, are as they are.
import { existsSync } from 'node:fs';

const now = Date.now;
Date.now = () => now() + (existsSync(process.env.STEPPED_WHILE) ? 7_200_000 : 0);
