using Hikyaku.Platform.Testing;
using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>The network policies let through what the lines of <c>deploy/services.tsv</c> and the table here ask for: not less and not more.</summary>
internal static class Traffic
{
    public const string ServesLabel = "hikyaku.example/serves";
    private const string Edge = "edge", Everybody = "everybody", Internet = "internet";

    // Who is asked by whom, beside what follows from services.tsv: what is public, and webmail.
    private static readonly (string From, string To)[] Others =
    [
        (Edge, "gateway"), (Edge, "panel"), (Edge, "webmail"), ("panel", "gateway"), (Everybody, "mailnode"), ("mailnode", "mailnode"),
        ("webmail", "postgres"), ("webmail", "mailnode"), ("feed", "mailnode"), ("datacopy", "mailnode"),
        ("mailnode", Internet), ("feed", Internet), ("datacopy", Internet), ("spam", Internet),
    ];

    private static readonly string[] PublicPorts = ["smtp", "submission", "submissions", "imap", "imaps", "pop3", "pop3s"];
    private static readonly string[] PeerPorts = ["imap", "pop3", "lmtp", "quota"];

    /// <summary>Who may ask a program.</summary>
    public static List<string> Expected(DeployedProgram program) => [.. Edges().Where(e => e.To == program.Name).Select(e => e.From)];

    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        var expected = Edges().Where(e => e.To is not ("postgres" or "rabbitmq" or Internet)).ToHashSet();
        var into = manifests.Workloads.SelectMany(w => Into(w, manifests)).ToHashSet();
        // Whoever comes from a pod to a public port comes as everybody.
        foreach (var (from, to) in expected.Except(into).Where(e => e.To != "mailnode" || e.From is Everybody or "mailnode")) yield return $"{to} does not let {from} in";
        foreach (var (from, to) in into.Except(expected)) yield return $"{to} lets {from} in";

        var allowed = Edges().Where(e => e.From is not (Edge or Everybody)).ToHashSet();
        var outOf = manifests.Workloads.SelectMany(w => OutOf(w, manifests)).ToHashSet();
        foreach (var (from, to) in allowed.Except(outOf)) yield return $"{from} is not let out to {to}";
        foreach (var (from, to) in outOf.Except(allowed)) yield return $"{from} is let out to {to}";

        foreach (var rule in RulesOf(manifests, "mailnode").SelectMany(p => p.Spec.Ingress ?? []))
        {
            var ports = (rule.FromProperty ?? []).Any(f => f.IpBlock is not null) ? PublicPorts : PeerPorts;
            foreach (var port in (rule.Ports ?? []).Select(p => p.Port?.Value ?? "all").Except(ports)) yield return $"mailnode: port {port} is open";
        }
    }

    private static IEnumerable<(string From, string To)> Edges()
    {
        foreach (var program in Programs.Deployed)
        {
            if (program.Keys.Contains("token")) yield return ("gateway", program.Name);
            if (program.Nodes.Contains("lists")) yield return ("mailnode", program.Name);
            if (program.Database is not null) yield return (program.Name, "postgres");
            if (program.Broker.Count > 0) yield return (program.Name, "rabbitmq");
        }

        foreach (var edge in Others) yield return edge;
    }

    private static IEnumerable<(string From, string To)> Into(Workload workload, Manifests manifests)
        => from policy in RulesOf(manifests, workload.Name)
           from rule in policy.Spec.Ingress ?? []
           from peer in rule.FromProperty ?? []
           from name in Names(peer, manifests)
           select (name == Internet ? Everybody : name, workload.Name);

    private static IEnumerable<(string From, string To)> OutOf(Workload workload, Manifests manifests)
        => from policy in RulesOf(manifests, workload.Name)
           from rule in policy.Spec.Egress ?? []
           from peer in rule.To ?? []
           from name in Names(peer, manifests)
           select (workload.Name, name);

    // Those that are about it alone.
    private static IEnumerable<V1NetworkPolicy> RulesOf(Manifests manifests, string name)
        => manifests.All<V1NetworkPolicy>().Where(p => manifests.Selected(p.Spec.PodSelector).Select(w => w.Name).SequenceEqual([name]));

    private static IEnumerable<string> Names(V1NetworkPolicyPeer peer, Manifests manifests)
    {
        if (peer.IpBlock is not null) return [Internet];
        if (peer.NamespaceSelector is not null) return [peer.NamespaceSelector.MatchLabels?.ContainsKey("hikyaku.example/edge") == true ? Edge : "another namespace"];
        return peer.PodSelector.MatchLabels?.TryGetValue(ServesLabel, out var served) == true ? [served] : manifests.Selected(peer.PodSelector).Select(w => w.Name);
    }
}
