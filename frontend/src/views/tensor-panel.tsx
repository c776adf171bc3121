import { useSignal } from '@preact/signals';
import type { QuantizationDetails, TensorDetails } from '../host/source.ts';
import type { Loaded } from '../state/store.ts';
import { formatBytes, formatExact, formatNumber, formatShape } from '../lib/format.ts';
import type { Model } from '../wire/model.ts';
import { dtypeName, tensorName } from '../wire/model.ts';
import { ChannelChart } from './channel-chart.tsx';
import { useStore } from './context.ts';
import { Declared, Fact, Facts, Section } from './figures.tsx';
import { Many, OperatorLink, TensorLink } from './links.tsx';
import { useRemote } from './remote.ts';

export function TensorPanel({ loaded, id }: { loaded: Loaded; id: number }) {
  const store = useStore();
  const { model } = loaded;
  const remote = useRemote(() => store.source.tensor(loaded.id, id));
  const { value: details, error } = remote.value;
  return (
    <article>
      <header class="item-head">
        <span class="dot hollow" />
        <h2>Tensor</h2>
        <span class="muted">#{id}</span>
      </header>
      <p class="item-name">{tensorName(model, id)}</p>
      {error !== null && <p class="error-text">{error}</p>}
      {details === null && error === null && <p class="muted">{dtypeName(model, id)} …</p>}
      {details !== null && <TensorFacts details={details} />}
      {details?.quantization != null && <Quantization model={model} quantization={details.quantization} />}
      {details?.sparsity != null && <Sparsity sparsity={details.sparsity} details={details} />}
      {details !== null && (
        <Section title="In the graph">
          <Facts>
            <Fact name="Written by">
              {details.producer >= 0 ? <OperatorLink model={model} id={details.producer} /> : 'no operator'}
            </Fact>
            <Fact name="Read by">
              {details.consumers.length === 0 && 'no operator'}
              <Many
                items={[...new Set(details.consumers)]}
                show={8}
                render={(op) => (
                  <div key={op}>
                    <OperatorLink model={model} id={op} />
                  </div>
                )}
              />
            </Fact>
          </Facts>
        </Section>
      )}
    </article>
  );
}

function TensorFacts({ details }: { details: TensorDetails }) {
  const { shape, shape_signature: signature } = details;
  return (
    <Facts>
      <Fact name="Type">
        {details.dtype} <Declared />
      </Fact>
      <Fact name="Shape">{details.rank_known ? formatShape(shape) : 'unknown rank'}</Fact>
      {signature.length > 0 && signature.some((size) => size < 0) && (
        <Fact name="Shape signature" title="Dimensions that are not known before running are question marks">
          {formatShape(signature)}
        </Fact>
      )}
      <Fact name="Size" title="Of the dense tensor, by type and shape">
        {details.dense_bytes === null ? (
          'not fixed'
        ) : (
          <span title={`${formatExact(details.dense_bytes)} bytes`}>{formatBytes(details.dense_bytes)}</span>
        )}
      </Fact>
      {details.constant_bytes > 0 && (
        <Fact name="Stored" title="Bytes of its data in the file">
          <span title={`${formatExact(details.constant_bytes)} bytes`}>
            {formatBytes(details.constant_bytes)}
          </span>{' '}
          in{' '}
          {details.external_buffer === null
            ? `buffer ${details.buffer}`
            : `external file ${details.external_buffer.group ?? '?'}`}
        </Fact>
      )}
      {details.shares_buffer_with.length > 0 && (
        <Fact name="Shares its buffer">
          with {details.shares_buffer_with.map((tensor) => `#${tensor}`).join(', ')}
        </Fact>
      )}
      {details.variable && <Fact name="Variable">keeps its value between invocations</Fact>}
      <Fact name="In subgraph">
        {details.subgraph}, tensor {details.index}
      </Fact>
    </Facts>
  );
}

function Quantization({ model, quantization }: { model: Model; quantization: QuantizationDetails }) {
  const shown = useSignal(false);
  const { scale, zero_point: zero, kind, details } = quantization;
  const scales = scale.map(Number);
  const many = scales.length > 1;
  return (
    <Section title="Quantization">
      <Facts>
        <Fact name="Granularity">
          {kind === '' ? 'range only' : kind}{' '}
          {many && `, ${scales.length} channels on axis ${quantization.dimension}`} <Declared />
        </Fact>
        {scales.length > 0 && (
          <Fact name="Scale">
            <span title={many ? undefined : String(scale[0])}>
              {many
                ? `${formatNumber(least(scales))} … ${formatNumber(most(scales))}`
                : formatNumber(scales[0])}
            </span>
          </Fact>
        )}
        {zero.length > 0 && (
          <Fact name="Zero point">
            {new Set(zero).size === 1 ? zero[0] : `${least(zero)} … ${most(zero)}`}
          </Fact>
        )}
        {quantization.min.length > 0 && quantization.max.length > 0 && (
          <Fact name="Recorded range">
            {formatNumber(least(quantization.min.map(Number)))} …{' '}
            {formatNumber(most(quantization.max.map(Number)))}
          </Fact>
        )}
        {details !== null && (
          <>
            <Fact name="Block size">{details.block_size}</Fact>
            {details.scales >= 0 && (
              <Fact name="Scales">
                <TensorLink model={model} id={details.scales} />
              </Fact>
            )}
            {details.zero_points >= 0 && (
              <Fact name="Zero points">
                <TensorLink model={model} id={details.zero_points} />
              </Fact>
            )}
          </>
        )}
      </Facts>
      {many &&
        (shown.value ? (
          <ChannelChart values={scales} label="scale" />
        ) : (
          <button type="button" onClick={() => (shown.value = true)}>
            Chart of {scales.length} scales
          </button>
        ))}
    </Section>
  );
}

function Sparsity({
  sparsity,
  details,
}: {
  sparsity: NonNullable<TensorDetails['sparsity']>;
  details: TensorDetails;
}) {
  return (
    <Section title="Sparsity">
      <Facts>
        <Fact name="Levels">
          {sparsity.dimensions.map(({ format, size, stored }, level) => (
            <div key={level}>
              {format === 'DENSE' ? `dense, ${size ?? 0}` : `sparse, ${formatExact(stored ?? 0)} stored`}
            </div>
          ))}
        </Fact>
        <Fact name="Traversal order">{sparsity.traversal_order.join(', ')}</Fact>
        {sparsity.block_map.length > 0 && <Fact name="Block map">{sparsity.block_map.join(', ')}</Fact>}
        {details.dense_bytes !== null && (
          <Fact
            name="Stored values"
            title="Bytes of the stored values, of what the dense tensor would take; indices not counted"
          >
            {formatBytes(details.constant_bytes)} of {formatBytes(details.dense_bytes)}
          </Fact>
        )}
      </Facts>
    </Section>
  );
}

function least(values: number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}
