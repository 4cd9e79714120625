// Owns the campaign files of a plan: what each kind of agent runs. Every one of them keeps a journal of its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fake } from '../e2e/harness/repository.ts';
import { LINGER_MS, type Member, type Plan, STALL_MS, WORKING_STALL_MS } from './plan.ts';

/** Where the parts of one run lie. */
export interface Places {
  /** holds everything of this run */
  readonly dir: string;
  readonly state: string;
  /** a file for each dispatch, named after it */
  readonly journals: string;
  readonly plan: string;
  /** what was done to the herd, a line of JSON for each fault */
  readonly faults: string;
  /** what the command line says at the end */
  readonly claims: string;
}

export function placesIn(dir: string): Places {
  return {
    dir,
    state: join(dir, 'state'),
    journals: join(dir, 'journals'),
    plan: join(dir, 'plan.json'),
    faults: join(dir, 'faults.jsonl'),
    claims: join(dir, 'claims.json'),
  };
}

export function campaignPath({ dir }: Places, campaign: string): string {
  return join(dir, `${campaign}.yaml`);
}

export function writePlan(places: Places, plan: Plan): void {
  for (const folder of [places.journals, join(places.dir, 'goals')]) mkdirSync(folder);
  writeFileSync(places.faults, '');
  writeFileSync(places.plan, JSON.stringify(plan));
  for (const { campaign, members } of plan.campaigns) {
    const file = {
      campaign,
      agents: { speaker: fake('adapter.mjs') },
      pools: Object.fromEntries(
        Object.entries(plan.pools).map(([name, slots]) => [name, { slots }]),
      ),
      defaults: {
        stall: `${WORKING_STALL_MS}ms`,
        grace: '300ms',
        leftover_grace: '100ms',
        env: { HOME: places.dir },
        // No more faults meet one dispatch than this: each of them has to come to its planned end.
        retries: { infrastructure: 9, stalled: 0, 'timed-out': 0, agent: 0 },
      },
      dispatches: members.map((member) => dispatch(places, member)),
    };
    // JSON is YAML, and needs no quoting by hand.
    writeFileSync(campaignPath(places, campaign), `${JSON.stringify(file, null, 1)}\n`);
  }
}

function dispatch(places: Places, member: Member): Readonly<Record<string, unknown>> {
  const { name, pool, containment } = member;
  const goal = join(places.dir, 'goals', name);
  return {
    name,
    pool,
    ...(containment === null ? {} : { containment }),
    ...work(member, {
      journalled: (...command) => [
        fake('journalled.pl'),
        join(places.journals, name),
        name,
        ...command,
      ],
      goal,
    }),
  };
}

interface Means {
  readonly journalled: (beats: 'beats' | 'quiet', ...command: string[]) => string[];
  readonly goal: string;
}

function work(member: Member, { journalled, goal }: Means): Readonly<Record<string, unknown>> {
  const { kind, end } = member;
  const seconds = String(member.seconds);
  const run = (...command: string[]) => ({ run: journalled('beats', ...command) });
  const speaks = (part: string) => {
    const prompt = `exec ${journalled('quiet', fake('speaks.sh'), part, seconds).join(' ')}`;
    return { agent: 'speaker', prompt, continue_prompt: prompt, linger: `${LINGER_MS}ms` };
  };
  switch (kind) {
    case 'busy':
      return run(fake('busy-silent.sh'), seconds);
    case 'chatty':
      return run(process.execPath, fake('chatty.mjs'), '20', seconds);
    case 'forking':
      return run(fake('forks-a-tree.sh'), '2', '2', seconds);
    case 'storming':
      return run(fake('fork-loop.pl'), 'grow', '20', '30', seconds);
    case 'termless':
      return run(fake('ignores-term.sh'), '/dev/null', seconds);
    case 'setsid':
      return run(fake('setsid-child.sh'), seconds);
    case 'daemon':
      return run(fake('double-fork.pl'), seconds, '300');
    case 'leaving':
      return run(fake('leaves-background-child.sh'), '300', '0');
    case 'extended':
      // Beyond its deadline, which evidence moves.
      return { ...run(fake('short-children.pl'), 'waited', seconds), deadline: '2s', extend: '1h' };
    case 'failing':
      return run(fake('quick.sh'), String(end.exitCode));
    case 'stalling': {
      const idle = `${fake('notes.sh')} idle; exec sleep 300`;
      return { run: journalled('quiet', 'sh', '-c', idle), stall: `${STALL_MS}ms` };
    }
    case 'goal': {
      // What is done is done, however its process ends.
      const note = fake('notes.sh');
      const reach = `${note} finishing; : > ${goal}; ${note} result`;
      const script = `sleep ${seconds}; ${reach}; sleep 1; exit 7`;
      return { ...run('sh', '-c', script), done_when: `test -e ${goal}` };
    }
    case 'quick':
      return run(fake('quick.sh'), '0');
    case 'speaking':
      return speaks('answers');
    case 'limited':
      return speaks('limited');
    case 'lingering':
      return speaks('lingers');
  }
}
