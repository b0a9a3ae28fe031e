// One reconciliation of ExternalDNS with Route 53: its own endpoints, registry, plan and provider, around DNSEndpoints
// from files.
//
//	externaldns --owner NAME --domain ZONE FILE...
//
// Its main program cannot be built from the module proxy (its sources need modules that are not there), so this is its
// controller's RunOnce (controller/controller.go) without the watching. The AWS SDK takes endpoint and credentials from
// the environment, AWS_ENDPOINT_URL among them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"sigs.k8s.io/external-dns/apis/v1alpha1"
	"sigs.k8s.io/external-dns/endpoint"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/plan"
	"sigs.k8s.io/external-dns/provider"
	"sigs.k8s.io/external-dns/provider/aws"
	"sigs.k8s.io/external-dns/registry/txt"
	"sigs.k8s.io/yaml"
)

func main() {
	owner := flag.String("owner", "", "what --txt-owner-id of the cluster's ExternalDNS is")
	domain := flag.String("domain", "", "what its --domain-filter is")
	flag.Parse()
	changed, err := reconcile(context.Background(), *owner, *domain, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(changed)
}

// reconcile says how many record sets it created, changed and deleted.
func reconcile(ctx context.Context, owner, domain string, files []string) (int, error) {
	if owner == "" || domain == "" {
		return 0, errors.New("--owner and --domain must be given")
	}
	desired, err := endpoints(files)
	if err != nil {
		return 0, err
	}
	cfg := externaldns.NewConfig()
	cfg.Registry, cfg.TXTOwnerID = externaldns.RegistryTXT, owner
	cfg.AWSBatchChangeSize, cfg.AWSBatchChangeSizeBytes, cfg.AWSBatchChangeSizeValues = 1000, 32000, 1000
	cfg.ManagedDNSRecordTypes = []string{endpoint.RecordTypeA, endpoint.RecordTypeAAAA, endpoint.RecordTypeCNAME}
	filter := endpoint.NewDomainFilter([]string{domain})
	route53, err := aws.New(ctx, cfg, filter)
	if err != nil {
		return 0, err
	}
	registry, err := txt.New(cfg, route53)
	if err != nil {
		return 0, err
	}
	current, err := registry.Records(ctx)
	if err != nil {
		return 0, err
	}
	ctx = context.WithValue(ctx, provider.RecordsContextKey, current)
	adjusted, err := registry.AdjustEndpoints(desired)
	if err != nil {
		return 0, err
	}
	planned := (&plan.Plan{
		Policies:       []plan.Policy{&plan.SyncPolicy{}},
		Current:        current,
		Desired:        adjusted,
		DomainFilter:   endpoint.MatchAllDomainFilters{filter, registry.GetDomainFilter()},
		ManagedRecords: cfg.ManagedDNSRecordTypes,
		OwnerID:        registry.OwnerID(),
	}).Calculate()
	changes := planned.Changes
	if changes.HasChanges() {
		if err := registry.ApplyChanges(ctx, changes); err != nil {
			return 0, err
		}
	}
	return len(changes.Create) + len(changes.UpdateNew) + len(changes.Delete), nil
}

// endpoints reads DNSEndpoints strictly: a field that ExternalDNS does not know is an error.
func endpoints(files []string) ([]*endpoint.Endpoint, error) {
	found := []*endpoint.Endpoint{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var object v1alpha1.DNSEndpoint
		if err := yaml.UnmarshalStrict(content, &object); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, one := range object.Spec.Endpoints {
			if !one.CheckEndpoint() {
				return nil, fmt.Errorf("%s: ExternalDNS takes no endpoint %v", file, one)
			}
			found = append(found, one)
		}
	}
	return endpoint.MergeEndpoints(found), nil
}
