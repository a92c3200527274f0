import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Bounds in seconds, around the aims of the portals: pages under 0.2 s, reads under 0.05 s. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10];

export type HttpMetrics = {
  registry: Registry;
  /** @param route the pattern of the route (`/v1/stacks/:id`), never the path: paths have no bound. */
  observe(request: { method: string; route: string; status: number; seconds: number }): void;
};

/** A registry of its own with Node's default metrics and one histogram of requests. */
export function createHttpMetrics(name: string): HttpMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ process: name });
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: "http_request_duration_seconds",
    help: "Seconds from the arrival of a request to its response headers.",
    labelNames: ["method", "route", "status"] as const,
    buckets: BUCKETS,
    registers: [registry],
  });
  return {
    registry,
    observe: ({ method, route, status, seconds }) => duration.observe({ method, route, status }, seconds),
  };
}

export type MetricsRegistry = Registry;

/**
 * A counter in the registry of a shell.
 * @returns a function that counts one, under a value for each label.
 */
export function createCounter<const L extends string>(
  registry: Registry,
  { name, help, labels }: { name: string; help: string; labels: readonly L[] },
): (values: Record<L, string>) => void {
  const counter = new Counter({ name, help, labelNames: labels, registers: [registry] });
  return (values) => counter.inc(values);
}

/** A gauge in the registry of a shell, read whenever somebody asks; undefined leaves it out. */
export function createGauge(
  registry: Registry,
  { name, help, read }: { name: string; help: string; read: () => number | undefined },
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      const value = read();
      if (value === undefined) this.reset();
      else this.set(value);
    },
  });
}
