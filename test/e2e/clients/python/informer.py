"""What programs built on the Python client do, against a cluster from outside.

Each check prints "ok NAME"; the first that does not hold ends the program.
"""

import sys
import threading
import time

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from urllib3.exceptions import HTTPError

NAMESPACE = "python-client"


def require(is_so, message):
    if not is_so:
        sys.exit(message)


def eventually(what, is_so, seconds=20):
    end = time.time() + seconds
    while not is_so():
        require(time.time() < end, f"never happened: {what}")
        time.sleep(0.05)


def config_map(name, data=None):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"from": "python"}), data=data)


class Informer:
    """Lists, then watches from there on; begins anew when its version is forgotten."""

    def __init__(self, api):
        self.api = api
        self.objects = {}
        self.events = []
        self.relists = 0
        self.stopped = False
        self.watch = None
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while not self.stopped:
            version = self.list()
            try:
                self.follow(version)
            except ApiException as error:
                require(error.status == 410, f"a watch ended with {error.status}")
            except HTTPError:
                # Stopping a watch closes its connection under the reader.
                require(self.stopped, "a watch broke off")

    def list(self):
        found = self.api.list_namespaced_config_map(NAMESPACE, label_selector="from=python", limit=7)
        items = found.items
        while found.metadata._continue:
            found = self.api.list_namespaced_config_map(
                NAMESPACE, label_selector="from=python", limit=7, _continue=found.metadata._continue
            )
            items += found.items
        self.objects = {item.metadata.name: item for item in items}
        self.relists += 1
        return found.metadata.resource_version

    def follow(self, version):
        self.watch = watch.Watch()
        stream = self.watch.stream(
            self.api.list_namespaced_config_map,
            NAMESPACE,
            label_selector="from=python",
            resource_version=version,
            allow_watch_bookmarks=True,
            timeout_seconds=60,
        )
        for event in stream:
            if event["type"] == "BOOKMARK":
                continue
            name = event["object"].metadata.name
            self.events.append((event["type"], name))
            if event["type"] == "DELETED":
                self.objects.pop(name, None)
            else:
                self.objects[name] = event["object"]


def informer(api):
    for index in range(20):
        api.create_namespaced_config_map(NAMESPACE, config_map(f"map-{index:02d}"))
    seen = Informer(api)
    eventually("the informer has what was there", lambda: len(seen.objects) == 20)
    api.create_namespaced_config_map(NAMESPACE, config_map("late"))
    api.patch_namespaced_config_map("late", NAMESPACE, {"data": {"a": "1"}})
    # An update that takes it out of the selection is a departure.
    api.patch_namespaced_config_map("late", NAMESPACE, {"metadata": {"labels": {"from": "nobody"}}})
    api.delete_namespaced_config_map("map-00", NAMESPACE)
    told = [("ADDED", "late"), ("MODIFIED", "late"), ("DELETED", "late"), ("DELETED", "map-00")]
    eventually("every change is told, in order", lambda: seen.events == told)
    require(seen.relists == 1, "the informer had to begin anew")
    seen.stopped = True
    seen.watch.stop()


def watch_in_time(api):
    stream = watch.Watch().stream(api.list_namespaced_config_map, NAMESPACE, timeout_seconds=1)
    require(len(list(stream)) > 0, "a watch tells nothing of what is there")


def forgotten_version(api):
    try:
        for _ in watch.Watch().stream(
            api.list_namespaced_config_map, NAMESPACE, resource_version="1", timeout_seconds=5
        ):
            break
    except ApiException as error:
        require(error.status == 410, f"a forgotten version ends with {error.status}")


def server_side_apply(api):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": "1"}}

    def apply(value, manager, force=False):
        return api.patch_namespaced_config_map(
            "applied",
            NAMESPACE,
            {**body, "data": {"a": value}},
            field_manager=manager,
            force=force,
            _content_type="application/apply-patch+yaml",
        )

    apply("1", "one")
    try:
        apply("2", "two")
        sys.exit("two managers of one field did not conflict")
    except ApiException as error:
        require(error.status == 409 and "conflict with" in error.body, error.body)
    require(apply("2", "two", force=True).data == {"a": "2"}, "force does not take over")


def failures(api):
    try:
        api.read_namespaced_config_map("none", NAMESPACE)
        sys.exit("what is not there was read")
    except ApiException as error:
        require(error.status == 404 and 'configmaps \\"none\\" not found' in error.body, error.body)


def main():
    config.load_kube_config()
    api = client.CoreV1Api()
    api.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
    for check in (informer, watch_in_time, forgotten_version, server_side_apply, failures):
        check(api)
        print("ok", check.__name__.replace("_", " "), flush=True)
    api.delete_namespace(NAMESPACE)


main()
