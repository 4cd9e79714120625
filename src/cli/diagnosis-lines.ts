// Owns what `drover doctor` shows to people.
import type { Diagnosis } from './diagnosis.ts';
import { secondsShown } from './render/time.ts';
import { traceFields } from './traces.ts';

/** The diagnosis in lines of `name  value` for people. */
export function doctorFields({ json }: Diagnosis): [string, string | null][] {
  const { containment, store, supervisor } = json;
  const since = supervisor.startedAt === null ? '' : `, since ${supervisor.startedAt}`;
  return [
    ['platform', json.platform],
    ['store', `${store.driver ?? 'none'} ${store.version ?? ''} ${store.path}: ${store.because}`],
    ['supervisor', supervisor.alive ? `pid ${supervisor.pid ?? 'unknown'}${since}` : 'none'],
    ['shim', `${json.shim.path}: ${json.shim.because}`],
    ...containment.tiers.map(({ name, available, because }): [string, string] => [
      `tier ${name}`,
      `${available ? 'available' : 'not available'}: ${because}`,
    ]),
    ...json.agents.map(({ name, found, version }): [string, string] => [
      `agent ${name}`,
      found ? (version ?? 'available') : 'not found',
    ]),
    ...(json.reap === 'shadow'
      ? [
          ['reap', 'shadow: what belongs to no live attempt is only named'] satisfies [
            string,
            string,
          ],
        ]
      : []),
    ...json.heldSlots.map(({ pool, name, state, sinceMs }): [string, string] => [
      `slot of ${pool}`,
      `${name} ${state} for ${secondsShown(sinceMs)}`,
    ]),
    ...json.leftovers.cgroups.map((path): [string, string] => ['cgroup left', path]),
    ...traceFields(json.leftovers),
    ...json.leftovers.foreign.map(({ pid, command, dispatch }): [string, string] => [
      'other herd',
      `process ${pid} (${command}) of dispatch ${dispatch}`,
    ]),
  ];
}
