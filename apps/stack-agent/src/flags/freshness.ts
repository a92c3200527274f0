/** How current this host's flags are. They are served without limit; only what is said of them changes. */

/** Silence of the control plane after which flags count as stale. */
const STALE_AFTER_MS = 5 * 60_000;

export type Freshness = {
  /** When the control plane last said that the flags here are current; null when it never did. */
  confirmedAt: Date | null;
  isStale: boolean;
  /** Why they could not be fetched since; null when they could. */
  error: string | null;
};

export type FreshnessWatch = {
  confirmed(): void;
  failed(error: string): void;
  status(): Freshness;
};

/**
 * @param lastContactAt from before this process started: until the control plane is heard of again, flags are that old.
 * @param onChange there is another error than before, or none any more.
 */
export function watchFreshness(lastContactAt: Date | null, onChange: () => void): FreshnessWatch {
  let confirmedAt = lastContactAt;
  let isConfirmed = false;
  let error: string | null = null;
  const become = (next: string | null): void => {
    if (error === next) return;
    error = next;
    onChange();
  };
  return {
    confirmed() {
      confirmedAt = new Date();
      isConfirmed = true;
      become(null);
    },
    failed: become,
    status: () => {
      const isOld = confirmedAt === null || Date.now() - confirmedAt.getTime() > STALE_AFTER_MS;
      return { confirmedAt, isStale: !isConfirmed || error !== null || isOld, error };
    },
  };
}
