/**
 * The filter language over the columns of reports; the Python twin is analysis/where.py, the language is described in
 * docs/filter.md, and both are tested on tests/filter_cases.json.
 */
import { cellText, type Column } from '../wire/report.ts';

/** A filter that cannot be read: what is wrong, and at which character. */
export class FilterError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

interface Token {
  kind: 'regex' | 'paren' | 'test' | 'quoted' | 'word';
  text: string;
  at: number;
}

type Mask = Uint8Array;

// What begins with a slash and goes on after the second is a path, not a pattern.
const REGEX = String.raw`(?<regex>\/(?:[^/\\]|\\.)*\/(?=[\s()]|$))`;
const REST = String.raw`(?<paren>[()])|"(?<quoted>[^"]*)"`;
const TEST = String.raw`(?<test>[A-Za-z_][A-Za-z0-9_.]*(?::|\s*(?:>=|<=|!=|>|<|=)))`;
const WORD = String.raw`(?<word>[^\s()]+)`;
const TOKEN = new RegExp(String.raw`\s*(?:${REGEX}|${REST}|${TEST}|${WORD})`, 'dy');
const AFTER_TEST = new RegExp(String.raw`\s*(?:${REGEX}|${REST}|${WORD})`, 'dy');
const NUMBER = /^(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z%]*)$/i;
const UNITS: Partial<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  us: 1,
  ms: 1e3,
  s: 1e6,
  '%': 1,
};
const COMPARE: Partial<Record<string, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
};
const DEEPEST = 50;

/** What a filter can speak of. */
export interface Filtered {
  rows: number;
  /** By the names that tests have for them. */
  columns: ReadonlyMap<string, Column>;
  /** Those that words and patterns are looked for in. */
  searched: readonly Column[];
}

/** Which rows match, 1 or 0 each. Throws a FilterError. */
export function select(text: string, table: Filtered): Mask {
  return new Parser(text, table).parse();
}

/** Columns that a filter tests, by the names it has for them; as many as can be read. */
export function testedColumns(text: string): string[] {
  const names: string[] = [];
  try {
    for (const token of tokens(withPlainCrosses(text)))
      if (token.kind === 'test') names.push(splitTest(token.text).name);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
  }
  return names;
}

class Parser {
  private readonly tokens: Token[];
  private next = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly table: Filtered,
  ) {
    this.tokens = [...tokens(withPlainCrosses(text))];
  }

  parse(): Mask {
    if (this.tokens.length === 0) return new Uint8Array(this.table.rows).fill(1);
    const result = this.either();
    if (this.next < this.tokens.length) throw new FilterError('a ) without its (', this.tokens[this.next].at);
    return result;
  }

  private either(): Mask {
    let result = this.both();
    while (this.take('or')) {
      const other = this.both();
      result = result.map((value, row) => value | other[row]);
    }
    return result;
  }

  private both(): Mask {
    let result = this.negated();
    for (let word = this.peek(); word !== null && word !== ')' && word !== 'or'; word = this.peek()) {
      this.take('and');
      const other = this.negated();
      result = result.map((value, row) => value & other[row]);
    }
    return result;
  }

  private negated(): Mask {
    let invert = false;
    while (this.take('not')) invert = !invert;
    const result = this.term();
    return invert ? result.map((value) => 1 - value) : result;
  }

  private term(): Mask {
    if (this.next === this.tokens.length)
      throw new FilterError('something is missing at the end', this.text.length);
    const token = this.tokens[this.next++];
    if (token.kind === 'paren') {
      if (token.text === ')') throw new FilterError('nothing before the )', token.at);
      return this.group(token);
    }
    if (token.kind === 'regex') return this.matching(pattern(token));
    if (token.kind === 'test') return this.test(token);
    if (token.kind === 'word' && /^(and|or)$/i.test(token.text))
      throw new FilterError(`nothing before ${token.text}`, token.at);
    const id = this.table.columns.get('id');
    const number = token.kind === 'word' ? /^#(\d{1,15})$/.exec(token.text) : null;
    if (number !== null && id !== undefined)
      return this.rowsWhere((row) => numberAt(id, row) === Number(number[1]));
    return this.matching(new RegExp(escape(token.text), 'i'));
  }

  private group(opening: Token): Mask {
    if (++this.depth > DEEPEST) throw new FilterError('too many parentheses', opening.at);
    const result = this.either();
    if (!this.take(')')) throw new FilterError('this ( is not closed', opening.at);
    this.depth--;
    return result;
  }

  private test(token: Token): Mask {
    const { name, operator } = splitTest(token.text);
    const column = this.table.columns.get(name);
    if (column === undefined)
      throw new FilterError(
        `no column ${name}; there are ${[...this.table.columns.keys()].sort().join(', ')}`,
        token.at,
      );
    const value = this.next < this.tokens.length ? this.tokens[this.next] : undefined;
    if (value === undefined || value.kind === 'paren')
      throw new FilterError(`a value is missing after ${operator}`, token.at + token.text.length);
    this.next++;
    const number = value.kind === 'word' ? numberOf(value.text) : NaN;
    const holds = COMPARE[operator];
    if (holds !== undefined) {
      if (Number.isNaN(number)) throw new FilterError(`${value.text} is not a number`, value.at);
      return this.rowsWhere((row) => holds(numberAt(column, row), number));
    }
    const wanted = valuePattern(value);
    const expected = operator !== '!=';
    return this.rowsWhere((row) => {
      const text = plainText(column, row);
      return text !== null && (numberAt(column, row) === number || wanted.test(text)) === expected;
    });
  }

  private matching(wanted: RegExp): Mask {
    const texts = this.table.searched.filter(isProse).map((column) => textsOf(column));
    return this.rowsWhere((row) => texts.some((column) => column[row] !== null && wanted.test(column[row])));
  }

  private rowsWhere(holds: (row: number) => boolean): Mask {
    const mask = new Uint8Array(this.table.rows);
    for (let row = 0; row < this.table.rows; row++) if (holds(row)) mask[row] = 1;
    return mask;
  }

  private peek(): string | null {
    if (this.next === this.tokens.length) return null;
    const token = this.tokens[this.next];
    return token.kind === 'word' || token.kind === 'paren' ? token.text.toLowerCase() : '';
  }

  private take(word: string): boolean {
    if (this.peek() !== word) return false;
    this.next++;
    return true;
  }
}

/** Whether words are looked for in a column: numbers that stand for something else say nothing. */
function isProse(column: Column): boolean {
  if (column.kind === 'text') return column.isProse;
  return column.kind === 'category' && !column.names.every((name) => /^-?\d+$/.test(name));
}

const known = new WeakMap<Column, (string | null)[]>();

/** The texts of a column, made once. */
function textsOf(column: Column): (string | null)[] {
  let texts = known.get(column);
  if (texts === undefined) {
    texts = Array.from({ length: column.rows }, (_, row) => plainText(column, row));
    known.set(column, texts);
  }
  return texts;
}

/** The cell as a filter sees it: shapes with the letter that keyboards have. */
function plainText(column: Column, row: number): string | null {
  return isMissing(column, row) ? null : withPlainCrosses(cellText(column, row));
}

function withPlainCrosses(text: string): string {
  return text.replaceAll('×', 'x');
}

function* tokens(text: string): Generator<Token> {
  const stripped = text.trimEnd();
  let isAfterTest = false;
  for (let at = 0; at < stripped.length;) {
    const expression: RegExp = isAfterTest ? AFTER_TEST : TOKEN;
    expression.lastIndex = at;
    const found: RegExpExecArray | null = expression.exec(stripped);
    if (found?.groups === undefined) throw new FilterError('cannot be read from here on', at);
    const [kind, value] = Object.entries(found.groups).find(
      ([, group]) => (group as string | undefined) !== undefined,
    )!;
    at = expression.lastIndex; // before the token is used: another generator may run in between
    isAfterTest = kind === 'test';
    yield { kind: kind as Token['kind'], text: value, at: found.indices!.groups![kind][0] };
  }
}

/** `weight_bytes >=` as its two parts. */
function splitTest(text: string): { name: string; operator: string } {
  const operator = /[:<>=!]+$/.exec(text)![0];
  return { name: text.slice(0, -operator.length).trimEnd(), operator };
}

function pattern({ text, at }: Token): RegExp {
  try {
    return new RegExp(text.slice(1, -1), 'i');
  } catch (error) {
    throw new FilterError(
      `the pattern is not well-formed: ${error instanceof Error ? error.message : ''}`,
      at,
    );
  }
}

function valuePattern(value: Token): RegExp {
  if (value.kind === 'regex') return pattern(value);
  return new RegExp(value.kind === 'quoted' ? `^${escape(value.text)}$` : glob(value.text), 'is');
}

/** The number that a text spells, its unit counted in; NaN when it is none. */
function numberOf(text: string): number {
  const found = NUMBER.exec(text);
  const factor = found === null ? undefined : UNITS[found[2].toLowerCase()];
  return found === null || factor === undefined ? NaN : Number(found[1]) * factor;
}

function isMissing(column: Column, row: number): boolean {
  if (column.kind === 'quantity') return Number.isNaN(column.values[row]);
  return column.kind === 'text' ? column.textAt(row) === null : column.codes[row] < 0;
}

function numberAt(column: Column, row: number): number {
  if (column.kind === 'quantity') return column.values[row];
  if (column.kind === 'text') return column.numbers?.[row] ?? NaN;
  return column.kind === 'flag' && column.codes[row] >= 0 ? column.codes[row] : NaN;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** `*`, `?` and `[a-z]` as in file names. */
function glob(text: string): string {
  const parts = text.match(/\[[^\]]+\]|[^]/g) ?? [];
  const expression = parts.map((part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return `[${part.slice(1, -1).replace(/\\/g, '\\\\').replace(/^!/, '^')}]`;
    return escape(part);
  });
  return `^${expression.join('')}$`;
}
