/** Real models for tests, as the server sends them: tests/frontend/test_vitest.py writes them. Only tests import this. */
import { readdirSync, readFileSync } from 'node:fs';
import { decodeModel, type Model } from '../wire/model.ts';
import { decodeReport, type Report } from '../wire/report.ts';

const FOLDER = process.env.WIRE_FIXTURES;

/** Added to the names of tests that need them. */
export const ONLY_WITH_FIXTURES =
  FOLDER === undefined ? ' (WIRE_FIXTURES is not set: run pytest tests/frontend)' : '';

/** The models by name; none when there are none. */
export function realModels(): [string, Model][] {
  return files('.tfv').map((name) => [name, decodeModel(read(`${name}.tfv`))]);
}

/** The table of a report as the command line prints it. */
interface Printed {
  summary: unknown;
  columns: { name: string }[];
  rows: unknown[][];
}

/** Their reports, and the same as the command line prints them. */
export function realReports(): [string, Report, Printed][] {
  return files('.tfr').map((name) => [
    name,
    decodeReport(read(`${name}.tfr`)),
    JSON.parse(new TextDecoder().decode(read(`${name}.json`))) as Printed,
  ]);
}

/** Names of the files with an ending, without it. */
function files(ending: string): string[] {
  if (FOLDER === undefined) return [];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => file.slice(0, -ending.length));
}

function read(file: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = readFileSync(`${FOLDER}/${file}`);
  return buffer.slice(byteOffset, byteOffset + byteLength);
}
