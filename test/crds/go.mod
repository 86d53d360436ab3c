// The projects whose CRDs the presets are checked against. They are downloaded and read, not built: `go mod download -json MODULE@VERSION`.
module crds

go 1.26.0

require (
	github.com/argoproj/argo-cd/v3 v3.4.0
	github.com/argoproj/argo-events v1.9.6
	github.com/argoproj/argo-workflows/v3 v3.7.0
	github.com/external-secrets/external-secrets v1.3.2
	github.com/fluxcd/helm-controller v1.4.0
	github.com/fluxcd/kustomize-controller v1.9.6
	github.com/fluxcd/source-controller v1.9.6
	github.com/rancher/fleet v0.12.0
	github.com/tektoncd/pipeline v1.9.0
	github.com/tektoncd/triggers v0.34.0
	github.com/vmware-tanzu/carvel-kapp-controller v0.50.0
	knative.dev/eventing v0.47.0
	open-cluster-management.io/api v1.2.0
)
