using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;

namespace Hikyaku.Gateway.Documents;

/// <summary>What holds for the answers of all services alike and none says of its own: versions are ETags for If-Match, and lists link to their next page.</summary>
internal static class Answers
{
    /// <summary>Adds it to one operation.</summary>
    public static void Describe(JsonObject operation, GatewayRoute route)
    {
        var responses = operation["responses"]?.AsObject() ?? [];
        if (responses.Parent is null) operation["responses"] = responses;
        if (route.Service == RouteTable.Own) return;
        var isList = route.Method == "GET" && !route.Pattern.EndsWith('}');
        foreach (var answer in responses.Where(r => r.Key.StartsWith('2')).Select(r => r.Value!.AsObject()))
            answer["headers"] = isList ? Header("Link", "The next page, when there is one") : Header("ETag", "The version, for If-Match");
    }

    private static JsonObject Header(string name, string description)
        => new() { [name] = new JsonObject { ["description"] = description, ["schema"] = new JsonObject { ["type"] = "string" } } };
}
