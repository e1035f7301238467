using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary><c>docs/problems.json</c>, from which the API document has the problem codes of each operation: read from the compiled handlers.</summary>
[Trait("Rule", "GWY-3")]
public sealed class Problems_of_operations(Deployment deployment)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public void The_codes_of_each_operation_are_those_that_its_handler_can_answer()
    {
        var (file, read) = (FileOf(), Read());
        if (Environment.GetEnvironmentVariable("HIKYAKU_ACCEPT") == "1") File.WriteAllText(file, read);

        Assert.True(File.ReadAllText(file) == read, "docs/problems.json is not what the handlers can answer; HIKYAKU_ACCEPT=1 writes it anew");
        var codes = JsonNode.Parse(read)!;
        Assert.Contains("accounts.name-length", CodesOf("createAccount", "422"));
        Assert.Contains("accounts.already-exists", CodesOf("createAccount", "409"));
        Assert.Contains("request.stale", CodesOf("updateAccount", "412"));
        Assert.Contains("sessions.wrong-credentials", CodesOf("signIn", "401"));
        Assert.DoesNotContain("accounts.name-length", CodesOf("listAccounts", "400"));

        IEnumerable<string> CodesOf(string operation, string status) => codes[operation]![status]!.AsArray().Select(c => c!.GetValue<string>());
    }

    // Of a call that several services answer, what any of them can answer.
    private string Read()
    {
        var problems = new HandlerProblems();
        var byOperation = new JsonObject();
        var table = RouteTable.With();
        var endpoints = deployment.Programs.SelectMany(p => p.Value.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(e => (Service: p.Key, Endpoint: e))).ToList();
        foreach (var route in table.Routes.OrderBy(r => r.Id, StringComparer.Ordinal))
        {
            var codes = endpoints.Where(e => table.Answers(e.Service, route) && IsOf(route, e.Endpoint)).Select(e => e.Endpoint.Metadata.GetMetadata<MethodInfo>()).OfType<MethodInfo>()
                .SelectMany(problems.Of).Where(c => c.Status is >= 400 and < 500).DistinctBy(c => c.Code);
            var byStatus = codes.GroupBy(c => c.Status).OrderBy(g => g.Key)
                .Select(g => KeyValuePair.Create($"{g.Key}", (JsonNode?)new JsonArray([.. g.Select(c => c.Code).Order(StringComparer.Ordinal).Select(c => JsonValue.Create(c))])));
            byOperation[route.Id] = new JsonObject(byStatus);
        }

        return byOperation.ToJsonString(Indented) + "\n";
    }

    private static bool IsOf(GatewayRoute route, RouteEndpoint endpoint)
        => endpoint.RoutePattern.RawText?.TrimEnd('/') == route.Pattern && endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(route.Method) == true;

    private static string FileOf([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "problems.json"));
}
