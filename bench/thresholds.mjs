// Owns the measurement behind the thresholds of signs of work (docs/decisions/0010-cpu-threshold.md, 0012-disk-io.md):
// which share of a core, and how much disk, programs use that wait, and programs that work. Run by hand on Linux: node bench/thresholds.mjs [WINDOWS]
import { spawn, spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endProcessesWith } from '../demo/processes.mjs';

const WINDOWS = Number(process.argv[2] ?? 3);
/** As far apart as samples of an attempt with an ordinary stall window. */
const WINDOW_MS = 10_000;
/** Programs start, load and compile themselves before they are typical. */
const SETTLE_MS = 5_000;
const MS_PER_TICK = 10;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-threshold-')));
const marker = `DROVER_BENCH=${dir}`;
process.once('exit', () => {
  endProcessesWith(marker);
  rmSync(dir, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

const server = createServer((socket) => {
  // What a model's stream sends while it thinks, and what it sends while it writes.
  let interval = 0;
  socket.on('error', () => clearInterval(interval));
  socket.on('close', () => clearInterval(interval));
  socket.once('data', (order) => {
    const everyMs = Number(order);
    if (everyMs === 0) return;
    const event = `data: ${JSON.stringify({ type: 'ping', text: 'x'.repeat(100) })}\n\n`;
    interval = setInterval(() => socket.write(event), everyMs);
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();

const node = (code) => [process.execPath, '-e', code];
const shell = (line) => ['sh', '-c', line];
/** Burns `busyMs` of every `everyMs`. */
const burning = (busyMs, everyMs) =>
  node(`setInterval(() => {
    const until = performance.now() + ${busyMs};
    while (performance.now() < until);
  }, ${everyMs});`);
/** A client that is sent an event every `everyMs` and parses it; 0: keepalive alone. */
const listening = (everyMs) =>
  node(`const socket = require('node:net').connect(${port}, '127.0.0.1');
    socket.setKeepAlive(true, 1_000);
    socket.write('${everyMs}');
    let count = 0;
    socket.on('data', (text) => {
      for (const line of String(text).split('\\n\\n')) if (line) count += JSON.parse(line.slice(6)).text.length;
    });`);
const readingFiles = (files, everyMs) =>
  node(`const { readdirSync, readFileSync } = require('node:fs');
    const base = ${JSON.stringify(join(ROOT, 'node_modules'))};
    const all = readdirSync(base, { recursive: true }).filter((name) => name.endsWith('.js'));
    let next = 0;
    setInterval(() => {
      for (let count = 0; count < ${files}; count++) readFileSync(base + '/' + all[next++ % all.length]);
    }, ${everyMs});`);

writeFileSync(join(dir, 'log'), '');
writeFileSync(
  join(dir, 'program.c'),
  `#include <stdio.h>\n${Array.from({ length: 200 }, (_, index) => `int f${index}(int a, int b) { int s = 0; for (int i = a; i < b; i++) s += i * ${index} % (b + 1); printf("%d", s); return s; }`).join('\n')}\nint main(void) { return 0; }\n`,
);

const WAITING = [
  ['sleep', ['sleep', '100000']],
  ['tail -f', ['tail', '-f', join(dir, 'log')]],
  ['sh: loop with sleep 1', shell('while :; do sleep 1; done')],
  ['sh: ps every 2 s, as watch', shell('while :; do ps >/dev/null; sleep 2; done')],
  ['python3: loop with sleep(1)', ['python3', '-c', 'import time\nwhile True: time.sleep(1)']],
  ['node: timer, 1 s', node('setInterval(() => {}, 1_000)')],
  ['node: timer, 100 ms', node('setInterval(() => {}, 100)')],
  [
    'node: spinner, 80 ms, redraws a line',
    node(
      `let frame = 0; setInterval(() => process.stdout.write('\\r' + '|/-\\\\'[frame++ % 4] + ' thinking'), 80)`,
    ),
  ],
  ['node: socket with keepalive', listening(0)],
  ['node: stream, a ping each 5 s', listening(5_000)],
  ['node: stream, a ping each second', listening(1_000)],
  [
    'node: polls a file each 500 ms',
    node(
      `require('node:fs').watchFile(${JSON.stringify(join(dir, 'log'))}, { interval: 500 }, () => {})`,
    ),
  ],
];

const writing = (bytes, everyMs) =>
  node(`const { openSync, writeSync, ftruncateSync } = require('node:fs');
    const fd = openSync(${JSON.stringify(join(dir, 'written'))} + process.pid, 'a');
    const some = Buffer.alloc(${bytes}, 'x');
    let size = 0;
    setInterval(() => {
      if ((size += writeSync(fd, some)) > 64 * 1024 * 1024) ftruncateSync(fd, (size = 0));
    }, ${everyMs});`);

const WORKING = [
  ['node: stream, 20 events a second', listening(50)],
  ['node: stream, 50 events a second', listening(20)],
  ['node: burns 1 % of a core', burning(1, 100)],
  ['node: burns 2 %', burning(2, 100)],
  ['node: burns 5 %', burning(5, 100)],
  ['node: writes a line of a log each 500 ms', writing(100, 500)],
  ['node: saves 20 KiB a second', writing(20 * 1024, 1_000)],
  ['node: saves 200 KiB a second', writing(20 * 1024, 100)],
  ['node: saves 5 MiB a second', writing(1024 * 1024, 200)],
  ['node: reads 10 files a second', readingFiles(10, 1_000)],
  ['node: reads 200 files a second', readingFiles(20, 100)],
  [
    'sh: grep -r in node_modules, then 5 s of rest',
    shell(
      `cd '${ROOT}'; while :; do grep -rq nothing-like-this node_modules/vitest/ node_modules/valibot/; sleep 5; done`,
    ),
  ],
  [
    'sh: git status, then 2 s of rest',
    shell(`cd '${ROOT}'; while :; do git status >/dev/null; sleep 2; done`),
  ],
  [
    'gcc, one file after another',
    shell(`while :; do gcc -O2 -c -o '${dir}/program.o' '${dir}/program.c'; done`),
  ],
  [
    'tsc of this project, again and again',
    shell(`cd '${ROOT}'; while :; do node_modules/.bin/tsc --noEmit -p tsconfig.json; done`),
  ],
];

/** CPU time and disk I/O by process of one session, each with that of the children that it has waited for. */
function useOf(session) {
  const used = { cpuMs: new Map(), ioBytes: new Map() };
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[3]) !== session) continue;
      const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
      const key = `${pid}@${fields[19]}`;
      used.cpuMs.set(key, ticks * MS_PER_TICK);
      const io = readFileSync(`/proc/${pid}/io`, 'latin1');
      const bytes = [...io.matchAll(/^(?:read|write)_bytes: (\d+)$/gm)].map(([, text]) =>
        Number(text),
      );
      used.ioBytes.set(
        key,
        bytes.reduce((sum, one) => sum + one, 0),
      );
    } catch {
      // It has just ended: its parent has its time.
    }
  }
  return used;
}

/** As a supervisor counts it (src/supervisor/signs.ts): growth of each process that is there. */
function growth(before, after) {
  let sum = 0;
  for (const [key, value] of after) sum += Math.max(0, value - (before.get(key) ?? 0));
  return sum;
}

/** Shares of a core, and KiB of disk I/O a second, in each window, by name of the program. */
async function measure(programs) {
  const children = programs.map(([name, [program, ...words]]) => {
    const env = { ...process.env, DROVER_BENCH: dir };
    const child = spawn(program, words, { detached: true, stdio: 'ignore', env });
    child.on('error', (error) => console.error(`${name}: ${error.message}`));
    return { name, child, shares: [], rates: [] };
  });
  await sleep(SETTLE_MS);
  let before = children.map(({ child }) => useOf(child.pid));
  let beganAt = performance.now();
  for (let window = 0; window < WINDOWS; window++) {
    await sleep(WINDOW_MS);
    const after = children.map(({ child }) => useOf(child.pid));
    const now = performance.now();
    for (const [index, { shares, rates }] of children.entries()) {
      const [then, since] = [before[index], now - beganAt];
      shares.push((100 * growth(then.cpuMs, after[index].cpuMs)) / since);
      rates.push((growth(then.ioBytes, after[index].ioBytes) * 1_000) / 1_024 / since);
    }
    [before, beganAt] = [after, now];
  }
  for (const { name, child } of children) {
    if (child.exitCode !== null) console.error(`${name}: ended with ${child.exitCode}`);
    else process.kill(-child.pid, 'SIGKILL');
  }
  return children;
}

function print(title, children) {
  console.log(
    `\n| ${title} | % of a core, each of ${WINDOWS} windows of ${WINDOW_MS / 1_000} s | KiB/s of disk I/O |\n|---|---|---|`,
  );
  for (const { name, shares, rates } of children) {
    const [cpu, disk] = [shares, rates].map((all) => all.map((one) => one.toFixed(2)).join(', '));
    console.log(`| ${name} | ${cpu} | ${disk} |`);
  }
}

const python = spawnSync('python3', ['--version'], { encoding: 'utf8' }).stdout?.trim();
console.log(
  `${cpus().length} cores (${cpus()[0]?.model}), Node ${process.versions.node}, ${python}`,
);
// Who waits disturbs nobody; who works is measured alone.
print('waits', await measure(WAITING));
const working = [];
for (const program of WORKING) working.push(...(await measure([program])));
print('works', working);
server.close();
process.exit(0);
