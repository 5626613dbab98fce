import type { BackendTarget, Backends } from "../../apiserver/streaming/backends.ts"

/**
 * The kubelets of this process listen on loopback alone: no port of theirs is open to the network. Their nodes tell the
 * machine's address all the same, as nodes do; on the way from the API server it is replaced.
 */
export class LocalKubelets {
  readonly #ports = new Set<string>()

  /** A kubelet of this process listens at this port of 127.0.0.1. */
  add(port: number): void {
    this.#ports.add(String(port))
  }

  reachedBy(backends: Backends): Backends {
    const redirect = (target: BackendTarget) => this.#redirect(target)
    return {
      connectCommand: (request, target, options) =>
        backends.connectCommand(request, redirect(target), options),
      connectPortForward: (request, target) => backends.connectPortForward(request, redirect(target)),
      connect: (request, target) => backends.connect(request, redirect(target)),
      fetch: (target, signal) => backends.fetch(redirect(target), signal),
      forward: (request, target, origin) => backends.forward(request, redirect(target), origin),
    }
  }

  #redirect(target: BackendTarget): BackendTarget {
    if (!target.isKubelet || !this.#ports.has(target.url.port)) return target
    const url = new URL(target.url)
    url.hostname = "127.0.0.1"
    return { ...target, url }
  }
}
