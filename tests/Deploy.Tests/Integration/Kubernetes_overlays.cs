using System.Globalization;
using System.Text.Json;
using k8s.Models;

namespace Hikyaku.Deploy.Tests.Integration;

/// <summary>What <c>deploy/k8s</c> would put into a cluster, as <c>kubectl kustomize</c> renders it. No server is asked (deploy/k8s/README.md says what that leaves open).</summary>
public class Kubernetes_overlays
{
    public static TheoryData<string> All => [.. Overlay.Names];

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_overlay_has_no_fault(string overlay)
    {
        var manifests = await Overlay.Of(overlay);

        Assert.NotEmpty(manifests.Workloads);
        Assert.Empty(Rule.OfEverything.Concat(Rule.OfThePlatform).SelectMany(rule => rule(manifests)));
    }

    [Fact]
    public async Task Production_has_three_of_everything()
    {
        var manifests = await Overlay.Of("production");
        var scaled = manifests.All<V2HorizontalPodAutoscaler>().ToDictionary(a => a.Spec.ScaleTargetRef.Name, a => a.Spec.MinReplicas);

        Assert.All(manifests.Workloads, w => Assert.Equal(3, w.Replicas ?? scaled.GetValueOrDefault(w.Name)));
        Assert.Equal(["3"], manifests.Custom("Cluster").SelectMany(c => c.At("spec", "instances")));
        Assert.Equal(["3"], manifests.Custom("RabbitmqCluster").SelectMany(c => c.At("spec", "replicas")));
        Assert.DoesNotContain("mailnode", scaled.Keys);
    }

    [Fact]
    public async Task The_programs_together_ask_for_fewer_connections_than_the_database_has()
    {
        const int ofWebmailAndOperators = 60;
        var manifests = await Overlay.Of("production");
        var most = manifests.All<V2HorizontalPodAutoscaler>().ToDictionary(a => a.Spec.ScaleTargetRef.Name, a => a.Spec.MaxReplicas);
        var asked = manifests.Workloads.SelectMany(w => w.Pod.Containers.SelectMany(c => c.Env ?? []).Where(e => e.Name == "ConnectionStrings__Postgres")
            .Select(e => (most.GetValueOrDefault(w.Name) is > 0 and var copies ? copies : w.Replicas!.Value) * int.Parse(e.Value.Split("Maximum Pool Size=")[1], CultureInfo.InvariantCulture))).ToList();

        Assert.Equal(8, asked.Count);
        var there = manifests.Custom("Cluster").SelectMany(c => c.At("spec", "postgresql", "parameters", "max_connections")).Single();
        Assert.InRange(asked.Sum(), 1, int.Parse(there, CultureInfo.InvariantCulture) - ofWebmailAndOperators);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Each_mail_node_has_a_password_at_the_broker(string overlay)
    {
        var manifests = await Overlay.Of(overlay);
        var nodes = manifests.Find("mailnode")!;
        var names = Enumerable.Range(0, nodes.Replicas!.Value).Select(n => $"mailnode-{n}").ToList();
        var broker = nodes.Pod.Volumes.Single(v => v.Name == "broker").Projected.Sources.Select(s => s.Secret).ToList();

        Assert.Equal(names.Select(n => $"rabbitmq-{n}"), broker.Select(s => s.Name));
        Assert.Equal(names, broker.SelectMany(s => s.Items).Select(i => i.Path));
        Assert.DoesNotContain(names, n => !Overlay.Outside["mailnode-credentials"].Contains(n) || !Overlay.Outside["mailnode-hashes"].Contains(n));
        if (manifests.Custom("RabbitmqCluster").Any()) Assert.Empty(names.Except(manifests.Custom("User").Select(u => u.Name)));
    }

    [Fact]
    public async Task Every_Secret_on_the_list_is_asked_for()
    {
        var asked = new HashSet<string>();
        foreach (var manifests in await Task.WhenAll(Overlay.Names.Select(Overlay.Of)))
        {
            asked.UnionWith(manifests.Workloads.SelectMany(References.SecretsOf).Select(s => s.Name));
            asked.UnionWith(References.SecretsOfCustoms(manifests).Select(s => s.Name));
        }

        Assert.Empty(Overlay.Outside.Keys.Except(asked));
    }

    [Theory]
    [InlineData("small", 1)]
    [InlineData("production", 3)]
    public async Task Rights_at_the_broker_are_those_of_a_local_copy(string overlay, int nodes)
    {
        var manifests = await Overlay.Of(overlay);
        var script = $"set -euo pipefail; nodes={nodes}; . '{Checkout.Path("deploy", "local", "services.sh")}'; . '{Checkout.Path("deploy", "local", "rabbitmq.sh")}'; echo \"[$(rabbitmq_permissions | with_commas)]\"";
        var local = JsonDocument.Parse(await Shell.RunAsync(script)).RootElement.EnumerateArray().Select(p => Right(p, "user", "vhost", "configure", "write", "read"));

        // Nodes are counted from 0 here.
        var expected = local.Select(r => Enumerable.Range(1, nodes).Aggregate(r, (text, n) => text.Replace($"mail{n}", $"mailnode-{n - 1}", StringComparison.Ordinal))).Order(StringComparer.Ordinal).ToList();

        Assert.NotEmpty(expected);
        Assert.Equal(expected, manifests.Custom("Permission").Select(p => string.Join('\t', Fields(p))).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("small")]
    [InlineData("production")]
    public async Task Every_database_has_its_role(string overlay)
    {
        var manifests = await Overlay.Of(overlay);
        var databases = Programs.Deployed.Select(p => p.Database).OfType<string>().Order(StringComparer.Ordinal).ToList();

        Assert.NotEmpty(databases);
        Assert.Equal(databases, manifests.Custom("Database").SelectMany(d => d.At("spec", "name")).Order(StringComparer.Ordinal));
        Assert.Equal(databases, manifests.Custom("Database").SelectMany(d => d.At("spec", "owner")).Order(StringComparer.Ordinal));
        Assert.Equal(databases, manifests.Custom("Cluster").SelectMany(c => c.At("spec", "managed", "roles", "name")).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Mail_servers_have_the_ports_of_a_local_copy(string overlay)
    {
        var manifests = await Overlay.Of(overlay);
        var script = $"set -euo pipefail; unset HIKYAKU_PORT_BASE; . '{Checkout.Path("deploy", "local", "ports.sh")}'; for name in ${{!PORT_@}}; do echo \"$name=${{!name}}\"; done";
        var local = (await Shell.RunAsync(script)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var here = manifests.All<V1ConfigMap>().Single(m => m.Metadata.Name.StartsWith("mail-", StringComparison.Ordinal)).Data.Where(d => d.Key.StartsWith("PORT_", StringComparison.Ordinal)).Select(d => $"{d.Key}={d.Value}").ToList();
        var listening = manifests.Find("mailnode")!.Ports.Select(p => $"PORT_{(p.Name == "agent" ? "mailnode" : p.Name).ToUpperInvariant()}={p.ContainerPort}");

        Assert.NotEmpty(here);
        Assert.Empty(here.Except(local));
        Assert.Empty(listening.Except(here));
    }

    private static string Right(JsonElement permission, params string[] fields) => string.Join('\t', fields.Select(f => permission.GetProperty(f).GetString()));

    private static IEnumerable<string> Fields(CustomResource permission)
        => permission.At("spec", "userReference", "name").Concat(permission.At("spec", "vhost"))
            .Concat(new[] { "configure", "write", "read" }.SelectMany(f => permission.At("spec", "permissions", f)));
}
