/** What is under the pointer, in words, for boxes whose text is cut off or too small. */
import { tensorText } from '../graph/boxes.ts';
import { groupsAround, pathTo } from '../graph/hierarchy.ts';
import type { Item } from '../graph/items.ts';
import { tensorBytes } from '../graph/line-figures.ts';
import { withoutScope } from '../graph/names.ts';
import { formatBytes } from '../lib/format.ts';
import type { Loaded } from '../state/store.ts';
import { rowOf } from '../wire/csr.ts';
import { useStore } from './context.ts';
import { HoverReason } from './delegate-reasons.tsx';
import { lensText } from './lens-figures.tsx';
import { ACTIVATIONS, operatorName, operatorTypeName, tensorName, type Model } from '../wire/model.ts';
import { nameOf } from './graph-words.ts';

export interface Hovered {
  item: Item;
  /** What the line carries that the pointer is at; empty elsewhere. */
  tensors: readonly number[];
  x: number;
  y: number;
  /** Whether the pointer is in the right half of the canvas, in the lower half. */
  isRight: boolean;
  isLow: boolean;
}

/** Operands listed; the details have all. */
const MOST = 6;
/** Tensors of a line listed. */
const MOST_CARRIED = 10;
const DISTANCE = 14;

interface Card {
  title: string;
  name: string;
  path: string;
  facts: [name: string, value: string][];
  hint: string;
}

export function HoverCard({ loaded, hovered }: { loaded: Loaded; hovered: Hovered }) {
  const { item, tensors, x, y, isRight, isLow } = hovered;
  const isBundle = tensors.length > 1;
  const { title, name, path, facts, hint } = isBundle
    ? bundleCard(loaded.model, tensors)
    : describe(loaded, item);
  const lens = useStore().lens.lens.value;
  return (
    <div
      class={isBundle ? 'hover-card bundle' : 'hover-card'}
      style={{
        left: `${x + (isRight ? -DISTANCE : DISTANCE)}px`,
        top: `${y + (isLow ? -DISTANCE : DISTANCE)}px`,
        transform: `translate(${isRight ? '-100%' : '0'}, ${isLow ? '-100%' : '0'})`,
      }}
      role="tooltip"
    >
      <b>{title}</b>
      {name !== '' && <div>{name}</div>}
      {path !== '' && <div class="muted">in {path}</div>}
      {lens !== null && !isBundle && <div>{lensText(lens, loaded, item)}</div>}
      {item.kind === 'operator' && <HoverReason loaded={loaded} operator={item.id} />}
      <dl>
        {facts.map(([fact, value], i) => (
          <div key={i}>
            <dt>{fact}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {hint !== '' && <div class="muted">{hint}</div>}
    </div>
  );
}

function describe(loaded: Loaded, item: Item): Card {
  if (item.kind === 'tensor') return tensorCard(loaded, item.id);
  return item.kind === 'group' ? groupCard(loaded, item.id) : operatorCard(loaded, item.id);
}

function operatorCard(loaded: Loaded, id: number): Card {
  const { model, hierarchy } = loaded;
  const names = model.operandNames[model.operatorType[id]];
  const inputs = [...rowOf(model.inputs, id)].flatMap((tensor, i): [string, string][] =>
    tensor < 0 ? [] : [[names[i] ?? `input ${i}`, operandText(model, tensor)]],
  );
  const outputs = [...rowOf(model.outputs, id)].flatMap((tensor, i): [string, string][] =>
    tensor < 0 ? [] : [[i === 0 ? 'output' : `output ${i}`, operandText(model, tensor)]],
  );
  const activation = ACTIVATIONS[model.activation[id]] ?? '';
  return {
    title: nameOf(loaded, { kind: 'operator', id }),
    name: operatorName(model, id),
    path: inWords(loaded, groupsAround(hierarchy, id)),
    facts: [
      ...shortened(inputs),
      ...shortened(outputs),
      ...(activation === '' ? [] : [['activation', activation] as [string, string]]),
    ],
    hint: model.controlFlow.has(id) ? 'double-click to open what it runs' : '',
  };
}

function tensorCard(loaded: Loaded, id: number): Card {
  const { model } = loaded;
  const producer = model.producer[id];
  const readers = new Set(rowOf(model.consumers, id));
  const [reader] = readers;
  const read =
    readers.size === 1
      ? nameOf(loaded, { kind: 'operator', id: reader })
      : `${readers.size.toLocaleString('en')} operators`;
  return {
    title: tensorName(model, id) || `tensor ${id}`,
    name: '',
    path: '',
    facts: [
      ['type', operandText(model, id)],
      ...(producer < 0
        ? []
        : [['made by', `${operatorTypeName(model, producer)} #${producer}`] as [string, string]]),
      ['read by', readers.size === 0 ? 'nothing' : read],
    ],
    hint: '',
  };
}

/** Of a line that carries several tensors. */
function bundleCard(model: Model, tensors: readonly number[]): Card {
  const bytes = tensors.reduce((sum, tensor) => sum + tensorBytes(model, tensor), 0);
  const names = withoutScope(tensors.map((tensor) => tensorName(model, tensor)));
  const named = tensors.map((tensor, i): [string, string] => [
    names[i] === '' ? `tensor ${tensor}` : names[i],
    operandText(model, tensor),
  ]);
  return {
    title: `${tensors.length.toLocaleString('en')} tensors${bytes > 0 ? ` · ${formatBytes(bytes)}` : ''}`,
    name: '',
    path: '',
    facts: shortened(named, MOST_CARRIED),
    hint: '',
  };
}

function groupCard(loaded: Loaded, id: number): Card {
  const { model, hierarchy } = loaded;
  const group = hierarchy.groups[id];
  const counts = new Map<string, number>();
  for (let at = group.start; at < group.end; at++) {
    const type = operatorTypeName(model, hierarchy.order[at]);
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const types = [...counts].sort((a, b) => b[1] - a[1]);
  return {
    title: group.name,
    name: '',
    path: inWords(loaded, pathTo(hierarchy, id).slice(0, -1)),
    facts: [
      ['operators', (group.end - group.start).toLocaleString('en')],
      ...shortened(types.map(([type, count]) => [type, count.toLocaleString('en')])),
    ],
    hint: 'double-click to open or close',
  };
}

/** `int8 1×32×32×16 · 16 KiB`, and whether it is stored in the file. */
function operandText(model: Model, tensor: number): string {
  const stored = model.constantBytes[tensor];
  const bytes = stored > 0 ? stored : tensorBytes(model, tensor);
  const size = bytes > 0 ? ` · ${formatBytes(bytes)}${stored > 0 ? ' stored' : ''}` : '';
  return `${tensorText(model, tensor)}${size}`;
}

function shortened(facts: [string, string][], most = MOST - 1): [string, string][] {
  // One more takes no more room than the line that says so.
  if (facts.length <= most + 1) return facts;
  return [...facts.slice(0, most), [`${(facts.length - most).toLocaleString('en')} more`, '']];
}

function inWords({ hierarchy }: Loaded, groups: readonly number[]): string {
  return groups.map((group) => hierarchy.groups[group].name).join(' › ');
}
