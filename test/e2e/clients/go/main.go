// What programs built on client-go do, against a cluster from outside. Each check prints "ok NAME" or ends the program.
package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/pager"
)

const (
	namespace = "go-client"
	protobuf  = "application/vnd.kubernetes.protobuf"
)

type checks struct {
	ctx    context.Context
	config *rest.Config
	client kubernetes.Interface
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	must(err)
	config.QPS, config.Burst = 200, 400
	typed := rest.CopyConfig(config)
	typed.ContentType = protobuf
	typed.AcceptContentTypes = protobuf + ",application/json"
	client, err := kubernetes.NewForConfig(typed)
	must(err)
	c := checks{ctx, config, client}
	_, err = client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	must(err)
	for _, check := range []struct {
		name string
		run  func()
	}{
		{"discovery", c.discovery},
		{"informers", c.informers},
		{"metadata informers", c.metadataInformers},
		{"server-side apply", c.apply},
		{"pages", c.pages},
		{"dynamic objects", c.dynamicObjects},
		{"leader election", c.leaderElection},
	} {
		check.run()
		fmt.Println("ok", check.name)
	}
	must(client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func require(is bool, format string, args ...any) {
	if !is {
		panic(fmt.Sprintf(format, args...))
	}
}

func (c checks) eventually(what string, is func() bool) {
	err := wait.PollUntilContextTimeout(c.ctx, 20*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) {
		return is(), nil
	})
	require(err == nil, "never happened: %s", what)
}

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"from": "go"}}, Data: data}
}

func (c checks) discovery() {
	version, err := c.client.Discovery().ServerVersion()
	must(err)
	require(version.Major == "1" && version.Minor == "36", "version %s.%s", version.Major, version.Minor)
	_, resources, err := c.client.Discovery().ServerGroupsAndResources()
	must(err)
	require(len(resources) > 20, "%d groups and versions", len(resources))
	document, err := c.client.Discovery().OpenAPISchema()
	must(err)
	require(len(document.Definitions.AdditionalProperties) > 300, "OpenAPI v2 has few definitions")
	paths, err := c.client.Discovery().OpenAPIV3().Paths()
	must(err)
	_, err = paths["apis/apps/v1"].Schema("application/json")
	must(err)
}

// Shared informers, which begin with a WatchList over protobuf, stay in step with what is written.
func (c checks) informers() {
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	maps := c.client.CoreV1().ConfigMaps(namespace)
	_, err := maps.Create(ctx, configMap("before", nil), metav1.CreateOptions{})
	must(err)
	factory := informers.NewSharedInformerFactoryWithOptions(c.client, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps()
	var added, updated, deleted atomic.Int32
	_, err = informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { added.Add(1) },
		UpdateFunc: func(any, any) { updated.Add(1) },
		DeleteFunc: func(any) { deleted.Add(1) },
	})
	must(err)
	factory.Start(ctx.Done())
	require(cache.WaitForCacheSync(ctx.Done(), informer.Informer().HasSynced), "the cache does not sync")
	_, err = informer.Lister().ConfigMaps(namespace).Get("before")
	must(err)
	before := added.Load()
	const count = 50
	for i := range count {
		_, err = maps.Create(ctx, configMap(fmt.Sprintf("map-%d", i), nil), metav1.CreateOptions{})
		must(err)
	}
	changed := configMap("map-0", map[string]string{"a": "1"})
	_, err = maps.Update(ctx, changed, metav1.UpdateOptions{})
	must(err)
	must(maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "from=go"}))
	c.eventually("every change is told once", func() bool {
		return added.Load() == before+count && updated.Load() >= 1 && deleted.Load() == count+1
	})
}

func (c checks) metadataInformers() {
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	client, err := metadata.NewForConfig(c.config)
	must(err)
	factory := metadatainformer.NewFilteredSharedInformerFactory(client, 0, namespace, nil)
	informer := factory.ForResource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"})
	informer.Informer()
	factory.Start(ctx.Done())
	require(cache.WaitForCacheSync(ctx.Done(), informer.Informer().HasSynced), "the cache does not sync")
	_, err = c.client.CoreV1().Secrets(namespace).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "seen"}}, metav1.CreateOptions{})
	must(err)
	c.eventually("the metadata of a secret is told", func() bool {
		_, err := informer.Lister().ByNamespace(namespace).Get("seen")
		return err == nil
	})
}

func (c checks) apply() {
	deployments := c.client.AppsV1().Deployments(namespace)
	labels := map[string]string{"app": "web"}
	wanted := func(replicas int32) *appsapply.DeploymentApplyConfiguration {
		return appsapply.Deployment("web", namespace).WithSpec(appsapply.DeploymentSpec().
			WithReplicas(replicas).
			WithSelector(metaapply.LabelSelector().WithMatchLabels(labels)).
			WithTemplate(coreapply.PodTemplateSpec().WithLabels(labels).WithSpec(coreapply.PodSpec().
				WithContainers(coreapply.Container().WithName("web").WithImage("web:1")))))
	}
	options := func(manager string, force bool) metav1.ApplyOptions {
		return metav1.ApplyOptions{FieldManager: manager, Force: force}
	}
	first, err := deployments.Apply(c.ctx, wanted(0), options("one", false))
	must(err)
	again, err := deployments.Apply(c.ctx, wanted(0), options("one", false))
	must(err)
	require(again.Generation == first.Generation, "applying the same changed something")
	_, err = deployments.Apply(c.ctx, wanted(1), options("two", false))
	require(apierrors.IsConflict(err), "two managers of one field did not conflict: %v", err)
	taken, err := deployments.Apply(c.ctx, wanted(1), options("two", true))
	must(err)
	require(*taken.Spec.Replicas == 1, "%d replicas", *taken.Spec.Replicas)
	extracted, err := appsapply.ExtractDeployment(taken, "two")
	must(err)
	require(*extracted.Spec.Replicas == 1, "what a manager owns cannot be extracted")
	must(deployments.Delete(c.ctx, "web", metav1.DeleteOptions{}))
}

func (c checks) pages() {
	maps := c.client.CoreV1().ConfigMaps(namespace)
	const count = 23
	for i := range count {
		_, err := maps.Create(c.ctx, configMap(fmt.Sprintf("page-%02d", i), nil), metav1.CreateOptions{})
		must(err)
	}
	seen := 0
	p := pager.New(pager.SimplePageFunc(func(options metav1.ListOptions) (runtime.Object, error) {
		return maps.List(c.ctx, options)
	}))
	p.PageSize = 5
	options := metav1.ListOptions{LabelSelector: "from=go"}
	must(p.EachListItem(c.ctx, options, func(runtime.Object) error { seen++; return nil }))
	require(seen == count, "%d of %d objects in pages", seen, count)
}

func (c checks) dynamicObjects() {
	client, err := dynamic.NewForConfig(c.config)
	must(err)
	maps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(namespace)
	watch, err := maps.Watch(c.ctx, metav1.ListOptions{FieldSelector: "metadata.name=page-00"})
	must(err)
	defer watch.Stop()
	require((<-watch.ResultChan()).Type == "ADDED", "a watch does not begin with what is there")
	must(maps.Delete(c.ctx, "page-00", metav1.DeleteOptions{}))
	require((<-watch.ResultChan()).Type == "DELETED", "a watch does not tell that an object went")
}

// The second candidate leads as soon as the first has let go.
func (c checks) leaderElection() {
	leads := make(chan string, 2)
	run := func(name string) context.CancelFunc {
		ctx, cancel := context.WithCancel(c.ctx)
		lock := &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "leader"},
			Client:     c.client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name},
		}
		go leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: lock, ReleaseOnCancel: true,
			LeaseDuration: 4 * time.Second, RenewDeadline: 3 * time.Second, RetryPeriod: 200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { leads <- name },
				OnStoppedLeading: func() {},
			},
		})
		return cancel
	}
	first := run("first")
	require(<-leads == "first", "the first does not lead")
	second := run("second")
	defer second()
	first()
	select {
	case name := <-leads:
		require(name == "second", "%s leads", name)
	case <-time.After(15 * time.Second):
		panic("nobody leads after the first has let go")
	}
}
