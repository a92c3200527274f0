/**
 * What must change the moment a process is told to stop, before anything is closed: readiness turns 503 and event
 * streams end. Every shell registers here, so that no application can forget it.
 */
const drains = new Set<() => void>();

/** @returns a function that takes the registration back. */
export function onDrain(drain: () => void): () => void {
  drains.add(drain);
  return () => drains.delete(drain);
}

export function drainAll(): void {
  for (const drain of drains) drain();
}
