// Owns the rules about who imports whom, and whether everything is reached.
import { type Rule, eachFile, inFolder, inSource } from './rule.ts';
import { type SourceFile, importsOf, resolveFrom } from './source.ts';

interface Edge {
  /** the part of src/ that imports */
  readonly from: string;
  /** the parts that it may import, itself included */
  readonly to: readonly string[];
  /** packages and built-ins that it may import; a `*` at the end stands for any */
  readonly packages: readonly string[];
  readonly wayOut: string;
}

/** core ← ports ← supervisor ← composition root → host, ledger, agents; faces → composition root, ports, core, files. */
const EDGES: readonly Edge[] = [
  {
    from: 'src/core/',
    to: ['src/core/'],
    packages: [],
    wayOut: 'pass it in as a value: core/ imports core/ only',
  },
  {
    from: 'src/ports.ts',
    to: ['src/ledger-port.ts', 'src/process-port.ts', 'src/core/', 'src/agents/agent.ts'],
    packages: [],
    wayOut: 'ports hold types over those of core/, and that of an adapter',
  },
  {
    from: 'src/ledger-port.ts',
    to: ['src/ports.ts', 'src/core/'],
    packages: [],
    wayOut: 'ports hold types over those of core/',
  },
  {
    from: 'src/process-port.ts',
    to: ['src/core/'],
    packages: [],
    wayOut: 'ports hold types over those of core/',
  },
  {
    from: 'src/supervisor/',
    to: ['src/supervisor/', 'src/core/', 'src/ports.ts'],
    packages: [],
    wayOut: 'reach it through a port (src/ports.ts)',
  },
  {
    from: 'src/host/',
    to: ['src/host/', 'src/core/', 'src/ports.ts'],
    packages: ['node:*', 'picomatch'],
    wayOut: 'host/ implements ports; the composition root brings the others',
  },
  {
    from: 'src/ledger/',
    to: ['src/ledger/', 'src/core/', 'src/ports.ts'],
    packages: ['node:*', 'libsql', 'pg'],
    wayOut: 'ledger/ implements a port; the composition root brings the others',
  },
  {
    from: 'src/agents/',
    to: ['src/agents/', 'src/core/'],
    packages: [],
    wayOut: 'an agent is pure functions: pass it in as a value',
  },
  {
    from: 'src/campaign-file/',
    to: ['src/campaign-file/', 'src/core/'],
    packages: ['node:*', 'js-yaml', 'valibot'],
    wayOut: 'the parser returns a Campaign of core/; its callers do the rest',
  },
  {
    from: 'src/compose',
    to: [
      'src/compose',
      'src/core/',
      'src/ports.ts',
      'src/supervisor/',
      'src/host/',
      'src/ledger/',
      'src/agents/',
      'src/campaign-file/',
    ],
    packages: ['node:*'],
    wayOut: 'the composition root knows no face: let the face call it',
  },
  {
    from: 'src/cli/',
    to: [
      'src/cli/',
      'src/compose',
      'src/ports.ts',
      'src/core/',
      'src/campaign-file/',
      'src/agents/',
    ],
    packages: ['node:*', 'commander'],
    wayOut: 'a face asks the composition root (src/compose.ts) and the ledger port',
  },
];

export const importRules: readonly Rule[] = [
  eachFile('imports follow the edges of the design', inSource, (file) => {
    const edge = EDGES.find(({ from }) => file.path.startsWith(from));
    if (edge === undefined) {
      return [`${file.path}: no part of the design owns it; put it into one, or add an edge here`];
    }
    return importsOf(file).flatMap(({ specifier, line }) => {
      const target = resolveFrom(file.path, specifier);
      const allowed =
        target === null
          ? edge.packages.some((name) => named(specifier, name))
          : edge.to.some((part) => target.startsWith(part)) || specifier.endsWith('.js');
      return allowed ? [] : [`${file.path}:${line}: imports ${specifier}; ${edge.wayOut}`];
    });
  }),

  eachFile('imports carry the ending of the file', inSource, (file) =>
    importsOf(file)
      .filter(({ specifier }) => specifier.startsWith('.') && !/\.[jt]s$/.test(specifier))
      .map(({ specifier, line }) => `${file.path}:${line}: ${specifier}; write ${specifier}.ts`),
  ),

  { name: 'every file of src/ is reached from the command line', problems: unreached },
];

function named(specifier: string, name: string): boolean {
  return name.endsWith('*') ? specifier.startsWith(name.slice(0, -1)) : specifier === name;
}

const ENTRY = 'src/cli/main.ts';

function unreached(files: readonly SourceFile[]): readonly string[] {
  const sources = new Map(files.filter(inSource).map((file) => [file.path, file]));
  const reached = new Set([ENTRY]);
  for (const path of reached) {
    const file = sources.get(path);
    if (file === undefined) continue;
    for (const { specifier } of importsOf(file)) {
      const target = resolveFrom(path, specifier);
      if (target !== null && sources.has(target)) reached.add(target);
    }
  }
  return [...sources.values()]
    .filter((file) => !reached.has(file.path) && !inFolder('src/campaign-file')(file))
    .map(({ path }) => `${path}: nothing leads to it from ${ENTRY}; use it or remove it`);
}
