import { useNow } from "./clock.ts";
import { exactUtcText, relativeTimeText } from "./relative-time-text.ts";

/** A moment as "5 minutes ago", kept current, with the exact time on hover and for machines. */
export function RelativeTime({ at, className }: { at: Date | string; className?: string }) {
  const now = useNow();
  const date = typeof at === "string" ? new Date(at) : at;
  const exact = exactUtcText(date);
  return (
    <time className={className} dateTime={date.toISOString()} title={exact}>
      {now === null ? exact : relativeTimeText(date.getTime(), now)}
    </time>
  );
}
