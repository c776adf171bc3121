/** What the file says about itself: TFLITE_METADATA, appended files, and the other entries. */
import { formatBytes, formatExact } from '../lib/format.ts';
import { normalisation, range, type AppendedFile, type Metadata } from '../overview/summaries.ts';
import type { Loaded } from '../state/store.ts';
import { useStore } from './context.ts';
import { Declared, Fact, Facts, Section } from './figures.tsx';

const MOST_ROWS = 200;
const SAID = ['name', 'description', 'version', 'author', 'license'] as const;

export function MetadataCard({ loaded, summary }: { loaded: Loaded; summary: Metadata }) {
  const { tensors, files, entries } = summary;
  const said = SAID.filter((name) => summary[name] !== '');
  return (
    <section class="card wide">
      <h2>
        Metadata <Declared />
      </h2>
      {said.length > 0 && (
        <Facts>
          {said.map((name) => (
            <Fact key={name} name={name[0].toUpperCase() + name.slice(1)}>
              {summary[name]}
            </Fact>
          ))}
        </Facts>
      )}
      {tensors.length > 0 && <DescribedTensors summary={summary} />}
      {files.length > 0 && (
        <Section title="Files">
          <table>
            <thead>
              <tr>
                <th>Name</th>
                <th>Kind</th>
                <th class="number">Size</th>
                <th>Labels</th>
              </tr>
            </thead>
            <tbody>
              {files.slice(0, MOST_ROWS).map((file, place) => (
                <FileRow key={place} loaded={loaded} file={file} />
              ))}
            </tbody>
          </table>
        </Section>
      )}
      {files.length > MOST_ROWS && <p class="muted">and {files.length - MOST_ROWS} more files</p>}
      {entries.length > 0 && (
        <Section title="Entries">
          <table class="entries">
            <tbody>
              {entries.map(({ name, size_bytes: size, text }, place) => (
                <tr key={place}>
                  <td>{name}</td>
                  <td>{text === null ? '' : <code>{text}</code>}</td>
                  <td class="number">{formatBytes(size)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
    </section>
  );
}

function DescribedTensors({ summary: { tensors } }: { summary: Metadata }) {
  const store = useStore();
  return (
    <Section title="Inputs and outputs as described">
      <table>
        <thead>
          <tr>
            <th />
            <th>Name</th>
            <th>Content</th>
            <th title="What the application does before it feeds the tensor">Normalisation</th>
            <th>Range</th>
          </tr>
        </thead>
        <tbody>
          {tensors.slice(0, MOST_ROWS).map((row) => (
            <tr key={`${row.role} ${row.subgraph} ${row.place}`}>
              <td class="muted">{row.role === 'input' ? 'in' : 'out'}</td>
              <td>
                {row.tensor === null ? (
                  <span title="The subgraph has no such tensor">{row.name || '?'}</span>
                ) : (
                  <button
                    type="button"
                    class="link wrap"
                    onClick={() => void store.goTo({ kind: 'tensor', id: row.tensor ?? 0 })}
                  >
                    {row.name || `tensor ${row.tensor}`}
                  </button>
                )}
                {row.description !== '' && <div class="muted">{row.description}</div>}
              </td>
              <td>{row.content ?? ''}</td>
              <td class="nowrap">{normalisation(row)}</td>
              <td class="nowrap">{range(row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function FileRow({ loaded, file }: { loaded: Loaded; file: AppendedFile }) {
  const { source } = useStore();
  const url = file.place === null ? null : source.fileUrl(loaded.id, file.place);
  return (
    <tr>
      <td>
        {url === null ? (
          file.name
        ) : (
          <a href={url} download title="Save the file">
            {file.name}
          </a>
        )}
        {file.description !== '' && <div class="muted">{file.description}</div>}
      </td>
      <td>{(file.type ?? '').toLowerCase().replaceAll('_', ' ')}</td>
      <td class="number">
        {file.size_bytes === null ? <span class="muted">missing</span> : formatBytes(file.size_bytes)}
      </td>
      <td>
        {file.lines !== null && (
          <>
            {formatExact(file.lines)}: <span class="muted">{file.first_lines.join(', ')}</span>
            {file.lines > file.first_lines.length && <span class="muted"> …</span>}
          </>
        )}
      </td>
    </tr>
  );
}
