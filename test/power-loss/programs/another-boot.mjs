// Owns what a reboot changes for whoever is told of it: preloaded into a process, the machine has another boot id.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const read = fs.readFileSync;

fs.readFileSync = (path, ...rest) =>
  path === BOOT_ID ? `${process.env['BOOT_ID_AFTER_POWER_LOSS']}\n` : read(path, ...rest);
syncBuiltinESMExports();
