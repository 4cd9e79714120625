// Owns the targets that are given a file in a place where somebody else may write: pidfiles, records of worktrees, leases,
// refusals, records of attempts, output streams.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type HolderLook, readOperations } from '../../src/host/operation-files.ts';
import { readPidfile } from '../../src/host/pidfile.ts';
import { readMark, readRecords } from '../../src/host/run-records.ts';
import { createStreamLines } from '../../src/host/stream-lines.ts';
import { readRefusal } from '../../src/host/tool-refusal.ts';
import { readWorktree } from '../../src/host/worktree-record.ts';
import type { Target } from './target.ts';

const text = (words: string) => Buffer.from(words);

const HOLDERS: HolderLook = {
  sight: () => 'unknown',
  clock: { now: () => 0, monotonicMs: () => 0, origin: () => '5c9e' },
};

/** @param dir that is there, and these targets' alone */
export function filesIn(dir: string): readonly Target[] {
  mkdirSync(`${dir}/ops`, { recursive: true });
  const put = (name: string, bytes: Buffer) => writeFileSync(`${dir}/${name}`, bytes);

  const pidfile: Target = {
    name: 'pidfile',
    examples: [text('4711\n'), text(' 4711 \nmore'), text('')],
    words: ['4711', '4294967296', '\n'],
    wrong(input) {
      put('pidfile', input);
      const look = readPidfile(`${dir}/pidfile`);
      if (look.kind === 'unknown') return look.because === '' ? ['unknown without a reason'] : [];
      return look.kind === 'seen' && look.value.pid > 0 ? [] : [JSON.stringify(look)];
    },
  };

  const worktree: Target = {
    name: 'worktree-record',
    examples: [
      text(
        '{"dispatch":"x7","name":"c/a","repository":"/r","prefix":"","branch":"b","base":null,"commit":"c","made":true}',
      ),
    ],
    words: ['"dispatch":', '"base":', '"made":'],
    wrong(input) {
      put('x7.json', input);
      try {
        const record = readWorktree(dir, 'x7');
        const fields = Object.values(record ?? {});
        return fields.some((value) => typeof value === 'object' && value !== null)
          ? ['a field that is none']
          : [];
      } catch (error) {
        const message = error instanceof Error ? error.message : '';
        return message.endsWith('is not legible') ? [] : [`an error that says nothing: ${message}`];
      }
    },
  };

  const runDir: Target = {
    name: 'run-directory',
    examples: [
      text('shim 4711 987654 5c9e end\nattempt {"mark":"a.b.1.7.c"} end\n\nexit 7 3 end\n'),
      text('{"operation":"x","startedAt":"2026-11-30","notAfter":"2026-12-01"}'),
      text(
        '{"operation":"x","startedAt":"2026-11-30","notAfter":"2026-12-01","monotonic":{"origin":"5c9e","startedMs":1,"notAfterMs":90000,"touchedMs":2.5}}',
      ),
    ],
    words: [' end\n', 'attempt {', '"mark":', 'exit 7 '],
    wrong(input) {
      for (const name of ['claim.7', 'ops/a.json', 'refused']) put(name, input);
      const seen = readRecords(dir, 7);
      const refusal = readRefusal(dir);
      const leases = readOperations(dir, HOLDERS);
      readMark(dir, 7);
      return [
        ...(seen.claim.kind === 'seen' ? [] : ['a claim that is there is not seen']),
        ...(leases.kind === 'seen' ? [] : ['leases are not seen']),
        ...((refusal?.length ?? 0) <= 2_000 ? [] : ['a refusal without a bound']),
      ];
    },
  };

  const bounds = { pieceBytes: 4_096, wholeLineBytes: 512 };
  const stream: Target = {
    name: 'stream',
    examples: [
      text('{"type":"x"}\n{"type":"y","text":"…"}\r\nplain\n'),
      text(`${'a'.repeat(600)}\n\0\0\0\n[drover: 12 bytes dropped]\nend`),
    ],
    words: ['\n', '\0\0\0\0', 'drover: ', ' bytes dropped'],
    wrong(input) {
      put('stdout', input);
      const lines = createStreamLines(bounds);
      const json = input.length % 2 === 0;
      let from = 0;
      for (let calls = 0; calls <= input.length + 2; calls++) {
        const place = { stream: 'stdout', from, json, ended: true } as const;
        const look = lines.read(`${dir}/stdout`, place);
        if (look.kind !== 'seen') return [JSON.stringify(look)];
        const { next, atEnd } = look.value;
        if (next < from || next > input.length) return [`from ${from} to ${next}`];
        if (look.value.lines.some((line) => line.includes('\n'))) return ['a line of several'];
        if (atEnd) return next === input.length ? [] : [`ends at ${next} of ${input.length}`];
        from = next;
      }
      return ['it never comes to its end'];
    },
  };

  return [pidfile, worktree, runDir, stream];
}

export function removeFiles(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}
