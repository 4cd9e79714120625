// Owns the targets that are given a text: the process table, marks, records and leases of the agent's side, campaign files.
import { parseConfigFile } from '../../src/campaign-file/parse-config.ts';
import { parseCampaignFile } from '../../src/campaign-file/parse.ts';
import { InvalidFileError } from '../../src/campaign-file/report.ts';
import { DroverError } from '../../src/core/error.ts';
import { formatMark, isHelperMark, parseMark } from '../../src/core/identity.ts';
import { parseHolder, parseOperation, parseMonotonic } from '../../src/core/operation.ts';
import {
  findVariable,
  findVariableInPs,
  parsePsLine,
  parseStat,
} from '../../src/host/proc-parse.ts';
import { parseAgent, parseClaim, parseExit } from '../../src/host/run-records.ts';
import type { Target } from './target.ts';

const FENCE = 7;
const NOW = Date.UTC(2026, 10, 30);
const text = (words: string) => Buffer.from(words);
const isCount = (value: number) => Number.isFinite(value) && value >= 0;

const STAT =
  '4711 (we ird) name) S 4242 4711 4711 0 -1 4194560 1 2 3 4 11 12 13 14 20 0 1 0 987654 ' +
  '229408768 2560 18446744073709551615 94 95 140729 0 0 0 0 4096 81922 0 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 0\n';
const MARK = 'a1b2c3d4e5f6.x7y8z9a0.3.7.q1w2e3r4';
const RECORD = `shim 4711 987654 5c9e-boot end\nattempt {"mark":"${MARK}"} end\n
agent 4712 987655 5c9e-boot end\n\nexit ${FENCE} 137 end\n`;

const stat: Target = {
  name: 'stat',
  examples: [text(STAT), text(STAT.replace('S', 'Z'))],
  words: [') S ', ' (', '18446744073709551615', '-1 '],
  wrong(input) {
    const read = parseStat(input, input.length);
    if (read === null) return [];
    const numbers = Object.values(read).filter((value) => typeof value === 'number');
    return numbers.every(isCount) ? [] : [`no counts: ${JSON.stringify(read)}`];
  },
};

const ps: Target = {
  name: 'ps',
  examples: [
    text('  4711  4242  4711  4711 Ss 1-02:03:04 10240 Thu Nov  5 12:00:00 2026 /usr/bin/agent x'),
    text(' 99 1 99 0 Z 0:00.05 0 - (gone)'),
    text(`4711 agent --run DROVER_MARK=${MARK} HOME=/root`),
  ],
  words: ['Thu Nov  5 12:00:00 2026', '1-02:03:04', '0:00.05', ' - ', ' DROVER_MARK='],
  wrong(input) {
    const line = input.toString('utf8');
    findVariableInPs(line, line.slice(0, 20), 'DROVER_MARK');
    const read = parsePsLine(line);
    if (read === null) return [];
    const { startTime, ...rest } = read;
    const numbers = Object.values(rest).filter((value) => typeof value === 'number');
    const isWhole = numbers.every((value) => value >= 0 && !Number.isNaN(value));
    return isWhole && Number.isFinite(startTime) ? [] : [`no counts: ${JSON.stringify(read)}`];
  },
};

const environ: Target = {
  name: 'environ',
  examples: [text(`\0PATH=/bin\0DROVER_MARK=${MARK}\0HOME=/root\0`)],
  words: ['\0DROVER_MARK=', 'DROVER_MARK', MARK],
  wrong(input) {
    const found = findVariable(input, input.length, text('\0DROVER_MARK='));
    return found?.includes('\0') === true ? ['a value with a NUL'] : [];
  },
};

const mark: Target = {
  name: 'mark',
  examples: [text(MARK), text(`${MARK}helper`), text('off')],
  words: ['.', 'helper', 'off'],
  wrong(input) {
    const given = input.toString('utf8');
    const read = parseMark(given);
    if (read === null) return isHelperMark(given) ? ['a helper without a mark'] : [];
    const again = parseMark(formatMark(read));
    return JSON.stringify(again) === JSON.stringify(read) ? [] : ['not read as it is written'];
  },
};

const records: Target = {
  name: 'records',
  examples: [text(RECORD), text('recovery end\n'), text('\nrefused 7 "no \\"such\\"" end\n')],
  words: [' end\n', '\nexit 7 ', '\nfailed 7 "', 'shim ', 'agent ', 'recovery end'],
  wrong(input) {
    const given = input.toString('utf8');
    const claim = parseClaim(given);
    const known = [claim.by === 'shim' ? claim.shim : null, parseAgent(given)];
    const exit = parseExit(given, FENCE, 0);
    const numbers = known.flatMap((one) => (one === null ? [] : [one.pid, one.startTime]));
    const isExit = exit === null || exit.kind === 'refused' || exit.exitCode < 1_000;
    return [
      ...(numbers.every(Number.isSafeInteger) ? [] : ['an identity that is none']),
      ...(isExit ? [] : [`exit code ${JSON.stringify(exit)}`]),
    ];
  },
};

const lease: Target = {
  name: 'lease',
  examples: [
    text(
      '{"operation":"npm test","startedAt":"2026-11-30T00:00:00.000Z","notAfter":"2026-11-30T01:00:00.000Z",' +
        '"monotonic":{"origin":"5c9e","startedMs":1,"notAfterMs":3600001,"touchedMs":1},' +
        '"holder":{"bootId":"5c9e","pid":4711,"startTime":987654}}\n',
    ),
  ],
  words: ['"operation":', '"notAfter":', '"2026-11-30"', '"holder":', '"pid":', '"monotonic":'],
  wrong(input) {
    const given = input.toString('utf8');
    const holder = parseHolder(given);
    const read = parseOperation('x.json', given, NOW);
    const isLease =
      read === null ||
      (Number.isFinite(read.startedAt) &&
        Number.isFinite(read.notAfter) &&
        read.label.length <= 200);
    const isHolder = holder === null || Number.isSafeInteger(holder.pid);
    const monotonic = parseMonotonic(given);
    const isClock = monotonic === null || Number.isFinite(monotonic.touchedMs);
    return isLease && isHolder && isClock ? [] : [JSON.stringify({ read, holder, monotonic })];
  },
};

const CAMPAIGN = `campaign: nightly
pools: { work: { slots: 4 } }
defaults: { agent: command, pool: work, deadline: 1h, stall: "20m", env: { A: 'x' } }
dispatches:
  - name: plan
    run: [node, "plan.js", "\${{ vars.x }}"]
    after: [other]
  - { name: other, run: make, retries: { infrastructure: 3 }, limits: { memory: 2GiB } }
`;
const CONFIG = `pools: { work: { slots: 4 } }
protect: [{ command: redis-server }, { pidfile: /run/x.pid }]
brake: { kills: 5 }
`;

/** Only problems with places are an answer; everything else that is thrown is a crash. */
function problemsOnly(parse: () => unknown): readonly string[] {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof InvalidFileError || error instanceof DroverError)) throw error;
    return error.message === '' ? [`${error.code} without a word`] : [];
  }
  return [];
}

const YAML_WORDS = [': ', '- ', '&a ', '*a', '<<: ', '!!str ', '|\n', '? ', '${{ vars.x }}', '#'];

const campaignFile: Target = {
  name: 'campaign-file',
  examples: [text(CAMPAIGN)],
  words: [...YAML_WORDS, 'retries: ', 'stall: ', '1h', 'done_when: '],
  wrong: (input) =>
    problemsOnly(() =>
      parseCampaignFile(input.toString('utf8'), {
        path: 'f',
        vars: { x: 'y' },
        knownAgents: ['command'],
      }),
    ),
};

const configFile: Target = {
  name: 'config-file',
  examples: [text(CONFIG)],
  words: [...YAML_WORDS, 'protect: ', 'reap: shadow', 'unit: '],
  wrong: (input) => problemsOnly(() => parseConfigFile(input.toString('utf8'), 'f')),
};

export const TEXTS: readonly Target[] = [
  stat,
  ps,
  environ,
  mark,
  records,
  lease,
  campaignFile,
  configFile,
];
