// Owns the tests of what is known of an agent program beside its stream, as people are told it: the stall window that is too
// short for it, an adapter that cannot be used, the CPU time that is none of its work.
import { expect, test } from 'vitest';
import { fake, type TestHerd, withHerd } from './harness/herd.ts';
import { ANSWER, DONE } from './harness/speaking.ts';

/** The adapter of the fakes, of a program that gives up by itself after 3 s, and uses 2.5 % of a core while it waits. */
function patient(herd: TestHerd): string {
  return herd.write(
    'patient.mjs',
    `import fake from '${fake('adapter.mjs')}';\n` +
      `export default { ...fake, silence: { ownStallMs: 3_000, idleCpuShare: 0.025 } };\n`,
  );
}

test(
  'a window that is too short is said by validate, run and --dry-run, at its place, and fails none of them',
  withHerd(async (herd) => {
    const file = herd.write(
      'c.yaml',
      `campaign: c
agents:
  patient: ${patient(herd)}
  broken: ${herd.write('broken.mjs', 'export default {};')}
defaults:
  stall: 3s
dispatches:
${['a', 'b'].map((name) => `  - { name: ${name}, agent: patient, prompt: ${JSON.stringify(`${ANSWER}; ${DONE}`)} }`).join('\n')}
  - { name: c, agent: claude, prompt: x, after: [a, b] }
  - { name: d, agent: broken, prompt: x, after: [c] }
`,
    );
    const stall =
      'c.yaml:6:10: "stall" is 3s: where the provider is silent for so long, the attempt is ended before its program ' +
      'gives up by itself and asks again (patient after 3s, claude after 5m) — write stall: 6m or more';
    const unusable = /warning: \S+c\.yaml:4:11: the agent "broken" starts nothing: .*has no "id"/;
    const checked = await herd.ok(['validate', file]);
    expect(checked.stderr.split('\n').filter((line) => line !== '')).toEqual([
      expect.stringMatching(unusable),
      expect.stringContaining(stall),
    ]);
    expect((await herd.ok(['run', file, '--dry-run'])).stderr).toContain(stall);
    const { warnings } = await herd.json<{ warnings: { at: string; hint: string }[] }>([
      'validate',
      file,
    ]);
    expect(warnings.map(({ at }) => at)).toEqual([`${file}:4:11`, `${file}:6:10`]);
    expect(warnings[1]).toMatchObject({ hint: 'write stall: 6m or more' });
  }),
);

test(
  'whoever runs it all the same is told, and it runs; show says which CPU time counts for it',
  withHerd(async (herd) => {
    const file = herd.campaign({
      campaign: 'c',
      agents: { patient: patient(herd) },
      defaults: { agent: 'patient', env: { HOME: herd.dir } },
      dispatches: [{ name: 'a', stall: '2s', prompt: `${ANSWER}; ${DONE}` }],
    });
    const { stderr } = await herd.ok(['run', file]);
    expect(stderr).toMatch(/^warning: \S+c\.yaml:\d+:\d+: "stall" is 2s: .*\(patient after 3s\)/);
    expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded' });
    const words = 'cpu_threshold 1%, and 2.5% that Speaker uses while it only waits';
    expect((await herd.ok(['show', 'c/a'])).stdout).toContain(`3.5% of a core: ${words}`);
  }),
);
