/** The roles that processes log in as: two of each, so that a password can be exchanged while both are taken (ADR 0020). */

/** Every web process. */
export const WEB_LOGINS = ["kombify_web", "kombify_web_b"] as const;
/** The queue. */
export const WORKER_LOGINS = ["kombify_worker", "kombify_worker_b"] as const;
export type LogInRole = (typeof WEB_LOGINS | typeof WORKER_LOGINS)[number];

/** The other of the two. Null for a role that is none of them. */
export function twinOf(login: string): LogInRole | null {
  for (const twins of [WEB_LOGINS, WORKER_LOGINS]) {
    const [first, second] = twins;
    if (login === first) return second;
    if (login === second) return first;
  }
  return null;
}

/** The same database for another role. */
export function withLogin(address: string, login: string, password: string): string {
  const url = new URL(address);
  url.username = login;
  url.password = password;
  return url.toString();
}
