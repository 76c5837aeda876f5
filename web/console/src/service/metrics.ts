/** One measured value of a metric. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metrics {
  readonly samples: readonly Sample[];
  /** What each metric is, in the words of the server. */
  readonly help: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const HELP = /^# HELP (\S+) (.*)$/;

/** Reads the text format of Prometheus, as far as `/metrics` writes it. Source: prometheus.io/docs/instrumenting/exposition_formats. */
export function readMetrics(text: string): Metrics {
  const help = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    const about = HELP.exec(line);
    if (about) help.set(about[1]!, about[2]!);
    const found = line.startsWith("#") ? null : SAMPLE.exec(line);
    if (found) samples.push({ name: found[1]!, labels: labelsOf(found[2] ?? ""), value: Number(found[3]) });
  }
  return { samples, help };
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name, value]) => [name!, value!]));
}

/** The sum of a metric's samples; null if there are none. */
export function valueOf({ samples }: Metrics, name: string): number | null {
  const found = samples.filter((sample) => sample.name === name);
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
}

/** Below which value a share of all observations of a histogram is, by its buckets; null if there are none. */
export function quantileOf({ samples }: Metrics, name: string, share: number): number | null {
  const buckets = samples
    .filter((sample) => sample.name === `${name}_bucket`)
    .map(({ labels, value }) => ({ limit: labels.le === "+Inf" ? Infinity : Number(labels.le), count: value }))
    .sort((a, b) => a.limit - b.limit);
  const all = buckets.at(-1)?.count ?? 0;
  return all === 0 ? null : (buckets.find(({ count }) => count >= share * all)?.limit ?? null);
}
