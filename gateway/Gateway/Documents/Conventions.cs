using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;

namespace Hikyaku.Gateway.Documents;

/// <summary>
/// What holds for every call alike and no service says of its own: refusals are problems (RFC 9457), versions are ETags for
/// If-Match, a POST may carry an Idempotency-Key, and lists link to their next page.
/// </summary>
internal static class Conventions
{
    /// <summary>Adds them to one operation.</summary>
    public static void Describe(JsonObject operation, GatewayRoute route)
    {
        var responses = operation["responses"]?.AsObject() ?? [];
        if (responses.Parent is null) operation["responses"] = responses;
        responses["4XX"] = new JsonObject { ["$ref"] = "#/components/responses/Refused" };
        responses["503"] = new JsonObject { ["$ref"] = "#/components/responses/Unavailable" };
        if (route.Service == RouteTable.Own) return;

        if (route.Method != "GET") AddHeader(operation, "If-Match", "The version that was read, as its ETag; when it is not the present one, the answer is 412");
        if (route.Method == "POST") AddHeader(operation, "Idempotency-Key", "Sent again with the same body within 24 hours, it gets the first answer again");
        var answers = responses.Where(r => r.Key.StartsWith('2')).Select(r => r.Value!.AsObject());
        var isList = route.Method == "GET" && !route.Pattern.EndsWith('}');
        foreach (var answer in answers)
            answer["headers"] = isList ? Header("Link", "The next page, when there is one") : Header("ETag", "The version, for If-Match");
    }

    /// <summary>The answers that all operations have, by name.</summary>
    public static JsonObject Responses() => new()
    {
        ["Refused"] = Refusal("Refused; `type` and `errors` say why"),
        ["Unavailable"] = Refusal("Not available now; `Retry-After` says when to try again"),
    };

    private static JsonObject Problem() => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("type", "title", "status", "detail", "errors"),
        ["properties"] = new JsonObject
        {
            ["type"] = Text("urn:hikyaku:problem:CODE"),
            ["title"] = Text(),
            ["status"] = new JsonObject { ["type"] = "integer" },
            ["detail"] = Text("In the language that Accept-Language asks for"),
            ["errors"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject
                {
                    ["type"] = "object",
                    ["required"] = new JsonArray("code", "detail"),
                    ["properties"] = new JsonObject { ["code"] = Text(), ["field"] = Text(), ["detail"] = Text() },
                },
            },
        },
    };

    private static JsonObject Refusal(string description) => new()
    {
        ["description"] = description,
        ["content"] = new JsonObject
        {
            ["application/problem+json"] = new JsonObject { ["schema"] = Problem() },
        },
    };

    private static void AddHeader(JsonObject operation, string name, string description)
    {
        var parameters = operation["parameters"]?.AsArray() ?? [];
        if (parameters.Parent is null) operation["parameters"] = parameters;
        parameters.Add(new JsonObject { ["name"] = name, ["in"] = "header", ["description"] = description, ["schema"] = Text() });
    }

    private static JsonObject Header(string name, string description)
        => new() { [name] = new JsonObject { ["description"] = description, ["schema"] = Text() } };

    private static JsonObject Text(string? description = null)
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (description is not null) schema["description"] = description;
        return schema;
    }
}
