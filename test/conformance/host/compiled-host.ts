// Owns how tests get at src/host/ from other processes: as JavaScript that any Node runs, compiled once per test file.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = new URL('../../../', import.meta.url).pathname;

export interface CompiledHost {
  readonly dir: string;
  [Symbol.dispose](): void;
}

export function compileHost(): CompiledHost {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-compiled-')));
  const config = {
    extends: `${ROOT}tsconfig.json`,
    compilerOptions: {
      rootDir: `${ROOT}src`,
      outDir: dir,
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      typeRoots: [`${ROOT}node_modules/@types`],
    },
    include: [`${ROOT}src/host`],
  };
  writeFileSync(`${dir}/tsconfig.json`, JSON.stringify(config));
  writeFileSync(`${dir}/package.json`, '{ "type": "module" }');
  execFileSync(process.execPath, [
    `${ROOT}node_modules/typescript/bin/tsc`,
    '-p',
    `${dir}/tsconfig.json`,
  ]);
  for (const script of ['shim.sh', 'starter.pl']) {
    cpSync(`${ROOT}src/host/${script}`, `${dir}/host/${script}`);
  }
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** The beginning of a script: imports all exports of one module of src/host/. */
export function importing(host: CompiledHost, ...modules: string[]): string {
  return modules
    .map((name) => `Object.assign(globalThis, await import('${host.dir}/host/${name}.js'));\n`)
    .join('');
}

/** Runs a script as a module of its own process. */
export function startScript(
  host: CompiledHost,
  name: string,
  text: string,
  options: { env?: Record<string, string>; uid?: number; prefix?: string[] } = {},
): ChildProcess & { output: Promise<string> } {
  const path = `${host.dir}/${name}.mjs`;
  writeFileSync(path, text);
  const [program, ...args] = [...(options.prefix ?? []), process.execPath, path];
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let text_ = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text_ += piece));
  const output = new Promise<string>((resolve) => child.once('close', () => resolve(text_)));
  return Object.assign(child, { output });
}
