using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;

namespace Hikyaku.Gateway.Documents;

/// <summary>
/// Puts OpenAPI documents together: of each only the operations that the route table has for it, with the roles that may call
/// them (<c>x-hikyaku-roles</c>) and the scope that an API token needs (<c>x-hikyaku-token-scope</c>), and the schemas under the service's name where two differ.
/// </summary>
public static class DocumentMerge
{
    private const string SchemaPrefix = "#/components/schemas/";
    private static readonly JsonSerializerOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Merges the documents, which are named by service. What several services answer together is described by the first of them, or by the one that the line names.</summary>
    public static byte[] Of(IReadOnlyDictionary<string, JsonObject> documents, RouteTable table)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var (paths, schemas) = (new JsonObject(), new JsonObject());
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
                ["info"] = new JsonObject { ["title"] = "Hikyaku", ["version"] = "v1" },
                ["paths"] = paths,
                ["components"] = new JsonObject { ["schemas"] = schemas, ["responses"] = Conventions.Responses(), ["securitySchemes"] = SecuritySchemes() },
            },
            Written);
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
        operation["x-hikyaku-roles"] = new JsonArray([.. route.MayCall.Select(r => JsonValue.Create(r))]);
        if (!route.IsOpen) operation["x-hikyaku-token-scope"] = route.Needs;
        operation["security"] = route.IsOpen
            ? []
            : new JsonArray(Requirement("bearer"), Requirement("adminCookie"), Requirement("userCookie"));
        Conventions.Describe(operation, route);
        return operation;
    }

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
