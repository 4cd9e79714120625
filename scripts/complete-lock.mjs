// Completes package-lock.json after `npm install` from a registry that mirrors one platform only: npm then leaves the
// optional packages of all other platforms out of the lock, and `npm ci` refuses such a lock.
// Run: node scripts/complete-lock.mjs [FOLDER]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'openharmony', 'linux', 'win32'];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x'];

const path = join(process.argv[2] ?? '.', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));
// npm lists an optional dependency of the root a second time as a plain one.
for (const name of Object.keys(lock.packages[''].optionalDependencies ?? {})) {
  delete lock.packages[''].dependencies[name];
}
for (const [at, entry] of Object.entries({ ...lock.packages })) {
  if (at === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place] ?? lock.packages[`${at}/${place}`]) continue;
    const system = SYSTEMS.find((one) => name.replace('windows', 'win32').includes(one));
    const processor = PROCESSORS.find((one) => name.includes(one));
    lock.packages[place] = {
      version: version.replace(/^[\^~]/, ''),
      ...(processor === undefined ? {} : { cpu: [processor] }),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(system === undefined ? {} : { os: [system] }),
      ...(name.endsWith('musl') ? { libc: ['musl'] } : {}),
      ...(name.endsWith('gnu') ? { libc: ['glibc'] } : {}),
    };
  }
}
const byPlace = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(byPlace);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
