/**
 * Scopes from tensor names. Converters name a tensor after the operation that made it (`a/b/Conv2D`), join the names of
 * what they fused (`a/b/Relu;a/b/BiasAdd`), and add digits and `:0` to make names unique.
 */

export interface Scoped {
  /** Scope components, outermost first; empty for a flat name. */
  path: string[];
  /** What is left to tell the operator from its neighbours in the scope. */
  label: string;
}

export function scopeOf(name: string): Scoped {
  const parts = name
    .split(';')
    .map((part) => part.replace(/:\d+$/, ''))
    .filter((part) => part !== '' && !/^\d+$/.test(part));
  if (parts.length === 0) return { path: [], label: name };
  const split = parts.map((part) => part.split('/').filter((component) => component !== ''));
  const first = split[0];
  if (split.length === 1) return { path: first.slice(0, -1), label: withoutDigits(first.at(-1) ?? name) };
  const shared = sharedScope(split);
  const rest = split.map((components) => components[shared] ?? '');
  return {
    path: first.slice(0, shared),
    label: sharedStem(rest) || first.slice(shared).join('/') || parts[0],
  };
}

/** Names told apart in little room: the first of those that were fused, without the scope that all share. */
export function withoutScope(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const split = names.map((name) => name.split(';', 1)[0].split('/'));
  const shared = sharedScope(split);
  return split.map((components) => components.slice(shared).join('/'));
}

/** How many leading components all names share, leaving each at least one of its own. */
function sharedScope(names: string[][]): number {
  let shared = names[0].length - 1;
  for (const components of names) {
    shared = Math.min(shared, components.length - 1);
    for (let i = 0; i < shared; i++) if (components[i] !== names[0][i]) shared = i;
  }
  return Math.max(0, shared);
}

/** `stem_relu6`, `stem_bn`, `stem` have the stem `stem`; what remains must be a word, not a letter or two. */
function sharedStem(words: string[]): string {
  let length = words[0].length;
  for (const word of words) {
    length = Math.min(length, word.length);
    for (let i = 0; i < length; i++) if (word[i] !== words[0][i]) length = i;
  }
  const isWhole = words.every((word) => length === word.length || !isWordCharacter(word[length]));
  while (!isWhole && length > 0 && !isSeparator(words[0][length - 1])) length--;
  while (length > 0 && isSeparator(words[0][length - 1])) length--;
  return length > 1 ? words[0].slice(0, length) : '';
}

// Names may be as long as a file: no patterns here that look at parts of them again and again.
function isSeparator(character: string): boolean {
  return character === '_' || character === '.' || character === '-';
}

function isWordCharacter(character: string): boolean {
  return /[a-z0-9]/i.test(character);
}

/** `Conv2D1` was `Conv2D` before it had to be unique; `Relu6`, `conv_1` and `layers.12` carry numbers of their own. */
function withoutDigits(word: string): string {
  if (/^[a-z]|^Relu6?$/.test(word)) return word;
  return word.replace(/^(Relu6|.*?V[1-9]|.*?[123]D|\w*?[A-UW-Za-z])\d+$/, '$1');
}
