#!/usr/bin/env node
// Reads a megabyte five times a second, which takes next to no CPU time, and says nothing.
import { closeSync, openSync, readSync } from 'node:fs';

const buffer = Buffer.alloc(1024 * 1024);
setInterval(() => {
  const zeros = openSync('/dev/zero', 'r');
  readSync(zeros, buffer);
  closeSync(zeros);
}, 200);
