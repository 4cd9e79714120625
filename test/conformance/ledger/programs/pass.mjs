// Owns what the passes of these programs say where they have nothing else to say, and what they claim with.
export const NEWS = { changes: [], limits: [], lifts: [], claim: null };

export function claimOrder(limit) {
  return {
    limit,
    containment: 'sh',
    makeRunDir: () => true,
    nonce: () => 'nonce',
    newSessionId: () => null,
  };
}
