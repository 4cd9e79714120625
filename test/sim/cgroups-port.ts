// Owns the simulated cgroups: who is forked inside one is in it, whatever else it sheds; and what a supervisor can do with
// them.
import type { Look } from '../../src/core/evidence.ts';
import type { AttemptKey, CgroupLook, Cgroups } from '../../src/ports.ts';
import type { Instance } from './instance.ts';
import type { SimProcess } from './processes.ts';
import type { Stage } from './stage.ts';
import { nameOf } from './truth.ts';

export function createCgroupsPort(stage: Stage, instance: Instance): Cgroups {
  const { machine, trace } = stage;
  const inside = (key: AttemptKey) => livingIn(stage, nameOf(key));
  const remove = (name: string) => {
    if (livingIn(stage, name).length === 0) machine.cgroups.delete(name);
  };
  return {
    look(key) {
      instance.enter('cgroup');
      return lookAt(stage, key);
    },
    kill(key) {
      instance.enter('cgroup.kill');
      // As on a kernel that is too old for it.
      if (stage.isOut('dirs') || stage.chanceOf('cgroup').chance(0.3)) return false;
      trace.tell(instance.name, () => `kills the cgroup of ${nameOf(key)}`);
      for (const process of inside(key)) machine.deliver(process, 'SIGKILL');
      return true;
    },
    // One call after another, and nothing of the machine runs between two: there is nothing to hold.
    freeze: () => true,
    remove(key) {
      instance.enter('cgroup.remove');
      remove(nameOf(key));
    },
    sweep(live) {
      instance.enter('cgroup.sweep');
      const names = new Set(live.map(nameOf));
      for (const name of machine.cgroups.keys()) if (!names.has(name)) remove(name);
    },
  };
}

function livingIn({ machine }: Stage, name: string): SimProcess[] {
  return [...machine.all()].filter((process) => process.cgroup === name && machine.lives(process));
}

function lookAt(stage: Stage, key: AttemptKey): Look<CgroupLook> {
  if (stage.isOut('dirs')) return { kind: 'unknown', because: 'simulated: cannot be read' };
  const { machine } = stage;
  const name = nameOf(key);
  const ended = machine.cgroups.get(name);
  if (ended === undefined) return { kind: 'absent' };
  const living = livingIn(stage, name);
  const usedMs = living.reduce((sum, process) => sum + machine.cpuMs(process), ended);
  return { kind: 'seen', value: { pids: living.map(({ pid }) => pid), cpuMs: Math.floor(usedMs) } };
}
