// Owns the rules that the text of this repository keeps and no compiler or linter can. Each rule is a pure function in
// tidy/; here they judge the repository, and bad examples show that each of them can fail.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../src/core/error.ts';
import { EVENT_TYPES } from '../src/core/event.ts';
import { invariantsOf, invariantsPage } from './tidy/invariants.ts';
import type { Rule } from './tidy/rule.ts';
import { importRules } from './tidy/rules-imports.ts';
import { recordRules } from './tidy/rules-record.ts';
import { textRules } from './tidy/rules-text.ts';
import { type SourceFile, partsOf } from './tidy/source.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function filesUnder(folder: string): readonly SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:m?ts|mjs)$/.test(entry.name))
    .map((entry) => {
      const absolute = join(entry.parentPath, entry.name);
      return { path: absolute.slice(ROOT.length), text: readFileSync(absolute, 'utf8') };
    });
}

function repository(): readonly SourceFile[] {
  const pages = ['docs/errors.md', 'ARCHITECTURE.md'].map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }));
  return [...['src', 'test', 'bench', 'scripts'].flatMap(filesUnder), ...pages];
}

const lists = {
  errorCodes: ERROR_CODES,
  eventTypes: EVENT_TYPES,
} as const;

const rules: readonly Rule[] = [...textRules, ...importRules, ...recordRules(lists)];

describe('this repository', () => {
  const files = repository();

  test.each(rules.map((rule) => [rule.name, rule] as const))('%s', (_name, rule) => {
    expect(rule.problems(files)).toEqual([]);
  });

  test('docs/invariants.md says which tests stand for which invariant; npm run invariants writes it', async () => {
    const page = invariantsPage(invariantsOf(files));
    await expect(page).toMatchFileSnapshot(join(ROOT, 'docs/invariants.md'));
  });
});

/** The name of a rule, a file that breaks it, and what is said of that. */
type Example = readonly [rule: string, path: string, text: string, problem: string];

const LATER = ['TO', 'DO'].join('');
const OPENING = '// Owns an example.\n';

const badExamples: readonly Example[] = [
  ['a file has at most', 'src/core/x.ts', 'x;\n'.repeat(301), '301 lines'],
  ['a file has at most', 'test/x.test.ts', 'x;\n'.repeat(301), '301 lines'],
  ['a line of code', 'src/core/x.ts', `${'abc, '.repeat(20)}d;`, '102 columns of code'],
  ['a line of code', 'src/core/x.ts', `// ${'abc '.repeat(35)}`, 'a comment of 143 columns'],
  ['a line of code', 'src/core/x.ts', `/**\n * ${'abc '.repeat(35)}\n */`, 'src/core/x.ts:2'],
  ['a file is named', 'src/core/utils.ts', OPENING, '"utils" owns nothing'],
  ['a file is named', 'src/host/misc.proc.ts', OPENING, '"misc" owns nothing'],
  ['a file is named', 'test/helpers/run.ts', OPENING, '"helpers" owns nothing'],
  ['a file opens', 'src/core/x.ts', '// Helpers for things.\n', 'begin with "// Owns'],
  ['a file opens', 'src/core/x.ts', `import x from 'x';\n${OPENING}`, 'src/core/x.ts:1'],
  ['a file opens', 'src/cli/x.ts', `#!/usr/bin/env node\n\n${OPENING}`, 'src/cli/x.ts:1'],
  [
    'time and chance',
    'src/core/x.ts',
    `${OPENING}const at = Date.now();`,
    'x.ts:2: Date.now; take',
  ],
  ['time and chance', 'src/core/x.ts', 'const at = new Date( );', 'new Date'],
  ['time and chance', 'src/cli/x.ts', 'setTimeout(go, 5);', 'setTimeout'],
  ['time and chance', 'src/ledger/x.ts', 'const id = randomUUID();', 'randomUUID'],
  ['time and chance', 'src/compose.ts', 'return `${Math.random()}`;', 'Math.random'],
  ['child processes', 'src/cli/x.ts', "import { spawn } from 'node:child_process';", 'take a port'],
  ['child processes', 'src/cli/x.ts', "const c = await import('child_process');", 'take a port'],
  ['the environment', 'src/cli/x.ts', 'const home = process.env.HOME;', 'process.env'],
  ['the environment', 'src/compose.ts', "if (process.env['A']) go();", 'process.env'],
  ['only the entry point', 'src/cli/commands/x.ts', 'process.exit(1);', 'return an exit code'],
  ['types are erased', 'src/core/x.ts', 'export const enum Color { red }', 'a union of string'],
  ['types are erased', 'src/core/x.ts', 'declare namespace Colors {}', 'namespace'],
  ['what is exported', 'src/core/x.ts', 'export default function x() {}', 'export it by name'],
  ['what is exported', 'src/core/x.ts', 'export { x as default };', 'export it by name'],
  ['nothing is left', 'src/core/x.ts', `const x = 1; // ${LATER}: more`, 'src/core/x.ts:1'],
  ['nothing is left', 'test/x.test.ts', `/*\n * ${LATER}\n */`, 'test/x.test.ts:2'],
  ['imports follow', 'src/core/x.ts', "import { y } from '../ports.ts';", 'pass it in as a value'],
  ['imports follow', 'src/core/x.ts', "import { join } from 'node:path';", 'imports node:path'],
  ['imports follow', 'src/ports.ts', "import { y } from './host/y.ts';", 'imports ./host/y.ts'],
  ['imports follow', 'src/supervisor/x.ts', "import { y } from '../host/y.ts';", 'through a port'],
  [
    'imports follow',
    'src/supervisor/x.ts',
    "const y = await import('node:fs');",
    'imports node:fs',
  ],
  [
    'imports follow',
    'src/host/x.ts',
    "import { y } from '../supervisor/y.ts';",
    'implements ports',
  ],
  ['imports follow', 'src/ledger/x.ts', "export { y } from '../host/y.ts';", 'implements a port'],
  ['imports follow', 'src/agents/x.ts', "import { y } from '../ports.ts';", 'pure functions'],
  ['imports follow', 'src/cli/x.ts', "import { y } from '../supervisor/y.ts';", 'a face asks'],
  ['imports follow', 'src/cli/x.ts', "import { y } from '../ledger/y.ts';", 'a face asks'],
  ['imports follow', 'src/cli/x.ts', "import { load } from 'js-yaml';", 'imports js-yaml'],
  ['imports follow', 'src/compose.ts', "import { y } from './cli/y.ts';", 'knows no face'],
  ['imports follow', 'src/web/x.ts', OPENING, 'no part of the design owns it'],
  ['imports carry', 'src/core/x.ts', "import { y } from './y';", 'write ./y.ts'],
  ['every file of src/', 'src/core/x.ts', OPENING, 'nothing leads to it'],
  ['docs/errors.md', 'docs/errors.md', '| code | what |', 'no row for USAGE'],
  ['docs/errors.md', 'docs/errors.md', '| `WRONG_CODE` | x | y |', 'WRONG_CODE is no error code'],
  ['every event type', 'src/core/x.ts', "// 'attempt.started'", 'nobody writes attempt.started'],
  ['every event type', 'src/cli/x.ts', "const a = 'attempt.started'", 'nobody writes attempt'],
  [
    'every invariant',
    'ARCHITECTURE.md',
    '| I4 | unknown is not dead | x | |',
    'real things names I4;',
  ],
  [
    'every invariant',
    'ARCHITECTURE.md',
    '| I4 | unknown is not dead | x | |',
    'no planted bug for I4;',
  ],
  [
    'the invariants of',
    'ARCHITECTURE.md',
    '| I1 | one | x | |\n| I3 | three | x | |',
    'names I1, I3;',
  ],
];

describe('a rule can fail', () => {
  const example = recordRules({
    errorCodes: ['USAGE'],
    eventTypes: ['attempt.started'],
  });
  const exampleRules: readonly Rule[] = [...textRules, ...importRules, ...example];
  const ruleOf = (name: string) => exampleRules.filter((rule) => rule.name.startsWith(name));

  test.each(badExamples)('%s: %s', (name, path, text, problem) => {
    const [rule, ...others] = ruleOf(name);
    expect(others).toEqual([]);
    expect(rule?.problems([{ path, text }]).join('\n')).toContain(problem);
  });

  test('and each of them does in one of these examples', () => {
    const shown = new Set(badExamples.flatMap(([name]) => ruleOf(name).map((rule) => rule.name)));
    expect(exampleRules.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  const goodExamples: readonly (readonly [path: string, text: string])[] = [
    [
      'src/core/x.ts',
      `${OPENING}// Date.now() and process.env in words.\nexport const x = 'Date.now()';`,
    ],
    ['src/core/x.ts', `${OPENING}const text = \`\${a} setTimeout \${\`b\`} process.exit(1)\`;`],
    ['src/core/x.ts', `${OPENING}const x = /['"]Date.now()/.test(y) ? a / b : c / d; // ok`],
    ['src/core/x.ts', `${OPENING}const at = new Date(now).toISOString();`],
    ['src/core/x.ts', `${OPENING}const long = '${'abc '.repeat(40)}';`],
    ['src/core/x.ts', `${OPENING}const long = \`\${'abc + '.repeat(40)}d}\`;`],
    ['src/core/x.ts', `${OPENING}// https://example.org/${'abc'.repeat(40)}`],
    ['src/core/typesetting.ts', `${OPENING}export const enumeration = 'enum';`],
    ['src/host/x.ts', `${OPENING}import 'node:child_process';\nsetTimeout(go, process.env.A);`],
    ['src/cli/main.ts', `#!/usr/bin/env node\n${OPENING}process.exit(process.env.A);`],
    ['src/compose.ts', `${OPENING}import './supervisor/y.ts';\nimport './host/z.ts';`],
    ['src/cli/x.ts', `${OPENING}const y = await import('../compose.ts');`],
  ];

  test.each(goodExamples)('and none does for what is in order in %s: %s', (path, text) => {
    const judged = [...textRules, ...importRules].filter(
      ({ name }) => !name.startsWith('every file'),
    );
    expect(judged.flatMap((rule) => rule.problems([{ path, text }]))).toEqual([]);
  });

  test('a file is reached through static, dynamic and re-exporting imports', () => {
    const files: readonly SourceFile[] = [
      { path: 'src/cli/main.ts', text: "import './a.ts';" },
      { path: 'src/cli/a.ts', text: "const load = () => import('./b.ts');" },
      { path: 'src/cli/b.ts', text: "export { c } from '../core/c.ts';" },
      { path: 'src/core/c.ts', text: "new Worker(new URL('./d.ts', import.meta.url));" },
      { path: 'src/core/d.ts', text: "// import './e.ts'" },
      { path: 'src/core/e.ts', text: '' },
    ];
    const [rule] = ruleOf('every file of src/');
    expect(rule?.problems(files)).toEqual([expect.stringContaining('src/core/e.ts')]);
  });
});

test('what stands for an invariant is read from titles, checks and planted bugs', () => {
  const files: readonly SourceFile[] = [
    {
      path: 'ARCHITECTURE.md',
      text: '| I4 | unknown is not dead | `x` | |\n| I9 | spared | `y` | |',
    },
    { path: 'test/unit/b.test.ts', text: "test('I4, I9: it\\'s <b>', x); // 'I4: a comment'" },
    { path: 'test/unit/a.test.ts', text: 'test.each([[`I4: ${one} row`, x]])' },
    { path: 'test/e2e/c.test.ts', text: "describe(\n  '12. I9: end to end', () => {});" },
    { path: 'test/tidy/d.test.ts', text: "test('I4: quotes what it looks for');" },
    { path: 'test/sim/judge.ts', text: "['I4 no end while its agent lives', 'I9 no signal']" },
    { path: 'test/sim/bugs-in-x.ts', text: "{ name: 'blind', caughtBy: 'I9 no signal', faults }" },
  ];
  expect(invariantsOf(files)).toMatchObject([
    {
      id: 'I4',
      text: 'unknown is not dead',
      unit: [{ title: '${one} row' }, { title: "it\\'s <b>" }],
      real: [],
      checks: ['I4 no end while its agent lives'],
      bugs: [],
    },
    { id: 'I9', unit: [{}], real: [{ title: '12. end to end' }], bugs: ['blind'] },
  ]);
  expect(invariantsPage(invariantsOf(files))).toContain("- `test/unit/b.test.ts`: it's \\<b\\>\n");
});

describe('code, comments and strings are told apart', () => {
  test.each([
    ['a // b', 'a     ', 'a     ', '  // b'],
    ["a '// b' c", "a '// b' c", 'a        c', ''],
    ["'it\\'s' + b", "'it\\'s' + b", '        + b', ''],
    ["'\\\\' + b", "'\\\\' + b", '     + b', ''],
    ['`a ${b} c` + d', '`a ${b} c` + d', '     b     + d', ''],
    ['`${{ a: `b` }}` + c', '`${{ a: `b` }}` + c', '   { a:     }   + c', ''],
    ['a / b // c', 'a / b     ', 'a / b     ', '      // c'],
    ['x = /[/"]/g + b', 'x = /[/"]/g + b', 'x =       g + b', ''],
    ['/* a\n b */ c', '    \n      c', '    \n      c', '/* a\n b */'],
  ])('in %j', (text, code, bare, comments) => {
    const parts = partsOf(text);
    expect([parts.code, parts.bare]).toEqual([code, bare]);
    expect(parts.comments.trimEnd()).toBe(comments);
  });
});
