/** What is alive at a step: the list, and a buffer under the pointer. */
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { CsvButton } from '../charts/frame.tsx';
import { formatBytes, formatExact, formatPercent } from '../lib/format.ts';
import { aliveAt, type ArenaView, type MemoryPlan } from '../memory/plan.ts';
import type { Loaded } from '../state/store.ts';
import { rowOf } from '../wire/csr.ts';
import { operatorTypeName, tensorName } from '../wire/model.ts';
import { tensorText } from '../graph/boxes.ts';
import { useStore } from './context.ts';
import { Bar, useTheme } from './figures.tsx';
import { OperatorLink } from './links.tsx';

const SHOWN = 12;

interface AliveTableProps {
  loaded: Loaded;
  plan: MemoryPlan;
  view: ArenaView;
  step: number;
  isPeak: boolean;
  /** Bytes that the subgraphs need that its operator runs. */
  nested: number;
  onChoose: (row: number) => void;
}

export function AliveTable({ loaded, plan, view, step, isPeak, nested, onChoose }: AliveTableProps) {
  const selected = useStore().primary.value;
  const theme = useTheme();
  const isAll = useSignal(false);
  const rows = aliveAt(plan, view, step);
  const total = view.live[step - view.from];
  const operator = plan.steps[step] ?? -1;
  const visible = isAll.value ? rows.slice(0, 1000) : rows.slice(0, SHOWN);
  const csv = (): string =>
    csvText(
      ['tensor', 'name', 'scratch of operator', 'bytes', 'offset'],
      rows.map((row) => [
        plan.tensor[row] < 0 ? null : plan.tensor[row],
        bufferName(loaded, plan, row),
        plan.operator[row] < 0 ? null : plan.operator[row],
        plan.bytes[row],
        plan.offset[row],
      ]),
    );
  return (
    <>
      <p class="table-note">
        <b>{isPeak ? 'Alive at the peak' : 'Alive'}</b>
        {operator >= 0 && <OperatorLink model={loaded.model} id={operator} />}
        <span class="muted">
          {formatBytes(total)} in {rows.length.toLocaleString('en')} buffers, the largest first
          {nested > 0 && `; ${formatBytes(nested)} more in the subgraphs that it runs`}
        </span>
        <span class="spacer" />
        <CsvButton name="memory-alive" csv={csv} />
      </p>
      <div class="wide-table">
        <table>
          <thead>
            <tr>
              <th>Tensor</th>
              <th>Type</th>
              <th class="number">Bytes</th>
              <th>Share</th>
              <th class="number">Offset</th>
              <th>From</th>
              <th>To</th>
            </tr>
          </thead>
          <tbody>
            {visible.map((row) => {
              const tensor = plan.tensor[row];
              const isSelected =
                tensor >= 0
                  ? selected?.kind === 'tensor' && selected.id === tensor
                  : selected?.kind === 'operator' && selected.id === plan.operator[row];
              const share = total > 0 ? plan.bytes[row] / total : 0;
              return (
                <tr
                  key={row}
                  class={isSelected ? 'selected' : ''}
                  aria-selected={isSelected}
                  onClick={() => onChoose(row)}
                >
                  <td class="operator-cell" title={bufferName(loaded, plan, row)}>
                    <button type="button" class="link" onClick={() => onChoose(row)}>
                      {bufferName(loaded, plan, row)}
                    </button>
                  </td>
                  <td class="nowrap">{tensor < 0 ? 'scratch' : tensorText(loaded.model, tensor)}</td>
                  <td class="number" title={`${formatExact(plan.bytes[row])} bytes`}>
                    {formatBytes(plan.bytes[row])}
                  </td>
                  <td class="share-cell">
                    <Bar share={share} color={theme.accent} />
                    {formatPercent(share)}
                  </td>
                  <td class="number">
                    {Number.isNaN(plan.offset[row]) ? '' : formatExact(plan.offset[row])}
                  </td>
                  <td class="nowrap">{stepText(loaded, plan, plan.first[row])}</td>
                  <td class="nowrap">{stepText(loaded, plan, plan.last[row])}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {visible.length < rows.length && !isAll.value && (
        <button type="button" onClick={() => (isAll.value = true)}>
          Show {Math.min(rows.length, 1000) - visible.length} more
        </button>
      )}
    </>
  );
}

interface BufferCardProps {
  loaded: Loaded;
  plan: MemoryPlan;
  row: number;
  x: number;
  y: number;
  isRight: boolean;
}

export function BufferCard({ loaded, plan, row, x, y, isRight }: BufferCardProps) {
  const tensor = plan.tensor[row];
  const end = plan.offset[row] + plan.bytes[row];
  return (
    <div
      class="hover-card"
      style={{
        left: `${x + (isRight ? -14 : 14)}px`,
        top: `${y - 14}px`,
        transform: `translate(${isRight ? '-100%' : '0'}, -100%)`,
      }}
      role="tooltip"
    >
      <b>{bufferName(loaded, plan, row)}</b>
      <dl>
        {tensor >= 0 && <Line name="type" text={tensorText(loaded.model, tensor)} />}
        <Line
          name="size"
          text={`${formatBytes(plan.bytes[row])} at ${formatExact(plan.offset[row])} – ${formatExact(end)}`}
        />
        <Line name="from" text={stepText(loaded, plan, plan.first[row])} />
        <Line name="to" text={stepText(loaded, plan, plan.last[row])} />
        {tensor >= 0 && <Line name="read by" text={readersText(loaded, tensor)} />}
      </dl>
    </div>
  );
}

function Line({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

function readersText({ model }: Loaded, tensor: number): string {
  const readers = [...new Set(rowOf(model.consumers, tensor))];
  if (readers.length === 0) return 'nothing';
  const named = readers.slice(0, 3).map((id) => `${operatorTypeName(model, id)} #${id}`);
  return readers.length > 3 ? `${named.join(', ')} and ${readers.length - 3} more` : named.join(', ');
}

function bufferName({ model }: Loaded, plan: MemoryPlan, row: number): string {
  const tensor = plan.tensor[row];
  if (tensor >= 0) return tensorName(model, tensor) || `tensor ${tensor}`;
  const operator = plan.operator[row];
  return `scratch memory of ${operatorTypeName(model, operator)} #${operator}`;
}

function stepText({ model }: Loaded, plan: MemoryPlan, step: number): string {
  const operator = plan.steps[step] ?? -1;
  return operator < 0 ? `step ${step}` : `${operatorTypeName(model, operator)} #${operator}`;
}
