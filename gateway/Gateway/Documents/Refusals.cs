using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Documents;

/// <summary>
/// The refusals of each operation, by status and with their codes: those of its handler, which a test reads from the compiled code and
/// keeps in <c>docs/problems.json</c>, and those that the gateway judges by before, from the operation's line in the table.
/// </summary>
internal static class Refusals
{
    /// <summary>The schema of problem details.</summary>
    public const string Schema = "Problem";

    /// <summary>The schema of what is wrong with one field.</summary>
    public const string ErrorSchema = "ProblemError";

    private const string MediaType = "application/problem+json";
    private static readonly JsonObject OfHandlers = DocumentMerge.Resource("problems.json");

    /// <summary>Adds them to one operation.</summary>
    public static void Describe(JsonObject operation, GatewayRoute route)
    {
        var responses = operation["responses"]!.AsObject();
        var byStatus = OfHandler(route).Concat(OfGate(route, operation["requestBody"] is not null).Select(c => (c.Status, c.Code))).Distinct()
            .Where(r => r.Status is >= 400 and < 500).GroupBy(r => r.Status).OrderBy(g => g.Key);
        foreach (var refusal in byStatus) responses[$"{refusal.Key}"] = Refusal(refusal.Key, refusal.Select(r => r.Code).Order(StringComparer.Ordinal));
        responses["503"] = Reference("Unavailable");
        responses["default"] = Reference("Refused");
    }

    /// <summary>The answers that all operations have, by name.</summary>
    public static JsonObject Responses() => new()
    {
        ["Refused"] = new JsonObject { ["description"] = "Refused or failed; `type` and `errors` say why", ["content"] = Content() },
        ["Unavailable"] = new JsonObject
        {
            ["description"] = "Not available now: `platform.unavailable`",
            ["headers"] = new JsonObject { ["Retry-After"] = RetryAfter() },
            ["content"] = Content(),
        },
    };

    /// <summary>Problem details as this platform writes them.</summary>
    public static JsonObject Problem() => new()
    {
        ["type"] = "object",
        ["description"] = "Problem details (RFC 9457).",
        ["required"] = new JsonArray("type", "title", "status", "detail", "errors"),
        ["properties"] = new JsonObject
        {
            ["type"] = Text($"`{Problems.TypePrefix}` and the code of the first error."),
            ["title"] = Text("What the status means."),
            ["status"] = new JsonObject { ["type"] = "integer", ["format"] = "int32", ["description"] = "The HTTP status." },
            ["detail"] = Text("The texts of all errors, in the language that Accept-Language asks for."),
            ["errors"] = new JsonObject
            {
                ["type"] = "array",
                ["description"] = "Every broken rule.",
                ["items"] = new JsonObject { ["$ref"] = "#/components/schemas/" + ErrorSchema },
            },
        },
        ["example"] = new JsonObject
        {
            ["type"] = Problems.TypePrefix + "accounts.name-length",
            ["title"] = "Please check what you entered.",
            ["status"] = 422,
            ["detail"] = "Enter an account name of 2 to 32 characters.",
            ["errors"] = new JsonArray(new JsonObject { ["code"] = "accounts.name-length", ["field"] = "name", ["detail"] = "Enter an account name of 2 to 32 characters." }),
        },
    };

    /// <summary>One broken rule.</summary>
    public static JsonObject Error() => new()
    {
        ["type"] = "object",
        ["description"] = "One broken rule.",
        ["required"] = new JsonArray("code", "detail"),
        ["properties"] = new JsonObject
        {
            ["code"] = Text("Never changes."),
            ["field"] = Text("The field of the request that broke the rule; absent: it is none's."),
            ["detail"] = Text("The rule's text."),
        },
    };

    private static IEnumerable<(int Status, string Code)> OfHandler(GatewayRoute route)
        => from status in OfHandlers[route.Id]?.AsObject() ?? []
           from code in status.Value!.AsArray()
           select (int.Parse(status.Key, System.Globalization.CultureInfo.InvariantCulture), code!.GetValue<string>());

    // In the gate's order.
    private static IEnumerable<ProblemCode> OfGate(GatewayRoute route, bool hasBody)
    {
        if (hasBody)
        {
            yield return PlatformProblems.Malformed;
            yield return PlatformProblems.TooLarge;
            yield return PlatformProblems.UnsupportedMediaType;
        }

        if (route.IsOpen) yield break;
        yield return PlatformProblems.Unauthenticated;
        yield return GatewayProblems.TokenWrong;
        yield return GatewayProblems.TokenExpired;
        yield return GatewayProblems.TokenRevoked;
        if (route.Method != "GET") yield return GatewayProblems.CrossSite;
        yield return PlatformProblems.TooManyRequests;
        if (!route.BeforeEnrolment) yield return GatewayProblems.EnrolmentRequired;
        if (route.Scope != Scope.None) yield return PlatformProblems.NotFound;
        if (route.MayCall.Count < Callers.All.Length) yield return PlatformProblems.Forbidden;
        if (route.Needs is null or TokenScopes.PeopleOnly || route.ProvePassword.Count > 0) yield return GatewayProblems.TokenNotForPeople;
        if (route.Needs is not (null or TokenScopes.PeopleOnly or TokenScopes.AnyToken))
        {
            yield return GatewayProblems.TokenScopeMissing;
            if (route.Scope == Scope.None && route.MayCall.Contains(Roles.Operator)) yield return GatewayProblems.TokenDomainsOnly;
        }

        if (route.ProvePassword.Count > 0 || route.TakesOwnPassword) yield return GatewayProblems.TooManyAttempts;
    }

    private static JsonObject Refusal(int status, IEnumerable<string> codes)
    {
        var all = codes.ToList();
        var refusal = new JsonObject
        {
            ["description"] = string.Join(", ", all.Select(c => $"`{c}`")),
            ["content"] = Content(),
            ["x-hikyaku-problems"] = new JsonArray([.. all.Select(c => JsonValue.Create(c))]),
        };
        if (status == 429) refusal["headers"] = new JsonObject { ["Retry-After"] = RetryAfter() };
        return refusal;
    }

    private static JsonObject Content() => new() { [MediaType] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/" + Schema } } };

    private static JsonObject RetryAfter()
        => new() { ["description"] = "After how many seconds the request can be tried again", ["schema"] = new JsonObject { ["type"] = "integer", ["format"] = "int32" } };

    private static JsonObject Reference(string response) => new() { ["$ref"] = "#/components/responses/" + response };

    private static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
}
