#!/usr/bin/env node
// Prints numbered lines of a given length at a given rate. chatty.mjs [LINES_PER_SECOND] [SECONDS] [BYTES_PER_LINE]
const [perSecond = 20, seconds = 300, bytes = 60] = process.argv.slice(2).map(Number);
const endAt = Date.now() + seconds * 1000;
let line = 0;
// A full disk is no reason to end.
process.stdout.on('error', () => {});

const timer = setInterval(
  () => {
    const lines = Math.max(1, Math.round(perSecond / 100));
    for (let i = 0; i < lines; i++)
      process.stdout.write(`${`line ${++line} `.padEnd(bytes - 1, '.')}\n`);
    if (Date.now() > endAt) clearInterval(timer);
  },
  Math.max(10, 1000 / perSecond),
);
