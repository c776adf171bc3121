/** Real models for tests, as the server sends them: tests/frontend/test_vitest.py writes them. Only tests import this. */
import { readdirSync, readFileSync } from 'node:fs';
import { decodeModel, type Model } from '../wire/model.ts';

const FOLDER = process.env.WIRE_FIXTURES;

/** Added to the names of tests that need them. */
export const ONLY_WITH_FIXTURES =
  FOLDER === undefined ? ' (WIRE_FIXTURES is not set: run pytest tests/frontend)' : '';

/** The models by name; none when there are none. */
export function realModels(): [string, Model][] {
  if (FOLDER === undefined) return [];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.tfv'))
    .sort()
    .map((file) => {
      const { buffer, byteOffset, byteLength } = readFileSync(`${FOLDER}/${file}`);
      return [file.slice(0, -4), decodeModel(buffer.slice(byteOffset, byteOffset + byteLength))];
    });
}
