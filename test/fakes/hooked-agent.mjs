#!/usr/bin/env node
// Speaks like Claude Code, and calls its hooks as that does: the commands of $HOME/.claude/settings.json, in a shell, with
// JSON on their standard input. Its prompt says what it does, a word for each step:
//   tool:NAME    calls a tool that takes until the file $GATES/NAME is there, and stops where a hook refuses it
//   limit:S      meets a limit of its provider that ends in S seconds
//   nested:NAME  has a program of its own call tool:NAME, and waits until the file $GATES/NAME-left is there
// It writes what happens to it to $GATES/journal.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const { HOME, GATES } = process.env;
const words = process.argv.slice(2);
const valueOf = (name) => words[words.indexOf(name) + 1];
const resumed = words.includes('--resume');
const session = valueOf(resumed ? '--resume' : '--session-id');
const prompt = words.at(-1);

const journal = (line) => appendFileSync(`${GATES}/journal`, `${line}\n`);
const say = (line) => console.log(JSON.stringify({ session_id: session, ...line }));
const sayText = (text) =>
  say({ type: 'assistant', message: { content: [{ type: 'text', text }] } });
const opens = async (gate) => {
  while (!existsSync(`${GATES}/${gate}`)) await sleep(20);
};

function hook(event, more) {
  const { hooks = {} } = JSON.parse(readFileSync(`${HOME}/.claude/settings.json`, 'utf8'));
  const input = JSON.stringify({ session_id: session, hook_event_name: event, ...more });
  for (const { hooks: entries } of hooks[event] ?? []) {
    for (const { command } of entries) {
      const { stdout, status } = spawnSync('/bin/sh', ['-c', command], { input, encoding: 'utf8' });
      if (status !== 0) journal(`${event} exited with ${status}`);
      const answer = stdout.trim() === '' ? {} : JSON.parse(stdout);
      const { permissionDecision, permissionDecisionReason } = answer.hookSpecificOutput ?? {};
      if (permissionDecision === 'deny') return permissionDecisionReason;
    }
  }
  return null;
}

let calls = 0;
async function tool(name) {
  calls += 1;
  const call = { tool_name: 'Bash', tool_input: { command: name }, tool_use_id: `call-${calls}` };
  const refusal = hook('PreToolUse', call);
  if (refusal !== null) {
    journal(`refused ${name}: ${refusal}`);
    return false;
  }
  journal(`in ${name}`);
  await opens(name);
  hook('PostToolUse', { ...call, tool_response: 'done' });
  journal(`through ${name}`);
  return true;
}

async function nested(name) {
  const own = ['--session-id', `${session}-nested`, '--quietly', `tool:${name}`];
  spawn(fileURLToPath(import.meta.url), own, { stdio: 'ignore', detached: true }).unref();
  await opens(`${name}-left`);
}

function meetLimit(seconds) {
  const resetsAt = Math.ceil(Date.now() / 1_000) + Number(seconds);
  const info = { status: 'rejected', rateLimitType: 'five_hour', resetsAt };
  say({ type: 'rate_limit_event', rate_limit_info: info });
  say({ type: 'result', subtype: 'success', is_error: true, result: 'limit', usage: {} });
  process.exit(1);
}

async function step(word) {
  const [kind, what] = word.split(':');
  if (kind === 'tool') return await tool(what);
  if (kind === 'nested') await nested(what);
  if (kind === 'limit' && !resumed) meetLimit(what);
  return true;
}

const logs = `${HOME}/.claude/projects/here`;
mkdirSync(logs, { recursive: true });
const log = `${logs}/${session}.jsonl`;
// A resumed session knows what it was told at first.
if (!resumed) appendFileSync(log, `${prompt}\n`);
const told = readFileSync(log, 'utf8').split('\n')[0];
journal(resumed ? 'resumed' : 'began');
if (!words.includes('--quietly')) {
  say({ type: 'system', subtype: 'init' });
  sayText('I begin');
}
for (const word of told.split(' ')) if (!(await step(word))) break;
hook('Stop', {});
say({ type: 'result', subtype: 'success', is_error: false, result: 'done', usage: {} });
