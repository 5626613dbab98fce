/** gRPC's library, which costs 60 ms to load and is therefore loaded by whoever needs it first. */
export async function loadGrpc(): Promise<typeof import("@grpc/grpc-js")> {
  const loaded = await import("@grpc/grpc-js")
  // Bundled, a CommonJS module has only a default export.
  return "Client" in loaded ? loaded : (loaded as { default: typeof loaded }).default
}
