/** Typed ids: a tenant's id cannot be passed where an instance's is wanted. All are UUIDv7 (RFC 9562, section 5.7). */
import { v7 } from "uuid";

declare const brand: unique symbol;
type Id<Noun extends string> = string & { readonly [brand]?: Noun };

export type UserId = Id<"user">;
export type TenantId = Id<"tenant">;
export type InstanceId = Id<"instance">;
export type ApiTokenId = Id<"api-token">;
export type InvitationId = Id<"invitation">;
export type ToolId = Id<"tool">;
export type FlagId = Id<"flag">;
export type FlagChangeId = Id<"flag-change">;

/** A new id, ordered by time of creation. */
export const newId = (): string => v7();

/** A new id that is ordered as if it had been made then: for what is written down long after it happened. */
export const newIdAt = (then: Date): string => v7({ msecs: then.getTime() });
