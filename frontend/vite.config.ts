import { defineConfig } from 'vitest/config';

// Everything is a real file with a relative URL: TensorBoard's content security policy allows no blob: or data: worker,
// and a prefix-stripping proxy may stand in front. index.js keeps its name because TensorBoard is told it.
export default defineConfig({
  base: './',
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
