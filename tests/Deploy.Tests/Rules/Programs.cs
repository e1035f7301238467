using Hikyaku.Platform.Testing;
using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>Every program of <c>deploy/services.tsv</c> is there, with its port and what its line asks for.</summary>
internal static class Programs
{
    /// <summary>The usual HIKYAKU_PORT_BASE, to which ports are added.</summary>
    public const int PortBase = 18_000;

    // It stands for the internet on a developer's machine.
    public static IReadOnlyList<DeployedProgram> Deployed { get; } = [.. DeployedProgram.All.Where(p => p.Port is not null && p.Name != "outbox")];

    public static IEnumerable<string> FaultsOf(Manifests manifests)
        => Deployed.SelectMany(p => manifests.Find(p.Name) is { } workload ? FaultsOf(p, workload, manifests) : [$"{p.Name} is missing"])
            .Concat(manifests.Workloads.Select(w => w.Name).Except([.. Deployed.Select(p => p.Name), "webmail"]).Select(n => $"{n} has no line in deploy/services.tsv"));

    private static IEnumerable<string> FaultsOf(DeployedProgram program, Workload workload, Manifests manifests)
    {
        var port = PortBase + program.Port;
        var variables = Environment(workload);
        if (workload.Ports.All(p => p.ContainerPort != port)) yield return $"{program.Name} does not listen on {port}";
        var isAsked = Traffic.Expected(program).Count > 0;
        if (program.Name != "mailnode" && manifests.All<V1Service>().Any(s => s.Metadata.Name == program.Name && s.Spec.Ports.Any(p => p.Port == port)) != isAsked)
            yield return isAsked ? $"{program.Name} has no Service with port {port}" : $"{program.Name} has a Service, and nobody asks it";
        if (variables.ContainsKey("ConnectionStrings__Postgres") != (program.Database is not null)) yield return $"{program.Name} has a database that its line does not name, or the other way round";
        if (program.Database is { } database && (!SecretOf(workload, $"postgres-{database}") || !variables["ConnectionStrings__Postgres"].Contains($"Database={database};Username={database};", StringComparison.Ordinal)))
            yield return $"{program.Name} uses another database than {database}";
        if (program.Broker.Contains("events") != SecretOf(workload, $"rabbitmq-{program.Name}")) yield return $"{program.Name}: its password at the broker is missing, or is not wanted";
        if (program.Name != "mailnode" && program.Broker.Contains("states") != variables.ContainsKey("Hikyaku__RabbitNodes")) yield return $"{program.Name}: its way to mail nodes is missing, or is not wanted";
        if (program.Keys.Contains("token") != SecretOf(workload, "token-public")) yield return $"{program.Name}: the key of tokens is missing, or is not wanted";
        if (program.Keys.Contains("data") != SecretOf(workload, "data-key")) yield return $"{program.Name}: the key of data is missing, or is not wanted";
        if (program.Nodes.Contains("lists") != SecretOf(workload, "mailnode-hashes")) yield return $"{program.Name}: the hashes of mail nodes are missing, or are not wanted";
        foreach (var fault in Addresses(program, variables)) yield return fault;
        if (program.Name == "accounts" && Words(variables.GetValueOrDefault("Hikyaku__DeletionParticipants")).Except(Deployed.Where(p => p.Deletion.Contains("erases")).Select(p => p.Name)).Any())
            yield return "accounts waits for others than erase";
        if (program.Name == "accounts" && Deployed.Where(p => p.Deletion.Contains("erases")).Select(p => p.Name).Except(Words(variables.GetValueOrDefault("Hikyaku__DeletionParticipants"))).Any())
            yield return "accounts does not wait for all that erase";
    }

    // Gateway and mail nodes know where services listen.
    private static IEnumerable<string> Addresses(DeployedProgram program, Dictionary<string, string> variables)
    {
        const string prefix = "Hikyaku__Services__";
        var expected = program.Name switch
        {
            "gateway" => Deployed.Where(p => p.Keys.Contains("token")),
            "mailnode" => Deployed.Where(p => p.Nodes.Contains("lists")),
            _ => [],
        };
        var addresses = expected.Select(p => $"{prefix}{p.Name}=http://{p.Name}:{PortBase + p.Port}").ToHashSet();
        addresses.SymmetricExceptWith(variables.Where(v => v.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(v => $"{v.Key}={v.Value}"));
        return addresses.Order(StringComparer.Ordinal).Select(a => $"{program.Name}: {a} is missing, or is not wanted");
    }

    private static bool SecretOf(Workload workload, string name) => References.SecretsOf(workload).Any(s => s.Name == name);

    private static Dictionary<string, string> Environment(Workload workload) => workload.Servers.SelectMany(c => c.Env ?? []).DistinctBy(v => v.Name).ToDictionary(v => v.Name, v => v.Value ?? "");

    private static string[] Words(string? value) => (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
}
