// Owns a dispatch's specification where nobody said anything special: what tests change is what they are about.
import type { DispatchSpec } from '../src/core/dispatch.ts';

export const PLAIN_SPEC: DispatchSpec = {
  agent: 'command',
  run: ['agent'],
  task: null,
  cwd: '/work',
  env: {},
  envFrom: [],
  doneWhen: null,
  deadlineMs: null,
  extendMs: 0,
  stallMs: 20 * 60_000,
  lingerMs: 2 * 60_000,
  graceMs: 10_000,
  retries: { infrastructure: 3, stalled: 1, 'timed-out': 1, agent: 0 },
  containment: null,
  leftovers: 'end',
  leftoverGraceMs: 5_000,
  maxOutputBytes: null,
  maxMemoryBytes: null,
  maxProcesses: null,
  maxTokens: null,
  maxCostUsd: null,
  cpuShareMin: 0.01,
  toolBoundMs: 1_800_000,
  evidenceFiles: [],
};
