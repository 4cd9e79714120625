#!/usr/bin/env node
// Holds more and more memory: MIB_PER_STEP every 50 ms, up to MIB_MAX, and says how much after each step; then sleeps.
// grows-memory.mjs [MIB_MAX] [MIB_PER_STEP]
const [most = 400, step = 20] = process.argv.slice(2).map(Number);
const held = [];

const timer = setInterval(() => {
  if (held.length * step >= most) clearInterval(timer);
  else {
    // Filled, for memory that was only promised is not held.
    held.push(Buffer.alloc(step * 1024 * 1024, 1));
    console.log(held.length * step);
  }
}, 50);
setInterval(() => held.length, 60_000);
