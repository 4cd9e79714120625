// Owns how the questions of users are shown in a trace.
import type { Campaign } from '../../src/core/campaign.ts';

export function describeQuestion(args: unknown[]): string {
  const [first] = args;
  if (typeof first === 'object' && first !== null && 'campaign' in first) {
    const { name, dispatches } = first.campaign as Campaign;
    return `${name}: ${dispatches.map(describePlan).join('; ')}`;
  }
  return JSON.stringify(args);
}

function describePlan({ name, pool, after, spec }: Campaign['dispatches'][number]): string {
  const { deadlineMs, extendMs, stallMs, graceMs, doneWhen, leftovers } = spec;
  const parts = [`stall ${stallMs}`, `grace ${graceMs}`];
  if (deadlineMs !== null) parts.push(`deadline ${deadlineMs} + ${extendMs}`);
  if (doneWhen !== null) parts.push('done_when');
  if (leftovers === 'keep') parts.push('keeps leftovers');
  for (const limit of ['maxOutputBytes', 'maxMemoryBytes', 'maxProcesses'] as const) {
    if (spec[limit] !== null) parts.push(`${limit} ${spec[limit]}`);
  }
  if (after.length > 0) parts.push(`after ${after.join('+')}`);
  return `${name} in ${pool} (${parts.join(', ')})`;
}
