/** Ids that stay the same from one rendering to the next, so that a change of the file shows what has changed. */
import { v5 } from "uuid";

const NAMESPACE = "6f2f4ad4-2f3c-4c55-9a0c-2b7a1d1f0a54";

/** A UUID of a name (RFC 9562, section 5.5). */
export const idOf = (name: string): string => v5(name, NAMESPACE);

/** The gateway's own certificate: who it is to the services, `spiffe://kombify/service/gateway`. */
export const GATEWAY_CERTIFICATE_ID = idOf("certificate:gateway");
