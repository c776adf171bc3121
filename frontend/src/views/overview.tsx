/** What is in the file: the summary beside the graph, and the page with everything. */
import type { Compatibility, Metadata } from '../overview/summaries.ts';
import type { Loaded } from '../state/store.ts';
import { formatBytes, formatCount, formatExact, formatPercent, formatShape } from '../lib/format.ts';
import type { Endpoint, Summary } from '../wire/model.ts';
import { useStore } from './context.ts';
import { Bar, Declared, Fact, Facts, Section, useTheme } from './figures.tsx';
import { AllFindings } from './overview-findings.tsx';
import { MetadataCard } from './overview-metadata.tsx';
import { ControlFlow, Runtimes, Variables } from './overview-runtimes.tsx';
import { OperatorTypes } from './types.tsx';

export function ModelSummary({ loaded }: { loaded: Loaded }) {
  const { summary } = loaded.model;
  const root = loaded.hierarchy.groups[useStore().root.value];
  return (
    <article>
      <header class="item-head">
        <h2>Model</h2>
      </header>
      <KeyFacts summary={summary} />
      <Section title={root.parent < 0 ? `Operators in ${root.name}` : `Operators in ${root.name}`}>
        <OperatorTypes loaded={loaded} start={root.start} end={root.end} />
      </Section>
    </article>
  );
}

function KeyFacts({ summary }: { summary: Summary }) {
  return (
    <Facts>
      <Fact name="Size">
        <span title={`${formatExact(summary.size_bytes)} bytes`}>{formatBytes(summary.size_bytes)}</span>
      </Fact>
      <Fact name="Operators" title="In all subgraphs">
        {formatExact(summary.operators)}
        {summary.subgraphs.length > 1 && <span class="muted"> in {summary.subgraphs.length} subgraphs</span>}
      </Fact>
      <Fact
        name="Parameters"
        title="Elements of the constants that operators compute with, each buffer once; shapes, axes and indices are not counted"
      >
        <span title={formatExact(summary.parameters)}>{formatCount(summary.parameters)}</span> <Declared />
      </Fact>
      <Fact name="Weights" title="Stored bytes of the parameters">
        <span title={`${formatExact(summary.weight_bytes)} bytes`}>{formatBytes(summary.weight_bytes)}</span>{' '}
        <span class="muted">{Object.keys(summary.weight_types).join(', ').toLowerCase()}</span>
      </Fact>
      <Fact name="Needs runtime" title="What the converter wrote as least version of the runtime">
        {summary.min_runtime_version === null ? (
          <span class="muted">not said</span>
        ) : (
          <>
            {summary.min_runtime_version} <Declared />
          </>
        )}
      </Fact>
    </Facts>
  );
}

export function Overview({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  const { model } = loaded;
  const { summary } = model;
  const entry = store.entry.value;
  const compatibility = summaryOf(loaded, 'compatibility') as Compatibility | undefined;
  const metadata = summaryOf(loaded, 'metadata') as Metadata | undefined;
  const variables = compatibility?.variables ?? [];
  const writing = new Set(compatibility?.signatures.filter((s) => s.writes_variables).map(({ key }) => key));
  const hasMetadata = metadata !== undefined && metadata.entries.length + metadata.files.length > 0;
  return (
    <main class="overview">
      <header>
        <h1>{entry?.name ?? 'Model'}</h1>
        {summary.description !== '' && <p class="muted">{summary.description}</p>}
      </header>
      <div class="cards">
        <section class="card">
          <h2>File</h2>
          <KeyFacts summary={summary} />
          <Facts>
            <Fact name="SHA-256">
              {entry?.sha256 == null ? (
                <span class="muted">being computed</span>
              ) : (
                <code class="hash">{entry.sha256}</code>
              )}
            </Fact>
            <Fact name="Schema">version {summary.schema_version}</Fact>
            <Fact name="Tensors">{formatExact(summary.tensors)}</Fact>
          </Facts>
        </section>
        <section class="card">
          <h2>Precision</h2>
          <TypeBars title="Weights, stored bytes" values={summary.weight_types} format={formatBytes} />
          <TypeBars title="Activations, tensors" values={summary.activation_types} format={formatCount} />
        </section>
        <AllFindings key={loaded.id} loaded={loaded} />
        <section class="card wide">
          <h2>Inputs and outputs</h2>
          <Endpoints loaded={loaded} writing={writing} />
        </section>
        <div class="card-column">
          {compatibility !== undefined && <Runtimes summary={compatibility} />}
          {summary.subgraphs.length > 1 && (
            <section class="card">
              <h2>Subgraphs</h2>
              <Subgraphs loaded={loaded} />
            </section>
          )}
          {model.controlFlow.size > 0 && <ControlFlow loaded={loaded} />}
        </div>
        <section class="card">
          <h2>Operators</h2>
          <OperatorTypes loaded={loaded} start={0} end={model.operatorCount} />
        </section>
        {variables.length > 0 && <Variables loaded={loaded} variables={variables} />}
        {hasMetadata && <MetadataCard loaded={loaded} summary={metadata} />}
      </div>
    </main>
  );
}

/** The summary of a report that AllFindings asks for, once it is there. */
function summaryOf({ reports }: Loaded, name: string): unknown {
  return reports.states.value.get(name)?.report?.summary;
}

function TypeBars({
  title,
  values,
  format,
}: {
  title: string;
  values: Record<string, number>;
  format: (n: number) => string;
}) {
  const theme = useTheme();
  const rows = Object.entries(values).sort((a, b) => b[1] - a[1]);
  const total = rows.reduce((sum, [, value]) => sum + value, 0);
  return (
    <>
      <h3>
        {title} <Declared />
      </h3>
      {rows.length === 0 && <p class="muted">none</p>}
      <ul class="types">
        {rows.map(([name, value]) => (
          <li key={name} class="row">
            <span class="name">{name.toLowerCase()}</span>
            <Bar share={value / total} color={theme.families.convolution.strong} />
            <span class="number" title={formatExact(value)}>
              {format(value)}
            </span>
            <span class="number muted share">{formatPercent(value / total)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** By signature where there are some, by subgraph where none covers it. */
function Endpoints({ loaded, writing }: { loaded: Loaded; writing: ReadonlySet<string> }) {
  const store = useStore();
  const { summary } = loaded.model;
  const covered = new Set(summary.signatures.map(({ subgraph }) => subgraph));
  const called = new Set([...loaded.model.controlFlow.values()].flatMap((roles) => Object.values(roles)));
  const groups = [
    ...summary.signatures.map(({ key, subgraph, inputs, outputs }) => ({
      title: key,
      subgraph,
      inputs,
      outputs,
    })),
    ...summary.subgraphs.flatMap(({ name }, subgraph) =>
      covered.has(subgraph) || called.has(subgraph)
        ? []
        : [{ title: name || `subgraph ${subgraph}`, subgraph, inputs: null, outputs: null }],
    ),
  ];
  return (
    <>
      {groups.map(({ title, subgraph, inputs, outputs }) => {
        const graph = summary.subgraphs[subgraph];
        return (
          <Section key={`${title} ${subgraph}`} title={inputs === null ? title : `Signature ${title}`}>
            <table>
              <thead>
                <tr>
                  <th />
                  <th>Name</th>
                  <th>Type</th>
                  <th>Shape</th>
                </tr>
              </thead>
              <tbody>
                <EndpointRows direction="in" endpoints={graph.inputs} names={inputs} />
                <EndpointRows direction="out" endpoints={graph.outputs} names={outputs} />
              </tbody>
            </table>
            {inputs !== null && writing.has(title) && (
              <p class="muted">Writes variables, as training and restoring do.</p>
            )}
            {loaded.model.subgraphNames.length > 1 && (
              <button type="button" class="link" onClick={() => void store.enter(subgraph)}>
                show its graph →
              </button>
            )}
          </Section>
        );
      })}
    </>
  );
}

interface EndpointRowsProps {
  direction: string;
  endpoints: (Endpoint | null)[];
  names: Record<string, number> | null;
}

function EndpointRows({ direction, endpoints, names }: EndpointRowsProps) {
  const store = useStore();
  const nameOf = new Map(Object.entries(names ?? {}).map(([name, tensor]) => [tensor, name]));
  return (
    <>
      {endpoints.map((endpoint, i) =>
        endpoint === null ? null : (
          <tr key={`${direction}${i}`}>
            <td class="muted">{direction}</td>
            <td>
              <button
                type="button"
                class="link wrap"
                onClick={() => void store.goTo({ kind: 'tensor', id: endpoint.tensor })}
              >
                {nameOf.get(endpoint.tensor) ?? endpoint.name}
              </button>
            </td>
            <td>{endpoint.dtype.toLowerCase()}</td>
            <td class="nowrap">{formatShape(endpoint.shape)}</td>
          </tr>
        ),
      )}
    </>
  );
}

function Subgraphs({ loaded }: { loaded: Loaded }) {
  const store = useStore();
  return (
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th class="number">Operators</th>
          <th class="number">Tensors</th>
        </tr>
      </thead>
      <tbody>
        {loaded.model.summary.subgraphs.map(({ name, operators, tensors }, id) => (
          <tr key={id}>
            <td>
              <button type="button" class="link wrap" onClick={() => void store.enter(id)}>
                {name || `subgraph ${id}`}
              </button>
            </td>
            <td class="number">{formatExact(operators)}</td>
            <td class="number">{formatExact(tensors)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
