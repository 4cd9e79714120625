#!/usr/bin/env node
// An MCP server on standard input and output with one tool: `wait` answers after so many seconds. It is no child of a tool,
// prints nothing meanwhile, and so is what agents do most silently.
import { createInterface } from 'node:readline';

const tool = {
  name: 'wait',
  description: 'Waits, then answers.',
  inputSchema: {
    type: 'object',
    properties: { seconds: { type: 'number' } },
    required: ['seconds'],
  },
};

const send = (id, result) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') {
    const { protocolVersion } = params;
    const serverInfo = { name: 'clock', version: '1.0.0' };
    send(id, { protocolVersion, capabilities: { tools: {} }, serverInfo });
  } else if (method === 'tools/list') {
    send(id, { tools: [tool] });
  } else if (method === 'tools/call') {
    const { seconds } = params.arguments;
    const content = [{ type: 'text', text: `waited ${seconds} s` }];
    setTimeout(() => send(id, { content }), seconds * 1000);
  } else if (id !== undefined) {
    send(id, {});
  }
});
lines.on('close', () => process.exit(0));
