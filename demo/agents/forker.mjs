// A tree that grows: every half second a child in a session of its own, as the tool shells of coding
// agents are, and each child has a child that ignores SIGTERM. forker.mjs NAME [child|leaf]
import { spawn } from 'node:child_process';
import { keepJournal } from './journal.mjs';

const CHILDREN_MAX = 6;
const [name, role = 'root'] = process.argv.slice(2);

keepJournal(role === 'root' ? name : `${name}-tree`);
if (role === 'leaf') {
  process.removeAllListeners('SIGTERM');
  process.on('SIGTERM', () => {});
}
if (role === 'child') fork('leaf');
if (role === 'root') grow(CHILDREN_MAX);
setInterval(() => {}, 3_600_000);

function grow(left) {
  if (left === 0) return;
  fork('child');
  setTimeout(() => grow(left - 1), 500);
}

function fork(childRole) {
  const detached = childRole === 'child';
  spawn(process.execPath, [process.argv[1], name, childRole], { detached, stdio: 'ignore' });
}
