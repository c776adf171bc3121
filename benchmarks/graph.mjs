/**
 * Times what the page and its worker do with a model, phase by phase, in Node. Called by graph.py.
 *
 *     node benchmarks/graph.mjs RUNS FILE.tfv…
 *
 * Prints one JSON object a file: milliseconds by phase, and counts. The page's code is bundled first, as in the browser.
 * The first run of each file is reported as cold, of the others the medians: of the wall clock, and of the processor time
 * of all threads, which says more on a machine that has other things to do.
 */
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const FRONTEND = join(import.meta.dirname, '..', 'frontend');
const { build } = await import(pathToFileURL(createRequire(join(FRONTEND, 'package.json')).resolve('vite')));

async function pageCode() {
  const outDir = join(FRONTEND, 'node_modules', '.benchmark');
  const entry = 'virtual:page';
  const modules = [
    'wire/model',
    'graph/hierarchy',
    'graph/calls',
    'graph/arrange',
    'graph/assemble',
    'graph/transfer',
    'graph/model-drawing',
  ];
  await build({
    root: FRONTEND,
    configFile: false,
    logLevel: 'error',
    build: { ssr: true, outDir, minify: false, target: 'es2022', rollupOptions: { input: { page: entry } } },
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) =>
          id === entry ? modules.map((module) => `export * from '/src/${module}.ts';`).join('\n') : null,
      },
    ],
  });
  const code = await import(pathToFileURL(join(outDir, 'page.js')));
  await rm(outDir, { recursive: true });
  return code;
}

function measure(page, buffer) {
  const times = {};
  const cpu = {};
  const timed = (phase, action) => {
    const start = performance.now();
    const before = process.cpuUsage();
    const result = action();
    const { user, system } = process.cpuUsage(before);
    times[phase] = performance.now() - start;
    cpu[phase] = (user + system) / 1000;
    return result;
  };
  const handOver = (value) => structuredClone(value, { transfer: page.transferables(value) });
  const model = timed('decode', () => page.decodeModel(buffer.slice(0)));
  const hierarchy = timed('hierarchy', () => page.buildHierarchy(model));
  const received = timed('hierarchy: hand over', () => structuredClone(hierarchy));
  const arranger = new page.Arranger(model, hierarchy);
  const views = {
    first: { root: 0, flat: false, open: page.openAtFirst(hierarchy, 0) },
    'open all': { root: 0, flat: false, open: new Set(page.openableIn(model, hierarchy, 0)) },
    flat: { root: 0, flat: true, open: new Set() },
  };
  const counts = { operators: model.operatorCount, groups: hierarchy.groups.length };
  for (const [name, view] of Object.entries(views)) {
    const laid = timed(`${name}: lay out`, () => arranger.arrange(view));
    const scene = timed(`${name}: assemble`, () => page.assemble(laid));
    const shown = timed(`${name}: hand over`, () => handOver(scene));
    timed(`${name}: drawing`, () => page.drawingOf(model, received, shown));
    counts[`${name}: boxes`] = shown.boxes.kind.length;
    counts[`${name}: lines`] = shown.lines.from.length;
  }
  return { times, cpu, counts };
}

function medianOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const [runs, ...files] = process.argv.slice(2);
const page = await pageCode();
for (const file of files) {
  const bytes = await readFile(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const all = Array.from({ length: Number(runs) + 1 }, () => measure(page, buffer));
  const kept = all.slice(1);
  const medians = (kind) =>
    Object.fromEntries(Object.keys(kept[0][kind]).map((phase) => [phase, medianOf(kept.map((run) => run[kind][phase]))]));
  const { times: cold, counts } = all[0];
  console.log(JSON.stringify({ model: basename(file, '.tfv'), counts, cold, wall: medians('times'), cpu: medians('cpu') }));
}
