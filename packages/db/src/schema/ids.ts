/** Typed ids: a tenant's id cannot be passed where an instance's is wanted. All are UUIDv7 (RFC 9562, section 5.7). */
import { v7 } from "uuid";

declare const brand: unique symbol;
type Id<Noun extends string> = string & { readonly [brand]?: Noun };

export type UserId = Id<"user">;
export type TenantId = Id<"tenant">;
export type InstanceId = Id<"instance">;

/** A new id, ordered by time of creation. */
export const newId = (): string => v7();
