// Owns completion: what can come next, and that real shells offer it.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/cli/catalogue.ts';
import { SHELLS, completionScript } from '../../../src/cli/completion-script.ts';
import { argumentSlot, candidateLines, commandSlot } from '../../../src/cli/completions.ts';
import { defineCommand } from '../../../src/cli/program.ts';

async function slot(name: string, before: readonly string[], current: string) {
  const entry = CATALOGUE.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`no command ${name}`);
  const command = new Command(name);
  await defineCommand(command, entry, () => {});
  return argumentSlot(command, entry, before, current);
}

describe('what can come next', () => {
  test('first a command', () => {
    const first = commandSlot(CATALOGUE);
    expect(first.kind === 'words' && candidateLines(first.candidates, 're')).toEqual([
      'reap\trecover once: adopt, finish, requeue, and end what no live attempt owns',
      'retry\trun ended dispatches again, as a new attempt',
      'resume\tlet a paused pool, or what waits for a person, go on',
    ]);
  });

  test.each([
    ['why', [], '', { kind: 'names', of: 'dispatch' }],
    ['stop', ['a'], '', { kind: 'names', of: 'dispatch' }],
    ['pause', [], 'wo', { kind: 'names', of: 'pool' }],
    ['ps', ['--campaign'], '', { kind: 'names', of: 'campaign' }],
    ['add', ['--pool'], '', { kind: 'names', of: 'pool' }],
    ['run', [], 'night', { kind: 'files' }],
    ['run', ['--state'], '', { kind: 'files' }],
    ['add', ['--name', 'x', '--'], '--', { kind: 'files' }],
    ['extend', ['x'], '', { kind: 'words', candidates: [] }],
    ['ps', [], '', { kind: 'words', candidates: [] }],
  ])('%s %j %j', async (name, before, current, expected) => {
    expect(await slot(name, before, current)).toEqual(expected);
  });

  test('after a dash the options of the command, those of all commands among them', async () => {
    const options = await slot('ps', ['--all'], '-');
    const lines = options.kind === 'words' ? candidateLines(options.candidates, '--') : [];
    expect(lines.map((line) => line.split('\t')[0])).toEqual([
      '--all',
      '--campaign',
      '--state',
      '--no-color',
      '--json',
    ]);
  });

  test('after an option with choices the choices', async () => {
    const choices = await slot('run', ['f', '--containment'], '');
    expect(choices.kind === 'words' && candidateLines(choices.candidates, 's')).toEqual([
      'subreaper',
      'sh',
    ]);
  });
});

/** Runs a script in a shell that is told of a `drover` which offers three words, or files. */
function inShell(shell: string, script: string, directory: string): string[] {
  const { stdout, stderr, status } = spawnSync(shell, ['-c', script], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${directory}:${process.env['PATH']}`, HOME: directory },
  });
  if (status !== 0) throw new Error(`${shell}: ${stderr}`);
  return stdout.trim().split('\n');
}

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

describe('shells', () => {
  let directory = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'drover-completion-'));
    // Answers with the words that it was asked about, so that the test sees what the shell passed
    // on.
    const answer = `#!/bin/sh
[ "$1 $2" = "__complete --" ] || exit 1
shift 2
case "$1" in run) echo :files; exit;; esac
printf 'nightly/plan\\tended\\n'
for word in "$@"; do last="$word"; done
printf 'words-%s-%s\\n' "$#" "$last"
`;
    writeFileSync(join(directory, 'drover'), answer);
    chmodSync(join(directory, 'drover'), 0o755);
    writeFileSync(join(directory, 'some file.yaml'), '');
    for (const shell of SHELLS) {
      writeFileSync(join(directory, `completion.${shell}`), completionScript(shell));
    }
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const bash = (words: string, at: number) => `source ./completion.bash
    COMP_WORDS=(${words}); COMP_CWORD=${at}; _drover; printf '%s\\n' "\${COMPREPLY[@]}"`;

  test.skipIf(!has('bash'))('bash offers what drover answers, with the unfinished word', () => {
    expect(inShell('bash', bash('drover why n', 2), directory)).toEqual([
      'nightly/plan',
      'words-2-n',
    ]);
  });

  test.skipIf(!has('bash'))('bash offers files where drover says so, also with blanks', () => {
    expect(inShell('bash', bash('drover run som', 2), directory)).toEqual(['some file.yaml']);
  });

  const zsh = (words: string, at: number) => `compdef() { :; }
    _files() { echo files; }
    _describe() { printf '%s\\n' "\${(@P)2}"; }
    source ./completion.zsh; words=(${words}); CURRENT=${at}; _drover || true`;

  test.skipIf(!has('zsh'))('zsh offers what drover answers, with descriptions', () => {
    expect(inShell('zsh', zsh('drover why n', 3), directory)).toEqual([
      'nightly/plan:ended',
      'words-2-n',
    ]);
    expect(inShell('zsh', zsh('drover run s', 3), directory)).toEqual(['files']);
  });

  const fish = (line: string) => `source ./completion.fish; complete -C '${line}'`;

  test.skipIf(!has('fish'))('fish offers what drover answers, with descriptions', () => {
    expect(inShell('fish', fish('drover why n'), directory)).toContain('nightly/plan\tended');
    expect(inShell('fish', fish('drover run som'), directory).join()).toContain('some file.yaml');
  });
});
