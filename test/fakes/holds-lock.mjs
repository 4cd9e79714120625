#!/usr/bin/env node
// Holds the write lock of an SQLite file until its standard input ends; prints `locked`.
// holds-lock.mjs FILE [immediate|exclusive]
import { createRequire } from 'node:module';

const [file, kind = 'immediate'] = process.argv.slice(2);
const [major, minor] = process.versions.node.split('.').map(Number);
const own = major > 22 || (major === 22 && minor >= 13);
const require = createRequire(import.meta.url);
const database = own
  ? new (require('node:sqlite').DatabaseSync)(file)
  : new (require('libsql'))(file);
database.exec('pragma busy_timeout = 60000');
database.exec(`begin ${kind}`);
process.stdout.write('locked\n');
process.stdin.resume();
process.stdin.once('end', () => {
  database.exec('rollback');
  process.exit(0);
});
