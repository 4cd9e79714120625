// Which of the tools that a client offers is meant, and arguments that its schema accepts.
import type { Schema, Tool, ToolCall } from './conversation.ts';

/** The names under which agents offer their shell, the one that waits for its end first. */
const SHELL_TOOLS = [
  'exec_command',
  'shell_command',
  'bash',
  'run_shell_command',
  'run_in_terminal',
  'shell',
];

const COMMAND_KEYS = ['cmd', 'command', 'script'];

/** How long a shell tool is asked to wait for its command; without it some return early and go on in the background. */
const PATIENCE: Readonly<Record<string, number>> = {
  yield_time_ms: 30_000,
  initial_wait: 120,
  timeout: 120_000,
  timeout_ms: 120_000,
};

export function shellToolIn(tools: readonly Tool[]): Tool | null {
  for (const name of SHELL_TOOLS) {
    const tool = tools.find((one) => one.name.toLowerCase() === name);
    if (tool !== undefined) return tool;
  }
  return null;
}

export function shellCall(tool: Tool, command: string): ToolCall {
  const properties = tool.parameters.properties ?? {};
  const key = COMMAND_KEYS.find((one) => one in properties) ?? COMMAND_KEYS[0]!;
  const commandType = kindOf(properties[key]);
  const patience = Object.entries(PATIENCE).filter(
    ([name]) => name in properties && name !== 'timeout',
  );
  return {
    name: tool.name,
    arguments: {
      ...requiredOf(tool.parameters),
      ...Object.fromEntries(patience),
      [key]: commandType === 'array' ? ['bash', '-c', command] : command,
    },
  };
}

const NAMED_CALL = /^([\w-]+)\s*(\{.*\})?$/s;

/** A tool is called so, or so after the name of its server. */
function isNamed(called: string, name: string): boolean {
  return called === name || (name !== '' && called.endsWith(name));
}

/** Whether one of these calls was the one that `call(name {})` wants. */
export function wasCalled(called: readonly string[], argument: string): boolean {
  const name = NAMED_CALL.exec(argument)?.[1] ?? '';
  return called.some((one) => isNamed(one, name));
}

/** For a tool that is not offered before somebody has looked for it; null: nobody can. */
export function searchCall(tools: readonly Tool[], argument: string): ToolCall | null {
  const search = tools.find(({ name }) => name === 'tool_search');
  const query = NAMED_CALL.exec(argument)?.[1];
  if (search === undefined || query === undefined) return null;
  return { name: search.name, arguments: { ...requiredOf(search.parameters), query } };
}

/** What calls a tool that stays hidden after somebody has looked for it: Qwen Code has it since version 0.24. */
const INDIRECT = 'tool_call';

/** The tool that is meant by a call of this name. */
export function toolCalled(name: string, given: string): string {
  const inner = name === INDIRECT ? (JSON.parse(given) as { readonly name?: unknown }).name : name;
  return typeof inner === 'string' ? inner : name;
}

/** @param found what a search has found; null: it is not there, or is called by its own name */
export function indirectCall(
  tools: readonly Tool[],
  argument: string,
  found: string,
): ToolCall | null {
  const { name, given } = parseCall(argument);
  const hidden = [...found.matchAll(/"name":"([^"]+)"/g)].find(([, one]) => isNamed(one!, name));
  if (hidden === undefined || !tools.some((tool) => tool.name === INDIRECT)) return null;
  return { name: INDIRECT, arguments: { name: hidden[1], arguments: given } };
}

function parseCall(argument: string) {
  const [, name = '', json = '{}'] = NAMED_CALL.exec(argument) ?? [];
  // OpenCode writes a prompt as a JSON string.
  const given = JSON.parse(json.replaceAll('\\"', '"')) as Readonly<Record<string, unknown>>;
  return { name, given };
}

/** `call(name {"seconds":12})` */
export function namedCall(tools: readonly Tool[], argument: string): ToolCall | null {
  const { name, given } = parseCall(argument);
  const tool =
    tools.find((one) => one.name === name) ?? tools.find((one) => isNamed(one.name, name));
  if (tool === undefined) return null;
  return {
    name: tool.name,
    ...(tool.namespace === undefined ? {} : { namespace: tool.namespace }),
    arguments: { ...requiredOf(tool.parameters), ...given },
  };
}

function requiredOf(schema: Schema): Record<string, unknown> {
  const properties = schema.properties ?? {};
  return Object.fromEntries(
    (schema.required ?? []).map((name) => [name, exampleOf(name, properties[name])]),
  );
}

function exampleOf(name: string, schema: Schema | undefined): unknown {
  if (schema?.enum !== undefined) return schema.enum[0];
  switch (kindOf(schema)) {
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return PATIENCE[name] ?? 1;
    case 'array':
      return [];
    case 'object':
      return {};
    default:
      return 'by the stub model';
  }
}

function kindOf(schema: Schema | undefined): string {
  const type = schema?.type;
  return (typeof type === 'string' ? type : (type?.[0] ?? 'string')).toLowerCase();
}
