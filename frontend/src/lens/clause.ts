/** The part of a filter that a legend writes: read back from the text, so that the text alone is the state. */

export interface NamesClause {
  kind: 'names';
  names: string[];
  /** Rows whose value is not known, too. */
  missing: boolean;
}

/** From low, up to high (or below it, where `isOpen`); null where there is no bound. */
export interface RangeClause {
  kind: 'range';
  low: number | null;
  high: number | null;
  isOpen: boolean;
}

export type Clause = NamesClause | RangeClause;

interface Found {
  clause: Clause;
  start: number;
  end: number;
}

const VALUE = String.raw`(?:"[^"]*"|[^\s()"]+)`;
const NUMBER = String.raw`-?[\d.]+(?:e[+-]?\d+)?`;

/** What a filter says of a column in the legend's own words; null when it says nothing, or something else. */
export function readClause(filter: string, column: string): Clause | null {
  return find(filter, column)?.clause ?? null;
}

/** The filter with the legend's words replaced; null takes them out. */
export function withClause(filter: string, column: string, clause: Clause | null): string {
  const found = find(filter, column);
  const before = filter.slice(0, found?.start ?? filter.length).trim();
  const after = filter.slice(found?.end ?? filter.length).trim();
  const rest = [before, after].filter((part) => part !== '').join(' ');
  const words = clause === null ? '' : write(column, clause);
  if (words === '' || rest === '') return words === '' ? rest : words;
  return `${hasAlternatives(rest) ? `(${rest})` : rest} ${words}`;
}

function find(filter: string, column: string): Found | null {
  if (hasAlternatives(filter)) return null; // the words would belong to one of them only
  const name = column.replace(/\./g, String.raw`\.`);
  const single = String.raw`(?:not ${name}:\*|${name}:${VALUE})`;
  const range = String.raw`${name}>=${NUMBER}(?: ${name}<=?${NUMBER})?|${name}<=?${NUMBER}`;
  const several = String.raw`\(${single}(?: or ${single})+\)`;
  const pattern = new RegExp(String.raw`(?<![^\s])(?:${several}|${single}|${range})(?![^\s])`, 'g');
  for (const match of filter.matchAll(pattern)) {
    const start = match.index;
    if (depthAt(filter, start) > 0 || /\bnot\s*$/i.test(filter.slice(0, start))) continue;
    return { clause: read(match[0], column), start, end: start + match[0].length };
  }
  return null;
}

function read(words: string, column: string): Clause {
  const bounds = [...words.matchAll(new RegExp(String.raw`[>=<]{1,2}(?=${NUMBER})`, 'g'))];
  if (!words.includes(`${column}:`)) {
    let [low, high]: (number | null)[] = [null, null];
    let isOpen = false;
    for (const bound of bounds) {
      const value = parseFloat(words.slice(bound.index + bound[0].length));
      if (bound[0] === '>=') low = value;
      else [high, isOpen] = [value, bound[0] === '<'];
    }
    return { kind: 'range', low, high, isOpen };
  }
  const missing = words.includes(`not ${column}:*`);
  const parts = words.replace(`not ${column}:*`, '').matchAll(new RegExp(`${column}:(${VALUE})`, 'g'));
  const names = Array.from(parts, ([, value]) => (value.startsWith('"') ? value.slice(1, -1) : value));
  return { kind: 'names', names, missing };
}

function write(column: string, clause: Clause): string {
  if (clause.kind === 'range') {
    const { low, high, isOpen } = clause;
    const parts = [
      ...(low === null ? [] : [`${column}>=${low}`]),
      ...(high === null ? [] : [`${column}${isOpen ? '<' : '<='}${high}`]),
    ];
    return parts.join(' ');
  }
  const parts = clause.names.map((name) => `${column}:${quoted(name)}`);
  if (clause.missing) parts.push(`not ${column}:*`);
  return parts.length > 1 ? `(${parts.join(' or ')})` : (parts[0] ?? '');
}

/** A name as a value that stands for nothing else; one that has quotes itself by a pattern that fits it. */
function quoted(name: string): string {
  if (/^[A-Za-z_][\w.-]*$|^\d+$/.test(name)) return name;
  return name.includes('"') ? name.replace(/[\s()"*?[]/g, '?') : `"${name}"`;
}

/** Whether a filter has an `or` outside of parentheses. */
function hasAlternatives(filter: string): boolean {
  for (const { index } of withoutQuotes(filter).matchAll(/(?<![^\s)])or(?![^\s(])/gi))
    if (depthAt(filter, index) === 0) return true;
  return false;
}

/** The filter with what is in quotes blacked out. */
function withoutQuotes(filter: string): string {
  return filter.replace(/"[^"]*"/g, (quote) => '_'.repeat(quote.length));
}

/** How many parentheses are open at a place. */
function depthAt(filter: string, place: number): number {
  let depth = 0;
  for (const [character] of withoutQuotes(filter).slice(0, place).matchAll(/[()]/g))
    depth += character === '(' ? 1 : -1;
  return depth;
}
