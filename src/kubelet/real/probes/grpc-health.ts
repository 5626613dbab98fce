import { loadGrpc } from "../../../base/real/load-grpc.ts"
import { enumOf, message, string } from "../../../base/protobuf.ts"

export interface GrpcHealth {
  readonly status?: "UNKNOWN" | "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN"
  readonly error?: string
}

/** Asks a server's health service (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). Never rejects. */
export async function checkGrpcHealth(
  address: string,
  service: string,
  { timeoutMs, now }: { timeoutMs: number; now: number },
): Promise<GrpcHealth> {
  const grpc = await loadGrpc()
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    "grpc.primary_user_agent": "kube-probe/1.36",
    "grpc.use_local_subchannel_pool": 1,
  })
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        (request: { service: string }) => Buffer.from(HealthCheckRequest.encode(request)),
        (bytes: Buffer) => HealthCheckResponse.decode(bytes),
        { service },
        new grpc.Metadata(),
        { deadline: new Date(now + timeoutMs) },
        (error, answer) => {
          if (!error) return resolve({ status: answer?.status ?? "UNKNOWN" })
          const known: Record<number, string> = {
            [grpc.status.UNIMPLEMENTED]: "unimplemented",
            [grpc.status.UNAVAILABLE]: "unavailable",
            [grpc.status.DEADLINE_EXCEEDED]: "deadline",
          }
          resolve({ error: known[error.code] ?? error.details })
        },
      )
    })
  } finally {
    client.close()
  }
}

const HealthCheckRequest = message<{ service: string }>({ service: [1, string] })

const HealthCheckResponse = message<{ status: NonNullable<GrpcHealth["status"]> }>({
  status: [1, enumOf({ UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 })],
})
