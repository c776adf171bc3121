import { defineConfig } from 'vite';

// The one-file report: a single classic script with the worker inside, since a page opened from disk may load nothing.
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  publicDir: false,
  build: {
    outDir: '../tb_tflite_plugin/static',
    emptyOutDir: false,
    target: 'es2022',
    rolldownOptions: {
      input: 'src/report.ts',
      output: { format: 'iife', entryFileNames: 'report.js' },
    },
  },
  worker: { format: 'iife' },
});
