import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Has the page ask at once for what it would otherwise find one after the other: the code, and the list of models. */
function preloads() {
  return {
    name: 'preloads',
    writeBundle(
      { dir }: { dir?: string },
      bundle: Record<string, { type: string; name?: string; imports?: string[] }>,
    ) {
      const page = join(dir ?? '', 'index.html');
      const code = bundle['boot.js'].imports ?? [];
      const links = code.map((file) => `<link rel="modulepreload" href="${file}" />`);
      links.push('<link rel="preload" href="models" as="fetch" crossorigin />');
      const text = readFileSync(page, 'utf8');
      writeFileSync(page, text.replace('</head>', `  ${links.join('\n    ')}\n  </head>`));
    },
  };
}

// Everything is a real file with a relative URL: TensorBoard's content security policy allows no blob: or data: worker,
// and a prefix-stripping proxy may stand in front. index.js keeps its name because TensorBoard is told it.
export default defineConfig({
  base: './',
  plugins: [preloads()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../tb_tflite_plugin/static',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: { index: 'src/index.ts', boot: 'src/boot.ts' },
      preserveEntrySignatures: 'strict',
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'assets/[name]-[hash:8].js',
        assetFileNames: 'assets/[name]-[hash:8][extname]',
      },
    },
  },
  worker: {
    format: 'es',
    rolldownOptions: { output: { entryFileNames: 'assets/[name]-[hash:8].js' } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 30_000 },
});
