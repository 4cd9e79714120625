// Owns what is changed in a source file, one small bug at a time, and the text that holds the file with all of them: each
// is there beside the original, and a switch decides when the code runs (active.ts). So nothing is compiled twice.
import { parseAst } from 'vitest/node';

export interface Mutant {
  readonly line: number;
  readonly operator: Operator;
  readonly before: string;
  readonly after: string;
}

export type Operator =
  | 'boundary'
  | 'relation'
  | 'logic'
  | 'arithmetic'
  | 'negation'
  | 'condition'
  | 'boolean'
  | 'text'
  | 'number'
  | 'default'
  | 'statement';

export interface Mutated {
  readonly mutants: readonly Mutant[];
  /** TypeScript; nothing but text is changed in it that is no mutant, so that lines stay as they are */
  readonly text: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** For each binary operator, those that it is confused with. */
const CONFUSED: Readonly<Record<string, readonly (readonly [Operator, string])[]>> = {
  '<': [
    ['boundary', '<='],
    ['relation', '>='],
  ],
  '<=': [
    ['boundary', '<'],
    ['relation', '>'],
  ],
  '>': [
    ['boundary', '>='],
    ['relation', '<='],
  ],
  '>=': [
    ['boundary', '>'],
    ['relation', '<'],
  ],
  '===': [['relation', '!==']],
  '!==': [['relation', '===']],
  '+': [['arithmetic', '-']],
  '-': [['arithmetic', '+']],
  '*': [['arithmetic', '/']],
  '/': [['arithmetic', '*']],
  '%': [['arithmetic', '*']],
};

/** Statements that do something: left out, it is not done. */
const DOING = new Set([
  'ExpressionStatement',
  'ReturnStatement',
  'ThrowStatement',
  'BreakStatement',
  'ContinueStatement',
]);

/** @param id of this file, unlike that of any other */
export function mutate(source: string, id: string): Mutated {
  const mutants: Mutant[] = [];

  function changes(node: Node, parent: Node | null): readonly (readonly [Operator, string])[] {
    const own = (field: string) => node[field] as Node;
    const textOf = ({ start, end }: Node) => source.slice(start, end);
    switch (node.type) {
      case 'BinaryExpression':
        return (CONFUSED[String(node['operator'])] ?? []).map(([operator, other]) => [
          operator,
          `(${textOf(own('left'))}) ${other} (${textOf(own('right'))})`,
        ]);
      case 'LogicalExpression':
        if (node['operator'] === '??') return [['default', textOf(own('left'))]];
        return [
          [
            'logic',
            `(${textOf(own('left'))}) ${node['operator'] === '&&' ? '||' : '&&'} (${textOf(own('right'))})`,
          ],
          ['condition', textOf(own('left'))],
          ['condition', textOf(own('right'))],
        ];
      case 'UnaryExpression':
        if (node['operator'] === '!') return [['negation', textOf(own('argument'))]];
        return node['operator'] === '-' ? [['arithmetic', textOf(own('argument'))]] : [];
      case 'ConditionalExpression':
        return [
          ['condition', textOf(own('consequent'))],
          ['condition', textOf(own('alternate'))],
        ];
      case 'Literal':
        return literal(node, parent);
      default:
        return [];
    }
  }

  function literal(node: Node, parent: Node | null): readonly (readonly [Operator, string])[] {
    const { value } = node;
    if (typeof value === 'boolean') return [['boolean', String(!value)]];
    if (typeof value === 'number') return [['number', String(value + 1)]];
    // Compared or not, a word of ours that is another one must be noticed; sentences for people are none.
    if (typeof value !== 'string' || !/^[a-z-]+$/.test(value)) return [];
    return parent?.type === 'BinaryExpression' ? [] : [['text', `'${value}-not'`]];
  }

  /** The text of a node, with a switch for each change of it and of what is in it. */
  function rewrite(node: Node, parent: Node | null): string {
    let text = inside(node);
    for (const [operator, after] of changes(node, parent)) {
      text = `(${switchFor(node, operator, after)} ? (${after}) : (${text}))`;
    }
    if (isTest(node, parent)) {
      const after = `!(${source.slice(node.start, node.end)})`;
      text = `(${switchFor(node, 'condition', after)} ? ${after} : (${text}))`;
    }
    if (!isDoing(node, parent)) return text;
    return `{ if (!${switchFor(node, 'statement', '')}) ${text} }`;
  }

  function switchFor({ start, end }: Node, operator: Operator, after: string): string {
    const line = source.slice(0, start).split('\n').length;
    mutants.push({ line, operator, before: source.slice(start, end), after });
    return `__mutant('${id}', ${mutants.length - 1})`;
  }

  function inside(node: Node): string {
    let text = '';
    let at = node.start;
    for (const child of childrenOf(node)) {
      text += source.slice(at, child.start);
      text += isKept(child, node) ? source.slice(child.start, child.end) : rewrite(child, node);
      at = child.end;
    }
    text += source.slice(at, node.end);
    return text;
  }

  const program = parseAst(source, { lang: 'ts' }) as unknown as Node;
  const text = inside(program);
  return { mutants, text: source.slice(0, program.start) + text + source.slice(program.end) };
}

/** The condition of an `if`, a loop, or a guard that is no comparison: those are changed by themselves. */
function isTest(node: Node, parent: Node | null): boolean {
  if (parent === null || parent['test'] !== node) return false;
  if (parent.type === 'SwitchCase') return false;
  return !['BinaryExpression', 'UnaryExpression'].includes(node.type);
}

function isDoing(node: Node, parent: Node | null): boolean {
  if (!DOING.has(node.type) || parent === null) return false;
  if (node['directive'] !== undefined) return false;
  return ['BlockStatement', 'IfStatement', 'SwitchCase'].includes(parent.type);
}

/** Types, names and imports mean nothing when the code runs. */
function isKept(node: Node, parent: Node): boolean {
  if (node.type.startsWith('TS') && !EXPRESSIONS.has(node.type)) return true;
  if (node.type === 'ImportDeclaration' || node.type === 'TemplateElement') return true;
  if (parent.type === 'SwitchCase' && parent['test'] === node) return true;
  const isName = parent['key'] === node && parent['computed'] !== true;
  return isName || parent['id'] === node;
}

const EXPRESSIONS = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression']);

function childrenOf(node: Node): readonly Node[] {
  // The key of `{ name }` is its value as well.
  const fields = node['shorthand'] === true ? [node['value']] : Object.values(node);
  const found = fields.flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]));
  return found.filter(isNode).toSorted((a, b) => a.start - b.start);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
