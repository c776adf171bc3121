/** What runs the model, what it keeps between inferences, and which operators run other subgraphs. */
import type { Loaded } from '../state/store.ts';
import type { Compatibility, Variable } from '../overview/summaries.ts';
import { Fact, Facts } from './figures.tsx';
import { Many, OperatorLink, SubgraphLink } from './links.tsx';
import { ProvenanceMark } from './provenance.tsx';

const MOST_ROWS = 200;

export function Runtimes({ summary }: { summary: Compatibility }) {
  const { operators, micro_operators: micro } = summary;
  return (
    <section class="card">
      <h2>Runtimes</h2>
      <Facts>
        <Fact
          name="TensorFlow Lite"
          title="The first version that has these versions of the operators, by the converter's own table"
        >
          {summary.least_runtime === null ? (
            <span class="muted">not known</span>
          ) : (
            <>
              {summary.least_runtime} or later <ProvenanceMark provenance="simulated" />
            </>
          )}
          {summary.declared_runtime !== null && summary.declared_runtime !== summary.least_runtime && (
            <>
              <br />
              <span class="muted">the file says {summary.declared_runtime}</span>{' '}
              <ProvenanceMark provenance="declared" />
            </>
          )}
        </Fact>
        <Fact
          name="Flex delegate"
          title="Operators of TensorFlow, for which the Flex delegate must be linked"
        >
          <Names names={summary.tensorflow_operators} none="not needed" />
        </Fact>
        <Fact name="Custom operators" title="The application must register them">
          <Names names={summary.custom_operators} none="none" />
        </Fact>
        <Fact
          name="TFLite Micro"
          title="Operators that the reference kernels of TensorFlow Lite Micro take; kernels may refuse more"
        >
          {micro === operators ? 'takes all operators' : `takes ${micro} of ${operators} operators`}{' '}
          <ProvenanceMark provenance="simulated" />
        </Fact>
      </Facts>
    </section>
  );
}

function Names({ names, none }: { names: string[]; none: string }) {
  if (names.length === 0) return <span class="muted">{none}</span>;
  return (
    <Many
      items={names}
      show={8}
      render={(name) => (
        <code key={name} class="name-chip">
          {name}
        </code>
      )}
    />
  );
}

export function Variables({ loaded: { model }, variables }: { loaded: Loaded; variables: Variable[] }) {
  const users = (operators: number[]) =>
    operators.length === 0 ? (
      <span class="muted">nothing</span>
    ) : (
      <Many items={operators} show={3} render={(id) => <OperatorLink key={id} model={model} id={id} />} />
    );
  return (
    <section class="card wide">
      <h2>
        Variables <span class="muted">kept between inferences</span>
      </h2>
      <table class="users">
        <thead>
          <tr>
            <th>Name</th>
            <th>Read by</th>
            <th>Written by</th>
          </tr>
        </thead>
        <tbody>
          {variables.slice(0, MOST_ROWS).map(({ name, read_by: read, written_by: written }, place) => (
            <tr key={place}>
              <td>{name}</td>
              <td>{users(read)}</td>
              <td>{users(written)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {variables.length > MOST_ROWS && <p class="muted">and {variables.length - MOST_ROWS} more</p>}
    </section>
  );
}

export function ControlFlow({ loaded: { model } }: { loaded: Loaded }) {
  return (
    <section class="card">
      <h2>Control flow</h2>
      <Many
        items={[...model.controlFlow]}
        show={12}
        render={([operator, roles]) => (
          <div key={operator} class="calls">
            <OperatorLink model={model} id={operator} />
            <span>
              {Object.entries(roles).map(([role, graph]) => (
                <span key={role} class="call">
                  <span class="muted">{role}</span>{' '}
                  <SubgraphLink name={model.subgraphNames[graph]} id={graph} />
                </span>
              ))}
            </span>
          </div>
        )}
      />
    </section>
  );
}
