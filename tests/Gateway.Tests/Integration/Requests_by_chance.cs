using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikyaku.Gateway.Routing;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Requests that chance makes from the API document, by everybody, at services of their own: <c>./dev test long requests</c>.</summary>
[Trait("Rule", "GWY-3"), Trait("Rule", "SEC-6")]
public sealed partial class Requests_by_chance
{
    private const int RequestsOfATenant = 200;

    // They wait for the answer of a mail node, of which there is none here, and are tried with one elsewhere.
    private static readonly string[] AskNodes = ["previewForwardingRule", "traceMessage"];

    [Fact, Trait("Size", "requests")]
    public async Task Whatever_is_asked_nothing_breaks_and_every_refusal_has_a_code()
    {
        await using var platform = new Deployment();
        await platform.InitializeAsync();
        await platform.ReportNodeAsync();
        var document = (await platform.Client.GetAsync("/api/v1/openapi.json")).Body!;
        var chance = new Chance(new Random(Campaign.Seed), document);
        var operations = OperationsOf(document).ToList();
        var (wrong, answers, people) = (new List<string>(), new Dictionary<int, int>(), (People?)null);
        var count = Campaign.Size("requests", 400);
        for (var n = 0; n < count && wrong.Count < 20; n++)
        {
            if (n % RequestsOfATenant == 0) people = await People.OfANewTenantAsync(platform);
            var operation = chance.OneOf(operations);
            // Whoever knows the operator's password could end the others' sessions.
            var who = chance.OneOf(operation.Proves ? [People.Admin, People.User, People.Nobody] : People.All);
            var (path, body, headers) = (chance.PathOf(operation, people!), chance.BodyOf(operation), chance.Headers());
            using (body)
            {
                var said = body is null ? "" : await body.ReadAsStringAsync();
                var reply = await platform.Client.SendAsync(new HttpMethod(operation.Method), path, people!.TokenOf(who), body, headers);
                var status = (int)reply.Status;
                answers[status] = answers.GetValueOrDefault(status) + 1;
                if (FaultOf(reply) is { } fault) wrong.Add($"{fault}: {who} {operation.Method} {path} {said[..Math.Min(said.Length, 300)]} → {status} {reply.Text[..Math.Min(reply.Text.Length, 300)]}");
                if (reply.Status == HttpStatusCode.Unauthorized && who != People.Nobody) people = await People.OfANewTenantAsync(platform);
                chance.Learn(reply.Body);
            }
        }

        Assert.Empty(wrong);
        Assert.True(answers.Where(a => a.Key < 300).Sum(a => a.Value) > count / 20, $"Hardly any was taken: {string.Join(", ", answers)}");
        Assert.True(answers.GetValueOrDefault(422) + answers.GetValueOrDefault(400) > count / 20, $"Hardly any was refused for what it says: {string.Join(", ", answers)}");
    }

    private static string? FaultOf(Reply reply) => (int)reply.Status switch
    {
        >= 500 => "A fault of ours",
        >= 400 when reply.Code is not { } code || !CodeForm().IsMatch(code) => "No code",
        >= 400 when reply["Content-Type"]?.StartsWith("application/problem+json", StringComparison.Ordinal) != true => "No problem document",
        _ => null,
    };

    private static IEnumerable<Operation> OperationsOf(JsonNode document)
    {
        var routes = RouteTable.With();
        foreach (var (pattern, methods) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in methods!.AsObject().Where(m => m.Value is JsonObject o && o["operationId"] is not null))
            {
                var route = routes.Find(method.ToUpperInvariant(), pattern) ?? throw new InvalidOperationException($"{method} {pattern} is not in the route table");
                if (route.Streams || AskNodes.Contains(route.Id)) continue;
                yield return new(route.Method, pattern, operation!, route.ProvePassword.Count > 0 || route.TakesOwnPassword || pattern.StartsWith("/api/v1/me/", StringComparison.Ordinal));
            }
        }
    }

    [GeneratedRegex(@"^[a-z][a-z-]*\.[a-z0-9-]+$")]
    private static partial Regex CodeForm();

    private sealed record Operation(string Method, string Pattern, JsonNode Node, bool Proves);

    private sealed class People(Tenant tenant, IReadOnlyDictionary<string, string> tokens)
    {
        public const string Operator = "operator", Admin = "admin", User = "user", Nobody = "nobody";
        public static readonly string[] All = [Operator, Admin, User, Nobody];

        public Tenant Tenant => tenant;

        public string? TokenOf(string who) => tokens.GetValueOrDefault(who);

        public static async Task<People> OfANewTenantAsync(Deployment platform)
        {
            var tenant = await platform.TenantAsync();
            return new(tenant, new Dictionary<string, string>
            {
                [Operator] = await platform.Client.SignInAsync("operator", Deployment.OperatorPassword),
                [Admin] = await platform.Client.SignInAsync(tenant.Admin, Deployment.Password),
                [User] = await platform.Client.SignInAsync(tenant.User, Deployment.Password),
            });
        }
    }

    /// <summary>Makes values by a schema, most of them right, and strange ones.</summary>
    private sealed partial class Chance(Random random, JsonNode document)
    {
        private const int Known = 100;

        private static readonly string[] Strange =
        [
            "", " ", "a", "０", "'; drop table mt_events; --", "\0", "../../etc/passwd", "%2e%2e", "null", "-1", "1e400", "99999999999999999999", "\u202egnp.exe", "🈴🈴🈴", "a@b@c",
            "<script>alert(1)</script>", "\r\nX-Injected: 1", "\ud800", new('あ', 300), new('x', 5000), "xn--", "2026-02-30T25:61:00Z", "00000000-0000-0000-0000-000000000000",
        ];

        private static readonly string[] Usual = ["taro", "営業部", "hanako@example.com", "Hatsukoi-12ab", "example.jp", "https://hooks.example.com/", "10", "on", "2026-11-24T00:00:00Z", "accounts:read", "ja"];

        private readonly List<string> _seen = [];

        public T OneOf<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];

        /// <summary>Remembers ids, by which later requests name what there is.</summary>
        public void Learn(JsonNode? answer)
        {
            var items = answer is JsonObject { } all && all["items"] is JsonArray list ? list.Take(3) : [answer];
            foreach (var item in items.OfType<JsonObject>())
            {
                if (item["id"] is JsonValue id && id.TryGetValue<string>(out var text)) _seen.Add(text);
            }

            if (_seen.Count > Known) _seen.RemoveRange(0, _seen.Count - Known);
        }

        public string PathOf(Operation operation, People people)
        {
            var path = Placeholder().Replace(operation.Pattern, m => Uri.EscapeDataString(Readable(random.Next(10) == 0 ? OneOf(Strange) : m.Groups[1].Value switch
            {
                "name" or "domain" => people.Tenant.Domain,
                "address" => people.Tenant.User,
                "login" => people.Tenant.Admin,
                "kind" => OneOf(["sending-locked", "account-locked", "abuse"]),
                _ => _seen.Count == 0 ? Guid.NewGuid().ToString("N") : OneOf(_seen),
            })));
            var query = (operation.Node["parameters"]?.AsArray() ?? []).Select(p => p!).Where(p => p["in"]?.GetValue<string>() == "query" && random.Next(4) == 0)
                .Select(p => $"{p["name"]}={Uri.EscapeDataString(Readable(Made(p["schema"], 0)?.ToString() ?? ""))}").ToList();
            return path + (query.Count == 0 ? "" : "?" + string.Join('&', query));
        }

        public StringContent? BodyOf(Operation operation)
        {
            if (operation.Node["requestBody"]?["content"] is not JsonObject content) return random.Next(20) == 0 ? Text("{}", "application/json") : null;
            if (random.Next(30) == 0) return Text(OneOf(["{", "[]", "\"x\"", "null", new string('[', 2000), "{\"a\":1,\"a\":2}", "\ufeff{}", ""]), OneOf(["application/json", "text/plain", "application/xml"]));
            var (type, media) = OneOf(content.ToList());
            return type.EndsWith("json", StringComparison.Ordinal)
                ? Text(Made(media!["schema"], 0)?.ToJsonString() ?? "null", type)
                : Text(OneOf(["mail_account,password\ntaro2,Hatsukoi-12ab\n", "mail_account\n\"", "a,b\n1\n", "From: a@example.com\n\nHello", .. Strange]), type);
        }

        public (string, string)[] Headers() => random.Next(5) != 0 ? [] :
        [
            OneOf<(string, string)>([
                ("If-Match", "\"1\""), ("If-Match", "x"), ("If-None-Match", "*"), ("Idempotency-Key", "one"), ("Idempotency-Key", Guid.NewGuid().ToString()), ("Idempotency-Key", new('k', 1000)),
                ("Accept-Language", "xx;q=nan,ja;q=0.1"), ("Accept", "image/png"), ("Range", "bytes=9-1"), ("X-HTTP-Method-Override", "DELETE"), ("Accept-Encoding", "br"),
            ]),
        ];

        private JsonNode? Made(JsonNode? schema, int depth)
        {
            if (schema is null || depth > 6 || random.Next(25) == 0) return Anything();
            if (schema["$ref"]?.GetValue<string>() is { } reference) return Made(document["components"]!["schemas"]![reference.Split('/')[^1]], depth + 1);
            if ((schema["oneOf"] ?? schema["anyOf"] ?? schema["allOf"]) is JsonArray some) return Made(OneOf(some.ToList()), depth + 1);
            if (schema["enum"] is JsonArray choice) return OneOf(choice.ToList())?.DeepClone();
            var type = schema["type"] is JsonArray types ? OneOf(types.ToList())!.GetValue<string>() : schema["type"]?.GetValue<string>();
            return type switch
            {
                "object" => Object(schema, depth),
                "array" => new JsonArray([.. Enumerable.Range(0, random.Next(20) == 0 ? 60 : random.Next(3)).Select(_ => Made(schema["items"], depth + 1))]),
                "boolean" => random.Next(2) == 0,
                "integer" or "number" => OneOf<JsonNode>([0, 1, -1, 10, 100, int.MaxValue, long.MinValue, 1.5, schema["minimum"]?.DeepClone() ?? 2, schema["maximum"]?.DeepClone() ?? 3]).DeepClone(),
                "null" => null,
                _ => random.Next(4) == 0 ? OneOf(Strange) : OneOf(Usual),
            };
        }

        private JsonObject Object(JsonNode schema, int depth)
        {
            var made = new JsonObject();
            foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
            {
                if (random.Next(6) != 0) made[name] = Made(property, depth + 1);
            }

            if (random.Next(15) == 0) made["unknown"] = Anything();
            return made;
        }

        private JsonNode? Anything() => OneOf<JsonNode?>([null, true, 0, -1.5, OneOf(Strange), new JsonArray(), new JsonObject { ["a"] = new JsonArray(1, "b") }])?.DeepClone();

        // A half of a surrogate pair can stand in JSON, but not in an address; a NUL is refused there by the HTTP server itself.
        private static string Readable(string text) => text.Replace('\ud800', '\ufffd').Replace('\0', '\ufffd');

        private static StringContent Text(string text, string type) => new(text, Encoding.UTF8, type);

        [GeneratedRegex(@"\{([^}]+)\}")]
        private static partial Regex Placeholder();
    }
}
