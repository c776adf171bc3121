/** What went wrong, in the words of who knows. */
import { ServerError } from '../host/server.ts';

export interface Failure {
  title: string;
  reason: string;
  details: string[];
}

export function describe(error: unknown, title: string): Failure {
  if (!(error instanceof ServerError))
    return { title, reason: error instanceof Error ? error.message : String(error), details: [] };
  const details = [];
  if (error.file !== null) details.push(`File: ${error.file}`);
  if (error.offset !== null) details.push(`Byte: ${error.offset.toLocaleString('en')}`);
  if (error.table !== null) details.push(`Part: ${error.table}`);
  return { title, reason: error.message, details };
}
