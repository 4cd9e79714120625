// Owns running test/chaos as its users do: compiled, in processes of its own.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { REPOSITORY } from './repository.ts';

export function compileChaos(): void {
  const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(REPOSITORY, 'test/chaos/tsconfig.json')]);
}

/** A program of it. `end` closes its standard input and gives what it printed, once it has ended. */
export function startChaos(name: 'main' | 'witness' | 'janitor', words: readonly string[]) {
  const script = join(REPOSITORY, '.chaos/test/chaos', `${name}.js`);
  const child = spawn(process.execPath, [script, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (piece: Buffer) => (stdout += String(piece)));
  child.stderr.on('data', (piece: Buffer) => (stderr += String(piece)));
  const closed = once(child, 'close');
  return {
    child,
    stdout: () => stdout,
    end: async (): Promise<{ code: unknown; stdout: string; stderr: string }> => {
      child.stdin.end();
      const [code] = await closed;
      return { code, stdout, stderr };
    },
  };
}
