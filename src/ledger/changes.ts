// Owns the list of all that writes to a ledger. Loaded as one, and only where something is written: commands that look
// start without it.
export { moveBrake, releaseBrake } from './brake.ts';
export { followClock } from './clock.ts';
export { commitPass } from './pass.ts';
export { openGate, resumeCampaign } from './gates.ts';
export { setPool, setPoolPaused, wishStop } from './requests.ts';
export { retry } from './retry.ts';
export { noteFreshSession } from './streams.ts';
export { submit } from './submit.ts';
export { announceSupervisor, concludeSupervisor, wishSupervisor } from './supervisor-row.ts';
export { noteEvidence, setDeadline } from './times.ts';
