/** The reports of a model, fetched when they are first asked for and kept. */
import { computed, signal } from '@preact/signals';
import type { Source } from '../host/source.ts';
import type { TableClient } from '../table/client.ts';
import { columnsOver, type TableColumn } from '../table/tables.ts';
import { decodeReport, type Report } from '../wire/report.ts';

/** What was asked for: there, failed, or (both null) on its way. */
export interface Asked {
  report: Report | null;
  error: string | null;
}

export class Reports {
  /** By name; what is not in it was never asked for. */
  readonly states = signal<ReadonlyMap<string, Asked>>(new Map());
  /** The columns of all that are there. */
  readonly operators = computed<TableColumn[]>(() => columnsOver(this.arrived(), 'operators'));
  readonly tensors = computed<TableColumn[]>(() => columnsOver(this.arrived(), 'tensors'));
  private readonly asked = new Map<string, Promise<Report>>();
  /** Names of those that were given. */
  private readonly given: string[] = [];
  private readonly coming = new Map<string, Promise<ArrayBuffer>>();

  constructor(
    private readonly model: string,
    private readonly known: readonly string[],
    private readonly source: Source,
    private readonly tables: TableClient,
  ) {}

  get names(): readonly string[] {
    return [...this.known, ...this.given];
  }

  /** A report that does not come by its name: of the run that is looked at. It takes the place of the last one. */
  give(name: string, buffer: ArrayBuffer): void {
    const report = decodeReport(buffer);
    if (!this.names.includes(name)) this.given.push(name);
    this.asked.set(name, Promise.resolve(report));
    this.tables.give(name, buffer);
    this.set(name, { report, error: null });
  }

  /** The same once it has come; what is shown until then stays. Of several that are on their way the last one counts. */
  bring(name: string, ask: () => Promise<ArrayBuffer>): void {
    const coming = ask();
    this.coming.set(name, coming);
    if (this.states.peek().get(name)?.report == null) this.set(name, { report: null, error: null });
    coming.then(
      (buffer) => {
        if (this.coming.get(name) === coming) this.give(name, buffer);
      },
      (error: unknown) => {
        if (this.coming.get(name) !== coming) return;
        this.asked.delete(name);
        this.set(name, { report: null, error: error instanceof Error ? error.message : String(error) });
      },
    );
  }

  /** Rejects with the reason when the report cannot be had; a later call asks again. */
  ask(name: string): Promise<Report> {
    let answer = this.asked.get(name);
    if (answer === undefined) {
      answer = this.fetch(name);
      this.asked.set(name, answer);
    }
    return answer;
  }

  /** All of them. Those that fail are told by their state. */
  async askAll(): Promise<void> {
    await Promise.allSettled(this.names.map((name) => this.ask(name)));
  }

  private async fetch(name: string): Promise<Report> {
    this.set(name, { report: null, error: null });
    try {
      if (!this.names.includes(name)) throw new Error(`there is no report ${name}`);
      const buffer = await this.source.report(this.model, name);
      const report = decodeReport(buffer);
      if (report.over !== 'rows') this.tables.give(name, buffer);
      this.set(name, { report, error: null });
      return report;
    } catch (error) {
      this.asked.delete(name);
      this.set(name, { report: null, error: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  private arrived(): Report[] {
    const reports = this.names.map((name) => this.states.value.get(name)?.report ?? null);
    return reports.filter((report) => report !== null);
  }

  private set(name: string, asked: Asked): void {
    this.states.value = new Map([...this.states.peek(), [name, asked]]);
  }
}
