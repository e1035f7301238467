using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;

namespace Hikyaku.Gateway.Documents;

/// <summary>
/// Puts OpenAPI documents together: of each only the operations that the route table has for it, with the name that the table gives
/// them, the roles that may call them (<c>x-hikyaku-roles</c>) and the scope that an API token needs (<c>x-hikyaku-token-scope</c>), and the
/// schemas under the service's name where two differ.
/// </summary>
public static class DocumentMerge
{
    private const string SchemaPrefix = "#/components/schemas/";
    private static readonly JsonObject Examples = Resource("examples.json");
    private static readonly JsonSerializerOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Merges the documents, which are named by service. What several services answer together is described by the first of them, or by the one that the line names.</summary>
    public static byte[] Of(IReadOnlyDictionary<string, JsonObject> documents, RouteTable table)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var (paths, schemas) = (new JsonObject(), new JsonObject { [Refusals.Schema] = Refusals.Problem(), [Refusals.ErrorSchema] = Refusals.Error() });
        foreach (var (service, document) in documents)
        {
            var copy = document.DeepClone().AsObject();
            RenameSchemas(copy, service, schemas);
            AddSchemas(copy, schemas);
            AddPaths(copy, service, table, paths);
        }

        return JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["openapi"] = "3.1.1",
                ["info"] = Info(),
                ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "The gateway that this document comes from" }),
                ["tags"] = new JsonArray([.. Resources.All.Select(r => new JsonObject { ["name"] = r.Name, ["description"] = r.Description })]),
                ["paths"] = paths,
                ["components"] = new JsonObject { ["schemas"] = schemas, ["responses"] = Refusals.Responses(), ["securitySchemes"] = SecuritySchemes() },
            },
            Written);
    }

    /// <summary>A JSON file of this assembly.</summary>
    internal static JsonObject Resource(string name)
    {
        using var resource = typeof(DocumentMerge).Assembly.GetManifestResourceStream(name)!;
        return JsonNode.Parse(resource)!.AsObject();
    }

    private static void AddPaths(JsonObject document, string service, RouteTable table, JsonObject paths)
    {
        foreach (var (pattern, operations) in document["paths"]?.AsObject() ?? [])
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                if (table.Find(method.ToUpperInvariant(), pattern) is not { } route || !table.Answers(service, route) || (route.DescribedBy ?? service) != service) continue;
                var entry = paths[pattern]?.AsObject() ?? [];
                entry[method] ??= Describe(operation!.DeepClone().AsObject(), route);
                if (entry.Parent is null) paths[pattern] = entry;
            }
        }
    }

    private static JsonObject Describe(JsonObject operation, GatewayRoute route)
    {
        operation["operationId"] = route.Id;
        operation["tags"] = Resources.Of(route.Pattern) is { } resource ? new JsonArray(resource.Name) : [];
        operation["x-hikyaku-roles"] = new JsonArray([.. route.MayCall.Select(r => JsonValue.Create(r))]);
        if (!route.IsOpen) operation["x-hikyaku-token-scope"] = route.Needs;
        operation["security"] = route.IsOpen
            ? []
            : new JsonArray(Requirement("bearer"), Requirement("adminCookie"), Requirement("userCookie"));
        Parameters.Describe(operation, route);
        Answers.Describe(operation, route);
        if (operation["requestBody"]?["content"]?["application/json"] is JsonObject json && Examples[route.Id] is { } example) json["example"] = example.DeepClone();
        Refusals.Describe(operation, route);
        return operation;
    }

    private static JsonObject Info() => new()
    {
        ["title"] = "Hikyaku",
        ["version"] = "v1",
        ["summary"] = "The mail-hosting platform's API",
        ["description"] = "Dates are RFC 3339 in UTC. What is refused is answered with problem details (RFC 9457) whose codes never change; their texts are in Japanese or English, by `Accept-Language`. "
            + "Programs sign in with an API token as bearer; people have sessions.",
        ["license"] = new JsonObject { ["name"] = "Apache License 2.0", ["identifier"] = "Apache-2.0" },
    };

    private static JsonObject Requirement(string scheme) => new() { [scheme] = new JsonArray() };

    private static JsonObject SecuritySchemes() => new()
    {
        ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" },
        ["adminCookie"] = new JsonObject { ["type"] = "apiKey", ["in"] = "cookie", ["name"] = Sessions.SessionCookies.Admin },
        ["userCookie"] = new JsonObject { ["type"] = "apiKey", ["in"] = "cookie", ["name"] = Sessions.SessionCookies.User },
    };

    private static void AddSchemas(JsonObject document, JsonObject schemas)
    {
        foreach (var (name, schema) in SchemasOf(document)) schemas[name] ??= schema!.DeepClone();
    }

    // Two services may have different shapes of one name.
    private static void RenameSchemas(JsonObject document, string service, JsonObject taken)
    {
        var own = SchemasOf(document);
        foreach (var name in own.Select(s => s.Key).ToList())
        {
            if (taken[name] is null || JsonNode.DeepEquals(taken[name], own[name])) continue;
            var renamed = $"{service}.{name}";
            var schema = own[name]!.DeepClone();
            own.Remove(name);
            own[renamed] = schema;
            Repoint(document, SchemaPrefix + name, SchemaPrefix + renamed);
        }
    }

    private static JsonObject SchemasOf(JsonObject document) => document["components"]?["schemas"]?.AsObject() ?? [];

    private static void Repoint(JsonNode? node, string from, string to)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array) Repoint(item, from, to);
        }
        else if (node is JsonObject o)
        {
            if (o["$ref"] is JsonValue reference && reference.GetValue<string>() == from) o["$ref"] = to;
            foreach (var (_, child) in o.ToList()) Repoint(child, from, to);
        }
    }
}
