/** The figures of an arena, and what they would be if one thing were different. */
import type { ComponentChildren } from 'preact';
import type { Signal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { CsvButton } from '../charts/frame.tsx';
import { formatBytes, formatExact, formatPercent } from '../lib/format.ts';
import type { Loaded } from '../state/store.ts';
import { tensorName, type Finding } from '../wire/model.ts';
import { useStore } from './context.ts';
import { OperatorLink } from './links.tsx';
import { ProvenanceMark } from './provenance.tsx';

export interface Figures {
  arena_bytes: number | null;
  peak_live_bytes: number;
  fragmentation_bytes: number | null;
  no_reuse_bytes: number;
  peak_operator: number | null;
}

/** What the reports `memory` and `memory_micro` say of a model: docs/memory.md. */
export interface Summary extends Figures {
  planner: 'litert' | 'micro';
  persistent_bytes: number;
  weight_bytes: number;
  what_if: Record<string, Figures & { tensor?: number | null; operator?: number | null }>;
  arenas: (Figures & { subgraph: string })[];
  rules: string;
}

interface MemorySummaryProps {
  loaded: Loaded;
  summary: Summary;
  arena: Signal<number>;
  findings: readonly Finding[];
}

export function MemorySummary({ loaded, summary, arena, findings }: MemorySummaryProps) {
  const store = useStore();
  const figures = summary.arenas[arena.value];
  const saved =
    figures.arena_bytes === null || figures.no_reuse_bytes === 0
      ? ''
      : ` · reuse saves ${formatPercent(1 - figures.arena_bytes / figures.no_reuse_bytes)}`;
  return (
    <>
      {summary.arenas.length > 1 && (
        <label class="arena-picker">
          Arena of{' '}
          <select value={arena.value} onChange={(event) => (arena.value = Number(event.currentTarget.value))}>
            {summary.arenas.map(({ subgraph, arena_bytes }, i) => (
              <option key={i} value={i}>
                {subgraph === '' ? `subgraph ${i}` : subgraph}
                {arena_bytes === null ? '' : ` · ${formatBytes(arena_bytes)}`}
              </option>
            ))}
          </select>{' '}
          <span class="muted">with the arenas of the subgraphs that it runs</span>
        </label>
      )}
      <dl class="figures">
        <Size
          name="Arena"
          bytes={figures.arena_bytes}
          explain="Size of the arena as planned. It is a lower bound: kernels may ask for memory that the file does not show"
        />
        <Size
          name="Peak alive"
          bytes={figures.peak_live_bytes}
          explain="The most that must be kept at one step: no planner can do with less"
        />
        <Size
          name="Fragmentation"
          bytes={figures.fragmentation_bytes}
          explain="Arena less the peak alive: gaps between buffers"
        />
        <Size
          name="Without reuse"
          bytes={figures.no_reuse_bytes}
          explain="If every tensor had a place of its own"
        />
        <Size
          name="Persistent"
          bytes={summary.persistent_bytes}
          explain="Never reused, in all subgraphs: variables, and constants that are unpacked"
        />
        <Size
          name="Weights"
          bytes={summary.weight_bytes}
          explain="Stored bytes of the parameters, read from the file"
          isDeclared
        />
      </dl>
      <p>
        {figures.peak_operator === null ? (
          <span class="muted">No operator runs in this arena.</span>
        ) : (
          <>
            Fullest while <OperatorLink model={loaded.model} id={figures.peak_operator} /> runs{saved}
          </>
        )}
      </p>
      <p class="muted">{summary.rules}</p>
      {findings.length > 0 && (
        <ul class="findings">
          {findings.map(({ code, severity, message, operators }) => (
            <li key={code + message} class={severity}>
              <b>{severity}</b> {message} <code>{code}</code>{' '}
              {operators.length > 0 && (
                <button type="button" class="link" onClick={() => store.selectMany(operators)}>
                  Select {operators.length.toLocaleString('en')}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

interface SizeProps {
  name: string;
  bytes: number | null;
  explain: string;
  isDeclared?: boolean;
}

function Size({ name, bytes, explain, isDeclared = false }: SizeProps) {
  return (
    <div>
      <dt title={explain}>
        {name} <ProvenanceMark provenance={isDeclared ? 'declared' : 'simulated'} />
      </dt>
      <dd title={bytes === null ? 'not known: see the findings' : `${formatExact(bytes)} bytes`}>
        {bytes === null ? 'unknown' : formatBytes(bytes)}
      </dd>
    </div>
  );
}

export function WhatIf({ loaded, summary }: { loaded: Loaded; summary: Summary }) {
  const rows = Object.entries(summary.what_if);
  const csv = (): string =>
    csvText(
      ['change', 'arena [By]', 'peak alive [By]', 'without reuse [By]'],
      [['as planned', summary] as const, ...rows].map(([name, figures]) => [
        name,
        figures.arena_bytes,
        figures.peak_live_bytes,
        figures.no_reuse_bytes,
      ]),
    );
  return (
    <>
      <p class="table-note">
        <b>What if</b>
        <span class="muted">one thing were different, in the first arena</span>
        <span class="spacer" />
        <CsvButton name="memory-what-if" csv={csv} />
      </p>
      <div class="wide-table">
        <table>
          <thead>
            <tr>
              <th>Change</th>
              <th class="number">Arena</th>
              <th class="number">Difference</th>
              <th class="number">Peak alive</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, figures]) => (
              <tr key={name}>
                <td>{changeText(loaded, name, figures)}</td>
                <td class="number">{figures.arena_bytes === null ? '' : formatBytes(figures.arena_bytes)}</td>
                <td class="number">{differenceText(figures.arena_bytes, summary.arena_bytes)}</td>
                <td class="number">{formatBytes(figures.peak_live_bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function changeText({ model }: Loaded, name: string, figures: Summary['what_if'][string]): ComponentChildren {
  if (name === 'no_in_place') return 'no operator wrote over its input';
  if (name === 'in_place') return 'operators wrote over an input, as LiteRT has them';
  if (name === 'batch_1') return 'the batch were 1';
  if (name !== 'without_largest') return name;
  const what =
    figures.tensor == null
      ? `the scratch memory of operator ${figures.operator ?? ''}`
      : tensorName(model, figures.tensor) || `tensor ${figures.tensor}`;
  return `the largest buffer of the peak were not there: ${what}`;
}

function differenceText(changed: number | null, planned: number | null): string {
  if (changed === null || planned === null) return '';
  if (changed === planned) return 'none';
  return `${changed > planned ? '+' : '−'}${formatBytes(Math.abs(changed - planned))}`;
}
