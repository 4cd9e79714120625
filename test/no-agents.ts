// Owns a world without agent programs: every attempt is a command.
import type { Agents } from '../src/ports.ts';

export const NO_AGENTS: Agents = {
  home: '/home/u',
  environment: {},
  of: () => null,
  load: async () => 'there are no adapters here',
};
