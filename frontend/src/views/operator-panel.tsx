import type { OperatorDetails } from '../host/source.ts';
import type { Loaded } from '../state/store.ts';
import { formatBytes, formatNumber } from '../lib/format.ts';
import { openIdOf } from '../graph/calls.ts';
import { groupsAround } from '../graph/hierarchy.ts';
import { rowOf } from '../wire/csr.ts';
import { operatorFamily, operatorName, operatorTypeName, type Model } from '../wire/model.ts';
import { useStore } from './context.ts';
import { DelegateReasons } from './delegate-reasons.tsx';
import { Declared, Fact, Facts, FamilyDot, Section } from './figures.tsx';
import { OperatorLens } from './lens-figures.tsx';
import { Many, OperatorLink, SubgraphLink, TensorLink, TensorType } from './links.tsx';
import { useRemote } from './remote.ts';

export function OperatorPanel({ loaded, id }: { loaded: Loaded; id: number }) {
  const store = useStore();
  const { model, hierarchy } = loaded;
  const remote = useRemote(() => store.source.operator(loaded.id, id));
  const { value: details, error } = remote.value;
  const path = groupsAround(hierarchy, id);
  return (
    <article>
      <header class="item-head">
        <FamilyDot family={operatorFamily(model, id)} />
        <h2>{operatorTypeName(model, id)}</h2>
        <span class="muted">#{id}</span>
      </header>
      <p class="item-name">{operatorName(model, id)}</p>
      <p class="path">
        {path.map((group) => (
          <button
            key={group}
            type="button"
            class="link"
            onClick={() => void store.goTo({ kind: 'group', id: group })}
          >
            {hierarchy.groups[group].name}
          </button>
        ))}
      </p>
      {model.controlFlow.has(id) && !store.flat.value && (
        <p class="actions">
          <button type="button" onClick={() => void store.toggleOperator(id)}>
            {store.open.value.has(openIdOf(hierarchy, id)) ? 'Close' : 'Open'}
          </button>
        </p>
      )}
      <OperatorLens id={id} />
      <DelegateReasons loaded={loaded} operators={[id]} />
      {error !== null && <p class="error-text">{error}</p>}
      {details === null && error === null && <p class="muted">Reading options …</p>}
      {details !== null && <OperatorFacts model={model} details={details} />}
      {hierarchy.host[id] >= 0 && (
        <Section title="Folded into">
          <OperatorLink model={model} id={hierarchy.host[id]} />
        </Section>
      )}
      {details !== null && (
        <>
          <Options model={model} details={details} />
          <Operands model={model} title="Inputs" operands={details.inputs} links="producer" />
          <Operands model={model} title="Outputs" operands={details.outputs} links="consumers" />
          {details.intermediates.length > 0 && (
            <Operands
              model={model}
              title="Intermediates"
              operands={details.intermediates.map((tensor, i) => ({ name: `intermediate_${i}`, tensor }))}
              links="none"
            />
          )}
        </>
      )}
    </article>
  );
}

function OperatorFacts({ model, details }: { model: Model; details: OperatorDetails }) {
  return (
    <Facts>
      <Fact name="In subgraph" title="Its place in the subgraph is what the runtime calls it">
        {model.subgraphNames[details.subgraph] || details.subgraph}, operator {details.index}
      </Fact>
      <Fact name="Version">
        {details.version} <Declared />
      </Fact>
      {details.tensorflow_op !== null && <Fact name="TensorFlow operator">{details.tensorflow_op}</Fact>}
    </Facts>
  );
}

function Options({ model, details }: { model: Model; details: OperatorDetails }) {
  const links = Object.entries(details.subgraphs);
  const entries = Object.entries(details.options).filter(([name]) => name !== 'tensorflow_op');
  if (entries.length === 0 && links.length === 0 && details.notes.length === 0) return null;
  return (
    <Section title={details.options_table ?? 'Options'}>
      {links.length > 0 && (
        <Facts>
          {links.map(([role, subgraph]) => (
            <Fact key={role} name={role}>
              <SubgraphLink name={model.subgraphNames[subgraph]} id={subgraph} />
            </Fact>
          ))}
        </Facts>
      )}
      <Facts>
        {entries.map(([name, value]) => (
          <Fact key={name} name={name}>
            <OptionValue value={value} />
          </Fact>
        ))}
      </Facts>
      {details.notes.map((note) => (
        <p key={note} class="muted">
          {note}
        </p>
      ))}
    </Section>
  );
}

/** Values nest at most as deep as the server reads them. */
function OptionValue({ value }: { value: unknown }) {
  if (typeof value === 'number') return <span title={String(value)}>{formatNumber(value)}</span>;
  if (Array.isArray(value))
    return value.every((item) => typeof item !== 'object') ? (
      <span>
        {value.length === 0
          ? '[ ]'
          : value.slice(0, 64).join(', ') + (value.length > 64 ? ` … ${value.length}` : '')}
      </span>
    ) : (
      <pre class="nested">{JSON.stringify(value, null, 1)}</pre>
    );
  if (typeof value === 'object' && value !== null)
    return <pre class="nested">{JSON.stringify(value, null, 1)}</pre>;
  return <span>{value === '' ? '""' : String(value)}</span>;
}

interface OperandsProps {
  model: Model;
  title: string;
  operands: { name: string; tensor: number }[];
  links: 'producer' | 'consumers' | 'none';
}

function Operands({ model, title, operands, links }: OperandsProps) {
  if (operands.length === 0) return null;
  return (
    <Section title={`${title} (${operands.length})`}>
      <Many
        items={operands}
        show={30}
        render={({ name, tensor }) => (
          <div key={name} class="operand">
            <span class="role">{name}</span>
            {tensor < 0 ? (
              <span class="muted">left out</span>
            ) : (
              <div>
                <TensorLink model={model} id={tensor} />
                <div>
                  <TensorType model={model} id={tensor} />
                  {model.constantBytes[tensor] > 0 && (
                    <span class="muted"> constant, {formatBytes(model.constantBytes[tensor])}</span>
                  )}
                  {model.variable[tensor] !== 0 && <span class="muted"> variable</span>}
                </div>
                <Ends model={model} tensor={tensor} links={links} />
              </div>
            )}
          </div>
        )}
      />
    </Section>
  );
}

function Ends({ model, tensor, links }: { model: Model; tensor: number; links: OperandsProps['links'] }) {
  if (links === 'producer') {
    const from = model.producer[tensor];
    return from < 0 ? null : (
      <div>
        <span class="muted">from </span>
        <OperatorLink model={model} id={from} />
      </div>
    );
  }
  if (links === 'none') return null;
  const users = [...new Set(rowOf(model.consumers, tensor))];
  return (
    <div class="ends">
      <span class="muted">{users.length === 0 ? 'read by no operator' : 'to '}</span>
      <Many items={users} show={4} render={(op) => <OperatorLink key={op} model={model} id={op} />} />
    </div>
  );
}
