#!/usr/bin/env node
// Saves a megabyte five times a second, which takes next to no CPU time, and says nothing. saves-steadily.mjs FILE
import { ftruncateSync, openSync, writeSync } from 'node:fs';

const file = openSync(process.argv[2], 'a');
const some = Buffer.alloc(1024 * 1024, 'x');
let size = 0;
setInterval(() => {
  size += writeSync(file, some);
  if (size > 64 * 1024 * 1024) ftruncateSync(file, (size = 0));
}, 200);
