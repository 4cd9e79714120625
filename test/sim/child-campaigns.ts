// Owns how simulated agents submit campaigns from inside an attempt: through the ledger, and as people do.
import { DroverError } from '../../src/core/error.ts';
import { CHILD_POOL, writeChildCampaign } from './campaigns.ts';
import type { LedgerDesk } from './ledger-desk.ts';
import type { Stage } from './stage.ts';
import type { Supervisors } from './supervisors.ts';
import type { AttemptTruth } from './truth.ts';

export function letAgentsSubmit(stage: Stage, desk: LedgerDesk, supervisors: Supervisors): void {
  const { truth, judge, trace, clocks } = stage;
  let ids = 0;
  const newId = () => `c${(++ids).toString(36)}x${stage.chanceOf('child ids').id(5)}`;
  const submit = async (attempt: AttemptTruth): Promise<boolean> => {
    const { key, name } = attempt;
    const random = stage.random.fork(`children of ${key.dispatch}`);
    const campaign = writeChildCampaign(random, key.dispatch);
    const now = clocks.wall();
    try {
      await desk.call(null, 'submit', [{ campaign, file: null, parent: key, now, newId }]);
    } catch (error) {
      const simulated = error instanceof DroverError && error.message.includes('simulated');
      if (!simulated) judge.report('I19 no error but the simulated ones', String(error));
      return false;
    }
    attempt.namedAt = stage.timeline.now;
    const children = campaign.dispatches.map(({ spec }) => `stall ${spec.stallMs}`).join(', ');
    trace.tell('agent', () => `of ${name}/${key.fence} waits for children (${children})`);
    if (!truth.pools.has(CHILD_POOL.name)) {
      truth.pools.set(CHILD_POOL.name, { slots: CHILD_POOL.slots, paused: false });
      stage.disturb();
    }
    supervisors.current?.supervisor.ring();
    return true;
  };
  stage.submitFrom = (parent, told) => {
    stage.answered = true;
    void submit(parent).then(told);
  };
}
