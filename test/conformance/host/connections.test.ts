// Owns the proof that open connections are found at the process that holds them, and told as people write addresses.
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { connectionsOf, parseConnections } from '../../../src/host/connections.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const line = (remote: string, state: string, inode: number) =>
  `   0: 0100007F:1F90 ${remote} ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

describe('a line of /proc/net/tcp', () => {
  test.each([
    ['070200C0:01BB', '192.0.2.7:443'],
    ['0000000000000000FFFF0000070200C0:01BB', '192.0.2.7:443'],
    ['B80D0120000000000000000001000000:0050', '[2001:db8::1]:80'],
    ['00000000000000000000000001000000:1F90', '[::1]:8080'],
  ])('%s is %s', (remote, address) => {
    const text = [HEAD, line(remote, '01', 42), line(remote, '0A', 43), ''].join('\n');
    expect(parseConnections(text)).toEqual([['42', address]]);
  });

  test.each(['', HEAD, `${HEAD}\nnonsense`, `${HEAD}\n${line('XYZ:1', '01', 1)}`])(
    'that is none shows nothing: %j',
    (text) => {
      expect(parseConnections(text)).toEqual([]);
    },
  );
});

describe.skipIf(process.platform !== 'linux')('connections of a process', () => {
  test.each(['127.0.0.1', '::1'])('are those that it holds: %s', async (host) => {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = connect(port, host);
    try {
      const [socket] = await accepted;
      if (client.connecting) await once(client, 'connect');
      const seen = connectionsOf([process.pid, 999_999_999]);
      const remotes = seen.kind === 'seen' ? seen.value.map(({ remote }) => remote) : [];
      const shown = host === '::1' ? '[::1]' : host;
      expect(remotes).toEqual(
        expect.arrayContaining([`${shown}:${port}`, `${shown}:${socket.remotePort}`]),
      );
      socket.destroy();
    } finally {
      client.destroy();
      server.close();
    }
  });

  test('of nobody are none', () => {
    expect(connectionsOf([])).toEqual({ kind: 'seen', value: [] });
    expect(connectionsOf([999_999_999])).toEqual({ kind: 'seen', value: [] });
  });
});
