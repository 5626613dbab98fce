import { createHmac } from "node:crypto"
import type { Hmac } from "../detached-signature.ts"

export const hmacSha256: Hmac = (key, data) => createHmac("sha256", key).update(data).digest()
