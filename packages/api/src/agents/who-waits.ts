/** Who is not ready for the next step of a change of CA, in words for staff; nobody when the list is empty. */
import type { VerbContext } from "../context.ts";

interface Named {
  name: string;
  connection: string;
}

const nameOf = ({ name, connection }: Named) => (connection === "connected" ? name : `${name} (${connection})`);

/**
 * An instance counts while it holds a certificate that could still open a connection. One that is away longer than that has
 * to join again anyway, and is given the new CA when it does: so nothing waits longer than a certificate lives.
 */
const HOLDS_CERTIFICATE = `exists (select from agent_certificates h where h.instance_id = i.id and h.revoked_at is null and h.not_after > now())`;

/** Instances whose agent has not said that it trusts the newest CA, and gateways that were given their CAs before it was made. */
export async function whoLacks(ctx: VerbContext): Promise<string[]> {
  const instances = await ctx.db.read<Named>(
    (sql) => sql`
      select i.name, r.connection from instances i join instance_reports r on r.instance_id = i.id
      where ${sql.unsafe(HOLDS_CERTIFICATE)} and not r.trusted_cas ? (
        select fingerprint from certificate_authorities where retired_at is null order by created_at desc limit 1)
      order by i.name`,
  );
  return [...instances.map(nameOf), ...(await gatewaysBefore(ctx, "created_at"))];
}

/** Who uses a certificate that the CA before has issued: agents by their last report, and gateways. */
export async function whoNeeds(ctx: VerbContext): Promise<string[]> {
  const instances = await ctx.db.read<Named>(
    (sql) => sql`
      select i.name, r.connection from instances i join instance_reports r on r.instance_id = i.id
      where ${sql.unsafe(HOLDS_CERTIFICATE)} and not exists (
        select from agent_certificates c where c.serial = r.certificate_serial and c.instance_id = i.id and c.revoked_at is null
          and c.issued_at >= (select max(activated_at) from certificate_authorities where retired_at is null))
      order by i.name`,
  );
  return [...instances.map(nameOf), ...(await gatewaysBefore(ctx, "activated_at"))];
}

/** Instances whose last report came with a certificate from before that time. */
export async function whoHasOlder(ctx: VerbContext, than: Date): Promise<string[]> {
  const instances = await ctx.db.read<Named>(
    (sql) => sql`
      select i.name, r.connection from instances i join instance_reports r on r.instance_id = i.id
      where r.connection = 'connected' and i.renew_certificates_before >= ${than} and not exists (
        select from agent_certificates c where c.serial = r.certificate_serial and c.instance_id = i.id and c.issued_at >= ${than})
      order by i.name`,
  );
  return instances.map(nameOf);
}

async function gatewaysBefore(ctx: VerbContext, since: "created_at" | "activated_at"): Promise<string[]> {
  const rows = await ctx.db.read<{ serial: string }>(
    (sql) => sql`
      select serial from service_certificates
      where service = 'gateway' and revoked_at is null and not_after > now()
        and issued_at < (select max(${sql(since)}) from certificate_authorities where retired_at is null)
      order by issued_at`,
  );
  return rows.map(({ serial }) => `the gateway's certificate ${serial}`);
}

/** Seconds since the newest CA was made, or began to issue; join tokens that name the one before and still work. */
export async function ageOfChange(ctx: VerbContext) {
  const [row] = await ctx.db.read<{ madeMs: number; activeMs: number; openTokens: number }>(
    (sql) => sql`
      select extract(epoch from clock_timestamp() - max(created_at))::float8 * 1000 as "madeMs",
        extract(epoch from clock_timestamp() - max(activated_at))::float8 * 1000 as "activeMs",
        (select count(*)::int from join_tokens where used_at is null and expires_at > now()
          and created_at < (select max(activated_at) from certificate_authorities where retired_at is null)) as "openTokens"
      from certificate_authorities where retired_at is null`,
  );
  if (!row) throw new Error("There is no certificate authority.");
  return row;
}
