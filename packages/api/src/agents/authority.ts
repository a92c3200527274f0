/**
 * The certificate authority. Its key is sealed at rest and never leaves this process. There are two CAs while one takes
 * over from the other (change-authority.ts): everybody trusts both, one issues. Which one, the database says; it is
 * asked for every certificate, so that no process goes on with the old one.
 */
import "reflect-metadata";
import type { Database, Transaction } from "@kombify/db";
import { certificateAuthorities, serviceCertificates } from "@kombify/db/schema";
import * as x509 from "@peculiar/x509";
import { sql } from "drizzle-orm";
import type { Authority } from "../context.ts";
import type { Sealer } from "../seal.ts";
import {
  createRoot,
  endorse,
  exportPrivateKey,
  fingerprintOf,
  generateKeys,
  type Issuer,
  importPrivateKey,
  issueLeaf,
  publicKeyOfRequest,
} from "./certificate.ts";

const PURPOSE = "certificate_authorities.sealed_private_key";
const DAY_MS = 86_400_000;
const LOCK = "kombify certificate authority";

/** Held while a CA is made, activated or retired. */
export const lockAuthorities = (tx: Transaction) => tx.execute(sql`select pg_advisory_xact_lock(hashtext(${LOCK}))`);
/** Held while a certificate is issued and written down. */
const lockIssuing = (tx: Transaction) => tx.execute(sql`select pg_advisory_xact_lock_shared(hashtext(${LOCK}))`);

/** Writes a new CA down, which issues from now on or, without `isActive`, is only trusted. @returns its fingerprint. */
export async function insertAuthority(tx: Transaction, sealer: Sealer, isActive: boolean): Promise<string> {
  const root = await createRoot();
  const fingerprint = await fingerprintOf(root.certificate);
  await tx.insert(certificateAuthorities).values({
    fingerprint,
    certificate: root.certificate.toString("pem"),
    sealedPrivateKey: await sealer.seal(PURPOSE, await exportPrivateKey(root.privateKey)),
    createdAt: sql`clock_timestamp()`,
    activatedAt: isActive ? sql`clock_timestamp()` : null,
    notAfter: root.certificate.notAfter,
  });
  return fingerprint;
}

interface Row {
  fingerprint: string;
  certificate: string;
  key: string;
  isActive: boolean;
}

interface State {
  /** Which CAs there are and which of them issue: differs when anything has changed. */
  mark: string;
  fingerprints: string[];
  /** PEM, newest first. */
  bundle: string[];
  fingerprint: string;
  issuer: Issuer;
  /**
   * What our services show after their own certificate. A join token names the CA that issued when it was made: where that
   * was the predecessor, its word for the new one and its own certificate follow.
   */
  chain: string[];
}

export interface OpenAuthority extends Authority {
  /** Looks at the database; tells listeners when something has changed. */
  reload(): Promise<void>;
  /** Called when another CA is trusted, issues, or is gone. */
  onChange(listener: () => void): void;
}

export interface AuthorityOptions {
  /** Of agents' and services' certificates; default 24 h. */
  leafLifetimeMs?: number;
  /** How often {@link OpenAuthority.reload} is called at least, milliseconds; default 10 s. */
  reloadMs?: number;
}

export const RELOAD_MS = 10_000;
const MARK = sql`select coalesce(string_agg(fingerprint || coalesce(activated_at::text, ''), ' ' order by fingerprint), '') as mark
  from certificate_authorities where retired_at is null`;

/** The installation's authority; makes it when there is none. */
export async function openAuthority(
  db: Database,
  sealer: Sealer,
  options: AuthorityOptions = {},
): Promise<OpenAuthority> {
  const { leafLifetimeMs = DAY_MS, reloadMs = RELOAD_MS } = options;
  const system = db.as({ kind: "system" });
  await system.transaction(async (tx) => {
    await lockAuthorities(tx);
    const [known] = await tx.execute<{ mark: string }>(MARK);
    if (known?.mark === "") await insertAuthority(tx, sealer, true);
  });

  const issuerOf = async ({ certificate, key }: Row): Promise<Issuer> => ({
    certificate: new x509.X509Certificate(certificate),
    privateKey: await importPrivateKey(await sealer.open(PURPOSE, key)),
  });
  const load = async (): Promise<State> => {
    const rows = await system.read<Row & { mark: string }>(
      (read) => read`select fingerprint, certificate, sealed_private_key as key, activated_at is not null as "isActive",
          string_agg(fingerprint || coalesce(activated_at::text, ''), ' ') over (order by fingerprint
            rows between unbounded preceding and unbounded following) as mark
        from certificate_authorities where retired_at is null order by created_at desc`,
    );
    const [active, predecessor] = rows.filter(({ isActive }) => isActive);
    if (!active) throw new Error("There is no certificate authority that issues.");
    const issuer = await issuerOf(active);
    const words = predecessor
      ? [await endorse(await issuerOf(predecessor), issuer.certificate), predecessor.certificate]
      : [];
    return {
      mark: active.mark,
      fingerprints: rows.map(({ fingerprint }) => fingerprint),
      bundle: rows.map(({ certificate }) => certificate),
      fingerprint: active.fingerprint,
      issuer,
      chain: [active.certificate, ...words],
    };
  };

  let state = await load();
  let loading: Promise<void> | undefined;
  const listeners: (() => void)[] = [];
  const reload = (): Promise<void> => {
    loading ??= load()
      .then((next) => {
        const isNew = next.mark !== state.mark;
        state = next;
        if (isNew) for (const listener of listeners) listener();
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };
  /** What is true for as long as the transaction lasts. */
  const hold = async (tx: Transaction): Promise<State> => {
    await lockIssuing(tx);
    const [now] = await tx.execute<{ mark: string }>(MARK);
    // A reload that began before the lock may have read what was true then.
    for (let tries = 0; now?.mark !== state.mark && tries < 3; tries++) await reload();
    if (now?.mark !== state.mark) throw new Error("The certificate authority changed and could not be read again.");
    return state;
  };

  return {
    get fingerprint() {
      return state.fingerprint;
    },
    leafLifetimeMs,
    settleMs: 2 * reloadMs,
    async trusts(fingerprint) {
      await reload();
      return state.fingerprints.includes(fingerprint);
    },
    async grantInstance(csr, instanceId, tx) {
      const publicKey = await publicKeyOfRequest(csr);
      const sign = async (held: Transaction) => {
        const { issuer, bundle: caBundle } = await hold(held);
        return { ...(await issueLeaf(issuer, { kind: "instance", instanceId }, publicKey, leafLifetimeMs)), caBundle };
      };
      return tx ? sign(tx) : system.transaction(sign);
    },
    async issueService(name, { lifetimeMs = leafLifetimeMs, tx } = {}) {
      const keys = await generateKeys();
      const key = await exportPrivateKey(keys.privateKey);
      const issue = async (held: Transaction) => {
        const { issuer, chain, bundle } = await hold(held);
        const dnsNames = name === "gateway" ? [] : ["localhost"];
        const leaf = await issueLeaf(issuer, { kind: "service", name }, keys.publicKey, lifetimeMs, dnsNames);
        const { serial, notAfter } = leaf;
        await held
          .insert(serviceCertificates)
          .values({ serial, service: name, issuedAt: sql`clock_timestamp()`, notAfter });
        return { key, cert: [leaf.certificate, ...chain].join("\n"), ca: bundle, serial, notAfter };
      };
      return tx ? issue(tx) : system.transaction(issue);
    },
    reload,
    onChange: (listener) => void listeners.push(listener),
  };
}
