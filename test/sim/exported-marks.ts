// Owns people who export the mark of an attempt that is over in a shell of theirs: nobody of ours, whatever it carries.
import { isOver } from './checks-signal.ts';
import type { Stage } from './stage.ts';

const MEAN_MS = 15_000;

export function letPeopleExport(stage: Stage): void {
  const random = stage.chanceOf('exports');
  const again = () => {
    stage.timeline.after(-Math.log(1 - random.next()) * MEAN_MS, () => {
      if (stage.calm) return;
      exportMark(stage);
      again();
    });
  };
  again();
}

function exportMark(stage: Stage): void {
  const { machine, truth, trace } = stage;
  const random = stage.chanceOf('exports');
  const over = [...truth.attempts.values()].filter((attempt) => isOver(stage, attempt));
  if (over.length === 0) return;
  const { name, mark } = random.pick(over);
  const shell = machine.fork({
    role: 'stranger',
    parent: stage.shell,
    attempt: null,
    mark,
    command: 'exported',
    leads: random.chance(0.5),
  });
  if (shell === null) return;
  trace.tell(`stranger ${shell.pid}`, () => `carries the mark of ${name}, exported by hand`);
  machine.after(shell, random.int(1_000, 120_000), () => machine.exit(shell, 0));
}
