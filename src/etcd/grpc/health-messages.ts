import { enumOf, message } from "../../base/protobuf.ts"

/** https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export interface HealthResponse {
  status: "UNKNOWN" | "SERVING" | "NOT_SERVING"
}
export const HealthResponse = message<HealthResponse>({
  status: [1, enumOf({ UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2 })],
})
