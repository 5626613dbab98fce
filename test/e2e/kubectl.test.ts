import { readFileSync } from "node:fs"
import { request } from "node:http"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
if (missing) console.log(`skipped: real containers: ${missing}`)
const manifest = readFileSync(new URL("web.yaml", import.meta.url), "utf8")

// What a person types, and what they see, with the real kubectl on real containers.
describe.skipIf(missing)("kubectl", () => {
  const cluster = new TestCluster()

  beforeAll(async () => {
    await cluster.up()
    await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
  })
  afterAll(() => cluster.destroy())

  describe.each(["kubectl136", "kubectl132"] as const)("%s", (version) => {
    let kubectl: Kubectl
    let podName: string

    beforeAll(async () => {
      kubectl = cluster.kubectl(realClients[version]())
      expect(await kubectl.call("apply -f -", manifest)).toBe(
        [
          "namespace/shop created",
          "configmap/settings created",
          "secret/password created",
          "deployment.apps/web created",
          "service/web created",
          "",
        ].join("\n"),
      )
    })
    afterAll(async () => {
      expect(await kubectl.call("delete namespace shop --wait")).toContain('namespace "shop" deleted')
      expect((await kubectl.try("get namespace shop")).stderr).toContain('namespaces "shop" not found')
    })

    test("rollout status waits until all is up", async () => {
      expect(await kubectl.call("-n shop rollout status deployment/web --timeout=90s")).toContain(
        'deployment "web" successfully rolled out',
      )
      const { items } = await kubectl.json<{ items: { metadata: { name: string } }[] }>(
        "-n shop get pods -l app=web",
      )
      expect(items).toHaveLength(3)
      podName = items[0]!.metadata.name
    })

    test("get all -o wide prints upstream's columns", async () => {
      const output = await kubectl.call("-n shop get all -o wide")
      expect(output).toMatch(
        /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/m,
      )
      expect(output).toMatch(/^pod\/web-\S+ +2\/2 +Running +0 +\S+ +10\.\d+\.\d+\.\d+ +\S+ +<none> +<none>$/m)
      expect(output).toMatch(
        /^service\/web +NodePort +10\.\d+\.\d+\.\d+ +<none> +80:3\d{4}\/TCP +\S+ +app=web$/m,
      )
      expect(output).toMatch(
        /^deployment.apps\/web +3\/3 +3 +3 +\S+ +server,writer +e2e\/busybox:1,e2e\/busybox:1 +app=web$/m,
      )
      expect(output).toMatch(/^replicaset.apps\/web-\S+ +3 +3 +3 +\S+ +server,writer/m)
    })

    test("describe tells events and state", async () => {
      const output = await kubectl.call(`-n shop describe pod ${podName}`)
      expect(output).toMatch(/Status: +Running/)
      expect(output).toMatch(/Normal +Scheduled .*default-scheduler +Successfully assigned shop\/web-/)
      expect(output).toMatch(
        /Normal +Pulled .*kubelet.* +Container image "e2e\/busybox:1" already present on machine/,
      )
      expect(output).toMatch(/Normal +Started .*kubelet/)
      expect(output).toMatch(/Limits:\s+cpu: +500m\s+memory: +64Mi/)
      expect(await kubectl.call("-n shop describe deployment web")).toMatch(
        /NewReplicaSet: +web-\S+ \(3\/3 replicas created\)/,
      )
    })

    test("logs -f follows, logs of one container end", async () => {
      expect(await kubectl.call(`-n shop logs ${podName} -c writer`)).toBe(`writer of ${podName} is done\n`)
      const following = kubectl.start(`-n shop logs -f ${podName} -c writer`)
      let text = ""
      following.stdout!.on("data", (chunk) => (text += chunk))
      await eventually(async () => expect(text).toContain("is done"))
      expect(following.exitCode).toBeNull()
      following.kill()
    })

    test("exec runs in the container, with its environment, volumes and limits", async () => {
      const inside = (command: string) =>
        kubectl.call(`-n shop exec ${podName} -c server -- sh -c '${command}'`)
      expect(await inside("echo $PASSWORD $POD_NAME $MEMORY_LIMIT")).toBe(`s3cret ${podName} 67108864\n`)
      expect(await inside("cat /etc/settings/greeting /etc/password/value")).toBe("hellos3cret")
      expect(await inside("cat /www/index.html")).toBe(`${podName}\n`)
      expect(
        await inside(
          "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max",
        ),
      ).toBe("67108864\n")
      const failing = await kubectl.try(`-n shop exec ${podName} -c server -- sh -c 'exit 3'`)
      expect(failing.code).toBe(3)
      expect(failing.stderr).toContain("command terminated with exit code 3")
    })

    test("exec -i passes input, exec -t has a terminal", async () => {
      expect(await kubectl.call(`-n shop exec -i ${podName} -c server -- cat`, "through the pipe")).toBe(
        "through the pipe",
      )
      const tty = await kubectl.withTerminal(
        `-n shop exec -it ${podName} -c server -- sh -c "tty; sleep 1; stty size"`,
      )
      expect(tty.stdout).toMatch(/\/dev\/pts\/\d+[^]*\b30 100/)
    })

    test("port-forward reaches the pod", async () => {
      const forwarding = kubectl.start(`-n shop port-forward pod/${podName} :8080`)
      try {
        let text = ""
        forwarding.stdout!.on("data", (chunk) => (text += chunk))
        await eventually(async () => expect(text).toMatch(/Forwarding from 127\.0\.0\.1:\d+ -> 8080/))
        const port = Number(/127\.0\.0\.1:(\d+)/.exec(text)![1])
        for (let times = 0; times < 3; times++) expect(await get(port)).toBe(`${podName}\n`)
      } finally {
        forwarding.kill()
      }
    })

    test("scale, set image, rollout history and undo", async () => {
      expect(await kubectl.call("-n shop scale deployment web --replicas=2")).toBe(
        "deployment.apps/web scaled\n",
      )
      await eventually(async () => {
        const { items } = await kubectl.json<{ items: unknown[] }>("-n shop get pods -l app=web")
        expect(items).toHaveLength(2)
      }, 60_000)
      expect(await kubectl.call("-n shop set image deployment/web writer=e2e/missing:1")).toBe(
        "deployment.apps/web image updated\n",
      )
      await eventually(async () => {
        expect(await kubectl.call("-n shop get pods")).toMatch(/ErrImagePull|ImagePullBackOff/)
      }, 60_000)
      const history = await kubectl.call("-n shop rollout history deployment/web")
      expect(history).toMatch(/REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/)
      expect(await kubectl.call("-n shop rollout undo deployment/web")).toBe(
        "deployment.apps/web rolled back\n",
      )
      await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
      expect(await kubectl.call("-n shop rollout history deployment/web")).toMatch(/\n2 +<none>\n3 +<none>/)
    })

    test("label, annotate, edit", async () => {
      expect(await kubectl.call("-n shop label deployment web tier=front")).toBe(
        "deployment.apps/web labeled\n",
      )
      expect(await kubectl.call("-n shop annotate deployment web note=x")).toBe(
        "deployment.apps/web annotated\n",
      )
      process.env["KUBE_EDITOR"] = "sed -i s/tier:.front/tier:\\ back/"
      try {
        expect(await kubectl.call("-n shop edit deployment web")).toBe("deployment.apps/web edited\n")
      } finally {
        delete process.env["KUBE_EDITOR"]
      }
      expect(await kubectl.call("-n shop get deployments -l tier=back -o name")).toBe("deployment.apps/web\n")
    })

    test("get -w tells changes as they come", async () => {
      const watching = kubectl.start("-n shop get configmaps -w")
      try {
        let text = ""
        watching.stdout!.on("data", (chunk) => (text += chunk))
        await eventually(async () => expect(text).toContain("settings"))
        await kubectl.call("-n shop create configmap later --from-literal=a=b")
        await eventually(async () => expect(text).toMatch(/^later +1 +0s$/m))
      } finally {
        watching.kill()
      }
    })

    test("api-resources, explain, auth can-i, top", async () => {
      expect(await kubectl.call("api-resources")).toMatch(
        /^deployments +deploy +apps\/v1 +true +Deployment$/m,
      )
      const explained = await kubectl.call("explain deployment.spec.strategy")
      expect(explained).toContain("GROUP:      apps")
      expect(explained).toMatch(/FIELD: strategy <DeploymentStrategy>/)
      expect(explained).toMatch(/rollingUpdate\t<RollingUpdateDeployment>/)
      expect(await kubectl.call("auth can-i create pods")).toBe("yes\n")
      const denied = await kubectl.try("auth can-i list secrets --as=system:serviceaccount:shop:default")
      expect(denied.stdout).toBe("no\n")
      const top = await eventually(() => kubectl.call("-n shop top pods --no-headers"))
      expect(top).toMatch(/^web-\S+ +\d+m +\d+Mi *$/m)
      expect(await kubectl.call("top nodes --no-headers")).toMatch(/^\S+ +\d+m +\d+% +\d+Mi +\d+% *$/m)
    })

    test("delete --wait returns when the pod is gone", async () => {
      // Scaling down may have taken the one that was looked at before.
      const { items } = await kubectl.json<{ items: { metadata: { name: string } }[] }>(
        "-n shop get pods -l app=web",
      )
      const [{ metadata }] = items as [(typeof items)[0]]
      expect(await kubectl.call(`-n shop delete pod ${metadata.name} --wait`)).toContain(
        `pod "${metadata.name}" deleted`,
      )
      expect((await kubectl.try(`-n shop get pod ${metadata.name}`)).stderr).toContain(
        `pods "${metadata.name}" not found`,
      )
      await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
    })
  })
})

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", agent: false }, (response) => {
      let text = ""
      response.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text))
    })
    sent.on("error", reject).end()
  })
}
