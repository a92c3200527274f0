import { EventEmitter } from "node:events";

/** Tells pages that are open right now that a tenant's jobs changed. What changed is read from the store. */
export type JobFeed = {
  publish(tenantId: string): void;
  /** @returns a function that ends the subscription. */
  subscribe(tenantId: string, listener: () => void): () => void;
};

export function createJobFeed(): JobFeed {
  const events = new EventEmitter();
  // One listener per open page, however many those are.
  events.setMaxListeners(0);
  return {
    publish: (tenantId) => void events.emit(tenantId),
    subscribe(tenantId, listener) {
      events.on(tenantId, listener);
      return () => void events.off(tenantId, listener);
    },
  };
}
