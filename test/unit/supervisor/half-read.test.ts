// Owns what a sample makes of a stream that names files and tools: before it was read, and while only half of it was.
import { expect, test } from 'vitest';
import { builtInAgents } from '../../../src/agents/registry.ts';
import { EMPTY_STREAM } from '../../../src/core/stream.ts';
import { gather } from '../../../src/supervisor/gather.ts';
import { AGENT, NOW, row } from '../core/row.ts';
import { dueOf, othersAt, process, show } from './scene.ts';

const BEGUN =
  '{"type":"system","subtype":"init","session_id":"5e551011-0000-4000-8000-000000000001"}';
const CALLED =
  '{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"make"}}]}}';

/** Samples one after the other of an agent that says this, a line at each; `atEnd`: whether there is no more. */
async function signsOf(lines: readonly string[], atEnd: boolean) {
  const { live } = row({ spec: { evidenceFiles: ['plan.md'] } });
  const due = dueOf(live);
  const { memory } = due[0]!;
  Object.assign(memory, {
    signs: [],
    stream: { state: EMPTY_STREAM, stdoutNext: 0, stderrNext: 0 },
  });
  const table = { kind: 'seen', value: [process(50), process(AGENT.pid)] } as const;
  const { world } = show({ table });
  const left = [...lines];
  const runDirs = {
    ...world.runDirs,
    toolsRefused: () => null,
    readLines: (_: unknown, { stream, from }: { stream: string; from: number }) => {
      const said = stream === 'stdout' ? left.splice(0, 1) : [];
      return {
        kind: 'seen',
        value: { lines: said, next: from + said.length, atEnd, writtenAt: NOW },
      };
    },
    // Whatever is looked for was written long ago.
    evidenceFiles: async (globs: readonly string[]) => ({
      kind: 'seen',
      value: new Map(globs.map((path) => [path, { bytes: 9, modifiedMs: 1 }])),
    }),
  };
  const agents = { ...world.agents, of: () => builtInAgents.get('claude')! };
  const shown = { ...world, runDirs, agents } as unknown as typeof world;
  for (const laterMs of [10_000, 20_000, 30_000]) {
    await gather(shown, due, othersAt(NOW + laterMs));
  }
  return memory.signs
    .filter(({ kind }) => kind !== 'output')
    .map(({ kind, detail }) => `${kind}: ${detail}`);
}

test('I5: the log of a session that its stream has just named has not grown for that', async () => {
  expect(await signsOf([BEGUN], true)).toEqual([]);
});

test('I5: a tool is open once all was read that may say that it has ended', async () => {
  expect(await signsOf([CALLED], true)).toEqual([expect.stringMatching(/^tool: in Bash: make, /)]);
  expect(await signsOf([CALLED], false)).toEqual([]);
});
