// Owns the faults that are signals: to supervisors, shims, agents and their tools, one or several at once.
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './schedule.ts';
import { type Living, type LivingAgent, type Stage, asTarget, chosen } from './stage.ts';

/** How many it met; 0: nobody was there. */
type Injected = number;

export async function signalSupervisors(
  stage: Stage,
  { id, parameters: { forMs = 0 } }: Fault,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP',
): Promise<Injected> {
  const met = stage.supervisors().map(asTarget);
  for (const one of met) stage.signal(id, signal, one);
  if (signal === 'SIGSTOP') await continueAfter(stage, id, met, forMs);
  return met.length;
}

/** The process that forks the shims of tier subreaper, a child of its supervisor. */
export function killStarters(stage: Stage, { id }: Fault): Injected {
  const starters = stage.starters();
  for (const one of starters) stage.signal(id, 'SIGKILL', asTarget(one));
  return starters.length;
}

export async function signalShims(
  stage: Stage,
  { id, parameters }: Fault,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP',
): Promise<Injected> {
  const agents = stage.targets({ speakers: true });
  const met = chosen(agents, parameters).flatMap((agent) => {
    const shims = shimsOf(stage, agent);
    if (signal === 'SIGKILL') stage.hit(agent.member);
    for (const shim of shims) stage.signal(id, signal, shim);
    return shims;
  });
  if (signal === 'SIGSTOP') await continueAfter(stage, id, met, parameters['forMs'] ?? 0);
  return met.length;
}

export async function signalAgents(
  stage: Stage,
  { id, parameters }: Fault,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP',
): Promise<Injected> {
  const met = chosen(stage.targets({ speakers: true }), parameters);
  for (const agent of met) {
    if (signal !== 'SIGSTOP') stage.hit(agent.member);
    stage.signal(id, signal, agent);
  }
  if (signal === 'SIGSTOP') await continueAfter(stage, id, met, parameters['forMs'] ?? 0);
  return met.length;
}

export function killTools(stage: Stage, { id, parameters }: Fault): Injected {
  const hittable = new Map(stage.targets({ speakers: true }).map((agent) => [agent.mark, agent]));
  // Whoever answers for a dispatch whether its goal is reached works for Drover.
  const tools = stage
    .living()
    .filter(
      ({ role, mark, process }) =>
        role === 'tool' && hittable.has(mark) && !process.commandLine.includes('test -e '),
    );
  const met = chosen(tools, parameters);
  for (const tool of met) {
    stage.hit(hittable.get(tool.mark)!.member);
    stage.signal(id, 'SIGKILL', tool);
  }
  return met.length;
}

/** The supervisor first, then the shim, or it would record how its agent ended. */
export function killTogether(stage: Stage, { id, parameters }: Fault): Injected {
  const supervisors = stage.supervisors();
  const met = chosen(stage.targets({ speakers: true }), parameters);
  for (const one of supervisors) stage.signal(id, 'SIGKILL', asTarget(one));
  for (const agent of met) {
    const shims = shimsOf(stage, agent);
    stage.hit(agent.member);
    for (const one of [...shims, agent]) stage.signal(id, 'SIGKILL', one);
  }
  return supervisors.length + met.length;
}

/** As when the memory of a container has run out, or somebody pulled its plug: nobody is left to say anything. */
export function killEverything(stage: Stage, { id }: Fault): Injected {
  const hittable = new Set(stage.targets({ speakers: true }).map(({ mark }) => mark));
  for (const agent of stage.targets({ speakers: true })) stage.hit(agent.member);
  const met = stage.living().filter(({ mark }) => hittable.has(mark));
  for (const one of stage.commands()) stage.signal(id, 'SIGKILL', asTarget(one));
  for (const one of met) stage.signal(id, 'SIGKILL', one);
  return met.length;
}

function shimsOf(stage: Stage, { mark }: LivingAgent): Living[] {
  return stage.living().filter((one) => one.mark === mark && one.role === 'shim');
}

async function continueAfter(
  stage: Stage,
  fault: number,
  stopped: readonly Living[],
  forMs: number,
): Promise<void> {
  await pause(forMs);
  stage.continue(fault, stopped);
}
